"""The joint density of a family is that of its LLMs one after the other."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import xarray as xr

from bayesdensity.evaluation.marginal import log_joint, log_predictive
from bayesdensity.inference.result import Fit


def test_density_of_a_family_is_that_of_its_llms_one_after_the_other(world_fit: Fit) -> None:
    """p(a, b) = p(a) p(b | a): the joint density by one function, the steps by the one checked by brute force."""
    data = world_fit.data
    family = data["family_index"].to_numpy()
    f = int(np.flatnonzero(np.bincount(family) == 2)[0])
    first, second = np.flatnonzero(family == f)
    joint = log_joint(world_fit, data, np.array([f]), draws=40).isel(family=0)
    # Effects of harnesses are known in the joint density: they have to be taken as drawn in the steps too.
    given = np.zeros(data.sizes["llm"], dtype=bool)
    alone = fixed_harnesses(world_fit, given).isel(llm=first)
    given[first] = True
    then = fixed_harnesses(world_fit, given).isel(llm=second)
    np.testing.assert_allclose(joint, alone + then, atol=0.02)


def fixed_harnesses(fit: Fit, given: np.ndarray) -> xr.DataArray:
    from bayesdensity.evaluation import marginal as marginal

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marginal, "Integral", partial(marginal.Integral, harnesses="drawn"))
        return log_predictive(fit, fit.data, given, draws=40)


def test_density_of_some_families_is_that_among_all(world_fit: Fit) -> None:
    every = log_joint(world_fit, world_fit.data, draws=20)
    some = log_joint(world_fit, world_fit.data, np.array([2, 5, 9]), draws=20)
    np.testing.assert_allclose(some, every.isel(family=[2, 5, 9]), rtol=1e-9)

"""The joint density of a family is that of its LLMs one after the other."""

from __future__ import annotations

import numpy as np

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
    alone = log_predictive(world_fit, data, given, draws=40, harnesses="drawn").isel(llm=first)
    given[first] = True
    then = log_predictive(world_fit, data, given, draws=40, harnesses="drawn").isel(llm=second)
    np.testing.assert_allclose(joint, alone + then, atol=0.02)


def test_density_of_some_families_is_that_among_all(world_fit: Fit) -> None:
    every = log_joint(world_fit, world_fit.data, draws=20)
    some = log_joint(world_fit, world_fit.data, np.array([2, 5, 9]), draws=20)
    np.testing.assert_allclose(some, every.isel(family=[2, 5, 9]), rtol=1e-9)

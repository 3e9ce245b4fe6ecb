"""Compiled models are those of PyMC, are kept on disk, and read their data anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from called import density_and_gradient

from bayesdensity.inference.machine_code import compile_for_nutpie
from bayesdensity.inference.sampling import with_data

VALUES = np.array([0.3, -1.2, 2.0])


def model(values: np.ndarray = VALUES) -> Any:
    with pm.Model() as made:
        centre = pm.Normal("centre", 0.0, 2.0)
        scale = pm.HalfNormal("scale", 1.0)
        pm.Deterministic("twice", 2 * centre)
        # Parameters of any length are data, as are the positions that they are read at.
        at = pm.Data("at", np.array([0, 2]))
        x = pm.Data("x", values)
        pm.Potential("told", pm.logp(pm.Normal.dist(centre, scale), x[at]).sum())
    return made


@pytest.fixture(scope="module")
def compiled() -> Any:
    return compile_for_nutpie(model(), fast=False)


@pytest.mark.parametrize("point", [[0.0, 0.0], [0.7, -1.5], [-3.0, 2.0]])
def test_density_and_gradient_are_those_of_the_model(compiled: Any, point: list[float]) -> None:
    made, at = model(), np.array(point)
    named = {"centre": at[0], "scale_log__": at[1]}
    status, value, gradient = density_and_gradient(compiled, at)
    assert status == 0
    assert value == pytest.approx(made.compile_logp()(named))
    np.testing.assert_allclose(gradient, made.compile_dlogp()(named))


def test_a_point_without_density_is_told(compiled: Any) -> None:
    assert density_and_gradient(compiled, np.array([np.nan, 0.0]))[0] == 3
    assert density_and_gradient(compiled, np.zeros(3))[0] == -1


def test_an_equal_model_is_not_compiled_again(compiled: Any) -> None:
    again = compile_for_nutpie(model(2 * VALUES), fast=False)
    assert (again.compiled_logp_func.cache_hits, again.compiled_expand_func.cache_hits) == (1, 1)
    differs = [density_and_gradient(one, np.zeros(2))[1] for one in (compiled, again)]
    assert differs[0] != differs[1]


def test_mathematics_that_round_differently_are_kept_apart(compiled: Any) -> None:
    fast = compile_for_nutpie(model(), fast=True)
    assert fast.compiled_logp_func.native_name != compiled.compiled_logp_func.native_name


def test_data_of_another_length_are_read(compiled: Any) -> None:
    longer = np.append(VALUES, [4.0, 5.0])
    other = with_data(compiled, xr.Dataset({"x": ("row", longer), "at": ("place", [1, 3, 4, 4])}))
    with model(longer) as made:
        pm.set_data({"at": np.array([1, 3, 4, 4])})
    expected = made.compile_logp()({"centre": 0.5, "scale_log__": 0.1})
    assert density_and_gradient(other, np.array([0.5, 0.1]))[1] == pytest.approx(expected)


def test_without_scores_beyond_the_reach_none_is_read(compiled: Any) -> None:
    nothing = with_data(compiled, xr.Dataset({"at": ("place", np.array([], dtype=int))}))
    with model() as made:
        pm.set_data({"at": np.array([], dtype=int)})
    expected = made.compile_logp()({"centre": 0.5, "scale_log__": 0.1})
    assert density_and_gradient(nothing, np.array([0.5, 0.1]))[1] == pytest.approx(expected)

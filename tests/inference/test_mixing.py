"""Coordinates that move together are mixed: the posterior stays, and what was stiff is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytest
from called import density_and_gradient
from numpy.testing import assert_allclose

from bayesdensity.inference.machine_code import compile_for_nutpie, with_mixing
from bayesdensity.inference.mixing import found_mixing, mixing_matrix, moves_together, shared_places
from bayesdensity.inference.sampling import POSITION, run_sampler
from bayesdensity.study.load import load_study

RIDGE = 0.05
SETTINGS: dict[str, Any] = {"chains": 2, "draws": 400, "tune": 300, "cores": 1, "progress": None, "seed": 3}


@pytest.fixture(scope="module")
def compiled() -> Any:
    """Three shared quantities, of which data know the sum of two, and some of each LLM."""
    with pm.Model(coords={"llm": ["a", "b"], "benchmark": ["x"]}) as made:
        first = pm.Normal("first", 0.0, 1.0)
        pm.Normal("own", 0.0, 1.0, dims="llm")
        second = pm.Normal("second", 0.0, 1.0, dims="benchmark")
        scale = pm.HalfNormal("scale", 1.0)
        pm.Deterministic("sum", first + second, dims="benchmark")
        pm.Potential("told", pm.logp(pm.Normal.dist(0.0, RIDGE), first + second).sum() + scale)
    return compile_for_nutpie(made, fast=False)


def test_what_llms_share_is_told_from_what_is_their_own(compiled: Any) -> None:
    assert list(shared_places(compiled, ("llm",))) == [0, 3, 4]
    assert list(shared_places(compiled, ("llm", "benchmark"))) == [0, 4]


def test_density_and_gradient_are_those_of_the_point_that_is_meant(compiled: Any) -> None:
    places, matrix = np.array([0, 3]), np.array([[1.0, 0.3], [-2.0, 0.5]])
    mixed, point = with_mixing(compiled, places, matrix), np.array([0.2, -0.4, 1.0, 0.7, -0.1])
    meant = point.copy()
    meant[places] = matrix @ point[places]
    (_, value, gradient), (_, expected, slopes) = (
        density_and_gradient(mixed, point),
        density_and_gradient(compiled, meant),
    )
    assert value == expected
    slopes[places] = matrix.T @ slopes[places]
    assert_allclose(gradient, slopes)
    start, plain = (one.initial_point_func(5) for one in (mixed, compiled))
    assert_allclose(matrix @ start[places], plain[places])


def test_draws_are_of_the_model_and_positions_of_the_coordinates(compiled: Any) -> None:
    matrix = np.array([[1.0, 0.9], [-0.9, 1.0]])
    tree = run_sampler(with_mixing(compiled, np.array([0, 3]), matrix), store_unconstrained=True, **SETTINGS)
    posterior, at = tree["posterior"].to_dataset(), tree["sample_stats"][POSITION].to_numpy()
    assert_allclose(
        at[..., [0, 3]] @ matrix.T, np.stack([posterior["first"], posterior["second"][..., 0]], -1), atol=1e-12
    )
    assert_allclose(posterior["sum"], posterior["first"] + posterior["second"])
    assert float(posterior["sum"].std()) == pytest.approx(RIDGE, rel=0.2)


def test_a_ridge_that_a_short_run_shows_is_none_in_the_new_coordinates(compiled: Any) -> None:
    settings = {name: value for name, value in SETTINGS.items() if name != "progress"}
    mixing = found_mixing(compiled, ("llm",), **settings)
    tree = run_sampler(mixing.of(compiled), store_unconstrained=True, **SETTINGS)
    plain = run_sampler(compiled, **SETTINGS)
    at = tree["sample_stats"][POSITION].to_numpy()[..., mixing.places].reshape(-1, 3)
    assert abs(np.corrcoef(at.T) - np.eye(3)).max() < 0.2
    assert tree["sample_stats"]["n_steps"].mean() < plain["sample_stats"]["n_steps"].mean() / 2


def test_directions_that_are_not_stiff_stay() -> None:
    rng = np.random.default_rng(1)
    free = rng.standard_normal((500, 6)) * [1, 10, 0.1, 2, 3, 4]
    assert_allclose(mixing_matrix(free), np.eye(6), atol=1e-12)
    tied = free.copy()
    tied[:, 1] = -10 * free[:, 0] + free[:, 1] / 10
    matrix = mixing_matrix(tied)
    assert_allclose(matrix[2:, 2:], np.eye(4), atol=0.1)
    back = np.linalg.solve(matrix, tied.T)
    assert abs(np.corrcoef(back)[0, 1]) < 0.05
    assert_allclose(back.std(axis=1), tied.std(axis=0), rtol=0.1)


def test_coordinates_are_mixed_where_density_goes_with_size() -> None:
    assert not moves_together(load_study("densing-law"))
    assert moves_together(load_study("densing-law", {"covariates": ["size"]}))

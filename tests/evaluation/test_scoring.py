"""Predictions given as draws are judged as their distributions are, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesdensity.evaluation.scoring import crps, ranks, share_inside


def test_crps_of_many_draws_is_that_of_their_distribution() -> None:
    """Of a standard normal it is known in closed form."""
    draws = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    for at in (-2.0, 0.0, 0.7):
        known = at * (2 * stats.norm.cdf(at) - 1) + 2 * stats.norm.pdf(at) - 1 / np.sqrt(np.pi)
        assert crps(draws, np.array(at)) == pytest.approx(known, abs=1e-3)


def test_crps_of_a_single_value_is_the_absolute_error() -> None:
    assert crps(np.array([[2.0], [5.0]]), np.array([3.5, 5.0])) == pytest.approx([1.5, 0.0])


def test_what_ties_with_draws_is_shared_out_so_that_calibrated_forecasts_cover_what_they_say() -> None:
    """Half the draws repeat a record; what comes does so half of the time, and closed intervals hold too much."""
    rng = np.random.default_rng(1)
    draws = np.maximum(rng.standard_normal((1, 4000)), 0.0).repeat(4000, axis=0)
    came = np.maximum(rng.standard_normal(4000), 0.0)
    below, at_most = ranks(draws, came)
    for level in (0.5, 0.9):
        assert share_inside(below, at_most, level).mean() == pytest.approx(level, abs=0.02)
    closed = (np.quantile(draws[0], 0.25) <= came) & (came <= np.quantile(draws[0], 0.75))
    assert closed.mean() > 0.7


def test_what_lies_outside_all_draws_is_outside() -> None:
    below, at_most = ranks(np.array([[1.0, 2.0, 3.0]]), np.array([4.0]))
    assert share_inside(below, at_most, 0.9) == 0
    assert share_inside(*ranks(np.array([[1.0, 2.0, 3.0]]), np.array([2.5])), 0.9) == 1


def test_a_forecast_that_is_a_single_value_and_right_is_inside_by_the_level() -> None:
    """All ranks are equally likely: a part as large as the level lies inside."""
    below, at_most = ranks(np.full((1, 10), 2.0), np.array([2.0]))
    assert share_inside(below, at_most, 0.9) == pytest.approx(0.9)

"""A trend is a straight line and a bend that takes nothing from the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.laws import trends
from bayesdensity.laws.trends import Bend

Array = NDArray[np.float64]
DATES = (-1.9, -0.6, 0.0, 0.8, 1.7)
"""Of a turn, in years from the mean date of the sample."""


@pytest.fixture(scope="module")
def sample() -> Array:
    """Release dates: unevenly spread, from their mean."""
    time = np.random.default_rng(3).beta(2, 1.2, 60) * 3.5
    return np.sort(time - time.mean())


def bends(sample: Array) -> dict[str, Callable[[Any], Bend]]:
    spread = float((sample**2).mean())
    return {
        "quadratic": lambda time: trends.quadratic(time, spread, -0.7),
        **{f"turn at {at}": lambda time, at=at: trends.turn(time, at, sample, np.mean) for at in DATES},
    }


def test_a_bend_averages_zero_over_the_sample(sample: Array) -> None:
    for name, bend in bends(sample).items():
        assert bend(sample).value.mean() == pytest.approx(0, abs=1e-12), name


def test_the_rate_is_the_least_squares_slope_of_the_sample_whatever_the_date_of_the_turn(sample: Array) -> None:
    rate, change = 1.3, -2.1
    for at in DATES:
        trend = 0.4 + rate * sample + change * trends.turn(sample, at, sample, np.mean).value
        assert np.polyfit(sample, trend, 1) == pytest.approx([rate, 0.4]), at


def test_the_rate_of_a_quadratic_is_that_at_the_centre(sample: Array) -> None:
    spread = float((sample**2).mean())
    assert trends.quadratic(0.0, spread, -0.7).slope == 0
    assert trends.quadratic(2.0, spread, -0.7).slope - trends.quadratic(1.0, spread, -0.7).slope == pytest.approx(-0.7)


def test_the_slope_of_a_bend_is_its_derivative(sample: Array) -> None:
    time, step = np.linspace(-3, 3, 241), 1e-4
    for name, bend in bends(sample).items():
        rise = (bend(time + step).value - bend(time - step).value) / (2 * step)
        np.testing.assert_allclose(bend(time).slope, rise, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("at", DATES)
def test_away_from_a_turn_the_rates_are_those_before_and_after(sample: Array, at: float) -> None:
    rate, change = 1.3, -2.1
    before = rate - trends.tilt(at, sample, np.mean) * change
    slope = [rate + change * trends.turn(at + away, at, sample, np.mean).slope for away in (-5.0, -1.0, 1.0, 5.0)]
    assert slope == pytest.approx([before, before, before + change, before + change], abs=1e-4)
    half = rate + change * trends.turn(at, at, sample, np.mean).slope
    assert half == pytest.approx(before + change / 2)


def test_a_tilt_is_a_share(sample: Array) -> None:
    """A turn before the sample is all of the slope, one after it none."""
    tilts = [trends.tilt(at, sample, np.mean) for at in (-9.0, *DATES, 9.0)]
    assert tilts[0] == pytest.approx(1) and tilts[-1] == pytest.approx(0)
    assert (np.diff(tilts) < 0).all()


def test_a_turn_far_from_its_date_does_not_overflow(sample: Array) -> None:
    for away in (-200.0, 200.0):
        assert np.isfinite(trends.turn(np.array(away), 0.0, sample, np.mean)).all()


def test_knots_lie_inside_the_window_at_equal_steps() -> None:
    turns = trends.knots(-1.6, 1.9)
    assert len(turns) == 6
    np.testing.assert_allclose(np.diff([-1.6, *turns, 1.9]), trends.KNOT_STEP)
    for first, last in ((-1.0, 1.1), (0.0, 0.3), (-2.3, 2.0)):
        turns, step = trends.knots(first, last), np.diff([first, *trends.knots(first, last), last])
        assert len(turns) >= 1 and first < turns[0] and turns[-1] < last
        np.testing.assert_allclose(step, step[0])
        assert trends.KNOT_STEP <= step[0] < 1.5 * trends.KNOT_STEP or len(turns) == 1


def test_arrays_labelled_arrays_and_tensors_give_the_same(sample: Array) -> None:
    import pytensor
    import pytensor.tensor as pt

    time, at = np.linspace(-2, 2, 7), 0.35
    labelled = xr.DataArray(time, dims="date")
    label = trends.turn(labelled, xr.DataArray(at), xr.DataArray(sample, dims="llm"), lambda values: values.mean("llm"))
    variables = pt.dvectors("time", "sample")
    tensor = trends.turn(variables[0], pt.constant(at), variables[1], pt.mean)
    evaluate = pytensor.function(list(variables), [pt.as_tensor(part) for part in tensor], mode="FAST_COMPILE")
    plain = trends.turn(time, at, sample, np.mean)
    for one, other, third in zip(plain, label, evaluate(time, sample), strict=True):
        assert other.dims == ("date",)
        np.testing.assert_allclose(other, one, atol=1e-14)
        np.testing.assert_allclose(third, one, atol=1e-14)
    for one, other in zip(trends.quadratic(time, 1.1, 0.3), trends.quadratic(labelled, 1.1, 0.3), strict=True):
        np.testing.assert_allclose(other, one)


def test_turns_at_many_dates_come_at_once(sample: Array) -> None:
    """As a random walk has them: time by knot."""
    time, knot = xr.DataArray(np.linspace(-2, 2, 5), dims="date"), xr.DataArray(list(DATES), dims="knot")
    every = trends.turn(time, knot, xr.DataArray(sample, dims="llm"), lambda values: values.mean("llm"))
    for k, at in enumerate(DATES):
        alone = trends.turn(time.to_numpy(), at, sample, np.mean)
        for all_of_them, one in zip(every, alone, strict=True):
            np.testing.assert_allclose(all_of_them.isel(knot=k), one, atol=1e-14)


def test_without_a_bend_the_line_is_straight() -> None:
    assert trends.STRAIGHT == (0.0, 0.0)

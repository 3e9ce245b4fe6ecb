"""Numbers a user asks for: consistent with each other, ordered, and infinite where that is the truth."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesdensity import quantities as q
from bayesdensity.errors import InputError
from bayesdensity.fit import Fit
from bayesdensity.paper_mode import record_rate, slope_of_records


def rates(values: np.ndarray, ci: float = 0.9) -> q.Estimate:
    return q.Estimate("rate", "made up", xr.DataArray(np.atleast_2d(values), dims=q.SAMPLE), ci)


def test_doubling_time_is_ln_2_over_the_rate() -> None:
    months = q.doubling_time(rates(np.full(100, 12 * np.log(2) / 3.5)))
    assert months.to_frame_row().tolist() == pytest.approx([3.5] * 3)


def test_rates_around_zero_give_doubling_times_without_end() -> None:
    estimate = rates(np.linspace(-0.5, 2.0, 1001))
    months = q.doubling_time(estimate)
    row = months.to_frame_row()
    assert np.isinf(row["upper"]) and 0 < row["lower"] < row["median"] < np.inf
    as_json = months.to_json()
    assert as_json["upper"] == "inf" and as_json["kind"] == "eti" and as_json["probability"] == 0.9
    assert json.loads(json.dumps(as_json, allow_nan=False)) == as_json
    assert float(q.probability_positive(estimate)) == pytest.approx(0.8, abs=0.01)


def test_rates_below_zero_never_double() -> None:
    as_json = q.doubling_time(rates(np.array([-1.0, -0.5, 0.0, -0.0]))).to_json()
    assert (as_json["median"], as_json["lower"], as_json["upper"]) == ("inf", "inf", "inf")


def test_interval_of_the_doubling_time_is_that_of_the_rate_turned_over() -> None:
    draws = np.random.default_rng(1).gamma(9, 0.15, 4001)
    rate, months = rates(draws).to_frame_row(), q.doubling_time(rates(draws)).to_frame_row()
    assert months["lower"] == pytest.approx(12 * np.log(2) / rate["upper"], rel=0.01)
    assert months["upper"] == pytest.approx(12 * np.log(2) / rate["lower"], rel=0.01)


def test_probability_sets_the_tails() -> None:
    draws = np.linspace(0, 1, 10_001)
    row = rates(draws, ci=0.5).to_frame_row()
    assert row.tolist() == pytest.approx([0.5, 0.25, 0.75])


def test_every_interval_of_a_fit_is_ordered(world_fit: Fit) -> None:
    dates = ["2023-07-01", "2025-01-01"]
    estimates = [
        q.rate(world_fit),
        q.rate(world_fit, estimand="mean"),
        q.rate_at(world_fit, dates),
        q.rate_by_benchmark(world_fit),
        q.doubling_time(q.rate_at(world_fit, dates)),
        q.frontier(world_fit, dates),
        q.mean_trend(world_fit, dates),
        q.density(world_fit),
        q.effective_size(world_fit),
        q.log_density_by_benchmark(world_fit),
        q.effective_size_by_benchmark(world_fit),
        record_rate(world_fit),
    ]
    for estimate in estimates:
        summary = estimate.summary
        assert bool((summary["lower"] <= summary["median"]).all()), estimate.name
        assert bool((summary["median"] <= summary["upper"]).all()), estimate.name
        assert not np.isnan(estimate.draws).any(), estimate.name
        assert estimate.name in repr(estimate)


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_frontier_is_the_quantile_of_simulated_releases(world_fit: Fit, quantile: float) -> None:
    """Brute force: for some posterior draws, simulate what is released at a date and take its quantile."""
    date = "2025-01-01"
    got = q.frontier(world_fit, [date], quantile).draws.isel(date=0)
    mean = q.mean_trend(world_fit, [date]).draws.isel(date=0)
    origin = pd.Timestamp("2000-01-01")
    time = (pd.Timestamp(date) - origin).days / 365.25 - world_fit.data.attrs["time_centre"]
    rng = np.random.default_rng(8)
    for chain, draw in ((0, 3), (1, 250), (3, 499)):
        here = world_fit.posterior.isel(chain=chain, draw=draw)
        scale = float(np.exp(here["dispersion_growth"] * time))
        f, v, u = (float(here[name]) for name in ("family_scale", "noise_scale", "inefficiency_scale"))
        n = 400_000
        releases = rng.normal(0, f, n) + rng.normal(0, v, n) - u * (np.abs(rng.normal(size=n)) - np.sqrt(2 / np.pi))
        releases = float(mean.isel(chain=chain, draw=draw)) + scale * releases
        expected = np.quantile(releases, quantile)
        assert float(got.isel(chain=chain, draw=draw)) == pytest.approx(expected, abs=0.02 * releases.std())


@pytest.mark.parametrize("estimand", ["frontier", "mean"])
def test_average_rate_is_the_rise_over_the_window(world_fit: Fit, estimand: q.Estimand) -> None:
    start, end = "2023-06-01", "2025-06-01"
    curve = q.frontier if estimand == "frontier" else q.mean_trend
    ends = curve(world_fit, [start, end]).draws
    span = (pd.Timestamp(end) - pd.Timestamp(start)).days / 365.25
    expected = (ends.isel(date=1) - ends.isel(date=0)) / span
    np.testing.assert_allclose(q.rate(world_fit, (start, end), estimand).draws, expected)


@pytest.mark.parametrize("estimand", ["frontier", "mean"])
def test_rate_at_a_date_is_the_slope_there(world_fit: Fit, estimand: q.Estimand) -> None:
    curve = q.frontier if estimand == "frontier" else q.mean_trend
    ends = curve(world_fit, ["2024-06-20", "2024-07-12"]).draws
    slope = (ends.isel(date=1) - ends.isel(date=0)) / (22 / 365.25)
    at = q.rate_at(world_fit, ["2024-07-01"], estimand).draws.isel(date=0)
    np.testing.assert_allclose(at, slope, atol=2e-4)


def test_benchmark_rates_average_to_the_rate(world_fit: Fit) -> None:
    by_benchmark = q.rate_by_benchmark(world_fit).draws.mean("benchmark")
    np.testing.assert_allclose(by_benchmark, q.rate(world_fit).draws, atol=1e-9)


def test_probabilities_are_probabilities(world_fit: Fit) -> None:
    for values in (
        q.probability_on_frontier(world_fit),
        q.probability_unreachable(world_fit),
        q.probability_faster(world_fit),
        np.array([q.probability_slowing(world_fit), q.probability_slowing(world_fit, "mean")]),
    ):
        assert ((np.asarray(values) >= 0) & (np.asarray(values) <= 1)).all()
    # By definition about one release in twenty lies above the 0.95 quantile.
    assert float(q.probability_on_frontier(world_fit).mean()) < 0.2
    faster = q.probability_faster(world_fit)
    assert float(faster.sel(benchmark="Code", than="Reading")) > 0.5


def test_scores_above_the_ceiling_are_unreachable_and_middling_ones_are_not(world_fit: Fit) -> None:
    chance = q.probability_unreachable(world_fit)
    value = world_fit.data["score_value"].to_numpy()
    cell = world_fit.data["score_cell"].to_numpy()
    middling = [k for k in range(chance.size) if value[cell == k].max() < 0.6]
    assert middling and float(chance[middling].max()) < 0.2


def test_window_is_that_of_the_targets(world_fit: Fit) -> None:
    start, end = q.window(world_fit)
    assert start == "2023-03-01" and start < end <= "2026-03-01"


@pytest.mark.parametrize("day", ["someday", "2024-13-01", "01.07.2024x"])
def test_what_is_no_date_is_refused(world_fit: Fit, day: str) -> None:
    with pytest.raises(InputError):
        q.frontier(world_fit, [day])


@pytest.mark.parametrize("day", ["", "today", "nat"])
def test_what_is_no_iso_date_is_refused_too(world_fit: Fit, day: str) -> None:
    with pytest.raises(InputError):
        q.frontier(world_fit, [day])


@pytest.mark.parametrize("between", [("2025-01-01", "2024-01-01"), ("2024-01-01", "2024-01-01")])
def test_impossible_windows_are_refused(world_fit: Fit, between: tuple[str, str]) -> None:
    with pytest.raises(InputError):
        q.rate(world_fit, between)


def test_a_window_of_no_dates_is_refused(world_fit: Fit) -> None:
    with pytest.raises(InputError):
        q.rate(world_fit, ("soon", "2025-01-01"))


@pytest.mark.parametrize("quantile", [0.0, 1.0, -0.1, 95, float("nan")])
def test_impossible_quantiles_are_refused(world_fit: Fit, quantile: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        q.frontier(world_fit, ["2024-01-01"], quantile)


def test_unknown_estimands_are_refused(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="Valid: frontier, mean"):
        q.rate(world_fit, estimand="envelope")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Valid: frontier, mean"):
        q.rate_at(world_fit, ["2024-01-01"], "envelope")  # type: ignore[arg-type]


def test_records_rise_along_a_straight_line() -> None:
    time = np.arange(6.0)
    assert slope_of_records(time, 2 * time + 1) == pytest.approx(2)
    # What stays below an earlier record does not count.
    assert slope_of_records(time, np.array([0, 2, -5, 6, -9, 10.0])) == pytest.approx(2)
    # What only falls leaves its first record standing.
    assert slope_of_records(time, -time) == 0


@pytest.mark.parametrize(("value", "expected"), [(1.5, 1.5), (np.inf, "inf"), (-np.inf, "-inf"), (np.nan, None)])
def test_numbers_in_json_are_legal_json(value: float, expected: object) -> None:
    assert q.jsonable(value) == expected

"""Numbers a user asks for: consistent with each other, ordered, and infinite where that is the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from remade import remade

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.base.jsonable import jsonable
from bayesdensity.inference.result import Fit
from bayesdensity.published import record_rate, slope_of_records


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
        q.envelope(world_fit, dates),
        q.rate(world_fit, estimand="envelope"),
        q.rate_spread(world_fit),
        q.rate_of_new_benchmark(world_fit),
        q.inefficiency(world_fit),
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
        assert estimate.name in repr(estimate) and estimate.units in repr(estimate) and estimate.units


# Fits of other forms, made by hand


def made_up(fit: Fit, values: Any) -> xr.DataArray:
    return xr.DataArray(np.broadcast_to(values, fit.posterior["rate"].shape), dims=q.SAMPLE)


def times(fit: Fit, *dates: str) -> np.ndarray:
    """Years from the centre of the sample."""
    days = np.array([(pd.Timestamp(date) - pd.Timestamp("2000-01-01")).days for date in dates])
    return days / 365.25 - fit.data.attrs["time_centre"]


def changing(fit: Fit) -> Fit:
    """A fit of a trend that changes its pace at a date, in another year or so in every draw."""
    rng, shape = np.random.default_rng(11), fit.posterior["rate"].shape
    change = {"rate_change": rng.normal(-0.6, 2.5, shape), "break_time": rng.uniform(-0.4, 0.4, shape)}
    variables = {name: made_up(fit, values) for name, values in change.items()}
    return remade(fit, {"trend": "change-point"}, **variables)


def wandering(fit: Fit) -> Fit:
    """A fit of a trend that turns at every knot."""
    dims, n = (*q.SAMPLE, "knot"), fit.data.sizes["knot"]
    steps = np.random.default_rng(12).normal(0, 0.7, (*fit.posterior["rate"].shape, n))
    return remade(fit, {"trend": "random-walk"}, rate_step=xr.DataArray(steps, dims=dims))


SHORTFALLS: dict[str, dict[str, Any]] = {
    "llm": {"form": "half-normal"},
    "exponential": {"form": "exponential"},
    "family": {"form": "half-normal", "one_sided": "family"},
    "both": {"form": "half-normal", "one_sided": "both"},
    "both, exponential": {"form": "exponential", "one_sided": "both"},
    "alike": {"form": "exponential", "family_effects": False},
    "none": {"form": "symmetric", "dispersion": "growing"},
}


def falling_short(fit: Fit, change: dict[str, Any]) -> Fit:
    """A fit in which LLMs, families or both fall short."""
    rng, shape = np.random.default_rng(13), fit.posterior["rate"].shape
    scales = {
        "inefficiency_scale": made_up(fit, rng.uniform(0.3, 0.8, shape)),
        "family_inefficiency_scale": made_up(fit, rng.uniform(0.2, 0.9, shape)),
    }
    return remade(fit, change, **scales)


def shortfall(fit: Fit, scale: Any, rng: np.random.Generator, shape: Any) -> tuple[np.ndarray, Any]:
    """Simulated inefficiency and its mean."""
    if fit.study.frontier.form == "half-normal":
        return np.abs(rng.normal(size=shape)) * scale, scale * np.sqrt(2 / np.pi)
    return rng.exponential(size=shape) * scale, scale


def families_of(fit: Fit, draw: Any, years: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """Simulated effects of families about their mean, some below and some above the mode.

    Families that fall short have no two sides.
    """
    two_sided = fit.study.frontier.dispersion == "two-sided" and fit.study.frontier.one_sided == "llm"
    asymmetry = float(draw["family_asymmetry"] + draw["asymmetry_growth"] * years) if two_sided else 0.0
    lower, upper = float(draw.get("family_scale", 0.0)) * np.exp([asymmetry, -asymmetry])
    is_below = rng.random(n) < np.exp(asymmetry) / (2 * np.cosh(asymmetry))
    return np.abs(rng.normal(size=n)) * np.where(is_below, -lower, upper) - np.sqrt(2 / np.pi) * (upper - lower)


# The frontier


@pytest.mark.parametrize("quantile", [0.5, 0.95])
@pytest.mark.parametrize("name", SHORTFALLS)
def test_frontier_is_the_quantile_of_simulated_releases(world_fit: Fit, name: str, quantile: float) -> None:
    """Brute force: for some posterior draws, simulate what is released at a date and take its quantile."""
    date, made = "2025-01-01", falling_short(world_fit, SHORTFALLS[name])
    got = q.frontier(made, [date], quantile).draws.isel(date=0)
    mean = q.mean_trend(made, [date]).draws.isel(date=0)
    rng = np.random.default_rng(8)
    for chain, draw in ((0, 3), (1, 250), (3, 499)):
        here = made.posterior.isel(chain=chain, draw=draw)
        years, n = float(times(made, date)[0]), 400_000
        scale = float(np.exp(here["dispersion_growth"] * years))
        releases = rng.normal(0, float(here["noise_scale"]), n) + families_of(made, here, years, rng, n)
        for who in ("inefficiency_scale", "family_inefficiency_scale"):
            if who in here:
                u, average = shortfall(made, float(here[who]), rng, n)
                releases += average - u
        releases = float(mean.isel(chain=chain, draw=draw)) + scale * releases
        expected = np.quantile(releases, quantile)
        assert float(got.isel(chain=chain, draw=draw)) == pytest.approx(expected, abs=0.02 * releases.std())


def test_probability_on_the_frontier_counts_draws_above_it(world_fit: Fit) -> None:
    chance = q.probability_on_frontier(world_fit)
    dates = list(world_fit.data["release_date"].to_numpy())
    edge, density = q.frontier(world_fit, dates).draws.to_numpy(), q.log_density(world_fit).draws
    np.testing.assert_allclose(chance, (density.to_numpy() >= edge).mean(axis=(0, 1)))
    assert list(chance["llm"].to_numpy()) == list(world_fit.data["llm"].to_numpy())


# The envelope


def test_envelope_is_the_best_family_so_far(world_fit: Fit) -> None:
    """Brute force over families, for a few draws."""
    dates = ["2023-03-01", "2023-12-31", "2024-08-01", "2026-03-01"]
    got = q.envelope(world_fit, dates).draws
    data = world_fit.data
    family, time = data["family_index"].to_numpy(), data["time"].to_numpy()
    spread = np.mean(time**2)
    for chain, draw in ((0, 0), (2, 311)):
        here = world_fit.posterior.isel(chain=chain, draw=draw)
        for k, now in enumerate(times(world_fit, *dates)):
            best = -np.inf
            for f in range(data.sizes["family"]):
                if time[family == f].min() <= now + 1e-9:
                    t = time[family == f].mean()
                    bend = 0.5 * float(here["curvature"]) * (t**2 - spread)
                    mean = float(here["origin"] + here["level"].mean() + here["rate"] * t) + bend
                    best = max(best, mean + float(here["family_effect"][f]))
            assert float(got.isel(chain=chain, draw=draw, date=k)) == pytest.approx(best)


def test_envelope_never_falls(world_fit: Fit) -> None:
    for made in (world_fit, changing(world_fit), wandering(world_fit)):
        draws = q.envelope(made, q.dates_between(*q.window(made), 40)).draws
        assert draws.dims == (*q.SAMPLE, "date")
        assert np.isfinite(draws).all() and (draws.diff("date") >= 0).all()
        assert (q.rate(made, estimand="envelope").draws >= 0).all()


def test_an_envelope_needs_families_that_were_released(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="begins with the first release, 2023-03-01"):
        q.envelope(world_fit, ["2023-02-28", "2024-01-01"])
    with pytest.raises(InputError, match="no family effects"):
        q.envelope(falling_short(world_fit, SHORTFALLS["alike"]), ["2024-01-01"])


# The pace


CURVES: dict[q.Estimand, Any] = {"frontier": q.frontier, "mean": q.mean_trend, "envelope": q.envelope}


@pytest.mark.parametrize("estimand", CURVES)
def test_average_rate_is_the_rise_over_the_window(world_fit: Fit, estimand: q.Estimand) -> None:
    start, end = "2023-06-01", "2025-06-01"
    curve = CURVES[estimand]
    ends = curve(world_fit, [start, end]).draws
    span = (pd.Timestamp(end) - pd.Timestamp(start)).days / 365.25
    expected = (ends.isel(date=1) - ends.isel(date=0)) / span
    np.testing.assert_allclose(q.rate(world_fit, (start, end), estimand).draws, expected)


@pytest.mark.parametrize("estimand", ["frontier", "mean"])
@pytest.mark.parametrize("trend", ["quadratic", "change-point", "random-walk"])
def test_rate_at_a_date_is_the_slope_there(world_fit: Fit, estimand: q.Estimand, trend: str) -> None:
    made = {"change-point": changing, "random-walk": wandering}.get(trend, lambda fit: fit)(world_fit)
    # Where a trend turns within a month a slope must be taken over days.
    ends = CURVES[estimand](made, ["2024-06-30", "2024-07-02"]).draws
    slope = (ends.isel(date=1) - ends.isel(date=0)) / (2 / 365.25)
    at = q.rate_at(made, ["2024-07-01"], estimand).draws.isel(date=0)
    np.testing.assert_allclose(at, slope, atol=2e-4)


@pytest.mark.parametrize("trend", ["quadratic", "change-point", "random-walk"])
def test_the_trend_averages_to_its_origin_over_the_releases(world_fit: Fit, trend: str) -> None:
    made = {"change-point": changing, "random-walk": wandering}.get(trend, lambda fit: fit)(world_fit)
    draws = q.mean_trend(made, list(made.data["release_date"].to_numpy())).draws
    origin = made.posterior["origin"] + made.posterior["level"].mean("benchmark")
    np.testing.assert_allclose(draws.mean("date"), origin, atol=1e-9)


def test_a_wandering_pace_is_the_sum_of_its_steps(world_fit: Fit) -> None:
    """From before the first knot to after the last the rate rises by all steps."""
    made = wandering(world_fit)
    rates = q.rate_at(made, ["2021-01-01", "2028-01-01"], "mean").draws
    rise = rates.isel(date=1) - rates.isel(date=0)
    np.testing.assert_allclose(rise, made.posterior["rate_step"].sum("knot"), atol=1e-3)


def test_a_change_of_pace_is_what_the_rates_before_and_after_say(world_fit: Fit) -> None:
    made = changing(world_fit)
    found = q.change_point(made)
    start, end = q.window(made)
    rates = q.rate_at(made, [start, end], "mean").draws
    np.testing.assert_allclose(found.before.draws, rates.isel(date=0), atol=1e-4)
    np.testing.assert_allclose(found.after.draws, rates.isel(date=1), atol=1e-4)
    before, after = found.before.draws.to_numpy(), found.after.draws.to_numpy()
    assert (before <= 0).any() and (before > 0).any()
    np.testing.assert_allclose(found.ratio.draws.to_numpy()[before > 0], (after / before)[before > 0])
    assert np.isinf(found.ratio.draws.to_numpy()[before <= 0]).all()
    assert found.probability_acceleration == pytest.approx((after > before).mean())
    assert 0 < found.probability_acceleration < 1
    assert q.probability_slowing(made, "mean") == pytest.approx(1 - found.probability_acceleration)


def test_a_change_of_pace_has_a_date(world_fit: Fit) -> None:
    made = changing(world_fit)
    at = made_up(world_fit, times(world_fit, "2024-07-01")[0])
    year = q.change_point(replace(made, posterior=made.posterior.assign(break_time=at))).year
    assert year.to_frame_row().tolist() == pytest.approx([2024.5] * 3, abs=0.005)


def test_the_change_of_pace_on_a_stated_day_is_on_that_day(world_fit: Fit) -> None:
    """As if every draw had put it there; the fit of such a study has no date to infer."""
    day, made = date(2024, 5, 13), changing(world_fit)
    there = made.posterior.assign(break_time=made_up(made, times(made, "2024-05-13")[0]))
    inferred = q.change_point(replace(made, posterior=there))
    stated = q.change_point(remade(made, {"break_date": day}))
    for one, other in zip(inferred, stated, strict=True):
        np.testing.assert_allclose(*(getattr(part, "draws", part) for part in (one, other)))
    assert stated.year.to_frame_row().tolist() == pytest.approx([2024 + 133 / 366] * 3, abs=0.005)


def test_rates_before_and_after_on_benchmarks_average_to_the_common_ones(world_fit: Fit) -> None:
    found = q.change_point(changing(world_fit))
    for common, own in ((found.before, found.before_by_benchmark), (found.after, found.after_by_benchmark)):
        assert list(own.draws["benchmark"].to_numpy()) == list(world_fit.data["benchmark"].to_numpy())
        np.testing.assert_allclose(own.draws.mean("benchmark"), common.draws, atol=1e-9)
        np.testing.assert_allclose(own.draws - common.draws, world_fit.posterior["benchmark_slope"], atol=1e-9)


def test_without_a_change_of_pace_there_is_none_to_ask_for(world_fit: Fit) -> None:
    with pytest.raises(InputError, match=r"no change-point; use frontier\.trend=change-point"):
        q.change_point(world_fit)


def test_rates_before_and_after_are_of_the_mean_whatever_the_dispersion(world_fit: Fit) -> None:
    made = changing(world_fit)
    other = replace(made, posterior=made.posterior.assign(dispersion_growth=made_up(made, 0.3)))
    xr.testing.assert_equal(q.change_point(made).before.draws, q.change_point(other).before.draws)


# Benchmarks


def test_benchmark_rates_average_to_the_rate(world_fit: Fit) -> None:
    by_benchmark = q.rate_by_benchmark(world_fit).draws.mean("benchmark")
    np.testing.assert_allclose(by_benchmark, q.rate(world_fit).draws, atol=1e-9)


def test_spread_of_rates_is_that_between_benchmarks(world_fit: Fit) -> None:
    spread = q.rate_spread(world_fit)
    np.testing.assert_array_equal(spread.draws, world_fit.posterior["slope_spread"])
    assert (spread.draws > 0).all()


def test_spread_of_rates_by_group_is_that_within_groups_and_between(world_fit: Fit) -> None:
    made = replace(world_fit, posterior=world_fit.posterior.assign(group_slope_spread=made_up(world_fit, 0.3)))
    expected = np.sqrt(world_fit.posterior["slope_spread"] ** 2 + made.posterior["group_slope_spread"] ** 2)
    np.testing.assert_allclose(q.rate_spread(made).draws, expected)


def test_the_rate_of_a_new_benchmark_is_as_uncertain_as_its_population(world_fit: Fit) -> None:
    new, overall = q.rate_of_new_benchmark(world_fit).draws, q.rate(world_fit).draws
    n = world_fit.data.sizes["benchmark"]
    unit = (new - overall) / (q.rate_spread(world_fit).draws * np.sqrt(1 + 1 / n))
    draws = unit.size
    assert float(unit.mean()) == pytest.approx(0, abs=4 / np.sqrt(draws))
    assert float(unit.std()) == pytest.approx(1, abs=4 / np.sqrt(2 * draws))
    assert not np.array_equal(new, q.rate_of_new_benchmark(world_fit, seed=2).draws)
    xr.testing.assert_identical(new, q.rate_of_new_benchmark(world_fit).draws)
    # Brute force: benchmarks drawn from a population, their mean known and one more of them.
    rng = np.random.default_rng(7)
    drawn = rng.normal(0, 1, (200_000, n + 1))
    assert (drawn[:, n] - drawn[:, :n].mean(axis=1)).std() == pytest.approx(np.sqrt(1 + 1 / n), rel=0.01)


# Inefficiency


@pytest.mark.parametrize("name", [name for name in SHORTFALLS if name != "none"])
def test_inefficiency_given_simulated_densities_is_distributed_as_the_simulated_one(world_fit: Fit, name: str) -> None:
    """In every draw a world is simulated: what is drawn given the densities must be like what made them."""
    made, rng = falling_short(world_fit, SHORTFALLS[name]), np.random.default_rng(14)
    draws, data = made.posterior, made.data
    family, shape = data["family_index"].to_numpy(), draws["rate"].shape

    def simulated(time: np.ndarray, symmetric: str, one_sided: str) -> tuple[np.ndarray, np.ndarray]:
        size = (*shape, len(time))
        spread = np.exp(draws["dispersion_growth"].to_numpy()[..., None] * time)
        v = rng.normal(size=size) * draws[symmetric].to_numpy()[..., None]
        if one_sided not in draws:
            return spread * v, np.zeros(size)
        u, average = shortfall(made, draws[one_sided].to_numpy()[..., None], rng, size)
        return spread * (v - u + average), spread * u

    own, true = simulated(data["time"].to_numpy(), "noise_scale", "inefficiency_scale")
    if made.study.frontier.family_effects:
        effect, kin = simulated(data["family_time"].to_numpy(), "family_scale", "family_inefficiency_scale")
        own, true = own + effect[..., family], true + kin[..., family]
        draws = draws.assign(family_effect=(draws["family_effect"].dims, effect))
    mean = q.mean_trend(made, list(data["release_date"].to_numpy())).draws.to_numpy()
    relative = mean - draws["level"].mean("benchmark").to_numpy()[..., None] + own
    draws = draws.assign(log_density_relative=(draws["log_density_relative"].dims, relative))
    found = q.inefficiency(replace(made, posterior=draws))
    got = found.draws.to_numpy()
    assert (got >= 0).all() and found.draws.dims == (*q.SAMPLE, "llm")
    assert got.mean() == pytest.approx(true.mean(), rel=0.02)
    assert got.std() == pytest.approx(true.std(), rel=0.03)
    # What the densities tell of it: the same covariance, and more than nothing.
    told = [np.cov(own.ravel(), one.ravel())[0, 1] for one in (got, true)]
    assert told[0] == pytest.approx(told[1], rel=0.05) and told[1] < 0
    assert np.corrcoef(got.ravel(), true.ravel())[0, 1] > 0.2
    np.testing.assert_allclose(got.mean(axis=(0, 1)), true.mean(axis=(0, 1)), rtol=0.15)


def test_densities_at_the_frontier_fall_short_the_least(world_fit: Fit) -> None:
    short = q.inefficiency(world_fit).summary["median"].to_numpy()
    family = world_fit.data["family_index"].to_numpy()
    own = world_fit.posterior["log_density_relative"] - q.mean_trend(
        world_fit, list(world_fit.data["release_date"].to_numpy())
    ).draws.rename(date="llm").assign_coords(llm=world_fit.data["llm"].to_numpy())
    residual = own.to_numpy() - world_fit.posterior["family_effect"].to_numpy()[..., family]
    assert np.corrcoef(short, residual.mean(axis=(0, 1)))[0, 1] < -0.8


def test_where_nobody_falls_short_there_is_no_inefficiency_to_ask_for(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="symmetric frontier"):
        q.inefficiency(falling_short(world_fit, SHORTFALLS["none"]))


# Probabilities


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


@pytest.mark.parametrize("day", ["someday", "2024-13-01", "01.07.2024x", "", "today", "nat"])
def test_what_is_no_date_is_refused(world_fit: Fit, day: str) -> None:
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
    for ask in (q.rate, q.rate_by_benchmark, q.rate_of_new_benchmark):
        with pytest.raises(InputError, match="Valid: envelope, frontier, mean"):
            ask(world_fit, estimand="median")  # type: ignore[operator]
    with pytest.raises(InputError, match="Valid: envelope, frontier, mean"):
        q.rate_at(world_fit, ["2024-01-01"], "median")  # type: ignore[arg-type]


def test_an_envelope_has_no_rate_at_a_date(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="moves in steps"):
        q.rate_at(world_fit, ["2024-01-01"], "envelope")
    with pytest.raises(InputError, match="moves in steps"):
        q.probability_slowing(world_fit, "envelope")


def test_records_rise_along_a_straight_line() -> None:
    time = np.arange(6.0)
    assert slope_of_records(time, 2 * time + 1) == pytest.approx(2)
    # What stays below an earlier record does not count.
    assert slope_of_records(time, np.array([0, 2, -5, 6, -9, 10.0])) == pytest.approx(2)
    # What only falls leaves its first record standing.
    assert slope_of_records(time, -time) == 0


@pytest.mark.parametrize(("value", "expected"), [(1.5, 1.5), (np.inf, "inf"), (-np.inf, "-inf"), (np.nan, None)])
def test_numbers_in_json_are_legal_json(value: float, expected: object) -> None:
    assert jsonable(value) == expected

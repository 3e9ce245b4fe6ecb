"""Forecasts: size, date and score agree with each other, with the trend, and with the releases that they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from remade import remade

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of
from bayesdensity.data.dates import calendar_day, years_from_centre
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead, releases
from bayesdensity.quantities.forecast import date_at, date_of_density, probability_by, score_at, size_at
from bayesdensity.quantities.mixture import Question, forecast, half_years

AHEAD = ["2026-09-01", "2027-06-01", "2028-03-01"]
INSIDE = ["2024-01-01", "2025-01-01"]


@pytest.fixture
def straight(world_fit: Fit) -> Fit:
    """A fit whose frontier and mean grow by 1.5 a year, as fast on every benchmark, at all times."""
    made = remade(world_fit, {"trend": "linear", "dispersion": "constant"}, rate=1.5)
    draws = made.posterior.drop_vars("dispersion_growth")
    return made.with_draws(draws.assign(benchmark_slope=0 * draws["benchmark_slope"])).thinned(200)


def time_of(fit: Fit, day: str) -> float:
    return float(years_from_centre(fit.data, [np.datetime64(day).astype(object)])[0])


@pytest.mark.parametrize("of", ["frontier", "typical"])
def test_a_size_that_reaches_a_score_has_it(world_fit: Fit, of: Any) -> None:
    size = size_at(world_fit, "Sums", 0.5, [*INSIDE, *AHEAD], of)
    for day in (*INSIDE, *AHEAD):
        params = float(size.sel(date=day).draws.isel(chain=0, draw=3))
        if 1e3 < params < 1e16:
            score = score_at(world_fit, "Sums", params, [day], of).sel(date=day).draws.isel(chain=0, draw=3)
            assert float(score) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("of", ["frontier", "typical"])
def test_at_the_date_at_which_a_size_reaches_a_score_it_has_it(world_fit: Fit, of: Any) -> None:
    date = date_at(world_fit, "Code", 0.62, 4e9, of)
    year = float(date.draws.isel(chain=1, draw=5))
    assert 2023 < year < 2036
    score = score_at(world_fit, "Code", 4e9, [calendar_day(year)], of).draws.isel(chain=1, draw=5)
    assert float(score.squeeze()) == pytest.approx(0.62, abs=2e-3)  # days, and months between which dates are sought


def test_half_the_size_takes_a_doubling_time_longer(straight: Fit) -> None:
    whole, half = (date_at(straight, "Sums", 0.6, params) for params in (8e9, 4e9))
    inside = (whole.draws > whole.draws.min()) & np.isfinite(half.draws)
    later = (half.draws - whole.draws).where(inside)
    assert float(later.median()) == pytest.approx(np.log(2) / 1.5, rel=1e-3)
    assert float(abs(later - np.log(2) / 1.5).max()) < 0.02


def test_a_release_as_dense_as_the_frontier_of_a_date_is_matched_at_that_date(straight: Fit) -> None:
    day = "2025-07-01"
    date = date_of_density(straight, q.frontier(straight, [day]).sel(date=day).draws)
    at = 2000 + straight.data.attrs["time_centre"] + time_of(straight, day)
    assert abs(date.draws - at).max() < 0.01


@pytest.mark.parametrize(("of", "estimand"), [("frontier", "frontier"), ("typical", "mean")])
def test_beyond_the_last_release_the_pace_that_it_has_there_goes_on(world_fit: Fit, of: Any, estimand: Any) -> None:
    end = q.window(world_fit)[1]
    last = time_of(world_fit, end)
    path = ahead.log_density_ahead(world_fit, np.array([last, last + 1.0, last + 3.0]), of)
    pace = q.rate_at(world_fit, [end], estimand).sel(date=end).draws.to_numpy()
    assert np.allclose(path[..., 1] - path[..., 0], pace) and np.allclose(path[..., 2] - path[..., 0], 3 * pace)


def test_a_random_walk_of_the_rate_goes_on_without_a_drift() -> None:
    from bayesdensity.laws.trends import TRENDS

    draws = {"rate_walk": np.full((4, 5000), 0.4)}
    beyond = np.broadcast_to(np.array([0.0, 0.5, 2.0]), (4, 5000, 3))
    gained = TRENDS["random-walk"].unforeseen(beyond, draws, np.random.default_rng(1))
    assert (gained[..., 0] == 0).all()
    # Steps of the rate at 0, 0.5, 1 and 1.5 years act for 2, 1.5, 1 and 0.5 years.
    assert gained[..., 1].std() == pytest.approx(0.4 * 0.5, rel=0.03)
    assert gained[..., 2].std() == pytest.approx(0.4 * np.sqrt(4 + 2.25 + 1 + 0.25), rel=0.03)
    assert abs(gained[..., 2].mean()) < 0.05


def test_of_releases_to_come_as_many_lie_above_the_frontier_as_its_quantile_says(straight: Fit) -> None:
    # Scores without noise: close to the ceiling it would lift many above the edge.
    none = {name: 1e-9 + 0 * straight.posterior[name] for name in ("cell_scatter", "harness_scale", "overdispersion")}
    exact = straight.data.assign(n_items=1e15 + 0 * straight.data["n_items"])
    fit = replace(straight.with_draws(straight.posterior.assign(none)), data=exact)
    end = float(fit.data["time"].max())
    come = releases.to_be_released(fit, "Reading", end + 1.0, per_year=20)
    known = np.isfinite(come.time)
    edge = ahead.gained(fit, 0, np.linspace(end, end + 1, 41), "frontier").reshape(len(come.time), -1)
    place = np.clip(np.searchsorted(np.linspace(end, end + 1, 41), np.where(known, come.time, end)), 0, 40)
    size = np.where(known, come.log_size, 0.0) + edge[np.arange(len(edge))[:, None], place]
    from bayesdensity import laws
    from bayesdensity.draws import Draws

    draws = Draws(fit.data, fit.flat_draws())
    at_edge = laws.score(laws.logit_of_size(draws.link.at([0]), size), ahead.floor(fit, 0), draws["ceiling"][:, [0]])
    share = (come.score > at_edge)[known].mean()
    assert share == pytest.approx(1 - fit.study.frontier.quantile, abs=0.02)


def test_without_releases_to_come_the_best_is_the_record_of_the_tables(world_fit: Fit) -> None:
    fit, day = world_fit.thinned(100), q.window(world_fit)[1]
    cells = cells_of(fit.data)
    on = cells.target_benchmark == 1
    small = fit.data["log_size"].to_numpy()[cells.llm] + fit.data.attrs["log_size_centre"] <= np.log(8e9)
    record = fit.data["cell_value"].to_numpy()[: cells.n_targets][on & small].max()
    best = score_at(fit, "Sums", 8e9, [day], "best").sel(date=day)
    assert (best.draws == record).all()


def test_more_families_to_come_bring_the_day_nearer(world_fit: Fit) -> None:
    fit = world_fit.thinned(300)
    few, many = (date_at(fit, "Sums", 0.85, 4e9, "best", per_year=n).to_frame_row()["median"] for n in (2, 60))
    assert many < few


def test_the_releases_to_come_are_counted_by_those_of_late(world_fit: Fit) -> None:
    rate = releases.release_rate(world_fit, "Sums").to_frame_row()
    cells, end = cells_of(world_fit.data), float(world_fit.data["time"].max())
    late = {
        int(world_fit.data["family_index"][m])
        for m, b in zip(cells.llm, cells.target_benchmark, strict=True)
        if b == 1 and float(world_fit.data["time"][m]) > end - 2
    }
    assert rate["lower"] < len(late) / 2 < rate["upper"]


def test_the_chance_that_a_date_has_come_rises_to_what_is_never_missing(world_fit: Fit) -> None:
    date = date_at(world_fit, "Sums", 0.8, 2e9)
    chance = probability_by(world_fit, date, ["2024-01-01", "2026-01-01", "2028-01-01", "2035-01-01"]).to_numpy()
    assert (np.diff(chance) >= 0).all()
    assert chance[-1] <= float(np.isfinite(date.draws).mean())


def test_forms_are_mixed_and_their_own_answers_kept(world_fit: Fit) -> None:
    slow = world_fit.with_draws(world_fit.posterior.assign(rate=world_fit.posterior["rate"] - 0.5))
    question = Question("Sums", params=4e9, date="2028-01-01")
    found = forecast({"one": world_fit, "other": slow}, question)
    medians = [part.to_frame_row()["median"] for part in found.parts.values()]
    assert min(medians) < found.answer.to_frame_row()["median"] < max(medians)
    ends = [part.to_frame_row() for part in found.parts.values()]
    mixed = found.answer.to_frame_row()
    assert mixed["lower"] < max(end["lower"] for end in ends) and mixed["upper"] > min(end["upper"] for end in ends)
    alone = forecast({"one": world_fit, "other": slow}, question, {"one": 1.0, "other": 0.0}).answer.to_frame_row()
    assert alone["median"] == pytest.approx(medians[0], abs=1e-3)


def test_fits_of_other_scores_are_not_mixed(world_fit: Fit) -> None:
    other = replace(world_fit, data=world_fit.data.assign(score_value=world_fit.data["score_value"] + 0.01))
    with pytest.raises(InputError, match="different scores"):
        forecast({"one": world_fit, "other": other}, Question("Sums", params=4e9, date="2028-01-01"))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda fit: size_at(fit, "Sums", 0.99, AHEAD), "its ceiling is"),
        (lambda fit: size_at(fit, "Reading", 0.2, AHEAD), "which guessing has"),
        (lambda fit: score_at(fit, "Sum", 4e9, AHEAD), "Did you mean 'Sums'"),
        (lambda fit: score_at(fit, "Sums", 12.0, AHEAD), "a size lies between"),
        (lambda fit: score_at(fit, "Sums", 4e9, ["soon"]), "is no date; write it like"),
        (lambda fit: Question("Sums", params=4e9).asked, "two of size, score and date"),
    ],
)
def test_what_has_no_answer_is_refused(world_fit: Fit, ask: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask(world_fit)


def test_half_years_begin_after_the_last_release() -> None:
    assert half_years("2026-06-04")[:3] == ["2026-07-01", "2027-01-01", "2027-07-01"]
    assert half_years("2026-07-02")[0] == "2027-01-01" and half_years("2026-01-01")[0] == "2026-01-01"


def test_a_mixture_of_dates_that_never_come_stays_so() -> None:
    never = q.Estimate("date", "made up", xr.DataArray(np.full((1, 50), np.inf), dims=q.SAMPLE))
    soon = q.Estimate("date", "made up", xr.DataArray(np.full((1, 50), 2027.0), dims=q.SAMPLE))
    from bayesdensity.quantities.estimate import mixed

    row = mixed({"a": never, "b": soon}, {"a": 0.5, "b": 0.5}).to_frame_row()
    assert row["lower"] == 2027.0 and np.isinf(row["upper"])

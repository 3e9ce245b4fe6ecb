"""A backtest predicts later LLMs from earlier ones, knows nothing of what came, and counts what it missed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from seams import compiled_by

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.backtesting import (
    LEAST_TRAINING,
    LEVELS,
    Backtest,
    backtest,
    default_cutoffs,
    leave_future_out,
)
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.result import Fit

CUTOFFS = ("2025-01-01", "2025-07-01")
DRAWS = 250


class Run(NamedTuple):
    found: Backtest
    trained: dict[str, Fit]
    """Training fits by cut-off."""
    told: list[str]


@pytest.fixture(scope="module")
def compiled_once(world_compiler: Callable[..., Any]) -> Iterator[None]:
    """The model of the small world is sampled again, with few draws, and not compiled again."""
    module = importlib.import_module("bayesdensity.evaluation.backtesting")
    with compiled_by(world_compiler) as patch:
        for name in ("REFIT_DRAWS", "REFIT_TUNE"):
            patch.setattr(module, name, DRAWS)
        yield


@pytest.fixture(scope="module")
def run(world_fit: Fit, compiled_once: None) -> Run:
    """The small world, predicted from two cut-offs."""
    trained: list[Fit] = []

    def recorded(*arguments: Any, **settings: Any) -> Fit:
        trained.append(sample(*arguments, **settings))
        return trained[-1]

    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), "sample", recorded)
        found = backtest(world_fit, CUTOFFS, progress=told.append)
    return Run(found, dict(zip(CUTOFFS, trained, strict=True)), told)


def released(fit: Fit) -> np.ndarray:
    return fit.data["release_date"].to_numpy().astype("datetime64[D]")


# Cut-offs


def test_cutoffs_are_half_years_with_enough_before_and_something_after(world_fit: Fit) -> None:
    days, cutoffs = released(world_fit), default_cutoffs(world_fit)
    halves = [f"{year}-{month}-01" for year in range(2022, 2028) for month in ("01", "07")]
    assert cutoffs == [
        half for half in halves
        if (days < np.datetime64(half)).sum() >= LEAST_TRAINING and (days >= np.datetime64(half)).any()
    ]  # fmt: skip
    assert set(CUTOFFS) <= set(cutoffs)


@pytest.mark.parametrize(
    "date", ["2025-13-01", "soon", "2025-1-1", "1 January 2025", "2025-02-30", "2025", "2025-01", "NaT", "", "today"]
)
def test_what_is_no_date_is_refused(world_fit: Fit, date: str) -> None:
    told: list[str] = []
    with pytest.raises(InputError, match="ISO dates such as") as raised:
        backtest(world_fit, [CUTOFFS[0], date], progress=told.append)
    assert date in str(raised.value) and told == []


def test_a_cutoff_with_too_few_llms_before_it_is_refused_with_the_counts(world_fit: Fit) -> None:
    before = int((released(world_fit) < np.datetime64("2024-01-01")).sum())
    assert 0 < before < LEAST_TRAINING
    told: list[str] = []
    with pytest.raises(UnidentifiedError) as raised:
        backtest(world_fit, [CUTOFFS[0], "2024-01-01"], progress=told.append)
    days = released(world_fit)
    later = int(((days >= np.datetime64("2024-01-01")) & (days < np.datetime64("2024-12-31"))).sum())
    assert f"cut-off 2024-01-01: needs at least {LEAST_TRAINING} LLMs" in str(raised.value)
    assert f"the fit has {before} and {later}." in str(raised.value) and told == []


def test_a_cutoff_with_nothing_after_it_is_refused(world_fit: Fit) -> None:
    with pytest.raises(UnidentifiedError, match=f"the fit has {world_fit.data.sizes['llm']} and 0"):
        backtest(world_fit, ["2026-03-01"])


def test_a_sample_too_small_for_any_cutoff_is_refused(world_fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), "LEAST_TRAINING", 38)
    assert default_cutoffs(world_fit) == []
    with pytest.raises(UnidentifiedError, match="no half-year has 38 releases before it"):
        backtest(world_fit)


# Predictions


def test_each_cutoff_predicts_the_llms_of_the_year_after_it(world_fit: Fit, run: Run) -> None:
    days, names = released(world_fit), world_fit.data["llm"].to_numpy()
    assert list(run.found.cutoffs.index) == list(CUTOFFS) == list(run.found.verdicts)
    for cutoff, part in run.found.llms.groupby("cutoff"):
        start = pd.Timestamp(str(cutoff))
        later = (days >= start) & (days < start + pd.DateOffset(months=12))
        assert list(part["llm"]) == list(names[later])
        assert part["release_date"].between(f"{start:%Y-%m-%d}", f"{start + pd.DateOffset(months=12):%Y-%m-%d}").all()
        assert part["months"].between(0, 12.05).all() and part["months"].is_monotonic_increasing
        row = run.found.cutoffs.loc[cutoff]
        assert (row["n_known"], row["n_later"]) == ((days < start).sum(), later.sum())
        assert run.trained[str(cutoff)].data["score_keep"].to_numpy().sum() < world_fit.data.sizes["score"]
    assert run.told == ["compile", *(f"releases before {cutoff}" for cutoff in CUTOFFS)]


def predicted(run: Run, cutoff: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a cut-off, and the draws of ln density that they summarise; shape (llm, draw)."""
    rows = run.found.llms[run.found.llms["cutoff"] == cutoff]
    draws = q.log_density(run.trained[cutoff]).draws.sel(llm=rows["llm"].to_numpy())
    return rows, draws.transpose("llm", *q.SAMPLE).to_numpy().reshape(len(rows), -1)


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_predictions_are_summaries_of_draws_of_the_training_fit(world_fit: Fit, run: Run, cutoff: str) -> None:
    rows, draws = predicted(run, cutoff)
    observed = q.log_density(world_fit).draws.sel(llm=rows["llm"].to_numpy()).median(q.SAMPLE).to_numpy()
    np.testing.assert_allclose(rows["observed"], observed)
    ends = rows[["lower_90%", "lower_50%", "median", "upper_50%", "upper_90%"]].to_numpy()
    assert (np.diff(ends, axis=1) > 0).all()
    np.testing.assert_allclose(ends, np.quantile(draws, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1).T)
    np.testing.assert_allclose(rows["pit"], (draws < observed[:, None]).mean(axis=1))
    assert rows["pit"].between(0, 1).all() and np.isfinite(rows["elpd"]).all()


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_crps_is_the_integral_over_the_squared_error_of_the_distribution(run: Run, cutoff: str) -> None:
    rows, draws = predicted(run, cutoff)
    assert (rows["crps"] >= 0).all()
    for got, observed, one in zip(rows["crps"], rows["observed"], np.sort(draws, axis=1), strict=True):
        edges = np.sort(np.append(one, observed))
        below = np.searchsorted(one, edges[:-1], side="right") / len(one)
        wanted = ((below - (edges[:-1] >= observed)) ** 2 * np.diff(edges)).sum()
        assert got == pytest.approx(wanted, rel=1e-9)


def test_most_of_what_came_lies_inside_the_intervals(run: Run) -> None:
    """The world follows the model, so an interval of 90 % holds most; LLMs of a family miss together."""
    scores = run.found.scores()
    assert scores.at["all", "coverage_90%"] >= 0.6
    assert scores.at["all", "coverage_50%"] <= scores.at["all", "coverage_90%"]
    assert run.found.llms["pit"].between(0.001, 0.999).mean() > 0.8


def test_the_table_of_scores_sums_up_cutoffs_and_all(run: Run) -> None:
    scores, llms = run.found.scores(), run.found.llms
    assert list(scores.index) == [*CUTOFFS, "all"]
    for name, row in scores.iterrows():
        part = llms if name == "all" else llms[llms["cutoff"] == name]
        assert row["n"] == len(part)
        assert row["elpd"] == pytest.approx(part["elpd"].sum()) and row["crps"] == pytest.approx(part["crps"].mean())
        for level in LEVELS:
            inside = (part["observed"] - part[f"lower_{level:.0%}"]) * (part[f"upper_{level:.0%}"] - part["observed"])
            assert row[f"coverage_{level:.0%}"] == pytest.approx((inside >= 0).mean())


def test_the_frontier_is_predicted_and_as_known_now(world_fit: Fit, run: Run) -> None:
    start, last = q.window(world_fit)
    for cutoff, row in run.found.cutoffs.iterrows():
        for name in ("frontier_predicted", "frontier_known", "doubling_time_then", "doubling_time_now"):
            assert row[f"{name}_upper"] > row[f"{name}_lower"]
            assert row[f"{name}_lower"] <= row[f"{name}_median"] <= row[f"{name}_upper"]
        assert row["horizon_end"] == min(f"{int(cutoff[:4]) + 1}{cutoff[4:]}", last)
        known = q.frontier(world_fit, [row["horizon_end"]]).summary["median"].item()
        then = q.frontier(run.trained[str(cutoff)], [row["horizon_end"]]).summary["median"].item()
        assert (row["frontier_known_median"], row["frontier_predicted_median"]) == pytest.approx((known, then))
        grows = q.probability_positive(q.rate(run.trained[str(cutoff)], (start, str(cutoff)))).item()
        assert row["probability_rate_positive_then"] == grows > 0.5
        now = q.doubling_time(q.rate(world_fit, (start, str(cutoff)))).to_frame_row()["median"]
        assert row["doubling_time_now_median"] == pytest.approx(now)
        assert 0 <= row["share_above_frontier"] <= 0.7
    # A year on is less certain from half a year's fewer LLMs than from all.
    table = run.found.cutoffs
    widths = {
        part: table[f"frontier_{part}_upper"] - table[f"frontier_{part}_lower"] for part in ("predicted", "known")
    }
    assert (widths["predicted"] > widths["known"]).all()


def test_training_knows_nothing_of_later_scores(world_fit: Fit, run: Run) -> None:
    """Scores of all later LLMs are spoiled; what is predicted of them stays, within Monte Carlo error."""
    cutoff, data = CUTOFFS[0], world_fit.data
    entity = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()]
    later = np.isin(entity, np.flatnonzero(released(world_fit) >= np.datetime64(cutoff)))
    values = np.where(later, 0.1 + 0.3 * data["score_value"].to_numpy(), data["score_value"].to_numpy())
    spoiled = backtest(replace(world_fit, data=with_scores(data, values)), [cutoff])
    before, _ = predicted(run, cutoff)
    sd = (before["upper_90%"] - before["lower_90%"]) / 3.3
    for end in ("lower_90%", "median", "upper_90%"):
        assert (np.abs(spoiled.llms[end] - before[end]) < 0.5 * sd).all()
        assert np.abs((spoiled.llms[end] - before[end]) / sd).mean() < 0.2
    # What is judged has changed.
    assert (spoiled.llms["elpd"] < before["elpd"] - 1).mean() > 0.5


# Several fits


def test_the_future_is_left_out_once_for_each_llm_from_its_last_cutoff(run: Run) -> None:
    llms = run.found.llms
    last = {row.llm: row.elpd for row in llms.sort_values("cutoff").itertuples()}
    assert 0 < len(last) < len(llms)
    # Rows may come in any order, and cut-offs too.
    shuffled = llms.sample(frac=1, random_state=1)
    worse = replace(run.found, llms=shuffled.assign(elpd=shuffled["elpd"] - 2 - 0.1 * (shuffled["crps"] > 0.5)))
    table = leave_future_out({"worse": worse, "better": run.found})
    assert list(table.index) == ["better", "worse"]
    assert table.at["better", "elpd"] == pytest.approx(sum(last.values()))
    assert table.at["worse", "difference"] == pytest.approx(-2 * len(last), abs=0.1 * len(last) + 1e-6)
    assert table.at["better", "weight"] > 0.99

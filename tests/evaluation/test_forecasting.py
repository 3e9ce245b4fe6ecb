"""Forecasts from a cut-off are asked by a rule, know nothing of what came, and hold what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pointed import CUTOFF, is_known, pointed

from bayesdensity.data.masks import with_scores
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation import forecasting
from bayesdensity.evaluation.forecasting import Asked, Known, judged, questions, summed
from bayesdensity.evaluation.scoring import ranks, share_inside
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.releases import Releases, all_releases, released
from bayesdensity.study.spec import Study

OF_WHAT_CAME = ("observed", "below", "at_most", "crps", "crps_unchanged", "crps_line")


@pytest.fixture(scope="module")
def whole(world_study: Study, world_tables: Tables) -> Fit:
    """The small world at points of its model."""
    return pointed(world_study, world_tables)


@pytest.fixture(scope="module")
def then(whole: Fit) -> Fit:
    """What was known at the cut-off."""
    return replace(whole, data=with_scores(whole.data, keep_llms=is_known(whole)))


@pytest.fixture(scope="module")
def table(whole: Fit, then: Fit) -> pd.DataFrame:
    return judged(whole, then, CUTOFF)


def hand_made(score: float = 0.43) -> Known:
    """A record of 9B at the cut-off, time zero, and one of 70B above it."""
    when, sizes, scores = ([[-2.0, -1.0]], np.log([[9e9, 70e9]]), [[score, 0.62]])
    return Known(Releases(*map(np.array, (when, sizes, scores))), 0.0, np.log(7e11))


def asked_of(known: Known, end: float) -> Iterator[Asked]:
    return questions(known, end, [np.log(2e9), np.log(9e9), np.inf], np.log(9e9))


def test_questions_follow_from_the_records_at_the_cutoff() -> None:
    found = list(asked_of(hand_made(), 1.4))
    dates = [(np.exp(one.log_size), one.score) for one in found if one.kind == "date"]
    assert dates == [
        (pytest.approx(size), score)
        for size, scores in ((9e9, (0.5, 0.6, 0.7)), (np.inf, (0.7, 0.8, 0.9)))
        for score in scores
    ]  # fmt: skip
    assert {one.score for one in found if one.kind == "size"} == {0.5, 0.6, 0.7}
    # Nothing up to 2B is known, and 18 months end 1.2 months after the tables: they are judged at their end.
    assert {one.months for one in found if one.kind == "score"} == {6, 12, 18}
    assert max(one.time for one in found) == pytest.approx(1.4)


def test_a_score_that_is_a_multiple_of_the_step_is_not_asked_for_again() -> None:
    scores = {one.score for one in asked_of(hand_made(0.5), 1.0) if one.kind == "size"}
    assert scores == {0.6, 0.7, 0.8}


def test_every_kind_and_benchmark_is_asked(whole: Fit, table: pd.DataFrame) -> None:
    assert set(table["kind"]) == {"score", "size", "date"}
    assert set(table["benchmark"]) == set(whole.data["benchmark"].to_numpy())
    assert np.isfinite(table[["observed", "median", "crps", "crps_unchanged", "crps_line"]].to_numpy()).all()
    ends = table[["lower_90%", "lower_50%", "median", "upper_50%", "upper_90%"]].to_numpy()
    assert (np.diff(ends, axis=1) >= 0).all()
    # Records do not get worse.
    score, size = (table[table["kind"] == kind] for kind in ("score", "size"))
    assert (score["lower_90%"] >= score["known"]).all() and (size["upper_90%"] <= size["known"]).all()


def test_what_came_is_what_the_tables_print(whole: Fit, table: pd.DataFrame) -> None:
    row = table[(table["kind"] == "score") & (table["months"] == 12) & np.isinf(table["params"])].iloc[0]
    came = released(whole, row["benchmark"])
    days = whole.data["release_date"].to_numpy().astype("datetime64[D]")
    by = days <= np.datetime64("2026-01-01")
    time = whole.data["time"].to_numpy()
    assert row["observed"] == came.score[came.time <= time[by].max()].max()
    dated = table[table["kind"] == "date"]
    last = (days.max() - np.datetime64(CUTOFF)) / np.timedelta64(1, "D") / (365.25 / 12)
    assert (dated["observed"] <= last + 0.1).all() and (dated["observed"] > 0).all()
    assert (dated["upper_90%"] <= dated["months"] + 1e-9).all()


def test_later_scores_change_what_came_and_no_forecast(whole: Fit, table: pd.DataFrame) -> None:
    entity = whole.data["cell_entity"].to_numpy()[whole.data["score_cell"].to_numpy()]
    kept = np.append(is_known(whole), np.ones(whole.data.sizes["reference"], dtype=bool))[entity]
    values = whole.data["score_value"].to_numpy()
    other = replace(whole, data=with_scores(whole.data, np.where(kept, values, 0.7 * values)))
    trained = replace(other, data=with_scores(other.data, keep_llms=is_known(other)))
    again = judged(other, trained, CUTOFF)
    told = [name for name in table.columns if name not in OF_WHAT_CAME]
    pd.testing.assert_frame_equal(again[told], table[told])
    assert not np.allclose(again["observed"], table["observed"])


def test_intervals_hold_what_they_promise_where_releases_are_as_simulated(whole: Fit, then: Fit) -> None:
    """Each of the releases simulated with another seed is what came once."""
    end, benchmark = float(whole.data["time"].max()), "Sums"
    forecast, came = (all_releases(then, benchmark, end, seed=seed) for seed in (1, 2))
    known = Known(released(then, benchmark), float(then.data["time"][is_known(whole)].max()), 10.0)
    kinds = {"score": (np.inf, np.nan), "size": (np.inf, 0.5), "date": (np.inf, 0.7)}
    for kind, (size, score) in kinds.items():
        asked = Asked(kind, size, score, end, 12.0)  # type: ignore[arg-type]
        draws, truths = (forecasting._answer(asked, found, known) for found in (forecast, came))
        below, at_most = ranks(np.tile(draws, (len(truths), 1)), truths)
        assert share_inside(below, at_most, 0.9).mean() == pytest.approx(0.9, abs=0.06), kind


def test_summaries_count_and_compare(table: pd.DataFrame) -> None:
    found = summed(table)
    assert list(found.index) == ["score", "date", "size", "all"] and found.at["all", "n"] == len(table)
    part = table[table["kind"] == "size"]
    assert found.at["size", "to_line"] == pytest.approx(part["crps"].mean() / part["crps_line"].mean())
    inside = (part["observed"] >= part["lower_90%"]) & (part["observed"] <= part["upper_90%"])
    assert found.at["size", "coverage_90%"] == pytest.approx(inside.mean())
    ratios = [found.at[kind, "to_unchanged"] for kind in ("score", "date", "size")]
    assert found.at["all", "to_unchanged"] == pytest.approx(np.exp(np.log(ratios).mean()))

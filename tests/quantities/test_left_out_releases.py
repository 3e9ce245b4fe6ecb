"""A forecast from a fit that knows some releases takes the others as yet to come: nothing of them enters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pointed import is_known, pointed

from bayesdensity.data.cells import known_cells, known_llms
from bayesdensity.data.masks import with_scores
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead, forecast, releases
from bayesdensity.study.spec import Study

DATES = ("2025-07-01", "2026-07-01")


@pytest.fixture(scope="module")
def whole(world_study: Study, world_tables: Tables) -> Fit:
    """The small world; its trend is a straight line, whose rate has the same meaning whatever the later dates are."""
    straight = {"trend": "linear"}
    frontier = world_study.frontier.model_copy(update=straight)
    return pointed(world_study.model_copy(update={"frontier": frontier}), world_tables)


def then(fit: Fit, values: np.ndarray | None = None) -> Fit:
    """The fit with the scores known at the cut-off, others having these values."""
    return replace(fit, data=with_scores(fit.data, values, keep_llms=is_known(fit)))


def answers(fit: Fit) -> dict[str, np.ndarray]:
    """Every forecast of one benchmark."""
    found = {}
    for of in forecast.OF:
        found |= {
            f"score, {of}": forecast.score_at(fit, "Sums", 9e9, DATES, of).draws.to_numpy(),
            f"size, {of}": forecast.size_at(fit, "Sums", 0.4, DATES, of).draws.to_numpy(),
            f"date, {of}": forecast.date_at(fit, "Sums", 0.4, 9e9, of).draws.to_numpy(),
        }
    return {**found, "families": releases.release_rate(fit, "Sums").draws.to_numpy()}


def test_llms_are_known_where_a_score_is(whole: Fit) -> None:
    part = then(whole)
    assert known_llms(whole.data).all() and known_cells(whole.data).all()
    np.testing.assert_array_equal(known_llms(part.data), is_known(whole))
    assert 0 < known_cells(part.data).sum() < len(known_cells(part.data))


def test_what_is_ahead_begins_after_the_last_known_release(whole: Fit) -> None:
    time = whole.data["time"].to_numpy()
    assert ahead.span_of(whole) == (time.min(), time.max())
    part = then(whole)
    assert ahead.span_of(part) == (time.min(), time[is_known(whole)].max()) != ahead.span_of(whole)
    every = releases.all_releases(part, "Sums", float(time.max()))
    n = releases.released(part, "Sums").time.shape[1]
    assert (every.time[:, :n] <= ahead.span_of(part)[1]).all()
    assert (every.time[:, n:] > ahead.span_of(part)[1]).all()
    assert n < releases.released(whole, "Sums").time.shape[1]


def test_later_scores_and_dates_change_no_forecast(whole: Fit) -> None:
    later = ~is_known(whole)
    first = answers(then(whole))
    values = whole.data["score_value"].to_numpy()
    scrambled = then(whole, np.where(with_known(whole), values, 1 - values))
    time = whole.data["time"].to_numpy() + later * np.linspace(0.5, 4, len(later))
    moved = replace(scrambled, data=scrambled.data.assign(time=("llm", time)))
    for name, found in answers(moved).items():
        np.testing.assert_allclose(found, first[name], rtol=1e-6, err_msg=name)
    # Had they been known, the answers would differ.
    assert all(not np.allclose(found, first[name]) for name, found in answers(whole).items() if "best" in name)


def with_known(fit: Fit) -> np.ndarray:
    """Which scores are of LLMs known at the cut-off, or of the reference."""
    entity = fit.data["cell_entity"].to_numpy()[fit.data["score_cell"].to_numpy()]
    return np.append(is_known(fit), np.ones(fit.data.sizes["reference"], dtype=bool))[entity]


def test_families_are_counted_over_the_years_that_there_are(whole: Fit) -> None:
    """Ten months of tables do not have two years of families."""
    days = whole.data["release_date"].to_numpy().astype("datetime64[D]")
    early = replace(whole, data=with_scores(whole.data, keep_llms=days < days.min() + np.timedelta64(300, "D")))
    start, end = ahead.span_of(early)
    assert releases.LEAST_YEARS < end - start < releases.RECENT / 2
    families = len(np.unique(early.data["family_index"].to_numpy()[known_llms(early.data)]))
    rate = releases.release_rate(early, "Sums").draws.mean().item()
    assert rate == pytest.approx((families + 0.5) / (end - start), rel=0.25)

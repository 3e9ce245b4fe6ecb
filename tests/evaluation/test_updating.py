"""A fit brought up to its tables: by weights as exact arithmetic has it, by a new fit where they cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from simulated import Truth
from straight import rates, straight, with_harnesses, with_score, without_repeats
from test_additions import with_llm

from bayesdensity.base.errors import InputError
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.additions import log_evidence
from bayesdensity.evaluation.changes import changes_since
from bayesdensity.evaluation.updating import Updated, update
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.growth import rate
from bayesdensity.render.sections import updating as section


@pytest.fixture(scope="module")
def tables(world_tables: Tables) -> Tables:
    return without_repeats(world_tables)


@pytest.fixture(scope="module")
def fit(truth: Truth, tables: Tables) -> Fit:
    return with_harnesses(straight(truth, tables))


def never(*_: Any) -> Fit:
    raise AssertionError("nothing is sampled here")


def first_score_changed(fit: Fit, tables: Tables) -> Tables:
    first = str(fit.data["llm"].to_numpy()[0])
    on = str(tables.scores.loc[tables.scores["llm"] == first, "benchmark"].iloc[0])
    return with_score(tables, first, on, 0.345)


def months(updated: Updated) -> tuple[float, float, float]:
    row = updated.after.doubling_time.to_frame_row()
    return row["median"], row["lower"], row["upper"]


def test_a_fit_updated_with_nothing_says_the_same(fit: Fit, tables: Tables) -> None:
    for way in ("auto", "never", "always"):
        found = update(fit, tables, refit=way, again=never)
        assert found.how == "none" and found.trusted and found.after is found.before
    told = section.data(found)
    assert told["before"] == told["after"] and told["added"] == [] and "Nothing is new" in section.sentence(found)


def test_weights_say_what_the_posterior_with_the_llm_says(fit: Fit, tables: Tables) -> None:
    grown = with_llm(tables)
    found, new = update(fit, grown, again=never), changes_since(fit, grown)
    assert found.how == "weights" and found.trusted
    evidence = log_evidence(fit, new.added, new.scores)
    exact = np.exp(evidence - evidence.max())
    exact /= exact.sum()
    yearly = rates().ravel()  # growth is that of every draw, in order
    assert rate(fit).draws.to_numpy().ravel() == pytest.approx(yearly)
    cumulative = np.cumsum(exact[::-1])  # doubling times rise as rates fall
    expected = [12 * np.log(2) / yearly[::-1][np.searchsorted(cumulative, at)] for at in (0.5, 0.05, 0.95)]
    assert months(found) == pytest.approx(expected, rel=0.02)
    assert found.after.n_llms == found.before.n_llms + 1


def test_llms_denser_than_expected_speed_up_the_frontier(fit: Fit, tables: Tables) -> None:
    strong, weak = (
        update(fit, with_llm(tables, Reading=one, Sums=other, Code=other), refit="never")
        for one, other in ((0.85, 0.7), (0.45, 0.1))
    )
    assert months(strong)[0] < months(update(fit, tables))[0] < months(weak)[0]


def test_what_weights_cannot_say_is_fitted_anew(fit: Fit, tables: Tables, truth: Truth) -> None:
    changed, asked = first_score_changed(fit, tables), []

    def again(study: Any, given: Tables) -> Fit:
        asked.append((study, given))
        return straight(truth, given, rates(2.0, 3.0))

    found = update(fit, changed, again=again)
    assert found.how == "refit" and asked == [(fit.study, changed)]
    assert found.reasons and "other scores" in found.reasons[0] and found.again is not None
    assert months(found)[0] == pytest.approx(12 * np.log(2) / 2.5, rel=0.01)
    assert "Sampled anew because 1 LLM with other scores" in section.sentence(found)


def test_without_a_new_fit_such_a_headline_is_not_to_be_used(fit: Fit, tables: Tables) -> None:
    found = update(fit, first_score_changed(fit, tables), refit="never", again=never)
    assert found.how == "weights" and not found.trusted and section.check(found).verdict == "FAIL"
    assert "Do not use" in section.sentence(found)


def test_a_tail_that_is_too_heavy_asks_for_a_new_fit(truth: Truth, fit: Fit, tables: Tables) -> None:
    wide = straight(truth, tables, rates(-40.0, 2.0))
    wide = replace(wide, posterior=wide.posterior.assign(harness_effect=fit.posterior["harness_effect"]))
    found = update(wide, with_llm(tables, Reading=0.9, Sums=0.85, Code=0.85), refit="never")
    assert found.pareto_k > found.good_k and "too heavy a tail" in found.reasons[-1]


def test_always_samples_where_weights_would_do(fit: Fit, tables: Tables, truth: Truth) -> None:
    grown = with_llm(tables)
    found = update(fit, grown, refit="always", again=lambda _, given: straight(truth, given))
    assert found.how == "refit" and found.trusted and ", as asked" in section.sentence(found)
    assert found.after.n_llms == found.before.n_llms + 1


def test_ways_that_are_none_are_refused(fit: Fit, tables: Tables) -> None:
    with pytest.raises(InputError, match="Did you mean 'never'"):
        update(fit, tables, refit="nevre")  # type: ignore[arg-type]

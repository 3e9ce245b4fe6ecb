"""What is new to a fit: told apart from what was changed, and predicted as brute force predicts it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from simulated import Truth
from straight import CEILING, NOISE, SLOPES, rates, straight, with_harnesses, with_score, without_repeats

from bayesdensity import laws
from bayesdensity.data.dates import years_from_centre
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.draws import Draws
from bayesdensity.evaluation.additions import log_evidence, unweighable
from bayesdensity.evaluation.changes import Changes, changes_since
from bayesdensity.evaluation.placing import Model
from bayesdensity.evaluation.placing import log_evidence as log_evidence_placed
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.laws.forms import Scales

DAY, SIZE = "2025-09-01", 9e9
SCORES = {"Reading": 0.75, "Sums": 0.4, "Code": 0.5}


def with_llm(
    tables: Tables, name: str = "new-9B", family: str = "new", harness: str = "harness-a", **scores: float
) -> Tables:
    """The tables with one more LLM."""
    llm = tables.llms.iloc[[0]].assign(
        llm=name, weights=name, family=family, params_total=SIZE, params_active=SIZE, release_date=pd.Timestamp(DAY)
    )
    known = scores or SCORES
    rows = tables.scores.iloc[[0] * len(known)].assign(
        llm=name, benchmark=list(known), score=list(known.values()), harness=harness
    )
    rows.index = pd.RangeIndex(tables.scores.index.max() + 1, tables.scores.index.max() + 1 + len(rows), name="row")
    llm.index = pd.Index([tables.llms.index.max() + 1], name="row")
    return replace(tables, llms=pd.concat([tables.llms, llm]), scores=pd.concat([tables.scores, rows]))


@pytest.fixture(scope="module")
def tables(world_tables: Tables) -> Tables:
    return without_repeats(world_tables)


@pytest.fixture(scope="module")
def fit(truth: Truth, tables: Tables) -> Fit:
    return with_harnesses(straight(truth, tables))


def brute_force(fit: Fit, rate: float) -> float:
    """Log density of the scores by a fine grid over log density and log sizes, from the equations of the model."""
    time = float(years_from_centre(fit.data, [pd.Timestamp(DAY)])[0])
    at, log_size = fit.posterior.isel(chain=0, draw=0), np.log(SIZE) - fit.data.attrs["log_size_centre"]
    density = rate * time + NOISE * np.linspace(-7, 7, 801)
    log_total = stats.norm.logpdf(density, rate * time, NOISE) + np.log(density[1] - density[0])
    for b, value in enumerate(SCORES.values()):
        size = np.linspace(-9, 9, 4001)
        link = laws.link_of({name: at[name].to_numpy() for name in at}).at(np.array([b]))
        expected = laws.score(laws.logit_of_size(link, size), float(fit.data["floor"][b]), CEILING)
        items = 1 / float(fit.data["n_items"][b]) + 1e-4
        inside = 0.002 + 0.996 * expected
        likelihood = stats.norm.pdf(value, expected, np.sqrt(inside * (1 - inside) * items))
        mean = log_size + density + SLOPES[b] * time
        prior = stats.norm.pdf(size[None], mean[:, None], 0.2)
        log_total = log_total + np.log((prior * likelihood).sum(axis=1) * (size[1] - size[0]) + 1e-300)
    return float(special.logsumexp(log_total))


def found_in(fit: Fit, tables: Tables) -> Changes:
    return changes_since(fit, tables)


def test_each_draw_predicts_a_new_llm_as_brute_force_says(fit: Fit, tables: Tables) -> None:
    new = found_in(fit, with_llm(tables))
    found = log_evidence(fit, new.added, new.scores)
    some = [0, 37, 80, 119]
    known = np.array([brute_force(fit, rates().ravel()[k]) for k in some])
    assert np.ptp(known) > 0.3  # it tells something of the rate
    assert found[some] == pytest.approx(known, abs=0.01)


def test_llms_without_a_common_effect_are_independent(fit: Fit, tables: Tables) -> None:
    both = with_llm(with_llm(tables), "other-9B", Reading=0.6)
    each = [found_in(fit, one) for one in (with_llm(tables), with_llm(tables, "other-9B", Reading=0.6), both)]
    one, other, together = (log_evidence(fit, new.added, new.scores) for new in each)
    assert together == pytest.approx(one + other, abs=1e-9)


@cache
def shipped() -> Fit:
    whole = load_fit("densing-law")
    return whole.with_draws(whole.posterior.isel(draw=slice(None, None, 10)))


def newcomers(*scores: dict[str, float], family: str = "nobody") -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [f"new-{k}" for k in range(len(scores))]
    llms = pd.DataFrame(
        {"family": family, "release_date": pd.Timestamp("2025-06-01"), "params_total": 8e9, "params_active": 8e9},
        index=pd.Index(names, name="llm"),
    ).assign(size=8e9, train_tokens=np.nan)
    rows = [(name, on, value, "own") for name, one in zip(names, scores, strict=True) for on, value in one.items()]
    return llms, pd.DataFrame(rows, columns=["llm", "benchmark", "score", "harness"])


def test_a_new_family_is_integrated_out_over_all_its_members() -> None:
    fit, pair = shipped(), ({"MMLU": 0.72, "BBH": 0.65}, {"MMLU": 0.75, "MATH": 0.55})
    found = log_evidence(fit, *newcomers(*pair))
    known = str(fit.data["family"].to_numpy()[0])
    draws, form, every = fit.posterior, fit.study.frontier, np.linspace(-5, 5, 201)
    given = []
    for effect in every:
        at = draws["family_effect"].where(draws["family"] != known, effect)
        given.append(log_evidence(fit.with_draws(draws.assign(family_effect=at)), *newcomers(*pair, family=known)))
    scales = Draws(fit.data, fit.flat_draws()).scales
    time = years_from_centre(fit.data, [pd.Timestamp("2025-06-01")])[:, None]
    prior = form.spread.log_density(
        every[None, None], form.family_form, Scales(*(part[..., None] for part in scales)), time
    )[:, 0]
    brute = special.logsumexp(np.stack(given, axis=1) + prior, axis=1) + np.log(every[1] - every[0])
    assert found == pytest.approx(brute, abs=0.03)
    alone = sum(log_evidence(fit, *newcomers(one)) for one in pair)
    assert np.mean(found - alone) > 0.1  # relatives are alike


def test_one_llm_is_predicted_as_placing_predicts_it() -> None:
    fit, scores = shipped(), {"MMLU": 0.72, "BBH": 0.65, "MATH": 0.5}
    model = Model(scores, 8e9, released="2025-06-01")
    assert log_evidence(fit, *newcomers(scores)) == pytest.approx(log_evidence_placed(fit, model), abs=0.05)


def test_a_fit_has_seen_its_own_tables(fit: Fit, tables: Tables) -> None:
    assert not found_in(fit, tables).any


def test_new_llms_are_told_from_other_changes(fit: Fit, tables: Tables) -> None:
    first = str(fit.data["llm"].to_numpy()[0])
    on = str(tables.scores.loc[tables.scores["llm"] == first, "benchmark"].iloc[0])
    new = found_in(fit, with_score(with_llm(tables), first, on, 0.345))
    assert list(new.added.index) == ["new-9B"] and len(new.scores) == 3
    assert new.others == [f"1 LLM with other scores: {first}"]


def test_what_was_removed_or_corrected_is_named(fit: Fit, tables: Tables) -> None:
    llms = tables.llms
    targets = fit.data["llm"].to_numpy()
    fewer = replace(
        tables, llms=llms[llms["llm"] != targets[3]], scores=tables.scores[tables.scores["llm"] != targets[3]]
    )
    assert found_in(fit, fewer).others == [f"1 LLM no longer used: {targets[3]}"]
    sizes = llms["params_total"].mask(llms["llm"] == targets[2], 5e9)
    resized = replace(tables, llms=llms.assign(params_total=sizes, params_active=sizes))
    assert found_in(fit, resized).others == [f"1 LLM of another size, date or family: {targets[2]}"]


def test_another_reference_is_another_fit(fit: Fit, tables: Tables) -> None:
    member = str(select(fit.study, tables).reference_llms.index[1])
    assert found_in(fit, with_score(tables, member, "Sums", 0.2)).others == ["sizes or scores of the reference differ"]
    items = replace(tables, benchmarks=tables.benchmarks.assign(n_items=tables.benchmarks["n_items"] * 2))
    assert found_in(fit, items).others == ["items or floors of benchmarks differ"]


def test_a_new_harness_of_several_scores_cannot_be_weighed(fit: Fit, tables: Tables) -> None:
    alone = found_in(fit, with_llm(tables, harness="mine"))
    assert unweighable(fit, alone.scores) == []
    both = with_llm(with_llm(tables, harness="mine"), "other-9B", harness="mine", Sums=0.3)
    assert unweighable(fit, found_in(fit, both).scores) == [
        "a harness that is new to the fit measured several of the scores: mine"
    ]

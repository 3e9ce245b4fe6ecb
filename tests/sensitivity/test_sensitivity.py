"""Variants of a study, weights, influence, and the tables made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from scipy import stats

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.base.prior import Prior
from bayesdensity.checks.prior_sensitivity import log_priors
from bayesdensity.data.join import LINK, harness_names, targets_only, with_scores, without_targets
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.describe.sensitivity import (
    load_sensitivity,
    plan_text,
    save_sensitivity,
    sensitivity_json,
    sensitivity_text,
    sentences,
)
from bayesdensity.evaluation.marginal import log_joint, log_predictive
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_again, prepare_data
from bayesdensity.inference.result import Fit
from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado
from bayesdensity.sensitivity import running
from bayesdensity.sensitivity.answers import QUANTILES, Answer, answer_of, rates_of, weighted_answer
from bayesdensity.sensitivity.effects import POSTERIOR, RESIDUAL, Sensitivity, decomposition, summarise
from bayesdensity.sensitivity.grid import DEFAULT, Grid, Multiverse, load_grid, multiverse, with_prior
from bayesdensity.sensitivity.influence import Left, influence, log_densities
from bayesdensity.sensitivity.weights import differs_in_priors_only, prior_weights, smoothed, trustworthy
from bayesdensity.study.spec import Study, load_study

SHORT = {"chains": 4, "draws": 300, "tune": 300}


# Grids


def test_the_shipped_grid_makes_studies_of_every_choice_and_knows_the_default() -> None:
    study = load_study("densing-law")
    universe = multiverse(study, load_grid("standard"))
    assert not universe.impossible
    assert universe.variants[0].key == DEFAULT and universe.variants[0].study is study
    named = sum(len(axis.choices) or len(study.benchmarks) for axis in universe.grid.axes.values())
    own = [axis for axis, label in universe.labels.items() if label in universe.grid.axes[axis].choices]
    assert len(universe.variants) == 1 + named - len(own) >= 30
    assert len({one.digest for one in universe.variants}) == len(universe.variants)
    assert universe.labels["reference"] == "Qwen1.5" and universe.labels["benchmarks"] == "all"
    by_key = {one.key: one.study for one in universe.variants}
    assert by_key["reference: three families"].reference.families == ("Qwen1.5", "Qwen2.5", "Llama-2")
    assert by_key["reference: OLMo ladder"].digest == load_study("olmo-ladder").digest
    assert by_key["inference: cut"].reference.inference == "cut"


def test_every_variant_of_the_shipped_grid_has_data() -> None:
    from bayesdensity.data.tables import read_tables

    tables = read_tables()
    for one in multiverse(load_study("densing-law"), load_grid("standard")).variants:
        assert len(select(one.study, tables).llms) > 90, one.key


def test_a_benchmark_left_out_leaves_as_many_gaps_allowed() -> None:
    study = load_study("densing-law")
    (one,) = [
        one for one in multiverse(study, load_grid("standard", ["benchmarks"])).variants if one.key.endswith("MATH")
    ]
    assert list(one.study.benchmarks) == ["MMLU", "BBH", "HumanEval", "MBPP"]
    assert (study.llms.min_benchmarks, one.study.llms.min_benchmarks) == (4, 3)


def test_priors_are_widened_about_their_middles_on_their_scales() -> None:
    study = load_study("densing-law")
    variants = {one.key: one.study for one in multiverse(study, load_grid("standard", ["priors"])).variants}
    for name in type(study.priors).model_fields:
        old, half, twice = (
            study.priors[name],
            *(variants[f"priors: {w} as wide"].priors[name] for w in ("half", "twice")),
        )
        assert half.sigma == pytest.approx(old.sigma / 2) and twice.sigma == pytest.approx(2 * old.sigma)
        assert half.mu == pytest.approx(old.mu, abs=1e-12) and twice.shape == old.shape


def test_designs_combine_axes() -> None:
    study, axes = load_study("densing-law"), ["dispersion", "trend", "family effects"]
    counts = {
        design: [len(running_choices(one, universe)) for one in universe.variants]
        for design, universe in (
            (d, multiverse(study, load_grid("standard", axes), design=d)) for d in ("one", "pairs", "full")
        )
    }
    assert sorted(counts["one"]) == [0, *[1] * 5]
    assert sorted(counts["pairs"]) == [0, *[1] * 5, *[2] * (3 + 3 + 1)]
    assert len(counts["full"]) == 4 * 2 * 2
    with pytest.raises(InputError, match=r"makes \d+ variants; name fewer axes with --axis"):
        multiverse(study, load_grid("standard"), design="full")


def running_choices(variant: Any, universe: Multiverse) -> dict[str, str]:
    return {axis: label for axis, label in variant.choices.items() if label != universe.labels[axis]}


def test_a_choice_that_no_study_can_have_is_named_and_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "t"\n[axes.one]\nwhy = "w"\n[axes.one.choices]\n"odd" = {"frontier.trned" = "linear"}\n'
        '"late" = {"llms.released_from" = "2024-01-01"}\n'
    )
    universe = multiverse(load_study("densing-law"), load_grid(path))
    assert [one.key for one in universe.variants] == [DEFAULT, "one: late"]
    assert "unknown key 'frontier.trned'" in universe.impossible["one: odd"]


def test_a_variant_may_be_named_on_the_command_line() -> None:
    grid = load_grid("standard", ["dispersion"], {"priors.rate.interval": [0.0, 2.0]})
    (_, _, mine) = multiverse(load_study("densing-law"), grid).variants
    assert mine.key == "priors.rate.interval: [0.0, 2.0]" and mine.study.priors.rate.interval == (0.0, 2.0)


def test_another_study_takes_the_same_overrides() -> None:
    overrides = {"frontier.trend": "linear"}
    study = load_study("densing-law", overrides)
    variants = multiverse(study, load_grid("standard", ["reference"]), overrides).variants
    (ladder,) = [one.study for one in variants if one.study.reference.kind == "ladder"]
    assert ladder.digest == load_study("olmo-ladder", overrides).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 3 =", "not valid TOML"),
        ('title = "t"', "missing key 'axes'"),
        ('title = "t"\n[axes.a]\nwhy = "w"\nchoises = {}', "unknown key 'axes.a.choises'"),
        ('title = "t"\n[axes.a]\nwhy = "w"', "either 'choices' or 'each'"),
    ],
)
def test_a_faulty_grid_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"grid.toml: .*{said}"):
        load_grid(path)


def test_unknown_grids_and_axes_are_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="standard"):
        load_grid("standrad")
    with pytest.raises(InputError, match="no such grid file"):
        load_grid(tmp_path / "no.toml")
    with pytest.raises(InputError, match="dispersion"):
        load_grid("standard", ["dispersoin"])


# Weights


def test_equal_densities_give_equal_weights() -> None:
    log_weight, k = smoothed(np.full(500, 3.0))
    np.testing.assert_allclose(np.exp(log_weight), 1 / 500)
    assert trustworthy(k, 500)


def test_weights_carry_draws_to_another_distribution_and_say_when_they_cannot() -> None:
    x = np.random.default_rng(1).standard_normal(4000)
    log_weight, k = smoothed(stats.norm.logpdf(x, 0.5, 0.8) - stats.norm.logpdf(x))
    weight = np.exp(log_weight)
    assert weight.sum() == pytest.approx(1) and trustworthy(k, len(x))
    assert (weight * x).sum() == pytest.approx(0.5, abs=0.06)
    assert np.sqrt((weight * (x - 0.5) ** 2).sum()) == pytest.approx(0.8, abs=0.06)
    _, k = smoothed(stats.norm.logpdf(x, 0, 3) - stats.norm.logpdf(x))
    assert not trustworthy(k, len(x))


def test_priors_alone_are_a_matter_of_weights() -> None:
    study = load_study("densing-law")
    other = load_study("densing-law", {"priors.rate.interval": [0.0, 2.0]})
    assert differs_in_priors_only(study, other)
    for change in ({"frontier.trend": "linear"}, {"priors.rate.shape": "lognormal", "priors.rate.interval": [0.5, 2]}):
        assert not differs_in_priors_only(study, load_study("densing-law", change))


def test_weights_of_a_prior_are_its_ratio(world_fit: Fit) -> None:
    study = load_study("densing-law")  # of the same priors as the small world
    prior = study.priors.rate.scaled(0.5)
    changed = with_prior(world_fit.study, "rate", prior)
    log_weight, k = prior_weights(world_fit, changed)
    draws = world_fit.posterior["rate"].to_numpy().ravel()
    ratio = stats.norm.logpdf(draws, prior.mu, prior.sigma) - stats.norm.logpdf(
        draws, study.priors.rate.mu, study.priors.rate.sigma
    )
    assert trustworthy(k, 1000)
    # Smoothing moves the largest weights only.
    rest = np.argsort(ratio)[: len(ratio) // 2]
    gap = (log_weight - ratio)[rest]
    assert np.ptp(gap) < 1e-8


@pytest.mark.slow
def test_weights_of_a_prior_agree_with_a_fit_under_it(world_fit: Fit) -> None:
    """The prior of the rate is narrowed to a side of the posterior, so that the answer has far to move."""
    stated = Prior(shape="normal", interval=(1.0, 1.6), why="slower than the data say")
    changed = with_prior(world_fit.study, "rate", stated)
    log_weight, k = prior_weights(world_fit, changed)
    assert trustworthy(k, 1000)
    weighted = weighted_answer(world_fit, rates_of(world_fit), log_weight, k)
    prepared = prepare_data(changed, world_fit.data, world_fit.about)
    fitted, before = answer_of(sample(prepared, seed=5, draws=600, tune=400)), answer_of(world_fit)
    for of in ("frontier", "mean"):
        error = np.hypot(weighted.about["mcse"][of], fitted.about["mcse"][of])
        found, wanted, old = (np.median(one.rates[of]) for one in (weighted, fitted, before))
        assert abs(found - wanted) < 4 * error < abs(wanted - old) / 2, (of, found, wanted, old, error)
        assert weighted.rates[of].std() == pytest.approx(fitted.rates[of].std(), rel=0.2)


def test_weighted_quantiles_of_equal_weights_are_quantiles(world_fit: Fit) -> None:
    draws = rates_of(world_fit)
    count = draws["frontier"].size
    equal = weighted_answer(world_fit, draws, np.full(count, -np.log(count)), 0.1)
    plain = answer_of(world_fit)
    for name in draws:
        np.testing.assert_allclose(equal.rates[name][20:-20], plain.rates[name][20:-20], atol=0.02)
    assert equal.about["mcse"]["frontier"] == pytest.approx(
        1.2533 * draws["frontier"].std().item() / np.sqrt(count), rel=0.2
    )


# Answers


def test_an_answer_survives_its_file(world_fit: Fit) -> None:
    answer = answer_of(world_fit)
    again = Answer.from_json(json.loads(json.dumps({"key": "x", **answer.to_json()})))
    assert again.about == json.loads(json.dumps(answer.about))
    for name, values in answer.rates.items():
        np.testing.assert_allclose(again.rates[name], values, rtol=1e-7)
        assert (np.diff(values) >= 0).all() and len(values) == QUANTILES


def test_an_answer_says_what_the_fit_says(world_fit: Fit) -> None:
    answer = answer_of(world_fit)
    assert set(answer.rates) >= {"frontier", "mean", "frontier 2024-07-01", "mean 2025-07-01"}
    for estimand in ("frontier", "mean"):
        own = q.rate(world_fit, estimand=estimand).to_frame_row()  # type: ignore[arg-type]
        found = answer.estimate(estimand, 0.9).to_frame_row()
        np.testing.assert_allclose(found, own, atol=0.01)
    at = q.rate_at(world_fit, ["2024-07-01"]).to_frame().loc["2024-07-01", "median"]
    assert np.median(answer.rates["frontier 2024-07-01"]) == pytest.approx(at, abs=0.01)
    assert answer.about["window"] == list(q.window(world_fit)) and answer.about["method"] == "fit"


# Tables, of answers with known rates


def normal_answer(mean: float, sd: float = 0.2, *, digest: str = "d", verdict: str = "PASS") -> Answer:
    at = stats.norm.ppf((np.arange(QUANTILES) + 0.5) / QUANTILES)
    about = {
        "digest": digest,
        "n_llms": 40,
        "n_scores": 150,
        "method": "fit",
        "window": ["2023-03-01", "2026-03-01"],
        "mcse": {"frontier": 0.01},
        "verdict": verdict,
        "max_rhat": 1.003,
        "min_ess_bulk": 900.0,
        "divergences": 0,
    }
    return Answer({"frontier": mean + sd * at}, about)


AXES = ["dispersion", "trend", "family effects"]
EFFECTS = {
    "trend: linear": -0.5,
    "trend: change-point": 0.1,
    "trend: random walk": 0.3,
    "dispersion: constant": -2.2,
    "family effects: off": 0.2,
}


def made(design: Any = "one", interaction: float = 0.0) -> tuple[Multiverse, dict[str, Answer]]:
    universe = multiverse(load_study("densing-law"), load_grid("standard", AXES), design=design)
    answers = {}
    for one in universe.variants:
        chosen = [f"{axis}: {label}" for axis, label in running_choices(one, universe).items()]
        mean = 2.0 + sum(EFFECTS[key] for key in chosen) + interaction * (len(chosen) > 1)
        answers[one.key] = normal_answer(mean, verdict="FAIL" if one.key == "trend: linear" else "PASS")
    return universe, answers


def summary(universe: Multiverse, answers: dict[str, Answer], left: list[Left] | None = None) -> Sensitivity:
    return summarise(universe, answers, {}, {}, left)


def test_specifications_have_a_row_for_each_variant_with_its_choices() -> None:
    universe, answers = made()
    table = summary(universe, answers).specifications
    assert list(table.index) == [one.key for one in universe.variants]
    own, slow, negative = (table.loc[key] for key in (DEFAULT, "trend: linear", "dispersion: constant"))
    assert own["median"] == pytest.approx(12 * np.log(2) / 2.0, rel=1e-3) and own["ratio"] == own["width_ratio"] == 1
    assert slow["ratio"] == pytest.approx(2.0 / 1.5, rel=1e-3)
    assert slow["axis: trend"] == "linear" and slow["axis: dispersion"] == "growing" and slow["n_choices"] == 1
    assert negative["median"] == np.inf and negative["lower"] > 0
    assert negative["probability_rate_positive"] == pytest.approx(stats.norm.cdf(-1.0), abs=0.01)


def test_a_tornado_has_the_ends_of_each_axis_widest_first() -> None:
    table = summary(*made()).tornado
    assert list(table.index) == ["dispersion", "trend", "family effects"]
    np.testing.assert_allclose(table["rate_swing"], [2.2, 0.8, 0.2], atol=1e-9)
    trend = table.loc["trend"]
    assert (trend["fastest"], trend["slowest"], trend["own_choice"], trend["n_choices"]) == (
        "random walk", "linear", "quadratic", 4,
    )  # fmt: skip
    assert trend["fastest_median"] == pytest.approx(12 * np.log(2) / 2.3, rel=1e-3)
    assert table.loc["dispersion", "slowest_median"] == np.inf


@pytest.mark.parametrize("design", ["one", "pairs", "full"])
def test_the_spread_is_taken_apart_exactly_where_effects_add_up(design: Any) -> None:
    universe, answers = made(design)
    found = summary(universe, answers).decomposition
    within = answers[DEFAULT].rates["frontier"].var()
    expected = {
        POSTERIOR: within,
        "dispersion": np.var([0, -2.2]),
        "trend": np.var([0, -0.5, 0.1, 0.3]),
        "family effects": np.var([0, 0.2]),
    }
    for source, variance in expected.items():
        assert found.loc[source, "variance"] == pytest.approx(variance, abs=1e-9), source
    assert found["share"].sum() == pytest.approx(1) and found.index[0] == POSTERIOR
    if design == "one":
        assert RESIDUAL not in found.index
    else:
        assert found.loc[RESIDUAL, "variance"] == pytest.approx(0, abs=1e-12)


def test_what_choices_do_together_is_a_part_of_its_own() -> None:
    universe, answers = made("full", interaction=0.6)
    assert summary(universe, answers).decomposition.loc[RESIDUAL, "variance"] > 0.01


def test_containment_counts_medians_inside_the_default() -> None:
    found = summary(*made()).containment
    # 1.645 x 0.2 about 2.0 holds the effects of 0.1, 0.2 and 0.3.
    assert (found["n_variants"], found["medians_inside_default"]) == (5, 3)
    assert found["outside"] == ["trend: linear", "dispersion: constant"] or set(found["outside"]) == {
        "trend: linear",
        "dispersion: constant",
    }


def test_a_variant_without_an_answer_is_named_and_counts_nowhere() -> None:
    universe, answers = made()
    del answers["trend: linear"]
    found = summarise(universe, answers, {"trend: linear": "it broke"}, {})
    assert "trend: linear" not in found.specifications.index and found.tornado.loc["trend", "n_choices"] == 3
    assert "it broke" in sensitivity_text(found)


def test_a_rate_that_nobody_was_asked_for_is_refused() -> None:
    universe, answers = made()
    with pytest.raises(InputError, match="frontier"):
        summarise(universe, answers, {}, {}, of="frontier 2031-07-01")


def test_text_and_json_and_csv_say_the_same(tmp_path: Path) -> None:
    left = [Left("llm", "A", 4, normal_answer(1.9)), Left("family", "B", 9, normal_answer(2.3))]
    universe, answers = made()
    found = summary(universe, answers, left)
    text, told = sensitivity_text(found), sensitivity_json(found)
    json.dumps(told, allow_nan=False)
    assert told["doubling_time_months"]["median"] == pytest.approx(12 * np.log(2) / 2, rel=1e-3)
    (slowest,) = [one for one in told["variants"] if one["variant"] == "dispersion: constant"]
    assert slowest["doubling_time_months"]["median"] == "inf" and slowest["choices"]["dispersion"] == "constant"
    assert [one["axis"] for one in told["tornado"]] == list(found.tornado.index)
    assert [one["name"] for one in told["influence"]] == ["B", "A"]
    assert all(sentence in text for sentence in sentences(found))
    assert "holds 3 of 5 medians" in text and "not converged well enough" in text and "trend: linear" in text
    files = save_sensitivity(found, tmp_path)
    tables = ["variants.csv", "tornado.csv", "decomposition.csv", "influence.csv"]
    assert [file.name for file in files] == [*tables, "sensitivity.json"]
    assert json.loads(files[-1].read_text()) == told
    again = pd.read_csv(files[0], index_col="variant")
    np.testing.assert_allclose(again["rate_median"], found.specifications["rate_median"], rtol=1e-5)


def test_what_was_saved_is_read_back_and_only_for_its_study(tmp_path: Path) -> None:
    universe, answers = made()
    found = summary(universe, answers, [Left("llm", "A", 4, normal_answer(1.9))])
    save_sensitivity(found, tmp_path)
    again = load_sensitivity(tmp_path, universe.study)
    for name in ("specifications", "tornado", "decomposition", "priors", "influence"):
        one, other = getattr(found, name), getattr(again, name)
        assert list(one.index) == list(other.index), name
        numbers = one.select_dtypes("number")
        np.testing.assert_allclose(other[numbers.columns], numbers, rtol=1e-5)
    assert again.labels == found.labels == universe.labels
    assert sentences(again) == sentences(found)
    assert plot_tornado(again).get_label() == plot_tornado(found).get_label()
    with pytest.raises(InputError, match="sensitivity of another study"):
        load_sensitivity(tmp_path, load_study("qwen2.5"))
    (tmp_path / "tornado.csv").write_text("not a table", encoding="utf-8")
    with pytest.raises(InputError, match="holds no answer"):
        load_sensitivity(tmp_path, universe.study)


def test_tables_go_nowhere_if_they_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write there"):
        save_sensitivity(summary(*made()), tmp_path / "no" / "folder")


@pytest.mark.parametrize("design", ["one", "full"])
def test_figures_hold_every_variant(design: Any) -> None:
    universe, answers = made(design)
    found = summary(universe, answers, [Left("llm", "A$", 4, normal_answer(1.9))])
    for plot in (plot_specifications, plot_tornado, plot_influence):
        figure = plot(found)
        assert isinstance(figure, Figure)
        figure.canvas.draw()
        said = " ".join(text.get_text() for text in figure.texts)
        assert "0.95 quantile of density among releases" in said and "averaged over the window" in said
        assert "90% interval" in said or plot is plot_influence
        assert figure.get_label().startswith(universe.study.title) and figure.get_label().endswith(said[-40:])
    curve = plot_specifications(found).axes[0]
    assert len(curve.collections[-1].get_offsets()) == len(answers)


# Parts of the data


def test_scores_left_out_are_not_known_and_cells_keep_the_rest(world_fit: Fit) -> None:
    data = world_fit.data
    keep = ~np.char.startswith(harness_names(data)[data["score_harness"].to_numpy()], "harness-b")
    masked = with_scores(data, keep_scores=keep)
    np.testing.assert_array_equal(masked["score_keep"], keep)
    np.testing.assert_allclose(
        masked["score_share"].to_numpy()[~keep & np.isin(data["score_cell"], data["score_cell"][keep])], 0
    )
    cell = data["score_cell"].to_numpy()
    alone = np.bincount(cell[keep], minlength=data.sizes["cell"]) == 1
    first = {int(c): float(v) for c, v in zip(cell[keep], data["score_value"].to_numpy()[keep], strict=True)}
    for c in np.flatnonzero(alone)[:20]:
        assert float(masked["cell_value"][c]) == pytest.approx(first[int(c)])
    # To leave out all scores of an LLM is to leave out the LLM.
    llm = data["llm"].to_numpy()[3]
    entity = data["cell_entity"].to_numpy()[cell]
    xr.testing.assert_allclose(
        with_scores(data, keep_scores=entity != 3), with_scores(data, keep_llms=data["llm"].to_numpy() != llm)
    )


def test_targets_only_keeps_their_scores_and_drops_the_reference(world_fit: Fit) -> None:
    data = world_fit.data
    left = targets_only(data)
    n = data.attrs["n_target_cells"]
    own = data["score_cell"].to_numpy() < n
    np.testing.assert_array_equal(left["score_value"], data["score_value"].to_numpy()[own])
    assert left.sizes["cell"] == n and left.sizes["reference"] == 0
    names = data["harness"].to_numpy()[data["score_harness"].to_numpy()[own]]
    np.testing.assert_array_equal(left["harness"].to_numpy()[left["score_harness"].to_numpy()], names)
    for name in LINK:
        np.testing.assert_allclose(left[name], data[name])


def test_the_reference_alone_keeps_the_places_of_the_priors(world_fit: Fit) -> None:
    alone = without_targets(world_fit.data)
    assert (
        not alone["score_keep"].to_numpy()[world_fit.data["score_cell"] < world_fit.data.attrs["n_target_cells"]].any()
    )
    for name in LINK:
        np.testing.assert_array_equal(alone[name], world_fit.data[name])


def test_density_of_a_family_is_that_of_its_llms_one_after_the_other(world_fit: Fit) -> None:
    """p(a, b) = p(a) p(b | a): the joint density by one function, the steps by the one checked by brute force."""
    data = world_fit.data
    family = data["family_index"].to_numpy()
    f = int(np.flatnonzero(np.bincount(family) == 2)[0])
    first, second = np.flatnonzero(family == f)
    joint = log_joint(world_fit, data, np.array([f]), draws=40).isel(family=0)
    # Effects of harnesses are known in the joint density: they have to be taken as drawn in the steps too.
    given = np.zeros(data.sizes["llm"], dtype=bool)
    alone = fixed_harnesses(world_fit, given).isel(llm=first)
    given[first] = True
    then = fixed_harnesses(world_fit, given).isel(llm=second)
    np.testing.assert_allclose(joint, alone + then, atol=0.02)


def fixed_harnesses(fit: Fit, given: np.ndarray) -> xr.DataArray:
    from bayesdensity.evaluation import marginal as marginal

    original = marginal._Chunk.__init__

    def drawn(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **{**named, "drawn": True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marginal._Chunk, "__init__", drawn)
        return log_predictive(fit, fit.data, given, draws=40)


def test_density_of_some_families_is_that_among_all(world_fit: Fit) -> None:
    every = log_joint(world_fit, world_fit.data, draws=20)
    some = log_joint(world_fit, world_fit.data, np.array([2, 5, 9]), draws=20)
    np.testing.assert_allclose(some, every.isel(family=[2, 5, 9]), rtol=1e-9)


@pytest.fixture(scope="module")
def bench(
    world_fit: Fit, world_tables: Tables, compiled_world: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.Bench]:
    """A folder with the fit of the small world, whose compiled model serves every fit that leaves something out."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
        prepared = prepare_again(world_fit)
        patch.setattr(running, "SAMPLER", SHORT)
        patch.setattr(running, "_held", [prepared])
        yield running.Bench(folder, world_tables)


@pytest.mark.parametrize(("kind", "name"), [("llm", 7), ("family", 4), ("harness", 1)])
def test_weights_without_a_part_agree_with_a_fit_without_it(
    world_fit: Fit, bench: running.Bench, kind: Any, name: int
) -> None:
    labels = {"llm": "llm", "family": "family"}
    said = "harness-b" if kind == "harness" else str(world_fit.data[labels[kind]].to_numpy()[name])
    densities = log_densities(world_fit, kind, lambda _: None)
    log_weight, k = smoothed(-densities[said])
    weighted = weighted_answer(world_fit, rates_of(running_thinned(world_fit)), log_weight, k)
    exact = sample(running._held[0], running.without(running._held[0].data, kind, said), seed=5, draws=600, tune=400)
    fitted = answer_of(exact)
    for of in ("frontier", "mean"):
        error = np.hypot(weighted.about["mcse"][of], fitted.about["mcse"][of])
        gap = np.median(weighted.rates[of]) - np.median(fitted.rates[of])
        if trustworthy(k, len(log_weight)):
            assert abs(gap) < 4 * error, (kind, said, k, gap, error)
            assert weighted.rates[of].std() == pytest.approx(fitted.rates[of].std(), rel=0.2)
    if kind != "harness":  # of which there are two: one is half of all that is known
        assert trustworthy(k, len(log_weight)), k


def running_thinned(fit: Fit) -> Fit:
    from bayesdensity.evaluation.marginal import thinned_fit
    from bayesdensity.sensitivity.influence import DRAWS

    return thinned_fit(fit, DRAWS)


def test_influence_is_exact_where_weights_are_not_and_is_resumed(
    world_fit: Fit, bench: running.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesdensity.sensitivity import influence as module

    quick = {"llm": {"fam00-x": np.zeros(1000)}, "family": log_densities(world_fit, "family", lambda _: None)}
    heavy = np.random.default_rng(0).standard_cauchy(1000) * 50
    first = str(world_fit.data["family"].to_numpy()[0])
    quick["family"] = {**dict(list(quick["family"].items())[:3]), first: heavy}
    monkeypatch.setattr(module, "log_densities", lambda fit, kind, progress: quick[kind])
    said: list[str] = []
    found = influence(world_fit, bench, said.append, ["family"])
    by_name = {one.name: one for one in found}
    assert by_name[first].answer.about["method"] == "fit"
    assert {one.answer.about["method"] for name, one in by_name.items() if name != first} == {"weights"}
    assert by_name[first].n_scores == int((world_fit.data["family_index"].to_numpy()[
        world_fit.data["cell_entity"].to_numpy()[world_fit.data["score_cell"].to_numpy()].clip(
            max=world_fit.data.sizes["llm"] - 1)] == 0).sum()
        - (world_fit.data["cell_entity"].to_numpy()[world_fit.data["score_cell"].to_numpy()]
           >= world_fit.data.sizes["llm"]).sum() * (world_fit.data["family_index"].to_numpy()[-1] == 0)
    )  # fmt: skip
    # Once more nothing is fitted.
    monkeypatch.setattr(running, "sample", lambda *_, **__: pytest.fail("fitted again"))
    again = influence(world_fit, bench, said.append, ["family"])
    np.testing.assert_array_equal(again[-1].answer.rates["frontier"], found[-1].answer.rates["frontier"])


# A run of the small world


GRID = """title = "small"
prior_widths = [0.5]
[axes.size]
why = "w"
[axes.size.choices]
"total" = {"llms.size" = "total"}
"active" = {"llms.size" = "active"}
[axes.rate]
why = "w"
[axes.rate.choices]
"narrow" = {"priors.rate.interval" = [0.5, 2.5]}
[axes.impossible]
why = "w"
[axes.impossible.choices]
"nobody" = {"llms.released_from" = "2031-01-01"}
"""


def sparse(tables: Tables) -> Tables:
    """The tables, in which half of the targets are mixtures of experts."""
    llms = tables.llms.copy()
    half = (np.arange(len(llms)) % 2 == 0) & (llms["family"] != "Yardstick")
    llms["params_active"] = llms["params_total"].where(~half, llms["params_total"] / 4)
    return replace(tables, llms=llms)


def test_a_run_uses_weights_the_compiled_model_and_what_is_known(
    world_fit: Fit, bench: running.Bench, world_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    universe = multiverse(world_study, load_grid(tmp_path / "small.toml"))
    mine = replace(bench, folder=tmp_path, tables=sparse(bench.tables))
    compiled: list[Any] = []
    monkeypatch.setattr(running, "_held", [replace(running._held[0], data=running._held[0].data)])
    planned = running.plan(universe, mine)
    how = {row.variant.key: row.how for row in planned}
    assert how == {
        DEFAULT: "default",
        "size: active": "compiled model",
        "rate: narrow": "weights, else a fit",
        "impossible: nobody": "impossible",
    }
    assert "no LLM is left" in plan_text(planned, 2)

    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *a: compiled.append(a))
    said: list[str] = []
    found = running.run(planned, world_fit, mine, said.append)
    assert not compiled  # the model of the small world served
    assert list(found.answers) == [DEFAULT, "size: active", "rate: narrow"]
    assert list(found.failed) == ["impossible: nobody"]
    assert found.answers["rate: narrow"].about["method"] == "weights"
    assert found.answers["size: active"].about["method"] == "fit"
    assert found.answers["size: active"].about["seconds"]["compile"] == 0
    # Half of the LLMs count as smaller, and so as denser; all else is as it was.
    assert {row.variant.key: row.how for row in running.plan(universe, mine)}["size: active"] == "known"
    priors = running.widened(universe, world_fit)
    assert {name for name, _, _ in priors.values()} == set(log_priors(world_fit))
    table = summarise(universe, found.answers, found.failed, {}).specifications
    assert len(table) == 3


def test_results_of_other_tables_are_refused(bench: running.Bench, tmp_path: Path) -> None:
    mine = replace(bench, folder=tmp_path)
    mine.results.write_text(json.dumps({"run": {**mine.identity, "tables_digest": "other"}}) + "\n")
    with pytest.raises(InputError, match="tables_digest differ"):
        mine.known()


def test_a_grid_without_choices_of_its_own_is_the_study(world_study: Study) -> None:
    grid = Grid.model_validate(
        {"name": "g", "title": "t", "axes": {"a": {"why": "w", "choices": {"same": {"llms.size": "total"}}}}}
    )
    universe = multiverse(world_study, grid)
    assert [one.key for one in universe.variants] == [DEFAULT] and universe.labels == {"a": "same"}


def test_decomposition_without_choices_is_all_posterior(world_study: Study) -> None:
    grid = Grid.model_validate(
        {"name": "g", "title": "t", "axes": {"a": {"why": "w", "choices": {"same": {"llms.size": "total"}}}}}
    )
    universe = multiverse(world_study, grid)
    answers = {DEFAULT: normal_answer(1.0)}
    found = summarise(universe, answers, {}, {})
    assert decomposition(universe, found.specifications, answers, "frontier")["share"].to_dict() == {POSTERIOR: 1.0}
    assert sentences(found) == ["The default says 8.3 [6.3, 12.4]; no variant has an answer."]


# The command


def command(*words: object) -> int:
    from bayesdensity.cli import app

    try:
        app([str(word) for word in ("sensitivity", *words)])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_plan_is_shown_and_nothing_is_written(
    world_study: Study, truth: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    common = ("--grid", tmp_path / "small.toml", "-o", tmp_path / "out", "--data", truth.folder)
    assert command(truth.study, *common, "--plan", "--vary", "frontier.trend=linear") == 0
    said = capsys.readouterr().out
    for line in ("default", "rate: narrow", "weights, else a fit", "frontier.trend: linear", "5 variants: 4 to answer"):
        assert line in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--grid", "standrad"), "standard"),
        (("--axis", "dispersoin"), "dispersion"),
        (("--workers", "0"), "--workers must be at least 1"),
        (("--ci", "1.5"), "--ci lies between 0 and 1"),
        (("--at", "2031-07-01"), "frontier 2024-07-01"),
        (("-o", "no/such/folder"), "cannot make a folder there"),
        (("--vary", "frontier.trend"), "write key=value"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_runs(truth: Any, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        command(truth.study, "--data", truth.folder, *words)


def test_an_interrupt_ends_the_command_and_says_how_to_go_on(
    truth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Bench, "fit_of", interrupted)
    folder = tmp_path / "out"
    assert command(truth.study, "--data", truth.folder, "-o", folder, "--axis", "dispersion") == 130
    said = capsys.readouterr().err
    assert f"fits go to {folder}; after a stop the same command goes on" in said
    assert f"what was finished stays in {folder}, and the same command goes on from there." in said


def test_the_command_writes_tables_and_figures_twice_the_same(
    world_fit: Fit,
    bench: running.Bench,
    truth: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fit of the study itself is given; the rest is weighted, swapped in or refused."""
    (tmp_path / "small.toml").write_text(GRID)
    monkeypatch.setattr(running.Bench, "fit_of", lambda self, study, progress: world_fit)
    written = []
    for name in ("one", "two"):
        folder = tmp_path / name
        common = (truth.study, "--data", truth.folder, "-o", folder)
        assert command(*common, "--grid", tmp_path / "small.toml", "--axis", "rate") == 0
        assert "rate" in capsys.readouterr().out
        written.append({file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".jsonl"})
    assert written[0] == written[1]
    stem = world_fit.study.name
    figures = {f"{stem}-{figure}.{form}" for figure in ("specifications", "tornado") for form in ("png", "svg")}
    tables = {"variants.csv", "tornado.csv", "decomposition.csv", "priors.csv", "sensitivity.json"}
    assert set(written[0]) == figures | tables
    told = json.loads(written[0]["sensitivity.json"])
    assert told["digest"] == world_fit.study.digest and len(told["variants"]) == 2
    assert {one["method"] for one in told["priors"]} == {"weights"}

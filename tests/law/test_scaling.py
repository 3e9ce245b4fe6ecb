"""What is asked of a law fitted alone, of fits made by hand whose draws lie tightly about a known truth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize, special, stats

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.runs import Runs, assemble_runs, read_runs
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.describe.law import law_json, law_text
from bayesdensity.law import allocation, noise
from bayesdensity.law.answer import LawAnswer, answer, default_compute
from bayesdensity.law.diagnosis import STATES, diagnose_scaling
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.law_checks import check_identified, check_losses, check_modes
from bayesdensity.law.modes import term_modes
from bayesdensity.law.prediction import predict, predict_held_out
from bayesdensity.law.ranking import compare_laws
from bayesdensity.plots.law import plot_allocation, plot_law, save_law
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.law_spec import NOISES, LawStudy, law_study

Pairs = list[tuple[float, float]]
Curve = Callable[[Any], Any]
CHAINS, DRAWS, LEVEL, CEILING = 2, 60, float(np.log(2)), 0.95
TRUTH = {"irreducible_share": 0.4, "size_share": 0.45, "size_elasticity": 0.12, "data_elasticity": 0.1}
TRUTH |= {"size_gain": 0.05, "data_gain": 0.04, "size_bend": 0.01, "data_bend": -0.01}
TRUTH |= {"elasticity": 0.1, "repetitions": 15.0}
GRID: Pairs = [(n, d) for n in np.geomspace(1e8, 1e10, 6) for d in np.geomspace(2e9, 2e11, 5)]
FORTH: dict[str, Curve] = {"lognormal": np.log, "logit-normal": special.logit, "normal": float}
BACK: dict[str, Curve] = {"lognormal": np.exp, "logit-normal": laws.logistic, "normal": lambda x: x}


@cache
def tables() -> Tables:
    return read_tables()


def read(table: pd.DataFrame) -> Runs:
    with TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "mine.csv", index=False)
        return read_runs(str(Path(folder) / "mine.csv"), tables())


def make(
    law: str = "chinchilla",
    designs: Mapping[str, Pairs] | None = None,
    *,
    truth: Mapping[str, float] = TRUTH,
    held: Mapping[tuple[float, float], float] | None = None,
    errors: float = 0.0,
    scale: float | Sequence[float] = 1e-7,
    width: Mapping[str, float] | float = 1e-4,
    scores: Mapping[str, Curve] | None = None,
    columns: Mapping[str, Any] | None = None,
    **settings: Any,
) -> LawFit:
    """A fit that knows the law of its runs, whose log losses have normal errors; what is held out is off by factors.

    Scores are logits of the share of the way to the ceiling, from the run with the best loss, 0, to the worst, 1.
    """
    study, rng, held, scores = law_study(law, **settings), np.random.default_rng(7), held or {}, scores or {}
    parts = [(name, design) for name, design in (designs or {"Web": GRID}).items()]
    rows = [(b, role, *at) for b, own in parts for role, some in (("ladder", own), ("anchor", held)) for at in some]
    table = pd.DataFrame(rows, columns=["benchmark", "role", "params", "tokens"])
    names = [f"{n:.4g} with {d:.4g}" for n, d in zip(table["params"], table["tokens"], strict=True)]
    table = table.assign(loss=1.0, **{"run": names, **(columns or {})})
    data, fitted, of = assemble_runs(study, read(table)), table["role"] == "ladder", study.form
    for kind, here in (("run", fitted), ("held", ~fitted)):
        at = {letter: data[f"{kind}_log_{letter}"].to_numpy() for letter in of.reads}
        exact = of.from_coordinates(LEVEL, truth).loss(at)
        table.loc[here, "loss"] = exact * np.exp(errors * rng.standard_normal(here.sum()))
    for name, curve in scores.items():
        here = table["benchmark"] == name
        floor, among = float(tables().benchmarks.set_index("benchmark")["chance"][name]), table["loss"][here & fitted]
        along = (table["loss"][here] - among.min()) / np.ptp(among)
        table.loc[here, "score"] = laws.score(curve(along.to_numpy()), floor, CEILING)
    table["loss"] *= [held.get(at, 1.0) for at in zip(table["params"], table["tokens"], strict=True)]
    data = assemble_runs(study, runs := read(table))
    posterior = know(study, data, LEVEL, truth, scale, width)
    posterior = posterior.assign(know_map(data, scores) if data.sizes["map"] else {})
    logp = xr.DataArray(rng.standard_normal((CHAINS, DRAWS)), dims=SAMPLE)
    sampled = xr.Dataset({"logp": logp, "energy": -logp, "diverging": logp > 9, "n_steps": 0 * logp + 7})
    about = {"suite": runs.name, "digest": study.digest, "runs_digest": runs.digest, "versions": {}, "seed": 1}
    about |= {"n_runs": len(runs.fitted), "n_held_out": data.sizes["held"], "wall_seconds": {"compile": 1, "sample": 2}}
    return LawFit(posterior, sampled, data, study, {**about, "runs": runs})


def normals(middle: Any, width: Any, dim: str = "benchmark", seed: int = 0) -> Any:
    """Draws whose means and standard deviations in each chain are exactly these."""
    z = np.random.default_rng(seed).standard_normal((CHAINS, DRAWS, len(middle)))
    return xr.DataArray(middle + width * stats.zscore(z, axis=1), dims=(*SAMPLE, dim))


def know(
    study: LawStudy, data: xr.Dataset, level: float, truth: Mapping[str, float], scale: Any, width: Any = 1e-4
) -> xr.Dataset:
    """What the sampler keeps of a law; coordinates are as wide as asked, on the scales of their priors."""
    one, at = np.ones(data.sizes["benchmark"]), dict[str, Any]()
    kept = {"log_loss_centre": normals(level * one, 1e-5), "loss_noise": np.exp(normals(np.log(scale) * one, 1e-3))}
    for k, (name, prior) in enumerate(study.form.coordinates.items()):
        wide = width if isinstance(width, float) else width.get(name, 1e-4)
        on_scale = normals(FORTH[prior.shape](truth[name]) * one, wide, seed=1 + k)
        at[name] = BACK[prior.shape](on_scale)
        logit = prior.shape == "logit-normal" and not (study.slow and name == "size_share")
        kept |= {f"logit_{name}": on_scale} if logit else {name: at[name]}
    law = study.form.from_coordinates(kept["log_loss_centre"], at)
    kept |= {f"law_{name}": part for name, part in law.parts().items()}
    for name in study.form.exponents if study.pool else ():
        kept[f"log_{name}"] = np.log(law.parts()[name]).mean("benchmark")
        kept[f"{name}_spread"] = normals([0.1], 1e-3)[..., 0]
    kept |= {"loss_excess": 2 * kept["loss_noise"]} if study.noise == "one-sided" else {}
    return xr.Dataset(kept, coords={"benchmark": data["benchmark"].to_numpy()})


def know_map(data: xr.Dataset, scores: Mapping[str, Curve]) -> dict[str, Any]:
    names, bench, loss = (data[name].to_numpy() for name in ("benchmark", "map_benchmark", "map_loss"))
    logit, slope = np.zeros(len(names)), np.ones(len(names))
    for b in np.unique(bench):
        best, worst = (float(scores[names[b]](np.array([end]))[0]) for end in (0.0, 1.0))
        slope[b] = (best - worst) / np.ptp(loss[bench == b])
        logit[b] = best - slope[b] * (float(data["map_centre"][b]) - loss[bench == b].min())
    small = {"map_scatter": 0.01, "map_overdispersion": 1e-5, "ceiling": CEILING}
    kept = {name: normals(np.full(len(names), value), 1e-3 * value) for name, value in small.items()}
    kept |= {"map_logit": normals(logit, 1e-3), "map_slope": normals(slope, 1e-3)}
    return {**kept, "map_departure": normals(np.zeros(data.sizes["training"]), 1e-3, "training")}


def rising(at: Any) -> Any:
    return 1 - 4 * at


# How to divide compute

COMPUTE = [1e19, 1e22, 1e25]


@pytest.mark.parametrize("law", ["chinchilla", "densing", "data-constrained"])
def test_the_optimum_of_power_laws_is_the_closed_form(law: str) -> None:
    fit = make(law, {"Web": GRID, "Code": GRID[:20]}, width=0.1)
    found, p = allocation.allocate(fit, COMPUTE), fit.law.natural(fit.centre)
    alpha, beta, six = p["alpha"], p["beta"], xr.DataArray(COMPUTE, dims="compute") / 6
    a, scale = beta / (alpha + beta), (alpha * p["A"] / (beta * p["B"])) ** (1 / (alpha + beta))
    n, d = scale * six**a, six ** (1 - a) / scale
    expected = {"params": n, "tokens": d, "tokens_per_parameter": d / n}
    expected |= {"loss": p.get("E", 0.0) + p["A"] * n**-alpha + p["B"] * d**-beta}
    exponents = {"size_exponent": a, "data_exponent": 1 - a, "return_exponent": alpha * beta / (alpha + beta)}
    expected |= {name: value + 0 * n for name, value in exponents.items()}
    assert set(expected) == set(found._fields)
    for name, truth in expected.items():
        draws = getattr(found, name).draws
        assert draws.dims == (*SAMPLE, "compute", "benchmark") and draws.std(SAMPLE).min() > 0
        np.testing.assert_allclose(draws, truth.transpose(*draws.dims), rtol=1e-4, err_msg=name)


def test_the_optimum_of_kaplan_satisfies_the_first_order_condition_and_the_path_is_that_of_fewer_draws() -> None:
    fit = make("kaplan", width=0.1)
    found, p = allocation.allocate(fit, COMPUTE), fit.law.natural(fit.centre)
    n, d, ratio = found.params.draws, found.tokens.draws, p["alpha_N"] / p["alpha_D"]
    by_size, by_data = (p["N_c"] / n) ** ratio, p["D_c"] / d
    np.testing.assert_allclose(ratio * by_size / by_data, 1, rtol=1e-5)
    np.testing.assert_allclose((6 * n * d).transpose(..., "compute") / COMPUTE, 1, rtol=1e-9)
    np.testing.assert_allclose(found.loss.draws / (by_size + by_data) ** p["alpha_D"], 1, rtol=1e-9)
    np.testing.assert_allclose(found.size_exponent.draws * (1 + ratio), 1, rtol=1e-4)
    path = allocation.optimal_path(fit, COMPUTE, CHAINS * DRAWS // 4)
    for few, whole in zip(path, (found.params, found.loss), strict=True):
        np.testing.assert_allclose(few.draws, whole.draws[:, ::4], rtol=1e-12)


def budgets(amounts: Sequence[float], steps: Sequence[float]) -> Pairs:
    """Runs of these amounts of compute, of sizes about twenty tokens per parameter."""
    return [(n, c / 6 / n) for c in amounts for n in np.sqrt(c / 120) * np.exp(steps)]


FIVE, ABOUT, CLOSE = [10.0 ** (18 + 0.75 * k) for k in range(5)], [0.3 * k for k in range(-4, 5)], [-0.6, 0.0, 0.6]
DENSE: Pairs = [(3e7 * 1.4**n, 3e8 * 1.4**d) for n in range(14) for d in range(19)]


@pytest.mark.parametrize("errors", [0.0, 0.002])
@pytest.mark.parametrize("name", ["from_budgets", "from_sizes"])
def test_approaches_recover_the_law_from_its_runs_alone(name: str, errors: float) -> None:
    design = budgets(FIVE, ABOUT) if name == "from_budgets" else DENSE
    truth = {**TRUTH, "data_elasticity": 0.08}
    fit = make(designs={"Web": design}, errors=errors, scale=max(errors, 1e-7), truth=truth)
    found, exact = getattr(allocation, name)(fit, [1e20, 1e21]), allocation.allocate(fit, [1e20, 1e21])
    (low, a, high), slope = found.exponent, float(exact.size_exponent.draws.mean())
    best = np.log(exact.params.summary["median"].to_numpy()[:, 0])
    assert found.why_not == "" and a == pytest.approx(slope, abs=0.02)
    assert (low, a, high) == tuple(sorted([low, a, high])) and (high > low + 0.001) == (errors > 0)
    np.testing.assert_allclose(found.log_params[:, 1], best, atol=0.1)
    assert np.all(np.diff(found.log_params) >= 0) and len(found.points) >= 5
    np.testing.assert_allclose(found.points @ [-slope, 1], best[0] - slope * np.log(1e20), atol=0.4)


@pytest.mark.parametrize(
    ("name", "design", "scale", "told"),
    [
        ("from_budgets", budgets(FIVE[:2], ABOUT), 1e-7, "needs at least 3 budgets of compute with four or more sizes"),
        ("from_budgets", budgets([1e20, 1.5e20, 2.2e20], ABOUT), 1e-7, "over a factor of 5 in compute"),
        ("from_budgets", budgets(FIVE, CLOSE), 1e-7, "budgets of compute with four or more sizes"),
        ("from_budgets", budgets(FIVE, ABOUT), 0.1, "too noisy"),
        ("from_sizes", budgets(FIVE, ABOUT), 1e-7, "each trained on three or more amounts of data"),
        ("from_sizes", DENSE[:38], 1e-7, "needs at least 3 sizes"),
    ],
)
def test_approaches_say_why_the_runs_do_not_allow_them(name: str, design: Pairs, scale: float, told: str) -> None:
    found = getattr(allocation, name)(make(designs={"Web": design}, scale=scale), [1e20])
    assert told in found.why_not and np.isnan(found.exponent).all() and found.log_params is None


def test_three_approaches_stand_side_by_side() -> None:
    fit = make(designs={"Few": GRID[:6], "Many": DENSE})
    found = allocation.allocate(fit, COMPUTE)
    for b, possible in enumerate([{"parametric"}, {"parametric", "iso-FLOP", "fixed sizes"}]):
        table = allocation.approaches(fit, found, b).set_index("approach")
        assert list(table.index) == [name for name in ("fixed sizes", "iso-FLOP", "parametric") for _ in COMPUTE]
        assert list(table["compute"]) == COMPUTE * 3 and set(table.index[table["why_not"] == ""]) == possible
        numbers = table.drop(columns=["why_not", "compute"])
        assert numbers.notna().all(axis=1).equals(table["why_not"] == "")
        for name, estimate in (("exponent", found.size_exponent), ("params", found.params)):
            for end in ("lower", "median", "upper"):
                np.testing.assert_allclose(table.loc["parametric", f"{name}_{end}"], estimate.summary[end][:, b])


# Predictions


@pytest.mark.parametrize(
    ("law", "at", "factor"),
    [
        *[("chinchilla", at, 1) for at in ((1e8, 2e9), (1e9, 2e10), (1e10, 2e11))],
        *[("kaplan", (3e10, 6e11), 9), ("kaplan", (2e7, 4e8), 25), ("chinchilla", (2e11, 4e11), 40)],
        *[("chinchilla", (1e8 / 3, 6e11), 9), ("densing", (2e10, 1e9), 4), ("densing", (1e8, 4e11), 2)],
        *[("size", (3e10, 1e15), 3), ("data", (3e10, 1e9), 2), ("compute", (1e9, 8e12), 4)],
        *[("data-constrained", (1e8, 2e9), 1), ("data-constrained", (1e9, 2e10, 5e7), 4)],
        *[("experts", (1e9, 2e10), 1), ("experts", (1e9, 2e10, 32), 4), ("experts", (3e10, 6e11, 32), 9)],
    ],
)
def test_distance_is_in_compute_and_in_what_tells_runs_of_one_compute_apart(
    law: str, at: tuple[float, ...], factor: float
) -> None:
    names = ("params", "tokens", "experts" if law == "experts" else "unique_tokens")
    columns: dict[str, Any] = {"experts": [1, 8] * 15, "unique_tokens": 2e9}
    found = predict(make(law, columns=columns), {name: [value] for name, value in zip(names, at, strict=False)})
    assert found.beyond.dims == ("training", "benchmark")
    np.testing.assert_allclose(np.exp(found.beyond), factor, rtol=1e-9)


def test_distance_is_from_the_runs_of_the_own_benchmark() -> None:
    fit = make(designs={"Web": GRID, "Code": [(100 * n, 100 * d) for n, d in GRID]})
    beyond = predict(fit, {"params": [1e12, 1e8], "tokens": [2e13, 2e9]}).beyond
    np.testing.assert_allclose(np.exp(beyond), [[1e4, 1], [1, 1e4]])


FAR = {"params": [1e10, 1e10 * 30**0.5, 3e11], "tokens": [2e11, 2e11 * 30**0.5, 6e12]}


@pytest.mark.parametrize("law", laws.LAWS)
def test_without_noise_runs_and_predictions_lie_on_the_law(law: str) -> None:
    columns = {
        "unique_tokens": [d / (2 + k % 4) for k, (_, d) in enumerate([*GRID, *GRID])],
        "experts": [1, 8, 64] * 20,
    }
    fit = make(law, {"Web": GRID, "Code": [(3 * n, d) for n, d in GRID]}, width=1e-9, columns=columns)
    np.testing.assert_allclose(noise.residuals(fit), 0, atol=1e-4)
    n, d = (np.asarray(FAR[name]) for name in ("params", "tokens"))
    log = {"n": np.log(n), "d": np.log(d), "u": np.log(d), "e": np.log([8, 8, 8]), "c": np.log(6 * n * d)}
    found = predict(fit, FAR, misfit=False)
    assert found.score is None and found.loss.draws.dims == (*SAMPLE, "training", "benchmark")
    for b in (0, 1):
        at = {letter: log[letter] - float(fit.data[f"centre_{letter}"][b]) for letter in fit.study.form.reads}
        expected = fit.study.form.from_coordinates(LEVEL, TRUTH).loss(at)
        np.testing.assert_allclose(found.loss.summary["median"][:, b], expected, rtol=1e-4)


def test_a_law_misses_only_beyond_the_runs_by_its_prior_and_like_a_random_walk() -> None:
    fit = make(width=1e-8, scale=1e-9, overrides={"priors.law_misfit.interval": [0.0199, 0.0201]})
    exact, found = predict(fit, FAR, misfit=False).loss.draws, predict(fit, FAR, seed=3)
    miss = np.log((found.loss.draws / exact).to_numpy()).reshape(-1, 3)
    np.testing.assert_allclose(np.exp(found.beyond[:, 0]), [1, 30, 900])
    np.testing.assert_allclose(exact.std(SAMPLE), 0, atol=1e-4)
    assert np.abs(miss[:, 0]).max() < 1e-7 and stats.kstest(miss[:, 1] / 0.02, "norm").pvalue > 0.01
    np.testing.assert_allclose(miss[:, 2], miss[:, 1] * np.sqrt(2), atol=1e-7)


def asked(law: str, **at: list[float]) -> Callable[[], object]:
    return lambda: predict(make(law), at)


def divided(law: str, *amounts: float) -> Callable[[], object]:
    return lambda: allocation.allocate(make(law), amounts)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        *[(divided(law, 1e20), f"the law '{law}' does not read size and data") for law in ("size", "data", "compute")],
        *[(divided("kaplan", 1e20, c), "compute is a positive number") for c in (0.0, -1e20, np.nan, np.inf)],
        (asked("chinchilla", params=[1e9]), "the law 'chinchilla' reads tokens of a training; say what it is."),
        (asked("data-constrained", experts=[8]), "'data-constrained' reads params and tokens and unique_tokens of"),
        (asked("compute", params=[1e9]), "the law 'compute' reads flops of a training"),
        *[(asked("size", params=[1e9, n]), "a training needs positive numbers") for n in (0.0, -1.0, np.nan, np.inf)],
        (lambda: compare_laws({"a": make()}), "comparing needs at least two laws; got 1"),
        (lambda: compare_laws({"a": make(), "b": make(errors=0.1)}), "'b' was fitted to other losses"),
        (lambda: compare_laws({"a": make(), "b": make(designs={"Web": GRID[:20]})}), "'b' was fitted to other losses"),
    ],
)
def test_impossible_requests_are_answered(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        ask()


def test_scores_are_predicted_where_there_is_a_map_and_stay_scores() -> None:
    fit = make(designs={"Web": GRID, "MMLU": GRID}, scores={"MMLU": rising})
    own = dict(zip(("params", "tokens"), np.transpose(GRID).tolist(), strict=True))
    beyond = {"params": [1e5, 1e12, 1e15], "tokens": [1e6, 2e13, 1e18]}
    inside, sure, found, same, other = (
        predict(fit, at, misfit=misfit, seed=seed)
        for at, misfit, seed in ((own, False, 1), (beyond, False, 1), *((beyond, True, seed) for seed in (1, 1, 2)))
    )
    assert inside.score and sure.score and found.score and same.score and other.score
    assert list(found.score.draws["benchmark"].to_numpy()) == ["MMLU"]
    np.testing.assert_allclose(inside.score.summary["median"][:, 0], fit.data["map_value"], atol=0.01)
    assert found.score.draws.min() >= 0 and found.score.draws.max() <= 1
    widths = [float(one.summary["upper"][1, 0] - one.summary["lower"][1, 0]) for one in (found.score, sure.score)]
    assert widths[0] > 5 * widths[1] > 0
    assert same.loss.draws.equals(found.loss.draws) and same.score.draws.equals(found.score.draws)
    assert not (other.loss.draws == found.loss.draws).any() and not other.score.draws.equals(found.score.draws)


HELD = {(3e10, 6e11): 1.0, (1e9, 2e10): 1.05, (2e7, 4e8): 0.8}
NOISY: dict[str, Any] = {"errors": 0.004, "scale": 0.004, "noise": "normal"}


def test_a_held_out_run_has_a_row_for_each_benchmark_and_kind() -> None:
    fit = make(designs={"Web": GRID, "MMLU": GRID}, held=HELD, scores={"MMLU": rising}, **NOISY)
    found = predict_held_out(fit).set_index(["run", "benchmark", "kind"])
    runs = {"3e+10 with 6e+11": (1, 9), "1e+09 with 2e+10": (1.05, 1), "2e+07 with 4e+08": (0.8, 25)}
    kinds = [("Web", "loss"), ("MMLU", "loss"), ("MMLU", "score")]
    assert found.index.is_unique and set(found.index) == {(run, *kind) for run in runs for kind in kinds}
    for (run, _, kind), row in found.iterrows():
        factor, beyond = runs[run]
        assert row["covered"] == (row["lower"] <= row["observed"] <= row["upper"]) == (factor == 1 or kind == "score")
        assert row["beyond"] == pytest.approx(beyond)
        assert kind == "score" or row["observed"] / row["median"] == pytest.approx(factor, rel=0.02)
    assert predict_held_out(make()).empty and list(predict_held_out(make())) == list(predict_held_out(fit))


def test_a_run_may_have_other_sizes_on_another_benchmark() -> None:
    names = [f"run {k}" for k in range(len(GRID))]
    held = dict.fromkeys([(3e9, 6e10), (2e8, 4e9)], 1.0)
    fit = make(designs={"Web": GRID, "Code": GRID}, held=held, columns={"run": [*names, "x", "y", *names, "y", "x"]})
    found = predict_held_out(fit)
    assert list(found["run"]) == ["x", "y", "y", "x"]
    np.testing.assert_allclose(found["median"], found["observed"], rtol=1e-3)


# How scores scale

LADDER: Pairs = [(n, 20 * n) for n in np.geomspace(1e8, 1e10, 10)]
CURVES: dict[str, tuple[str, Curve]] = {
    "ARC-C": ("at chance", lambda at: -4 - at),
    "HellaSwag": ("scaling", lambda at: 1 - 5 * at),
    "MMLU": ("emergent", lambda at: np.where(at > 0.3, -4, 1) - 0.2 * at),
    "BBH": ("saturated", lambda at: 4.5 - 4 * at),
    "MATH": ("non-monotone", lambda at: -8 * (at - 0.4) ** 2),
}


@pytest.fixture(scope="module")
def diagnosed() -> pd.DataFrame:
    scores = {name: curve for name, (_, curve) in CURVES.items()}
    designs = {**dict.fromkeys(scores, LADDER), "MMLU": GRID, "Web": LADDER, "GSM8K": LADDER[:4]}
    return diagnose_scaling(make(designs=designs, scores={**scores, "GSM8K": rising}))


@pytest.mark.parametrize("name", CURVES)
def test_each_state_of_a_benchmark_is_nearly_certain_where_it_is_true(name: str, diagnosed: pd.DataFrame) -> None:
    state, curve = CURVES[name]
    row = diagnosed.loc[name]
    assert list(diagnosed.index) == list(CURVES)  # the others have no scores, or too few
    assert row[state] > 0.95 and row["state"] == state and sum(row[one] for one in STATES) == pytest.approx(1)
    assert row["top"] == pytest.approx(laws.logistic(float(curve(np.zeros(1))[0])), abs=0.05)


# Modes

NEAR: Pairs = [(n, 20 * n * 1.1 ** (-1) ** k) for k, n in enumerate(np.geomspace(1e8, 1e10, 10))]


def slopes(size: float, data: float, share: float) -> dict[str, float]:
    """Coordinates of a law without a floor."""
    return {"size_share": share, "size_elasticity": size * share, "data_elasticity": data * (1 - share)}


def ambiguous(**settings: Any) -> LawFit:
    """Size and tokens move nearly together, so that either term may be the slow one."""
    designs = {name: NEAR for name in settings.pop("names", ["Web"])}
    return make("densing", designs, truth=slopes(0.04, 0.28, 0.6), scale=0.01, noise="normal", **settings)


def profile(fit: LawFit, ratios: np.ndarray) -> np.ndarray:
    """Highest log density at each logarithm of the ratio of exponents, on a grid, written out."""
    n, d, loss = (fit.data[name].to_numpy() for name in ("run_log_n", "run_log_d", "run_loss"))
    middle, logit = (axis[..., None] for axis in np.meshgrid(np.linspace(-4, 0, 161), np.linspace(-5, 5, 161)))
    share, best = special.expit(logit), []
    for ratio in ratios:
        size, data = np.exp(middle + ratio / 2), np.exp(middle - ratio / 2)
        rest = np.log(loss) - np.log(share * np.exp(-size * n) + (1 - share) * np.exp(-data * d))
        density = -0.5 * ((rest - rest.mean(-1, keepdims=True)) ** 2).sum(-1) / 0.01**2
        on = {
            "size_share": logit,
            "size_elasticity": np.log(size * share),
            "data_elasticity": np.log(data * (1 - share)),
        }
        for name, value in on.items():
            prior = fit.study.priors[name]
            density = density - 0.5 * ((value[..., 0] - prior.mu) / prior.sigma) ** 2
        best.append(density.max())
    return np.array(best)


def test_both_modes_of_a_law_without_a_floor_are_found() -> None:
    fit, ratios = ambiguous(), np.linspace(-2.5, 2.5, 21)
    height = profile(fit, ratios)
    peaks = [k for k in range(1, 20) if height[k] > max(height[k - 1], height[k + 1])]
    modes = sorted(term_modes(fit)["Web"], key=lambda mode: mode.size_exponent / mode.data_exponent)
    assert len(peaks) == len(modes) == 2 and max(mode.log_density for mode in modes) == 0
    for mode, peak in zip(modes, peaks, strict=True):
        assert np.log(mode.size_exponent / mode.data_exponent) == pytest.approx(ratios[peak], abs=0.26)
        assert mode.log_density == pytest.approx(height[peak] - height.max(), abs=0.2)


@pytest.mark.parametrize(
    ("mixed", "verdict", "shares"), [("chain", "FAIL", (50, 50)), ("draw", "REVIEW", (50, 50)), ("", "FAIL", (100, 0))]
)
def test_two_explanations_are_named_and_never_pass(mixed: str, verdict: str, shares: tuple[int, int]) -> None:
    fit = ambiguous()
    high, low = term_modes(fit)["Web"]
    if mixed:
        other = know(fit.study, fit.data, LEVEL, slopes(low.size_exponent, low.data_exponent, 0.4), 0.01)
        own = xr.DataArray(np.arange(other.sizes[mixed]) % 2 == 0, dims=mixed)
        fit = replace(fit, posterior=fit.posterior.where(own, other))
    found = check_modes(fit)
    for mode, share in zip((high, low), shares, strict=True):
        told = f"exponents of size {mode.size_exponent:.2f} and data {mode.data_exponent:.2f} ({share}% of draws)"
        assert told in found.sentence
    assert found.verdict == verdict and "Web: " in found.sentence and "--slow" in found.remedy


def test_choosing_the_slow_term_or_sharing_exponents_leaves_one_mode() -> None:
    for slow in ("size", "data"):
        (mode,) = term_modes(fit := ambiguous(slow=slow))["Web"]
        assert (mode.size_exponent < mode.data_exponent) == (slow == "size") and check_modes(fit).verdict == "PASS"
    names = ["Web", "Code"]
    assert [len(modes) for modes in term_modes(ambiguous(names=names)).values()] == [2, 2]
    assert [len(modes) for modes in term_modes(ambiguous(names=names, pool=True)).values()] == [1, 1]


@pytest.mark.parametrize("law", ["chinchilla", "densing", "kaplan"])
def test_clear_runs_have_one_mode_at_their_law(law: str) -> None:
    fit = make(law, scale=0.003)
    ((mode,), of) = term_modes(fit)["Web"], fit.study.form.from_coordinates(LEVEL, TRUTH).parts()
    for name in ("size_exponent", "data_exponent"):
        assert getattr(mode, name) == pytest.approx(of[name], rel=0.1)
    assert check_modes(fit).verdict == check_modes(make("size")).verdict == "PASS"


# Checks and noise


@pytest.mark.parametrize(
    ("law", "letters"), [("chinchilla", "n"), ("kaplan", "d"), ("densing", "nd"), ("compute", "c"), ("size", "n")]
)
def test_losses_that_rise_with_what_a_law_reads_fail(law: str, letters: str) -> None:
    fit = make(law, {"Web": GRID, "Code": GRID}, errors=0.01)
    rise = sum(0.3 * fit.data[f"run_log_{letter}"] for letter in letters) * (fit.data["run_benchmark"] == 1)
    found = check_losses(replace(fit, data=fit.data.assign(run_loss=fit.data["run_loss"] * np.exp(rise))))
    assert check_losses(fit).verdict == "PASS" and found.verdict == "FAIL" and "Web" not in found.sentence
    for letter, word in {"n": "size", "d": "tokens", "c": "compute"}.items():
        assert (f"Code: losses rise with {word} (+0." in found.sentence) == (letter in letters)


@pytest.mark.parametrize("name", ["irreducible_share", "size_elasticity", "data_bend"])
@pytest.mark.parametrize(("share", "verdict"), [(0.88, "PASS"), (0.92, "REVIEW")])
def test_what_is_as_wide_as_its_prior_is_named(name: str, share: float, verdict: str) -> None:
    found = check_identified(make("experts", width={name: share * law_study("experts").priors[name].sigma}))
    assert found.verdict == verdict and found.figures[f"{name} on Web"] == pytest.approx(share)
    assert (f"as wide as their priors: {name} on Web ({share:.0%})." == found.sentence) == (verdict == "REVIEW")
    assert sum(value > 0.05 for value in found.figures.values()) == 1


NOISE: dict[str, Callable[[Any], Any]] = {
    "student-t": lambda scale: stats.t(4, 0, scale),
    "laplace": lambda scale: stats.laplace(0, scale),
    "normal": lambda scale: stats.norm(0, scale),
    "one-sided": lambda scale: stats.exponnorm(2, 0, scale),
}


@pytest.mark.parametrize("kind", NOISES)
def test_densities_probabilities_and_draws_of_errors_agree_with_their_formulas(kind: str) -> None:
    fit = make(designs={"Web": GRID, "Code": GRID}, scale=[0.01, 0.03], errors=0.02, noise=kind)
    scale, rest, bench = fit.posterior["loss_noise"], noise.residuals(fit), fit.data["run_benchmark"].to_numpy()
    exact, found = NOISE[kind](scale.to_numpy()[..., bench]), noise.error_distribution(fit, bench)
    assert noise.log_likelihood(fit).dims == (*SAMPLE, "run") and rest.std() == pytest.approx(0.02, rel=0.2)
    for density in (found.logpdf(rest), noise.log_likelihood(fit)):
        np.testing.assert_allclose(density, exact.logpdf(rest), rtol=1e-9)
    np.testing.assert_allclose(found.cdf(rest), exact.cdf(rest), rtol=1e-9)
    draws = noise.log_errors(fit, scale.expand_dims(training=40, axis=2), np.random.default_rng(1))
    u = NOISE[kind](scale.to_numpy()[:, :, None]).cdf(draws)
    assert draws.dims == (*SAMPLE, "training", "benchmark")
    assert min(stats.kstest(u[..., b].ravel(), "uniform").pvalue for b in (0, 1)) > 0.01
    mean = 2 * scale.mean(SAMPLE) if kind == "one-sided" else 0.0
    np.testing.assert_allclose(draws.mean((*SAMPLE, "training")), mean, atol=0.002)


# Which law


def fitted_to(fit: LawFit, law: str) -> LawFit:
    """A fit of another law to the same runs, about its least squares."""
    study = law_study(law, map_from=None, noise="normal")
    data, priors = assemble_runs(study, fit.about["runs"]), study.form.coordinates
    at = {letter: data[f"run_log_{letter}"].to_numpy() for letter in study.form.reads}

    def coordinates(z: np.ndarray) -> dict[str, float]:
        return {name: float(BACK[prior.shape](one)) for (name, prior), one in zip(priors.items(), z[1:], strict=True)}

    def rest(z: np.ndarray) -> np.ndarray:
        expected = study.form.from_coordinates(z[0], coordinates(z)).loss(at)
        return np.asarray(np.log(expected / data["run_loss"].to_numpy()))

    best = optimize.least_squares(rest, [LEVEL, *(prior.mu for prior in priors.values())])
    posterior = know(study, data, best.x[0], coordinates(best.x), best.fun.std(), 1e-3)
    return replace(fit, study=study, data=data, posterior=posterior)


@pytest.mark.parametrize("law", ["chinchilla", "kaplan"])
def test_the_law_that_the_losses_follow_is_ranked_first(law: str) -> None:
    fits = {name: fitted_to(make(law, errors=0.003), name) for name in ("densing", "kaplan", "chinchilla", "compute")}
    table = compare_laws(fits)
    assert table.index[0] == law and set(table.index) == set(fits) and table["elpd"].is_monotonic_decreasing
    np.testing.assert_allclose(table["difference"], table["elpd"] - table["elpd"].max())
    for name, row in table.iterrows():
        assert row["elpd"] == pytest.approx(float(noise.log_likelihood(fits[str(name)]).mean(SAMPLE).sum()), abs=2)


# In words, in JSON and as figures

ASKED = {"params": [1e9, 7e10], "tokens": [2e10, 1.4e12]}
THREE = dict.fromkeys(("MMLU", "Web", "ARC-C"), GRID)
CASES: dict[str, dict[str, Any]] = {
    "one": {},
    "several": {"designs": THREE, "held": HELD, "scores": {"MMLU": rising, "ARC-C": rising}},
    "size": {"law": "size", "designs": {"Web": GRID, "Code": GRID}, "held": HELD},
    "compute": {"law": "compute"},
}


@cache
def answered(case: str) -> LawAnswer:
    fit = make(**CASES[case], **NOISY)
    compared = compare_laws({"kaplan": fit, "chinchilla": fit}) if case == "one" else None
    asked = [1e22] if case == "several" else None
    return answer(fit, fit.about["runs"], at=ASKED, compute=asked, comparison=compared, ci=0.8)


def intervals(tree: Any) -> list[dict[str, Any]]:
    """Every interval in a document."""
    if isinstance(tree, dict) and "median" in tree:
        return [tree]
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [one for branch in branches for one in intervals(branch)]


@pytest.mark.parametrize("case", CASES)
def test_json_holds_what_is_promised(case: str) -> None:
    fit, found = answered(case).fit, law_json(answered(case))
    names = [str(name) for name in fit.data["benchmark"].to_numpy()]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["law"], found["formula"], found["benchmarks"]) == (fit.study.law, fit.study.form.formula, names)
    truth = fit.study.form.from_coordinates(LEVEL, TRUTH).natural({k: float(v[0]) for k, v in fit.centre.items()})
    keys = {part if len(names) == 1 else f"{part}[{name}]": part for part in truth for name in names}
    assert {key: one["median"] for key, one in found["parameters"].items()} == pytest.approx(
        {key: truth[part] for key, part in keys.items()}, rel=1e-2
    )
    assert found["diagnostics"]["verdict"] == fit.diagnostics.verdict and found["n_runs"] == fit.about["n_runs"]
    verdicts = [one["verdict"] for one in found["checks"]]
    assert found["verdict"] == max(verdicts, key=["PASS", "REVIEW", "FAIL"].index)
    for one in intervals(found):
        assert set(one) == {"median", "lower", "upper", "probability", "kind"} and one["probability"] == 0.8
        assert one["median"] is None or one["lower"] <= one["median"] <= one["upper"]
    own = intervals([found[name] for name in ("parameters", "predictions", "allocation", "held_out")])
    assert {one["kind"] for one in own} == {"eti"} and len(own) > len(keys)


def test_json_tells_what_was_asked_and_is_empty_or_worked_out_elsewhere() -> None:
    several, one, size = (law_json(answered(case)) for case in ("several", "one", "size"))
    rows = {(row["params"], row["benchmark"]): row for row in several["predictions"]}
    assert set(rows) == {(n, name) for n in ASKED["params"] for name in THREE}
    for (n, name), row in rows.items():
        assert row["extrapolated"] == (n == 7e10) and (row["score"] is None) == (name == "Web")
    assert (
        len(several["held_out"]) == 3 * 3 + 3 * 2 and [row["covered"] for row in several["held_out"]].count(True) == 9
    )
    assert {name: row["state"] for name, row in several["states"].items()} == {"MMLU": "scaling", "ARC-C": "scaling"}
    assert [row["compute"] for row in several["allocation"]] == [1e22] * 3 and set(several["approaches"]) == set(THREE)
    assert size["allocation"] == one["held_out"] == [] and size["approaches"] == size["states"] == {}
    assert default_compute(answered("one").runs) == pytest.approx([1e22, 1e23, 1e24])
    assert [row["compute"] for row in one["allocation"]] == pytest.approx([1e22, 1e23, 1e24])
    assert [row["extrapolated"] for row in one["allocation"]] == [False, True, True]
    assert {row["law"] for row in one["comparison"]} == {"chinchilla", "kaplan"} and "comparison" not in size
    found = answered("one")
    assert law_json(replace(found, prediction=None, at={}))["predictions"] == []
    draws = found.parameters["A"].draws
    endless = replace(found.parameters["A"], draws=draws.where(draws < draws.quantile(0.6), np.inf))
    told = law_json(replace(found, parameters={**found.parameters, "A": endless}))["parameters"]["A"]
    assert told["upper"] == "inf" and json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("case", CASES)
def test_words_begin_with_the_verdict_and_flag_what_is_far_out(case: str) -> None:
    found = answered(case)
    lines = law_text(found).splitlines()
    assert lines[0].startswith(f"{law_json(found)['verdict']}: ")
    assert any(found.fit.study.form.formula in line for line in lines)
    told = [line for line in lines if line.startswith("  params ")]
    assert [("EXTRAPOLATED" in line, "7.00e+10" in line) for line in told] == [
        (far, far) for far in (False, True) for _ in range(found.fit.data.sizes["benchmark"])
    ]
    inside = {"several": ["held-out losses: 3 of 9"], "size": ["held-out losses: 2 of 6"]}
    assert [line.split(" inside")[0] for line in lines if line.startswith("held-out loss")] == inside.get(case, [])
    assert any("compute-optimal" in line for line in lines) == (found.allocation is not None)


@pytest.mark.parametrize("case", CASES)
def test_figures_show_every_benchmark_stay_on_the_page_and_are_written_whole(case: str, tmp_path: Path) -> None:
    found = answered(case)
    names = [str(name) for name in found.fit.data["benchmark"].to_numpy()]
    failed = replace(found, checks=(replace(found.checks[0], verdict="FAIL"), *found.checks[1:]))
    for plot in (plot_law, plot_allocation)[: 1 + (found.allocation is not None)]:
        figure = plot(found)
        assert [axes.get_title(loc="left") for axes in figure.axes] == names
        assert f"median and {found.ci:.0%} interval" in figure.get_label()
        drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.x1 <= width and drawn.y0 >= 0 and drawn.y1 <= height
        diamonds = [sum(line.get_marker() == "D" for line in axes.lines) for axes in figure.axes]
        assert diamonds == [found.fit.data.sizes["held"] / len(names) if plot is plot_law else 0] * len(names)
        assert [any("FAIL, conv" in one.get_text() for one in made.texts) for made in (figure, plot(failed))] == [
            False,
            True,
        ]
    written = save_law(found, tmp_path / "mine")
    kinds = ["law", "allocation"][: 1 + (found.allocation is not None)]
    assert [path.name for path in written] == [f"mine-{kind}.{form}" for kind in kinds for form in ("png", "svg")]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    for png, svg in zip(written[::2], written[1::2], strict=True):
        assert png.read_bytes().startswith(b"\x89PNG") and b"IEND" in png.read_bytes()[-12:]
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    with pytest.raises(InputError, match=r"mine-law\.png: cannot write there"):
        save_law(found, tmp_path / "missing" / "mine")

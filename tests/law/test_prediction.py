"""Predictions lie on the law, know how far they reach, and impossible requests are answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from known_laws import GRID, HELD, LEVEL, NOISY, TRUTH, make, rising
from scipy import stats

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.law import allocation, noise
from bayesdensity.law.prediction import predict, predict_held_out
from bayesdensity.law.ranking import compare_laws
from bayesdensity.quantities import SAMPLE


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

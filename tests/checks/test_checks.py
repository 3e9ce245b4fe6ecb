"""Every check names what does not fit, says what to do about it, and is quiet about what does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from remade import FORMS
from remade import remade as remade_with
from scipy import special, stats

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.checks import (
    CHECKS,
    VERDICTS,
    Check,
    Verdict,
    checked,
    checks_of,
    passed,
    refuse_if_unidentified,
    run_checks,
    worst,
)
from bayesdensity.checks.extrapolation import check_extrapolation
from bayesdensity.checks.prior_sensitivity import check_identification, check_priors, log_priors
from bayesdensity.checks.protocol import judged, over_draws, thinned
from bayesdensity.checks.reference_fit import check_reference
from bayesdensity.checks.residuals import (
    check_benchmarks,
    check_frontier,
    check_harnesses,
    depends,
    normal,
    spread,
)
from bayesdensity.checks.sampler import check_convergence
from bayesdensity.checks.score_prediction import check_scores, copies, loo_pit
from bayesdensity.data.join import with_scores
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.study.spec import load_study

SAMPLE = ("chain", "draw")

# What many tests say together


def test_the_worst_verdict_counts() -> None:
    assert VERDICTS == ("PASS", "REVIEW", "FAIL")
    assert worst([]) == "PASS"
    assert worst(["PASS", "REVIEW", "PASS"]) == "REVIEW"
    assert worst(["REVIEW", "FAIL", "PASS"]) == "FAIL"


@pytest.mark.parametrize(
    ("p", "others", "verdict"),
    [
        (0.011, 0, "PASS"),
        (0.009, 0, "REVIEW"),
        (0.0034, 2, "PASS"),
        (0.0033, 2, "REVIEW"),
        (1.1e-6, 0, "REVIEW"),
        (0.9e-6, 0, "FAIL"),
        (0.3e-6, 3, "REVIEW"),
        (0.3e-6, 2, "FAIL"),
    ],
)
def test_a_doubt_is_judged_by_its_p_value_times_the_number_of_tests(p: float, others: int, verdict: Verdict) -> None:
    tests = {"tails: odd": p} | {f"other {k}": 0.5 for k in range(others)}
    found = judged("shape", tests, {"tails": "Look.", "other": "Wait."}, "all is fine.")
    assert (found.name, found.verdict) == ("shape", verdict)
    assert found.figures["tails: odd"] == pytest.approx(p * (1 + others))
    assert all(found.figures[f"other {k}"] <= 1 for k in range(others))
    if verdict == "PASS":
        assert (found.sentence, found.remedy) == ("all is fine.", "")
    else:
        assert found.sentence.startswith("tails: odd (p ") and "other" not in found.sentence
        assert found.remedy == "Look."


@pytest.mark.parametrize(("p", "said"), [(0.0042, "p 0.004"), (4e-4, "p below 0.001"), (4e-9, "p below 1e-6")])
def test_a_p_value_is_said_as_precisely_as_it_matters(p: float, said: str) -> None:
    assert judged("shape", {"odd": p}, {}, "fine.").sentence == f"odd ({said})."


def test_doubts_are_told_from_the_gravest_on_and_at_most_four_of_them() -> None:
    tests = {f"kind {name}": p for name, p in zip("abcdef", (1e-4, 1e-5, 1e-3, 1e-6, 2e-4, 3e-4), strict=True)}
    remedies = {"kind a": "Do this.", "kind": "Do that.", "other": "Never.", "d": "Nor this."}
    found = judged("shape", tests, remedies, "fine.")
    named = [part.split(" (")[0] for part in found.sentence.split("; ")]
    assert named == ["kind d", "kind b", "kind a", "kind e", "and 2 more."]
    # Each remedy once, whatever the number of doubts that ask for it.
    assert found.remedy == "Do that. Do this."
    assert judged("shape", dict(list(tests.items())[:4]), remedies, "fine.").sentence.count("more") == 0


def p_values(dependence: float, two_sided: bool, rng: np.random.Generator, n: int = 20_000, draws: int = 100) -> Any:
    """p-values of a true null at posterior draws, (draw, repetition), with a Gaussian copula."""
    shared = np.sqrt(dependence) * rng.standard_normal(n)
    z = shared + np.sqrt(1 - dependence) * rng.standard_normal((draws, n))
    return 2 * special.ndtr(-np.abs(z)) if two_sided else special.ndtr(z)


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("dependence", [0.0, 0.3, 0.5, 0.7, 0.95, 1.0])
def test_p_values_of_draws_combine_to_one_that_is_seldom_small(dependence: float, two_sided: bool) -> None:
    """Exactly as seldom as it says where draws are alike or independent, and half as often again in between."""
    combined = over_draws(p_values(dependence, two_sided, np.random.default_rng(8)))
    assert combined.shape == (20_000,)
    assert 0.008 < (combined < 0.01).mean() < 0.0165
    if dependence in (0.0, 1.0):
        assert stats.kstest(combined, "uniform").pvalue > 0.01
        assert (combined < 0.01).mean() < 0.012


def test_equal_p_values_of_all_draws_combine_to_the_same() -> None:
    for p in (1e-12, 0.003, 0.4, 0.99):
        assert float(over_draws(np.full(50, p))) == pytest.approx(p, rel=1e-6)


def test_a_strong_signal_in_some_of_the_draws_is_found() -> None:
    p = p_values(0.5, True, np.random.default_rng(9), n=2000)
    p[:10] = 1e-8
    assert (over_draws(p) < 1e-5).all()
    assert (over_draws(p[10:]) < 1e-5).mean() < 0.001


def test_impossible_and_certain_p_values_still_combine() -> None:
    assert 0 <= float(over_draws(np.array([0.0, 1.0, 0.5]))) < 1e-6
    assert 0.5 < float(over_draws(np.array([1.0, 1.0, 0.5]))) <= 1


@pytest.mark.parametrize(("chains", "n"), [(4, 500), (3, 500), (4, 160), (2, 333), (1, 90)])
def test_draws_are_spaced_evenly_over_all_chains(world_fit: Fit, chains: int, n: int) -> None:
    some = replace(world_fit, posterior=world_fit.posterior.isel(chain=slice(chains), draw=slice(n)))
    place = np.arange(chains * n).reshape(chains, n)
    at = thinned(replace(some, posterior=some.posterior.assign(place=(SAMPLE, place))))
    got = at["place"].reshape(chains, -1)
    assert (got[:, 0] == place[:, 0]).all() and len(np.unique(np.diff(got))) == 1
    assert (got[:, -1] + got[0, 1] > place[:, -1]).all()
    np.testing.assert_array_equal(at["rate"], some.posterior["rate"].to_numpy().ravel()[at["place"]])
    assert min(100, chains * n) <= got.size <= 200
    # Whatever their number, residuals are those of the very draws whose scales standardise them.
    assert np.isfinite(list(check_frontier(some).figures.values())).all()


# The tests that residuals are put to


def residuals(rng: np.random.Generator, n: int = 30, draws: int = 20, pinned: float = 0.6) -> np.ndarray:
    """Standard normal effects at posterior draws, which the data pin in part; shape (draw, effect)."""
    return np.asarray(np.sqrt(pinned) * rng.normal(size=n) + np.sqrt(1 - pinned) * rng.normal(size=(draws, n)))


X = np.linspace(-2, 2, 30)
PLAIN = np.stack([np.ones_like(X), X])
LATE = X > 0.5
TESTS: dict[str, Callable[[np.ndarray], float]] = {
    "normal": normal,
    "spread": lambda z: spread(z, LATE),
    "depends": lambda z: depends(z, X**2, PLAIN),
}


@pytest.mark.parametrize("name", TESTS)
def test_a_test_of_what_is_true_doubts_as_often_as_it_says(name: str) -> None:
    rng, n = np.random.default_rng(10), 1000
    # At one draw the p-value is exact (or that of two tests on one sample, corrected for being two).
    one = np.array([TESTS[name](residuals(rng, draws=1)) for _ in range(n)])
    assert 0.03 < (one < 0.05).mean() < 0.07
    if name != "normal":
        assert stats.kstest(one, "uniform").pvalue > 0.01
    many = np.array([TESTS[name](residuals(rng)) for _ in range(n // 4)])
    assert (many < 0.05).mean() < 0.085 and (many < 0.01).mean() < 0.03


def test_an_outlier_and_another_shape_are_not_normal() -> None:
    z = residuals(np.random.default_rng(11))
    assert normal(z) > 0.05
    off = z.copy()
    off[:, 3] = 6.0
    assert normal(off) < 1e-5
    assert normal(np.where(np.arange(30) % 2, 1.0, -1.0) + 0.2 * z) < 1e-3  # two lumps, and nothing far out
    skewed = special.ndtr(z)
    assert normal(-np.log(skewed) - 1) < 0.01


def test_an_outlier_is_found_among_few_and_judged_by_their_number() -> None:
    """The largest of many is larger: 3.5 is odd among ten and not among a thousand."""
    rng = np.random.default_rng(12)
    few, many = (stats.norm.ppf((np.arange(n) + 0.5) / n)[None] for n in (10, 1000))
    few[0, -1], many[0, -1] = 3.6, 3.6
    assert normal(few[:, rng.permutation(10)]) < 0.01 < 0.3 < normal(many)


def test_wider_scatter_of_a_group_is_found_on_either_side() -> None:
    z = residuals(np.random.default_rng(13))
    assert spread(z, LATE) > 0.05
    for group in (LATE, ~LATE):
        assert spread(np.where(group, 4 * z, z), LATE) < 1e-5
    assert spread(3 * z, LATE) == pytest.approx(spread(z, LATE))


def test_dependence_is_found_beyond_what_is_given() -> None:
    z = residuals(np.random.default_rng(14))
    assert depends(z, X**2, PLAIN) > 0.01
    assert depends(z + 1.5 * X**2, X**2, PLAIN) < 1e-6
    assert depends(z - 1.5 * X**2, X**2, PLAIN) < 1e-6
    assert depends(z + 5 - 7 * X, X**2, PLAIN) == pytest.approx(depends(z, X**2, PLAIN))
    assert depends(z, 3 * X**2 - X + 8, PLAIN) == pytest.approx(depends(z, X**2, PLAIN))
    assert depends(z + 4 * LATE, LATE, PLAIN) < 1e-6 < depends(z - 4 * X, LATE, PLAIN)


# Latent effects


Noise = Mapping[str, Any]
"""Standard noise by what it is of, each with the effects as its last axis."""


def noise(fit: Fit, seed: int, pinned: bool = True) -> dict[str, np.ndarray]:
    """Standard noise of every latent effect: one for all posterior draws, or fresh at each of them."""
    rng, (chains, draws) = np.random.default_rng(seed), (fit.posterior.sizes[dim] for dim in SAMPLE)

    def of(dim: str) -> tuple[int, ...]:
        n = fit.posterior.sizes[dim]
        return (n,) if pinned else (chains, draws, n)

    made = {dim: rng.normal(size=of(dim)) for dim in ("llm", "family", "cell", "harness", "reference")}
    for dim in ("llm", "family"):
        uniform = rng.uniform(size=of(dim))
        made[f"half-normal {dim}"] = special.ndtri(0.5 + uniform / 2) - np.sqrt(2 / np.pi)
        made[f"exponential {dim}"] = -np.log(uniform) - 1
    return made


def redrawn(fit: Fit, made: Noise) -> Fit:
    """The fit with latent effects made of noise and the scales of each draw, from the equations of the model."""
    data, form, at = fit.data, fit.study.frontier, dict(fit.posterior.data_vars)

    def every(name: str) -> Any:
        return at[name].to_numpy()[..., None] if name in at else 0.0

    def parts(dim: str, symmetric: str, one_sided: str, falls_short: bool, time: np.ndarray) -> Any:
        part = every(symmetric) * made[dim]
        if falls_short:
            part = part - every(one_sided) * made[f"{form.form} {dim}"]
        return np.exp(every("dispersion_growth") * time) * part

    time, family_time, family = (data[name].to_numpy() for name in ("time", "family_time", "family_index"))
    bend = 0.5 * every("curvature") * (time**2 - (time**2).mean())
    mean = every("origin") + every("rate") * time + bend
    if form.family_effects:
        scales = ("family_scale", "family_inefficiency_scale")
        effect = parts("family", *scales, form.family_one_sided, family_time)
        mean = mean + effect[..., family]
        at["family_effect"] = xr.DataArray(effect, dims=(*SAMPLE, "family"))
    own = parts("llm", "noise_scale", "inefficiency_scale", form.llm_one_sided, time)
    cell, harness = data["cell_benchmark"].to_numpy(), data["harness_benchmark"].to_numpy()
    at |= {
        "log_density_relative": xr.DataArray(mean + own, dims=(*SAMPLE, "llm")),
        "cell_departure": xr.DataArray(at["cell_scatter"].to_numpy()[..., cell] * made["cell"], dims=(*SAMPLE, "cell")),
        "harness_effect": xr.DataArray(
            at["harness_scale"].to_numpy()[..., harness] * made["harness"], dims=(*SAMPLE, "harness")
        ),
        "recipe": xr.DataArray(every("recipe_residual") * made["reference"], dims=(*SAMPLE, "reference")),
    }
    return replace(fit, posterior=xr.Dataset(at))


def planted(fit: Fit, **change: Any) -> Fit:
    """The fit with something added to effects of its posterior, by name."""
    at = fit.posterior
    return replace(fit, posterior=at.assign({name: at[name] + np.asarray(more) for name, more in change.items()}))


OF_LATENTS = (check_frontier, check_benchmarks, check_harnesses, check_reference)


@pytest.mark.parametrize("pinned", [True, False])
def test_effects_drawn_from_their_own_distributions_pass(world_fit: Fit, pinned: bool) -> None:
    verdicts = [
        check(redrawn(world_fit, noise(world_fit, seed, pinned))).verdict for seed in range(10) for check in OF_LATENTS
    ]
    # One in a hundred is expected to be doubted.
    assert verdicts.count("PASS") >= len(verdicts) - 2


OTHERS = {name: change for name, change in FORMS.items() if change}


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """The fit as one of another form of the frontier, with strong inefficiencies."""
    return remade_with(fit, change, inefficiency_scale=0.6, family_inefficiency_scale=0.5)


@pytest.mark.parametrize("name", OTHERS)
def test_effects_pass_as_draws_of_the_form_they_are_drawn_from(world_fit: Fit, name: str) -> None:
    made = remade(world_fit, FORMS[name])
    found = [check_frontier(redrawn(made, noise(made, seed))) for seed in range(8)]
    assert [one.verdict for one in found].count("PASS") >= 7
    assert ("families: their effects are not distributed as modelled" in found[0].figures) == (name != "families alike")


def test_another_form_of_the_frontier_is_named(world_fit: Fit) -> None:
    """LLMs that fall short exponentially, fitted as if none did."""
    made, quiet = noise(world_fit, 21), remade(world_fit, FORMS["symmetric"])
    made["llm"] = -2 * made["exponential llm"]
    found = check_frontier(redrawn(quiet, made))
    assert found.verdict != "PASS" and "shape: residuals of LLMs are not distributed" in found.sentence
    assert "(frontier.form)" in found.remedy


def others_pass(found: Check, *named: str) -> bool:
    """Whether all that is doubted begins with one of some names."""
    doubted = [said for said, p in found.figures.items() if p < 0.01]
    return bool(doubted) and all(said.startswith(named) for said in doubted)


def test_mixtures_of_experts_that_lie_apart_are_named(world_fit: Fit) -> None:
    own = redrawn(world_fit, noise(world_fit, 22))
    moe = np.arange(own.data.sizes["llm"]) % 3 == 0
    data = own.data.assign_coords(architecture=("llm", np.where(moe, "moe", "dense")))
    fine = check_frontier(replace(own, data=data))
    assert fine.verdict == "PASS" and "architecture: moe LLMs have other residuals" in fine.figures
    found = check_frontier(planted(replace(own, data=data), log_density_relative=-1.0 * moe))
    assert found.verdict == "FAIL" and "architecture: moe LLMs have other residuals" in found.sentence
    assert "size of a mixture of experts" in found.remedy
    few = data.assign_coords(architecture=("llm", np.where(np.cumsum(moe) * moe > 6, "moe", "dense")))
    assert not any("architecture" in said for said in check_frontier(replace(own, data=few)).figures)


def test_residuals_that_go_with_size_are_named(world_fit: Fit) -> None:
    own = redrawn(world_fit, noise(world_fit, 23))
    assert check_frontier(own).verdict == "PASS"
    found = check_frontier(planted(own, log_density_relative=0.3 * own.data["log_size"]))
    assert found.verdict != "PASS" and found.sentence.startswith("size: larger LLMs have other residuals")
    assert "llms.size" in found.remedy


def test_residuals_that_bend_with_time_are_named(world_fit: Fit) -> None:
    own, time = redrawn(world_fit, noise(world_fit, 24)), world_fit.data["time"].to_numpy()
    assert check_frontier(own).verdict == "PASS"
    found = check_frontier(planted(own, log_density_relative=0.6 * (time**3 - 1.5 * time)))
    assert found.verdict != "PASS" and found.sentence.startswith("trend: residuals bend with time")
    assert "frontier.trend" in found.remedy
    # What the trend can follow is not its fault.
    straight = check_frontier(planted(own, log_density_relative=0.2 * time**2))
    assert straight.figures["trend: residuals bend with time more than the trend can"] > 0.01


@pytest.mark.parametrize("wider", [True, False])
def test_scatter_that_changes_with_time_is_named(world_fit: Fit, wider: bool) -> None:
    time, made = world_fit.data["time"].to_numpy(), noise(world_fit, 25)
    assert check_frontier(redrawn(world_fit, made)).verdict == "PASS"
    for name in ("llm", "half-normal llm"):
        made[name] = made[name] * np.where((time > np.median(time)) == wider, 2.0, 0.5)
    found = check_frontier(redrawn(world_fit, made))
    assert found.verdict != "PASS" and "dispersion: residuals of later LLMs scatter differently" in found.sentence
    assert "frontier.dispersion" in found.remedy


def test_a_family_that_stands_out_is_named_and_its_llms_are_not(world_fit: Fit) -> None:
    made = noise(world_fit, 26)
    made["family"][4] = 7.0
    found = check_frontier(redrawn(world_fit, made))
    assert found.verdict == "FAIL" and found.sentence.startswith("families: their effects are not distributed")
    assert others_pass(found, "families") and "Look for families that belong together" in found.remedy


def on(fit: Fit, benchmark: str, members: bool = False) -> np.ndarray:
    """Which cells are of targets, or of members of the reference, on a benchmark."""
    here = fit.data["benchmark"].to_numpy()[fit.data["cell_benchmark"].to_numpy()] == benchmark
    return np.asarray(here & ((np.arange(len(here)) >= fit.data.attrs["n_target_cells"]) == members))


def test_an_llm_far_off_on_one_benchmark_is_named_with_it(world_fit: Fit) -> None:
    made = noise(world_fit, 27)
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"
    made["cell"][np.flatnonzero(on(world_fit, "Sums"))[5]] = -7.0
    found = check_benchmarks(redrawn(world_fit, made))
    assert found.verdict == "FAIL" and found.sentence.startswith("outliers on Sums: departures of LLMs are not normal")
    assert others_pass(found, "outliers on Sums", "drift on Sums") and "exclude them with a reason" in found.remedy


def test_scatter_that_drifts_on_one_benchmark_is_named_with_it(world_fit: Fit) -> None:
    made, time = noise(world_fit, 28), world_fit.data["time"].to_numpy()
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"
    here = np.flatnonzero(on(world_fit, "Code"))
    of = time[world_fit.data["cell_entity"].to_numpy()[here]]
    made["cell"][here] *= np.where(of > np.median(of), 1.3, 0.3)
    found = check_benchmarks(redrawn(world_fit, made))
    assert found.verdict != "PASS" and found.sentence.startswith("drift on Code: departures of later LLMs scatter")
    assert others_pass(found, "drift on Code") and "fit without it" in found.remedy


def test_benchmarks_of_few_llms_are_not_tested(world_fit: Fit) -> None:
    data, kept = world_fit.data, np.ones(world_fit.data.sizes["cell"], bool)
    for name, n in (("Sums", 7), ("Code", 15)):
        kept[np.flatnonzero(on(world_fit, name))[n:]] = False
    few = data.isel(cell=kept).assign_attrs(n_target_cells=int(kept[: data.attrs["n_target_cells"]].sum()))
    found = check_benchmarks(replace(world_fit, data=few, posterior=world_fit.posterior.isel(cell=kept))).figures
    tested = sorted(said.split(":")[0] for said in found)
    # Fifteen LLMs are enough to see an outlier, and their halves are too few to be compared.
    assert tested == ["drift on Reading", "outliers on Code", "outliers on Reading"]


def test_members_of_the_reference_are_no_outliers_among_the_targets(world_fit: Fit) -> None:
    made = noise(world_fit, 29)
    made["cell"][np.flatnonzero(on(world_fit, "Sums", members=True))] = 9.0
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"


def with_harnesses(fit: Fit, effects: Mapping[str, tuple[float, ...]]) -> Fit:
    """The fit with harnesses of these effects on the benchmarks, in their scales at each draw; nan: did not measure."""
    bench = fit.data["benchmark"].to_numpy()
    there = [(name, b, z) for name, row in effects.items() for b, z in enumerate(row) if np.isfinite(z)]
    own = np.array([b for _, b, _ in there])
    values = fit.posterior["harness_scale"].to_numpy()[..., own] * np.array([z for *_, z in there])
    labels = {"harness": [f"{name} on {bench[b]}" for name, b, _ in there]}
    data = fit.data.drop_dims("harness").assign(harness_benchmark=("harness", own)).assign_coords(labels)
    effect = xr.DataArray(values, dims=(*SAMPLE, "harness"))
    return replace(fit, data=data, posterior=fit.posterior.drop_dims("harness").assign(harness_effect=effect))


USUAL = {"a": (0.4, -0.8, 0.1), "b on top": (-0.2, 0.9, -1.0), "c": (-0.9, 0.1, 0.7), "d": (0.6, -0.1, -0.2)}
NEVER = float("nan")


def said_of(harness: str) -> str:
    return f"harness {harness} measures higher or lower than others"


def test_a_harness_far_off_is_named_and_the_others_are_not(world_fit: Fit) -> None:
    fine = check_harnesses(with_harnesses(world_fit, USUAL))
    assert fine.verdict == "PASS" and set(fine.figures) == {said_of(name) for name in USUAL}
    for sign in (1, -1):
        off = USUAL | {"d": tuple(sign * 3.5 + z for z in USUAL["d"])}
        found = check_harnesses(with_harnesses(world_fit, off))
        assert found.verdict != "PASS" and others_pass(found, said_of("d"))
        assert "scores.exclude_harnesses" in found.remedy
    once = check_harnesses(with_harnesses(world_fit, USUAL | {"d": (NEVER, NEVER, 6.0)}))
    assert others_pass(once, said_of("d"))


def test_what_all_harnesses_of_a_benchmark_share_sets_none_apart(world_fit: Fit) -> None:
    off = USUAL | {"d": tuple(1.5 + z for z in USUAL["d"])}
    moved = {name: (z[0] + 9, z[1] - 9, z[2]) for name, z in off.items()}
    one, other = (check_harnesses(with_harnesses(world_fit, effects)).figures for effects in (off, moved))
    assert one == pytest.approx(other)
    assert 0.01 < min(one.values()) < 1


def test_a_harness_that_is_alone_on_a_benchmark_is_compared_with_none(world_fit: Fit) -> None:
    alone = {"a": (0.3, NEVER, NEVER), "b": (-0.4, NEVER, NEVER), "c": (NEVER, 9.0, NEVER), "d": (0.2, NEVER, -9.0)}
    found = check_harnesses(with_harnesses(world_fit, alone))
    assert found.verdict == "PASS" and set(found.figures) == {said_of("a"), said_of("b"), said_of("d")}


# Scores


def own_scores(fit: Fit) -> np.ndarray:
    """Indices of the scores of targets."""
    return np.flatnonzero(fit.data["score_cell"].to_numpy() < fit.data.attrs["n_target_cells"])


def without_its_cell(fit: Fit, score: int) -> tuple[float, float]:
    """P(a score is lower | all scores outside its cell) and the effective number of draws it comes from.

    Every draw counts by one over the density of the cell's scores, its departure integrated out on a fine grid.
    """
    data, at = fit.data, {str(name): values.to_numpy() for name, values in fit.posterior.data_vars.items()}
    cell = int(data["score_cell"][score])
    llm, b = int(data["cell_entity"][cell]), int(data["cell_benchmark"][cell])
    size = float(data["log_size"][llm]) + at["log_density_relative"][..., llm]
    size = size + at["benchmark_slope"][..., b] * float(data["time"][llm])
    grid = np.linspace(-7, 7, 401)
    mass = stats.norm.pdf(grid) * (grid[1] - grid[0])
    x = size[..., None] + at["cell_scatter"][..., b, None] * grid
    level, slope, exponent = (at[f"link_{part}"][..., b, None] for part in ("level", "slope", "exponent"))
    before = level + slope * (1 - np.exp(-exponent * x)) / exponent
    floor, top, items = float(data["floor"][b]), at["ceiling"][..., b, None], float(data["n_items"][b])

    def distribution(i: int) -> Any:
        eta = before + at["harness_effect"][..., int(data["score_harness"][i]), None]
        expected = floor + (top - floor) / (1 + np.exp(-eta))
        inside = 0.002 + 0.996 * expected
        variance = inside * (1 - inside) * (1 / items + at["overdispersion"][..., b, None])
        return stats.norm(expected, np.sqrt(variance))

    density = np.ones_like(x)
    for i in np.flatnonzero(data["score_cell"].to_numpy() == cell):
        density = density * distribution(int(i)).pdf(float(data["score_value"][i]))
    weight = 1 / (density @ mass)
    below = distribution(score).cdf(float(data["score_value"][score])) @ mass
    return float((weight * below).sum() / weight.sum()), float(weight.sum() ** 2 / (weight**2).sum())


def test_a_score_is_predicted_from_those_outside_its_cell(world_fit: Fit) -> None:
    """By brute force from all draws, where enough of them count; the package thins them and smooths their weights."""
    pit, bench, source, first = loo_pit(world_fit)
    own, data = own_scores(world_fit), world_fit.data
    assert len(pit) == len(bench) == len(source) == len(first) == len(own)
    np.testing.assert_array_equal(bench, data["benchmark"].to_numpy()[data["score_benchmark"].to_numpy()[own]])
    labels = [f"{name} on {b}" for name, b in zip(source, bench, strict=True)]
    np.testing.assert_array_equal(labels, data["harness"].to_numpy()[data["score_harness"].to_numpy()[own]])
    assert first.sum() == data.attrs["n_target_cells"] == len(set(data["score_cell"].to_numpy()[own][first]))
    # The very draws that the package takes, and all of them.
    for step, every, atol, mean in ((5, 3, 0.03, 0.004), (1, 16, 0.08, 0.02)):
        some = replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, step)))
        wanted, effective = np.array([without_its_cell(some, int(i)) for i in own[::every]]).T
        enough = effective > 0.15 * some.posterior["rate"].size
        assert enough.mean() > 0.6
        np.testing.assert_allclose(pit[::every][enough], wanted[enough], atol=atol)
        assert np.abs(pit[::every] - wanted)[enough].mean() < mean


def test_a_score_that_is_changed_is_predicted_as_before_by_the_others(world_fit: Fit) -> None:
    """What a cell scored does not tell of itself, but for how far the posterior is corrected."""
    own = own_scores(world_fit)
    cell = world_fit.data["score_cell"].to_numpy()[own]
    k = int(np.flatnonzero(np.bincount(cell)[cell] == 1)[20])
    values = world_fit.data["score_value"].to_numpy().copy()
    values[own[k]] += 0.06
    moved = replace(world_fit, data=with_scores(world_fit.data, values))
    before, after = loo_pit(world_fit)[0], loo_pit(moved)[0]
    assert after[k] > before[k] + 0.05
    assert after[k] == pytest.approx(without_its_cell(moved, int(own[k]))[0], abs=0.06)
    np.testing.assert_array_equal(np.delete(after, k), np.delete(before, k))


def test_scores_of_the_small_world_lie_where_they_are_predicted(world_fit: Fit) -> None:
    found = check_scores(world_fit)
    assert found.verdict == "PASS" and found.sentence.startswith("147 scores lie where")
    for group in ("on Reading", "on Sums", "on Code", "by harness-a", "by harness-b"):
        assert f"scores {group} lie higher or lower than predicted" in found.figures
        assert f"scores {group} scatter more or less than predicted" in found.figures


def test_a_benchmark_whose_scores_are_shifted_for_half_of_the_llms_is_named(world_fit: Fit) -> None:
    data, own = world_fit.data, own_scores(world_fit)
    value, cell = data["score_value"].to_numpy().copy(), data["score_cell"].to_numpy()
    here = own[on(world_fit, "Sums")[cell[own]] & (data["cell_entity"].to_numpy()[cell[own]] % 2 == 0)]
    value[here] = np.clip(value[here] + 0.25, 0.01, 0.94)
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    assert found.verdict != "PASS" and "scores on Sums" in found.sentence
    assert others_pass(found, "scores on Sums", "scores by harness-")
    assert "fit without the benchmark or harness" in found.remedy


def test_a_harness_whose_scores_are_shifted_is_named(world_fit: Fit) -> None:
    data, own = world_fit.data, own_scores(world_fit)
    value, harness = data["score_value"].to_numpy().copy(), data["harness"].to_numpy()[data["score_harness"].to_numpy()]
    here = own[np.char.startswith(harness[own].astype(str), "harness-b")]
    value[here] = np.clip(value[here] - 0.15, 0.01, 0.94)
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    assert found.verdict != "PASS" and "scores by harness-b lie higher or lower" in found.sentence


def test_groups_of_few_scores_are_not_tested(world_fit: Fit) -> None:
    few = np.arange(world_fit.data.sizes["llm"]) < 19
    found = check_scores(replace(world_fit, data=with_scores(world_fit.data, keep_llms=few)))
    assert not any(said.startswith("scores on") for said in found.figures)
    assert any(said.startswith("scores by harness-a") for said in found.figures)


def of_scores(rows: list[tuple[int, float, bool]], n_target_cells: int) -> Fit:
    """A fit that knows nothing but scores: their cells, values, and whether they are kept."""
    cell, value, keep = zip(*rows, strict=True)
    data = xr.Dataset(
        {
            "score_cell": ("score", list(cell)),
            "score_value": ("score", list(value)),
            "score_keep": ("score", list(keep)),
        },
        attrs={"n_target_cells": n_target_cells},
    )
    return Fit(xr.Dataset(), xr.Dataset(), data, load_study("densing-law"), {})


def test_equal_scores_of_a_cell_are_counted_as_copies() -> None:
    rows = [(0, 0.512, True), (0, 0.7, True), (0, 0.512, True)]  # one repeats another, in whatever order
    rows += [(1, 0.3, True), (1, 0.30004, True)]  # equal as published
    rows += [(2, 0.2, True), (2, 0.2001, True)]  # a tenth of a per mille apart
    rows += [(3, 0.4, True), (3, 0.4, True), (3, 0.4, True)]
    rows += [(4, 0.4, True)]  # alone in its cell, however common its value
    rows += [(5, 0.6, False), (5, 0.6, False)]  # left out
    rows += [(6, 0.5, True), (6, 0.5, True)]  # of the reference
    assert copies(of_scores(rows, 6))[:2] == (2 + 1 + 1 + 2, 1 + 1 + 0 + 2)
    assert copies(of_scores(rows[-3:], 6))[:2] == (0, 0)


def test_harnesses_that_repeat_others_are_named(world_fit: Fit) -> None:
    data, own = world_fit.data, own_scores(world_fit)
    value, cell = data["score_value"].to_numpy().copy(), data["score_cell"].to_numpy()
    second = own[1:][np.diff(cell[own]) == 0]
    assert copies(world_fit)[:2] == (len(second), 0)
    value[second[::2]] = value[second[::2] - 1]
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    said = f"copies: {len(second[::2])} of {len(second)} scores repeat another of their LLM"
    assert found.verdict == "FAIL" and found.sentence.startswith(said)
    assert "scores.collapse_equal" in found.remedy
    value = data["score_value"].to_numpy().copy()
    value[second[:2]] = value[second[:2] - 1]  # so few may be chance
    assert check_scores(replace(world_fit, data=with_scores(data, value))).verdict == "PASS"


# The reference


def test_members_of_the_small_world_follow_their_link(world_fit: Fit) -> None:
    found = check_reference(world_fit)
    assert (found.verdict, found.sentence) == ("PASS", "its members follow one link.")
    on_each = {f"link: members bend away from it on {name}" for name in ("Reading", "Sums", "Code")}
    assert set(found.figures) == on_each | {"members: one departs from the others"}


@pytest.mark.parametrize("sign", [1, -1])
def test_members_that_bend_away_from_the_link_are_named_with_the_benchmark(world_fit: Fit, sign: int) -> None:
    made, here = noise(world_fit, 31), np.flatnonzero(on(world_fit, "Code", members=True))
    assert check_reference(redrawn(world_fit, made)).verdict == "PASS"
    members = world_fit.data["cell_entity"].to_numpy()[here] - world_fit.data.sizes["llm"]
    size = world_fit.data["reference_log_size"].to_numpy()[members]
    made["cell"][here] += sign * 1.5 * (size - size.mean()) ** 2
    found = check_reference(redrawn(world_fit, made))
    assert found.verdict != "PASS" and found.sentence.startswith("link: members bend away from it on Code")
    assert others_pass(found, "link: members bend away from it on Code")
    assert "Compare with another reference" in found.remedy
    # A line through the members is a matter of the link.
    straight = noise(world_fit, 31)
    straight["cell"][here] += 9 * size
    assert check_reference(redrawn(world_fit, straight)).verdict == "PASS"


def test_a_member_of_another_recipe_is_named(world_fit: Fit) -> None:
    made = noise(world_fit, 32)
    made["reference"][2] = 7.0
    found = check_reference(redrawn(world_fit, made))
    assert found.verdict == "FAIL" and others_pass(found, "members: one departs from the others")
    assert "reference.exclude" in found.remedy


def with_members(fit: Fit, n: int) -> Fit:
    """The fit with the first few members of its reference only."""
    kept = fit.data["cell_entity"].to_numpy() < fit.data.sizes["llm"] + n
    data, draws = (x.isel(cell=kept, reference=slice(n)) for x in (fit.data, fit.posterior))
    return replace(fit, data=data, posterior=draws)


def test_too_few_members_are_no_proof_of_one_link(world_fit: Fit) -> None:
    found = check_reference(with_members(world_fit, 4))
    assert (found.verdict, dict(found.figures)) == ("REVIEW", {})
    assert found.sentence == "4 members are too few to see whether they follow one link."
    assert found.remedy == "Compare with a reference of more sizes."
    assert check_reference(with_members(world_fit, 5)).verdict == "PASS"


LADDER = ("MMLU", "ARC-C")
Plant = Callable[[dict[str, np.ndarray], xr.Dataset], None]
"""Changes the standard noise of a ladder, by what it is of, in the places that its data give."""


def ladder(seed: int, plant: Plant | None = None) -> Fit:
    """A ladder with two anchors and the checkpoints on the way to them; every draw of its fit is the truth."""
    rng = np.random.default_rng(seed)
    rungs = [(n, n * ratio) for n in (1.9e8, 3.7e8, 7.6e8, 1.3e9) for ratio in (20, 50, 100, 200)]
    runs = [*rungs, (7e9, 4e12), (13e9, 5e12)] * len(LADDER)
    log_n, log_d = np.log(np.array(runs)).T
    bench = np.repeat(np.arange(len(LADDER)), len(runs) // len(LADDER))
    true: dict[str, Any] = {
        "law_log_loss_centre": [0.0, -0.2],
        "law_share_irreducible": [0.3, 0.4],
        "law_share_size": [0.35, 0.3],
        "law_size_exponent": [0.25, 0.3],
        "law_data_exponent": [0.3, 0.25],
        "loss_noise": [0.004, 0.008],
        "map_logit": [-0.5, 0.2],
        "map_slope": [9.0, 5.0],
        "map_scatter": [0.05, 0.1],
        "map_overdispersion": [0.001, 0.0005],
        "ceiling": [0.96, 0.95],
    }
    true = {name: np.array(values) for name, values in true.items()} | {"law_misfit": np.array(0.02)}
    # Along the trajectories of the two anchors losses fall; each is one training, as is each rung.
    long = [(b, k, step) for b in range(len(LADDER)) for k in range(2) for step in np.linspace(0.05, 1, 15)]
    rung = [(b, 2 + k, 0.0) for b in range(len(LADDER)) for k in range(len(rungs))]
    map_bench, map_run, step = np.array(long + rung).T
    map_bench = map_bench.astype(int)
    _, training = np.unique(100 * map_bench + map_run, return_inverse=True)
    training_bench = np.bincount(training, map_bench) / np.bincount(training)
    loss = np.where(map_run < 2, 0.9 - 0.3 * step - 0.02 * map_run, rng.uniform(0.75, 1.1, len(step)))
    data = xr.Dataset(
        {
            "run_log_n": ("run", log_n - log_n.mean()),
            "run_log_d": ("run", log_d - log_d.mean()),
            "run_benchmark": ("run", bench),
            "run_beyond": ("run", (log_n > np.log(5e9)).astype(float)),
            "map_loss": ("map", loss),
            "map_benchmark": ("map", map_bench),
            "map_training": ("map", training),
            "training_benchmark": ("training", training_bench.astype(int)),
            "map_centre": ("benchmark", [0.8, 0.85]),
            "floor": ("benchmark", [0.25, 0.2]),
            "n_items": ("benchmark", [14000.0, 1172.0]),
        },
        coords={"benchmark": list(LADDER)},
    )
    made = {
        "loss": rng.standard_t(4, len(runs)),
        "miss": rng.normal(size=len(LADDER)),
        "departure": rng.normal(size=data.sizes["training"]),
        "score": rng.normal(size=data.sizes["map"]),
    }
    if plant:
        plant(made, data)
    true["law_miss"] = true["law_misfit"] * made["miss"]
    true["map_departure"] = true["map_scatter"][data["training_benchmark"]] * made["departure"]
    of = {name: values[bench] for name, values in true.items() if name.startswith("law_") and values.ndim}
    by_size = of["law_share_size"] * np.exp(-of["law_size_exponent"] * data["run_log_n"].to_numpy())
    rest = 1 - of["law_share_irreducible"] - of["law_share_size"]
    by_data = rest * np.exp(-of["law_data_exponent"] * data["run_log_d"].to_numpy())
    log_loss = of["law_log_loss_centre"] + np.log(of["law_share_irreducible"] + by_size + by_data)
    log_loss = log_loss + of["law_miss"] * data["run_beyond"].to_numpy() + true["loss_noise"][bench] * made["loss"]
    eta = (true["map_logit"] - true["map_slope"] * (loss[:, None] - data["map_centre"].to_numpy()))[
        np.arange(len(loss)), map_bench
    ]
    eta = eta + true["map_departure"][training]
    floor, items = data["floor"].to_numpy()[map_bench], data["n_items"].to_numpy()[map_bench]
    expected = floor + (true["ceiling"][map_bench] - floor) / (1 + np.exp(-eta))
    inside = 0.002 + 0.996 * expected
    sd = np.sqrt(inside * (1 - inside) * (1 / items + true["map_overdispersion"][map_bench]))
    data = data.assign(run_loss=("run", np.exp(log_loss)), map_value=("map", expected + sd * made["score"]))
    dims = {"map_departure": ["training"], "law_misfit": []}
    posterior = xr.Dataset(
        {
            name: ((*SAMPLE, *dims.get(name, ["benchmark"])), np.broadcast_to(values, (2, 30, *values.shape)))
            for name, values in true.items()
        }
    )
    return Fit(posterior, xr.Dataset(), data, load_study("olmo-ladder"), {"part": "reference"})


def test_a_ladder_that_follows_its_law_and_map_passes() -> None:
    found = [check_reference(ladder(seed)) for seed in range(20)]
    assert [one.verdict for one in found].count("PASS") >= 18
    assert {one.sentence for one in found if one.verdict == "PASS"} == {
        "the ladder follows its law, and its scores the map."
    }
    assert len(found[0].figures) == 7 * len(LADDER)


def of_arc(data: xr.Dataset, dim: str) -> np.ndarray:
    return np.asarray(data[f"{dim}_benchmark"].to_numpy() == 1)


def an_odd_loss(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["loss"][np.flatnonzero(of_arc(data, "run"))[3]] = 300.0


def losses_that_bend(what: str) -> Plant:
    def plant(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
        x, here = data[f"run_log_{what}"].to_numpy(), of_arc(data, "run")
        made["loss"][here] += 4 * (x**2)[here]

    return plant


def anchors_that_miss(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["miss"][1] = -6.0


def trainings_that_bend(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    of = data["map_training"].to_numpy()
    mean, here = np.bincount(of, data["map_loss"]) / np.bincount(of), of_arc(data, "training")
    made["departure"][here] += 150 * (mean[here] - mean[here].mean()) ** 2


def scores_that_bend(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    loss, here = data["map_loss"].to_numpy(), of_arc(data, "map")
    made["score"][here] += 40 * (loss[here] - loss[here].mean()) ** 2


def an_odd_score(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["score"][np.flatnonzero(of_arc(data, "map"))[7]] = 7.0


LADDER_FAULTS: dict[str, tuple[Plant, str]] = {
    "law: losses on ARC-C scatter otherwise than modelled": (an_odd_loss, "Leave out undertrained runs"),
    "law: losses on ARC-C bend away from it with size": (losses_that_bend("n"), "law.irreducible"),
    "law: losses on ARC-C bend away from it with tokens": (losses_that_bend("d"), "law.irreducible"),
    "beyond the ladder the law misses on ARC-C": (anchors_that_miss, "Do not rely on sizes far beyond the ladder"),
    "map: trainings bend away from it on ARC-C": (trainings_that_bend, "map_from"),
    "map: scores bend away from it on ARC-C": (scores_that_bend, "map_from"),
    "map: scores on ARC-C scatter otherwise than modelled": (an_odd_score, "map_from"),
}


@pytest.mark.parametrize("said", LADDER_FAULTS)
def test_a_fault_of_the_ladder_is_named_with_its_benchmark(said: str) -> None:
    plant, remedy = LADDER_FAULTS[said]
    assert check_reference(ladder(1)).figures[said] > 0.01
    found = check_reference(ladder(1, plant))
    assert found.verdict != "PASS" and said in found.sentence and "MMLU" not in found.sentence
    assert remedy in found.remedy


def test_law_and_map_of_too_few_runs_are_not_tested() -> None:
    fit = ladder(1)
    keep = {dim: (fit.data[f"{dim}_benchmark"] == 0).to_numpy() for dim in ("run", "map", "training")}
    for dim, here in keep.items():
        here[np.flatnonzero(~here)[:4]] = True
        if dim == "map":
            here[:] = keep["training"][fit.data["map_training"].to_numpy()] | here
    # Four runs and as many trainings of the second benchmark are left.
    keep["training"] = np.isin(np.arange(fit.data.sizes["training"]), fit.data["map_training"].to_numpy()[keep["map"]])
    data = fit.data.isel(keep)
    _, again = np.unique(data["map_training"], return_inverse=True)
    few = replace(
        fit,
        data=data.assign(map_training=("map", again)),
        posterior=fit.posterior.isel(training=keep["training"]),
    )
    assert not any(said.startswith("law") and "ARC-C" in said for said in check_reference(few).figures)
    assert any(said.startswith("law") and "MMLU" in said for said in check_reference(few).figures)


# Beyond the reference


def sizes(fit: Fit) -> np.ndarray:
    """Log effective size of every target on every benchmark, from the average target, at every draw."""
    at, data = fit.posterior, fit.data
    columns = []
    for k in range(data.attrs["n_target_cells"]):
        m, b = int(data["cell_entity"][k]), int(data["cell_benchmark"][k])
        own = at["log_density_relative"][..., m] + at["level"][..., b] + at["cell_departure"][..., k]
        own = own + at["benchmark_slope"][..., b] * float(data["time"][m]) + float(data["log_size"][m])
        columns.append(own.to_numpy())
    return np.stack(columns, axis=-1)


def with_reference(fit: Fit, *log_sizes: float) -> Fit:
    """The fit with members of other sizes."""
    half = np.linspace(*log_sizes, fit.data.sizes["reference"])
    return replace(fit, data=fit.data.assign(reference_log_size=("reference", half)))


def test_sizes_beyond_the_reference_and_scores_at_the_edges_are_counted(world_fit: Fit) -> None:
    found, data, size = check_extrapolation(world_fit), world_fit.data, sizes(world_fit)
    members = data["reference_log_size"].to_numpy()
    assert found.figures["below"] == pytest.approx((size < members.min()).mean(), abs=1e-12)
    assert found.figures["above"] == pytest.approx((size > members.max()).mean(), abs=1e-12)
    low = high = 0
    own, ceiling = own_scores(world_fit), world_fit.posterior["ceiling"].mean(SAMPLE)
    for i in own:
        b = int(data["score_benchmark"][i])
        span, floor = float(ceiling[b] - data["floor"][b]), float(data["floor"][b])
        low += float(data["score_value"][i]) < floor + 0.03 * span
        high += float(data["score_value"][i]) > floor + 0.97 * span
    assert found.figures["at_floor"] == pytest.approx(low / len(own)) and low > 0
    assert found.figures["at_ceiling"] == pytest.approx(high / len(own))
    above = f"{found.figures['above']:.0%} above the reference (5e+08 to 7.2e+10 parameters)"
    assert above in found.sentence
    assert found.figures["above"] > 0.2


@pytest.mark.parametrize(("share", "verdict"), [(0.24, "PASS"), (0.26, "REVIEW")])
@pytest.mark.parametrize("side", ["below", "above", "both"])
def test_too_many_sizes_beyond_the_reference_ask_for_a_review(
    world_fit: Fit, side: str, share: float, verdict: Verdict
) -> None:
    cut = {"below": (share, 1.0), "above": (0.0, 1 - share), "both": (share / 2, 1 - share / 2)}[side]
    found = check_extrapolation(with_reference(world_fit, *np.quantile(sizes(world_fit), cut)))
    assert found.figures["below"] + found.figures["above"] == pytest.approx(share, abs=0.001)
    assert found.verdict == verdict
    assert found.remedy.startswith("Compare with a reference of other sizes") == (verdict == "REVIEW")
    assert bool(found.remedy) == (verdict == "REVIEW")
    assert f"{cut[0]:.0%} below" in found.sentence


@pytest.mark.parametrize(("share", "verdict"), [(0.09, "PASS"), (0.115, "REVIEW")])
@pytest.mark.parametrize("edge", ["at_floor", "at_ceiling"])
def test_too_many_scores_at_the_edges_ask_for_a_review(
    world_fit: Fit, edge: str, share: float, verdict: Verdict
) -> None:
    data, own = world_fit.data, own_scores(world_fit)
    bench = data["score_benchmark"].to_numpy()
    floor, top = data["floor"].to_numpy()[bench], world_fit.posterior["ceiling"].mean(SAMPLE).to_numpy()[bench]
    inside = np.linspace(0.1, 0.9, len(bench))
    some = own[: round(share * len(own))]
    inside[some] = 0.025 if edge == "at_floor" else 0.975
    values = with_scores(data, floor + (top - floor) * inside)
    found = check_extrapolation(with_reference(replace(world_fit, data=values), -20, 20))
    assert found.figures[edge] == pytest.approx(len(some) / len(own)) and found.verdict == verdict
    assert sum(found.figures.values()) == pytest.approx(found.figures[edge] + found.figures["unreachable"])


def test_scores_that_are_left_out_lie_at_no_edge(world_fit: Fit) -> None:
    data = world_fit.data
    before = check_extrapolation(world_fit).figures["at_floor"]
    low = data["score_cell"].to_numpy()[
        own_scores(world_fit)[data["score_value"].to_numpy()[own_scores(world_fit)] < 0.03]
    ]
    keep = ~np.isin(np.arange(data.sizes["llm"]), data["cell_entity"].to_numpy()[low])
    after = check_extrapolation(replace(world_fit, data=with_scores(data, keep_llms=keep))).figures["at_floor"]
    assert before > after == 0


def test_scores_that_no_size_reaches_ask_for_a_review(world_fit: Fit) -> None:
    wide = with_reference(world_fit, -20, 20)
    assert check_extrapolation(wide).verdict == "PASS"
    # With this exponent the logit ends close above the origin of the size axis.
    found = check_extrapolation(
        replace(wide, posterior=wide.posterior.assign(link_exponent=wide.posterior["link_exponent"] + 2))
    )
    assert found.figures["unreachable"] > 0.1 and found.verdict == "REVIEW"
    assert f"{found.figures['unreachable']:.0%} beyond any size" in found.sentence


def test_sizes_of_a_ladder_are_those_of_its_runs(world_fit: Fit) -> None:
    """The same sizes as runs of a ladder, which counts from a centre of its own."""
    data, centre = world_fit.data, world_fit.data.attrs["log_size_centre"]
    runs = data["reference_log_size"].to_numpy() + centre
    kept = data["cell_entity"].to_numpy() < data.sizes["llm"]
    alone = data.drop_dims("run").isel(reference=slice(0), cell=kept, score=data["score_cell"].to_numpy() < kept.sum())
    alone = alone.assign(run_log_n=("run", runs - 17.5)).assign_attrs(ladder_log_n_centre=17.5)
    of_ladder = replace(world_fit, data=alone, posterior=world_fit.posterior.isel(cell=kept))
    one, other = check_extrapolation(of_ladder), check_extrapolation(world_fit)
    assert one.figures == pytest.approx(dict(other.figures)) and one.sentence == other.sentence


# Priors


def stated(fit: Fit, name: str) -> Any:
    """The normal of a prior, on the scale on which its 90 % interval is symmetric."""
    prior = fit.study.priors[name]
    scale: Any = {"normal": lambda x: x, "lognormal": np.log, "logit-normal": special.logit}[prior.shape]
    lower, upper = (float(scale(end)) for end in prior.interval)
    return stats.norm((lower + upper) / 2, (upper - lower) / 2 / stats.norm.ppf(0.95))


def test_the_density_of_every_prior_is_the_one_that_is_stated(world_fit: Fit) -> None:
    """Differences between draws: constants do not matter to scaling a prior by a power."""
    at = {str(name): values.to_numpy() for name, values in world_fit.posterior.data_vars.items()}
    # On the scale of the interval: a name in the posterior, and what makes the quantity of it.
    on_scale = {
        **{name: at[name] for name in ("rate", "curvature", "dispersion_growth", "link_contrast")},
        **{name: at[f"log_{name}"] for name in ("size_exponent", "link_slope")},
        "size_share": at["logit_size_share"],
        "level": at["origin"] + at["level"].mean(axis=-1),
        "ceiling_gap": np.log(1 - at["ceiling"]),
    }
    shaped = world_fit.study.priors
    rest = [name for name in type(shaped).model_fields if name in at and name not in on_scale]
    assert {"noise_scale", "cell_scatter", "data_elasticity", "harness_scale"} <= set(rest)
    assert all(shaped[name].shape == "lognormal" for name in rest)
    on_scale |= {name: np.log(at[name]) for name in rest}
    found = log_priors(world_fit)
    assert set(found) == set(on_scale)
    for name, value in on_scale.items():
        assert found[name].dims == SAMPLE
        wanted = stated(world_fit, name).logpdf(value).reshape(*value.shape[:2], -1).sum(axis=-1)
        got = found[name].to_numpy()
        np.testing.assert_allclose(got - got[0, 0], wanted - wanted[0, 0], atol=1e-9, err_msg=name)
        assert np.ptp(got) > 0


def drawn_anew(fit: Fit, name: str, scale: float, seed: int = 5) -> Fit:
    """The fit with other draws of one quantity: normal about its prior mean, with a share of its prior's deviation."""
    prior = stated(fit, name)
    values = np.random.default_rng(seed).normal(prior.mean(), scale * prior.std(), fit.posterior["rate"].shape)
    return replace(fit, posterior=fit.posterior.assign({name: (SAMPLE, values)}))


def test_a_prior_that_is_not_overruled_is_felt_and_named(world_fit: Fit) -> None:
    few = replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, 2)))
    felt = check_priors(drawn_anew(few, "rate", 1.0))
    assert felt.verdict == "REVIEW" and felt.sentence.startswith("the rates feel the prior of rate (0.")
    assert felt.figures["rate"] > 0.05 and "Halve and double" in felt.remedy
    assert set(felt.figures) == set(log_priors(few))
    not_felt = check_priors(drawn_anew(few, "rate", 0.1))
    assert not_felt.figures["rate"] < 0.05
    assert "prior of rate" not in not_felt.sentence


def test_a_posterior_of_much_data_feels_no_prior(world_fit: Fit) -> None:
    draws = world_fit.posterior.isel(draw=slice(None, None, 2))
    middle = draws.mean(SAMPLE)
    sure = replace(world_fit, posterior=middle + 0.1 * (draws - middle))
    found = check_priors(sure)
    assert (found.verdict, found.remedy) == ("PASS", "")
    assert found.sentence.startswith("no prior moves the rates of frontier and mean (")
    most = max(found.figures, key=lambda name: found.figures[name])
    assert f"({most} most: {found.figures[most]:.2f} of 0.05)" in found.sentence


def refusal(check: Check) -> UnidentifiedError:
    with pytest.raises(UnidentifiedError) as raised:
        refuse_if_unidentified([Check("scores", "PASS", ""), check])
    return raised.value


def test_a_rate_that_repeats_its_prior_is_refused(world_fit: Fit) -> None:
    found = check_identification(drawn_anew(world_fit, "rate", 1.0))
    assert found.verdict == "FAIL" and found.figures["rate"] == pytest.approx(1, abs=0.05)
    assert found.sentence.startswith("the posterior of the rate is as wide as its prior (")
    error = refusal(found)
    assert error.exit_status == 3 and str(error) == f"{found.sentence} {found.remedy}"


@pytest.mark.parametrize(("share", "verdict"), [(0.93, "FAIL"), (0.85, "REVIEW"), (0.55, "REVIEW"), (0.45, "PASS")])
def test_a_rate_is_judged_by_what_was_learned_of_it(world_fit: Fit, share: float, verdict: Verdict) -> None:
    found = check_identification(drawn_anew(world_fit, "rate", share))
    assert found.verdict == verdict and found.figures["rate"] == pytest.approx(share, abs=0.03)
    if verdict == "REVIEW":
        assert "known little better than its prior" in found.sentence and found.remedy
    if verdict != "FAIL":
        refuse_if_unidentified([found])


def test_only_an_unidentified_rate_is_refused() -> None:
    refuse_if_unidentified([])
    refuse_if_unidentified([Check("scores", "FAIL", "odd."), Check("identification", "REVIEW", "wide.")])


def test_what_only_repeats_its_prior_is_named(world_fit: Fit) -> None:
    found = check_identification(drawn_anew(world_fit, "curvature", 1.0))
    assert found.verdict == "REVIEW" and "as wide as their priors: curvature (" in found.sentence
    assert "Do not report these as findings" in found.remedy and "dispersion" not in found.sentence
    straight = replace(world_fit, posterior=world_fit.posterior.drop_vars("curvature"))
    assert "curvature" not in check_identification(straight).figures


def test_a_benchmark_whose_rate_is_drawn_from_the_others_is_named(world_fit: Fit) -> None:
    """Departures of benchmarks that are nothing but draws from their own spread, which sum to zero."""
    draws = world_fit.posterior
    spread = draws["slope_spread"].to_numpy()
    # Departures of variance 2/3, as three that sum to zero have, dealt evenly to small and large spreads: random ones
    # would be too few where the spread is large.
    dealt = np.array(list(permutations((1.0, -1.0, 0.0))))
    rank = spread.ravel().argsort().argsort().reshape(spread.shape)
    values = spread[..., None] * dealt[rank % len(dealt)]
    unknown = replace(world_fit, posterior=draws.assign(benchmark_slope=draws["benchmark_slope"].copy(data=values)))
    found = check_identification(unknown)
    for name in ("Reading", "Sums", "Code"):
        assert found.figures[f"rate on {name}"] == pytest.approx(1, abs=0.1)
        assert f"rate on {name} (" in found.sentence
    assert found.verdict == "REVIEW"


def test_the_rate_of_the_small_world_is_known(world_fit: Fit) -> None:
    found = check_identification(world_fit)
    assert found.verdict == "PASS" and found.sentence.startswith("the rate is known far better than its prior (")
    sd = float(world_fit.posterior["rate"].std())
    assert found.figures["rate"] == pytest.approx(sd / stated(world_fit, "rate").std(), rel=1e-6)


# Convergence


def sampled(fit: Fit, n: int = 1000, change: dict[str, Any] | None = None, **values: np.ndarray) -> Fit:
    """The fit with made-up draws of four chains that mix well, and with some changes of what the sampler says."""
    rng, shape = np.random.default_rng(7), (4, n)
    posterior = xr.Dataset({name: (SAMPLE, values.get(name, rng.normal(size=shape))) for name in ("rate", "origin")})
    said = {
        "logp": rng.normal(-500, 8, shape),
        "energy": rng.normal(500, 8, shape),
        "n_steps": np.full(shape, 15),
        "diverging": np.zeros(shape, bool),
    }
    stats_of = xr.Dataset({name: (SAMPLE, values) for name, values in {**said, **(change or {})}.items()})
    posterior = posterior.assign_coords(chain=range(4), draw=range(n))
    return replace(fit, posterior=posterior, sample_stats=stats_of, stored_diagnostics=None)


def bursts(n: int = 1000) -> np.ndarray:
    """Draws without a memory of their sign, but wide for a while and narrow for another: only tails move slowly."""
    rng = np.random.default_rng(8)
    wild = (np.arange(n) // 100) % 5 == 2
    return np.asarray(rng.normal(size=(4, n)) * np.where(wild, 9.0, 0.5))


def drifting(n: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(9)
    energy = rng.normal(500, 8, (4, n))
    energy[2] = 500 + rng.normal(size=n).cumsum()
    return energy


def cut(share: float, n: int = 1000) -> np.ndarray:
    steps = np.full((4, n), 15)
    steps[1, : round(4 * n * share)] = 1023
    return steps


def test_chains_that_mix_well_pass(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"n_steps": np.full((4, 1000), 1022)}))
    assert (found.verdict, found.remedy) == ("PASS", "") and found.sentence.startswith("converged: R-hat 1.00")
    figures = found.figures
    assert figures["max_rhat"] < 1.01 and min(figures["min_ess_bulk"], figures["min_ess_tail"]) > 400
    assert figures["min_bfmi"] > 0.9 and figures["divergences"] == figures["deepest_trees"] == 0


def test_tails_that_move_slowly_are_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, rate=bursts()))
    assert found.verdict == "REVIEW" and found.figures["min_ess_bulk"] > 400 > found.figures["min_ess_tail"]
    tail = f"too few effective draws in the tails: tail ESS {found.figures['min_ess_tail']:.0f} of rate is below 400."
    assert found.sentence == tail and found.remedy.startswith("Fit with more draws")


def test_energy_that_moves_slowly_is_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"energy": drifting()}))
    assert found.verdict == "REVIEW" and found.figures["min_bfmi"] < 0.3
    assert found.sentence == f"a chain moves too little in energy: E-BFMI {found.figures['min_bfmi']:.2f} is below 0.3."
    energy = drifting()
    per_chain = (np.diff(energy) ** 2).sum(axis=1) / (energy - energy.mean(axis=1, keepdims=True)).var(axis=1) / 1000
    assert found.figures["min_bfmi"] == pytest.approx(per_chain.min(), rel=0.01) and per_chain.argmin() == 2


def test_trajectories_that_were_cut_off_are_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"n_steps": cut(0.01)}))
    assert found.verdict == "REVIEW" and found.figures["deepest_trees"] == pytest.approx(0.01)
    assert found.sentence == "1.0% of the trajectories were cut off at 1023 leaps."


def test_everything_that_is_wrong_with_the_sampler_is_told_at_once(world_fit: Fit) -> None:
    rng = np.random.default_rng(3)
    change = {"energy": drifting(), "n_steps": cut(0.02), "diverging": rng.random((4, 1000)) < 0.001}
    apart = rng.normal(size=(4, 1000)) + np.arange(4)[:, None]
    found = check_convergence(sampled(world_fit, change=change, rate=apart))
    for part in ("chains disagree", "E-BFMI", "2.0% of the trajectories", "divergent transitions"):
        assert part in found.sentence
    assert found.verdict == "FAIL" and found.figures["divergences"] == change["diverging"].sum() > 0


def test_stored_diagnostics_are_those_of_the_draws_and_are_not_found_again(
    world_fit: Fit, fit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_fit(fit_file)
    deep = loaded.sample_stats.assign(n_steps=loaded.sample_stats["n_steps"] + 5000)
    changed = replace(loaded, sample_stats=deep, stored_diagnostics=None)
    assert (
        changed.diagnostics.deepest_trees == 1.0 and "100.0% of the trajectories" in check_convergence(changed).sentence
    )

    def never(*_: Any) -> Any:
        raise AssertionError("diagnosed again")

    monkeypatch.setattr("bayesdensity.inference.result.diagnose", never)
    assert loaded.diagnostics == world_fit.diagnostics
    assert check_convergence(loaded) == check_convergence(world_fit)
    with pytest.raises(AssertionError, match="diagnosed again"):
        _ = loaded.with_draws(loaded.posterior).diagnostics


# All checks of a fit


def test_every_check_of_a_fit_goes_into_its_file_and_comes_back(
    world_fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = checked(replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, 4))))
    assert "checks" not in world_fit.about and {**fit.about, "checks": None} == {**world_fit.about, "checks": None}
    found = checks_of(fit)
    assert [one.name for one in found] == list(CHECKS)
    assert all(one.sentence.endswith(".") and (one.remedy == "") == (one.verdict == "PASS") for one in found)
    loaded = load_fit(fit.save(tmp_path / "checked.nc"))

    def never(_: Fit) -> Check:
        raise AssertionError("checked again")

    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, never)
    assert checks_of(loaded) == found
    with pytest.raises(AssertionError, match="checked again"):
        checks_of(world_fit)


def test_a_fit_of_the_reference_alone_is_checked_for_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, lambda _, name=name: Check(name, "PASS", "fine."))
    of_ladder = ladder(1)
    assert [one.name for one in run_checks(of_ladder)] == ["convergence", "reference"]
    joint = replace(of_ladder, about={"part": "joint"})
    assert [one.name for one in run_checks(joint)] == list(CHECKS)


@pytest.mark.parametrize(
    ("convergence", "other", "usable"),
    [
        ("PASS", "PASS", True),
        ("PASS", "REVIEW", True),
        ("PASS", "FAIL", False),
        ("REVIEW", "PASS", False),
        ("FAIL", "PASS", False),
    ],
)
def test_a_result_may_be_used_if_it_converged_and_no_check_failed(
    convergence: Verdict, other: Verdict, usable: bool
) -> None:
    checks = [Check("convergence", convergence, "."), Check("scores", "PASS", "."), Check("frontier", other, ".")]
    assert passed(checks) is usable
    assert passed(reversed(checks)) is usable

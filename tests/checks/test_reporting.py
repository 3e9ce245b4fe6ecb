"""LLMs that lack a benchmark are named where they are weaker, and pass where chance decides who lacks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import noise, planted, redrawn

from bayesdensity.checks.reporting import REMEDY, check_reporting, departure, lacking
from bayesdensity.data.masks import with_scores
from bayesdensity.inference.result import Fit

SUMS = 1
"""Position of the benchmark that is lacked."""


def without(fit: Fit, gone: np.ndarray) -> Fit:
    """The fit where some LLMs have no score on Sums."""
    data = fit.data
    llm = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()]
    gap = gone[llm] & (data["score_benchmark"].to_numpy() == SUMS)
    return replace(fit, data=data.assign(score_keep=("score", data["score_keep"].to_numpy() & ~gap)))


def families(fit: Fit, seed: int, share: float = 0.35) -> np.ndarray:
    """LLMs of a random share of the families."""
    family = fit.data["family_index"].to_numpy()
    return np.asarray((np.random.default_rng(seed).random(family.max() + 1) < share)[family])


def moved(fit: Fit, which: np.ndarray, by: float) -> Fit:
    """The fit where whole families lie higher."""
    family = fit.data["family_index"].to_numpy()
    of_family = np.bincount(family, which) / np.bincount(family)
    return planted(fit, log_density_relative=by * which, family_effect=by * of_family)


@pytest.mark.parametrize(("by", "lie", "then"), [(-0.8, "lower", "below"), (0.8, "higher", "above")])
def test_families_that_lack_a_benchmark_and_depart_are_named(crowd: Fit, by: float, lie: str, then: str) -> None:
    found = []
    for seed in range(8):
        own, gone = redrawn(crowd, noise(crowd, 60 + seed)), families(crowd, seed)
        found.append(check_reporting(without(moved(own, gone, by), gone)))
    doubted = [one for one in found if one.verdict == "REVIEW"]
    assert len(doubted) >= 7
    for one in doubted:
        assert one.sentence.startswith(("LLMs that lack Sums lie 0.", "LLMs that lack Sums lie 1."))
        assert f"e-folds {lie} than others" in one.sentence and f"lies {then} this one" in one.sentence
        assert one.remedy == REMEDY and one.figures["Sums: p"] < 0.01
    # Some lack Sums by chance already, and are as the others.
    effects = [one.figures["Sums: e-folds"] for one in found]
    assert abs(by) > np.mean(effects) * np.sign(by) > 0.6 * abs(by)


@pytest.mark.parametrize("whole_families", [True, False])
def test_benchmarks_that_are_lacking_by_chance_pass(crowd: Fit, whole_families: bool) -> None:
    found = []
    for seed in range(40):
        chance = np.random.default_rng(seed).random(crowd.data.sizes["llm"]) < 0.3
        gone = families(crowd, seed, 0.3) if whole_families else chance
        found.append(check_reporting(without(redrawn(crowd, noise(crowd, 100 + seed)), gone)))
    # One in a hundred is expected to be doubted.
    fine = [one for one in found if one.verdict == "PASS"]
    assert len(fine) >= 38
    assert all("by no more than chance (standard errors of 0." in one.sentence for one in fine)
    assert set(found[0].figures) == {
        f"{name}: {what}" for name in lacking(crowd.data) for what in ("p", "e-folds", "standard error")
    }


def test_weak_labs_that_lack_a_benchmark_are_no_doubt_where_their_type_says_so(crowd: Fit) -> None:
    """Academic labs lie lower and mostly lack Sums; among LLMs of a type those that lack it are as the others."""
    academic = crowd.data["lab_type"].to_numpy() == "academic"
    often = np.random.default_rng(5).random(academic.size) < np.where(academic, 0.7, 0.2)
    weak = planted(redrawn(crowd, noise(crowd, 71)), log_density_relative=-0.8 * academic)
    fit = without(weak, often)
    assert check_reporting(fit).verdict == "PASS"
    untold = check_reporting(replace(fit, data=fit.data.drop_vars("lab_type")))
    assert untold.figures["Sums: p"] < check_reporting(fit).figures["Sums: p"]
    assert untold.figures["Sums: e-folds"] < -0.2


def test_who_lacks_what_is_known_from_the_scores(crowd: Fit) -> None:
    gone = families(crowd, 3)
    before, after = lacking(crowd.data), lacking(without(crowd, gone).data)
    np.testing.assert_array_equal(after["Sums"], before["Sums"] | gone)
    np.testing.assert_array_equal(after["Code"], before["Code"])


def test_llms_that_are_left_out_altogether_are_not_compared(world_fit: Fit) -> None:
    """What has no score lacks everything, and reported nothing."""
    out = np.arange(world_fit.data.sizes["llm"]) < 5
    gaps = list(lacking(with_scores(world_fit.data, keep_llms=~out)).values())
    np.testing.assert_array_equal(np.all(gaps, axis=0), out)


def test_a_benchmark_that_few_lack_is_not_judged(crowd: Fit) -> None:
    whole = replace(crowd, data=crowd.data.assign(score_keep=("score", np.ones(crowd.data.sizes["score"], dtype=bool))))
    some = {name: gap.sum() for name, gap in lacking(whole.data).items()}
    assert {key.split(":")[0] for key in check_reporting(whole).figures} == {k for k, n in some.items() if n >= 8}


def test_the_slope_is_that_of_least_squares_and_its_error_that_of_leaving_families_out() -> None:
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(30), 3)
    lacks, time = (rng.random(30) < 0.4)[family].astype(float), rng.normal(size=90)
    residual = 0.5 * lacks + 0.2 * time + rng.normal(size=30)[family] + 0.1 * rng.normal(size=90)
    design = np.stack([lacks, np.ones(90), time], axis=1)

    def slope(kept: np.ndarray) -> float:
        return float(np.linalg.lstsq(design[kept], residual[kept], rcond=None)[0][0])

    found = departure(residual[None], lacks, [np.ones(90), time], np.ones((1, 90)), family)
    left_out = np.array([slope(family != one) for one in range(30)])
    whole = slope(np.ones(90, dtype=bool))
    assert found.effect == pytest.approx(whole)
    assert found.error == pytest.approx(np.sqrt(29 / 30 * ((left_out - whole) ** 2).sum()), rel=0.05)

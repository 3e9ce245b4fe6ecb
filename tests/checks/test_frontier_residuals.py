"""Effects that are drawn as modelled pass; another form, trend, scatter or architecture is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import noise, others_pass, planted, redrawn, remade
from remade import FORMS

from bayesdensity.checks.reference_fit import check_reference
from bayesdensity.checks.residuals import check_benchmarks, check_frontier, check_harnesses
from bayesdensity.inference.result import Fit

OF_LATENTS = (check_frontier, check_benchmarks, check_harnesses, check_reference)


@pytest.mark.parametrize("pinned", [True, False])
def test_effects_drawn_from_their_own_distributions_pass(world_fit: Fit, pinned: bool) -> None:
    verdicts = [
        check(redrawn(world_fit, noise(world_fit, seed, pinned))).verdict for seed in range(10) for check in OF_LATENTS
    ]
    # One in a hundred is expected to be doubted.
    assert verdicts.count("PASS") >= len(verdicts) - 2


OTHERS = {name: change for name, change in FORMS.items() if change}


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

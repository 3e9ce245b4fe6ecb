"""LLMs of all families that are drawn as modelled pass; what families go with, together, is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crowded import FAMILIES
from planted import noise, others_pass, planted, redrawn, remade
from remade import FORMS

from bayesdensity.checks.between_families import REMEDIES, TOLD, check_families, check_sides, whitener
from bayesdensity.checks.protocol import GROSS, Check, thinned
from bayesdensity.checks.residuals import check_frontier, parts
from bayesdensity.inference.result import Fit


def test_llms_that_are_drawn_as_modelled_pass(crowd: Fit) -> None:
    worlds = [redrawn(crowd, noise(crowd, seed)) for seed in range(20)]
    found = [check_families(world) for world in worlds]
    # One in a hundred is expected to be doubted.
    assert [one.verdict for one in found].count("PASS") >= 18
    assert [check_sides(world).verdict for world in worlds].count("PASS") >= 18
    begins = {said.split(":")[0] for said in found[0].figures}
    assert begins == set(REMEDIES)


@pytest.mark.parametrize("name", FORMS)
def test_llms_pass_as_draws_of_the_form_they_are_drawn_from(crowd: Fit, name: str) -> None:
    made = remade(crowd, FORMS[name])
    found = [check_families(redrawn(made, noise(made, seed))).verdict for seed in range(8)]
    assert found.count("PASS") >= 7


def centred(x: np.ndarray, fit: Fit) -> np.ndarray:
    """What is left of a covariate when the straight line through the dates is taken off, in standard deviations."""
    plain = np.stack([np.ones(x.size), fit.data["time"].to_numpy()], axis=1)
    rest = x - plain @ np.linalg.lstsq(plain, x, rcond=None)[0]
    return np.asarray(rest / rest.std())


PLANTS: dict[str, Any] = {
    "size": lambda fit: 0.13 * fit.data["log_size"].to_numpy(),
    "tokens": lambda fit: 0.12 * np.nan_to_num(fit.data["log_train_tokens"].to_numpy() - 29),
    "architecture": lambda fit: -0.4 * (fit.data["architecture"].to_numpy() == "moe"),
    "date": lambda fit: 0.25 * centred(fit.data["time"].to_numpy() ** 3, fit),
    "lab type": lambda fit: 0.35 * (fit.data["lab_type"].to_numpy() == "academic"),
}


@pytest.mark.parametrize("name", PLANTS)
def test_what_llms_go_with_is_named(crowd: Fit, name: str) -> None:
    own = redrawn(crowd, noise(crowd, 40))
    assert check_families(own).verdict == "PASS"
    found = check_families(planted(own, log_density_relative=PLANTS[name](crowd)))
    assert found.verdict != "PASS" and f"{name}: LLMs" in found.sentence.replace("larger LLMs", "LLMs")
    # On the trend, later LLMs are those of whom sizes beyond the reference are expected.
    assert others_pass(found, name, *["beyond"] * (name == "date")) and found.remedy.startswith(REMEDIES[name])
    # Density may go with some of these, and is no less density for it.
    gross = check_families(planted(own, log_density_relative=5 * PLANTS[name](crowd)))
    assert gross.figures[next(said for said in gross.figures if said.startswith(name))] < GROSS
    beside = [p for said, p in gross.figures.items() if not said.startswith(TOLD)]
    assert gross.verdict == ("FAIL" if min(beside) < GROSS else "REVIEW")


def test_what_lies_between_families_is_seen_although_their_effects_take_it_up(crowd: Fit) -> None:
    """Families of mixtures of experts lie below the others, all of their LLMs alike."""
    experts, family = np.arange(FAMILIES) % 4 == 0, crowd.data["family_index"].to_numpy()
    kind = np.where(experts, "moe", "dense")[family]
    fit = remade(replace(crowd, data=crowd.data.assign_coords(architecture=("llm", kind))), FORMS["growing"])
    effect = -1.4 * fit.posterior["family_scale"].to_numpy()[..., None] * experts
    for seed in (41, 42, 43, 44):
        own = redrawn(fit, noise(fit, seed))
        found = planted(own, family_effect=effect, log_density_relative=effect[..., family])
        assert check_frontier(found).figures["architecture: moe LLMs have other residuals"] == 1
        assert check_families(own).verdict == "PASS"
        assert "LLMs of the kind 'moe' lie higher or lower" in check_families(found).sentence


def growing_sides(fit: Fit, seed: int, lower: float, upper: float) -> Check:
    """The check where sides of the families' spread grow by so much a year and the fit knows of no such thing."""
    made, time = noise(fit, seed), fit.data["family_time"].to_numpy()
    made["family"] = made["family"] * np.exp(np.where(made["family"] < 0, lower, upper) * time)
    return check_sides(redrawn(fit, made))


def test_sides_that_grow_apart_are_named(crowd: Fit) -> None:
    fit = remade(crowd, FORMS["growing"])
    for lower, upper, side in ((0.8, -0.4, "lower"), (-0.4, 0.8, "upper")):
        found = [growing_sides(fit, seed, lower, upper) for seed in range(50, 58)]
        doubts = [said for one in found for said, p in one.figures.items() if p < 0.01]
        assert sum(one.verdict != "PASS" for one in found) >= 6
        assert {said.split()[0].rstrip(":") for said in doubts} <= {"lower", "upper", "sides"}
        assert all("frontier.dispersion = 'two-sided'" in one.remedy for one in found if one.verdict != "PASS")
        # The side that grows outweighs the one that shrinks.
        assert any(said.startswith((side, "sides")) for said in doubts)
    quiet = [growing_sides(fit, seed, 0.0, 0.0).verdict for seed in range(50, 58)]
    assert quiet.count("PASS") >= 7


def test_single_scores_that_are_too_high_are_named(crowd: Fit) -> None:
    own = redrawn(crowd, noise(crowd, 44))
    cell = np.bincount(crowd.data["score_cell"].to_numpy()) == 1
    scatter = own.posterior["cell_scatter"].to_numpy().mean()
    assert check_families(own).verdict == "PASS"
    found = check_families(planted(own, cell_departure=0.6 * scatter * cell))
    assert found.verdict != "PASS" and found.sentence.startswith("single: cells with a single score lie higher")
    assert others_pass(found, "single") and "second measurements" in found.remedy
    llm = crowd.data["cell_entity"].to_numpy()
    share = np.bincount(llm, cell) / np.bincount(llm)
    # As far as it goes with size or date, it is these that would be named.
    about = np.stack([np.ones_like(share), crowd.data["log_size"].to_numpy(), crowd.data["time"].to_numpy()], axis=1)
    alone = share - about @ np.linalg.lstsq(about, share)[0]
    found = check_families(planted(own, log_density_relative=0.6 * alone))
    assert found.sentence.startswith("single: LLMs of which more scores") and others_pass(found, "single")


def test_a_link_that_bends_beyond_the_reference_is_named(crowd: Fit) -> None:
    """Sizes beyond count for half as much: so do the densities that follow from them."""
    own = redrawn(crowd, noise(crowd, 45))
    largest = own.posterior["link_largest"].to_numpy().mean()
    level, rate = (own.posterior[name].to_numpy().mean() for name in ("origin", "rate"))
    expected = crowd.data["log_size"].to_numpy() + level + rate * crowd.data["time"].to_numpy()
    found = check_families(planted(own, log_density_relative=-0.7 * np.maximum(expected - largest, 0)))
    assert found.verdict != "PASS" and "where sizes beyond the reference are expected of them" in found.sentence
    assert "reference.beyond = 'misfit'" in found.remedy


def test_whitened_residuals_are_independent_and_standard(crowd: Fit) -> None:
    found = parts(crowd, thinned(crowd))
    white, form = whitener(crowd, found), crowd.study.frontier
    family, time = crowd.data["family_index"].to_numpy(), crowd.data["time"].to_numpy()
    of_family = form.spread.variance(form.family_form, found.scales, crowd.data["family_time"].to_numpy())[3]
    own = form.llm_form.variance(found.scales.noise, found.scales.inefficiency)[3]
    covariance = of_family[family] * (family[:, None] == family)
    covariance = covariance + np.diag(own * form.spread.growth(found.scales, time)[3] ** 2)
    root = np.linalg.cholesky(covariance)
    whitened = np.stack([white(column)[3] for column in root.T], axis=1)
    np.testing.assert_allclose(whitened @ whitened.T, np.eye(len(time)), atol=1e-9)

"""What a fit of a simulated world does not know is noticed, and a world as modelled passes."""

from __future__ import annotations

import numpy as np

from bayesdensity.checks.between_families import check_families, check_sides
from bayesdensity.data.masks import with_scores
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import simulate_scores, world_of


def fit_of(prepared_again: Prepared, world_fit: Fit, world: str, seed: int) -> Fit:
    """A fit of a world of one draw of the small world's fit."""
    made = simulate_scores(world_fit, 1, 10 * seed, np.random.default_rng(seed), world_of(world))
    return sample(prepared_again, with_scores(world_fit.data, made.scores), chains=2, draws=150, tune=250, seed=seed)


def test_single_scores_that_are_inflated_are_noticed(world_fit: Fit, prepared_again: Prepared) -> None:
    found = check_families(fit_of(prepared_again, world_fit, "single-inflated", 1))
    assert found.verdict != "PASS" and "cells with a single score lie higher" in found.sentence
    assert "second measurements" in found.remedy


def test_a_world_as_modelled_is_not_doubted(world_fit: Fit, prepared_again: Prepared) -> None:
    fit = fit_of(prepared_again, world_fit, "as-modelled", 1)
    assert check_families(fit).verdict == "PASS" and check_sides(fit).verdict == "PASS"
    # Fifteen families do not tell their sides apart.
    assert "too few" in check_sides(fit).sentence

"""The check of covariates: it speaks where scores told nothing of an effect, or it goes with the date."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated import Truth, described
from straight import CHAINS, DRAWS, SAMPLE, straight

from bayesdensity.checks.covariates import check_covariates
from bayesdensity.checks.registry import CHECKS, applicable
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit


@pytest.fixture(scope="module")
def fit(truth: Truth, world_tables: Tables) -> Fit:
    return straight(truth, described(world_tables), more={"covariates": ["size", "tokens"]})


def told(fit: Fit, share: float) -> Fit:
    """The fit with effects whose variances are a share of those of their priors."""
    sigma = np.array([one.effect.sigma for one in fit.study.covariates.values()])
    z = np.random.default_rng(0).standard_normal((CHAINS, DRAWS, 2))
    z = (z - z.mean((0, 1))) / z.std((0, 1))
    draws = fit.posterior.assign(covariate_effect=((*SAMPLE, "covariate"), np.sqrt(share) * sigma * z))
    return replace(fit, posterior=draws.assign_coords(covariate=fit.data["covariate"].to_numpy()))


def test_effects_that_scores_told_of_pass(fit: Fit) -> None:
    found = check_covariates(told(fit, 0.1))
    assert found.verdict == "PASS" and found.figures["contraction of tokens"] == pytest.approx(0.9)


def test_effects_that_are_their_priors_are_reviewed(fit: Fit) -> None:
    found = check_covariates(told(fit, 0.95))
    assert found.verdict == "REVIEW" and "size and tokens is little but the prior's" in found.sentence


def test_what_goes_with_the_date_is_reviewed(truth: Truth, world_tables: Tables) -> None:
    tables = described(world_tables)
    days = (tables.llms["release_date"] - tables.llms["release_date"].min()).dt.days
    dated = replace(tables, llms=tables.llms.assign(train_tokens=tables.llms["params_total"] * np.exp(days / 200)))
    found = check_covariates(told(straight(truth, dated, more={"covariates": ["size", "tokens"]}), 0.1))
    assert found.verdict == "REVIEW" and "tokens goes with the date" in found.sentence


def test_only_fits_with_covariates_are_checked(fit: Fit, truth: Truth, world_tables: Tables) -> None:
    assert "covariates" in {entry.name for entry in applicable(fit, CHECKS.values())}
    plain = straight(truth, world_tables)
    assert "covariates" not in {entry.name for entry in applicable(plain, CHECKS.values())}

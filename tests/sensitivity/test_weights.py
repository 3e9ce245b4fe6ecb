"""Weights carry a fit to other priors, agree with a fit under them, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesdensity.base.importance import trustworthy
from bayesdensity.base.prior import Prior
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_data
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity.answers import answer_of, rates_of, weighted_answer
from bayesdensity.sensitivity.grid import with_prior
from bayesdensity.sensitivity.weights import differs_in_priors_only, prior_weights
from bayesdensity.study.load import load_study


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

"""Pooling finds the mean of effects whose errors go together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesdensity.quantities.pooling import MEAN_SCALE, SPREAD_SCALE, Normal, pool

PARENTS = np.array([0, 0, 0, 1, 1, 2, 3, 4])
"""Of eight children: effects share parents, and so errors."""
GROUP = np.array([0, 0, 0, 0, 1, 1, 1, 1])
ALONE = np.zeros(6, dtype=np.intp)
ERROR = 0.3


def measured(effects: np.ndarray, rng: np.random.Generator) -> Normal:
    """Children less their parents, each density measured with an error."""
    n = PARENTS.max() + 1
    contrast = np.hstack([np.eye(len(PARENTS)), -np.equal.outer(PARENTS, np.arange(n)).astype(float)])
    return Normal(effects + contrast @ rng.normal(0, ERROR, len(PARENTS) + n), ERROR**2 * contrast @ contrast.T)


def covered(draws: np.ndarray, truth: np.ndarray) -> list[bool]:
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return list((low <= truth) & (truth <= high))


def test_intervals_of_the_mean_and_of_a_new_effect_cover_the_truth() -> None:
    rng, means, news, spreads, apart = np.random.default_rng(3), list[bool](), list[bool](), list[bool](), list[bool]()
    for _ in range(400):
        mean, spread = rng.normal(0, MEAN_SCALE, 2), abs(rng.normal(0, SPREAD_SCALE))
        effects = measured(mean[GROUP] + rng.normal(0, spread, len(GROUP)), rng)
        found = pool(effects, GROUP, 1000, rng)
        means += covered(found.mean, mean)
        news += covered(found.new, mean + rng.normal(0, spread, 2))
        spreads += covered(found.spread[:, None], np.array([spread]))
        independent = Normal(effects.mean, np.diag(np.diag(effects.covariance)))
        apart += covered(pool(independent, GROUP, 1000, rng).mean, mean)
    # 800 intervals: 0.90 within three standard errors.
    assert 0.868 <= np.mean(means) <= 0.932 and 0.868 <= np.mean(news) <= 0.932
    assert 0.855 <= np.mean(spreads) <= 0.945
    assert np.mean(apart) < np.mean(means) - 0.01, "errors taken for independent make intervals too narrow"


def test_pooling_is_the_posterior_by_brute_force() -> None:
    y, covariance = np.array([0.5, 0.1, -0.3]), np.array([[0.2, 0.1, 0], [0.1, 0.2, 0], [0, 0, 0.1]])
    found = pool(Normal(y, covariance), ALONE[:3], 40_000, np.random.default_rng(2))
    means, spreads = np.linspace(-3, 3, 121), np.linspace(0.005, 2.5, 100)
    weight = np.array(
        [
            stats.multivariate_normal.pdf(y - means[:, None], np.zeros(3), covariance + s**2 * np.eye(3))
            * stats.norm.pdf(means, 0, MEAN_SCALE)
            * stats.halfnorm.pdf(s, 0, SPREAD_SCALE)
            for s in spreads
        ]
    )
    weight /= weight.sum()
    mean = float((weight.sum(0) * means).sum())
    assert found.mean.mean() == pytest.approx(mean, abs=0.01)
    assert found.mean.std() == pytest.approx(np.sqrt((weight.sum(0) * (means - mean) ** 2).sum()), rel=0.03)
    assert found.spread.mean() == pytest.approx(float((weight.sum(1) * spreads).sum()), rel=0.03)


def test_errors_that_go_together_do_not_count_as_many() -> None:
    rng, together = np.random.default_rng(4), ERROR**2 * (np.eye(6) * 0.01 + 0.99)
    shared = pool(Normal(np.full(6, 0.2), together), ALONE, 4000, rng).mean.std()
    apart = pool(Normal(np.full(6, 0.2), ERROR**2 * np.eye(6)), ALONE, 4000, rng).mean.std()
    assert shared > 1.4 * apart


def test_without_data_the_prior_is_left() -> None:
    found = pool(Normal(np.zeros(1), np.eye(1) * 1e6), ALONE[:1], 20_000, np.random.default_rng(5))
    assert found.mean.std() == pytest.approx(MEAN_SCALE, rel=0.03)
    assert np.quantile(found.spread, 0.5) == pytest.approx(SPREAD_SCALE * stats.halfnorm.ppf(0.5), rel=0.03)

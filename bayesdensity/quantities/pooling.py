r"""A random-effects meta-analysis of effects whose errors go together: arithmetic only, and no sampler.

Effects ``y`` of known error covariance ``C`` are those of groups about which they scatter:

.. math:: y = X \mu + u + e, \quad u \sim N(0, \tau^2 I), \quad e \sim N(0, C), \quad \mu \sim N(0, s^2 I)

Given :math:`\tau` all is normal; :math:`\tau` is half-normal (Röver and others, arXiv 2007.08352) and taken on a grid
of quantiles of its prior, all of one weight, so that what weighs them is the likelihood.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

Array = NDArray[np.float64]
MEAN_SCALE, SPREAD_SCALE = 1.0, 0.5
"""Of the normal prior of means, a fifth to five times at its 90 % ends, and of the half-normal one of the spread."""
GRID = 400
"""Values of the spread."""


class Normal(NamedTuple):
    """Mean and covariance."""

    mean: Array
    covariance: Array


class Pooled(NamedTuple):
    """Draws of what effects have in common."""

    mean: Array
    """(draw, group)"""
    spread: Array
    """(draw,)"""
    new: Array
    """An effect not yet seen; (draw, group)."""


def pool(effects: Normal, group: NDArray[np.intp], n: int, rng: np.random.Generator) -> Pooled:
    """Draws of the mean of each group, of the spread about it, and of an effect not yet seen.

    Parameters
    ----------
    effects : Normal
        With the covariance of their errors.
    group : array of int, (effect,)
        From zero on; all groups have one spread.
    n : int
        Draws.
    rng : numpy.random.Generator
    """
    design = np.equal.outer(group, np.arange(group.max() + 1)).astype(float)
    spreads = SPREAD_SCALE * stats.halfnorm.ppf((np.arange(GRID) + 0.5) / GRID)
    weight = _likelihoods(effects, design, spreads)
    drawn = rng.choice(GRID, n, p=weight / weight.sum())
    given = _means(effects, design, spreads)
    steps = rng.standard_normal((n, design.shape[1]))
    mean = given.mean[drawn] + np.einsum("nij,nj->ni", np.linalg.cholesky(given.covariance)[drawn], steps)
    new = mean + spreads[drawn][:, None] * rng.standard_normal(mean.shape)
    return Pooled(mean, spreads[drawn], new)


def _likelihoods(effects: Normal, design: Array, spreads: Array) -> Array:
    """Of each spread, means integrated out; the largest is one."""
    variance, turn = linalg.eigh(effects.covariance + MEAN_SCALE**2 * design @ design.T)
    variance = variance + spreads[:, None] ** 2
    log: Array = -0.5 * (np.log(variance) + (turn.T @ effects.mean) ** 2 / variance).sum(axis=-1)
    return np.exp(log - log.max())


def _means(effects: Normal, design: Array, spreads: Array) -> Normal:
    """Means of the groups given each spread, with a leading axis of these."""
    variance, turn = linalg.eigh(effects.covariance)
    variance = variance + spreads[:, None] ** 2
    x, y = turn.T @ design, turn.T @ effects.mean
    precision = np.einsum("ei,se,ej->sij", x, 1 / variance, x) + np.eye(design.shape[1]) / MEAN_SCALE**2
    covariance = np.linalg.inv(precision)
    return Normal(np.einsum("sij,ej,se,e->si", covariance, x, 1 / variance, y), covariance)

"""Importance weights: draws of one posterior stand for another, as far as a diagnostic vouches for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

LEAST_LOG = -600.0
"""Logarithm of the smallest weight that is told from none, below the largest: less cannot be divided by."""


def smoothed(log_ratio: Array) -> tuple[Array, float]:
    """Logarithms of normalised, Pareto-smoothed weights, and the shape k of their tail.

    Where all draws count alike k is minus infinity, and infinity where their tail is like no Pareto distribution.

    Parameters
    ----------
    log_ratio : ndarray
        Log density of what is asked less that of what was drawn, up to a constant; one for each draw.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao and Gabry 2024, arXiv 1507.02646.
    """
    from arviz_stats.base import array_stats  # type: ignore[attr-defined]

    if np.ptp(log_ratio) < 1e-12:
        return np.full(log_ratio.shape, -np.log(log_ratio.size)), -np.inf
    below = np.maximum(log_ratio - log_ratio.max(), LEAST_LOG)
    smooth, k = array_stats.psislw(-below)  # takes log likelihoods, whose ratios are inverse
    log_weight: Array = np.asarray(smooth) - special.logsumexp(smooth)
    return log_weight, float(k) if np.isfinite(k) else np.inf


def good_k(draws: int) -> float:
    """Shape of the tail up to which weights of so many independent draws may be trusted (arXiv 1507.02646)."""
    return float(min(1 - 1 / np.log10(draws), 0.7))


def trustworthy(k: float, draws: int) -> bool:
    """Whether weights of so many independent draws may be trusted."""
    return bool(k <= good_k(draws))

"""Importance weights: draws of one posterior stand for another, as far as a diagnostic vouches for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayesdensity.checks.prior_sensitivity import log_priors
from bayesdensity.inference.result import Fit
from bayesdensity.study.spec import Study

Array = NDArray[np.float64]


def smoothed(log_ratio: Array) -> tuple[Array, float]:
    """Logarithms of normalised, Pareto-smoothed weights, and the shape k of their tail.

    Vehtari, Simpson, Gelman, Yao and Gabry 2024, arXiv 1507.02646.

    Parameters
    ----------
    log_ratio : ndarray
        Log density of what is asked less that of what was drawn, up to a constant; one for each draw.
    """
    from arviz_stats.base import array_stats  # type: ignore[attr-defined]

    if np.ptp(log_ratio) < 1e-12:
        return np.full(log_ratio.shape, -np.log(log_ratio.size)), -np.inf
    smooth, k = array_stats.psislw(-(log_ratio - log_ratio.max()))  # takes log likelihoods, whose ratios are inverse
    log_weight: Array = np.asarray(smooth) - special.logsumexp(smooth)
    return log_weight, float(k)


def trustworthy(k: float, draws: int) -> bool:
    """Whether weights of so many independent draws may be trusted (arXiv 1507.02646)."""
    return bool(k <= min(1 - 1 / np.log10(draws), 0.7))


def prior_weights(fit: Fit, study: Study) -> tuple[Array, float]:
    """Weights with which draws of a fit stand for a study of other priors, and k; one for each draw, chains in turn."""
    old, new = log_priors(fit), log_priors(fit, study.priors)
    ratio = sum((new[name] - old[name]).to_numpy().ravel() for name in old)
    return smoothed(np.asarray(ratio))


def differs_in_priors_only(one: Study, other: Study) -> bool:
    """Whether weights may carry one study to another: the same but for intervals of priors."""
    shapes = all(one.priors[name].shape == other.priors[name].shape for name in type(one.priors).model_fields)
    skip: dict[str, Any] = {"exclude": {"priors", "name", "title", "why"}}
    return shapes and one.model_dump(**skip) == other.model_dump(**skip)

"""Weights with which draws of a fit stand for a study that differs in its priors."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesdensity.base.importance import Array, smoothed
from bayesdensity.checks.prior_sensitivity import log_priors
from bayesdensity.inference.result import Fit
from bayesdensity.study.spec import Study


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

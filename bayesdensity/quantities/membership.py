"""Which LLMs were on the frontier when they were released, and how far below best practice the others stayed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.laws.forms import FORMS, Form, scales_of
from bayesdensity.quantities.densities import log_density
from bayesdensity.quantities.estimate import DEFAULT_CI, LOG, SAMPLE, Estimate, bare
from bayesdensity.quantities.growth import expected, frontier_at


def probability_on_frontier(fit: Fit) -> xr.DataArray:
    """Posterior probability that an LLM lay above the frontier of its release date; dim ``llm``."""
    edge = frontier_at(fit, fit.data["time"], fit.study.frontier.quantile)
    return (log_density(fit).draws >= edge).mean(SAMPLE)


def inefficiency(fit: Fit, ci: float = DEFAULT_CI, seed: int = 1) -> Estimate:
    """Shortfall of ln density below best practice, its own and that of its family; dim ``llm``.

    It is integrated out while sampling and drawn here from its distribution given each draw.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.
    seed : int
        Of the draws of inefficiencies.

    Raises
    ------
    InputError
        If the form of the frontier is symmetric: there is no best practice then.

    References
    ----------
    Jondrow, Lovell, Materov and Schmidt 1982, DOI 10.1016/0304-4076(82)90004-5.
    """
    form, draws, data, scales = fit.study.frontier, fit.posterior, fit.data, scales_of(fit.posterior)
    if not FORMS[form.form].one_sided:
        raise InputError(f"study '{fit.study.name}' has a symmetric frontier: no model falls short of a best practice.")
    rng = np.random.default_rng(seed)
    family = xr.DataArray(data["family_index"].to_numpy(), dims="llm")
    relative = log_density(fit).draws - expected(fit)
    total = xr.zeros_like(relative)
    if form.family_effects:
        effect = draws["family_effect"]
        relative = relative - bare(effect.isel(family=family))
        if form.family_form.one_sided:
            spread = form.spread.growth(scales, bare(data["family_time"]))
            shortfall = _shortfall(form.family_form, effect, spread, scales.family, scales.family_inefficiency, rng)
            total = total + bare(shortfall.isel(family=family))
    if form.llm_form.one_sided:
        spread = form.spread.growth(scales, bare(data["time"]))
        total = total + _shortfall(form.llm_form, relative, spread, scales.noise, scales.inefficiency, rng)
    return Estimate(
        "inefficiency", "shortfall of ln density below best practice", total.transpose(*SAMPLE, "llm"), ci, LOG
    )


def _shortfall(
    form: Form, residual: xr.DataArray, spread: xr.DataArray, symmetric: Any, one_sided: Any, rng: np.random.Generator
) -> xr.DataArray:
    """Draw of the inefficiency that a residual holds."""
    uniform = residual.copy(data=rng.random(residual.shape))
    drawn: xr.DataArray = xr.apply_ufunc(form.draw_inefficiency, residual / spread, symmetric, one_sided, uniform)
    return drawn * spread

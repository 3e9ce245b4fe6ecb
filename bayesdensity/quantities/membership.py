"""Which LLMs were on the frontier when they were released, and how far below best practice the others stayed."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.laws import inefficiencies as forms
from bayesdensity.quantities.densities import log_density
from bayesdensity.quantities.estimate import DEFAULT_CI, SAMPLE, Estimate, bare
from bayesdensity.quantities.growth import frontier_at, mean_at


def probability_on_frontier(fit: Fit) -> xr.DataArray:
    """Posterior probability that an LLM lay above the frontier of its release date; dim ``llm``."""
    edge = frontier_at(fit, fit.data["time"], fit.study.frontier.quantile)
    return (log_density(fit).draws >= edge).mean(SAMPLE)


def inefficiency(fit: Fit, ci: float = DEFAULT_CI, seed: int = 1) -> Estimate:
    """Shortfall of ln density below best practice, its own and that of its family; dim ``llm``.

    It is integrated out while sampling and drawn here from its distribution given each draw.

    Raises
    ------
    InputError
        If the form of the frontier is symmetric: there is no best practice then.

    References
    ----------
    Jondrow, Lovell, Materov and Schmidt 1982, DOI 10.1016/0304-4076(82)90004-5.
    """
    form, draws, data = fit.study.frontier, fit.posterior, fit.data
    if form.form == "symmetric":
        raise InputError(f"study '{fit.study.name}' has a symmetric frontier: no model falls short of a best practice.")
    rng, growth = np.random.default_rng(seed), draws.get("dispersion_growth", 0.0)
    family = xr.DataArray(data["family_index"].to_numpy(), dims="llm")
    relative = log_density(fit).draws - mean_at(fit, data["time"])
    total = xr.zeros_like(relative)
    if form.family_effects:
        effect = draws["family_effect"]
        relative = relative - bare(effect.isel(family=family))
        if form.family_one_sided:
            spread = forms.dispersion(bare(data["family_time"]), growth)
            own = _drawn_shortfall(fit, effect, spread, "family_scale", "family_inefficiency_scale", rng)
            total = total + bare(own.isel(family=family))
    if form.llm_one_sided:
        spread = forms.dispersion(bare(data["time"]), growth)
        total = total + _drawn_shortfall(fit, relative, spread, "noise_scale", "inefficiency_scale", rng)
    return Estimate("inefficiency", "shortfall of ln density below best practice", total.transpose(*SAMPLE, "llm"), ci)


def _drawn_shortfall(
    fit: Fit, residual: xr.DataArray, spread: xr.DataArray, symmetric: str, one_sided: str, rng: np.random.Generator
) -> xr.DataArray:
    scales = (fit.posterior[symmetric], fit.posterior[one_sided])
    location, scale = forms.inefficiency_given(fit.study.frontier.form, residual / spread, *scales)
    uniform = residual.copy(data=rng.random(residual.shape))
    drawn: xr.DataArray = xr.apply_ufunc(forms.above_zero, location, scale, uniform)
    return drawn * spread

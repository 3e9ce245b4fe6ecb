"""Log density of LLMs and families about a trend in time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from pymc.distributions.dist_math import normal_lcdf

from bayesdensity import frontier as frontier_forms
from bayesdensity.model.priors import draw, normal_logp
from bayesdensity.model.transport import group_sum, informed
from bayesdensity.study import Study


class Trend(NamedTuple):
    """Shared parameters of the distribution of log density in time."""

    origin: Any
    rate: Any
    curvature: Any
    growth: Any
    family_scale: Any
    noise_scale: Any
    inefficiency_scale: Any

    def mean(self, time: np.ndarray, spread: float) -> Any:
        """Population mean at a time."""
        return frontier_forms.mean_trend(time, self.origin, self.rate, self.curvature, spread)


def trend(study: Study) -> Trend:
    """Draw the parameters of the trend; what the study switches off is zero."""
    form = study.frontier
    return Trend(
        origin=pm.Flat("origin"),
        rate=draw(study, "rate"),
        curvature=draw(study, "curvature") if form.trend == "quadratic" else 0.0,
        growth=draw(study, "dispersion_growth") if form.dispersion == "growing" else 0.0,
        family_scale=draw(study, "family_scale") if form.family_effects else None,
        noise_scale=draw(study, "noise_scale"),
        inefficiency_scale=draw(study, "inefficiency_scale") if form.form == "half-normal" else None,
    )


def log_densities(data: xr.Dataset, shared: Trend, implied: Any, precision: Any) -> tuple[Any, Any]:
    """Relative log density of each target, and the log density of the block.

    ``implied`` and ``precision`` say what the cells of each target imply of it. Inefficiency is marginalised: the
    residual within a family is skew-normal.
    """
    time, spread = data["time"].to_numpy(), float((data["time"] ** 2).mean())
    scale = frontier_forms.dispersion(time, shared.growth) if shared.growth is not None else 1.0
    one_sided = 0.0 if shared.inefficiency_scale is None else shared.inefficiency_scale
    variance = scale**2 * (shared.noise_scale**2 + frontier_forms.HALF_NORMAL_VARIANCE * one_sided**2)
    mean, logp = shared.mean(time, spread), 0.0
    if shared.family_scale is not None:
        mean, logp = _families(data, shared, implied - mean, 1 / (1 / precision + variance), mean)
    own = precision + 1 / variance
    relative, jacobian = informed("log_density_relative", (precision * implied + mean / variance) / own, own, "llm")
    return relative, logp + jacobian + _residual_logp(relative - mean, scale, shared)


def _families(data: xr.Dataset, shared: Trend, residual: Any, weight: Any, mean: Any) -> tuple[Any, Any]:
    """Mean of each target with its family's effect, which is common to what a family releases."""
    index, n = data["family_index"].to_numpy(), data.sizes["family"]
    scale = shared.family_scale * frontier_forms.dispersion(data["family_time"].to_numpy(), shared.growth)
    own = group_sum(weight, index, n) + 1 / scale**2
    effect, jacobian = informed("family_effect", group_sum(weight * residual, index, n) / own, own, "family")
    return mean + effect[index], jacobian + normal_logp(effect, 0.0, scale)


def _residual_logp(residual: Any, scale: Any, shared: Trend) -> Any:
    if shared.inefficiency_scale is None:
        return normal_logp(residual, 0.0, scale * shared.noise_scale)
    width, shape = frontier_forms.skew_normal_parameters(shared.noise_scale, shared.inefficiency_scale)
    z = (residual / scale - frontier_forms.HALF_NORMAL_MEAN * shared.inefficiency_scale) / width
    # `normal_lcdf` keeps its precision in the far tail, where 1 + erf would be zero.
    return (-0.5 * z**2 + normal_lcdf(0.0, 1.0, shape * z)).sum() - pt.log(scale * width * pt.ones_like(z)).sum()

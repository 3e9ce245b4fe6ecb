"""Log density of LLMs and families about a trend in time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.data.join import years_from_centre
from bayesdensity.laws import inefficiencies as frontier
from bayesdensity.laws import trends
from bayesdensity.model.coordinates import group_sum, informed
from bayesdensity.model.parameters import draw, normal_logp
from bayesdensity.study.spec import Study


class Scales(NamedTuple):
    """Scales of the parts of a residual at the centre of time, and how they grow."""

    growth: Any
    noise: Any
    inefficiency: Any
    family: Any
    family_inefficiency: Any


def scales(study: Study) -> Scales:
    """Draw the scales of the residual; what the study switches off is zero."""
    form = study.frontier
    return Scales(
        growth=draw(study, "dispersion_growth") if form.dispersion == "growing" else 0.0,
        noise=draw(study, "noise_scale"),
        inefficiency=draw(study, "inefficiency_scale") if form.llm_one_sided else 0.0,
        family=draw(study, "family_scale") if form.family_effects else 0.0,
        family_inefficiency=draw(study, "family_inefficiency_scale") if form.family_one_sided else 0.0,
    )


def mean_trend(study: Study, data: xr.Dataset) -> tuple[Any, Any]:
    """Draw the trend: its average over the sample, and the population mean at the release of each target."""
    origin, time = pm.Flat("origin"), data["time"].to_numpy()
    return origin, origin + draw(study, "rate") * time + _bend(study, data, time)


def _bend(study: Study, data: xr.Dataset, time: np.ndarray) -> Any:
    form = study.frontier
    if form.trend == "quadratic":
        return trends.quadratic(time, float((time**2).mean()), draw(study, "curvature")).value
    if form.trend == "change-point":
        change, first, last = draw(study, "rate_change"), time.min(), time.max()
        if form.break_date is None:
            at = pm.Deterministic("break_time", first + (last - first) * draw(study, "break_position"))
        else:
            at = pt.as_tensor(years_from_centre(data, [form.break_date])[0])
        return change * trends.turn(time, at, time, pt.mean).value
    if form.trend == "random-walk":
        turns = [trends.turn(time, at, time, np.mean).value for at in data["knot_time"].to_numpy()]
        raw = pm.Normal("rate_step_raw", 0.0, 1.0, dims="knot")
        steps = pm.Deterministic("rate_step", draw(study, "rate_walk") * raw, dims="knot")
        return pt.dot(np.stack(turns, axis=1), steps)
    return trends.STRAIGHT.value


def log_densities(study: Study, data: xr.Dataset, mean: Any, scale: Scales, implied: Any, precision: Any) -> Any:
    """Relative log density of each target, and the log density of the block.

    ``mean`` is that of the population; ``implied`` and ``precision`` say what the cells of each target imply of its
    log density. Inefficiency is marginalised: the residual within a family has a composed distribution.
    """
    form, logp = study.frontier.form, 0.0
    spread = frontier.dispersion(data["time"].to_numpy(), scale.growth)
    variance = spread**2 * _variance(form, scale.noise, scale.inefficiency)
    if study.frontier.family_effects:
        mean, logp = _families(form, data, scale, implied - mean, 1 / (1 / precision + variance), mean)
    own = precision + 1 / variance
    relative, jacobian = informed("log_density_relative", (precision * implied + mean / variance) / own, own, "llm")
    return relative, logp + jacobian + _logp(form, relative - mean, spread, scale.noise, scale.inefficiency)


def _families(form: Any, data: xr.Dataset, scale: Scales, residual: Any, weight: Any, mean: Any) -> tuple[Any, Any]:
    """Mean of each target with its family's effect, which is common to what a family releases."""
    index, n = data["family_index"].to_numpy(), data.sizes["family"]
    spread = frontier.dispersion(data["family_time"].to_numpy(), scale.growth)
    own = group_sum(weight, index, n) + 1 / (spread**2 * _variance(form, scale.family, scale.family_inefficiency))
    effect, jacobian = informed("family_effect", group_sum(weight * residual, index, n) / own, own, "family")
    return mean + effect[index], jacobian + _logp(form, effect, spread, scale.family, scale.family_inefficiency)


def _variance(form: Any, symmetric: Any, one_sided: Any) -> Any:
    return symmetric**2 + frontier.UNIT_VARIANCE[form] * one_sided**2


def _logp(form: Any, residual: Any, spread: Any, symmetric: Any, one_sided: Any) -> Any:
    """Log density of residuals that are ``spread`` times a composed one, summed."""
    if isinstance(one_sided, float):  # no inefficiency in this part
        return normal_logp(residual, 0.0, spread * symmetric)
    density = frontier.composed_log_density(form, residual / spread, symmetric, one_sided, log_tail)
    return (density - np.log(spread)).sum()


def log_tail(z: Any) -> Any:
    """`bayesdensity.laws.inefficiencies.log_tail` for PyTensor."""
    above, below = pt.maximum(z, 0.0), pt.minimum(z, 0.0)
    scaled = pt.log(0.5 * pt.erfcx(above / np.sqrt(2)))
    return pt.switch(z > 0, scaled, pt.log1p(-0.5 * pt.erfc(-below / np.sqrt(2))))

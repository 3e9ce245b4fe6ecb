"""Log density of LLMs and families about a trend in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.data.dates import years_from_centre
from bayesdensity.laws.forms import Scales
from bayesdensity.laws.trends import TRENDS, Bend, Sample
from bayesdensity.model.coordinates import Geometry, group_sum, log_tail
from bayesdensity.model.linearised import Implied
from bayesdensity.model.parameters import draw, draw_moving
from bayesdensity.study.spec import Frontier, Study


class _Drawn:
    """Parameters of a trend as random variables of the model under way."""

    def __init__(self, study: Study) -> None:
        self.study = study

    def prior(self, name: str) -> Any:
        return draw(self.study, name)

    def standard_normal(self, name: str, dims: str) -> Any:
        return pm.Normal(name, 0.0, 1.0, dims=dims)

    def derived(self, name: str, value: Any, dims: str | None = None) -> Any:
        return pm.Deterministic(name, value, dims=dims)


def draw_scales(study: Study) -> Scales:
    """Draw the scales of the residual; what the study switches off is zero."""
    return Scales(*(draw(study, name) if name else 0.0 for name in study.frontier.scales))


def steeper(study: Study, slope: Any) -> Any:
    """Natural logarithm of how much steeper a link is than expected.

    Scores tell by how many logits they rise with size, and in a year: the steeper the link, the less of either is
    density.

    Parameters
    ----------
    study : Study
    slope : Any
        Logits per e-fold of size of the link; dim ``benchmark``.
    """
    return pt.log(slope).mean() - study.priors["link_slope"].mu


def mean_trend(study: Study, data: xr.Dataset, steep: Any = None) -> tuple[Any, Any]:
    """Draw the trend: its average over the sample, and what is expected of each target at its release.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    steep : Any, optional
        As `steeper` gives it, where density may go with size: scores then tell of the rate as they do of that.
    """
    origin, time, trend = pm.Flat("origin"), data["time"].to_numpy(), TRENDS[study.frontier.trend]
    knots, stated = data["knot_time"].to_numpy(), study.frontier.break_date

    def combine(steps: Any, unit: Callable[[Any], Bend]) -> Bend:
        turns = [unit(knot) for knot in knots]
        return Bend(*(pt.dot(np.stack(parts, axis=1), steps) for parts in zip(*turns, strict=True)))

    sample = Sample(
        time=time,
        stated_break=None if stated is None else pt.as_tensor(years_from_centre(data, [stated])[0]),
        mean=lambda values: values.mean(),
        combine=combine,
    )
    rate = draw(study, "rate") if steep is None else draw_moving(study, "rate", -study.priors["rate"].mu * steep)
    line = origin + rate * time
    return origin, line + trend.bend(time, sample, trend.parameters(_Drawn(study), sample)).value


def log_densities(
    study: Study, data: xr.Dataset, geometry: Geometry, mean: Any, scale: Scales, implied: Implied
) -> tuple[Any, Any]:
    """Log density of each target less the level, and the log density of the block.

    Inefficiency is marginalised: the residual within a family has a composed distribution.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry
    mean : Any
        Of the population at the release of each target; dim ``llm``.
    scale : Scales
    implied : Implied
        What the cells of each target imply; dim ``llm``.
    """
    form, logp = study.frontier.llm_form, 0.0
    spread = study.frontier.spread.growth(scale, data["time"].to_numpy())
    variance = spread**2 * form.variance(scale.noise, scale.inefficiency)
    if study.frontier.family_effects:
        residual = Implied(implied.value - mean, 1 / (1 / implied.precision + variance))
        effect, logp = _family_effects(study.frontier, data, geometry, scale, residual)
        mean = mean + effect[data["family_index"].to_numpy()]
    precision = implied.precision + 1 / variance
    centre = (implied.precision * implied.value + mean / variance) / precision
    relative, jacobian = geometry.effect("log_density_relative", "llm", centre, precision)
    own = form.log_density((relative - mean) / spread, scale.noise, scale.inefficiency, log_tail) - pt.log(spread)
    return relative, logp + jacobian + geometry.stated("log_density_relative", own.sum())


def _family_effects(
    frontier: Frontier, data: xr.Dataset, geometry: Geometry, scale: Scales, residual: Implied
) -> tuple[Any, Any]:
    """What the LLMs of each family share, and its log density."""
    index, n, time = data["family_index"].to_numpy(), data.sizes["family"], data["family_time"].to_numpy()
    form, spread = frontier.family_form, frontier.spread
    precision = group_sum(residual.precision, index, n) + 1 / spread.variance(form, scale, time)
    centre = group_sum(residual.precision * residual.value, index, n) / precision
    effect, jacobian = geometry.effect("family_effect", "family", centre, precision)
    stated = spread.log_density(effect, form, scale, time, log_tail).sum()
    return effect, jacobian + geometry.stated("family_effect", stated)

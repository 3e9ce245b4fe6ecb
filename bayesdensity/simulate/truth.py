"""What is asked of a fit in a simulated world, and what is true there."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.covariates import covariate_effect, covariate_growth
from bayesdensity.quantities.estimate import times
from bayesdensity.quantities.explained import RECIPE, TOTAL, growth_parts
from bayesdensity.quantities.growth import excess as modelled_excess
from bayesdensity.simulate.population import excess
from bayesdensity.simulate.worlds import World, bend

FRONTIER_RATE, MEAN_RATE = "rate of the frontier", "rate of the mean"
FRONTIER_START, FRONTIER_END = "frontier at the start", "frontier at the end"
ON, OF = "rate on ", "density of "
EFFECT, CHANGE, PART = "effect of ", "yearly change of the effect of ", "growth: "


def asked(fit: Fit) -> dict[str, xr.DataArray]:
    """Draws of every quantity that is checked against the truth, by name.

    Rates (natural logarithms a year, averaged over the window of the study) of the frontier, of the mean and of the
    frontier on each benchmark; ln density of the frontier at both ends of the window, and of every LLM. Doubling times
    are decreasing in the rates: their intervals cover where those of the rates do.
    """
    found = {
        FRONTIER_RATE: quantities.rate(fit).draws,
        MEAN_RATE: quantities.rate(fit, estimand="mean").draws,
    }
    on = quantities.rate_by_benchmark(fit).draws
    found |= {f"{ON}{name}": on.sel(benchmark=name, drop=True) for name in fit.data["benchmark"].to_numpy()}
    edge = quantities.frontier(fit, quantities.window(fit)).draws
    found |= {name: edge.isel(date=k, drop=True) for k, name in enumerate((FRONTIER_START, FRONTIER_END))}
    if fit.study.covariates:
        found |= _of_covariates(fit)
    of = quantities.log_density(fit).draws
    return found | {f"{OF}{name}": of.isel(llm=k, drop=True) for k, name in enumerate(fit.data["llm"].to_numpy())}


def _of_covariates(fit: Fit) -> dict[str, xr.DataArray]:
    """Draws of effects of covariates, of their changes a year, and of what each adds to growth and all together."""
    found = {f"{EFFECT}{label}": one for label, one in _each(covariate_effect(fit), "covariate")}
    if "covariate_growth" in fit.posterior:
        found |= {f"{CHANGE}{label}": one for label, one in _each(covariate_growth(fit), "covariate")}
    return found | {f"{PART}{label}": one for label, one in _each(growth_parts(fit), "part") if label != RECIPE}


def _each(estimate: quantities.Estimate, dim: str) -> list[tuple[str, xr.DataArray]]:
    return [(str(label), estimate.sel(**{dim: label}).draws) for label in estimate.draws[dim].to_numpy()]


def true_values(one: Fit, relative: np.ndarray, world: World) -> dict[str, float]:
    """What is true in a world.

    Parameters
    ----------
    one : Fit
        With a single draw, which is the truth of everything that LLMs share.
    relative : ndarray
        ln density of the LLMs less the level of the draw, dim ``llm``.
    world : World

    Returns
    -------
    dict
        By the names of `asked`.
    """
    made = one.posterior["log_density_relative"].copy(data=relative[None, None])
    values = {
        name: float(draws.squeeze())
        for name, draws in asked(one.with_draws(one.posterior.assign(log_density_relative=made))).items()
    }
    form, draw = one.study.frontier, one.posterior.isel(chain=0, draw=0)
    ends = times(one, quantities.window(one)).to_numpy()
    mean = bend(world, ends, one.data["time"].to_numpy())
    edge, beyond = mean, excess(world, form, draw, ends)
    if beyond is not None:
        usual = modelled_excess(one, times(one, quantities.window(one)), form.quantile)
        edge = mean + beyond - usual.to_numpy().squeeze()
    span = float(ends[1] - ends[0])
    for name in values:
        if name == MEAN_RATE:
            values[name] += float(mean[1] - mean[0]) / span
        elif name in (FRONTIER_RATE, f"{PART}{TOTAL}") or name.startswith(ON):
            values[name] += float(edge[1] - edge[0]) / span
        elif name in (FRONTIER_START, FRONTIER_END):
            values[name] += float(edge[(FRONTIER_START, FRONTIER_END).index(name)])
    return values

"""How the LLMs of a simulated world lie about its trend: a sample of them, and the frontier of all.

The frontier is read off a large sample of the very population that the LLMs of the world are drawn from, and not off
the formula of the model.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import special

from bayesdensity.laws.forms import Scales, Shortfall, scales_of
from bayesdensity.simulate.worlds import World
from bayesdensity.study.spec import Frontier

MANY = 400_000
"""LLMs that the frontier of a world is read off."""
WEAK_LOG_ODDS, WEAK_LOG_ODDS_GROWTH = -1.0, 1.0
"""That a family is of the weak group: at the centre of time, and their growth a year."""


def scales_in(world: World, draw: xr.Dataset) -> Scales:
    """Scales about the trend of a world that has them from one draw."""
    scales = Scales(*(float(part) for part in scales_of(draw)))
    return scales if world.lower_growth is None else scales._replace(growth=0.0)


def llm_form(world: World, form: Frontier) -> Shortfall:
    """How the LLMs of one family differ in a world."""
    return (world.inefficiency or form.llm_form) if form.llm_form.one_sided else form.llm_form


def family_effects(
    world: World, form: Frontier, scales: Scales, time: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws of what the LLMs of a family share; on average over the families of a time they are zero.

    Parameters
    ----------
    world : World
    form : Frontier
        That of the study.
    scales : Scales
        As `scales_in` has them.
    time : ndarray
        Years from the centre of time, of each family.
    rng : numpy.random.Generator
        Who is weak has a stream of its own: the rest is as in the world of the model.
    """
    own = rng.spawn(1)[0]
    if world.lower_growth is None:
        effect = form.spread.draw(rng, form.family_form, scales, time)
    else:
        lower, upper = scales.family * np.exp(world.lower_growth * time), scales.family
        is_below = own.random(time.shape) < lower / (lower + upper)
        apart = np.abs(rng.standard_normal(time.shape))
        effect = np.where(is_below, -lower, upper) * apart + np.sqrt(2 / np.pi) * (lower - upper)
    if world.weak_gap:
        share = weak_share(time)
        effect = effect + world.weak_gap * (share - (own.random(time.shape) < share))
    return np.asarray(effect)


def weak_share(time: np.ndarray) -> np.ndarray:
    """Share of the weak group among the families of a time, years from the centre."""
    return np.asarray(special.expit(WEAK_LOG_ODDS + WEAK_LOG_ODDS_GROWTH * time))


def excess(world: World, form: Frontier, draw: xr.Dataset, time: np.ndarray) -> np.ndarray | None:
    """Distance of the frontier from the mean at times.

    Parameters
    ----------
    world : World
    form : Frontier
        That of the study.
    draw : xarray.Dataset
        One draw of the scales about the trend.
    time : ndarray
        Years from the centre of time.

    Returns
    -------
    ndarray or None
        Natural logarithms of density, shape of ``time``; None where the study's own formula holds.
    """
    if world.inefficiency is None and not world.lineage_scale and world.lower_growth is None and not world.weak_gap:
        return None
    scales, quantiles = scales_in(world, draw), []
    for at in time:
        rng, many = np.random.default_rng(0), np.full(MANY, at)
        spread = form.spread.growth(scales, at)
        residual = spread * llm_form(world, form).draw(rng, scales.noise, scales.inefficiency, MANY)
        if form.family_effects:
            residual = residual + family_effects(world, form, scales, many, rng)
        residual = residual + spread * world.lineage_scale * rng.standard_normal(MANY)
        quantiles.append(np.quantile(residual, form.quantile))
    return np.array(quantiles)

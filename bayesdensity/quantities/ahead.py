"""Density at dates, ahead too, and what one benchmark makes of it.

Up to the last release the trend is the fitted one. Beyond it every trend goes on at the pace that it has there, and a
random walk of the rate takes further steps: no curvature is carried on, for it would end all growth, or let it run
away, within years that nobody has seen.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity import laws
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.cells import known_llms
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.laws.trends import TRENDS
from bayesdensity.quantities.estimate import MONTHS, SAMPLE, require_targets
from bayesdensity.quantities.growth import frontier_at, mean_at, slope_at
from bayesdensity.study.phrases import Estimand

Array = NDArray[np.float64]
Level = Literal["frontier", "typical"]
"""Whose density: the study's quantile among the releases of a date, or their mean."""
LEVELS: dict[Level, Estimand] = {"frontier": "frontier", "typical": "mean"}
HORIZON = 10.0
"""Years beyond the last release after which a date is never."""
SEED = 1
"""Of what is to come, the same in every answer of a fit, so that answers agree."""
LEAST_PARAMS, MOST_PARAMS = 1e3, 1e16


def log_density_ahead(fit: Fit, time: Array, of: Level) -> Array:
    """Draws of ln density less the level at times, of average size; other covariates are at their centres.

    Shape (chain, draw, time).

    Parameters
    ----------
    fit : Fit
    time : ndarray
        Years from the mean release date.
    of : {"frontier", "typical"}
    """
    require_targets(fit)
    _, end = span_of(fit)
    known, which = np.unique(np.minimum(time, end), return_inverse=True)
    at = xr.DataArray(known, dims="date")
    values = frontier_at(fit, at, fit.study.frontier.quantile) if of == "frontier" else mean_at(fit, at)
    relative = (values - fit.posterior["level"].mean("benchmark")).transpose(*SAMPLE, "date").to_numpy()[..., which]
    if name := fit.study.size_covariate:  # sizes are asked for from their mean
        effect, pace = size_effect(fit)
        relative = relative - (effect + pace * known[which]) * float(fit.data["covariate_offset"].sel(covariate=name))
    ahead = np.maximum(time - end, 0.0)
    if not ahead.any():
        return np.asarray(relative)
    last = xr.DataArray([end], dims="date")
    pace = (slope_at(fit, last, LEVELS[of]) + xr.zeros_like(last)).transpose(*SAMPLE, "date").to_numpy()
    every = np.broadcast_to(ahead, relative.shape)
    further = TRENDS[fit.study.frontier.trend].unforeseen(every, fit.posterior, np.random.default_rng(SEED))
    return np.asarray(relative + pace * ahead + further)


def gained(fit: Fit, place: int | None, time: Array, of: Level) -> Array:
    """Log size, on the axis of the link, that density adds on a benchmark; shape (chain, draw, time).

    Parameters
    ----------
    fit : Fit
    place : int or None
        Of the benchmark; None: averaged over all.
    time : ndarray
        Years from the mean release date.
    of : {"frontier", "typical"}
    """
    relative = log_density_ahead(fit, time, of)
    if place is None:
        return relative
    return np.asarray(relative + fit.posterior["benchmark_slope"].to_numpy()[..., [place]] * time)


def reached(fit: Fit, place: int | None, needed: Array, of: Level, log_size: Array | float = 0.0) -> Array:
    """Times at which releases of a size have gained what is needed; shape (chain, draw).

    Infinite where that takes more than `HORIZON` years from the last release; the first release where it was so then.

    Parameters
    ----------
    fit : Fit
    place : int or None
        Of the benchmark; None: averaged over all.
    needed : ndarray
        Log size on the axis of the link; shape (chain, draw, 1).
    of : {"frontier", "typical"}
    log_size : ndarray or float
        Of the releases, from the centre; shape (chain, draw, 1).
    """
    start, end = span_of(fit)
    time = np.linspace(start, end + HORIZON, int((end + HORIZON - start) * MONTHS) + 1)
    values = gained(fit, place, time, of) + gain(fit, time) * log_size
    enough = values >= needed
    first = enough.argmax(axis=-1)[..., None]
    before = np.maximum(first - 1, 0)
    low, high = (np.take_along_axis(values, k, axis=-1) for k in (before, first))
    with np.errstate(invalid="ignore"):  # where the needed is infinite
        share = np.where(first > 0, (needed - low) / np.where(high > low, high - low, 1.0), 0.0)
    at = time[before] + share * (time[1] - time[0])
    return np.asarray(np.where(enough.any(axis=-1, keepdims=True), at, np.inf)[..., 0])


def span_of(fit: Fit) -> tuple[float, float]:
    """Times of the first and the last release with a known score: where scores are left out, releases are to come."""
    time = fit.data["time"].to_numpy()[known_llms(fit.data)]
    return float(time.min()), float(time.max())


def effective_size(fit: Fit, place: int, score: float) -> Array:
    """Log size of the reference that has a score, on the axis of the link; shape (chain, draw, 1).

    Parameters
    ----------
    fit : Fit
    place : int
        Of the benchmark.
    score : float
        Share of the items.

    Raises
    ------
    InputError
        If no model can have the score, or guessing has it.
    """
    low, name = floor(fit, place), fit.data["benchmark"].to_numpy()[place]
    ceiling = fit.posterior["ceiling"].to_numpy()[..., [place]]
    if not low < score < 1:
        raise InputError(f"a score on {name} lies between {low:g}, which guessing has, and 1; got {score:g}.")
    if (ceiling <= score).mean() > 0.5:
        raise InputError(
            f"no model is known to be able to have {score:g} on {name}: its ceiling is {np.median(ceiling):.3f}; "
            "ask for less."
        )
    link = Draws(fit.data, fit.posterior).link.at([place])
    return np.asarray(laws.size_of_logit(link, laws.logit_of_score(score, low, ceiling)))


def gain(fit: Fit, time: Array) -> Array:
    """E-folds of effective size that one of size is worth at times; shape (chain, draw, time)."""
    effect, pace = size_effect(fit)
    return np.asarray(1.0 + effect + pace * time)


def size_effect(fit: Fit) -> tuple[Array, Array]:
    """E-folds of density for each of size at the centre of time, and what is added a year; shape (chain, draw, 1)."""
    name = fit.study.size_covariate
    if name is None:
        none = np.zeros((*(fit.posterior.sizes[dim] for dim in SAMPLE), 1))
        return none, none
    draws, which = Draws(fit.data, fit.posterior), fit.data["covariate_name"].to_numpy() == name
    return draws["covariate_effect"][..., which], draws.covariate_growth[..., which]


def log_size(fit: Fit, params: float) -> float:
    """Log size from the centre of the sizes of the targets.

    Raises
    ------
    InputError
        If it is the size of no model.
    """
    if not LEAST_PARAMS <= params <= MOST_PARAMS:
        raise InputError(f"a size lies between {LEAST_PARAMS:g} and {MOST_PARAMS:g} parameters; got {params:g}.")
    return float(np.log(params) - fit.data.attrs["log_size_centre"])


def floor(fit: Fit, place: int) -> float:
    """Score that guessing has on a benchmark."""
    return float(fit.data["floor"].to_numpy()[place])


def place_of(fit: Fit, benchmark: str) -> int:
    """Where a benchmark stands among those of a fit.

    Raises
    ------
    InputError
        If it is none of them.
    """
    names = fit.data["benchmark"].to_numpy().tolist()
    if benchmark not in names:
        raise InputError(one_of(benchmark, names, "benchmark of this study"))
    return int(names.index(benchmark))


def calendar(fit: Fit, time: xr.DataArray) -> xr.DataArray:
    """Years from the mean release date as calendar years with their fraction."""
    years: xr.DataArray = 2000.0 + fit.data.attrs["time_centre"] + time
    return years

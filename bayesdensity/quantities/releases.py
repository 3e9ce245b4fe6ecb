"""The releases to come: simulated families like those of late, and the best of all releases up to a date.

How many families report a benchmark is no part of the model. It is assumed, and said so: as many a year as in the last
`RECENT` years, with the uncertainty of that count, or as many as the user says; each like one of these in its sizes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of, known_cells
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import SEED, gain, log_density_ahead, place_of, span_of
from bayesdensity.quantities.estimate import DEFAULT_CI, SAMPLE, Estimate
from bayesdensity.quantities.growth import STEP, excess

Array = NDArray[np.float64]
RECENT = 2.0
"""Years before the last release, whose families those to come are like."""
LEAST_YEARS = 0.5
"""Over which families are counted at least, where all releases are recent."""
HORIZON = 5.0
"""Years beyond the last release after which nothing is simulated."""
LEAST_SPREAD = 0.2
"""To which the spread of residuals falls at least, relative to that at the last release."""
GRID = 49
"""Dates between which the mean is interpolated."""
PER_YEAR = "families a year"


class Releases(NamedTuple):
    """Releases with their scores on one benchmark, as tables would have them; shape (draw, release)."""

    time: Array
    """Years from the mean release date; infinite where a draw has fewer releases than others."""
    log_size: Array
    """From the centre of the sizes of the targets."""
    score: Array
    """Share of the items."""


def best_score(releases: Releases, log_size: float, time: Array) -> Array:
    """Best score among the releases of at most a size up to each of some times; shape (draw, time).

    Parameters
    ----------
    releases : Releases
    log_size : float
        From the centre.
    time : ndarray
        Years from the mean release date.
    """
    score = np.where(releases.log_size <= log_size, releases.score, -np.inf)
    return np.stack([np.where(releases.time <= t, score, -np.inf).max(axis=1) for t in time], axis=1)


def smallest_size(releases: Releases, score: float, time: Array) -> Array:
    """Log size of the smallest release with at least a score up to each of some times; shape (draw, time).

    Parameters
    ----------
    releases : Releases
    score : float
        Share of the items.
    time : ndarray
        Years from the mean release date.
    """
    size = np.where(releases.score >= score, releases.log_size, np.inf)
    return np.stack([np.where(releases.time <= t, size, np.inf).min(axis=1) for t in time], axis=1)


def earliest(releases: Releases, score: float, log_size: float) -> Array:
    """Time of the first release of at most a size with at least a score; infinite where there is none, shape (draw,).

    Parameters
    ----------
    releases : Releases
    score : float
        Share of the items.
    log_size : float
        From the centre.
    """
    enough = (releases.score >= score) & (releases.log_size <= log_size)
    first: Array = np.where(enough, releases.time, np.inf).min(axis=1)
    return first


def all_releases(fit: Fit, benchmark: str, until: float, per_year: float | None = None, seed: int = SEED) -> Releases:
    """The releases of the fit with a score on a benchmark, and simulated ones up to a time.

    Parameters
    ----------
    fit : Fit
    benchmark : str
    until : float
        Years from the mean release date.
    per_year : float, optional
        Families that report the benchmark a year; None: as many as of late.
    seed : int
        Of the simulation.
    """
    past, to_come = released(fit, benchmark), to_be_released(fit, benchmark, until, per_year, seed)
    n = len(to_come.time)
    return Releases(
        *(np.concatenate([np.tile(old, (n, 1)), new], axis=1) for old, new in zip(past, to_come, strict=True))
    )


def released(fit: Fit, benchmark: str) -> Releases:
    """The releases of a fit with a known score on a benchmark; shape (1, release)."""
    cells, data = cells_of(fit.data), fit.data
    on = _cells_on(fit, benchmark)
    llm = cells.llm[on]
    size = np.median(Draws(data, fit.posterior).log_size.reshape(-1, data.sizes["llm"]), axis=0)
    score = data["cell_value"].to_numpy()[on]
    return Releases(data["time"].to_numpy()[llm][None], size[llm][None], score[None])


def release_rate(fit: Fit, benchmark: str, ci: float = DEFAULT_CI) -> Estimate:
    """Families a year that report a benchmark, by those of the last `RECENT` years.

    Counts are Poisson, with the prior of Jeffreys: as many draws as the fit has.

    Parameters
    ----------
    fit : Fit
    benchmark : str
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If no family has reported the benchmark of late.
    """
    shape = tuple(fit.posterior.sizes[dim] for dim in SAMPLE)
    start, end = span_of(fit)
    years = min(RECENT, max(end - start, LEAST_YEARS))  # nothing was counted before the first release
    drawn = np.random.default_rng(SEED).gamma(len(_recent(fit, benchmark)) + 0.5, 1 / years, shape)
    what = f"families a year that report {benchmark}, by the last {years:.2g} years"
    return Estimate("release_rate", what, xr.DataArray(drawn, dims=SAMPLE), ci, PER_YEAR)


def to_be_released(fit: Fit, benchmark: str, until: float, per_year: float | None = None, seed: int = SEED) -> Releases:
    """Simulated releases from the last one on, up to a time, for every draw of a fit.

    Each family has the sizes of one of late and an effect of its own, each of its LLMs a residual of its own, a
    departure on the benchmark, and a score with the noise of its items and of a harness. The mean goes on as in
    `bayesdensity.quantities.ahead`, and the spread so that its quantile does.

    Parameters
    ----------
    fit : Fit
    benchmark : str
    until : float
        Years from the mean release date.
    per_year : float, optional
        Families a year; None: `release_rate`.
    seed : int
        Of the simulation.
    """
    place, families, end = place_of(fit, benchmark), _recent(fit, benchmark), span_of(fit)[1]
    rng, draws, form = np.random.default_rng(seed), Draws(fit.data, fit.flat_draws()), fit.study.frontier
    rate = release_rate(fit, benchmark).draws.to_numpy().ravel() if per_year is None else np.full(_n(fit), per_year)
    count = rng.poisson(rate * max(until - end, 0.0))
    most, members = max(int(count.max(initial=0)), 1), max(len(family) for family in families)
    template = rng.integers(len(families), size=(len(count), most))
    size = np.stack([np.pad(family, (0, members - len(family)), constant_values=np.nan) for family in families])[
        template
    ]
    time = np.where(np.arange(most) < count[:, None], end + rng.random(template.shape) * max(until - end, 0.0), np.inf)
    ahead = np.where(np.isfinite(time), time, end)
    # Residuals as they are at the last release, and spread as their quantile goes on.
    at_end = np.full(template.shape, end)
    scales, spread = draws.scales, form.spread.growth(draws.scales, at_end)
    residual = spread[..., None] * form.llm_form.draw(
        rng, scales.noise[..., None], scales.inefficiency[..., None], size.shape
    )
    if form.family_effects:
        residual = residual + form.spread.draw(rng, form.family_form, scales, at_end)[..., None]
    wider = _widening(fit, end, ahead)
    mean = _mean_ahead(fit, ahead)
    departure = draws["cell_scatter"][:, place, None, None] * rng.standard_normal(size.shape)
    known = np.nan_to_num(size)
    log_size = gain(fit).reshape(-1, 1, 1) * known + (mean + draws["benchmark_slope"][:, [place]] * ahead)[..., None]
    logit = laws.logit_of_size(draws.link.at([[place]]), log_size + residual * wider[..., None] + departure)
    score = _observed(draws, place, logit, rng)
    released_at = np.broadcast_to(time[..., None], size.shape)
    flat = (len(count), most * members)
    found = np.where(np.isnan(size), np.inf, released_at), np.where(np.isnan(size), np.inf, known), score
    return Releases(*(part.reshape(flat) for part in found))


def _observed(draws: Draws, place: int, logit: Array, rng: np.random.Generator) -> Array:
    """Scores as a harness prints them."""
    data = draws.data
    single = (data["harness_benchmark"].to_numpy() == place).sum() == 1
    if not single:
        logit = logit + draws["harness_scale"][:, place, None, None] * rng.standard_normal(logit.shape)
    with np.errstate(over="ignore"):  # of sizes far below all others
        expected = laws.score(logit, float(data["floor"][place]), draws["ceiling"][:, place, None, None])
    sd = laws.score_sd(expected, float(data["n_items"][place]), draws["overdispersion"][:, place, None, None])
    return np.asarray(np.clip(expected + sd * rng.standard_normal(logit.shape), 0, 1))


def _widening(fit: Fit, end: float, time: Array) -> Array:
    """Spread of residuals relative to that at the end, as the quantile of the frontier goes on; shape (draw, time)."""
    q, near = fit.study.frontier.quantile, xr.DataArray([end - STEP, end, end + STEP], dims="date")
    before, at, after = np.moveaxis(excess(fit, near, q).to_numpy().reshape(-1, 3), 1, 0)[..., None]
    return np.asarray(np.maximum(1 + (after - before) / (2 * STEP * at) * (time - end), LEAST_SPREAD))


def _mean_ahead(fit: Fit, time: Array) -> Array:
    """Mean of ln density less the level at times of its own for every draw; shape (draw, time)."""
    grid = np.linspace(time.min(), max(time.max(), time.min() + 1e-6), GRID)
    at_grid = log_density_ahead(fit, grid, "typical").reshape(len(time), -1)
    place = (time - grid[0]) / (grid[1] - grid[0])
    low = np.clip(place.astype(int), 0, GRID - 2)
    rows = np.arange(len(time))[:, None]
    found: Array = at_grid[rows, low] + (place - low) * (at_grid[rows, low + 1] - at_grid[rows, low])
    return found


def _recent(fit: Fit, benchmark: str) -> list[Array]:
    """Log sizes of the members of each family of late that have a score on a benchmark."""
    past = released(fit, benchmark)
    family = fit.data["family_index"].to_numpy()[cells_of(fit.data).llm[_cells_on(fit, benchmark)]]
    late = past.time[0] > span_of(fit)[1] - RECENT
    if not late.any():
        raise InputError(
            f"no LLM of the last {RECENT:g} years has a score on {benchmark}: nothing says how many are to come. "
            "Ask for the frontier, or for another benchmark."
        )
    return [past.log_size[0, late & (family == one)] for one in np.unique(family[late])]


def _cells_on(fit: Fit, benchmark: str) -> NDArray[np.int_]:
    """Cells of targets on a benchmark with a known score."""
    target = cells_of(fit.data).target_benchmark
    return np.flatnonzero((target == place_of(fit, benchmark)) & known_cells(fit.data)[: len(target)])


def _n(fit: Fit) -> int:
    return int(np.prod([fit.posterior.sizes[dim] for dim in SAMPLE]))

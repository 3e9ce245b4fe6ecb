"""The trend of density in time: mean, frontier and envelope, their rates and doubling times, a change of pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.cells import known_llms
from bayesdensity.data.dates import years_from_centre
from bayesdensity.data.masks import beyond_reach
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.laws import trends
from bayesdensity.laws.forms import FORMS, Scales, scales_of
from bayesdensity.laws.trends import TRENDS, Bend, Sample
from bayesdensity.quantities.estimate import (
    DEFAULT_CI,
    LOG,
    MONTHS,
    PER_YEAR,
    RATIO,
    SAMPLE,
    Estimate,
    bare,
    times,
    window,
)
from bayesdensity.study.phrases import Estimand, at_equal, estimand_phrase

STEP = 0.01
"""Years over which the slope of a quantile is taken on either side."""
NODES = 12
"""Dates at which a quantile is computed; at more it is interpolated."""
ESTIMANDS: tuple[Estimand, ...] = ("frontier", "mean", "envelope")


def mean_trend(fit: Fit, dates: Sequence[str], ci: float = DEFAULT_CI) -> Estimate:
    """Population mean of ln density at dates; dim ``date``.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    ci : float
        Probability of the interval.
    """
    return Estimate("mean_trend", _phrase(fit, "mean"), mean_at(fit, times(fit, dates)), ci, LOG)


def frontier(fit: Fit, dates: Sequence[str], quantile: float | None = None, ci: float = DEFAULT_CI) -> Estimate:
    """Quantile of ln density among the models released at a date; dim ``date``.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    quantile : float, optional
        None: the study's.
    ci : float
        Probability of the interval.
    """
    q = fit.study.frontier.quantile if quantile is None else quantile
    phrase = estimand_phrase("frontier", q) + at_equal(fit.study)
    return Estimate("frontier", phrase, frontier_at(fit, times(fit, dates), q), ci, LOG)


def envelope(fit: Fit, dates: Sequence[str], ci: float = DEFAULT_CI) -> Estimate:
    """Mean ln density of the densest family released up to a date; dim ``date``.

    It is of the families in the sample, not of a population: it moves in steps and depends on who was measured.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the study has no family effects, or a date lies before the first release.
    """
    if not fit.study.frontier.family_effects:
        raise InputError(f"study '{fit.study.name}' has no family effects, and so no envelope of families.")
    time, family = times(fit, dates), fit.data["family_index"].to_numpy()
    level = mean_at(fit, fit.data["family_time"]) + fit.posterior["family_effect"]
    first = np.full(fit.data.sizes["family"], np.inf)
    np.minimum.at(first, family, fit.data["time"].to_numpy())
    released = xr.DataArray(first, dims="family") <= time + 1e-9
    if not released.any("family").all():
        raise InputError(f"the envelope begins with the first release, {window(fit)[0]}; got {list(dates)}.")
    best = level.where(released, -np.inf).max("family").transpose(*SAMPLE, ...)
    return Estimate("envelope", _phrase(fit, "envelope"), best, ci, LOG)


def rate_at(fit: Fit, dates: Sequence[str], estimand: Estimand = "frontier", ci: float = DEFAULT_CI) -> Estimate:
    """Growth of ln density a year at dates; dim ``date``. An envelope moves in steps and has none.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    estimand : {"frontier", "mean"}
        What grows.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the estimand is the envelope.
    """
    if estimand == "envelope":
        raise InputError("an envelope moves in steps: it has a rate over a window, and none at a date.")
    time = times(fit, dates)
    what = f"growth of the {_phrase(fit, estimand)} a year"
    return Estimate("rate", what, _over(slope_at(fit, time, estimand), time), ci, PER_YEAR)


def slope_at(fit: Fit, time: xr.DataArray, estimand: Estimand) -> xr.DataArray:
    """Draws of the growth of the frontier or the mean at times, natural logarithms a year.

    Parameters
    ----------
    fit : Fit
    time : xarray.DataArray
        Years from the mean release date.
    estimand : {"frontier", "mean"}
    """
    draws: xr.DataArray = fit.posterior["rate"] + growth_at_centre(fit) + bend(fit, time).slope
    if estimand == "frontier":
        step = xr.DataArray([-STEP, STEP], dims="step")
        draws = draws + excess(fit, time + step, fit.study.frontier.quantile).diff("step").isel(step=0) / (2 * STEP)
    return draws


def rate(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year, averaged over a window (None: that of the study).

    Parameters
    ----------
    fit : Fit
    between : tuple of str, optional
        ISO dates.
    estimand : {"frontier", "mean", "envelope"}
        `frontier`, `mean_trend` or `envelope`.
    ci : float
        Probability of the interval.
    """
    phrase, (start, end) = _phrase(fit, estimand), between or window(fit)
    if not times(fit, [start, end]).diff("date").item() > 0:
        raise InputError(f"the window must end after it starts; got {start} to {end}.")
    read: Any = {"mean": mean_trend, "frontier": frontier, "envelope": envelope}[estimand]
    ends = read(fit, [start, end]).draws
    span = float(np.diff(times(fit, [start, end]).to_numpy())[0])
    draws = (ends.isel(date=1, drop=True) - ends.isel(date=0, drop=True)) / span
    return Estimate("rate", f"growth of the {phrase} a year, {start} to {end}", draws, ci, PER_YEAR)


def inside_range(fit: Fit) -> Fit | None:
    """The fit by what its scores say inside the range of the reference; the same where no score lies beyond.

    Scores beyond the best of the reference say only that they lie beyond. It has what LLMs share, and so rates of the
    frontier and of the mean; None where these draws were not made.
    """
    if fit.inside is not None:
        return fit.with_draws(fit.inside)
    reads_beyond = beyond_reach(fit.data, fit.data["score_value"].to_numpy()).any() and not fit.data.attrs["censored"]
    return None if reads_beyond or "link_largest" not in fit.posterior else fit


def doubling_time(rates: Estimate) -> Estimate:
    """Months in which density doubles at a rate; infinite where the rate is not positive."""
    months = rates.draws.copy(data=doubling_months(rates.draws.to_numpy()))
    return Estimate("doubling_time", f"months to double, from {rates.what}", months, rates.probability, "months")


def doubling_months(rate: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Months in which what grows at a rate a year (natural logarithms) doubles; infinite where it does not grow."""
    yearly = np.asarray(rate, dtype=np.float64)
    months = np.full_like(yearly, np.inf)
    np.divide(MONTHS * np.log(2), yearly, out=months, where=~(yearly <= 0))
    return months


def probability_positive(rates: Estimate) -> xr.DataArray:
    """Posterior probability that a rate is positive."""
    return (rates.draws > 0).mean(SAMPLE)


def probability_slowing(fit: Fit, estimand: Estimand = "frontier") -> float:
    """Posterior probability that the rate at the end of the window is below that at its start."""
    rates = rate_at(fit, window(fit), estimand).draws
    return float((rates.isel(date=1) < rates.isel(date=0)).mean())


class ChangePoint(NamedTuple):
    """A change of the pace of the mean: when, the rates before and after, and what became of the pace.

    On a benchmark the rate differs from the common one by as much before as after.
    """

    year: Estimate
    """Calendar year, with its fraction."""
    before: Estimate
    after: Estimate
    ratio: Estimate
    """Rate after over rate before; infinite where the rate before is not positive."""
    probability_acceleration: float
    before_by_benchmark: Estimate
    """Dim ``benchmark``."""
    after_by_benchmark: Estimate
    """Dim ``benchmark``."""


def change_point(fit: Fit, ci: float = DEFAULT_CI) -> ChangePoint:
    """Date of the change of pace, and the rates of the mean before and after it.

    Raises
    ------
    InputError
        If the trend of the study has no change-point.
    """
    if fit.study.frontier.trend != "change-point":
        raise InputError(f"the trend of study '{fit.study.name}' has no change-point; use frontier.trend=change-point.")
    draws = fit.posterior
    sample, change = trend_sample(fit), draws["rate_change"]
    break_time = trends.ChangePoint().date(sample, draws)
    before = draws["rate"] + growth_at_centre(fit) - change * trends.tilt(break_time, sample.time, sample.mean)
    after = before + change
    ratio = (after / before.where(before > 0, 1.0)).where(before > 0, np.inf)
    said = "growth of mean ln density of releases a year, {} the change of pace"
    return ChangePoint(
        Estimate(
            "break_year",
            "date of the change of pace, as a calendar year",
            _calendar(fit, break_time),
            ci,
            "calendar years",
        ),
        Estimate("rate_before", said.format("before"), before, ci, PER_YEAR),
        Estimate("rate_after", said.format("after"), after, ci, PER_YEAR),
        Estimate("rate_ratio", "rate after over rate before", ratio, ci, RATIO),
        float((change > 0).mean()),
        Estimate("rate_before", said.format("before"), before + draws["benchmark_slope"], ci, PER_YEAR),
        Estimate("rate_after", said.format("after"), after + draws["benchmark_slope"], ci, PER_YEAR),
    )


def bend(fit: Fit, time: xr.DataArray) -> Bend:
    """Departure of the mean trend from its straight line at times, and its rate of change."""
    return TRENDS[fit.study.frontier.trend].bend(time, trend_sample(fit), fit.posterior)


def trend_sample(fit: Fit) -> Sample:
    """Release dates that the trend of a fit is stated over."""
    stated = fit.study.frontier.break_date

    def combine(steps: xr.DataArray, unit: Callable[[xr.DataArray], Bend]) -> Bend:
        return Bend(*(xr.dot(steps, part, dim="knot") for part in unit(bare(fit.data["knot_time"]))))

    return Sample(
        time=bare(fit.data["time"]),
        stated_break=None
        if stated is None
        else xr.full_like(fit.posterior["rate"], years_from_centre(fit.data, [stated])[0]),
        mean=lambda values: values.mean("llm"),
        combine=combine,
    )


def mean_at(fit: Fit, time: xr.DataArray) -> xr.DataArray:
    """Draws of the population mean of ln density at times; of covariates at their centres."""
    return _over(_mean_of_sample(fit, time) + at_centre(fit) + growth_at_centre(fit) * bare(time), time)


def expected(fit: Fit) -> xr.DataArray:
    """Draws of the mean of ln density among LLMs of the date of each, and of its covariates; dim ``llm``."""
    mean = _mean_of_sample(fit, fit.data["time"])
    if not fit.study.covariates:
        return mean
    return mean + xr.DataArray(Draws(fit.data, fit.posterior).of_covariates(), dims=(*SAMPLE, "llm"))


def at_centre(fit: Fit) -> xr.DataArray | float:
    """What covariates add to the mean at their centres, over what they add at their means."""
    if not fit.study.covariates:
        return 0.0
    added: xr.DataArray = xr.dot(fit.posterior["covariate_effect"], bare(fit.data["covariate_offset"]), dim="covariate")
    return added


def growth_at_centre(fit: Fit) -> xr.DataArray | float:
    """What covariates add to the rate at their centres, over what they add at their means."""
    if "covariate_growth" not in fit.posterior:
        return 0.0
    growth = Draws(fit.data, fit.posterior).covariate_growth
    return xr.DataArray(growth @ fit.data["covariate_offset"].to_numpy(), dims=SAMPLE)


def _mean_of_sample(fit: Fit, time: xr.DataArray) -> xr.DataArray:
    """The same as `mean_at` with covariates at their means over the sample."""
    draws = fit.posterior
    line = draws["origin"] + draws["level"].mean("benchmark") + draws["rate"] * bare(time)
    return _over(line + bend(fit, bare(time)).value, time)


def frontier_at(fit: Fit, time: xr.DataArray, q: float) -> xr.DataArray:
    """Draws of a quantile of ln density among the releases at times.

    Parameters
    ----------
    fit : Fit
    time : xarray.DataArray
        Years from the mean release date.
    q : float
        Probability of the quantile, between 0 and 1.

    Returns
    -------
    xarray.DataArray
        In natural logarithms; dims ``chain``, ``draw`` and those of the time.
    """
    return _over(mean_at(fit, time) + excess(fit, time, q), time)


def excess(fit: Fit, time: xr.DataArray, q: float) -> xr.DataArray:
    """Draws of the distance of a quantile from the mean at times.

    Parameters
    ----------
    fit : Fit
    time : xarray.DataArray
        Years from the mean release date.
    q : float
        Probability of the quantile, between 0 and 1.

    Returns
    -------
    xarray.DataArray
        In natural logarithms; dims ``chain``, ``draw`` and those of the time.
    """
    if not 0 < q < 1:
        raise InputError(f"a quantile lies between 0 and 1; got {q}.")
    at = bare(time).to_numpy().ravel()
    if at.size <= NODES:
        values = _excess_at(fit, q, at)
    else:
        # Figures and tables ask for many dates between the same two, and a little beside them.
        released = fit.data["time"].to_numpy()[known_llms(fit.data)]
        nodes, weights = _chebyshev(min(at.min(), released.min() - STEP), max(at.max(), released.max() + STEP))
        values = _excess_at(fit, q, nodes) @ _interpolation(nodes, weights, at)
    return xr.DataArray(values.reshape(*fit.posterior["rate"].shape, *time.shape), dims=(*SAMPLE, *time.dims))


_EXCESS: WeakKeyDictionary[Fit, dict[tuple[float, float], npt.NDArray[np.float64]]] = WeakKeyDictionary()
"""By fit what `_excess_at` found at a date: to invert a distribution takes long, and many ask for the same dates."""


def _excess_at(fit: Fit, q: float, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = _EXCESS.setdefault(fit, {})
    new = np.array([date for date in dict.fromkeys(at.tolist()) if (q, date) not in known])
    if new.size:
        frontier, shape = fit.study.frontier, (*fit.posterior["rate"].shape, 1)
        scales = Scales(*(np.broadcast_to(np.asarray(part)[..., None], shape) for part in scales_of(fit.posterior)))
        found = frontier.spread.quantile(q, FORMS[frontier.form], scales, new)
        found = np.broadcast_to(found, (*shape[:-1], new.size))
        known.update({(q, date): found[..., k] for k, date in enumerate(new.tolist())})
    return np.stack([known[q, date] for date in at.tolist()], axis=-1)


def _chebyshev(first: float, last: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Dates from which a smooth function of time between two dates is interpolated, and their weights.

    Berrut and Trefethen 2004, DOI 10.1137/S0036144502417715, equation 5.3.
    """
    angle = np.pi * (np.arange(NODES) + 0.5) / NODES
    weights: npt.NDArray[np.float64] = np.where(np.arange(NODES) % 2, -1.0, 1.0) * np.sin(angle)
    return (first + last) / 2 + (last - first) / 2 * np.cos(angle), weights


def _interpolation(
    nodes: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """What each node counts for at dates, shape (node, date).

    Berrut and Trefethen 2004, DOI 10.1137/S0036144502417715, equation 4.2. SciPy's takes longer to import than to work.
    """
    apart = at - nodes[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = weights[:, None] / apart
        share = each / each.sum(axis=0)
    here = np.isclose(apart, 0, rtol=0, atol=1e-12)
    found: npt.NDArray[np.float64] = np.where(here.any(axis=0), here, share)
    return found


def _phrase(fit: Fit, estimand: Estimand) -> str:
    if estimand not in ESTIMANDS:
        raise InputError(one_of(estimand, ESTIMANDS, "estimand"))
    return estimand_phrase(estimand, fit.study.frontier.quantile) + at_equal(fit.study)


def _calendar(fit: Fit, time: xr.DataArray) -> xr.DataArray:
    year: xr.DataArray = 2000.0 + fit.data.attrs["time_centre"] + time
    return year


def _over(draws: xr.DataArray, time: xr.DataArray) -> xr.DataArray:
    """Draws with the dims of the sample first, at every time."""
    every: xr.DataArray = (draws + xr.zeros_like(bare(time))).transpose(*SAMPLE, ...)
    return every

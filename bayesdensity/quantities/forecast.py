"""What size, date and score say of each other, ahead too: any two give the third.

For the frontier or the typical release these are what the trend has at a date. For the best release they are of single
LLMs: those of the tables, and further ones that are simulated (`bayesdensity.quantities.releases`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead, releases
from bayesdensity.quantities.estimate import DEFAULT_CI, PARAMETERS, SAMPLE, SHARE, Estimate, times
from bayesdensity.study.phrases import estimand_phrase

Of = Literal["frontier", "typical", "best"]
"""Of whom: the study's quantile among the releases of a date, their mean, or the best of all releases up to it."""
OF: tuple[Of, ...] = ("frontier", "typical", "best")
CALENDAR = "calendar years"


def score_at(
    fit: Fit,
    benchmark: str,
    params: float,
    dates: Sequence[str],
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
    per_year: float | None = None,
) -> Estimate:
    """Score that a model of a size, or at most that size, reaches on a benchmark at dates; dim ``date``.

    The logit of arXiv 2412.04315, equation 4, at the effective size: density (its equation 1) times size.

    Parameters
    ----------
    fit : Fit
    benchmark : str
    params : float
        Parameters, counted as the study counts them.
    dates : sequence of str
        ISO dates.
    of : {"frontier", "typical", "best"}
    ci : float
        Probability of the interval.
    per_year : float, optional
        Families to come a year, for the best; None: as many as of late.

    Raises
    ------
    InputError
        If the fit has no such benchmark, or the size or a date is none.
    """
    place, time, size = ahead.place_of(fit, benchmark), times(fit, dates), ahead.log_size(fit, params)
    if level := _level(of):
        logit = laws.logit_of_size(
            Draws(fit.data, fit.posterior).link.at([place]),
            ahead.gain(fit, time.to_numpy()) * size + ahead.gained(fit, place, time.to_numpy(), level),
        )
        score = laws.score(logit, ahead.floor(fit, place), fit.posterior["ceiling"].to_numpy()[..., [place]])
    else:
        every = releases.all_releases(fit, benchmark, float(time.max()), per_year)
        score = _shaped(fit, np.maximum(releases.best_score(every, size, time.to_numpy()), 0.0))
    draws = xr.DataArray(score, dims=(*SAMPLE, "date"), coords={"date": list(dates)})
    return Estimate("score", f"score on {benchmark} of {_whose(fit, of)}", draws, ci, SHARE)


def size_at(
    fit: Fit,
    benchmark: str,
    score: float,
    dates: Sequence[str],
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
    per_year: float | None = None,
) -> Estimate:
    """Parameters with which a model reaches a score on a benchmark at dates; dim ``date``, infinite where none do.

    Parameters
    ----------
    fit, benchmark, dates, of, ci, per_year
        As for `score_at`.
    score : float
        Share of the items.

    Raises
    ------
    InputError
        If the fit has no such benchmark, no model can have the score, or a date is none.
    """
    place, time = ahead.place_of(fit, benchmark), times(fit, dates)
    needed = ahead.effective_size(fit, place, score)
    if level := _level(of):
        at = time.to_numpy()
        size = (needed - ahead.gained(fit, place, at, level)) / ahead.gain(fit, at)
    else:
        every = releases.all_releases(fit, benchmark, float(time.max()), per_year)
        size = _shaped(fit, releases.smallest_size(every, score, time.to_numpy()))
    with np.errstate(over="ignore"):
        params = np.exp(size + fit.data.attrs["log_size_centre"])
    draws = xr.DataArray(params, dims=(*SAMPLE, "date"), coords={"date": list(dates)})
    return Estimate("params", f"parameters for {score:g} on {benchmark} of {_whose(fit, of)}", draws, ci, PARAMETERS)


def date_at(
    fit: Fit,
    benchmark: str,
    score: float,
    params: float,
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
    per_year: float | None = None,
) -> Estimate:
    """Date from which a model of a size, or at most that size, reaches a score, as a calendar year with its fraction.

    Infinite where that takes more than `ahead.HORIZON` years from the last release; the first release where it was so
    already.

    Parameters
    ----------
    fit, benchmark, params, of, ci, per_year
        As for `score_at`.
    score : float
        Share of the items.

    Raises
    ------
    InputError
        If the fit has no such benchmark, no model can have the score, or the size is none.
    """
    place, size = ahead.place_of(fit, benchmark), ahead.log_size(fit, params)
    needed = ahead.effective_size(fit, place, score)
    if level := _level(of):
        time = ahead.reached(fit, place, needed, level, size)
    else:
        end = ahead.span_of(fit)[1] + releases.HORIZON
        time = _shaped(fit, releases.earliest(releases.all_releases(fit, benchmark, end, per_year), score, size))
    what = f"date from which {params:.3g} parameters reach {score:g} on {benchmark}, of {_whose(fit, of)}"
    return Estimate("date", what, ahead.calendar(fit, xr.DataArray(time, dims=SAMPLE)), ci, CALENDAR)


def date_of_density(
    fit: Fit, log_density: xr.DataArray, of: ahead.Level = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Date from which releases have a density, averaged over the benchmarks, as a calendar year with its fraction.

    Infinite where that takes more than `ahead.HORIZON` years from the last release; the first release where it was so
    already.

    Parameters
    ----------
    fit : Fit
    log_density : xarray.DataArray
        Natural logarithm of density, dims ``chain`` and ``draw``.
    of : {"frontier", "typical"}
    ci : float
        Probability of the interval.
    """
    needed = (log_density - fit.posterior["level"].mean("benchmark")).transpose(*SAMPLE).to_numpy()[..., None]
    time = xr.DataArray(ahead.reached(fit, None, needed, of), dims=SAMPLE)
    what = f"date from which the density of {_whose(fit, of)} is as high"
    return Estimate("date", what, ahead.calendar(fit, time), ci, CALENDAR)


def probability_by(fit: Fit, date: Estimate, dates: Sequence[str]) -> xr.DataArray:
    """Probability that a date to be inferred lies at or before each of some dates; dim ``date``.

    Parameters
    ----------
    fit : Fit
    date : Estimate
        In calendar years, as `date_at` gives it.
    dates : sequence of str
        ISO dates.
    """
    return (date.draws <= ahead.calendar(fit, times(fit, dates))).mean(SAMPLE)


def _shaped(fit: Fit, values: ahead.Array) -> ahead.Array:
    """Values by draw, as chains and draws."""
    return values.reshape(*(fit.posterior.sizes[dim] for dim in SAMPLE), *values.shape[1:])


def _level(of: Of) -> ahead.Level | None:
    """What the trend has at a date; none of the best, which is a release."""
    if of not in OF:
        raise InputError(one_of(of, OF, "answer to 'of whom'"))
    return None if of == "best" else of


def _whose(fit: Fit, of: Of) -> str:
    if of == "best":
        return "the best of all releases up to a date"
    return "the " + estimand_phrase(ahead.LEVELS[of], fit.study.frontier.quantile)

"""Growth of density taken apart: what comes from covariates that move in time, and what remains where none does.

With x(t) the average of a covariate among the releases of a time, a straight line through the sample (the ends of a
curve would hang on the few first and last of them), the mean of ln density is
``m(t) + sum_k (b_k + g_k t) (x_k(t) - c_k)``, m being the mean at the centres c. Its growth over a window is a sum of
that of m, the part at equal covariates, and of one term for each covariate. This is the decomposition of Oaxaca 1973
(DOI 10.2307/2525981) with time for the group. A frontier moves as the mean does by what covariates add: how these
spread among the releases of one time is part of its distance from the mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.covariates import one_of_covariates, require_covariates
from bayesdensity.quantities.estimate import DEFAULT_CI, PER_YEAR, SAMPLE, Estimate, times, window
from bayesdensity.quantities.growth import rate
from bayesdensity.study.covariates import BENCHMARK_AGE, log_benchmark_age
from bayesdensity.study.phrases import Estimand

Array = NDArray[np.float64]
RECIPE, TOTAL = "at equal covariates", "all together"
"""The first and the last part of growth."""


def growth_parts(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year over a window, by what it comes from; dim ``part``.

    The first is what remains at equal covariates, then each covariate, and last their sum.

    Parameters
    ----------
    fit : Fit
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    estimand : {"frontier", "mean"}
        What grows.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the study has no covariates, or the estimand is the envelope, which has no releases to average.
    """
    require_covariates(fit)
    recipe = _recipe(fit, between, estimand)
    added = [_added(fit, name, between or window(fit)) for name in fit.study.covariates]
    draws = xr.concat([recipe.draws, *added, sum(added, recipe.draws)], dim="part", coords="minimal")
    draws = draws.assign_coords(part=[RECIPE, *fit.study.covariates, TOTAL]).transpose(*SAMPLE, "part")
    return Estimate("growth_parts", f"{recipe.what}, by what it comes from", draws, ci, PER_YEAR)


def growth_held(
    fit: Fit,
    held: Mapping[str, float | str],
    between: tuple[str, str] | None = None,
    estimand: Estimand = "frontier",
    ci: float = DEFAULT_CI,
) -> Estimate:
    """Growth of ln density a year had some covariates stayed at values, the others moving as they did.

    Parameters
    ----------
    fit : Fit
    held : mapping of str to float or str
        Value of a covariate as people state it, such as 20 tokens per parameter, by its name.
    between, estimand, ci
        As for `growth_parts`.

    Raises
    ------
    InputError
        If the study has no such covariate, or a value is none of it.
    """
    require_covariates(fit)
    at = {name: _stated(fit, one_of_covariates(fit, name), value) for name, value in held.items()}
    recipe = _recipe(fit, between, estimand)
    added = [_added(fit, name, between or window(fit), at.get(name)) for name in fit.study.covariates]
    what = " and ".join(f"{name} at {value}" for name, value in held.items())
    return Estimate("rate", f"{recipe.what}, had {what} stayed", sum(added, recipe.draws), ci, PER_YEAR)


def covariate_path(fit: Fit, name: str, dates: list[str], ci: float = DEFAULT_CI) -> Estimate:
    """Average of a covariate among the releases of dates; dims ``date``, ``covariate`` (of words, shares of each).

    A straight line through the LLMs of the sample; of the age of benchmarks their mean over the benchmarks. Logarithms
    are given as people state them: geometric means.

    Parameters
    ----------
    fit : Fit
    name : str
    dates : list of str
        ISO dates.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the study has no such covariate.
    """
    which = _columns(fit, one_of_covariates(fit, name))
    path = _averages(fit, which, times(fit, dates).to_numpy()) + fit.data["covariate_mean"].to_numpy()[which]
    known = fit.study.covariates[name].computed
    values = path if known is None else known.natural(path)
    shape = tuple(fit.posterior.sizes[dim] for dim in SAMPLE)
    draws = xr.DataArray(
        np.broadcast_to(values, (*shape, *values.shape[-2:])),
        dims=(*SAMPLE, "date", "covariate"),
        coords={"date": dates, "covariate": fit.data["covariate"].to_numpy()[which]},
    )
    unit = "" if known is None else known.unit
    return Estimate(name, f"average {name} among the releases of a date", draws, ci, unit)


def _recipe(fit: Fit, between: tuple[str, str] | None, estimand: Estimand) -> Estimate:
    if estimand == "envelope":
        raise InputError("an envelope is of families and not of releases: ask for the frontier or the mean.")
    return rate(fit, between, estimand)


def _added(fit: Fit, name: str, span: tuple[str, str], held: Array | None = None) -> xr.DataArray:
    """Growth a year over a window that a covariate adds to that at its centre, as it moved or held at a value."""
    which, ends = _columns(fit, name), times(fit, list(span)).to_numpy()
    path = _averages(fit, which, ends) if held is None else np.broadcast_to(held, (2, len(held)))
    apart = path - fit.data["covariate_offset"].to_numpy()[which]
    effect = Draws(fit.data, fit.posterior).covariate_effects(ends)[..., which]
    worth = (effect * apart).sum(axis=-1)
    draws = np.broadcast_to((worth[..., 1] - worth[..., 0]) / (ends[1] - ends[0]), effect.shape[:2])
    return xr.DataArray(draws, dims=SAMPLE)


def _averages(fit: Fit, which: NDArray[np.int_], at: Array) -> Array:
    """Average of columns at times, from the means of the sample; shape (..., time, column)."""
    data = fit.data
    if fit.study.covariates[data["covariate_name"].to_numpy()[which[0]]].of == BENCHMARK_AGE:
        age = at[:, None] - data["benchmark_published"].to_numpy()
        return np.asarray(log_benchmark_age(age).mean(axis=1, keepdims=True) - data["covariate_mean"].to_numpy()[which])
    value = Draws(data, fit.posterior).covariates[..., which]
    weight = np.vander(at, 2) @ np.linalg.pinv(np.vander(data["time"].to_numpy(), 2))
    return np.asarray(weight @ value)


def _columns(fit: Fit, name: str) -> NDArray[np.int_]:
    return np.flatnonzero(fit.data["covariate_name"].to_numpy() == name)


def _stated(fit: Fit, name: str, value: float | str) -> Array:
    """A value as people state it, as the columns of its covariate have it, from their means."""
    which, known = _columns(fit, name), fit.study.covariates[name].computed
    means, labels = fit.data["covariate_mean"].to_numpy()[which], fit.data["covariate"].to_numpy()[which]
    if against := str(fit.data["covariate_against"].to_numpy()[which[0]]):
        words = [str(label).removeprefix(f"{name}: ") for label in labels]
        if value not in (*words, against):
            raise InputError(one_of(str(value), [*words, against], f"value of {name}"))
        return np.asarray(np.array([word == value for word in words]) - means)
    try:
        number = float(value)
        found = number if known is None else float(known.log(number)) if number + known.shift > 0 else np.nan
    except (TypeError, ValueError):
        found = np.nan
    if not np.isfinite(found):
        raise InputError(f"{name}={value}: give a number{'' if known is None else f' of {known.unit}'}.")
    return np.asarray(found - means)

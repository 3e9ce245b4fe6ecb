"""How fast each benchmark moves, and how fast one not yet seen would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, LOG, PER_YEAR, SAMPLE, Estimate, times
from bayesdensity.quantities.growth import frontier, rate
from bayesdensity.study.phrases import Estimand


def rate_by_benchmark(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year on each benchmark, averaged over a window; dim ``benchmark``.

    Parameters
    ----------
    fit : Fit
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    estimand : {"frontier", "mean", "envelope"}
        What grows.
    ci : float
        Probability of the interval.
    """
    overall = rate(fit, between, estimand)
    return Estimate("rate_by_benchmark", overall.what, overall.draws + fit.posterior["benchmark_slope"], ci, PER_YEAR)


def frontier_by_benchmark(fit: Fit, dates: Sequence[str], ci: float = DEFAULT_CI) -> Estimate:
    """Quantile of ln density among the releases of a date on each benchmark; dims ``benchmark``, ``date``.

    What a single LLM departs by on one benchmark is not part of it.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    ci : float
        Probability of the interval.
    """
    overall, draws = frontier(fit, dates), fit.posterior
    offset = draws["level"] - draws["level"].mean("benchmark") + draws["benchmark_slope"] * times(fit, dates)
    values = (overall.draws + offset).transpose(*SAMPLE, "benchmark", "date")
    return Estimate("frontier_by_benchmark", f"{overall.what}, on one benchmark", values, ci, LOG)


def rate_spread(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Standard deviation between benchmarks of the growth of ln density a year.

    Raises
    ------
    InputError
        If the study has a single benchmark.
    """
    require_several(fit)
    what = "standard deviation between benchmarks of the growth of ln density a year"
    return Estimate("rate_spread", what, fit.posterior["slope_spread"], ci, PER_YEAR)


def rate_of_new_benchmark(
    fit: Fit,
    between: tuple[str, str] | None = None,
    estimand: Estimand = "frontier",
    ci: float = DEFAULT_CI,
    seed: int = 1,
) -> Estimate:
    """Predictive growth of ln density a year on a benchmark not yet seen, of the population of those of the study.

    The mean over n benchmarks is known, that of their population only to ``spread / sqrt(n)``.

    Parameters
    ----------
    fit : Fit
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    estimand : {"frontier", "mean", "envelope"}
        What grows.
    ci : float
        Probability of the interval.
    seed : int
        Of the predictive draws.

    Raises
    ------
    InputError
        If the study has a single benchmark.
    """
    require_several(fit)
    overall, n = rate(fit, between, estimand), fit.data.sizes["benchmark"]
    noise = np.random.default_rng(seed).standard_normal(overall.draws.shape)
    draws = overall.draws + fit.posterior["slope_spread"] * np.sqrt(1 + 1 / n) * noise
    return Estimate("rate_of_new_benchmark", f"{overall.what}, on a benchmark not yet seen", draws, ci, PER_YEAR)


def require_several(fit: Fit) -> None:
    """Refuse what is asked of the spread between benchmarks where there is one."""
    if fit.data.sizes["benchmark"] < 2:
        raise InputError(f"study '{fit.study.name}' has a single benchmark: nothing tells how benchmarks differ.")


def probability_faster(fit: Fit) -> xr.DataArray:
    """Posterior probability that one benchmark moves faster than another; dims ``benchmark``, ``than``."""
    slope = fit.posterior["benchmark_slope"]
    return (slope > slope.rename(benchmark="than")).mean(SAMPLE)

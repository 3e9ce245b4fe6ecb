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

KNOWLEDGE = "knowledge"
"""Group of the benchmarks that ask for facts; all others ask for skills."""


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


def rate_by_group(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year on the benchmarks of each group, their mean, over a window; dim ``group``.

    Groups are those of the table of benchmarks: knowledge, reasoning, mathematics, code and others.

    Parameters
    ----------
    fit : Fit
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    estimand : {"frontier", "mean", "envelope"}
        What grows.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the fit does not know the groups of its benchmarks, as one of a former version, or a benchmark has none.
    """
    each, groups = rate_by_benchmark(fit, between, estimand, ci), _groups(fit)
    draws = each.draws.assign_coords(group=("benchmark", groups)).groupby("group").mean()
    what = each.what + ", on the benchmarks of a group"
    return Estimate("rate_by_group", what, draws.transpose(*SAMPLE, "group"), ci, PER_YEAR)


def probability_skills_faster(fit: Fit) -> float:
    """Posterior probability that density grows faster on benchmarks of skills than on those of knowledge.

    Skills are all groups but knowledge; on both sides the mean of the rates on the benchmarks is compared.

    Raises
    ------
    InputError
        If the fit does not know the groups of its benchmarks, or they are all of one side.
    """
    slope, knowledge = fit.posterior["benchmark_slope"], _groups(fit) == KNOWLEDGE
    if not asks_for_both(fit):
        raise InputError(f"study '{fit.study.name}' has no benchmark of {'skills' if knowledge.any() else KNOWLEDGE}.")
    faster = slope[..., ~knowledge].mean("benchmark") - slope[..., knowledge].mean("benchmark")
    return float((faster > 0).mean())


def knows_groups(fit: Fit) -> bool:
    """Whether each benchmark of a fit has a group."""
    return "benchmark_group" in fit.data.coords and bool((fit.data["benchmark_group"] != "").all())


def asks_for_both(fit: Fit) -> bool:
    """Whether some benchmarks of a fit ask for knowledge, and others for skills."""
    return knows_groups(fit) and 0 < int((_groups(fit) == KNOWLEDGE).sum()) < fit.data.sizes["benchmark"]


def _groups(fit: Fit) -> np.ndarray:
    """Group of each benchmark."""
    if not knows_groups(fit):
        raise InputError(
            f"the fit of '{fit.study.name}' does not know the group of each benchmark; state them in the column "
            "'group' of benchmarks.csv, and fit again."
        )
    return fit.data["benchmark_group"].to_numpy()


def rate_spread(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Standard deviation between benchmarks of the growth of ln density a year.

    Raises
    ------
    InputError
        If the study has a single benchmark.
    """
    require_several(fit)
    what = "standard deviation between benchmarks of the growth of ln density a year"
    return Estimate("rate_spread", what, spread_of_rates(fit), ci, PER_YEAR)


def spread_of_rates(fit: Fit) -> xr.DataArray:
    """Draws of the standard deviation of benchmarks' rates: within their groups and between these, where told apart."""
    draws = fit.posterior
    if "group_slope_spread" not in draws:
        return draws["slope_spread"]
    spread: xr.DataArray = (draws["slope_spread"] ** 2 + draws["group_slope_spread"] ** 2) ** 0.5
    return spread


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
    draws = overall.draws + spread_of_rates(fit) * np.sqrt(1 + 1 / n) * noise
    return Estimate("rate_of_new_benchmark", f"{overall.what}, on a benchmark not yet seen", draws, ci, PER_YEAR)


def require_several(fit: Fit) -> None:
    """Refuse what is asked of the spread between benchmarks where there is one."""
    if fit.data.sizes["benchmark"] < 2:
        raise InputError(f"study '{fit.study.name}' has a single benchmark: nothing tells how benchmarks differ.")


def probability_faster(fit: Fit) -> xr.DataArray:
    """Posterior probability that one benchmark moves faster than another; dims ``benchmark``, ``than``."""
    slope = fit.posterior["benchmark_slope"]
    return (slope > slope.rename(benchmark="than")).mean(SAMPLE)

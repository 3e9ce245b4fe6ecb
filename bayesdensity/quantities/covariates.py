"""What density goes with beside the date: effects of covariates, what scores told of them, and pace by size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import log_size, size_effect
from bayesdensity.quantities.estimate import DEFAULT_CI, LOG, PER_YEAR, SAMPLE, Estimate
from bayesdensity.quantities.growth import rate
from bayesdensity.study.phrases import Estimand

SIZES = (1e9, 1e10, 1e11, 1e12)
"""Parameters at which the pace is told."""


def covariate_effect(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """E-folds of density for each unit of a covariate, on average over the benchmarks; dim ``covariate``.

    Of logarithms an e-fold, of words what they differ by from those in the centre; where it goes with time, at the
    centre of time.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the study has no covariates.
    """
    require_covariates(fit)
    what = "e-folds of density for each unit of a covariate"
    return Estimate("covariate_effect", what, fit.posterior["covariate_effect"], ci, LOG)


def covariate_growth(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Change of the effects of covariates a year; dim ``covariate``, of those of which the study infers it.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If there are none.
    """
    require_covariates(fit)
    if "covariate_growth" not in fit.posterior:
        raise InputError(f"study '{fit.study.name}' has no covariate whose effect goes with time: state its growth.")
    draws = fit.posterior["covariate_growth"].rename(growing_covariate="covariate")
    return Estimate("covariate_growth", "change of the effect of a covariate a year", draws, ci, PER_YEAR)


def covariate_effect_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Effect of covariates on each benchmark; dims ``covariate``, ``benchmark``, of those that may differ there.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If there are none.
    """
    require_covariates(fit)
    if "covariate_departure" not in fit.posterior:
        raise InputError(
            f"study '{fit.study.name}' has no covariate whose effect differs between benchmarks: state "
            "between_benchmarks."
        )
    departure = fit.posterior["covariate_departure"].rename(departing_covariate="covariate")
    draws = fit.posterior["covariate_effect"].sel(covariate=departure["covariate"]) + departure
    what = "e-folds of density on one benchmark for each unit of a covariate"
    return Estimate("covariate_effect", what, draws.transpose(*SAMPLE, "covariate", "benchmark"), ci, LOG)


def contraction(fit: Fit) -> xr.DataArray:
    """Share of the variance of the prior of an effect that its scores have taken away; dims ``part``, ``covariate``.

    Near zero: what is said of it is the prior's. Not a number where there is no such part. Betancourt 2018, "Towards a
    principled Bayesian workflow".

    Raises
    ------
    InputError
        If the study has no covariates.
    """
    require_covariates(fit)
    names = fit.data["covariate_name"].to_numpy()
    found = np.full((2, len(names)), np.nan)
    every = {"effect": np.ones(len(names), dtype=bool), "growth": fit.data["covariate_grows"].to_numpy()}
    for k, (part, which) in enumerate(every.items()):
        if f"covariate_{part}" in fit.posterior:
            prior = np.array([fit.study.covariates[name].priors[part].sigma for name in names[which]])
            found[k, which] = 1 - fit.posterior[f"covariate_{part}"].var(SAMPLE).to_numpy() / prior**2
    return xr.DataArray(
        found,
        dims=("part", "covariate"),
        coords={"part": ["effect", "growth"], "covariate": fit.data["covariate"].to_numpy()},
    )


def rate_by_size(
    fit: Fit,
    sizes: Sequence[float] = SIZES,
    between: tuple[str, str] | None = None,
    estimand: Estimand = "frontier",
    ci: float = DEFAULT_CI,
) -> Estimate:
    """Growth of ln density a year of LLMs of a size, over a window; dim ``params``.

    Parameters
    ----------
    fit : Fit
    sizes : sequence of float
        Parameters, counted as the study counts them.
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    estimand : {"frontier", "mean"}
        What grows.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the study does not infer a pace by size.
    """
    name = _paced(fit)
    overall, (_, pace) = rate(fit, between, estimand), size_effect(fit)
    centre = float(fit.data["covariate_offset"].sel(covariate=name))
    apart = np.array([log_size(fit, params) for params in sizes]) - centre
    added = xr.DataArray(pace * apart, dims=(*SAMPLE, "params"), coords={"params": list(sizes)})
    return Estimate("rate_by_size", f"{overall.what}, of LLMs of a size", overall.draws + added, ci, PER_YEAR)


def probability_small_faster(fit: Fit) -> float:
    """Posterior probability that smaller LLMs densify faster than larger ones.

    Raises
    ------
    InputError
        If the study does not infer a pace by size.
    """
    _paced(fit)
    return float((size_effect(fit)[1] < 0).mean())


def require_covariates(fit: Fit) -> None:
    """Refuse what is asked of covariates where there are none."""
    if not fit.study.covariates:
        raise InputError(
            f"study '{fit.study.name}' has no covariates; fit it with some, such as "
            '--set \'covariates=["tokens", "sparsity"]\'.'
        )


def knows_pace_by_size(fit: Fit) -> bool:
    """Whether a fit infers how the rate goes with size."""
    name = fit.study.size_covariate
    return name is not None and fit.study.covariates[name].growth is not None


def _paced(fit: Fit) -> str:
    name = fit.study.size_covariate
    if name is None or not knows_pace_by_size(fit):
        raise InputError(
            f"study '{fit.study.name}' does not infer how the pace goes with size; fit it with the covariate "
            "'pace-by-size'."
        )
    return name


def one_of_covariates(fit: Fit, name: str) -> str:
    """The name, if it is that of a covariate of the study.

    Raises
    ------
    InputError
        If it is none.
    """
    if name not in fit.study.covariates:
        raise InputError(one_of(name, fit.study.covariates, "covariate of this study"))
    return name

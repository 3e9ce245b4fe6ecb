"""How far the answer rests on the priors."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.checks.protocol import Check
from bayesdensity.checks.registry import check
from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE, rate
from bayesdensity.quantities.benchmarks import spread_of_rates
from bayesdensity.study.prior_use import priors_used
from bayesdensity.study.spec import Priors

SENSITIVE = 0.05
"""Sensitivity to a prior above which it informs the answer (arXiv 2107.14054)."""
WIDE, PRIOR_ONLY = 0.5, 0.9
"""Posterior over prior standard deviation: little was learned, and nothing."""


@check("priors", place=90)
def check_priors(fit: Fit) -> Check:
    """Power scaling of every prior of the study: how far the rates of the frontier and of the mean move.

    Densities are taken on the scale that an interval is stated on, so that scaling one by a power widens or narrows it.
    Kallioinen, Paananen, Bürkner and Vehtari 2024, arXiv 2107.14054.
    """
    import arviz

    # Of what is passed on as a number no prior is felt.
    every = log_priors(fit) | _of_covariates(fit)
    densities = {name: one for name, one in every.items() if np.ptp(one.to_numpy()) > 0}
    asked = xr.Dataset({"frontier": rate(fit).draws, "mean": rate(fit, estimand="mean").draws})
    tree = xr.DataTree.from_dict({"posterior": asked, "log_prior": xr.Dataset(densities)})
    found: dict[str, float] = {}
    for name in densities:
        moved = arviz.psense(tree, group="prior", group_var_names=[name])
        found[name] = max(float(moved[of]) for of in asked.data_vars)
    felt = sorted((name for name in found if found[name] > SENSITIVE), key=lambda name: -found[name])
    if not felt:
        most = max(found, key=lambda name: found[name])
        said = f"no prior moves the rates of frontier and mean ({most} most: {found[most]:.2f} of {SENSITIVE})."
        return Check("priors", "PASS", said, figures=found)
    said = "the rates feel the prior of " + ", ".join(f"{name} ({found[name]:.2f})" for name in felt[:4]) + "."
    return Check("priors", "REVIEW", said, "Halve and double their intervals with --set and see what moves.", found)


@check("identification", place=20, gate="refuse")
def check_identification(fit: Fit) -> Check:
    """Posterior over prior standard deviation of the rate, its change and the departures of benchmarks."""
    draws, priors = fit.posterior, fit.study.priors
    ratio = {"rate": rate_ratio(fit)}
    for name in ("curvature", "rate_change", "dispersion_growth", "asymmetry_growth", "class_log_odds_growth"):
        if name in draws:
            ratio[name] = float(draws[name].std()) / priors[name].sigma
    n = fit.data.sizes["benchmark"]
    if n > 1:
        scale = float(np.sqrt((spread_of_rates(fit) ** 2).mean() * (1 - 1 / n)))
        each = draws["benchmark_slope"].std(SAMPLE).to_numpy() / scale
        ratio |= {f"rate on {b}": float(part) for b, part in zip(fit.data["benchmark"].to_numpy(), each, strict=True)}
    if ratio["rate"] > PRIOR_ONLY:
        said = f"the posterior of the rate is as wide as its prior ({ratio['rate']:.0%}): nothing was learned about it."
        return Check("identification", "FAIL", said, "Bring LLMs of more dates, or more scores of each.", ratio)
    unknown = [f"{name} ({part:.0%})" for name, part in ratio.items() if part > PRIOR_ONLY]
    faults = [f"as wide as their priors: {', '.join(unknown)}"] if unknown else []
    if ratio["rate"] > WIDE:
        faults.append(f"the rate is known little better than its prior ({ratio['rate']:.0%} of its width)")
    verdict: Verdict = "REVIEW" if faults else "PASS"
    said = (
        "; ".join(faults)
        if faults
        else f"the rate is known far better than its prior ({ratio['rate']:.0%} of its width)"
    )
    remedy = "Do not report these as findings: they repeat the priors." if faults else ""
    return Check("identification", verdict, said + ".", remedy, ratio)


def rate_ratio(fit: Fit) -> float:
    """Posterior over prior standard deviation of the rate of the mean."""
    return float(fit.posterior["rate"].std()) / fit.study.priors["rate"].sigma


def log_priors(fit: Fit, priors: Priors | None = None) -> dict[str, xr.DataArray]:
    """Log density of each prior that a fit feels at each draw, up to a constant, on the scale it is stated on.

    Those of its study, or others of the same shapes.
    """
    found, priors, used = {}, priors or fit.study.priors, priors_used(fit.study)
    for name in filter(used.__contains__, Priors.model_fields):
        value = _stated(fit, name)
        if value is not None:
            found[name] = _log_normal(value, priors[name].mu, priors[name].sigma)
    return found


def _of_covariates(fit: Fit) -> dict[str, xr.DataArray]:
    """`log_priors` of the effects of each covariate, and of their changes a year."""
    found, names = {}, fit.data["covariate_name"].to_numpy() if fit.study.covariates else ()
    for part, dim in (("effect", "covariate"), ("growth", "growing_covariate")):
        if f"covariate_{part}" not in fit.posterior:
            continue
        draws = fit.posterior[f"covariate_{part}"].rename({dim: "covariate"})
        for name in dict.fromkeys(names):
            own = draws["covariate"].isin(fit.data["covariate"].to_numpy()[names == name])
            if own.any() and (prior := fit.study.covariates[name].priors.get(part)):
                found[f"{name}, {part}"] = _log_normal(draws[..., own.to_numpy()], prior.mu, prior.sigma)
    return found


def _log_normal(value: xr.DataArray, mu: float, sigma: float) -> xr.DataArray:
    log = -0.5 * ((value - mu) / sigma) ** 2
    return log.sum([dim for dim in log.dims if dim not in SAMPLE]).transpose(*SAMPLE)


def _stated(fit: Fit, name: str) -> xr.DataArray | None:
    """Draws of what a prior is stated of, on its scale; None where the model has no such variable."""
    draws, shape = fit.posterior, fit.study.priors[name].shape
    found: xr.DataArray | None = None
    if name == "level":
        found = draws["origin"] + draws["level"].mean("benchmark")
    elif name == "beyond_stretch" and fit.study.reference.beyond == "misfit":
        found = draws["link_stretch"].mean("benchmark")
    elif name == "beyond_contrast" and fit.study.reference.beyond == "misfit":
        found = draws["link_stretch"] - draws["link_stretch"].mean("benchmark")
    elif name == "ceiling_gap":
        found = _log(1 - draws["ceiling"])
    elif sampled := [key for key in (f"log_{name}", f"logit_{name}", f"latent_{name}") if key in draws]:
        found = draws[sampled[0]]
    elif name in draws:
        found = _log(draws[name]) if shape == "lognormal" else draws[name]
    return found


def _log(draws: xr.DataArray) -> xr.DataArray:
    return draws.copy(data=np.log(draws.to_numpy()))

"""Fits of other forms of the frontier, made by hand from a fit of the shipped form: nothing is sampled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bayesdensity.inference.result import Fit
from bayesdensity.study.spec import Frontier

FORMS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "growing": {"dispersion": "growing"},
    "exponential, both": {"form": "exponential", "one_sided": "both", "dispersion": "growing"},
    "families only": {"one_sided": "family", "dispersion": "growing"},
    "symmetric": {"form": "symmetric", "dispersion": "growing"},
    "families alike": {"family_effects": False, "dispersion": "growing"},
}


def remade(fit: Fit, change: dict[str, Any], **variables: Any) -> Fit:
    """The fit as one of another form, with these variables where the form has them and without what it lacks."""
    form = Frontier.model_validate({**dict(fit.study.frontier), **change})
    has = {
        "inefficiency_scale": form.llm_form.one_sided,
        "family_inefficiency_scale": form.family_form.one_sided,
        "family_scale": form.family_effects,
        "family_effect": form.family_effects,
        "family_asymmetry": form.dispersion == "two-sided",
        "asymmetry_growth": form.dispersion == "two-sided",
        "curvature": form.trend == "quadratic",
        "break_time": form.trend == "change-point" and form.break_date is None,
    }
    zero = 0 * fit.posterior["noise_scale"]
    draws = fit.posterior.assign({name: zero + value for name, value in variables.items() if has.get(name, True)})
    absent = [name for name, yes in has.items() if not yes and name in draws]
    study = fit.study.model_copy(update={"frontier": form})
    return replace(fit, posterior=draws.drop_vars(absent), study=study)

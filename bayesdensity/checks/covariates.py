"""Whether scores told of the effects of covariates, or the priors did."""

from __future__ import annotations

import numpy as np

from bayesdensity.base.format import enumerated
from bayesdensity.checks.protocol import Check
from bayesdensity.checks.registry import check
from bayesdensity.data.covariates import COLLINEAR, told_apart
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.covariates import contraction

LITTLE = 0.2
"""Share of the variance of a prior, taken away by scores, below which an effect is said to be the prior's."""


@check("covariates", place=22, when=lambda fit: bool(fit.study.covariates))
def check_covariates(fit: Fit) -> Check:
    """Contraction of each effect from its prior, and covariates that go with the date or with each other.

    Betancourt 2018, "Towards a principled Bayesian workflow".
    """
    found, told = contraction(fit), told_apart(fit.data)
    figures, idle = {}, []
    for label in found["covariate"].to_numpy().tolist():
        for part in found["part"].to_numpy().tolist():
            value = float(found.sel(covariate=label, part=part))
            if np.isfinite(value):
                name = label if part == "effect" else f"{part} of {label}"
                figures[f"contraction of {name}"] = value
                idle += [name] if value < LITTLE else []
    figures |= {f"{label} with date": float(value) for label, value in told["with_date"].items()}
    bound = [str(label) for label in told.index[told["with_date"] > COLLINEAR]]
    faults = [f"the effect of {enumerated(idle)} is little but the prior's"] if idle else []
    if bound:
        faults.append(f"{enumerated(bound)} goes with the date: what it did and what remains are known as a sum alone")
    if not faults:
        least = min((name for name in figures if name.startswith("contraction")), key=lambda name: figures[name])
        said = f"scores told of every effect ({least} from its prior: {figures[least]:.0%})."
        return Check("covariates", "PASS", said, figures=figures)
    remedy = "Do not report these effects as findings; leave them out, or bring LLMs that tell them apart."
    return Check("covariates", "REVIEW", "; ".join(faults) + ".", remedy, figures)

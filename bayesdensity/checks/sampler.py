"""Convergence of the sampler."""

from __future__ import annotations

from dataclasses import replace

from bayesdensity.checks.protocol import Check, worst
from bayesdensity.checks.registry import check
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.result import Fit

DOUBT = "Fit with more draws (--draws, --tune) and other seeds; if it stays, report it."


@check("convergence", place=10, gate="review", applies_to=("joint", "reference"))
def check_convergence(fit: Fit) -> Check:
    """R-hat, bulk and tail ESS, divergences, E-BFMI, tree depth, and chains that never moved."""
    found = convergence_check(fit.diagnostics)
    alone = fit.about.get("reference_alone")
    if alone is None or alone["verdict"] == "PASS":
        return found
    verdict = worst([found.verdict, alone["verdict"]])
    return replace(
        found, verdict=verdict, sentence=f"{found.sentence} The reference alone: {alone['sentence']}", remedy=DOUBT
    )


def convergence_check(found: Diagnostics) -> Check:
    """The same of what was found."""
    figures = {
        "max_rhat": found.max_rhat,
        "min_ess_bulk": found.min_ess_bulk,
        "min_ess_tail": found.min_ess_tail,
        "divergences": float(found.divergences),
        "min_bfmi": found.min_bfmi,
        "deepest_trees": found.deepest_trees,
    }
    remedy = "" if found.verdict == "PASS" else DOUBT
    return Check("convergence", found.verdict, found.sentence, remedy, figures)

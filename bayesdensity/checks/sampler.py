"""Convergence of the sampler."""

from __future__ import annotations

from bayesdensity.checks.protocol import Check
from bayesdensity.checks.registry import check
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.result import Fit


@check("convergence", place=10, gate="review", applies_to=("joint", "reference"))
def check_convergence(fit: Fit) -> Check:
    """R-hat, bulk and tail ESS, divergences, E-BFMI, tree depth, and chains that never moved."""
    return convergence_check(fit.diagnostics)


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
    doubt = "Fit with more draws (--draws, --tune) and other seeds; if it stays, report it."
    remedy = "" if found.verdict == "PASS" else doubt
    return Check("convergence", found.verdict, found.sentence, remedy, figures)

"""Convergence of the sampler."""

from __future__ import annotations

from bayesdensity.checks.protocol import Check, Verdict
from bayesdensity.fit import Fit


def check_convergence(fit: Fit) -> Check:
    """R-hat, bulk and tail ESS, divergences, E-BFMI, tree depth, and chains that never moved."""
    found = fit.diagnostics
    verdict: Verdict = "FAIL" if found.verdict == "FAIL" else "REVIEW" if found.verdict == "REVIEW" else "PASS"
    figures = {
        "max_rhat": found.max_rhat,
        "min_ess_bulk": found.min_ess_bulk,
        "min_ess_tail": found.min_ess_tail,
        "divergences": float(found.divergences),
        "min_bfmi": found.min_bfmi,
        "deepest_trees": found.deepest_trees,
    }
    remedy = (
        "" if verdict == "PASS" else "Fit with more draws (--draws, --tune) and other seeds; if it stays, report it."
    )
    return Check("convergence", verdict, found.sentence, remedy, figures)

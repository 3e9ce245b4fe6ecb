"""Checks of a fit, each with its verdict, what it found, and what to do.

PASS, REVIEW (look before you cite) and FAIL (do not cite). A check says what does not fit; that all pass does not prove
the model right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import lru_cache

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.checks.extrapolation import check_extrapolation
from bayesdensity.checks.prior_sensitivity import check_identification, check_priors
from bayesdensity.checks.protocol import VERDICTS, Check, worst
from bayesdensity.checks.reference_fit import check_reference
from bayesdensity.checks.residuals import check_benchmarks, check_frontier, check_harnesses
from bayesdensity.checks.sampler import check_convergence
from bayesdensity.checks.score_prediction import check_scores
from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Fit

__all__ = [
    "CHECKS",
    "VERDICTS",
    "Check",
    "Verdict",
    "checked",
    "checks_of",
    "passed",
    "refuse_if_unidentified",
    "run_checks",
    "worst",
]

CHECKS: dict[str, Callable[[Fit], Check]] = {
    "convergence": check_convergence,
    "identification": check_identification,
    "reference": check_reference,
    "scores": check_scores,
    "benchmarks": check_benchmarks,
    "frontier": check_frontier,
    "harnesses": check_harnesses,
    "extrapolation": check_extrapolation,
    "priors": check_priors,
}
"""By name, in the order in which they are told."""


def run_checks(fit: Fit) -> tuple[Check, ...]:
    """Every check that a fit allows; of the reference alone, its convergence and its misfit."""
    names = ("convergence", "reference") if fit.about["part"] == "reference" else tuple(CHECKS)
    return tuple(CHECKS[name](fit) for name in names)


def checked(fit: Fit) -> Fit:
    """The fit with its checks, which then go into its file."""
    return fit.noted(checks=[asdict(one) for one in run_checks(fit)])


@lru_cache(maxsize=4)
def checks_of(fit: Fit) -> tuple[Check, ...]:
    """The checks that came with a fit, or else those that are run now."""
    if "checks" not in fit.about:
        return run_checks(fit)
    return tuple(Check(**one) for one in fit.about["checks"])


def passed(checks: Iterable[Check]) -> bool:
    """Whether a result may be used: the sampler converged, and no check failed."""
    return all(one.verdict == "PASS" if one.name == "convergence" else one.verdict != "FAIL" for one in checks)


def refuse_if_unidentified(checks: Iterable[Check]) -> None:
    """Raise an `UnidentifiedError` where the answer would only repeat its prior."""
    for one in checks:
        if one.name == "identification" and one.verdict == "FAIL":
            raise UnidentifiedError(f"{one.sentence} {one.remedy}")

"""Checks of a fit, each with its verdict, what it found, and what to do.

PASS, REVIEW (look before you cite) and FAIL (do not cite). A check says what does not fit; that all pass does not prove
the model right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from pkgutil import iter_modules

from bayesdensity.checks.protocol import VERDICTS, Check, worst
from bayesdensity.checks.registry import CHECKS, Entry, applicable, check, passed, refuse_if_unidentified
from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Fit

__all__ = [
    "CHECKS",
    "VERDICTS",
    "Check",
    "Entry",
    "Verdict",
    "check",
    "checked",
    "checks_of",
    "passed",
    "refuse_if_unidentified",
    "run_checks",
    "worst",
]

# Every module of this package enters its checks, which are then put into the order in which they are told.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
for _entry in sorted(CHECKS.values(), key=lambda entry: entry.place):
    CHECKS[_entry.name] = CHECKS.pop(_entry.name)


def run_checks(fit: Fit, checks: Iterable[Entry] | None = None) -> tuple[Check, ...]:
    """Make every check that applies to a fit.

    Parameters
    ----------
    fit : Fit
    checks : iterable of Entry, optional
        None: those of the package.
    """
    return tuple(entry.run(fit) for entry in applicable(fit, CHECKS.values() if checks is None else checks))


def checked(fit: Fit, checks: Iterable[Entry] | None = None) -> Fit:
    """The fit with its checks, which then go into its file; one that has them is left as it is.

    Parameters
    ----------
    fit : Fit
    checks : iterable of Entry, optional
        None: those of the package.
    """
    if checks is None and fit.about.get("checks"):  # none at all is no verdict
        return fit
    return fit.noted(checks=[asdict(one) for one in run_checks(fit, checks)])


def checks_of(fit: Fit) -> tuple[Check, ...]:
    """The checks that came with a fit, or else those that are made now."""
    return tuple(Check(**one) for one in checked(fit).about["checks"])

"""Verdicts of the checks, and convergence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bayesdensity.checks import Check, checks_of, worst
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.render.blocks import Section, Verdicts
from bayesdensity.render.sources import Source


def checks(source: Source) -> Section:
    """What each check found."""
    return Section("checks", "Verdict of the checks", (Verdicts(checks_of(source.fit)),))


def judgement(diagnostics: Diagnostics, checks: Sequence[Check]) -> dict[str, Any]:
    """Convergence, the worst verdict and every check, in the documented form."""
    shown = ("max_rhat", "min_ess_bulk", "divergences", "stuck_chains", "min_ess_tail", "min_bfmi", "verdict")
    told = {name: getattr(diagnostics, name) for name in (*shown, "sentence")}
    return {
        "diagnostics": {**told, "stuck_chains": [chain + 1 for chain in diagnostics.stuck_chains]},
        "verdict": worst(check.verdict for check in checks),
        "checks": [asdict(check) for check in checks],
    }

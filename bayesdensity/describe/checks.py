"""Checks and convergence in words and in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bayesdensity import quantities as q
from bayesdensity.checks import Check, worst
from bayesdensity.inference.convergence import Diagnostics


def diagnostics_json(d: Diagnostics) -> dict[str, Any]:
    """Convergence in the documented form."""
    return {
        "max_rhat": q.jsonable(d.max_rhat),
        "min_ess_bulk": q.jsonable(d.min_ess_bulk),
        "divergences": d.divergences,
        "stuck_chains": [chain + 1 for chain in d.stuck_chains],
        "min_ess_tail": q.jsonable(d.min_ess_tail),
        "min_bfmi": q.jsonable(d.min_bfmi),
        "verdict": d.verdict,
        "sentence": d.sentence,
    }


def checks_text(checks: Sequence[Check]) -> list[str]:
    """The verdict, what is doubtful and what to do about it, and the names of the checks that passed."""
    verdict = worst(one.verdict for one in checks)
    doubtful = [one for one in checks if one.verdict != "PASS"]
    said = f"all {len(checks)} checks passed"
    if doubtful:
        said = f"{len(doubtful)} of {len(checks)} checks {'say: do not cite' if verdict == 'FAIL' else 'want a look'}"
    lines = [f"{verdict}: {said}."]
    lines += [f"  {one.verdict:6s} {one.name}: {one.sentence} {one.remedy}" for one in doubtful]
    fine = [one for one in checks if one.verdict == "PASS"]
    lines += [f"  PASS   {one.name}: {one.sentence}" for one in fine if one.name == "convergence"]
    rest = ", ".join(one.name for one in fine if one.name != "convergence")
    return [*lines, f"  PASS   {rest}"] if rest else lines


def check_json(one: Check) -> dict[str, Any]:
    """A check in the documented form."""
    figures = {name: q.jsonable(value) for name, value in one.figures.items()}
    return {
        "name": one.name,
        "verdict": one.verdict,
        "sentence": one.sentence,
        "remedy": one.remedy,
        "figures": figures,
    }

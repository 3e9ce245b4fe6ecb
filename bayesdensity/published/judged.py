"""Every published claim beside what a fit says of it, with a verdict: inside, outside, or not comparable and why."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.jsonable import jsonable
from bayesdensity.data.claims import read_claims
from bayesdensity.inference.result import Fit
from bayesdensity.published.contradictions import CONTRADICTIONS
from bayesdensity.published.tested_claims import Ours, asked_of

BELOW, ABOVE = "below ", "above "
INSIDE, OUTSIDE, NOT = "inside", "outside", "not comparable"
DIFFER = "published numbers differ"


class Judged(NamedTuple):
    """One claim, what a fit has to say to it, and the verdict."""

    claim: str
    published: float | str
    """A number in the units of the claim, or the text that was stated: ``below 0.1``."""
    unit: str
    ours: q.Estimate | None
    """In the units of the claim."""
    verdict: str
    what: str
    """What ours is."""
    source: str
    probability_below: float
    """Posterior probability that ours lies below the published number; not a number where either is none."""

    def to_json(self) -> dict[str, Any]:
        """In the documented form, with what ours is, units and source."""
        return {name: jsonable(value) for name, value in self._asdict().items()}


def judge_claims(fit: Fit, ci: float = q.DEFAULT_CI) -> list[Judged]:
    """Every claim of the bundled table beside a fit, and then where claims contradict each other.

    A claim is inside if the published number lies in the interval of ours. One that says *below* or *above* is inside
    if the interval reaches that side. A claim has several rows where ours is of several windows or LLMs.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.

    Raises
    ------
    InputError
        If the fit is of a reference alone.

    Examples
    --------
    >>> [row.verdict for row in judge_claims(load_fit("densing-law.nc"))][:2]  # doctest: +SKIP
    """
    q.require_targets(fit)
    claims = read_claims()
    judged = [_judged(claim, ours) for _, claim in claims.iterrows() for ours in asked_of(claim["claim"])(fit, ci)]
    return judged + _contradictions(claims)


def _judged(claim: pd.Series, ours: Ours) -> Judged:
    name, stated, unit, source = (claim[column] for column in ("claim", "value", "unit", "source"))
    number, bound = stated_number(stated), stated.startswith((BELOW, ABOVE))
    published = stated if number is None or bound else number
    if ours.estimate is None or number is None:
        verdict = f"{NOT}: {ours.why or 'no number was stated.'}"
        return Judged(name, published, unit, None, verdict, ours.what, source, float("nan"))
    ends = ours.estimate.to_frame_row()
    lowest, highest = (
        -np.inf if stated.startswith(BELOW) else number,
        np.inf if stated.startswith(ABOVE) else number,
    )
    verdict = INSIDE if ends["lower"] <= highest and lowest <= ends["upper"] else OUTSIDE
    chance = float((ours.estimate.draws < number).mean())
    return Judged(name, published, unit, ours.estimate, verdict, ours.what, source, chance)


def stated_number(stated: str) -> float | None:
    """The number that a claim states, or bounds; None where it states none.

    Examples
    --------
    >>> stated_number("below 0.1"), stated_number("1e12"), stated_number("not published")
    (0.1, 1000000000000.0, None)
    """
    try:
        return float(stated.removeprefix(BELOW).removeprefix(ABOVE))
    except ValueError:
        return None


def _contradictions(claims: pd.DataFrame) -> list[Judged]:
    """Rows of claims that contradict each other, each with the choice behind it."""
    known, rows = claims.set_index("claim"), list[Judged]()
    for names, choice in CONTRADICTIONS:
        stated = "; ".join(f"{known.at[name, 'value']} {known.at[name, 'unit']}".strip() for name in names)
        verdict = f"{NOT}: {DIFFER}: {choice}"
        rows.append(Judged(" | ".join(names), stated, "", None, verdict, "", "", float("nan")))
    return rows

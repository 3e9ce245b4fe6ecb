"""Published claims beside a fit: what it can test, where the claims contradict each other, and what no fit can test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, enumerated, interval, scaled
from bayesdensity.inference.result import Fit
from bayesdensity.published.judged import DIFFER, INSIDE, NOT, OUTSIDE, Judged, judge_claims
from bayesdensity.render.blocks import Block, Paragraph, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import estimand_phrase

DIFFERENCE = f"{NOT}: {DIFFER}: "


def claims(source: Source) -> Section:
    """Published claims beside the fit."""
    return Section("claims", "Published claims", tuple(blocks(source.fit, source.ci)))


def data(fit: Fit, ci: float = q.DEFAULT_CI) -> list[dict[str, Any]]:
    """Every claim in the documented form."""
    return [row.to_json() for row in judge_claims(fit, ci)]


def blocks(fit: Fit, ci: float = q.DEFAULT_CI) -> list[Block]:
    """Every claim for a reader."""
    rows = judge_claims(fit, ci)
    tested = [row for row in rows if row.ours is not None]
    differ = [row for row in rows if row.verdict.startswith(DIFFERENCE)]
    rest = [row for row in rows if row.ours is None and row not in differ]
    asked = f"{enumerated(fit.study.benchmarks)}; its frontier is the {_frontier(fit)}"
    lead = f"{_counted(tested)} This fit is of {asked}."
    compared = [_tested(tested, ci)] if tested else []
    return [Paragraph(lead), *compared, _differing(differ), _untested(rest)]


def _frontier(fit: Fit) -> str:
    return estimand_phrase("frontier", fit.study.frontier.quantile)


def every_table(fit: Fit, ci: float) -> Table:
    """All claims in one table, whose CSV has a row for each."""
    rows = [_row(row) for row in judge_claims(fit, ci)]
    return Table("claims", "Published claims beside this fit.", pd.DataFrame(rows))


def _counted(tested: Sequence[Judged]) -> str:
    """How many comparisons, of how many claims, end in which verdict."""
    n = {verdict: sum(row.verdict == verdict for row in tested) for verdict in (INSIDE, OUTSIDE)}
    names = len({row.claim for row in tested})
    if not tested:
        return "No published claim can be compared with this fit."
    return (
        f"{names} published claims can be compared with this fit, in {len(tested)} ways (windows, LLMs): {n[INSIDE]} "
        f"inside, {n[OUTSIDE]} outside the interval of ours. None states an interval of its own, and some are printed "
        "with one digit."
    )


def _tested(rows: Sequence[Judged], ci: float) -> Table:
    shown = [
        {
            "claim": row.claim,
            "published": published(row),
            "ours": interval(ours_of(row), scaled),
            "P(ours below)": f"{row.probability_below:.2f}",
            "verdict": row.verdict,
            "ours is": row.what,
        }
        for row in rows
    ]
    caption = (
        f"Published claims, and the same by this fit in the same units, median [{ci:.0%} interval]; posterior "
        "probability that ours lies below the published number."
    )
    return Table("claims", caption, pd.DataFrame(shown), pd.DataFrame([_row(row) for row in rows]))


def _differing(rows: Sequence[Judged]) -> Table:
    choices = [f"{row.claim.replace(' | ', '; ')}: {row.verdict.removeprefix(DIFFERENCE)}" for row in rows]
    shown = pd.DataFrame({"published": [published(row) for row in rows], "claims, and the choice behind": choices})
    caption = "Published numbers that differ from each other, and the choice that is behind it as far as one can tell."
    return Table("claims-differ", caption, shown, pd.DataFrame([_row(row) for row in rows]), folded=True)


def _untested(rows: Sequence[Judged]) -> Table:
    whys = [row.verdict.removeprefix(f"{NOT}: ") for row in rows]
    shown = pd.DataFrame({"claim": [row.claim for row in rows], "why": whys})
    caption = "Published claims that this fit cannot be compared with, and why."
    return Table("claims-not-comparable", caption, shown, pd.DataFrame([_row(row) for row in rows]), folded=True)


def published(row: Judged) -> str:
    """A claim as it was stated, with its unit."""
    stated = scaled(row.published) if isinstance(row.published, float) else row.published
    return f"{stated} {row.unit}".strip()


def ours_of(row: Judged) -> dict[str, float]:
    """Median and ends of ours; not numbers where there is none."""
    ends = {} if row.ours is None else row.ours.to_frame_row().to_dict()
    return {end: float(ends.get(end, float("nan"))) for end in ENDS}


def _row(row: Judged) -> dict[str, Any]:
    return {
        "claim": row.claim,
        "published": row.published,
        "unit": row.unit,
        **{f"ours_{end}": value for end, value in ours_of(row).items()},
        "verdict": row.verdict,
        "what": row.what,
        "source": row.source,
        "probability_below": row.probability_below,
    }

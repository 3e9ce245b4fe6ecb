"""Which evaluation would tell most of a quantity."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayesdensity.base.format import percent
from bayesdensity.evaluation.planning import expected_gains, gains_together, quantity
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Block, Paragraph, Table

TOP = 15
"""Rows that are shown."""
WORTH = 0.01
"""Narrowing below which a score is not worth running for a quantity."""
LITTLE = (
    "None is expected to narrow it by one per cent: it rests on how many families there are and how they differ, "
    "and not on further scores of these LLMs."
)


def data(fit: Fit, of: str) -> dict[str, Any]:
    """Expected gains in the documented form."""
    return {
        "study": fit.study.name,
        "of": of,
        "what": quantity(fit, of).what,
        "scores": expected_gains(fit, of),
        "benchmarks": gains_together(fit, "benchmark", of),
        "llms": gains_together(fit, "llm", of),
    }


def blocks(fit: Fit, of: str) -> list[Block]:
    """Expected gains for a reader."""
    what = quantity(fit, of).what
    lead = (
        f"How far further scores are expected to narrow the interval of: {what}. Before they are seen, by how they and "
        "it move together over the draws; a score is from a harness that is not known, as noisy as its items make it."
    )
    tables = [
        _table("benchmarks", "All missing scores on a benchmark together.", gains_together(fit, "benchmark", of)),
        _table("llms", "All missing scores of an LLM together.", gains_together(fit, "llm", of)),
        scores_table(fit, of),
    ]
    most = max(gains.data["gain"].max() for gains in tables if gains.data is not None)
    told = [Paragraph(LITTLE, "note")] if most < WORTH else []
    return [Paragraph(lead), *told, *tables]


def scores_table(fit: Fit, of: str) -> Table:
    """Every single score; the most telling are shown."""
    return _table("scores", "Single scores.", expected_gains(fit, of))


def _table(name: str, caption: str, gains: pd.DataFrame) -> Table:
    top = gains.head(TOP)
    more = f" The first {TOP} of {len(gains)}." if len(gains) > TOP else ""
    shown = top.assign(gain=[percent(gain, 1) for gain in top["gain"]]).astype(str)
    return Table(name, caption + more, shown.rename(columns={"gain": "expected narrowing", "n": "scores"}), gains)

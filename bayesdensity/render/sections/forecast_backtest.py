"""Forecasts from past cut-offs beside what came and beside forecasts that need no model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayesdensity.base.jsonable import by_row
from bayesdensity.evaluation.forecasting import UNITS, summed
from bayesdensity.render.blocks import Block, Paragraph, Table

ASKED = {"score": "best score up to a size", "size": "smallest size with a score", "date": "date of a score"}
BY = ("kind", "cutoff", "benchmark", "months")
NAIVE = {"unchanged": "a record that stands", "line": "a line through the records"}
PROMISED = (0.80, 0.97)
"""Between which the coverage of 90 % intervals is to lie."""


def data(table: pd.DataFrame) -> dict[str, Any]:
    """Summaries by what was asked, by cut-off, by benchmark and by horizon, in the documented form."""
    # Dates have no horizon but the end of the tables.
    parts = {by: table[table["kind"] != "date"] if by == "months" else table for by in BY}
    tree = {by: by_row(summed(part, by)) for by, part in parts.items()}
    both = table.assign(both=table["kind"] + " " + table["cutoff"])
    tree["kind and cutoff"] = by_row(summed(both, "both"))
    return {"verdict": verdict(table), "units": dict(UNITS), **tree}


def blocks(table: pd.DataFrame) -> list[Block]:
    """Forecasts and what came, for a reader."""
    caption = (
        "Forecasts of records from each cut-off: shares of what came inside the intervals, and the CRPS relative to "
        "that of a record that stands and to that of a straight line through the records (below 1: better)."
    )
    by_kind, by_cutoff = summed(table), summed(table, "cutoff").drop(index="all")
    rows = pd.concat([by_cutoff, by_kind])
    shown = pd.DataFrame(
        {
            "forecasts": [
                ASKED.get(str(name), f"from {name}" if name in by_cutoff.index else "all") for name in rows.index
            ],
            "n": [f"{n:.0f}" for n in rows["n"]],
            "cover 50%": [f"{share:.2f}" for share in rows["coverage_50%"]],
            "cover 90%": [f"{share:.2f}" for share in rows["coverage_90%"]],
            "ties shared": [f"{share:.2f}" for share in rows["calibrated_90%"]],
            "CRPS to no change": [f"{ratio:.2f}" for ratio in rows["to_unchanged"]],
            "to a line": [f"{ratio:.2f}" for ratio in rows["to_line"]],
        }
    )
    numbers = rows.rename_axis("forecasts").reset_index()
    return [Table("forecasts", caption, shown, numbers), Paragraph(verdict(table))]


def verdict(table: pd.DataFrame) -> str:
    """Whether intervals and errors are what was promised, and where they are not."""
    share, low, high = float(summed(table).at["all", "coverage_90%"]), *PROMISED
    said = [f"Of {len(table)} forecasts, {share:.0%} lie in their 90% interval, where {low:.0%} to {high:.0%} should."]
    groups = {"": "kind", "from ": "cutoff", "on ": "benchmark"}
    each = {by: summed(table, by).drop(index="all") for by in groups.values()}
    named = [
        (f"{prefix}{ASKED.get(str(name), str(name))}", row)
        for prefix, by in groups.items()
        for name, row in each[by].iterrows()
    ]
    for what, least, most in (("Fewer do: ", 0.0, low), ("More do: ", high, 1.0)):
        found = [
            f"{name} ({row['coverage_90%']:.0%})"
            for name, row in named
            if least <= row["coverage_90%"] <= most and not low <= row["coverage_90%"] <= high
        ]
        if found:
            said.append(f"{what}{', '.join(found)}.")
    for naive, phrase in NAIVE.items():
        worse = [f"{name} ({row[f'to_{naive}']:.2f})" for name, row in named if row[f"to_{naive}"] >= 1]
        said.append(
            f"Their CRPS is not below that of {phrase}: {', '.join(worse)}."
            if worse
            else f"Their CRPS is everywhere below that of {phrase}."
        )
    return " ".join(said)

"""Fits compared by predicting LLMs that they have not seen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayesdensity.base.jsonable import by_row
from bayesdensity.evaluation.leave_out import LEAST, TIE, Comparison, ruled_out
from bayesdensity.render.blocks import Block, Paragraph, Table
from bayesdensity.render.sections.growth import growth, growth_table

FOLDS = {"llm": ("LLM", "LLMs"), "family": ("family", "families")}
"""One and many of what is left out at a time."""


def data(comparison: Comparison, future: pd.DataFrame | None = None) -> dict[str, Any]:
    """A comparison in the documented form, with that of later releases where it was asked for."""
    told: dict[str, Any] = {
        "fold": f"one {FOLDS[comparison.fold][0]}, all its scores",
        "n_folds": comparison.pointwise.sizes[comparison.fold],
        "leave_one_out": by_row(comparison.table),
        "sentence": verdict(comparison.table),
        "stacked": {estimand: growth(rates) for estimand, rates in comparison.stacked.items()},
    }
    later = {} if future is None else {"leave_future_out": by_row(future), "sentence_future": verdict(future)}
    return {**told, **later}


def blocks(comparison: Comparison, future: pd.DataFrame | None = None) -> list[Block]:
    """A comparison for a reader."""
    table, n, (one, many) = comparison.table, comparison.pointwise.sizes[comparison.fold], FOLDS[comparison.fold]
    caption = f"Leave one {one} out, with all its scores ({n} {many}): elpd in nats, more is better."
    shown: list[Block] = [_table("leave-one-out", caption, table), Paragraph(verdict(table))]
    shown += rough(comparison)
    if future is not None:
        caption = "Leave the future out: each LLM predicted from the last cut-off before its release."
        shown += [_table("leave-future-out", caption, future), Paragraph(verdict(future))]
    ci = next(iter(comparison.stacked.values())).probability
    stacked = growth_table(
        "stacked", ("estimand",), comparison.stacked.items(), ci, "stacked by the weights of leave-one-out: "
    )
    return [*shown, stacked]


def rough(comparison: Comparison) -> list[Paragraph]:
    """How many folds importance sampling could not leave out well; nothing where there is none."""
    table, folds = comparison.table, comparison.pointwise["elpd"].size
    count = int((table["large_k"] - table["refitted"]).sum())
    said = f"Pareto k is large for {count} of {folds} folds that were not left out exactly: these are rough."
    return [Paragraph(said)] if count else []


def verdict(table: pd.DataFrame) -> str:
    """The sentence that a comparison allows: what is best, and what cannot be told from it."""
    best, *others = map(str, table.index)
    worse = [name for name in others if name in ruled_out(table)]
    ties = [name for name in others if name not in worse]
    sentence = f"best: {best}"
    if len(ties):
        names = ", ".join(ties)
        sentence += f"; not told apart from it (within {TIE:g} standard errors or {LEAST:g} nats): {names}"
    return sentence + (f"; worse: {', '.join(worse)}." if worse else ".")


def _table(name: str, caption: str, table: pd.DataFrame) -> Table:
    decimals = {"elpd": 1, "se": 1, "difference": 1, "difference_se": 1, "weight": 2}
    heads = ("elpd", "se", "to the best", "se of it", "weight")
    shown = pd.DataFrame({"fit": list(map(str, table.index))})
    for head, (column, digits) in zip(heads, decimals.items(), strict=True):
        shown[head] = [f"{value:.{digits}f}" for value in table[column]]
    if "large_k" in table:
        counts = zip(table["large_k"], table["refitted"], strict=True)
        shown["large k (left out exactly)"] = [f"{int(large)} ({int(exact)})" for large, exact in counts]
    return Table(name, caption, shown, table.rename_axis("fit").reset_index())

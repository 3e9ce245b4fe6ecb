"""A fit before and after what its tables have gained."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import density, interval
from bayesdensity.checks import Check
from bayesdensity.evaluation.updating import Headline, Updated
from bayesdensity.quantities import Estimate
from bayesdensity.render.blocks import Block, Paragraph, Table

SHOWN = 12
"""New LLMs that are listed."""
LOG = ("date", "study", "tables_digest", "how", "n_llms", "doubling_time_months", "lower", "upper")
"""Columns of a changelog of the headline."""


def data(updated: Updated) -> dict[str, Any]:
    """The headline before and after, and how it was found."""
    added = updated.changes.scores.groupby("llm", sort=False)["benchmark"].unique()
    released = updated.changes.added["release_date"]
    return {
        "study": updated.fit.study.name,
        "tables_digest": updated.tables.digest,
        "how": updated.how,
        "trusted": updated.trusted,
        "pareto_k": updated.pareto_k,
        "good_k": updated.good_k,
        "effective_draws": updated.effective_draws,
        "before": _headline(updated.before),
        "after": _headline(updated.after),
        "added": [
            {"llm": name, "released": f"{released[name]:%Y-%m-%d}", "benchmarks": list(added.get(name, ()))}
            for name in updated.changes.added.index
        ],
        "other_changes": updated.changes.others,
        "unused": updated.changes.unused,
        "reasons": updated.reasons,
        "notes": notes(updated),
    }


def blocks(updated: Updated) -> list[Block]:
    """The same for a reader."""
    shown: list[Block] = [Paragraph(sentence(updated), "answer" if updated.trusted else "FAIL")]
    if updated.how != "none":
        rows = zip(_rows(updated.before), _rows(updated.after), strict=True)
        table = pd.DataFrame(
            [(what, before, after) for (what, before), (_, after) in rows], columns=["", "before", "after"]
        )
        shown.append(Table("headline", "What is quoted.", table))
    return [*shown, *(Paragraph(note, "note") for note in notes(updated))]


def sentence(updated: Updated) -> str:
    """What has changed and how it was taken in."""
    changes = updated.changes
    if updated.how == "none":
        return f"Nothing is new: the fit of {updated.fit.study.name} has seen all that its study uses of these tables."
    names, n = [str(name) for name in changes.added.index], len(changes.added)
    listed = ", ".join(names[:SHOWN]) + (f" and {n - SHOWN} more" if n > SHOWN else "")
    what = [f"{n} new {'LLM' if n == 1 else 'LLMs'} ({listed})"] if n else []
    said = f"Since the fit: {'; '.join([*what, *changes.others])}."
    if updated.how == "refit":
        why = f" because {'; '.join(updated.reasons)}" if updated.reasons else ", as asked"
        return f"{said} Sampled anew{why}."
    if not updated.trusted:
        return f"{said} Do not use what stands under 'after': {'; '.join(updated.reasons)}. Fit again (--refit auto)."
    return (
        f"{said} Taken in by weights: Pareto k {updated.pareto_k:.2f} (trusted up to {updated.good_k:.2f}), "
        f"{updated.effective_draws:.0f} effective draws."
    )


def notes(updated: Updated) -> list[str]:
    """What was not used, and what an answer by weights is of and lacks."""
    unused = updated.changes.unused
    told = [f"Added since, but not used by the study: {'; '.join(unused[:SHOWN])}."] if unused else []
    if updated.how != "weights":
        return told
    told += ["By weights the window and the centre of dates stay those of the fit; a new fit moves both."]
    if updated.before.inside is not None:
        told.append("What the scores inside the range say was drawn apart and cannot be weighted; a new fit renews it.")
    return told


def check(updated: Updated) -> Check:
    """Whether the headline may be used."""
    return Check("update", "PASS" if updated.trusted else "FAIL", "; ".join(updated.reasons))


def log_row(updated: Updated) -> list[str]:
    """One line of a changelog of the headline."""
    row = updated.after.doubling_time.to_frame_row()
    ends = [f"{float(row[end]):.2f}" for end in ("median", "lower", "upper")]
    about = [f"{date.today():%Y-%m-%d}", updated.fit.study.name, updated.tables.digest, updated.how]
    return [*about, str(updated.after.n_llms), *ends]


def _headline(one: Headline) -> dict[str, Any]:
    return {
        "window": one.window,
        "n_llms": one.n_llms,
        "doubling_time_months": one.doubling_time,
        "doubling_time_months_inside": one.inside,
        "frontier_density": {one.date: one.frontier_density},
    }


def _rows(one: Headline) -> list[tuple[str, str]]:
    (start, end), inside = one.window, one.inside
    return [
        ("LLMs", str(one.n_llms)),
        ("window", f"{start} to {end}"),
        ("doubling time of the frontier, months", _written(one.doubling_time)),
        ("the same inside the range", "not known" if inside is None else _written(inside)),
        (f"density of the frontier on {one.date}", interval(one.frontier_density.to_frame_row(), density)),
    ]


def _written(months: Estimate) -> str:
    row = months.to_frame_row()
    return "does not grow" if np.isinf(float(row["median"])) else interval(row)

"""What was added to a folder of tables."""

from __future__ import annotations

from typing import Any

from bayesdensity.data.adding import Added, as_records
from bayesdensity.render.blocks import Block, Paragraph, Table

SHOWN = ("row", "benchmark", "score", "metric", "shots", "cot", "harness")


def data(added: Added) -> dict[str, Any]:
    """The rows that were added, and what was assumed."""
    return {
        "folder": str(added.folder),
        "llm": added.llm,
        "new_llm": bool(len(added.llms)),
        "llms": as_records(added.llms),
        "scores": as_records(added.scores),
        "begun": added.begun,
        "protocols": added.protocols,
        "notes": notes(added),
    }


def blocks(added: Added) -> list[Block]:
    """The same for a reader."""
    n, what = len(added.scores), "score" if len(added.scores) == 1 else "scores"
    said = f"{added.folder}: added {n} further {what} of {added.llm}"
    if len(added.llms):
        said = f"{added.folder}: added {added.llm} (llms.csv row {added.llms.index[0]}) and {n} {what}"
    rows = added.scores.rename_axis("row").reset_index()[list(SHOWN)]
    shown: list[Block] = [Paragraph(f"{said}.", "answer"), Table("added", "In scores.csv:", rows.astype(str))]
    shown += [Paragraph(f"{name}: {words}.") for name, words in added.protocols.items()]
    return [*shown, *(Paragraph(note, "note") for note in notes(added))]


def notes(added: Added) -> list[str]:
    """What beginning a file means."""
    return [
        f"{file} is new, begun with {what}; it takes the place of the bundled table"
        + (", of which nothing counts any more (--with-bundled begins with a copy)." if what == "its header" else ".")
        for file, what in added.begun.items()
    ]

"""A report as a folder: Markdown, tables as CSV, figures as SVG and PDF."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from bayesdensity.plots.files import rendered
from bayesdensity.render.blocks import Block, Calculator, Chart, Code, Paragraph, Picture, Report, Table, Verdicts

SPECIAL = re.compile(r"([\\`*_{}<>#|~$&]|(?<=\])[(\[:])")
"""Characters that Markdown may take for more than themselves; brackets do only before others."""
PAGE = "report.md"
MADE = "<!-- made by bayesdensity report -->"
"""Last line of the page, by which a folder is known; text of a fit cannot write it, for it is escaped."""
FIGURES, TABLES = "figures", "tables"


def to_folder(report: Report) -> dict[str, bytes]:
    """Content of every file, by its path in the folder."""
    files: dict[str, bytes] = {}
    lines = [f"# {plain(report.title)}", "", plain(report.lead)]
    for section in report.sections:
        lines += ["", f"## {plain(section.title)}"]
        for block in section.blocks:
            lines += ["", *_lines(block, files)]
    return {PAGE: ("\n".join([*lines, "", MADE]) + "\n").encode(), **files}


def made_by_report(folder: Path) -> bool:
    """Whether a folder is one that a report wrote, which another may write over."""
    try:
        return (folder / PAGE).read_bytes().rstrip().endswith(MADE.encode())
    except OSError:
        return False


def plain(text: object) -> str:
    """Text that Markdown takes as it is."""
    return SPECIAL.sub(r"\\\1", str(text)).replace("\n", " ")


def _lines(block: Block, files: dict[str, bytes]) -> list[str]:
    """A block as Markdown; what it needs beside goes to the files."""
    match block:
        case Paragraph(text, tone):
            return [f"> {plain(text)}"] if tone not in ("plain", "note") else [plain(text)]
        case Verdicts():
            return _table(block.table, files)
        case Table():
            return _table(block, files)
        case Picture(name, figure):
            return _picture(name, figure, files)
        case Chart(name, caption, _, figure):
            return [*_picture(name, figure, files), "", plain(caption)]
        case Calculator(_, caption, _, asked):
            answers = [f"- {plain(said)}: {plain(answer)}" for said, answer in block.lines()]
            return [f"{plain(asked)}:", "", *answers, "", plain(caption)]
        case Code(name, text, language):
            files[name] = text.encode() + b"\n"
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            return [f"[{name}]({name})", "", f"{fence}{language}", *text.splitlines(), fence]


def _picture(name: str, figure: Any, files: dict[str, bytes]) -> list[str]:
    for form in ("svg", "pdf"):
        files[f"{FIGURES}/{name}.{form}"] = rendered(figure, form)
    return [f"![{plain(figure.get_label())}]({FIGURES}/{name}.svg)", "", f"[PDF]({FIGURES}/{name}.pdf)"]


def _table(table: Table, files: dict[str, bytes]) -> list[str]:
    path = f"{TABLES}/{table.name}.csv"
    files[path] = table.csv().encode()
    caption = [f"{plain(table.caption)} [CSV]({path})"]
    return caption if table.folded else [*caption, "", *_rows(table.shown)]


def _rows(shown: pd.DataFrame) -> list[str]:
    rows = [list(shown.columns), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    return ["| " + " | ".join(text if text == "---" else plain(text) for text in map(str, row)) + " |" for row in rows]

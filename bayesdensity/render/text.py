"""Blocks as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import indent

import pandas as pd

from bayesdensity.base.errors import printable
from bayesdensity.base.format import in_lines
from bayesdensity.checks import Check
from bayesdensity.render.blocks import Block, Code, Paragraph, Table, Verdicts

WIDTH = 110
"""Characters of a line of sentences."""
NARROWEST = 40
"""Characters that the last column of a table has at least before its lines are broken."""
GAP = "  "
NUMBER = re.compile(r"[-+x]*\d[\d.,e+-]*[%BMT]?|-|inf|nan|")


def to_text(blocks: Iterable[Block]) -> str:
    """What the command line prints: paragraphs follow each other, and anything else stands after an empty line."""
    text, before = "", None
    for block in blocks:
        if (lines := _lines(block)) is not None:
            together = isinstance(block, Paragraph) and isinstance(before, Paragraph)
            text += ("" if before is None else "\n" if together else "\n\n") + lines
            before = block
    return text


def _lines(block: Block) -> str | None:
    match block:
        case Paragraph(text):
            return in_lines(text, WIDTH)
        case Verdicts():
            return _verdicts(block)
        case Table():
            return "\n".join([in_lines(block.caption, WIDTH), *_rows(block.shown)])
        case Code(_, text):
            return indent(text, GAP)
        case _:  # a terminal shows no figures
            return None


def _verdicts(block: Verdicts) -> str:
    """The verdict, what is doubtful and what to do about it, how the sampler did, and what else passed."""
    fine = [check for check in block.checks if check.verdict == "PASS"]
    lines = [block.sentence]
    lines += [_check(check) for check in block.doubtful]
    lines += [_check(check) for check in fine if check.name == "convergence"]
    rest = ", ".join(check.name for check in fine if check.name != "convergence")
    return "\n".join([*lines, *([f"  PASS   {rest}"] if rest else [])])


def _check(check: Check) -> str:
    return f"  {check.verdict:6s} {check.name}: {check.sentence} {check.remedy}".rstrip()


def _cell(value: object) -> str:
    """On one line, with nothing that moves the cursor."""
    return printable(str(value), keep="")


def _rows(shown: pd.DataFrame) -> list[str]:
    """Columns under their heads: numbers to the right; of the last column, lines that end with the page."""
    columns = [[_cell(name), *map(_cell, shown.iloc[:, k])] for k, name in enumerate(shown.columns)]
    widths = [max(map(len, column)) for column in columns]
    right = [k > 0 and all(NUMBER.fullmatch(cell) for cell in column[1:]) for k, column in enumerate(columns)]
    start = len(GAP) * len(columns) + sum(widths[:-1])
    room, lines = max(NARROWEST, WIDTH - start), list[str]()
    for cells in zip(*columns, strict=True):
        aligned = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(cells, widths, right, strict=True)
        ]
        long = not right[-1] and widths[-1] > room and aligned[-1].strip()
        first, *more = in_lines(aligned[-1], room).splitlines() if long else aligned[-1:]
        lines.append((GAP + GAP.join([*aligned[:-1], first])).rstrip())
        lines += [" " * start + line for line in more]
    return lines

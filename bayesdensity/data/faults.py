"""Faults of tables: each says file, rows and column, what is wrong, and what to do.

One fault is one kind of fault: whatever is wrong in the same way in many rows is one sentence with their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from bayesdensity.base.errors import printable
from bayesdensity.data.schemas import SCHEMAS, SUBJECT

SHOWN = 50
"""Faults an error prints; the rest is counted."""
ROWS = 3
"""Rows that a sentence names, where there are more than one beyond them."""
LONGEST = 80
"""Characters of a value that a sentence shows."""
EXAMPLES = 3
"""Values, or names, that a sentence shows of many."""


class Fault(NamedTuple):
    """A kind of fault, at some rows of a table; without rows it is one of the file as a whole."""

    table: str
    rows: tuple[int, ...]
    text: str

    @property
    def row(self) -> int:
        """The first of its rows; 0 is the file as a whole."""
        return self.rows[0] if self.rows else 0

    @property
    def sentence(self) -> str:
        """It in words, with file and rows."""
        return self.of(f"{self.table}.csv")

    def of(self, file: str) -> str:
        """It in words, as a fault of a file that is called otherwise than the table."""
        at = f" row {_counted(self.rows)}" if self.rows else ""
        end = "" if self.text.endswith(("?", ".")) else "."
        return f"{file}{at}: {self.text}{end}"


def _counted(rows: tuple[int, ...]) -> str:
    if len(rows) <= ROWS + 1:
        return ", ".join(map(str, rows))
    return f"{', '.join(map(str, rows[:ROWS]))} and {len(rows) - ROWS} more"


def listed(faults: list[str]) -> str:
    """Faults as one message, the first of them in full."""
    rest = len(faults) - SHOWN
    return "\n".join(faults[:SHOWN] + ([f"... and {rest} more faults."] if rest > 0 else []))


def fault_of_file(table: str, text: str) -> Fault:
    """A fault of a file as a whole."""
    return Fault(table, (), text)


def fault_at(table: str, rows: Iterable[int], text: str) -> Fault:
    """A fault at rows, in their order.

    Parameters
    ----------
    table : str
        Of the table.
    rows : iterable of int
        Lines of the file.
    text : str
        What is wrong; what to do.
    """
    return Fault(table, tuple(sorted(int(row) for row in rows)), text)


def fault_of_cells(name: str, raw: pd.DataFrame, rows: Iterable[int], column: str, problem: str) -> Fault:
    """A fault of the cells of a column at some rows, told by the first: column, value, subject of the row, problem.

    Parameters
    ----------
    name : str
        Of the table.
    raw : pandas.DataFrame
        Its cells as text, by line.
    rows : iterable of int
        Lines of the file.
    column : str
    problem : str
        What is wrong; what to do.
    """
    at = sorted(int(row) for row in rows)
    about = f"{column}{_value(name, raw, at, column)}{_subject(name, raw, at[0], column)}"
    return Fault(name, tuple(at), f"{about} {problem}")


def fault_of_rows(name: str, raw: pd.DataFrame, rows: Iterable[int], problem: str) -> Fault:
    """A fault between the cells of rows; the subject of the first stands before the remedy.

    Parameters
    ----------
    name : str
        Of the table.
    raw : pandas.DataFrame
        Its cells as text, by line.
    rows : iterable of int
        Lines of the file.
    problem : str
        What is wrong; what to do.
    """
    at = sorted(int(row) for row in rows)
    return Fault(name, tuple(at), problem.replace(";", f"{_subject(name, raw, at[0])};", 1))


def _subject(name: str, raw: pd.DataFrame, row: int, column: str = "") -> str:
    """What a row is about, unless the column says so itself."""
    if f"{{{column}}}" in SUBJECT[name]:
        return ""
    return " " + SUBJECT[name].format_map({key: visible(cell) for key, cell in raw.loc[row].items()})


def _value(name: str, raw: pd.DataFrame, rows: list[int], column: str) -> str:
    """The first value, and of words some others too; nothing if it is empty."""
    if (first := raw.at[rows[0], column]) == "":
        return ""
    if SCHEMAS[name].columns[column].example:
        return f" {visible(first)}"
    others = [value for value in raw.loc[rows, column].unique() if value != first]
    return f" {quoted([first, *others])}"


def quoted(names: list[str], most: int = EXAMPLES) -> str:
    """Names in quotation marks, the first of them, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{visible(name)}'" for name in names[:most]) + more


def visible(text: Any) -> str:
    r"""A text that a terminal shows and does not obey: what cannot be printed stands as its code, like ``\x1b``."""
    short = str(text) if len(str(text)) <= LONGEST else f"{str(text)[:LONGEST]}..."
    return printable(short, keep="")

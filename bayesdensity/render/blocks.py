"""What a report is made of, whatever it is written as: sections of paragraphs, tables, figures, charts and code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Tone = Literal["plain", "answer", "PASS", "REVIEW", "FAIL", "note"]


@dataclass(frozen=True)
class Paragraph:
    """A few sentences."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows for a reader, and the numbers behind them.

    Attributes
    ----------
    name : str
        Of the CSV file.
    caption : str
    shown : pandas.DataFrame
        Of texts, as they are read; its first column heads the rows.
    data : pandas.DataFrame, optional
        Goes into the CSV file; None: what is shown.
    folded : bool
        Long, and seen on demand.
    """

    name: str
    caption: str
    shown: pd.DataFrame
    data: pd.DataFrame | None = None
    folded: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, whose label says what it shows."""

    name: str
    figure: Any
    """matplotlib.figure.Figure"""


@dataclass(frozen=True, eq=False)
class Chart:
    """Densities against dates to explore; the page of a printer shows it as it stands."""

    name: str
    caption: str
    data: dict[str, Any]
    figure: Any
    """matplotlib.figure.Figure: the same where nothing moves."""


@dataclass(frozen=True)
class Code:
    """Text to copy as it is."""

    name: str
    """Of its file."""
    text: str
    language: str = ""


Block = Paragraph | Table | Picture | Chart | Code


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A page."""

    title: str
    lead: str
    """One line under the title: of what, when."""
    sections: tuple[Section, ...]

"""What is said, whatever it is written as: paragraphs, verdicts, tables, figures, charts, cards and code, in sections.

A block holds what is shown and the data behind it. The writers are `text`, `html`, `markdown` and, for one table, CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pandas as pd

from bayesdensity.base.files import csv_text
from bayesdensity.checks import Check, Verdict, worst

SENTENCE = 40
"""Characters beyond which a cell of a table is a sentence."""
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

    @property
    def prose(self) -> bool:
        """Whether cells hold sentences, which do not fit beside each other on a narrow screen."""
        return any(len(str(cell)) > SENTENCE for row in self.shown.to_numpy() for cell in row[1:])

    def csv(self) -> str:
        """Content of the CSV file."""
        return csv_text(self.shown if self.data is None else self.data, index=False)


@dataclass(frozen=True)
class Verdicts:
    """What the checks found: a table on a page, and in a terminal what is doubtful and what to do about it."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of them."""
        return worst(check.verdict for check in self.checks)

    @property
    def doubtful(self) -> list[Check]:
        """Those that did not pass."""
        return [check for check in self.checks if check.verdict != "PASS"]

    @property
    def sentence(self) -> str:
        """The verdict, and how many checks it rests on."""
        n, doubts = len(self.checks), len(self.doubtful)
        if not doubts:
            return f"PASS: all {n} checks passed."
        return (
            f"{self.verdict}: {doubts} of {n} checks {'say: do not cite' if self.verdict == 'FAIL' else 'want a look'}."
        )

    @property
    def table(self) -> Table:
        """Every check, for a page."""
        rows = [(check.name, check.verdict, check.sentence, check.remedy) for check in self.checks]
        shown = pd.DataFrame(rows, columns=["check", "verdict", "what it found", "what to do"])
        return Table("checks", "Checks of the fit, and what to do about what they found.", shown)


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


@dataclass(frozen=True, eq=False)
class Calculator:
    """Answers that the page works out from draws; where nothing moves, those that it opens with.

    Attributes
    ----------
    name : str
    caption : str
    data : dict
        What the script computes from.
    asked : str
        What the answers are to.
    answers : dict of str to str
        By the keys of `ANSWERS`.
    """

    name: str
    caption: str
    data: dict[str, Any]
    asked: str
    answers: dict[str, str]

    ANSWERS: ClassVar[dict[str, str]] = {
        "date": "First day with this score at this size",
        "chance": "Probability that it has come by the date",
        "score": "Score at this size on the date",
        "params": "Smallest size with this score on the date",
    }
    """What each answer says."""

    def lines(self) -> list[tuple[str, str]]:
        """Each answer after what it says."""
        return [(said, self.answers[key]) for key, said in self.ANSWERS.items()]


@dataclass(frozen=True)
class Code:
    """Text to copy as it is."""

    name: str
    """Of its file."""
    text: str
    language: str = ""


Block = Paragraph | Verdicts | Table | Picture | Chart | Calculator | Code


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

"""What an object says of itself in a terminal and in a notebook: a line that names it, and a few labelled lines."""

from __future__ import annotations

from html import escape
from typing import NamedTuple


class Card(NamedTuple):
    """A few lines about an object. Names in them come from tables: they are no markup, and break no lines."""

    head: str
    rows: tuple[tuple[str, str], ...]
    """Label and text."""

    def text(self) -> str:
        """Plain text, one line for each row."""
        return "\n".join([_line(self.head), *(f"  {_line(label)}: {_line(text)}" for label, text in self.rows)])

    def html(self) -> str:
        """A table in the colours of the notebook, dark ones too; to the left, where a notebook would push it right."""
        left = 'style="text-align: left"'
        rows = [f"<tr><th {left}>{escape(label)}</th><td {left}>{escape(text)}</td></tr>" for label, text in self.rows]
        return f"<div><strong>{escape(self.head)}</strong><table><tbody>{''.join(rows)}</tbody></table></div>"


class Shown:
    """What is printed, and shown in a notebook, as its card."""

    def card(self) -> Card:
        """A few lines about it, from what is known already."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Its card as text."""
        return self.card().text()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return self.card().html()


def _line(text: str) -> str:
    return " ".join(text.split())

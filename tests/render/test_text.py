"""Blocks as a terminal shows them."""

from __future__ import annotations

import pandas as pd

from bayesdensity.render.blocks import Code, Paragraph, Picture, Table
from bayesdensity.render.text import WIDTH, to_text


def test_paragraphs_follow_each_other_and_anything_else_stands_apart() -> None:
    table = Table("t", "Caption.", pd.DataFrame({"a": ["x"]}))
    text = to_text([Paragraph("One."), Paragraph("Two."), Picture("p", None), table, Code("f", "x = 1")])
    assert text == "One.\nTwo.\n\nCaption.\n  a\n  x\n\n  x = 1"


def test_numbers_end_where_their_column_ends_and_words_begin_where_it_begins() -> None:
    shown = pd.DataFrame(
        {"llm": ["a", "bcd"], "share": ["0.5%", "12.0%"], "months": ["3.4 [2.9, 4.1]", "inf [9.0, inf]"]}
    )
    assert to_text([Table("t", "c", shown)]).splitlines()[1:] == [
        "  llm  share  months",
        "  a     0.5%  3.4 [2.9, 4.1]",
        "  bcd  12.0%  inf [9.0, inf]",
    ]


def test_sentences_of_the_last_column_stay_in_it_and_on_the_page() -> None:
    why = "the interval of the prior holds what published laws have, " * 5
    lines = to_text([Table("t", "c", pd.DataFrame({"prior": ["rate"], "why": [why.strip()]}))]).splitlines()[2:]
    assert len(lines) > 2 and all(len(line) <= WIDTH for line in lines)
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {lines[0].index("the interval")}
    assert " ".join(" ".join(lines).split()) == f"rate {why.strip()}"


def test_a_cell_of_the_last_column_may_be_empty_where_others_are_sentences() -> None:
    shown = pd.DataFrame({"part": ["whole", "tokens"], "moved": ["", "one word after the other " * 6]})
    assert to_text([Table("t", "c", shown)]).splitlines()[2] == "  whole"

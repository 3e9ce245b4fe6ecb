"""`import` makes tables out of a published one, and tells what it guessed and what is left to mend."""

from __future__ import annotations

from pathlib import Path

from outcomes import Run

from bayesdensity.data.tables import read_tables

TABLE = "Model,Size,Released,MMLU,BBH\nNew-7B,7B,2025-02-03,61.2%,55\nLlama-3-8B,,,66.5%,61.0\n"


def test_a_published_table_becomes_tables_that_are_sound(run: Run) -> None:
    Path("table.csv").write_text(TABLE)
    outcome = run("import", "table.csv", "-o", "mine")
    assert outcome.status == 0 and outcome.err == ""
    assert "'Size' is params_total" in outcome.out and "2 LLMs and 4 scores on MMLU, BBH" in outcome.out
    tables = read_tables("mine")
    assert tables.llms.set_index("llm").loc["New-7B", "params_total"] == 7e9
    assert tables.scores["score"].between(0.5, 0.7).all()


def test_nothing_is_written_over(run: Run) -> None:
    Path("table.csv").write_text(TABLE)
    Path("mine").mkdir()
    outcome = run("import", "table.csv", "-o", "mine")
    assert outcome.status == 2 and "is there already" in outcome.err and list(Path("mine").iterdir()) == []


def test_what_is_left_to_mend_is_listed(run: Run) -> None:
    Path("table.csv").write_text(TABLE + "new-7b,7B,2025-02-03,50%,40\n")
    outcome = run("import", "table.csv", "-o", "mine")
    assert outcome.status == 2 and "left to mend by hand" in outcome.err and "upper and lower case" in outcome.err

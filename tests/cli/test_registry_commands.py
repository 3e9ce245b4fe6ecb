"""`add` and `update` keep a registry: rows are told, headlines stand side by side, and a log has a line a night."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from outcomes import Run, is_interval, refused, strict
from seams import fit_by

from bayesdensity.cli.registry import log_headline
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit, load_fit

MINE: tuple[Any, ...] = ("Mine-8B", "MMLU=0.769", "BBH=0.78", "--source", "a report")
NEW: tuple[Any, ...] = (*MINE, "--params", "8.2B", "--released", "2026-06-01", "--with-bundled")


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    assert run("add", *NEW, "--data", tmp_path / "mine").status == 0
    return tmp_path / "mine"


def without_score(folder: Path, begin: str) -> None:
    path = folder / "scores.csv"
    lines = path.read_text().splitlines(keepends=True)
    at = next(k for k, line in enumerate(lines) if line.startswith(begin))
    path.write_text("".join([*lines[:at], *lines[at + 1 :]]))


def test_add_tells_the_rows_and_the_protocol(run: Run, folder: Path) -> None:
    outcome = run("add", "Mine-8B", "MATH=0.61", "--source", "a report", "--data", folder, "--json")
    told = strict(outcome.out)
    assert outcome.status == 0 and told["new_llm"] is False and told["llms"] == []
    assert told["scores"][0]["score"] == "0.61" and told["scores"][0]["cot"] == "true"
    assert told["protocols"]["MATH"].startswith("metric left open: studies accept em")


def test_add_refuses_what_it_cannot_read(run: Run, folder: Path) -> None:
    for given, said in (
        (("MMLU=0.5",), "the name of the LLM before its scores"),
        (("Mine-8B", "MMLU=50%"), "A per cent? Write MMLU=0.5"),
        (("Mine-8B", "MMLU=0.5", "--released", "soon"), "write a date"),
    ):
        assert said in refused(run, "add", *given, "--source", "x", "--data", folder)


def test_update_sets_the_headline_side_by_side_and_logs_it(run: Run, folder: Path, tmp_path: Path) -> None:
    log, new = tmp_path / "headline.csv", tmp_path / "new.nc"
    unused = strict(run("update", "densing-law", "--data", folder, "--json").out)
    assert unused["how"] == "none"
    assert any(one.startswith("Mine-8B: fewer than 3 of the 5 benchmarks") for one in unused["unused"])
    run("add", "Mine-8B", "MATH=0.61", "--source", "a report", "--data", folder)
    outcome = run("update", "densing-law", "--data", folder, "--log", log, "-o", new, "--json")
    told = strict(outcome.out)
    assert outcome.status == 0 and told["how"] == "weights" and told["trusted"] is True
    assert [one["llm"] for one in told["added"]] == ["Mine-8B"]
    assert told["after"]["n_llms"] == told["before"]["n_llms"] + 1
    for side in ("before", "after"):
        assert is_interval(told[side]["doubling_time_months"], 0.9)
    assert not new.exists() and "not written" in outcome.err
    again = run("update", "densing-law", "--data", folder, "--log", log)
    assert again.status == 0 and "Taken in by weights" in again.out
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert len(rows) == 2 and rows[0] == rows[1]
    assert float(rows[0]["doubling_time_months"]) == pytest.approx(
        told["after"]["doubling_time_months"]["median"], abs=0.005
    )


def test_update_fails_where_nothing_may_be_sampled_and_weights_will_not_do(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "headline.csv"
    without_score(folder, "Llama-2-7B,MMLU,")
    outcome = run("update", "densing-law", "--data", folder, "--refit", "never", "--log", log, "--json")
    told = json.loads(outcome.out)
    assert outcome.status == 1 and told["trusted"] is False and told["other_changes"][0].endswith("Llama-2-7B")
    assert not log.exists()


def test_update_samples_anew_where_a_score_is_gone_and_writes_the_fit(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_score(folder, "Llama-2-7B,MMLU,")
    log, new, asked = tmp_path / "headline.csv", tmp_path / "new.nc", dict[str, Any]()

    def again(_: Any, tables: Tables, **settings: Any) -> Fit:
        asked.update(settings)
        return load_fit("densing-law").noted(tables_digest=tables.digest)

    fit_by(monkeypatch, again)
    outcome = run("update", "densing-law", "--data", folder, "--log", log, "-o", new, "--json")
    told = strict(outcome.out)
    assert outcome.status == 0 and told["how"] == "refit" and "Llama-2-7B" in told["reasons"][0]
    assert (asked["chains"], asked["draws"], asked["tune"], asked["seed"]) == (4, 1500, 500, 1)
    assert load_fit(new).about["tables_digest"] == told["tables_digest"]
    assert load_fit(new).about["command"].startswith("bayesdensity update densing-law --data")
    assert [path.name for path in tmp_path.glob("*.nc")] == ["new.nc"]
    assert log.read_text().splitlines()[1].split(",")[3] == "refit"


def test_a_file_that_is_no_log_stays_as_it_is(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    said = refused(run, "update", "densing-law", "--data", folder, "--log", tmp_path / "other.csv")
    assert "is another file" in said and (tmp_path / "other.csv").read_text() == "a,b\n1,2\n"


def test_the_log_gets_one_header(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    for _ in range(3):
        log_headline(log, ["2026-01-01", "study", "digest", "weights", "5", "3.00", "2.00", "4.00"])
    assert len(log.read_text().splitlines()) == 4

"""Requests that people get wrong are answered before anything runs, with a sentence that helps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from outcomes import Run, edit, refused
from simulated import Truth, write_study


def test_unknown_llm_in_the_scores(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [*rows, "fam99-7B,Reading,0.5,harness-a"])
    n = len((folder / "scores.csv").read_text().splitlines())
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert f"scores.csv row {n}: llm 'fam99-7B' is not in llms.csv" in said and "add a row" in said


def test_score_as_a_percentage(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [rows[0], "fam00-7B,Code,73.2,own", *rows[1:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "scores.csv row 2: score 73.2" in said and "divide by 100" in said


def test_a_row_twice(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [*rows[:3], rows[2], *rows[3:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "scores.csv row 4: repeats row 3" in said and "average what was measured several times" in said


def test_a_missing_column(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [row.rsplit(",", 1)[0] for row in rows])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv: has no column 'params_total'; it needs llm, release_date, params_total" in said


def test_a_negative_size(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [rows[0], rows[1].rsplit(",", 1)[0] + ",-7e9", *rows[2:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv row 2: params_total -7e9" in said and "multiply by 1e9" in said


def test_a_date_that_is_none(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [rows[0], rows[1].replace("2023-03-01", "March 2023"), *rows[2:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv row 2: release_date March 2023" in said and "write it like 2024-07-18" in said


def test_an_unknown_key_in_a_study(run: Run, folder: Path) -> None:
    study = write_study(folder / "mine.toml", more='[frontier]\ntrent = "linear"\n')
    said = refused(run, "fit", study, "--data", folder)
    assert "mine.toml: unknown key 'frontier.trent'" in said and "trend" in said


def test_a_benchmark_without_data(run: Run, folder: Path) -> None:
    study = write_study(folder / "mine.toml", more='[benchmarks.Readnig]\nmetrics = ["acc"]\ncot = ["false"]\n')
    said = refused(run, "fit", study, "--data", folder)
    assert "Readnig" in said and "Did you mean 'Reading'?" in said
    edit(folder / "benchmarks.csv", lambda rows: [*rows, "Readnig,100,0.25"])
    said = refused(run, "fit", study, "--data", folder)
    assert "scores.csv: no score on 'Readnig' is left" in said and "drop it" in said


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("fit", "densing-lw"), "Did you mean 'densing-law'?"),
        (("fit", "nowhere.toml"), "nowhere.toml: no such study file"),
        (("fit", "densing-law", "--data", "nowhere"), "nowhere"),
        (("fit", "densing-law", "-o", "fit.csv"), "ends in .nc"),
        (("fit", "densing-law", "-o", "nowhere/fit.nc"), "no folder nowhere"),
        (("fit", "densing-law", "--chains", "0"), "--chains must be at least 1"),
        (("fit", "densing-law", "--draws", "0"), "--draws must be at least 4"),
        (("fit", "densing-law", "--set", "frontier.trend"), "key=value"),
        (("fit", "densing-law", "--set", "frontier.trend=cubic"), "frontier.trend"),
        (("show", "densing-lw"), "Did you mean 'densing-law'?"),
        (("summary", "nowhere.nc"), "nowhere.nc: no such file"),
        (("densities", "nowhere.nc"), "nowhere.nc: no such file"),
        (("summary", "nowhere.nc", "--ci", "90"), "--ci lies between 0 and 1"),
        (("validate", "nowhere"), "no such folder"),
        (("compare", "nowhere.nc", "other.nc"), "nowhere.nc: no such file"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "0"), "--ci lies between 0 and 1"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "1"), "--ci lies between 0 and 1"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "90"), "--ci lies between 0 and 1"),
        (("compare",), "needs at least two fits; got 0"),
        (("backtest", "nowhere.nc"), "nowhere.nc: no such file"),
        (("backtest", "nowhere.nc", "-o", "nowhere/mine"), "there is no folder nowhere"),
        (("simulate", "densing-lw", "-o", "new"), "Did you mean 'densing-law'?"),
        (("simulate", "densing-law", "-o", "new", "--world", "record"), "Did you mean 'records'?"),
        (("simulate", "densing-law", "-o", "new", "--fit", "nowhere.nc"), "nowhere.nc: no such file"),
        (("simulate", "densing-law", "-o", "nowhere/new"), "there is no folder nowhere"),
        (("simulate", "densing-law", "-o", "."), "-o .: is there already; name a new folder"),
    ],
)
def test_wrong_requests_are_answered_before_anything_runs(run: Run, arguments: tuple[str, ...], part: str) -> None:
    assert part in refused(run, *arguments)


def test_nothing_left_to_learn_from_exits_3(run: Run, folder: Path) -> None:
    study = folder / "small-world.toml"
    outcome = run("fit", study, "--data", folder, "--set", "llms.released_from=2026-11-01")
    assert outcome.status == 3 and outcome.out == "" and "no LLM is left" in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_releases_of_one_day_exit_3(run: Run, truth: Truth) -> None:
    for command in ("show", "fit"):
        outcome = run(command, truth.study, "--data", truth.folder, "--set", "llms.released_from=2026-02-01")
        assert outcome.status == 3 and outcome.out == ""
        assert "LLMs left were released on 2026-0" in outcome.err and "Traceback" not in outcome.err
        assert "so nothing can be told about change over time" in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_a_benchmark_that_nothing_ties_to_the_reference_exits_3(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [row for row in rows if not re.match("Yardstick-.*,Code,", row)])
    outcome = run("fit", folder / "small-world.toml", "--data", folder)
    assert outcome.status == 3 and outcome.out == "" and list(Path.cwd().iterdir()) == []
    assert "no score of reference family 'Yardstick' on 'Code' is left" in outcome.err
    assert "Reading" not in outcome.err and "Bring one, or drop the benchmark." in outcome.err


@pytest.mark.parametrize("arguments", [("summary", "fit.nc", "--jsno"), ("simulate", "densing-law")])
def test_an_unknown_option_or_a_missing_one_is_a_wrong_request(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2 and outcome.out == ""


def test_a_fit_cut_short_is_refused(run: Run, fit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.nc").write_bytes(fit_file.read_bytes()[:5000])
    assert "cut.nc" in refused(run, "summary", tmp_path / "cut.nc", "--json")

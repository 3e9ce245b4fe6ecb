"""`compare` and `backtest` print pure JSON or a verdict in words."""

from __future__ import annotations

import dataclasses
import importlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from described import unbroken
from outcomes import Run, is_interval, judged, refused, rows_of_growth, strict, thinned
from seams import diagnose_by

from bayesdensity.data.masks import with_scores
from bayesdensity.inference.result import Fit


@pytest.fixture
def two(world_fit: Fit, tmp_path: Path) -> tuple[Path, Path]:
    """The fit of the small world, and one that has its pace wrong, in files of the same name."""
    right = thinned(world_fit)
    wrong = dataclasses.replace(right, posterior=right.posterior.assign(rate=right.posterior["rate"] - 5))
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    return judged(right, tmp_path / "right" / "mine.nc"), judged(wrong, tmp_path / "wrong" / "mine.nc")


def test_a_comparison_as_json_is_pure_and_has_what_is_promised(run: Run, two: tuple[Path, Path]) -> None:
    outcome = run("compare", *two, "--no-refit", "--json", "--ci", "0.8")
    assert outcome.status == 0 and outcome.err == "" and list(Path.cwd().iterdir()) == []
    told, names = strict(outcome.out), [str(path) for path in two]
    assert set(told) == {"fold", "n_folds", "leave_one_out", "sentence", "stacked"}
    assert list(told["leave_one_out"]) == names and told["fold"] == "one family, all its scores"
    assert 1 < told["n_folds"] < 38
    columns = {"elpd", "se", "difference", "difference_se", "weight", "large_k", "refitted"}
    for row in told["leave_one_out"].values():
        assert set(row) == columns and all(isinstance(value, float) for value in row.values())
    assert told["sentence"] == f"best: {names[0]}; worse: {names[1]}."
    assert set(told["stacked"]) == {"frontier", "mean"}
    for growth in told["stacked"].values():
        assert is_interval(growth["doubling_time_months"], 0.8) and is_interval(growth["rate_per_year"], 0.8)
        assert growth["probability_rate_positive"] > 0.95


def test_a_comparison_in_words_has_a_verdict(run: Run, two: tuple[Path, Path]) -> None:
    outcome = run("compare", *two, "--no-refit")
    assert outcome.status == 0 and "Traceback" not in outcome.err
    said = unbroken(outcome.out)
    assert f"best: {two[0]}; worse: {two[1]}." in said and "that were not left out exactly" in said
    assert set(rows_of_growth(outcome.out)) == {"frontier", "mean"} and "90% interval" in outcome.out


def test_a_comparison_with_a_fit_that_failed_a_check_exits_1(
    run: Run, world_fit: Fit, two: tuple[Path, Path], tmp_path: Path
) -> None:
    failed = judged(thinned(world_fit), tmp_path / "failed.nc", reference="FAIL")
    assert run("compare", two[0], failed, "--no-refit").status == 1


def test_a_comparison_of_fits_that_never_double_says_infinity(run: Run, falling: Path, tmp_path: Path) -> None:
    shutil.copy(falling, tmp_path / "same.nc")
    told = strict(run("compare", falling, tmp_path / "same.nc", "--no-refit", "--json").out)
    assert "not told apart from it" in told["sentence"]
    for growth in told["stacked"].values():
        assert [growth["doubling_time_months"][end] for end in ("median", "lower", "upper")] == ["inf"] * 3
        assert growth["probability_rate_positive"] == 0


def test_one_fit_alone_is_not_compared(run: Run, fit_file: Path) -> None:
    assert "compare needs at least two fits; got 1" in refused(run, "compare", fit_file)


def test_fits_of_other_scores_are_not_compared(run: Run, world_fit: Fit, fit_file: Path, tmp_path: Path) -> None:
    values = world_fit.data["score_value"].to_numpy() * 0.99
    other = dataclasses.replace(world_fit, data=with_scores(world_fit.data, values)).save(tmp_path / "other.nc")
    said = refused(run, "compare", fit_file, other, "--no-refit")
    assert f"{fit_file.stem} and other are fits of different scores" in said and "--set" in said


@pytest.fixture
def sampled_again(use_compiled_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small world is sampled again with few draws, and not compiled again."""
    for name in ("REFIT_DRAWS", "REFIT_TUNE"):
        monkeypatch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), name, 80)


@pytest.mark.usefixtures("sampled_again")
def test_a_backtest_as_json_is_pure_and_its_figure_is_written(
    run: Run, world_fit: Fit, fit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converged = dataclasses.replace(world_fit.diagnostics, verdict="PASS")
    diagnose_by(monkeypatch, lambda *_: converged)  # as so few draws need not
    cutoffs = ("2025-01-01", "2025-07-01")
    arguments = [part for cutoff in cutoffs for part in ("--cutoff", cutoff)]
    outcome = run("backtest", fit_file, *arguments, "--json", "-o", "mine")
    assert outcome.status == 0
    told = strict(outcome.out)
    assert set(told) == {"scores", "cutoffs", "convergence", "llms", "forecasts"}
    assert list(told["cutoffs"]) == list(told["convergence"]) == list(cutoffs)
    assert list(told["scores"]) == [*cutoffs, "all"]
    assert len(told["llms"]) == told["scores"]["all"]["n"]
    assert {"llm", "cutoff", "months", "elpd", "observed", "median", "pit", "crps"} <= set(told["llms"][0])
    assert f"releases before {cutoffs[1]}" in outcome.err and "wrote mine-backtest.png" in outcome.err
    files = sorted(path.name for path in Path.cwd().iterdir())
    figures = [f"mine-{name}.{form}" for name in ("backtest", "forecasts") for form in ("png", "svg")]
    assert files == sorted(["mine-backtest.json", "mine-forecasts.csv", *figures])
    asked = pd.read_csv("mine-forecasts.csv")
    assert told["forecasts"]["kind"]["all"]["n"] == len(asked) and set(asked["cutoff"]) == set(cutoffs)
    kept = json.loads(Path("mine-backtest.json").read_text(encoding="utf-8"))
    assert kept["results"] == told and kept["certificate"]["command"].startswith(f"bayesdensity backtest {fit_file}")


@pytest.mark.usefixtures("sampled_again")
def test_the_fits_of_cutoffs_are_kept_and_used_again(
    run: Run, world_fit: Fit, fit_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    diagnose_by(monkeypatch, lambda *_: dataclasses.replace(world_fit.diagnostics, verdict="PASS"))
    folder = tmp_path / "kept"
    folder.mkdir()
    asked = ("backtest", fit_file, "--cutoff", "2025-07-01", "--keep", folder, "--json")
    first = run(*asked)
    (file,) = folder.iterdir()
    again = run(*asked)
    assert file.name == "small-world-2025-07-01-seed-1.nc"
    assert "releases before 2025-07-01" in first.err and "releases before" not in again.err
    assert strict(first.out) == strict(again.out)
    assert f"{file.name}: has other draws than are asked for; remove it" in refused(run, *asked, "--draws", "90")


@pytest.mark.usefixtures("sampled_again")
def test_a_backtest_in_words_has_a_row_for_each_cutoff_and_says_which_did_not_converge(
    run: Run, world_fit: Fit, fit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = dataclasses.replace(world_fit.diagnostics, verdict="FAIL", sentence="chains disagree.")
    diagnose_by(monkeypatch, lambda *_: apart)
    outcome = run("backtest", fit_file, "--cutoff", "2025-07-01")
    assert outcome.status == 1 and "2025-07-01: FAIL: chains disagree." in outcome.out.splitlines()
    assert list(Path.cwd().iterdir()) == []
    rows = [line for line in outcome.out.splitlines() if line.startswith("  2025-07-01 ")]
    assert len(rows) == 2 and "P(growth)" in outcome.out
    assert "CRPS" in outcome.out and any(line.startswith("  all ") for line in outcome.out.splitlines())


@pytest.mark.usefixtures("sampled_again")
def test_a_comparison_predicts_later_releases_if_asked(
    run: Run, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LEAST_TRAINING": 32, "REFIT_DRAWS": 40, "REFIT_TUNE": 40}.items():
        monkeypatch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), name, value)
    outcome = run("compare", *two, "--no-refit", "--future", "--json")
    told = strict(outcome.out)
    assert set(told["leave_future_out"]) == {str(path) for path in two} and told["sentence_future"].startswith("best: ")
    # Both are sampled again, from the same seed: what was wrong with one posterior is gone.
    assert {row["difference"] for row in told["leave_future_out"].values()} == {0.0}
    assert f"{two[0]}: releases before 2026-01-01" in outcome.err


def test_a_cutoff_that_is_no_date_is_a_wrong_request(run: Run, fit_file: Path) -> None:
    said = refused(run, "backtest", fit_file, "--cutoff", "soon", "-o", "mine")
    assert "--cutoff soon: write a date like 2024-07-18" in said


@pytest.mark.parametrize("cutoff", ["2023-07-01", "2027-01-01"])
def test_a_cutoff_with_nothing_to_learn_from_or_to_predict_exits_3(run: Run, fit_file: Path, cutoff: str) -> None:
    outcome = run("backtest", fit_file, "--cutoff", cutoff, "-o", "mine", "--json")
    assert outcome.status == 3 and outcome.out == "" and f"cut-off {cutoff}: needs at least 20 LLMs" in outcome.err
    assert list(Path.cwd().iterdir()) == []

"""`shelf-life` and `lag` print what the quantities are, and refuse what they cannot answer."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from outcomes import Run, is_interval, strict
from simulated import BENCHMARKS, Truth

from bayesdensity import quantities as q
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.shelf_lives import shelf_life


@pytest.fixture
def llm(checked_fit: Fit) -> str:
    return str(checked_fit.data["llm"].to_numpy()[4])


def test_shelf_life_as_json_has_the_months_overall_and_on_each_benchmark(
    run: Run, fit_file: Path, checked_fit: Fit, llm: str
) -> None:
    found = strict(run("shelf-life", fit_file, llm, "--share", "0.25", "--by", "2025-06-01", "--json").out)
    life = shelf_life(checked_fit, llm, 0.25)
    assert found["llm"] == llm and found["share"] == 0.25
    assert found["shelf_life_months"] == life.to_json() and is_interval(found["shelf_life_months"])
    assert set(found["benchmarks"]) <= set(BENCHMARKS) and all(map(is_interval, found["benchmarks"].values()))
    assert list(found["probability_by"]) == ["2025-06-01", q.window(checked_fit)[1]]
    assert found["first_successor"] is None or found["first_successor"]["probability"] > 0.5
    assert {"llm", "release_date", "params", "months", "probability"} == set(found["successors"][0])


def test_shelf_life_says_the_same_to_a_reader(run: Run, fit_file: Path, llm: str) -> None:
    for of in ("frontier", "typical", "best"):
        outcome = run("shelf-life", fit_file, llm, "--of", of)
        assert outcome.status in (0, 1) and llm in outcome.out and "half its size" in outcome.out
        assert all(name in outcome.out for name in BENCHMARKS)


def test_without_an_llm_published_examples_stand_beside_the_fit_or_it_is_said_that_none_fits(
    run: Run, fit_file: Path
) -> None:
    assert "no LLM and no benchmark of the published examples" in run("shelf-life", fit_file).out
    assert strict(run("shelf-life", fit_file, "--json").out)["examples"] == []
    assert "name it" in run("shelf-life", fit_file, "--share", "0.3").err


def test_lag_has_the_same_in_every_format(run: Run, fit_file: Path, truth: Truth) -> None:
    given = (fit_file, "--data", truth.folder, "--params", "3.5e9")
    found = strict(run("lag", *given, "--json").out)
    assert found["params"] == 3.5e9 and set(found["benchmarks"]) == set(BENCHMARKS)
    assert is_interval(found["lag_months"]) and is_interval(found["lag_score"])
    table = pd.read_csv(io.StringIO(run("lag", *given, "--csv").out))
    assert len(table) == len(found["records"]) == found["n_records"]
    assert table["score"].tolist() == pytest.approx([row["score"] for row in found["records"]])
    text = run("lag", *given).out
    assert all(row["llm"] in text for row in found["records"]) and "all benchmarks" in text


def test_a_device_is_a_size(run: Run, fit_file: Path, truth: Truth) -> None:
    given = (fit_file, "--data", truth.folder, "--benchmark", "Sums", "--json")
    device = strict(run("lag", *given, "--device", "4GB", "--bits", "8", "--context-gb", "0.5").out)
    assert device == strict(run("lag", *given, "--params", "3.5e9").out)


def test_whose_the_tables_are_is_said(run: Run, fit_file: Path, truth: Truth) -> None:
    given = (fit_file, "--params", "3.5e9", "--json")
    said = "Tables read from the folder: llms.csv, scores.csv, reference_runs.csv, benchmarks.csv; bundled: prices.csv."
    assert said in run("lag", *given, "--data", truth.folder).err
    assert "Tables read" not in run("lag", *given).err


def test_lag_draws_records_and_what_a_size_reaches(run: Run, fit_file: Path, truth: Truth, tmp_path: Path) -> None:
    stem = tmp_path / "mine"
    outcome = run("lag", fit_file, "--data", truth.folder, "--params", "3.5e9", "-o", stem)
    assert "mine-lag.png" in outcome.err and (tmp_path / "mine-lag.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "needs a size"),
        (["--params", "8e9", "--device", "24GB"], "needs a size"),
        (["--device", "2GB", "--context-gb", "2"], "leave nothing"),
        (["--params", "8e9", "--benchmark", "MNLU"], "benchmark of this study"),
        (["--params", "8e9", "--since", "2001-01-01"], "count from a date"),
        (["--device", "24"], "24GB"),
        (["--params", "8e9", "--context-gb", "2"], "are of a device"),
    ],
)
def test_what_lag_cannot_answer_is_refused(run: Run, fit_file: Path, truth: Truth, given: list[str], said: str) -> None:
    outcome = run("lag", fit_file, "--data", truth.folder, *given)
    assert outcome.status == 2 and said in outcome.err and outcome.out == ""

"""`forecast` and `place` answer as text and JSON, in dates, sizes and scores, and refuse what has no answer."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from outcomes import Run, is_interval, strict

from bayesdensity.data.shipped import shipped_posteriors
from bayesdensity.inference.result import Fit


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (("--params", "4B", "--score", "0.7"), "date"),
        (("--score", "0.6", "--date", "2027-01-01"), "params"),
        (("--params", "4e9", "--date", "2027-01-01", "--of", "best"), "score"),
    ],
)
def test_the_third_of_size_score_and_date_is_answered(
    run: Run, fit_file: Path, given: tuple[str, ...], asked: str
) -> None:
    found = strict(run("forecast", fit_file, "-b", "Sums", *given, "--json").out)
    assert found["benchmark"] == "Sums" and set(found["fits"]) == {fit_file.stem}
    if asked == "date":
        assert set(found["date"]) >= {"median", "lower", "upper", "probability"}
        assert all(end == "never" or len(end) == 10 for end in (found["date"][k] for k in ("median", "lower", "upper")))
        assert list(found["probability_by"].values()) == sorted(found["probability_by"].values())
    else:
        assert is_interval(found[asked]) and "probability_by" not in found
    text = run("forecast", fit_file, "-b", "Sums", *given).out
    assert "Sums" in text and "90% interval" in text and "Beyond the last release" in text


def test_a_device_is_a_size(run: Run, fit_file: Path) -> None:
    device = strict(
        run("forecast", fit_file, "-b", "Sums", "--device", "4GB", "--bits", "8", "--score", "0.6", "--json").out
    )
    params = strict(run("forecast", fit_file, "-b", "Sums", "--params", "4e9", "--score", "0.6", "--json").out)
    assert device["params"] == 4e9 and device["date"] == params["date"] and device["device"]["bits"] == 8


def test_a_forecast_is_drawn(run: Run, fit_file: Path, tmp_path: Path) -> None:
    for k, given in enumerate((("--params", "4B", "--score", "0.7"), ("--score", "0.6", "--date", "2027-01-01"))):
        run("forecast", fit_file, "-b", "Sums", *given, "-o", tmp_path / f"mine{k}")
        assert (tmp_path / f"mine{k}-forecast.png").is_file()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--params", "4B"), "takes two of"),
        (("--params", "4B", "--score", "0.7", "--date", "2027-01-01"), "takes two of"),
        (("--params", "4B", "--device", "24GB", "--score", "0.7"), "both give a size"),
        (("--params", "4B", "--score", "0.99"), "its ceiling is"),
        (("--params", "4B", "--score", "70"), "share of the items"),
        (("--params", "big", "--score", "0.7"), "number of parameters"),
        (("--device", "2GB", "--context-gb", "3", "--score", "0.7"), "leave nothing"),
        (("--score", "0.7", "--date", "tomorrow"), "write a date"),
        (("--score", "0.7", "--date", "20270101"), "write a date"),
        (("--score", "0.7", "--date", "2100-01-01"), "out of reach of the fit"),
        (("--params", "4B", "--date", "0001-01-01"), "out of reach of the fit"),
        (("--params", "5e15", "--score", "0.7"), "from 1e5 to 1e14"),
        (("--params", "8x7B", "--score", "0.7"), "got 8x7B"),
        (("--params", "4B", "--score", "0.7", "--bits", "4"), "are of a device"),
        (("--params", "4B", "--score", "0.7", "--families", "20"), "ask --of best"),
        (("--params", "4B", "--score", "0.7", "--ci", "0.99999"), "from 0.01 to 0.999"),
    ],
)
def test_a_forecast_that_has_no_answer_is_refused(run: Run, fit_file: Path, given: tuple[str, ...], said: str) -> None:
    outcome = run("forecast", fit_file, "-b", "Sums", *given)
    assert outcome.status == 2 and said in outcome.err and not outcome.out


def test_place_says_the_same_as_text_json_and_table(run: Run, fit_file: Path, checked_fit: Fit, tmp_path: Path) -> None:
    given = ("--fit", fit_file, "--params", "7B", "--released", "2025-01-01", "Sums=0.45", "Code=0.5")
    found = strict(run("place", *given, "--json").out)
    assert is_interval(found["density"]) and is_interval(found["effective_size"])
    assert set(found["benchmarks"]) == {"Sums", "Code"} and 0 <= found["probability_on_frontier"] <= 1
    assert {row["llm"] for row in found["nearest"]} <= set(checked_fit.data["llm"].to_numpy())
    text = run("place", *given).out
    assert "has a density of" in text and all(row["llm"] in text for row in found["nearest"])
    table = tmp_path / "models.csv"
    table.write_text("llm,params_total,release_date,Sums,Code\nmine,7e9,2025-01-01,0.45,0.5\n")
    rows = pd.read_csv(io.StringIO(run("place", "--csv", table, "--fit", fit_file).out))
    assert rows["density_median"][0] == pytest.approx(found["density"]["median"], rel=1e-5)  # six digits in CSV


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("Sums=0.45",), "needs --params"),
        (("--params", "7B", "Sums"), "write BENCHMARK=SCORE"),
        (("--params", "7B", "Sums=45%"), "Write Sums=0.45"),
        (("--params", "7B", "Sums=45"), "Write 0.45"),
        (("--params", "7B", "Sums=0.4", "Sums=0.5"), "given twice"),
        (("--params", "7B"), "has no score"),
        (("--params", "7B", "--csv", "models.csv"), "leave out those of a single model"),
    ],
)
def test_a_model_that_cannot_be_placed_is_refused(run: Run, fit_file: Path, given: tuple[str, ...], said: str) -> None:
    outcome = run("place", "--fit", fit_file, "--released", "2025-01-01", *given)
    if "--csv" in given:
        outcome = run("place", "--fit", fit_file, *given)
    assert outcome.status == 2 and said in outcome.err and not outcome.out


@pytest.mark.parametrize("name", shipped_posteriors())
def test_a_posterior_of_the_package_is_named_like_a_file(run: Run, name: str) -> None:
    outcome = run("summary", name)
    assert outcome.status in (0, 1) and "doubled every" in outcome.out and "comes with the package" in outcome.err

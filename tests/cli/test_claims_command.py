"""`claims` and `compression` say the same in every format, and refuse what they cannot answer."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pandas as pd
import pytest
from outcomes import Run, is_interval, strict
from simulated import Truth

from bayesdensity.data.claims import read_claims


def test_claims_as_json_are_a_list_in_the_documented_form(run: Run, fit_file: Path) -> None:
    rows = strict(run("claims", fit_file, "--json").out)
    assert {row["claim"] for row in rows} >= set(read_claims()["claim"])
    for row in rows:
        assert {"claim", "published", "ours", "verdict"} <= set(row)
        if row["ours"] is None:
            assert row["verdict"].startswith("not comparable: ")
        else:
            assert row["verdict"] in ("inside", "outside") and is_interval(row["ours"])
            assert 0 <= row["probability_below"] <= 1


def test_claims_as_csv_and_json_have_the_same_rows(run: Run, fit_file: Path) -> None:
    rows, table = (
        strict(run("claims", fit_file, "--json").out),
        pd.read_csv(io.StringIO(run("claims", fit_file, "--csv").out)),
    )
    assert list(table["claim"]) == [row["claim"] for row in rows]
    assert list(table["verdict"]) == [row["verdict"] for row in rows]


def test_claims_in_words_say_how_many_and_why_not(run: Run, fit_file: Path) -> None:
    outcome = run("claims", fit_file)
    words = " ".join(outcome.out.split())
    assert words.startswith("No published claim can be compared with this fit.")
    assert "this fit has none of the benchmarks of the paper." in words
    assert "87.7 days" in words, "published numbers differ whatever the fit"


@pytest.fixture
def with_parents(truth: Truth, tmp_path: Path) -> Path:
    """The small world, in which the smallest of each family was pruned from its largest."""
    folder = Path(shutil.copytree(truth.folder, tmp_path / "parents"))
    llms = pd.read_csv(folder / "llms.csv").assign(parent="", compression="none")
    for family, rows in llms.groupby("family"):
        if family != "Yardstick":
            child, parent = rows["params_total"].idxmin(), rows["params_total"].idxmax()
            llms.loc[child, ["parent", "compression"]] = (llms.loc[parent, "llm"], "pruned")
    llms.to_csv(folder / "llms.csv", index=False)
    return folder


def test_compression_says_the_same_in_every_format(run: Run, fit_file: Path, with_parents: Path) -> None:
    told = strict(run("compression", fit_file, "--data", with_parents, "--json").out)
    table = pd.read_csv(io.StringIO(run("compression", fit_file, "--data", with_parents, "--csv").out))
    assert [pair["child"] for pair in told["pairs"]] == list(table["child"])
    for pair, median in zip(told["pairs"], table["density_ratio_median"], strict=True):
        assert is_interval(pair["density_ratio"]) and is_interval(pair["effective_size_ratio"])
        assert pair["density_ratio"]["median"] == pytest.approx(median, rel=1e-4)
    pruned = told["methods"]["pruned"]
    assert pruned["n_pairs"] == len(told["pairs"])
    assert all(is_interval(pruned[name]) for name in ("sample_ratio", "mean_ratio", "new_ratio"))
    assert told["quantized"]["llms_in_tables"] == 0 and told["quantized"]["published_multipliers"][0]["share"] == 0.923
    words = run("compression", fit_file, "--data", with_parents).out
    assert "No LLM of the tables is quantized" in words and told["pairs"][0]["child"] in words


def test_compression_draws_a_figure_where_asked(run: Run, fit_file: Path, with_parents: Path) -> None:
    outcome = run("compression", fit_file, "--data", with_parents, "-o", "mine")
    assert Path("mine-compression.png").is_file() and Path("mine-compression.svg").is_file()
    assert "wrote mine-compression.png" in outcome.err


def test_compression_without_pairs_is_refused_with_a_remedy(run: Run, fit_file: Path, truth: Truth) -> None:
    outcome = run("compression", fit_file, "--data", truth.folder)
    assert outcome.status == 2 and "state parent and compression in llms.csv" in outcome.err and outcome.out == ""


@pytest.mark.parametrize("command", ["claims", "compression"])
def test_a_fit_that_is_not_there_is_refused(run: Run, command: str) -> None:
    outcome = run(command, "nowhere.nc")
    assert outcome.status == 2 and "no such file" in outcome.err

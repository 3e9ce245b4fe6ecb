"""A table of models to place is judged as other tables are: file, rows, column, value, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.evaluation.model_table import read_models
from bayesdensity.evaluation.placing import place, place_all
from bayesdensity.evaluation.reach import require_days
from bayesdensity.inference.result import Fit, load_fit

HEAD = "llm,params_total,MMLU\n"
DATED = "llm,params_total,release_date,MMLU\n"


@pytest.fixture(scope="module")
def fit() -> Fit:
    return load_fit("densing-law")


def test_models_are_read(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "\ufeffllm, params_total ,release_date,BBH,MMLU\r\na,7e9,,,0.6\r\n\r\n,8e9,2025-01-01,0.5,\r\n"
    )
    first, second = read_models(tmp_path / "m.csv", fit)
    assert (first.name, first.params, first.released, first.scores) == ("a", 7e9, None, {"MMLU": 0.6})
    assert (second.name, second.active, second.released, second.scores) == ("line 4", 8e9, "2025-01-01", {"BBH": 0.5})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "m.csv: is empty"),
        (HEAD, "has a header but no rows"),
        ("llm,MMLU\na,0.5\n", "has no column 'params_total'"),
        (
            HEAD + "a,7_000_000_000,0.6\n",
            "row 2: params_total 7_000_000_000 of llm 'a' is not a number; write 7000000000",
        ),
        (HEAD + "a,\u0667e9,0.6\n", "is not a number"),
        (HEAD + "a,7,0.6\n", "if sizes are in billions"),
        (HEAD + "\n\na,7e9,60%\n", "row 4: score 60% for llm 'a' on 'MMLU' is not a number; write 0.60"),
        (HEAD + "a,7e9,nan\n", "score nan"),
        (HEAD + "a,7e9,\n", "row 2: 'a' has no score on any of MMLU"),
        (HEAD + "a,7e9,0.6\na,7e9,0.5\n", "row 3: repeats row 2"),
        (HEAD + "a,7e9,0.6\nA,7e9,0.5\n", "upper and lower case"),
        (HEAD + "a\x1b[31m,7e9,0.6\n", "control character"),
        (HEAD + "a\u200b,7e9,0.6\n", "invisible character"),
        (HEAD + "a,7e9,0.6,1\n", "has 4 cells under a header of 3"),
        ("llm,params_total,MMLU,MMLU\na,7e9,0.6,0.5\n", "has column 'MMLU' twice"),
        ("llm,params_total,mmlu\na,7e9,0.6\n", "Did you mean 'MMLU'"),
        (DATED + "a,7e9,1900-01-01,0.6\n", "lies before language models"),
        (DATED + "a,7e9,2025-W01-1,0.6\n", "is not a date"),
        ("llm,params_total,params_active,MMLU\na,7e9,9e9,0.6\n", "params_active is larger than params_total"),
    ],
)
def test_each_kind_of_fault_is_told_once(fit: Fit, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "m.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_models(tmp_path / "m.csv", fit)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_what_is_no_file_is_not_waited_for(fit: Fit, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(InputError, match="is no file but a pipe"):
        read_models(tmp_path / "m.csv", fit)


def test_a_model_that_cannot_be_placed_is_named(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("llm,params_total,family,MMLU\nmine,7e9,Nobody,0.6\n")
    with pytest.raises(InputError, match="mine: there is no family"):
        place_all(fit, read_models(tmp_path / "m.csv", fit))


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2021-12-31", "2037-01-01", "9999-12-31", "20250101"])
def test_days_out_of_reach_are_refused(fit: Fit, day: str) -> None:
    with pytest.raises(InputError, match=r"name a date from 2022-02-24 to 2036-06-04|is no date"):
        require_days(fit, day)
    with pytest.raises(InputError):
        place(fit, {"MMLU": 0.5}, params=8e9, released=day)
    require_days(fit, None, "2022-06-01", "2036-01-01")

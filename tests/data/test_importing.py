"""Published tables become ours, and every guess is told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.data.importing import Imported, import_table

KNOWN = pd.DataFrame(
    {
        "llm": ["Llama-3-8B", "Mistral-7B-v0.1"],
        "release_date": pd.to_datetime(["2024-04-18", "2023-09-27"]),
        "params_total": [8.03e9, 7.24e9],
        "params_active": [8.03e9, 7.24e9],
        "family": ["Llama-3", "Mistral"],
    }
)
BENCHMARKS = ["MMLU", "GSM8K", "MMLU-Pro"]


def imported(folder: Path, text: str) -> Imported:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return import_table(path, BENCHMARKS, KNOWN)


def test_a_wide_table_has_a_column_for_each_benchmark(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        "Model;Params (B);Released;mmlu;GSM-8K;Vibes\n"
        "New-13B;13;2024-05-02;66,6%;54.2;9\n"
        "Mix-8x22B;8x22B;April 2024;77.8%;-;8\n"
        "Other;1,5;03/04/2024;50%;12;7\n"
        ";7;2024-01;50%;60;4\n",
    )
    llms, scores = found.llms.set_index("llm"), found.scores.set_index(["llm", "benchmark"])["score"]
    assert llms["params_total"].to_dict() == {"New-13B": 13e9, "Other": 1.5e9}
    assert llms.loc["New-13B", "release_date"] == "2024-05-02" and pd.isna(llms.loc["Other", "release_date"])
    assert scores["New-13B", "MMLU"] == pytest.approx(0.666) and scores["New-13B", "GSM8K"] == pytest.approx(0.542)
    assert ("Mix-8x22B", "GSM8K") not in scores.index
    told = "\n".join(found.guesses)
    for part in (
        "1 of 4 rows name no model",
        "'Params (B)' is params_total",
        "multiplied by 1e+09, as its name says",
        "1 cells of 'Params (B)' are no numbers",
        "1 dates of 'Released' are no unambiguous days",
        "'Vibes'",
        "percentages: divided by 100",
        "1 models have no release date",
    ):
        assert part in told, part


def test_a_long_table_has_a_row_for_each_score(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        "llm,benchmark,score\nA-7B,MMLU,0.5\nA-7B,MMLU,0.6\nA-7B,Nonsense,3\n"
        "Llama 3 8B,MMLU,n/a\nllama-3-8b,GSM8K,0.7\n",
    )
    assert found.scores.set_index(["llm", "benchmark"])["score"].to_dict() == pytest.approx(
        {("A-7B", "MMLU"): 0.55, ("llama-3-8b", "GSM8K"): 0.7}
    )
    llms = found.llms.set_index("llm")
    assert llms.loc["A-7B", "params_total"] == 7e9, "the number in its name"
    assert llms.loc["llama-3-8b", "params_total"] == 8.03e9 and llms.loc["llama-3-8b", "release_date"] == "2024-04-18"
    told = "\n".join(found.guesses)
    assert "averaged" in told and "'Nonsense'" in told and "bundled table" in told and "number in their names" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table with a header"),
        ("one\n1\n", "no table with a header"),
        ("a,b\n1,2\n", "no column names models"),
        ("model,size\nA-7B,7B\n", "no column of scores was recognised"),
    ],
)
def test_what_is_no_such_table_says_what_it_lacks(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        imported(tmp_path, text)


def test_sizes_are_read_as_people_write_them(tmp_path: Path) -> None:
    rows = {"A": ("412M", 412e6), "B": ("7.24B", 7.24e9), "C": ("1,300,000,000", 1.3e9), "D": ("1e9", 1e9)}
    text = "model\tparams\tMMLU\n" + "".join(f"{name}\t{size}\t0.5\n" for name, (size, _) in rows.items())
    llms = imported(tmp_path, text).llms.set_index("llm")
    assert llms["params_total"].to_dict() == {name: value for name, (_, value) in rows.items()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,params,MMLU\n" + "a" * 200_000 + ",7B,60\n", "row 2: is not CSV: field larger"),
        ('model,params,MMLU\n"a,7B,60\n', "is not CSV: unexpected end of data; check the quotes"),
        ("model,params,MMLU\na\0,7B,60\n", "is no text in UTF-8"),
        ("model,MMLU\nxx,60\n", "no model has a size"),
        ("model,params,MMLU\nMix,8x22B,60\n", "no model has a size"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        imported(tmp_path, text)


def test_cells_and_columns_that_are_not_read_are_told(tmp_path: Path) -> None:
    found = imported(tmp_path, "model,params,MMLU,MMLU\na,7B,60,20,5\n")
    told = "\n".join(found.guesses)
    assert "1 rows have more cells than the header" in told and "'MMLU'" in told
    assert found.scores["score"].to_list() == [0.6]

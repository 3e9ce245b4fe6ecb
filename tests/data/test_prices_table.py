"""The table of prices is read and checked like the others, and is in no digest of what studies read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesdensity.data.tables import read_tables, validate_folder

HEADER = "llm,provider,price_from,price_to,usd_per_mtok_input,usd_per_mtok_output,benchmark,score,flag\n"


def faults(folder: Path, *rows: str) -> list[str]:
    (folder / "prices.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return validate_folder(folder)


def test_a_price_that_was_seen_once_is_complete(tmp_path: Path) -> None:
    assert faults(tmp_path, "a,shop,2025-01-01,,0.1,0.4,MMLU,0.7,", "b,shop,,2025-01-01,0,0.4,,,suspect") == []
    own = read_tables(tmp_path)
    assert own.prices["offered_as"].tolist() == ["a", "b"] and own.own == ("prices",)
    assert own.digest == read_tables().digest


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a,shop,2025-01-01,,0.1,,,,", "there is no price of llm 'a' at 'shop'; give that of input and output"),
        ("a,shop,2025-02-01,2025-01-01,1,1,,,", "price_to lies before price_from of llm 'a' at 'shop'; swap them"),
        ("a,shop,,,1,1,,,", "there is no date of the price"),
        ("a,shop,2025-01-01,,1,1,MMLU,,", "benchmark and score belong together"),
        ("a,shop,2025-01-01,,1,1,MMLUU,0.7,", "did you mean 'MMLU'"),
        ("a,shop,2025-01-01,,-1,1,,,", "is no price of input in USD per million tokens"),
        ("a,shop,2025-01-01,,$1,1,,,", "is not a number"),
        ("a,shop,2025-01-01,,1,1,,,suspekt", "is not one of 'suspect'"),
        ("a,,2025-01-01,,1,1,,,", "every row needs it"),
    ],
)
def test_an_impossible_price_is_one_sentence_with_its_row(tmp_path: Path, row: str, told: str) -> None:
    (fault,) = faults(tmp_path, row)
    assert fault.startswith("prices.csv row 2: ") and told in fault


def test_a_price_twice_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, *["a,shop,2025-01-01,,1,1,,,"] * 2)
    assert "repeats row 2" in fault

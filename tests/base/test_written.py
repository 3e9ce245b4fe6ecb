"""Numbers and days are read in ASCII digits and in one form, whatever Python would take besides."""

from __future__ import annotations

from datetime import date

import pytest

from bayesdensity.base.errors import one_of
from bayesdensity.base.written import day_of, number_of


@pytest.mark.parametrize(("text", "value"), [("7e9", 7e9), (" -0.5 ", -0.5), (".5", 0.5), ("+1.", 1.0), ("1E3", 1e3)])
def test_a_number_is_read(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e400", "0_5", "\u0665", "\uff15", "0x1", "1,5", "5%", "5e", "1 2"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None


def test_a_day_has_one_form() -> None:
    assert day_of("2024-02-29") == date(2024, 2, 29)
    for text in ("", "20240229", "2024-W09-4", "2023-02-29", "2024-2-29", "\u0662024-02-28", "2024-02-29T00:00"):
        assert day_of(text) is None


def test_a_name_that_differs_in_case_is_meant() -> None:
    assert "Did you mean 'MMLU'?" in one_of("mmlu", ["BBH", "MMLU"], "benchmark")

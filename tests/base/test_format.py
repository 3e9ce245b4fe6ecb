"""Numbers are written the same everywhere, and JSON holds what they are."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from bayesdensity.base import format as form
from bayesdensity.base.jsonable import by_row, dumps, jsonable


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.42, "3.4"), (99.94, "99.9"), (155.6, "156"), (np.inf, "inf"), (np.nan, "-"), (-2.0, "-2.0")],
)
def test_months_have_a_tenth_up_to_a_hundred(value: float, text: str) -> None:
    assert form.months(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(7.24e9, 3, "7.24B"), (999.9e6, 3, "1B"), (1.5e13, 2, "15T"), (1.9e8, 2, "190M"), (512, 3, "512")],
)
def test_sizes_have_the_largest_unit_that_is_not_above_them(value: float, digits: int, text: str) -> None:
    assert form.size(value, digits) == text


def test_an_interval_is_written_from_anything_that_has_its_ends() -> None:
    row = {"density_median": 2.674, "density_lower": 1.5, "density_upper": 10.0}
    assert form.interval(row, form.density, "density_") == "2.67 [1.5, 10]"
    assert form.interval({"median": 5.0, "lower": 4.0, "upper": np.inf}) == "5.0 [4.0, inf]"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "above 0.999"), (0.9972, "= 0.997"), (0.0031, "= 0.003"), (0.5, "= 0.50"), (0.0, "below 0.001")],
)
def test_a_probability_near_its_bounds_is_not_said_to_be_there(value: float, text: str) -> None:
    assert form.chance(value) == text


def test_json_holds_no_number_that_json_does_not_know() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [np.inf, np.nan], "c": ["x", "y"]}, index=["one", "two"])
    assert jsonable({"rows": table, "flag": np.bool_(True)}) == {
        "rows": [{"a": 1, "b": "inf", "c": "x"}, {"a": 2, "b": None, "c": "y"}],
        "flag": True,
    }
    assert json.loads(dumps(by_row(table)))["two"] == {"a": 2.0, "b": None, "c": "y"}

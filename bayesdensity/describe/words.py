"""Small helpers that the texts and the JSON of estimates share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.quantities import Estimate, doubling_time, jsonable, probability_positive

ENDS = ("median", "lower", "upper")


def interval_text(row: Any, digits: int = 1) -> str:
    """Median and ends of an interval: 3.4 [2.9, 4.1]."""
    middle, lower, upper = (f"{row[end]:.{digits}f}" for end in ENDS)
    return f"{middle} [{lower}, {upper}]"


def in_lines(text: str, width: int) -> str:
    """Text in lines of at most so many characters, none of which breaks an interval."""
    whole = re.sub(r"\S+ \[[^]]*\]", lambda found: found[0].replace(" ", "\xa0"), text)
    return fill(whole, width).replace("\xa0", " ")


def growth_rows(labels: Sequence[str], rates: Estimate) -> list[str]:
    """Doubling time in months and P(growth) of a rate, in columns, one row for each of its labels."""
    months, positive = doubling_time(rates).to_frame(), np.atleast_1d(probability_positive(rates).to_numpy())
    return [
        f"{label:54s} {interval_text(row):20s} {chance:.3f}"
        for label, (_, row), chance in zip(labels, months.iterrows(), positive, strict=True)
    ]


def growth_json(rates: Estimate) -> dict[str, Any]:
    """Doubling time, rate and probability of growth."""
    return {
        "doubling_time_months": doubling_time(rates).to_json(),
        "rate_per_year": rates.to_json(),
        "probability_rate_positive": float(probability_positive(rates)),
    }


def interval_json(row: Any, ci: float, *, prefix: str = "", kind: str = "eti") -> dict[str, Any]:
    """An interval in the documented form, from anything that has its ends."""
    ends = {end: jsonable(float(row[f"{prefix}{end}"])) for end in ENDS}
    return {**ends, "probability": ci, "kind": kind}


def records_json(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON can hold them."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def plain(value: Any) -> Any:
    """A value of a table as JSON can hold it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    return jsonable(float(value)) if isinstance(value, float) else value


def exp_interval(interval: dict[str, Any]) -> dict[str, Any]:
    """The JSON of an interval of a logarithm, as that of its exponential."""
    return {key: float(np.exp(value)) if key in ENDS else value for key, value in interval.items()}

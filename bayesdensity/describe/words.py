"""Small helpers that the texts and the JSON of estimates share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayesdensity.quantities import Estimate, doubling_time, probability_positive

ENDS = ("median", "lower", "upper")


def interval_text(row: Any, digits: int = 1) -> str:
    """Median and ends of an interval: 3.4 [2.9, 4.1]."""
    middle, lower, upper = (f"{row[end]:.{digits}f}" for end in ENDS)
    return f"{middle} [{lower}, {upper}]"


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


def exp_interval(interval: dict[str, Any]) -> dict[str, Any]:
    """The JSON of an interval of a logarithm, as that of its exponential."""
    return {key: float(np.exp(value)) if key in ENDS else value for key, value in interval.items()}

"""Small helpers that the texts and the JSON of estimates share."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesdensity.quantities import Estimate

ENDS = ("median", "lower", "upper")


def row_text(label: str, estimate: Estimate) -> str:
    """A label and the interval of a scalar estimate, in columns."""
    return f"{label:52s} {interval_text(estimate.to_frame_row())}"


def interval_text(row: Any) -> str:
    """Median and ends of an interval: 3.4 [2.9, 4.1]."""
    return f"{row['median']:.1f} [{row['lower']:.1f}, {row['upper']:.1f}]"


def exp_interval(interval: dict[str, Any]) -> dict[str, Any]:
    """The JSON of an interval of a logarithm, as that of its exponential."""
    return {key: float(np.exp(value)) if key in ENDS else value for key, value in interval.items()}

"""The paper's own reading of a trend: least squares through running records of density (arXiv 2412.04315)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.fit import Fit
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate, log_density


def record_rate(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Growth of ln density a year by least squares through the running records, in every posterior draw.

    Kept beside the model for comparison: selecting records biases the rate upwards, and its interval is too narrow.
    """
    draws = log_density(fit).draws.stack(sample=SAMPLE).transpose("sample", "llm").to_numpy()
    time = fit.data["time"].to_numpy()
    order = np.argsort(time, kind="stable")
    rates = np.array([slope_of_records(time[order], row[order]) for row in draws])
    shape = tuple(fit.posterior.sizes[name] for name in SAMPLE)
    return Estimate(
        "record_rate", "growth of records of ln density a year", xr.DataArray(rates.reshape(shape), dims=SAMPLE), ci
    )


def slope_of_records(time: np.ndarray, value: np.ndarray) -> float:
    """Least-squares slope through the points that exceed all earlier ones; times ascend."""
    record = value >= np.maximum.accumulate(value)
    t, y = time[record], value[record]
    t = t - t.mean()
    return float((t * y).sum() / (t**2).sum()) if len(t) > 1 and t.any() else float("nan")

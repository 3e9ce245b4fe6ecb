"""Two forecasts that need no model: the record stands, and a straight line through the records goes on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
LEAST_RECORDS = 3
"""Through which a line with a residual can be drawn."""
DRAWS = 200
"""Evenly spaced quantiles by which the prediction of a line is given."""


class Line(NamedTuple):
    """Least squares through records."""

    centre: float
    """Mean time of the records."""
    height: float
    """At the centre."""
    slope: float
    sd: float
    """Of the residuals, with two degrees of freedom taken off."""
    spread: float
    """Sum of squares of the times about the centre."""
    n: int

    def draws(self, time: Array) -> Array:
        """Evenly spaced quantiles of the prediction of a further record at times; shape (draw, time)."""
        level = (np.arange(DRAWS) + 0.5) / DRAWS
        away = np.asarray(time, dtype=float) - self.centre
        sd = self.sd * np.sqrt(1 + 1 / self.n + away**2 / self.spread)
        quantile: Array = stats.t.ppf(level, self.n - 2)[:, None]
        return np.asarray(self.height + self.slope * away + sd * quantile)


def records(time: Array, value: Array) -> tuple[Array, Array]:
    """Times and values of the releases that were better than all before; of several at a time, the best.

    Parameters
    ----------
    time, value : ndarray
        Of releases in any order; larger values are better, infinity is none.
    """
    order = np.lexsort((-value, time))
    time, value = time[order], value[order]
    before = np.maximum.accumulate(np.append(-np.inf, value))[:-1]
    new = value > before
    return time[new], value[new]


def line_through(time: Array, value: Array) -> Line | None:
    """The line through records; None where they are too few.

    Parameters
    ----------
    time, value : ndarray
        As `records` gives them.
    """
    if len(time) < LEAST_RECORDS:
        return None
    away = time - time.mean()
    spread = float((away**2).sum())
    slope = float((away * value).sum() / spread)
    residual = value - value.mean() - slope * away
    sd = float(np.sqrt((residual**2).sum() / (len(time) - 2)))
    return Line(float(time.mean()), float(value.mean()), slope, sd, spread, len(time))

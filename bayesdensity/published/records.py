"""Running records, and least squares through points: arithmetic only.

The paper reads the growth of the *maximum* density off a straight line through the releases that set a record. Records
of points that scatter about a trend overstate its slope: the further a sequence goes, the further out in its upper
tail the record lies, so that records rise even where nothing else does (arXiv 1008.1482 gives the probabilities of
records under a linear trend). A record never falls, so the slope is never negative, R^2 is high by construction, and
the textbook interval, which takes the points for independent, is too narrow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Line(NamedTuple):
    """Ordinary least squares through points of time and ln density."""

    rate: float
    """Slope, in natural logarithms a year."""
    standard_error: float
    """Of the slope, for independent errors of equal variance; not a number with fewer than three points."""
    r_squared: float
    """Share of the variance that the line takes; not a number where there is none."""
    points: int

    def t_interval(self, probability: float) -> tuple[float, float]:
        """Textbook interval of the rate, from Student's t with n - 2 degrees of freedom."""
        if self.points < 3:
            return float("nan"), float("nan")
        half = scipy.stats.t.ppf((1 + probability) / 2, self.points - 2) * self.standard_error
        return self.rate - half, self.rate + half


def is_record(time: Array, value: Array) -> Mask:
    """Which points exceed everything released on earlier days.

    Of one day only the best can be a record; the first of equals is.

    Parameters
    ----------
    time : array, (llm,)
        In any order.
    value : array, (..., llm)
        Minus infinity for what is not there.

    Returns
    -------
    array of bool, (..., llm)
    """
    order = np.argsort(time, kind="stable")
    _, starts, day = np.unique(time[order], return_index=True, return_inverse=True)
    ranked = value[..., order]
    best = np.maximum.reduceat(ranked, starts, axis=-1)
    grows = best > _before(best)
    record = np.empty(value.shape, dtype=bool)
    # Equal values of one day: whoever comes first exceeds all before, the others do not.
    record[..., order] = (ranked == best[..., day]) & grows[..., day] & (ranked > _before(ranked))
    return record


def slope_of_records(time: Array, value: Array) -> Array:
    """Least-squares slope through the records of each row of values; zero where nothing exceeds the first release.

    Parameters
    ----------
    time : array, (llm,)
        In years, in any order.
    value : array, (..., llm)
        ln density; minus infinity for what is not there.

    Returns
    -------
    array, (...)
        Natural logarithms a year. Never negative: a record cannot fall.
    """
    record = is_record(time, value)
    return np.where(record.sum(axis=-1) == 1, 0.0, slope(time, value, record))


def slope(time: Array, value: Array, weight: Array | Mask) -> Array:
    """Weighted least-squares slope for each row of values and weights; not a number without two times.

    Parameters
    ----------
    time : array, (llm,)
    value, weight : array, (..., llm)
        Values of weight zero may be infinite.

    Returns
    -------
    array, (...)
    """
    w = np.asarray(weight, dtype=float)
    total = w.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = time - (w * time).sum(axis=-1, keepdims=True) / total
        rise, run = (w * t * np.where(w > 0, value, 0.0)).sum(axis=-1), (w * t**2).sum(axis=-1)
        # Rounding leaves a little where all times are one.
        return np.where(run > 1e-12 * total[..., 0], rise / run, np.nan)


def share_explained(time: Array, value: Array, weight: Array | Mask) -> Array:
    """R^2 of the weighted least squares of `slope`, for each row; not a number where values or times are all one.

    Parameters
    ----------
    time : array, (llm,)
    value, weight : array, (..., llm)
        Values of weight zero may be infinite.

    Returns
    -------
    array, (...)
    """
    w = np.asarray(weight, dtype=float)
    total, known = w.sum(axis=-1, keepdims=True), np.where(w > 0, value, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = time - (w * time).sum(axis=-1, keepdims=True) / total
        y = known - (w * known).sum(axis=-1, keepdims=True) / total
        run, spread = (w * t**2).sum(axis=-1), (w * y**2).sum(axis=-1)
        return np.where(run * spread > 1e-12 * total[..., 0], (w * t * y).sum(axis=-1) ** 2 / (run * spread), np.nan)


def line(time: Array, value: Array) -> Line:
    """Least squares through points, as a textbook has it; a single point, or a single time, gives a rate of zero."""
    if len(np.unique(time)) < 2:
        return Line(0.0, float("nan"), float("nan"), len(time))
    t, y = time - time.mean(), value - value.mean()
    rate = float((t * y).sum() / (t**2).sum())
    left, all_ = float(((y - rate * t) ** 2).sum()), float((y**2).sum())
    error = np.sqrt(left / (len(t) - 2) / (t**2).sum()) if len(t) > 2 else float("nan")
    return Line(rate, float(error), 1 - left / all_ if all_ > 0 else float("nan"), len(t))


def _before(values: Array) -> Array:
    """Largest of all earlier values along the last axis; minus infinity for the first."""
    first = np.full((*values.shape[:-1], 1), -np.inf)
    return np.concatenate([first, np.maximum.accumulate(values, axis=-1)[..., :-1]], axis=-1)

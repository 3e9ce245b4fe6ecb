"""How the mean of log density moves in time: arithmetic only.

A trend is a straight line and a bend: ``mean(t) = origin + rate * t + bend(t)``, t in years from the mean date of the
sample. The bend averages zero over the sample, so that the origin is the average of the trend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
TURN = 1 / 12
"""Years over which a trend turns at a break: a kink would be felt at every release date."""
KNOT_STEP = 0.5
"""Years between the turns of a random walk."""


class Bend(NamedTuple):
    """Departure of a trend from its straight line, and its rate of change a year."""

    value: Number
    slope: Number


STRAIGHT = Bend(0.0, 0.0)


def quadratic(time: Number, spread: Number, curvature: Number) -> Bend:
    """Bend of a rate that changes steadily; ``spread`` is the mean of time squared, the rate that at the centre."""
    return Bend(0.5 * curvature * (time**2 - spread), curvature * time)


def turn(time: Number, at: Number, sample: Number, average: Callable[[Any], Any]) -> Bend:
    """Bend of a rate that rises by one at a date, with the straight line of the sample taken off.

    The rate of the line is then the least-squares slope of the trend over the sample, whatever the date.

    Parameters
    ----------
    time : Number
    at : Number
        Date of the turn.
    sample : Number
        Release dates.
    average : callable
        Mean over the sample.

    Returns
    -------
    Bend
    """
    held = tilt(at, sample, average)
    value = _hinge(time, at) - average(_hinge(sample, at)) - held * time
    return Bend(value, 0.5 * (1 + np.tanh(0.5 * (time - at) / TURN)) - held)


def tilt(at: Number, sample: Number, average: Callable[[Any], Any]) -> Number:
    """Share of a turn that the least-squares slope holds: before a turn by ``c`` the rate is ``rate - tilt * c``."""
    return average(sample * _hinge(sample, at)) / average(sample**2)


def knots(first: float, last: float) -> NDArray[np.float64]:
    """Dates inside a window at which a random walk of the rate takes its steps."""
    count = max(1, int(np.floor((last - first) / KNOT_STEP)) - 1)
    return np.asarray(np.linspace(first, last, count + 2)[1:-1])


def _hinge(time: Number, at: Number) -> Number:
    """Smooth version of ``max(time - at, 0)``."""
    x = (time - at) / TURN
    return TURN * (np.log(1 + np.exp(-abs(x))) + 0.5 * (x + abs(x)))

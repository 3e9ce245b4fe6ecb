"""Distributions in tables, where they are asked for at many more values than a table has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesdensity.laws.forms import Form

Array = NDArray[np.float64]
POINTS, REACH = 256, 10.0
"""Of a table: points, and standard deviations from the mean up to which it goes."""


class Table(NamedTuple):
    """Distributions tabulated at even steps, a row for each; between them cubic, by value and density."""

    start: Array
    step: Array
    below: Array
    density: Array

    @classmethod
    def of(cls, form: Form, symmetric: Array, one_sided: Array) -> Table:
        """Of the parts of residuals that LLMs have of their own.

        Parameters
        ----------
        form : Form
        symmetric, one_sided : ndarray
            Scales, one for each row.
        """
        reach = REACH * np.sqrt(form.variance(symmetric, one_sided))[:, None]
        x = reach * np.linspace(-1, 1, POINTS)
        symmetric, one_sided = (np.broadcast_to(part[:, None], x.shape) for part in (symmetric, one_sided))
        with np.errstate(over="ignore", under="ignore"):
            density = np.exp(form.log_density(x, symmetric, one_sided))
        return cls(x[:, 0], x[:, 1] - x[:, 0], form.cdf(x, symmetric, one_sided), density)

    def at(self, x: Array, row: NDArray[np.int_]) -> tuple[Array, Array]:
        """Distribution functions and densities.

        Parameters
        ----------
        x : ndarray
        row : ndarray of int
            Which distributions; it broadcasts to the values.
        """
        step, last = self.step[row], self.below.shape[1] - 2
        place = (x - self.start[row]) / step
        low = np.clip(place.astype(int), 0, last)
        t = np.clip(place - low, 0.0, 1.0)
        first = row * self.below.shape[1] + low
        below, density = self.below.ravel(), self.density.ravel()
        rise, at_low, at_high = below[first + 1] - below[first], density[first] * step, density[first + 1] * step
        bent, turned = 3 * rise - 2 * at_low - at_high, at_low + at_high - 2 * rise
        value = below[first] + t * (at_low + t * (bent + t * turned))
        return value, (at_low + t * (2 * bent + 3 * t * turned)) / step

"""How good predictions were that are given as draws: coverage of their intervals, and their continuous ranked score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def crps(draws: Array, observed: Array) -> Array:
    """Continuous ranked probability score of each prediction, in the units of what is predicted; smaller is better.

    ``E|X - y| - E|X - X'| / 2``, the second from order statistics (Gneiting and Raftery 2007, DOI
    10.1198/016214506000001437). Of a single value it is the absolute error.

    Parameters
    ----------
    draws : ndarray
        Shape (..., draw).
    observed : ndarray
        Shape (...).
    """
    ordered = np.sort(draws, axis=-1)
    n = ordered.shape[-1]
    spread = (ordered * (2 * np.arange(1, n + 1) - n - 1)).sum(axis=-1) / n**2
    return np.asarray(np.abs(ordered - np.asarray(observed)[..., None]).mean(axis=-1) - spread)


def ranks(draws: Array, observed: Array) -> tuple[Array, Array]:
    """Shares of the draws below, and at or below, what came; they differ where draws repeat it.

    Parameters
    ----------
    draws : ndarray
        Shape (..., draw).
    observed : ndarray
        Shape (...).
    """
    at = np.asarray(observed)[..., None]
    return (draws < at).mean(axis=-1), (draws <= at).mean(axis=-1)


def share_inside(below: Array, at_most: Array, level: float) -> Array:
    """How much of what came lies in the equal-tailed interval, by its ranks: all, nothing, or where it ties, a part.

    A record that stands is predicted by many draws at once, and a closed interval that ends at it holds it for sure.
    Its rank is then anywhere between those of `ranks`, and the part of them inside is counted: the average over
    calibrated predictions is the level.

    Parameters
    ----------
    below, at_most : ndarray
        As `ranks` gives them.
    level : float
        Probability of the interval.
    """
    low, high = (1 - level) / 2, (1 + level) / 2
    tied = at_most > below
    part = (np.minimum(at_most, high) - np.maximum(below, low)) / np.where(tied, at_most - below, 1.0)
    return np.asarray(np.where(tied, np.clip(part, 0.0, 1.0), (low <= below) & (below <= high)))

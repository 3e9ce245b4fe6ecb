"""Ranks of truths among draws: their ECDF, and the band that uniform ranks stay inside."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

RANKS = 100
"""Draws that a truth is ranked among: few enough to be nearly independent."""
BAND = 0.99
"""Probability that a rank ECDF lies inside its band everywhere."""
BAND_SIMULATIONS = 2000


def rank_ecdf(ranks: Any) -> pd.DataFrame:
    """ECDF of ranks less that of a uniform, with a band that holds all of it with probability 0.99.

    Columns ``x``, ``ecdf``, ``lower`` and ``upper``.
    """
    from arviz_stats import ecdf_utils

    # A rank is one of 101 values: it is spread over its share of the unit interval, at random but always alike.
    spread = np.random.default_rng(1).random(len(ranks))
    values = (np.asarray(ranks, dtype=float) + spread) / (RANKS + 1)
    x, lower, upper = _band(len(values))
    ecdf = np.where((x > 0) & (x < 1), ecdf_utils.compute_ecdf(values, x), x)
    return pd.DataFrame({"x": x, "ecdf": ecdf - x, "lower": lower - x, "upper": upper - x})


def inside_band(ranks: Any) -> bool:
    """Whether the ECDF of ranks stays inside its band."""
    curve = rank_ecdf(ranks)
    return bool(curve["ecdf"].between(curve["lower"], curve["upper"]).all())


@lru_cache(maxsize=32)
def _band(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, and where the ECDF of so many uniform numbers stays at all of them (arXiv 2103.10522)."""
    from arviz_stats import ecdf_utils

    x, _, lower, upper = ecdf_utils.ecdf_pit(np.zeros(n), BAND, BAND_SIMULATIONS, rng=np.random.default_rng(2))
    return x, lower, upper

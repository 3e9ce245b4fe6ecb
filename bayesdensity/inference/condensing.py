"""A fit made small: some of its draws, rounded, so that it can come with the package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayesdensity.inference.result import Fit

DRAWS = 240
"""That are kept, about."""
PARTS = 32
"""Of the standard deviation of a quantity, about, to which its draws are rounded where there are many."""
MANY = 16
"""Values of a draw from which on they are rounded so."""


def condensed(fit: Fit, draws: int = DRAWS, **notes: Any) -> Fit:
    """The fit with evenly spaced draws in single precision, and those of single LLMs, cells and harnesses rounded.

    Parameters
    ----------
    fit : Fit
        Judged already: its convergence is told of all draws.
    draws : int
        How many are kept, about.
    **notes
        What else is said of it.
    """
    step = max(1, fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] // draws)
    every = slice(None, None, step)
    inside = None if fit.inside is None else _small(fit.inside.isel(draw=slice(None, None, _step(fit.inside, draws))))
    small = replace(
        fit,
        posterior=_small(fit.posterior.isel(draw=every)),
        sample_stats=_small(fit.sample_stats.isel(draw=every)),
        inside=inside,
        stored_diagnostics=fit.diagnostics,
    )
    return small.noted(condensed_from=fit.counted_draws(), **notes)


def _step(draws: xr.Dataset, wanted: int) -> int:
    return max(1, draws.sizes["chain"] * draws.sizes["draw"] // wanted)


def _small(draws: xr.Dataset) -> xr.Dataset:
    return draws.map(_rounded)


def _rounded(values: xr.DataArray) -> xr.DataArray:
    """In single precision; where values are many, multiples of a power of two, which compress."""
    if values.dtype.kind != "f":
        return values
    array = values.to_numpy()
    if array[0, 0].size >= MANY:
        step = np.exp2(np.floor(np.log2(array.std(axis=(0, 1)).mean() / PARTS)))
        array = step * np.round(array / step)
    return values.copy(data=array.astype(np.float32))

"""Draws of a fit as often as they count."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import SAMPLE


def systematic(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int_]:
    """Places of as many draws as there are weights, each as often as it counts, but for less than one."""
    n = len(weights)
    chosen = np.searchsorted(np.cumsum(weights), (rng.random() + np.arange(n)) / n)
    return np.minimum(chosen, n - 1)


def resampled(fit: Fit, chosen: NDArray[np.int_]) -> Fit:
    """The fit with some of its draws, as one chain."""
    draws = {
        name: ((*SAMPLE, *values.dims[2:]), values.to_numpy().reshape(-1, *values.shape[2:])[chosen][None])
        for name, values in fit.posterior.data_vars.items()
    }
    coords = {name: values for name, values in fit.posterior.coords.items() if name not in SAMPLE}
    return fit.with_draws(xr.Dataset(draws, coords))

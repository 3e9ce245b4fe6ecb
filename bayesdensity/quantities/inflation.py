"""What a rise of scores without a rise of what they measure would be worth in growth of density."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, PER_YEAR, SAMPLE, Estimate
from bayesdensity.quantities.growth import rate


def rate_of_inflation(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Growth of ln density a year that a logit a year of inflation of all scores is taken for.

    A logit moves an implied log size by one over the slope of the link there; the growth is the least-squares slope in
    time of what the cells of the targets move by.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.
    """
    draws = Draws(fit.data, fit.posterior)
    cells = draws.cells
    size = draws.target_sizes(draws["log_density_relative"]) + draws["cell_departure"][..., : cells.n_targets]
    steep = laws.logits_per_log_size(draws.link.at(cells.target_benchmark), size)
    time = fit.data["time"].to_numpy()[cells.llm]
    apart = time - time.mean()
    moved = (time / np.maximum(steep, LEAST_SLOPE)) @ apart / (apart**2).sum()
    what = "growth of ln density a year that inflation of scores by a logit a year is taken for"
    return Estimate("rate_of_inflation", what, xr.DataArray(moved, dims=SAMPLE), ci, "natural logarithms a logit")


def without_inflation(fit: Fit, logits: float, ci: float = DEFAULT_CI) -> Estimate:
    """Growth of the frontier a year over the window, were so many logits a year of it inflation of scores.

    Parameters
    ----------
    fit : Fit
    logits : float
        A year.
    ci : float
        Probability of the interval.
    """
    rates = rate(fit, ci=ci)
    what = f"{rates.what}, without {logits:g} logits a year"
    return Estimate("rate", what, rates.draws - logits * rate_of_inflation(fit).draws, ci, PER_YEAR)


LEAST_SLOPE = 0.05
"""Logits per e-fold of size below which a score says nothing of size."""

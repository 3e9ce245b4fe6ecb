"""What density and hardware give together: how fast the effective size grows that a price, or a memory, can run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.claims import DAYS_PER_MONTH, read_claims
from bayesdensity.data.hardware import TRENDS, read_hardware
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, PER_YEAR, SAMPLE, Estimate
from bayesdensity.quantities.growth import rate
from bayesdensity.study.phrases import Estimand

DAYS_PER_YEAR = 12 * DAYS_PER_MONTH


def hardware_rate(fit: Fit, name: str = "ml-gpus", ci: float = DEFAULT_CI, seed: int = 1) -> Estimate:
    """Draws of the growth rate of hardware, independent of the fit; natural logarithms a year.

    The published interval of the doubling time is read as the middle of a normal distribution of the rate: rates are
    what regressions estimate, and the ends of the published intervals are symmetric in them.

    Parameters
    ----------
    fit : Fit
        Gives the number of draws.
    name : str
        One of `bayesdensity.data.hardware.TRENDS`.
    ci : float
        Probability of the interval.
    seed : int
        Of the draws.

    Raises
    ------
    InputError
        If there is no such trend with an interval.
    """
    if name not in TRENDS:
        raise InputError(one_of(name, TRENDS, "trend of hardware"))
    row = read_hardware().loc[name]
    slowest, fastest = (np.log(2) / float(row[end]) for end in ("upper", "lower"))
    z = float(special.ndtri(0.5 + float(row["probability"]) / 2))
    mean, sd = (slowest + fastest) / 2, (fastest - slowest) / (2 * z)
    rng = np.random.default_rng([seed, TRENDS.index(name)])
    drawn = mean + sd * rng.standard_normal([fit.posterior.sizes[dim] for dim in SAMPLE])
    return Estimate("hardware_rate", f"growth of {row['what']}", xr.DataArray(drawn, dims=SAMPLE), ci, PER_YEAR)


def runnable_rate(
    fit: Fit, name: str = "ml-gpus", estimand: Estimand = "frontier", ci: float = DEFAULT_CI, seed: int = 1
) -> Estimate:
    """Rate at which the effective size grows that a fixed price runs, or a fixed number of devices holds.

    Density is effective size over size, so what runs at a fixed price grows by both: the rates of their logarithms add.

    Parameters
    ----------
    fit : Fit
    name : str
        One of `bayesdensity.data.hardware.TRENDS`: operations per dollar for a fixed price, memory for a device of each
        generation.
    estimand : str
        Trend of density: ``frontier``, ``mean`` or ``envelope``, averaged over the window of the fit.
    ci : float
        Probability of the interval.
    seed : int
        Of the draws of the rate of hardware.
    """
    draws = rate(fit, estimand=estimand).draws + hardware_rate(fit, name, seed=seed).draws
    what = f"growth of the effective size that {'a device' if name in DEVICES else 'a fixed price'} runs"
    return Estimate("runnable_rate", what, draws, ci, PER_YEAR)


DEVICES = ("memory", "bandwidth")
"""Trends of what one device has, whatever it costs."""


class Published(NamedTuple):
    """The published doubling time of the effective size at a fixed price, and what it rests on."""

    days: float
    chip_years: float
    by_constant: pd.DataFrame
    """For each published growth rate A a day: ``days`` to double alone, and ``with_chips``."""


def published_with_chips() -> Published:
    """Recompute the published 88 days from each published growth rate: which one it rests on.

    Examples
    --------
    >>> found = published_with_chips()
    >>> [round(days, 1) for days in found.by_constant["with_chips"]]
    [93.6, 92.4, 87.7, 84.5]
    """
    claims = read_claims().set_index("claim")
    chip_years = float(claims.at["chips, operations per dollar", "value"])
    rates = claims[claims.index.str.startswith("growth rate A") & ~claims.index.str.contains("ChatGPT")]
    constants = np.array(sorted({float(value) for value in rates["value"]}))
    chips = np.log(2) / (chip_years * DAYS_PER_YEAR)
    table = pd.DataFrame({"A": constants, "days": np.log(2) / constants, "with_chips": np.log(2) / (constants + chips)})
    return Published(float(claims.at["effective size at a fixed price", "value"]), chip_years, table)

"""A number with its draws and its interval, and how dates and draws are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.cards import Card, Shown
from bayesdensity.base.errors import InputError
from bayesdensity.base.format import ENDS, density, interval
from bayesdensity.base.jsonable import interval_json
from bayesdensity.base.written import required_day
from bayesdensity.data.dates import years_from_centre
from bayesdensity.inference.result import Fit
from bayesdensity.inference.schema import SAMPLE as SAMPLE

MONTHS = 12.0
DEFAULT_CI = 0.9
MIXED_DRAWS = 4000
"""That stand for a mixture."""
ROWS = 5
"""Rows that an estimate shows of itself."""
PER_YEAR, LOG, RATIO = "natural logarithms a year", "natural logarithms", "ratio"
PARAMETERS, TOKENS, SHARE = "parameters", "tokens", "share of the items"
SHARE_OF_VARIANCE = "share of the variance"
"""Units. Losses have those of their runs."""


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(Shown):
    """A quantity: what it is, its draws, and its summary.

    Attributes
    ----------
    name : str
    what : str
        The estimand in words.
    draws : xarray.DataArray
        With dims ``chain`` and ``draw``, and those of the quantity.
    probability : float
        Of the equal-tailed interval.
    units : str
        Of the draws; empty where they have none or are those of the runs.
    """

    name: str
    what: str
    draws: xr.DataArray
    probability: float = DEFAULT_CI
    units: str = ""

    def sel(self, **labels: Any) -> Estimate:
        """The quantity at labels of its dims."""
        return replace(self, draws=self.draws.sel(labels, drop=True))

    @property
    def summary(self) -> xr.Dataset:
        """Median, lower and upper end of the interval, with the dims of the quantity."""
        tail = (1 - self.probability) / 2
        # Doubling times are decreasing in the rate, so order statistics agree; infinity needs no interpolation.
        method: Literal["linear", "higher"] = "linear" if np.isfinite(self.draws.to_numpy()).all() else "higher"
        ends = self.draws.quantile([0.5, tail, 1 - tail], dim=SAMPLE, method=method).drop_vars("quantile")
        parts = {name: ends.isel(quantile=k) for k, name in enumerate(ENDS)}
        return xr.Dataset(parts, attrs={"probability": self.probability, "kind": "eti", "what": self.what})

    def to_json(self) -> dict[str, Any]:
        """Interval, or one interval for each label, in the documented form."""
        return _json(self.summary, self.probability)

    def to_frame(self) -> pd.DataFrame:
        """Summary as a table, one row for each label, or one named like the quantity."""
        if self.draws.ndim == len(SAMPLE):
            return self.to_frame_row().to_frame(self.name).T
        return self.summary.to_dataframe()[list(ENDS)]

    def to_frame_row(self) -> pd.Series:
        """Summary of a quantity without labels, as one row."""
        return pd.Series({name: float(values) for name, values in self.summary.data_vars.items()})

    def card(self) -> Card:
        """What it is, its units, dims and interval, and its first rows."""
        sizes = {dim: size for dim, size in self.draws.sizes.items() if dim not in SAMPLE}
        shown = f"median [{self.probability:.0%} equal-tailed interval]" + (f", {self.units}" if self.units else "")
        rows = [("dims", ", ".join(f"{dim} {size}" for dim, size in sizes.items()))] if sizes else []
        rows, summary = [*rows, ("shown", shown)], self.summary if self.draws.size else xr.Dataset()
        for place in islice(np.ndindex(*sizes.values()), ROWS):
            row = summary.isel(dict(zip(sizes, place, strict=True)))
            label = ", ".join(str(self.draws[dim].to_numpy()[k]) for dim, k in zip(sizes, place, strict=True))
            rows.append((label or self.name, interval(row, density)))
        if (more := int(np.prod(list(sizes.values()))) - ROWS) > 0:
            rows.append(("...", f"{more} more in to_frame()"))
        return Card(f"{self.name}: {self.what}", tuple(rows))


def mixed(estimates: Mapping[str, Estimate], weights: Mapping[str, float]) -> Estimate:
    """One quantity by several fits, mixed by weights.

    Evenly spaced quantiles stand for the draws of each: mixing adds no Monte Carlo noise of its own.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        Of the same labels.
    weights : mapping of str to float
        They sum to one.
    """
    parts, first = [], next(iter(estimates.values()))
    for name, one in estimates.items():
        draws = one.draws.transpose(*SAMPLE, ...).to_numpy()
        draws = draws.reshape(-1, *draws.shape[2:])
        at = (np.arange(round(weights[name] * MIXED_DRAWS)) + 0.5) / max(round(weights[name] * MIXED_DRAWS), 1)
        method: Literal["linear", "inverted_cdf"] = "linear" if np.isfinite(draws).all() else "inverted_cdf"
        parts.append(np.quantile(draws, at, axis=0, method=method))
    dims = [dim for dim in first.draws.dims if dim not in SAMPLE]
    values = xr.DataArray(
        np.concatenate(parts)[None], dims=(*SAMPLE, *dims), coords={dim: first.draws[dim] for dim in dims}
    )
    return replace(first, draws=values)


def require_targets(fit: Fit) -> None:
    """Refuse a fit of the reference alone."""
    if fit.about.get("part") == "reference":
        raise InputError(
            f"this fit of '{fit.study.name}' is of the reference alone, which has no density; fit the joint model, or "
            "ask it for predict_trainings."
        )


def window(fit: Fit) -> tuple[str, str]:
    """First and last release date of the targets."""
    dates = fit.data["release_date"].to_numpy()
    return str(min(dates)), str(max(dates))


def dates_between(start: str, end: str, n: int) -> list[str]:
    """Evenly spaced ISO dates.

    Parameters
    ----------
    start, end : str
        ISO dates, both included.
    n : int
        Number of dates.
    """
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(start, end, periods=n)]


def times(fit: Fit, dates: Sequence[str]) -> xr.DataArray:
    """Dates as years from the centre of the sample; dim ``date``."""
    days = [required_day(day) for day in dates]
    return xr.DataArray(years_from_centre(fit.data, days), dims="date", coords={"date": list(dates)})


def bare(array: xr.DataArray) -> xr.DataArray:
    """The array without coordinates but those of its dims, so that sums keep no clutter."""
    return array.drop_vars([name for name in array.coords if name not in array.dims])


def exponential(draws: xr.DataArray) -> xr.DataArray:
    """Exponential of draws."""
    return draws.copy(data=np.exp(draws.to_numpy()))


def _json(summary: xr.Dataset, probability: float) -> dict[str, Any]:
    dims = list(summary["median"].dims)
    if dims:
        labels = summary[dims[0]].to_numpy()
        return {str(label): _json(summary.isel({dims[0]: k}), probability) for k, label in enumerate(labels)}
    return interval_json(summary, probability)

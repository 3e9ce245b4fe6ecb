"""Dates as years, and years as dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import xarray as xr

DAYS_PER_YEAR = 365.25
EPOCH = pd.Timestamp("2000-01-01")


def years(dates: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Dates as fractional calendar years counted from 2000-01-01."""
    return np.asarray((pd.DatetimeIndex(dates) - EPOCH).days / DAYS_PER_YEAR, dtype=float)


def calendar_day(year: float) -> str:
    """ISO date of a calendar year with its fraction: the inverse of `years`."""
    return f"{EPOCH + pd.Timedelta(days=round((year - EPOCH.year) * DAYS_PER_YEAR)):%Y-%m-%d}"


def years_from_centre(data: xr.Dataset, dates: Iterable[date]) -> np.ndarray:
    """Dates as years from the centre of the sample of a dataset."""
    return years(pd.DatetimeIndex(list(dates))) - float(data.attrs["time_centre"])


def day_of(years: float) -> str:
    """ISO date, the part of a day left off, of years counted as `years` does."""
    return f"{EPOCH + pd.Timedelta(days=DAYS_PER_YEAR * years):%Y-%m-%d}"

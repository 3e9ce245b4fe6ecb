"""The windows of release dates in which trends are compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

PUBLISHED_ENDS = {"window of arXiv 2412.04315": "2024-10-31", "window of the journal version": "2025-04-30"}
"""Last days of the releases that the two published versions analyse; both begin with the first release of a study."""
ALL = "all releases"


class Window(NamedTuple):
    """A window of release dates, both ends included."""

    name: str
    start: str
    """ISO date."""
    end: str
    """ISO date."""

    def holds(self, dates: pd.Series) -> np.ndarray:
        """Which release dates lie inside."""
        return np.asarray((dates >= pd.Timestamp(self.start)) & (dates <= pd.Timestamp(self.end)))


def windows(dates: pd.Series) -> list[Window]:
    """The published windows, where they end before the last release and hold two release dates; then all releases.

    Parameters
    ----------
    dates : pandas.Series
        Release dates of the targets.
    """
    start, last = f"{dates.min():%Y-%m-%d}", f"{dates.max():%Y-%m-%d}"
    published = [Window(name, start, end) for name, end in PUBLISHED_ENDS.items() if end < last]
    return [*(one for one in published if dates[one.holds(dates)].nunique() > 1), Window(ALL, start, last)]

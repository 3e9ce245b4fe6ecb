"""What a report is made from: a fit with its name, and what belongs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from bayesdensity import quantities as q
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.published.replication import Comparison
from bayesdensity.sensitivity.effects import Sensitivity


@dataclass(frozen=True, eq=False)
class Source:
    """A fit and what is said beside it.

    Attributes
    ----------
    name : str
        By which the fit is called.
    fit : Fit
    tables : Tables, optional
        Those that it was made from; without them rows left out are not told.
    comparison : Comparison, optional
        The published procedure on the same tables.
    sensitivity : Sensitivity, optional
        What the answer rests on.
    ci : float
        Probability of the intervals.
    """

    name: str
    fit: Fit
    tables: Tables | None = None
    comparison: Comparison | None = None
    sensitivity: Sensitivity | None = None
    ci: float = q.DEFAULT_CI

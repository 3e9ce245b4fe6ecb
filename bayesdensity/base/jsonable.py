"""Results as JSON holds them, whatever they are: the one writer of every JSON that is printed or stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesdensity.base.format import ENDS

if TYPE_CHECKING:
    import pandas as pd


def dumps(tree: Any) -> str:
    """Results as the text of a JSON document."""
    return json.dumps(jsonable(tree), indent=2, allow_nan=False)


def jsonable(value: Any) -> Any:
    """Results as JSON holds them: infinity is the string "inf", what is not a number is null.

    Estimates, and whatever else has a ``to_json`` of its own, are asked for it; a table becomes the list of its rows.

    Examples
    --------
    >>> jsonable({"rate": np.float64(1.5), "months": (np.inf, np.nan), "n": np.int64(3)})
    {'rate': 1.5, 'months': ['inf', None], 'n': 3}
    """
    if isinstance(value, Mapping):
        return {str(name): jsonable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None if np.isnan(value) else "inf" if value > 0 else "-inf"
    if hasattr(value, "to_dict"):
        return jsonable(value.to_dict(orient="records"))
    return jsonable(value.to_json()) if hasattr(value, "to_json") else value


def interval_json(row: Any, probability: float, *, prefix: str = "", kind: str = "eti") -> dict[str, Any]:
    """An interval in the documented form.

    Parameters
    ----------
    row : mapping
        With ``median``, ``lower`` and ``upper``, after the prefix.
    probability : float
    prefix : str
        That begins the names of its ends.
    kind : str
        What makes it: ``eti`` is the equal-tailed interval of a posterior.
    """
    ends = {end: jsonable(float(row[f"{prefix}{end}"])) for end in ENDS}
    return {**ends, "probability": probability, "kind": kind}


def exp_interval(interval: Mapping[str, Any]) -> dict[str, Any]:
    """The interval of a logarithm, as that of its exponential."""
    return {key: float(np.exp(value)) if key in ENDS else value for key, value in interval.items()}


def by_row(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of a table by their label; counts are written as the floats that other numbers are."""
    return {str(label): {str(name): _value(part) for name, part in row.items()} for label, row in _rows(table)}


def _rows(table: pd.DataFrame) -> Any:
    return table.to_dict(orient="index").items()


def _value(part: Any) -> Any:
    if isinstance(part, bool | str):
        return part
    return jsonable(float(part)) if isinstance(part, int | float | np.number) else str(part)

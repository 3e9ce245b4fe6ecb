"""What a sensitivity says: sentences to quote, the documented form, and its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import csv_text, write_whole
from bayesdensity.base.format import interval, months
from bayesdensity.base.jsonable import dumps, interval_json
from bayesdensity.sensitivity.effects import AXIS, POSTERIOR, Sensitivity
from bayesdensity.sensitivity.grid import DEFAULT
from bayesdensity.study.spec import Study

INDEX = {
    "variants": ["variant"],
    "tornado": ["axis"],
    "decomposition": ["source"],
    "priors": ["prior", "width"],
    "influence": ["left_out", "name"],
}
"""Tables by the name of their file, and the columns that tell their rows apart."""
WHOLE = "sensitivity.json"
NUMBERS = (
    *("ratio", "width_ratio", "probability_rate_positive", "rate_mcse", "n_llms", "n_scores", "window_start"),
    *("window_end", "method", "pareto_k", "max_rhat", "min_ess_bulk", "verdict", "digest"),
)
"""Columns of a variant that stand in JSON as they are."""


def sentences(sensitivity: Sensitivity) -> list[str]:
    """What may be quoted: the default, the range of the variants, and what the spread is made of."""
    table, inside, shares = sensitivity.specifications, sensitivity.containment, sensitivity.decomposition["share"]
    default, others = table.loc[DEFAULT], table.drop(index=DEFAULT)
    if others.empty:
        return [f"The default says {interval(default)}; no variant has an answer."]
    fast, slow = others["rate_median"].idxmax(), others["rate_median"].idxmin()
    choices = 1 - shares[POSTERIOR]
    outside = f"; outside: {'; '.join(inside['outside'])}" if inside["outside"] else ""
    most = f", most of it {shares.drop(POSTERIOR).idxmax()}" if choices > 0 else ""
    return [
        f"The default says {interval(default)} months. Over {len(others)} variants the median runs from "
        f"{months(others.loc[fast, 'median'])} ({fast}) to {months(others.loc[slow, 'median'])} ({slow}).",
        f"The {sensitivity.ci:.0%} interval of the default holds {inside['medians_inside_default']} of {len(others)} "
        f"medians{outside}.",
        f"Choices account for {choices:.0%} of the variance of the rate{most}; the posterior of a variant for "
        f"{shares[POSTERIOR]:.0%}.",
    ]


def sensitivity_data(sensitivity: Sensitivity) -> dict[str, Any]:
    """All tables in the documented form."""
    study, table = sensitivity.study, sensitivity.specifications
    told = {name: part.reset_index() for name, part in _tables(sensitivity).items() if name != "variants" and len(part)}
    return {
        "study": study.name,
        "digest": study.digest,
        "grid": sensitivity.grid,
        "quantity": sensitivity.of,
        "doubling_time_months": interval_json(table.loc[DEFAULT], sensitivity.ci),
        "sentences": sentences(sensitivity),
        "containment": sensitivity.containment,
        "variants": [_variant(key, row, sensitivity.ci) for key, row in table.iterrows()],
        **{name: told.get(name, []) for name in ("tornado", "decomposition", "priors", "influence")},
        "failed": sensitivity.failed,
    }


def save_sensitivity(sensitivity: Sensitivity, folder: Path) -> list[Path]:
    """Write the tables as CSV (variants, tornado, decomposition; priors and influence if asked for), and all as JSON.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    texts = {f"{name}.csv": csv_text(table) for name, table in _tables(sensitivity).items() if len(table)}
    texts[WHOLE] = dumps(sensitivity_data(sensitivity)) + "\n"
    return [write_whole(folder / name, text.encode()) for name, text in texts.items()]


def load_sensitivity(folder: Path, study: Study) -> Sensitivity:
    """What `save_sensitivity` wrote of a study, to the digits of its tables.

    Raises
    ------
    InputError
        If the folder holds no sensitivity, or that of another study.
    """
    try:
        whole = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
        tables = {name: _read(folder / f"{name}.csv", index) for name, index in INDEX.items()}
        digest, ci = whole["digest"], whole["doubling_time_months"]["probability"]
        tables["specifications"] = tables.pop("variants")
        facts = {"grid": whole["grid"], "of": whole["quantity"], "containment": whole["containment"]}
        sensitivity = Sensitivity(study=study, ci=ci, failed=whole["failed"], **facts, **tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: holds no answer of 'bayesdensity sensitivity'; run it with -o {folder}."
        ) from error
    if digest != study.digest:
        raise InputError(f"{folder}: is the sensitivity of another study ({digest}), not of this one ({study.digest}).")
    return sensitivity


def _tables(sensitivity: Sensitivity) -> dict[str, pd.DataFrame]:
    names = ("specifications", *list(INDEX)[1:])
    return {file: getattr(sensitivity, name) for file, name in zip(INDEX, names, strict=True)}


def _read(path: Path, index: list[str]) -> pd.DataFrame:
    """A table from its file, empty if there is none; choices are texts, whatever they look like."""
    if not path.exists():
        return pd.DataFrame()
    columns = pd.read_csv(path, nrows=0).columns
    texts = dict.fromkeys([name for name in columns if str(name).startswith(AXIS)], str)
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""]).set_index(index)


def _variant(key: Any, row: pd.Series, ci: float) -> dict[str, Any]:
    return {
        "variant": str(key),
        "choices": {str(name).removeprefix(AXIS): row[name] for name in row.index if str(name).startswith(AXIS)},
        "doubling_time_months": interval_json(row, ci),
        "rate_per_year": interval_json(row, ci, prefix="rate_"),
        **{name: row[name] for name in NUMBERS},
    }

"""Models to be placed, out of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.checking import checked_cells
from bayesdensity.data.faults import Fault, listed, visible
from bayesdensity.data.reading import read_cells
from bayesdensity.evaluation.placing import Model
from bayesdensity.inference.result import Fit

COLUMNS = ("llm", "params_total", "params_active", "train_tokens", "release_date", "family", "harness")
"""Of a table of models, beside those of benchmarks."""


def read_models(path: Path, fit: Fit, harness: str | None = None) -> list[Model]:
    """Models of a CSV file, one a row: llm, params_total, a column for each benchmark, and what else is known.

    Its cells are judged as those of llms.csv and scores.csv are.

    Parameters
    ----------
    path : Path
    fit : Fit
        Its benchmarks name the columns of scores.
    harness : str, optional
        That measured those whose row names none.

    Raises
    ------
    InputError
        With one line per kind of fault: file, rows, column, value, and what to do.
    """
    raw, faults = read_cells("llms", path)
    if raw is None:
        raise InputError(_said(path, faults))
    benchmarks = [str(name) for name in fit.data["benchmark"].to_numpy()]
    for name in raw.columns:
        if name not in (*COLUMNS, *benchmarks):
            raise InputError(f"{visible(path)}: {one_of(name, (*COLUMNS, *benchmarks), 'column')}")
    if "llm" not in raw:
        raw["llm"] = [f"line {line}" for line in raw.index]
    raw["llm"] = raw["llm"].where(raw["llm"] != "", [f"line {line}" for line in raw.index])
    known = raw[[name for name in COLUMNS[:-1] if name in raw]]
    llms, of_llms = checked_cells("llms", known, unneeded={"release_date"})
    scores, of_scores = checked_cells("scores", _long(raw, benchmarks), unique=False)
    if faults := [*faults, *of_llms, *of_scores]:
        raise InputError(_said(path, faults))
    by_line = dict(list(scores.groupby(level=0)))
    empty = [line for line in llms.index if line not in by_line]
    if empty:
        name = llms.at[empty[0], "llm"]
        raise InputError(f"{visible(path)} row {empty[0]}: '{name}' has no score on any of {', '.join(benchmarks)}.")
    return [_model(llms.loc[line], raw.loc[line], by_line[line], harness) for line in llms.index]


def _long(raw: pd.DataFrame, benchmarks: Sequence[str]) -> pd.DataFrame:
    """The scores of a table, one a row under the line that it stands on."""
    more = {"harness": raw["harness"]} if "harness" in raw else {}
    parts = [
        pd.DataFrame({"llm": raw["llm"], "benchmark": name, "score": raw[name], **more})[raw[name] != ""]
        for name in benchmarks
        if name in raw
    ]
    return pd.concat(parts) if parts else pd.DataFrame({"llm": [], "benchmark": [], "score": []}, dtype=str)


def _model(llm: Mapping[str, Any], raw: Mapping[str, str], scores: pd.DataFrame, harness: str | None) -> Model:
    day = llm["release_date"]
    return Model(
        dict(zip(scores["benchmark"], scores["score"].astype(float), strict=True)),
        float(llm["params_total"]),
        float(llm["params_active"]),
        None if pd.isna(day) else f"{day:%Y-%m-%d}",
        raw.get("family") or None,
        raw.get("harness") or harness,
        str(llm["llm"]),
        None if pd.isna(llm["train_tokens"]) else float(llm["train_tokens"]),
    )


def _said(path: Path, faults: Sequence[Fault]) -> str:
    """Faults in words, as those of this file."""
    said = [fault.of(visible(path)) for fault in sorted(faults, key=lambda fault: fault.row)]
    return listed(list(dict.fromkeys(said)))  # of a name in both tables once

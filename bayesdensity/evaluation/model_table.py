"""Models to be placed, out of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.evaluation.placing import Model
from bayesdensity.inference.result import Fit

COLUMNS = ("llm", "params_total", "params_active", "train_tokens", "release_date", "family", "harness")
"""Of a table of models, beside those of benchmarks."""


def read_models(path: Path, fit: Fit, harness: str | None = None) -> list[Model]:
    """Models of a CSV file, one a row: llm, params_total, a column for each benchmark, and what else is known.

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
        If the file is none, or a row says nothing that could be placed; row and value are named.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--csv {path}: cannot be read as a table: {str(error).splitlines()[0]}.") from error
    benchmarks = [str(name) for name in fit.data["benchmark"].to_numpy()]
    unknown = [name for name in table.columns if name not in (*COLUMNS, *benchmarks)]
    if unknown:
        raise InputError(f"{path}: {one_of(unknown[0], (*COLUMNS, *benchmarks), 'column')}")
    if "params_total" not in table or not len(table):
        raise InputError(f"{path}: has no {'row' if 'params_total' in table else 'column params_total'}; see --help.")
    return [_model(path, line, row, benchmarks, harness) for line, row in enumerate(table.to_dict("records"), 2)]


def _model(path: Path, line: int, row: Mapping[str, str], benchmarks: Sequence[str], harness: str | None) -> Model:
    def number(column: str) -> float | None:
        text = row.get(column, "").strip()
        try:
            return float(text) if text else None
        except ValueError as error:
            raise InputError(f"{path}, line {line}: {column} '{text}' is no number.") from error

    scores = {name: value for name in benchmarks if (value := number(name)) is not None}
    params, name = number("params_total"), row.get("llm", "").strip() or f"line {line}"
    if params is None or not scores:
        missing = "parameters (params_total)" if params is None else f"score on any of {', '.join(benchmarks)}"
        raise InputError(f"{path}, line {line}: {name} has no {missing}.")
    text = {column: row.get(column, "").strip() or None for column in ("release_date", "family", "harness")}
    return Model(
        scores,
        params,
        number("params_active"),
        text["release_date"],
        text["family"],
        text["harness"] or harness,
        name,
        number("train_tokens"),
    )

"""Faults of tables: each says file, row and column, what is wrong, and what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pa

from bayesdensity.data.schemas import KEYS, SCHEMAS, SUBJECT

SHOWN = 50
"""Faults an error prints; the rest is counted."""


class Fault(NamedTuple):
    """A fault at a row of a table; row 0 is the file as a whole."""

    table: str
    row: int
    text: str

    @property
    def sentence(self) -> str:
        """It in words, with file and row."""
        at = f" row {self.row}" if self.row else ""
        end = "" if self.text.endswith(("?", ".")) else "."
        return f"{self.table}.csv{at}: {self.text}{end}"


def listed(faults: list[str]) -> str:
    """Faults as one message, the first of them in full."""
    rest = len(faults) - SHOWN
    return "\n".join(faults[:SHOWN] + ([f"... and {rest} more faults."] if rest > 0 else []))


def checked_cells(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Check the cells of a table."""
    raw, missing, incomplete = _completed(name, raw)
    frame, illegible = _typed(name, raw)
    faults = incomplete + illegible + _impossible(name, raw, frame, missing) + _repeated(name, frame, missing)
    if "answer_is_letter" in frame:
        frame["answer_is_letter"] = frame["answer_is_letter"] == "true"
    return frame, faults


def _completed(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, set[str], list[Fault]]:
    """Fill up the documented columns, as text; also give the required columns that are missing."""
    columns = SCHEMAS[name].to_schema().columns
    about = {column: spec.metadata for column, spec in columns.items()}
    absent = [column for column in columns if column not in raw]
    required = [column for column in columns if about[column]["default"] is None and not about[column]["like"]]
    missing = {column for column in required if column in absent}
    faults = []
    for column in sorted(missing):
        problem = f"has no column '{column}'; it needs {', '.join(required)}"
        faults.append(Fault(name, 0, problem))
    for column in raw.columns.difference(list(columns)):
        # An unknown column is the user's own business, unless it looks like a slip that would cost them a default.
        close = get_close_matches(column.lower(), absent, n=1, cutoff=0.8)
        if close:
            faults.append(Fault(name, 0, f"has an unknown column '{column}'; did you mean '{close[0]}'?"))
    full = raw.reindex(columns=list(columns), fill_value="")
    full.index.name = "row"
    for column in columns:
        like, default = about[column]["like"], about[column]["default"]
        if like or default:
            full[column] = full[column].where(full[column] != "", full[like] if like else default)
        for check in columns[column].checks:
            if check.name == "isin":  # spreadsheets write TRUE
                lower = full[column].str.lower()
                full[column] = full[column].mask(lower.isin(check.statistics["allowed_values"]), lower)
    return full, missing, faults


def _typed(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Make numbers and dates of text; what is not legible becomes missing and a fault."""
    typed = raw.copy()
    faults = []
    for column, spec in SCHEMAS[name].to_schema().columns.items():
        kind = str(spec.dtype)
        if kind.startswith("float"):
            values = pd.to_numeric(raw[column], errors="coerce").astype(float)
            typed[column], what = values.where(values.abs() < math.inf), "number"
        elif kind.startswith("datetime"):
            days = pd.to_datetime(raw[column].map(_iso), format="%Y-%m-%d")
            typed[column], what = days.astype("datetime64[ns]"), "date"
        else:
            continue
        for row in raw.index[(raw[column] != "") & typed[column].isna() & ~_inherited(raw, spec, column)]:
            problem = f"is not a {what}; write it like {spec.metadata['example']}"
            faults.append(Fault(name, row, _about(name, raw, row, column, problem)))
    return typed, faults


def _inherited(raw: pd.DataFrame, spec: Any, column: str) -> pd.Series:
    """Tell the cells that only repeat another column, which has its faults told itself."""
    like = spec.metadata["like"]
    return pd.Series(False, index=raw.index) if like is None else raw[column] == raw[like]


def _iso(text: str) -> str | None:
    """Return the text if it is a day in ISO form; other spellings are ambiguous between countries."""
    if not re.fullmatch(r"(19|20)\d\d-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _about(name: str, raw: pd.DataFrame, row: int, column: str, problem: str) -> str:
    """Say about one cell: column, value, subject of the row, problem."""
    value, subject = raw.at[row, column], ""
    if column not in re.findall(r"{(\w+)}", SUBJECT[name]):
        subject = " " + SUBJECT[name].format_map(raw.loc[row].to_dict())
    if value == "":
        return f"{column}{subject} is empty; every row needs it"
    number = SCHEMAS[name].to_schema().columns[column].metadata["example"] != ""
    return f"{column} {value if number else repr(value)}{subject} {problem}"


def _impossible(name: str, raw: pd.DataFrame, typed: pd.DataFrame, missing: set[str]) -> list[Fault]:
    """List what the schema refuses: values out of range, unknown words, empty cells, rows at odds with themselves."""
    schema = SCHEMAS[name].to_schema()
    if missing:  # checks across columns would trip over what is not there
        schema = pa.DataFrameSchema({key: spec for key, spec in schema.columns.items() if key not in missing})
    try:
        schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    faults: dict[tuple[Any, ...], Fault] = {}
    for case in cases.to_dict("records"):
        row, column = case["index"], case["column"]
        if case["schema_context"] == "DataFrameSchema":  # pandera lists a row once per column
            subject = SUBJECT[name].format_map(raw.loc[row].to_dict())
            faults[row, case["check"]] = Fault(name, row, f"{case['check'].replace(';', f' {subject};', 1)}")
            continue
        illegible = case["check"] == "not_nullable" and raw.at[row, column] != ""  # and so already told
        spec = schema.columns[column]
        if not illegible and not _inherited(raw, spec, column)[row]:
            problem = _about(name, raw, row, column, spec.metadata["fault"])
            faults[row, column] = Fault(name, row, problem)
    return list(faults.values())


def _repeated(name: str, frame: pd.DataFrame, missing: set[str]) -> list[Fault]:
    """List rows that have the key of an earlier row."""
    key = list(KEYS[name])
    if missing.intersection(key) or frame.empty:
        return []
    by_key = pd.Series(frame.index, frame.index).groupby([frame[column] for column in key], dropna=False)
    first, same = by_key.transform("min"), ", ".join(key)
    return [
        Fault(name, row, f"repeats row {first[row]} (same {same}); delete one of them")
        for row in frame.index[frame.duplicated(key)]
    ]


def orphans(own: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """List LLMs and benchmarks that their own table lacks; one fault a name."""
    links = {
        ("scores", "llm"): "llms",
        ("scores", "benchmark"): "benchmarks",
        ("reference_runs", "benchmark"): "benchmarks",
    }
    faults: list[Fault] = []
    for (name, column), target in links.items():
        known = set(frames[target][column]) - {""} if target in frames else set()
        if name not in own or not known:  # an illegible target says so itself
            continue
        strange = own[name].loc[~own[name][column].isin(known | {""}), column]
        for given, rows in strange.groupby(strange).groups.items():
            # Looking for a likeness is slow; after the printed faults nobody reads it.
            close = get_close_matches(given, sorted(known), n=1) if len(faults) < SHOWN else []
            hint = f"did you mean '{close[0]}'? Otherwise add a row for it there" if close else "add a row for it there"
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            faults.append(Fault(name, rows.min(), f"{column} '{given}'{more} is not in {target}.csv; {hint}"))
    return faults

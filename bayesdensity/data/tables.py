"""Read and check the four tables: the bundled ones, or a user's own in their place.

Bundled and own tables pass the same checks. Every fault of every file is found before anything is said.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pa

from bayesdensity.base.errors import InputError
from bayesdensity.data.schemas import KEYS, SCHEMAS, SUBJECT

BUNDLED = Path(__file__).parent
SHOWN = 50
"""Faults an error prints; the rest is counted."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The checked tables. Each is indexed by `row`, the line of its file that a row stands on.

    The columns are documented in ``bayesdensity/data/README.md``. Nothing writes to a table.
    """

    llms: pd.DataFrame
    scores: pd.DataFrame
    reference_runs: pd.DataFrame
    benchmarks: pd.DataFrame
    digest: str
    """First twelve hex digits of the SHA-256 of the contents of the files."""


def read_tables(folder: str | Path | None = None, *, fill_from_bundled: bool = True) -> Tables:
    """Read and check the tables.

    Parameters
    ----------
    folder : str or Path, optional
        Holds any of ``llms.csv``, ``scores.csv``, ``reference_runs.csv`` and ``benchmarks.csv``; each replaces the
        bundled table of that name as a whole. None: the bundled tables.
    fill_from_bundled : bool
        Whether the bundled tables stand in for files the folder lacks. If not, a missing ``reference_runs.csv`` is
        an empty table and any other missing file is a fault.

    Returns
    -------
    Tables

    Raises
    ------
    InputError
        With one line per fault: file, row, column, value, and what to do.

    Examples
    --------
    >>> len(read_tables().llms)
    363
    """
    paths, faults = _find(folder, fill_from_bundled)
    own = [name for name in paths if folder is None or paths[name] != _bundled(name)]
    frames, more = _read(paths, own)
    faults += more
    if faults:
        raise InputError(listed(faults))
    return Tables(**frames, digest=_digest(paths))


def read_run_table(path: Path) -> tuple[pd.DataFrame, str]:
    """Read and check a file of reference runs by itself, and give its digest.

    It needs ``params``, ``tokens`` and ``loss``; runs without names are called by their rows.

    Raises
    ------
    InputError
        With one line per fault.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    raw, faults = _cells("reference_runs", path)
    if raw is not None:
        absent = [column for column in ("params", "tokens", "loss") if column not in raw]
        if absent:
            close = [name for name in raw if name.lower() == absent[0]]
            hint = f" Rename '{close[0]}'." if close else ""
            raise InputError(f"{path.name}: has no column '{absent[0]}'; it needs params, tokens and loss.{hint}")
        if raw.empty and not faults:
            raise InputError(f"{path.name}: has a header but no rows; add some.")
        for column, value in (("suite", path.stem), ("benchmark", "loss"), ("run", "")):
            if column not in raw:
                raw[column] = value
        raw["run"] = raw["run"].where(raw["run"] != "", [f"row {row}" for row in raw.index])
        frame, more = _checked("reference_runs", raw)
        faults = faults + more
    if raw is None or faults:
        faults.sort(key=lambda fault: fault.row)
        said = [fault.sentence.replace("reference_runs.csv", path.name, 1) for fault in faults]
        raise InputError(listed(said))
    return frame, hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12]


def validate_folder(folder: str | Path) -> list[str]:
    """List every fault of the tables in a folder, one sentence each; an empty list means that all is well.

    Files the folder lacks are taken from the bundled tables, as `read_tables` does.
    """
    paths, faults = _find(folder, fill=True)
    own = [name for name in paths if paths[name] != _bundled(name)]
    return faults + _read(paths, own)[1]


def listed(faults: list[str]) -> str:
    """Faults as one message, the first of them in full."""
    rest = len(faults) - SHOWN
    return "\n".join(faults[:SHOWN] + ([f"... and {rest} more faults."] if rest > 0 else []))


def _bundled(name: str) -> Path:
    return BUNDLED / f"{name}.csv"


def _find(folder: str | Path | None, fill: bool) -> tuple[dict[str, Path], list[str]]:
    """Find the path of each table that is to be read, and what is wrong with the folder itself."""
    if folder is None:
        return {name: _bundled(name) for name in SCHEMAS}, []
    folder = Path(folder)
    if not folder.is_dir():
        return {}, [f"{folder}: no such folder; give a folder that holds {_file_names(SCHEMAS)}."]
    paths = {name: folder / f"{name}.csv" for name in SCHEMAS if (folder / f"{name}.csv").is_file()}
    if not paths:
        return {}, [f"{folder}: holds none of {_file_names(SCHEMAS)}; name the files so."]
    absent = [name for name in SCHEMAS if name not in paths]
    if fill:
        return {name: paths.get(name, _bundled(name)) for name in SCHEMAS}, []
    needed = [name for name in absent if name != "reference_runs"]
    return paths, [f"{folder}: lacks {_file_names([name])}; add it, or allow the bundled one." for name in needed]


def _file_names(names: Iterable[str]) -> str:
    return ", ".join(f"{name}.csv" for name in names)


def _digest(paths: Mapping[str, Path]) -> str:
    total = hashlib.sha256()
    for name, path in sorted(paths.items()):
        # Line ends differ between checkouts of the same table.
        total.update(name.encode() + b"\n" + path.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()[:12]


def _read(paths: Mapping[str, Path], own: list[str]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read every table and list all faults. `own`: tables whose rows must find their llm and benchmark."""
    frames: dict[str, pd.DataFrame] = {}
    faults: list[_Fault] = []
    for name in SCHEMAS:
        if name not in paths and name != "reference_runs":
            continue
        is_bundled = paths.get(name) == _bundled(name)
        frame, found = _bundled_table(name) if is_bundled else _table(name, paths.get(name))
        faults += found
        if frame is not None:
            frames[name] = frame.copy()
    faults += _orphans({name: frames[name] for name in own if name in frames}, frames)
    places = list(SCHEMAS)
    faults.sort(key=lambda fault: (places.index(fault.table), fault.row))
    return frames, [fault.sentence for fault in faults]


def _table(name: str, path: Path | None) -> tuple[pd.DataFrame | None, list[_Fault]]:
    """Read and check one table by itself; without a path it is empty."""
    raw, faults = (_no_rows(name), []) if path is None else _cells(name, path)
    if raw is None:
        return None, faults
    frame, more = _checked(name, raw)
    return frame, faults + more


def _checked(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[_Fault]]:
    """Check the cells of a table."""
    raw, missing, incomplete = _completed(name, raw)
    frame, illegible = _typed(name, raw)
    faults = incomplete + illegible + _impossible(name, raw, frame, missing) + _repeated(name, frame, missing)
    if "answer_is_letter" in frame:
        frame["answer_is_letter"] = frame["answer_is_letter"] == "true"
    return frame, faults


@cache
def _bundled_table(name: str) -> tuple[pd.DataFrame | None, list[_Fault]]:
    return _table(name, _bundled(name))


class _Fault(NamedTuple):
    """A fault at a row of a table; row 0 is the file as a whole."""

    table: str
    row: int
    text: str

    @property
    def sentence(self) -> str:
        at = f" row {self.row}" if self.row else ""
        end = "" if self.text.endswith(("?", ".")) else "."
        return f"{self.table}.csv{at}: {self.text}{end}"


def _no_rows(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(SCHEMAS[name].to_schema().columns), dtype=str)


def _cells(name: str, path: Path) -> tuple[pd.DataFrame | None, list[_Fault]]:
    """Read the cells of a file as text, indexed by line; None if there is no table in it."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [_Fault(name, 0, f"is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8")]
    except OSError as error:
        return None, [_Fault(name, 0, f"cannot be read: {error.strerror}")]
    reader = csv.reader(io.StringIO(content), strict=True)
    records: dict[int, list[str]] = {}
    try:
        line = 1
        for record in reader:
            if any(cell.strip() for cell in record):
                records[line] = [cell.strip() for cell in record]
            line = reader.line_num + 1
    except csv.Error as error:
        return None, [_Fault(name, reader.line_num, f"is not CSV: {error}; check the quotes")]
    if not records:
        return None, [_Fault(name, 0, "is empty; fill it, or delete it")]
    header = records.pop(min(records))
    if len(header) == 1 and re.search("[;\t]", header[0]):
        return None, [_Fault(name, 0, "has no commas in its header; separate the columns by commas")]
    faults = [_Fault(name, 0, f"has column '{twice}' twice; delete one") for twice in _doubles(header)]
    for line, record in records.items():
        if len(record) != len(header):
            problem = f"has {len(record)} cells under a header of {len(header)}; quote a text that has commas"
            faults.append(_Fault(name, line, problem))
    whole = {line: record for line, record in records.items() if len(record) == len(header)}
    # Without a single reference run a study of a released family still makes sense.
    if not records and name != "reference_runs":
        faults.append(_Fault(name, 0, "has a header but no rows; add some, or delete it"))
    frame = pd.DataFrame(list(whole.values()), index=list(whole), columns=header, dtype=str)
    return frame.loc[:, ~frame.columns.duplicated()], faults


def _doubles(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _completed(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, set[str], list[_Fault]]:
    """Fill up the documented columns, as text; also give the required columns that are missing."""
    columns = SCHEMAS[name].to_schema().columns
    about = {column: spec.metadata for column, spec in columns.items()}
    absent = [column for column in columns if column not in raw]
    required = [column for column in columns if about[column]["default"] is None and not about[column]["like"]]
    missing = {column for column in required if column in absent}
    faults = []
    for column in sorted(missing):
        problem = f"has no column '{column}'; it needs {', '.join(required)}"
        faults.append(_Fault(name, 0, problem))
    for column in raw.columns.difference(list(columns)):
        # An unknown column is the user's own business, unless it looks like a slip that would cost them a default.
        close = get_close_matches(column.lower(), absent, n=1, cutoff=0.8)
        if close:
            faults.append(_Fault(name, 0, f"has an unknown column '{column}'; did you mean '{close[0]}'?"))
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


def _typed(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[_Fault]]:
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
            faults.append(_Fault(name, row, _about(name, raw, row, column, problem)))
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


def _impossible(name: str, raw: pd.DataFrame, typed: pd.DataFrame, missing: set[str]) -> list[_Fault]:
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
    faults: dict[tuple[Any, ...], _Fault] = {}
    for case in cases.to_dict("records"):
        row, column = case["index"], case["column"]
        if case["schema_context"] == "DataFrameSchema":  # pandera lists a row once per column
            subject = SUBJECT[name].format_map(raw.loc[row].to_dict())
            faults[row, case["check"]] = _Fault(name, row, f"{case['check'].replace(';', f' {subject};', 1)}")
            continue
        illegible = case["check"] == "not_nullable" and raw.at[row, column] != ""  # and so already told
        spec = schema.columns[column]
        if not illegible and not _inherited(raw, spec, column)[row]:
            problem = _about(name, raw, row, column, spec.metadata["fault"])
            faults[row, column] = _Fault(name, row, problem)
    return list(faults.values())


def _repeated(name: str, frame: pd.DataFrame, missing: set[str]) -> list[_Fault]:
    """List rows that have the key of an earlier row."""
    key = list(KEYS[name])
    if missing.intersection(key) or frame.empty:
        return []
    by_key = pd.Series(frame.index, frame.index).groupby([frame[column] for column in key], dropna=False)
    first, same = by_key.transform("min"), ", ".join(key)
    return [
        _Fault(name, row, f"repeats row {first[row]} (same {same}); delete one of them")
        for row in frame.index[frame.duplicated(key)]
    ]


def _orphans(own: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame]) -> list[_Fault]:
    """List LLMs and benchmarks that their own table lacks; one fault a name."""
    links = {
        ("scores", "llm"): "llms",
        ("scores", "benchmark"): "benchmarks",
        ("reference_runs", "benchmark"): "benchmarks",
    }
    faults: list[_Fault] = []
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
            faults.append(_Fault(name, rows.min(), f"{column} '{given}'{more} is not in {target}.csv; {hint}"))
    return faults

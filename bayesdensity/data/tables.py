"""Read and check the four tables: the bundled ones, or a user's own in their place.

Bundled and own tables pass the same checks. Every fault of every file is found before anything is said.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.data.faults import Fault, checked_cells, listed, orphans
from bayesdensity.data.schemas import SCHEMAS

BUNDLED = Path(__file__).parent


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
    bundled_names: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Names in the bundled tables that own ones replace: a study may leave out by hand what the own ones lack."""

    @property
    def date(self) -> str:
        """ISO date at which the last rows were added; empty if no row says."""
        last = max(self.llms["added"].max(), self.scores["added"].max())
        return "" if pd.isna(last) else f"{last:%Y-%m-%d}"


def as_of(tables: Tables, day: str) -> Tables:
    """The tables as they were at the end of a day: without the LLMs and scores that were added later.

    Parameters
    ----------
    tables : Tables
    day : str
        ISO date; empty: before any row that says when it was added.

    Returns
    -------
    Tables
        With the same digest: rows that were corrected since are as they are today.
    """
    end = pd.Timestamp(day or pd.Timestamp.min)
    known = {name: frame[~(frame["added"] > end)] for name, frame in (("llms", tables.llms), ("scores", tables.scores))}
    return replace(tables, **known)


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
    832
    """
    paths, faults = _find(folder, fill_from_bundled)
    own = [name for name in paths if folder is None or paths[name] != _bundled(name)]
    frames, more = _read(paths, own)
    faults += more
    if faults:
        raise InputError(listed(faults))
    return Tables(**frames, digest=_digest(paths), bundled_names=_bundled_names(paths))


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
        frame, more = checked_cells("reference_runs", raw)
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


def _bundled(name: str) -> Path:
    return BUNDLED / f"{name}.csv"


def _bundled_names(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Names of what a study may leave out by hand, of the bundled tables that are not read."""
    columns = {"llms": ["llm", "family"], "scores": ["harness"], "reference_runs": ["suite", "run"]}
    return {
        name: pd.read_csv(_bundled(name), usecols=names, dtype=str).drop_duplicates()
        for name, names in columns.items()
        if paths.get(name) != _bundled(name)
    }


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
    faults: list[Fault] = []
    for name in SCHEMAS:
        if name not in paths and name != "reference_runs":
            continue
        is_bundled = paths.get(name) == _bundled(name)
        frame, found = _bundled_table(name) if is_bundled else _table(name, paths.get(name))
        faults += found
        if frame is not None:
            frames[name] = frame.copy()
    faults += orphans({name: frames[name] for name in own if name in frames}, frames)
    places = list(SCHEMAS)
    faults.sort(key=lambda fault: (places.index(fault.table), fault.row))
    return frames, [fault.sentence for fault in faults]


def _table(name: str, path: Path | None) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read and check one table by itself; without a path it is empty."""
    raw, faults = (_no_rows(name), []) if path is None else _cells(name, path)
    if raw is None:
        return None, faults
    frame, more = checked_cells(name, raw)
    return frame, faults + more


@cache
def _bundled_table(name: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    return _table(name, _bundled(name))


def _no_rows(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(SCHEMAS[name].to_schema().columns), dtype=str)


def _cells(name: str, path: Path) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read the cells of a file as text, indexed by line; None if there is no table in it."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Fault(name, 0, f"is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8")]
    except OSError as error:
        return None, [Fault(name, 0, f"cannot be read: {error.strerror}")]
    reader = csv.reader(io.StringIO(content), strict=True)
    records: dict[int, list[str]] = {}
    try:
        line = 1
        for record in reader:
            if any(cell.strip() for cell in record):
                records[line] = [cell.strip() for cell in record]
            line = reader.line_num + 1
    except csv.Error as error:
        return None, [Fault(name, reader.line_num, f"is not CSV: {error}; check the quotes")]
    if not records:
        return None, [Fault(name, 0, "is empty; fill it, or delete it")]
    header = records.pop(min(records))
    if len(header) == 1 and re.search("[;\t]", header[0]):
        return None, [Fault(name, 0, "has no commas in its header; separate the columns by commas")]
    faults = [Fault(name, 0, f"has column '{twice}' twice; delete one") for twice in _doubles(header)]
    for line, record in records.items():
        if len(record) != len(header):
            problem = f"has {len(record)} cells under a header of {len(header)}; quote a text that has commas"
            faults.append(Fault(name, line, problem))
    whole = {line: record for line, record in records.items() if len(record) == len(header)}
    # Without a single reference run a study of a released family still makes sense.
    if not records and name != "reference_runs":
        faults.append(Fault(name, 0, "has a header but no rows; add some, or delete it"))
    frame = pd.DataFrame(list(whole.values()), index=list(whole), columns=header, dtype=str)
    return frame.loc[:, ~frame.columns.duplicated()], faults


def _doubles(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})

"""Read and check the five tables: the bundled ones, or a user's own in their place.

Bundled and own tables pass the same checks. Every fault of every file is found before anything is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.data.checking import checked_cells
from bayesdensity.data.faults import Fault, listed
from bayesdensity.data.folders import file_names, table_paths
from bayesdensity.data.links import orphans, wrong_parents
from bayesdensity.data.reading import read_cells
from bayesdensity.data.schemas import SCHEMAS

BUNDLED = Path(__file__).parent
OPTIONAL = ("reference_runs", "prices")
"""Tables that may be empty where the bundled ones do not stand in."""
OF_NO_STUDY = ("prices",)


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
    """First twelve hex digits of the SHA-256 of the contents of the files that studies read."""
    bundled_names: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Names in the bundled tables that own ones replace: a study may leave out by hand what the own ones lack."""
    own: tuple[str, ...] = ()
    """Names of the tables that are read from a user's folder; the others are the bundled ones."""
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Of use to no study, and so in no digest of what studies read."""

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
        Holds any of ``llms.csv``, ``scores.csv``, ``reference_runs.csv``, ``benchmarks.csv`` and ``prices.csv``; each
        replaces the bundled table of that name as a whole. None: the bundled tables.
    fill_from_bundled : bool
        Whether the bundled tables stand in for files the folder lacks. If not, a missing ``reference_runs.csv`` or
        ``prices.csv`` is an empty table and any other missing file is a fault.

    Returns
    -------
    Tables

    Raises
    ------
    InputError
        With one line per kind of fault: file, rows, column, value, and what to do.

    Examples
    --------
    >>> len(read_tables().llms)
    835
    """
    paths, faults = _find(folder, fill_from_bundled)
    own = list(paths) if folder is None else _own(paths)
    frames, more = _read(paths, own)
    faults += more
    if faults:
        raise InputError(listed(faults))
    return Tables(**frames, digest=_digest(paths), bundled_names=_bundled_names(paths), own=tuple(own))


def validate_folder(folder: str | Path) -> list[str]:
    """List every kind of fault of the tables in a folder, one sentence each; an empty list means that all is well.

    Files the folder lacks are taken from the bundled tables, as `read_tables` does.
    """
    paths, faults = _find(folder, fill=True)
    return faults + _read(paths, _own(paths))[1]


def origins(folder: str | Path) -> str:
    """The sentence that says which tables a folder holds, and for which the bundled ones stand in."""
    paths, _ = _find(folder, fill=True)
    own = _own(paths)
    bundled = [name for name in SCHEMAS if name not in own]
    read = f"read from the folder: {file_names(own) or 'none'}"
    return f"Tables {read}; bundled: {file_names(bundled) or 'none'}."


def _bundled(name: str) -> Path:
    return BUNDLED / f"{name}.csv"


def _own(paths: Mapping[str, Path]) -> list[str]:
    """Names of the tables that are not the bundled ones."""
    return [name for name, path in paths.items() if path != _bundled(name)]


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
    paths, faults = table_paths(Path(folder))
    if not paths:
        return {}, faults
    if fill:
        return {name: paths.get(name, _bundled(name)) for name in SCHEMAS}, faults
    needed = [name for name in SCHEMAS if name not in paths and name not in OPTIONAL]
    lacks = [f"{folder}: lacks {file_names([name])}; add it, or allow the bundled one." for name in needed]
    return paths, faults + lacks


def _digest(paths: Mapping[str, Path]) -> str:
    total = hashlib.sha256()
    for name, path in sorted((name, path) for name, path in paths.items() if name not in OF_NO_STUDY):
        # Line ends differ between checkouts of the same table.
        total.update(name.encode() + b"\n" + path.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()[:12]


def _read(paths: Mapping[str, Path], own: list[str]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read every table and list all faults. `own`: tables whose rows must find their llm and benchmark."""
    frames: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name in SCHEMAS:
        if name not in paths and name not in OPTIONAL:
            continue
        is_bundled = paths.get(name) == _bundled(name)
        frame, found = _bundled_table(name) if is_bundled else _table(name, paths.get(name))
        faults += found
        if frame is not None:
            frames[name] = frame.copy()
    mine = {name: frames[name] for name in own if name in frames}
    faults += [*orphans(mine, frames), *wrong_parents(mine, set(_bundled_llms()))]
    places = list(SCHEMAS)
    faults.sort(key=lambda fault: (places.index(fault.table), fault.row))
    return frames, [fault.sentence for fault in faults]


def _table(name: str, path: Path | None) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read and check one table by itself; without a path it is empty."""
    raw, faults = (_no_rows(name), []) if path is None else read_cells(name, path)
    if raw is None:
        return None, faults
    frame, more = checked_cells(name, raw)
    return frame, faults + more


@cache
def _bundled_table(name: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    return _table(name, _bundled(name))


@cache
def _bundled_llms() -> frozenset[str]:
    return frozenset(pd.read_csv(_bundled("llms"), usecols=["llm"], dtype=str)["llm"])


def _no_rows(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(SCHEMAS[name].columns), dtype=str)

"""Read and check a file of reference runs by itself, for one law."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.checking import checked_cells
from bayesdensity.data.columns import missing_columns
from bayesdensity.data.faults import Fault, fault_at, listed, visible
from bayesdensity.data.reading import not_a_file, read_cells

TABLE = "reference_runs"
STATED = ("suite", "benchmark", "run", "params", "tokens", "unique_tokens", "experts", "flops")
"""What tells runs apart."""


def read_run_table(path: Path, law: str | None = None) -> tuple[pd.DataFrame, str]:
    """Read and check a file of reference runs by itself, and give its digest.

    Runs without names are called by their rows.

    Parameters
    ----------
    path : Path
    law : str, optional
        Name of the law that reads it: the file needs what that law reads, and ``loss``. None: ``params``, ``tokens``
        and ``loss``.

    Raises
    ------
    InputError
        With one line per kind of fault.
    """
    if problem := not_a_file(path):
        raise InputError(f"{visible(path)}: {problem}.")
    raw, faults = read_cells(TABLE, path)
    if raw is None:
        raise InputError(_said(path, faults))
    needed = needed_of_runs(law, raw.columns)
    if absent := [column for column in needed if column not in raw]:
        raise InputError(f"{path.name}: {missing_columns(TABLE, list(raw.columns), absent, needed)}")
    if raw.empty and not faults:
        raise InputError(f"{path.name}: has a header but no rows; add some.")
    for column, value in (("suite", path.stem), ("benchmark", "loss"), ("run", "")):
        if column not in raw:
            raw[column] = value
    named = raw["run"]
    raw["run"] = named.where(named != "", [f"row {row}" for row in raw.index])
    unneeded = {"params", "tokens"} - set(needed)
    frame, more = checked_cells(TABLE, raw, unneeded=unneeded, unique=False)
    if faults := faults + more + _replicates(frame.assign(run=named)):
        raise InputError(_said(path, faults))
    return frame, hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12]


def needed_of_runs(law: str | None, header: pd.Index) -> list[str]:
    """Columns that a law reads of runs and that nothing stands in for, and the loss."""
    if law is None:
        return ["params", "tokens", "loss"]
    needed = set()
    for variable in laws.LAWS[law].variables:
        if variable.column in header or variable.default is None:
            needed |= set() if variable.average else {variable.column}
        else:
            needed |= {"params", "tokens"} if variable.combined else {"tokens"}
    return [column for column in STATED if column in needed] + ["loss"]


def _said(path: Path, faults: list[Fault]) -> str:
    faults = sorted(faults, key=lambda fault: fault.row)
    return listed([fault.of(path.name) for fault in faults])


def _replicates(frame: pd.DataFrame) -> list[Fault]:
    """List losses of runs that nothing tells apart, such as those of several seeds, and runs that have two places."""
    lost = frame[frame["loss"].notna() & frame["role"].isin(["ladder", "anchor"])]
    same = lost[lost.duplicated([*STATED, "role"], keep=False)]
    faults = []
    if len(same):
        groups = same.groupby([*STATED, "role"], dropna=False).ngroups
        which = "1 group of runs has" if groups == 1 else f"{groups} groups of runs have"
        text = (
            f"{which} the same size and tokens within the group, so they are replicates (seeds, say), which would "
            "count as independent; give each group one row, with the mean loss"
        )
        faults.append(fault_at(TABLE, same.index, text))
    key = ["suite", "run", "benchmark", "tokens"]
    rest = frame[(frame["run"] != "") & ~frame.index.isin(same.index)]
    if len(again := rest.index[rest.duplicated(key)]):
        text = f"repeats an earlier row (same {', '.join(key)}); give different runs different names"
        faults.append(fault_at(TABLE, again, text))
    return faults

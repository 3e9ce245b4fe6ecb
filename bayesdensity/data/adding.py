"""Add an LLM and its scores to the tables of a folder: judged as `validate` judges before anything is written."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pandas as pd

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.files import alone_in, write_together
from bayesdensity.base.written import day_of
from bayesdensity.data.columns import completed
from bayesdensity.data.faults import listed, visible
from bayesdensity.data.folders import slips_of_files
from bayesdensity.data.names import finder
from bayesdensity.data.reading import read_cells
from bayesdensity.data.schemas import SCHEMAS
from bayesdensity.data.tables import BUNDLED, validate_folder
from bayesdensity.study.load import shipped_protocols

PROTOCOL = ("metric", "shots", "cot")
ACCEPTED = {"metric": "metrics", "shots": "shots", "cot": "cot"}
"""What the protocol of a benchmark calls the values of a column that it accepts."""
ALIKE = 1e-9
"""Relative difference of numbers that are the same."""
BOM = b"\xef\xbb\xbf"


class Llm(NamedTuple):
    """What is told of an LLM; None: nothing."""

    name: str
    params: float | None = None
    active: float | None = None
    released: str | None = None
    """ISO date."""
    organization: str | None = None
    family: str | None = None
    stage: str | None = None
    lab_type: str | None = None

    def cells(self) -> dict[str, str]:
        """What is told, by column of llms.csv."""
        told = {
            "release_date": self.released,
            "params_total": _number(self.params),
            "params_active": _number(self.active),
            "organization": self.organization,
            "family": self.family,
            "stage": self.stage,
            "lab_type": self.lab_type,
        }
        return {column: value for column, value in told.items() if value is not None}


class Added(NamedTuple):
    """What was added, as the tables have it: text, by line of the file."""

    folder: Path
    llm: str
    llms: pd.DataFrame
    """One row, or none where the LLM was there already."""
    scores: pd.DataFrame
    begun: dict[str, str]
    """Files that were not there, and with what each was begun."""
    protocols: dict[str, str]
    """By benchmark: the protocol that was written down, or that was left open, in words."""


def add(
    folder: str | Path,
    llm: Llm,
    scores: Mapping[str, float],
    *,
    source: str,
    harness: str = "own",
    protocol: Mapping[str, str] | None = None,
    with_bundled: bool = False,
) -> Added:
    """Add an LLM and its scores, or further scores of an LLM that is there; both tables are written, or neither.

    Parameters
    ----------
    folder : str or Path
        Of the tables; it is made if it is not there.
    llm : Llm
        A new one needs its parameters and its date; what is told of one that is there has to agree with the table.
    scores : mapping of str to float
        Shares of the items, by benchmark.
    source : str
        Where all this can be read.
    harness : str
        That measured the scores.
    protocol : mapping of str to str, optional
        ``metric``, ``shots`` and ``cot`` of the scores. What is not given is what studies ask of each benchmark where
        they accept one value alone, and otherwise stays empty, which they accept.
    with_bundled : bool
        Begin files that are not there with a copy of the bundled table, which they replace; else with a header.

    Returns
    -------
    Added

    Raises
    ------
    InputError
        If anything is refused; every file is then as it was.
    """
    folder, given = Path(folder), dict(protocol or {})
    _refuse(llm, scores, source)
    made = not folder.exists()
    try:
        if made:
            folder.mkdir()
    except OSError as error:
        raise InputError(f"--data {folder}: cannot make a folder there ({error.strerror}).") from error
    try:
        with alone_in(folder):
            return _added(folder, llm, scores, {"source": source, "harness": harness, **given}, with_bundled)
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _added(folder: Path, llm: Llm, scores: Mapping[str, float], about: Mapping[str, str], with_bundled: bool) -> Added:
    if slips := slips_of_files(folder):
        raise InputError(listed(slips))
    known = {name: _cells(name, folder) for name in ("llms", "scores", "benchmarks")}
    names = [str(name) for name in known["benchmarks"]["benchmark"]]
    for name in scores:
        if name not in names:
            raise InputError(one_of(name, names, "benchmark") + " A new one begins with a row in benchmarks.csv.")
    today = f"{date.today():%Y-%m-%d}"
    own = _llm_row(llm, known["llms"], about["source"], today)
    rows = {"llms": [own] if own else [], "scores": _score_rows(llm.name, scores, about, today)}
    _refuse_repeated(rows["scores"], known["scores"])
    contents, begun = dict[Path, bytes](), dict[str, str]()
    for name in (name for name, new in rows.items() if new):  # an LLM without scores is sound; scores without it not
        path = _file(folder, name)
        if path.exists():
            before = path.read_bytes()
        else:
            before = (BUNDLED / f"{name}.csv").read_bytes() if with_bundled else _header(name)
            begun[f"{name}.csv"] = "a copy of the bundled table" if with_bundled else "its header"
        contents[path] = extended(before, list(SCHEMAS[name].columns), rows[name])
    written = _judged(folder, contents, {name: len(new) for name, new in rows.items()}, begun, with_bundled)
    write_together(contents)
    told = {name: _protocol_in_words(name, about) for name in scores}
    return Added(folder, llm.name, written["llms"], written["scores"], begun, told)


def _refuse(llm: Llm, scores: Mapping[str, float], source: str) -> None:
    """Refuse what no table could make good."""
    if not llm.name.strip():
        raise InputError("the LLM has no name.")
    if not source.strip():
        raise InputError("--source is empty; say where the scores can be read.")
    if not scores:
        raise InputError(f"{llm.name}: has no score; give at least one, such as MMLU=0.769.")
    for name, score in scores.items():
        if not 0 <= score <= 1:
            unit = f" A per cent? Write {score / 100:g}." if 1 < score <= 100 else ""
            raise InputError(f"{name}={score:g}: a score is a share of the items between 0 and 1.{unit}")
    if llm.released is not None:
        day = day_of(llm.released)
        if day is None:
            raise InputError(f"--released {llm.released}: write a date like 2024-07-18.")
        if day > date.today():
            raise InputError(f"--released {llm.released} lies in the future; add an LLM when it is released.")


def _llm_row(llm: Llm, known: pd.DataFrame, source: str, today: str) -> dict[str, str]:
    """The row of a new LLM; nothing for one that is there, of which nothing else is told."""
    here, told = known[known["llm"] == llm.name], llm.cells()
    if here.empty:
        needed = {"--params": llm.params, "--released": llm.released}
        missing = [option for option, value in needed.items() if value is None]
        if missing:
            close = finder(known["llm"])(llm.name, True)[0]
            hint = f" Did you mean '{visible(close)}'?" if close else ""
            raise InputError(
                f"'{visible(llm.name)}' is not in llms.csv.{hint} A new LLM needs {' and '.join(missing)}."
            )
        return {"llm": llm.name, **told, "added": today, "source": source}
    for column, value in told.items():
        there = str(here.iloc[0][column])
        if not _same(there, value):
            raise InputError(
                f"'{visible(llm.name)}' is in llms.csv (row {here.index[0]}) with {column} "
                f"'{visible(there)}', not '{visible(value)}'; leave the option out, or correct the row."
            )
    return {}


def _same(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= ALIKE * abs(float(one))
    except ValueError:
        return one == other


def _score_rows(llm: str, scores: Mapping[str, float], about: Mapping[str, str], today: str) -> list[dict[str, str]]:
    return [
        {
            "llm": llm,
            "benchmark": name,
            "score": repr(float(score)),
            **_protocol(name, about),
            "harness": about["harness"],
            "origin": "own-run",
            "added": today,
            "source": about["source"],
        }
        for name, score in scores.items()
    ]


def _protocol(benchmark: str, given: Mapping[str, str]) -> dict[str, str]:
    """What is given of a protocol, and else the one value that studies accept; empty where they accept several."""
    found = {}
    for column in PROTOCOL:
        accepted = _accepted(benchmark, column)
        found[column] = given.get(column) or (accepted[0] if len(accepted) == 1 else "")
    return found


def _accepted(benchmark: str, column: str) -> Sequence[str]:
    values: Sequence[str] = shipped_protocols().get(benchmark, {}).get(ACCEPTED[column], ())
    return values


def _protocol_in_words(benchmark: str, given: Mapping[str, str]) -> str:
    """Each part of a protocol: as given, assumed, or left open; and whether studies accept it."""
    words, written = [], _protocol(benchmark, given)
    for column, value in written.items():
        accepted = _accepted(benchmark, column)
        if given.get(column):
            other = f" (another than that of the studies: {', '.join(accepted)})"
            words.append(f"{column} {value}{other if accepted and value not in accepted else ''}")
        elif value:
            words.append(f"{column} {value} (assumed)")
        elif accepted:
            words.append(f"{column} left open: studies accept {', '.join(accepted)}")
    return "; ".join(words) or "no protocol is known of it"


def _refuse_repeated(rows: Iterable[Mapping[str, str]], known: pd.DataFrame) -> None:
    """Refuse a measurement that the table has: the same value of an LLM on a benchmark by the same harness."""
    for row in rows:
        here = known[
            (known[["llm", "benchmark", "harness"]] == [row["llm"], row["benchmark"], row["harness"]]).all(axis=1)
        ]
        for line, there in here["score"].items():
            if _same(str(there), row["score"]):
                raise InputError(
                    f"'{visible(row['llm'])}' has {row['score']} on {row['benchmark']} by '{row['harness']}' already "
                    f"(scores.csv row {line}): it would count twice; leave it out."
                )


def _cells(name: str, folder: Path) -> pd.DataFrame:
    """Cells of a table that counts, the folder's own or the bundled one, as text with what stands for empty ones."""
    own = folder / f"{name}.csv"
    raw, faults = read_cells(name, own if own.exists() else BUNDLED / own.name)
    if raw is None:
        raise InputError(f"{folder}: {listed([fault.sentence for fault in faults])}")
    return completed(name, raw)[0]


def _file(folder: Path, name: str) -> Path:
    """Of a table; the file itself where the folder has a link to it, which stays one."""
    return Path(os.path.realpath(folder / f"{name}.csv"))


def _header(name: str) -> bytes:
    return (",".join(SCHEMAS[name].columns) + "\n").encode()


def extended(content: bytes, order: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """A CSV file with further rows below; what stands there stays as it is, unless it lacks a column.

    Parameters
    ----------
    content : bytes
        Of the file.
    order : sequence of str
        Columns in their order, where some have to be added.
    rows : sequence of mapping
        Cells by column; those that it does not have are empty.
    """
    text = content.removeprefix(BOM).decode("utf-8", "surrogateescape")
    end = "\r\n" if "\r\n" in text else "\n"
    records = list(csv.reader(io.StringIO(text, newline="")))
    first = next((k for k, record in enumerate(records) if any(cell.strip() for cell in record)), None)
    header = [] if first is None else [cell.strip() for cell in records[first]]
    lacking = [column for column in order if column not in header and any(row.get(column) for row in rows)]
    if lacking:
        width = len(header)
        padded = [
            [*record, *[""] * (width - len(record)), *[""] * len(lacking)] for record in records[(first or 0) + 1 :]
        ]
        header += lacking
        text = _csv([header, *padded], end)
    elif text and not text.endswith(("\n", "\r")):
        text += end
    text += _csv([[row.get(column, "") for column in header] for row in rows], end)
    return (BOM if content.startswith(BOM) else b"") + text.encode("utf-8", "surrogateescape")


def _csv(records: Iterable[Sequence[str]], end: str) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end).writerows(records)
    return file.getvalue()


def _judged(
    folder: Path, contents: Mapping[Path, bytes], counts: Mapping[str, int], begun: Mapping[str, str], copied: bool
) -> dict[str, pd.DataFrame]:
    """The new rows as they are read back, if the folder would have no fault."""
    with TemporaryDirectory() as place:
        for name in SCHEMAS:
            path, copy = _file(folder, name), Path(place) / f"{name}.csv"
            if path in contents:
                copy.write_bytes(contents[path])
            elif path.exists():
                copy.write_bytes(path.read_bytes())
        if faults := validate_folder(place):
            told = ["nothing was added:", listed(faults)]
            if begun and not copied:
                told.append(f"A new {' and '.join(begun)} replaces the bundled one; --with-bundled begins with a copy.")
            raise InputError("\n".join(told))
        found = {}
        for name, count in counts.items():
            rows = read_cells(name, Path(place) / f"{name}.csv")[0] if count else None
            found[name] = _full(name, rows.tail(count) if rows is not None else pd.DataFrame())
    return found


def _full(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with every documented column, and those of the user's own."""
    return rows.reindex(columns=list(dict.fromkeys([*SCHEMAS[name].columns, *rows.columns])), fill_value="")


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.12g}"


def as_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with the line of the file that each stands on, without empty cells."""
    return [
        {"row": int(line), **{str(column): cell for column, cell in row.items() if cell != ""}}
        for line, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]

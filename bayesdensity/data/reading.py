"""Read the cells of a table: a file of text in UTF-8, separated by commas, with one header line."""

from __future__ import annotations

import csv
import io
import re
import stat
import unicodedata
from itertools import pairwise
from pathlib import Path

import pandas as pd

from bayesdensity.data.faults import Fault, fault_at, fault_of_file, visible

LARGEST = 2**30
"""Bytes of a file that is read."""
WHOLE, REST = re.compile("[+-]?[0-9]{1,3}"), re.compile("[0-9]+")
"""What stands before and behind a decimal comma."""


def not_a_file(path: Path) -> str:
    """Why a path cannot be read as a table; empty if it can be tried."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "is a link to nothing; mend it, or delete it" if path.is_symlink() else "no such file"
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if stat.S_ISREG(mode):
        return ""
    what = "a folder" if stat.S_ISDIR(mode) else "a pipe, a device or the like"
    return f"is no file but {what}; put the table there as a CSV file, or delete it"


def read_cells(name: str, path: Path) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read the cells of a file as text, indexed by line; None if there is no table in it."""
    content, problem = _content(path)
    if problem:
        return None, [fault_of_file(name, problem)]
    reader = csv.reader(io.StringIO(content), strict=True)
    records: dict[int, list[str]] = {}
    try:
        line = 1
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                records[line] = cells
            line = reader.line_num + 1
    except csv.Error as error:
        return None, [fault_at(name, [reader.line_num], f"is not CSV: {error}; check the quotes")]
    if not records:
        return None, [fault_of_file(name, "is empty; fill it, or delete it")]
    header = records.pop(min(records))
    if len(header) == 1 and re.search("[;\t|]", header[0]):
        return None, [fault_of_file(name, "has no commas in its header; separate the columns by commas")]
    header, faults = _aligned(name, header, records)
    # Without a single reference run a study of a released family still makes sense.
    if not records and name != "reference_runs":
        faults.append(fault_of_file(name, "has a header but no rows; add some, or delete it"))
    whole = {line: record for line, record in records.items() if len(record) == len(header)}
    frame = pd.DataFrame(list(whole.values()), index=list(whole), columns=header, dtype=str)
    named = frame.loc[:, ~frame.columns.duplicated()]
    return named.drop(columns=[""], errors="ignore"), faults + _unnamed(name, frame) + _doubles(name, header)


def _content(path: Path) -> tuple[str, str]:
    """Text of a file, and why there is none."""
    if problem := not_a_file(path):
        return "", problem
    try:
        if path.stat().st_size > LARGEST:
            return "", "has more than 1 GiB; no table of this kind is so large"
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", f"is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8"
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    # What looks the same to everybody is the same.
    return content if content.isascii() else unicodedata.normalize("NFC", content).replace("\u00a0", " "), ""


def _aligned(name: str, header: list[str], records: dict[int, list[str]]) -> tuple[list[str], list[Fault]]:
    """Cut off the empty columns that spreadsheets leave at the right, and list rows that do not fit the header."""
    while header and not header[-1] and not any(any(record[len(header) - 1 :]) for record in records.values()):
        header = header[:-1]
    wrong: dict[tuple[int, bool], list[int]] = {}
    for line, record in records.items():
        while len(record) > len(header) and not record[-1]:
            record.pop()
        if len(record) != len(header):
            wrong.setdefault((len(record), bool(_split_number(record, header))), []).append(line)
    faults = []
    for (cells, _), lines in wrong.items():
        remedy = _misfit(cells > len(header), _split_number(records[lines[0]], header))
        faults.append(fault_at(name, lines, f"has {cells} cells under a header of {len(header)}; {remedy}"))
    return header, faults


def _misfit(wide: bool, split: str) -> str:
    if split:
        return f"quote a text that has commas, and write numbers with a decimal point ({split})"
    return "quote a text that has commas" if wide else "write a comma for each column"


def _split_number(record: list[str], header: list[str]) -> str:
    """A number that its decimal comma seems to have split over two cells, where there are too many cells."""
    pairs = pairwise(record) if len(record) > len(header) else ()
    return next((f"{one}.{two}" for one, two in pairs if WHOLE.fullmatch(one) and REST.fullmatch(two)), "")


def _unnamed(name: str, frame: pd.DataFrame) -> list[Fault]:
    """List rows with cells under an empty header."""
    places = [place for place, column in enumerate(frame.columns) if column == ""]
    filled = {place: frame.index[frame.iloc[:, place] != ""] for place in places}
    return [
        fault_at(name, rows, f"has a value under the empty header of column {place + 1}; name the column, or delete it")
        for place, rows in filled.items()
        if len(rows)
    ]


def _doubles(name: str, header: list[str]) -> list[Fault]:
    twice = sorted({column for column in header if column and header.count(column) > 1})
    return [fault_of_file(name, f"has column '{visible(column)}' twice; delete one") for column in twice]

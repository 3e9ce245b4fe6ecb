"""Make tables of ours out of a published one: what its columns mean is guessed, and every guess told.

A table may be wide, with one column for each benchmark, or long, with one row for each score.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.data.columns import PUBLIC_NAMES
from bayesdensity.data.faults import quoted, visible
from bayesdensity.data.legible import FACTORS, NOTHING
from bayesdensity.data.reading import not_a_file

COLUMNS = (
    *("llm", "params_total", "params_active", "release_date", "train_tokens", "organization", "family"),
    *("benchmark", "score", "shots", "harness", "source"),
)
ALSO = {
    "params_active": "activeparams activeparameters activatedparams activatedparameters",
    "organization": "organisation org developer lab company creator",
    "family": "modelfamily series",
    "harness": "evaluator",
    "source": "url link reference",
}
"""What others call columns that a table of ours need not have."""
MAGNITUDES = {"": 1.0, **{word: 10.0**power for word, power in FACTORS.items()}}
SIZES, SCORES = ("params_total", "params_active", "train_tokens"), ("metric", "shots", "harness", "source")
SMALLEST = 1e5
"""Sizes below it are in a unit that their column does not say."""
IN_NAME = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)\s?([BbMm])(?![A-Za-z0-9])")
"""Size in the name of a model: Llama-3-8B, but not 8x22B, which is no number of parameters."""


class Imported(NamedTuple):
    """Tables of ours, and what was guessed on the way."""

    llms: pd.DataFrame
    scores: pd.DataFrame
    guesses: list[str]


def import_table(path: Path, benchmarks: Sequence[str], known: pd.DataFrame) -> Imported:
    """Make tables of LLMs and of scores out of one table.

    Parameters
    ----------
    path : Path
        CSV with commas, semicolons or tabs.
    benchmarks : sequence of str
        Names of benchmarks that are known.
    known : pandas.DataFrame
        Table of LLMs that are known, from which release date, size and family are taken where the table has none.

    Returns
    -------
    Imported

    Raises
    ------
    InputError
        If the file is no table, or has no column of models or none of scores.
    """
    guesses = list[str]()
    raw = _read(path, guesses)
    columns = _columns(raw, guesses)
    if "llm" not in columns:
        raise InputError(f"{path.name}: no column names models; call it 'model'. Columns: {', '.join(raw.columns)}.")
    names = raw[columns["llm"]].str.strip()
    if not (named := names != "").all():
        guesses.append(f"{(~named).sum()} of {len(raw)} rows name no model: left out")
    raw, names = raw[named], names[named]
    llms = pd.DataFrame({"llm": names})
    for column in ("release_date", *SIZES, "organization", "family"):
        if column in columns:
            llms[column] = _cells(column, raw[columns[column]], columns[column], guesses)
    scores = _scores(raw, names, columns, benchmarks, guesses)
    if scores.empty:
        raise InputError(
            f"{path.name}: no column of scores was recognised; give one column for each benchmark, called as in "
            f"benchmarks.csv, or the columns 'benchmark' and 'score'. Columns: {', '.join(raw.columns)}."
        )
    found = Imported(_filled(_one_each(llms, guesses), known, guesses), scores, guesses)
    if found.llms.empty:
        raise InputError(f"{visible(path)}: no model has a size, such as 7B, in a column of sizes or in its name.")
    return found


def _read(path: Path, guesses: list[str]) -> pd.DataFrame:
    """The cells of a file as text, whatever separates them."""
    if problem := not_a_file(path):
        raise InputError(f"{visible(path)}: {problem}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    if "\0" in text:
        raise InputError(f"{visible(path)}: is no text in UTF-8 or Latin-1; export it as CSV in UTF-8.")
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{visible(path)} row {reader.line_num}: is not CSV: {error}; check the quotes.") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(f"{path}: no table with a header, rows and two columns or more; export it as CSV.")
    width = len(rows[0])
    if wide := sum(any(cell.strip() for cell in row[width:]) for row in rows[1:]):
        guesses.append(f"{wide} rows have more cells than the header: those beyond it are not read")
    cells = [(row + [""] * width)[:width] for row in rows[1:]]
    frame = pd.DataFrame(cells, columns=[cell.strip() for cell in rows[0]], dtype=str)
    again = frame.columns.duplicated() & (frame.columns != "")
    if again.any():
        guesses.append(f"columns of a name that an earlier one has are not read: {quoted(list(frame.columns[again]))}")
    return frame.loc[:, ~again & (frame.columns != "")]


def _key(name: str) -> str:
    """A name without case, units in brackets, spaces and marks."""
    return re.sub(r"[^a-z0-9+]", "", re.sub(r"[\(\[].*?[\)\]]", "", name).lower())


def _columns(raw: pd.DataFrame, guesses: list[str]) -> dict[str, str]:
    """The column of the table that has what a column of ours has."""
    keys, found = {_key(name): name for name in reversed(raw.columns)}, dict[str, str]()
    for ours in COLUMNS:
        aliases = [_key(ours), *PUBLIC_NAMES.get(ours, "").split(), *ALSO.get(ours, "").split()]
        given = next((keys[alias] for alias in aliases if alias in keys), None)
        if given is not None and given not in found.values():
            found[ours] = given
            if given != ours:
                guesses.append(f"'{given}' is {ours}")
    return found


def _cells(column: str, cells: pd.Series, given: str, guesses: list[str]) -> pd.Series:
    """Cells of a column of LLMs, as ours are written."""
    if column == "release_date":
        return _told(cells.map(_day), cells, f"dates of '{given}' are no unambiguous days: left empty", guesses)
    if column not in SIZES:
        return cells.str.strip()
    values = _told(cells.map(_number), cells, f"cells of '{given}' are no numbers: left empty", guesses)
    unit = re.search(r"[\(\[]\s*(?:in\s+)?([kmbt])", given.lower()) or re.search(r"_([mb])$", given.lower())
    factor, said = (MAGNITUDES[unit[1]], "as its name says") if unit else (1e9, "a guess")
    small = values < SMALLEST
    if small.any():
        guesses.append(f"{small.sum()} numbers of '{given}' are multiplied by {factor:g}, {said}")
    return values.where(~small, values * factor)


def _told[T](read: pd.Series, cells: pd.Series, what: str, guesses: list[str]) -> pd.Series:
    """What was read, when it is told how many cells were not."""
    if lost := int((read.isna() & (cells.str.strip() != "")).sum()):
        guesses.append(f"{lost} {what}")
    return read


def _number(text: str) -> float:
    """A number as people write it: 13B, 1,234, 7.5e9, 0,5; no number for anything else, such as 8x22B."""
    match = re.fullmatch(r"[~≈]?\s*([\d.,]+(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)\s*%?", text.strip())
    if not match or match[2].lower() not in MAGNITUDES:
        return np.nan
    digits = match[1]
    digits = digits.replace(",", ".") if re.fullmatch(r"\d+,\d{1,2}", digits) else digits.replace(",", "")
    try:
        return float(digits) * MAGNITUDES[match[2].lower()]
    except ValueError:
        return np.nan


def _day(text: str) -> str | None:
    """A day in ISO form; of a month its middle; None where day and month cannot be told apart."""
    text = text.strip()
    if re.fullmatch(r"\d{4}[-/]\d{1,2}", text):
        text += "-15"
    clear = re.fullmatch(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ].*)?", text) or re.search("[A-Za-z]{3}", text)
    day = pd.to_datetime(text.replace("/", "-"), errors="coerce") if clear else pd.NaT
    return None if pd.isna(day) else f"{day:%Y-%m-%d}"


def _scores(
    raw: pd.DataFrame, names: pd.Series, columns: dict[str, str], benchmarks: Sequence[str], guesses: list[str]
) -> pd.DataFrame:
    """Scores of a wide or of a long table; several of a model on a benchmark are averaged."""
    known = {_key(name): name for name in benchmarks}
    if "benchmark" in columns and "score" in columns:
        given = raw[columns["benchmark"]].map(lambda text: known.get(_key(text), ""))
        strange = sorted(set(raw.loc[given == "", columns["benchmark"]]))
        cells = pd.DataFrame({"llm": names, "benchmark": given, "score": raw[columns["score"]]})
        more = {name: raw[columns[name]] for name in SCORES if name in columns}
        long = cells.assign(**more)[given != ""]
    else:
        taken = {name: known[_key(name)] for name in raw if _key(name) in known and name not in columns.values()}
        strange = [name for name in raw if name not in taken and name not in columns.values()]
        parts = [pd.DataFrame({"llm": names, "benchmark": ours, "score": raw[name]}) for name, ours in taken.items()]
        long = pd.concat(parts) if parts else pd.DataFrame(columns=["llm", "benchmark", "score"], dtype=str)
    if strange:
        guesses.append("no benchmark that is known, and not read: " + ", ".join(map(repr, strange[:12])))
    long = long[~long["score"].str.strip().str.lower().isin({"", "nan", *NOTHING})]
    values = _told(long["score"].map(_number).astype(float), long["score"], "scores are no numbers: left out", guesses)
    percent = long["score"].str.contains("%") | (values.groupby(long["benchmark"]).transform("max") > 1)
    if percent.any():
        guesses.append(f"{percent.sum()} scores are percentages: divided by 100")
    long = long.assign(score=values.where(~percent, values / 100))[values.notna()]
    key = [name for name in long.columns if name != "score"]
    once = long.groupby(key, sort=False, as_index=False)["score"].mean()
    if len(once) < len(long):
        guesses.append(f"{len(long) - len(once)} scores repeat a model on a benchmark: averaged with the first")
    return once


def _one_each(llms: pd.DataFrame, guesses: list[str]) -> pd.DataFrame:
    """One row for each LLM: the first cell that is not empty."""
    full = llms.replace("", None)
    once = full.groupby("llm", sort=False, as_index=False).first()
    differ = full.groupby("llm").nunique().gt(1).any(axis=1)
    if differ.any():
        guesses.append(f"rows of {', '.join(differ.index[differ][:5])} disagree on what the model is: the first counts")
    return once


def _filled(llms: pd.DataFrame, known: pd.DataFrame, guesses: list[str]) -> pd.DataFrame:
    """What the table does not say of LLMs, from their names and from LLMs that are known."""
    same = known.assign(key=known["llm"].map(_key)).drop_duplicates("key").set_index("key")
    keys = llms["llm"].map(_key)
    take: dict[str, Callable[[pd.Series], pd.Series]] = {"release_date": lambda day: day.dt.strftime("%Y-%m-%d")}
    for column in ("release_date", "params_total", "params_active", "family"):
        ours = keys.map(take.get(column, lambda cells: cells)(same[column]))
        own = llms[column] if column in llms else pd.Series(None, index=llms.index, dtype=object)
        here = own.isna() & ours.notna()
        if here.any():
            guesses.append(f"{column} of {here.sum()} models is that of the bundled table")
        llms[column] = own.where(~here, ours)
    named = llms["llm"].str.extract(IN_NAME)
    size = pd.to_numeric(named[0]) * named[1].str.lower().map(MAGNITUDES)
    here = llms["params_total"].isna() & size.notna()
    if here.any():
        guesses.append(f"params_total of {here.sum()} models is the number in their names")
        llms["params_total"] = llms["params_total"].where(~here, size)
    dated, sized = (
        "give it in llms.csv, or studies leave them out",
        "left out; give them one in the file, and import again",
    )
    for column, what, then in (("release_date", "release date", dated), ("params_total", "size", sized)):
        if lost := int(llms[column].isna().sum()):
            guesses.append(f"{lost} models have no {what}: {then}")
    return llms[llms["params_total"].notna()]

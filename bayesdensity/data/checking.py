"""Check the cells of a table: legible, possible, and not at odds with each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

import pandas as pd

from bayesdensity.data.columns import completed
from bayesdensity.data.faults import Fault, fault_at, fault_of_cells, fault_of_rows
from bayesdensity.data.legible import NOT_FINITE, days, kind_of, numbers, other_unit, remedy
from bayesdensity.data.names import impossible_names, strange_characters
from bayesdensity.data.schemas import FLAGS, KEYS, SCHEMAS, Column

MOST_SHOTS = 10_000
"""Examples that a prompt may have."""
REPEATED = {"scores": "average what was measured several times, or tell it apart by source or harness"}
"""What to do about rows of the same key, where it is not to delete one."""


def checked_cells(
    name: str, raw: pd.DataFrame, *, unneeded: Collection[str] = (), unique: bool = True
) -> tuple[pd.DataFrame, list[Fault]]:
    """Check the cells of a table.

    Parameters
    ----------
    name : str
        Of the table.
    raw : pandas.DataFrame
        Its cells as text, by line.
    unneeded : collection of str
        Required columns that need not be there.
    unique : bool
        Whether rows of the same key are a fault.

    Returns
    -------
    frame : pandas.DataFrame
        All documented columns, typed.
    faults : list of Fault
    """
    strange = strange_characters(name, raw)
    raw, missing, incomplete = completed(name, raw, unneeded)
    raw, of_words = _words(name, raw)
    frame, illegible = _typed(name, raw)
    faults = [*strange, *incomplete, *of_words, *illegible, *impossible_names(name, frame)]
    faults += _impossible(name, raw, frame, {*missing, *unneeded})
    told = {row for fault in faults for row in fault.rows}
    faults += [*_at_odds(name, raw, frame, missing, told), *(_repeated(name, frame, missing) if unique else [])]
    if "answer_is_letter" in frame:
        frame["answer_is_letter"] = frame["answer_is_letter"] == "true"
    return frame, faults


def _words(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Bring words into their one spelling, and list those that are none: flags, shots, losses of runs left out."""
    if name == "reference_runs":
        diverged = (raw["role"] == "excluded") & raw["loss"].str.fullmatch(NOT_FINITE.pattern, case=False)
        return raw.assign(loss=raw["loss"].mask(diverged, "")), []
    if name != "scores":
        return raw, []
    raw = raw.assign(shots=raw["shots"].str.replace(r"^([0-9]+)\.0+$", r"\1", regex=True), flag=_flags(raw["flag"]))
    return raw, [*_wrong_shots(raw), *_slips_of_flags(raw)]


def _wrong_shots(raw: pd.DataFrame) -> list[Fault]:
    problems = raw["shots"].map({cell: _shots_problem(cell) for cell in raw["shots"].unique()})
    return [
        fault_of_cells("scores", raw, rows, "shots", str(problem))
        for problem, rows in raw.index.groupby(problems).items()
        if problem
    ]


def _shots_problem(cell: str) -> str:
    if re.fullmatch("[0-9]+", cell):
        few = len(cell) <= 9 and int(cell) <= MOST_SHOTS
        return "" if few else f"is no number of examples in a prompt (at most {MOST_SHOTS}); correct it"
    if match := re.fullmatch(r"([0-9]+)[- ]?shots?", cell, re.I):
        return f"has a word too many; write {match[1]}"
    if NOT_FINITE.fullmatch(cell) or not (cell == "" or cell[0].isalpha()):
        return "is no number of examples in a prompt; write a whole number from 0 on or a word, such as 5 or few"
    return ""


def _flags(cells: pd.Series) -> pd.Series:
    """Flags without the spaces about them."""
    return cells.map({cell: ";".join(map(str.strip, cell.split(";"))) for cell in cells.unique()})


def _slips_of_flags(raw: pd.DataFrame) -> Iterator[Fault]:
    """List flags that are almost documented ones: a study that refuses those would take the score."""
    meant: dict[str, str] = {}
    for word in sorted({word for cell in raw["flag"].unique() for word in cell.split(";")} - {*FLAGS, ""}):
        if len(parts := [part for part in re.split(r"[\s,|/+]+", word.lower()) if part]) > 1 and {*parts} <= {*FLAGS}:
            meant[word] = f"{';'.join(parts)}"
        elif close := get_close_matches(word.lower(), FLAGS, n=1, cutoff=0.8):
            meant[word] = close[0]
    for word, right in meant.items():
        at = raw.index[(";" + raw["flag"] + ";").str.contains(f";{word};", regex=False)]
        yield fault_of_cells("scores", raw, at, "flag", f"has the unknown word '{word}'; did you mean '{right}'?")


def _typed(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Make numbers and dates of text; what is not legible becomes missing and a fault."""
    typed = raw.copy()
    faults = []
    for column, spec in SCHEMAS[name].columns.items():
        if spec.type == "number":
            typed[column] = numbers(raw[column])
            wrong = raw.loc[(raw[column] != "") & typed[column].isna() & ~_inherited(raw, spec, column), column]
            kinds = wrong.map({cell: kind_of(cell, column, spec) for cell in wrong.unique()})
            for rows in wrong.index.groupby(kinds).values():
                told = remedy(raw.at[rows.min(), column], column, spec)
                told += ", and so on" if raw.loc[rows, column].nunique() > 1 else ""
                faults.append(fault_of_cells(name, raw, rows, column, told))
        elif spec.type == "date":
            typed[column], problems = days(raw[column])
            wrong = raw.loc[(raw[column] != "") & typed[column].isna(), column]
            illegible = f"is not a date; write it like {spec.example}"
            for problem, rows in wrong.index.groupby(problems[wrong.index].replace("", illegible)).items():
                faults.append(fault_of_cells(name, raw, rows, column, str(problem)))
    return typed, faults


def _inherited(raw: pd.DataFrame, spec: Column, column: str) -> pd.Series:
    """Tell the cells that only repeat another column, which has its faults told itself."""
    return pd.Series(False, index=raw.index) if spec.like is None else raw[column] == raw[spec.like]


def _impossible(name: str, raw: pd.DataFrame, typed: pd.DataFrame, unneeded: Collection[str]) -> list[Fault]:
    """List what the schema refuses: empty cells, unknown words, values out of range."""
    faults = []
    for column, spec in SCHEMAS[name].columns.items():
        own = ~_inherited(raw, spec, column)
        problems = [*_outside(spec, raw[column], typed[column])]
        if not spec.empty and spec.default is None and column not in unneeded:
            problems.append(("is empty; every row needs it", raw[column] == ""))
        for problem, wrong in problems:
            if (at := own & wrong).any():
                faults.append(fault_of_cells(name, raw, raw.index[at], column, problem))
    return faults


def _outside(spec: Column, cells: pd.Series, values: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """What is wrong with values that a column cannot have, and which they are."""
    if spec.words:
        yield spec.fault, ~cells.isin(spec.words)
    if spec.type != "number":
        return
    low, high = (values < spec.low) & ~((values == 0) & spec.zero), values > spec.high
    if spec.above:
        yield spec.above, high
    else:
        low |= high
    yield spec.fault + other_unit(spec.kind, values[low].to_numpy(float)), low
    if spec.whole:
        yield f"is no whole number; write it like {spec.example}", ~low & values.notna() & (values % 1 != 0)


def _at_odds(name: str, raw: pd.DataFrame, frame: pd.DataFrame, missing: set[str], told: set[int]) -> list[Fault]:
    """List rows whose cells are at odds with each other, unless one of them is a fault already."""
    if missing or frame.empty:  # checks across columns would trip over what is not there
        return []
    sound, faults = ~frame.index.isin(list(told)), []
    for problem, rule in SCHEMAS[name].rules.items():
        wrong = sound & ~rule(frame).to_numpy(bool)
        if wrong.any():
            faults.append(fault_of_rows(name, raw, frame.index[wrong], problem))
    return faults


def _repeated(name: str, frame: pd.DataFrame, missing: set[str]) -> list[Fault]:
    """List rows that have the key of an earlier row; those without a name have none."""
    key = list(KEYS[name])
    if missing.intersection(key) or frame.empty:
        return []
    names = [column for column in key if SCHEMAS[name].columns[column].kind == "name"]
    named = frame[(frame[names] != "").all(axis=1)]
    again = named.index[named.duplicated(key)]
    if again.empty:
        return []
    by_key = pd.Series(named.index, named.index).groupby([named[column] for column in key], dropna=False)
    first, same = by_key.transform("min")[again[0]], ", ".join(key)
    one = f"repeats row {first} (same {same})"
    several = f"each repeats an earlier row, as row {again[0]} repeats row {first} (same {same})"
    return [fault_at(name, again, f"{one if len(again) == 1 else several}; {REPEATED.get(name, 'delete one of them')}")]

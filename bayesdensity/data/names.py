"""Names in tables: characters that none may have, names that look the same, and which name another one may mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import get_close_matches

import pandas as pd

from bayesdensity.data.faults import Fault, fault_at, quoted, visible
from bayesdensity.data.schemas import FREE_TEXT, LINKS, SCHEMAS, Column

LONGEST_NAME = 200
"""Characters that a name may have."""
SEARCHED = 20
"""Names for which a likeness is looked for, which is slow."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_OF_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
UNSEEN_LETTERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0\ufffd")
"""Characters that look like nothing, or stand for what was lost, though their category does not say so."""
DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def key(name: str) -> str:
    """What a name looks like: names with the same key are told apart by nobody who reads them."""
    if name.isascii():
        return " ".join(name.casefold().split())
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", name) if not _is_unseen(letter))
    return " ".join(DASHES.sub("-", plain).casefold().split())


def difference(name: str, other: str) -> str:
    """What tells two names apart that look the same."""
    if name.casefold() == other.casefold():
        return "upper and lower case"
    odd = sorted({letter for letter in name + other if not letter.isascii() and (letter in name) != (letter in other)})
    return " and ".join(map(_named, odd)) or "spaces"


def finder(names: Iterable[str]) -> Callable[[str, bool], tuple[str, str]]:
    """Make a search among names for the one that another may mean.

    It is given the other name, and whether to look for a likeness, which is slow. It returns the name, empty if there
    is none, and what tells the two apart if they look the same.
    """
    known = sorted(set(names) - {""})
    alike = {key(name): name for name in reversed(known)}
    of_letters = {_letters(name): name for name in reversed(known)}

    def find(given: str, search: bool = True) -> tuple[str, str]:
        if same := alike.get(key(given)):
            return same, difference(given, same)
        if (letters := _letters(given)) and letters in of_letters:
            return of_letters[letters], ""
        close = get_close_matches(given[:LONGEST_NAME], known, n=1) if search else []
        return (close[0] if close else ""), ""

    return find


def _letters(name: str) -> str:
    return re.sub(r"[^\w+]|_", "", key(name))


def _is_unseen(letter: str) -> bool:
    category = unicodedata.category(letter)
    variant = "\ufe00" <= letter <= "\ufe0f"
    return category in ("Cf", "Zl", "Zp", "Cs", "Co", "Cn") or variant or letter in UNSEEN_LETTERS


def _named(letter: str) -> str:
    return f"U+{ord(letter):04X} ({unicodedata.name(letter, 'without a name')})"


def strange_characters(name: str, raw: pd.DataFrame) -> list[Fault]:
    """List cells with characters that are not seen: control characters anywhere, and in names all others too."""
    schema, faults = SCHEMAS[name].columns, []
    for column in raw.columns:
        spec = schema.get(column, Column())
        free = column in FREE_TEXT or column not in schema
        numeric = spec.type != "text"
        kinds: dict[str, list[str]] = {}
        different = raw[column].unique().tolist()
        if (together := "".join(different)).isascii() and not CONTROL.search(together):
            continue
        for cell in different:
            if found := _strange(cell, free, numeric):
                kinds.setdefault(found, []).append(cell)
        for character, cells in kinds.items():
            text = f"{visible(column)} {quoted(cells)} {_told(character, cells[0], different)}"
            faults.append(fault_at(name, raw.index[raw[column].isin(cells)], text))
    return faults


def _strange(cell: str, free: bool, numeric: bool) -> str:
    """The first character of a cell that is not seen."""
    if found := (CONTROL_OF_TEXT if free else CONTROL).search(cell):
        return found[0]
    if free or numeric or cell.isascii():
        return ""
    return next(
        (letter for letter in cell if _is_unseen(letter) or (unicodedata.category(letter) == "Zs" and letter != " ")),
        "",
    )


def _told(character: str, cell: str, cells: Iterable[str]) -> str:
    if character == "\n":
        return r"has a line break (\x0a); write it in one line"
    if CONTROL.match(character):
        return f"has the control character {visible(character)}; delete it"
    if unicodedata.category(character) == "Zs":
        return f"has the space {_named(character)}; write a plain space"
    twin = next((name for name in cells if name != cell and key(name) == key(cell)), "")
    also = f" (there is '{visible(twin)}' too)" if twin else ""
    return f"has the invisible character {_named(character)}{also}; delete it"


def is_strange(name: str) -> bool:
    """Whether a name has a character that is told as a fault of its cell."""
    return bool(_strange(name, free=False, numeric=False))


def impossible_names(name: str, frame: pd.DataFrame) -> list[Fault]:
    """List names that are too long, and those that only look like another one of their column."""
    faults = []
    for column, spec in SCHEMAS[name].columns.items():
        if spec.kind != "name" or column not in frame:
            continue
        own = frame[column] if spec.like is None else frame.loc[frame[column] != frame[spec.like], column]
        long = own[own.str.len() > LONGEST_NAME]
        if len(long):
            size = f"has {len(long.iloc[0])} characters; shorten it to {LONGEST_NAME} at most"
            faults.append(fault_at(name, long.index, f"{column} {quoted(list(long.unique()), 1)} {size}"))
        if (name, column) not in LINKS and column != "parent":
            faults += _twins(name, column, own)
    return faults


def _twins(name: str, column: str, cells: pd.Series) -> list[Fault]:
    """List names that look like an earlier one of the column; all that look so are one fault."""
    first: dict[str, str] = {}
    twins: dict[str, str] = {}
    for cell in cells.unique():
        earlier = first.setdefault(key(cell), cell)
        if earlier != cell and not is_strange(cell) and not is_strange(earlier):
            twins[cell] = earlier
    if not twins:
        return []
    cell, earlier = next(iter(twins.items()))
    others = f" (and {len(twins) - 1} more such names)" if len(twins) > 1 else ""
    text = (
        f"{column} '{visible(cell)}' is '{visible(earlier)}' of row {cells.index[cells == earlier][0]} but for "
        f"{difference(cell, earlier)}{others}; give one thing one spelling"
    )
    return [fault_at(name, cells.index[cells.isin(list(twins))], text)]

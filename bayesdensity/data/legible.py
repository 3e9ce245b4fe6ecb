"""Numbers and dates as they are written in tables: read strictly, and what to write instead of what is not legible."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from bayesdensity.base.written import NUMBER, day_of
from bayesdensity.data.schemas import Column
from bayesdensity.study.spec import FIRST_DAY

FACTORS = {
    **dict.fromkeys(("k", "thousand"), 3),
    **dict.fromkeys(("m", "mn", "mio", "million"), 6),
    **dict.fromkeys(("b", "bn", "g", "billion"), 9),
    **dict.fromkeys(("t", "tn", "trillion"), 12),
}
"""Powers of ten that letters and words after a number stand for."""
NOTHING = frozenset({"na", "n/a", "#n/a", "none", "null", "-", "--", "?", "unknown", "tbd", "tba", "nil", "#value!"})
"""What people write where there is no value."""
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.I)
TABLES_DAY = "2026-11-29"
"""Day of the bundled tables: a clock that lies before it is wrong."""
LEAST_TOKENS_PER_PARAMETER, MOST_TOKENS_PER_PARAMETER = 0.1, 1e5
"""A median of training tokens per parameter beyond these is a slip of units."""


def numbers(cells: pd.Series) -> pd.Series:
    """Numbers of texts; missing where a text is none. Infinity has no digits, and so is none."""
    codes, texts = pd.factorize(cells)
    pattern, largest = re.compile(NUMBER), np.finfo(float).max
    values = [float(text) if pattern.fullmatch(text) else math.nan for text in texts]
    return pd.Series(np.clip(np.array(values, dtype=float), -largest, largest)[codes], index=cells.index)


def days(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Dates of texts in ISO form, missing where a text is none or impossible, and what is impossible about the dates.

    Other spellings are ambiguous between countries.
    """
    codes, texts = pd.factorize(cells)
    last = max(date.today().isoformat(), TABLES_DAY)
    found = [_day(text, last) for text in texts]
    legible = pd.Series(np.array([day for day, _ in found] or [""], dtype=object)[codes], index=cells.index)
    problem = pd.Series(np.array([why for _, why in found] or [""], dtype=object)[codes], index=cells.index)
    return pd.to_datetime(legible, format="%Y-%m-%d").astype("datetime64[ns]"), problem


def _day(text: str, last: str) -> tuple[str | None, str]:
    day = day_of(text)
    if day is None:
        return None, ""
    if text > last:
        return None, f"lies in the future (after {last}); correct it, or leave it empty"
    if day < FIRST_DAY:
        return None, f"lies before language models ({FIRST_DAY} at the earliest); correct it, or leave it empty"
    return text, ""


def remedy(cell: str, column: str, spec: Column) -> str:
    """What to do about a cell that is no number: the number it seems to mean, or how numbers are written.

    Parameters
    ----------
    cell : str
        Its text.
    column : str
    spec : Column
        What the column may hold.
    """
    if column == "loss" and NOT_FINITE.fullmatch(cell):
        return "is not a number: the run diverged; leave the run out, or give it the role 'excluded'"
    if rewritten := _rewritten(cell, spec)[1]:
        return f"is not a number; write {rewritten}"
    otherwise = ", or leave the cell empty" if spec.empty else ", or leave the row out"
    return f"is not a number; write it like {spec.example}{otherwise if cell.lower() in NOTHING else ''}"


def kind_of(cell: str, column: str, spec: Column) -> int:
    """Number of the rule that mends a cell: those of one kind are told together.

    Parameters
    ----------
    cell : str
        Its text.
    column : str
    spec : Column
        What the column may hold.
    """
    if cell.lower() in NOTHING or (column == "loss" and NOT_FINITE.fullmatch(cell)):
        return -1 if cell.lower() in NOTHING else -2
    return _rewritten(cell, spec)[0]


def _rewritten(cell: str, spec: Column) -> tuple[int, str]:
    """Number of the rule that mends a cell, and what to write instead; nothing where none does."""
    found = ((index, told) for index, rule in enumerate(RULES) if (told := rule(cell, spec.kind)))
    return next(found, (len(RULES), ""))


def _percentage(cell: str, kind: str) -> str | None:
    match = re.fullmatch(rf"({NUMBER})\s*%", cell)
    if not match or kind != "share":
        return None
    return f"{Decimal(match[1]).scaleb(-2):f}, without the % and divided by 100"


def _suffixed(cell: str, kind: str) -> str | None:
    match = re.fullmatch(rf"({NUMBER})\s*([A-Za-z]+)\.?(?:\s*[A-Za-z]+)?", cell)
    if not match or kind not in ("size", "tokens", "count") or match[2].lower() not in FACTORS:
        return None
    return _power(match[1], FACTORS[match[2].lower()])


def _mixture(cell: str, kind: str) -> str | None:
    match = re.fullmatch(r"([0-9]{1,4})\s*[x\u00d7]\s*([0-9.]+)\s*([A-Za-z]+)", cell)
    if not match or kind != "size" or match[3].lower() not in FACTORS or not re.fullmatch(NUMBER, match[2]):
        return None
    power = FACTORS[match[3].lower()]
    whole = _power(f"{Decimal(match[1]) * Decimal(match[2]):f}", power)
    return f"{whole} ({match[1]} x {_power(match[2], power)}), less what the experts share"


def _power(number: str, power: int) -> str:
    return f"{number}e{power}" if "e" not in number.lower() else f"{Decimal(number) * 10**power:g}"


def _power_of_ten(cell: str, kind: str) -> str | None:
    match = re.fullmatch(r"(?:([0-9.]+)\s*[x\u00d7*\u00b7]\s*)?10\s*(?:\^|\*\*)\s*\{?([+-]?[0-9]{1,3})\}?", cell)
    return f"{match[1] or 1}e{match[2]}" if match else None


def _separated(cell: str, kind: str) -> str | None:
    for pattern, apart in ((r"[0-9]+(_[0-9]+)+", "_"), (r"[0-9]{1,3}([ '\u2019][0-9]{3})+", "[ '\u2019]")):
        if re.fullmatch(rf"[+-]?{pattern}(\.[0-9]+)?", cell):
            return f"{re.sub(apart, '', cell)}, without separators"
    return None


def _with_commas(cell: str, kind: str) -> str | None:
    if kind in ("size", "tokens", "count") and re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?", cell):
        return f"{cell.replace(',', '')}, without separators"
    if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+", cell):
        return f"{cell.replace('.', '').replace(',', '.')}, with a decimal point and without separators"
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+", cell):
        return f"{cell.replace(',', '')}, without separators"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?", cell):
        return f"{cell.replace(',', '.')}, with a decimal point"
    return None


def _of_other_letters(cell: str, kind: str) -> str | None:
    plain = unicodedata.normalize("NFKC", cell)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf").replace("\u2212", "-").strip()
    return f"{plain}, in plain digits" if plain != cell and re.fullmatch(NUMBER, plain) else None


def _hexadecimal(cell: str, kind: str) -> str | None:
    return "it in decimal digits" if re.fullmatch("[+-]?0[xXoObB][0-9A-Fa-f]+", cell) else None


RULES: tuple[Callable[[str, str], str | None], ...] = (
    _percentage,
    _suffixed,
    _mixture,
    _power_of_ten,
    _separated,
    _with_commas,
    _of_other_letters,
    _hexadecimal,
)
"""What to write instead of a cell, by how it is written."""


def other_unit(kind: str, values: np.ndarray) -> str:
    """The unit that numbers too small for a size or an amount of tokens seem to be in, and what to do about it."""
    largest = values.max(initial=0.0)
    if kind == "size":
        if largest < 100:
            return "; if sizes are in billions, multiply by 1e9"
        also = "; in billions, by 1e9" if largest <= 3000 else ""
        return f"; if sizes are in millions, multiply by 1e6{also}"
    if kind == "tokens":
        larger = "in trillions, by 1e12" if largest < 1000 else "in millions, by 1e6"
        return f"; if tokens are in billions, multiply by 1e9; {larger}"
    return ""

"""Numbers and days as they are written: in ASCII digits, finite, and in one form each."""

from __future__ import annotations

import math
import re
from datetime import date

from bayesdensity.base.errors import InputError

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
NO_DAY = "is no date; write it like 2024-07-18"
"""What is said of a text that writes no day."""


def number_of(text: str) -> float | None:
    """The finite number that a text writes; None if it writes none.

    `float` reads more: ``nan``, ``inf``, ``0_5`` and digits of every script.

    Examples
    --------
    >>> number_of("7e9"), number_of("0_5"), number_of("1e400")
    (7000000000.0, None, None)
    """
    text = text.strip()
    value = float(text) if re.fullmatch(NUMBER, text) else math.nan
    return value if math.isfinite(value) else None


def day_of(text: str) -> date | None:
    """The day that a text writes as year, month and day; None if it writes none.

    `date.fromisoformat` reads more: ``20250101`` and ``2025-W01-1``.

    Examples
    --------
    >>> day_of("2024-07-18"), day_of("20240718"), day_of("2024-02-30")
    (datetime.date(2024, 7, 18), None, None)
    """
    try:
        return date.fromisoformat(text) if re.fullmatch(DAY, text) else None
    except ValueError:
        return None


def required_day(text: str) -> date:
    """The day that a text writes.

    Raises
    ------
    InputError
        If it writes none.
    """
    day = day_of(text)
    if day is None:
        raise InputError(f"'{text}' {NO_DAY}.")
    return day

"""How numbers are written for a reader, in texts, tables, figures and errors: every format stands here.

It stands in this room because results, cards and figures write numbers too, and come before what renders them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from textwrap import fill
from typing import Any, SupportsFloat

import numpy as np

ENDS = ("median", "lower", "upper")
"""Of every interval, in the order in which they are written."""
SURE = 0.999
"""A probability beyond which it is only said to be above that."""
UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))

Form = Callable[[float], str]


def fixed(digits: int) -> Form:
    """The form with so many decimals."""
    return f"{{:.{digits}f}}".format


def months(value: SupportsFloat) -> str:
    """Months to a tenth, from a hundred on to one: 3.4, 156, inf; a dash where there is none."""
    value = float(value)
    return "-" if np.isnan(value) else f"{value:.1f}" if value < 100 or np.isinf(value) else f"{value:.0f}"


def density(value: float) -> str:
    """A ratio to three digits."""
    return f"{value:.3g}"


def scaled(value: float) -> str:
    """Three digits, with an exponent where the number is very small or very large: 0.347, 1.94e+03 never as 1940.0."""
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def size(value: float, digits: int = 3) -> str:
    """Parameters or tokens: 7.24B, 190M, 15T."""
    value = float(f"{value:.{digits}g}")
    unit, letter = next(((unit, letter) for unit, letter in UNITS if value >= unit), (1.0, ""))
    return f"{float(f'{value / unit:.{digits}g}'):g}{letter}"


def percent(value: float, digits: int = 0) -> str:
    """A share of one: 90%."""
    return f"{value:.{digits}%}"


def chance(value: float) -> str:
    """A posterior probability in a sentence: = 0.89, above 0.999."""
    digits = 3 if min(value, 1 - value) < 0.005 else 2  # not 1.00 where it is not certain
    return (
        f"above {SURE:g}" if value > SURE else f"below {1 - SURE:.3f}" if value < 1 - SURE else f"= {value:.{digits}f}"
    )


def interval(row: Any, form: Form = months, prefix: str = "") -> str:
    """Median and ends of an interval: 3.4 [2.9, 4.1]; never, of months that are infinite throughout.

    Parameters
    ----------
    row : mapping
        With ``median``, ``lower`` and ``upper``.
    form : callable
        Of each number.
    prefix : str
        That begins their names: ``density_`` reads ``density_median``.
    """
    if form is months and float(row[f"{prefix}lower"]) == np.inf:
        return "never"
    middle, lower, upper = (form(float(row[f"{prefix}{end}"])) for end in ENDS)
    return f"{middle} [{lower}, {upper}]"


def enumerated(names: Iterable[object]) -> str:
    """Names as a sentence lists them: MMLU, BBH and MATH."""
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last


def in_lines(text: str, width: int) -> str:
    """Text in lines of at most so many characters, none of which breaks an interval."""
    whole = re.sub(r"\S+ \[[^]]*\]", lambda match: match[0].replace(" ", "\xa0"), text)
    return fill(whole, width, break_long_words=False, break_on_hyphens=False).replace("\xa0", " ")

"""What the published versions of the densing law state, contradictions included, to compare with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

DAYS_PER_MONTH = 365.25 / 12
TRENDS = ("doubling time", "growth rate A", "R2")
"""Beginnings of the names of the claims about the trend."""


def read_claims() -> pd.DataFrame:
    """Read the bundled claims.

    Returns
    -------
    pandas.DataFrame
        Columns claim, value and unit as stated, source, and ``months``: the months to double (or to halve) that a claim
        of a doubling time or of a growth rate amounts to, otherwise not a number.

    Examples
    --------
    >>> claims = read_claims().set_index("claim")
    >>> print(f"{claims.at['growth rate A, v2, section 3.3', 'months']:.2f}")
    3.12
    """
    claims = pd.read_csv(Path(__file__).parent / "claims.csv", dtype=str, keep_default_na=False)
    number = pd.to_numeric(claims["value"], errors="coerce")
    # A is a rate of natural logarithms a day.
    days = {"months": number * DAYS_PER_MONTH, "days": number, "1/day": np.log(2) / number}
    days |= {"years": number * 12 * DAYS_PER_MONTH, "times a year": 12 * DAYS_PER_MONTH * np.log(2) / np.log(number)}
    months = pd.Series(np.nan, index=claims.index)
    for unit, doubling in days.items():
        months = months.mask(claims["unit"] == unit, doubling / DAYS_PER_MONTH)
    return claims.assign(months=months)


def read_taught() -> pd.DataFrame:
    """Pairs of teachers and students that the paper calls compression and the table of LLMs does not; as stated."""
    return pd.read_csv(Path(__file__).parent / "compression_pairs.csv", dtype=str, keep_default_na=False)


def trend_claims() -> pd.DataFrame:
    """Claims about the trend: doubling times, growth rates and R^2."""
    claims = read_claims()
    return claims[claims["claim"].str.startswith(TRENDS)]

"""Days that a fit can be asked about: those of its releases, and some years about them."""

from __future__ import annotations

from bayesdensity.base.errors import InputError
from bayesdensity.base.written import required_day
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import HORIZON
from bayesdensity.quantities.estimate import window

BEFORE = 1
"""Years before the first release: of earlier ones the trend says nothing."""


def require_days(fit: Fit, *days: str | None) -> None:
    """Refuse days that lie beyond what the trend of a fit is carried on to, or are none.

    Parameters
    ----------
    fit : Fit
    *days : str or None
        ISO dates; None is none of them.

    Raises
    ------
    InputError
        If one lies more than a year before the first release, or more than `HORIZON` years after the last.
    """
    first, last = window(fit)
    earliest, latest = _moved(first, -BEFORE), _moved(last, int(HORIZON))
    for day in filter(None, days):
        required_day(day)
        if not earliest <= day <= latest:
            raise InputError(
                f"{day} is out of reach of the fit, whose releases are of {first} to {last}; "
                f"name a date from {earliest} to {latest}."
            )


def _moved(day: str, years: int) -> str:
    return f"{int(day[:4]) + years:04d}{day[4:]}"

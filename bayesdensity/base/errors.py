"""What can go wrong in a request, as exceptions whose text is the sentence the user reads."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BayesDensityError(Exception):
    """Any fault the package reports on purpose; `exit_status` is what the command line returns."""

    exit_status = 2


class InputError(BayesDensityError):
    """The request was wrong: a bad table, study, file or option (exit status 2)."""


class UnidentifiedError(BayesDensityError):
    """The data cannot answer the question, so no number is given (exit status 3)."""

    exit_status = 3


def one_of(given: str, valid: Iterable[str], what: str) -> str:
    """The sentence that answers an unknown name: what was given, the nearest valid name, all valid names.

    Parameters
    ----------
    given : str
    valid : iterable of str
    what : str
        What the names are names of, in the singular.
    """
    names = sorted(valid)
    close = get_close_matches(given, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    shown = ", ".join(names[:30]) + (f", ... ({len(names)} in all)" if len(names) > 30 else "")
    return f"there is no {what} '{given}'.{hint} Valid: {shown}."

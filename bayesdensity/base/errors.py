"""What can go wrong in a request, as exceptions whose text is the sentence the user reads, and how it is shown."""

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


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end; it is treated as Ctrl-C is."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number


def printable(text: str, keep: str = "\n") -> str:
    r"""Text as a terminal may be given it: control characters and what cannot be seen as escapes.

    Parameters
    ----------
    text : str
    keep : str
        Characters that are left as they are.

    Examples
    --------
    >>> print(printable("a\x1b[31m\u202eb"))
    a\x1b[31m\u202eb
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _escape(ord(c)) for c in text)


def _escape(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


class SamplerError(BayesDensityError):
    """The sampler stopped with an error, so that there is no result (exit status 2)."""


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
    close = [name for name in names if name.casefold() == given.casefold()] or get_close_matches(given, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    shown = ", ".join(names[:30]) + (f", ... ({len(names)} in all)" if len(names) > 30 else "")
    return f"there is no {what} '{given}'.{hint} Valid: {shown}."

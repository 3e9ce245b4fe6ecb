"""The command line: thin commands over the Python API. Heavy modules are imported inside commands."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from cyclopts import CycloptsError

from bayesdensity.base.errors import BayesDensityError, InputError
from bayesdensity.base.progress import say
from bayesdensity.cli.common import app, ended
from bayesdensity.cli.surroundings import (
    PIPE_CLOSED,
    heeding_signals,
    keep_compiled,
    lost_output,
    prepare_streams,
    reason,
)

__all__ = ["app", "main"]

for module in iter_modules(__path__):  # each registers its commands
    import_module(f"{__name__}.{module.name}")

WRONG = InputError.exit_status


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one message on standard error and an exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        None: those of the process.
    """
    # A command is short: looking for cycles costs a tenth of its time, half of that when the process ends.
    gc.disable()
    try:
        status, fault = _outcome(sys.argv[1:] if arguments is None else list(arguments))
        lost = lost_output()
    finally:
        gc.freeze()
        gc.enable()
    if isinstance(lost, BrokenPipeError):  # whoever read has enough
        sys.exit(PIPE_CLOSED)
    if lost is not None:
        status, fault = WRONG, f"error: {reason(lost)}"
    if fault:
        say(fault)
    sys.exit(status)


def _outcome(arguments: list[str]) -> tuple[int, str]:
    """Exit status of a command, and what is said of its fault."""
    try:
        with heeding_signals():
            prepare_streams()
            keep_compiled()
            _check(arguments)
            return _status(app(arguments, exit_on_error=False, print_error=False)), ""
    except SystemExit as done:
        return _status(done.code), ""
    except BayesDensityError as error:
        return error.exit_status, f"error: {error}"
    except CycloptsError as error:
        error.verbose = False
        return WRONG, f"error: {error}"
    except KeyboardInterrupt as stop:
        word, status = ended(stop)
        return status, f"{word}; nothing was written."
    except BrokenPipeError:
        return PIPE_CLOSED, ""
    except OSError as error:
        return WRONG, f"error: {reason(error)}"
    except MemoryError as error:
        return WRONG, f"error: not enough memory{f' ({error})' if str(error) else ''}."
    except RecursionError:
        return WRONG, "error: what was given is nested too deeply."
    except UnicodeError as error:
        return WRONG, f"error: a text that is no UTF-8: {error}."


def _status(code: object) -> int:
    return code if isinstance(code, int) else 0 if code is None else WRONG


def _check(arguments: list[str]) -> None:
    """Refuse arguments that say nothing, or that are no text."""
    for one in arguments:
        option, equals, value = one.partition("=")
        if not one.strip() or (option.startswith("-") and equals and not value.strip()):
            raise InputError(f"an argument is empty: '{one}'; give a value, or leave the option out.")
        if "\0" in one or (not one.isascii() and any("\ud800" <= character <= "\udfff" for character in one)):
            raise InputError(f"an argument is no text in UTF-8: '{one}'.")

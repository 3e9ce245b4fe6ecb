"""What a command runs in: streams that are full, closed or ASCII, signals, and a home that cannot be written to."""

from __future__ import annotations

import atexit
import errno
import io
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from bayesdensity.base.errors import InputError, Stopped, printable

PIPE_CLOSED = 141
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What a stream answers that takes no more; files are written by what names them."""
CLOSED = "standard output: it is closed; give the command a place to print to."


def put(text: str, end: str = "\n") -> None:
    """Print on standard output, control characters as escapes."""
    print(printable(text), end=end)


def prepare_streams() -> None:
    """Make both streams ones that take every character.

    Raises
    ------
    InputError
        If standard output is closed.
    """
    if sys.stderr is None:  # its number would go to the next file that is opened, and libraries write to it
        sys.stderr = os.fdopen(os.dup2(os.open(os.devnull, os.O_WRONLY), 2), "w")
    if sys.stdout is None:
        raise InputError(CLOSED)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def lost_output() -> OSError | None:
    """Why what was printed could not be written; nothing more is then written, by the end of the process neither."""
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def reason(error: OSError) -> str:
    """What went wrong with which file, in one line."""
    if error.errno == errno.ENAMETOOLONG:
        return f"{error.filename}: no such file; the name is too long."
    said = error.strerror or " ".join(str(error).split()) or type(error).__name__
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {said}."
    return f"standard output: {said}." if error.errno in FULL else f"{said}."


def keep_compiled() -> None:
    """Let compiled models be kept in a folder of this run alone where the home cannot be written to.

    Raises
    ------
    InputError
        If there is none to be had.
    """
    flags, home = os.environ.get("PYTENSOR_FLAGS", ""), Path(os.path.expanduser("~"))
    if os.name == "nt" or "compiledir=" in flags or (home / ".pytensorrc").exists():
        return
    with suppress(OSError):
        (home / ".pytensor").mkdir(exist_ok=True)
        if os.access(home / ".pytensor", os.W_OK):
            return
    try:
        folder = tempfile.mkdtemp(prefix="bayesdensity-")
    except OSError as error:
        raise InputError(
            f"{home}: no compiled model can be kept there; set PYTENSOR_FLAGS=base_compiledir=FOLDER."
        ) from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PYTENSOR_FLAGS"] = ",".join(filter(None, (flags, f"base_compiledir={folder}")))


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Let what asks a command to end do so as Ctrl-C does; what is ignored, as under nohup, stays ignored."""
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in heeded:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(number)

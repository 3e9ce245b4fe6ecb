"""Files are written whole or not at all, by one run at a time, and where they cannot be is known before the work."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bayesdensity.base.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has no such locks: two runs are then not told apart
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 180
"""Bytes of the name of a file that stand in the name of its part, which must not be too long itself."""
LEFT = 3600.0
"""Seconds after which a part is that of a run that was killed."""
EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""A name that is there already, a planted link above all, is refused."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of texts that spreadsheets take for formulas."""
NUMBERS = re.compile(r"[+-]\d[\d.,%e\[\] +-]*")
"""A number with its sign, alone or with its interval."""


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file under another name beside it, then move it into place.

    Content and name are on the disk when it returns. What killed runs left beside it is removed.

    Raises
    ------
    InputError
        If it is a folder, its folder does not exist, or nothing can be written there.
    """
    with _written(path, content) as part, _refusing(path):
        os.replace(part, path)
        _sync_folder(path.parent)
    return path


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all or none: nothing is moved into place before all lie beside their places.

    They are moved in the order given. Where one cannot be, those before it are as they were again. A process that is
    killed between two moves leaves the first ones new.

    Raises
    ------
    InputError
        As of `write_whole`.
    """
    with ExitStack() as stack:
        parts = {path: stack.enter_context(_written(path, content)) for path, content in contents.items()}
        former = {path: path.read_bytes() if path.exists() else None for path in contents}
        moved: list[Path] = []
        try:
            for path, part in parts.items():
                with _refusing(path):
                    os.replace(part, path)
                    moved.append(path)
                    _sync_folder(path.parent)
        except BaseException:
            for path in moved:
                content = former[path]
                path.unlink() if content is None else write_whole(path, content)
            raise


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """A part beside a file, with its content on the disk; it is gone afterwards unless it was moved."""
    with _refusing(path):
        _refuse_kind(path)
        _remove_left(path)
        part = _part(path)
    try:
        with _refusing(path), os.fdopen(os.open(part, EXCLUSIVE, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        with suppress(OSError):
            part.unlink()


def writable(path: Path) -> None:
    """Refuse a file that could not be written later, before the work that it is for; nothing is left behind.

    Raises
    ------
    InputError
        If its folder does not exist, it is a folder or its name too long, or nothing can be written there.
    """
    if not os.path.isdir(path.parent):
        raise InputError(f"{path}: there is no folder {path.parent}; make it, or choose another place with -o.")
    with _refusing(path):
        _refuse_kind(path)
        _probe(path)


def writable_folder(folder: Path) -> None:
    """Refuse a folder, there or to be made, that no file could be written into; nothing is left behind.

    Raises
    ------
    InputError
        If it is a file, its parent does not exist, its name is too long, or nothing can be written there.
    """
    with _refusing(folder):
        if os.path.isdir(folder):
            _probe(folder / "probe")
        elif os.path.lexists(folder):
            raise InputError(f"{folder}: is a file; name a folder.")
        elif not os.path.isdir(folder.parent):
            raise InputError(f"{folder}: there is no folder {folder.parent}; make it, or choose another place with -o.")
        else:
            _probe(folder)


@contextmanager
def alone(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read and append to, which no other run may meanwhile; it is made if it is not there.

    Raises
    ------
    InputError
        If another run holds it, or nothing can be written there.
    """
    with _refusing(path):
        _refuse_kind(path)
        file = path.open("a+b")
    with file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{path}: another run is writing there; wait for it, or choose another place with -o."
            ) from error
        except OSError:  # a file system without locks
            pass
        yield file


@contextmanager
def alone_in(folder: Path, patience: float = 30.0) -> Iterator[None]:
    """Be the only run that changes the files of a folder; another one is waited for. Nothing is left in the folder.

    Parameters
    ----------
    folder : Path
    patience : float
        Seconds to wait.

    Raises
    ------
    InputError
        If another run holds it for longer.
    """
    if fcntl is None:  # Windows
        yield
        return
    with _refusing(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder, time.monotonic() + patience)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise InputError(f"{folder}: another run is writing there; wait for it, then try again.") from error
            time.sleep(0.05)
            continue
        except OSError:  # a file system without locks
            pass
        return


def append(file: BinaryIO, path: Path, content: bytes) -> None:
    """Add to an open file what is to be on the disk when it returns; raises as `write_whole` does.

    Parameters
    ----------
    file : BinaryIO
        Open for appending.
    path : Path
        Named where it cannot be written to, or read.
    content : bytes
    """
    with _refusing(path):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in, unless it is there.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot make a folder there ({error.strerror}); choose another place with -o."
        ) from error


def csv_text(table: pd.DataFrame, *, index: bool = True, digits: int = 6) -> str:
    """A table as the text of a CSV file, numbers to so many digits.

    Texts that a spreadsheet would take for formulas, which begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
    return, get an apostrophe before them; numbers stay as they are.

    Parameters
    ----------
    table : pandas.DataFrame
    index : bool
        Whether the index is written as the first column.
    digits : int
        Significant digits of floats.
    """
    safe = table.copy(deep=False)
    for at in range(table.shape[1]):
        column = table.iloc[:, at]
        if column.dtype.kind == "O" and any(map(_is_formula, column)):
            safe.isetitem(at, [_as_text(cell) for cell in column])
    if any(_is_formula(cell) for label in table.index for cell in (label if isinstance(label, tuple) else [label])):
        safe = safe.rename(index=_as_text)
    return str(safe.to_csv(index=index, float_format=f"%.{digits}g", lineterminator="\n"))


def write_table(path: Path, table: pd.DataFrame, digits: int = 6) -> Path:
    """Write a table as CSV, with its index, whole or not at all; raises as `write_whole` does.

    Parameters
    ----------
    path : Path
    table : pandas.DataFrame
    digits : int
        Significant digits of floats.

    Returns
    -------
    Path
        That of the file written.
    """
    return write_whole(path, csv_text(table, digits=digits).encode())


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(FORMULA) and not NUMBERS.fullmatch(cell)


def _as_text(cell: Any) -> Any:
    return f"'{cell}" if _is_formula(cell) else cell


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say in one sentence what the system says of a place."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{path}: cannot write there ({why}); choose another place with -o.") from error


def _refuse_kind(path: Path) -> None:
    """Refuse what is no file, which would be replaced by one."""
    if os.path.isdir(path):
        raise InputError(f"{path}: cannot write there (is a folder); name a file with -o.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{path}: cannot write there (no regular file); choose another place with -o.")


def _probe(path: Path) -> None:
    """Make a file beside this one and remove it; a name that is too long is an OSError too."""
    with suppress(FileNotFoundError):
        os.lstat(path)
    part = _part(path)
    os.close(os.open(part, EXCLUSIVE, 0o666))
    part.unlink()


def _part(path: Path) -> Path:
    """A hidden name beside the file that nobody can foresee."""
    return path.with_name(f"{_begin(path)}{secrets.token_hex(8)}.part")


def _begin(path: Path) -> str:
    return f".{os.fsdecode(os.fsencode(path.name)[:LONGEST])}."


def _remove_left(path: Path) -> None:
    """Remove the parts of this file that killed runs left."""
    begin, old = _begin(path), time.time() - LEFT
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            name = entry.name
            ours = name.startswith(begin) and re.fullmatch(r"[0-9a-f]+\.part", name[len(begin) :])
            if ours and entry.stat(follow_symlinks=False).st_mtime < old:
                with suppress(OSError):
                    os.unlink(entry.path)


def _sync_folder(folder: Path) -> None:
    """Bring a name to the disk, where folders can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bayesdensity.base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file under another name beside it, then move it into place.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"{path}: cannot write there ({error.strerror}); choose another place with -o.") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def csv_text(table: pd.DataFrame, *, index: bool = True, digits: int = 6) -> str:
    """A table as the text of a CSV file, numbers to so many digits.

    Parameters
    ----------
    table : pandas.DataFrame
    index : bool
        Whether the index is written as the first column.
    digits : int
        Significant digits of floats.
    """
    return str(table.to_csv(index=index, float_format=f"%.{digits}g", lineterminator="\n"))


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

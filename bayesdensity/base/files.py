"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from bayesdensity.base.errors import InputError


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

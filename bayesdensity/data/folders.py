"""Find the tables of a folder, and files that a user may take for tables although nothing reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

from bayesdensity.data.faults import visible
from bayesdensity.data.schemas import SCHEMAS

ENDINGS = re.compile(r"(\.(csv|tsv|txt|xlsx?|ods|gz|zip|bak))+$")
"""Ends of names of files that may hold a table, in small letters."""


def file_names(names: Iterable[str]) -> str:
    """Names of the files of tables."""
    return ", ".join(f"{name}.csv" for name in names)


def table_paths(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Paths of the tables in a folder by name, and what is wrong with the folder and its files."""
    shown = visible(folder)
    give = f"give a folder that holds {file_names(SCHEMAS)}."
    try:
        held = sorted(os.listdir(folder))
    except NotADirectoryError:
        return {}, [f"{shown}: is a file, no folder; {give}"]
    except (FileNotFoundError, ValueError):
        missing = "is a link to nothing" if folder.is_symlink() else "no such folder"
        return {}, [f"{shown}: {missing}; {give}"]
    except OSError as error:
        return {}, [f"{shown}: no such folder that can be read ({error.strerror}); {give}"]
    paths = {name: folder / f"{name}.csv" for name in SCHEMAS if os.path.lexists(folder / f"{name}.csv")}
    faults = _slips(held, paths)
    if not paths and not faults:
        return {}, [f"{shown}: holds none of {file_names(SCHEMAS)}; name the files so."]
    return paths, faults


def slips_of_files(folder: Path) -> list[str]:
    """Files of a folder, which may hold no table yet, that are called almost like a table that is not there."""
    held = sorted(os.listdir(folder))
    return _slips(held, [name for name in SCHEMAS if f"{name}.csv" in held])


def _slips(held: Iterable[str], there: Collection[str]) -> list[str]:
    """Files that are called almost like a table that is not there."""
    letters = {re.sub("[^a-z]", "", name): name for name in SCHEMAS if name not in there}
    faults = []
    for file in held:
        ending = ENDINGS.search(file.lower())
        stem = re.sub("[^a-z]", "", file.lower()[: ending.start()] if ending else file.lower())
        close = get_close_matches(stem, letters, n=1, cutoff=0.82 if ending else 1.0)
        if close:
            faults.append(f"{visible(file)} is not read; did you mean {letters[close[0]]}.csv?")
    return faults

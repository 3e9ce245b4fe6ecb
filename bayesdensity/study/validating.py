"""What a file states made into a part of a study, or all its faults in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bayesdensity.base.errors import InputError
from bayesdensity.base.part import Part
from bayesdensity.study.spec import Study

SHOWN = 200
"""Characters of a value that a sentence holds, at most."""


def validated[P: Part](kind: type[P], path: Path, tree: Mapping[str, Any]) -> P:
    """What a file describes, unless it has unknown keys or impossible values; all are named at once.

    Parameters
    ----------
    kind : type
        Model of what the file describes.
    path : Path
        The file, named in messages.
    tree : mapping
        Contents of the file.

    Raises
    ------
    InputError
        If a key is unknown or a value impossible.
    """
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise InputError(f"{path.name}: {faults_of(error, kind)}") from error


def faults_of(error: ValidationError, root: type[BaseModel] = Study) -> str:
    """All faults of a study in one sentence each, misspelt keys answered with the valid ones."""
    lines = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"unknown key '{where}'; {_valid_keys(fault['loc'], root)}")
        elif fault["type"] == "missing":
            lines.append(f"missing key '{where}'")
        else:
            said = fault["msg"].removeprefix("Value error, ")
            lines.append(f"'{where}' = {_shown(fault['input'])}: {said}" if where else said)
    return "; ".join(lines) + "."


def _shown(value: Any) -> str:
    """A value as Python has it, without its middle where it is long."""
    whole = value.isoformat() if isinstance(value, date) else repr(value)
    return whole if len(whole) <= SHOWN else f"{whole[: SHOWN // 2]} ... {whole[-SHOWN // 4 :]}"


def _valid_keys(loc: tuple[int | str, ...], root: type[BaseModel]) -> str:
    """The keys that are valid where an unknown one stood."""
    part: Any = root
    for step in loc[:-1]:
        if isinstance(part, type) and issubclass(part, BaseModel) and step in part.model_fields:
            part = part.model_fields[str(step)].annotation
        else:  # a key of a mapping, or a position in a sequence
            part = get_args(part)[1 if get_origin(part) is dict else 0]
        if get_origin(part) in (UnionType, Union):
            part = get_args(part)[0]
    is_part = isinstance(part, type) and issubclass(part, BaseModel)
    return "valid here: " + ", ".join(sorted(part.model_fields)) if is_part else "remove it"

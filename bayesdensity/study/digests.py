"""What a study is known by: a digest of what its model reads, and a fingerprint of every word of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

LENGTH = 12
"""Hexadecimal digits kept of a SHA-256."""
PROSE = ("why",)
"""Fields, of any part, that are for readers alone."""


def what_is_read(value: Any, leave_out: Collection[str] = ()) -> Any:
    """A part of a study without its prose and without what stands at its default, in an order that is always the same.

    A default may therefore never change its meaning: a new behaviour needs a new value, or a new field.

    Parameters
    ----------
    value : Any
        A part, or what stands in one.
    leave_out : collection of str
        Fields of the part itself, not of what it holds, that do not count either.

    Returns
    -------
    Any
        Of dicts, lists and scalars.
    """
    if isinstance(value, BaseModel):
        tree = {}
        for name, field in type(value).model_fields.items():
            stated, default = (what_is_read(one) for one in (getattr(value, name), _default(field)))
            if name not in (*PROSE, *leave_out) and stated != default:
                tree[name] = stated
        return tree
    if isinstance(value, Mapping):
        return {key: what_is_read(part) for key, part in value.items()}
    if isinstance(value, tuple):
        parts = [what_is_read(part) for part in value]
        # Names are a set, whatever the order they are listed in; the ends of an interval are not.
        return parts if any(isinstance(part, float) for part in parts) else sorted(parts, key=_canonical)
    return value


def digest_of(tree: Any) -> str:
    """First digits of the SHA-256 of what `what_is_read` gives."""
    return _short(_canonical(tree).encode())


def fingerprint_of(tree: Any) -> str:
    """First digits of the SHA-256 of the JSON of a whole study, given as a part or as what its JSON holds."""
    return _short(to_json(tree))


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _canonical(tree: Any) -> str:
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), default=str)


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:LENGTH]

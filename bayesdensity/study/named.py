"""Parts of a study that may be taken by name, such as benchmarks and covariates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bayesdensity.base.errors import InputError, one_of


def taken_by_name(stated: Any, known: Mapping[str, Any], *, part: str, what: str, whole: str, otherwise: str) -> Any:
    """Tables of what a list names, or of what stands in tables, completed by what is known of each.

    Parameters
    ----------
    stated : Any
        A list of names, or tables by name; of another kind, it is given back as it is.
    known : mapping
        What is known, by name.
    part : str
        Key of the study.
    what : str
        What is known of a name, in a word.
    whole : str
        Key of a table to which nothing is added.
    otherwise : str
        What else can be done about a name of which nothing is known, before where it is done.

    Raises
    ------
    InputError
        If nothing is known of a name, or it is there twice.
    """
    if isinstance(stated, list):
        for name in stated:
            if stated.count(name) > 1:
                raise InputError(f"{part}: '{name}' is named twice; leave one out.")
            if name not in known:
                raise InputError(f"{part}: {one_of(str(name), known, what)} Or {otherwise} in a table [{part}.{name}].")
        return {name: {**known[name]} for name in stated}
    if not isinstance(stated, Mapping):
        return stated
    return {name: _completed(table, known.get(name, {}), whole) for name, table in stated.items()}


def _completed(table: Any, known: Mapping[str, Any], whole: str) -> Any:
    return table if not isinstance(table, Mapping) or whole in table else {**known, **table}

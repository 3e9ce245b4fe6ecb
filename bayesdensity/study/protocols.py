"""Which benchmarks a study has, and by which protocol: what it states, what it extends, and what is shipped.

A study file states ``benchmarks`` in one of three ways::

    benchmarks = ["MMLU", "BBH"]            # exactly these, by the protocol that is known of each

    [benchmarks.MMLU]                       # exactly the benchmarks that have a table
    map_from = "score_multiple_choice"      # without metrics: the known protocol, but for this
    [benchmarks.Mine]
    metrics = ["acc"]                       # with metrics: a protocol of its own, to which nothing is added
    cot = ["false"]

    [benchmarks]                            # those of the study that is extended,
    without = ["MATH"]                      # but for these,
    with = ["HellaSwag"]                    # and these: names as above, or tables [benchmarks.with.NAME]

Known of a benchmark is its protocol in the study that is extended, or else in ``models/protocols/benchmarks.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.study.named import taken_by_name

Protocols = Mapping[str, Any]
"""Protocol of each benchmark by its name, as TOML has it."""
CHANGES = {"with", "without"}


def chosen_benchmarks(stated: Any, inherited: Protocols, shipped: Protocols) -> Any:
    """Benchmarks of a study with their whole protocols.

    Parameters
    ----------
    stated : Any
        What a file says under ``benchmarks``, in one of the ways above; of another kind, it is given back as it is.
    inherited : mapping
        Protocols of the study that is extended.
    shipped : mapping
        Protocols that any study may take.

    Returns
    -------
    dict of dict
        Protocol by benchmark, in the order they are named.

    Raises
    ------
    InputError
        If nothing is known of a benchmark, or one is left out that is not there.
    """
    known = {**shipped, **inherited}
    if not isinstance(stated, Mapping) or not CHANGES & stated.keys():
        return _whole(stated, known)
    if strange := sorted(stated.keys() - CHANGES):
        raise InputError(
            f"benchmarks: '{strange[0]}' stands beside 'with' or 'without'; state it as benchmarks.with.{strange[0]}."
        )
    left_out = stated.get("without", [])
    for name in left_out:
        if name not in inherited:
            raise InputError(f"benchmarks.without: {one_of(str(name), inherited, 'benchmark')}")
    kept = {name: protocol for name, protocol in inherited.items() if name not in left_out}
    return {**kept, **_whole(stated.get("with", []), known)}


def _whole(stated: Any, known: Protocols) -> Any:
    """The protocols of benchmarks that are named, or stated in tables."""
    more = "state its metrics and cot"
    return taken_by_name(stated, known, part="benchmarks", what="protocol", whole="metrics", otherwise=more)

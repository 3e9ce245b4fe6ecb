"""What tables say that a fit has not seen: LLMs that are new to it, and what was changed or removed."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.format import enumerated
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit

OF_THE_REFERENCE = ("run_", "suite_", "map_", "training_")
"""Beginnings of the names of what is known of reference trainings."""
OF_BENCHMARKS = ("floor", "n_items")
OF_OTHERS = ("benchmark not in the study", "llm not in the study")
"""Reasons to leave a score out that are none of its own."""
DIGITS = 6
"""To which values are compared."""
NAMED = 5
"""LLMs that a sentence names."""


class Changes(NamedTuple):
    """What the selection of a study on some tables has, and a fit has not."""

    added: pd.DataFrame
    """LLMs, as `bayesdensity.data.selection.Selection.llms` has them."""
    scores: pd.DataFrame
    """Their scores."""
    others: list[str]
    """Whatever else differs, a sentence for each kind."""
    unused: list[str]
    """Rows that were added after the last ones that the fit knew, and that its study leaves out; each with why."""

    @property
    def any(self) -> bool:
        """Whether the fit is of other data."""
        return bool(len(self.added) or self.others)


def changes_since(fit: Fit, tables: Tables) -> Changes:
    """Compare what the study of a fit selects of tables with what the fit saw.

    Parameters
    ----------
    fit : Fit
    tables : Tables

    Returns
    -------
    Changes

    Raises
    ------
    InputError
        If the study and the tables do not fit together.
    """
    selection = select(fit.study, tables)
    now, then = assemble(fit.study, selection), fit.data
    new = [name for name in selection.llms.index if name not in set(then["llm"].to_numpy())]
    scores = selection.scores[selection.scores["llm"].isin(new)]
    others = [*_of_llms(then, now), *_of_the_rest(then, now)]
    return Changes(selection.llms.loc[new], scores, others, _unused(fit, tables, selection))


def _unused(fit: Fit, tables: Tables, selection: Selection) -> list[str]:
    if not (since := fit.about.get("tables_date")):
        return []
    told, out = list[str](), selection.left_out[~selection.left_out["reason"].isin(OF_OTHERS)]
    for name, table in (("llms", tables.llms), ("scores", tables.scores)):
        late = table.index[table["added"] > pd.Timestamp(since)]
        rows = out[(out["table"] == name) & out["row"].isin(late)]
        told += [f"{what}: {reason}" for what, reason in zip(rows["what"], rows["reason"], strict=True)]
    return told


def _of_llms(then: xr.Dataset, now: xr.Dataset) -> list[str]:
    before, after = _llms(then), _llms(now)
    both = [name for name in before if name in after]
    kinds = {
        "no longer used": [name for name in before if name not in after],
        "of another size, date or family": [name for name in both if before[name][0] != after[name][0]],
        "with other scores": [name for name in both if before[name][1] != after[name][1]],
    }
    return [f"{_counted(names)} {what}: {_some(names)}" for what, names in kinds.items() if names]


def _of_the_rest(then: xr.Dataset, now: xr.Dataset) -> list[str]:
    told = []
    if _members(then) != _members(now):
        told.append("sizes or scores of the reference differ")
    if then["benchmark"].to_numpy().tolist() != now["benchmark"].to_numpy().tolist():
        return [*told, "benchmarks differ"]
    if not _same(then, now, OF_BENCHMARKS):
        told.append("items or floors of benchmarks differ")
    if not _same(then, now, [str(name) for name in now.data_vars if str(name).startswith(OF_THE_REFERENCE)]):
        told.append("reference trainings differ")
    return told


def _llms(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Facts and scores of each LLM."""
    names, scores = data["llm"].to_numpy(), _scores(data)
    size = np.round(data["log_size"].to_numpy() + data.attrs["log_size_centre"], DIGITS)
    sparsity = np.round(data["log_sparsity"].to_numpy(), DIGITS)
    families = data["family"].to_numpy()[data["family_index"].to_numpy()]
    facts = zip(size, sparsity, data["release_date"].to_numpy(), families, strict=True)
    return {str(name): (fact, scores.get(k)) for k, (name, fact) in enumerate(zip(names, facts, strict=True))}


def _members(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Size and scores of each member of the reference."""
    names, scores, n = data["reference"].to_numpy(), _scores(data), data.sizes["llm"]
    size = np.round(data["reference_log_size"].to_numpy() + data.attrs["log_size_centre"], DIGITS)
    tokens = data.get("reference_log_tokens", xr.zeros_like(data["reference_log_size"])).to_numpy()
    facts = zip(size, np.round(tokens, DIGITS), strict=True)
    return {str(name): (fact, scores.get(n + k)) for k, (name, fact) in enumerate(zip(names, facts, strict=True))}


def _scores(data: xr.Dataset) -> dict[int, Counter[Any]]:
    """Scores of each LLM or member, by its position: how often a harness has a value on a benchmark."""
    entity = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()]
    benchmark = data["benchmark"].to_numpy()[data["score_benchmark"].to_numpy()]
    harness = data["harness_name"].to_numpy()[data["score_harness"].to_numpy()]
    found: dict[int, Counter[Any]] = {}
    for which, *what in zip(entity, benchmark, harness, np.round(data["score_value"].to_numpy(), DIGITS), strict=True):
        found.setdefault(int(which), Counter())[tuple(what)] += 1
    return found


def _same(then: xr.Dataset, now: xr.Dataset, names: Any) -> bool:
    """Whether variables have the same values; a fit may lack those that its model does not read."""
    for name in names:
        if name in then:
            one, other = then[name].to_numpy(), now[name].to_numpy()
            if one.shape != other.shape or not np.allclose(one, other, atol=10.0**-DIGITS, equal_nan=True):
                return False
    return True


def _counted(names: list[str]) -> str:
    return f"{len(names)} {'LLM' if len(names) == 1 else 'LLMs'}"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return enumerated(names) if more <= 0 else ", ".join(names[:NAMED]) + f" and {more} more"

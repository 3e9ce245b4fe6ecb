"""How well each draw of a fit predicts LLMs that it has not seen: what the draws are weighted by to know them too.

What LLMs share comes from the draws. What is an LLM's own is integrated out as in leave-one-out, and so is the effect
of a family that is new, over all its members together; that of a family which the fit has is as drawn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.format import enumerated
from bayesdensity.data.dates import years_from_centre
from bayesdensity.evaluation.integral import Integral
from bayesdensity.evaluation.newcomers import (
    NEW,
    Newcomers,
    harness_effects,
    harness_places,
    has_effects,
    joined,
    with_sizes,
)
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import log_density_ahead

Array = NDArray[np.float64]


def log_evidence(fit: Fit, llms: pd.DataFrame, scores: pd.DataFrame) -> Array:
    """Log density of all scores of LLMs that a fit has not seen, at each of its draws, chains in turn.

    Parameters
    ----------
    fit : Fit
    llms : pandas.DataFrame
        By ``llm``, as `bayesdensity.data.selection.Selection.llms` has them.
    scores : pandas.DataFrame
        Theirs, as `bayesdensity.data.selection.Selection.scores` has them.

    Returns
    -------
    ndarray
        Shape (draw,).
    """
    flat = fit.flat_draws()
    time = years_from_centre(fit.data, list(llms["release_date"]))
    mean = log_density_ahead(fit, time, "typical").reshape(-1, len(llms))  # of all at once: one path of what is ahead
    total = np.zeros(len(mean))
    for group, places in llms.groupby(fit.study.frontier.groups, sort=False).indices.items():
        members = llms.iloc[places]
        data = _dataset(fit, members, scores[scores["llm"].isin(members.index)], time[places])
        total += _of_a_family(fit, str(group), data, {**flat, "mean": mean[:, places]})
    return total


def unweighable(fit: Fit, scores: pd.DataFrame) -> list[str]:
    """Why weights could not carry a fit to LLMs with such scores, a sentence for each reason.

    Parameters
    ----------
    fit : Fit
    scores : pandas.DataFrame
        Of LLMs that it has not seen.
    """
    told, bench, names = list[str](), _benchmark_of(fit, scores), scores["harness"].to_numpy(str)
    unknown = harness_places(fit, names, bench) == NEW
    pairs = pd.Series(list(zip(names[unknown], bench[unknown], strict=True)), dtype=object)
    if len(shared := sorted({str(name) for name, _ in pairs[pairs.duplicated()]})):
        told.append(f"a harness that is new to the fit measured several of the scores: {', '.join(shared)}")
    if (unknown & ~has_effects(fit)[bench]).any():
        told.append("a benchmark that one harness alone had measured has a second one")
    if fit.data.attrs.get("censored"):
        told.append("reference.beyond = 'censored': scores beyond the reference are not predicted")
    if words := [name for name, one in fit.study.covariates.items() if one.computed is None]:
        told.append(f"density goes with {enumerated(words)}, which is read of the LLMs of a fit alone")
    if fit.study.reference.inference == "cut":
        told.append("reference.inference = 'cut': what weights tell would flow back into the reference")
    return told


def _of_a_family(fit: Fit, family: str, data: xr.Dataset, drawn: dict[str, Array]) -> Array:
    """Log density of all scores of some members of one family; shape (draw,)."""
    drawn, data = with_sizes(fit, drawn, data)
    families = fit.data["family"].to_numpy().tolist()
    known = fit.study.frontier.family_effects and family in families
    if known:
        drawn["mean"] = drawn["mean"] + drawn["family_effect"][:, [families.index(family)]]
    everyone = np.ones(data.sizes["llm"], dtype=bool)
    integral = Integral(fit, data, drawn, everyone, harnesses=harness_effects(fit, data, drawn))
    if known or not fit.study.frontier.family_effects:
        return np.asarray(integral.without_families().sum(axis=1))
    return np.asarray(integral.log_families()[:, 0])


def _dataset(fit: Fit, llms: pd.DataFrame, scores: pd.DataFrame, time: Array) -> xr.Dataset:
    """LLMs of one family joined as the dataset of a fit is, by its centres; without a reference."""
    position = pd.Series(range(len(llms)), index=llms.index)
    rows = scores.assign(entity=scores["llm"].map(position), bench=_benchmark_of(fit, scores))
    rows = rows.sort_values(["bench", "entity", "harness"], kind="stable")
    cells = rows.drop_duplicates(["entity", "bench"])
    cell = pd.MultiIndex.from_frame(cells[["entity", "bench"]]).get_indexer(
        pd.MultiIndex.from_frame(rows[["entity", "bench"]])
    )
    bench = rows["bench"].to_numpy(int)
    new = Newcomers(
        log_size=np.log(llms["size"].to_numpy(float)) - fit.data.attrs["log_size_centre"],
        log_sparsity=np.log((llms["params_total"] / llms["params_active"]).to_numpy(float)),
        log_train_tokens=np.log(llms["train_tokens"].to_numpy(float)),
        time=time,
        cell_llm=cells["entity"].to_numpy(int),
        cell_benchmark=cells["bench"].to_numpy(int),
        score=rows["score"].to_numpy(float),
        score_cell=cell,
        score_harness=harness_places(fit, rows["harness"].to_numpy(str), bench),
    )
    return joined(fit, new)


def _benchmark_of(fit: Fit, scores: pd.DataFrame) -> NDArray[np.int_]:
    return np.asarray(pd.Index(fit.data["benchmark"].to_numpy()).get_indexer(pd.Index(scores["benchmark"])))

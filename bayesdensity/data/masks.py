"""The joined dataset with other scores, or without some: only values differ, so that a compiled model serves again."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.data.cells import cells_of, scores_of
from bayesdensity.data.pseudo import UNKNOWN_WEIGHT, harness_departures, implied, link_centres

LINK = ("link_centre", "link_position", "link_spread")
"""Where the prior of the links is stated."""


def with_scores(
    data: xr.Dataset,
    values: np.ndarray | None = None,
    keep_llms: np.ndarray | None = None,
    keep_scores: np.ndarray | None = None,
) -> xr.Dataset:
    """The dataset with other scores in the same places, or without some: those of some targets, or any.

    A model compiled for a dataset can be sampled again on this one: nothing but values differs.

    Parameters
    ----------
    data : xarray.Dataset
    values : ndarray, optional
        Scores, dim ``score``; None: those of the dataset.
    keep_llms : ndarray, optional
        Whether the scores of each target are known, dim ``llm``; None: all are.
    keep_scores : ndarray, optional
        Whether each score is known, dim ``score``; None: all are.

    Returns
    -------
    xarray.Dataset
    """
    value = data["score_value"].to_numpy() if values is None else np.asarray(values, dtype=float)
    cell, bench, harness, _ = scores_of(data)
    entity, floor = data["cell_entity"].to_numpy(), data["floor"].to_numpy()
    keep = np.ones(len(cell), dtype=bool) if keep_scores is None else keep_scores
    if keep_llms is not None:
        keep = keep & np.append(keep_llms, np.ones(data.sizes["reference"], dtype=bool))[entity[cell]]
    # A score that says only that the reference would have to be larger is kept at the bound, and told apart.
    data = data.assign(reach=("benchmark", _reach(data, value, keep)))
    above = beyond_reach(data, value)
    beyond = above & data.attrs["censored"]
    value = np.where(beyond, data["reach"].to_numpy()[bench], value)
    beyond, keep = beyond & keep, keep & ~beyond
    known = np.bincount(cell, keep) > 0
    value = np.where(keep | beyond, value, (1 + floor[bench]) / 2)  # what is left out may not even round differently
    counted = keep | ~known[cell]  # a cell without any known score says nothing, whatever its values
    logit, share, pseudo = implied(value, floor[bench], cell, len(entity), counted)
    pseudo["weight"] = np.where(known, pseudo["weight"], UNKNOWN_WEIGHT)
    pull = harness_departures(logit, share, pseudo["weight"][cell] * keep, cell, harness, data.sizes["harness"])
    own = np.arange(len(entity)) < data.attrs["n_target_cells"]
    per_cell = np.bincount(cell, logit * counted) / np.bincount(cell, counted)
    # Beyond the reference its curve is not what they tell.
    told = np.bincount(cell, above) == 0
    weight = np.where(own & known & told, pseudo["weight"], 0.0)
    centre = link_centres(per_cell, weight, entity, data["cell_benchmark"].to_numpy(), len(floor))
    n_above = np.maximum(np.bincount(bench, above & keep, len(floor)), 1)
    beyond_score = np.maximum(
        np.bincount(bench, value * (above & keep), len(floor)) / n_above, data["reach"].to_numpy()
    )
    return data.assign(
        {
            "beyond_score": ("benchmark", beyond_score),
            "score_value": ("score", value),
            "score_keep": ("score", keep),
            "score_beyond": ("score", beyond),
            "score_share": ("score", share),
            **{f"cell_{name}": ("cell", values) for name, values in pseudo.items()},
            **{f"harness_{name}": ("harness", values) for name, values in pull.items()},
            **{f"link_{name}": ("benchmark", values) for name, values in centre.items()},
        }
    )


def without_targets(data: xr.Dataset) -> xr.Dataset:
    """The dataset without a score of any target: what the reference says alone, under the same priors."""
    return under_same_priors(data, ~scores_of(data).is_target)


def under_same_priors(data: xr.Dataset, keep_scores: np.ndarray) -> xr.Dataset:
    """The dataset with only some of its scores known, and the prior of the links where all of them placed it."""
    return with_scores(data, keep_scores=keep_scores).assign({name: data[name] for name in LINK if name in data})


def _reach(data: xr.Dataset, value: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Best score of a member of the reference, or of a training of the ladder, on each benchmark; 1 without any."""
    cells, scores = cells_of(data), scores_of(data)
    if not len(cells.member) and not data.sizes["map"]:
        return data["reach"].to_numpy()  # what it was fitted to is not kept
    count = np.bincount(scores.cell, keep)
    mean = np.bincount(scores.cell, value * keep) / np.maximum(count, 1)
    reach = np.zeros(data.sizes["benchmark"])
    np.maximum.at(reach, cells.member_benchmark, mean[cells.n_targets :])
    np.maximum.at(reach, data["map_benchmark"].to_numpy(), data["map_value"].to_numpy())
    return np.where(reach > 0, reach, 1.0)


def beyond_reach(data: xr.Dataset, value: np.ndarray) -> np.ndarray:
    """Which scores of targets are at least the best that the reference is known to reach, dim ``score``."""
    scores = scores_of(data)
    return np.asarray(scores.is_target & (value >= data["reach"].to_numpy()[scores.benchmark]))


def inside(data: xr.Dataset) -> xr.Dataset:
    """The dataset in which scores beyond those of the reference say only that: its curve is not read where none is."""
    return with_scores(
        data.assign_attrs(censored=True), keep_scores=(data["score_keep"] | data["score_beyond"]).to_numpy()
    )


def targets_only(data: xr.Dataset) -> xr.Dataset:
    """The dataset without the scores of reference members, and without harnesses that measured nobody else."""
    scores = scores_of(data)
    rows = np.flatnonzero(scores.is_target)
    used, harness = np.unique(scores.harness[rows], return_inverse=True)
    left = data.isel(cell=slice(cells_of(data).n_targets), score=rows, harness=used)
    return with_scores(
        left.assign(score_harness=("score", harness)),
        keep_scores=(data["score_keep"] | data["score_beyond"]).to_numpy()[rows],
    )

"""LLMs that a fit has not seen, joined as its dataset is, and what its draws say of their sizes and harnesses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.data.cells import told_harnesses
from bayesdensity.data.pseudo import implied
from bayesdensity.draws import Gaussian
from bayesdensity.inference.result import Fit

Array = NDArray[np.float64]
Index = NDArray[np.int_]
NEW = -1
"""Position of a harness that the fit does not have."""


class Newcomers(NamedTuple):
    """LLMs of one family with their cells and scores; cells and their scores in order."""

    log_size: Array
    """From the centre of the sizes of the fit; of each LLM."""
    log_sparsity: Array
    """Total over active parameters; of each LLM."""
    time: Array
    """Years from the mean release date of the fit; of each LLM."""
    cell_llm: Index
    cell_benchmark: Index
    score: Array
    score_cell: Index
    score_harness: Index
    """Among the harnesses of the fit; `NEW` where it has none such on the benchmark."""


def joined(fit: Fit, new: Newcomers) -> xr.Dataset:
    """The dataset of newcomers, without a reference, by the centres and the benchmarks of a fit."""
    known, n = fit.data, len(new.log_size)
    bench = new.cell_benchmark[new.score_cell]
    _, share, pseudo = implied(new.score, known["floor"].to_numpy()[bench], new.score_cell, len(new.cell_llm))
    of_benchmarks = [name for name in known.data_vars if known[name].dims == ("benchmark",)]
    parts: dict[Any, Any] = {
        "log_size": ("llm", new.log_size),
        "log_sparsity": ("llm", new.log_sparsity),
        "time": ("llm", new.time),
        "family_index": ("llm", np.zeros(n, int)),
        "family_time": ("family", [new.time.mean()]),
        "cell_entity": ("cell", new.cell_llm),
        "cell_benchmark": ("cell", new.cell_benchmark),
        **{f"cell_{name}": ("cell", values) for name, values in pseudo.items()},
        "score_value": ("score", new.score),
        "score_keep": ("score", np.ones(len(new.score), bool)),
        "score_cell": ("score", new.score_cell),
        "score_benchmark": ("score", bench),
        "score_harness": ("score", new.score_harness),
        "score_share": ("score", share),
    }
    return known[of_benchmarks].assign(parts).assign_attrs({**known.attrs, "n_target_cells": len(new.cell_llm)})


def with_sizes(drawn: dict[str, Array], data: xr.Dataset) -> dict[str, Array]:
    """Draws with the log sizes of newcomers where these are inferred, and with what size adds to their mean.

    Parameters
    ----------
    drawn : dict of ndarray
        Draws first; ``mean`` is what is expected of each LLM at its release, its size left aside.
    data : xarray.Dataset
        As `joined` makes it.
    """
    size, found = data["log_size"].to_numpy(), dict(drawn)
    if "total_share" in drawn:
        size = size + (drawn["total_share"][:, None] - 0.5) * data["log_sparsity"].to_numpy()
        found["own_log_size"] = size
    if "size_effect" in drawn:
        found["mean"] = drawn["mean"] + drawn["size_effect"][:, None] * size
    return found


def harness_effects(fit: Fit, data: xr.Dataset, drawn: dict[str, Array]) -> Gaussian:
    """Effect of the harness of each score: as drawn of one that the fit has, else with its prior; and inflation.

    Parameters
    ----------
    fit : Fit
    data : xarray.Dataset
        As `joined` makes it.
    drawn : dict of ndarray
        Draws first.
    """
    bench, harness = data["score_benchmark"].to_numpy(), data["score_harness"].to_numpy()
    known = harness != NEW
    mean, sd = np.zeros((2, len(drawn["mean"]), len(bench)))
    mean[:, known] = drawn["harness_effect"][:, harness[known]]
    unknown = ~known & has_effects(fit)[bench]
    sd[:, unknown] = drawn["harness_scale"][:, bench[unknown]]
    if "score_inflation" in drawn:
        entity = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()]
        mean = mean + drawn["score_inflation"][:, None] * data["time"].to_numpy()[entity]
    return Gaussian(mean, sd)


def harness_places(fit: Fit, names: NDArray[np.str_], bench: Index) -> Index:
    """Position of each harness on its benchmark among those of a fit; `NEW` where it has none such.

    Parameters
    ----------
    fit : Fit
    names : ndarray of str
    bench : ndarray of int
        Position of the benchmark of each.
    """
    known = zip(fit.data["harness_name"].to_numpy().tolist(), fit.data["harness_benchmark"].to_numpy(), strict=True)
    places = {pair: k for k, pair in enumerate(known)}
    return np.array([places.get(pair, NEW) for pair in zip(names.tolist(), bench, strict=True)], dtype=int)


def has_effects(fit: Fit) -> NDArray[np.bool_]:
    """Whether harnesses of a benchmark have effects: one alone has none."""
    several = fit.data["harness_benchmark"].to_numpy()[told_harnesses(fit.data)]
    return np.isin(np.arange(fit.data.sizes["benchmark"]), several)

"""LLMs that a fit has not seen, joined as its dataset is, and what its draws say of their sizes and harnesses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.data.cells import told_harnesses
from bayesdensity.data.pseudo import implied
from bayesdensity.draws import Draws, Gaussian
from bayesdensity.inference.result import Fit
from bayesdensity.study.covariates import SIZE, log_benchmark_age

Array = NDArray[np.float64]
Index = NDArray[np.int_]
SEED = 1
"""Of what is not known of covariates."""
NEW = -1
"""Position of a harness that the fit does not have."""


class Newcomers(NamedTuple):
    """LLMs of one family with their cells and scores; cells and their scores in order."""

    log_size: Array
    """From the centre of the sizes of the fit; of each LLM."""
    log_sparsity: Array
    """Total over active parameters; of each LLM."""
    log_train_tokens: Array
    """Not a number where unknown; of each LLM."""
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
    of_benchmarks = [name for name in known.data_vars if known[name].dims in (("benchmark",), ("covariate",))]
    parts: dict[Any, Any] = {
        "log_size": ("llm", new.log_size),
        "log_sparsity": ("llm", new.log_sparsity),
        "log_train_tokens": ("llm", new.log_train_tokens),
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
    if fit.study.covariates:
        parts |= {"covariate_in_cell": (("cell", "covariate"), _in_cells(known, new))}
    return known[of_benchmarks].assign(parts).assign_attrs({**known.attrs, "n_target_cells": len(new.cell_llm)})


def with_sizes(fit: Fit, drawn: dict[str, Array], data: xr.Dataset) -> tuple[dict[str, Array], xr.Dataset]:
    """Draws and dataset with the log sizes of newcomers where these are inferred, and with their covariates.

    What is not known of the covariates of a newcomer is that of an LLM of the fit, another at each draw.

    Parameters
    ----------
    fit : Fit
    drawn : dict of ndarray
        Draws first; ``mean`` is what is expected of each LLM at its release, of average size and with covariates at
        their centres.
    data : xarray.Dataset
        As `joined` makes it.
    """
    size, found = data["log_size"].to_numpy(), dict(drawn)
    if "total_share" in drawn:
        size = size + (drawn["total_share"][:, None] - 0.5) * data["log_sparsity"].to_numpy()
        found["own_log_size"] = size
    if "covariate_effect" not in drawn:
        return found, data
    values = _covariates(fit, data, len(drawn["mean"]))
    is_size = np.array([fit.study.covariates[name].of == SIZE for name in fit.data["covariate_name"].to_numpy()])
    apart = values - np.where(is_size, 0.0, fit.data["covariate_offset"].to_numpy())
    every = np.full((data.sizes["llm"], values.shape[-1]), np.nan)
    data = data.assign(covariate_value=(("llm", "covariate"), every))
    found["mean"] = drawn["mean"] + Draws(data, {**drawn, "covariate_completed": apart}).of_covariates()
    found["covariate_completed"] = values
    return found, data


def _covariates(fit: Fit, data: xr.Dataset, n: int) -> Array:
    """Covariates of newcomers from the means of the fit; shape (draw, llm, covariate)."""
    flat = Draws(fit.data, fit.flat_draws())
    shape = (n, data.sizes["llm"])
    known = np.broadcast_to(flat.covariates, (n, fit.data.sizes["llm"], fit.data.sizes["covariate"]))
    chosen = np.random.default_rng(SEED).integers(fit.data.sizes["llm"], size=shape)
    values: Array = known[np.arange(n)[:, None], chosen].copy()
    size = data["log_size"].to_numpy() + fit.data.attrs["log_size_centre"]
    sparsity, tokens = (data[name].to_numpy() for name in ("log_sparsity", "log_train_tokens"))
    told = {SIZE: size, "sparsity": sparsity, "log_train_tokens": tokens, "log_tokens_per_param": tokens - size}
    means = fit.data["covariate_mean"].to_numpy()
    for k, name in enumerate(fit.data["covariate_name"].to_numpy()):
        of = fit.study.covariates[name].of
        if of in told and np.isfinite(told[of]).all():
            values[..., k] = told[of] - means[k]
    return values


def _in_cells(known: xr.Dataset, new: Newcomers) -> Array:
    """Ages of benchmarks at the releases of newcomers, from their mean; shape (cell, covariate)."""
    found = np.zeros((len(new.cell_llm), known.sizes["covariate"]))
    if "benchmark_published" in known:
        age = new.time[new.cell_llm] - known["benchmark_published"].to_numpy()[new.cell_benchmark]
        which = known["covariate_in_cell"].to_numpy().any(axis=0)
        found[:, which] = log_benchmark_age(age)[:, None] - known["covariate_mean"].to_numpy()[which]
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

"""Does compression raise density: LLMs that were pruned, distilled or quantized, over those they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.claims import read_taught
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.densities import log_density
from bayesdensity.quantities.estimate import (
    DEFAULT_CI,
    LOG,
    RATIO,
    SAMPLE,
    Estimate,
    bare,
    exponential,
    require_targets,
)
from bayesdensity.quantities.inflation import LEAST_SLOPE
from bayesdensity.quantities.pooling import Normal, pool

SMALLER = 0.97
"""Share of the parameters of its parent below which an LLM is smaller; versions of one size differ by less."""
QUANTIZED, NONE = "quantized", "none"
BITS = 16
"""Of a weight before it is quantized."""


class Pair(NamedTuple):
    """An LLM that was made smaller, and the one it was made from, both in a fit."""

    child: str
    parent: str
    method: str
    """``pruned``, ``distilled`` or ``quantized``, as the tables call it; what was pruned was mostly distilled too."""

    @property
    def label(self) -> str:
        """Both names."""
        return f"{self.child} / {self.parent}"


class Compression(NamedTuple):
    """What compression does to density, by a fit. Dims ``pair`` and ``compression``."""

    pairs: tuple[Pair, ...]
    ratio: Estimate
    """Density of the child over that of the parent; dim ``pair``."""
    size: Estimate
    """Effective size of the child over that of the parent; dim ``pair``."""
    here: Estimate
    """Geometric mean of the ratios of the pairs in this fit; dim ``compression``."""
    mean: Estimate
    """Ratio that pairs of a method have on average, of which those in the fit are a sample; dim ``compression``."""
    new: Estimate
    """Ratio of a pair not yet seen; dim ``compression``."""
    spread: Estimate
    """Standard deviation of log ratios about their mean."""

    def probability_raises(self, of: Estimate) -> xr.DataArray:
        """Posterior probability that a ratio exceeds one."""
        return (of.draws > 1).mean(SAMPLE)


def compression_ratios(fit: Fit, llms: pd.DataFrame, ci: float = DEFAULT_CI, seed: int = 1) -> Compression:
    """Ratios of density of compressed LLMs over their parents, and what they have in common by method.

    Draws of a ratio are those of the fit: what both LLMs share cancels. Pooled is what the scores alone say of the
    ratios, with the covariance of its errors, for children share parents (see `scores_alone`).

    Parameters
    ----------
    fit : Fit
    llms : pandas.DataFrame
        The table of LLMs, with ``parent`` and ``compression``.
    ci : float
        Probability of the intervals.
    seed : int
        Of the draws of what is pooled.

    Raises
    ------
    InputError
        If the fit is of a reference alone, or has no compressed LLM together with its parent.

    Examples
    --------
    >>> from bayesdensity.data.tables import read_tables
    >>> compression_ratios(load_fit("densing-law.nc"), read_tables().llms).mean  # doctest: +SKIP
    """
    require_targets(fit)
    pairs = compression_pairs(fit, llms)
    if not pairs:
        raise InputError(
            f"no compressed LLM of this fit of '{fit.study.name}' has the LLM it was made from in the fit: state "
            "parent and compression in llms.csv, name its folder with --data, and fit a study that takes both LLMs "
            "(llms.compression)."
        )
    contrast = contrasts(fit, pairs)
    log = xr.dot(contrast, log_density(fit).draws, dim="llm").transpose(*SAMPLE, "pair")
    size = log + xr.dot(contrast, bare(fit.data["log_size"]), dim="llm")
    methods = list(dict.fromkeys(pair.method for pair in pairs))
    method = np.array([methods.index(pair.method) for pair in pairs])
    here = log.assign_coords(compression=("pair", [pair.method for pair in pairs])).groupby("compression").mean()
    here = here.sel(compression=methods).transpose(*SAMPLE, "compression")
    shape = tuple(log.sizes[name] for name in SAMPLE)
    found = pool(scores_alone(fit, contrast), method, shape[0] * shape[1], np.random.default_rng(seed))

    def ratio(name: str, what: str, draws: xr.DataArray) -> Estimate:
        return Estimate(name, what, exponential(draws), ci, RATIO)

    def pooled(draws: np.ndarray) -> xr.DataArray:
        return xr.DataArray(draws.reshape(*shape, -1), dims=(*SAMPLE, "compression"), coords={"compression": methods})

    said = "density of a compressed LLM over that of its parent"
    return Compression(
        pairs,
        ratio("density_ratio", said, log),
        ratio("effective_size_ratio", said.replace("density", "effective size"), size),
        ratio(
            "sample_ratio",
            f"{said}, geometric mean of the pairs in the fit",
            here,
        ),
        ratio("mean_ratio", f"{said}, mean of a method", pooled(found.mean)),
        ratio("new_ratio", f"{said}, of a pair not yet seen", pooled(found.new)),
        Estimate(
            "ratio_spread",
            "standard deviation of the log ratios of pairs of one method",
            xr.DataArray(found.spread.reshape(shape), dims=SAMPLE),
            ci,
            LOG,
        ),
    )


def compression_pairs(fit: Fit, llms: pd.DataFrame) -> tuple[Pair, ...]:
    """Compressed LLMs of a fit with their parents, where both are in it, in the order of the fit.

    A post-trained LLM stands beside the LLM of its own stage that was made from the parent of its base. Pairs of
    teachers and students that the paper names and the tables do not are added.

    Parameters
    ----------
    fit : Fit
    llms : pandas.DataFrame
        The table of LLMs.
    """
    inside, rows = [str(llm) for llm in fit.data["llm"].to_numpy()], llms.set_index("llm")
    taught = {row.child: Pair(row.child, row.parent, row.method) for row in read_taught().itertuples()}
    found = []
    for child in inside:
        pair = _pair(child, rows, inside) if child in rows.index else None
        pair = taught.get(child) if pair is None else pair
        if pair is not None and pair.parent in inside:
            found.append(pair)
    return tuple(found)


def _pair(child: str, rows: pd.DataFrame, inside: Sequence[str]) -> Pair | None:
    """The pair of a compressed LLM, or of one that was trained further from a compressed one."""
    row, method = rows.loc[child], rows.at[child, "compression"]
    if method == NONE:
        return None
    origin = row
    while (parent := origin["parent"]) in rows.index and not _smaller(origin, rows.loc[parent]):
        if method == QUANTIZED and rows.at[parent, "compression"] != QUANTIZED:
            return Pair(child, parent, method)
        origin = rows.loc[parent]
    if parent not in rows.index:
        return None
    if rows.at[parent, "stage"] == row["stage"]:
        return Pair(child, parent, method)
    siblings = rows[(rows["parent"] == parent) & (rows["stage"] == row["stage"])]
    siblings = siblings[siblings["organization"] == rows.at[parent, "organization"]]
    known = [llm for llm, sibling in siblings.iterrows() if llm in inside and not _smaller(sibling, rows.loc[parent])]
    return Pair(child, str(known[0]), method) if known else None


def _smaller(child: pd.Series, parent: pd.Series) -> bool:
    return bool(child["params_total"] < SMALLER * parent["params_total"])


def contrasts(fit: Fit, pairs: Sequence[Pair]) -> xr.DataArray:
    """One for the child and less one for the parent of each pair; dims ``pair``, ``llm``."""
    llms = fit.data["llm"].to_numpy()
    signs = [(llms == pair.child).astype(float) - (llms == pair.parent) for pair in pairs]
    labels = [pair.label for pair in pairs]
    return xr.DataArray(np.array(signs), dims=("pair", "llm"), coords={"pair": labels, "llm": llms})


def scores_alone(fit: Fit, contrast: xr.DataArray) -> Normal:
    """What the scores say of contrasts of ln density, with the covariance of its errors.

    The density of an LLM is drawn under the population of the study, towards which it is drawn in: pooled as if it were
    data, that population would count twice. In each draw of what LLMs share, the scores of a cell imply a log size with
    an error, to first order, to which the scatter of cells is added; cells of an LLM are averaged by their precision.

    Parameters
    ----------
    fit : Fit
    contrast : xarray.DataArray
        Weights of LLMs; dims ``pair``, ``llm``.
    """
    draws = Draws(fit.data, fit.posterior)
    cells, weights = draws.cells, contrast.to_numpy()
    departure, link = draws["cell_departure"][..., : cells.n_targets], draws.link.at(cells.target_benchmark)
    size = draws.target_sizes(draws["log_density_relative"]) + departure
    implied = draws.implied_logits(draws.score_effect[..., draws.scores.is_target])
    steep = np.maximum(laws.logits_per_log_size(link, size), LEAST_SLOPE)
    departed = departure + (implied.mean - laws.logit_of_size(link, size)) / steep
    precision = 1 / ((implied.sd / steep) ** 2 + draws["cell_scatter"][..., cells.target_benchmark] ** 2)
    of_llm = np.equal.outer(cells.llm, np.arange(weights.shape[1])).astype(float)
    total = precision @ of_llm
    measured = log_density(fit).draws.to_numpy() + (precision * departed) @ of_llm / total
    values = (measured @ weights.T).reshape(-1, len(weights))
    error = np.atleast_2d(np.cov(values.T)) + weights * (1 / total).mean(axis=(0, 1)) @ weights.T
    return Normal(values.mean(axis=0), error)

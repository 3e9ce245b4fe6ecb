"""Predictive density of all scores of an LLM, with everything that belongs to it alone integrated out.

Given the parameters that LLMs share, the scores of one depend on its own log density, on its departure on each
benchmark, and on the effect of its family. Conditioning on draws of these would leave nothing to predict; here they are
integrated out, the family's effect over what the family's other members say of it. All integrals are sums over evenly
spaced nodes about a linearised solution (`bayesdensity.evaluation.quadrature`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.data.cells import cells_of
from bayesdensity.draws import Draws
from bayesdensity.evaluation.integral import Fold, Harnesses, Integral
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE
from bayesdensity.quantities.growth import expected

Array = NDArray[np.float64]
CHUNK = 50
"""Draws worked on at once."""


def log_predictive(
    fit: Fit,
    scores: xr.Dataset,
    given: NDArray[np.bool_],
    draws: int = 1000,
    progress: Callable[[float], None] | None = None,
    harnesses: Harnesses = "from others",
    fold: Fold = "llm",
) -> xr.DataArray:
    """Log density of all scores of each LLM, given the shared parameters and the scores of its relatives.

    Or of all scores of each family, given the shared parameters.

    Parameters
    ----------
    fit : Fit
        Its posterior gives the shared parameters.
    scores : xarray.Dataset
        The dataset of the fit with every score known.
    given : ndarray of bool
        Dim ``llm``: LLMs whose scores count as known where they are relatives of another.
    draws : int
        How many posterior draws, evenly spaced, are used.
    progress : callable, optional
        Called with the share that is done.
    harnesses : {"from others", "drawn"}
        Effects of harnesses as the scores of other folds tell them, or as drawn.
    fold : {"llm", "family"}

    Returns
    -------
    xarray.DataArray
        Dims ``chain``, ``draw``, and ``llm`` or ``family``.
    """

    def work(some: dict[str, Array]) -> Array:
        integral = Integral(fit, scores, some, given, harnesses=harnesses, fold=fold)
        return integral.log_predictive() if fold == "llm" else integral.log_families()

    values = _in_chunks(fit, draws, work, progress=progress)
    return xr.DataArray(values, dims=(*SAMPLE, fold), coords={fold: fit.data[fold].to_numpy()})


def log_joint(
    fit: Fit, scores: xr.Dataset, families: NDArray[np.int_] | None = None, draws: int = 1000
) -> xr.DataArray:
    """Log density of all known scores of each family, given the shared parameters and the effects of harnesses.

    Parameters
    ----------
    fit : Fit
        Its posterior gives the shared parameters.
    scores : xarray.Dataset
        The dataset of the fit, of whose scores some may be unknown.
    families : ndarray of int, optional
        Positions of the families asked for; None: all.
    draws : int
        How many posterior draws, evenly spaced, are used.

    Returns
    -------
    xarray.DataArray
        Dims ``chain``, ``draw``, ``family``.
    """
    places = np.arange(fit.data.sizes["family"]) if families is None else families
    part, at = _of_families(scores, places)
    given = np.ones(len(at["llm"]), dtype=bool)
    values = _in_chunks(fit, draws, lambda some: Integral(fit, part, some, given, harnesses="drawn").log_families(), at)
    return xr.DataArray(values, dims=(*SAMPLE, "family"), coords={"family": scores["family"].to_numpy()[places]})


def log_member_scores(fit: Fit, scores: NDArray[np.int_], draws: int = 1000) -> xr.DataArray:
    """Log density of some scores of reference members, summed, given everything that is theirs.

    Parameters
    ----------
    fit : Fit
    scores : ndarray of int
        Positions on the dim ``score`` of the fit's data.
    draws : int
        Draws wanted; evenly spaced ones are taken, up to twice as many.

    Returns
    -------
    xarray.DataArray
        Up to a constant; dims ``chain``, ``draw``.
    """
    values = _in_chunks(fit, draws, lambda some: log_density_of(Draws(fit.data, some), scores))
    return xr.DataArray(values, dims=SAMPLE)


def _in_chunks(
    fit: Fit,
    draws: int,
    work: Callable[[dict[str, Array]], Array],
    at: dict[str, NDArray[np.int_]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """What ``work`` makes of so many draws, about, a chunk of them at a time; first axes ``chain`` and ``draw``.

    It is given all that was drawn, at the positions ``at`` of some dims, and the population mean at each release.
    """
    thin = fit.thinned(draws)
    mean = (expected(thin) - thin.posterior["level"].mean("benchmark")).transpose(*SAMPLE, "llm")
    kept = thin.with_draws(thin.posterior.assign(mean=mean).isel(at or {}, missing_dims="ignore"))
    flat = kept.flat_draws()
    total, parts = len(flat["mean"]), []
    for first in range(0, total, CHUNK):
        parts.append(work({name: values[first : first + CHUNK] for name, values in flat.items()}))
        if progress:
            progress(min(1.0, (first + CHUNK) / total))
    found = np.concatenate(parts)
    return found.reshape(*(thin.posterior.sizes[dim] for dim in SAMPLE), *found.shape[1:])


def _of_families(scores: xr.Dataset, families: NDArray[np.int_]) -> tuple[xr.Dataset, dict[str, NDArray[np.int_]]]:
    """The dataset with the targets of some families and without reference members, and what is left of each dim."""
    cells = cells_of(scores)
    llm = np.flatnonzero(np.isin(scores["family_index"].to_numpy(), families))
    cell = np.flatnonzero(np.isin(cells.llm, llm))
    score = np.flatnonzero(np.isin(scores["score_cell"].to_numpy(), cell))
    at = {"family": families, "llm": llm, "cell": cell}
    part = scores.isel({**at, "score": score, "reference": slice(0)})
    new = {
        "family_index": ("llm", np.searchsorted(families, part["family_index"].to_numpy())),
        "cell_entity": ("cell", np.searchsorted(llm, part["cell_entity"].to_numpy())),
        "score_cell": ("score", np.searchsorted(cell, part["score_cell"].to_numpy())),
    }
    return part.assign(new).assign_attrs(n_target_cells=len(cell)), at


def log_density_of(draws: Draws, scores: NDArray[np.int_]) -> Array:
    """Log density of some scores, summed, given everything that is their LLMs', up to a constant; shape (draw,)."""
    cell = draws.scores.cell[scores]
    mean, sd = draws.score_model(draws.cell_logits()[..., cell] + draws.score_effect[..., scores], scores)
    each = -0.5 * ((draws.data["score_value"].to_numpy()[scores] - mean) / sd) ** 2 - np.log(sd)
    summed: Array = each.sum(axis=-1)
    return summed

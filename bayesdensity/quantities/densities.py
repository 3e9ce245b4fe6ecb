"""Densities and effective sizes of LLMs, and whether any reference size would do."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import special

from bayesdensity import laws
from bayesdensity.data.join import own_log_sizes
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, SAMPLE, Estimate, exponential

LEAST_GAP = 1e-3
"""A score this close below the ceiling, or above it, implies a large finite logit."""


def params(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters that count as the size of each LLM, known unless their weights are inferred; dim ``llm``."""
    own = own_log_sizes(fit.data, fit.posterior) + fit.data.attrs["log_size_centre"]
    return Estimate("params", "parameters that count", exponential(xr.zeros_like(log_density(fit).draws) + own), ci)


def log_density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Natural logarithm of density, ``ln(effective size / size)``, averaged over the benchmarks.

    Dim ``llm``. Density is that of arXiv 2412.04315, equation 1.
    """
    level = fit.posterior["level"].mean("benchmark")
    return Estimate("log_density", "ln density", fit.posterior["log_density_relative"] + level, ci)


def density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Effective size over actual size, averaged (geometrically) over the benchmarks; dim ``llm``."""
    return Estimate("density", "effective size over actual size", exponential(log_density(fit).draws), ci)


def effective_size(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the same scores, averaged over the benchmarks; dim ``llm``."""
    log = log_density(fit).draws + own_log_sizes(fit.data, fit.posterior) + fit.data.attrs["log_size_centre"]
    return Estimate("effective_size", "parameters of the reference", exponential(log), ci)


def log_density_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Log density of every LLM on every benchmark it has a score on; dim ``cell``, coords ``llm``, ``benchmark``."""
    entity, bench = _target_cells(fit)
    draws = fit.posterior
    time = fit.data["time"].to_numpy()[entity]
    values = (
        draws["log_density_relative"].to_numpy()[..., entity]
        + draws["level"].to_numpy()[..., bench]
        + draws["benchmark_slope"].to_numpy()[..., bench] * time
        + draws["cell_departure"].to_numpy()[..., : len(entity)]
    )
    coords = {
        "cell": fit.data["cell"].to_numpy()[: len(entity)],
        "llm": ("cell", fit.data["llm"].to_numpy()[entity]),
        "benchmark": ("cell", fit.data["benchmark"].to_numpy()[bench]),
    }
    array = xr.DataArray(values, dims=(*SAMPLE, "cell"), coords=coords)
    return Estimate("log_density_by_benchmark", "ln density on one benchmark", array, ci)


def effective_size_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the score on one benchmark; dim ``cell``."""
    log = log_density_by_benchmark(fit).draws
    own = np.asarray(own_log_sizes(fit.data, fit.posterior))[..., _target_cells(fit)[0]]
    log = log + (own + fit.data.attrs["log_size_centre"])
    return Estimate("effective_size_by_benchmark", "parameters of the reference", exponential(log), ci)


def probability_unreachable(fit: Fit) -> xr.DataArray:
    """Posterior probability that no reference size reaches what the scores of a cell imply; dim ``cell``.

    The scores, freed of harness effects, imply a logit with its error; the link has a highest logit that more
    parameters at the same tokens cannot exceed.
    """
    data, draws = fit.data, fit.posterior
    entity, _ = _target_cells(fit)
    bench, cell = data["cell_benchmark"].to_numpy(), data["score_cell"].to_numpy()
    gap = np.maximum(draws["ceiling"].to_numpy()[..., bench] - data["cell_value"].to_numpy(), LEAST_GAP)
    starts = np.flatnonzero(np.diff(cell, prepend=-1))  # scores are sorted by cell
    effect = data["score_share"].to_numpy() * draws["harness_effect"].to_numpy()[..., data["score_harness"].to_numpy()]
    implied = data["cell_log_above"].to_numpy() - np.log(gap) - np.add.reduceat(effect, starts, axis=-1)
    noise = 1 / data["n_items"].to_numpy()[bench] + draws["overdispersion"].to_numpy()[..., bench]
    precision = data["cell_weight"].to_numpy() / noise
    link = laws.Link(*(draws[f"link_{part}"].to_numpy() for part in laws.Link._fields))
    highest = laws.highest_logit(link)[..., bench]
    chance = special.ndtr((implied - highest) * np.sqrt(precision))[..., : len(entity)].mean(axis=(0, 1))
    return xr.DataArray(chance, dims="cell", coords={"cell": data["cell"].to_numpy()[: len(entity)]})


def _target_cells(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    n = int(fit.data.attrs["n_target_cells"])
    return fit.data["cell_entity"].to_numpy()[:n], fit.data["cell_benchmark"].to_numpy()[:n]

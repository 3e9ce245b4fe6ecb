"""Densities and effective sizes of LLMs, and whether any reference size would do."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from bayesdensity import laws
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, LOG, PARAMETERS, RATIO, SAMPLE, Estimate, exponential


def params(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters that count as the size of each LLM, known unless their weights are inferred; dim ``llm``."""
    size = Draws(fit.data, fit.posterior).log_size + fit.data.attrs["log_size_centre"]
    return Estimate(
        "params", "parameters that count", exponential(xr.zeros_like(log_density(fit).draws) + size), ci, PARAMETERS
    )


def log_density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Natural logarithm of density, ``ln(effective size / size)``, averaged over the benchmarks.

    Dim ``llm``. Density is that of arXiv 2412.04315, equation 1.
    """
    level = fit.posterior["level"].mean("benchmark")
    return Estimate("log_density", "ln density", fit.posterior["log_density_relative"] + level, ci, LOG)


def density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Effective size over actual size, averaged (geometrically) over the benchmarks; dim ``llm``."""
    return Estimate("density", "effective size over actual size", exponential(log_density(fit).draws), ci, RATIO)


def density_ratio(fit: Fit, over: str, under: str, ci: float = DEFAULT_CI) -> Estimate:
    """Density of one LLM over that of another, draw by draw: what both share, such as the yardstick, cancels.

    Parameters
    ----------
    fit : Fit
    over, under : str
        Names of LLMs of the fit.
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the fit has no such LLM.
    """
    known = [str(llm) for llm in fit.data["llm"].to_numpy()]
    for llm in (over, under):
        if llm not in known:
            raise InputError(one_of(llm, known, "LLM of this fit"))
    log = log_density(fit).draws
    draws = exponential(log.sel(llm=over, drop=True) - log.sel(llm=under, drop=True))
    return Estimate("density_ratio", f"density of {over} over that of {under}", draws, ci, RATIO)


def effective_size(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the same scores, averaged over the benchmarks; dim ``llm``."""
    log = log_density(fit).draws + Draws(fit.data, fit.posterior).log_size + fit.data.attrs["log_size_centre"]
    return Estimate("effective_size", "parameters of the reference", exponential(log), ci, PARAMETERS)


def log_density_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Log density of every LLM on every benchmark it has a score on; dim ``cell``, coords ``llm``, ``benchmark``."""
    draws = Draws(fit.data, fit.posterior)
    array = _by_cell(draws, draws.log_densities())
    return Estimate("log_density_by_benchmark", "ln density on one benchmark", array, ci, LOG)


def effective_size_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the score on one benchmark; dim ``cell``."""
    draws = Draws(fit.data, fit.posterior)
    size = draws.log_size[..., draws.cells.llm] + fit.data.attrs["log_size_centre"]
    log = _by_cell(draws, draws.log_densities() + size)
    return Estimate("effective_size_by_benchmark", "parameters of the reference", exponential(log), ci, PARAMETERS)


def probability_unreachable(fit: Fit) -> xr.DataArray:
    """Posterior probability that no reference size reaches what the scores of a cell imply; dim ``cell``.

    The scores, freed of harness effects, imply a logit with its error; the link has a highest logit that more
    parameters at the same tokens cannot exceed.
    """
    draws = Draws(fit.data, fit.posterior)
    effect = draws.score_effect[..., draws.scores.is_target]
    implied = draws.implied_logits(effect)
    highest = laws.highest_logit(draws.link)[..., draws.cells.target_benchmark]
    chance = special.ndtr((implied.mean - highest) / implied.sd).mean(axis=(0, 1))
    return xr.DataArray(chance, dims="cell", coords={"cell": fit.data["cell"].to_numpy()[: len(chance)]})


def _by_cell(draws: Draws, values: NDArray[np.float64]) -> xr.DataArray:
    """Values by cell of the targets, with the names of what each cell is of."""
    data, cells = draws.data, draws.cells
    coords = {
        "cell": data["cell"].to_numpy()[: cells.n_targets],
        "llm": ("cell", data["llm"].to_numpy()[cells.llm]),
        "benchmark": ("cell", data["benchmark"].to_numpy()[cells.target_benchmark]),
    }
    return xr.DataArray(values, dims=(*SAMPLE, "cell"), coords=coords)

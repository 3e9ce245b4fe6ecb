"""How log losses scatter about a law: densities, probabilities and draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.law.fitted import LawFit


def error_distribution(fit: LawFit, index: Any) -> Any:
    """Distribution of the error of log losses at every draw, for benchmarks by index; shape (chain, draw, label)."""
    return _noise(fit, {name: values.to_numpy()[..., index] for name, values in _scales(fit).items()})


def typical_errors(fit: LawFit, benchmark: int) -> Any:
    """Distribution of the error of a log loss on one benchmark at the posterior medians of its scales."""
    return _noise(fit, {name: float(values[..., benchmark].median()) for name, values in _scales(fit).items()})


def log_errors(fit: LawFit, like: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Draws of the error of log losses, one for each draw of the posterior, training and benchmark.

    Parameters
    ----------
    fit : LawFit
    like : xarray.DataArray
        Whose shape and coordinates the errors take; dims ``chain``, ``draw``, ``training``, ``benchmark``.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.DataArray
        Natural logarithms; dims as for ``like``.
    """
    errors = _noise(fit, {name: values.to_numpy()[..., None, :] for name, values in _scales(fit).items()})
    return like.copy(data=errors.rvs(size=like.shape, random_state=rng))


def _scales(fit: LawFit) -> dict[str, xr.DataArray]:
    """Draws of the scale of the noise and, where it is one-sided, of the mean excess; dims ``benchmark`` last."""
    names = {"scale": "loss_noise", "excess": "loss_excess"}
    return {name: fit.posterior[variable] for name, variable in names.items() if variable in fit.posterior}


def _noise(fit: LawFit, scales: dict[str, Any]) -> Any:
    return laws.loss_noise(fit.study.noise, df=fit.study.noise_df, **scales)


def residuals(fit: LawFit) -> np.ndarray:
    """Log loss of each run less that of the law; shape (chain, draw, run)."""
    bench = fit.data["run_benchmark"].to_numpy()
    law = fit.law.mapped(lambda part: part.to_numpy()[..., bench])
    return np.asarray(np.log(fit.data["run_loss"].to_numpy()) - np.log(law.loss(fit.run_logs())))


def log_likelihood(fit: LawFit) -> xr.DataArray:
    """Log density of each observed log loss; dims ``chain``, ``draw``, ``run``."""
    values = error_distribution(fit, fit.data["run_benchmark"].to_numpy()).logpdf(residuals(fit))
    return xr.DataArray(values, dims=("chain", "draw", "run"), coords={"run": fit.data["run"].to_numpy()})

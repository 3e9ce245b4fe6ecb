"""How log losses scatter about a law: densities, probabilities and draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from bayesdensity.law.fitted import LawFit


def distribution(fit: LawFit, scale: Any, excess: Any) -> Any:
    """Distribution of the error of a log loss, as scipy has it.

    Parameters
    ----------
    fit : LawFit
    scale, excess : ndarray
        Draws of ``loss_noise`` and, of one-sided noise, ``loss_excess``.
    """
    kind = fit.study.noise
    if kind == "student-t":
        return stats.t(fit.study.noise_df, scale=scale)
    if kind == "laplace":
        return stats.laplace(scale=scale)
    return stats.norm(scale=scale) if kind == "normal" else stats.exponnorm(excess / scale, scale=scale)


def error_distribution(fit: LawFit, index: Any) -> Any:
    """Distribution at every draw, for benchmarks by index; shape (chain, draw, label)."""
    scale = fit.posterior["loss_noise"].to_numpy()[..., index]
    excess = fit.posterior["loss_excess"].to_numpy()[..., index] if "loss_excess" in fit.posterior else None
    return distribution(fit, scale, excess)


def log_errors(fit: LawFit, like: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Draws of the error of log losses; dims ``chain``, ``draw``, ``training``, ``benchmark``."""
    scale = fit.posterior["loss_noise"].to_numpy()[..., None, :]
    excess = fit.posterior["loss_excess"].to_numpy()[..., None, :] if "loss_excess" in fit.posterior else None
    return like.copy(data=distribution(fit, scale, excess).rvs(size=like.shape, random_state=rng))


def residuals(fit: LawFit) -> np.ndarray:
    """Log loss of each run less that of the law; shape (chain, draw, run)."""
    data, bench = fit.data, fit.data["run_benchmark"].to_numpy()
    at = {letter: data[f"run_log_{letter}"].to_numpy() for letter in fit.study.form.reads}
    law = fit.law.mapped(lambda part: part.to_numpy()[..., bench])
    return np.asarray(np.log(data["run_loss"].to_numpy()) - np.log(law.loss(at)))


def log_likelihood(fit: LawFit) -> xr.DataArray:
    """Log density of each observed log loss; dims ``chain``, ``draw``, ``run``."""
    values = error_distribution(fit, fit.data["run_benchmark"].to_numpy()).logpdf(residuals(fit))
    return xr.DataArray(values, dims=("chain", "draw", "run"), coords={"run": fit.data["run"].to_numpy()})

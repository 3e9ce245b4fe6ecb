"""What the reference predicts for trainings that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.inference.preparing import require_ladder
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, SAMPLE, SHARE, Estimate, bare


def predict_trainings(
    fit: Fit,
    params: Sequence[float],
    tokens: Sequence[float],
    *,
    misfit: bool = True,
    ci: float = DEFAULT_CI,
    seed: int = 1,
) -> tuple[Estimate, Estimate]:
    """Posterior predictive loss and score of further reference trainings; dims ``training``, ``benchmark``.

    Noise is included: that of the loss, the training's own departure from the map, and the items of the benchmark.

    Parameters
    ----------
    fit : Fit
        Of a study whose reference is a ladder. Targets bend the law of a joint fit; to judge the law itself, fit the
        reference alone (``part="reference"``).
    params, tokens : sequence of float
        Parameters as the ladder counts them, and training tokens; one each for every training.
    misfit : bool
        Let the law miss beyond the ladder, by one factor for each benchmark; False trusts its form.
    ci : float
        Probability of the interval.
    seed : int
        Of the noise.

    Returns
    -------
    tuple of Estimate
        Loss, in the unit of the ladder, and score.

    Raises
    ------
    InputError
        If the reference of the study is a score family, which has no loss.
    """
    data, draws = fit.data, fit.posterior
    require_ladder(fit.study)
    rng = np.random.default_rng(seed)
    log_n, log_d = (xr.DataArray(np.log(np.asarray(x, dtype=float)), dims="training") for x in (params, tokens))
    at = {"n": log_n - data.attrs["ladder_log_n_centre"], "d": log_d - data.attrs["ladder_log_d_centre"]}
    loss = laws.drawn_law(fit.study.law.form, draws).loss(at)
    loss = (loss * np.exp(draws["law_miss"]) if misfit else loss).transpose(*SAMPLE, "training", "benchmark")
    noise = rng.standard_t(fit.study.law.noise_df, loss.shape)
    loss = (loss * np.exp(draws["loss_noise"] * loss.copy(data=noise))).transpose(*loss.dims)
    score = noisy_score(draws, data, loss, rng)
    return Estimate("loss", "loss of a training", loss, ci), Estimate("score", "score of a training", score, ci, SHARE)


def noisy_score(
    draws: xr.Dataset, data: xr.Dataset, loss: xr.DataArray, rng: np.random.Generator, miss: xr.DataArray | float = 0.0
) -> xr.DataArray:
    """Predictive score of trainings at their losses: each departs from the map, and answers so many items.

    Parameters
    ----------
    draws : xarray.Dataset
        Posterior of the map.
    data : xarray.Dataset
        What it was fitted to.
    loss : xarray.DataArray
        Dims ``chain``, ``draw``, ``training``, ``benchmark``.
    rng : numpy.random.Generator
    miss : xarray.DataArray or float
        By how many logits the map misses.
    """
    eta = draws["map_logit"] - draws["map_slope"] * (loss - bare(data["map_centre"])) + miss
    eta = (eta + draws["map_scatter"] * loss.copy(data=rng.standard_normal(loss.shape))).transpose(*loss.dims)
    expected = laws.score(eta, bare(data["floor"]), draws["ceiling"])
    sd = laws.score_sd(expected, bare(data["n_items"]), draws["map_overdispersion"])
    score = (expected + sd * loss.copy(data=rng.standard_normal(loss.shape))).clip(0, 1)
    found: xr.DataArray = score.transpose(*loss.dims)
    return found

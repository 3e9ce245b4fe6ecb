"""What density goes with beside the date: effects of covariates, and those of them that are not known of every LLM."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.base.prior import Prior
from bayesdensity.data.cells import Cells
from bayesdensity.model.coordinates import normal_logp
from bayesdensity.study.spec import Study

SHARED = 0.75
"""E-folds of density, for each of size, that a link steeper by one e-fold takes from the effect of size, about."""
WEAK = 2.5
"""Standard deviation of the coefficients of an imputation, in those of the covariate for one of the predictor."""


class Given(NamedTuple):
    """What covariates add to what is expected of ln density."""

    llms: Any
    """Averaged over benchmarks; dim ``llm``."""
    cells: Any
    """Beside that, on the benchmark of each cell of a target; 0 where they do the same on all."""


def add_covariates(study: Study, data: xr.Dataset, cells: Cells, steeper: Any) -> Given:
    """Draw the effects of the covariates of a study, and what is not known of them.

    Parameters
    ----------
    study : Study
        It has covariates.
    data : xarray.Dataset
    cells : Cells
    steeper : Any
        Natural logarithm of how much steeper the link is than expected, with which an effect of size moves.
    """
    model, labels = pm.modelcontext(None), data["covariate"].to_numpy()
    value, in_cells = _values(data), data["covariate_in_cell"].to_numpy()[: cells.n_targets]
    effect = _effects(study, data, steeper)
    of_llms, of_cells = pt.dot(value, effect), pt.as_tensor(0.0)
    growing, departing = (data[name].to_numpy() for name in ("covariate_grows", "covariate_departs"))
    if growing.any():
        model.add_coord("growing_covariate", labels[growing])
        growth = pm.Normal("covariate_growth", *_stated(study, data, "growth", growing), dims="growing_covariate")
        of_llms = of_llms + pt.dot(value[:, growing], growth) * data["time"].to_numpy()
    if departing.any():
        model.add_coord("departing_covariate", labels[departing])
        mu, sigma = _stated(study, data, "between_benchmarks", departing)
        spread = pm.LogNormal("covariate_spread", mu, sigma, dims="departing_covariate")
        dims = ("departing_covariate", "benchmark")
        departure = pm.ZeroSumNormal("covariate_departure", sigma=spread[:, None], dims=dims)
        here = value[cells.llm][:, departing] + in_cells[:, departing]
        of_cells = of_cells + (here * departure[:, cells.target_benchmark].T).sum(axis=1)
    if in_cells.any():
        of_cells = of_cells + pt.dot(in_cells, effect)
    return Given(of_llms, of_cells)


def _effects(study: Study, data: xr.Dataset, steeper: Any) -> Any:
    """Effect of each covariate on ln density; that of size is sampled as what it is beyond what the link says of it."""
    mu, sigma = _stated(study, data, "effect")
    name = study.size_covariate
    if name is None:
        return pm.Normal("covariate_effect", mu, sigma, dims="covariate")
    shift = -SHARED * steeper * (data["covariate_name"].to_numpy() == name)
    beyond = pm.Flat("covariate_effect_raw", dims="covariate")
    effect = pm.Deterministic("covariate_effect", beyond + shift, dims="covariate")
    pm.Potential("covariate_effect_prior", normal_logp(effect, mu, sigma))
    return effect


def _values(data: xr.Dataset) -> Any:
    """Covariates of every LLM from their means, what is not known of them drawn; dims ``llm``, ``covariate``.

    The mean of one that is not known of every LLM goes with the logarithm of size and with the date.
    """
    known = data["covariate_value"].to_numpy()
    missing = np.isnan(known)
    value = pm.Data("covariate_value", np.nan_to_num(known))  # drawn below where it is not known
    lacking = np.flatnonzero(missing.any(axis=0))
    if not lacking.size:
        return value
    model = pm.modelcontext(None)
    model.add_coord("imputed_covariate", data["covariate"].to_numpy()[lacking])
    model.add_coord("predictor", ["mean", "log_size", "time"])
    predictor = np.stack([np.ones(data.sizes["llm"]), data["log_size"].to_numpy(), data["time"].to_numpy()], axis=1)
    spread = np.nanstd(known[:, lacking], axis=0)
    sigma = WEAK * spread / np.where(np.arange(3) > 0, predictor.std(axis=0), 1.0)[:, None]
    coefficient = pm.Normal("imputation", 0.0, sigma, dims=("predictor", "imputed_covariate"))
    scatter = pm.LogNormal("imputation_scatter", np.log(spread), 1.0, dims="imputed_covariate")
    mean = pt.dot(predictor, coefficient)
    rows, columns = np.nonzero(~missing[:, lacking])
    stated = normal_logp(value[rows, lacking[columns]], mean[rows, columns], scatter[columns])
    pm.Potential("covariate_known", stated)
    rows, columns = np.nonzero(missing[:, lacking])
    model.add_coord("imputed", np.arange(len(rows)))
    apart = pm.Normal("imputed_raw", 0.0, 1.0, dims="imputed")
    value = value[rows, lacking[columns]].set(mean[rows, columns] + scatter[columns] * apart)
    pm.Deterministic("covariate_completed", value[:, lacking], dims=("llm", "imputed_covariate"))
    return value


def _stated(study: Study, data: xr.Dataset, part: str, which: Any = slice(None)) -> tuple[Any, Any]:
    """Mean and standard deviation of the priors of a part, on their scale, of some columns."""
    priors: list[Prior] = [study.covariates[name].priors[part] for name in data["covariate_name"].to_numpy()[which]]
    return np.array([one.mu for one in priors]), np.array([one.sigma for one in priors])

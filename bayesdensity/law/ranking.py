"""Compare laws by how well they predict runs they have not seen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.evaluation.leave_out import compared
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.noise import log_likelihood


def leave_one_run_out(fit: LawFit) -> xr.Dataset:
    """Log predictive density of each log loss given all others, by Pareto-smoothed importance sampling.

    Returns
    -------
    xarray.Dataset
        ``elpd`` and ``pareto_k``, dim ``run``, and ``good_k``, above which k is large (arXiv 1507.02646).
    """
    import arviz

    tree = xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"losses": log_likelihood(fit)})})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution")  # reported by the caller
        loo = arviz.loo(tree, pointwise=True, var_name="losses", reff=1.0)
    parts = {"elpd": ("run", loo.elpd_i.to_numpy()), "pareto_k": ("run", loo.pareto_k.to_numpy())}
    return xr.Dataset({**parts, "good_k": float(loo.good_k)}, coords={"run": fit.data["run"].to_numpy()})


def compare_laws(fits: Mapping[str, LawFit]) -> pd.DataFrame:
    """Compare fits of the same losses by leave-one-run-out prediction.

    Returns
    -------
    pandas.DataFrame
        One row for each fit, best first: ``elpd`` of log losses, its standard error, difference from the best and its
        standard error, stacking weight, number of runs with a large Pareto k, and the verdict on its convergence.

    Raises
    ------
    InputError
        If the fits are fewer than two, or of different losses.
    """
    if len(fits) < 2:
        raise InputError(f"comparing needs at least two laws; got {len(fits)}.")
    first = next(iter(fits.values())).data
    for name, fit in fits.items():
        if not np.array_equal(fit.data["run"], first["run"]) or not np.array_equal(
            fit.data["run_loss"], first["run_loss"]
        ):
            raise InputError(f"'{name}' was fitted to other losses; only fits of the same losses can be compared.")
    left_out = {name: leave_one_run_out(fit) for name, fit in fits.items()}
    table = compared({name: loo["elpd"] for name, loo in left_out.items()})
    large = {name: int((loo["pareto_k"] > loo["good_k"]).sum()) for name, loo in left_out.items()}
    verdicts = {name: fit.diagnostics.verdict for name, fit in fits.items()}
    return table.assign(
        large_k=[large[str(name)] for name in table.index], converged=[verdicts[str(name)] for name in table.index]
    )

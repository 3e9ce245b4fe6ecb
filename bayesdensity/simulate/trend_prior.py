"""What the priors of the trend say before any data."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import special

from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.spec import Study

DRAWS = 4000


def prior_trend(study: Study, data: xr.Dataset, draws: int = DRAWS, seed: int = 1) -> Fit:
    """Draws of the trend and of the scales about it from their priors, as a fit that answers for rates only.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it: its dates place the trend.
    draws, seed : int

    Returns
    -------
    Fit
        Its levels are zero.
    """
    rng, form, time = np.random.default_rng(seed), study.frontier, data["time"].to_numpy()

    def drawn(name: str) -> xr.DataArray:
        prior = study.priors[name]
        value = prior.mu + prior.sigma * rng.standard_normal((1, draws))
        if prior.shape != "normal":
            value = np.exp(value) if prior.shape == "lognormal" else special.expit(value)
        return xr.DataArray(value, dims=SAMPLE)

    # One after the other, whatever the study has of them: a change of form leaves the others as they are.
    names = "rate noise_scale dispersion_growth family_scale inefficiency_scale family_inefficiency_scale curvature"
    values = {name: drawn(name) for name in [*names.split(), "rate_change", "break_position", "rate_walk"]}
    kept = {
        "rate": True,
        "noise_scale": True,
        "dispersion_growth": form.dispersion == "growing",
        "family_scale": form.family_effects,
        "inefficiency_scale": form.llm_one_sided,
        "family_inefficiency_scale": form.family_one_sided,
        "curvature": form.trend == "quadratic",
        "rate_change": form.trend == "change-point",
    }
    found = {name: values[name] for name, keep in kept.items() if keep}
    if form.trend == "change-point":
        found["break_time"] = time.min() + np.ptp(time) * values["break_position"]
    if form.trend == "random-walk":
        steps = rng.standard_normal((1, draws, data.sizes["knot"]))
        found["rate_step"] = values["rate_walk"] * xr.DataArray(steps, dims=(*SAMPLE, "knot"))
    found["origin"] = xr.zeros_like(values["rate"])
    found["level"] = found["origin"].expand_dims(benchmark=data.sizes["benchmark"], axis=-1)
    return Fit(xr.Dataset(found), xr.Dataset(), data, study, {})

"""What the priors of the trend say before any data."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.inference.result import Fit
from bayesdensity.laws.trends import TRENDS
from bayesdensity.quantities import SAMPLE
from bayesdensity.quantities.growth import trend_sample
from bayesdensity.study.spec import Study

DRAWS = 4000
DRAWN = (
    *("rate", "noise_scale", "dispersion_growth", "family_scale", "inefficiency_scale", "family_inefficiency_scale"),
    *("curvature", "rate_change", "break_position", "rate_walk"),
    *("family_asymmetry", "asymmetry_growth"),
    *("class_gap", "class_gap_growth", "class_log_odds", "class_log_odds_growth"),
)
"""Priors in the order in which they are drawn."""


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
    source = _Priors(study, data.sizes["knot"], draws, seed)
    known = {"rate": source.prior("rate")} | {name: source.prior(name) for name in study.frontier.scales if name}
    known["origin"] = xr.zeros_like(known["rate"])
    known["level"] = known["origin"].expand_dims(benchmark=data.sizes["benchmark"], axis=-1)
    known |= _effects(study, data, draws, seed)
    straight = Fit(xr.Dataset(known), xr.Dataset(), data, study, {})
    bend = TRENDS[study.frontier.trend].parameters(source, trend_sample(straight))
    return straight.with_draws(straight.posterior.assign(bend))


def _effects(study: Study, data: xr.Dataset, draws: int, seed: int) -> dict[str, xr.DataArray]:
    """Draws of the effects of covariates from their priors."""
    if not study.covariates:
        return {}
    rng, names, found = np.random.default_rng([seed, 1]), data["covariate_name"].to_numpy(), {}
    for part, dim, which in (
        ("effect", "covariate", slice(None)),
        ("growth", "growing_covariate", data["covariate_grows"].to_numpy()),
    ):
        each = [study.covariates[name].priors[part].draw(rng, (1, draws)) for name in names[which]]
        if each:
            labels = data["covariate"].to_numpy()[which]
            found[f"covariate_{part}"] = xr.DataArray(
                np.stack(each, axis=-1), dims=(*SAMPLE, dim), coords={dim: labels}
            )
    return found


class _Priors:
    """Draws of what a trend is made of from the priors of a study."""

    def __init__(self, study: Study, n_knots: int, draws: int, seed: int) -> None:
        self.rng, self.shape = np.random.default_rng(seed), (1, draws, n_knots)
        # One after the other, whatever the study has of them: a change of form leaves the others as they are.
        drawn = {name: study.priors[name].draw(self.rng, (1, draws)) for name in DRAWN}
        self.values = {name: xr.DataArray(values, dims=SAMPLE) for name, values in drawn.items()}

    def prior(self, name: str) -> xr.DataArray:
        return self.values[name]

    def standard_normal(self, name: str, dims: str) -> xr.DataArray:
        return xr.DataArray(self.rng.standard_normal(self.shape), dims=(*SAMPLE, dims))

    def derived(self, name: str, value: xr.DataArray, dims: str | None = None) -> xr.DataArray:
        return value

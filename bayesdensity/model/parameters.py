"""Turn the priors of a study into random variables; the only place that reads their numbers."""

from __future__ import annotations

from typing import Any, Protocol

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.base.prior import Prior
from bayesdensity.model.coordinates import normal_logp


class Priors(Protocol):
    """Priors by name."""

    def __getitem__(self, name: str, /) -> Prior:
        """Prior of one quantity."""


class Stated(Protocol):
    """What states priors: a study."""

    @property
    def priors(self) -> Priors:
        """Its priors."""


def draw(study: Stated, prior: str, dims: str | None = None) -> Any:
    """Random variable named like its prior, with the shape and 90 % interval that the study states.

    A `logit-normal` variable is sampled on the logit, under the name ``logit_<prior>``, and a `share-or-none` as
    ``-ln(1 - share)``, under the name ``latent_<prior>``: a chain walks on to none, where that is negative.

    Parameters
    ----------
    study : Stated
    prior : str
        Name of the prior.
    dims : str, optional
        None: a single value.
    """
    stated = study.priors[prior]
    if stated.shape == "normal":
        return pm.Normal(prior, stated.mu, stated.sigma, dims=dims)
    if stated.shape == "lognormal":
        return pm.LogNormal(prior, stated.mu, stated.sigma, dims=dims)
    if stated.shape == "share-or-none":
        return -pt.expm1(-pt.maximum(pm.Normal(f"latent_{prior}", stated.mu, stated.sigma, dims=dims), 0.0))
    return pm.math.sigmoid(pm.Normal(f"logit_{prior}", stated.mu, stated.sigma, dims=dims))


def draw_moving(study: Stated, prior: str, shift: Any) -> Any:
    """Quantity with a normal prior, sampled as what it is beyond a shift.

    Parameters
    ----------
    study : Stated
    prior : str
        Name of a normal prior.
    shift : Any
        What data know the quantity to move by with parameters drawn before.
    """
    return _moving(prior, study.priors[prior], shift)


def departures(study: Stated, name: str, spread: str, data: xr.Dataset) -> Any:
    """Departures of benchmarks from what they have in common, which sum to zero; a single benchmark has none.

    Parameters
    ----------
    study : Stated
    name : str
    spread : str
        Name of the prior of their standard deviation, or of the departures themselves where that is normal.
    data : xarray.Dataset
        It has the dim ``benchmark``.
    """
    if data.sizes["benchmark"] == 1:
        return pm.Deterministic(name, pt.zeros(1), dims="benchmark")
    stated = study.priors[spread]
    sigma = stated.sigma if stated.shape == "normal" else draw(study, spread)
    return pm.ZeroSumNormal(name, sigma=sigma, dims="benchmark")


def draw_log(study: Stated, prior: str, shift: Any = None) -> Any:
    """Logarithm of a lognormal quantity, sampled as a normal under the name ``log_<prior>``.

    Parameters
    ----------
    study : Stated
    prior : str
        Name of a lognormal prior.
    shift : Any, optional
        Moves the coordinate, in natural logarithms, with other parameters that data know it by.
    """
    stated = study.priors[prior]
    if shift is None:
        return pm.Normal(f"log_{prior}", stated.mu, stated.sigma)
    return _moving(f"log_{prior}", stated, shift)


def _moving(name: str, stated: Prior, shift: Any) -> Any:
    """Normal variable, sampled as what it is beyond a shift."""
    value = pm.Deterministic(name, pm.Flat(f"{name}_raw") + shift)
    pm.Potential(f"{name}_prior", normal_logp(value, stated.mu, stated.sigma))
    return value

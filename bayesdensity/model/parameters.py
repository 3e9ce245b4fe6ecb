"""Turn the priors of a study into random variables; the only place that reads their numbers."""

from __future__ import annotations

from typing import Any, Protocol

import pymc as pm
import pytensor.tensor as pt

from bayesdensity.base.prior import Prior


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

    A `logit-normal` variable is sampled on the logit, under the name ``logit_<prior>``.
    """
    stated = study.priors[prior]
    if stated.shape == "normal":
        return pm.Normal(prior, stated.mu, stated.sigma, dims=dims)
    if stated.shape == "lognormal":
        return pm.LogNormal(prior, stated.mu, stated.sigma, dims=dims)
    return pm.math.sigmoid(pm.Normal(f"logit_{prior}", stated.mu, stated.sigma, dims=dims))


def draw_log(study: Stated, prior: str, shift: Any = None) -> Any:
    """Logarithm of a lognormal quantity, sampled as a normal under the name ``log_<prior>``.

    ``shift`` moves the coordinate with other parameters that data know it by.
    """
    stated = study.priors[prior]
    if shift is None:
        return pm.Normal(f"log_{prior}", stated.mu, stated.sigma)
    value = pm.Deterministic(f"log_{prior}", pm.Flat(f"log_{prior}_raw") + shift)
    pm.Potential(f"log_{prior}_prior", normal_logp(value, stated.mu, stated.sigma))
    return value


def lognormal(name: str, mu: Any, sigma: Any, unit: float, dims: str, shift: Any = 0.0) -> Any:
    """Lognormal quantity that data know on its own scale, to about a unit, and that may be close to zero.

    It is sampled in units, linearly above one and logarithmically below: on the logarithm alone the posterior would
    have a long tail towards zero and a wall at the other end. ``shift`` moves the coordinate with other parameters.
    """
    raw = pm.Flat(f"{name}_raw", dims=dims) + shift
    log_value = pt.log(unit * pt.softplus(raw))
    # Jacobian of the change of variables: d softplus(z) / dz is the logistic function of z.
    pm.Potential(f"{name}_prior", normal_logp(log_value, mu, sigma) - log_value.sum() - pt.softplus(-raw).sum())
    return pt.exp(log_value)


def normal_logp(x: Any, mean: Any, sigma: Any) -> Any:
    """Log density of a normal, summed, up to a constant."""
    z = (x - mean) / sigma
    return -0.5 * (z**2).sum() - pt.log(sigma * pt.ones_like(z)).sum()

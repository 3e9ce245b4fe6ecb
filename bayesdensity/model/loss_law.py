"""A loss law as a block of a model: its parameters at the centre of its runs, and the losses that inform them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesdensity import laws
from bayesdensity.base.prior import Prior
from bayesdensity.model.coordinates import normal_logp
from bayesdensity.model.parameters import Priors, Stated, draw


class Noise(Protocol):
    """How log losses scatter about a law."""

    @property
    def noise(self) -> str:
        """Kind: student-t, laplace, normal, or one-sided (normal, and an excess above the law)."""

    @property
    def noise_df(self) -> float:
        """Degrees of freedom of a Student-t."""


@dataclass(frozen=True)
class LawPriors:
    """Priors of a law as a study states them, or as the law does where the study states none."""

    stated: Priors
    default: Mapping[str, Prior]

    @property
    def priors(self) -> LawPriors:
        """The same: a law is drawn from them as from a study."""
        return self

    def __getitem__(self, name: str) -> Prior:
        """Prior of one coordinate."""
        try:
            return self.stated[name]
        except (KeyError, AttributeError):
            return self.default[name]


def draw_law[L: laws.Law](
    form: type[L],
    stated: Stated,
    centre: Any,
    dims: str,
    pooled: Mapping[str, tuple[Any, Any]] | None = None,
    *,
    slow: str | None = None,
    prefix: str = "",
) -> L:
    """Parameters of a law for every label of a dimension.

    Parameters
    ----------
    form : type of Law
    stated : Stated
        Where the priors are; those that it lacks are the law's own.
    centre : ndarray
        Mean of the observed log losses.
    dims : str
    pooled : mapping, optional
        By exponent that the labels share: mean and spread of its logarithm. Its elasticity is sampled, about which
        data know more.
    slow : {"size", "data"}, optional
        Of a law of size and data, the term with the smaller exponent.
    prefix : str
        Of the names of what is not named after a prior.

    Returns
    -------
    Law
        With the dims given.
    """
    log_centre = pm.Normal(f"{prefix}log_loss_centre", centre, laws.CENTRE_SD, dims=dims)
    coordinates, pooled = dict[str, Any](), pooled or {}
    stated = LawPriors(stated.priors, form.coordinates)
    exponents = {form.elasticities[exponent]: exponent for exponent in pooled}
    for name in form.coordinates:
        if slow and name == "size_share":
            continue
        if name in exponents:
            mean, spread = pooled[exponents[name]]
            weight = form.weights(coordinates)[exponents[name]]
            coordinates[name] = pm.LogNormal(f"{prefix}{name}", mean + pt.log(weight), spread, dims=dims)
        else:
            coordinates[name] = draw(stated, name, dims=dims)
    if slow:
        elasticities = coordinates["size_elasticity"], coordinates["data_elasticity"]
        coordinates["size_share"] = _ordered_share(stated, *elasticities, dims, slow)
    return form.from_coordinates(log_centre, coordinates)


def keep_law(law: laws.Law, dims: str) -> None:
    """Keep the parameters of a law at its centre among the draws."""
    for name, part in law.parts().items():
        pm.Deterministic(f"law_{name}", part, dims=dims)


def observe_losses(name: str, observed: Any, expected: Any, noise: Noise, scale: Any, excess: Any = None) -> None:
    """Likelihood of log losses, as `bayesdensity.laws.loss_noise` has it.

    Parameters
    ----------
    name : str
        Of the observed variable.
    observed : ndarray or shared variable
        Log losses.
    expected : TensorVariable
        Those of the law.
    noise : Noise
    scale, excess : TensorVariable
        By loss; the mean excess of one-sided noise only.
    """
    values = pm.Data(f"{name}_observed", observed) if isinstance(observed, np.ndarray) else observed
    if noise.noise == "student-t":
        pm.StudentT(name, nu=noise.noise_df, mu=expected, sigma=scale, observed=values)
    elif noise.noise == "laplace":
        pm.Laplace(name, expected, scale, observed=values)
    elif noise.noise == "normal":
        pm.Normal(name, expected, scale, observed=values)
    else:
        pm.ExGaussian(name, mu=expected, sigma=scale, nu=excess, observed=values)


def group_mean(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Mean of values by group."""
    return np.asarray(np.bincount(group, values) / np.bincount(group))


def _ordered_share(stated: Stated, by_size: Any, by_data: Any, dims: str, slow: str) -> Any:
    """Share of the size term at which the exponents are so ordered: the prior is that of the share, cut off."""
    bound = by_size / (by_size + by_data)  # both exponents are equal there
    raw = pm.Flat("size_share_raw", dims=dims)
    inside = pm.math.sigmoid(raw)
    low, width = (bound, 1 - bound) if slow == "size" else (0.0, bound)
    share = low + width * inside
    prior = stated.priors["size_share"]
    logit = pt.log(share) - pt.log1p(-share)
    jacobian = (pt.log(width) + pt.log(inside) + pt.log1p(-inside) - pt.log(share) - pt.log1p(-share)).sum()
    pm.Potential("size_share_prior", normal_logp(logit, prior.mu, prior.sigma) + jacobian)
    return pm.Deterministic("size_share", share, dims=dims)

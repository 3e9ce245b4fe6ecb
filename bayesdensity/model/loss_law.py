"""A loss law as a block of a model: its parameters at the centre of its runs, and the losses that inform them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesdensity import laws
from bayesdensity.model.coordinates import normal_logp
from bayesdensity.model.parameters import Stated, draw


class Noise(Protocol):
    """How log losses scatter about a law."""

    @property
    def noise(self) -> str:
        """Kind: student-t, laplace, normal, or one-sided (normal, and an excess above the law)."""

    @property
    def noise_df(self) -> float:
        """Degrees of freedom of a Student-t."""


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
        Where the priors are.
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
    """
    log_centre = pm.Normal(f"{prefix}log_loss_centre", centre, laws.CENTRE_SD, dims=dims)
    at, pooled = dict[str, Any](), pooled or {}
    own = [name for name in form.coordinates if not (slow and name == "size_share")]
    shared = {form.elasticities()[name]: name for name in pooled}
    for name in own:
        if name in shared:
            mean, spread = pooled[shared[name]]
            weight = form.weights(at)[shared[name]][1]
            at[name] = pm.LogNormal(f"{prefix}{name}", mean + pt.log(weight), spread, dims=dims)
        else:
            at[name] = draw(stated, name, dims=dims)
    if slow:
        at["size_share"] = _ordered_share(stated, at["size_elasticity"], at["data_elasticity"], dims, slow)
    return form.from_coordinates(log_centre, at)


def keep_law(law: laws.Law, dims: str) -> None:
    """Keep the parameters of a law at its centre among the draws."""
    for name, part in law.parts().items():
        pm.Deterministic(f"law_{name}", part, dims=dims)


def observe_losses(name: str, observed: Any, expected: Any, noise: Noise, scale: Any, excess: Any = None) -> None:
    """Likelihood of log losses; ``scale`` and ``excess``, of one-sided noise, are by loss."""
    values = pm.Data(f"{name}_observed", observed)
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

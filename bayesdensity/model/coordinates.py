r"""Data-informed parametrisation of latent effects.

The joint model has about a thousand latent effects (cells, LLMs, families, levels), each pinned mostly by its own data.
Centred or not, they move stiffly with the few parameters they share: that is what makes plain NUTS slow here.
Each latent effect z is therefore sampled as

.. math:: z = m(\theta) + r / \sqrt{P(\theta)}

with m and P the mean and precision of its posterior given the shared parameters, in a linear Gaussian approximation of
its data. The change of variables is exact for any m and P, so the posterior is the model's; a poor approximation
costs speed, never correctness. Papaspiliopoulos, Roberts and Skoeld 2007 (DOI 10.1214/088342307000000014) treat the
linear case, of which centring and non-centring are the extremes.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.data.cells import told_harnesses


class Geometry(Protocol):
    """Coordinates that latent effects are sampled in. A block states a density; a geometry decides how to move in it.

    Every method returns a latent variable, and where its coordinates have a density of their own the log Jacobian that
    takes it out again: the block adds the stated log density.
    """

    def effect(self, name: str, dims: str, mean: Any, precision: Any, *, zero_sum: bool = False) -> tuple[Any, Any]:
        """Latent effect, and log Jacobian.

        Parameters
        ----------
        name, dims : str
        mean, precision : Any
            What its data say of it given the parameters drawn before, in a linear Gaussian approximation.
        zero_sum : bool
            Only its departures from the mean are free, and they sum to zero.
        """

    def harness_effects(self, data: xr.Dataset, value: Any, known: Any, prior: Any) -> tuple[Any, Any]:
        """Effects of the harnesses, and log Jacobian; the only harness of a benchmark has none.

        Parameters
        ----------
        data : xarray.Dataset
        value, known : Any
            Departure of each harness from the others that the scores show, and its precision; dim ``harness``.
        prior : Any
            Precision of their prior; dim ``harness``.
        """

    def positive(self, name: str, mu: Any, sigma: Any, unit: float, dims: str, shift: Any = 0.0) -> Any:
        """Lognormal quantity that data know on its own scale to about a unit, and that may be close to zero.

        Parameters
        ----------
        name : str
        mu, sigma : Any
            Of its logarithm.
        unit : float
        dims : str
        shift : Any
            Moves the coordinate with other parameters that data know it by.
        """

    def moving(self, name: str, dims: str, shift: Any) -> Any:
        """Quantity that data know by how far it is from others.

        Parameters
        ----------
        name, dims : str
        shift : Any
            What the others have it at.
        """

    def stated(self, name: str, logp: Any, *inputs: Any) -> Any:
        """The stated log density of an effect, as it is; ``inputs`` are terms that the effect is added to."""


class Informed(Geometry):
    """Data-informed coordinates: those in which the model is sampled."""

    def effect(self, name: str, dims: str, mean: Any, precision: Any, *, zero_sum: bool = False) -> tuple[Any, Any]:
        """Latent effect about its linearised conditional posterior, and the log Jacobian."""
        kind = pm.ZeroSumNormal if zero_sum else pm.Normal
        raw = kind(f"{name}_raw", sigma=1, dims=dims)
        # The standard normal that NUTS sees is taken back out: only the Jacobian stays.
        jacobian = 0.5 * (raw**2).sum() - 0.5 * pt.log(precision).sum()
        return pm.Deterministic(name, mean + raw / pt.sqrt(precision), dims=dims), jacobian

    def harness_effects(self, data: xr.Dataset, value: Any, known: Any, prior: Any) -> tuple[Any, Any]:
        """Effects of the harnesses, and the log Jacobian of their coordinates.

        Scores compare harnesses with each other: all effects on one benchmark may move together. The most used harness
        of each benchmark, its leader, is sampled about what the prior says of that common move, the others about the
        leader.
        """
        bench, used = data["harness_benchmark"].to_numpy(), np.bincount(data["score_harness"].to_numpy())
        n, told = data.sizes["benchmark"], told_harnesses(data)
        leader = np.array([np.flatnonzero(bench == b)[np.argmax(used[bench == b])] for b in range(n)])
        follows = np.isin(np.arange(len(bench)), leader, invert=True)
        apart, pull = value - value[leader][bench], follows * known / (known + prior)
        shared = 1 + group_sum(pull, bench, n)
        mean = -group_sum(pull * apart, bench, n) / shared
        raw = pm.Normal("harness_effect_raw", sigma=1, dims="harness")
        first = mean + raw[leader] / pt.sqrt(shared * prior[leader])
        rest = known * (apart + first[bench]) / (known + prior) + raw / pt.sqrt(known + prior)
        effect = pt.switch(follows, rest, first[bench])
        log_precision = pt.log(known + prior)[np.flatnonzero(follows)].sum()
        if len(told) < len(bench):
            effect, raw = pt.zeros(len(bench))[told].set(effect[told]), raw[told]
            leader = np.intersect1d(leader, told)
            log_precision += pt.log((shared[bench] * prior)[leader]).sum()
        else:
            log_precision += pt.log(shared * prior[leader]).sum()
        effect = pm.Deterministic("harness_effect", effect, dims="harness")
        return effect, 0.5 * (raw**2).sum() - 0.5 * log_precision

    def positive(self, name: str, mu: Any, sigma: Any, unit: float, dims: str, shift: Any = 0.0) -> Any:
        """Lognormal quantity, sampled in units: linearly above one and logarithmically below.

        On the logarithm alone the posterior would have a long tail towards zero and a wall at the other end.
        """
        raw = pm.Flat(f"{name}_raw", dims=dims) + shift
        log_value = pt.log(unit * pt.softplus(raw))
        # Jacobian of the change of variables: d softplus(z) / dz is the logistic function of z.
        pm.Potential(f"{name}_prior", normal_logp(log_value, mu, sigma) - log_value.sum() - pt.softplus(-raw).sum())
        return pt.exp(log_value)

    def moving(self, name: str, dims: str, shift: Any) -> Any:
        """Sampled as what it is beyond the shift."""
        return pm.Flat(f"{name}_raw", dims=dims) + shift

    def stated(self, name: str, logp: Any, *inputs: Any) -> Any:
        """The log density as it is."""
        return logp


class Plain(Geometry):
    """The model as it is stated: every effect is its own coordinate. For tests, diagrams and comparison."""

    def effect(self, name: str, dims: str, mean: Any, precision: Any, *, zero_sum: bool = False) -> tuple[Any, Any]:
        """Latent effect; departures from a mean that the model states, where they sum to zero."""
        if not zero_sum:
            return pm.Flat(name, dims=dims), pt.as_tensor(0.0)
        departure = pm.ZeroSumNormal(f"{name}_departure", sigma=1, dims=dims)
        return pm.Deterministic(name, mean + departure, dims=dims), 0.5 * (departure**2).sum()

    def harness_effects(self, data: xr.Dataset, value: Any, known: Any, prior: Any) -> tuple[Any, Any]:
        """Effects of the harnesses."""
        told, n = told_harnesses(data), data.sizes["harness"]
        if len(told) == n:
            return pm.Flat("harness_effect", dims="harness"), pt.as_tensor(0.0)
        effect = pt.zeros(n)
        if len(told):
            effect = effect[told].set(pm.Flat("harness_effect_told", shape=len(told)))
        return pm.Deterministic("harness_effect", effect, dims="harness"), pt.as_tensor(0.0)

    def positive(self, name: str, mu: Any, sigma: Any, unit: float, dims: str, shift: Any = 0.0) -> Any:
        """Lognormal quantity."""
        return pm.LogNormal(name, mu, sigma, dims=dims)

    def moving(self, name: str, dims: str, shift: Any) -> Any:
        """The quantity."""
        return pm.Flat(name, dims=dims)

    def stated(self, name: str, logp: Any, *inputs: Any) -> Any:
        """The log density as it is."""
        return logp


INFORMED = Informed()


def normal_logp(x: Any, mean: Any, sigma: Any) -> Any:
    """Log density of a normal, summed, up to a constant.

    Parameters
    ----------
    x, mean, sigma : Any
        Values, their means and standard deviations; they broadcast to the shape of the standardised values.
    """
    z = (x - mean) / sigma
    return -0.5 * (z**2).sum() - pt.log(sigma * pt.ones_like(z)).sum()


def group_sum(values: Any, index: Any, size: int) -> Any:
    """Sum of values by group.

    Parameters
    ----------
    values : Any
    index : Any
        Position of the group of each value.
    size : int
        Number of groups.
    """
    return pt.inc_subtensor(pt.zeros(size)[index], values)


def log_tail(z: Any) -> Any:
    """`bayesdensity.laws.forms.log_tail` for PyTensor."""
    above, below = pt.maximum(z, 0.0), pt.minimum(z, 0.0)
    scaled = pt.log(0.5 * pt.erfcx(above / np.sqrt(2)))
    return pt.switch(z > 0, scaled, pt.log1p(-0.5 * pt.erfc(-below / np.sqrt(2))))


def log_cdf(z: Any) -> Any:
    """Logarithm of the distribution function of a standard normal."""
    return log_tail(-z) - 0.5 * pt.maximum(-z, 0.0) ** 2

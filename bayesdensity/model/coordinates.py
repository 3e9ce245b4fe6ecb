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

from typing import Any

import pymc as pm
import pytensor.tensor as pt


def informed(name: str, mean: Any, precision: Any, dims: str, zero_sum: bool = False) -> tuple[Any, Any]:
    """Latent effect in data-informed coordinates, and the log Jacobian of the change of variables.

    The effect's own prior is left to the caller, who adds its log density at the returned value.
    """
    kind = pm.ZeroSumNormal if zero_sum else pm.Normal
    raw = kind(f"{name}_raw", sigma=1, dims=dims)
    # The standard normal that NUTS sees is taken back out: only the Jacobian stays.
    jacobian = 0.5 * (raw**2).sum() - 0.5 * pt.log(precision).sum()
    return pm.Deterministic(name, mean + raw / pt.sqrt(precision), dims=dims), jacobian


def group_sum(values: Any, index: Any, size: int) -> Any:
    """Sum of values by group."""
    return pt.inc_subtensor(pt.zeros(size)[index], values)

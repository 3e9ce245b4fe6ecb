"""How log density is distributed among the models of one time, and how that moves: arithmetic only.

The residual of a model about the mean of its time is ``s(t) (f + v - u + E[u])``: a family effect f, a symmetric part v
and an inefficiency u >= 0, half-normal. Such sums are skew-normal (Aigner, Lovell and Schmidt 1977,
DOI 10.1016/0304-4076(77)90052-5).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Number = Any
HALF_NORMAL_MEAN = float(np.sqrt(2 / np.pi))
"""Mean of a half-normal variable of scale 1."""
HALF_NORMAL_VARIANCE = 1 - 2 / np.pi


def mean_trend(time: Number, origin: Number, rate: Number, curvature: Number, spread: Number) -> Number:
    """Population mean of relative log density; ``time`` in years from the centre, ``spread`` the mean of time squared.

    Counting the quadratic from its mean keeps ``origin`` the average over the sample.
    """
    return origin + rate * time + 0.5 * curvature * (time**2 - spread)


def dispersion(time: Number, growth: Number) -> Number:
    """Scale of the spread between models relative to the centre of time, ``s(t) = exp(growth * t)``."""
    return np.exp(growth * time)


def skew_normal_parameters(symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
    """Scale and shape of ``v - u``, v normal and u half-normal of the given scales (Azzalini 1985)."""
    return np.sqrt(symmetric**2 + one_sided**2), -one_sided / symmetric


def composed_cdf(x: NDArray[np.float64], symmetric: Any, one_sided: Any) -> NDArray[np.float64]:
    """P(v - u + E[u] <= x): the distribution of a residual about the mean, by Owen's T function."""
    scale, shape = skew_normal_parameters(symmetric, one_sided)
    z = (x - HALF_NORMAL_MEAN * one_sided) / scale
    return np.asarray(special.ndtr(z) - 2 * special.owens_t(z, shape))


def composed_quantile(q: float, symmetric: Any, one_sided: Any) -> NDArray[np.float64]:
    """Quantile of ``v - u + E[u]``, accurate to rounding of the distribution function.

    Parameters
    ----------
    q : float
        Probability, between 0 and 1.
    symmetric, one_sided : array_like
        Scales of v and u, of one shape.
    """
    symmetric, one_sided = np.broadcast_arrays(np.asarray(symmetric, float), np.asarray(one_sided, float))
    reach = 40 * (symmetric + one_sided)
    lower, upper = -reach, reach
    for _ in range(80):  # bisection: 80 halvings exhaust double precision
        middle = (lower + upper) / 2
        below = composed_cdf(middle, symmetric, one_sided) < q
        lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
    return np.asarray((lower + upper) / 2)

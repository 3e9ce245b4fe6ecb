"""How log density is distributed among the models of one time: arithmetic only.

The residual of a model about the mean of its time is a sum of a family's part and its own. Each part is
``v - u + E[u]``: v symmetric and normal, u >= 0 an inefficiency, half-normal (Aigner, Lovell and Schmidt 1977,
DOI 10.1016/0304-4076(77)90052-5) or exponential (Meeusen and van den Broeck 1977, DOI 10.2307/2525757), or absent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import elementwise

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Array = NDArray[np.float64]
Form = Literal["half-normal", "exponential", "symmetric"]
UNIT_MEAN = {"half-normal": float(np.sqrt(2 / np.pi)), "exponential": 1.0, "symmetric": 0.0}
"""Mean of an inefficiency of scale 1."""
UNIT_VARIANCE = {"half-normal": 1 - 2 / np.pi, "exponential": 1.0, "symmetric": 0.0}
"""Its variance."""
NODES = 40
"""On either side of the kink, of the quadrature over a second half-normal inefficiency."""
REACH = 9.0
"""Scales of a half-normal beyond which nothing lies."""
APART = 1e-4
"""Relative difference that keeps the scales of two exponentials from coinciding."""


def log_tail(z: Any) -> Any:
    r"""Logarithm of the upper tail of a standard normal, ``exp(z^2 / 2)`` taken off where z > 0; for arrays.

    The scaled tail stays of order ``1 / z`` where the tail itself underflows.
    """
    return special.log_ndtr(-z) + 0.5 * np.maximum(z, 0) ** 2


def composed_log_density(
    form: Form, x: Number, symmetric: Number, one_sided: Number, tail: Callable[[Any], Any] = log_tail
) -> Number:
    """Log density of ``v - u + E[u]`` at x.

    Parameters
    ----------
    form : {"half-normal", "exponential", "symmetric"}
        Distribution of u.
    x : Number
    symmetric, one_sided : Number
        Scale of v (standard deviation), and of u (that of the half-normal, or the mean of the exponential).
    tail : callable
        `log_tail`, for arrays or for PyTensor.

    Returns
    -------
    Number
    """
    if form == "symmetric":
        return -0.5 * (x / symmetric) ** 2 - np.log(symmetric) - 0.5 * np.log(2 * np.pi)
    y = x - UNIT_MEAN[form] * one_sided
    if form == "half-normal":
        scale = np.sqrt(symmetric**2 + one_sided**2)
        z = y / scale * (one_sided / symmetric)
        return -0.5 * (y / scale) ** 2 - np.log(scale) + 0.5 * np.log(2 / np.pi) + tail(z) - 0.5 * _positive(z) ** 2
    ratio = symmetric / one_sided
    z = y / symmetric + ratio
    return -np.log(one_sided) + ratio * (y / symmetric + 0.5 * ratio) - 0.5 * _positive(z) ** 2 + tail(z)


def composed_cdf(form: Form, x: Any, symmetric: Any, one_sided: Any, second: Any = 0.0) -> Array:
    """P(residual <= x), where the residual is ``v - u - w + E[u] + E[w]``.

    Parameters
    ----------
    form : {"half-normal", "exponential", "symmetric"}
        Distribution of u and of w.
    x : array_like
    symmetric, one_sided, second : array_like
        Scales of v, u and w; u and w may be absent (0).

    Returns
    -------
    ndarray
        With the shape that the arguments have together.
    """
    x, symmetric, one_sided, second = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (x, symmetric, one_sided, second))
    )
    if form == "symmetric":
        return np.asarray(special.ndtr(x / symmetric))
    larger, smaller = np.maximum(one_sided, second), np.minimum(one_sided, second)
    y = x - UNIT_MEAN[form] * (larger + smaller)
    if not smaller.any():
        return _one(form, y, symmetric, larger)
    if form == "exponential":
        # Two exponentials: the density of their sum is a difference of two, and so is the distribution.
        middle, apart = (larger + smaller) / 2, np.maximum((larger - smaller) / 2, APART * larger / 2)
        larger, smaller = middle + apart, middle - apart
        first, other = (_one(form, y, symmetric, scale) for scale in (larger, smaller))
        return np.asarray((larger * first - smaller * other) / (larger - smaller))
    node, weight = np.polynomial.legendre.leggauss(NODES)
    # Where v is narrow the integrand has a kink, at which the nodes are split.
    corner, total = np.clip(-y / np.where(smaller > 0, smaller, 1.0), 0, REACH), np.zeros(x.shape)
    for start, width in ((0.0, corner), (corner, REACH - corner)):
        for step, mass in zip((node + 1) / 2, weight / 2, strict=True):
            w = start + width * step
            unit_density = np.sqrt(2 / np.pi) * np.exp(-(w**2) / 2)
            total += mass * width * unit_density * _one(form, y + w * smaller, symmetric, larger)
    return total


def composed_quantile(form: Form, q: float, symmetric: Any, one_sided: Any, second: Any = 0.0) -> Array:
    """Quantile of a residual, as `composed_cdf` has it.

    Parameters
    ----------
    form : {"half-normal", "exponential", "symmetric"}
    q : float
        Probability, between 0 and 1.
    symmetric, one_sided, second : array_like
        Scales of v, u and w.

    Returns
    -------
    ndarray
    """
    scales = np.broadcast_arrays(*(np.asarray(a, float) for a in (symmetric, one_sided, second)))
    if form == "symmetric":
        return np.asarray(special.ndtri(q) * scales[0])
    reach = 40 * sum(scales)
    root = elementwise.find_root(
        lambda x, *scale: composed_cdf(form, x, *scale) - q, (-reach, reach), args=scales, tolerances={"fatol": 1e-14}
    )
    return np.asarray(root.x)


def composed_draw(
    form: Form, rng: np.random.Generator, symmetric: Any, one_sided: Any, shape: tuple[int, ...]
) -> Array:
    """Random draws of ``v - u + E[u]``; the scales broadcast to the shape."""
    if form == "symmetric":
        return np.asarray(symmetric * rng.standard_normal(shape))
    unit = np.abs(rng.standard_normal(shape)) if form == "half-normal" else rng.standard_exponential(shape)
    return np.asarray(symmetric * rng.standard_normal(shape) - one_sided * (unit - UNIT_MEAN[form]))


def inefficiency_given(form: Form, x: Number, symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
    """Location and scale of u given ``v - u + E[u] = x``: a normal kept above zero.

    Half-normal: Jondrow, Lovell, Materov and Schmidt 1982 (DOI 10.1016/0304-4076(82)90004-5), who treat the
    exponential too.
    """
    y = x - UNIT_MEAN[form] * one_sided
    if form == "half-normal":
        variance = symmetric**2 + one_sided**2
        return -y * one_sided**2 / variance, one_sided * symmetric / np.sqrt(variance)
    return -y - symmetric**2 / one_sided, symmetric + 0 * y


def above_zero(location: Any, scale: Any, uniform: Any) -> Array:
    """Draw of a normal kept above zero, from a uniform draw of the same shape."""
    # By the upper tail, which keeps its precision where the location lies far below zero.
    log_tail_mass = np.log(uniform) + special.log_ndtr(location / scale)
    return np.asarray(np.maximum(location - scale * special.ndtri_exp(log_tail_mass), 0.0))


def dispersion(time: Number, growth: Number) -> Number:
    """Scale of the spread between models relative to the centre of time, ``s(t) = exp(growth * t)``."""
    return np.exp(growth * time)


def _one(form: Form, y: Array, symmetric: Array, one_sided: Array) -> Array:
    """P(v - u <= y) with one inefficiency."""
    if form == "half-normal":
        scale = np.hypot(symmetric, one_sided)
        # By Owen's T function (Azzalini 1985).
        return np.asarray(special.ndtr(y / scale) - 2 * special.owens_t(y / scale, -one_sided / symmetric))
    scale = np.where(one_sided > 0, one_sided, symmetric)
    density = np.exp(composed_log_density("exponential", y + scale, symmetric, scale))
    return np.asarray(special.ndtr(y / symmetric) + np.where(one_sided > 0, scale * density, 0.0))


def _positive(x: Number) -> Number:
    return 0.5 * (x + abs(x))

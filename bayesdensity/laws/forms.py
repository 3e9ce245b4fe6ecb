"""Forms of the frontier: how log density is distributed among the models of one time. Arithmetic only.

The residual of a model about the mean of its time is a sum of a family's part and its own. Each part is
``v - u + E[u]``: v symmetric and normal, u >= 0 an inefficiency. A form says how u is distributed; adding one is a
class here and its name in `FORMS`:

    class HalfNormal(Form):
        name, title = "half-normal", "half-normal inefficiency"
        unit_mean, unit_variance = ..., ...                 # of u at scale 1

        def log_density(self, x, symmetric, one_sided, tail=log_tail): ...    # of v - u + E[u]
        def unit_draw(self, rng, shape): ...                                  # of u at scale 1
        def cdf_of_one(self, y, symmetric, one_sided): ...                    # P(v - u <= y)
        def cdf_of_two(self, y, symmetric, larger, smaller): ...              # P(v - u - w <= y)
        def truncated_normal(self, x, symmetric, one_sided): ...              # u given the residual
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Array = NDArray[np.float64]
NODES = 40
"""On either side of the kink, of the quadrature over a second half-normal inefficiency."""
REACH = 9.0
"""Scales of a half-normal beyond which nothing lies."""
APART = 1e-4
"""Relative difference that keeps the scales of two exponentials from coinciding."""


class Scales(NamedTuple):
    """Scales of the parts of a residual at the centre of time, and how they grow; zero where there is no such part."""

    growth: Number
    """Growth of the dispersion a year, in logarithms."""
    noise: Number
    """Standard deviation of the symmetric part of an LLM."""
    inefficiency: Number
    """Scale of the inefficiency of an LLM."""
    family: Number
    """Standard deviation of the symmetric part of a family."""
    family_inefficiency: Number
    """Scale of the inefficiency of a family."""
    family_asymmetry: Number = 0.0
    """Half the log ratio of the lower to the upper scale of family effects."""
    asymmetry_growth: Number = 0.0
    """Growth of that a year."""
    class_gap: Number = 0.0
    """Between the means of the strong and the weak class of families, in natural logarithms."""
    class_gap_growth: Number = 0.0
    """Growth of the gap a year, in logarithms."""
    class_log_odds: Number = 0.0
    """Log odds that a family is of the weak class."""
    class_log_odds_growth: Number = 0.0
    """Growth of these a year."""


SCALE_PRIORS = Scales(
    growth="dispersion_growth",
    noise="noise_scale",
    inefficiency="inefficiency_scale",
    family="family_scale",
    family_inefficiency="family_inefficiency_scale",
    family_asymmetry="family_asymmetry",
    asymmetry_growth="asymmetry_growth",
    class_gap="class_gap",
    class_gap_growth="class_gap_growth",
    class_log_odds="class_log_odds",
    class_log_odds_growth="class_log_odds_growth",
)
"""The name of each among priors and draws."""


def scales_of(draws: Mapping[Any, Any]) -> Scales:
    """Scales as drawn; zero where the study has switched them off."""
    return Scales(*(draws.get(name, 0.0) for name in SCALE_PRIORS))


def log_tail(z: Any) -> Any:
    r"""Logarithm of the upper tail of a standard normal, ``exp(z^2 / 2)`` taken off where z > 0; for arrays.

    The scaled tail stays of order ``1 / z`` where the tail itself underflows.
    """
    return special.log_ndtr(-z) + 0.5 * np.maximum(z, 0) ** 2


class Shortfall(ABC):
    """Distribution of an inefficiency u >= 0 of scale 1."""

    name: ClassVar[str]
    unit_mean: ClassVar[float]

    @abstractmethod
    def unit_draw(self, rng: np.random.Generator, shape: Any) -> Array:
        """Draws of u."""

    def draw(self, rng: np.random.Generator, symmetric: Any, one_sided: Any, shape: Any) -> Array:
        """Draws of ``v - u + E[u]``.

        Parameters
        ----------
        rng : numpy.random.Generator
        symmetric, one_sided : array_like
            Scale of v (standard deviation) and of u; they broadcast to the shape.
        shape : int or tuple of int

        Returns
        -------
        ndarray
        """
        unit = self.unit_draw(rng, shape)
        return np.asarray(symmetric * rng.standard_normal(shape) - one_sided * (unit - self.unit_mean))


class Form(Shortfall):
    """A form that the model can state: with density, distribution and conditional draws in closed form."""

    title: ClassVar[str]
    """As it is called in words."""
    one_sided: ClassVar[bool] = True
    """Whether there is an inefficiency at all."""
    unit_variance: ClassVar[float]

    @abstractmethod
    def log_density(
        self, x: Number, symmetric: Number, one_sided: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of ``v - u + E[u]`` at x.

        Parameters
        ----------
        x : Number
        symmetric, one_sided : Number
            Scale of v (standard deviation) and of u.
        tail : callable
            `log_tail`, for arrays or for PyTensor.

        Returns
        -------
        Number
        """

    @abstractmethod
    def cdf_of_one(self, y: Array, symmetric: Array, one_sided: Array) -> Array:
        """P(v - u <= y).

        Parameters
        ----------
        y : ndarray
        symmetric, one_sided : ndarray
            Scale of v (standard deviation) and of u, of the shape of y.
        """

    @abstractmethod
    def cdf_of_two(self, y: Array, symmetric: Array, larger: Array, smaller: Array) -> Array:
        """P(v - u - w <= y), the inefficiencies ordered by their scales.

        Parameters
        ----------
        y : ndarray
        symmetric, larger, smaller : ndarray
            Scale of v (standard deviation), of u and of w, of the shape of y.
        """

    @abstractmethod
    def truncated_normal(self, x: Number, symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
        """Location and scale of u given ``v - u + E[u] = x``, which is a normal kept above zero.

        Parameters
        ----------
        x : Number
            Residual, in natural logarithms.
        symmetric, one_sided : Number
            Scale of v (standard deviation) and of u.
        """

    def variance(self, symmetric: Number, one_sided: Number) -> Number:
        """Variance of ``v - u``."""
        return symmetric**2 + self.unit_variance * one_sided**2

    def cdf(self, x: Any, symmetric: Any, one_sided: Any, second: Any = 0.0) -> Array:
        """P(residual <= x), where the residual is ``v - u - w + E[u] + E[w]``.

        Parameters
        ----------
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
        larger, smaller = np.maximum(one_sided, second), np.minimum(one_sided, second)
        y = x - self.unit_mean * (larger + smaller)
        if not smaller.any():
            return self.cdf_of_one(y, symmetric, larger)
        return self.cdf_of_two(y, symmetric, larger, smaller)

    def quantile(self, q: float, symmetric: Any, one_sided: Any, second: Any = 0.0) -> Array:
        """Quantile of a residual, as `cdf` has it.

        Parameters
        ----------
        q : float
            Probability, between 0 and 1.
        symmetric, one_sided, second : array_like
            Scales of v, u and w.

        Returns
        -------
        ndarray
        """
        from scipy.optimize import elementwise  # takes long, and a summary may do without

        scales = np.broadcast_arrays(*(np.asarray(a, float) for a in (symmetric, one_sided, second)))
        reach = 40 * sum(scales)
        root = elementwise.find_root(
            lambda x, *scale: self.cdf(x, *scale) - q, (-reach, reach), args=scales, tolerances={"fatol": 1e-14}
        )
        return np.asarray(root.x)

    def draw_inefficiency(self, x: Number, symmetric: Number, one_sided: Number, uniform: Number) -> Array:
        """Draw of u given ``v - u + E[u] = x``, from a uniform draw of the same shape.

        Parameters
        ----------
        x : Number
        symmetric, one_sided : Number
            Scales of v and u.
        uniform : Number
            Between 0 and 1.

        Returns
        -------
        ndarray
        """
        location, scale = self.truncated_normal(x, symmetric, one_sided)
        # By the upper tail, which keeps its precision where the location lies far below zero.
        log_tail_mass = np.log(uniform) + special.log_ndtr(location / scale)
        return np.asarray(np.maximum(location - scale * special.ndtri_exp(log_tail_mass), 0.0))


class HalfNormal(Form):
    """Half-normal inefficiency (Aigner, Lovell and Schmidt 1977, DOI 10.1016/0304-4076(77)90052-5)."""

    name = "half-normal"
    title = "half-normal inefficiency"
    unit_mean = float(np.sqrt(2 / np.pi))
    unit_variance = 1 - 2 / np.pi

    def log_density(
        self, x: Number, symmetric: Number, one_sided: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of the residual: a skew normal."""
        y = x - self.unit_mean * one_sided
        scale = np.sqrt(symmetric**2 + one_sided**2)
        z = y / scale * (one_sided / symmetric)
        return -0.5 * (y / scale) ** 2 - np.log(scale) + 0.5 * np.log(2 / np.pi) + tail(z) - 0.5 * _positive(z) ** 2

    def unit_draw(self, rng: np.random.Generator, shape: Any) -> Array:
        """Draws of u."""
        return np.asarray(np.abs(rng.standard_normal(shape)))

    def cdf_of_one(self, y: Array, symmetric: Array, one_sided: Array) -> Array:
        """P(v - u <= y), by Owen's T function (Azzalini 1985)."""
        scale = np.hypot(symmetric, one_sided)
        return np.asarray(special.ndtr(y / scale) - 2 * special.owens_t(y / scale, -one_sided / symmetric))

    def cdf_of_two(self, y: Array, symmetric: Array, larger: Array, smaller: Array) -> Array:
        """P(v - u - w <= y), by quadrature over w."""
        node, weight = np.polynomial.legendre.leggauss(NODES)
        # Where v is narrow the integrand has a kink, at which the nodes are split.
        corner, total = np.clip(-y / np.where(smaller > 0, smaller, 1.0), 0, REACH), np.zeros(y.shape)
        for start, width in ((0.0, corner), (corner, REACH - corner)):
            for step, mass in zip((node + 1) / 2, weight / 2, strict=True):
                w = start + width * step
                unit_density = np.sqrt(2 / np.pi) * np.exp(-(w**2) / 2)
                total += mass * width * unit_density * self.cdf_of_one(y + w * smaller, symmetric, larger)
        return total

    def truncated_normal(self, x: Number, symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
        """Location and scale of u (Jondrow, Lovell, Materov and Schmidt 1982, DOI 10.1016/0304-4076(82)90004-5)."""
        y, variance = x - self.unit_mean * one_sided, symmetric**2 + one_sided**2
        return -y * one_sided**2 / variance, one_sided * symmetric / np.sqrt(variance)


class Exponential(Form):
    """Exponential inefficiency (Meeusen and van den Broeck 1977, DOI 10.2307/2525757)."""

    name = "exponential"
    title = "exponential inefficiency"
    unit_mean = 1.0
    unit_variance = 1.0

    def log_density(
        self, x: Number, symmetric: Number, one_sided: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of the residual: an ex-Gaussian with its sign changed."""
        y, ratio = x - self.unit_mean * one_sided, symmetric / one_sided
        z = y / symmetric + ratio
        return -np.log(one_sided) + ratio * (y / symmetric + 0.5 * ratio) - 0.5 * _positive(z) ** 2 + tail(z)

    def unit_draw(self, rng: np.random.Generator, shape: Any) -> Array:
        """Draws of u."""
        return np.asarray(rng.standard_exponential(shape))

    def cdf_of_one(self, y: Array, symmetric: Array, one_sided: Array) -> Array:
        """P(v - u <= y)."""
        scale = np.where(one_sided > 0, one_sided, symmetric)
        density = np.exp(self.log_density(y + scale, symmetric, scale))
        return np.asarray(special.ndtr(y / symmetric) + np.where(one_sided > 0, scale * density, 0.0))

    def cdf_of_two(self, y: Array, symmetric: Array, larger: Array, smaller: Array) -> Array:
        """P(v - u - w <= y): the density of a sum of two exponentials is a difference of two, and so is this."""
        middle, apart = (larger + smaller) / 2, np.maximum((larger - smaller) / 2, APART * larger / 2)
        larger, smaller = middle + apart, middle - apart
        first, other = (self.cdf_of_one(y, symmetric, scale) for scale in (larger, smaller))
        return np.asarray((larger * first - smaller * other) / (larger - smaller))

    def truncated_normal(self, x: Number, symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
        """Location and scale of u (Jondrow, Lovell, Materov and Schmidt 1982, DOI 10.1016/0304-4076(82)90004-5)."""
        y = x - self.unit_mean * one_sided
        return -y - symmetric**2 / one_sided, symmetric + 0 * y


class Symmetric(Form):
    """No inefficiency: residuals are normal, and there is no best practice to fall short of."""

    name = "symmetric"
    title = "symmetric"
    one_sided = False
    unit_mean = 0.0
    unit_variance = 0.0

    def log_density(
        self, x: Number, symmetric: Number, one_sided: Number = 0.0, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of a normal residual."""
        return -0.5 * (x / symmetric) ** 2 - np.log(symmetric) - 0.5 * np.log(2 * np.pi)

    def unit_draw(self, rng: np.random.Generator, shape: Any) -> Array:
        """Zeros."""
        return np.zeros(shape)

    def cdf_of_one(self, y: Array, symmetric: Array, one_sided: Array) -> Array:
        """P(v <= y)."""
        return np.asarray(special.ndtr(y / symmetric))

    def cdf_of_two(self, y: Array, symmetric: Array, larger: Array, smaller: Array) -> Array:
        """P(v <= y)."""
        return self.cdf_of_one(y, symmetric, larger)

    def quantile(self, q: float, symmetric: Any, one_sided: Any = 0.0, second: Any = 0.0) -> Array:
        """Quantile of a normal residual."""
        symmetric, *_ = np.broadcast_arrays(*(np.asarray(a, float) for a in (symmetric, one_sided, second)))
        return np.asarray(special.ndtri(q) * symmetric)

    def truncated_normal(self, x: Number, symmetric: Number, one_sided: Number) -> tuple[Number, Number]:
        """There is no u to speak of."""
        raise NotImplementedError("a symmetric residual has no inefficiency")


FORMS: dict[str, Form] = {form.name: form for form in (HalfNormal(), Exponential(), Symmetric())}
"""What a study may ask for, by name."""
SYMMETRIC = FORMS["symmetric"]


class HalfStudentT(Shortfall):
    """Heavy-tailed: the absolute value of a Student-t of 3 degrees of freedom. Worlds have it, no model states it."""

    name = "student-t"
    degrees = 3.0
    unit_mean = float(2 * np.sqrt(3) / np.pi)

    def unit_draw(self, rng: np.random.Generator, shape: Any) -> Array:
        """Draws of u."""
        return np.asarray(np.abs(rng.standard_t(self.degrees, shape)))


def _positive(x: Number) -> Number:
    return 0.5 * (x + abs(x))

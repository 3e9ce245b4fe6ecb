"""How the effects of families are distributed at a time, and with them residuals about the trend: arithmetic only.

An effect is what the LLMs of a family share; on average over the families of a time it is zero. A study names its
dispersion, which says how the spread of residuals moves; adding one is a class here, its name in `DISPERSIONS`, and
what it draws in `bayesdensity.laws.forms.Scales`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayesdensity.laws.forms import Form, Scales, log_tail
from bayesdensity.laws.tabulated import Table

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Array = NDArray[np.float64]
HALF_NORMAL_MEAN = float(np.sqrt(2 / np.pi))
STEPS, CLOSE, LEAST_DENSITY = 60, 1e-8, 1e-12
"""Of the search for a quantile: steps at most, the last of them, and density below which none is divided by."""
SIDE_NODES, SIDE_REACH = 24, 7.0
"""Of the quadrature over one side of a two-sided spread: nodes, and scales beyond which nothing lies."""


Distribution = Callable[[Array, NDArray[np.int_]], tuple[Array, Array]]


class Normals(NamedTuple):
    """A distribution as a sum of normals; a last axis counts them."""

    mean: Array
    sd: Array
    weight: Array


class Dispersion(ABC):
    """How residuals about the trend spread among the releases of a time.

    Scales and times broadcast together; they are floats, arrays, xarray objects or PyTensor variables.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    """As it is called in words."""
    priors: ClassVar[tuple[str, ...]] = ()
    """Scales that it has beside those of the parts of a residual, by their names in `SCALE_PRIORS`."""
    plain: ClassVar[bool] = False
    """Whether families differ by the form of the frontier, scaled; else they have a distribution of their own."""

    def growth(self, scales: Scales, time: Number) -> Number:
        """Spread of LLMs within a family relative to the centre of time, ``exp(growth * t)``."""
        return np.exp(scales.growth * time)

    @abstractmethod
    def variance(self, form: Form, scales: Scales, time: Number) -> Number:
        """Variance of an effect.

        Parameters
        ----------
        form : Form
            How families differ, where the dispersion leaves that open.
        scales : Scales
        time : Number
            Years from the centre of time.
        """

    @abstractmethod
    def log_density(
        self, effect: Number, form: Form, scales: Scales, time: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of an effect.

        Parameters
        ----------
        effect : Number
        form, scales, time
            As for `variance`.
        tail : callable
            `bayesdensity.laws.forms.log_tail`, for arrays or for PyTensor.
        """

    @abstractmethod
    def cdf(self, effect: Array, form: Form, scales: Scales, time: Array) -> Array:
        """P(an effect is smaller).

        Parameters
        ----------
        effect : ndarray
        form, scales, time
            As for `variance`.
        """

    @abstractmethod
    def draw(self, rng: np.random.Generator, form: Form, scales: Scales, time: Array) -> Array:
        """Draws of effects, of the shape of the times.

        Parameters
        ----------
        rng : numpy.random.Generator
        form, scales, time
            As for `variance`.
        """

    @abstractmethod
    def quantile(self, q: float, form: Form, scales: Scales, time: Array) -> Array:
        """Quantile of a residual, of a family's effect and an LLM's own part together.

        Parameters
        ----------
        q : float
            Probability, between 0 and 1.
        form : Form
            That of the frontier.
        scales, time
            As for `variance`.
        """


class Growing(Dispersion):
    """The whole spread grows, or shrinks, by one factor a year."""

    name = "growing"
    title = "a spread that grows as a whole"
    priors: ClassVar[tuple[str, ...]] = ("dispersion_growth",)
    plain = True

    def variance(self, form: Form, scales: Scales, time: Number) -> Number:
        """Variance of an effect."""
        return self.growth(scales, time) ** 2 * form.variance(scales.family, scales.family_inefficiency)

    def log_density(
        self, effect: Number, form: Form, scales: Scales, time: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of an effect: that of the form, scaled."""
        spread = self.growth(scales, time)
        return form.log_density(effect / spread, scales.family, scales.family_inefficiency, tail) - np.log(spread)

    def cdf(self, effect: Array, form: Form, scales: Scales, time: Array) -> Array:
        """P(an effect is smaller)."""
        return form.cdf(effect / self.growth(scales, time), scales.family, scales.family_inefficiency)

    def draw(self, rng: np.random.Generator, form: Form, scales: Scales, time: Array) -> Array:
        """Draws of effects."""
        drawn = form.draw(rng, scales.family, scales.family_inefficiency, np.shape(time))
        return np.asarray(self.growth(scales, time) * drawn)

    def quantile(self, q: float, form: Form, scales: Scales, time: Array) -> Array:
        """Quantile of a residual, which scales with its spread."""
        symmetric = np.hypot(scales.noise, scales.family)
        at_centre = form.quantile(q, symmetric, scales.inefficiency, scales.family_inefficiency)
        return np.asarray(at_centre * self.growth(scales, time))


class Constant(Growing):
    """The spread is the same at all times."""

    name = "constant"
    title = "a constant spread"
    priors = ()


class _Mixed(Dispersion):
    """Families have a distribution of their own; an LLM's own part keeps the form of the frontier."""

    def quantile(self, q: float, form: Form, scales: Scales, time: Array) -> Array:
        """Quantile of a residual, by inverting its distribution."""
        spread = self.growth(scales, time)
        own_variance = spread**2 * form.variance(scales.noise, scales.inefficiency)
        sd = np.sqrt(self.variance(form, scales, time) + own_variance)
        distribution = self.residuals(form, scales, time)
        # By Newton's method from that of a normal of the same variance, in steps of no more than half of its scale.
        x = special.ndtri(q) * sd
        shape, x, widest, left = x.shape, x.ravel(), sd.ravel(), np.arange(x.size)
        for _ in range(STEPS):
            below, density = distribution(x[left], left)
            most = 0.5 * widest[left]
            step = np.clip((below - q) / np.maximum(density, LEAST_DENSITY), -most, most)
            x[left] -= step
            left = left[np.abs(step) >= CLOSE]
            if not left.size:
                break
        # What a table is off by is taken off again by a step with the distribution itself.
        every = np.arange(x.size)
        below, _ = self.residuals(form, scales, time, exact=True)(x, every)
        return np.asarray(x - (below - q) / np.maximum(distribution(x, every)[1], LEAST_DENSITY)).reshape(shape)

    @abstractmethod
    def residuals(self, form: Form, scales: Scales, time: Array, *, exact: bool = False) -> Distribution:
        """Distribution function and density of residuals, of a family's effect and an LLM's own part together.

        Parameters
        ----------
        form : Form
            Of an LLM's own part.
        scales : Scales
        time : ndarray
            Years from the centre of time.
        exact : bool
            Read nothing from a table; the density is then not told where that would take longer.

        Returns
        -------
        callable
            Of values, and of the places that they belong to among scales and times broadcast together and ravelled.
        """


class TwoSided(_Mixed):
    """Families above the mode spread by one scale and those below by another, and the two may grow apart.

    A split normal (Fechner 1897; Wallis 2014, DOI 10.1214/13-STS417), moved to mean zero. It has the constant and the
    growing spread of a symmetric family within it.
    """

    name = "two-sided"
    title = "a spread whose lower and upper side grow apart"
    priors = ("dispersion_growth", "family_asymmetry", "asymmetry_growth")

    def sides(self, scales: Scales, time: Number) -> tuple[Number, Number]:
        """Scale below and above the mode."""
        asymmetry = scales.family_asymmetry + scales.asymmetry_growth * time
        middle = scales.family * self.growth(scales, time)
        return middle * np.exp(asymmetry), middle * np.exp(-asymmetry)

    def mode(self, lower: Number, upper: Number) -> Number:
        """Where the mode lies from the mean."""
        return HALF_NORMAL_MEAN * (lower - upper)

    def variance(self, form: Form, scales: Scales, time: Number) -> Number:
        """Variance of an effect."""
        lower, upper = self.sides(scales, time)
        return (1 - HALF_NORMAL_MEAN**2) * (upper - lower) ** 2 + lower * upper

    def log_density(
        self, effect: Number, form: Form, scales: Scales, time: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of an effect."""
        lower, upper = self.sides(scales, time)
        x = effect - self.mode(lower, upper)
        z = 0.5 * (x - abs(x)) / lower + 0.5 * (x + abs(x)) / upper
        return -0.5 * z**2 - np.log(lower + upper) + 0.5 * np.log(2 / np.pi)

    def cdf(self, effect: Array, form: Form, scales: Scales, time: Array) -> Array:
        """P(an effect is smaller)."""
        lower, upper = self.sides(scales, time)
        x = effect - self.mode(lower, upper)
        share = 2 / (lower + upper)
        above = 1 - share * upper * special.ndtr(-np.maximum(x, 0) / upper)
        return np.asarray(np.where(x < 0, share * lower * special.ndtr(np.minimum(x, 0) / lower), above))

    def draw(self, rng: np.random.Generator, form: Form, scales: Scales, time: Array) -> Array:
        """Draws of effects."""
        lower, upper = (np.broadcast_to(side, np.shape(time)) for side in self.sides(scales, time))
        is_below = rng.random(np.shape(time)) < lower / (lower + upper)
        apart = np.abs(rng.standard_normal(np.shape(time)))
        return np.asarray(self.mode(lower, upper) + apart * np.where(is_below, -lower, upper))

    def residuals(self, form: Form, scales: Scales, time: Array, *, exact: bool = False) -> Distribution:
        """Over points of a quadrature on either side, an LLM's own part from a table: it has one shape at all times."""
        node, weight = np.polynomial.legendre.leggauss(SIDE_NODES)
        node, weight = SIDE_REACH * (node + 1) / 2, SIDE_REACH * weight / 2
        half = 2 * weight * np.exp(-(node**2) / 2) / np.sqrt(2 * np.pi)
        lower, upper = self.sides(scales, time)
        share = 1 / (1 + np.exp(-2 * (scales.family_asymmetry + scales.asymmetry_growth * time)))  # also without spread
        parts = lower, upper, self.mode(lower, upper), share, self.growth(scales, time)
        noise, own = np.broadcast_arrays(np.asarray(scales.noise), np.asarray(scales.inefficiency))
        shape = np.broadcast_shapes(noise.shape, *(np.shape(part) for part in parts))
        lower, upper, mode, share, spread = (np.broadcast_to(part, shape).ravel() for part in parts)
        noise_of, own_of = noise.ravel(), own.ravel()
        table = None if exact else Table.of(form, noise_of, own_of)
        row = np.broadcast_to(np.arange(noise.size).reshape(noise.shape), shape).ravel()

        def distribution(x: Array, at: NDArray[np.int_]) -> tuple[Array, Array]:
            below, density = np.zeros(x.shape), np.zeros(x.shape)
            for sign, side, mass in ((-1.0, lower[at], share[at]), (1.0, upper[at], 1 - share[at])):
                apart = (x - mode[at])[:, None] - sign * side[:, None] * node
                scaled, of = apart / spread[at, None], row[at, None]
                if table is None:
                    below += mass * (form.cdf(scaled, noise_of[of], own_of[of]) @ half)
                    continue
                value, slope = table.at(scaled, of)
                below += mass * (value @ half)
                density += mass * (slope @ half) / spread[at]
            return below, density

        return distribution


class TwoClasses(_Mixed):
    """Families are of a strong or of a weak class: a gap apart, the share of the weak ones moving in time.

    Within a class, and within a family, the spread is constant.
    """

    name = "two-classes"
    title = "two classes of families, their gap and share moving in time"
    priors = ("class_gap", "class_gap_growth", "class_log_odds", "class_log_odds_growth")

    def classes(self, scales: Scales, time: Number) -> tuple[Number, Number]:
        """Share of the weak class, and the gap between the means of both."""
        share = 1 / (1 + np.exp(-(scales.class_log_odds + scales.class_log_odds_growth * time)))
        return share, scales.class_gap * np.exp(scales.class_gap_growth * time)

    def variance(self, form: Form, scales: Scales, time: Number) -> Number:
        """Variance of an effect."""
        share, gap = self.classes(scales, time)
        return scales.family**2 + share * (1 - share) * gap**2

    def log_density(
        self, effect: Number, form: Form, scales: Scales, time: Number, tail: Callable[[Any], Any] = log_tail
    ) -> Number:
        """Log density of an effect."""
        share, gap = self.classes(scales, time)
        strong = np.log(1 - share) - 0.5 * ((effect - share * gap) / scales.family) ** 2
        weak = np.log(share) - 0.5 * ((effect + (1 - share) * gap) / scales.family) ** 2
        # The logarithm of their sum, from the larger of the two.
        apart = abs(strong - weak)
        larger = 0.5 * (strong + weak + apart)
        return larger + np.log1p(np.exp(-apart)) - np.log(scales.family) - 0.5 * np.log(2 * np.pi)

    def cdf(self, effect: Array, form: Form, scales: Scales, time: Array) -> Array:
        """P(an effect is smaller)."""
        mean, sd, weight = self.normals(scales, time)
        return np.asarray((weight * special.ndtr((effect[..., None] - mean) / sd)).sum(axis=-1))

    def draw(self, rng: np.random.Generator, form: Form, scales: Scales, time: Array) -> Array:
        """Draws of effects."""
        share, gap = self.classes(scales, time)
        is_weak = rng.random(np.shape(time)) < share
        return np.asarray(scales.family * rng.standard_normal(np.shape(time)) + gap * (share - is_weak))

    def residuals(self, form: Form, scales: Scales, time: Array, *, exact: bool = False) -> Distribution:
        """The sum over both classes."""
        spread, parts = self.growth(scales, time), self.normals(scales, time)
        symmetric = np.hypot((scales.noise * spread)[..., None], parts.sd)
        own = np.broadcast_to((scales.inefficiency * spread)[..., None], symmetric.shape)
        mean, scale, one_sided, weight = (
            np.broadcast_to(part, symmetric.shape).reshape(-1, symmetric.shape[-1])
            for part in (parts.mean, symmetric, own, parts.weight)
        )

        def distribution(x: Array, at: NDArray[np.int_]) -> tuple[Array, Array]:
            apart = x[:, None] - mean[at]
            with np.errstate(over="ignore", under="ignore"):
                density = np.exp(form.log_density(apart, scale[at], one_sided[at]))
            below = form.cdf(apart, scale[at], one_sided[at])
            return (weight[at] * below).sum(axis=1), (weight[at] * density).sum(axis=1)

        return distribution

    def normals(self, scales: Scales, time: Array) -> Normals:
        """One for each class, the strong one first."""
        share, gap = np.broadcast_arrays(*self.classes(scales, time))
        mean = np.stack([share * gap, -(1 - share) * gap], axis=-1)
        sd = np.broadcast_to(np.asarray(scales.family)[..., None], mean.shape)
        return Normals(mean, sd, np.stack([1 - share, share], axis=-1))


DISPERSIONS: dict[str, Dispersion] = {one.name: one for one in (Constant(), Growing(), TwoSided(), TwoClasses())}
"""What a study may ask for, by name."""

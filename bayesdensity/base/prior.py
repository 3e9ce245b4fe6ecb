"""A prior, stated as an interval that a reader can argue with."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bayesdensity.base.part import Part, Prose

Z90 = 1.6448536269514722  # standard normal quantile that leaves 5 % in each tail

FARTHEST = 100.0
"""End of an interval, on the scale that a prior is normal on, beyond which nothing is meant."""


class Prior(Part):
    """A prior, stated as the central 90 % interval that a reader can argue with.

    `normal` is normal on the quantity itself, `lognormal` on its logarithm, `logit-normal` on its logit.
    `share-or-none` is a share that is zero with the probability ``none``: a normal on ``-ln(1 - share)`` whose negative
    part stands for zero. Its interval begins at 0, and its upper end is exceeded with a probability of 5 %.
    """

    shape: Literal["normal", "lognormal", "logit-normal", "share-or-none"]
    interval: tuple[float, float]
    none: float = Field(default=0.0, ge=0, lt=0.95)
    """Probability of zero, of a `share-or-none` alone."""
    why: Prose

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        lower, upper = self.interval
        inside = {"normal": lower < upper, "lognormal": 0 < lower < upper, "logit-normal": 0 < lower < upper < 1}
        inside["share-or-none"] = 0 == lower < upper < 1
        if not inside[self.shape]:
            raise ValueError(f"interval {list(self.interval)} is not an increasing pair a {self.shape} prior can have")
        if self.shape != "share-or-none" and max(map(abs, self._on_scale())) > FARTHEST:
            raise ValueError(f"interval {list(self.interval)} reaches beyond any size, share or rate; mind the unit")
        if (self.none > 0) != (self.shape == "share-or-none"):
            raise ValueError(
                f"none = {self.none:g} is not for a {self.shape} prior: a share-or-none needs it, no other has it"
            )
        return self

    def _on_scale(self) -> tuple[float, float]:
        lower, upper = self.interval
        if self.shape == "lognormal":
            return math.log(lower), math.log(upper)
        if self.shape == "logit-normal":
            return math.log(lower / (1 - lower)), math.log(upper / (1 - upper))
        if self.shape == "share-or-none":
            end, z = -math.log1p(-upper), NormalDist().inv_cdf(1 - self.none)  # zero lies z deviations below the mean
            return end * (z - Z90) / (z + Z90), end
        return lower, upper

    @property
    def mu(self) -> float:
        """Mean of the normal on the scale of the shape."""
        return sum(self._on_scale()) / 2

    @property
    def sigma(self) -> float:
        """Standard deviation of the normal on the scale of the shape."""
        lower, upper = self._on_scale()
        return (upper - lower) / (2 * Z90)

    def normal(self, value: Any) -> Any:
        """Values of the quantity on the scale that the prior is normal on: as they are, or their logarithm or logit.

        Of a `share-or-none` ``-ln(1 - share)``, where zero stands for all that is negative there.
        """
        from scipy import special

        if self.shape == "normal":
            return value
        if self.shape == "share-or-none":
            return -np.log1p(-value)
        return np.log(value) if self.shape == "lognormal" else special.logit(value)

    def natural(self, value: Any) -> Any:
        """Values of the quantity from the scale that the prior is normal on; the inverse of `normal`."""
        from scipy import special

        if self.shape == "normal":
            return value
        if self.shape == "share-or-none":
            return -np.expm1(-np.maximum(value, 0))
        return np.exp(value) if self.shape == "lognormal" else special.expit(value)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Draws of the quantity."""
        return self.natural(self.mu + self.sigma * rng.standard_normal(shape))

    def scaled(self, factor: float) -> Prior:
        """The prior with an interval ``factor`` times as wide about the same middle, on the scale of its shape.

        Of a `share-or-none` the probability of none stays.
        """
        if self.shape == "share-or-none":
            return self.model_copy(update={"interval": (0.0, -math.expm1(factor * math.log1p(-self.interval[1])))})
        lower, upper = (self._natural(self.mu + sign * factor * Z90 * self.sigma) for sign in (-1, 1))
        return self.model_copy(update={"interval": (lower, upper)})

    def _natural(self, value: float) -> float:
        if self.shape == "lognormal":
            return math.exp(value)
        return 1 / (1 + math.exp(-value)) if self.shape == "logit-normal" else value

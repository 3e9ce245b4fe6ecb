"""Chinchilla's law with repeated tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.loss.chinchilla import Chinchilla
from bayesdensity.laws.loss.law import Law, Number, Point
from bayesdensity.laws.loss.variables import SIZE, TOKENS, UNIQUE_TOKENS

REPETITIONS = Prior(
    shape="lognormal",
    interval=(3.0, 60.0),
    why="repetitions after which tokens have lost most of their value; 15 was published",
)


@dataclass(frozen=True)
class DataConstrained(Law):
    r"""Chinchilla's law with tokens that are worth less each time they are repeated.

    .. math:: L = E + A N^{-\alpha} + B D'^{-\beta}, \qquad D' = U + U R^* (1 - e^{-R/R^*}), \qquad R = D/U - 1

    U are unique tokens and R repetitions. The loss of value of excess parameters is left out.
    """

    share_irreducible: Number
    """w_E, as in Chinchilla's law."""
    share_size: Number
    """w_N."""
    size_exponent: Number
    """alpha."""
    data_exponent: Number
    """beta."""
    repetitions: Number
    """R*, repetitions after which tokens have lost most of their value."""

    name = "data-constrained"
    title = "Chinchilla's law with repeated tokens"
    formula = "L = E + A N^-alpha + B D'^-beta, D' = U + U R* (1 - exp(-(D / U - 1) / R*))"
    source = "Muennighoff et al. 2023, arXiv 2305.16264, equation 5"
    variables = (SIZE, TOKENS, UNIQUE_TOKENS)
    coordinates: ClassVar = {**Chinchilla.coordinates, "repetitions": REPETITIONS}
    exponents = Chinchilla.exponents
    elasticities = Chinchilla.elasticities

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """Shares of the terms in the loss."""
        return Chinchilla.weights(coordinates)

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from shares, elasticities and repetitions."""
        fresh = Chinchilla.from_coordinates(log_loss_centre, coordinates)
        return cls(**fresh.parts(), repetitions=coordinates["repetitions"])

    @property
    def fresh(self) -> Chinchilla:
        """The law of tokens that are not repeated."""
        return Chinchilla(*(getattr(self, name) for name in Chinchilla.part_names()))

    def worth(self, x: Point) -> Number:
        """Logarithm, from the centre, of the unique tokens that would be worth as much."""
        unique = (x["u"] + x["d"] - abs(x["u"] - x["d"])) / 2  # no more than all tokens
        repeated = np.exp(x["d"] - unique) - 1
        return unique + np.log(1 + self.repetitions * (1 - np.exp(-repeated / self.repetitions)))

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return self.fresh.relative({"n": x["n"], "d": self.worth(x)})

    def natural(self, centre: Point) -> dict[str, Number]:
        """E, A, B, alpha, beta and R*."""
        return {**self.fresh.natural(centre), "R*": self.repetitions}

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens and unique tokens."""
        return self.fresh.inverse(loss, {"d": self.worth(x)})

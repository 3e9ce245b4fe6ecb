"""Power laws of size and data without a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesdensity.laws.loss import terms
from bayesdensity.laws.loss.law import LadderLaw, Number, Point, Powers
from bayesdensity.laws.loss.variables import SIZE, TOKENS


@dataclass(frozen=True)
class Densing(LadderLaw):
    r"""Power laws of size and data without a floor: :math:`L = A N^{-\alpha} + B D^{-\beta}`."""

    share_size: Number
    """w_N, share of the loss at the centre that size removes; data remove the rest."""
    size_exponent: Number
    """alpha."""
    data_exponent: Number
    """beta."""

    name = "densing"
    title = "power laws of size and data without a floor"
    formula = "L = A N^-alpha + B D^-beta"
    source = "Xiao et al. 2024, arXiv 2412.04315, equation 2"
    variables = (SIZE, TOKENS)
    coordinates = terms.SHARE_AND_ELASTICITIES
    exponents = terms.EXPONENTS
    elasticities = terms.ELASTICITIES

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """Shares of the terms in the loss."""
        return {"size_exponent": coordinates["size_share"], "data_exponent": 1 - coordinates["size_share"]}

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from a share and elasticities."""
        size, data = cls.weights(coordinates).values()
        return cls(log_loss_centre, size, coordinates["size_elasticity"] / size, coordinates["data_elasticity"] / data)

    def powers(self) -> Powers:
        """Its terms."""
        return Powers(self.share_size, 1 - self.share_size, self.size_exponent, self.data_exponent)

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        size = terms.power(self.share_size, self.size_exponent, x["n"])
        return size + terms.power(1 - self.share_size, self.data_exponent, x["d"])

    def natural(self, centre: Point) -> dict[str, Number]:
        """A, B, alpha and beta."""
        level = np.exp(self.log_loss_centre)
        return {
            "A": terms.amplitude(level, self.share_size, self.size_exponent, centre["n"]),
            "B": terms.amplitude(level, 1 - self.share_size, self.data_exponent, centre["d"]),
            "alpha": self.size_exponent,
            "beta": self.data_exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens."""
        left = loss / np.exp(self.log_loss_centre) - terms.power(1 - self.share_size, self.data_exponent, x["d"])
        return terms.power_inverse(left / self.share_size, self.size_exponent)

"""The joint law of size and data of 2020."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesdensity.laws.loss import terms
from bayesdensity.laws.loss.law import Law, Number, Point
from bayesdensity.laws.loss.variables import SIZE, TOKENS


@dataclass(frozen=True)
class Kaplan(Law):
    r"""The joint law of size and data of 2020, in which the scarcer of the two limits.

    .. math:: L = \left((N_c/N)^{\alpha_N/\alpha_D} + D_c/D\right)^{\alpha_D}
    """

    share_size: Number
    """Share of the size term in the sum at the centre."""
    size_exponent: Number
    """alpha_N."""
    data_exponent: Number
    """alpha_D."""

    name = "kaplan"
    title = "the joint power law of size and data of 2020"
    formula = "L = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.5"
    variables = (SIZE, TOKENS)
    coordinates = terms.SHARE_AND_ELASTICITIES
    exponents = terms.EXPONENTS
    elasticities = terms.ELASTICITIES

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """Shares of the terms in the sum."""
        return {"size_exponent": coordinates["size_share"], "data_exponent": 1 - coordinates["size_share"]}

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from a share and elasticities."""
        size, data = cls.weights(coordinates).values()
        return cls(log_loss_centre, size, coordinates["size_elasticity"] / size, coordinates["data_elasticity"] / data)

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        size = self.share_size * np.exp(-self.size_exponent / self.data_exponent * x["n"])
        return (size + (1 - self.share_size) * np.exp(-x["d"])) ** self.data_exponent

    def natural(self, centre: Point) -> dict[str, Number]:
        """N_c, D_c, alpha_N and alpha_D."""
        total = np.exp(self.log_loss_centre / self.data_exponent)
        return {
            "N_c": np.exp(centre["n"]) * (self.share_size * total) ** (self.data_exponent / self.size_exponent),
            "D_c": np.exp(centre["d"]) * (1 - self.share_size) * total,
            "alpha_N": self.size_exponent,
            "alpha_D": self.data_exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens."""
        total = (loss / np.exp(self.log_loss_centre)) ** (1 / self.data_exponent)
        left = total - (1 - self.share_size) * np.exp(-x["d"])
        return terms.power_inverse(left / self.share_size, self.size_exponent / self.data_exponent)

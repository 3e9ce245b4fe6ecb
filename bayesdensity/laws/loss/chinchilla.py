"""Power laws of size and data above a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bayesdensity.laws.loss import terms
from bayesdensity.laws.loss.law import LadderLaw, Number, Point, Powers
from bayesdensity.laws.loss.variables import SIZE, TOKENS


@dataclass(frozen=True)
class Chinchilla(LadderLaw):
    r"""Power laws of size and data above a floor.

    .. math:: L = E + A N^{-\alpha} + B D^{-\beta}
                = L_c \left(w_E + w_N (N/N_c)^{-\alpha} + w_D (D/D_c)^{-\beta}\right), \qquad w_E + w_N + w_D = 1
    """

    share_irreducible: Number
    """w_E, share of the loss at the centre that neither size nor data removes."""
    share_size: Number
    """w_N, share of the loss at the centre that size removes."""
    size_exponent: Number
    """alpha."""
    data_exponent: Number
    """beta."""

    name = "chinchilla"
    title = "power laws of size and data above a floor"
    formula = "L = E + A N^-alpha + B D^-beta"
    source = "Hoffmann et al. 2022, arXiv 2203.15556, equation 2"
    variables = (SIZE, TOKENS)
    coordinates: ClassVar = {"irreducible_share": terms.IRREDUCIBLE_SHARE, **terms.SHARE_AND_ELASTICITIES}
    exponents = terms.EXPONENTS
    elasticities = terms.ELASTICITIES

    @property
    def share_data(self) -> Number:
        """w_D, share of the loss at the centre that data remove."""
        return 1 - self.share_irreducible - self.share_size

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """Shares of the terms in the loss."""
        reducible, share = 1 - coordinates["irreducible_share"], coordinates["size_share"]
        return {"size_exponent": reducible * share, "data_exponent": reducible * (1 - share)}

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from shares and elasticities."""
        size, data = cls.weights(coordinates).values()
        exponents = coordinates["size_elasticity"] / size, coordinates["data_elasticity"] / data
        return cls(log_loss_centre, coordinates["irreducible_share"], size, *exponents)

    def powers(self) -> Powers:
        """Its terms."""
        return Powers(self.share_size, self.share_data, self.size_exponent, self.data_exponent)

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        size = terms.power(self.share_size, self.size_exponent, x["n"])
        return self.share_irreducible + size + terms.power(self.share_data, self.data_exponent, x["d"])

    def natural(self, centre: Point) -> dict[str, Number]:
        """E, A, B, alpha and beta."""
        level = np.exp(self.log_loss_centre)
        return {
            "E": level * self.share_irreducible,
            "A": terms.amplitude(level, self.share_size, self.size_exponent, centre["n"]),
            "B": terms.amplitude(level, self.share_data, self.data_exponent, centre["d"]),
            "alpha": self.size_exponent,
            "beta": self.data_exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens."""
        left = loss / np.exp(self.log_loss_centre) - self.share_irreducible
        left = left - terms.power(self.share_data, self.data_exponent, x["d"])
        return terms.power_inverse(left / self.share_size, self.size_exponent)

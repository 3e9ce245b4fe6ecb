"""Power laws of one variable above a floor: of size, of data, and of compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.loss import terms
from bayesdensity.laws.loss.law import Law, Number, Point
from bayesdensity.laws.loss.variables import COMPUTE, SIZE, TOKENS

COMPUTE_ELASTICITY = Prior(
    shape="lognormal",
    interval=(0.02, 0.3),
    why="-dlnL/dlnC at the centre of a ladder; published ladders have 0.05 to 0.15",
)
COMPUTE_EXPONENT = Prior(
    shape="lognormal",
    interval=(0.02, 0.5),
    why="gamma of C^-gamma; published laws lie between 0.05 (Kaplan) and 0.2 (Chinchilla, with a floor)",
)


@dataclass(frozen=True)
class OneVariable(Law):
    r"""A power law of one variable above a floor: :math:`L = E + K X^{-\gamma}`."""

    share_irreducible: Number
    """Share of the loss at the centre that nothing removes."""
    exponent: Number
    """gamma."""

    amplitude_name: ClassVar[str]
    exponent_name: ClassVar[str]
    elasticities: ClassVar = {"exponent": "elasticity"}

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """The reducible share of the loss."""
        return {"exponent": 1 - coordinates["irreducible_share"]}

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from a share and an elasticity."""
        (reducible,) = cls.weights(coordinates).values()
        return cls(log_loss_centre, coordinates["irreducible_share"], coordinates["elasticity"] / reducible)

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return self.share_irreducible + terms.power(1 - self.share_irreducible, self.exponent, x[self.reads[0]])

    def natural(self, centre: Point) -> dict[str, Number]:
        """Floor, amplitude and exponent."""
        level, share = np.exp(self.log_loss_centre), 1 - self.share_irreducible
        return {
            "E": level * self.share_irreducible,
            self.amplitude_name: terms.amplitude(level, share, self.exponent, centre[self.reads[0]]),
            self.exponent_name: self.exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Logarithm of the variable at which the law has a loss."""
        left = loss / np.exp(self.log_loss_centre) - self.share_irreducible
        return terms.power_inverse(left / (1 - self.share_irreducible), self.exponent)


class SizeOnly(OneVariable):
    """A power law of size above a floor, for runs of as many tokens."""

    name, title, formula = "size", "a power law of size above a floor", "L = E + A N^-alpha"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.1, and a floor"
    variables, amplitude_name, exponent_name = (SIZE,), "A", "alpha"
    coordinates: ClassVar = {"irreducible_share": terms.IRREDUCIBLE_SHARE, "elasticity": terms.SIZE_ELASTICITY}
    exponents: ClassVar = {"exponent": terms.SIZE_EXPONENT}


class DataOnly(OneVariable):
    """A power law of data above a floor, for runs of one size."""

    name, title, formula = "data", "a power law of data above a floor", "L = E + B D^-beta"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.2, and a floor"
    variables, amplitude_name, exponent_name = (TOKENS,), "B", "beta"
    coordinates: ClassVar = {"irreducible_share": terms.IRREDUCIBLE_SHARE, "elasticity": terms.DATA_ELASTICITY}
    exponents: ClassVar = {"exponent": terms.DATA_EXPONENT}


class ComputeOnly(OneVariable):
    """A power law of compute above a floor, for runs of one recipe of size and data."""

    name, title, formula = "compute", "a power law of compute above a floor", "L = E + K C^-gamma"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.3, and a floor"
    variables, amplitude_name, exponent_name = (COMPUTE,), "K", "gamma"
    coordinates: ClassVar = {"irreducible_share": terms.IRREDUCIBLE_SHARE, "elasticity": COMPUTE_ELASTICITY}
    exponents: ClassVar = {"exponent": COMPUTE_EXPONENT}

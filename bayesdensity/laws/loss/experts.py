"""Chinchilla's law for mixtures of experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.loss import terms
from bayesdensity.laws.loss.chinchilla import Chinchilla
from bayesdensity.laws.loss.law import Law, Number, Point
from bayesdensity.laws.loss.variables import EXPERTS, SIZE, TOKENS

GAIN = Prior(
    shape="normal",
    interval=(-0.2, 0.3),
    why="fall of a term of the loss for each e-fold of experts at the centre; published 0.03 to 0.1",
)
BEND = Prior(
    shape="normal",
    interval=(-0.05, 0.05),
    why="change of an exponent for each e-fold of experts; published 0.01 to 0.03",
)
CHANGES = {"size_gain": GAIN, "data_gain": GAIN, "size_bend": BEND, "data_bend": BEND}


@dataclass(frozen=True)
class Experts(Law):
    r"""Chinchilla's law for mixtures of experts: both terms and both exponents move with the number of experts.

    .. math:: L = E + A X^{\delta} N^{-(\alpha + \gamma \ln X)} + B X^{\omega} D^{-(\beta + \zeta \ln X)}

    N are active parameters and X the number of experts, 1 for a dense model; the published transform of X, which
    lets very many experts saturate, is left out.
    """

    share_irreducible: Number
    """w_E, as in Chinchilla's law."""
    share_size: Number
    """w_N at the mean number of experts, as the other parts."""
    size_exponent: Number
    """Exponent of size."""
    data_exponent: Number
    """Exponent of data."""
    size_gain: Number
    """Fall of the logarithm of the size term for each e-fold of experts, at the centre."""
    data_gain: Number
    """The same of the data term."""
    size_bend: Number
    """gamma."""
    data_bend: Number
    """zeta."""

    name = "experts"
    title = "Chinchilla's law for mixtures of experts"
    formula = "L = E + A X^delta N^-(alpha + gamma ln X) + B X^omega D^-(beta + zeta ln X)"
    source = "Ludziejewski et al. 2025, arXiv 2502.05172, equation 4"
    variables = (SIZE, TOKENS, EXPERTS)
    coordinates: ClassVar = {**Chinchilla.coordinates, **CHANGES}
    exponents = Chinchilla.exponents
    elasticities = Chinchilla.elasticities

    @property
    def share_data(self) -> Number:
        """w_D."""
        return 1 - self.share_irreducible - self.share_size

    @classmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """Shares of the terms in the loss."""
        return Chinchilla.weights(coordinates)

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from shares, elasticities, and what experts change."""
        average = Chinchilla.from_coordinates(log_loss_centre, coordinates)
        return cls(**average.parts(), **{name: coordinates[name] for name in CHANGES})

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        share, exponent = self._size_term(x)
        return self.share_irreducible + terms.power(share, exponent, x["n"]) + self._data(x)

    def natural(self, centre: Point) -> dict[str, Number]:
        """E, A, B and the exponents; alpha and beta are those of a dense model."""
        level, n, d, e = np.exp(self.log_loss_centre), centre["n"], centre["d"], centre["e"]
        alpha, beta = self.size_exponent - self.size_bend * e, self.data_exponent - self.data_bend * e
        return {
            "E": level * self.share_irreducible,
            "A": level * self.share_size * np.exp(alpha * n + self.size_gain * e),
            "B": level * self.share_data * np.exp(beta * d + self.data_gain * e),
            "alpha": alpha,
            "beta": beta,
            "gamma": self.size_bend,
            "zeta": self.data_bend,
            "delta": self.size_bend * n - self.size_gain,
            "omega": self.data_bend * d - self.data_gain,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log active size at which the law has a loss, with so many tokens and experts."""
        left = loss / np.exp(self.log_loss_centre) - self.share_irreducible - self._data(x)
        share, exponent = self._size_term(x)
        return terms.power_inverse(left / share, exponent)

    def _size_term(self, x: Point) -> tuple[Number, Number]:
        """Share and exponent of the size term, with so many experts."""
        return self.share_size * np.exp(-self.size_gain * x["e"]), self.size_exponent + self.size_bend * x["e"]

    def _data(self, x: Point) -> Number:
        exponent = self.data_exponent + self.data_bend * x["e"]
        return self.share_data * np.exp(-self.data_gain * x["e"] - exponent * x["d"])

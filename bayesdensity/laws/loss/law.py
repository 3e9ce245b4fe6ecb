"""What every loss law is: parameters at the centre of its runs, with a formula, an inverse and priors.

Natural parameters of a loss law (amplitudes, exponents, floor) are nearly collinear on real ladders. The loss at the
centre, the elasticities there and the shares of the terms are not: they are sampled, and the rest follows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.loss.variables import Variable
from bayesdensity.laws.score_curve import Link

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Point = Mapping[str, Number]
"""Natural logarithms of what a law reads, by the letters of its variables, each counted from its centre."""

CENTRE_SD = 0.2
"""The loss at the centre lies about so near the mean loss, in logarithms: a law is convex, and ladders are wide."""


@dataclass(frozen=True)
class Law(ABC):
    """A loss law at the centre of its runs: fields are its parameters there, shapes are those of the fields.

    A method here is either abstract or final: laws that have terms in common share the functions of
    `bayesdensity.laws.loss.terms`.
    """

    log_loss_centre: Number
    """ln L_c, the logarithm of the loss at the centre."""

    name: ClassVar[str]
    title: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    variables: ClassVar[tuple[Variable, ...]]
    """What it reads; the first is what `inverse` gives."""
    reads: ClassVar[tuple[str, ...]]
    """Letters of its variables."""
    coordinates: ClassVar[Mapping[str, Prior]]
    """What is sampled besides ``log_loss_centre``, with priors."""
    exponents: ClassVar[Mapping[str, Prior]]
    """Exponents that benchmarks may share, with priors of their population median."""
    elasticities: ClassVar[Mapping[str, str]]
    """By exponent: the coordinate that is its product with the weight of its term."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read the letters off the variables."""
        super().__init_subclass__(**kwargs)
        if "variables" in vars(cls):
            cls.reads = tuple(variable.letter for variable in cls.variables)

    @classmethod
    @abstractmethod
    def weights(cls, coordinates: Mapping[str, Number]) -> dict[str, Number]:
        """By exponent: its elasticity divided by it, from the coordinates that are no elasticities."""

    @classmethod
    @abstractmethod
    def from_coordinates(cls, log_loss_centre: Number, coordinates: Mapping[str, Number]) -> Self:
        """The law from what is sampled."""

    @abstractmethod
    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""

    @abstractmethod
    def natural(self, centre: Point) -> dict[str, Number]:
        """Parameters as published, for parameters and tokens in units; ``centre`` holds natural logarithms."""

    @abstractmethod
    def inverse(self, loss: Number, x: Point) -> Number:
        """Logarithm, from its centre, of what the law reads first, where it has this loss; infinite if nowhere."""

    def loss(self, x: Point) -> Number:
        """Loss at a point."""
        return np.exp(self.log_loss_centre) * self.relative(x)

    def mapped(self, change: Callable[[Number], Number]) -> Self:
        """The law with every parameter changed alike, e.g. indexed."""
        return type(self)(*(change(part) for part in self.parts().values()))

    def parts(self) -> dict[str, Number]:
        """Its parameters at the centre by name."""
        return {name: getattr(self, name) for name in self.part_names()}

    @classmethod
    def part_names(cls) -> tuple[str, ...]:
        """Names of its parameters at the centre."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def has_floor(cls) -> bool:
        """Whether there is a loss that nothing removes."""
        return "share_irreducible" in cls.part_names()


class Powers(NamedTuple):
    """The two terms of a ladder's law at the centre of its runs."""

    share_size: Number
    """w_N, share of the loss that size removes."""
    share_data: Number
    """w_D, share of the loss that data remove."""
    size_exponent: Number
    """alpha."""
    data_exponent: Number
    """beta."""


class LadderLaw(Law):
    """A law of size and data alone, in separate powers: a ladder can be measured with it.

    At fixed tokens its loss is a constant and a power of size, which is what the link of a ladder rests on
    (`bayesdensity.laws.ladder_link`).
    """

    @abstractmethod
    def powers(self) -> Powers:
        """Its terms."""


def drawn_law[L: Law](form: type[L], draws: Any) -> L:
    """A law from what draws hold of it, under the names of its parts after ``law_``."""
    return form(*(draws[f"law_{name}"] for name in form.part_names()))


def ladder_link(law: LadderLaw, log_d: Number, map_logit: Number, map_slope: Number, map_loss: Number) -> Link:
    """Link of a ladder at fixed tokens, from the centre of the ladder.

    Parameters
    ----------
    law : LadderLaw
    log_d : Number
        Natural logarithm of the tokens, from the centre of the ladder.
    map_logit, map_slope, map_loss : Number
        The loss-to-score map ``eta = map_logit - map_slope * (L - map_loss)``: a logit, logits per unit of loss, and
        a loss.

    Returns
    -------
    Link
    """
    powers = law.powers()
    size_term = np.exp(law.log_loss_centre) * powers.share_size
    level = map_logit - map_slope * (law.loss({"n": 0.0, "d": log_d}) - map_loss)
    return Link(level, map_slope * size_term * powers.size_exponent, powers.size_exponent)

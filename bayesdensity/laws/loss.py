"""Loss laws, each written at the centre of the runs it is fitted to.

Natural parameters of a loss law (amplitudes, exponents, floor) are nearly collinear on real ladders. The loss at the
centre, the elasticities there and the shares of the terms are not: they are sampled, and the rest follows.

Every formula works alike on floats, NumPy arrays, xarray objects and PyTensor variables.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.score_curve import Link

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""
Point = Mapping[str, Number]
"""Natural logarithms of what a law reads, by the letters of `VARIABLES`, each counted from its centre."""

VARIABLES = {"n": "params", "d": "tokens", "u": "unique_tokens", "e": "experts", "c": "flops"}
"""Letters of what laws read, and the columns of a table of runs that hold it."""
CENTRED_LIKE = {"u": "d"}
"""Unique tokens are counted from the centre of all tokens, so that their difference is the logarithm of the epochs."""
CENTRE_SD = 0.2
"""The loss at the centre lies about so near the mean loss, in logarithms: a law is convex, and ladders are wide."""


@dataclass(frozen=True)
class Law(ABC):
    """A loss law at the centre of its runs: fields are its parameters there, shapes are those of the fields."""

    log_loss_centre: Number
    """ln L_c, the logarithm of the loss at the centre."""

    name: ClassVar[str]
    title: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    """Letters of `VARIABLES`; the first is what `inverse` gives."""
    coordinates: ClassVar[dict[str, Prior]]
    """What is sampled besides ``log_loss_centre``, with priors."""
    exponents: ClassVar[dict[str, Prior]]
    """Exponents that benchmarks may share, with priors of their population median."""

    @classmethod
    @abstractmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from what is sampled."""

    @classmethod
    @abstractmethod
    def weights(cls, at: Mapping[str, Number]) -> dict[str, tuple[str, Number]]:
        """By exponent: the elasticity it belongs to, and their quotient, elasticity over exponent."""

    @classmethod
    def elasticities(cls) -> dict[str, str]:
        """Name of the elasticity of each exponent."""
        return {exponent: name for exponent, (name, _) in cls.weights(_Names()).items()}

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
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def part_names(cls) -> tuple[str, ...]:
        """Names of its parameters at the centre."""
        return tuple(field.name for field in fields(cls))


class _Names(dict[str, float]):
    """Coordinates of which only the names matter."""

    def __missing__(self, _: str) -> float:
        return 0.5


IRREDUCIBLE = Prior(
    shape="logit-normal",
    interval=(0.1, 0.8),
    why="share of the loss at the centre of the ladder that nothing removes; published floors span it",
)
SIZE_SHARE = Prior(
    shape="logit-normal",
    interval=(0.15, 0.9),
    why="share of the size term in the reducible loss at the centre of a ladder; weakly known",
)
SIZE_ELASTICITY = Prior(
    shape="lognormal",
    interval=(0.03, 0.4),
    why="-dlnL/dlnN at the centre of a ladder; published ladders have 0.05 to 0.2",
)
DATA_ELASTICITY = Prior(
    shape="lognormal",
    interval=(0.03, 0.4),
    why="-dlnL/dlnD at the centre of a ladder; published ladders have 0.05 to 0.2",
)
COMPUTE_ELASTICITY = Prior(
    shape="lognormal",
    interval=(0.02, 0.3),
    why="-dlnL/dlnC at the centre of a ladder; published ladders have 0.05 to 0.15",
)
SIZE_EXPONENT = Prior(
    shape="lognormal",
    interval=(0.05, 0.8),
    why="alpha of N^-alpha; published laws lie between 0.07 (Kaplan) and 0.8 (single benchmarks of the OLMo ladder)",
)
DATA_EXPONENT = Prior(
    shape="lognormal",
    interval=(0.05, 0.8),
    why="beta of D^-beta; published laws lie between 0.1 (Kaplan) and 0.5 (single benchmarks of the OLMo ladder)",
)
COMPUTE_EXPONENT = Prior(
    shape="lognormal",
    interval=(0.02, 0.5),
    why="gamma of C^-gamma; published laws lie between 0.05 (Kaplan) and 0.2 (Chinchilla, with a floor)",
)


@dataclass(frozen=True)
class Chinchilla(Law):
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
    reads: ClassVar[tuple[str, ...]] = ("n", "d")
    coordinates: ClassVar = {
        "irreducible_share": IRREDUCIBLE,
        "size_share": SIZE_SHARE,
        "size_elasticity": SIZE_ELASTICITY,
        "data_elasticity": DATA_ELASTICITY,
    }
    exponents: ClassVar = {"size_exponent": SIZE_EXPONENT, "data_exponent": DATA_EXPONENT}

    @property
    def share_data(self) -> Number:
        """w_D, share of the loss at the centre that data remove."""
        return 1 - self.share_irreducible - self.share_size

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from shares and elasticities."""
        irreducible = cls._floor(at)
        (_, size), (_, data) = cls.weights(at).values()
        return cls(log_loss_centre, irreducible, size, at["size_elasticity"] / size, at["data_elasticity"] / data)

    @classmethod
    def weights(cls, at: Mapping[str, Number]) -> dict[str, tuple[str, Number]]:
        """Elasticities are exponents times the shares of their terms."""
        reducible, share = 1 - cls._floor(at), at["size_share"]
        return {
            "size_exponent": ("size_elasticity", reducible * share),
            "data_exponent": ("data_elasticity", reducible * (1 - share)),
        }

    @classmethod
    def _floor(cls, at: Mapping[str, Number]) -> Number:
        return at["irreducible_share"]

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return (
            self.share_irreducible
            + self.share_size * np.exp(-self.size_exponent * x["n"])
            + self.share_data * np.exp(-self.data_exponent * x["d"])
        )

    def natural(self, centre: Point) -> dict[str, Number]:
        """E, A, B, alpha and beta."""
        level = np.exp(self.log_loss_centre)
        return {
            "E": level * self.share_irreducible,
            "A": level * self.share_size * np.exp(self.size_exponent * centre["n"]),
            "B": level * self.share_data * np.exp(self.data_exponent * centre["d"]),
            "alpha": self.size_exponent,
            "beta": self.data_exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens."""
        left = loss / np.exp(self.log_loss_centre) - self.share_irreducible
        left = left - self.share_data * np.exp(-self.data_exponent * x["d"])
        return _power_inverse(left / self.share_size, self.size_exponent)


class Densing(Chinchilla):
    r"""Power laws of size and data without a floor: :math:`L = A N^{-\alpha} + B D^{-\beta}`."""

    name = "densing"
    title = "power laws of size and data without a floor"
    formula = "L = A N^-alpha + B D^-beta"
    source = "Xiao et al. 2024, arXiv 2412.04315, equation 2"
    coordinates: ClassVar = {
        name: prior for name, prior in Chinchilla.coordinates.items() if name != "irreducible_share"
    }

    @classmethod
    def _floor(cls, at: Mapping[str, Number]) -> Number:
        return 0.0 * at["size_share"]

    def natural(self, centre: Point) -> dict[str, Number]:
        """A, B, alpha and beta."""
        return {name: value for name, value in super().natural(centre).items() if name != "E"}


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
    reads = ("n", "d")
    coordinates: ClassVar = {
        "size_share": SIZE_SHARE,
        "size_elasticity": SIZE_ELASTICITY,
        "data_elasticity": DATA_ELASTICITY,
    }
    exponents: ClassVar = {"size_exponent": SIZE_EXPONENT, "data_exponent": DATA_EXPONENT}

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from a share and elasticities."""
        (_, size), (_, data) = cls.weights(at).values()
        return cls(log_loss_centre, size, at["size_elasticity"] / size, at["data_elasticity"] / data)

    @classmethod
    def weights(cls, at: Mapping[str, Number]) -> dict[str, tuple[str, Number]]:
        """Elasticities are exponents times the shares of their terms."""
        share = at["size_share"]
        return {
            "size_exponent": ("size_elasticity", share),
            "data_exponent": ("data_elasticity", 1 - share),
        }

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
        return _power_inverse(left / self.share_size, self.size_exponent / self.data_exponent)


@dataclass(frozen=True)
class DataConstrained(Chinchilla):
    r"""Chinchilla's law with tokens that are worth less each time they are repeated.

    .. math:: L = E + A N^{-\alpha} + B D'^{-\beta}, \qquad D' = U + U R^* (1 - e^{-R/R^*}), \qquad R = D/U - 1

    U are unique tokens and R repetitions. The loss of value of excess parameters is left out.
    """

    repetitions: Number
    """R*, repetitions after which tokens have lost most of their value."""

    name = "data-constrained"
    title = "Chinchilla's law with repeated tokens"
    formula = "L = E + A N^-alpha + B D'^-beta, D' = U + U R* (1 - exp(-(D / U - 1) / R*))"
    source = "Muennighoff et al. 2023, arXiv 2305.16264, equation 5"
    reads = ("n", "d", "u")
    coordinates: ClassVar = {
        **Chinchilla.coordinates,
        "repetitions": Prior(
            shape="lognormal",
            interval=(3.0, 60.0),
            why="repetitions after which tokens have lost most of their value; 15 was published",
        ),
    }

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from shares, elasticities and repetitions."""
        plain = Chinchilla.from_coordinates(log_loss_centre, at)
        return cls(**plain.parts(), repetitions=at["repetitions"])

    def effective(self, x: Point) -> Number:
        """Logarithm, from the centre, of the unique tokens that would be worth as much."""
        unique = (x["u"] + x["d"] - abs(x["u"] - x["d"])) / 2  # no more than all tokens
        repeated = np.exp(x["d"] - unique) - 1
        return unique + np.log(1 + self.repetitions * (1 - np.exp(-repeated / self.repetitions)))

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return super().relative({"n": x["n"], "d": self.effective(x)})

    def natural(self, centre: Point) -> dict[str, Number]:
        """E, A, B, alpha, beta and R*."""
        return {**super().natural(centre), "R*": self.repetitions}

    def inverse(self, loss: Number, x: Point) -> Number:
        """Log size at which the law has a loss, with so many tokens and unique tokens."""
        return super().inverse(loss, {"d": self.effective(x)})


EXPERT_GAIN = Prior(
    shape="normal",
    interval=(-0.2, 0.3),
    why="fall of a term of the loss for each e-fold of experts at the centre; published 0.03 to 0.1",
)
EXPERT_BEND = Prior(
    shape="normal",
    interval=(-0.05, 0.05),
    why="change of an exponent for each e-fold of experts; published 0.01 to 0.03",
)


@dataclass(frozen=True)
class Experts(Chinchilla):
    r"""Chinchilla's law for mixtures of experts: both terms and both exponents move with the number of experts.

    .. math:: L = E + A X^{\delta} N^{-(\alpha + \gamma \ln X)} + B X^{\omega} D^{-(\beta + \zeta \ln X)}

    N are active parameters and X the number of experts, 1 for a dense model; the published transform of X, which
    lets very many experts saturate, is left out.
    """

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
    reads = ("n", "d", "e")
    coordinates: ClassVar = {
        **Chinchilla.coordinates,
        "size_gain": EXPERT_GAIN,
        "data_gain": EXPERT_GAIN,
        "size_bend": EXPERT_BEND,
        "data_bend": EXPERT_BEND,
    }

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from shares, elasticities, and what experts change."""
        plain = Chinchilla.from_coordinates(log_loss_centre, at)
        return cls(**plain.parts(), **{name: at[name] for name in EXPERT_PARTS})

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return (
            self.share_irreducible + self._size_amplitude(x) * np.exp(-self._size_exponent(x) * x["n"]) + self._data(x)
        )

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
        return _power_inverse(left / self._size_amplitude(x), self._size_exponent(x))

    def _size_amplitude(self, x: Point) -> Number:
        return self.share_size * np.exp(-self.size_gain * x["e"])

    def _size_exponent(self, x: Point) -> Number:
        return self.size_exponent + self.size_bend * x["e"]

    def _data(self, x: Point) -> Number:
        exponent = self.data_exponent + self.data_bend * x["e"]
        return self.share_data * np.exp(-self.data_gain * x["e"] - exponent * x["d"])


EXPERT_PARTS = ("size_gain", "data_gain", "size_bend", "data_bend")


@dataclass(frozen=True)
class OneVariable(Law):
    r"""A power law of one variable above a floor: :math:`L = E + K X^{-\gamma}`."""

    share_irreducible: Number
    """Share of the loss at the centre that nothing removes."""
    exponent: Number
    """gamma."""

    amplitude_name: ClassVar[str]
    exponent_name: ClassVar[str]

    @classmethod
    def from_coordinates(cls, log_loss_centre: Number, at: Mapping[str, Number]) -> Self:
        """The law from a share and an elasticity."""
        ((_, reducible),) = cls.weights(at).values()
        return cls(log_loss_centre, at["irreducible_share"], at["elasticity"] / reducible)

    @classmethod
    def weights(cls, at: Mapping[str, Number]) -> dict[str, tuple[str, Number]]:
        """The elasticity is the exponent times the reducible share."""
        return {"exponent": ("elasticity", 1 - at["irreducible_share"])}

    def relative(self, x: Point) -> Number:
        """Loss over the loss at the centre."""
        return self.share_irreducible + (1 - self.share_irreducible) * np.exp(-self.exponent * x[self.reads[0]])

    def natural(self, centre: Point) -> dict[str, Number]:
        """Floor, amplitude and exponent."""
        level = np.exp(self.log_loss_centre)
        return {
            "E": level * self.share_irreducible,
            self.amplitude_name: level * (1 - self.share_irreducible) * np.exp(self.exponent * centre[self.reads[0]]),
            self.exponent_name: self.exponent,
        }

    def inverse(self, loss: Number, x: Point) -> Number:
        """Logarithm of the variable at which the law has a loss."""
        left = loss / np.exp(self.log_loss_centre) - self.share_irreducible
        return _power_inverse(left / (1 - self.share_irreducible), self.exponent)


class SizeOnly(OneVariable):
    """A power law of size above a floor, for runs of as many tokens."""

    name, title, formula = "size", "a power law of size above a floor", "L = E + A N^-alpha"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.1, and a floor"
    reads, amplitude_name, exponent_name = ("n",), "A", "alpha"
    coordinates: ClassVar = {"irreducible_share": IRREDUCIBLE, "elasticity": SIZE_ELASTICITY}
    exponents: ClassVar = {"exponent": SIZE_EXPONENT}


class DataOnly(OneVariable):
    """A power law of data above a floor, for runs of one size."""

    name, title, formula = "data", "a power law of data above a floor", "L = E + B D^-beta"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.2, and a floor"
    reads, amplitude_name, exponent_name = ("d",), "B", "beta"
    coordinates: ClassVar = {"irreducible_share": IRREDUCIBLE, "elasticity": DATA_ELASTICITY}
    exponents: ClassVar = {"exponent": DATA_EXPONENT}


class ComputeOnly(OneVariable):
    """A power law of compute above a floor, for runs of one recipe of size and data."""

    name, title, formula = "compute", "a power law of compute above a floor", "L = E + K C^-gamma"
    source = "Kaplan et al. 2020, arXiv 2001.08361, equation 1.3, and a floor"
    reads, amplitude_name, exponent_name = ("c",), "K", "gamma"
    coordinates: ClassVar = {"irreducible_share": IRREDUCIBLE, "elasticity": COMPUTE_ELASTICITY}
    exponents: ClassVar = {"exponent": COMPUTE_EXPONENT}


LAWS: dict[str, type[Law]] = {
    law.name: law for law in (Chinchilla, Densing, Kaplan, DataConstrained, Experts, SizeOnly, DataOnly, ComputeOnly)
}
"""Every law by its name."""


def drawn_law[L: Law](form: type[L], draws: Any) -> L:
    """A law from what draws hold of it, under the names of its parts after ``law_``."""
    return form(*(draws[f"law_{name}"] for name in form.part_names()))


def ladder_link(law: Chinchilla, log_d: Number, map_logit: Number, map_slope: Number, map_loss: Number) -> Link:
    """Link of a ladder at fixed tokens, from the centre of the ladder.

    The loss-to-score map is ``eta = map_logit - map_slope * (L - map_loss)``; ``log_d`` is counted from the centre.
    """
    size_term = np.exp(law.log_loss_centre) * law.share_size
    level = map_logit - map_slope * (law.loss({"n": 0.0, "d": log_d}) - map_loss)
    return Link(level, map_slope * size_term * law.size_exponent, law.size_exponent)


def _power_inverse(share: Number, exponent: Number) -> Number:
    """Where ``exp(-exponent x)`` equals a share; infinite where the share is not positive."""
    with np.errstate(divide="ignore"):
        return -np.log((share + abs(share)) / 2) / exponent

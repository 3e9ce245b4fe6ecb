"""Terms that loss laws have in common: powers at the centre of runs, their inverse, and the priors of their parts."""

from __future__ import annotations

import numpy as np

from bayesdensity.base.prior import Prior
from bayesdensity.laws.loss.law import Number


def power(share: Number, exponent: Number, x: Number) -> Number:
    """A falling power with a share of the loss at the centre: ``share exp(-exponent x)``.

    Parameters
    ----------
    share : Number
        Of the loss at the centre.
    exponent : Number
    x : Number
        Natural logarithm of parameters or tokens, from the centre.
    """
    return share * np.exp(-exponent * x)


def amplitude(level: Number, share: Number, exponent: Number, centre: Number) -> Number:
    """Factor of a falling power in units: A of ``A N^-alpha``, whose centre is a natural logarithm.

    Parameters
    ----------
    level : Number
        Loss at the centre.
    share : Number
        Of the power in that loss.
    exponent : Number
    centre : Number
        Natural logarithm of parameters or tokens.
    """
    return level * share * np.exp(exponent * centre)


def power_inverse(share: Number, exponent: Number) -> Number:
    """Where ``exp(-exponent x)`` equals a share; infinite where the share is not positive."""
    with np.errstate(divide="ignore"):
        return -np.log((share + abs(share)) / 2) / exponent


IRREDUCIBLE_SHARE = Prior(
    shape="share-or-none",
    interval=(0.0, 0.8),
    none=0.25,
    why="share of the loss at the centre of the ladder that nothing removes; published floors reach from none to 0.8",
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

SHARE_AND_ELASTICITIES = {
    "size_share": SIZE_SHARE,
    "size_elasticity": SIZE_ELASTICITY,
    "data_elasticity": DATA_ELASTICITY,
}
"""Coordinates of two powers without a floor."""
EXPONENTS = {"size_exponent": SIZE_EXPONENT, "data_exponent": DATA_EXPONENT}
ELASTICITIES = {"size_exponent": "size_elasticity", "data_exponent": "data_elasticity"}

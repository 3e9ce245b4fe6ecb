"""Integrals as sums over evenly spaced nodes about a linearised solution.

For smooth integrands that fade at both ends such sums converge exponentially (Trefethen and Weideman 2014,
DOI 10.1137/130932132).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayesdensity.draws import Gaussian

Array = NDArray[np.float64]


class Rule(NamedTuple):
    """How many nodes, and how far apart."""

    n_nodes: int
    step: float
    """In standard deviations."""


class Nodes(NamedTuple):
    """Nodes of an integral."""

    at: Array
    """On a new last axis."""
    weight: Array
    """Distance between them, without that axis."""


def nodes(about: Gaussian, rule: Rule) -> Nodes:
    """Evenly spaced nodes about a Gaussian."""
    offsets = (np.arange(rule.n_nodes) - (rule.n_nodes - 1) / 2) * rule.step
    return Nodes(about.mean[..., None] + offsets * about.sd[..., None], rule.step * about.sd)


def log_sum(values: Array) -> Array:
    """Logarithm of a sum over the last axis, from logarithms."""
    summed: Array = special.logsumexp(values, axis=-1)
    return summed

"""What loss laws read of a training, and what is known of each such variable wherever trainings are handled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0
"""Of a forward and a backward pass (arXiv 2001.08361, section 2.1)."""


@dataclass(frozen=True)
class Variable:
    """A variable that laws read, in natural logarithms and by its letter."""

    letter: str
    column: str
    """Where a table of runs holds it; the schema of runs says which values are legible."""
    name: str
    """What it is called in a sentence about losses: they depend on ``tokens``."""
    amount: str
    """What a single training has of it: its ``number of training tokens``."""
    axis: str
    """Label of its axis, with the unit."""
    falls: bool = True
    """Whether loss only falls with it, under every law."""
    like: str | None = None
    """Letter of the variable from whose centre it is counted; the centre is its own if None."""
    default: Callable[[Mapping[str, Any]], Any] | None = None
    """Its value by those of the other columns, where a training does not state it."""
    average: bool = False
    """Whether a training that does not state it has as much as an average run; without it or a default it must."""
    combined: bool = False
    """Whether it is a product of others, which then say all that it does."""


def operations(training: Mapping[str, Any]) -> Any:
    """Floating-point operations of trainings by their ``params`` and ``tokens``: C = 6 N D."""
    return FLOPS_PER_PARAMETER_AND_TOKEN * training["params"] * training["tokens"]


SIZE = Variable("n", "params", "size", "size", "parameters")
TOKENS = Variable("d", "tokens", "tokens", "number of training tokens", "training tokens")
UNIQUE_TOKENS = Variable(
    "u",
    "unique_tokens",
    "unique tokens",
    "number of unique tokens",
    "unique tokens",
    falls=False,
    like="d",  # so that its difference from the tokens is the logarithm of the epochs
    default=itemgetter("tokens"),
)
EXPERTS = Variable("e", "experts", "experts", "number of experts", "experts", falls=False, average=True)
COMPUTE = Variable(
    "c", "flops", "compute", "amount of compute", "operations (6 N D)", default=operations, combined=True
)

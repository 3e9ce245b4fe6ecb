"""Which checks there are, what they apply to, and what their verdicts mean for the answer.

A check is a function of a fit in a module of this package; its decorator says the rest:

    @check("scores", place=40)
    def check_scores(fit: Fit) -> Check:
        ...

Users pass theirs to `bayesdensity.checks.run_checks`, made by the same decorator with ``into`` a dict of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.checks.protocol import Check
from bayesdensity.inference.compiling import Part
from bayesdensity.inference.result import Fit

Gate = Literal["fail", "review", "refuse"]
"""What keeps an answer from being used: a FAIL, a REVIEW too, or a FAIL that refuses the answer altogether."""
Checker = Callable[[Fit], Check]


@dataclass(frozen=True)
class Entry:
    """A check, and when it is made."""

    name: str
    run: Checker
    place: int
    """Checks are told in this order."""
    gate: Gate
    applies_to: tuple[Part, ...]
    """Parts of a model that were fitted."""
    when: Callable[[Fit], bool]
    """Whether a fit has what is checked."""


CHECKS: dict[str, Entry] = {}
"""By name; the modules of this package fill it when it is imported."""


def check(
    name: str,
    *,
    place: int,
    gate: Gate = "fail",
    applies_to: tuple[Part, ...] = ("joint",),
    when: Callable[[Fit], bool] = lambda _: True,
    into: dict[str, Entry] = CHECKS,
) -> Callable[[Checker], Checker]:
    """Enter a function of a fit as a check.

    Parameters
    ----------
    name : str
        As its verdict is told.
    place : int
        Checks are told in this order.
    gate : {"fail", "review", "refuse"}
        What keeps the answer from being used: FAIL; REVIEW too; or a FAIL that refuses it altogether.
    applies_to : tuple of {"joint", "reference"}
        Parts of a model that were fitted.
    when : callable
        Whether a fit has what is checked.
    into : dict
        Where it is entered.
    """

    def enter(run: Checker) -> Checker:
        into[name] = Entry(name, run, place, gate, applies_to, when)
        return run

    return enter


def applicable(fit: Fit, checks: Iterable[Entry]) -> list[Entry]:
    """Checks that apply to a fit, in order."""
    chosen = (entry for entry in checks if fit.about["part"] in entry.applies_to and entry.when(fit))
    return sorted(chosen, key=lambda entry: entry.place)


def gate_of(name: str) -> Gate:
    """What the verdict of a check means; of one that is not entered, a FAIL counts."""
    return CHECKS[name].gate if name in CHECKS else "fail"


def passed(checks: Iterable[Check]) -> bool:
    """Whether a result may be used: no check failed, and the sampler converged."""
    return all(one.verdict == "PASS" or (one.verdict == "REVIEW" and gate_of(one.name) != "review") for one in checks)


def refuse_if_unidentified(checks: Iterable[Check]) -> None:
    """Raise an `UnidentifiedError` where the answer would only repeat its prior."""
    for one in checks:
        if gate_of(one.name) == "refuse" and one.verdict == "FAIL":
            raise UnidentifiedError(f"{one.sentence} {one.remedy}")

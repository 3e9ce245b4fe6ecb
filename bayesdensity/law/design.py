"""What a set of runs can tell of a law at all, before any loss is looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity import laws
from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.data.runs import Runs

APART = 0.02
"""Two sizes (tokens, and so on) whose logarithms differ by less are one."""
SEPARATE = 0.1
"""Least spread of one logarithm, in e-folds, that is left when what the others tell of it is taken out."""
LEAST_EPOCHS = 2.0
"""The most repeated run must have seen its tokens so often, about."""
WORDS = {
    "n": "size",
    "d": "number of training tokens",
    "e": "number of experts",
    "c": "amount of compute",
}
WITHOUT = {"n": "--law data", "d": "--law size", "e": "--law chinchilla"}
"""What is left to fit where one variable tells nothing of its own."""


def refuse_design(form: type[laws.Law], runs: Runs) -> None:
    """Refuse runs that cannot tell the parameters of a law.

    Raises
    ------
    UnidentifiedError
        With one line for each benchmark that falls short, and what to do.
    """
    if runs.fitted.empty:
        raise UnidentifiedError(f"{runs.name}: no run with a loss is left to fit; bring some, or hold out fewer.")
    groups = runs.fitted.groupby("benchmark", sort=False)
    faults = [f"{runs.name}, {name}: {fault}" for name, rows in groups if (fault := design_fault(form, rows))]
    if faults:
        raise UnidentifiedError("\n".join(faults))


def design_fault(form: type[laws.Law], rows: pd.DataFrame) -> str | None:
    """Why the runs of one benchmark cannot tell a law, and what to do; None where they can."""
    logs = {letter: np.log(rows[laws.VARIABLES[letter]].to_numpy(float)) for letter in form.reads}
    if "u" in logs:
        epochs = logs["d"] - logs.pop("u")
        if epochs.max() < np.log(LEAST_EPOCHS):
            return "hardly a token is repeated, so nothing tells what repeating costs. Fit --law chinchilla."
        if np.ptp(epochs) < SEPARATE:
            return "all runs repeat their tokens equally often, so nothing tells its cost. Bring runs of fewer epochs."
    for letter, log in logs.items():
        if np.ptp(log) < APART:
            other = f", or fit {WITHOUT[letter]}" if letter in WITHOUT and len(logs) > 1 else ""
            return (
                f"all runs have the same {WORDS[letter]} ({np.exp(log.mean()):.3g}), so nothing tells what it does to "
                f"the loss. Bring runs that differ in it{other}."
            )
    distinct = len(np.unique(np.round(np.column_stack([*logs.values()]) / APART), axis=0))
    needed = 1 + len(form.coordinates)
    if distinct < needed:
        other = ", or fit a law of one variable (--law compute)" if len(logs) > 1 else ""
        return f"{distinct} different runs cannot tell the {needed} parameters of {form.formula}. Bring more{other}."
    for letter, log in reversed(logs.items()) if len(logs) > 1 else ():
        names = [name for name in logs if name != letter]
        others = np.column_stack([np.ones(len(log)), *(logs[name] for name in names)])
        tells, *_ = np.linalg.lstsq(others, log, rcond=None)
        if np.ptp(log - others @ tells) >= SEPARATE:
            continue
        if letter == "d" and abs(tells[1] + 1) < SEPARATE:
            return (
                "all runs have one amount of compute (N D is constant), so size and tokens trade places and their "
                "parts in the loss cannot be told apart. Bring runs of other amounts of compute."
            )
        told = " and ".join(WORDS[name] for name in names)
        other = "--law compute" if set(logs) == {"n", "d"} else WITHOUT[letter]
        return (
            f"the {WORDS[letter]} follows from the {told} (as where D is proportional to N), so their parts in the "
            f"loss cannot be told apart. Bring runs off that line, or fit {other}."
        )
    return None

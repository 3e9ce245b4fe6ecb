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
    logs = {variable.letter: np.log(rows[variable.column].to_numpy(float)) for variable in form.variables}
    for letter, log in logs.items():
        if not np.isfinite(log).all():
            return f"not every run has its {laws.VARIABLES[letter].amount}, which {form.formula} reads. Add the column."
    if "u" in logs and (fault := _repeats_too_little(form, logs)):
        return fault
    logs.pop("u", None)
    return _constant(form, logs) or _too_few(form, logs) or _collinear(form, logs)


def simpler_law(form: type[laws.Law], letter: str) -> str | None:
    """The law that reads most of what a law reads, but not one variable; None if there is none."""
    rest = set(form.reads) - {letter}
    others = [law for law in laws.LAWS.values() if set(law.reads) <= rest]
    return max(others, key=lambda law: len(law.reads)).name if others else None


def _repeats_too_little(form: type[laws.Law], logs: dict[str, np.ndarray]) -> str | None:
    epochs = logs["d"] - logs["u"]
    if epochs.max() < np.log(LEAST_EPOCHS):
        plain = simpler_law(form, "u")
        return f"hardly a token is repeated, so nothing tells what repeating costs. Fit --law {plain}."
    if np.ptp(epochs) < SEPARATE:
        return "all runs repeat their tokens equally often, so nothing tells its cost. Bring runs of fewer epochs."
    return None


def _constant(form: type[laws.Law], logs: dict[str, np.ndarray]) -> str | None:
    for letter, log in logs.items():
        if np.ptp(log) < APART:
            other = simpler_law(form, letter) if len(logs) > 1 else None
            return (
                f"all runs have the same {laws.VARIABLES[letter].amount} ({np.exp(log.mean()):.3g}), so nothing tells "
                f"what it does to the loss. Bring runs that differ in it{f', or fit --law {other}' if other else ''}."
            )
    return None


def _too_few(form: type[laws.Law], logs: dict[str, np.ndarray]) -> str | None:
    distinct = len(np.unique(np.round(np.column_stack([*logs.values()]) / APART), axis=0))
    needed = 1 + len(form.coordinates)
    if distinct >= needed:
        return None
    other = ", or fit a law of one variable (--law compute)" if len(logs) > 1 else ""
    return f"{distinct} different runs cannot tell the {needed} parameters of {form.formula}. Bring more{other}."


def _collinear(form: type[laws.Law], logs: dict[str, np.ndarray]) -> str | None:
    for letter, log in reversed(logs.items()) if len(logs) > 1 else ():
        names = [name for name in logs if name != letter]
        others = np.column_stack([np.ones(len(log)), *(logs[name] for name in names)])
        slopes, *_ = np.linalg.lstsq(others, log, rcond=None)
        if np.ptp(log - others @ slopes) >= SEPARATE:
            continue
        if letter == "d" and abs(slopes[1] + 1) < SEPARATE:
            return (
                "all runs have one amount of compute (N D is constant), so size and tokens trade places and their "
                "parts in the loss cannot be told apart. Bring runs of other amounts of compute."
            )
        rest = " and ".join(laws.VARIABLES[name].amount for name in names)
        other = "compute" if set(logs) == {"n", "d"} else simpler_law(form, letter)
        return (
            f"the {laws.VARIABLES[letter].amount} follows from the {rest} (as where D is proportional to N), so their "
            f"parts in the loss cannot be told apart. Bring runs off that line, or fit --law {other}."
        )
    return None

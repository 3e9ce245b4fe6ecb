"""How a simulated world may depart from the model that is fitted to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.laws import trends
from bayesdensity.laws.forms import FORMS, HalfStudentT, Shortfall


@dataclass(frozen=True)
class World:
    """Departures of a world from the model; the defaults are none."""

    about: str
    inefficiency: Shortfall | None = None
    """Distribution of the LLMs' own inefficiency; None: that of the study."""
    lineage_scale: float = 0.0
    """Standard deviation of an effect that families of one lineage (Qwen, Qwen1.5, Qwen2) share."""
    curvature: float = 0.0
    """Change of the rate a year, on top of the trend of the study."""
    rate_change: float = 0.0
    """Of the mean at the middle of time, on top of the trend of the study; natural logarithms a year."""
    lower_growth: float | None = None
    """Growth a year, in logarithms, of the lower side of the spread between families; all other spread is constant."""
    weak_gap: float = 0.0
    """By how much families of a weak group, which are released more and more, lie below the others."""
    stretch: float = 0.0
    """Standard deviation of the logarithm of what an e-fold of size counts for beyond the reference, by benchmark."""
    inflation: float = 0.0
    """Logits by which some scores are too high."""
    inflated: Literal["harness", "single", "late"] = "harness"
    """Those of the harness that measured most targets; those that are the only one of their cell; or all, by so many
    logits a year from the centre of time, where the study infers as much too."""
    copied: float = 0.0
    """Share of cells with several scores in which all repeat the first."""
    slack: float | None = None
    """LLMs are published only if they measure at least the record of their day less this many e-folds of density."""
    moe_size: float = 1.0
    """Share of its size that counts, for a mixture of experts."""
    covariates: bool = True
    """Whether the covariates of the study have their effects; else density goes with none of them."""
    contamination: float = 0.0
    """Logits by which half of the LLMs of the later half of time gain on the benchmark that most are measured on."""


WORLDS: dict[str, World] = {
    "as-modelled": World("the model of the study"),
    "exponential": World("inefficiency is exponential", inefficiency=FORMS["exponential"]),
    "student-t": World("inefficiency is heavy-tailed: half of a Student-t of 3 degrees", inefficiency=HalfStudentT()),
    "lineages": World("families of one lineage share a part of their density", lineage_scale=0.7),
    "growing-lower-tail": World("only the lower side between families grows, by 0.6 a year", lower_growth=0.6),
    "weak-labs-late": World("families 1.5 below the rest are ever more of all", weak_gap=1.5),
    "bending-link": World("an e-fold beyond the reference counts for 0.4 to 2.3", stretch=0.5),
    "quadratic": World("the rate falls by a further 0.6 a year", curvature=-0.6),
    "break": World("the rate falls at once by 1 a year, in the middle", rate_change=-1.0),
    "inflated": World("the harness with most scores adds half a logit", inflation=0.5),
    "single-inflated": World(
        "scores that are the only one of their cell add half a logit", inflation=0.5, inflated="single"
    ),
    "late-inflated": World("all scores gain 0.1 logits a year", inflation=0.1, inflated="late"),
    "copied": World("of the cells with several scores, half repeat one", copied=0.5),
    "records": World("only LLMs within a factor of two of the densest so far are published", slack=float(np.log(2))),
    "no-effects": World("density goes with no covariate of the study", covariates=False),
    "moe-size": World("a third of its total parameters is the size of a mixture of experts", moe_size=1 / 3),
    "contaminated": World("half of the later LLMs gain 0.7 logits on one benchmark", contamination=0.7),
}
"""By name."""


def world_of(name: str) -> World:
    """A world by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in WORLDS:
        raise InputError(one_of(name, WORLDS, "world"))
    return WORLDS[name]


def bend(world: World, time: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """What the world adds to the mean at times; on average over the releases nothing.

    Parameters
    ----------
    world : World
    time : ndarray
        Years from the centre of time.
    sample : ndarray
        Releases of the LLMs, in the same unit, dim ``llm``.

    Returns
    -------
    ndarray
        Natural logarithms of density, shape of ``time``.
    """
    more = trends.quadratic(time, float((sample**2).mean()), world.curvature).value
    return np.asarray(more + world.rate_change * trends.turn(time, 0.0, sample, np.mean).value)


def lineages(families: np.ndarray) -> np.ndarray:
    """Index of the lineage of each family: names are alike up to the first sign that is no letter."""
    stems = [re.match("[A-Za-z]*", str(name)) for name in families]
    return np.unique([stem.group() if stem else "" for stem in stems], return_inverse=True)[1]

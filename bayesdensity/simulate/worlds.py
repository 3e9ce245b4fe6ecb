"""How a simulated world may depart from the model that is fitted to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.laws import inefficiencies as forms
from bayesdensity.laws import trends
from bayesdensity.study.spec import Frontier

HEAVY_DF = 3.0
"""Degrees of freedom of a heavy-tailed inefficiency."""
MANY = 400_000
"""Draws that the frontier of a world without a formula for it is read off."""


@dataclass(frozen=True)
class World:
    """Departures of a world from the model; the defaults are none."""

    about: str
    inefficiency: Literal["exponential", "student-t"] | None = None
    """Distribution of the LLMs' own inefficiency; None: that of the study."""
    lineage_scale: float = 0.0
    """Standard deviation of an effect that families of one lineage (Qwen, Qwen1.5, Qwen2) share."""
    curvature: float = 0.0
    """Change of the rate a year, on top of the trend of the study."""
    rate_change: float = 0.0
    """Of the mean at the middle of time, on top of the trend of the study; natural logarithms a year."""
    inflation: float = 0.0
    """Logits by which the harness that measured most targets overstates all of them."""
    copied: float = 0.0
    """Share of cells with several scores in which all repeat the first."""
    slack: float | None = None
    """LLMs are published only if they measure at least the record of their day less this many e-folds of density."""
    moe_size: float = 1.0
    """Share of its size that counts, for a mixture of experts."""
    contamination: float = 0.0
    """Logits by which half of the LLMs of the later half of time gain on the benchmark that most are measured on."""


WORLDS: dict[str, World] = {
    "as-modelled": World("the model of the study"),
    "exponential": World("inefficiency is exponential", inefficiency="exponential"),
    "student-t": World("inefficiency is heavy-tailed: half of a Student-t of 3 degrees", inefficiency="student-t"),
    "lineages": World("families of one lineage share a part of their density", lineage_scale=0.7),
    "quadratic": World("the rate falls by a further 0.6 a year", curvature=-0.6),
    "break": World("the rate falls at once by 1 a year, in the middle", rate_change=-1.0),
    "inflated": World("the harness with most scores adds half a logit", inflation=0.5),
    "copied": World("of the cells with several scores, half repeat one", copied=0.5),
    "records": World("only LLMs within a factor of two of the densest so far are published", slack=float(np.log(2))),
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


def own_residuals(
    world: World, form: Frontier, rng: np.random.Generator, symmetric: Any, one_sided: Any, shape: Any
) -> np.ndarray:
    """Draws of what is an LLM's own, at the centre of time."""
    if not form.llm_one_sided:
        return np.asarray(symmetric * rng.standard_normal(shape))
    if world.inefficiency != "student-t":
        return forms.composed_draw(world.inefficiency or form.form, rng, symmetric, one_sided, shape)
    # Mean of the absolute value of a Student-t of 3 degrees of freedom.
    shortfall = np.abs(rng.standard_t(HEAVY_DF, shape)) - 2 * np.sqrt(3) / np.pi
    return np.asarray(symmetric * rng.standard_normal(shape) - one_sided * shortfall)


def family_residuals(
    form: Frontier, rng: np.random.Generator, symmetric: Any, one_sided: Any, shape: Any
) -> np.ndarray:
    """Draws of what LLMs of one family share, at the centre of time."""
    kind: forms.Form = form.form if form.family_one_sided else "symmetric"
    return forms.composed_draw(kind, rng, symmetric, one_sided, shape)


def excess(world: World, form: Frontier, draw: xr.Dataset) -> float | None:
    """Distance of the frontier from the mean at the centre of time; None where the study's own formula holds."""
    if world.inefficiency is None and not world.lineage_scale:
        return None
    rng = np.random.default_rng(0)
    own = own_residuals(world, form, rng, drawn(draw, "noise_scale"), drawn(draw, "inefficiency_scale"), MANY)
    if form.family_effects:
        scales = drawn(draw, "family_scale"), drawn(draw, "family_inefficiency_scale")
        own = own + family_residuals(form, rng, *scales, MANY)
    own = own + world.lineage_scale * rng.standard_normal(MANY)
    return float(np.quantile(own, form.quantile))


def bend(world: World, time: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """What the world adds to the mean at times; on average nothing."""
    more = trends.quadratic(time, float((sample**2).mean()), world.curvature).value
    return np.asarray(more + world.rate_change * trends.turn(time, 0.0, sample, np.mean).value)


def lineages(families: np.ndarray) -> np.ndarray:
    """Index of the lineage of each family: names are alike up to the first sign that is no letter."""
    stems = [re.match("[A-Za-z]*", str(name)) for name in families]
    return np.unique([stem.group() if stem else "" for stem in stems], return_inverse=True)[1]


def drawn(draw: xr.Dataset, name: str) -> float:
    """A parameter in a draw; zero where the study has switched it off."""
    return float(draw[name]) if name in draw else 0.0

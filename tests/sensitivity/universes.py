"""Small grids, and variants whose answers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from bayesdensity.sensitivity.answers import QUANTILES, Answer
from bayesdensity.sensitivity.effects import Sensitivity, summarise
from bayesdensity.sensitivity.grid import Multiverse, load_grid, multiverse
from bayesdensity.sensitivity.influence import Left
from bayesdensity.study.load import load_study


def running_choices(variant: Any, universe: Multiverse) -> dict[str, str]:
    return {axis: label for axis, label in variant.choices.items() if label != universe.labels[axis]}


def normal_answer(mean: float, sd: float = 0.2, *, digest: str = "d", verdict: str = "PASS") -> Answer:
    at = stats.norm.ppf((np.arange(QUANTILES) + 0.5) / QUANTILES)
    about = {
        "digest": digest,
        "n_llms": 40,
        "n_scores": 150,
        "method": "fit",
        "window": ["2023-03-01", "2026-03-01"],
        "mcse": {"frontier": 0.01},
        "verdict": verdict,
        "max_rhat": 1.003,
        "min_ess_bulk": 900.0,
        "divergences": 0,
    }
    return Answer({"frontier": mean + sd * at}, about)


AXES = ["dispersion", "trend", "family effects"]
EFFECTS = {
    "trend: linear": -0.5,
    "trend: change-point": 0.1,
    "trend: random walk": 0.3,
    "dispersion: two classes": 0.05,
    "dispersion: growing": -0.1,
    "dispersion: constant": -2.2,
    "family effects: off": 0.2,
    "family effects: of organizations": 0.15,
}


def made(design: Any = "one", interaction: float = 0.0) -> tuple[Multiverse, dict[str, Answer]]:
    universe = multiverse(load_study("densing-law"), load_grid("standard", AXES), design=design)
    answers = {}
    for one in universe.variants:
        chosen = [f"{axis}: {label}" for axis, label in running_choices(one, universe).items()]
        mean = 2.0 + sum(EFFECTS[key] for key in chosen) + interaction * (len(chosen) > 1)
        answers[one.key] = normal_answer(mean, verdict="FAIL" if one.key == "trend: linear" else "PASS")
    return universe, answers


def summary(universe: Multiverse, answers: dict[str, Answer], left: list[Left] | None = None) -> Sensitivity:
    return summarise(universe, answers, {}, {}, left)


GRID = """title = "small"
prior_widths = [0.5]
[axes.size]
why = "w"
[axes.size.choices]
"total" = {"llms.size" = "total"}
"active" = {"llms.size" = "active"}
[axes.rate]
why = "w"
[axes.rate.choices]
"narrow" = {"priors.rate.interval" = [0.5, 2.5]}
[axes.impossible]
why = "w"
[axes.impossible.choices]
"nobody" = {"llms.released_from" = "2026-11-01"}
"""

"""How the score of each benchmark scales along a ladder, as posterior probabilities.

The loss-to-score map only rises, and is steep or flat as a whole. What a benchmark does is therefore read off a curve
without a form: a Gaussian process of the score in log loss, perhaps with a step between two rungs, whose scale, length,
noise and place of the step are integrated over a grid.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg, special

from bayesdensity.law.fitted import LawFit

STATES = {
    "at chance": "no run is clearly above guessing",
    "scaling": "the score rises along the ladder, over several rungs",
    "emergent": "most of the rise lies between two neighbouring rungs: the map is steeper than the ladder resolves",
    "saturated": "the best run is close to the ceiling",
    "non-monotone": "the score falls, by more than a ripple, where the loss falls",
}
AT_CHANCE, SATURATED = 0.1, 0.9
"""Share of the way from guessing to the ceiling that the best run stays below, or exceeds."""
STEEP = 0.5
"""Share of the rise that lies between two neighbouring rungs where it is emergent."""
STEEPER = 2.0
"""The two rungs must also have at least so many times their share of the log losses of the ladder."""
LEAST_RUNGS = 4
"""Rungs of a ladder on which a step can be told from a steep rise."""
FALL, FALL_OF_RANGE = 0.02, 0.1
"""A fall is more than a ripple if it is larger than so many points, and than so much of the range of the curve."""
RUNG = 0.02
"""Trainings whose log losses lie this close to that of the best of them are one rung."""
STEP = 0.5
"""Scale of a step of the score between two rungs."""
POINTS, LEAST, MOST, DRAWS = 120, 5, 60, 400
SCALES = np.geomspace(0.01, 0.5, 6)
"""Departures of the score from a straight line in log loss."""
LENGTHS = np.geomspace(0.07, 1.2, 6)
"""Over which the score bends, as a share of the range of log losses."""
NOISES = np.geomspace(0.001, 0.05, 5)
"""Scatter of scores beyond their items."""


class Curve(NamedTuple):
    """Posterior draws of the score of one benchmark along its ladder, from the best loss to the worst."""

    score: np.ndarray
    """Shape (draw, point)."""
    log_loss: np.ndarray
    """Dim point."""
    rungs: np.ndarray
    """Log losses of the rungs, from the best on."""


def diagnose_scaling(fit: LawFit, seed: int = 1) -> pd.DataFrame:
    """Posterior probability of each state of each benchmark that has scores.

    Parameters
    ----------
    fit : LawFit
        With a map, for its ceilings.
    seed : int
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        One row for each benchmark, a column for each of `STATES`, ``state`` the most probable, and ``top`` the
        median share of the way from guessing to the ceiling that the best run has come.
    """
    rng, rows = np.random.default_rng(seed), {}
    for b, name in enumerate(fit.data["benchmark"].to_numpy()):
        curve = score_curve(fit, b, rng)
        if curve is None:
            continue
        floor = float(fit.data["floor"][b])
        ceiling = rng.choice(fit.posterior["ceiling"].to_numpy()[..., b].ravel(), DRAWS)
        states = _states(curve, floor, ceiling)
        chances = {state: float((states == state).mean()) for state in STATES}
        state, top = max(chances, key=chances.__getitem__), (curve.score[:, 0] - floor) / (ceiling - floor)
        rows[str(name)] = {**chances, "state": state, "top": float(np.median(top))}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[*STATES, "state", "top"]).rename_axis("benchmark")


def score_curve(fit: LawFit, benchmark: int, rng: np.random.Generator) -> Curve | None:
    """Score of one benchmark against log loss; None with too few trainings.

    A Gaussian process with a constant and a slope integrated out, and its scale, length, noise and step over a grid.

    Parameters
    ----------
    fit : LawFit
    benchmark : int
        Position of the benchmark in the fit.
    rng : numpy.random.Generator

    Returns
    -------
    Curve or None

    References
    ----------
    Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, equations 2.7, 2.30 and 5.8.
    """
    trainings = _trainings(fit, benchmark)
    if trainings is None:
        return None
    log_loss, score, variance, count = trainings
    middle, width, centre = log_loss.mean(), np.ptp(log_loss), score.mean()
    x, rungs = (log_loss - middle) / width, _rungs(log_loss)
    along = np.linspace(x.min(), x.max(), POINTS)
    steps = [np.inf, *((rungs[1:] + rungs[:-1]) / 2 - middle) / width]
    grid = list(product(SCALES, LENGTHS, NOISES, steps))

    def root(scale: float, length: float, noise: float, step: float) -> np.ndarray:
        scatter = np.diag((variance + noise**2) / count)
        return np.asarray(linalg.cholesky(_kernel(x, x, scale, length, step) + scatter))

    # Half of the prior is without a step, half spread over the gaps between rungs.
    without = np.array([0.0 if np.isinf(step) else np.log(len(rungs) - 1) for *_, step in grid])
    evidence = np.array([_evidence(root(*point), score - centre) for point in grid]) - without
    chosen = rng.choice(len(grid), DRAWS, p=np.exp(evidence - special.logsumexp(evidence)))
    draws = np.empty((DRAWS, POINTS))
    for k in np.unique(chosen):
        scale, length, _, step = grid[k]
        across, at_point = _kernel(along, x, scale, length, step), chosen == k
        solved = linalg.cho_solve((root(*grid[k]), False), np.column_stack([score - centre, across.T]))
        cover = _kernel(along, along, scale, length, step) - across @ solved[:, 1:] + 1e-9 * np.eye(POINTS)
        normal = rng.standard_normal((at_point.sum(), POINTS))
        draws[at_point] = centre + across @ solved[:, 0] + normal @ linalg.cholesky(cover)
    return Curve(draws, middle + along * width, rungs)


def _trainings(fit: LawFit, benchmark: int) -> tuple[np.ndarray, ...] | None:
    """Log loss, score, its variance by the number of items, and number of the trainings averaged, from the best on."""
    data = fit.data
    on_it = data["map_benchmark"].to_numpy() == benchmark
    if on_it.sum() < LEAST:
        return None
    log_losses, scores = np.log(data["map_loss"].to_numpy()[on_it]), data["map_value"].to_numpy()[on_it]
    order = np.argsort(log_losses)
    groups = np.array_split(order, min(len(order), MOST))  # neighbours are averaged where there are very many
    log_loss, score = (np.array([values[group].mean() for group in groups]) for values in (log_losses, scores))
    inside = np.clip(score, 0.01, 0.99)
    items = float(data["n_items"][benchmark])
    return log_loss, score, inside * (1 - inside) / items, np.array([len(group) for group in groups])


def _rungs(log_loss: np.ndarray) -> np.ndarray:
    """Log losses of the best training of each rung, from the best rung on."""
    rungs = [log_loss.min()]
    for value in np.sort(log_loss):
        if value - rungs[-1] > RUNG:
            rungs.append(value)
    return np.array(rungs)


def _kernel(x: np.ndarray, y: np.ndarray, scale: float, length: float, step: float) -> np.ndarray:
    """Covariance of scores: any level and slope, a step at a log loss if there is one, and smooth departures."""
    line = 1 + 4 * np.outer(x, y)
    jump = STEP**2 * np.outer(x < step, y < step) if np.isfinite(step) else 0.0
    return np.asarray(line + jump + scale**2 * np.exp(-0.5 * (x[:, None] - y) ** 2 / length**2))


def _evidence(root: np.ndarray, y: np.ndarray) -> float:
    return float(-0.5 * (linalg.solve_triangular(root, y, trans="T") ** 2).sum() - np.log(np.diag(root)).sum())


def _states(curve: Curve, floor: float, ceiling: np.ndarray) -> np.ndarray:
    """State of each draw, judged at the rungs: between them a curve may overshoot a step."""
    score = np.stack([np.interp(curve.rungs, curve.log_loss, row) for row in curve.score])
    share = (score - floor) / (ceiling - floor)[:, None]
    # The best score at this loss or at a worse one, less the score here.
    fall = np.maximum.accumulate(score[:, ::-1], axis=1)[:, ::-1] - score
    conditions = {
        "at chance": share.max(axis=1) < AT_CHANCE,
        "non-monotone": fall.max(axis=1) > np.maximum(FALL, FALL_OF_RANGE * np.ptp(score, axis=1)),
        "saturated": share[:, 0] > SATURATED,
        "emergent": _steps(share, curve.rungs),
    }
    return np.select(list(conditions.values()), list(conditions), default="scaling")


def _steps(share: np.ndarray, rungs: np.ndarray) -> np.ndarray:
    """Whether most of the rise lies between two neighbouring rungs that are not themselves most of the ladder."""
    if len(rungs) < LEAST_RUNGS:
        return np.zeros(len(share), dtype=bool)
    part = -np.diff(share, axis=1) / np.maximum(np.ptp(share, axis=1), 1e-9)[:, None]
    gap = np.diff(rungs) / np.ptp(rungs)
    return np.asarray(((part > STEEP) & (part > STEEPER * gap)).any(axis=1))

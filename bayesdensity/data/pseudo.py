"""What scores say of logits, in a linear approximation: it places starting points and coordinates, never an answer."""

from __future__ import annotations

import numpy as np

BOUND = 0.02
"""Scores are kept this far inside (floor, 1) where a logit is taken to find starting points."""
UNKNOWN_WEIGHT = 1e-6
"""Weight of a cell whose scores are left out: coordinates then follow its prior."""
ROUGH_SLOPE, ROUGH_STEPS = 0.5, 10
"""Logits per e-fold of size, about; steps of a rough fit that only places coordinates."""
PSEUDO = ("value", "log_above", "weight")
"""What the model needs of the scores of a group (a cell, or a training) to linearise their likelihood."""


def implied(
    score: np.ndarray, floor: np.ndarray, group: np.ndarray, n: int, counted: np.ndarray | bool = True
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """What scores say about the logit of their group (one benchmark each), bounded near the floor and 1.

    Parameters
    ----------
    score, floor : ndarray
        Each score and the floor of its benchmark, as shares of items.
    group : ndarray of int
        Position of the group of each score.
    n : int
        Number of groups.
    counted : ndarray of bool, or bool
        Whether each score counts.

    Returns
    -------
    logit, share : ndarray
        Of each score, the logit under a ceiling of 1 and the share of the weight of its group.
    groups : dict of ndarray
        Of each group, the mean score (``value``), the mean natural logarithm of the score above the floor
        (``log_above``), and the precision of the logit for a binomial variance of ``p (1 - p)`` (``weight``).
    """
    inside = np.clip((score - floor) / (1 - floor), BOUND, 1 - BOUND)
    near = floor + (1 - floor) * inside
    weight = counted * ((1 - floor) * inside * (1 - inside)) ** 2 / (near * (1 - near))
    total = np.bincount(group, weight, n)
    share = weight / total[group]
    value, log_above = (np.bincount(group, share * x, n) for x in (score, np.log(inside * (1 - floor))))
    return np.log(inside / (1 - inside)), share, {"value": value, "log_above": log_above, "weight": total}


def harness_departures(
    logit: np.ndarray, share: np.ndarray, total: np.ndarray, cell: np.ndarray, harness: np.ndarray, n: int
) -> dict[str, np.ndarray]:
    """Weighted mean departure of a harness from the others in the cells that it shares with them, and its weight.

    Parameters
    ----------
    logit, share : ndarray
        Of each score, as `implied` returns them.
    total : ndarray
        Weight of the cell of each score; 0 where the score is left out.
    cell, harness : ndarray of int
        Position of the cell and of the harness of each score.
    n : int
        Number of harnesses.

    Returns
    -------
    dict of ndarray
        Of each harness, its departure in logits (``value``), 0 where nothing tells it, and its ``weight``.
    """
    departure = logit - np.bincount(cell, share * logit)[cell]
    weight = np.bincount(harness, share * total * (1 - share), n)
    pull = np.bincount(harness, share * total * departure, n)
    return {"value": np.divide(pull, weight, out=np.zeros_like(pull), where=weight > 0), "weight": weight}


def link_centres(
    logit: np.ndarray, weight: np.ndarray, entity: np.ndarray, bench: np.ndarray, n: int
) -> dict[str, np.ndarray]:
    """Where the targets tell the link of each benchmark: mean logit, and mean and spread of their log sizes there.

    Scores near the floor or the ceiling hardly count. Log sizes come from a rough fit of straight lines in one position
    for each LLM: they only say about what the link is well known. Where they are counted from is a convention, the
    average of the LLMs that tell: the model knows them by their differences between benchmarks.

    Parameters
    ----------
    logit, weight : ndarray
        Mean logit of each cell, and its precision; 0 where it is not of a target or has no known score.
    entity, bench : ndarray of int
        Position of the LLM and of the benchmark of each cell.
    n : int
        Number of benchmarks.

    Returns
    -------
    dict of ndarray
        Of each benchmark, the mean logit (``centre``), and the mean (``position``) and standard deviation (``spread``)
        of log sizes.
    """

    def by(index: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
        return np.bincount(index, weight * values, size) / np.maximum(np.bincount(index, weight, size), UNKNOWN_WEIGHT)

    entity = np.where(weight > 0, entity, 0)
    n_llms = int(entity.max()) + 1
    slope, position = np.full(n, ROUGH_SLOPE), np.zeros(n_llms)
    mean = by(bench, logit, n)
    for _ in range(ROUGH_STEPS):
        at = by(bench, position[entity], n)
        implied = (logit - mean[bench]) / slope[bench] + at[bench]
        position = by(entity, implied, n_llms)
        position = position - position.mean()
        apart = position[entity] - by(bench, position[entity], n)[bench]
        rise = by(bench, (logit - mean[bench]) * apart, n) / np.maximum(by(bench, apart**2, n), UNKNOWN_WEIGHT)
        slope = np.clip(rise, 0.4 * ROUGH_SLOPE, 4 * ROUGH_SLOPE)
        slope = slope * ROUGH_SLOPE / np.exp(np.log(slope).mean())
    at = by(bench, position[entity], n)
    spread = np.sqrt(by(bench, (position[entity] - at[bench]) ** 2, n))
    return {"centre": mean, "position": at, "spread": spread}

"""Predictions of scores from the others: leave-one-cell-out probability integral transforms."""

from __future__ import annotations

import numpy as np
import scipy
import xarray as xr
from scipy import special

from bayesdensity import laws
from bayesdensity.base.importance import smoothed
from bayesdensity.checks.protocol import Array, Check, judged, thinned
from bayesdensity.checks.registry import check
from bayesdensity.data.cells import cells_of, known_target_scores, scores_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit

DRAWS = 400
NODES, REACH = 61, 5.0
"""Of the sum over the departure of a cell, and how many standard deviations it reaches."""
LEAST = 20
"""Scores that a group needs."""
SAME = 5e-5
"""Scores closer than this are equal as published."""


@check("scores", place=40)
def check_scores(fit: Fit) -> Check:
    """Scores lie where the others predict them, by benchmark and by harness, and are no copies of each other."""
    pit, bench, source, first = loo_pit(fit)
    # Scores of one cell share its departure: by benchmark, one of them speaks for all.
    groups = {f"on {name}": first & (bench == name) for name in np.unique(bench)}
    groups |= {f"by {name}": source == name for name in np.unique(source)}
    tests = {}
    for name, here in groups.items():
        if here.sum() >= LEAST:
            tests[f"scores {name} lie higher or lower than predicted"] = uniform(pit[here])
            tests[f"scores {name} scatter more or less than predicted"] = uniform(2 * np.abs(pit[here] - 0.5))
    pairs, equal, chance = copies(fit)
    if pairs:
        tests[f"copies: {equal} of {pairs} scores repeat another of their LLM"] = float(
            scipy.stats.binom.sf(equal - 1, pairs, chance) if equal else 1.0
        )
    remedies = {
        "scores": "Look at these scores; vary the link (reference) and fit without the benchmark or harness.",
        "copies": "Set scores.collapse_equal, or leave out the harness that repeats others.",
    }
    fine = f"{len(pit)} scores lie where the other scores predict them, by benchmark and by harness."
    return judged("scores", tests, remedies, fine)


def loo_pit(fit: Fit) -> tuple[Array, np.ndarray, np.ndarray, np.ndarray]:
    """Probability that a score of a target would have been lower, given all scores outside its cell.

    The cell's own departure is integrated out, everything else corrected by Pareto-smoothed importance weights
    (arXiv 1507.02646; PIT: Gelfand, Dey and Chang 1992).

    Returns
    -------
    ndarray, ndarray, ndarray, ndarray
        By score of a target: the transform, its benchmark, its harness, and whether it is the first of its cell.
    """
    data, draws = fit.data, thinned(fit, DRAWS)
    known, scores = known_target_scores(data), scores_of(data)
    cell = scores.cell[known]
    log_like, below = _predicted(data, draws, np.flatnonzero(known))
    seen, at = np.unique(cell, return_inverse=True)  # a cell whose scores are left out has no weights
    weight = loo_weights(log_like[:, seen])
    pit = (weight[at] * below.T).sum(axis=1)
    bench = data["benchmark"].to_numpy()[scores.benchmark[known]]
    harness = data["harness_name"].to_numpy()[scores.harness[known]]
    return np.asarray(pit), bench, harness, np.diff(cell, prepend=-1) > 0


def loo_weights(log_like: Array) -> Array:
    """Pareto-smoothed weights that leave each observation out, from log densities; shape (observation, draw)."""
    return np.exp([smoothed(-one)[0] for one in log_like.T])


def copies(fit: Fit) -> tuple[int, int, float]:
    """Scores beyond the first of their cell, how many of them equal an earlier one, and the chance that one does."""
    known = known_target_scores(fit.data)
    cell, value = scores_of(fit.data).cell[known], fit.data["score_value"].to_numpy()[known]
    order = np.lexsort((value, cell))
    again = np.diff(cell[order]) == 0
    equal = again & (np.diff(value[order]) < SAME)
    # Scores of one cell are rounded to some tenth of a per cent, and differ by a per cent or more.
    return int(again.sum()), int(equal.sum()), 0.05


def uniform(u: Array) -> float:
    """p-value of a uniform distribution (Kolmogorov and Smirnov)."""
    return float(scipy.stats.kstest(u, "uniform").pvalue)


def _predicted(data: xr.Dataset, drawn: dict[str, Array], which: np.ndarray) -> tuple[Array, Array]:
    """Log density of the scores of each cell, (draw, cell), and P(lower), (draw, score); departures integrated out."""
    node = np.linspace(-REACH, REACH, NODES)
    weight = scipy.stats.norm.pdf(node)
    log_weight = np.log(weight / weight.sum())
    n_draws, n_cells = len(drawn["rate"]), cells_of(data).n_targets
    log_like, below = np.empty((n_draws, n_cells)), np.empty((n_draws, len(which)))
    value = data["score_value"].to_numpy()[which, None]
    for s in range(n_draws):
        draws = Draws(data, {name: values[s] for name, values in drawn.items()})
        cell, bench = draws.scores.cell[which], draws.cells.target_benchmark
        size = draws.target_sizes(draws["log_density_relative"])[:, None] + draws["cell_scatter"][bench, None] * node
        effect = draws.score_effect[which, None]
        logit = laws.logit_of_size(draws.link.at(bench).at(None), size)[cell] + effect
        with np.errstate(over="ignore"):  # far out on the nodes the score is its floor
            expected, sd = draws.score_model(logit, which, nodes=1)
        z = (value - expected) / sd
        by_cell = np.zeros((n_cells, NODES))
        np.add.at(by_cell, cell, -0.5 * z**2 - np.log(sd))
        log_like[s] = special.logsumexp(by_cell + log_weight, axis=1)
        below[s] = (np.exp(log_weight) * special.ndtr(z)).sum(axis=1)
    return log_like, below

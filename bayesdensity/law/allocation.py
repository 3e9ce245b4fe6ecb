"""How to divide compute between size and data, by the three approaches of arXiv 2203.15556."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.runs import absolute_logs
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.noise import typical_errors
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate
from bayesdensity.quantities.estimate import PARAMETERS, TOKENS

REACH = 16.0
"""E-folds of size to either side of an even split within which the optimum is sought."""
STEPS = 50
"""Of a golden-section search: they narrow the reach to 1e-9 e-folds."""
STEP = 0.05
"""E-folds of compute to either side over which exponents are taken."""
REPLICATES, LEAST_REPLICATES = 400, 0.9
BUDGET, SIZE = 0.12, 0.03
"""Log compute (log size) within which runs have one budget (one size)."""
LEAST_SIZES, LEAST_SPREAD = 4, np.log(3)
"""Sizes that a budget needs, and how far they must spread."""
LEAST_BUDGETS, LEAST_COMPUTE = 3, np.log(5)
"""Budgets that a power law needs, and how far they must spread."""
GRID = 40
SEED = 1
"""Of the bootstrap."""


class Allocation(NamedTuple):
    """Compute-optimal training, dims ``compute``, ``benchmark``."""

    params: Estimate
    tokens: Estimate
    tokens_per_parameter: Estimate
    loss: Estimate
    size_exponent: Estimate
    """a of N_opt ~ C^a."""
    data_exponent: Estimate
    """b of D_opt ~ C^b."""
    return_exponent: Estimate
    """-d ln(L - E) / d ln C along the optimum: what more compute returns."""


class Approach(NamedTuple):
    """What one approach says of the optimal size, from the runs alone."""

    name: str
    why_not: str
    """Why the runs do not allow it; empty where they do."""
    exponent: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    """Lower end, estimate and upper end of a."""
    log_params: np.ndarray | None = None
    """The same of ln N_opt, shape (compute, 3)."""
    points: np.ndarray | None = None
    """Log compute and log size of the optima that it rests on, shape (point, 2)."""
    line: np.ndarray | None = None
    """Slope and intercept of the log size in log compute."""


def allocate(fit: LawFit, compute: Sequence[float], ci: float = DEFAULT_CI) -> Allocation:
    """Optimal size and data for each amount of compute, ``C = 6 N D``.

    Of a law that reads unique tokens no token is repeated; experts are those of an average run.

    Parameters
    ----------
    fit : LawFit
        Of a law that reads size and data.
    compute : sequence of float
        Operations.
    ci : float
        Probability of the intervals.

    Raises
    ------
    InputError
        If the law does not read size and data, or compute is not positive.
    """
    amounts = check_compute(fit.study.form, compute)
    log_c = xr.DataArray(np.log(amounts), dims="compute", coords={"compute": amounts})
    best, below, above = (_optimum(fit.law, fit.centre, log_c + step) for step in (0.0, -STEP, STEP))

    def slope(quantity: Callable[[Any], Any]) -> Any:
        return (quantity(above) - quantity(below)) / (2 * STEP)

    floor = np.exp(fit.law.log_loss_centre) * fit.law.parts().get("share_irreducible", 0.0)

    def estimate(name: str, what: str, values: Any) -> Estimate:
        units = {"params": PARAMETERS, "tokens": TOKENS}.get(name, "")
        return Estimate(name, what, values.transpose(*SAMPLE, "compute", "benchmark"), ci, units)

    log_n, log_d, loss = best
    return Allocation(
        estimate("params", "compute-optimal parameters", np.exp(log_n)),
        estimate("tokens", "compute-optimal training tokens", np.exp(log_d)),
        estimate("tokens_per_parameter", "compute-optimal tokens per parameter", np.exp(log_d - log_n)),
        estimate("loss", "loss of the compute-optimal training", loss),
        estimate("size_exponent", "a of N_opt ~ C^a", slope(lambda best: best[0])),
        estimate("data_exponent", "b of D_opt ~ C^b", slope(lambda best: best[1])),
        estimate("return_exponent", "-dln(L - E)/dlnC at the optimum", -slope(lambda best: np.log(best[2] - floor))),
    )


def check_compute(form: type[laws.Law], compute: Sequence[float]) -> np.ndarray:
    """Amounts of compute that a law can divide.

    Raises
    ------
    InputError
        If the law does not read size and data, or compute is not positive.
    """
    if not {"n", "d"} <= set(form.reads):
        raise InputError(f"the law '{form.name}' does not read size and data both; it divides no compute.")
    amounts = np.asarray(compute, dtype=float)
    if not np.all(np.isfinite(amounts) & (amounts > 0)):
        raise InputError("compute is a positive number of operations, for example 1e24.")
    return amounts


def optimal_path(
    fit: LawFit, compute: Sequence[float], draws: int, ci: float = DEFAULT_CI
) -> tuple[Estimate, Estimate]:
    """Optimal size, and its loss, along many amounts of compute, from some of the draws.

    Parameters
    ----------
    fit, compute, ci
        As for `allocate`.
    draws : int
        Draws wanted; evenly spaced ones are taken, up to twice as many.

    Returns
    -------
    tuple of Estimate
        Parameters, and the loss in the unit of the runs; dims ``compute``, ``benchmark``.
    """
    log_c = xr.DataArray(np.log(np.asarray(compute, dtype=float)), dims="compute")
    law = laws.drawn_law(fit.study.form, fit.thinned(draws).posterior)
    log_n, _, loss = _optimum(law, fit.centre, log_c)
    what = "of the compute-optimal training"
    sizes = log_n.copy(data=np.exp(log_n.to_numpy()))
    return Estimate("params", f"parameters {what}", sizes, ci, PARAMETERS), Estimate("loss", f"loss {what}", loss, ci)


def _optimum(law: laws.Law, centre: dict[str, xr.DataArray], log_c: xr.DataArray) -> tuple[xr.DataArray, ...]:
    """Log size, log tokens and loss of the best training, by golden section in log size."""
    like = (law.log_loss_centre + log_c).transpose(*SAMPLE, "compute", "benchmark")
    # Plain arrays: aligning labels at every step takes longer than the arithmetic.
    plain = law.mapped(lambda part: part.transpose(*SAMPLE, "benchmark").to_numpy()[:, :, None])
    middle = {letter: values.to_numpy() for letter, values in centre.items()}
    total = log_c.to_numpy()[:, None] - np.log(laws.FLOPS_PER_PARAMETER_AND_TOKEN)

    def point(log_n: np.ndarray) -> dict[str, np.ndarray]:
        x = {"n": log_n - middle["n"], "d": total - log_n - middle["d"]}
        others = [variable for variable in law.variables if variable.letter not in x]
        return x | {other.letter: x[other.like] if other.like else np.zeros_like(x["d"]) for other in others}

    golden = (np.sqrt(5) - 1) / 2
    low = np.broadcast_to(total / 2 - REACH, like.shape)
    high = low + 2 * REACH
    for _ in range(STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        lower = plain.relative(point(left)) < plain.relative(point(right))
        low, high = np.where(lower, low, left), np.where(lower, right, high)
    log_n = (low + high) / 2
    return tuple(like.copy(data=part) for part in (log_n, total - log_n, plain.loss(point(log_n))))


def from_budgets(fit: LawFit, compute: Sequence[float], benchmark: int = 0, ci: float = DEFAULT_CI) -> Approach:
    """Approach 2: a parabola of log loss in log size for each budget of compute, and a line through their minima.

    Intervals are of a parametric bootstrap: noise as the law has it is added to the log losses again and again.

    Parameters
    ----------
    fit, ci
        As for `allocate`.
    compute : sequence of float
        Operations at which the line is read off.
    benchmark : int
        Position of the benchmark in the fit.

    Returns
    -------
    Approach
        With ``why_not`` where the runs do not allow it.
    """
    log_n, log_c, log_loss = _runs(fit, benchmark)
    groups = [group for group in _clusters(log_c, BUDGET) if _spread(log_n[group])]

    def optima(losses: np.ndarray) -> np.ndarray:
        vertices = [_vertex(log_n[budget], log_c[budget], losses[budget]) for budget in groups]
        return np.array([vertex for vertex in vertices if vertex is not None]).reshape(-1, 2)

    replicates = _noisy(fit, benchmark, log_loss)
    return _approach(
        "iso-FLOP", "budgets of compute with four or more sizes", optima, log_loss, replicates, compute, ci
    )


def from_sizes(fit: LawFit, compute: Sequence[float], benchmark: int = 0, ci: float = DEFAULT_CI) -> Approach:
    """Approach 1: for each compute the size whose runs reach the lowest loss, and a line through these.

    The loss of a size is interpolated between its runs; a winner counts where smaller and larger sizes compete.
    Intervals, and what is returned, as for `from_budgets`.

    Parameters
    ----------
    fit, compute, benchmark, ci
        As for `from_budgets`.
    """
    log_n, log_c, log_loss = _runs(fit, benchmark)
    groups = [group for group in _clusters(log_n, SIZE) if len(np.unique(log_c[group].round(1))) >= LEAST_BUDGETS]
    groups.sort(key=lambda group: float(log_n[group].mean()))
    along, sizes = np.linspace(log_c.min(), log_c.max(), GRID), [log_n[group].mean() for group in groups]

    def optima(losses: np.ndarray) -> np.ndarray:
        table = []
        for size in groups:
            x, index = np.unique(log_c[size].round(3), return_inverse=True)
            y = np.bincount(index, losses[size]) / np.bincount(index)
            table.append(np.interp(along, x, y, left=np.inf, right=np.inf))
        winners = []
        for k, column in enumerate(np.array(table).T):
            present = np.flatnonzero(np.isfinite(column))
            if len(present) >= LEAST_BUDGETS and present[0] < (best := int(column.argmin())) < present[-1]:
                winners.append((along[k], sizes[best]))
        # A staircase: the middle of each step stands for it; the first and the last are cut off by the ladder.
        points = np.array(winners).reshape(-1, 2)
        steps = [points[points[:, 1] == size].mean(axis=0) for size in np.unique(points[:, 1])[1:-1]]
        return np.array(steps).reshape(-1, 2)

    replicates = _noisy(fit, benchmark, log_loss)
    needs = "sizes, between others, that are best at some compute, each trained on three or more amounts of data"
    return _approach("fixed sizes", needs, optima, log_loss, replicates, compute, ci)


def from_runs(fit: LawFit, found: Allocation, benchmark: int = 0) -> tuple[Approach, Approach]:
    """The two approaches that need no law, at the compute of an allocation.

    Parameters
    ----------
    fit : LawFit
        Of a law that reads size and data.
    found : Allocation
        Its amounts of compute and the probability of its intervals are used.
    benchmark : int
        Position of the benchmark in the fit.

    Returns
    -------
    tuple of Approach
        As `from_sizes` and `from_budgets` give them.
    """
    compute, ci = found.params.draws["compute"].to_numpy().tolist(), found.params.probability
    return from_sizes(fit, compute, benchmark, ci), from_budgets(fit, compute, benchmark, ci)


def side_by_side(found: Allocation, others: Iterable[Approach], benchmark: int = 0) -> pd.DataFrame:
    """The three approaches side by side for one benchmark.

    Parameters
    ----------
    found : Allocation
        Approach 3, by the law.
    others : iterable of Approach
        As `from_runs` gives them.
    benchmark : int
        Position of the benchmark in the fit.

    Returns
    -------
    pandas.DataFrame
        One row for each approach and compute: ``exponent`` and ``params`` with lower ends and upper ends, and
        ``why_not`` where the runs do not allow the approach.
    """
    rows, compute = [], found.params.draws["compute"].to_numpy().tolist()
    for approach in others:
        for k, amount in enumerate(compute):
            size = np.full(3, np.nan) if approach.log_params is None else np.exp(approach.log_params[k])
            rows.append((approach.name, amount, *approach.exponent, *size, approach.why_not))
    for k, amount in enumerate(compute):
        parts = (
            estimate.summary.isel(compute=k, benchmark=benchmark) for estimate in (found.size_exponent, found.params)
        )
        ends = [float(part[end]) for part in parts for end in ("lower", "median", "upper")]
        rows.append(("parametric", amount, *ends, ""))
    names = [f"{what}_{end}" for what in ("exponent", "params") for end in ("lower", "median", "upper")]
    return pd.DataFrame(rows, columns=["approach", "compute", *names, "why_not"])


def _runs(fit: LawFit, benchmark: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = fit.data
    on_it, log = data["run_benchmark"].to_numpy() == benchmark, absolute_logs(data)
    log_n, log_d = log["n"][on_it], log["d"][on_it]
    log_c = log_n + log_d + np.log(laws.FLOPS_PER_PARAMETER_AND_TOKEN)
    return log_n, log_c, np.log(data["run_loss"].to_numpy()[on_it])


def _clusters(values: np.ndarray, width: float) -> list[np.ndarray]:
    """Positions of values that lie together: gaps of less than half a width, no cluster wider than two."""
    order = np.argsort(values)
    cuts = np.flatnonzero(np.diff(values[order]) > width / 2) + 1
    return [group for group in np.split(order, cuts) if np.ptp(values[group]) <= 2 * width]


def _spread(log_n: np.ndarray) -> bool:
    sizes = np.unique((log_n / SIZE).round())
    return len(sizes) >= LEAST_SIZES and np.ptp(log_n) >= LEAST_SPREAD


def _vertex(log_n: np.ndarray, log_c: np.ndarray, log_loss: np.ndarray) -> tuple[float, float] | None:
    """Log compute and log size at the minimum of a parabola, at the mean compute; None outside the runs."""
    if not _spread(log_n):
        return None
    centre, mean_c = log_n.mean(), log_c.mean()
    x, c = log_n - centre, log_c - mean_c
    columns = [np.ones_like(x), x, x**2]
    if np.ptp(c) > 1e-6 and len(x) > LEAST_SIZES + 1:
        columns.append(c)  # budgets are only about equal
    (_, rise, bend, *_) = np.linalg.lstsq(np.column_stack(columns), log_loss, rcond=None)[0]
    lowest = -rise / (2 * bend) if bend > 0 else np.nan
    return (float(mean_c), float(centre + lowest)) if x.min() < lowest < x.max() else None


def _noisy(fit: LawFit, benchmark: int, log_loss: np.ndarray) -> np.ndarray:
    """Log losses with fresh noise, shape (replicate, run)."""
    shape, rng = (REPLICATES, len(log_loss)), np.random.default_rng(SEED)
    noise = typical_errors(fit, benchmark).rvs(shape, random_state=rng)
    return np.asarray(log_loss + noise)


def _approach(
    name: str,
    needs: str,
    optima: Callable[[np.ndarray], np.ndarray],
    log_loss: np.ndarray,
    replicates: np.ndarray,
    compute: Sequence[float],
    ci: float,
) -> Approach:
    """Line through optima, and its bootstrap."""
    points, log_c = optima(log_loss), np.log(np.asarray(compute, dtype=float))
    if not _enough(points):
        return Approach(name, f"needs at least {LEAST_BUDGETS} {needs}, over a factor of 5 in compute")
    replicated = [points for points in map(optima, replicates) if _enough(points)]
    if len(replicated) < LEAST_REPLICATES * len(replicates):
        return Approach(name, "too noisy: many of its bootstrap replicates find no line")
    line, *lines = (np.polyfit(each[:, 0], each[:, 1], 1) for each in (points, *replicated))
    tail = (1 - ci) / 2
    low, high = np.quantile([slope for slope, _ in lines], [tail, 1 - tail])
    ends = np.quantile([np.polyval(each, log_c) for each in lines], [tail, 1 - tail], axis=0)
    sizes = np.column_stack([ends[0], np.polyval(line, log_c), ends[1]])
    return Approach(name, "", (float(low), float(line[0]), float(high)), sizes, points, line)


def _enough(points: np.ndarray) -> bool:
    return len(points) >= LEAST_BUDGETS and bool(np.ptp(points[:, 0]) >= LEAST_COMPUTE)

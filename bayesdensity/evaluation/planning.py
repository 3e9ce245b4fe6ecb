"""Which score would tell most: expected gains of evaluations that nobody has run, by preposterior analysis.

A score to come is, given a draw, normal about what the draw predicts on the logit: the LLM's departure on the
benchmark, a harness and the items scatter it. How far it would narrow a quantity follows from how both move together
over the draws (by regression over draws: Strong, Oakley, Brennan and Breeze 2015, DOI 10.1177/0272989X15575286). That
is linear: the expected gain of the best linear estimate, before the score is seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesdensity import laws
from bayesdensity.base.errors import InputError, UnidentifiedError, one_of
from bayesdensity.data.cells import cells_of, told_harnesses
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.benchmarks import rate_by_benchmark
from bayesdensity.quantities.densities import log_density
from bayesdensity.quantities.estimate import SAMPLE, Estimate
from bayesdensity.quantities.growth import rate

Array = NDArray[np.float64]
DRAWS = 2000
"""Of a fit that are read, about."""
LEAST_SLOPE = 1e-3
"""Of a score in its logit, below which it says nothing."""


class Evaluations(NamedTuple):
    """Scores that nobody has: one LLM on one benchmark each."""

    llm: NDArray[np.int_]
    benchmark: NDArray[np.int_]
    logit: Array
    """That each draw predicts; shape (draw, evaluation)."""
    variance: Array
    """Of a score about that, on the logit; shape (evaluation,)."""


def quantity(fit: Fit, of: str) -> Estimate:
    """What is to be known better: a rate of the frontier or the mean, that on a benchmark, or ln density of an LLM.

    Parameters
    ----------
    fit : Fit
    of : str
        "frontier", "mean", or the name of a benchmark or of an LLM.

    Raises
    ------
    InputError
        If it is none of these.
    """
    benchmarks, llms = (list(map(str, fit.data[dim].to_numpy())) for dim in ("benchmark", "llm"))
    if of in ("frontier", "mean"):
        return rate(fit, estimand="frontier" if of == "frontier" else "mean")
    if of in benchmarks:
        one = rate_by_benchmark(fit).sel(benchmark=of)
        return replace(one, what=f"{one.what}, on {of}")
    if of in llms:
        return replace(log_density(fit).sel(llm=of), what=f"ln density of {of}")
    raise InputError(one_of(of, ["frontier", "mean", *benchmarks, *llms], "quantity of the fit"))


def expected_gains(fit: Fit, of: str = "frontier") -> pd.DataFrame:
    """How far one more score is expected to narrow a quantity, for every LLM on every benchmark it has no score on.

    Parameters
    ----------
    fit : Fit
    of : str
        As for `quantity`.

    Returns
    -------
    pandas.DataFrame
        By evaluation, the most telling first: llm, benchmark, and ``gain``, the expected share by which the standard
        deviation of the quantity falls, and so its interval.

    Raises
    ------
    UnidentifiedError
        If no score is missing.
    """
    thin, draws, each = _read(fit, of)
    apart, moved = draws - draws.mean(), each.logit - each.logit.mean(axis=0)
    together = (apart @ moved / len(apart)) ** 2 / (apart.var() * moved.var(axis=0))
    # A correlation of so many draws is not zero by chance.
    share = np.maximum(together - 1 / len(apart), 0.0) * moved.var(axis=0) / (moved.var(axis=0) + each.variance)
    table = _named(thin, each).assign(gain=1 - np.sqrt(1 - np.minimum(share, 1.0)))
    return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def gains_together(fit: Fit, by: str, of: str = "frontier") -> pd.DataFrame:
    """How far all missing scores on a benchmark, or all of an LLM, are expected to narrow a quantity together.

    The best linear estimate is found on half of the draws and judged on the other half, so that many scores do not seem
    to tell more than they do.

    Parameters
    ----------
    fit : Fit
    by : {"benchmark", "llm"}
    of : str
        As for `quantity`.

    Returns
    -------
    pandas.DataFrame
        By benchmark or LLM, the most telling first: ``n`` scores, and ``gain`` as for `expected_gains`.
    """
    thin, draws, each = _read(fit, of)
    table, rows = _named(thin, each), []
    halves = np.arange(len(draws)) % 2 == 0
    for name, places in table.groupby(by).indices.items():
        logit, variance = each.logit[:, places], each.variance[places]
        explained = np.mean([_explained(draws, logit, variance, half) for half in (halves, ~halves)])
        gain = 1 - np.sqrt(1 - np.clip(explained / draws.var(), 0.0, 1.0))
        rows.append({by: name, "n": len(places), "gain": gain})
    return pd.DataFrame(rows).sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def _explained(draws: Array, logit: Array, variance: Array, half: NDArray[np.bool_]) -> float:
    """Variance that the best linear estimate of some draws explains among the others."""
    (together, spread), (judged, judged_spread) = (_moments(draws[k], logit[k], variance) for k in (half, ~half))
    weight = np.linalg.solve(spread, together)
    return float(2 * weight @ judged - weight @ judged_spread @ weight)


def _moments(draws: Array, logit: Array, variance: Array) -> tuple[Array, Array]:
    """Covariance of a quantity with scores to come, and theirs with each other."""
    apart = logit - logit.mean(axis=0)
    return (draws - draws.mean()) @ apart / len(draws), apart.T @ apart / len(draws) + np.diag(variance)


def _read(fit: Fit, of: str) -> tuple[Fit, Array, Evaluations]:
    thin = fit.thinned(DRAWS)
    return thin, quantity(thin, of).draws.transpose(*SAMPLE).to_numpy().ravel(), missing(thin)


def missing(fit: Fit) -> Evaluations:
    """Scores that nobody has, and what every draw says of them.

    Raises
    ------
    UnidentifiedError
        If no score is missing.
    """
    data, cells, draws = fit.data, cells_of(fit.data), Draws(fit.data, fit.flat_draws())
    has = np.zeros((data.sizes["llm"], data.sizes["benchmark"]), dtype=bool)
    has[cells.llm, cells.target_benchmark] = True
    llm, bench = np.nonzero(~has)
    if not llm.size:
        raise UnidentifiedError("every LLM of the fit has a score on every benchmark: no evaluation is missing.")
    size = np.broadcast_to(draws.log_size, draws["log_density_relative"].shape) + draws["log_density_relative"]
    at = size[:, llm] + draws["benchmark_slope"][:, bench] * data["time"].to_numpy()[llm]
    link, top = draws.link.at(bench), draws["ceiling"][:, bench]
    floor, items = (data[name].to_numpy()[bench] for name in ("floor", "n_items"))
    logit = laws.logit_of_size(link, at)
    expected = laws.score(logit, floor, top)
    slope = np.maximum(laws.score_slope(expected, floor, top), LEAST_SLOPE)
    noise = laws.score_sd(expected, items, draws["overdispersion"][:, bench]) / slope
    several = np.isin(bench, data["harness_benchmark"].to_numpy()[told_harnesses(data)])
    scatter = draws["cell_scatter"][:, bench] * laws.logits_per_log_size(link, at)
    variance = scatter**2 + noise**2 + several * draws["harness_scale"][:, bench] ** 2
    return Evaluations(llm, bench, logit, variance.mean(axis=0))


def _named(fit: Fit, each: Evaluations) -> pd.DataFrame:
    return pd.DataFrame({
        "llm": fit.data["llm"].to_numpy()[each.llm],
        "benchmark": fit.data["benchmark"].to_numpy()[each.benchmark],
    })  # fmt: skip

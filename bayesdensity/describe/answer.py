"""The answer of a fit in three sentences that may be quoted: each number with its interval, window and estimand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.describe.words import interval_text
from bayesdensity.inference.result import Fit

SURE = 0.999
"""A probability beyond which it is said to be above that."""


def answer_sentences(fit: Fit, ci: float = q.DEFAULT_CI) -> list[str]:
    """What a fit says of the frontier, of the mean and of the pace, and of the benchmarks.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.

    Returns
    -------
    list of str
        Three sentences.
    """
    return [_frontier(fit, ci), _pace(fit, ci), _benchmarks(fit, ci)]


def _frontier(fit: Fit, ci: float) -> str:
    (start, end), rates = q.window(fit), q.rate(fit, ci=ci)
    row = q.doubling_time(rates).to_frame_row()
    quantile = f"{fit.study.frontier.quantile:g} quantile of capability density among releases"
    grew = f"P(it grew) {_chance(float(q.probability_positive(rates)))}"
    return (
        f"From {start} to {end} the {quantile} {_doubled(row)} ({ci:.0%} interval; {grew}), by the scores of "
        f"{fit.about['n_llms']} LLMs on {_and(fit.study.benchmarks)} and with "
        f"{fit.study.reference.yardstick} as the yardstick."
    )


def _pace(fit: Fit, ci: float) -> str:
    start, end = q.window(fit)
    mean = q.doubling_time(q.rate(fit, estimand="mean", ci=ci)).to_frame_row()
    first, last = (q.doubling_time(q.rate_at(fit, [day], ci=ci)).to_frame().iloc[0] for day in (start, end))
    slowed = f"P(the pace of that quantile slowed over the window) {_chance(q.probability_slowing(fit))}"
    return (
        f"The mean of ln density among releases {_doubled(mean)} over the same window; {slowed}: "
        f"{interval_text(first)} months at its start, {interval_text(last)} at its end."
    )


def _benchmarks(fit: Fit, ci: float) -> str:
    months = q.doubling_time(q.rate_by_benchmark(fit, ci=ci)).to_frame()
    rate = q.rate_by_benchmark(fit, ci=ci).to_frame()["median"]
    fast, slow = rate.idxmax(), rate.idxmin()
    chance = float(q.probability_faster(fit).sel(benchmark=fast, than=slow))
    return (
        f"By benchmark the quantile moves fastest on {fast}, where it {_doubled(months.loc[fast])}, and slowest on "
        f"{slow} ({interval_text(months.loc[slow])}); P({fast} moves faster than {slow}) {_chance(chance)}."
    )


def _doubled(row: pd.Series) -> str:
    if np.isfinite(row["median"]):
        return f"doubled every {interval_text(row)} months"
    return f"did not grow (months to double: {interval_text(row)})"


def _chance(value: float) -> str:
    return f"above {SURE:g}" if value > SURE else f"below {1 - SURE:.3f}" if value < 1 - SURE else f"= {value:.2f}"


def _and(names: object) -> str:
    *most, last = map(str, names)  # type: ignore[call-overload]
    return f"{', '.join(most)} and {last}" if most else last

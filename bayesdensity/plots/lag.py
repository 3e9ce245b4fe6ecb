"""Records of score, and what open models of at most a size reach: the lag in months lies across, in score down."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.base.format import size
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    INNER,
    STYLE,
    VERMILLION,
    date_ticks,
    days,
    draw_curve,
    name_points,
    page,
)
from bayesdensity.quantities.forecast import Of, score_at
from bayesdensity.quantities.lag import WHOSE, Lags

COLUMNS, AHEAD = 2, 730
"""Panels beside each other, and days beyond the last release that they show."""
DATES = 49


@rc_context(STYLE)
def plot_lag(fit: Fit, lags: Lags, params: float, of: Of = "frontier") -> Figure:
    """Records on each benchmark, and the score of models of at most a size, over time.

    Parameters
    ----------
    fit : Fit
    lags : Lags
        `bayesdensity.quantities.lag.lags` of the fit, at that size.
    params : float
        Parameters of the models that trail.
    of : {"frontier", "typical", "best"}
        Of whom the lags are.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> plot_lag(fit, lags(fit, tables, 8e9), 8e9).savefig("lag.svg")  # doctest: +SKIP
    """
    names, ci = list(dict.fromkeys(lags.records["benchmark"])), lags.months.probability
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    caption = (
        "Dots: records, scores above all earlier ones, of models of any size (diamonds: closed); steps: the best so "
        f"far. Curves: score of open models of at most {size(params)} parameters {WHOSE[of]}, median with {INNER:.0%} "
        f"and {ci:.0%} intervals, carried on beyond the last release (dotted). Rings: the first such model that was "
        "seen to score as high as a record."
    )
    figure, grid = page(fit, 0.6 + 1.9 * rows, caption, 0.15, (rows, columns), wspace=0.2, hspace=0.45)
    for name, axes in zip(names, grid.flat, strict=False):
        _panel(axes, fit, lags, name, params, of)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    return figure


def _panel(axes: Axes, fit: Fit, lags: Lags, name: str, params: float, of: Of) -> None:
    rows = lags.records[lags.records["benchmark"] == name]
    start, end = (days([day])[0] for day in quantities.window(fit))
    x = np.linspace(start, end + AHEAD, DATES)
    dates = pd.to_datetime(x, unit="D").strftime("%Y-%m-%d").tolist()
    scores = score_at(fit, name, params, dates, of, lags.months.probability)
    line = draw_curve(axes, x, scores, BLUE, (INNER, scores.probability))
    at, score = days(list(rows["release_date"])), rows["score"].to_numpy()
    axes.step([*at, end], [*score, score[-1]], where="post", color=BLACK, linewidth=0.7)
    for open_, marker in ((True, "o"), (False, "D")):
        of_kind = (rows["weights_open"] == "yes").to_numpy() == open_
        axes.scatter(at[of_kind], score[of_kind], 9, BLACK, marker=marker, zorder=3)
    seen = rows[rows["matched_date"] != ""]
    axes.scatter(days(list(seen["matched_date"])), seen["score"], 16, "white", edgecolors=VERMILLION, zorder=3)
    axes.axvline(end, color=BLACK, linewidth=0.6, linestyle=":")
    axes.set(xlim=(start, end + AHEAD), ylim=(max(line[:, 1].min() - 0.05, 0), 1), title=name, ylabel="score")
    date_ticks(axes, 5)
    first, last = rows.iloc[0], rows.iloc[-1]
    anchors = [(one["llm"], days([one["release_date"]])[0], one["score"], BLACK) for one in (last, first)]
    name_points(axes, anchors, np.c_[at, score], line, 6.5)

"""Predictions of later releases beside what came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.base.format import ENDS
from bayesdensity.evaluation.backtesting import Backtest
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    STYLE,
    VERMILLION,
    Array,
    date_ticks,
    days,
    page,
    plain_ticks,
)
from bayesdensity.study.phrases import estimand_phrase, yardstick

COLUMNS, PANEL = 2, 1.9  # panels of a row, and their height in inches


@rc_context(STYLE)
def plot_backtest(fit: Fit, found: Backtest) -> Figure:
    """Density of the LLMs released within a year of each cut-off, and what was predicted from those before it.

    Parameters
    ----------
    fit : Fit
        With all releases.
    found : Backtest
        Of that fit.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.evaluation.backtesting import backtest
    >>> from bayesdensity.inference.result import load_fit
    >>> fit = load_fit("densing-law.nc")  # doctest: +SKIP
    >>> plot_backtest(fit, backtest(fit)).savefig("backtest.svg")  # doctest: +SKIP
    """
    cutoffs, unit = list(found.cutoffs.index), yardstick(fit.study.reference)
    frontier = estimand_phrase("frontier", fit.study.frontier.quantile, "density")
    caption = (
        f"Density in {unit} parameters over parameters. Grey: medians of LLMs released before the cut-off (line), "
        "which predictions are made from. Bars: 50% and 90% intervals predicted for later LLMs from their date, and "
        "their family if it is known; dots: what all scores say now (medians), red where outside the 90%. Diamonds: "
        f"frontier a year on ({frontier}), median and 90% interval; blue as "
        "predicted, black as known now. Titles: cut-off, number of later LLMs, shares inside the intervals."
    )
    rows = -(-len(cutoffs) // COLUMNS)
    figure, grid = page(fit, 0.5 + PANEL * rows, caption, 0.25, (rows, COLUMNS), wspace=0.16, hspace=0.36)
    for axes in grid.flat[len(cutoffs) :]:
        axes.remove()
    density = np.exp(quantities.log_density(fit).draws.median(quantities.SAMPLE).to_numpy())
    when, scores = days(fit.data["release_date"]), found.scores()
    last = days([max(found.cutoffs["horizon_end"])])[0] + 40
    low = 0.8 * min(np.exp(found.llms["lower_90%"].min()), density.min())
    ends = found.cutoffs["frontier_predicted_upper"].max(), found.llms["upper_90%"].max()
    high = 1.2 * max(*np.exp(np.array(ends, dtype=float)), density.max())
    for axes, cutoff in zip(grid.flat, cutoffs, strict=False):
        row = scores.loc[cutoff]
        start = days([cutoff])[0]
        axes.plot(when[when < start], density[when < start], "o", color=GREY, markersize=2, mew=0, alpha=0.6)
        axes.axvline(start, color=BLACK, linewidth=0.8)
        _later(axes, found.llms[found.llms["cutoff"] == cutoff])
        _frontiers(axes, found.cutoffs.loc[cutoff])
        axes.set(yscale="log", ylim=(low, high), xlim=(when.min() - 25, last))
        inside = f"{row['coverage_50%']:.0%} and {row['coverage_90%']:.0%} inside"
        axes.set_title(f"{cutoff}, {int(row['n'])} later: {inside}")
        plain_ticks(axes.yaxis, "{:g}".format)
        date_ticks(axes, 5)
    for axes in grid[:, 0]:
        axes.set_ylabel("density")
    return figure


def _later(axes: Axes, llms: pd.DataFrame) -> None:
    x, observed = days(llms["release_date"].to_numpy()), np.exp(llms["observed"].to_numpy())
    for level, width, alpha in (("90%", 0.8, 0.5), ("50%", 2.2, 0.5)):
        bounds = (np.exp(llms[f"{side}_{level}"].to_numpy()) for side in ("lower", "upper"))
        axes.vlines(x, *bounds, color=SKY, linewidth=width, alpha=alpha)
    outside = ~llms["observed"].between(llms["lower_90%"], llms["upper_90%"]).to_numpy()
    for at, colour in ((~outside, BLUE), (outside, VERMILLION)):
        axes.plot(x[at], observed[at], "o", color=colour, markersize=2.5, mew=0)


def _frontiers(axes: Axes, row: pd.Series) -> None:
    """Two diamonds beside each other where the horizon ends."""
    horizon: Array = days([row["horizon_end"]])
    for shift, part, colour in ((8, "predicted", BLUE), (24, "known", BLACK)):
        median, lower, upper = (np.exp(float(row[f"frontier_{part}_{end}"])) for end in ENDS)
        axes.vlines(horizon + shift, lower, upper, color=colour, linewidth=1.2)
        axes.plot(horizon + shift, [median], "D", color=colour, markersize=3.5, mew=0)

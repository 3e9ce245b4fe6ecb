"""Records predicted from past cut-offs beside what came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity.base.format import size as size_text
from bayesdensity.evaluation.forecasting import SMALL
from bayesdensity.evaluation.naive import records
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import BLACK, BLUE, SKY, STYLE, VERMILLION, date_ticks, days, page
from bayesdensity.quantities.ahead import log_size
from bayesdensity.quantities.releases import released

COLUMNS, PANEL = 2, 1.8  # panels of a row, and their height in inches
APART = 9  # days between the bars of two cut-offs at one date


@rc_context(STYLE)
def plot_forecasts(fit: Fit, forecasts: pd.DataFrame, params: float = SMALL) -> Figure:
    """Best score among the releases of at most a size on each benchmark, and what was predicted of it.

    Parameters
    ----------
    fit : Fit
        With all releases.
    forecasts : pandas.DataFrame
        As `bayesdensity.evaluation.forecasting.judged` gives them, of one or several cut-offs.
    params : float
        Parameters that releases have at most; one of those that were asked for.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.
    """
    asked = forecasts[(forecasts["kind"] == "score") & np.isclose(forecasts["params"], params)]
    benchmarks, cutoffs = list(fit.data["benchmark"].to_numpy()), sorted(asked["cutoff"].unique())
    caption = (
        f"Best score among the releases of at most {size_text(params)} parameters. Line: what came, with a dot for "
        "every record. Bars: 50% and 90% intervals of what was predicted of it from each cut-off, with the median; at "
        "one date the earlier cut-off stands to the left. Red where what came lies outside the 90%."
    )
    rows = -(-len(benchmarks) // COLUMNS)
    figure, grid = page(fit, 0.5 + PANEL * rows, caption, 0.25, (rows, COLUMNS), wspace=0.16, hspace=0.4)
    for axes in grid.flat[len(benchmarks) :]:
        axes.remove()
    when = days(fit.data["release_date"])
    for axes, benchmark in zip(grid.flat, benchmarks, strict=False):
        _records(axes, fit, str(benchmark), params, when.max())
        part = asked[asked["benchmark"] == benchmark]
        for place, cutoff in enumerate(cutoffs):
            _bars(axes, part[part["cutoff"] == cutoff], APART * (place - (len(cutoffs) - 1) / 2), when.max())
        axes.set(xlim=(when.min() - 25, when.max() + 40), title=str(benchmark))
        date_ticks(axes, 5)
    for axes in grid[:, 0]:
        axes.set_ylabel("score")
    return figure


def _records(axes: Axes, fit: Fit, benchmark: str, params: float, last: float) -> None:
    """What came, as a line that rises in steps."""
    came = released(fit, benchmark)
    on = came.log_size[0] <= log_size(fit, params)
    time, score = records(came.time[0, on], came.score[0, on])
    # Release dates lie as far apart in days as in years.
    origin = days(fit.data["release_date"])[0] - 365.25 * float(fit.data["time"][0])
    x = origin + 365.25 * time
    axes.step(np.append(x, last), np.append(score, score[-1:]), where="post", color=BLACK, linewidth=0.8)
    axes.plot(x, score, "o", color=BLACK, markersize=2.5, mew=0)


def _bars(axes: Axes, rows: pd.DataFrame, shift: float, last: float) -> None:
    """Forecasts of one cut-off, a little to a side."""
    if rows.empty:
        return
    starts = pd.to_datetime(rows["cutoff"])
    ends = [f"{start + pd.DateOffset(months=int(n)):%Y-%m-%d}" for start, n in zip(starts, rows["months"], strict=True)]
    x = np.minimum(days(ends), last) + shift
    outside = ~rows["observed"].between(rows["lower_90%"], rows["upper_90%"]).to_numpy()
    for level, width in (("90%", 0.9), ("50%", 2.4)):
        bounds = (rows[f"{side}_{level}"].to_numpy() for side in ("lower", "upper"))
        axes.vlines(x, *bounds, color=np.where(outside, VERMILLION, SKY), linewidth=width)
    axes.scatter(x, rows["median"], c=np.where(outside, VERMILLION, BLUE), s=7, linewidths=0, zorder=3)

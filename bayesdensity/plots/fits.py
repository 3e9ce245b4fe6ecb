"""Several fits side by side: their frontiers and their doubling times."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.plots.doubling import MONTH_TICKS
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INFINITE,
    SKY,
    STEPS,
    STYLE,
    VERMILLION,
    date_ticks,
    days,
    draw_curve,
    ends,
    plain_ticks,
    titled_page,
)
from bayesdensity.quantities import DEFAULT_CI, MONTHS
from bayesdensity.study.phrases import estimand_phrase

COLOURS = (BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", SKY, BLACK, GREY)
"""Of fits, in turn; the same as on the page."""
NAME = 18
"""Characters of a line of a name."""

APART = 0.07
"""Share of an axis between the first of its ticks and the next, at least."""


@rc_context(STYLE)
def plot_fits(fits: Mapping[str, Fit], ci: float = DEFAULT_CI) -> Figure:
    """Frontier of density by each of several fits, and the doubling times of frontier and mean.

    Parameters
    ----------
    fits : mapping of Fit
        By the name that each is called.
    ci : float
        Probability of bands and bars.
    """
    quantiles = sorted({f"{fit.study.frontier.quantile:g}" for fit in fits.values()})
    caption = (
        f"a: frontier ({estimand_phrase('frontier', ' or '.join(quantiles), 'density')}) by each fit, in units of its "
        "own yardstick. b: months in which density doubles, averaged over the window of each fit; dots: frontier, "
        f"diamonds: {estimand_phrase('mean', '')}. Medians, and {ci:.0%} intervals as bands and bars."
    )
    names = [textwrap.fill(name, NAME) for name in fits]
    longest = max(len(line) for name in names for line in name.splitlines())
    height, room = max(2.8, 1 + 0.3 * len(fits)), 0.12 + 0.04 * longest
    title = "Densities and doubling times of several fits"
    spacing: Any = {"wspace": room, "width_ratios": (1.4, 1)}
    figure, ((left, right),) = titled_page(title, "", height, caption, 0.2, (1, 2), **spacing)
    low, high = np.inf, 0.0
    for (name, fit), colour in zip(fits.items(), _colours(len(fits)), strict=True):
        dates = quantities.dates_between(*quantities.window(fit), STEPS)
        trend = quantities.frontier(fit, dates, ci=ci)
        curve = replace(trend, draws=xr.ufuncs.exp(trend.draws))
        draw_curve(left, days(dates), curve, colour, (ci,), label=name)
        low, high = min(low, ends(curve)[0].min()), max(high, ends(curve)[2].max())
    left.set(yscale="log", ylim=(low / 1.2, high * 1.2), ylabel="density", title="a  frontier")
    plain_ticks(left.yaxis, "{:g}".format)
    date_ticks(left, 6)
    y = np.arange(len(fits))
    for estimand, marker, shift in (("frontier", "o", -0.12), ("mean", "D", 0.12)):
        rates = [quantities.rate(fit, estimand=estimand, ci=ci) for fit in fits.values()]  # type: ignore[arg-type]
        start, middle, end = np.array([[float(part) for part in ends(rate)] for rate in rates]).T / np.log(2)
        right.hlines(y + shift, start, end, _colours(len(fits)), linewidth=1.2)
        right.scatter(middle, y + shift, 18, _colours(len(fits)), marker=marker, zorder=3)
    first, last = right.get_xlim()
    right.set(ylim=(len(fits) - 0.5, -0.5), title="b  months to double", xlim=(last, max(first, 0.0)))
    ticks = [month for month in MONTH_TICKS if first <= MONTHS / month <= last]
    # 48 and 24 months lie close to infinity on an axis of rates: only what has room is written.
    room = APART * (last - first)
    ticks = [month for k, month in enumerate(ticks) if k == 0 or MONTHS / month - MONTHS / ticks[0] >= room]
    right.set_xticks([MONTHS / m for m in ticks], [f"{m:g}".replace("inf", INFINITE) for m in ticks])
    right.set_yticks(y, names)
    right.tick_params(axis="y", length=0, grid_alpha=0)
    return figure


def _colours(n: int) -> list[str]:
    return [COLOURS[k % len(COLOURS)] for k in range(n)]

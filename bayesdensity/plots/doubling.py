"""Months in which density doubles, over time and by benchmark."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    FRONTIER,
    GREEN,
    GREY,
    INFINITE,
    INNER,
    MEAN,
    PALE,
    STEPS,
    STYLE,
    SURE,
    Array,
    date_ticks,
    days,
    draw_curve,
    ends,
    name_points,
    page,
    written,
)
from bayesdensity.quantities import DEFAULT_CI, MONTHS, Estimate
from bayesdensity.study.phrases import estimand_phrase

# Months and window as in arXiv 2412.04315 and its journal version.
CLAIM: str = GREEN
CLAIM_MONTHS, CLAIM_WINDOW = (3.3, 3.5), ("2023-02-01", "2025-04-30")
MONTH_TICKS = (np.inf, 48, 24, 12, 8, 6, 4, 3, 2, 1.5, 1)


@rc_context(STYLE)
def plot_doubling(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """Months in which density doubles: over time, and averaged over the window for every benchmark.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals and of the outer bands.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.inference.result import load_fit
    >>> plot_doubling(load_fit("densing-law.nc"), ci=0.8).get_label()  # doctest: +SKIP
    """
    (start, end), quantile = quantities.window(fit), fit.study.frontier.quantile
    dates = quantities.dates_between(start, end, STEPS)
    rates = quantities.rate_at(fit, dates, ci=ci), quantities.rate_at(fit, dates, "mean", ci)
    edge, mean = (replace(rate, draws=rate.draws / np.log(2)) for rate in rates)
    each = quantities.rate_by_benchmark(fit, ci=ci)
    names = each.draws["benchmark"].to_numpy()[np.argsort(-ends(each)[1], kind="stable")].tolist()
    rows = [(name, quantities.doubling_time(replace(each, draws=each.draws.sel(benchmark=name)))) for name in names]
    caption = (
        f"Months in which density doubles. Frontier: {estimand_phrase('frontier', quantile, 'density')}. "
        f"Mean: {estimand_phrase('mean', quantile)}. Lines and dots: medians; bands and bars: {INNER:.0%} and {ci:.0%} "
        f"intervals. b: frontier, rate averaged over {start} to {end}; P(growth) is above {SURE:g} unless given."
    )
    height, room = max(3.2, 1 + len(names) / 4), max(0.46, 0.055 * max(map(len, names)))
    figure, ((left, right),) = page(fit, height, caption, 1.1, (1, 2), width_ratios=(2.3, 1.2), wspace=room)
    _over_time(left, days(dates), edge, mean, ci)
    _rows(right, [("overall", quantities.doubling_time(quantities.rate(fit, ci=ci))), *rows], ci)
    return figure


def _over_time(axes: Axes, x: Array, edge: Estimate, mean: Estimate, ci: float) -> None:
    """Doublings a year with ticks in months, so that a rate of zero, an infinite time, has its place."""
    slow, fast = (MONTHS / month for month in reversed(CLAIM_MONTHS))
    low = max(-1.0, min(-0.5, *(ends(each)[0].min() for each in (edge, mean))))
    high = 1.08 * max(fast, *(ends(each)[2].max() for each in (edge, mean)))
    months = [month for month in MONTH_TICKS if MONTHS / month <= high and month not in (48, 24, 8)]
    axes.set_yticks([MONTHS / month for month in months], [f"{m:g}".replace("inf", INFINITE) for m in months])
    axes.set(xlim=x[[0, -1]], ylim=(low, high), title="a  over time", ylabel="doubling time of density (months)")
    axes.axhspan(low, 0, color=PALE, linewidth=0, zorder=0.5)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    (first, last), anchors = np.clip(days(CLAIM_WINDOW), x[0], x[-1]), [("density falls", x[16], low, GREY)]
    taken = [np.c_[x, np.zeros(STEPS)]]
    if last > first:
        axes.fill_between([first, last], slow, fast, color=CLAIM, alpha=0.6, linewidth=0)
        taken += [np.c_[np.linspace(first, last, STEPS), np.full(STEPS, rate)] for rate in (slow, fast)]
        anchors.append(("published, {:g}\N{EN DASH}{:g} months".format(*CLAIM_MONTHS), (first + last) / 2, fast, CLAIM))
    for name, estimate, colour, width in (("mean", mean, MEAN, 0.9), ("frontier", edge, FRONTIER, 1.4)):
        taken.append(draw_curve(axes, x, estimate, colour, (INNER, ci), linewidth=width))
        anchors.append((name, *taken[-1][3 * STEPS // 4], colour))
    date_ticks(axes, 5)
    name_points(axes, anchors, np.empty((0, 2)), np.concatenate(taken), 7.5)


def _rows(axes: Axes, rows: list[tuple[str, Estimate]], ci: float) -> None:
    """A dot and two bars for each row; what reaches beyond the axis, to infinity even, ends in an arrow."""
    wide, narrow = (np.array([ends(replace(row, probability=p)) for _, row in rows]).T for p in (ci, INNER))
    shown = wide[wide < 60]
    low, high = (0.85 * shown.min(), max(1.15 * shown.max(), 2.5 * shown.min())) if len(shown) else (6.0, 60.0)
    months = [month for month in MONTH_TICKS if low <= month <= high]
    y, colours = np.arange(len(rows)), [BLACK, *[FRONTIER] * (len(rows) - 1)]
    for (start, _, end), width in ((wide, 1.0), (narrow, 3.0)):
        axes.hlines(y, np.clip(start, low, high), np.clip(end, low, high), colours, linewidth=width)
    axes.scatter(wide[1], y, 20, "white", edgecolors=colours, zorder=3)
    for k in y[wide[2] > high]:
        axes.plot(high, k, ">", color=colours[k], clip_on=False, gid="beyond")
    axes.axhline(0.5, color=GREY, linewidth=0.6)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.4, -0.6), title="b  by benchmark")
    axes.set_xlabel("doubling time (months)")
    axes.set(xticks=months, xticklabels=[f"{m:g}" for m in months], yticks=y, yticklabels=[name for name, _ in rows])
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0, grid_alpha=0)
    axes.text(1.09, 1.03, f"median [{ci:.0%}]", transform=axes.transAxes, size=7.5, color=GREY)
    for k, row in enumerate(wide.T):
        text, grew = written(dict(zip(("lower", "median", "upper"), row, strict=True))), np.isfinite(rows[k][1].draws)
        text += f"\n  P(growth) {float(grew.mean()):.2f}" if grew.mean() < SURE else ""
        look: Any = {"va": "center", "size": 7.5, "color": colours[k], "linespacing": 1.0}
        axes.text(1.09, k, text, transform=axes.get_yaxis_transform(), **look)

"""The published procedure beside the posterior: doubling times by window, method and reference."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity.base.format import months as months_of
from bayesdensity.plots.doubling import CLAIM, CLAIM_MONTHS, MONTH_TICKS
from bayesdensity.plots.page import (
    BLACK,
    FRONTIER,
    GREY,
    INFINITE,
    MEAN,
    STYLE,
    SURE,
    WIDTH,
    faults,
    titled_page,
    written,
)
from bayesdensity.published.replication import Comparison, Rate, points

DRAWS = "#CC79A7"  # the purple of the same palette: nothing else on the page has it
ROW, LABELS, VALUES = 0.165, 2.4, 1.05  # inches: height of a row, width of its label, of its numbers
LOOK = {
    "claim": ("D", CLAIM, True),
    "records_points": ("s", BLACK, True),
    "everyone_points": ("s", BLACK, False),
    "records_posterior": ("o", DRAWS, True),
    "everyone_posterior": ("o", DRAWS, False),
    "mean_model": ("o", MEAN, True),
    "frontier_model": ("o", FRONTIER, True),
}
"""Marker, colour, and whether the marker is filled: open for lines through all LLMs."""


class _Row(NamedTuple):
    label: str
    rate: Rate | None
    """None: the heading of a group."""


@rc_context(STYLE)
def plot_paper(comparison: Comparison) -> Figure:
    """Doubling times that were claimed, that the published procedure gives, and that the posterior gives, by window.

    Parameters
    ----------
    comparison : Comparison
        Without a fit the rows of the posterior are missing, without other references the last group.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.data.tables import read_tables
    >>> from bayesdensity.published.replication import compare
    >>> from bayesdensity.study.load import load_study
    >>> figure = plot_paper(compare(load_study("densing-law"), read_tables(), replicates=0))
    >>> "Months in which density doubles" in figure.get_label()
    True
    """
    rows = _rows(comparison)
    caption = (
        "Months in which density doubles. Records: least squares through the LLMs denser than all released before (the "
        "published procedure); open marks: through all LLMs. Point estimates have bootstrap intervals (families and "
        "reference drawn anew), the others posterior ones: by the same rules in each draw, then as the model has it, "
        "whose mean and frontier describe all releases and select none. Claims came without an interval; band: "
        "{:g}\N{EN DASH}{:g} months as published. Bars: {:.0%} intervals. P(growth) is above {:g} unless given.".format(
            *CLAIM_MONTHS, comparison.ci, SURE
        )
    )
    warning = "" if comparison.fit is None else faults(comparison.fit)
    title, body, left = comparison.paper.study.title, 0.7 + ROW * len(rows), LABELS / WIDTH
    figure, ((axes,),) = titled_page(title, warning, body, caption, VALUES, (1, 1), left=left)
    _draw(axes, rows, comparison.ci)
    return figure


def _rows(comparison: Comparison) -> list[_Row]:
    rows = []
    for k, trend in enumerate(comparison.paper.trends):
        window = trend.window
        rows.append(_Row(f"{window.name}, {window.start} to {window.end} ({trend.released} LLMs)", None))
        rows += [_Row(rate.what, rate) for rate in comparison.rates(k)]
    for other in comparison.beside:
        rows.append(_Row(f"point estimates with the reference of {other.study.name}", None))
        rows += [_Row(f"records to {trend.window.end}", points(trend, "records")) for trend in other.trends]
    return rows


def _draw(axes: Axes, rows: list[_Row], ci: float) -> None:
    """A mark and a bar for each row; what reaches beyond the axis, to infinity even, ends in an arrow."""
    marked = [(y, row.rate) for y, row in enumerate(rows) if row.rate is not None]
    months = np.array([rate.months for _, rate in marked])
    shown = months[(months > 0) & (months < 25)]
    low, high = (max(0.9 * shown.min(), 0.95), max(1.1 * shown.max(), 6.0)) if len(shown) else (0.95, 25.0)
    axes.axvspan(*CLAIM_MONTHS, color=CLAIM, alpha=0.25, linewidth=0, zorder=0.5)
    for (y, rate), (middle, start, end) in zip(marked, months, strict=True):
        marker, colour, filled = LOOK[rate.key]
        if not np.isnan(start):
            axes.hlines(y, np.clip(start, low, high), np.clip(end, low, high), colour, linewidth=1.2)
        for beyond, edge, arrow in ((max(end, middle) > high, high, ">"), (min(start, middle) < low, low, "<")):
            if beyond:
                axes.plot(edge, y, arrow, color=colour, markersize=4, clip_on=False, gid="beyond")
        if low <= middle <= high:
            face = colour if filled else "white"
            axes.plot(middle, y, marker, color=colour, markerfacecolor=face, markersize=4.5, markeredgewidth=1.1)
        row = {"median": middle, "lower": start, "upper": end}
        text = months_of(middle).replace("inf", INFINITE) if np.isnan(start) else written(row)
        text += f"\nP(growth) {rate.probability_positive:.2f}" if rate.probability_positive < SURE else ""
        axes.text(1.03, y, text, transform=axes.get_yaxis_transform(), va="center", size=7.5, color=colour)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.4, -0.7), yticks=[])
    axes.set_xlabel("doubling time (months)")
    ticks = [month for month in (*MONTH_TICKS, 18) if low <= month <= high]
    axes.set(xticks=ticks, xticklabels=[f"{month:g}" for month in ticks])
    axes.minorticks_off()
    axes.text(1.03, -0.65, f"months [{ci:.0%}]", transform=axes.get_yaxis_transform(), size=7.5, color=GREY)
    _name_rows(axes, rows)


def _name_rows(axes: Axes, rows: list[_Row]) -> None:
    """Labels left of the axis, headings in bold with a rule above."""
    at, box = axes.get_yaxis_transform(), axes.get_position()
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # a heading may reach into the axes
    for y, row in enumerate(rows):
        heading = row.rate is None
        x = (0.02 + 0.015 * (not heading) - box.x0) / box.width
        look: Any = {"weight": "bold", "bbox": behind} if heading else {}
        axes.text(x, y, row.label, transform=at, va="center", size=7.5, **look)
        if heading and y:
            axes.axhline(y - 0.55, color=GREY, linewidth=0.5)

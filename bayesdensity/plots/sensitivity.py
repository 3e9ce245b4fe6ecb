"""What an answer rests on: every variant with its choices, the swing of each axis, and what single data do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity.base.format import ENDS
from bayesdensity.plots.page import BLACK, BLUE, GREY, PALE, SKY, STYLE, VERMILLION, titled_page
from bayesdensity.quantities import MONTHS
from bayesdensity.sensitivity.effects import AXIS, Sensitivity
from bayesdensity.sensitivity.grid import DEFAULT
from bayesdensity.study.phrases import estimand_phrase

MONTH_TICKS = (1, 1.5, 2, 3, 4, 5, 6, 8, 12, 24, np.inf)
ROW, CURVE = 0.115, 2.3
"""Inches of a row of choices, and of the curve above them."""
MOST = 25
"""Parts of the data shown, the most influential ones."""
KINDS = {"llm": SKY, "family": BLUE, "harness": VERMILLION, "benchmark": BLACK}


def _asked(found: Sensitivity) -> str:
    """The estimand in words, with its window or date."""
    estimand, _, date = found.of.partition(" ")
    default, quantile = found.specifications.loc[DEFAULT], found.study.frontier.quantile
    phrase = estimand_phrase(estimand, quantile, "density" if estimand == "frontier" else "ln density")  # type: ignore[arg-type]
    window = f"averaged over the window of each fit, in the study {default['window_start']} to {default['window_end']}"
    return f"{estimand} ({phrase}; rate {f'at {date}' if date else window})"


@rc_context(STYLE)
def plot_specifications(found: Sensitivity) -> Figure:
    """Doubling time of every variant with its interval, in order, and the choices of each beneath.

    Parameters
    ----------
    found : Sensitivity

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    With ``found`` of `bayesdensity.sensitivity.effects.summarise`:

    >>> plot_specifications(found).savefig("specifications.svg")  # doctest: +SKIP
    """
    table = found.specifications.sort_values("rate_median", ascending=False, kind="stable")
    rows = _choices(found, table)
    study, x = found.study, np.arange(len(table))
    caption = (
        f"Doubling time of the {_asked(found)}, in {len(table)} variants of the study, fastest first: median and "
        f"{found.ci:.0%} interval. Red, line and band: the study as it is. Hollow: not well converged. Beneath: "
        "what each variant chooses; black where it departs from the study, grey the study's own choice."
    )
    body = CURVE + ROW * len(rows) + 0.6
    spacing: dict[str, Any] = {"height_ratios": (CURVE, ROW * len(rows)), "hspace": 0.04}
    figure, ((above,), (below,)) = titled_page(f"{study.title}", "", body, caption, 0.1, (2, 1), **spacing)
    for axes in (above, below):
        at = axes.get_position()
        axes.set_position((0.31, at.y0, 0.67, at.height))
        axes.set_xlim(-0.8, len(table) - 0.2)
        axes.set_xticks([])
    _curve(above, table, x)
    own = found.labels
    for k, (axis, label) in enumerate(rows):
        here = (table[f"{AXIS}{axis}"] == label).to_numpy()
        departs = label != own[axis]
        size, colour = (9, BLACK) if departs else (3, "#c0c0c0")
        below.scatter(x[here], np.full(here.sum(), k), size, colour, linewidths=0)
    names = [f"{axis}: {label}" if k == 0 or rows[k - 1][0] != axis else label for k, (axis, label) in enumerate(rows)]
    below.set(ylim=(len(rows) - 0.4, -0.6), yticks=range(len(rows)), yticklabels=names)
    below.tick_params(axis="y", length=0, labelsize=6)
    below.grid(visible=False)
    for k in range(1, len(rows)):
        if rows[k][0] != rows[k - 1][0]:
            below.axhline(k - 0.5, color=PALE, linewidth=0.6)
    below.axvline(float(np.flatnonzero(table.index == DEFAULT)[0]), color=VERMILLION, linewidth=0.5)
    return figure


def _choices(found: Sensitivity, table: pd.DataFrame) -> list[tuple[str, str]]:
    """Axes on which the variants differ, each with its choices, the study's own first."""
    rows = []
    for axis, own in found.labels.items():
        labels = list(dict.fromkeys(table[f"{AXIS}{axis}"]))
        if len(labels) > 1:
            rows += [(axis, label) for label in [own, *(one for one in labels if one != own)]]
    return rows


def _curve(axes: Axes, table: pd.DataFrame, x: np.ndarray) -> None:
    """Doublings a year with ticks in months, so that an infinite time has its place."""
    y, low, high = (_doublings(table, end) for end in ENDS)
    is_default = (table.index == DEFAULT).astype(bool)
    k = int(np.flatnonzero(is_default)[0])
    axes.axhspan(low[k], high[k], color=VERMILLION, alpha=0.1, linewidth=0)
    axes.axhline(y[k], color=VERMILLION, linewidth=0.6)
    colour = [VERMILLION if one else BLUE for one in is_default]
    axes.vlines(x, low, high, colour, linewidth=1.0)
    fill = [one if ok else "white" for one, ok in zip(colour, table["verdict"] == "PASS", strict=True)]
    axes.scatter(x, y, 11, fill, edgecolors=colour, linewidths=0.8, zorder=3)
    bottom, top = low.min() - 0.03 * np.ptp(np.r_[low, high]), 1.05 * high.max()
    ticks = [month for month in MONTH_TICKS if bottom <= MONTHS / month <= top]
    axes.set_yticks([MONTHS / month for month in ticks], [f"{m:g}".replace("inf", "\N{INFINITY}") for m in ticks])
    axes.set(ylim=(bottom, top), ylabel="doubling time (months)")
    axes.grid(visible=False, axis="x")


def _doublings(row: Any, part: str) -> Any:
    """Doublings a year of a rate in a table: an infinite time has its place among them."""
    return np.asarray(row[f"rate_{part}"], dtype=float) / np.log(2)


@rc_context(STYLE)
def plot_tornado(found: Sensitivity) -> Figure:
    """How far each axis alone moves the median of the doubling time, and the width of the interval of the rate.

    Parameters
    ----------
    found : Sensitivity

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    With ``found`` of `bayesdensity.sensitivity.effects.summarise`:

    >>> plot_tornado(found).savefig("tornado.svg")  # doctest: +SKIP
    """
    table, default = found.tornado, found.specifications.loc[DEFAULT]
    caption = (
        f"Doubling time of the {_asked(found)}, when one choice is made otherwise, widest swing first. a: from the "
        f"fastest to the slowest median of each axis; line and band: the study as it is, {found.ci:.0%} interval. b: "
        "width of the interval of the rate over that of the study."
    )
    title, n = found.study.title, len(table)
    figure, ((left, right),) = titled_page(title, "", 0.31 * n + 0.9, caption, 0.15, (1, 2))
    for axes, (x0, width) in zip((left, right), ((0.2, 0.56), (0.79, 0.19)), strict=True):
        at = axes.get_position()
        axes.set_position((x0, at.y0, width, at.height))
        axes.set(ylim=(n - 0.4, -0.6), yticks=range(n))
        axes.tick_params(axis="y", length=0, grid_alpha=0)
    y, (own, low, high) = np.arange(n), (float(_doublings(default, end)) for end in ENDS)
    fast, slow = (MONTHS / table[f"{end}_median"].to_numpy() for end in ("fastest", "slowest"))
    left.axvspan(low, high, color=VERMILLION, alpha=0.1, linewidth=0)
    left.barh(y, fast - slow, 0.5, slow, color=SKY)
    left.axvline(own, color=VERMILLION, linewidth=0.8)
    first, last = min(low, slow.min()), max(high, fast.max())
    room = 0.42 * (last - first)
    left.set(xlim=(last + room, first - room), yticklabels=list(table.index), title="a  doubling time (months)")
    ticks = [month for month in MONTH_TICKS if first - room <= MONTHS / month <= last + room]
    left.set_xticks([MONTHS / m for m in ticks], [f"{m:g}".replace("inf", "\N{INFINITY}") for m in ticks])
    for k, (_, row) in enumerate(table.iterrows()):
        for end, at, side in (("fastest", fast[k], "right"), ("slowest", slow[k], "left")):
            if row[end] != row["own_choice"]:
                pad = (0.012 if side == "right" else -0.012) * (last - first + 2 * room)
                left.text(at + pad, k, str(row[end]), ha=side, va="center", size=6.5)
    right.hlines(y, table["narrowest_ratio"], table["widest_ratio"], GREY, linewidth=2.5)
    right.axvline(1, color=VERMILLION, linewidth=0.8)
    right.set(yticklabels=[], title="b  width")
    return figure


@rc_context(STYLE)
def plot_influence(found: Sensitivity) -> Figure:
    """What the rate does when one LLM, family, harness or benchmark is left out, the most influential ones.

    Parameters
    ----------
    found : Sensitivity
        With influences.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    With ``found`` of `bayesdensity.sensitivity.effects.summarise`:

    >>> plot_influence(found).savefig("influence.svg")  # doctest: +SKIP
    """
    table = found.influence.head(MOST)
    n, y = len(table), np.arange(len(table))
    caption = (
        f"Change of the median rate of the {_asked(found)}, when a part of the data is left out, in posterior standard "
        f"deviations of the study as it is; bars: two Monte Carlo standard errors either way. The {n} largest of "
        f"{len(found.influence)}; colour: what kind of part. Filled: fitted again; hollow: importance weights."
    )
    title = found.study.title
    figure, ((axes,),) = titled_page(title, "", 0.17 * n + 0.8, caption, 0.15, (1, 1))
    at = axes.get_position()
    axes.set_position((0.36, at.y0, 0.6, at.height))
    sd = (table["shift"] / table["shift_sd"]).to_numpy()
    colours = [KINDS[kind] for kind, _ in table.index]
    axes.axvline(0, color=GREY, linewidth=0.8)
    shift, error = table["shift_sd"].to_numpy(), 2 * (table["shift_mcse"].to_numpy() / sd)
    axes.hlines(y, shift - error, shift + error, colours, linewidth=0.9)
    exact = (table["method"] == "fit").to_numpy()
    fill = [colour if e else "white" for colour, e in zip(colours, exact, strict=True)]
    axes.scatter(shift, y, 14, fill, edgecolors=colours, linewidths=0.9, zorder=3)
    axes.set(ylim=(n - 0.4, -0.6), yticks=y, yticklabels=[f"{name}  ({kind})" for kind, name in table.index])
    axes.set_xlabel("change of the rate (posterior standard deviations); right: faster")
    axes.tick_params(axis="y", length=0, labelsize=6.5)
    return figure

"""What all figures share: style, a page with its caption, curves, names near points, and ticks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from bayesdensity.base.format import interval
from bayesdensity.base.format import size as size_text
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import Estimate

Array = NDArray[np.float64]
# The colour-blind-safe palette of Okabe and Ito (2008), and two greys.
BLACK: str = "k"
SKY: str = "#56B4E9"
GREEN: str = "#009E73"
BLUE: str = "#0072B2"
VERMILLION: str = "#D55E00"
GREY: str = "#707070"
PALE: str = "#e6e6e6"
FRONTIER: str = BLUE
MEAN: str = VERMILLION
WIDTH, LEFT, BOTTOM, DPI = 6.5, 0.6, 0.45, 100  # inches of a page and its margins; pixels an inch on a screen
SURE = 0.995  # a probability of growth below it is written out
INFINITE = "\N{INFINITY}"
STEPS, INNER = 97, 0.5  # points of a curve, probability of inner bands
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # names come from tables, where a dollar sign is a dollar sign
    **{"font.family": "DejaVu Sans", "font.size": 8, "text.usetex": False, "figure.dpi": DPI, "savefig.bbox": None},
    **{"axes.grid": True, "axes.axisbelow": True, "axes.edgecolor": GREY, "svg.hashsalt": "bayesdensity"},
    **{f"axes.spines.{side}": False for side in ("top", "right")},
    **{"axes.linewidth": 0.6, "axes.titlelocation": "left", "axes.titlesize": 8, "axes.titleweight": "bold"},
}


def page(fit: Fit, body: float, caption: str, right: float, shape: Any, **spacing: Any) -> tuple[Figure, Any]:
    """A page with title, caption and, unless the fit passed, its verdict, above panels.

    Parameters
    ----------
    fit : Fit
        Gives the title and the verdict.
    body : float
        Height from the foot of the page to the top of the panels, in inches.
    caption : str
        Text below the title.
    right : float
        Margin to the right of the panels, in inches.
    shape : tuple of int
        Rows and columns of panels.
    **spacing
        As for `matplotlib.gridspec.GridSpec`: ``wspace``, ``hspace``, ``width_ratios`` and so on.

    Returns
    -------
    figure : matplotlib.figure.Figure
    grid : ndarray of matplotlib.axes.Axes
        Shape (row, column).
    """
    return titled_page(fit.study.title, faults(fit), body, caption, right, shape, **spacing)


def faults(fit: Fit) -> str:
    """The verdict on a fit and its reasons; empty if it passed."""
    doubts = [f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}"] if fit.diagnostics.verdict != "PASS" else []
    checks = fit.about.get("checks", ())
    doubts += [f"FAIL, {one['name']}: {one['sentence']}" for one in checks if one["verdict"] == "FAIL"]
    return " ".join(doubts)


def titled_page(
    title: str, warning: str, body: float, caption: str, right: float, shape: Any, **spacing: Any
) -> tuple[Figure, Any]:
    """A page with title, caption and, if there is one, a warning, above panels.

    The label of the figure is what it says in words: the text for those who do not see it.

    Parameters
    ----------
    title : str
    warning : str
        Empty for none.
    body : float
        Height from the foot of the page to the top of the panels, in inches.
    caption : str
        Text below the title.
    right : float
        Margin to the right of the panels, in inches.
    shape : tuple of int
        Rows and columns of panels.
    **spacing
        As for `matplotlib.gridspec.GridSpec`: ``wspace``, ``hspace``, ``width_ratios`` and so on.

    Returns
    -------
    figure : matplotlib.figure.Figure
    grid : ndarray of matplotlib.axes.Axes
        Shape (row, column).
    """
    blocks = (title, 74, 9.5, BLACK), (caption, 108, 7.5, GREY), (warning, 108, 7.5, VERMILLION)
    lines = [(line, size, colour) for text, most, size, colour in blocks for line in textwrap.wrap(text, most)]
    height, down = body + 0.33 + sum(size / 50 for _, size, _ in lines), 0.08
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    sentence = title if title.endswith((".", "?", "!")) else f"{title}."
    figure.set_label(" ".join(filter(None, (sentence, caption, warning))))
    for line, size, colour in lines:
        figure.text(0.0125, 1 - down / height, line, va="top", size=size, color=colour, weight=400 if size < 9 else 700)
        down += size / 50
    sides = {"left": LEFT / WIDTH, "right": 1 - right / WIDTH, "bottom": BOTTOM / height, "top": body / height}
    grid = figure.subplots(*shape, squeeze=False, gridspec_kw={**sides, **spacing})
    for axes in grid.flat:  # ticks are made when drawn, which may be outside the context of the style
        axes.tick_params(labelsize=7.5, color=GREY, grid_color=PALE, grid_linewidth=0.5)
    return figure, grid


def draw_curve(axes: Axes, x: Array, estimate: Estimate, colour: Any, levels: Iterable[float], **line: Any) -> Array:
    """Draw the median of an estimate as a line, with a band for each level.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : ndarray
        Positions on the horizontal axis, in its unit, shape (point,).
    estimate : Estimate
        Of one dim beside those of the draws, as long as ``x``.
    colour : Any
        Of line and bands, as Matplotlib takes it.
    levels : iterable of float
        Probability of each band.
    **line
        As for `matplotlib.axes.Axes.plot`.

    Returns
    -------
    ndarray
        Points of the line, shape (point, 2).
    """
    for level in levels:
        lower, median, upper = ends(replace(estimate, probability=level))
        axes.fill_between(x, lower, upper, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, median, color=colour, **{"linewidth": 1.4, **line})
    return np.asarray(np.c_[x, median])


def name_points(axes: Axes, anchors: list[Any], marks: Array, lines: Array, size: float) -> None:
    """Write texts near their points where they cover no other text, no marks and no lines.

    Positions are in the units of the axes. A text that finds no room is left out.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    anchors : list of tuple
        Text, x, y and colour of each point, the most important first.
    marks : ndarray
        Positions of marks that stay uncovered, shape (mark, 2).
    lines : ndarray
        Points of lines that stay uncovered, shape (point, 2).
    size : float
        Of the font, in points.
    """
    frame, taken = axes.get_window_extent(), list[Bbox]()
    marks, lines = (axes.transData.transform(points) for points in (marks, lines))
    turns = [np.pi * (0.25 + k / 8) for k in sorted(range(-8, 8), key=abs)]  # right above first, left below last
    look: Any = dict(ha="center", va="center", size=size, path_effects=[withStroke(linewidth=2, foreground="w")])
    for text, x, y, colour in anchors:
        probe = axes.text(0, 0, text, size=size)
        half, point = np.array(probe.get_window_extent().size) / 2, np.array(axes.transData.transform((x, y)))
        probe.remove()
        others = marks[np.abs(marks - point).max(axis=1) > 4]
        for far, turn in product((5, 9, 14, 20, 28, 38, 50), turns):
            offset = np.array([np.cos(turn), np.sin(turn)]) * (far + half)
            box = Bbox([point + offset - half, point + offset + half])
            leader = point + np.linspace(0, 1, 20)[:, None] * offset
            free = frame.count_contains(box.corners()) == 4 and not box.padded(2).count_contains(np.r_[marks, lines])
            free = free and not (np.abs(others[:, None] - leader).max(axis=-1) < 3).any()
            if free and not any(other.padded(2).overlaps(box) or other.count_contains(leader) for other in taken):
                arrow = {"arrowstyle": "-", "color": colour, "lw": 0.4 * (far > 5), "shrinkA": 0, "shrinkB": 1.5}
                axes.annotate(
                    text, (x, y), tuple(offset * 72 / DPI), "data", "offset points", arrow, color=colour, **look
                )
                taken, lines = [*taken, box], np.r_[lines, leader[1:-1]]
                break


def ends(estimate: Estimate) -> list[Array]:
    """Lower end, median and upper end of an estimate."""
    summary = estimate.summary
    return [summary[part].to_numpy() for part in ("lower", "median", "upper")]


def count(number: float) -> str:
    """Parameters or tokens on an axis, to two digits: 190M, 1.3B, 5T."""
    return size_text(number, 2)


def written(row: Mapping[str, float]) -> str:
    """Median and ends of an interval of months beside a bar; infinity as its sign."""
    return interval(row).replace("inf", INFINITE)


def plain_ticks(axis: Any, form: Callable[[float], str]) -> None:
    """Ticks of a logarithmic axis at round numbers, written out in a form."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_major_formatter(lambda value, _: form(value))
    axis.axes.minorticks_off()


def days(dates: Any) -> Array:
    """Dates as days since 1970, the unit of every axis of dates."""
    return np.asarray(dates, "datetime64[D]").astype(np.float64)


def date_ticks(axes: Axes, most: int) -> None:
    """Ticks at starts of months, at most so many."""
    first, last = np.array(axes.get_xlim()).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    step = next((step for step in (1, 2, 3, 6) if last - first <= most * step), 12)
    months = np.arange(step * (first // step + 1), last + 1, step).astype("datetime64[M]")
    axes.set_xticks(days(months), months.astype(str).tolist())

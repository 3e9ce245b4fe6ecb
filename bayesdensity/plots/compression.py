"""Densities of compressed LLMs over those they were made from, and what they have in common: a forest plot."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity.base.format import density, interval
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import BLACK, BLUE, GREY, STYLE, VERMILLION, page
from bayesdensity.quantities import Estimate
from bayesdensity.quantities.compression import Compression

ROW, NAMES, NUMBERS, LETTER = 0.2, 0.2, 1.25, 0.056
"""Inches of a row, beside the names, of the numbers at the right, and of a letter."""
TICKS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10)
LEAST = 1.5
"""Inches of names at least."""


@rc_context(STYLE)
def plot_compression(fit: Fit, found: Compression) -> Figure:
    """Ratio of each pair, by method, with the mean of the method and a pair not yet seen.

    Parameters
    ----------
    fit : Fit
    found : Compression
        Of that fit.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> plot_compression(fit, compression_ratios(fit, tables.llms)).savefig("compression.svg")  # doctest: +SKIP
    """
    rows = _rows(found)
    ci = f"{found.ratio.probability:.0%}"
    caption = (
        f"Density of an LLM that was made smaller over that of the LLM it was made from: median and {ci} interval. At "
        "one nothing was lost but size. Diamonds: mean of a method, from what the scores alone say of its pairs; the "
        "thin line about it: a pair not yet seen."
    )
    longest = max(len(name) for name, *_ in rows)
    figure, ((axes,),) = page(fit, 0.55 + ROW * (len(rows) + 0.5), caption, NUMBERS, (1, 1))
    at, left = axes.get_position(), max(LEAST, NAMES + LETTER * longest) / figure.get_figwidth()
    axes.set_position((left, at.y0, at.x1 - left, at.height))
    for y, (_, estimate, new) in enumerate(rows):
        _draw(axes, y, estimate, new)
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=0)
    axes.set(xscale="log", ylim=(len(rows) - 0.4, -0.6), xlabel="density of the child over that of the parent")
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows], size=7)
    axes.tick_params(axis="y", length=0, grid_alpha=0)
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in TICKS if low <= tick <= high], minor=False)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    return figure


def _rows(found: Compression) -> list[tuple[str, Estimate, Estimate | None]]:
    """Pairs of each method, and then its mean with a pair not yet seen."""
    rows = list[tuple[str, Estimate, Estimate | None]]()
    for method in map(str, found.mean.draws["compression"].to_numpy()):
        pairs = [pair for pair in found.pairs if pair.method == method]
        rows += [(pair.label, found.ratio.sel(pair=pair.label), None) for pair in pairs]
        rows.append((f"mean, {method}", found.mean.sel(compression=method), found.new.sel(compression=method)))
    return rows


def _draw(axes: Axes, y: int, estimate: Estimate, new: Estimate | None) -> None:
    ends = estimate.to_frame_row()
    colour, marker, size = (BLUE, "o", 3.5) if new is None else (VERMILLION, "D", 4.5)
    if new is not None:
        far = new.to_frame_row()
        axes.hlines(y, far["lower"], far["upper"], color=colour, linewidth=0.6)
    axes.hlines(y, ends["lower"], ends["upper"], color=colour, linewidth=1.6)
    axes.plot([ends["median"]], [y], color=colour, marker=marker, markersize=size, mew=0)
    right = axes.get_yaxis_transform()
    axes.text(1.02, y, interval(ends, density), transform=right, va="center", size=7, color=BLACK)

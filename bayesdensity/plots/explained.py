"""Growth of density as a sum of its parts: a waterfall with intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import BLACK, FRONTIER, GREY, INNER, MEAN, PALE, STYLE, ends, page
from bayesdensity.quantities import DEFAULT_CI, Estimate
from bayesdensity.quantities.explained import RECIPE, TOTAL, growth_parts
from bayesdensity.study.phrases import Estimand, estimand_label

OF: tuple[tuple[Estimand, str], ...] = (("frontier", FRONTIER), ("mean", MEAN))


@rc_context(STYLE)
def plot_growth_parts(fit: Fit, between: tuple[str, str] | None = None, ci: float = DEFAULT_CI) -> Figure:
    """Growth of the frontier and of the mean over a window, by what it comes from.

    Parameters
    ----------
    fit : Fit
        Of a study with covariates.
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    ci : float
        Probability of the outer bars.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> plot_growth_parts(fit).savefig("parts.svg")  # doctest: +SKIP
    """
    (start, end), found = between or quantities.window(fit), [growth_parts(fit, between, of, ci) for of, _ in OF]
    caption = (
        f"Growth of ln density a year, {start} to {end}, as a sum: what remains at equal covariates, and what each of "
        "them adds as it moved among the releases. Bars: medians, each from where those above it end; lines: "
        f"{INNER:.0%} and {ci:.0%} intervals of the part alone. Above the panels: months to double."
    )
    names = [str(name) for name in found[0].draws["part"].to_numpy()]
    widths = (0.07 * max(map(len, names)), 2.0, 2.0)
    height = 1.3 + 0.3 * len(names)
    figure, ((left, *panels),) = page(fit, height, caption, 0.15, (1, 3), width_ratios=widths, wspace=0.1)
    left.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    left.axis("off")
    for k, name in enumerate(names):
        left.text(1.0, k, name, ha="right", va="center", size=8)
    for axes, (of, colour), parts in zip(panels, OF, found, strict=True):
        _waterfall(axes, parts, names, colour, ci)
        axes.set_title(estimand_label(of, fit.study.frontier.quantile), pad=12)
    low = min(axes.dataLim.x0 for axes in panels)
    high = max(axes.dataLim.x1 for axes in panels)
    for axes in panels:
        axes.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
        _doublings(axes)
    return figure


def _waterfall(axes: Axes, parts: Estimate, names: list[str], colour: str, ci: float) -> None:
    """One bar for each part; those of covariates begin where the ones above them end."""
    at = 0.0
    rows = [parts.sel(part=name) for name in names]
    wide, narrow = (np.array([ends(replace(row, probability=p)) for row in rows]) for p in (ci, INNER))
    for k, name in enumerate(names):
        whole = name in (RECIPE, TOTAL)
        start, middle = 0.0 if whole else at, wide[k, 1]
        bar: Any = {"color": colour if whole else PALE, "edgecolor": colour, "linewidth": 0.8, "alpha": 0.45}
        axes.barh(k, middle, left=start, height=0.62, **bar)
        axes.hlines(k, start + wide[k, 0], start + wide[k, 2], BLACK, linewidth=0.9, zorder=3)
        axes.hlines(k, start + narrow[k, 0], start + narrow[k, 2], BLACK, linewidth=2.6, zorder=3)
        if name != TOTAL:
            at = start + middle
            axes.vlines(at, k, k + 1, GREY, linewidth=0.6, linestyle=":")
    axes.axvline(0, color=BLACK, linewidth=0.8)
    axes.set(ylim=(len(names) - 0.5, -0.5), yticks=[])
    axes.set_xlabel("growth of ln density a year")


def _doublings(axes: Axes) -> None:
    """Months in which density doubles, for readers of the upper edge."""
    low, high = axes.get_xlim()
    months = [m for m in (12, 6, 4, 3, 2, 1) if low < 12 * np.log(2) / m < high]
    above = axes.secondary_xaxis("top")
    above.set_xticks([12 * np.log(2) / m for m in months], [f"{m:g}" for m in months])
    above.tick_params(labelsize=7, length=2, pad=1, color=GREY)
    above.spines["top"].set_visible(False)

"""Density of every LLM against its release date."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity import quantities
from bayesdensity.data.cells import cells_of, scores_of
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    FRONTIER,
    GREY,
    INNER,
    MEAN,
    STEPS,
    STYLE,
    date_ticks,
    days,
    draw_curve,
    ends,
    name_points,
    page,
    plain_ticks,
)
from bayesdensity.quantities import DEFAULT_CI
from bayesdensity.study.phrases import estimand_phrase, yardstick

NAMED = 16  # LLMs named if there is room


@rc_context(STYLE)
def plot_density(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """Density of every LLM (effective over actual size) against its release date, with the frontier and the mean.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals and of the outer band.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.inference.result import load_fit
    >>> plot_density(load_fit("densing-law.nc")).savefig("density.pdf")  # doctest: +SKIP
    """
    dates = quantities.dates_between(*quantities.window(fit), STEPS)
    x, when, unit = days(dates), days(fit.data["release_date"]), yardstick(fit.study.reference)
    lower, median, upper = ends(quantities.density(fit, ci))
    log_trends = quantities.frontier(fit, dates, ci=ci), quantities.mean_trend(fit, dates, ci)
    edge, mean = (replace(trend, draws=xr.ufuncs.exp(trend.draws)) for trend in log_trends)
    mixture = np.isin(fit.data["architecture"], ["moe"]) if "architecture" in fit.data else np.zeros(len(when), bool)
    anchors = [(name, when[k], median[k], BLACK) for k, name in _worth_naming(fit)]
    quantile, kinds = fit.study.frontier.quantile, " (open: mixture of experts)" * bool(mixture.any())
    caption = (
        f"Density: parameters of {unit} with the same scores, over parameters. Circles: medians of LLMs{kinds}; bars: "
        f"{ci:.0%} intervals. Frontier: {estimand_phrase('frontier', quantile, 'density')}, median, bands {INNER:.0%} "
        f"and {ci:.0%}. Mean: {estimand_phrase('mean', quantile)}, median, band {ci:.0%}."
    )
    figure, ((axes,),) = page(fit, 4.4, caption, 0.95, (1, 1))
    axes.vlines(when, lower, upper, color=GREY, linewidth=0.6, alpha=0.4)
    lines = draw_curve(axes, x, edge, FRONTIER, (INNER, ci)), draw_curve(axes, x, mean, MEAN, (ci,), linewidth=0.9)
    axes.scatter(when, median, 10, np.where(mixture, "white", GREY), edgecolors=GREY, linewidth=0.7, zorder=2.5)
    axes.axhline(1, color=BLACK, linewidth=0.8, linestyle=(0, (4, 3)))
    low, high = 0.8 * min(1, lower.min()), 1.25 * max(1, upper.max(), ends(edge)[2].max())
    axes.set(yscale="log", xlim=(x[0] - 25, x[-1] + 25), ylim=(low, high), xlabel="release date")
    axes.set_ylabel("density (effective size / size)")
    plain_ticks(axes.yaxis, "{:g}".format)
    date_ticks(axes, 8)
    (*_, top), (*_, middle), room = *lines, 0.0
    labels = (top[1], f"frontier\n({quantile:g} quantile)", FRONTIER), (middle[1], "mean", MEAN)
    for value, text, colour in sorted([*labels, (1.0, textwrap.fill(f"{unit} = 1", 16), BLACK)]):
        room = max(value, room * (high / low) ** 0.08)
        axes.text(x[-1] + 45, room, text, color=colour, va="center", fontsize=7.5)
    name_points(axes, anchors, np.c_[when, median], np.r_[np.c_[x, np.ones(STEPS)], *lines], 6.5)
    return figure


def _worth_naming(fit: Fit) -> list[tuple[int, str]]:
    """LLMs to name, the most important first: likely frontier, edges, often measured; one of each family."""
    data, n, density = fit.data, fit.data.sizes["llm"], ends(quantities.log_density(fit))[1]
    above = density - ends(quantities.mean_trend(fit, data["release_date"].to_numpy().tolist()))[1]
    scores = scores_of(data)
    measured = np.bincount(cells_of(data).llm[scores.cell[scores.is_target]], minlength=n)
    likely = np.argsort(-quantities.probability_on_frontier(fit).to_numpy(), kind="stable")
    chosen: dict[int, int] = {}
    for k in (*likely[: NAMED // 2], n - 1, 0, density.argmax(), above.argmin(), *np.argsort(-measured, kind="stable")):
        chosen.setdefault(int(data["family_index"][k]), int(k))
    return [(k, str(data["llm"].to_numpy()[k])) for k in list(chosen.values())[:NAMED]]

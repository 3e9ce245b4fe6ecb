"""Prices against dates, and the frontier at fixed quality."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity.base.format import interval
from bayesdensity.plots.page import (
    BLUE,
    FRONTIER,
    GREY,
    SKY,
    STYLE,
    VERMILLION,
    date_ticks,
    days,
    draw_curve,
    plain_ticks,
    titled_page,
)
from bayesdensity.quantities.price_answer import PriceAnswer
from bayesdensity.quantities.prices import halving_time

COLOURS = {"closed": VERMILLION, "open, one seller": SKY, "open, several sellers": BLUE}
"""By who may sell."""
BELOW, ABOVE = 0.04, 0.08
"""Scores about the reference whose offers are marked."""


@rc_context(STYLE)
def plot_prices(answer: PriceAnswer) -> Figure:
    """Prices of offers as steps in calendar time, and the frontier at the reference quality by release date.

    Parameters
    ----------
    answer : PriceAnswer

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.
    """
    study, rows = answer.fit.study, answer.offers.rows
    low, high = study.reference - BELOW, study.reference + ABOVE
    halving = interval(halving_time(answer.overall).to_frame_row())
    caption = (
        f"Prices of LLMs by who may sell them: each line is a price for as long as it is known to have held, a dot one "
        f"that was seen once. Strong: {study.benchmark} {low:g} to {high:g}; pale: all others. Rings: these at the "
        "release of their "
        f"LLM, at the first price that is known. Curve: price at release "
        f"of the cheapest LLMs of {study.benchmark} {study.reference:g} ({study.quantile:g} quantile, average "
        "provider), "
        f"median with {answer.ci:.0%} and 50% intervals. At fixed quality it halves in {halving} months."
    )
    doubt = answer.fit.diagnostics
    warning = "" if doubt.verdict == "PASS" else f"{doubt.verdict}: {doubt.sentence}"
    figure, grid = titled_page("Price at fixed quality", warning, 3.6, caption, 0.25, (1, 1))
    (axes,) = grid.flat
    near = rows["score"].between(low, high).to_numpy()
    for kind, colour in COLOURS.items():
        for marked, strength in ((False, 0.12), (True, 0.8)):
            part = rows[(rows["kind"] == kind).to_numpy() & (near == marked)]
            start, end = days(part["price_from"]), days(part["price_to"])
            label = kind if marked else None
            axes.hlines(part["price"], start, end, color=colour, alpha=strength, linewidth=1.0)
            axes.plot(start, part["price"], "o", color=colour, alpha=strength, markersize=2.5, mew=0, label=label)
    offers = answer.offers.offers
    offers = offers[offers["score"].between(low, high)]
    for kind, colour in COLOURS.items():  # most prices were first seen long after the release
        part = offers[offers["kind"] == kind]
        axes.plot(days(part["release_date"]), part["first_price"], "o", color=colour, mfc="none", markersize=3, mew=0.6)
    dates = answer.frontier.draws["date"].to_numpy().astype(str)
    draw_curve(axes, days(dates), answer.frontier, FRONTIER, (answer.ci, 0.5))
    axes.set(yscale="log", ylabel="USD per million tokens")
    axes.set_xlim(days([min(dates)])[0] - 60, max(days(rows["price_to"]).max(), days([max(dates)])[0]) + 30)
    plain_ticks(axes.yaxis, "{:g}".format)
    date_ticks(axes, 7)
    axes.legend(loc="upper right", frameon=False, fontsize=7, labelcolor=GREY)
    figure.set_label(f"{figure.get_label()} {len(np.unique(rows['llm']))} LLMs.")
    return figure

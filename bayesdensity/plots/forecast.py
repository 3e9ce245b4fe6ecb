"""A forecast: what a size reaches, or how small a score gets, against date, and when it is likely to have come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bayesdensity import quantities
from bayesdensity.base.format import size
from bayesdensity.data.dates import calendar_day
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    STYLE,
    VERMILLION,
    count,
    date_ticks,
    days,
    draw_curve,
    page,
    plain_ticks,
)
from bayesdensity.quantities.estimate import Estimate, dates_between, mixed, times
from bayesdensity.quantities.forecast import score_at, size_at
from bayesdensity.quantities.mixture import AHEAD, DRAWS, Forecast
from bayesdensity.quantities.releases import released

STEPS = 60
"""Dates of a curve."""
INNER = 0.5
"""Probability of the inner band."""


@rc_context(STYLE)
def plot_forecast(found: Forecast) -> Figure:
    """The path that a forecast is read off with the releases there are, and the chance that a date has come.

    Parameters
    ----------
    found : Forecast

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.
    """
    question, first = found.question, next(iter(found.fits.values()))
    ci, with_chance = found.answer.probability, found.probability_by is not None
    if question.params is not None:
        what, dots = (
            f"score on {question.benchmark} of {size(question.params)} parameters",
            "releases of at most that size",
        )
    else:
        what, dots = (
            f"parameters that {question.score:g} on {question.benchmark} takes",
            "sizes of releases with that score",
        )
    caption = (
        f"The {what}, {found.answer.what.split(' of ', 1)[-1] if not with_chance else ''}"
        f": median, {INNER:.0%} and {ci:.0%} intervals; beyond the dashed line no release is known. Grey: {dots}."
    ).replace(", :", ":")
    if with_chance:
        caption += " Below: probability that it has come by a date, thin by each fit."
    figure, grid = page(first, 4.6 if with_chance else 2.9, caption, 0.25, (1 + with_chance, 1), hspace=0.28)
    panels = np.atleast_1d(grid).ravel()
    dates = dates_between(*_range(found), STEPS)
    _path(panels[0], found, dates)
    if with_chance:
        _chance(panels[1], found, dates)
    for axes in panels:
        axes.axvline(days([quantities.window(first)[1]])[0], color=GREY, linestyle="--", linewidth=0.8)
        axes.set_xlim(days([dates[0]])[0], days([dates[-1]])[0])
        date_ticks(axes, 8)
    return figure


def _range(found: Forecast) -> tuple[str, str]:
    first = next(iter(found.fits.values()))
    start, end = quantities.window(first)
    centre = 2000.0 + first.data.attrs["time_centre"]
    last = calendar_day(centre + float(times(first, [end])[0]) + AHEAD)
    return start, max(last, found.question.date or last)


def _path(axes: Axes, found: Forecast, dates: list[str]) -> None:
    question, first = found.question, next(iter(found.fits.values()))

    def read(fit: Fit) -> Estimate:
        benchmark, per_year = question.benchmark, question.per_year
        if question.params is not None:
            return score_at(fit, benchmark, question.params, dates, question.of, per_year=per_year)
        return size_at(fit, benchmark, question.score or 0, dates, question.of, per_year=per_year)

    curve = replace(
        mixed({name: read(fit.thinned(DRAWS)) for name, fit in found.fits.items()}, found.weights),
        probability=found.answer.probability,
    )
    draw_curve(axes, days(dates), curve, BLUE, (curve.probability, INNER))
    past, centre = released(first, question.benchmark), first.data.attrs["log_size_centre"]
    params = np.exp(past.log_size[0] + centre)
    when = days([calendar_day(2000.0 + first.data.attrs["time_centre"] + t) for t in past.time[0]])
    if question.params is not None:
        small = params <= question.params * 1.0001
        axes.plot(when[small], past.score[0, small], "o", color=GREY, markersize=2.5, mew=0, alpha=0.7)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel(f"score on {question.benchmark}")
        if question.score is not None:
            axes.axhline(question.score, color=VERMILLION, linewidth=0.8)
    else:
        able = past.score[0] >= (question.score or 0)
        axes.plot(when[able], params[able], "o", color=GREY, markersize=2.5, mew=0, alpha=0.7)
        axes.set(yscale="log", ylabel="parameters")
        plain_ticks(axes.yaxis, count)
    if question.date is not None:
        axes.axvline(days([question.date])[0], color=VERMILLION, linewidth=0.8)


def _chance(axes: Axes, found: Forecast, dates: list[str]) -> None:
    first, x = next(iter(found.fits.values())), days(dates)
    at = 2000.0 + first.data.attrs["time_centre"] + times(first, dates).to_numpy()
    for part, colour, width in (*((part, SKY, 0.7) for part in found.parts.values()), (found.answer, BLACK, 1.4)):
        draws = np.sort(part.draws.to_numpy().ravel())
        axes.plot(x, np.searchsorted(draws, at, side="right") / draws.size, color=colour, linewidth=width)
    axes.set(ylim=(0, 1), ylabel="P(reached)")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))

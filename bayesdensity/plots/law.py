"""A loss law alone: losses against compute, and the size that is optimal for each compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

from bayesdensity import laws
from bayesdensity.checks import worst
from bayesdensity.data.runs import absolute_logs
from bayesdensity.law.answer import LawAnswer
from bayesdensity.plots.files import save_figure
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    SKY,
    STYLE,
    VERMILLION,
    count,
    draw_curve,
    plain_ticks,
    titled_page,
)

RAMP = LinearSegmentedColormap.from_list("ramp", [SKY, BLUE, BLACK])


@rc_context(STYLE)
def plot_law(found: LawAnswer) -> Figure:
    """Losses of runs, fitted and held out, against compute, and the loss of the compute-optimal training.

    Of a law of one variable: losses against it, and the law.

    Parameters
    ----------
    found : LawAnswer

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.data.runs import read_runs
    >>> from bayesdensity.data.tables import read_tables
    >>> from bayesdensity.study.law_spec import law_study
    >>> from bayesdensity.law.answer import answer
    >>> from bayesdensity.law.fitted import fit_law
    >>> runs = read_runs("chinchilla", read_tables())
    >>> found = answer(fit_law(law_study("chinchilla"), runs), runs)  # doctest: +SKIP
    >>> plot_law(found).savefig("law.svg")  # doctest: +SKIP
    """
    fit, divides = found.fit, found.allocation is not None
    what = "the loss of the compute-optimal training" if divides else "the law"
    caption = (
        f"{_subject(found)} Circles: runs that were fitted{', darker the larger' if divides else ''}; orange diamonds: "
        f"runs held out, with the {found.ci:.0%} predictive interval beside. Line and band: {what}, median and "
        f"{found.ci:.0%} interval, without noise."
    )
    figure, panels = _panels(found, caption)
    letter = "c" if divides else fit.study.form.reads[0]
    for b, (axes, name) in enumerate(panels):
        _losses(axes, found, b, letter)
        axes.set(title=name, xscale="log", xlabel=laws.VARIABLES[letter].axis, ylabel=_unit(found, b))
        plain_ticks(axes.xaxis, lambda value: f"{value:.0e}".replace("e+", "e") if letter == "c" else count(value))
    return figure


@rc_context(STYLE)
def plot_allocation(found: LawAnswer) -> Figure:
    """Optimal size against compute by each approach that the runs allow.

    Parameters
    ----------
    found : LawAnswer
        Of a law that divides compute.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    With an answer as for `plot_law`:

    >>> plot_allocation(found).savefig("allocation.svg")  # doctest: +SKIP
    """
    caption = (
        f"{_subject(found)} Compute-optimal size: parameters with the lowest loss at a compute. Blue: from the law, "
        f"median and {found.ci:.0%} interval. Orange: optima of iso-FLOP parabolas; green: sizes with the lowest loss "
        "among the runs; point estimates, each with its line where the runs allow it. Grey: fitted runs. Dotted: 20 "
        "tokens per parameter."
    )
    figure, panels = _panels(found, caption)
    for b, (axes, name) in enumerate(panels):
        _sizes(axes, found, b)
        axes.set(title=name, xscale="log", yscale="log", xlabel=laws.VARIABLES["c"].axis, ylabel="parameters")
        plain_ticks(axes.xaxis, lambda value: f"{value:.0e}".replace("e+", "e"))
        plain_ticks(axes.yaxis, lambda size: count(size) if size >= 1e6 else f"{size / 1e6:g}M")
    return figure


def save_law(found: LawAnswer, stem: Path) -> list[Path]:
    """Write the figures of a law as PNG and SVG, each file whole or not at all.

    Parameters
    ----------
    found : LawAnswer
    stem : Path
        ``out/mine`` gives ``out/mine-law.png`` and so on.
    """
    plots: list[tuple[str, Callable[[LawAnswer], Figure]]] = [("law", plot_law)]
    if found.allocation is not None:
        plots.append(("allocation", plot_allocation))
    written = []
    for name, plot in plots:
        figure = plot(found)
        written += save_figure(figure, stem, name)
        figure.clear()
    return written


def _subject(found: LawAnswer) -> str:
    form = found.fit.study.form
    return f"{found.fit.about['suite']}: {found.fit.about['n_runs']} losses, {form.formula}."


def _unit(found: LawAnswer, b: int) -> str:
    unit = str(found.fit.data["loss_unit"].to_numpy()[b]).replace("_", " ")
    return f"loss ({unit})" if unit else "loss"


def _panels(found: LawAnswer, caption: str) -> tuple[Figure, list[tuple[Axes, str]]]:
    names = [str(name) for name in found.fit.data["benchmark"].to_numpy()]
    columns = min(len(names), 2)
    rows = -(-len(names) // columns)
    verdict = worst(one.verdict for one in found.checks)
    failed = [f"{one.verdict}, {one.name}: {one.sentence}" for one in found.checks if one.verdict == "FAIL"]
    warning = " ".join(failed) if verdict == "FAIL" else ""
    height = 0.5 + (2.9 if rows == 1 else 2.3) * rows
    title = found.fit.study.form.title
    figure, grid = titled_page(
        title[0].upper() + title[1:], warning, height, caption, 0.15, (rows, columns), wspace=0.28, hspace=0.42
    )
    for axes in grid.flat[len(names) :]:
        axes.remove()
    return figure, list(zip(grid.flat, names, strict=False))


def _absolute(found: LawAnswer, b: int, kind: str = "run") -> dict[str, np.ndarray]:
    """Natural logarithms of what the runs of a benchmark are."""
    data = found.fit.data
    here = data[f"{kind}_benchmark"].to_numpy() == b
    return {letter: log[here] for letter, log in absolute_logs(data, kind).items()}


def _losses(axes: Axes, found: LawAnswer, b: int, letter: str) -> None:
    data = found.fit.data
    here, log = data["run_benchmark"].to_numpy() == b, _absolute(found, b)
    loss = data["run_loss"].to_numpy()[here]
    norm = LogNorm(np.exp(log["n"].min()), np.exp(log["n"].max()) * 1.001)
    divides = found.allocation is not None
    colours: Any = ScalarMappable(norm, RAMP).to_rgba(np.exp(log["n"])) if divides else BLUE
    axes.scatter(np.exp(log[letter]), loss, s=7, c=colours, linewidths=0, zorder=3)
    held = _absolute(found, b, "held")
    amounts, curve = found.loss_curve(b)
    draw_curve(axes, amounts, curve, BLACK if divides else VERMILLION, (found.ci,))
    rows = found.held_out[
        (found.held_out["kind"] == "loss") & (found.held_out["benchmark"] == data["benchmark"].to_numpy()[b])
    ]
    for x_at, row in zip(np.exp(held[letter]), rows.to_dict("records"), strict=True):
        axes.plot([x_at * 1.12] * 2, [row["lower"], row["upper"]], color=VERMILLION, linewidth=1.2)
        axes.plot(x_at, row["observed"], "D", color=VERMILLION, markersize=3.5, mew=0, zorder=4)


def _sizes(axes: Axes, found: LawAnswer, b: int) -> None:
    log = _absolute(found, b)
    amounts, best, _ = found.path
    inside = amounts >= np.exp(log["c"].min())
    amounts = amounts[inside]
    draw_curve(axes, amounts, replace(best, draws=best.draws.isel(benchmark=b, compute=inside)), BLUE, (found.ci,))
    axes.scatter(np.exp(log["c"]), np.exp(log["n"]), s=3, color=GREY, linewidths=0, alpha=0.6)
    by_sizes, by_budgets = [*found.from_runs.values()][b]
    for approach, colour in ((by_budgets, VERMILLION), (by_sizes, GREEN)):
        if approach.points is not None and approach.line is not None:
            axes.plot(*np.exp(approach.points).T, "o", color=colour, markersize=3, mew=0)
            sizes = np.exp(np.polyval(approach.line, np.log(amounts)))
            axes.plot(amounts, sizes, color=colour, linewidth=1, linestyle="--")
    axes.plot(amounts, np.sqrt(amounts / 120), color=BLACK, linewidth=0.8, linestyle=":")

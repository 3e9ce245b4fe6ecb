"""Rank ECDFs and coverage of a calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesdensity.evaluation.calibration import LEAST, LEVELS, Calibration
from bayesdensity.evaluation.ranks import BAND, rank_ecdf
from bayesdensity.plots.page import BLACK, BLUE, GREY, PALE, SKY, STYLE, VERMILLION, titled_page
from bayesdensity.simulate import WORLDS
from bayesdensity.simulate.truth import FRONTIER_RATE, OF

COLUMNS, PANEL = 3, 1.55  # panels of a row, and their height in inches


@rc_context(STYLE)
def plot_calibration(found: Calibration) -> Figure:
    """Departure of rank ECDFs from uniform, one panel for each quantity, and coverage of intervals.

    Parameters
    ----------
    found : Calibration

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.
    """
    about = found.about
    names = [name for name in found.ranks["quantity"].unique() if not name.startswith(OF)]
    caption = (
        f"World: {WORLDS[found.world].about}. {len(found.fits)} replicates with the design of the study. "
        "Where does the truth lie among 100 posterior draws? Lines: ECDF of its ranks less that of a uniform; grey: "
        f"where a uniform one stays throughout with probability {BAND:.0%}; red: not inside. Densities: one line for "
        "each LLM. Last panel: share of equal-tailed intervals that hold the true rate of the frontier, against what "
        "they promise; bars: 90% binomial intervals."
    )
    rows = -(-(len(names) + 2) // COLUMNS)
    title = f"Calibration of {about['study']}"
    figure, grid = titled_page(title, "", 0.5 + PANEL * rows, caption, 0.1, (rows, COLUMNS), wspace=0.34, hspace=0.5)
    panels = list(grid.flat)
    for axes, name in zip(panels, names, strict=False):
        _ranks(axes, found, [name])
        axes.set_title(name)
    known = found.ranks["quantity"].value_counts(sort=False)
    densities = [name for name in known.index[known >= LEAST] if name.startswith(OF)]
    _ranks(panels[len(names)], found, densities)
    panels[len(names)].set_title("densities of LLMs")
    _coverage(panels[len(names) + 1], found)
    for axes in panels[len(names) + 2 :]:
        axes.remove()
    return figure


def _ranks(axes: Axes, found: Calibration, names: list[str]) -> None:
    for k, name in enumerate(names):
        curve = rank_ecdf(found.ranks.loc[found.ranks["quantity"] == name, "rank"])
        inside = bool(curve["ecdf"].between(curve["lower"], curve["upper"]).all())
        if k == 0:
            axes.fill_between(curve["x"], curve["lower"], curve["upper"], color=PALE, linewidth=0)
            axes.axhline(0, color=GREY, linewidth=0.6)
        many: dict[str, Any] = {"linewidth": 0.4, "alpha": 0.5} if len(names) > 1 else {"linewidth": 1.2}
        axes.step(curve["x"], curve["ecdf"], where="post", color=BLUE if inside else VERMILLION, **many)
    axes.set(xlim=(0, 1), xticks=(0, 0.5, 1))
    axes.grid(visible=False)


def _coverage(axes: Axes, found: Calibration) -> None:
    rows = found.ranks[found.ranks["quantity"] == FRONTIER_RATE]
    shares = {"this package": (rows, "covered", BLUE, "o")}
    if len(found.paper):
        shares["published, bootstrap"] = (found.paper, "bootstrap_covered", VERMILLION, "s")
        shares["published, textbook"] = (found.paper, "textbook_covered", SKY, "^")
    axes.plot((0, 1), (0, 1), color=GREY, linewidth=0.6)
    for k, (label, (table, column, colour, mark)) in enumerate(shares.items()):
        share = np.array([table[f"{column}_{level:.0%}"].mean() for level in LEVELS])
        half = 1.645 * np.sqrt(share * (1 - share) / len(table))
        x = np.array(LEVELS) + 0.012 * (k - 1)
        axes.errorbar(x, share, half, fmt=mark, color=colour, markersize=3.5, elinewidth=0.8, label=label)
    axes.set(xlim=(0.4, 1), ylim=(0, 1.5), xticks=LEVELS[:3], yticks=(0, 0.5, 1), xlabel="promised", ylabel="held")
    axes.set_title("coverage, rate of the frontier")
    axes.legend(fontsize=6.5, frameon=False, labelcolor=BLACK, loc="upper left", handletextpad=0.2, borderpad=0)

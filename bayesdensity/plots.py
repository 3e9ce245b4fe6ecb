"""Figures of a fit: each function gathers its estimates first, then draws them.

No figure goes through pyplot, so none needs a display, shares state with another or outlives its caller.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from bayesdensity import laws, quantities
from bayesdensity.errors import InputError
from bayesdensity.fit import Fit
from bayesdensity.quantities import DEFAULT_CI, MONTHS, Estimate

Array = NDArray[np.float64]
Anchor = tuple[str, float, float, Any]  # a text, the point in data coordinates that it names, and its colour

# The colour-blind-safe palette of Okabe and Ito (2008), and two greys.
BLACK, SKY, GREEN, BLUE, VERMILLION, GREY, PALE = "k", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#707070", "#e6e6e6"
FRONTIER, MEAN, CLAIM, RAMP = BLUE, VERMILLION, GREEN, LinearSegmentedColormap.from_list("ramp", [SKY, BLUE, BLACK])
CLAIM_MONTHS, CLAIM_WINDOW = (3.3, 3.5), ("2023-02-01", "2025-04-30")  # arXiv 2412.04315 and its journal version
FAMILY_SIZES = (5e8, 1e13)  # reference sizes that the panels of a family span
WIDTH, LEFT, DPI = 6.5, 0.55, 100  # inches of a page and its left margin; pixels an inch on a screen
STEPS, INNER, NAMED = 97, 0.5, 18  # points of a curve, probability of inner bands, LLMs named if there is room
MONTH_TICKS = (np.inf, 48, 24, 12, 8, 6, 4, 3, 2, 1.5, 1)
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # names come from tables, where a dollar sign is a dollar sign
    **{"font.family": "DejaVu Sans", "font.size": 8, "text.usetex": False, "figure.dpi": DPI, "legend.frameon": False},
    **{"axes.grid": True, "axes.axisbelow": True, "axes.edgecolor": GREY, "axes.linewidth": 0.6, "axes.labelsize": 8},
    **{"axes.spines.top": False, "axes.spines.right": False, "grid.color": PALE, "grid.linewidth": 0.5},
    **{"axes.titlelocation": "left", "axes.titlesize": 8, "axes.titleweight": "bold", "legend.fontsize": 7.5},
    **{f"{axis}tick.{part}": value for axis in "xy" for part, value in (("labelsize", 7.5), ("color", GREY))},
    **{"xtick.labelcolor": BLACK, "ytick.labelcolor": BLACK, "svg.hashsalt": "bayesdensity", "savefig.bbox": None},
}


@rc_context(STYLE)
def plot_density(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """Density of every LLM (effective over actual size) against its release date, with the frontier and the mean.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals and of the outer band.
    """
    dates = quantities.dates_between(*quantities.window(fit), STEPS)
    density = quantities.density(fit, ci).summary
    edge = _scaled(quantities.frontier(fit, dates, ci=ci), np.exp)
    mean = _scaled(quantities.mean_trend(fit, dates, ci), np.exp)
    x, when = _days(dates), _days(fit.data["release_date"])
    median, lower, upper = (density[part].to_numpy() for part in ("median", "lower", "upper"))
    lines = [each.summary["median"].to_numpy() for each in (edge, mean)]
    mixture = np.isin(fit.data["architecture"], ["moe"]) if "architecture" in fit.data else np.zeros(len(when), bool)
    anchors = [(name, when[k], median[k], BLACK) for k, name in _worth_naming(fit)]
    unit, quantile = _reference(fit), f"{fit.study.frontier.quantile:g} quantile"
    caption = (
        f"Density: parameters of {unit} with the same scores, over parameters. Circles: median of each LLM"
        f"{' (open: mixture of experts)' * bool(mixture.any())}, bars {ci:.0%} interval. Frontier: {quantile} of "
        f"density among releases, bands {INNER:.0%} and {ci:.0%}. Mean: mean of ln density among releases, band "
        f"{ci:.0%}."
    )

    figure, grid = _page(fit, 4.4, caption, right=0.95, bottom=0.45)
    axes = figure.add_subplot(grid[0])
    axes.vlines(when, lower, upper, color=GREY, linewidth=0.6, alpha=0.4)
    _curve(axes, x, edge, FRONTIER, (INNER, ci))
    _curve(axes, x, mean, MEAN, (ci,), linewidth=0.9)
    for at, fill in ((~mixture, GREY), (mixture, "white")):
        axes.plot(when[at], median[at], "o", color=GREY, mfc=fill, markersize=3, mew=0.7)
    axes.axhline(1, color=BLACK, linewidth=0.8, linestyle=(0, (4, 3)))
    low, high = 0.8 * min(1, lower.min()), 1.25 * max(1, upper.max(), edge.summary["upper"].max())
    axes.set(yscale="log", xlim=(x[0] - 25, x[-1] + 25), ylim=(low, high), xlabel="release date")
    axes.set_ylabel("density (effective size / size)")
    _plain(axes.yaxis, "{:g}".format)
    _dates(axes, 8)
    room = -np.inf
    ends = (
        (f"frontier\n({quantile})", lines[0][-1], FRONTIER),
        ("mean", lines[1][-1], MEAN),
        (f"{unit} = 1", 1, BLACK),
    )
    for text, value, colour in sorted(ends, key=lambda end: float(end[1])):
        room = max(np.log(value), room + 0.08 * np.log(high / low))
        axes.text(x[-1] + 45, np.exp(room), text, color=colour, va="center", fontsize=7.5)
    _name(axes, anchors, np.c_[np.r_[when, x, x], np.r_[median, *lines]])
    figure.draw_without_rendering()
    return figure


@rc_context(STYLE)
def plot_doubling(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """Months in which density doubles: over time, and averaged over the window for every benchmark.

    The axis of the first panel is linear in the rate, so that a rate of zero, an infinite time, has its place.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals and of the outer bands.
    """
    start, end = quantities.window(fit)
    dates = quantities.dates_between(start, end, STEPS)
    trends = [quantities.rate_at(fit, dates, estimand, ci) for estimand in ("frontier", "mean")]
    edge, mean = (_scaled(each, lambda rate: rate / np.log(2)) for each in trends)
    overall = quantities.doubling_time(quantities.rate(fit, ci=ci))
    each = quantities.doubling_time(quantities.rate_by_benchmark(fit, ci=ci))
    names = each.draws["benchmark"].to_numpy()[np.argsort(each.summary["median"].to_numpy(), kind="stable")]
    rows = [("overall", overall), *((str(name), _on(each, name)) for name in names)]
    caption = (
        f"Months in which density doubles. Frontier: {fit.study.frontier.quantile:g} quantile of density among releases; "
        f"mean: mean of ln density among releases. Lines and dots: medians; bands and bars: {INNER:.0%} and {ci:.0%} "
        f"intervals. b: frontier, rate averaged over {start} to {end}."
    )

    spacing = {"width_ratios": (2.3, 1.2), "wspace": 0.46}
    figure, grid = _page(fit, max(3.2, 1 + len(rows) / 4), caption, right=1.05, bottom=0.45, shape=(1, 2), **spacing)
    _over_time(figure.add_subplot(grid[0]), _days(dates), edge, mean, ci)
    _rows(figure.add_subplot(grid[1]), rows, ci)
    figure.draw_without_rendering()
    return figure


@rc_context(STYLE)
def plot_reference(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """The reference that sizes are counted in, beside what it was fitted to.

    For a family, score against size (parameters) on every benchmark; for a ladder, loss against training tokens and
    score against loss.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the bands.
    """
    figure = _family(fit, ci) if fit.study.reference.kind == "family" else _ladder(fit, ci)
    figure.draw_without_rendering()
    return figure


@rc_context(STYLE)
def save_figures(fit: Fit, stem: Path) -> list[Path]:
    """Write every figure as PNG (200 dpi) and SVG, each file whole or not at all.

    Parameters
    ----------
    fit : Fit
    stem : Path
        Folder and start of the names: ``out/mine`` gives ``out/mine-density.png``, ``out/mine-density.svg``,
        and the same for ``doubling`` and ``reference``.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    written = []
    for name, plot in (("density", plot_density), ("doubling", plot_doubling), ("reference", plot_reference)):
        figure = plot(fit)
        for form, settings in (("png", {"dpi": 200}), ("svg", {"metadata": {"Date": None}})):
            path = stem.with_name(f"{stem.name}-{name}.{form}")
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            try:
                figure.savefig(part, format=form, **settings)
                os.replace(part, path)
            except OSError as error:
                raise InputError(f"{path}: cannot write there ({error.strerror}); choose another place.") from error
            finally:
                part.unlink(missing_ok=True)
            written.append(path)
        figure.clear()
    return written


def _worth_naming(fit: Fit) -> list[tuple[int, str]]:
    """LLMs to name, the most important first: likely frontier, edges, often measured; one of each family."""
    data, n = fit.data, fit.data.sizes["llm"]
    density, dates = quantities.log_density(fit).summary["median"].to_numpy(), data["release_date"].to_numpy()
    above = density - quantities.mean_trend(fit, list(dates)).summary["median"].to_numpy()
    scores = np.bincount(data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()], minlength=n)[:n]
    likely = np.argsort(-quantities.probability_on_frontier(fit).to_numpy(), kind="stable")
    chosen: dict[int, int] = {}
    for k in (*likely[: NAMED // 2], n - 1, 0, density.argmax(), above.argmin(), *np.argsort(-scores, kind="stable")):
        chosen.setdefault(int(data["family_index"][k]), int(k))
    return [(k, str(data["llm"].to_numpy()[k])) for k in list(chosen.values())[:NAMED]]


def _over_time(axes: Axes, x: Array, edge: Estimate, mean: Estimate, ci: float) -> None:
    """Doublings a year, with ticks in months."""
    slow, fast = (MONTHS / month for month in reversed(CLAIM_MONTHS))
    low = max(-1.0, min(-0.2, *(float(each.summary["lower"].min()) for each in (edge, mean))))
    high = 1.08 * max(fast, *(float(each.summary["upper"].max()) for each in (edge, mean)))
    axes.set(xlim=x[[0, -1]], ylim=(low, high), title="a  over time", ylabel="doubling time of density (months)")
    axes.axhspan(low, 0, color=PALE, linewidth=0, zorder=0.5)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    months = [month for month in MONTH_TICKS if MONTHS / month <= high and month not in (48, 24, 8)]
    axes.set_yticks([MONTHS / month for month in months], [_months(month, "g") for month in months])
    (first, last), anchors, taken = np.clip(_days(CLAIM_WINDOW), x[0], x[-1]), list[Anchor](), list[Array]()
    if last > first:
        axes.fill_between([first, last], slow, fast, color=CLAIM, alpha=0.6, linewidth=0)
        taken = [np.c_[np.linspace(first, last, STEPS), np.full(STEPS, rate)] for rate in (slow, fast)]
        said = "published, {:g}\N{EN DASH}{:g} months".format(*CLAIM_MONTHS)
        anchors = [(said, (first + last) / 2, fast, CLAIM)]
    for name, estimate, colour, width in (("mean", mean, MEAN, 0.9), ("frontier", edge, FRONTIER, 1.4)):
        taken.append(_curve(axes, x, estimate, colour, (INNER, ci), linewidth=width))
        anchors.append((name, *taken[-1][3 * STEPS // 4], colour))
    _dates(axes, 5)
    _name(axes, anchors, np.concatenate(taken), 7.5)
    if low < -0.4:
        axes.annotate("density falls", (1, 0), (-3, 3), "axes fraction", textcoords="offset points", ha="right", size=7)


def _rows(axes: Axes, rows: list[tuple[str, Estimate]], ci: float) -> None:
    """A dot and two bars for each row; what reaches beyond the axis, to infinity even, ends in an arrow."""
    ends = np.array([[_ends(replace(row, probability=level)) for level in (ci, INNER)] for _, row in rows])
    shown = ends[ends < 60]
    low, high = (0.85 * shown.min(), max(1.15 * shown.max(), 2.5 * shown.min())) if len(shown) else (6.0, 60.0)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.4, -0.6), title="b  by benchmark")
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 7.5, "annotation_clip": False}
    for y, (wide, narrow) in enumerate(ends):
        colour, weight = (BLACK, "bold") if y == 0 else (FRONTIER, "normal")
        for bar, width in ((wide, 1.0), (narrow, 3.0)):
            axes.plot(np.clip(bar[[0, 2]], low, high), [y, y], color=colour, linewidth=width, solid_capstyle="butt")
        if wide[2] > high:
            axes.plot(high, y, ">", color=colour, markersize=5, clip_on=False, gid="beyond")
        if wide[1] <= high:
            axes.plot(wide[1], y, "o", color=colour, mfc="white", markersize=4.5, mew=1)
        said, at = "{1} [{0}, {2}]".format(*map(_months, wide)), axes.get_yaxis_transform()
        axes.annotate(said, (1, y), (9, 0), xycoords=at, color=colour, fontweight=weight, **beside)
    axes.annotate(f"median [{ci:.0%}]", (1, 1.04), (9, 0), xycoords="axes fraction", color=GREY, **beside)
    axes.axhline(0.5, color=GREY, linewidth=0.6)
    months = [month for month in MONTH_TICKS if low <= month <= high]
    axes.set_xticks(months, [_months(month, "g") for month in months])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("doubling time (months)")


def _family(fit: Fit, ci: float) -> Figure:
    """Score against reference size: a panel for each benchmark."""
    data, n, unit = fit.data, fit.data.sizes["benchmark"], _reference(fit)
    members = np.exp(data["reference_log_size"].to_numpy() + data.attrs["log_size_centre"])
    low, high = min(FAMILY_SIZES[0], members.min()) / 1.3, max(FAMILY_SIZES[1], members.max())
    x = np.geomspace(low, high, STEPS)
    reference, inside = _reference_score(fit, x, ci), (x > members.min() / 1.05) & (x < members.max() * 1.05)
    value, cell, bench = (data[f"score_{part}"].to_numpy() for part in ("value", "cell", "benchmark"))
    member = data["cell_entity"].to_numpy() - data.sizes["llm"]
    sizes = members[np.maximum(member, 0)]
    reached = quantities.effective_size_by_benchmark(fit).summary["median"].to_numpy()
    sizes[: len(reached)] = np.minimum(reached, high)  # cells of targets come first
    caption = (
        f"Score that {unit} reaches at a size: median and {ci:.0%} band of the link, dashed outside the sizes of its "
        "members. Dots: scores, one for each harness; those of other LLMs at their median effective size on the "
        "benchmark, at the end of the axis if beyond."
    )

    columns = 2 if n in (2, 4) else 3
    shape, spacing = (-(-n // columns), columns), {"wspace": 0.12, "hspace": 0.3}
    figure, grid = _page(fit, 1 + 1.55 * shape[0], caption, right=0.15, bottom=0.75, shape=shape, **spacing)
    for b, name in enumerate(data["benchmark"].to_numpy()):
        axes, here = figure.add_subplot(grid[b]), bench == b
        for at, colour, dot in ((here & (member[cell] < 0), SKY, 2), (here & (member[cell] >= 0), BLACK, 3)):
            axes.plot(sizes[cell[at]], value[at], "o", color=colour, markersize=dot, mew=0, alpha=0.8)
        curve = _curve(axes, x, _on(reference, name), VERMILLION, (ci,), linestyle="--")
        axes.plot(*curve[inside].T, color=VERMILLION, linewidth=1.4)
        axes.set(xscale="log", xlim=(low, 1.15 * high), ylim=(0, 1.02), title=str(name))
        _plain(axes.xaxis, _count)
        axes.tick_params(labelleft=b % columns == 0, labelbottom=b + columns >= n)
        axes.set_ylabel("score" if b % columns == 0 else "")
        axes.set_xlabel("size (parameters)" if b + columns >= n else "")
    handles = [axes.lines[k] for k in (0, 1, 3)]
    figure.legend(handles, ["other LLMs", f"members of {unit}", "link"], loc="lower center", ncols=3, markerscale=1.5)
    return figure


def _ladder(fit: Fit, ci: float) -> Figure:
    """Loss against training tokens, and score against loss: two panels for each benchmark."""
    data, n = fit.data, fit.data.sizes["benchmark"]
    caption = (
        f"The reference, {_reference(fit)}. Left: losses of its runs, and the loss law at the size of each, dashed "
        "where extrapolated to the anchors. Right: score at a loss, and the map between them. Circles: ladder; diamonds: "
        f"anchors; small dots: checkpoints of longer trainings. Lines and bands: median and {ci:.0%} interval."
    )
    spacing = {"wspace": 0.22, "hspace": 0.34}
    figure, grid = _page(fit, 0.5 + 1.85 * n, caption, right=0.1, bottom=0.45, shape=(n, 2), **spacing)
    unit = f" ({data.attrs['loss_unit'].replace('_', ' ')})" if "loss_unit" in data.attrs else ""
    for b, name in enumerate(data["benchmark"].to_numpy()):
        left, right = (figure.add_subplot(grid[b, column]) for column in (0, 1))
        _losses(left, fit, b, ci)
        _map(right, fit, b, ci)
        form = "letter" if fit.study.benchmarks[str(name)].map_from == "score_multiple_choice" else "cloze"
        last = b == n - 1
        left.set(title=str(name), ylabel=f"loss{unit}", xlabel="training tokens" if last else "")
        right.set(title=f"{name}, {form} format", ylabel="score", xlabel=f"loss{unit}" if last else "")
    return figure


def _losses(axes: Axes, fit: Fit, b: int, ci: float) -> None:
    """Runs of one benchmark and the law at each size, coloured by size."""
    data, law = fit.data, laws.LossLaw(*(fit.posterior[f"law_{p}"].isel(benchmark=b) for p in laws.LossLaw._fields))
    here = data["run_benchmark"].to_numpy() == b
    log_n, log_d, loss, anchor = (data[f"run_{p}"].to_numpy()[here] for p in ("log_n", "log_d", "loss", "beyond"))
    unit_n, unit_d = (np.exp(data.attrs[f"ladder_log_{p}_centre"]) for p in "nd")
    sizes, which = np.unique(log_n.round(4), return_inverse=True)
    anchors, taken = list[Anchor](), [np.c_[np.exp(log_d) * unit_d, loss]]
    # A ladder of many sizes shows the law at some of them.
    lawful = np.unique(np.linspace(0, len(sizes) - 1, 8).astype(int))
    for k, size in enumerate(sizes):
        at, colour = which == k, RAMP(k / max(len(sizes) - 1, 1))
        for marker, kind in (("o", at & (anchor == 0)), ("D", at & (anchor == 1))):
            axes.plot(*taken[0][kind].T, marker, color=colour, markersize=3, mew=0)
        if k in lawful:
            room = 0.2 if np.ptp(log_d[at]) > 0.5 else 1.2
            along = np.linspace(log_d[at].min() - room, log_d[at].max() + room, STEPS)
            curve = Estimate("loss", "loss", laws.loss(law, size, xr.DataArray(along, dims="at")), ci)
            style = {"linestyle": "--" if anchor[at].all() else "-", "linewidth": 0.9}
            taken.append(_curve(axes, np.exp(along) * unit_d, curve, colour, (ci,), **style))
            anchors.append((_count(np.exp(size) * unit_n), *taken[-1][-1], colour))
    axes.set_xscale("log")
    axes.margins(x=0.08)
    _plain(axes.xaxis, _count)
    _name(axes, anchors, np.concatenate(taken))


def _map(axes: Axes, fit: Fit, b: int, ci: float) -> None:
    """Pairs of loss and score of one benchmark, and the map between them."""
    data, draws, here = fit.data, fit.posterior.isel(benchmark=b), fit.data["map_benchmark"].to_numpy() == b
    loss, score, training = (data[f"map_{p}"].to_numpy()[here] for p in ("loss", "value", "training"))
    ran = data["run_loss"].to_numpy()[data["run_benchmark"].to_numpy() == b]
    along = np.linspace(0.97 * min(ran.min(), loss.min()), 1.03 * ran.max(), STEPS)
    eta = draws["map_logit"] - draws["map_slope"] * (xr.DataArray(along, dims="at") - data["map_centre"][b])
    curve = Estimate("map", "score", laws.score(eta, data["floor"][b], draws["ceiling"]), ci)
    anchor = np.isin(data["training"], data["run"].to_numpy()[data["run_beyond"].to_numpy() == 1])[training]
    several = np.bincount(training)[training] > 1
    for at, marker, colour in ((several, ".", SKY), (~several & ~anchor, "o", BLUE), (anchor, "D", BLACK)):
        axes.plot(loss[at], score[at], marker, color=colour, markersize=3, mew=0)
    _curve(axes, along, curve, VERMILLION, (ci,))
    axes.set(xlim=along[[0, -1]], ylim=(0, 1.02))


def _reference_score(fit: Fit, sizes: Array, ci: float) -> Estimate:
    """Score of the reference at sizes in parameters; dims ``benchmark``, ``size``."""
    draws, x = fit.posterior, xr.DataArray(np.log(sizes) - fit.data.attrs["log_size_centre"], dims="size")
    link = laws.Link(*(draws[f"link_{part}"] for part in laws.Link._fields))
    eta = laws.logit_of_size(link, x - draws["level"])
    return Estimate("reference_score", "score", laws.score(eta, fit.data["floor"], draws["ceiling"]), ci)


def _page(
    fit: Fit, body: float, caption: str, *, right: float, bottom: float, shape: tuple[int, int] = (1, 1), **spacing: Any
) -> tuple[Figure, GridSpec]:
    """A page with title, caption and, unless it passed, the verdict; lengths in inches."""
    faults = "" if fit.diagnostics.verdict == "PASS" else f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}"
    blocks = ((fit.study.title, 74, 9.5, BLACK, "bold"), (caption, 108, 7.5, GREY, "normal"))
    lines = [
        (line, *look)
        for text, most, *look in (*blocks, (faults, 96, 7.5, VERMILLION, "bold"))
        for line in textwrap.wrap(text, most)
    ]
    height, down = body + 0.33 + sum(size / 50 for _, size, *_ in lines), 0.08
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    for line, size, colour, weight in lines:
        figure.text(0.08 / WIDTH, 1 - down / height, line, va="top", size=size, color=colour, weight=weight)
        down += size / 50
    sides = {"left": LEFT / WIDTH, "right": 1 - right / WIDTH, "bottom": bottom / height, "top": body / height}
    return figure, figure.add_gridspec(*shape, **sides, **spacing)


def _curve(axes: Axes, x: Array, estimate: Estimate, colour: Any, levels: Iterable[float], **line: Any) -> Array:
    """Median of an estimate as a line, with a band for each level; gives the points of the line."""
    for level in levels:
        lower, _, upper = _ends(replace(estimate, probability=level))
        axes.fill_between(x, lower, upper, color=colour, alpha=0.18, linewidth=0)
    median = _ends(estimate)[1]
    axes.plot(x, median, color=colour, **{"linewidth": 1.4, **line})
    return np.c_[x, median]


def _name(axes: Axes, anchors: Iterable[Anchor], avoid: Array, size: float = 6.5) -> None:
    """Write texts near their points where they cover no other text and none of ``avoid``; else leave them out."""
    frame, dots, taken = axes.get_window_extent(), axes.transData.transform(avoid), list[Bbox]()
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False) + np.pi / 2
    places = [
        (reach, np.array([np.cos(turn), np.sin(turn)])) for reach in (5, 9, 14, 20, 28, 38, 50, 64) for turn in turns
    ]
    look: dict[str, Any] = {"ha": "center", "va": "center", "size": size, "zorder": 5}
    look["path_effects"] = [withStroke(linewidth=1.5, foreground="white")]
    for text, x, y, colour in anchors:
        probe = axes.text(0, 0, text, size=size)
        half, at = np.array(probe.get_window_extent().size) / 2, np.array(axes.transData.transform((x, y)))
        probe.remove()
        for reach, way in places:
            offset = way * (reach + half)
            box, leader = Bbox([at + offset - half, at + offset + half]), at + np.linspace(0, 1, 20)[:, None] * offset
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if not inside or box.padded(2).count_contains(dots):
                continue
            if not any(other.padded(2).overlaps(box) or other.count_contains(leader) for other in taken):
                arrow = {"arrowstyle": "-", "color": colour, "lw": 0.4 * (reach > 5), "shrinkA": 0, "shrinkB": 1.5}
                to = tuple(offset * 72 / DPI)
                axes.annotate(text, (x, y), to, textcoords="offset points", color=colour, arrowprops=arrow, **look)
                taken.append(box)
                dots = np.r_[dots, leader[1:-1]]
                break


def _reference(fit: Fit) -> str:
    """What sizes are counted in, by name."""
    said = fit.study.reference
    return str(said.family) if said.kind == "family" else f"{said.suite} at {_count(said.tokens or 0)} tokens"


def _ends(estimate: Estimate) -> list[Array]:
    return [estimate.summary[part].to_numpy() for part in ("lower", "median", "upper")]


def _on(estimate: Estimate, benchmark: str) -> Estimate:
    return replace(estimate, draws=estimate.draws.sel(benchmark=benchmark))


def _scaled(estimate: Estimate, scale: Callable[[xr.DataArray], xr.DataArray]) -> Estimate:
    return replace(estimate, draws=scale(estimate.draws))


def _months(months: float, form: str = "") -> str:
    return format(months, form or (".1f" if months < 10 else ".0f")) if np.isfinite(months) else "\N{INFINITY}"


def _count(number: float) -> str:
    """Parameters or tokens to two digits: 190M, 1.3B, 5T."""
    number = float(f"{number:.2g}")
    scale, unit = next(((s, u) for s, u in ((1e12, "T"), (1e9, "B"), (1e6, "M")) if number >= s), (1.0, ""))
    return f"{number / scale:g}{unit}"


def _plain(axis: Axis, form: Callable[[float], str]) -> None:
    """Plain numbers along a logarithmic axis."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_major_formatter(lambda value, _: form(value))
    axis.axes.minorticks_off()


def _days(dates: Any) -> Array:
    return np.asarray(dates, "datetime64[D]").astype(np.float64)


def _dates(axes: Axes, most: int) -> None:
    """Months along an axis of days since 1970."""
    first, last = np.array(axes.get_xlim()).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    step = next((step for step in (1, 2, 3, 6) if last - first <= most * step), 12)
    months = np.arange(step * (first // step + 1), last + 1, step).astype("datetime64[M]")
    axes.set_xticks(_days(months), months.astype(str))

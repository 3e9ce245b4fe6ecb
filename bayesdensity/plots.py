"""Figures of a fit, without pyplot and its global state: each function gathers its estimates, then draws them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from bayesdensity import laws, quantities
from bayesdensity.errors import InputError
from bayesdensity.fit import Fit
from bayesdensity.quantities import DEFAULT_CI, MONTHS, Estimate

Array = NDArray[np.float64]
# The colour-blind-safe palette of Okabe and Ito (2008), and two greys.
BLACK, SKY, GREEN, BLUE, VERMILLION, GREY, PALE = "k", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#707070", "#e6e6e6"
FRONTIER, MEAN, CLAIM, RAMP = BLUE, VERMILLION, GREEN, LinearSegmentedColormap.from_list("ramp", [SKY, BLUE, BLACK])
CLAIM_MONTHS, CLAIM_WINDOW = (3.3, 3.5), ("2023-02-01", "2025-04-30")  # arXiv 2412.04315 and its journal version
WIDTH, LEFT, BOTTOM, DPI = 6.5, 0.6, 0.45, 100  # inches of a page and its margins; pixels an inch on a screen
STEPS, INNER, NAMED = 97, 0.5, 16  # points of a curve, probability of inner bands, LLMs named if there is room
MONTH_TICKS, INFINITE = (np.inf, 48, 24, 12, 8, 6, 4, 3, 2, 1.5, 1), "\N{INFINITY}"
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # names come from tables, where a dollar sign is a dollar sign
    **{"font.family": "DejaVu Sans", "font.size": 8, "text.usetex": False, "figure.dpi": DPI, "savefig.bbox": None},
    **{"axes.grid": True, "axes.axisbelow": True, "axes.edgecolor": GREY, "svg.hashsalt": "bayesdensity"},
    **{f"axes.spines.{side}": False for side in ("top", "right")},
    **{"axes.linewidth": 0.6, "axes.titlelocation": "left", "axes.titlesize": 8, "axes.titleweight": "bold"},
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
    x, when, unit = _days(dates), _days(fit.data["release_date"]), _reference(fit)
    lower, median, upper = _ends(quantities.density(fit, ci))
    log_trends = quantities.frontier(fit, dates, ci=ci), quantities.mean_trend(fit, dates, ci)
    edge, mean = (replace(trend, draws=xr.ufuncs.exp(trend.draws)) for trend in log_trends)
    mixture = np.isin(fit.data["architecture"], ["moe"]) if "architecture" in fit.data else np.zeros(len(when), bool)
    anchors = [(name, when[k], median[k], BLACK) for k, name in _worth_naming(fit)]
    quantile, kinds = f"{fit.study.frontier.quantile:g} quantile", " (open: mixture of experts)" * bool(mixture.any())
    caption = (
        f"Density: parameters of {unit} with the same scores, over parameters. Circles: medians of LLMs{kinds}; bars: "
        f"{ci:.0%} intervals. Frontier: {quantile} of density among releases, bands {INNER:.0%} and {ci:.0%}. "
        f"Mean: mean of ln density among releases, band {ci:.0%}."
    )
    figure, ((axes,),) = _page(fit, 4.4, caption, 0.95, (1, 1))
    axes.vlines(when, lower, upper, color=GREY, linewidth=0.6, alpha=0.4)
    lines = _curve(axes, x, edge, FRONTIER, (INNER, ci)), _curve(axes, x, mean, MEAN, (ci,), linewidth=0.9)
    axes.scatter(when, median, 10, np.where(mixture, "white", GREY), edgecolors=GREY, linewidth=0.7, zorder=2.5)
    axes.axhline(1, color=BLACK, linewidth=0.8, linestyle=(0, (4, 3)))
    low, high = 0.8 * min(1, lower.min()), 1.25 * max(1, upper.max(), _ends(edge)[2].max())
    axes.set(yscale="log", xlim=(x[0] - 25, x[-1] + 25), ylim=(low, high), xlabel="release date")
    axes.set_ylabel("density (effective size / size)")
    _plain(axes.yaxis, "{:g}".format)
    _dates(axes, 8)
    (*_, top), (*_, middle), room = *lines, 0.0
    ends = (top[1], f"frontier\n({quantile})", FRONTIER), (middle[1], "mean", MEAN)
    for value, text, colour in sorted([*ends, (1.0, textwrap.fill(f"{unit} = 1", 16), BLACK)]):
        room = max(value, room * (high / low) ** 0.08)
        axes.text(x[-1] + 45, room, text, color=colour, va="center", fontsize=7.5)
    _name(axes, anchors, np.c_[when, median], np.r_[np.c_[x, np.ones(STEPS)], *lines], 6.5)
    return figure


@rc_context(STYLE)
def plot_doubling(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """Months in which density doubles: over time, and averaged over the window for every benchmark.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals and of the outer bands.
    """
    (start, end), quantile = quantities.window(fit), fit.study.frontier.quantile
    dates = quantities.dates_between(start, end, STEPS)
    rates = quantities.rate_at(fit, dates, ci=ci), quantities.rate_at(fit, dates, "mean", ci)
    edge, mean = (replace(rate, draws=rate.draws / np.log(2)) for rate in rates)
    each = quantities.rate_by_benchmark(fit, ci=ci)
    names = each.draws["benchmark"].to_numpy()[np.argsort(-_ends(each)[1], kind="stable")].tolist()
    rows = [(name, quantities.doubling_time(replace(each, draws=each.draws.sel(benchmark=name)))) for name in names]
    caption = (
        f"Months in which density doubles. Frontier: {quantile:g} quantile of density among releases. "
        f"Mean: mean of ln density among releases. Lines and dots: medians; bands and bars: {INNER:.0%} and {ci:.0%} "
        f"intervals. b: frontier, rate averaged over {start} to {end}."
    )
    height, room = max(3.2, 1 + len(names) / 4), max(0.46, 0.055 * max(map(len, names)))
    figure, ((left, right),) = _page(fit, height, caption, 1.1, (1, 2), width_ratios=(2.3, 1.2), wspace=room)
    _over_time(left, _days(dates), edge, mean, ci)
    _rows(right, [("overall", quantities.doubling_time(quantities.rate(fit, ci=ci))), *rows], ci)
    return figure


@rc_context(STYLE)
def plot_reference(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """The reference that sizes are counted in, and what it was fitted to: a family's scores, or a ladder's losses too.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the bands.
    """
    if fit.study.reference.kind == "ladder":
        return _ladder(fit, ci)
    data, draws, n, unit = fit.data, fit.posterior, fit.data.sizes["benchmark"], _reference(fit)
    members = np.exp(data["reference_log_size"].to_numpy() + data.attrs["log_size_centre"])
    low, high = min(5e8, members.min()) / 1.3, max(1e13, members.max())
    x = np.geomspace(low, high, STEPS)
    inside = (x > members.min() / 1.05) & (x < members.max() * 1.05)
    link = laws.Link(*(draws[f"link_{part}"] for part in laws.Link._fields))
    eta = laws.logit_of_size(link, xr.DataArray(np.log(x) - data.attrs["log_size_centre"], dims="at") - draws["level"])
    reference = Estimate("reference_score", "score", laws.score(eta, data["floor"], draws["ceiling"]), ci)
    value, cell, bench = (data[f"score_{part}"].to_numpy() for part in ("value", "cell", "benchmark"))
    member = data["cell_entity"].to_numpy() - data.sizes["llm"]
    reached = np.minimum(_ends(quantities.effective_size_by_benchmark(fit))[1], high)
    sizes = np.r_[reached, members[member[len(reached) :]]]  # cells of targets come first
    caption = (
        f"Score that {unit} reaches at a size: median and {ci:.0%} band of the link, dashed outside the sizes of its "
        "members. Dots: scores, one for each harness; black: members; blue: other LLMs, at their median effective size "
        "on the benchmark (at the end of the axis if beyond)."
    )
    columns = 2 if n in (2, 4) else 3
    shape = (-(-n // columns), columns)
    figure, grid = _page(fit, 0.7 + 1.55 * shape[0], caption, 0.15, shape, wspace=0.12, hspace=0.3)
    for axes in grid.flat[n:]:
        axes.remove()
    for b, (axes, name) in enumerate(zip(grid.flat, data["benchmark"].to_numpy(), strict=False)):
        for kind, colour, size in ((member < 0, SKY, 2), (member >= 0, BLACK, 3)):
            at = kind[cell] & (bench == b)
            axes.plot(sizes[cell[at]], value[at], "o", color=colour, markersize=size, mew=0, alpha=0.8)
        curve = replace(reference, draws=reference.draws.isel(benchmark=b))
        line = _curve(axes, x, curve, VERMILLION, (ci,), linestyle="--")
        axes.plot(*line[inside].T, color=VERMILLION, linewidth=1.4)
        left, bottom = b % columns == 0, b + columns >= n
        axes.set(xscale="log", xlim=(low, 1.15 * high), ylim=(0, 1.02), title=str(name))
        axes.set(xlabel="size (parameters)" if bottom else "", ylabel="score" if left else "")
        axes.tick_params(labelleft=left, labelbottom=bottom)
        _plain(axes.xaxis, _count)
    return figure


@rc_context(STYLE)
def save_figures(fit: Fit, stem: Path) -> list[Path]:
    """Write every figure as PNG (200 dpi) and SVG, each file whole or not at all.

    Parameters
    ----------
    fit : Fit
    stem : Path
        ``out/mine`` gives ``out/mine-density.png``, ``out/mine-density.svg``, then ``doubling`` and ``reference``.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    written = []
    for name, plot in (("density", plot_density), ("doubling", plot_doubling), ("reference", plot_reference)):
        figure = plot(fit)
        for form, metadata in (("png", None), ("svg", {"Date": None})):
            path = stem.with_name(f"{stem.name}-{name}.{form}")
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            try:
                figure.savefig(part, format=form, dpi=200, metadata=metadata)
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
    data, n, density = fit.data, fit.data.sizes["llm"], _ends(quantities.log_density(fit))[1]
    above = density - _ends(quantities.mean_trend(fit, data["release_date"].to_numpy().tolist()))[1]
    scores = np.bincount(data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()], minlength=n)[:n]
    likely = np.argsort(-quantities.probability_on_frontier(fit).to_numpy(), kind="stable")
    chosen: dict[int, int] = {}
    for k in (*likely[: NAMED // 2], n - 1, 0, density.argmax(), above.argmin(), *np.argsort(-scores, kind="stable")):
        chosen.setdefault(int(data["family_index"][k]), int(k))
    return [(k, str(data["llm"].to_numpy()[k])) for k in list(chosen.values())[:NAMED]]


def _over_time(axes: Axes, x: Array, edge: Estimate, mean: Estimate, ci: float) -> None:
    """Doublings a year with ticks in months, so that a rate of zero, an infinite time, has its place."""
    slow, fast = (MONTHS / month for month in reversed(CLAIM_MONTHS))
    low = max(-1.0, min(-0.5, *(_ends(each)[0].min() for each in (edge, mean))))
    high = 1.08 * max(fast, *(_ends(each)[2].max() for each in (edge, mean)))
    months = [month for month in MONTH_TICKS if MONTHS / month <= high and month not in (48, 24, 8)]
    axes.set_yticks([MONTHS / month for month in months], [f"{m:g}".replace("inf", INFINITE) for m in months])
    axes.set(xlim=x[[0, -1]], ylim=(low, high), title="a  over time", ylabel="doubling time of density (months)")
    axes.axhspan(low, 0, color=PALE, linewidth=0, zorder=0.5)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    (first, last), anchors = np.clip(_days(CLAIM_WINDOW), x[0], x[-1]), [("density falls", x[16], low, GREY)]
    taken = [np.c_[x, np.zeros(STEPS)]]
    if last > first:
        axes.fill_between([first, last], slow, fast, color=CLAIM, alpha=0.6, linewidth=0)
        taken += [np.c_[np.linspace(first, last, STEPS), np.full(STEPS, rate)] for rate in (slow, fast)]
        anchors.append(("published, {:g}\N{EN DASH}{:g} months".format(*CLAIM_MONTHS), (first + last) / 2, fast, CLAIM))
    for name, estimate, colour, width in (("mean", mean, MEAN, 0.9), ("frontier", edge, FRONTIER, 1.4)):
        taken.append(_curve(axes, x, estimate, colour, (INNER, ci), linewidth=width))
        anchors.append((name, *taken[-1][3 * STEPS // 4], colour))
    _dates(axes, 5)
    _name(axes, anchors, np.empty((0, 2)), np.concatenate(taken), 7.5)


def _rows(axes: Axes, rows: list[tuple[str, Estimate]], ci: float) -> None:
    """A dot and two bars for each row; what reaches beyond the axis, to infinity even, ends in an arrow."""
    wide, narrow = (np.array([_ends(replace(row, probability=p)) for _, row in rows]).T for p in (ci, INNER))
    shown = wide[wide < 60]
    low, high = (0.85 * shown.min(), max(1.15 * shown.max(), 2.5 * shown.min())) if len(shown) else (6.0, 60.0)
    months = [month for month in MONTH_TICKS if low <= month <= high]
    y, colours = np.arange(len(rows)), [BLACK, *[FRONTIER] * (len(rows) - 1)]
    for (start, _, end), width in ((wide, 1.0), (narrow, 3.0)):
        axes.hlines(y, np.clip(start, low, high), np.clip(end, low, high), colours, linewidth=width)
    axes.scatter(wide[1], y, 20, "white", edgecolors=colours, zorder=3)
    for k in y[wide[2] > high]:
        axes.plot(high, k, ">", color=colours[k], clip_on=False, gid="beyond")
    axes.axhline(0.5, color=GREY, linewidth=0.6)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.4, -0.6), title="b  by benchmark")
    axes.set_xlabel("doubling time (months)")
    axes.set(xticks=months, xticklabels=[f"{m:g}" for m in months], yticks=y, yticklabels=[name for name, _ in rows])
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0, grid_alpha=0)
    axes.text(1.09, 1.03, f"median [{ci:.0%}]", transform=axes.transAxes, size=7.5, color=GREY)
    for k, row in enumerate(wide.T):
        said, at = "{1:.1f} [{0:.1f}, {2:.1f}]".format(*row).replace("inf", INFINITE), axes.get_yaxis_transform()
        axes.text(1.09, k, said, transform=at, va="center", size=7.5, color=colours[k])


def _ladder(fit: Fit, ci: float) -> Figure:
    """Loss against training tokens, and score against loss: two panels for each benchmark."""
    data, n = fit.data, fit.data.sizes["benchmark"]
    unit = f" ({data.attrs['loss_unit'].replace('_', ' ')})" if "loss_unit" in data.attrs else ""
    caption = (
        f"The reference, {_reference(fit)}. Left: losses of its runs, and the law at the size of each; dashed: "
        "extrapolated to the anchors, before its miss there. Right: losses and scores, and the map. Circles: ladder; "
        f"diamonds: anchors; small dots: checkpoints. Lines and bands: median and {ci:.0%} interval."
    )
    figure, grid = _page(fit, 0.5 + 1.85 * n, caption, 0.1, (n, 2), wspace=0.22, hspace=0.34)
    for b, (name, (left, right)) in enumerate(zip(data["benchmark"].to_numpy(), grid, strict=True)):
        _losses(left, fit, b, ci)
        _map(right, fit, b, ci)
        letters = fit.study.benchmarks[str(name)].map_from == "score_multiple_choice"
        left.set(title=str(name), ylabel=f"loss{unit}")
        right.set(title=f"{name}, {'letter' if letters else 'cloze'} format", ylabel="score")
    grid[-1, 0].set_xlabel("training tokens")
    grid[-1, 1].set_xlabel(f"loss{unit}")
    return figure


def _losses(axes: Axes, fit: Fit, b: int, ci: float) -> None:
    """Runs of one benchmark and the law at each size, coloured by size."""
    data, law = fit.data, laws.LossLaw(*(fit.posterior[f"law_{p}"].isel(benchmark=b) for p in laws.LossLaw._fields))
    here = data["run_benchmark"].to_numpy() == b
    log_n, log_d, loss, anchor = (data[f"run_{p}"].to_numpy()[here] for p in ("log_n", "log_d", "loss", "beyond"))
    unit_n, unit_d = (np.exp(data.attrs[f"ladder_log_{p}_centre"]) for p in "nd")
    sizes, which = np.unique(log_n.round(4), return_inverse=True)
    anchors, taken = list[Any](), [np.c_[np.exp(log_d) * unit_d, loss]]
    for k, size in enumerate(sizes):
        at, colour = which == k, RAMP(k / max(len(sizes) - 1, 1))
        for marker, kind in (("o", at & (anchor == 0)), ("D", at & (anchor == 1))):
            axes.plot(*taken[0][kind].T, marker, color=colour, markersize=3, mew=0)
        room = 0.2 if np.ptp(log_d[at]) > 0.5 else 1.2
        along = np.linspace(log_d[at].min() - room, log_d[at].max() + room, STEPS)
        curve = Estimate("loss", "loss", laws.loss(law, size, xr.DataArray(along, dims="at")), ci)
        style = "--" if anchor[at].all() else "-"
        taken.append(_curve(axes, np.exp(along) * unit_d, curve, colour, (ci,), linestyle=style, linewidth=0.9))
        anchors.append((_count(np.exp(size) * unit_n), *taken[-1][-1], colour))
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.12)
    _plain(axes.xaxis, _count)
    _name(axes, anchors, taken[0], np.concatenate(taken[1:]), 6.5)


def _map(axes: Axes, fit: Fit, b: int, ci: float) -> None:
    """Pairs of loss and score of one benchmark, and the map between them; first checkpoints stand outside."""
    data, draws, here = fit.data, fit.posterior.isel(benchmark=b), fit.data["map_benchmark"].to_numpy() == b
    loss, score, training = (data[f"map_{p}"].to_numpy()[here] for p in ("loss", "value", "training"))
    x = np.linspace(0.97 * loss.min(), 1.03 * loss[loss < 3 * loss.min()].max(), STEPS)
    eta = draws["map_logit"] - draws["map_slope"] * (xr.DataArray(x, dims="at") - data["map_centre"][b])
    anchor = np.isin(data["training"], data["run"].to_numpy()[data["run_beyond"].to_numpy() == 1])[training]
    several = np.bincount(training)[training] > 1
    for at, marker, colour in ((several, ".", SKY), (~several & ~anchor, "o", BLUE), (anchor, "D", BLACK)):
        axes.plot(loss[at], score[at], marker, color=colour, markersize=3, mew=0)
    curve = Estimate("map", "score", laws.score(eta, data["floor"][b], draws["ceiling"]), ci)
    _curve(axes, x, curve, VERMILLION, (ci,))
    axes.set(xlim=x[[0, -1]], ylim=(0, 1.02))


def _page(fit: Fit, body: float, caption: str, right: float, shape: Any, **spacing: Any) -> tuple[Figure, Any]:
    """A page with title, caption and, unless it passed, the verdict, above panels; lengths in inches."""
    faults = f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}" if fit.diagnostics.verdict != "PASS" else ""
    blocks = (fit.study.title, 74, 9.5, BLACK), (caption, 108, 7.5, GREY), (faults, 108, 7.5, VERMILLION)
    lines = [(line, size, colour) for text, most, size, colour in blocks for line in textwrap.wrap(text, most)]
    height, down = body + 0.33 + sum(size / 50 for _, size, _ in lines), 0.08
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    for line, size, colour in lines:
        figure.text(0.0125, 1 - down / height, line, va="top", size=size, color=colour, weight=400 if size < 9 else 700)
        down += size / 50
    sides = {"left": LEFT / WIDTH, "right": 1 - right / WIDTH, "bottom": BOTTOM / height, "top": body / height}
    grid = figure.subplots(*shape, squeeze=False, gridspec_kw={**sides, **spacing})
    for axes in grid.flat:  # ticks are made when drawn, which may be outside the context of the style
        axes.tick_params(labelsize=7.5, color=GREY, grid_color=PALE, grid_linewidth=0.5)
    return figure, grid


def _curve(axes: Axes, x: Array, estimate: Estimate, colour: Any, levels: Iterable[float], **line: Any) -> Array:
    """Median of an estimate as a line, with a band for each level; gives the points of the line."""
    for level in levels:
        lower, median, upper = _ends(replace(estimate, probability=level))
        axes.fill_between(x, lower, upper, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, median, color=colour, **{"linewidth": 1.4, **line})
    return np.asarray(np.c_[x, median])


def _name(axes: Axes, anchors: list[Any], marks: Array, lines: Array, size: float) -> None:
    """Write texts (with x, y, colour) near their points if they cover no other text, no marks and no lines."""
    frame, taken = axes.get_window_extent(), list[Bbox]()
    marks, lines = (axes.transData.transform(points) for points in (marks, lines))
    turns = [np.pi * (0.25 + k / 8) for k in sorted(range(-8, 8), key=abs)]  # right above first, left below last
    look: Any = dict(ha="center", va="center", size=size, path_effects=[withStroke(linewidth=2, foreground="w")])
    for text, x, y, colour in anchors:
        probe = axes.text(0, 0, text, size=size)
        half, at = np.array(probe.get_window_extent().size) / 2, np.array(axes.transData.transform((x, y)))
        probe.remove()
        others = marks[np.abs(marks - at).max(axis=1) > 4]
        for far, turn in product((5, 9, 14, 20, 28, 38, 50), turns):
            to = np.array([np.cos(turn), np.sin(turn)]) * (far + half)
            box, leader = Bbox([at + to - half, at + to + half]), at + np.linspace(0, 1, 20)[:, None] * to
            free = frame.count_contains(box.corners()) == 4 and not box.padded(2).count_contains(np.r_[marks, lines])
            free = free and not (np.abs(others[:, None] - leader).max(axis=-1) < 3).any()
            if free and not any(other.padded(2).overlaps(box) or other.count_contains(leader) for other in taken):
                arrow = {"arrowstyle": "-", "color": colour, "lw": 0.4 * (far > 5), "shrinkA": 0, "shrinkB": 1.5}
                axes.annotate(text, (x, y), tuple(to * 72 / DPI), "data", "offset points", arrow, color=colour, **look)
                taken, lines = [*taken, box], np.r_[lines, leader[1:-1]]
                break


def _reference(fit: Fit) -> str:
    said = fit.study.reference
    return str(said.family) if said.kind == "family" else f"{said.suite} at {_count(said.tokens or 0)} tokens"


def _ends(estimate: Estimate) -> list[Array]:
    summary = estimate.summary
    return [summary[part].to_numpy() for part in ("lower", "median", "upper")]


def _count(number: float) -> str:
    """Parameters or tokens to two digits: 190M, 1.3B, 5T."""
    number = float(f"{number:.2g}")
    scale, unit = next(((s, u) for s, u in ((1e12, "T"), (1e9, "B"), (1e6, "M")) if number >= s), (1.0, ""))
    return f"{number / scale:g}{unit}"


def _plain(axis: Any, form: Callable[[float], str]) -> None:
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_major_formatter(lambda value, _: form(value))
    axis.axes.minorticks_off()


def _days(dates: Any) -> Array:
    return np.asarray(dates, "datetime64[D]").astype(np.float64)


def _dates(axes: Axes, most: int) -> None:
    first, last = np.array(axes.get_xlim()).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    step = next((step for step in (1, 2, 3, 6) if last - first <= most * step), 12)
    months = np.arange(step * (first // step + 1), last + 1, step).astype("datetime64[M]")
    axes.set_xticks(_days(months), months.astype(str).tolist())

"""The reference that sizes are counted in: scores of a family, or losses and scores of a ladder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bayesdensity import laws, quantities
from bayesdensity.data.cells import cells_of
from bayesdensity.inference.result import Fit
from bayesdensity.plots.page import (
    BLACK,
    BLUE,
    SKY,
    STEPS,
    STYLE,
    VERMILLION,
    count,
    draw_curve,
    ends,
    name_points,
    page,
    plain_ticks,
)
from bayesdensity.quantities import DEFAULT_CI, Estimate
from bayesdensity.study.phrases import yardstick

RAMP = LinearSegmentedColormap.from_list("ramp", [SKY, BLUE, BLACK])


@rc_context(STYLE)
def plot_reference(fit: Fit, ci: float = DEFAULT_CI) -> Figure:
    """The reference that sizes are counted in, and what it was fitted to: a family's scores, or a ladder's losses too.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the bands.

    Returns
    -------
    matplotlib.figure.Figure
        Its label says in words what it shows.

    Examples
    --------
    >>> from bayesdensity.inference.result import load_fit
    >>> plot_reference(load_fit("olmo-ladder.nc")).savefig("reference.svg")  # doctest: +SKIP
    """
    if "law_miss" in fit.posterior:
        return _ladder(fit, ci)
    data, draws, n, unit = fit.data, fit.posterior, fit.data.sizes["benchmark"], yardstick(fit.study.reference)
    members = np.exp(_log_sizes(fit) + data.attrs["log_size_centre"])
    low, high = min(5e8, members.min()) / 1.3, max(1e13, members.max())
    x = np.geomspace(low, high, STEPS)
    inside = (x > members.min() / 1.05) & (x < members.max() * 1.05)
    link = laws.link_of(draws)
    eta = laws.logit_of_size(link, xr.DataArray(np.log(x) - data.attrs["log_size_centre"], dims="at") - draws["level"])
    reference = Estimate("reference_score", "score", laws.score(eta, data["floor"], draws["ceiling"]), ci)
    value, cell, bench = (data[f"score_{part}"].to_numpy() for part in ("value", "cell", "benchmark"))
    reached = np.minimum(ends(quantities.effective_size_by_benchmark(fit))[1], high)
    sizes = np.r_[reached, members[cells_of(data).member]]  # of a reference fitted alone no member is left
    is_member = np.arange(len(sizes)) >= len(reached)
    caption = (
        f"Score that {unit} reaches at a size: median and {ci:.0%} band of the link, dashed outside the sizes of its "
        "members. Dots: scores, one for each harness; black: members; blue: other LLMs, at their median effective size "
        "on the benchmark (at the end of the axis if beyond)."
    )
    columns = 2 if n in (2, 4) else 3
    shape = (-(-n // columns), columns)
    figure, grid = page(fit, 0.7 + 1.55 * shape[0], caption, 0.15, shape, wspace=0.12, hspace=0.3)
    for axes in grid.flat[n:]:
        axes.remove()
    for b, (axes, name) in enumerate(zip(grid.flat, data["benchmark"].to_numpy(), strict=False)):
        for kind, colour, size in ((~is_member, SKY, 2), (is_member, BLACK, 3)):
            at = kind[cell] & (bench == b)
            axes.plot(sizes[cell[at]], value[at], "o", color=colour, markersize=size, mew=0, alpha=0.8)
        curve = replace(reference, draws=reference.draws.isel(benchmark=b))
        line = draw_curve(axes, x, curve, VERMILLION, (ci,), linestyle="--")
        axes.plot(*line[inside].T, color=VERMILLION, linewidth=1.4)
        left, bottom = b % columns == 0, b + columns >= n
        axes.set(xscale="log", xlim=(low, 1.15 * high), ylim=(0, 1.02), title=str(name))
        axes.set(xlabel="size (parameters)" if bottom else "", ylabel="score" if left else "")
        axes.tick_params(labelleft=left, labelbottom=bottom)
        plain_ticks(axes.xaxis, count)
    return figure


def _log_sizes(fit: Fit) -> np.ndarray:
    """Log sizes of the members of the reference or of the runs of the ladder, from the centre of the targets."""
    data = fit.data
    if fit.study.reference.kind == "family":
        return np.asarray(data["reference_log_size"])
    return np.asarray(data["run_log_n"] + data.attrs["ladder_log_n_centre"] - data.attrs["log_size_centre"])


def _ladder(fit: Fit, ci: float) -> Figure:
    """Loss against training tokens, and score against loss: two panels for each benchmark."""
    data, n = fit.data, fit.data.sizes["benchmark"]
    unit = f" ({data.attrs['loss_unit'].replace('_', ' ')})" if "loss_unit" in data.attrs else ""
    caption = (
        f"The reference, {yardstick(fit.study.reference)}. Left: losses of its runs, and the law at the size of each; "
        "dashed: extrapolated to the anchors, before its miss there. Right: losses and scores, and the map. Circles: "
        f"ladder; diamonds: anchors; small dots: checkpoints. Lines and bands: median and {ci:.0%} interval."
    )
    figure, grid = page(fit, 0.5 + 1.85 * n, caption, 0.1, (n, 2), wspace=0.22, hspace=0.34)
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
    data, law = fit.data, laws.drawn_law(fit.study.law.form, fit.posterior.isel(benchmark=b))
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
        curve = Estimate("loss", "loss", law.loss({"n": size, "d": xr.DataArray(along, dims="at")}), ci)
        style = "--" if anchor[at].all() else "-"
        taken.append(draw_curve(axes, np.exp(along) * unit_d, curve, colour, (ci,), linestyle=style, linewidth=0.9))
        anchors.append((count(np.exp(size) * unit_n), *taken[-1][-1], colour))
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.12)
    plain_ticks(axes.xaxis, count)
    name_points(axes, anchors, taken[0], np.concatenate(taken[1:]), 6.5)


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
    draw_curve(axes, x, curve, VERMILLION, (ci,))
    axes.set(xlim=x[[0, -1]], ylim=(0, 1.02))

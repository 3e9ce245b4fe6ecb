"""Densities against dates: the chart that a reader explores in the browser, and the data behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayesdensity import quantities as q
from bayesdensity.inference.result import Fit
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.page import ends
from bayesdensity.render.blocks import Chart, Section
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import estimand_phrase, yardstick

STEPS = 49
"""Dates at which a curve is known."""
Json = dict[str, Any]


def density(source: Source) -> Section:
    """The chart to explore."""
    fit, ci = source.fit, source.ci
    frontier = estimand_phrase("frontier", fit.study.frontier.quantile, "density")
    caption = (
        f"Density of each LLM, the parameters that {yardstick(fit.study.reference)} needs for the same scores over its "
        f"own, against its release date: median and {ci:.0%} interval. Curves: the {frontier} at a date (frontier, "
        f"band: {ci:.0%} interval), and their mean, dashed. On one benchmark, density and frontier are those of that "
        "benchmark."
    )
    chart = Chart("density", caption, benchmark_chart(fit, ci), plot_density(fit, ci))
    return Section("density", "Density against date", (chart,))


def benchmark_chart(fit: Fit, ci: float) -> Json:
    """Densities over all benchmarks, and on each of them, as series of one chart."""
    dates, cells = _dates([fit]), q.log_density_by_benchmark(fit, ci)
    trends = q.frontier_by_benchmark(fit, dates, ci)
    llm, bench = (cells.draws[name].to_numpy() for name in ("llm", "benchmark"))
    index = {str(name): k for k, name in enumerate(fit.data["llm"].to_numpy())}
    series = [_overall(fit, "all benchmarks", dates, ci, list(index.values()))]
    densities = np.exp(_ends(cells))
    for name in map(str, fit.data["benchmark"].to_numpy()):
        on_it = np.flatnonzero(bench == name)
        points = [[index[str(llm[k])], *densities[:, k].tolist()] for k in on_it]
        curve = np.exp(_ends(trends.sel(benchmark=name)))
        series.append({"name": name, "points": points, "frontier": curve.tolist(), "mean": None})
    return _chart(ci, dates, _llms(fit), series, "benchmarks")


def fits_chart(fits: Mapping[str, Fit], ci: float) -> Json:
    """Densities over all benchmarks by each of several fits, as series of one chart."""
    some = list(fits.values())
    dates = _dates(some)
    llms = {llm["name"]: llm for fit in some for llm in _llms(fit)}
    index = {name: k for k, name in enumerate(llms)}
    series = []
    for name, fit in fits.items():
        inside = [q.window(fit)[0] <= day <= q.window(fit)[1] for day in dates]
        lines = _overall(fit, name, dates, ci, [index[str(llm)] for llm in fit.data["llm"].to_numpy()])
        for curve in ("frontier", "mean"):
            lines[curve] = [
                [value if known else None for value, known in zip(row, inside, strict=True)] for row in lines[curve]
            ]
        series.append(lines)
    return _chart(ci, dates, list(llms.values()), series, "fits")


def _chart(ci: float, dates: Sequence[str], llms: list[Json], series: list[Json], kind: str) -> Json:
    return {"kind": kind, "ci": ci, "dates": list(dates), "llms": llms, "series": series}


def _overall(fit: Fit, name: str, dates: Sequence[str], ci: float, places: Sequence[int]) -> Json:
    """Density of every LLM over all benchmarks, with frontier and mean; lower end, median and upper end of each."""
    densities = _ends(q.density(fit, ci))
    return {
        "name": name,
        "points": [[place, *densities[:, k].tolist()] for k, place in enumerate(places)],
        "frontier": np.exp(_ends(q.frontier(fit, dates, ci=ci))).tolist(),
        "mean": np.exp(_ends(q.mean_trend(fit, dates, ci))).tolist(),
    }


def _llms(fit: Fit) -> list[Json]:
    data = fit.data
    family = data["family"].to_numpy()[data["family_index"].to_numpy()]
    chance = q.probability_on_frontier(fit).to_numpy()
    columns = zip(
        data["llm"].to_numpy(),
        family,
        data["release_date"].to_numpy(),
        q.params(fit).summary["median"].to_numpy(),
        chance,
        strict=True,
    )
    return [
        {"name": str(name), "family": str(kin), "date": str(day), "params": float(size), "on_frontier": float(p)}
        for name, kin, day, size, p in columns
    ]


def _dates(fits: Sequence[Fit]) -> list[str]:
    starts, lasts = zip(*map(q.window, fits), strict=True)
    return q.dates_between(min(starts), max(lasts), STEPS)


def _ends(estimate: q.Estimate) -> np.ndarray:
    return np.stack(ends(estimate))

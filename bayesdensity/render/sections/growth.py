"""How fast density grows: over the window and at dates, on each benchmark, before and after a change of pace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, fixed, interval, months
from bayesdensity.inference.result import Fit
from bayesdensity.published import record_rate
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import estimand_label

QUOTED_DATES = ("2023-07-01", "2024-07-01", "2025-07-01", "2026-07-01")
NEW_BENCHMARK = "a benchmark not yet seen"

Row = tuple[*tuple[str, ...], q.Estimate]
"""Labels, and the rate that they are of."""


def doubling(source: Source) -> Section:
    """Doubling times over the window and at dates."""
    from bayesdensity.plots.doubling import plot_doubling  # a summary draws no figure

    fit, ci = source.fit, source.ci
    picture = Picture("doubling", plot_doubling(fit, ci))
    return Section("doubling", "Doubling times", (*doubling_blocks(fit, ci), picture))


def benchmarks(source: Source) -> Section:
    """Rates on each benchmark, and which is faster."""
    several = len(source.fit.study.benchmarks) > 1
    blocks = benchmark_table(source.fit, source.ci), *([_faster(source.fit)] if several else [])
    return Section("benchmarks", "Benchmark comparison", blocks)


def doubling_blocks(fit: Fit, ci: float) -> list[Block]:
    """Every estimand of a fit over the window and at dates, the published procedure, and what a change of pace did."""
    (start, end), rows = q.window(fit), list[Row]()
    for label, estimand in estimands(fit).items():
        rows.append((label, f"{start} to {end}", q.rate(fit, estimand=estimand, ci=ci)))
        if estimand != "envelope":
            rows += [
                (label, f"at {day}", q.rate_at(fit, [day], estimand, ci).sel(date=day)) for day in quoted_dates(fit)
            ]
    inside = q.inside_range(fit)
    if inside is not None and inside is not fit:
        labels = {label: name for label, name in estimands(fit).items() if name != "envelope"}
        rows += [
            (f"{label}, inside the range", f"{start} to {end}", q.rate(inside, estimand=name, ci=ci))
            for label, name in labels.items()
        ]
    rows.append(("records by least squares (paper mode)", f"{start} to {end}", record_rate(fit, ci=ci)))
    table = growth_table("doubling", ("estimand", "when"), rows, ci)
    return [table] if fit.study.frontier.trend != "change-point" else [table, *_change_of_pace(fit, ci)]


def benchmark_table(fit: Fit, ci: float) -> Table:
    """Rates of the frontier on each benchmark, the fastest first, and on one not yet seen."""
    rates, (start, end) = q.rate_by_benchmark(fit, ci=ci), q.window(fit)
    rows: list[Row] = [(name, rates.sel(benchmark=name)) for name in _fastest_first(rates)]
    if len(rows) > 1:
        rows.append((NEW_BENCHMARK, q.rate_of_new_benchmark(fit, ci=ci)))
    return growth_table("benchmarks", ("benchmark",), rows, ci, f"frontier on each benchmark, {start} to {end}: ")


def growth_table(name: str, heads: tuple[str, ...], rows: Iterable[Row], ci: float, of: str = "") -> Table:
    """Doubling times, rates and P(growth).

    Parameters
    ----------
    name : str
        Of the table.
    heads : tuple of str
        Of the labels.
    rows : iterable
        Labels, and last the rate in natural logarithms a year.
    ci : float
        Probability of the intervals.
    of : str
        What the caption begins with.
    """
    shown, data = list[dict[str, Any]](), list[dict[str, Any]]()
    for *labels, rates in rows:
        assert isinstance(rates, q.Estimate)
        doubling_time, yearly = q.doubling_time(rates).to_frame_row(), rates.to_frame_row()
        head, grows = dict(zip(heads, labels, strict=True)), float(q.probability_positive(rates))
        written = {
            "months to double": interval(doubling_time),
            "growth of ln density a year": interval(yearly, fixed(2)),
        }
        shown.append({**head, **written, "P(growth)": f"{grows:.3f}"})
        numbers = {f"doubling_time_months_{end}": doubling_time[end] for end in ENDS}
        numbers |= {f"rate_per_year_{end}": yearly[end] for end in ENDS}
        data.append({**head, **numbers, "probability_rate_positive": grows})
    caption = f"{of}months in which density doubles, and its growth: median [{ci:.0%} interval]."
    caption = caption[0].upper() + caption[1:]
    return Table(name, caption, pd.DataFrame(shown), pd.DataFrame(data))


def moved(rates: q.Estimate) -> str:
    """How fast a quantity doubles or halves at a rate, as a predicate; or that its interval has no growth inside."""
    yearly = rates.to_frame_row()
    if yearly["lower"] > 0:
        return f"doubled every {interval(q.doubling_time(rates).to_frame_row())} months"
    if yearly["upper"] < 0:
        falling = replace(rates, draws=-rates.draws)
        return f"halved every {interval(q.doubling_time(falling).to_frame_row())} months"
    fastest = float(q.doubling_time(rates).to_frame_row()["lower"])
    return (
        f"cannot be told from one without growth: it grew by {interval(yearly, fixed(2))} natural logarithms a year, "
        f"doubling every {months(fastest)} months at the fastest"
    )


def growth(rates: q.Estimate) -> dict[str, Any]:
    """Doubling time, rate and probability of growth, in the documented form."""
    return {
        "doubling_time_months": q.doubling_time(rates),
        "rate_per_year": rates,
        "probability_rate_positive": float(q.probability_positive(rates)),
    }


def growth_by(rates: q.Estimate, dim: str) -> dict[str, Any]:
    """`growth` at each label of a dim, such as each benchmark."""
    return {label: growth(rates.sel(**{dim: label})) for label in map(str, rates.draws[dim].to_numpy())}


def growth_by_group(fit: Fit, ci: float) -> dict[str, Any]:
    """`growth` on each group of benchmarks, and P(skills grow faster than knowledge), where a fit knows them."""
    if not q.knows_groups(fit):
        return {}
    found = {"groups": growth_by(q.rate_by_group(fit, ci=ci), "group")}
    return found | ({"probability_skills_faster": q.probability_skills_faster(fit)} if q.asks_for_both(fit) else {})


def estimands(fit: Fit) -> dict[str, q.Estimand]:
    """What a fit has a rate of over its window, by what it is called."""
    names: list[q.Estimand] = ["frontier", "mean"]
    if fit.study.frontier.family_effects:
        names.append("envelope")
    return {estimand_label(name, fit.study.frontier.quantile): name for name in names}


def quoted_dates(fit: Fit) -> list[str]:
    """Mid-year dates inside the window, or else its ends: those at which rates are quoted."""
    start, end = q.window(fit)
    inside = [date for date in QUOTED_DATES if start <= date <= end]
    return inside or [start, end]


def _change_of_pace(fit: Fit, ci: float) -> list[Block]:
    """When the pace of the mean changed, and its rates before and after, overall and on each benchmark."""
    change, names = q.change_point(fit, ci), list(map(str, fit.data["benchmark"].to_numpy()))
    year, ratio = change.year.to_frame_row(), change.ratio.to_frame_row()
    inferred = f"an inferred date, {interval(year, fixed(1))}"
    date = inferred if fit.study.frontier.break_date is None else f"{year['median']:.1f}"
    rows = list[Row]()
    for when, rates, each in (
        ("before", change.before, change.before_by_benchmark),
        ("after", change.after, change.after_by_benchmark),
    ):
        rows += [("all benchmarks", when, rates), *((name, when, each.sel(benchmark=name)) for name in names)]
    sentence = (
        f"The pace of the mean changes at {date}. Rate after over rate before: {interval(ratio, fixed(2))}; "
        f"P(acceleration) = {change.probability_acceleration:.2f}."
    )
    table = growth_table("change", ("on", "when"), rows, ci, "mean of releases, before and after: ")
    return [table, Paragraph(sentence)]


def _faster(fit: Fit) -> Table:
    order = _fastest_first(q.rate_by_benchmark(fit))
    faster = q.probability_faster(fit).sel(benchmark=order, than=order).to_pandas()
    matrix = pd.DataFrame({"P(row faster than column)": order})
    for name in order:
        matrix[name] = [f"{value:.2f}" if row != name else "" for row, value in faster[name].items()]
    return Table("faster", "Probability that the benchmark of a row moves faster than that of a column.", matrix)


def _fastest_first(rates: q.Estimate) -> list[str]:
    return list(map(str, rates.draws.median(q.SAMPLE).to_series().sort_values(ascending=False).index))

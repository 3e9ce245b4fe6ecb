"""The sections of a report on one fit, from the answer to the reference; each takes a `Source`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.checks import checks_of, passed, worst
from bayesdensity.describe.answer import answer_sentences
from bayesdensity.describe.checks import checks_text
from bayesdensity.describe.densities import densities_table
from bayesdensity.describe.fit import estimands, quoted_dates
from bayesdensity.describe.words import ENDS, interval_text
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling
from bayesdensity.plots.page import reference_unit
from bayesdensity.plots.reference import plot_reference
from bayesdensity.render.blocks import Block, Chart, Paragraph, Picture, Section, Table
from bayesdensity.render.chart import benchmark_chart
from bayesdensity.render.sources import Source

DENSEST = 12
"""LLMs in the short table."""
SAID = {
    "PASS": "That does not prove the model right: it says that nothing looked for was found.",
    "REVIEW": "The result may be cited after a look at what they found.",
    "FAIL": "This result should not be cited as it is.",
}

UNSURE = "The sampler did not pass: fit again, with more draws or another seed, before a number is cited."


def answer(source: Source) -> Section:
    """Three sentences to quote, and the worst verdict."""
    found = checks_of(source.fit)
    verdict = worst(one.verdict for one in found)
    blocks: list[Block] = [Paragraph(text, "answer") for text in answer_sentences(source.fit, source.ci)]
    said = SAID[verdict] if verdict == "FAIL" or passed(found) else UNSURE
    blocks.append(Paragraph(f"{checks_text(found)[0]} {said}", verdict))
    return Section("answer", "The answer", tuple(blocks))


def checks(source: Source) -> Section:
    """What each check found."""
    found = checks_of(source.fit)
    shown = pd.DataFrame(
        {
            "check": [one.name for one in found],
            "verdict": [one.verdict for one in found],
            "what it found": [one.sentence for one in found],
            "what to do": [one.remedy for one in found],
        }
    )
    table = Table("checks", "Checks of the fit, and what to do about what they found.", shown)
    return Section("checks", "Verdict of the checks", (table,))


def density(source: Source) -> Section:
    """The chart to explore."""
    fit, ci = source.fit, source.ci
    figure = plot_density(fit, ci)
    caption = (
        f"Density of each LLM, the parameters that {reference_unit(fit)} needs for the same scores over its own, "
        f"against its release date: median and {ci:.0%} interval. Curves: the {fit.study.frontier.quantile:g} quantile "
        f"among the releases of a date (frontier, band: {ci:.0%} interval), and their mean, dashed. On one benchmark, "
        "density and frontier are those of that benchmark."
    )
    chart = Chart("density", caption, benchmark_chart(fit, ci), figure)
    return Section("density", "Density against date", (chart,))


def doubling(source: Source) -> Section:
    """Doubling times over the window and at dates."""
    fit, ci = source.fit, source.ci
    start, end = q.window(fit)
    rows = list[tuple[str, str, q.Estimate]]()
    for said, estimand in estimands(fit).items():
        rows.append((said, f"{start} to {end}", q.rate(fit, estimand=estimand, ci=ci)))
        if estimand != "envelope":
            for day in quoted_dates(fit):
                at = q.rate_at(fit, [day], estimand, ci)
                rows.append((said, f"at {day}", q.Estimate(at.name, at.what, at.draws.isel(date=0), ci)))
    if fit.study.frontier.trend == "change-point":
        change = q.change_point(fit, ci)
        rows += [("mean of releases", "before the change of pace", change.before)]
        rows += [("mean of releases", "after it", change.after)]
    table = _growth("doubling", ("estimand", "when"), rows, ci)
    return Section("doubling", "Doubling times", (table, Picture("doubling", plot_doubling(fit, ci))))


def densest(source: Source) -> Section:
    """LLMs most likely on the frontier, and all of them on demand."""
    fit, ci = source.fit, source.ci
    data = densities_table(fit, ci)
    shown = pd.DataFrame(
        {
            "LLM": data.index,
            "released": data["release_date"].to_numpy(),
            "parameters": [parameters(value) for value in data["params"]],
            "density": [three(row, "density") for _, row in data.iterrows()],
            "effective size": [three(row, "effective_size", parameters) for _, row in data.iterrows()],
            "P(on frontier)": [f"{value:.2f}" for value in data["probability_on_frontier"]],
            "P(no size suffices)": [f"{value:.2f}" for value in data["probability_unreachable"]],
        }
    )
    order = np.argsort(-data["probability_on_frontier"].to_numpy(), kind="stable")[:DENSEST]
    said = f"median [{ci:.0%} interval]"
    few = Table(
        "densest",
        f"The {len(order)} LLMs that were most likely on the frontier at their release: {said} of density and of "
        f"effective size in parameters of {reference_unit(fit)}; probability that no size of it reaches the score on "
        "some benchmark.",
        shown.iloc[order],
        data.iloc[order].reset_index(),
    )
    every = Table(
        "densities", f"All {len(data)} LLMs in order of release, {said}.", shown, data.reset_index(), folded=True
    )
    return Section("densest", "Densest models", (few, every))


def benchmarks(source: Source) -> Section:
    """Rates on each benchmark, and which is faster."""
    fit, ci = source.fit, source.ci
    rates = q.rate_by_benchmark(fit, ci=ci)
    order = rates.draws.median(q.SAMPLE).to_series().sort_values(ascending=False).index
    each = [(name, q.Estimate("rate", rates.what, rates.draws.sel(benchmark=name), ci)) for name in order]
    rows = [*each, ("a benchmark not yet seen", q.rate_of_new_benchmark(fit, ci=ci))]
    start, end = q.window(fit)
    table = _growth("benchmarks", ("benchmark",), rows, ci, f"of the frontier, {start} to {end}")
    faster = q.probability_faster(fit).sel(benchmark=order, than=order).to_pandas()
    matrix = pd.DataFrame({"P(row faster than column)": list(order)})
    for name in order:
        matrix[name] = [f"{value:.2f}" if row != name else "" for row, value in faster[name].items()]
    said = Table("faster", "Probability that the benchmark of a row moves faster than that of a column.", matrix)
    return Section("benchmarks", "Benchmark comparison", (table, said))


def reference(source: Source) -> Section:
    """What sizes are counted in."""
    fit, ci = source.fit, source.ci
    names, draws = list(map(str, fit.data["benchmark"].to_numpy())), fit.posterior
    exponent = q.Estimate("size_exponent", "exponent of size in the loss law", draws["link_exponent"], ci).to_frame()
    ceiling = q.Estimate("ceiling", "highest score", draws["ceiling"], ci).to_frame()
    floor = fit.data["floor"].to_numpy()
    shown = pd.DataFrame(
        {
            "benchmark": names,
            "size exponent": [interval_text(row, 2) for _, row in exponent.iterrows()],
            "ceiling of the score": [interval_text(row, 2) for _, row in ceiling.iterrows()],
            "floor of the score": [f"{value:g}" for value in floor],
        }
    )
    data = pd.concat([exponent.add_prefix("size_exponent_"), ceiling.add_prefix("ceiling_")], axis=1).assign(
        floor=floor
    )
    table = Table(
        "reference",
        f"The map from size to score of {reference_unit(fit)}, median [{ci:.0%} interval]: exponent of size in the "
        "loss law, highest score that the map reaches, and the score of guessing or what the study states.",
        shown,
        data.rename_axis("benchmark").reset_index(),
    )
    picture = Picture("reference", plot_reference(fit, ci))
    return Section("reference", "Reference law and map", (picture, table))


def _growth(name: str, heads: tuple[str, ...], rows: Iterable[tuple[Any, ...]], ci: float, of: str = "") -> Table:
    """Doubling times, rates and P(growth); the last of each row is the rate, before it its labels."""
    shown, data = list[dict[str, Any]](), list[dict[str, Any]]()
    for *labels, rates in rows:
        months, yearly = q.doubling_time(rates).to_frame_row(), rates.to_frame_row()
        said, chance = dict(zip(heads, labels, strict=True)), float(q.probability_positive(rates))
        ends = {"months to double": interval_text(months), "growth of ln density a year": interval_text(yearly, 2)}
        shown.append({**said, **ends, "P(growth)": f"{chance:.3f}"})
        numbers = {f"doubling_time_months_{end}": months[end] for end in ENDS}
        numbers |= {f"rate_per_year_{end}": yearly[end] for end in ENDS}
        data.append({**said, **numbers, "probability_rate_positive": chance})
    caption = f"Months in which density doubles{' ' + of if of else ''}, and growth: median [{ci:.0%} interval]."
    return Table(name, caption, pd.DataFrame(shown), pd.DataFrame(data))


def three(row: pd.Series, name: str, form: Callable[[float], str] = "{:.3g}".format) -> str:
    """Median and ends of an interval in columns that begin with its name."""
    middle, lower, upper = (form(row[f"{name}_{end}"]) for end in ENDS)
    return f"{middle} [{lower}, {upper}]"


def parameters(value: float) -> str:
    """A number of parameters to three digits: 7.24B."""
    unit, letter = next(((u, sign) for u, sign in ((1e12, "T"), (1e9, "B")) if value >= u), (1e6, "M"))
    return f"{float(f'{value / unit:.3g}'):g}{letter}"

"""The sections of a report on several fits: what they say side by side, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.checks import checks_of, worst
from bayesdensity.cite import citations
from bayesdensity.describe.answer import answer_sentences
from bayesdensity.describe.fit import quoted_dates
from bayesdensity.describe.words import interval_text
from bayesdensity.plots.fits import plot_fits
from bayesdensity.render.blocks import Block, Chart, Code, Paragraph, Section, Table
from bayesdensity.render.chart import fits_chart
from bayesdensity.render.sources import Source


def compared(sources: Sequence[Source]) -> tuple[Section, ...]:
    """All sections, in their order."""
    made = (_answers, _checks, _density, _doubling, _benchmarks, _differences, _making, _citing)
    return tuple(make(sources) for make in made)


def _answers(sources: Sequence[Source]) -> Section:
    blocks = list[Block]()
    for one in sources:
        verdict = worst(check.verdict for check in checks_of(one.fit))
        blocks.append(Paragraph(f"{one.name} ({verdict}): {answer_sentences(one.fit, one.ci)[0]}", "answer"))
    return Section("answer", "The answers", tuple(blocks))


def _checks(sources: Sequence[Source]) -> Section:
    rows = [
        {"fit": one.name, "check": check.name, "verdict": check.verdict, "what it found": check.sentence}
        for one in sources
        for check in checks_of(one.fit)
        if check.verdict != "PASS"
    ]
    if not rows:
        return Section("checks", "Verdict of the checks", (Paragraph("Every check of every fit passed.", "PASS"),))
    table = Table("checks", "Checks that did not pass.", pd.DataFrame(rows))
    verdict = worst(check.verdict for one in sources for check in checks_of(one.fit))
    return Section("checks", "Verdict of the checks", (Paragraph(f"{verdict} is the worst of them.", verdict), table))


def _density(sources: Sequence[Source]) -> Section:
    fits, ci = {one.name: one.fit for one in sources}, sources[0].ci
    caption = (
        f"Density of each LLM by each fit, in units of its own yardstick, against release date: median and {ci:.0%} "
        f"interval, with the frontier (band: {ci:.0%} interval) and, dashed, the mean of releases."
    )
    return Section(
        "density", "Density against date", (Chart("density", caption, fits_chart(fits, ci), plot_fits(fits, ci)),)
    )


def _doubling(sources: Sequence[Source]) -> Section:
    rows = []
    for one in sources:
        fit, ci = one.fit, one.ci
        row = {"fit": one.name, "window": " to ".join(q.window(fit))}
        row |= {"frontier": _months(q.rate(fit, ci=ci)), "mean": _months(q.rate(fit, estimand="mean", ci=ci))}
        dates = quoted_dates(fit)
        at = q.doubling_time(q.rate_at(fit, dates, ci=ci)).to_frame()
        row |= {f"frontier at {day}": interval_text(at.loc[day]) for day in dates}
        rows.append({**row, "P(slowing)": f"{q.probability_slowing(fit):.2f}"})
    caption = (
        "Months in which density doubles, averaged over the window of each fit and at dates: median "
        f"[{sources[0].ci:.0%} interval]."
    )
    return Section("doubling", "Doubling times", (Table("doubling", caption, pd.DataFrame(rows).fillna("")),))


def _benchmarks(sources: Sequence[Source]) -> Section:
    rows = []
    for one in sources:
        rates = q.rate_by_benchmark(one.fit, ci=one.ci)
        names = map(str, rates.draws["benchmark"].to_numpy())
        each = {name: _months(q.Estimate("rate", "", rates.draws.sel(benchmark=name), one.ci)) for name in names}
        rows.append({"fit": one.name, **each})
    caption = f"Months in which the frontier doubles on each benchmark: median [{sources[0].ci:.0%} interval]."
    return Section("benchmarks", "Benchmark comparison", (Table("benchmarks", caption, pd.DataFrame(rows).fillna("")),))


def _differences(sources: Sequence[Source]) -> Section:
    """Keys of the studies whose values are not the same in all."""
    flat = [dict(_flat(one.fit.study.model_dump(mode="json"))) for one in sources]
    keys = [key for key in dict.fromkeys(key for one in flat for key in one) if key not in ("name", "title", "why")]
    differ = [key for key in keys if len({one.get(key) for one in flat}) > 1]
    rows = [
        {"key": key, **{one.name: found.get(key, "") for one, found in zip(sources, flat, strict=True)}}
        for key in differ
    ]
    same = Paragraph("The studies make the same choices; the fits differ in tables, draws or seed.")
    caption = "Choices in which the studies differ."
    blocks: tuple[Block, ...] = (Table("differences", caption, pd.DataFrame(rows)),) if rows else (same,)
    return Section("differences", "What differs", blocks)


def _making(sources: Sequence[Source]) -> Section:
    rows = [
        {
            "fit": one.name,
            "study": one.fit.study.title,
            **{
                name: one.fit.about[name]
                for name in ("digest", "tables_digest", "seed", "n_llms", "n_scores", "n_runs")
            },
            "draws": "{chains} x {draws}".format(**one.fit.about["sampler"]),
            "versions": ", ".join(f"{name} {version}" for name, version in one.fit.about["versions"].items()),
            "command": one.fit.about.get("command", ""),
        }
        for one in sources
    ]
    table = Table("making", "What it takes to make the fits again.", pd.DataFrame(rows))
    return Section("making", "Versions, digests, seeds and commands", (table,))


def _citing(sources: Sequence[Source]) -> Section:
    entries = dict.fromkeys(entry for one in sources for entry in citations(one.fit).split("\n\n"))
    return Section("citing", "To cite", (Code("references.bib", "\n\n".join(entries), "bibtex"),))


def _months(rates: q.Estimate) -> str:
    return interval_text(q.doubling_time(rates).to_frame_row())


def _flat(tree: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of nested mappings, with their values as text."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{at}{key}.")
        else:
            yield f"{at}{key}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)

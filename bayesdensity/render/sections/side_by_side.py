"""The sections of a report on several fits: what they say side by side, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import interval
from bayesdensity.checks import checks_of, worst
from bayesdensity.cite import citations
from bayesdensity.plots.fits import plot_fits
from bayesdensity.render.blocks import Block, Chart, Code, Paragraph, Section, Table, Verdicts
from bayesdensity.render.sections.answer import answer_sentences
from bayesdensity.render.sections.density_chart import fits_chart
from bayesdensity.render.sections.growth import quoted_dates
from bayesdensity.render.sections.provenance import command_of
from bayesdensity.render.sources import Source


def compared(sources: Sequence[Source]) -> tuple[Section, ...]:
    """All sections, in their order."""
    made = (_answers, _checks, _density, _doubling, _benchmarks, _differences, _making, _citing)
    return tuple(make(sources) for make in made)


def _answers(sources: Sequence[Source]) -> Section:
    blocks = list[Block]()
    for source in sources:
        verdict = Verdicts(checks_of(source.fit)).verdict
        sentence = answer_sentences(source.fit, source.ci)[0]
        blocks.append(Paragraph(f"{source.name} ({verdict}): {sentence}", "answer"))
    return Section("answer", "The answers", tuple(blocks))


def _checks(sources: Sequence[Source]) -> Section:
    rows = [
        {"fit": source.name, "check": check.name, "verdict": check.verdict, "what it found": check.sentence}
        for source in sources
        for check in Verdicts(checks_of(source.fit)).doubtful
    ]
    if not rows:
        return Section("checks", "Verdict of the checks", (Paragraph("Every check of every fit passed.", "PASS"),))
    table = Table("checks", "Checks that did not pass.", pd.DataFrame(rows))
    verdict = worst(Verdicts(checks_of(source.fit)).verdict for source in sources)
    return Section("checks", "Verdict of the checks", (Paragraph(f"{verdict} is the worst of them.", verdict), table))


def _density(sources: Sequence[Source]) -> Section:
    fits, ci = {source.name: source.fit for source in sources}, sources[0].ci
    caption = (
        f"Density of each LLM by each fit, in units of its own yardstick, against release date: median and {ci:.0%} "
        f"interval, with the frontier (band: {ci:.0%} interval) and, dashed, the mean of releases."
    )
    return Section(
        "density", "Density against date", (Chart("density", caption, fits_chart(fits, ci), plot_fits(fits, ci)),)
    )


def _doubling(sources: Sequence[Source]) -> Section:
    rows = []
    for source in sources:
        fit, ci = source.fit, source.ci
        row = {"fit": source.name, "window": " to ".join(q.window(fit))}
        row |= {"frontier": _months(q.rate(fit, ci=ci)), "mean": _months(q.rate(fit, estimand="mean", ci=ci))}
        dates = quoted_dates(fit)
        then = q.doubling_time(q.rate_at(fit, dates, ci=ci)).to_frame()
        row |= {f"frontier at {day}": interval(then.loc[day]) for day in dates}
        rows.append({**row, "P(slowing)": f"{q.probability_slowing(fit):.2f}"})
    caption = (
        "Months in which density doubles, averaged over the window of each fit and at dates: median "
        f"[{sources[0].ci:.0%} interval]."
    )
    return Section("doubling", "Doubling times", (Table("doubling", caption, pd.DataFrame(rows).fillna("")),))


def _benchmarks(sources: Sequence[Source]) -> Section:
    rows = []
    for source in sources:
        rates = q.rate_by_benchmark(source.fit, ci=source.ci)
        names = map(str, rates.draws["benchmark"].to_numpy())
        rows.append({"fit": source.name, **{name: _months(rates.sel(benchmark=name)) for name in names}})
    caption = f"Months in which the frontier doubles on each benchmark: median [{sources[0].ci:.0%} interval]."
    return Section("benchmarks", "Benchmark comparison", (Table("benchmarks", caption, pd.DataFrame(rows).fillna("")),))


def _differences(sources: Sequence[Source]) -> Section:
    """Keys of the studies whose values are not the same in all."""
    choices = {source.name: dict(_flat(source.fit.study.model_dump(mode="json"))) for source in sources}
    keys = dict.fromkeys(key for study in choices.values() for key in study if key not in ("name", "title", "why"))
    differ = [key for key in keys if len({study.get(key) for study in choices.values()}) > 1]
    rows = [{"key": key, **{name: study.get(key, "") for name, study in choices.items()}} for key in differ]
    same = Paragraph("The studies make the same choices; the fits differ in tables, draws or seed.")
    caption = "Choices in which the studies differ."
    blocks: tuple[Block, ...] = (Table("differences", caption, pd.DataFrame(rows)),) if rows else (same,)
    return Section("differences", "What differs", blocks)


def _making(sources: Sequence[Source]) -> Section:
    facts = ("digest", "tables_digest", "seed", "n_llms", "n_scores", "n_runs")
    rows = []
    for source in sources:
        about = source.fit.about
        made = {"fit": source.name, "study": source.fit.study.title, **{name: about[name] for name in facts}}
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        draws = "{chains} x {draws}".format(**about["sampler"])
        rows.append({**made, "draws": draws, "versions": versions, "command": command_of(about)})
    table = Table("making", "What it takes to make the fits again.", pd.DataFrame(rows))
    return Section("making", "Versions, digests, seeds and commands", (table,))


def _citing(sources: Sequence[Source]) -> Section:
    entries = dict.fromkeys(entry for source in sources for entry in citations(source.fit).split("\n\n"))
    return Section("citing", "To cite", (Code("references.bib", "\n\n".join(entries), "bibtex"),))


def _months(rates: q.Estimate) -> str:
    return interval(q.doubling_time(rates).to_frame_row())


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of nested mappings, with their values as text."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)

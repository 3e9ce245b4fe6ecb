"""The page about one fit, and that about several: which sections it has, in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bayesdensity import quantities as q
from bayesdensity.evaluation.leave_out import Comparison
from bayesdensity.render.blocks import Report
from bayesdensity.render.sections import (
    answer,
    checks,
    claims,
    compression,
    densities,
    density_chart,
    explained,
    forecast_card,
    growth,
    provenance,
    published,
    reference_map,
    sensitivity,
    side_by_side,
    stacked,
    study,
)
from bayesdensity.render.sources import Source

ORDER = (
    answer.answer,
    checks.checks,
    density_chart.density,
    growth.doubling,
    explained.section,
    densities.densest,
    forecast_card.forecasts,
    compression.compression,
    growth.benchmarks,
    reference_map.reference,
    sensitivity.sensitivity,
    published.paper,
    claims.claims,
    provenance.data,
    study.priors,
    provenance.making,
    provenance.citing,
)
"""What stands on the page about one fit, the most asked for first."""


def on_one(source: Source, progress: Callable[[str], None] = lambda _: None) -> Report:
    """The report on one fit."""
    sections = []
    for make in ORDER:
        progress(f"report: {make.__name__}")
        sections.append(make(source))
    title, (start, end) = source.fit.study.title, q.window(source.fit)
    lead = (
        f"Study {source.fit.study.name}: {source.fit.about['n_llms']} LLMs released from {start} to {end}. Posterior "
        f"medians, and {source.ci:.0%} equal-tailed credible intervals in brackets."
    )
    return Report(title, lead, tuple(section for section in sections if section is not None))


def on_several(sources: Sequence[Source], together: Comparison | None = None) -> Report:
    """The report on several fits, and on what they say together where they saw the same scores."""
    names = ", ".join(source.name for source in sources)
    lead = f"Fits: {names}. Posterior medians, and {sources[0].ci:.0%} equal-tailed credible intervals in brackets."
    sections = side_by_side.compared(sources)
    if together is not None:
        fits = {source.name: source.fit for source in sources}
        sections = (stacked.section(fits, together), *sections)
    return Report("Capability density: several fits side by side", lead, sections)

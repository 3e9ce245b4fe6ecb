"""The answer of several fits of the same scores, stacked over those that the data do not rule out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import chance, enumerated, interval
from bayesdensity.base.jsonable import by_row
from bayesdensity.checks import checks_of
from bayesdensity.evaluation.leave_out import Comparison, ruled_out
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Block, Paragraph, Section, Table, Verdicts
from bayesdensity.render.sections.comparison import rough
from bayesdensity.render.sections.growth import growth, moved
from bayesdensity.study.phrases import estimand_phrase

SETTLED = 0.95
"""Probability from which on it is settled whether the pace changed."""


def data(fits: Mapping[str, Fit], comparison: Comparison) -> dict[str, Any]:
    """The stacked answer in the documented form, with that of each fit beneath."""
    first = next(iter(fits.values()))
    return {
        "study": first.study.name,
        "window": q.window(first),
        "estimand": estimand_phrase("frontier", first.study.frontier.quantile),
        **growth(comparison.stacked["frontier"]),
        "mean_trend": growth(comparison.stacked["mean"]),
        "probability_slowing": comparison.slowing,
        "ruled_out": ruled_out(comparison.table),
        "rough_folds": int((comparison.table["large_k"] - comparison.table["refitted"]).sum()),
        "folds": int(comparison.pointwise["elpd"].size),
        "leave_one_out": by_row(comparison.table),
        "fits": {name: _of_fit(name, fit, comparison) for name, fit in fits.items()},
    }


def blocks(fits: Mapping[str, Fit], comparison: Comparison) -> list[Block]:
    """The stacked answer for a reader, after the verdicts of the fits."""
    return [*(Verdicts(checks_of(fit)) for fit in fits.values()), *section(fits, comparison).blocks]


def section(fits: Mapping[str, Fit], comparison: Comparison) -> Section:
    """The stacked answer, and the fits beneath."""
    told = [Paragraph(sentence, "answer") for sentence in sentences(fits, comparison)]
    return Section("stacked", "The answer, stacked", (*told, _table(fits, comparison), *rough(comparison)))


def sentences(fits: Mapping[str, Fit], comparison: Comparison) -> list[str]:
    """What may be quoted: the frontier and the mean over the window, and whether the pace changed."""
    first, rates = next(iter(fits.values())), comparison.stacked
    (start, end), ci = q.window(first), rates["frontier"].probability
    out = ruled_out(comparison.table)
    ruled = f" (the data rule out {enumerated(out)})" if out else ""
    forms = f"{len(fits) - len(out)} forms of the frontier{ruled}"
    frontier = estimand_phrase("frontier", first.study.frontier.quantile, "capability density")
    grew = chance(float(q.probability_positive(rates["frontier"])))
    slowed = comparison.slowing
    settled = f"The pace {'slowed' if slowed > 0.5 else 'did not slow'} over the window"
    open_ = "Whether the pace slowed over the window is not settled"
    return [
        f"From {start} to {end} the {frontier} {moved(rates['frontier'])} ({ci:.0%} interval; "
        f"P(it grew) {grew}), stacked over {forms}, by the scores of {first.about['n_llms']} LLMs and with "
        f"{first.study.reference.yardstick} as the yardstick.",
        f"The mean of ln density among releases, a mean of who publishes, {moved(rates['mean'])}.",
        f"{settled if max(slowed, 1 - slowed) >= SETTLED else open_}: P(slowed) {chance(slowed)}.",
    ]


def _of_fit(name: str, fit: Fit, comparison: Comparison) -> dict[str, Any]:
    ci = comparison.stacked["frontier"].probability
    return {
        "dispersion": fit.study.frontier.dispersion,
        "trend": fit.study.frontier.trend,
        "max_rhat": fit.diagnostics.max_rhat,
        "min_ess_bulk": fit.diagnostics.min_ess_bulk,
        "weight": float(comparison.table.loc[name, "weight"]),
        **growth(q.rate(fit, ci=ci)),
        "mean_trend": growth(q.rate(fit, estimand="mean", ci=ci)),
        "probability_slowing": q.probability_slowing(fit),
    }


def _table(fits: Mapping[str, Fit], comparison: Comparison) -> Table:
    ci, rows = comparison.stacked["frontier"].probability, list[dict[str, str]]()
    for name, fit in fits.items():
        months = {
            estimand: interval(q.doubling_time(q.rate(fit, estimand=estimand, ci=ci)).to_frame_row())
            for estimand in ("frontier", "mean")
        }
        row = comparison.table.loc[name]
        rows.append({
            "fit": name,
            "frontier": months["frontier"],
            "mean": months["mean"],
            "P(slowing)": f"{q.probability_slowing(fit):.2f}",
            "elpd to the best": f"{row['difference']:.1f} (se {row['difference_se']:.1f})",
            "weight": f"{row['weight']:.2f}",
        })  # fmt: skip
    caption = f"Months in which density doubles by each fit: median [{ci:.0%} interval]; leaving one family out."
    return Table("fits", caption, pd.DataFrame(rows))

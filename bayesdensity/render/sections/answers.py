"""What fits of several studies say: one row for each, by what was measured and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import chance, enumerated, interval
from bayesdensity.checks import checks_of
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Block, Paragraph, Table, Verdicts
from bayesdensity.render.sections.growth import growth, growth_by, growth_by_group
from bayesdensity.study.phrases import estimand_phrase

SIZES = {
    "total": "total parameters",
    "active": "active parameters",
    "geometric-mean": "geometric mean of total and active parameters",
    "inferred": "total and active parameters, weight inferred",
}


def blocks(fits: Mapping[str, Fit], ci: float) -> list[Block]:
    """The answers side by side for a reader, and what each rests on."""
    quantiles = sorted({f"{fit.study.frontier.quantile:g}" for fit in fits.values()})
    caption = (
        f"Months in which density doubles, averaged over the window of each study: the frontier "
        f"({estimand_phrase('frontier', ' or '.join(quantiles), 'density')}) and the mean of releases, median "
        f"[{ci:.0%} interval]; P(slowed): that the pace of the frontier fell from the start of the window to its end."
    )
    rows = [{"fit": name, **_answer(fit, ci)} for name, fit in fits.items()]
    rests = [{"fit": name, **_rests_on(fit)} for name, fit in fits.items()]
    return [
        Table("answers", caption, pd.DataFrame(rows)),
        *_by_group(fits, ci),
        Table("rests", "What each rests on.", pd.DataFrame(rests)),
        Paragraph("Sizes are counted in parameters of each study's own yardstick: compare rates, not densities."),
    ]


def data(fits: Mapping[str, Fit], ci: float) -> dict[str, Any]:
    """The answers in the documented form."""
    return {"ci": ci, "fits": {name: _data(fit, ci) for name, fit in fits.items()}}


def _data(fit: Fit, ci: float) -> dict[str, Any]:
    answer = {
        "study": fit.study.name,
        "digest": fit.about["digest"],
        "verdict": Verdicts(checks_of(fit)).verdict,
        "stage": list(fit.study.llms.stage),
        "n_llms": fit.about["n_llms"],
        "yardstick": fit.study.reference.yardstick,
        "size": fit.study.llms.size,
        "window": q.window(fit),
        **growth(q.rate(fit, ci=ci)),
        "mean_trend": growth(q.rate(fit, estimand="mean", ci=ci)),
        "probability_slowing": q.probability_slowing(fit),
        "benchmarks": growth_by(q.rate_by_benchmark(fit, ci=ci), "benchmark"),
    }
    return answer | growth_by_group(fit, ci)


def _answer(fit: Fit, ci: float) -> dict[str, str]:
    steady = fit.study.frontier.steady
    return {
        "window": " to ".join(q.window(fit)),
        "frontier": _said(q.rate(fit, ci=ci)),
        "mean": _said(q.rate(fit, estimand="mean", ci=ci)),
        "P(slowed)": "-" if steady else f"{q.probability_slowing(fit):.2f}",
        "verdict": Verdicts(checks_of(fit)).verdict,
    }


def _rests_on(fit: Fit) -> dict[str, str]:
    return {
        "LLMs": f"{fit.about['n_llms']}, stage {enumerated(fit.study.llms.stage)}",
        "benchmarks": enumerated(fit.study.benchmarks),
        "size": SIZES[fit.study.llms.size],
        "yardstick": fit.study.reference.yardstick,
    }


def _by_group(fits: Mapping[str, Fit], ci: float) -> list[Block]:
    """Rates on groups of benchmarks, of fits that know them."""
    rates = {name: q.rate_by_group(fit, ci=ci) for name, fit in fits.items() if q.knows_groups(fit)}
    groups = sorted({str(one) for rate in rates.values() for one in rate.draws["group"].to_numpy()})
    rows = []
    for name, rate in rates.items():
        here = rate.draws["group"].to_numpy()
        row = {one: _said(rate.sel(group=one)) if one in here else "" for one in groups}
        faster = q.probability_skills_faster(fits[name]) if q.asks_for_both(fits[name]) else None
        said = "" if faster is None else chance(faster).removeprefix("= ")
        rows.append({"fit": name, **row, "P(skills faster)": said})
    if not rows:
        return []
    caption = (
        f"Months in which the frontier doubles on the benchmarks of a group, the mean of their rates: median [{ci:.0%} "
        "interval]; P(skills faster): that the rate on all other benchmarks is above that on those of knowledge."
    )
    return [Table("groups", caption, pd.DataFrame(rows))]


def _said(rates: q.Estimate) -> str:
    return interval(q.doubling_time(rates).to_frame_row())

"""The published procedure in words and in JSON: what `bayesdensity paper` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.describe.words import interval_json, records_json
from bayesdensity.published.inversion import FARTHEST
from bayesdensity.published.procedure import Replication
from bayesdensity.published.records import Line
from bayesdensity.published.replication import Comparison, Rate, points
from bayesdensity.quantities import doubling_months, jsonable

WIDTH = 44


def paper_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison in the documented form: rates a year and doubling times in months, each with its interval."""
    paper, fit, ci = comparison.paper, comparison.fit, comparison.ci
    return {
        **_study_json(paper),
        "tables_digest": comparison.tables_digest,
        "diagnostics": None
        if fit is None
        else {"verdict": fit.diagnostics.verdict, "sentence": fit.diagnostics.sentence},
        "windows": [
            {
                "name": trend.window.name,
                "start": trend.window.start,
                "end": trend.window.end,
                "n_llms": trend.released,
                "n_llms_with_density": trend.llms,
                "claims": [_rate_json(rate, ci) for rate in comparison.rates(k) if rate.source == "claim"],
                "rates": {rate.key: _rate_json(rate, ci) for rate in comparison.rates(k) if rate.source != "claim"},
                "records": records_json(_records(comparison, k)),
            }
            for k, trend in enumerate(paper.trends)
        ],
        "beside": [
            {
                **_study_json(other),
                "windows": [
                    {
                        **trend.window._asdict(),
                        "n_llms": trend.released,
                        "n_llms_with_density": trend.llms,
                        "rates": {rate.key: _rate_json(rate, ci) for rate in map(lambda key: points(trend, key), KEYS)},
                    }
                    for trend in other.trends
                ],
            }
            for other in comparison.beside
        ],
        "failed_inversions": records_json(paper.failed_inversions),
        "claims": records_json(comparison.claims),
    }


def paper_text(comparison: Comparison) -> str:
    """A comparison for a reader."""
    paper, fit = comparison.paper, comparison.fit
    known = int(paper.llms["log_density"].notna().sum())
    lines = [] if fit is None else [f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}", ""]
    lines += [
        f"{paper.study.title}  [{paper.study.name} {paper.study.digest}]",
        f"The procedure of arXiv 2412.04315 on the same tables: {known} of {len(paper.llms)} LLMs have a density.",
        "",
        f"{f'months in which density doubles, {comparison.ci:.0%} interval':{WIDTH}s} {'':22s}   R2  P(it grows)",
        *_window_lines(comparison),
        "why they differ",
        *_reasons(comparison),
        "",
        *_record_lines(comparison),
        "",
        *_failure_lines(paper),
        "",
        "what the published versions state (bayesdensity/data/claims.csv)",
        *_claim_lines(comparison.claims),
        "",
        _bootstrap_line(paper),
    ]
    return "\n".join(lines)


KEYS: tuple[Any, ...] = ("records", "everyone")


def _study_json(paper: Replication) -> dict[str, Any]:
    return {
        "study": paper.study.name,
        "digest": paper.study.digest,
        "n_llms": len(paper.llms),
        "n_llms_with_density": int(paper.llms["log_density"].notna().sum()),
        "reference": {
            name: {key: jsonable(value) for key, value in fitted.parameters.items()}
            for name, fitted in paper.fits.items()
        },
        "bootstrap": {"replicates": paper.replicates, "failed": paper.failed_replicates, "seed": paper.seed},
    }


def _rate_json(rate: Rate, ci: float) -> dict[str, Any]:
    middle, lower, upper = rate.months
    kind = {"claim": "claim", "points": "bootstrap percentile"}.get(rate.source, "eti")
    out = {
        "what": rate.what,
        "rate_per_year": _interval_json(rate.rate, rate.lower, rate.upper, ci, kind),
        "doubling_time_months": _interval_json(middle, lower, upper, ci, kind),
        "probability_rate_positive": jsonable(rate.probability_positive),
    }
    return out if rate.line is None else {**out, **_line_json(rate.line, ci)}


def _line_json(line: Line, ci: float) -> dict[str, Any]:
    lower, upper = line.t_interval(ci)
    middle, soonest, latest = (float(doubling_months(value)) for value in (line.rate, upper, lower))
    return {
        "r_squared": jsonable(line.r_squared),
        "n_points": line.points,
        "t_interval": {
            "rate_per_year": _interval_json(line.rate, lower, upper, ci, "t"),
            "doubling_time_months": _interval_json(middle, soonest, latest, ci, "t"),
        },
    }


def _interval_json(middle: float, lower: float, upper: float, ci: float, kind: str) -> dict[str, Any]:
    """The form of every interval; a point estimate stands where a posterior has its median."""
    return interval_json({"median": middle, "lower": lower, "upper": upper}, ci, kind=kind)


def _window_lines(comparison: Comparison) -> Iterator[str]:
    for k, trend in enumerate(comparison.paper.trends):
        window = trend.window
        yield f"{window.name}: {window.start} to {window.end}, {trend.llms} of {trend.released} LLMs have a density"
        yield from (_rate_line(rate) for rate in comparison.rates(k))
        lower, upper = trend.records.t_interval(comparison.ci)
        ends = _months(doubling_months(upper)), _months(doubling_months(lower))
        yield f"  {f'  textbook t interval of the {trend.records.points} records':{WIDTH}s} [{ends[0]}, {ends[1]}]"
        yield ""
    for other in comparison.beside:
        yield f"point estimates with the reference of '{other.study.name}'"
        for trend in other.trends:
            for key in KEYS:
                rate = points(trend, key)
                yield _rate_line(rate._replace(what=f"{rate.what.split(',')[0]} to {trend.window.end}"))
        yield ""


def _rate_line(rate: Rate) -> str:
    middle, lower, upper = (_months(value) for value in rate.months)
    said = middle if np.isnan(rate.lower) else f"{middle} [{lower}, {upper}]"
    fit = f"{rate.line.r_squared:4.2f}" if rate.line is not None else "    "
    grows = "" if np.isnan(rate.probability_positive) else f"{rate.probability_positive:11.3f}"
    return f"  {rate.what:{WIDTH}s} {said:22s} {fit}  {grows}".rstrip()


def _reasons(comparison: Comparison) -> Iterator[str]:
    """What separates the numbers, each with the other choices held fixed."""
    trends = comparison.paper.trends
    last = trends[-1]
    ends = ", ".join(f"to {trend.window.end}" for trend in trends)
    by_window = [
        f"{name} {', '.join(_months(doubling_months(getattr(trend, key).rate)) for trend in trends)}"
        for key, name in (("records", "records"), ("everyone", "all LLMs"))
    ]
    records, everyone = (_months(doubling_months(one.rate)) for one in (last.records, last.everyone))
    yield (
        f"  selection  the same points over the same window: {records} months through the {last.records.points} "
        f"records, {everyone} through all {last.llms} LLMs;\n"
        "             records cannot fall: their P(it grows) tells nothing, and their R2 is high by construction"
    )
    if len(trends) > 1:
        yield f"  window     {ends}: {'; '.join(by_window)}"
    if comparison.posterior:
        rates = {rate.key: _months(rate.months[0]) for rate in comparison.rates(len(trends) - 1)}
        lost = len(comparison.paper.failed_inversions)
        yield (
            f"  estimates  records of point estimates {rates['records_points']}, of posterior draws "
            f"{rates['records_posterior']}; all LLMs {rates['everyone_points']} and {rates['everyone_posterior']};\n"
            f"             point estimates lack the {lost} inversions that failed, the posterior does not"
        )
    for other in comparison.beside:
        here = ", ".join(_months(doubling_months(trend.records.rate)) for trend in other.trends)
        yield f"  reference  records with that of {other.study.name}: {here}"


def _records(comparison: Comparison, k: int) -> pd.DataFrame:
    """LLMs that set a record in window k, by point estimates or, with a chance of a half, in the posterior."""
    trend, llms = comparison.paper.trends[k], comparison.paper.llms
    names = list(trend.record_llms)
    table = pd.DataFrame(index=llms.index)
    if comparison.posterior:
        table["probability_record"] = comparison.posterior[k].probability_record.to_series()
        likely = table.index[table["probability_record"] >= 0.5]
        names += [name for name in likely if name not in names]
    table["record_of_points"] = table.index.isin(trend.record_llms)
    table["release_date"] = llms["release_date"].dt.strftime("%Y-%m-%d")
    table["density"] = np.exp(llms["log_density"])
    return table[table.index.isin(names)].rename_axis("llm").reset_index()


def _record_lines(comparison: Comparison) -> Iterator[str]:
    posterior = bool(comparison.posterior)
    yield "records over all releases" + (", and the posterior probability that it was one" if posterior else "")
    for row in _records(comparison, len(comparison.paper.trends) - 1).itertuples():
        chance = f"  {row.probability_record:.2f}" if posterior else ""
        mark = "" if row.record_of_points else "  (of posterior draws only)"
        yield f"  {row.release_date}  {row.llm!s:34s} density {row.density:<8.3g}{chance}{mark}"


def _failure_lines(paper: Replication) -> Iterator[str]:
    failed = paper.failed_inversions
    yield (
        f"inversions that failed: {len(failed)} of {len(paper.cells)} (left out, which censors; every one with --json; "
        f"'far' is a factor of {FARTHEST:g})"
    )
    for (benchmark, reason), group in failed.groupby(["benchmark", "reason"]):
        shown = ", ".join(group["llm"].head(3)) + (", ..." if len(group) > 3 else "")
        yield f"  {benchmark!s:10s} {len(group):4d}  {reason}: {shown}"


def _claim_lines(claims: pd.DataFrame) -> Iterator[str]:
    for row in claims.itertuples():
        months = "" if np.isnan(row.months) or row.unit == "months" else f" = {row.months:.2f} months"
        stated = f"{row.value} {row.unit}".strip() + months
        yield f"  {row.claim:58s} {stated:26s} {row.source}"


def _bootstrap_line(paper: Replication) -> str:
    if not paper.replicates:
        return "no bootstrap"
    return (
        f"bootstrap of families and reference: {paper.replicates} replicates, {paper.failed_replicates} failed, "
        f"seed {paper.seed}"
    )


def _months(value: Any) -> str:
    value = float(value)
    return (
        "-" if np.isnan(value) else f"{value:.1f}" if value < 100 else f"{value:.0f}" if np.isfinite(value) else "inf"
    )

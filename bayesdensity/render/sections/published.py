"""The published procedure beside the posterior: rates, what separates them, records, failed inversions and claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayesdensity.base.format import density, interval, months
from bayesdensity.base.jsonable import interval_json
from bayesdensity.plots.paper import plot_paper
from bayesdensity.published.inversion import FARTHEST
from bayesdensity.published.procedure import PointTrend, Replication
from bayesdensity.published.records import Line
from bayesdensity.published.replication import Comparison, Rate, points
from bayesdensity.quantities import doubling_months
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sources import Source

POINTS: tuple[Literal["records", "everyone"], ...] = ("records", "everyone")
KINDS = {"claim": "claim", "points": "bootstrap percentile"}
"""Of intervals, by what a rate comes from; draws of a posterior have equal-tailed ones."""
RECORDS_CANNOT_FALL = "Records cannot fall: their P(growth) tells nothing, and their R² is high by construction."


def paper(source: Source) -> Section:
    """The published procedure beside the posterior."""
    title, comparison = "The published procedure", source.comparison
    if comparison is None:
        missing = (
            "The published procedure needs the tables that the fit was made from; these are others. Name them with "
            "--data to see it here."
        )
        return Section("paper", title, (Paragraph(missing, "note"),))
    lead = (
        "The procedure of arXiv 2412.04315, least squares through running records of point estimates, on the same "
        f"tables, beside the same rules applied to draws of the posterior and beside the model. {RECORDS_CANNOT_FALL}"
    )
    return Section("paper", title, (Paragraph(lead), Picture("paper", plot_paper(comparison)), _rates(comparison)))


def data(comparison: Comparison) -> dict[str, Any]:
    """A comparison in the documented form: rates a year and doubling times in months, each with its interval."""
    paper, fit, ci = comparison.paper, comparison.fit, comparison.ci
    judged = None if fit is None else {"verdict": fit.diagnostics.verdict, "sentence": fit.diagnostics.sentence}
    return {
        **_procedure(paper),
        "tables_digest": comparison.tables_digest,
        "diagnostics": judged,
        "windows": [_window(comparison, k) for k in range(len(paper.trends))],
        "beside": [
            {**_procedure(other), "windows": [_points(trend, ci) for trend in other.trends]}
            for other in comparison.beside
        ],
        "failed_inversions": paper.failed_inversions,
        "claims": comparison.claims,
    }


def blocks(comparison: Comparison) -> list[Block]:
    """A comparison for a reader."""
    paper, fit = comparison.paper, comparison.fit
    known = int(paper.llms["log_density"].notna().sum())
    judged = [] if fit is None else [Paragraph(f"{fit.diagnostics.verdict}: {fit.diagnostics.sentence}")]
    bootstrap = (
        f"Bootstrap of families and reference: {paper.replicates} replicates, {paper.failed_replicates} failed, seed "
        f"{paper.seed}."
    )
    return [
        *judged,
        Paragraph(f"{paper.study.title}  [{paper.study.name} {paper.study.digest}]"),
        Paragraph(
            f"The procedure of arXiv 2412.04315 on the same tables: {known} of {len(paper.llms)} LLMs have a density."
        ),
        _rates(comparison),
        *_beside(comparison),
        _reasons(comparison),
        _records_table(comparison),
        _failed(paper),
        _claims(comparison.claims),
        Paragraph(bootstrap if paper.replicates else "No bootstrap."),
    ]


def _procedure(paper: Replication) -> dict[str, Any]:
    return {
        "study": paper.study.name,
        "digest": paper.study.digest,
        "n_llms": len(paper.llms),
        "n_llms_with_density": int(paper.llms["log_density"].notna().sum()),
        "reference": {name: fitted.parameters for name, fitted in paper.fits.items()},
        "bootstrap": {"replicates": paper.replicates, "failed": paper.failed_replicates, "seed": paper.seed},
    }


def _window(comparison: Comparison, k: int) -> dict[str, Any]:
    trend, ci, rates = comparison.paper.trends[k], comparison.ci, comparison.rates(k)
    return {
        **trend.window._asdict(),
        "n_llms": trend.released,
        "n_llms_with_density": trend.llms,
        "claims": [_rate(rate, ci) for rate in rates if rate.source == "claim"],
        "rates": {rate.key: _rate(rate, ci) for rate in rates if rate.source != "claim"},
        "records": _records(comparison, k),
    }


def _points(trend: PointTrend, ci: float) -> dict[str, Any]:
    rates = {rate.key: _rate(rate, ci) for rate in (points(trend, key) for key in POINTS)}
    return {**trend.window._asdict(), "n_llms": trend.released, "n_llms_with_density": trend.llms, "rates": rates}


def _rate(rate: Rate, ci: float) -> dict[str, Any]:
    """A point estimate stands where a posterior has its median."""
    kind = KINDS.get(rate.source, "eti")
    told = {
        "what": rate.what,
        "rate_per_year": _interval((rate.rate, rate.lower, rate.upper), ci, kind),
        "doubling_time_months": _interval(rate.months, ci, kind),
        "probability_rate_positive": rate.probability_positive,
    }
    return told if rate.line is None else {**told, **_line(rate.line, ci)}


def _line(line: Line, ci: float) -> dict[str, Any]:
    lower, upper = line.t_interval(ci)
    ends = tuple(float(doubling_months(value)) for value in (line.rate, upper, lower))
    t_interval = {
        "rate_per_year": _interval((line.rate, lower, upper), ci, "t"),
        "doubling_time_months": _interval(ends, ci, "t"),
    }
    return {"r_squared": line.r_squared, "n_points": line.points, "t_interval": t_interval}


def _interval(ends: tuple[float, ...], ci: float, kind: str) -> dict[str, Any]:
    return interval_json(_row(ends), ci, kind=kind)


def _row(ends: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(("median", "lower", "upper"), ends, strict=True))


def _rates(comparison: Comparison) -> Table:
    shown, rows = list[dict[str, object]](), list[dict[str, object]]()
    for k, trend in enumerate(comparison.paper.trends):
        window = f"{trend.window.start} to {trend.window.end}"
        for rate in comparison.rates(k):
            shown.append({"window": window, **_written(rate)})
            rows.append({"window": window, "what": rate.what, "source": rate.source, **_row(rate.months)})
        upper, lower = (doubling_months(end) for end in trend.records.t_interval(comparison.ci))
        what = f"textbook t interval of the {trend.records.points} records"
        told = f"[{months(lower)}, {months(upper)}]"
        shown.append({"window": window, "what": what, "months to double": told, "R²": "", "P(growth)": ""})
        rows.append({"window": window, "what": what, "source": "t", "lower": float(lower), "upper": float(upper)})
    windows = "; ".join(
        f"{trend.window.name}: to {trend.window.end}, {trend.llms} of {trend.released} LLMs have a density"
        for trend in comparison.paper.trends
    )
    caption = (
        f"Months in which density doubles: point estimates with {comparison.ci:.0%} bootstrap intervals, posteriors "
        f"with {comparison.ci:.0%} credible intervals, claims as they were published, without one. Windows: {windows}."
    )
    return Table("paper", caption, pd.DataFrame(shown), pd.DataFrame(rows), folded=True)


def _written(rate: Rate) -> dict[str, str]:
    """A rate in the cells of a table."""
    return {
        "what": rate.what,
        "months to double": months(rate.months[0]) if np.isnan(rate.lower) else interval(_row(rate.months)),
        "R²": "" if rate.line is None else f"{rate.line.r_squared:.2f}",
        "P(growth)": "" if np.isnan(rate.probability_positive) else f"{rate.probability_positive:.3f}",
    }


def _beside(comparison: Comparison) -> Iterator[Table]:
    """Point estimates with the references of other studies."""
    for other in comparison.beside:
        rows = [{"to": trend.window.end, **_written(points(trend, key))} for trend in other.trends for key in POINTS]
        caption = f"Point estimates with the reference of '{other.study.name}'."
        yield Table(f"beside-{other.study.name}", caption, pd.DataFrame(rows))


def _reasons(comparison: Comparison) -> Table:
    """What separates the numbers, each with the other choices held fixed."""
    trends = comparison.paper.trends
    last = trends[-1]
    by_trend = {key: [months(doubling_months(getattr(trend, key).rate)) for trend in trends] for key in POINTS}
    records, everyone = (by_trend[key][-1] for key in POINTS)
    reasons = [
        (
            "selection",
            f"The same points over the same window: {records} months through the {last.records.points} records, "
            f"{everyone} through all {last.llms} LLMs. {RECORDS_CANNOT_FALL}",
        )
    ]
    if len(trends) > 1:
        ends = ", ".join(f"to {trend.window.end}" for trend in trends)
        listed = [", ".join(by_trend[key]) for key in POINTS]
        reasons.append(("window", f"{ends}: records {listed[0]}; all LLMs {listed[1]}."))
    if comparison.posterior:
        rates = {rate.key: months(rate.months[0]) for rate in comparison.rates(len(trends) - 1)}
        reasons.append(
            (
                "estimates",
                f"Records of point estimates {rates['records_points']}, of posterior draws "
                f"{rates['records_posterior']}; all LLMs {rates['everyone_points']} and {rates['everyone_posterior']}. "
                f"Point estimates lack the {len(comparison.paper.failed_inversions)} inversions that failed, the "
                "posterior does not.",
            )
        )
    for other in comparison.beside:
        listed = [months(doubling_months(trend.records.rate)) for trend in other.trends]
        reasons.append(("reference", f"Records with that of {other.study.name}: {', '.join(listed)}."))
    return Table("reasons", "Why they differ, in months.", pd.DataFrame(reasons, columns=["choice", "what it does"]))


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


def _records_table(comparison: Comparison) -> Table:
    table = _records(comparison, len(comparison.paper.trends) - 1)
    shown = pd.DataFrame({"released": table["release_date"], "LLM": table["llm"]})
    shown["density"] = [density(value) for value in table["density"]]
    caption = "Records over all releases."
    if comparison.posterior:
        caption = "Records over all releases, and the posterior probability that it was one."
        shown["P(record)"] = [f"{value:.2f}" for value in table["probability_record"]]
        shown["a record of"] = np.where(table["record_of_points"], "point estimates", "posterior draws only")
    return Table("records", caption, shown, table)


def _failed(paper: Replication) -> Table:
    failed, rows = paper.failed_inversions, list[tuple[object, ...]]()
    for (benchmark, reason), group in failed.groupby(["benchmark", "reason"]):
        listed = ", ".join(group["llm"].head(3)) + (", ..." if len(group) > 3 else "")
        rows.append((benchmark, len(group), reason, listed))
    caption = (
        f"Inversions that failed: {len(failed)} of {len(paper.cells)} (left out, which censors; every one with --json; "
        f"'far' is a factor of {FARTHEST:g})."
    )
    return Table("failed", caption, pd.DataFrame(rows, columns=["benchmark", "inversions", "why", "LLMs"]), failed)


def _claims(claims: pd.DataFrame) -> Table:
    stated = [
        f"{row.value} {row.unit}".strip()
        + ("" if np.isnan(row.months) or row.unit == "months" else f" = {row.months:.2f} months")
        for row in claims.itertuples()
    ]
    shown = pd.DataFrame({"claim": claims["claim"], "stated": stated, "source": claims["source"]})
    caption = "What the published versions state (bayesdensity/data/claims.csv)."
    return Table("claims", caption, shown, claims)

"""Studies and fits in words and in JSON: what the command line prints. Every number comes from one Estimate."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.fit import Fit
from bayesdensity.paper_mode import record_rate
from bayesdensity.study import Study

SHOWN = 12
"""Rows of LLMs that a summary prints."""
ENDS = ("median", "lower", "upper")
QUOTED_DATES = ("2023-07-01", "2024-07-01", "2025-07-01", "2026-07-01")


def study_json(study: Study, tables: Tables) -> dict[str, Any]:
    """The resolved study, counts of its data, and every row left out with its reason."""
    selection = select(study, tables)
    return {
        "study": study.name,
        "digest": study.digest,
        "tables_digest": tables.digest,
        "n_llms": len(selection.llms),
        "n_reference_llms": len(selection.reference_llms),
        "n_scores": len(selection.scores),
        "n_runs": len(selection.runs),
        "scores_per_benchmark": selection.scores["benchmark"].value_counts().to_dict(),
        "left_out": selection.left_out.to_dict(orient="records"),
        "settings": study.model_dump(mode="json"),
    }


def study_text(study: Study, tables: Tables) -> str:
    """The resolved study for a reader."""
    selection = select(study, tables)
    per_benchmark = selection.scores["benchmark"].value_counts()
    reference = study.reference
    yardstick = (
        f"the {len(selection.reference_llms)} dense models of family {reference.family}"
        if reference.kind == "family"
        else f"the training ladder '{reference.suite}' read off at {reference.tokens:.3g} tokens"
    )
    form = study.frontier
    lines = [
        f"{study.title}  [{study.name} {study.digest}]",
        study.why,
        "",
        f"targets     {len(selection.llms)} LLMs, {len(selection.scores)} scores, size: {study.llms.size} parameters",
        f"reference   {yardstick}; {len(selection.runs)} rows of reference trainings",
        "benchmarks  " + ", ".join(f"{name} ({per_benchmark.get(name, 0)})" for name in study.benchmarks),
        f"frontier    {form.form}, {form.trend} trend, {form.dispersion} dispersion, "
        f"family effects {'on' if form.family_effects else 'off'}, {form.quantile:g} quantile",
        "",
        "priors (central 90 % interval)",
        *(_prior_line(name, study) for name in type(study.priors).model_fields),
        "",
        f"left out: {len(selection.left_out)} rows (every row with --json)",
    ]
    counts = selection.left_out_counts()
    lines += [f"  {row.table:15s} {row.rows:5d}  {row.reason}" for row in counts.itertuples()]
    return "\n".join(lines)


def fit_json(fit: Fit, ci: float = q.DEFAULT_CI) -> dict[str, Any]:
    """Summary of a fit in the documented form."""
    d = fit.diagnostics
    out: dict[str, Any] = {
        "study": fit.study.name,
        **{
            key: fit.about[key]
            for key in ("digest", "tables_digest", "versions", "seed", "n_llms", "n_scores", "n_runs")
        },
        "diagnostics": {
            "max_rhat": q.jsonable(d.max_rhat),
            "min_ess_bulk": q.jsonable(d.min_ess_bulk),
            "divergences": d.divergences,
            "stuck_chains": [chain + 1 for chain in d.stuck_chains],
            "verdict": d.verdict,
            "sentence": d.sentence,
        },
        "window": list(q.window(fit)),
        "estimand": f"{fit.study.frontier.quantile:g} quantile of ln density among releases",
        **_trends(fit, "frontier", ci),
        "mean_trend": {"estimand": "mean ln density of releases", **_trends(fit, "mean", ci)},
        "benchmarks": _benchmarks(fit, ci),
        "probability_faster": _nested(q.probability_faster(fit)),
        "frontier_density": {
            date: _exp(interval) for date, interval in q.frontier(fit, _dates(fit), ci=ci).to_json().items()
        },
        "paper_mode": {"doubling_time_months": q.doubling_time(record_rate(fit, ci)).to_json()},
        "wall_seconds": fit.about["wall_seconds"],
    }
    return out


def fit_text(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """Summary of a fit for a reader, the verdict first."""
    d, start, end = fit.diagnostics, *q.window(fit)
    lines = [f"{d.verdict}: {d.sentence}", "", fit.study.title, _answer(fit, ci), ""]
    quantile = f"{fit.study.frontier.quantile:g}"
    lines.append(f"doubling time of density in months, {ci:.0%} interval")
    for label, estimand in ((f"frontier ({quantile} quantile)", "frontier"), ("mean of releases", "mean")):
        overall = q.rate(fit, estimand=estimand, ci=ci)  # type: ignore[arg-type]
        lines.append(_row(f"  {label}, {start} to {end}", q.doubling_time(overall)))
        at = q.doubling_time(q.rate_at(fit, _dates(fit), estimand, ci))  # type: ignore[arg-type]
        lines += [f"    at {date}{'':24s} {_interval(row)}" for date, row in at.to_frame().iterrows()]
    lines.append(f"  by benchmark, frontier, {start} to {end}")
    table = q.doubling_time(q.rate_by_benchmark(fit, ci=ci)).to_frame().sort_values("median")
    lines += [f"    {name!s:36s} {_interval(row)}" for name, row in table.iterrows()]
    lines.append(_row("  records by least squares (paper mode)", q.doubling_time(record_rate(fit, ci))))
    lines += ["", f"densest LLMs for their date (of {fit.about['n_llms']})", _densest(fit, ci), ""]
    wall = fit.about["wall_seconds"]
    lines.append(
        f"digest {fit.about['digest']}, seed {fit.about['seed']}; "
        f"{wall['compile']:.0f} s compile + {wall['sample']:.0f} s sample"
    )
    return "\n".join(lines)


def densities_table(fit: Fit, ci: float = q.DEFAULT_CI) -> pd.DataFrame:
    """One row for each LLM, in order of release."""
    density, size = q.density(fit, ci).to_frame(), q.effective_size(fit, ci).to_frame()
    unreachable = q.probability_unreachable(fit)
    llm = q.log_density_by_benchmark(fit).draws["llm"].to_numpy()
    return pd.DataFrame(
        {
            "release_date": fit.data["release_date"].to_numpy(),
            "params": np.exp(fit.data["log_size"].to_numpy() + fit.data.attrs["log_size_centre"]),
            **{f"density_{end}": density[end].to_numpy() for end in ENDS},
            **{f"effective_size_{end}": size[end].to_numpy() for end in ENDS},
            "probability_on_frontier": q.probability_on_frontier(fit).to_numpy(),
            "probability_unreachable": pd.Series(unreachable.to_numpy()).groupby(llm).max(),
        },
        index=pd.Index(density.index, name="llm"),
    )


def densities_csv(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """The table of LLMs as CSV."""
    buffer = io.StringIO()
    densities_table(fit, ci).to_csv(buffer, float_format="%.6g", quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return buffer.getvalue().rstrip("\n")


def densities_json(fit: Fit, ci: float = q.DEFAULT_CI) -> list[dict[str, Any]]:
    """The table of LLMs as JSON, with an interval for density and effective size on every benchmark too."""
    cells = q.log_density_by_benchmark(fit, ci)
    sizes = q.effective_size_by_benchmark(fit, ci)
    by_cell = [[_exp(one) for one in cells.to_json().values()], list(sizes.to_json().values())]
    labels = zip(cells.draws["llm"].to_numpy(), cells.draws["benchmark"].to_numpy(), strict=True)
    unreachable = q.probability_unreachable(fit).to_numpy()
    per_llm: dict[str, dict[str, Any]] = {}
    for k, (llm, benchmark) in enumerate(labels):
        per_llm.setdefault(str(llm), {})[str(benchmark)] = {
            "density": by_cell[0][k],
            "effective_size": by_cell[1][k],
            "probability_unreachable": float(unreachable[k]),
        }
    rows = []
    for name, row in densities_table(fit, ci).iterrows():
        ends = {key: {end: row[f"{key}_{end}"] for end in ENDS} for key in ("density", "effective_size")}
        rows.append(
            {
                "llm": str(name),
                "release_date": row["release_date"],
                "params": row["params"],
                **{key: {**values, "probability": ci, "kind": "eti"} for key, values in ends.items()},
                "probability_on_frontier": row["probability_on_frontier"],
                "probability_unreachable": row["probability_unreachable"],
                "benchmarks": per_llm[str(name)],
            }
        )
    return rows


def densities_text(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """The table of LLMs for a reader."""
    table = densities_table(fit, ci)
    lines = [f"{'llm':34s} {'released':10s} {'size':>8s}  {'density':24s} {'effective size':24s} frontier  unreachable"]
    for name, row in table.iterrows():
        density = f"{row.density_median:.3g} [{row.density_lower:.3g}, {row.density_upper:.3g}]"
        ends = (f"{row[f'effective_size_{end}'] / 1e9:.3g}" for end in ENDS)
        size = "{}B [{}B, {}B]".format(*ends)
        lines.append(
            f"{name!s:34s} {row.release_date:10s} {row.params / 1e9:>7.3g}B  {density:24s} {size:24s} "
            f"{row.probability_on_frontier:8.2f}  {row.probability_unreachable:11.2f}"
        )
    return "\n".join(lines)


def _answer(fit: Fit, ci: float) -> str:
    start, end = q.window(fit)
    rates = q.rate(fit, ci=ci)
    row = q.doubling_time(rates).to_frame_row()
    return (
        f"From {start} to {end} the {fit.study.frontier.quantile:g} quantile of density among releases doubled every "
        f"{_interval(row)} months ({ci:.0%} interval);\n"
        f"P(it grew) = {float(q.probability_positive(rates)):.3f}, "
        f"P(the pace slowed over the window) = {q.probability_slowing(fit):.2f}."
    )


def _trends(fit: Fit, estimand: Any, ci: float) -> dict[str, Any]:
    overall = q.rate(fit, estimand=estimand, ci=ci)
    return {
        "doubling_time_months": q.doubling_time(overall).to_json(),
        "rate_per_year": overall.to_json(),
        "doubling_time_months_at": q.doubling_time(q.rate_at(fit, _dates(fit), estimand, ci)).to_json(),
        "probability_rate_positive": float(q.probability_positive(overall)),
        "probability_slowing": q.probability_slowing(fit, estimand),
    }


def _benchmarks(fit: Fit, ci: float) -> dict[str, Any]:
    rates = q.rate_by_benchmark(fit, ci=ci)
    months, yearly, positive = q.doubling_time(rates).to_json(), rates.to_json(), q.probability_positive(rates)
    return {
        name: {
            "doubling_time_months": months[name],
            "rate_per_year": yearly[name],
            "probability_rate_positive": float(positive.sel(benchmark=name)),
        }
        for name in yearly
    }


def _dates(fit: Fit) -> list[str]:
    """Mid-year dates inside the window."""
    start, end = q.window(fit)
    inside = [date for date in QUOTED_DATES if start <= date <= end]
    return inside or [start, end]


def _densest(fit: Fit, ci: float) -> str:
    table = q.density(fit, ci).to_frame().add_prefix("density_")
    table["release_date"] = fit.data["release_date"].to_numpy()
    table["probability_on_frontier"] = q.probability_on_frontier(fit).to_numpy()
    table = table.sort_values("probability_on_frontier", ascending=False).head(SHOWN)
    lines = []
    for name, row in table.iterrows():
        ends = f"{row.density_median:.3g} [{row.density_lower:.3g}, {row.density_upper:.3g}]"
        lines.append(
            f"  {name!s:34s} {row.release_date}  density {ends:24s} P(on frontier) {row.probability_on_frontier:.2f}"
        )
    return "\n".join(lines)


def _prior_line(name: str, study: Study) -> str:
    prior = study.priors[name]
    return f"  {name:22s} {prior.shape:12s} [{prior.interval[0]:g}, {prior.interval[1]:g}]  {prior.why}"


def _row(label: str, estimate: q.Estimate) -> str:
    return f"{label:52s} {_interval(estimate.to_frame_row())}"


def _interval(row: Any) -> str:
    return f"{row['median']:.1f} [{row['lower']:.1f}, {row['upper']:.1f}]"


def _exp(interval: dict[str, Any]) -> dict[str, Any]:
    return {key: float(np.exp(value)) if key in ENDS else value for key, value in interval.items()}


def _nested(matrix: Any) -> dict[str, dict[str, float]]:
    names = [str(name) for name in matrix["benchmark"].to_numpy()]
    return {a: {b: float(matrix.sel(benchmark=a, than=b)) for b in names if b != a} for a in names}

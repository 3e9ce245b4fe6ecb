"""Summary of a fit in words and in JSON."""

from __future__ import annotations

from typing import Any

from bayesdensity import quantities as q
from bayesdensity.describe.words import exp_interval, interval_text, row_text
from bayesdensity.fit import Fit
from bayesdensity.paper_mode import record_rate

SHOWN = 12
"""Rows of LLMs that a summary prints."""
QUOTED_DATES = ("2023-07-01", "2024-07-01", "2025-07-01", "2026-07-01")


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
            date: exp_interval(interval) for date, interval in q.frontier(fit, _dates(fit), ci=ci).to_json().items()
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
        lines.append(row_text(f"  {label}, {start} to {end}", q.doubling_time(overall)))
        at = q.doubling_time(q.rate_at(fit, _dates(fit), estimand, ci))  # type: ignore[arg-type]
        lines += [f"    at {date}{'':24s} {interval_text(row)}" for date, row in at.to_frame().iterrows()]
    lines.append(f"  by benchmark, frontier, {start} to {end}")
    table = q.doubling_time(q.rate_by_benchmark(fit, ci=ci)).to_frame().sort_values("median")
    lines += [f"    {name!s:36s} {interval_text(row)}" for name, row in table.iterrows()]
    lines.append(row_text("  records by least squares (paper mode)", q.doubling_time(record_rate(fit, ci))))
    lines += ["", f"densest LLMs for their date (of {fit.about['n_llms']})", _densest(fit, ci), ""]
    wall = fit.about["wall_seconds"]
    lines.append(
        f"digest {fit.about['digest']}, seed {fit.about['seed']}; "
        f"{wall['compile']:.0f} s compile + {wall['sample']:.0f} s sample"
    )
    return "\n".join(lines)


def _answer(fit: Fit, ci: float) -> str:
    start, end = q.window(fit)
    rates = q.rate(fit, ci=ci)
    row = q.doubling_time(rates).to_frame_row()
    return (
        f"From {start} to {end} the {fit.study.frontier.quantile:g} quantile of density among releases doubled every "
        f"{interval_text(row)} months ({ci:.0%} interval);\n"
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


def _nested(matrix: Any) -> dict[str, dict[str, float]]:
    names = [str(name) for name in matrix["benchmark"].to_numpy()]
    return {a: {b: float(matrix.sel(benchmark=a, than=b)) for b in names if b != a} for a in names}

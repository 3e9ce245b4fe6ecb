"""Summary of a fit in words and in JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bayesdensity import quantities as q
from bayesdensity.checks import checks_of, worst
from bayesdensity.describe.answer import answer_sentences
from bayesdensity.describe.checks import check_json, checks_text, diagnostics_json
from bayesdensity.describe.words import exp_interval, growth_json, growth_rows, in_lines
from bayesdensity.inference.result import Fit
from bayesdensity.published import record_rate

WIDTH = 110
"""Characters of a line of sentences."""
SHOWN = 12
"""Rows of LLMs that a summary prints."""
QUOTED_DATES = ("2023-07-01", "2024-07-01", "2025-07-01", "2026-07-01")


def fit_json(fit: Fit, ci: float = q.DEFAULT_CI) -> dict[str, Any]:
    """Summary of a fit in the documented form."""
    out: dict[str, Any] = {
        "study": fit.study.name,
        **{
            key: fit.about[key]
            for key in ("digest", "tables_digest", "versions", "seed", "n_llms", "n_scores", "n_runs")
        },
        "diagnostics": diagnostics_json(fit.diagnostics),
        "verdict": worst(one.verdict for one in checks_of(fit)),
        "checks": [check_json(one) for one in checks_of(fit)],
        "window": list(q.window(fit)),
        "estimand": f"{fit.study.frontier.quantile:g} quantile of ln density among releases",
        **_trends(fit, "frontier", ci),
        "mean_trend": {"estimand": "mean ln density of releases", **_trends(fit, "mean", ci)},
        **_form(fit, ci),
        "benchmarks": _benchmarks(fit, ci),
        "new_benchmark": growth_json(q.rate_of_new_benchmark(fit, ci=ci)),
        "benchmark_rate_spread": q.rate_spread(fit, ci).to_json(),
        "probability_faster": _nested(q.probability_faster(fit)),
        "frontier_density": {
            date: exp_interval(interval)
            for date, interval in q.frontier(fit, quoted_dates(fit), ci=ci).to_json().items()
        },
        "paper_mode": growth_json(record_rate(fit, ci=ci)),
        "wall_seconds": fit.about["wall_seconds"],
    }
    return out


def summary(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """Summary of a fit for a reader: verdict, answer, doubling times, rates by benchmark, densest LLMs.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.

    Returns
    -------
    str
        What the command ``bayesdensity summary`` prints.

    Raises
    ------
    InputError
        If only the reference was fitted, which has no density.

    Examples
    --------
    >>> from bayesdensity.inference.result import load_fit
    >>> print(summary(load_fit("densing-law.nc"), ci=0.8))  # doctest: +SKIP
    """
    q.require_targets(fit)
    start, end = q.window(fit)
    lines = [*checks_text(checks_of(fit)), "", fit.study.title]
    lines += [*(in_lines(sentence, WIDTH) for sentence in answer_sentences(fit, ci)), ""]
    lines.append(f"{f'doubling time of density in months, {ci:.0%} interval':75s} P(growth)")
    for label, estimand in estimands(fit).items():
        lines += growth_rows([f"  {label}, {start} to {end}"], q.rate(fit, estimand=estimand, ci=ci))
        if estimand != "envelope":
            lines += growth_rows(
                [f"    at {date}" for date in quoted_dates(fit)], q.rate_at(fit, quoted_dates(fit), estimand, ci)
            )
    lines.append(f"  by benchmark, frontier, {start} to {end}")
    rates = q.rate_by_benchmark(fit, ci=ci)
    fastest = rates.draws.median(q.SAMPLE).to_series().sort_values(ascending=False).index
    lines += growth_rows([f"    {name}" for name in fastest], replace(rates, draws=rates.draws.sel(benchmark=fastest)))
    lines += growth_rows(["    a benchmark not yet seen"], q.rate_of_new_benchmark(fit, ci=ci))
    lines += growth_rows(["  records by least squares (paper mode)"], record_rate(fit, ci=ci))
    lines += _change_text(fit, ci)
    lines += ["", f"densest LLMs for their date (of {fit.about['n_llms']})", _densest(fit, ci), ""]
    wall = fit.about["wall_seconds"]
    lines.append(
        f"digest {fit.about['digest']}, seed {fit.about['seed']}; "
        f"{wall['compile']:.0f} s compile + {wall['sample']:.0f} s sample"
    )
    return "\n".join(lines)


fit_text = summary
"""Its name among the texts and the JSON of this folder."""


def estimands(fit: Fit) -> dict[str, q.Estimand]:
    """What a fit has a rate of over its window, by what it is called."""
    shown: dict[str, q.Estimand] = {
        f"frontier ({fit.study.frontier.quantile:g} quantile)": "frontier",
        "mean of releases": "mean",
    }
    return {**shown, "envelope of families": "envelope"} if fit.study.frontier.family_effects else shown


def _trends(fit: Fit, estimand: q.Estimand, ci: float) -> dict[str, Any]:
    at = q.rate_at(fit, quoted_dates(fit), estimand, ci)
    positive = q.probability_positive(at).to_numpy()
    return {
        **growth_json(q.rate(fit, estimand=estimand, ci=ci)),
        "doubling_time_months_at": q.doubling_time(at).to_json(),
        "probability_rate_positive_at": {date: float(p) for date, p in zip(quoted_dates(fit), positive, strict=True)},
        "probability_slowing": q.probability_slowing(fit, estimand),
    }


def _form(fit: Fit, ci: float) -> dict[str, Any]:
    """What only some forms of the frontier have."""
    found: dict[str, Any] = {}
    if fit.study.frontier.family_effects:
        found["envelope"] = {
            "estimand": "mean ln density of the densest family so far",
            **growth_json(q.rate(fit, estimand="envelope", ci=ci)),
        }
    if fit.study.frontier.trend == "change-point":
        change = q.change_point(fit, ci)
        found["change_point"] = {
            "year": change.year.to_json(),
            "before": growth_json(change.before),
            "after": growth_json(change.after),
            "rate_ratio": change.ratio.to_json(),
            "probability_acceleration": change.probability_acceleration,
            "benchmarks": {
                name: {
                    when: growth_json(replace(rates, draws=rates.draws.sel(benchmark=name)))
                    for when, rates in (("before", change.before_by_benchmark), ("after", change.after_by_benchmark))
                }
                for name in map(str, fit.data["benchmark"].to_numpy())
            },
        }
    return found


def _change_text(fit: Fit, ci: float) -> list[str]:
    if fit.study.frontier.trend != "change-point":
        return []
    change, names = q.change_point(fit, ci), fit.data["benchmark"].to_numpy()
    year, ratio = (one.to_frame_row() for one in (change.year, change.ratio))
    when = f"{year['median']:.1f}"
    if fit.study.frontier.break_date is None:
        when = f"an inferred date, {year['median']:.1f} [{year['lower']:.1f}, {year['upper']:.1f}]"
    return [
        f"  change of pace of the mean at {when}",
        *growth_rows(["    before"], change.before),
        *growth_rows([f"      on {name}" for name in names], change.before_by_benchmark),
        *growth_rows(["    after"], change.after),
        *growth_rows([f"      on {name}" for name in names], change.after_by_benchmark),
        f"    rate after over rate before: {ratio['median']:.2f} [{ratio['lower']:.2f}, {ratio['upper']:.2f}]; "
        f"P(acceleration) = {change.probability_acceleration:.2f}",
    ]


def _benchmarks(fit: Fit, ci: float) -> dict[str, Any]:
    rates = q.rate_by_benchmark(fit, ci=ci)
    names = [str(name) for name in rates.draws["benchmark"].to_numpy()]
    return {name: growth_json(replace(rates, draws=rates.draws.sel(benchmark=name))) for name in names}


def quoted_dates(fit: Fit) -> list[str]:
    """Mid-year dates inside the window, or else its ends: those at which rates are quoted."""
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

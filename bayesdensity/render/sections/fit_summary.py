"""Summary of a fit: the verdict, the answer, doubling times, rates by benchmark, and the densest LLMs."""

from __future__ import annotations

from typing import Any

from bayesdensity import quantities as q
from bayesdensity.base.format import fixed, interval
from bayesdensity.base.jsonable import exp_interval
from bayesdensity.checks import checks_of
from bayesdensity.inference.result import Fit
from bayesdensity.published import record_rate
from bayesdensity.render.blocks import Block, Paragraph, Verdicts
from bayesdensity.render.sections import explained
from bayesdensity.render.sections.answer import answer_sentences
from bayesdensity.render.sections.checks import judgement
from bayesdensity.render.sections.densities import densest_table
from bayesdensity.render.sections.growth import (
    benchmark_table,
    doubling_blocks,
    growth,
    growth_by,
    growth_by_group,
    quoted_dates,
)
from bayesdensity.render.text import to_text
from bayesdensity.study.phrases import estimand_phrase

INFLATION = 0.1
"""Logits a year at which inflation of scores is priced."""
COUNTS = ("digest", "tables_digest", "tables_date", "versions", "seed", "n_llms", "n_scores", "n_runs")


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
    return to_text(blocks(fit, ci))


def blocks(fit: Fit, ci: float = q.DEFAULT_CI) -> list[Block]:
    """Summary of a fit for a reader."""
    q.require_targets(fit)
    wall = fit.about["wall_seconds"]
    return [
        Verdicts(checks_of(fit)),
        Paragraph(fit.study.title),
        *(Paragraph(sentence, "answer") for sentence in answer_sentences(fit, ci)),
        *([Paragraph(explained.sentence(fit, {}, None, ci))] if fit.study.covariates else []),
        *doubling_blocks(fit, ci),
        benchmark_table(fit, ci),
        densest_table(fit, ci),
        Paragraph(inflation_sentence(fit, ci)),
        made_in(fit.about["digest"], fit.about["seed"], wall),
    ]


def inflation_sentence(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """The exchange rate between inflation of scores and months to double."""
    rates = q.rate(fit, ci=ci), q.without_inflation(fit, INFLATION, ci)
    now, without = (interval(q.doubling_time(one).to_frame_row()) for one in rates)
    unit = "months to double"
    if not all(one.to_frame_row()["median"] > 0 for one in rates):
        now, without = (interval(one.to_frame_row(), fixed(2)) for one in rates)
        unit = "natural logarithms a year"
    return (
        f"If scores rose by {INFLATION:g} logits a year without what they measure (contamination, training on tasks), "
        f"{now} {unit} would be {without}."
    )


def made_in(digest: str, seed: int, wall: dict[str, float]) -> Paragraph:
    """What it takes to make a fit again, and how long it took.

    Parameters
    ----------
    digest : str
        Of the study.
    seed : int
        Of the sampler.
    wall : dict of float
        Seconds that ``compile`` and ``sample`` took.
    """
    return Paragraph(f"digest {digest}, seed {seed}; {wall['compile']:.0f} s compile + {wall['sample']:.0f} s sample")


def data(fit: Fit, ci: float = q.DEFAULT_CI) -> dict[str, Any]:
    """Summary of a fit in the documented form."""
    frontier, dates = fit.study.frontier, quoted_dates(fit)
    return {
        "study": fit.study.name,
        **{key: fit.about.get(key, "") for key in COUNTS},
        **judgement(fit.diagnostics, checks_of(fit)),
        "window": q.window(fit),
        "estimand": estimand_phrase("frontier", frontier.quantile),
        **_trend(fit, "frontier", ci),
        "mean_trend": {"estimand": estimand_phrase("mean", frontier.quantile), **_trend(fit, "mean", ci)},
        **(_envelope(fit, ci) if frontier.family_effects else {}),
        **(_change_of_pace(fit, ci) if frontier.trend == "change-point" else {}),
        **_inside(fit, ci),
        "benchmarks": growth_by(q.rate_by_benchmark(fit, ci=ci), "benchmark"),
        **growth_by_group(fit, ci),
        **(_between_benchmarks(fit, ci) if len(fit.study.benchmarks) > 1 else {}),
        "frontier_density": {
            date: exp_interval(interval) for date, interval in q.frontier(fit, dates, ci=ci).to_json().items()
        },
        **({"explained": explained.data(fit, {}, ci=ci)} if fit.study.covariates else {}),
        "score_inflation": _inflation(fit, ci),
        "paper_mode": growth(record_rate(fit, ci=ci)),
        "wall_seconds": fit.about["wall_seconds"],
    }


def _trend(fit: Fit, estimand: q.Estimand, ci: float) -> dict[str, Any]:
    rates = q.rate_at(fit, quoted_dates(fit), estimand, ci)
    positive = q.probability_positive(rates).to_numpy()
    return {
        **growth(q.rate(fit, estimand=estimand, ci=ci)),
        "doubling_time_months_at": q.doubling_time(rates),
        "probability_rate_positive_at": dict(zip(quoted_dates(fit), positive, strict=True)),
        "probability_slowing": q.probability_slowing(fit, estimand),
    }


def _inflation(fit: Fit, ci: float) -> dict[str, Any]:
    """What 0.1 logits a year of inflation would be worth, and the frontier without them."""
    worth = q.rate_of_inflation(fit, ci)
    without = q.without_inflation(fit, INFLATION, ci)
    return {"logits_per_year": INFLATION, "rate_per_year_per_logit": worth, "without": growth(without)}


def _inside(fit: Fit, ci: float) -> dict[str, Any]:
    """Rates where scores beyond the reference say only that they lie beyond; none where these draws were not made."""
    inside = q.inside_range(fit)
    if inside is None:
        return {}
    rates = {estimand: growth(q.rate(inside, estimand=estimand, ci=ci)) for estimand in ("frontier", "mean")}
    told = {f"{name}_inside": value for name, value in rates["frontier"].items()}
    return {**told, "mean_trend_inside": rates["mean"]}


def _between_benchmarks(fit: Fit, ci: float) -> dict[str, Any]:
    return {
        "new_benchmark": growth(q.rate_of_new_benchmark(fit, ci=ci)),
        "benchmark_rate_spread": q.rate_spread(fit, ci),
        "probability_faster": _each_other(q.probability_faster(fit)),
    }


def _envelope(fit: Fit, ci: float) -> dict[str, Any]:
    phrase = estimand_phrase("envelope", fit.study.frontier.quantile)
    return {"envelope": {"estimand": phrase, **growth(q.rate(fit, estimand="envelope", ci=ci))}}


def _change_of_pace(fit: Fit, ci: float) -> dict[str, Any]:
    change = q.change_point(fit, ci)
    before, after = (growth_by(rates, "benchmark") for rates in (change.before_by_benchmark, change.after_by_benchmark))
    told = {
        "year": change.year,
        "before": growth(change.before),
        "after": growth(change.after),
        "rate_ratio": change.ratio,
        "probability_acceleration": change.probability_acceleration,
        "benchmarks": {name: {"before": before[name], "after": after[name]} for name in before},
    }
    return {"change_point": told}


def _each_other(matrix: Any) -> dict[str, dict[str, float]]:
    names = [str(name) for name in matrix["benchmark"].to_numpy()]
    return {
        name: {other: float(matrix.sel(benchmark=name, than=other)) for other in names if other != name}
        for name in names
    }

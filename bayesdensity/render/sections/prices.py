"""How fast prices fall, by what is held fixed, and why published numbers differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import chance, density, interval, months
from bayesdensity.checks.sampler import convergence_check
from bayesdensity.quantities.estimate import Estimate
from bayesdensity.quantities.price_answer import PriceAnswer
from bayesdensity.quantities.prices import halving_time
from bayesdensity.render.blocks import Block, Paragraph, Table, Verdicts
from bayesdensity.render.sections.checks import judgement
from bayesdensity.render.sections.fit_summary import made_in

COUNTS = ("digest", "seed", "n_llms", "n_offers", "n_providers", "versions")


def data(answer: PriceAnswer) -> dict[str, Any]:
    """What prices say, in the documented form."""
    fit, ends = answer.fit, answer.end_points
    return {
        "benchmark": fit.study.benchmark,
        "reference": fit.study.reference,
        **{name: fit.about[name] for name in COUNTS},
        **judgement(fit.diagnostics, [convergence_check(fit.diagnostics)]),
        "window": answer.window,
        "prices_seen": answer.seen,
        "left_out": answer.offers.left_out["reason"].value_counts().to_dict(),
        **_fall(answer.overall),
        "at_dates": {date: _fall(answer.at_dates.sel(date=date)) for date in answer.at_dates.draws["date"].to_numpy()},
        "probability_slowing": answer.probability_slowing,
        "by_level": {level: _fall(answer.by_level.sel(quality=level)) for level in answer.levels},
        "records_months": {level: answer.records(level) for level in answer.levels},
        "by_kind": {kind: _fall(answer.by_kind.sel(kind=kind)) for kind in answer.kinds},
        "same_llm": {kind: _fall(answer.own.sel(kind=kind)) for kind in answer.kinds},
        "provider_line": None if answer.line is None else _fall(answer.line),
        "frontier_usd_per_mtok": answer.frontier,
        "end_points": {**ends._asdict(), "months": {str(n): value for n, value in ends.months.items()}},
        "published": answer.published,
        "wall_seconds": fit.about["wall_seconds"],
    }


def blocks(answer: PriceAnswer) -> list[Block]:
    """What prices say, for a reader, the verdict first."""
    fit, about = answer.fit, answer.fit.about
    counts = answer.offers.left_out["reason"].value_counts()
    return [
        Verdicts((convergence_check(fit.diagnostics),)),
        Paragraph(
            f"{about['n_offers']} offers of {about['n_llms']} LLMs with a score on {fit.study.benchmark}, by "
            f"{about['n_providers']} providers; LLMs released {answer.window[0]} to {answer.window[1]}, prices seen "
            f"{answer.seen[0]} to {answer.seen[1]}."
        ),
        *(Paragraph(f"left out: {n} rows, {why}") for why, n in counts.items()),
        Paragraph(answer_sentence(answer), "answer"),
        halving_table(answer),
        frontier_table(answer),
        *why_they_differ(answer),
        made_in(about["digest"], about["seed"], about["wall_seconds"]),
    ]


def answer_sentence(answer: PriceAnswer) -> str:
    """The halving time at fixed quality, and of one and the same LLM."""
    held = interval(halving_time(answer.overall).to_frame_row())
    several = [kind for kind in answer.kinds if kind.endswith("several sellers")]
    kind = several[0] if several else answer.kinds[0]
    same = interval(halving_time(answer.own.sel(kind=kind)).to_frame_row())
    return (
        f"At fixed {answer.fit.study.benchmark} the price of an LLM at its release halves in {held} months "
        f"({answer.ci:.0%} interval; the probability that the fall slowed is "
        f"{chance(answer.probability_slowing).removeprefix('= ')}); the price of one and the same LLM ({kind}) in "
        f"{same} months."
    )


def halving_table(answer: PriceAnswer) -> Table:
    """Halving times by what is held fixed."""
    table = answer.table()
    shown = pd.DataFrame(
        {
            "held fixed": table["held_fixed"],
            "of": table["of"],
            "months to halve": [interval(row, months, "halving_months_") for row in table.to_dict("records")],
            "records": ["" if np.isnan(value) else months(value) for value in table["halving_months_records"]],
            "P(falls)": [chance(value).removeprefix("= ") for value in table["probability_falls"]],
        }
    )
    caption = (
        f"Months in which price halves, by what is held fixed: median [{answer.ci:.0%} interval]; records: the "
        "cheapest so "
        "far at the level or above, by least squares, as it is published."
    )
    return Table("prices", caption, shown, table)


def frontier_table(answer: PriceAnswer) -> Table:
    """The frontier of price at some dates."""
    study, summary = answer.fit.study, answer.frontier.summary
    dates = [str(date) for date in summary["date"].to_numpy()][:: max(1, len(summary["date"]) // 6)]
    prices = [interval(summary.sel(date=date), density) for date in dates]
    caption = (
        f"USD per million tokens (three parts input, one output) of the cheapest LLMs at {study.benchmark} "
        f"{study.reference:g}: {study.quantile:g} quantile of LLMs of that quality released at a date, at an average "
        "provider."
    )
    return Table("frontier", caption, pd.DataFrame({"released": dates, "price": prices}), answer.frontier.to_frame())


def why_they_differ(answer: PriceAnswer) -> list[Block]:
    """The published numbers beside ours, and what each of them holds fixed."""
    ends = answer.end_points
    first, last = sorted(ends.months)
    arithmetic = (
        f"The published {months(ends.months[first])} and {months(ends.months[last])} months are arithmetic on two "
        "prices: "
        f"{ends.first:g} USD, then {ends.last:g} USD, a ratio of {ends.ratio:.1f} or {_halvings(ends.ratio):.1f} "
        "halvings, "
        f"in {first} months, or in {last} if both months count. No third price enters, and so there "
        "is no interval; nor is quality fixed, for the second LLM is the better one."
    )
    shown = answer.published.assign(months=answer.published["months"].map(months))
    reason = (
        "Published numbers differ by what they hold fixed, and from where on. Those of the cheapest LLM so far above a "
        "threshold (records, by least squares, in the table above) move with the threshold and with the price that "
        "begins "
        "the record. Those at a fixed tier hold a provider's line fixed, which gets better at nearly the same price, "
        "or one "
        "LLM, whose price hardly moves."
    )
    caption = "Published halving times, as stated or from the factor a year that is."
    return [Paragraph(arithmetic), Paragraph(reason), Table("published", caption, shown, answer.published)]


def _halvings(ratio: float) -> float:
    return float(np.log2(ratio))


def _fall(rate: Estimate) -> dict[str, Any]:
    """A rate and its halving time."""
    falls = float((rate.draws > 0).mean())
    return {"halving_time_months": halving_time(rate), "rate_per_year": rate, "probability_falls": falls}

"""How far an answer rests on the choices of its study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from bayesdensity.base.format import interval, months, percent
from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.sensitivity.effects import AXIS, Sensitivity
from bayesdensity.sensitivity.results import sensitivity_data as data
from bayesdensity.sensitivity.results import sentences
from bayesdensity.sensitivity.running import Planned

__all__ = ["blocks", "data", "plan_blocks", "plan_sentence", "sensitivity"]

MOST = 12
"""Rows that are shown of a long table."""


def sensitivity(source: Source) -> Section | None:
    """What the answer rests on; None if nobody asked."""
    answer = source.sensitivity
    if answer is None:
        return None
    shown: list[Block] = [Paragraph(text) for text in sentences(answer)]
    if len(answer.specifications) > 1:
        shown += [
            Picture("specifications", plot_specifications(answer)),
            _variants(answer),
            Picture("tornado", plot_tornado(answer)),
        ]
    if len(answer.influence):
        shown += [Picture("influence", plot_influence(answer)), _influence(answer, folded=True)]
    return Section("sensitivity", "Sensitivity", tuple(shown))


def blocks(answer: Sensitivity) -> list[Block]:
    """Headline, tornado, decomposition, priors and influence for a reader."""
    study, table = answer.study, answer.specifications
    head = f"Doubling time in months of the {answer.of}: median and {answer.ci:.0%} interval."
    shown: list[Block] = [Paragraph(f"{study.title}  [{study.name} {study.digest}]"), Paragraph(head)]
    shown += [*(Paragraph(text) for text in sentences(answer)), _tornado(answer), _decomposition(answer)]
    if len(answer.priors):
        shown.append(_priors(answer))
    if len(answer.influence):
        shown.append(_influence(answer))
    if answer.failed:
        rows = pd.DataFrame(answer.failed.items(), columns=["variant", "why"])
        shown.append(Table("failed", "Without an answer.", rows))
    doubtful = table.index[table["verdict"] != "PASS"]
    if len(doubtful):
        names = "; ".join(doubtful)
        shown.append(Paragraph(f"Not converged well enough (verdict, max_rhat, divergences): {names}."))
    return shown


def plan_blocks(planned: Sequence[Planned], workers: int) -> list[Block]:
    """What has to be done for each variant, and how long it takes, about."""
    rows = [
        (row.variant.key, row.n_llms, row.n_scores, f"{row.how}: {row.why}" if row.why else row.how) for row in planned
    ]
    shown = pd.DataFrame(rows, columns=["variant", "LLMs", "scores", "how"])
    return [Table("plan", "What would be done.", shown), Paragraph(plan_sentence(planned, workers))]


def plan_sentence(planned: Sequence[Planned], workers: int) -> str:
    """How much there is to do, in one line."""
    todo = [row for row in planned if row.how not in ("known", "impossible")]
    minutes = sum(row.seconds for row in todo) / workers / 60
    known = sum(row.how == "known" for row in planned)
    return (
        f"{len(planned)} variants: {len(todo)} to answer, {known} known from before; "
        f"about {max(1, round(minutes))} minutes with {workers} workers."
    )


def _variants(answer: Sensitivity) -> Table:
    table = answer.specifications
    shown = pd.DataFrame(
        {
            "variant": table.index,
            "months to double": _intervals(table),
            "LLMs": table["n_llms"].to_numpy(),
            "scores": table["n_scores"].to_numpy(),
            "window": [f"{row.window_start} to {row.window_end}" for row in table.itertuples()],
            "converged": table["verdict"].to_numpy(),
        }
    )
    caption = (
        f"Doubling time of the {answer.of} in every variant: median [{answer.ci:.0%} interval] over its own window."
    )
    rows = table.rename(columns=lambda name: str(name).removeprefix(AXIS)).reset_index()
    return Table("variants", caption, shown, rows, folded=True)


def _tornado(answer: Sensitivity) -> Table:
    rows = [
        {
            "choice": str(axis),
            "fastest": months(row["fastest_median"]),
            "by": row["fastest"],
            "slowest": months(row["slowest_median"]),
            "by ": row["slowest"],
            "width of the interval": f"x {row['narrowest_ratio']:.2f} to {row['widest_ratio']:.2f}",
        }
        for axis, row in answer.tornado.iterrows()
    ]
    caption = "One choice made otherwise: months to double, and the width of the interval beside that of the study."
    return Table("tornado", caption, pd.DataFrame(rows), answer.tornado.reset_index())


def _decomposition(answer: Sensitivity) -> Table:
    table = answer.decomposition
    shown = pd.DataFrame({"source": table.index, "share": [percent(share, 1) for share in table["share"]]})
    caption = "Where the variance of the rate comes from, every choice as good as another."
    return Table("decomposition", caption, shown, table.reset_index())


def _priors(answer: Sensitivity) -> Table:
    order = answer.priors["shift_sd"].abs().sort_values(ascending=False, kind="stable").index
    table = answer.priors.reindex(order).head(MOST)
    shown = pd.DataFrame(
        {
            "prior": [str(name) for name, _ in table.index],
            "width": [f"x {width:g}" for _, width in table.index],
            "change of the rate": _signed(table["shift_sd"]),
            "months to double": _intervals(table),
            "how": table["method"].to_numpy(),
        }
    )
    caption = "One prior narrower or wider: change of the rate in posterior standard deviations, largest first."
    return Table("priors", caption, shown, answer.priors.reset_index())


def _influence(answer: Sensitivity, *, folded: bool = False) -> Table:
    table = answer.influence.head(MOST)
    shown = pd.DataFrame(
        {
            "left out": [f"{name} ({kind})" for kind, name in table.index],
            "change of the rate a year": _signed(table["shift"]),
            "its Monte Carlo error": [f"{error:.2f}" for error in table["shift_mcse"]],
            "months to double without it": _intervals(table),
            "how": table["method"].to_numpy(),
        }
    )
    caption = f"What the {answer.of} does without single parts of the data, the {MOST} most influential."
    return Table("influence", caption, shown, answer.influence.reset_index(), folded=folded)


def _intervals(table: pd.DataFrame) -> list[str]:
    return [interval(row) for _, row in table.iterrows()]


def _signed(changes: Iterable[float]) -> list[str]:
    return [f"{change:+.2f}" for change in changes]

"""What stands beside a fit: how far its answer rests on choices, and the published procedure on the same tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity.describe.sensitivity import sentences
from bayesdensity.describe.words import interval_text
from bayesdensity.plots.paper import plot_paper
from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado
from bayesdensity.published.replication import Comparison, Rate
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.sensitivity.effects import AXIS, Sensitivity

MOST = 12
"""Rows of a table of influence that stand open."""


def sensitivity(source: Source) -> Section | None:
    """What the answer rests on; None if nobody asked."""
    found = source.sensitivity
    if found is None:
        return None
    blocks: list[Block] = [Paragraph(text) for text in sentences(found)]
    if len(found.specifications) > 1:
        blocks += [
            Picture("specifications", plot_specifications(found)),
            _variants(found),
            Picture("tornado", plot_tornado(found)),
        ]
    if len(found.influence):
        blocks += [Picture("influence", plot_influence(found)), _influence(found)]
    return Section("sensitivity", "Sensitivity", tuple(blocks))


def _variants(found: Sensitivity) -> Table:
    table = found.specifications
    shown = pd.DataFrame(
        {
            "variant": table.index,
            "months to double": [interval_text(row) for _, row in table.iterrows()],
            "LLMs": table["n_llms"].to_numpy(),
            "scores": table["n_scores"].to_numpy(),
            "window": [f"{row.window_start} to {row.window_end}" for row in table.itertuples()],
            "converged": table["verdict"].to_numpy(),
        }
    )
    caption = f"Doubling time of the {found.of} in every variant: median [{found.ci:.0%} interval] over its own window."
    data = table.rename(columns=lambda name: str(name).removeprefix(AXIS)).reset_index()
    return Table("variants", caption, shown, data, folded=True)


def _influence(found: Sensitivity) -> Table:
    table = found.influence
    shown = pd.DataFrame(
        {
            "left out": [f"{name} ({kind})" for kind, name in table.index],
            "change of the rate a year": [f"{value:+.2f}" for value in table["shift"]],
            "months to double without it": [interval_text(row) for _, row in table.iterrows()],
            "how": table["method"].to_numpy(),
        }
    )
    caption = f"What the {found.of} does without single parts of the data, the {MOST} most influential."
    return Table("influence", caption, shown.head(MOST), table.reset_index(), folded=True)


def paper(source: Source) -> Section:
    """The published procedure beside the posterior."""
    found = source.comparison
    if found is None:
        said = (
            "The published procedure needs the tables that the fit was made from; these are others. Name them with "
            "--data to see it here."
        )
        return Section("paper", "The published procedure", (Paragraph(said, "note"),))
    said = (
        "The procedure of arXiv 2412.04315, least squares through running records of point estimates, on the same "
        "tables, "
        ""
        "beside the same rules applied to draws of the posterior and beside the model. Records cannot fall: their "
        "P(growth) "
        "tells nothing, and their R² is high by construction."
    )
    return Section(
        "paper", "The published procedure", (Paragraph(said), Picture("paper", plot_paper(found)), _rates(found))
    )


def _rates(found: Comparison) -> Table:
    rows, data = list[dict[str, object]](), list[dict[str, object]]()
    for k, trend in enumerate(found.paper.trends):
        window = f"{trend.window.start} to {trend.window.end}"
        for rate in found.rates(k):
            middle, lower, upper = rate.months
            numbers = {"median": middle, "lower": lower, "upper": upper}
            said = f"{middle:.1f}" if np.isnan(lower) else interval_text(numbers)
            rows.append({"window": window, "what": rate.what, "months to double": said, **_fit_of(rate)})
            data.append({"window": window, "what": rate.what, "source": rate.source, **numbers})
    caption = (
        f"Months in which density doubles: point estimates with {found.ci:.0%} bootstrap intervals, posteriors with "
        f"{found.ci:.0%} credible intervals, claims as they were published, without one."
    )
    return Table("paper", caption, pd.DataFrame(rows), pd.DataFrame(data), folded=True)


def _fit_of(rate: Rate) -> dict[str, str]:
    grows = "" if np.isnan(rate.probability_positive) else f"{rate.probability_positive:.3f}"
    return {"R²": "" if rate.line is None else f"{rate.line.r_squared:.2f}", "P(growth)": grows}

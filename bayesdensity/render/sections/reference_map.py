"""What sizes are counted in: the loss law of the reference and the map from its size to scores."""

from __future__ import annotations

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import fixed, interval
from bayesdensity.plots.reference import plot_reference
from bayesdensity.render.blocks import Picture, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import yardstick


def reference(source: Source) -> Section:
    """Exponent, ceiling and floor on each benchmark, and the figure."""
    fit, ci = source.fit, source.ci
    draws, floor = fit.posterior, fit.data["floor"].to_numpy()
    exponent = q.Estimate("size_exponent", "exponent of size in the loss law", draws["link_exponent"], ci).to_frame()
    ceiling = q.Estimate("ceiling", "highest score", draws["ceiling"], ci).to_frame()
    shown = pd.DataFrame(
        {
            "benchmark": list(map(str, fit.data["benchmark"].to_numpy())),
            "size exponent": [interval(row, fixed(2)) for _, row in exponent.iterrows()],
            "ceiling of the score": [interval(row, fixed(2)) for _, row in ceiling.iterrows()],
            "floor of the score": [f"{value:g}" for value in floor],
        }
    )
    ends = [exponent.add_prefix("size_exponent_"), ceiling.add_prefix("ceiling_")]
    data = pd.concat(ends, axis=1).assign(floor=floor).rename_axis("benchmark").reset_index()
    caption = (
        f"The map from size to score of {yardstick(fit.study.reference)}, median [{ci:.0%} interval]: exponent of size "
        "in the loss law, highest score that the map reaches, and the score of guessing or what the study states."
    )
    blocks = Picture("reference", plot_reference(fit, ci)), Table("reference", caption, shown, data)
    return Section("reference", "Reference law and map", blocks)

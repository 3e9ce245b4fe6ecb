"""The forest of compressed LLMs shows every pair and every method, and a report has it where there are pairs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.plots.compression import plot_compression
from bayesdensity.quantities.compression import compression_ratios
from bayesdensity.render.sections import compression
from bayesdensity.render.sources import Source


def with_parents(tables: Tables) -> pd.DataFrame:
    """The table of LLMs, in which the smallest of each family was pruned from its largest."""
    llms = tables.llms.copy()
    for family, rows in llms.groupby("family"):
        if family != "Yardstick":
            child, parent = rows["params_total"].idxmin(), rows["params_total"].idxmax()
            llms.loc[child, ["parent", "compression"]] = (llms.at[parent, "llm"], "pruned")
    return llms


def test_a_forest_has_a_row_for_each_pair_and_each_method(world_fit: Fit, world_tables: Tables) -> None:
    found = compression_ratios(world_fit, with_parents(world_tables))
    figure = plot_compression(world_fit, found)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [*(pair.label for pair in found.pairs), "mean, pruned"]
    assert "a pair not yet seen" in figure.get_label()
    # Names lie inside the page, and so does what stands at the right.
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in (*axes.get_yticklabels(), *axes.texts)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_report_has_the_section_where_there_are_pairs(world_fit: Fit, world_tables: Tables) -> None:
    assert compression.compression(Source("world", world_fit)) is None
    assert compression.compression(Source("world", world_fit, world_tables)) is None
    tables = replace(world_tables, llms=with_parents(world_tables))
    section = compression.compression(Source("world", world_fit, tables))
    assert section is not None and section.key == "compression" and len(section.blocks) == 5

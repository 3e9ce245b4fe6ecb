"""What is said of quantized LLMs: their effective bits where there are any, and honestly that there are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bayesdensity.base.jsonable import jsonable
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.render.sections import compression
from bayesdensity.render.text import to_text


def quantized(fit: Fit, tables: Tables) -> tuple[Tables, str]:
    """The tables in which the first LLM of the fit is the second one, quantized."""
    llms, (child, parent) = tables.llms.copy(), map(str, fit.data["llm"].to_numpy()[:2])
    size = llms.loc[llms["llm"] == parent, "params_total"].item()
    llms.loc[llms["llm"] == child, ["parent", "compression", "params_total"]] = (parent, "quantized", size)
    return replace(tables, llms=llms), child


def test_effective_bits_are_sixteen_times_the_ratio(world_fit: Fit, world_tables: Tables) -> None:
    tables, child = quantized(world_fit, world_tables)
    told = jsonable(compression.data(world_fit, tables))
    (pair,) = told["pairs"]
    assert pair["child"] == child and pair["method"] == "quantized"
    for end in ("median", "lower", "upper"):
        assert pair["effective_bits"][end] == pytest.approx(16 * pair["density_ratio"][end])
    assert told["quantized"]["llms_in_tables"] == told["quantized"]["pairs"] == 1
    (published,) = told["quantized"]["published_multipliers"]
    assert published["effective_bits"] == pytest.approx(14.8, abs=0.05)


def test_words_say_how_many_are_quantized(world_fit: Fit, world_tables: Tables) -> None:
    tables, _ = quantized(world_fit, world_tables)
    words = " ".join(to_text(compression.blocks(world_fit, tables)).split())
    assert "1 LLMs of the tables are quantized, 1 with their parent in this fit" in words
    assert "are worth 0.923 of the parameters" in words

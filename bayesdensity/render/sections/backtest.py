"""Predictions of later releases beside what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import density, interval
from bayesdensity.base.jsonable import by_row
from bayesdensity.evaluation.backtesting import Backtest
from bayesdensity.render.blocks import Block, Paragraph, Table
from bayesdensity.render.sections import forecast_backtest as forecasts


def data(backtest: Backtest) -> dict[str, Any]:
    """A backtest in the documented form."""
    return {
        "scores": by_row(backtest.scores()),
        "cutoffs": by_row(backtest.cutoffs),
        "convergence": {cutoff: judged.sentence for cutoff, judged in backtest.verdicts.items()},
        "llms": backtest.llms,
        **({} if backtest.forecasts.empty else {"forecasts": forecasts.data(backtest.forecasts)}),
    }


def blocks(backtest: Backtest) -> list[Block]:
    """A backtest for a reader."""
    doubts = [
        Paragraph(f"{cutoff}: {judged.verdict}: {judged.sentence}")
        for cutoff, judged in backtest.verdicts.items()
        if judged.verdict != "PASS"
    ]
    asked = [] if backtest.forecasts.empty else forecasts.blocks(backtest.forecasts)
    return [_scores(backtest), _frontiers(backtest), *asked, *doubts]


def _scores(backtest: Backtest) -> Table:
    table, known = backtest.scores(), backtest.cutoffs["n_known"]
    shown = pd.DataFrame(
        {
            "cut-off": list(map(str, table.index)),
            "known": [str(int(known[cutoff])) if cutoff in known.index else "" for cutoff in table.index],
            "later": [str(int(n)) for n in table["n"]],
            "cover 50%": [f"{share:.2f}" for share in table["coverage_50%"]],
            "cover 90%": [f"{share:.2f}" for share in table["coverage_90%"]],
            "CRPS": [f"{value:.2f}" for value in table["crps"]],
            "elpd": [f"{value:.1f}" for value in table["elpd"]],
        }
    )
    caption = "Predictions of ln density of LLMs released within a year of a cut-off, from those released before it."
    return Table("scores", caption, shown, table.rename_axis("cutoff").reset_index())


def _frontiers(backtest: Backtest) -> Table:
    table = backtest.cutoffs
    rows = [row for _, row in table.iterrows()]
    then, now = (
        [interval(row, lambda value: density(np.exp(value)), f"frontier_{part}_") for row in rows]
        for part in ("predicted", "known")
    )
    shown = pd.DataFrame(
        {
            "cut-off": list(map(str, table.index)),
            "a year on": table["horizon_end"].to_list(),
            "frontier predicted": then,
            "as known now": now,
            "months to double, then": [interval(row, prefix="doubling_time_then_") for row in rows],
            "P(growth)": [f"{row['probability_rate_positive_then']:.2f}" for row in rows],
            "LLMs above it": [f"{row['share_above_frontier']:.2f}" for row in rows],
        }
    )
    caption = (
        "The frontier a year on as density, predicted then and known from all releases; doubling time as it was then, "
        "and the share of later LLMs above the predicted frontier."
    )
    return Table("cutoffs", caption, shown, table.rename_axis("cutoff").reset_index())

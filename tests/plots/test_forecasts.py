"""The figure of forecasts shows every benchmark, the records that came, and where they lie outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from pointed import pointed

from bayesdensity.data.masks import with_scores
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.forecasting import judged
from bayesdensity.evaluation.naive import records
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.result import Fit
from bayesdensity.plots.forecasts import plot_forecasts
from bayesdensity.quantities.ahead import log_size
from bayesdensity.quantities.releases import released
from bayesdensity.study.spec import Study

CUTOFFS = ("2024-07-01", "2025-01-01")
PASSED = Diagnostics(1.0, 900.0, 900.0, 0.9, 0.0, 0, (), "", "PASS", "converged.")


@pytest.fixture(scope="module")
def whole(world_study: Study, world_tables: Tables) -> Fit:
    return replace(pointed(world_study, world_tables), stored_diagnostics=PASSED)


@pytest.fixture(scope="module")
def forecasts(whole: Fit) -> pd.DataFrame:
    days = whole.data["release_date"].to_numpy().astype("datetime64[D]")
    known = {cutoff: days < np.datetime64(cutoff) for cutoff in CUTOFFS}
    then = {cutoff: replace(whole, data=with_scores(whole.data, keep_llms=keep)) for cutoff, keep in known.items()}
    return pd.concat([judged(whole, fit, cutoff) for cutoff, fit in then.items()], ignore_index=True)


def test_each_benchmark_has_a_panel_with_its_records(whole: Fit, forecasts: pd.DataFrame) -> None:
    figure = plot_forecasts(whole, forecasts)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(whole.data["benchmark"].to_numpy())
    for axes, name in zip(figure.axes, whole.data["benchmark"].to_numpy(), strict=True):
        came = released(whole, str(name))
        on = came.log_size[0] <= log_size(whole, 9e9)
        dots = axes.lines[-1].get_ydata()
        np.testing.assert_allclose(dots, records(came.time[0, on], came.score[0, on])[1])


def test_what_came_outside_is_red(whole: Fit, forecasts: pd.DataFrame) -> None:
    def red_bars(table: pd.DataFrame) -> int:
        bars = [part for axes in plot_forecasts(whole, table).axes for part in axes.collections]
        colours = [colour for part in bars if isinstance(part, LineCollection) for colour in part.get_colors()]
        return sum(colour[0] > 0.8 for colour in colours)

    asked = forecasts[(forecasts["kind"] == "score") & np.isclose(forecasts["params"], 9e9)]
    inside = forecasts.assign(observed=forecasts["median"])
    assert red_bars(inside) == 0
    assert red_bars(forecasts.assign(observed=forecasts["upper_90%"] + 0.01)) == 2 * len(asked)


def test_the_figure_says_what_it_shows(whole: Fit, forecasts: pd.DataFrame) -> None:
    label = plot_forecasts(whole, forecasts).get_label()
    assert "Best score among the releases of at most 9B parameters" in label and "Red where" in label

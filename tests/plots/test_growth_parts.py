"""The waterfall of growth: bars are medians of parts, and those of covariates stand on each other."""

from __future__ import annotations

import numpy as np
import pytest
from covaried import covaried
from simulated import Truth
from straight import straight

from bayesdensity.base.errors import InputError
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.plots.explained import plot_growth_parts
from bayesdensity.quantities.explained import RECIPE, TOTAL, growth_parts


@pytest.fixture(scope="module")
def fit(world_fit: Fit, truth: Truth, world_tables: Tables) -> Fit:
    return covaried(world_fit, truth, world_tables)


def test_bars_are_medians_that_add_up(fit: Fit) -> None:
    figure = plot_growth_parts(fit)
    for axes, of in zip(figure.axes[1:3], ("frontier", "mean"), strict=True):
        parts = growth_parts(fit, estimand=of).draws.median(("chain", "draw"))  # type: ignore[arg-type]
        bars = axes.patches
        assert len(bars) == parts.sizes["part"]
        np.testing.assert_allclose([bar.get_width() for bar in bars], parts.to_numpy())
        starts = [bar.get_x() for bar in bars]
        assert starts[0] == starts[-1] == 0
        np.testing.assert_allclose(starts[1:-1], np.cumsum(parts.to_numpy())[:-2])
    assert [label.get_text() for label in figure.axes[0].texts] == [RECIPE, *fit.study.covariates, TOTAL]
    assert "what remains at equal covariates" in figure.get_label()


def test_a_fit_without_covariates_has_none(truth: Truth, world_tables: Tables) -> None:
    with pytest.raises(InputError, match="no covariates"):
        plot_growth_parts(straight(truth, world_tables))

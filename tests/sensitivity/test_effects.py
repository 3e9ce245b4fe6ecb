"""Spread, tornado and containment of answers with known rates are worked out exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from described import text_of
from scipy import stats
from universes import made, normal_answer, summary

from bayesdensity.base.errors import InputError
from bayesdensity.render.sections import sensitivity as section
from bayesdensity.sensitivity.effects import POSTERIOR, RESIDUAL, decomposition, summarise
from bayesdensity.sensitivity.grid import DEFAULT, Grid, multiverse
from bayesdensity.sensitivity.results import sentences
from bayesdensity.study.spec import Study


def test_specifications_have_a_row_for_each_variant_with_its_choices() -> None:
    universe, answers = made()
    table = summary(universe, answers).specifications
    assert list(table.index) == [one.key for one in universe.variants]
    own, slow, negative = (table.loc[key] for key in (DEFAULT, "trend: linear", "dispersion: constant"))
    assert own["median"] == pytest.approx(12 * np.log(2) / 2.0, rel=1e-3) and own["ratio"] == own["width_ratio"] == 1
    assert slow["ratio"] == pytest.approx(2.0 / 1.5, rel=1e-3)
    assert slow["axis: trend"] == "linear" and slow["axis: dispersion"] == "two-sided" and slow["n_choices"] == 1
    assert negative["median"] == np.inf and negative["lower"] > 0
    assert negative["probability_rate_positive"] == pytest.approx(stats.norm.cdf(-1.0), abs=0.01)


def test_a_tornado_has_the_ends_of_each_axis_widest_first() -> None:
    table = summary(*made()).tornado
    assert list(table.index) == ["dispersion", "trend", "family effects"]
    np.testing.assert_allclose(table["rate_swing"], [2.25, 0.8, 0.2], atol=1e-9)
    trend = table.loc["trend"]
    assert (trend["fastest"], trend["slowest"], trend["own_choice"], trend["n_choices"]) == (
        "random walk", "linear", "quadratic", 4,
    )  # fmt: skip
    assert trend["fastest_median"] == pytest.approx(12 * np.log(2) / 2.3, rel=1e-3)
    assert table.loc["dispersion", "slowest_median"] == np.inf


@pytest.mark.parametrize("design", ["one", "pairs", "full"])
def test_the_spread_is_taken_apart_exactly_where_effects_add_up(design: Any) -> None:
    universe, answers = made(design)
    found = summary(universe, answers).decomposition
    within = answers[DEFAULT].rates["frontier"].var()
    expected = {
        POSTERIOR: within,
        "dispersion": np.var([0, 0.05, -0.1, -2.2]),
        "trend": np.var([0, -0.5, 0.1, 0.3]),
        "family effects": np.var([0, 0.2, 0.15]),
    }
    for source, variance in expected.items():
        assert found.loc[source, "variance"] == pytest.approx(variance, abs=1e-9), source
    assert found["share"].sum() == pytest.approx(1) and found.index[0] == POSTERIOR
    if design == "one":
        assert RESIDUAL not in found.index
    else:
        assert found.loc[RESIDUAL, "variance"] == pytest.approx(0, abs=1e-12)


def test_what_choices_do_together_is_a_part_of_its_own() -> None:
    universe, answers = made("full", interaction=0.6)
    assert summary(universe, answers).decomposition.loc[RESIDUAL, "variance"] > 0.01


def test_containment_counts_medians_inside_the_default() -> None:
    found = summary(*made()).containment
    # 1.645 x 0.2 about 2.0 holds effects to 0.3.
    assert (found["n_variants"], found["medians_inside_default"]) == (8, 6)
    assert set(found["outside"]) == {"trend: linear", "dispersion: constant"}


def test_a_variant_without_an_answer_is_named_and_counts_nowhere() -> None:
    universe, answers = made()
    del answers["trend: linear"]
    found = summarise(universe, answers, {"trend: linear": "it broke"}, {})
    assert "trend: linear" not in found.specifications.index and found.tornado.loc["trend", "n_choices"] == 3
    assert "it broke" in text_of(section, found)


def test_a_rate_that_nobody_was_asked_for_is_refused() -> None:
    universe, answers = made()
    with pytest.raises(InputError, match="frontier"):
        summarise(universe, answers, {}, {}, of="frontier 2031-07-01")


def test_a_grid_without_choices_of_its_own_is_the_study(world_study: Study) -> None:
    grid = Grid.model_validate(
        {"name": "g", "title": "t", "axes": {"a": {"why": "w", "choices": {"same": {"llms.size": "total"}}}}}
    )
    universe = multiverse(world_study, grid)
    assert [one.key for one in universe.variants] == [DEFAULT] and universe.labels == {"a": "same"}


def test_decomposition_without_choices_is_all_posterior(world_study: Study) -> None:
    grid = Grid.model_validate(
        {"name": "g", "title": "t", "axes": {"a": {"why": "w", "choices": {"same": {"llms.size": "total"}}}}}
    )
    universe = multiverse(world_study, grid)
    answers = {DEFAULT: normal_answer(1.0)}
    found = summarise(universe, answers, {}, {})
    assert decomposition(universe, found.specifications, answers, "frontier")["share"].to_dict() == {POSTERIOR: 1.0}
    assert sentences(found) == ["The default says 8.3 [6.3, 12.4]; no variant has an answer."]

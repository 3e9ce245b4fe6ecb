"""Worlds in which density goes with covariates as a draw has it, and worlds in which it goes with none."""

from __future__ import annotations

import numpy as np
import pytest
from covaried import covaried
from simulated import Truth

from bayesdensity.data.tables import Tables
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.explained import RECIPE, TOTAL, growth_parts
from bayesdensity.simulate import simulate_scores, world_of
from bayesdensity.simulate.truth import CHANGE, EFFECT, FRONTIER_RATE, PART


@pytest.fixture(scope="module")
def fit(world_fit: Fit, truth: Truth, world_tables: Tables) -> Fit:
    return covaried(world_fit, truth, world_tables)


def test_the_truth_is_that_of_the_draw(fit: Fit) -> None:
    made, at = simulate_scores(fit, 1, 7, np.random.default_rng(0)), {"chain": 1, "draw": 7}
    for name in fit.study.covariates:
        assert made.truth[f"{EFFECT}{name}"] == fit.posterior["covariate_effect"].isel(at).sel(covariate=name)
    assert made.truth[f"{CHANGE}pace-by-size"] == fit.posterior["covariate_growth"].isel(at).item()
    parts = growth_parts(fit).draws.isel(at)
    for name in (*fit.study.covariates, TOTAL):
        assert made.truth[f"{PART}{name}"] == pytest.approx(float(parts.sel(part=name)), abs=1e-9)
    assert made.truth[FRONTIER_RATE] == pytest.approx(float(parts.sel(part=RECIPE)), abs=1e-9)


def test_without_effects_nothing_adds_to_growth(fit: Fit) -> None:
    made = simulate_scores(fit, 1, 7, np.random.default_rng(0), world_of("no-effects"))
    assert {made.truth[f"{kind}{name}"] for kind in (EFFECT, PART) for name in fit.study.covariates} == {0.0}
    assert made.truth[f"{CHANGE}pace-by-size"] == 0
    assert made.truth[f"{PART}{TOTAL}"] == pytest.approx(made.truth[FRONTIER_RATE], abs=1e-12)


def test_densities_and_scores_go_with_covariates_where_these_have_effects(fit: Fit) -> None:
    strong = fit.with_draws(fit.posterior.assign(covariate_effect=fit.posterior["covariate_effect"] + 3.0))
    tokens = Draws(fit.data, fit.posterior.isel(chain=0, draw=0)).covariates[:, 0]
    size = fit.data["log_size"].to_numpy()
    made = {
        name: simulate_scores(strong, 0, 0, np.random.default_rng(0), world_of(name))
        for name in ("as-modelled", "no-effects")
    }
    apart = made["as-modelled"].log_density - made["no-effects"].log_density
    effect = strong.posterior["covariate_effect"].isel(chain=0, draw=0).to_numpy()
    growth = strong.posterior["covariate_growth"].isel(chain=0, draw=0).item()
    expected = effect[0] * tokens + (effect[1] + growth * fit.data["time"].to_numpy()) * size
    np.testing.assert_allclose(apart - apart.mean(), expected - expected.mean(), atol=1e-9)
    cell = fit.data["score_cell"].to_numpy()
    own = cell < fit.data.attrs["n_target_cells"]
    moved = (made["as-modelled"].scores - made["no-effects"].scores)[own]
    of_llm = expected[fit.data["cell_entity"].to_numpy()[cell[own]]]
    assert np.corrcoef(moved, of_llm)[0, 1] > 0.7

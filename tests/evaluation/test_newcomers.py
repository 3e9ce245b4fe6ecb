"""What is expected of a model that is placed goes with its covariates; what is not known of it is as of any LLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from covaried import covaried
from simulated import Truth

from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.newcomers import Newcomers, joined, with_sizes
from bayesdensity.evaluation.placing import place
from bayesdensity.inference.result import Fit

MEAN, SIZE, TIME = 0.7, 0.9, 1.2
SCORES = {"Reading": 0.7, "Sums": 0.45, "Code": 0.5}


@pytest.fixture(scope="module")
def fit(world_fit: Fit, truth: Truth, world_tables: Tables) -> Fit:
    return covaried(world_fit.thinned(400), truth, world_tables)


def expected(fit: Fit, log_tokens: float) -> np.ndarray:
    """Mean of a newcomer of a size and tokens at each draw."""
    one: dict[str, Any] = {"log_size": np.array([SIZE]), "log_sparsity": np.zeros(1), "time": np.array([TIME])}
    cell = {"cell_llm": np.zeros(1, int), "cell_benchmark": np.zeros(1, int), "score": np.array([0.5])}
    place_ = {"score_cell": np.zeros(1, int), "score_harness": np.array([-1])}
    new = Newcomers(**one, log_train_tokens=np.array([log_tokens]), **cell, **place_)
    flat = fit.flat_draws()
    drawn, _ = with_sizes(fit, {**flat, "mean": np.full((len(flat["rate"]), 1), MEAN)}, joined(fit, new))
    return np.asarray(drawn["mean"][:, 0])


def of_size(fit: Fit) -> np.ndarray:
    flat = fit.flat_draws()
    return np.asarray((flat["covariate_effect"][:, 1] + flat["covariate_growth"][:, 0] * TIME) * SIZE)


def test_tokens_that_are_known_move_what_is_expected(fit: Fit) -> None:
    log_tokens = np.log(15e12)
    per_param = log_tokens - SIZE - fit.data.attrs["log_size_centre"] - float(fit.data["covariate_mean"][0])
    wanted = MEAN + of_size(fit) + fit.flat_draws()["covariate_effect"][:, 0] * per_param
    np.testing.assert_allclose(expected(fit, log_tokens), wanted, rtol=1e-9)


def test_tokens_that_are_not_known_are_those_of_any_llm(fit: Fit) -> None:
    apart = (expected(fit, np.nan) - MEAN - of_size(fit)) / fit.flat_draws()["covariate_effect"][:, 0]
    known = np.nan_to_num(fit.data["covariate_value"][:, 0].to_numpy())
    assert apart.mean() == pytest.approx(known.mean(), abs=4 * known.std() / np.sqrt(len(apart)))
    assert apart.std() == pytest.approx(known.std(), rel=0.25)


def test_a_model_trained_for_longer_is_placed_against_a_higher_expectation(fit: Fit) -> None:
    """With few items scores say little: the density of a model is drawn to what is expected of it."""
    placed = [place(fit, SCORES, params=7e9, released="2025-06-01", tokens=tokens) for tokens in (1e11, 1e14)]
    short, long = (float(one.log_density.draws.mean()) for one in placed)
    assert long > short
    assert float(placed[0].log_density.draws.std()) > 0

"""A fit of simulated scores recovers what is true; without targets they follow their priors."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from equations import simulated
from rows import of_targets

from bayesdensity import quantities
from bayesdensity.data.masks import with_scores
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import asked, reference_only, simulate_scores


def test_a_fit_of_simulated_scores_finds_what_is_true(world_fit: Fit, prepared_again: Prepared) -> None:
    made = simulated(world_fit, 1)
    again = sample(prepared_again, with_scores(world_fit.data, made.scores), draws=250, tune=250, seed=1)
    found = {name: draws.to_numpy() for name, draws in asked(again).items()}
    assert set(found) == set(made.truth)
    densities = [name for name in found if name.startswith("density of ")]
    for name in set(found) - set(densities):
        lower, upper = np.quantile(found[name], [0.01, 0.99])
        assert lower < made.truth[name] < upper, name
    truth = np.array([made.truth[name] for name in densities])
    lower, median, upper = (np.array([np.quantile(found[name], q) for name in densities]) for q in (0.05, 0.5, 0.95))
    assert ((lower < truth) & (truth < upper)).mean() > 0.7
    assert np.corrcoef(median, truth)[0, 1] > 0.95
    # What was true of the real ones is not what is true of these.
    real = quantities.log_density(world_fit).summary["median"].to_numpy()
    assert np.abs(median - real).max() > 0.5


def test_given_the_reference_alone_targets_follow_their_priors_and_the_link_is_known(
    world_fit: Fit, prepared_again: Prepared
) -> None:
    source = reference_only(prepared_again, seed=2)
    draws, priors = source.posterior, prepared_again.study.priors
    assert source.diagnostics.max_rhat < 1.05
    logged = ("noise_scale", "inefficiency_scale", "family_scale", "slope_spread")
    values = {name: draws[name] for name in ("rate", "curvature", "dispersion_growth")}
    for name, value in {**values, **{name: np.log(draws[name]) for name in logged}}.items():
        # Some thousand draws, of which at the very least a fifth count.
        error = priors[name].sigma / np.sqrt(value.size / 5)
        assert float(value.mean()) == pytest.approx(priors[name].mu, abs=4 * error), name
        assert float(value.std()) == pytest.approx(priors[name].sigma, rel=4 / np.sqrt(2 * value.size / 5)), name
    # Nothing is left of the targets, and everything of the reference.
    own = of_targets(prepared_again.data)
    assert not source.data["score_keep"].to_numpy()[own].any() and source.data["score_keep"].to_numpy()[~own].all()
    np.testing.assert_array_equal(source.data["score_value"][~own], prepared_again.data["score_value"][~own])
    for part in ("centre", "position", "spread"):
        xr.testing.assert_identical(source.data[f"link_{part}"], prepared_again.data[f"link_{part}"])
    assert (
        quantities.log_density(source).draws.std()
        > 3 * quantities.log_density(world_fit).draws.std(("chain", "draw")).max()
    )
    _check_link(source)
    scores = simulate_scores(source, 0, 0, np.random.default_rng(1)).scores
    np.testing.assert_array_equal(scores[~own], prepared_again.data["score_value"][~own])
    assert np.unique(scores[own]).size > 50


def _check_link(source: Fit) -> None:
    """At the sizes of the members the link gives their scores, and to a few per cent."""
    data, draws = source.data, source.posterior
    member = data["reference_log_size"] - draws["level"]
    eta = (
        draws["link_level"]
        + draws["link_slope"] * (1 - np.exp(-draws["link_exponent"] * member)) / draws["link_exponent"]
    )
    score = (data["floor"] + (draws["ceiling"] - data["floor"]) / (1 + np.exp(-eta))).transpose(
        "reference", "benchmark", ...
    )
    n = data.sizes["llm"]
    own = ~of_targets(data)
    cell = data["score_cell"].to_numpy()[own]
    entity, bench = data["cell_entity"].to_numpy()[cell] - n, data["cell_benchmark"].to_numpy()[cell]
    given = score.to_numpy()[entity, bench]
    real = data["score_value"].to_numpy()[own]
    assert np.abs(given.mean(axis=(1, 2)) - real).mean() < 0.03
    assert given.std(axis=(1, 2)).mean() < 0.05

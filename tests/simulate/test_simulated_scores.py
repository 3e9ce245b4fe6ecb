"""Scores are drawn anew by the equations of the model; the reference keeps its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from equations import (
    REPETITIONS,
    expected_scores,
    expected_sizes,
    implied_sizes,
    noiseless,
    one_draw,
    point_of,
    remade,
    residuals,
    simulated,
)
from remade import FORMS
from rows import of_targets
from scipy import stats

from bayesdensity.inference.result import Fit
from bayesdensity.simulate import WORLDS, drawn_from, simulate_scores


def test_a_seed_gives_the_same_world(world_fit: Fit) -> None:
    first, again, other = (simulate_scores(world_fit, 0, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in ("scores", "published", "log_density"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.truth == again.truth != other.truth
    assert not np.array_equal(first.scores, other.scores) and not np.array_equal(first.log_density, other.log_density)
    another_draw = simulate_scores(world_fit, 1, 3, np.random.default_rng(1))
    assert not np.array_equal(first.log_density, another_draw.log_density)


def test_draws_are_taken_from_everywhere_in_a_posterior(world_fit: Fit) -> None:
    rng = np.random.default_rng(1)
    taken = np.array([drawn_from(world_fit, rng) for _ in range(2000)])
    assert set(taken[:, 0]) == {0, 1, 2, 3}
    assert taken[:, 1].min() < 5 and 495 <= taken[:, 1].max() < 500


def test_the_reference_keeps_its_scores_and_every_target_gets_new_ones(world_fit: Fit) -> None:
    own, real = of_targets(world_fit.data), world_fit.data["score_value"].to_numpy()
    assert 0 < own.sum() < len(own)
    for k, name in enumerate(WORLDS):
        scores = simulate_scores(world_fit, 2, 30 * k, np.random.default_rng(k), WORLDS[name]).scores
        np.testing.assert_array_equal(scores[~own], real[~own])
        assert (scores[own] != real[own]).all()
        assert (scores >= 0).all() and (scores <= 1).all() and np.unique(scores).size > 80


def test_everything_is_published_unless_a_world_says_otherwise(world_fit: Fit) -> None:
    for name in set(WORLDS) - {"records"}:
        made = simulated(world_fit, 1, name)
        assert made.published.shape == made.log_density.shape == world_fit.data["llm"].shape
        assert made.published.all()


@pytest.mark.parametrize("name", FORMS)
def test_log_densities_about_their_mean_have_the_spread_and_skewness_of_the_form(world_fit: Fit, name: str) -> None:
    made = remade(world_fit, FORMS[name])
    form, data = made.study.frontier, made.data
    got = residuals(made, 3)
    unit: Any = {"half-normal": stats.halfnorm, "exponential": stats.expon, "symmetric": None}[form.form]

    def moments(time: np.ndarray, symmetric: float, is_one_sided: bool) -> tuple[np.ndarray, np.ndarray]:
        """Variance and third moment of what is symmetric less an inefficiency."""
        spread = np.exp(0.15 * time)
        variance, skewness = (float(part) for part in unit.stats(moments="vs")) if is_one_sided and unit else (0.0, 0.0)
        return spread**2 * (symmetric**2 + 0.25 * variance), -((0.5 * spread) ** 3) * skewness * variance**1.5

    second, third = moments(data["time"].to_numpy(), 0.2, form.llm_form.one_sided)
    if form.family_effects:
        of = data["family_index"].to_numpy()
        family = [part[of] for part in moments(data["family_time"].to_numpy(), 0.3, form.family_form.one_sided)]
        second, third = second + family[0], third + family[1]
    # Relatives move together: a moment has the error of as many numbers as there are families.
    n = REPETITIONS * data.sizes["family"]
    z = got / np.sqrt(second)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(n))
    assert (z**2).mean() == pytest.approx(1, abs=4 * np.sqrt(4 / n))
    assert (z**3).mean() == pytest.approx((third / second**1.5).mean(), abs=4 * np.sqrt(40 / n))
    together = (z[:, of == 13][:, 0] * z[:, of == 13][:, 1]).mean() if form.family_effects else 0.0
    shared = family[0][of == 13][0] / second[of == 13][0] if form.family_effects else 0.0
    assert together == pytest.approx(shared, abs=4 / np.sqrt(REPETITIONS))


def test_where_nothing_scatters_scores_miss_what_is_expected_by_their_noise_only(world_fit: Fit) -> None:
    """The effects of harnesses are those of the draw: they are no part of the noise."""
    quiet = one_draw(world_fit, cell_scatter=0, link_stretch=0)
    data, z = quiet.data, []
    of = data["score_benchmark"].to_numpy()[of_targets(data)]
    noise = 1 / data["n_items"].to_numpy()[of] + point_of(quiet)["overdispersion"][of]
    for seed in range(40):
        made = simulated(quiet, seed)
        p = expected_scores(quiet, expected_sizes(quiet, made.log_density))
        inside = (p > 0.02) & (p < 0.98)
        z.append(((made.scores[of_targets(data)] - p) / np.sqrt(p * (1 - p) * noise))[inside])
        assert inside.mean() > 0.8
    every = np.concatenate(z)
    assert every.mean() == pytest.approx(0, abs=0.05) and every.std() == pytest.approx(1, abs=0.05)


def test_cells_depart_by_their_scatter_and_take_all_their_scores_along(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    data, scatter = quiet.data, point_of(quiet)["cell_scatter"]
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    bench, first = data["cell_benchmark"].to_numpy()[cell], np.diff(cell, prepend=-1) > 0
    z = []
    for seed in range(40):
        made = simulated(quiet, seed)
        departure = implied_sizes(quiet, made.scores) - expected_sizes(quiet, made.log_density)
        np.testing.assert_allclose(departure, departure[first][cell], atol=1e-5)
        z.append((departure / scatter[bench])[first])
    every = np.stack(z)
    assert (~first).sum() > 30 and every.mean() == pytest.approx(0, abs=4 / np.sqrt(every.size))
    for b in range(data.sizes["benchmark"]):
        here = every[:, bench[first] == b]
        assert here.std() == pytest.approx(1, abs=4 / np.sqrt(2 * here.size))

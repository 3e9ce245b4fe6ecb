"""Simulated scores follow the model they come from, and a fit of them finds what was true."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from bayesdensity.data.dataset import with_scores
from bayesdensity.fit import Fit, prepare_again, sample
from bayesdensity.quantities import log_density, rate
from bayesdensity.quantities.trend import mean_at
from bayesdensity.simulate import simulate_scores
from bayesdensity.study import Frontier

FORMS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "exponential, both": {"form": "exponential", "one_sided": "both"},
    "families only": {"one_sided": "family"},
    "symmetric": {"form": "symmetric"},
    "families alike": {"family_effects": False},
}
REPETITIONS = 3000


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """One draw of the fit, as if of another form of the frontier, with strong inefficiencies."""
    form = Frontier.model_validate({**dict(fit.study.frontier), **change})
    draws = fit.posterior.isel(chain=[1], draw=[7])
    scale = draws["noise_scale"] * 0
    draws = draws.assign(noise_scale=scale + 0.2, family_scale=scale + 0.3, dispersion_growth=scale + 0.15)
    one_sided = {"llm": "inefficiency_scale", "family": "family_inefficiency_scale"}
    kept = {"llm": form.llm_one_sided, "family": form.family_one_sided}
    draws = draws.assign({one_sided[who]: scale + 0.5 for who, yes in kept.items() if yes})
    absent = [one_sided[who] for who, yes in kept.items() if not yes and one_sided[who] in draws]
    absent += [] if form.family_effects else ["family_scale", "family_effect"]
    study = fit.study.model_copy(update={"frontier": form})
    return replace(fit, posterior=draws.drop_vars(absent), study=study)


def crowd(data: xr.Dataset, n: int) -> xr.Dataset:
    """The dataset with LLMs and families as many times over; the scores are those of the first."""
    llms, families = data.sizes["llm"], data.sizes["family"]
    family = np.tile(data["family_index"], n) + families * np.repeat(np.arange(n), llms)
    entity = data["cell_entity"].to_numpy()
    return data.drop_dims(["llm", "family"]).assign(
        time=("llm", np.tile(data["time"], n)),
        log_size=("llm", np.tile(data["log_size"], n)),
        family_index=("llm", family),
        family_time=("family", np.tile(data["family_time"], n)),
        cell_entity=("cell", np.where(entity < llms, entity, entity + (n - 1) * llms)),
    )


def test_a_seed_gives_the_same_scores(world_fit: Fit) -> None:
    first, again, other = (simulate_scores(world_fit, 0, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, different)
    another_draw = simulate_scores(world_fit, 1, 3, np.random.default_rng(1))
    assert not np.array_equal(first.log_density, another_draw.log_density)


def test_simulated_scores_stand_in_the_places_of_real_ones(world_fit: Fit) -> None:
    made = simulate_scores(world_fit, 0, 0, np.random.default_rng(1))
    assert made.scores.shape == world_fit.data["score_value"].shape
    assert made.log_density.shape == world_fit.data["llm"].shape
    for draw in range(0, 500, 50):
        scores = simulate_scores(world_fit, 2, draw, np.random.default_rng(draw)).scores
        assert (scores >= 0).all() and (scores <= 1).all() and np.unique(scores).size > 100


@pytest.mark.parametrize("name", FORMS)
def test_log_densities_about_their_mean_have_the_spread_and_skewness_of_the_form(world_fit: Fit, name: str) -> None:
    made, rng = remade(world_fit, FORMS[name]), np.random.default_rng(3)
    form, data = made.study.frontier, made.data
    mean = mean_at(made, data["time"]).to_numpy()[0, 0]
    many = replace(made, data=crowd(data, REPETITIONS))
    got = simulate_scores(many, 0, 0, rng).log_density.reshape(REPETITIONS, -1) - mean
    unit: Any = {"half-normal": stats.halfnorm, "exponential": stats.expon, "symmetric": None}[form.form]

    def moments(time: np.ndarray, symmetric: float, is_one_sided: bool) -> tuple[np.ndarray, np.ndarray]:
        """Variance and third moment of what is symmetric less an inefficiency."""
        spread = np.exp(0.15 * time)
        variance, skewness = (float(part) for part in unit.stats(moments="vs")) if is_one_sided and unit else (0.0, 0.0)
        return spread**2 * (symmetric**2 + 0.25 * variance), -((0.5 * spread) ** 3) * skewness * variance**1.5

    second, third = moments(data["time"].to_numpy(), 0.2, form.llm_one_sided)
    if form.family_effects:
        of = data["family_index"].to_numpy()
        family = [part[of] for part in moments(data["family_time"].to_numpy(), 0.3, form.family_one_sided)]
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


def expected(fit: Fit, made_log_density: np.ndarray) -> np.ndarray:
    """Scores of LLMs of some log densities where nothing scatters, from the equations and not the package."""
    data = fit.data
    point = {str(name): values.to_numpy()[0, 0] for name, values in fit.posterior.data_vars.items()}
    entity, bench = data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy()
    k, n = data.attrs["n_target_cells"], data.sizes["llm"]
    relative = made_log_density - point["level"].mean()
    targets = (data["log_size"].to_numpy() + relative)[entity[:k]]
    targets = targets + point["benchmark_slope"][bench[:k]] * data["time"].to_numpy()[entity[:k]]
    members = data["reference_log_size"].to_numpy()[entity[k:] - n] - point["level"][bench[k:]]
    size = np.concatenate([targets, members])
    exponent = point["link_exponent"][bench]
    eta = point["link_level"][bench] + point["link_slope"][bench] * (1 - np.exp(-exponent * size)) / exponent
    floor, top = data["floor"].to_numpy()[bench], point["ceiling"][bench]
    return np.asarray(floor + (top - floor) / (1 + np.exp(-eta)))[data["score_cell"].to_numpy()]


def test_where_nothing_scatters_scores_miss_what_is_expected_by_their_items_only(world_fit: Fit) -> None:
    draws = world_fit.posterior.isel(chain=[0], draw=[11])
    still = ("cell_scatter", "harness_scale", "recipe_residual", "overdispersion")
    quiet = replace(world_fit, posterior=draws.assign({name: draws[name] * 0 for name in still}))
    rng, z = np.random.default_rng(4), []
    items = world_fit.data["n_items"].to_numpy()[world_fit.data["score_benchmark"].to_numpy()]
    for _ in range(40):
        made = simulate_scores(quiet, 0, 0, rng)
        p = expected(quiet, made.log_density)
        inside = (p > 0.02) & (p < 0.98)
        z.append(((made.scores - p) / np.sqrt(p * (1 - p) / items))[inside])
        assert inside.mean() > 0.8
    every = np.concatenate(z)
    assert every.mean() == pytest.approx(0, abs=0.05) and every.std() == pytest.approx(1, abs=0.05)


def test_scatter_of_cells_and_harnesses_moves_scores_by_more_than_their_items(world_fit: Fit) -> None:
    rng, n = np.random.default_rng(5), 40
    one = replace(world_fit, posterior=world_fit.posterior.isel(chain=[0], draw=[11]))
    made = [simulate_scores(one, 0, 0, rng) for _ in range(n)]
    off = np.array([one_made.scores - expected(one, one_made.log_density) for one_made in made])
    assert np.abs(off.mean(axis=0)).mean() < 0.05
    assert 0.02 < off.std(axis=0).mean() < 0.2


def test_a_fit_of_simulated_scores_finds_what_is_true(
    world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["bayesdensity.fit"], "_compile", lambda *_: compiled_world[0])
    made = simulate_scores(world_fit, 0, 0, np.random.default_rng(1))
    data = with_scores(world_fit.data, made.scores)
    again = sample(prepare_again(world_fit), data, draws=250, tune=250, seed=1)
    truth = replace(world_fit, posterior=world_fit.posterior.isel(chain=[0], draw=[0]))
    for estimand in ("frontier", "mean"):
        row = rate(again, estimand=estimand, ci=0.98).to_frame_row()
        true = rate(truth, estimand=estimand).draws.item()
        assert row["lower"] < true < row["upper"], estimand
    found = log_density(again).summary
    inside = (found["lower"] < made.log_density) & (made.log_density < found["upper"])
    assert inside.mean() > 0.7
    medians = found["median"].to_numpy()
    assert np.corrcoef(medians, made.log_density)[0, 1] > 0.95
    # What was true of the real ones is not what is true of these.
    assert np.abs(medians - log_density(world_fit).summary["median"].to_numpy()).max() > 0.5

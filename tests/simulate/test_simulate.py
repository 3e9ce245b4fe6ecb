"""Simulated worlds follow the model, depart from it exactly as they say, and a fit of them finds what is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from remade import FORMS
from remade import remade as remade_with
from scipy import stats

from bayesdensity import quantities
from bayesdensity.base.errors import InputError
from bayesdensity.data.join import assemble, with_scores
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared, prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import (
    WORLDS,
    Simulated,
    World,
    asked,
    drawn_from,
    reference_only,
    simulate_scores,
    simulated_tables,
    world_of,
    write_simulation,
)
from bayesdensity.simulate.scores import _log_densities
from bayesdensity.simulate.worlds import lineages
from bayesdensity.study.spec import Study, load_study, study_names

REPETITIONS = 3000
MODELLED = WORLDS["as-modelled"]


def simulated(fit: Fit, seed: int, world: str = "as-modelled") -> Simulated:
    """A world of the first draw of a fit."""
    return simulate_scores(fit, 0, 0, np.random.default_rng(seed), WORLDS[world])


def one_draw(fit: Fit, chain: int = 0, draw: int = 11, **values: float) -> Fit:
    """One draw of a fit, some variables of it set to a number."""
    draws = fit.posterior.isel(chain=[chain], draw=[draw])
    return replace(fit, posterior=draws.assign({name: draws[name] * 0 + value for name, value in values.items()}))


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """One draw of the fit, as if of another form of the frontier, with strong inefficiencies."""
    one = one_draw(fit, 1, 7, noise_scale=0.2, family_scale=0.3, dispersion_growth=0.15)
    return remade_with(one, change, inefficiency_scale=0.5, family_inefficiency_scale=0.5)


def renamed(data: xr.Dataset, stems: list[str]) -> xr.Dataset:
    """The dataset with families of other names: the stems, and numbers after them."""
    names = [f"{stems[k % len(stems)]}{k / 2:g}" for k in range(data.sizes["family"])]
    return data.assign_coords(family=names)


def crowd(data: xr.Dataset, n: int) -> xr.Dataset:
    """LLMs and families of the dataset as many times over; a family is related to others of its own time only."""
    llms, families = data.sizes["llm"], data.sizes["family"]
    words = ["".join(word) for word in product(ascii_lowercase, repeat=3)][:n]
    return xr.Dataset(
        {
            "time": ("llm", np.tile(data["time"], n)),
            "family_index": ("llm", np.tile(data["family_index"], n) + families * np.repeat(np.arange(n), llms)),
            "family_time": ("family", np.tile(data["family_time"], n)),
        },
        coords={"family": [word + str(name) for word in words for name in data["family"].to_numpy()]},
    )


def residuals(one: Fit, seed: int, world: World = MODELLED) -> np.ndarray:
    """ln densities about their mean, shape (repetition, llm)."""
    many = replace(one, data=crowd(one.data, REPETITIONS))
    at = one.posterior.isel(chain=0, draw=0)
    found = _log_densities(many, at, np.random.default_rng(seed), world)
    mean = quantities.trend.mean_at(one, one.data["time"]).to_numpy()[0, 0]
    return found.reshape(REPETITIONS, -1) - mean


# The equations, written again


def point_of(fit: Fit) -> dict[str, np.ndarray]:
    return {str(name): values.to_numpy()[0, 0] for name, values in fit.posterior.data_vars.items()}


def of_targets(data: xr.Dataset) -> np.ndarray:
    """Which scores are of targets."""
    return data["score_cell"].to_numpy() < data.attrs["n_target_cells"]


def expected_sizes(fit: Fit, log_density: np.ndarray) -> np.ndarray:
    """Log size of the cell of each target's score, before the cell's own departure."""
    data, point = fit.data, point_of(fit)
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    entity, bench = data["cell_entity"].to_numpy()[cell], data["cell_benchmark"].to_numpy()[cell]
    size = (data["log_size"].to_numpy() + log_density - point["level"].mean())[entity]
    return np.asarray(size + point["benchmark_slope"][bench] * data["time"].to_numpy()[entity])


def expected_scores(fit: Fit, size: np.ndarray) -> np.ndarray:
    """Scores of targets at log sizes, with the effects of their harnesses and no noise of items."""
    data, point = fit.data, point_of(fit)
    bench, harness = (data[f"score_{part}"].to_numpy()[of_targets(data)] for part in ("benchmark", "harness"))
    exponent = point["link_exponent"][bench]
    eta = point["link_level"][bench] + point["link_slope"][bench] * (1 - np.exp(-exponent * size)) / exponent
    eta = eta + point["harness_effect"][harness]
    floor, top = data["floor"].to_numpy()[bench], point["ceiling"][bench]
    return np.asarray(floor + (top - floor) / (1 + np.exp(-eta)))


def logits(fit: Fit, scores: np.ndarray) -> np.ndarray:
    """Logits of noiseless scores of targets."""
    data, own = fit.data, of_targets(fit.data)
    bench = data["score_benchmark"].to_numpy()[own]
    floor, top = data["floor"].to_numpy()[bench], point_of(fit)["ceiling"][bench]
    share = (scores[own] - floor) / (top - floor)
    return np.asarray(np.log(share / (1 - share)))


def implied_sizes(fit: Fit, scores: np.ndarray) -> np.ndarray:
    """Log sizes that noiseless scores of targets imply."""
    data, point, own = fit.data, point_of(fit), of_targets(fit.data)
    bench, harness = (data[f"score_{part}"].to_numpy()[own] for part in ("benchmark", "harness"))
    level, slope, exponent = (point[f"link_{part}"][bench] for part in ("level", "slope", "exponent"))
    eta = logits(fit, scores) - point["harness_effect"][harness]
    return np.asarray(-np.log(1 - exponent * (eta - level) / slope) / exponent)


def noiseless(fit: Fit) -> Fit:
    """One draw, with so many items that scores have no noise of their own."""
    quiet = one_draw(fit, overdispersion=0)
    return replace(quiet, data=quiet.data.assign(n_items=quiet.data["n_items"] * 0 + 1e18))


# What is drawn anew, and what stays


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
        scores = simulate_scores(world_fit, 2, 40 * k, np.random.default_rng(k), WORLDS[name]).scores
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


def test_where_nothing_scatters_scores_miss_what_is_expected_by_their_noise_only(world_fit: Fit) -> None:
    """The effects of harnesses are those of the draw: they are no part of the noise."""
    quiet = one_draw(world_fit, cell_scatter=0)
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


# What is true


def test_the_truth_of_the_model_is_what_a_fit_of_one_draw_would_say(world_fit: Fit) -> None:
    made, one = simulate_scores(world_fit, 2, 5, np.random.default_rng(1)), one_draw(world_fit, 2, 5)
    start, end = quantities.window(one)
    known = {
        "rate of the frontier": quantities.rate(one).draws,
        "rate of the mean": quantities.rate(one, estimand="mean").draws,
        "frontier at the start": quantities.frontier(one, [start]).draws,
        "frontier at the end": quantities.frontier(one, [end]).draws,
    }
    by_benchmark = quantities.rate_by_benchmark(one).draws
    known |= {f"rate on {name}": by_benchmark.sel(benchmark=name) for name in ("Reading", "Sums", "Code")}
    names = world_fit.data["llm"].to_numpy()
    densities = {f"density of {name}": value for name, value in zip(names, made.log_density, strict=True)}
    assert set(made.truth) == {*known, *densities} == set(asked(world_fit))
    assert made.truth == pytest.approx({name: float(draws.squeeze()) for name, draws in known.items()} | densities)
    # Of the LLMs that were drawn, and not of the real ones.
    real = quantities.log_density(one).draws.to_numpy()[0, 0]
    assert np.abs(made.log_density - real).mean() > 0.2


def excess_of(name: str, n: int, seed: int) -> np.ndarray:
    """Residuals at the centre of time in a world of the draw of `remade`, drawn without the package."""
    rng = np.random.default_rng(seed)
    shortfall = {"exponential": lambda: rng.exponential(size=n), "student-t": lambda: np.abs(rng.standard_t(3, n))}
    u = shortfall.get(name, lambda: np.abs(rng.normal(size=n)))()
    shared = 0.7 * rng.normal(size=n) if name == "lineages" else 0.0
    return np.asarray(0.2 * rng.normal(size=n) + 0.3 * rng.normal(size=n) - 0.5 * (u - u.mean()) + shared)


SHAPED = ("as-modelled", "exponential", "student-t", "lineages")


@pytest.mark.parametrize("name", SHAPED)
def test_the_true_frontier_is_the_quantile_of_many_llms(world_fit: Fit, name: str) -> None:
    one = remade(world_fit, {})
    truth = simulated(one, 1, name).truth
    time, point = one.data["time"].to_numpy(), point_of(one)
    ends = np.array([time.min(), time.max()])
    mean = point["origin"] + point["level"].mean() + point["rate"] * ends
    mean = mean + point["curvature"] / 2 * (ends**2 - (time**2).mean())
    edge = mean + np.quantile(excess_of(name, 2_000_000, 9), 0.95) * np.exp(0.15 * ends)
    rate = np.diff(edge).item() / np.diff(ends).item()
    near = {"abs": 0.012}
    assert [truth["frontier at the start"], truth["frontier at the end"]] == pytest.approx(list(edge), **near)
    assert truth["rate of the frontier"] == pytest.approx(rate, **near)
    for b, benchmark in enumerate(("Reading", "Sums", "Code")):
        assert truth[f"rate on {benchmark}"] == pytest.approx(rate + point["benchmark_slope"][b], **near)
    assert truth["rate of the mean"] == pytest.approx(np.diff(mean).item() / np.diff(ends).item())
    if name != "as-modelled":
        modelled = simulated(one, 1).truth
        assert truth["frontier at the start"] - modelled["frontier at the start"] > 0.03


@pytest.mark.parametrize("name", SHAPED)
def test_log_densities_are_distributed_as_the_world_says(world_fit: Fit, name: str) -> None:
    one = remade(world_fit, {})
    one = replace(one, data=renamed(one.data, ["Alpha", "Beta-", "Gamma", "Delta", "Eta", "Iota", "Kappa"]))
    z = residuals(one, 5, WORLDS[name]) / np.exp(0.15 * one.data["time"].to_numpy())
    at, error = [0.005, 0.05, 0.2, 0.5, 0.8, 0.95, 0.98], np.array([0.15] + 6 * [0.035])
    of = {world: np.quantile(excess_of(world, 2_000_000, 9), at) for world in SHAPED}
    off = {world: (np.abs(np.quantile(z, at) - quantile) / error).max() for world, quantile in of.items()}
    assert off[name] < 1 and z.mean() == pytest.approx(0, abs=0.02)
    assert min(off[world] for world in SHAPED if world != name) > 4


def test_families_of_one_lineage_share_a_part_of_their_density(world_fit: Fit) -> None:
    one = remade(world_fit, {})
    stems = ["Alpha", "Beta-", "Gamma", "Delta", "Eta"]
    one = replace(one, data=renamed(one.data, stems))
    family = one.data["family_index"].to_numpy()
    same_family = family[:, None] == family
    related = (family[:, None] % len(stems) == family % len(stems)) & ~same_family
    apart = ~related & ~same_family
    np.fill_diagonal(same_family, False)
    for name, shared in (("lineages", 0.7**2), ("as-modelled", 0.0)):
        z = residuals(one, 6, WORLDS[name]) / np.exp(0.15 * one.data["time"].to_numpy())
        together = np.cov(z.T)
        assert together[apart].mean() == pytest.approx(0, abs=0.02)
        assert together[related].mean() == pytest.approx(shared, abs=0.03)
        assert together[same_family].mean() == pytest.approx(shared + 0.3**2, abs=0.03)


def test_a_lineage_is_what_a_name_begins_with() -> None:
    names = np.array(["Qwen", "Llama-2", "Qwen1.5", "01", "Llama-3.1", "Qwen2", "Llemma", "2nd"])
    index = lineages(names)
    assert index[0] == index[2] == index[5] and index[1] == index[4] and index[3] == index[7]
    assert len(set(index)) == 4


def test_another_inefficiency_changes_nothing_where_llms_have_none(world_fit: Fit) -> None:
    for change in ({"form": "symmetric"}, {"one_sided": "family"}):
        one = remade(world_fit, change)
        base, made = simulated(one, 1), simulated(one, 1, "exponential")
        np.testing.assert_array_equal(base.log_density, made.log_density)
        assert made.truth == pytest.approx(base.truth, abs=0.012)


def test_families_keep_their_inefficiency_where_that_of_llms_is_another(world_fit: Fit) -> None:
    one = remade(world_fit, {"one_sided": "both"})
    truth, rng, n = simulated(one, 1, "exponential").truth, np.random.default_rng(2), 2_000_000
    own = 0.2 * rng.normal(size=n) - 0.5 * (rng.exponential(size=n) - 1)
    family = 0.3 * rng.normal(size=n) - 0.5 * (np.abs(rng.normal(size=n)) - np.sqrt(2 / np.pi))
    time = quantities.estimate.times(one, quantities.window(one)).to_numpy()
    mean = quantities.mean_trend(one, quantities.window(one)).draws.to_numpy()[0, 0]
    edge = mean + np.quantile(own + family, 0.95) * np.exp(0.15 * time)
    assert [truth["frontier at the start"], truth["frontier at the end"]] == pytest.approx(list(edge), abs=0.012)


# How worlds depart from the model


def quadratic(time: np.ndarray, sample: np.ndarray) -> np.ndarray:
    return np.asarray(-0.3 * (time**2 - (sample**2).mean()))


def broken(time: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """A rate that falls by one within about a month at the middle of time; the line through the sample taken off."""

    def risen(t: np.ndarray) -> np.ndarray:
        return np.asarray(np.logaddexp(0, 12 * t) / 12)

    slope = (sample * risen(sample)).mean() / (sample**2).mean()
    return np.asarray(-(risen(time) - risen(sample).mean() - slope * time))


@pytest.mark.parametrize(("name", "bend"), [("quadratic", quadratic), ("break", broken)])
def test_a_bend_is_added_to_the_mean_and_to_its_truth(
    world_fit: Fit, name: str, bend: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    base, made = simulated(world_fit, 1), simulated(world_fit, 1, name)
    time = world_fit.data["time"].to_numpy()
    np.testing.assert_allclose(made.log_density - base.log_density, bend(time, time), atol=1e-12)
    assert bend(time, time).mean() == pytest.approx(0, abs=1e-12)
    ends = bend(np.array([time.min(), time.max()]), time)
    rate = np.diff(ends).item() / np.ptp(time)
    more = {
        f"density of {llm}": value
        for llm, value in zip(world_fit.data["llm"].to_numpy(), bend(time, time), strict=True)
    }
    more |= {"frontier at the start": ends[0], "frontier at the end": ends[1]}
    found = {what: made.truth[what] - value for what, value in base.truth.items()}
    assert found == pytest.approx({what: more.get(what, rate) for what in found}, abs=1e-9)
    # What the name promises: the rate falls by 0.6 a year, or by 1 at once.
    slope = np.diff(bend(np.array([-1.1, -1.0, 1.0, 1.1]), time))[[0, 2]] / 0.1
    assert np.diff(slope).item() == pytest.approx({"quadratic": -0.6 * 2.1, "break": -1.0}[name], abs=1e-4)


def test_only_the_scores_of_the_largest_harness_are_inflated(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    base, made = simulated(quiet, 1), simulated(quiet, 1, "inflated")
    own = of_targets(world_fit.data)
    labels = world_fit.data["harness"].to_numpy()[world_fit.data["score_harness"].to_numpy()[own]]
    names = pd.Series([str(label).split(" on ")[0] for label in labels])
    largest = (names == names.value_counts().index[0]).to_numpy()
    assert len(set(labels[largest])) == 3  # on every benchmark
    np.testing.assert_allclose((logits(quiet, made.scores) - logits(quiet, base.scores))[largest], 0.5, atol=1e-5)
    plain = [simulated(world_fit, 1, name).scores[own] for name in ("as-modelled", "inflated")]
    np.testing.assert_array_equal(plain[0][~largest], plain[1][~largest])
    assert (plain[1] > plain[0])[largest].mean() > 0.95
    assert made.truth == base.truth


def test_half_of_the_cells_with_several_scores_repeat_one(world_fit: Fit) -> None:
    cell = world_fit.data["score_cell"].to_numpy()[of_targets(world_fit.data)]
    first = np.diff(cell, prepend=-1) > 0
    repeated = {"as-modelled": 0, "copied": 0}
    for seed in range(25):
        worlds = {name: simulated(world_fit, seed, name).scores[: len(cell)] for name in repeated}
        np.testing.assert_array_equal(worlds["copied"][first], worlds["as-modelled"][first])
        for name, scores in worlds.items():
            equal = scores == scores[first][cell]
            again = equal[~first]
            repeated[name] += int(again.sum())
            np.testing.assert_array_equal(scores[~equal], worlds["as-modelled"][~equal])
    assert repeated["as-modelled"] == 0
    assert repeated["copied"] / (25 * (~first).sum()) == pytest.approx(0.5, abs=0.06)


def test_the_wrong_size_of_mixtures_of_experts_lowers_only_their_scores(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    kind = np.where(np.arange(quiet.data.sizes["llm"]) % 3 == 1, "moe", "dense")
    kind[0] = "hybrid"
    quiet = replace(quiet, data=quiet.data.assign_coords(architecture=("llm", kind)))
    base, made = simulated(quiet, 1), simulated(quiet, 1, "moe-size")
    own = of_targets(quiet.data)
    cell = quiet.data["score_cell"].to_numpy()[own]
    moe = (kind == "moe")[quiet.data["cell_entity"].to_numpy()[cell]]
    np.testing.assert_array_equal(made.scores[own][~moe], base.scores[own][~moe])
    lower = implied_sizes(quiet, made.scores) - implied_sizes(quiet, base.scores)
    np.testing.assert_allclose(lower[moe], -np.log(3), atol=1e-5)
    assert moe.sum() > 20 and made.truth == base.truth


def test_contamination_raises_one_benchmark_of_half_of_the_later_llms(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    data = quiet.data
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    entity, bench = data["cell_entity"].to_numpy()[cell], data["cell_benchmark"].to_numpy()[cell]
    late, rises = data["time"].to_numpy()[entity] > 0, []
    for seed in range(25):
        base, made = simulated(quiet, seed), simulated(quiet, seed, "contaminated")
        np.testing.assert_array_equal(made.log_density, base.log_density)
        assert made.truth == base.truth
        rises.append(logits(quiet, made.scores) - logits(quiet, base.scores))
    rise = np.stack(rises)
    assert (np.isclose(rise, 0, atol=1e-4) | np.isclose(rise, 0.7, atol=1e-4)).all()
    (where,) = set(bench[(rise > 0.5).any(axis=0)])
    cells = np.bincount(data["cell_benchmark"].to_numpy()[: data.attrs["n_target_cells"]])
    assert cells[where] == cells.max()
    affected = late & (bench == where)
    assert not (rise > 0.5)[:, ~affected].any()
    assert (rise > 0.5)[:, affected].mean() == pytest.approx(0.5, abs=0.08)
    # All scores of an LLM there, by whatever harness.
    raised = pd.DataFrame((rise > 0.5)[:, affected].T).groupby(entity[affected]).nunique()
    assert (raised == 1).all(axis=None)


def test_llms_far_below_the_record_of_their_day_stay_unpublished(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    data = quiet.data
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    first = np.diff(cell, prepend=-1) > 0
    entity, time = data["cell_entity"].to_numpy()[cell][first], data["time"].to_numpy()
    hidden = 0
    for seed in range(8):
        base, made = simulated(quiet, seed), simulated(quiet, seed, "records")
        np.testing.assert_array_equal(made.scores, base.scores)
        assert made.truth == base.truth
        sizes = pd.Series(implied_sizes(quiet, made.scores)[first]).groupby(entity).mean().to_numpy()
        density = np.exp(sizes - data["log_size"].to_numpy())
        wanted = [density[k] > density[time <= time[k]].max() / 2 for k in range(len(time))]
        np.testing.assert_array_equal(made.published, wanted)
        hidden += (~made.published).sum()
    assert hidden > 8


def test_an_unknown_world_is_answered_with_the_known() -> None:
    assert world_of("copied") is WORLDS["copied"]
    with pytest.raises(InputError, match=r"there is no world 'record'. Did you mean 'records'\? Valid: as-modelled, "):
        world_of("record")


# Fits of simulated worlds


@pytest.fixture
def prepared(world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """The model of the small world, which is not compiled again."""
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
    return prepare_again(world_fit)


def test_a_fit_of_simulated_scores_finds_what_is_true(world_fit: Fit, prepared: Prepared) -> None:
    made = simulated(world_fit, 1)
    again = sample(prepared, with_scores(world_fit.data, made.scores), draws=250, tune=250, seed=1)
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
    world_fit: Fit, prepared: Prepared
) -> None:
    source = reference_only(prepared, seed=2)
    draws, priors = source.posterior, prepared.study.priors
    assert source.diagnostics.max_rhat < 1.05
    logged = ("noise_scale", "inefficiency_scale", "family_scale", "slope_spread")
    values = {name: draws[name] for name in ("rate", "curvature", "dispersion_growth")}
    for name, value in {**values, **{name: np.log(draws[name]) for name in logged}}.items():
        # Some thousand draws, of which at the very least a fifth count.
        error = priors[name].sigma / np.sqrt(value.size / 5)
        assert float(value.mean()) == pytest.approx(priors[name].mu, abs=4 * error), name
        assert float(value.std()) == pytest.approx(priors[name].sigma, rel=4 / np.sqrt(2 * value.size / 5)), name
    # Nothing is left of the targets, and everything of the reference.
    own = of_targets(prepared.data)
    assert not source.data["score_keep"].to_numpy()[own].any() and source.data["score_keep"].to_numpy()[~own].all()
    np.testing.assert_array_equal(source.data["score_value"][~own], prepared.data["score_value"][~own])
    for part in ("centre", "position", "spread"):
        xr.testing.assert_identical(source.data[f"link_{part}"], prepared.data[f"link_{part}"])
    assert (
        quantities.log_density(source).draws.std()
        > 3 * quantities.log_density(world_fit).draws.std(("chain", "draw")).max()
    )
    _check_link(source)
    scores = simulate_scores(source, 0, 0, np.random.default_rng(1)).scores
    np.testing.assert_array_equal(scores[~own], prepared.data["score_value"][~own])
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


# Tables of simulated worlds


def written(folder: Path, tables: Tables, data: xr.Dataset, made: Simulated) -> Tables:
    """The tables of a world, written and read as anybody's; nothing is borrowed from the bundled ones."""
    write_simulation(folder, simulated_tables(tables, data, made), {"quantities": made.truth})
    return read_tables(folder, fill_from_bundled=False)


def test_tables_of_a_world_give_the_same_dataset(
    world_fit: Fit, world_tables: Tables, world_study: Study, tmp_path: Path
) -> None:
    made = simulated(world_fit, 1)
    tables = written(tmp_path / "world", world_tables, world_fit.data, made)
    again = assemble(world_study, select(world_study, tables))
    wanted = with_scores(world_fit.data, made.scores)
    rows = ["score_row"]  # lines of a file, which are others where something was left out
    xr.testing.assert_allclose(again.drop_vars(rows), wanted.drop_vars(rows), rtol=1e-9, atol=1e-9)
    for name in ("llm", "cell", "harness", "family", "architecture", "release_date"):
        np.testing.assert_array_equal(again[name], wanted[name])
    assert again.attrs == wanted.attrs
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == [
        "benchmarks.csv",
        "llms.csv",
        "reference_runs.csv",
        "scores.csv",
        "truth.json",
    ]
    assert json.loads((tmp_path / "world" / "truth.json").read_text())["quantities"] == made.truth


def test_tables_of_a_world_tell_what_is_simulated(world_fit: Fit, world_tables: Tables) -> None:
    """And they keep what the key of a row is made of: flags, and the sources of the real scores."""
    scores = world_tables.scores.assign(source="a paper", flag="subset", note="checked")
    scores.loc[scores["benchmark"] == "Sums", "source"] = ""
    made = simulated(world_fit, 1)
    found = simulated_tables(replace(world_tables, scores=scores), world_fit.data, made)["scores"]
    is_member, is_sums = found["llm"].str.startswith("Yardstick"), found["benchmark"] == "Sums"
    sources = {
        (True, False): "a paper",
        (True, True): "",
        (False, False): "simulated; a paper",
        (False, True): "simulated",
    }
    for (member, sums), source in sources.items():
        assert set(found.loc[(is_member == member) & (is_sums == sums), "source"]) == {source}
    assert set(found.loc[is_member, "note"]) == {"checked"} and set(found.loc[~is_member, "note"]) == {""}
    assert set(found["flag"]) == {"subset"}
    assert set(scores["source"]) == {"a paper", ""}  # the tables themselves are not written to


def test_tables_of_a_world_hold_only_what_the_study_uses(world_fit: Fit, world_tables: Tables, tmp_path: Path) -> None:
    unused = world_tables.llms.iloc[[0]].assign(llm="unused-7B", family="unused")
    llms = pd.concat([world_tables.llms, unused.set_axis([999])])
    more = world_tables.scores.iloc[[0]].assign(llm="unused-7B").set_axis([9999])
    tables = replace(world_tables, llms=llms, scores=pd.concat([world_tables.scores, more]))
    found = written(tmp_path / "world", tables, world_fit.data, simulated(world_fit, 1))
    assert len(found.llms) == len(world_tables.llms) and "unused-7B" not in set(found.llms["llm"])
    assert "unused-7B" not in set(found.scores["llm"])
    pd.testing.assert_frame_equal(found.reference_runs, world_tables.reference_runs)
    pd.testing.assert_frame_equal(found.benchmarks, world_tables.benchmarks)


@pytest.mark.parametrize("name", study_names())
def test_every_shipped_study_reads_its_own_worlds(name: str, tmp_path: Path) -> None:
    """Rows that only a flag or a source tells apart stay apart, and exclusions stay valid."""
    study, tables = load_study(name, {"scores.collapse_equal": False}), read_tables()
    data = assemble(study, select(study, tables))
    own, llms = of_targets(data), data.sizes["llm"]
    scores = np.where(own, np.random.default_rng(1).uniform(0.35, 0.9, len(own)), data["score_value"])
    made = Simulated(scores, np.ones(llms, dtype=bool), np.zeros(llms), {})
    again = assemble(study, select(study, written(tmp_path / name, tables, data, made)))
    wanted = with_scores(data, scores)
    xr.testing.assert_allclose(again.drop_vars("score_row"), wanted.drop_vars("score_row"), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(again["cell"], data["cell"])
    np.testing.assert_array_equal(again["harness"], data["harness"])


def test_of_llms_that_are_not_published_nothing_is_written(
    world_fit: Fit, world_tables: Tables, world_study: Study, tmp_path: Path
) -> None:
    made = simulated(world_fit, 1, "records")
    tables = written(tmp_path / "world", world_tables, world_fit.data, made)
    names = world_fit.data["llm"].to_numpy()
    hidden = set(names[~made.published])
    assert 0 < len(hidden) < len(names)
    assert not hidden & (set(tables.llms["llm"]) | set(tables.scores["llm"]))
    again = assemble(world_study, select(world_study, tables))
    assert set(again["llm"].to_numpy()) == set(names) - hidden
    np.testing.assert_array_equal(again["reference"], world_fit.data["reference"])
    data = world_fit.data
    known = made.published[data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()[of_targets(data)]]]
    np.testing.assert_allclose(again["score_value"][of_targets(again)], made.scores[of_targets(data)][known], atol=1e-9)


FRAMES = {name: pd.DataFrame({"llm": ["a"]}) for name in ("llms", "scores")}


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    taken, file = tmp_path / "taken", tmp_path / "file"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    file.write_text("mine")
    for path in (taken, file):
        with pytest.raises(InputError, match="is there already; name a new folder"):
            write_simulation(path, FRAMES, {})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "notes.txt", "taken"]
    assert (taken / "notes.txt").read_text() == file.read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    files = write_simulation(tmp_path / "world", FRAMES, {"seed": 1})
    assert [file.name for file in files] == ["llms.csv", "scores.csv", "truth.json"]
    assert all(file.parent == tmp_path / "world" and file.is_file() for file in files)


@pytest.mark.parametrize("at", ["llms", "scores", "truth"])
def test_a_world_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def full(write: Callable[..., Any]) -> Callable[..., Any]:
        def until(*arguments: Any, **options: Any) -> Any:
            if any(isinstance(one, Path) and one.stem == at for one in arguments):
                raise OSError(28, "No space left on device")
            return write(*arguments, **options)

        return until

    monkeypatch.setattr(pd.DataFrame, "to_csv", full(pd.DataFrame.to_csv))
    monkeypatch.setattr(Path, "write_text", full(Path.write_text))
    with pytest.raises(InputError, match=r"cannot write there \(No space left on device\)"):
        write_simulation(tmp_path / "world", FRAMES, {})
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write there"):
        write_simulation(tmp_path / "absent" / "world", FRAMES, {})
    assert list(tmp_path.iterdir()) == []

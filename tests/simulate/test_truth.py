"""The truth of a world is what a fit of one draw would say, and the quantile of many LLMs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from equations import one_draw, point_of, remade, renamed, residuals, simulated

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import WORLDS, asked, simulate_scores
from bayesdensity.simulate.worlds import lineages


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


def effects_of(name: str, time: float, n: int, seed: int) -> np.ndarray:
    """Effects of families in a world of the draw of `remade`, drawn without the package."""
    rng = np.random.default_rng(seed)
    if name == "growing-lower-tail":
        lower, upper = 0.3 * np.exp(0.6 * time), 0.3
        side = np.where(rng.random(n) * (lower + upper) < lower, -lower, upper)
        effect = side * np.abs(rng.normal(size=n))
    else:
        weak = rng.random(n) < 1 / (1 + np.exp(1 - time))
        effect = 0.3 * np.exp(0.15 * time) * rng.normal(size=n) - 1.5 * weak
    return np.asarray(effect - effect.mean())


@pytest.mark.parametrize("name", ["growing-lower-tail", "weak-labs-late"])
def test_the_true_frontier_is_that_of_all_families_as_they_are_released(world_fit: Fit, name: str) -> None:
    """The mean keeps its pace; what of the families lies how far above it moves."""
    one, n, rng = remade(world_fit, {}), 2_000_000, np.random.default_rng(4)
    made, modelled = simulated(one, 1, name), simulated(one, 1)
    ends = quantities.estimate.times(one, quantities.window(one)).to_numpy()
    mean = quantities.mean_trend(one, quantities.window(one)).draws.to_numpy()[0, 0]
    growth = 0.0 if name == "growing-lower-tail" else 0.15
    edge = []
    for at, of in zip(ends, mean, strict=True):
        own = 0.2 * rng.normal(size=n) - 0.5 * (np.abs(rng.normal(size=n)) - np.sqrt(2 / np.pi))
        edge.append(of + np.quantile(effects_of(name, at, n, 7) + np.exp(growth * at) * own, 0.95))
    rate = np.diff(edge).item() / np.diff(ends).item()
    assert [made.truth["frontier at the start"], made.truth["frontier at the end"]] == pytest.approx(edge, abs=0.012)
    assert made.truth["rate of the frontier"] == pytest.approx(rate, abs=0.012)
    assert made.truth["rate of the mean"] == modelled.truth["rate of the mean"]
    assert abs(made.truth["frontier at the start"] - modelled.truth["frontier at the start"]) > 0.03


@pytest.mark.parametrize("name", ["growing-lower-tail", "weak-labs-late"])
def test_llms_are_drawn_from_the_population_whose_frontier_is_told(world_fit: Fit, name: str) -> None:
    one = remade(world_fit, {})
    time, growth = one.data["time"].to_numpy(), 0.0 if name == "growing-lower-tail" else 0.15
    for k in (int(time.argmin()), int(time.argmax())):
        got = residuals(one, 6, WORLDS[name])[:, k]
        at = float(one.data["family_time"][one.data["family_index"][k]])
        n, rng = 400_000, np.random.default_rng(8)
        own = 0.2 * rng.normal(size=n) - 0.5 * (np.abs(rng.normal(size=n)) - np.sqrt(2 / np.pi))
        wanted = effects_of(name, at, n, 9) + np.exp(growth * time[k]) * own
        at_quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
        np.testing.assert_allclose(np.quantile(got, at_quantiles), np.quantile(wanted, at_quantiles), atol=0.09)

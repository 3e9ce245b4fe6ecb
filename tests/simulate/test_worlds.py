"""Each world departs from the model in one way, and in no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from equations import implied_sizes, logits, noiseless, point_of, simulated
from rows import of_targets

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import WORLDS, world_of


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


def test_only_scores_that_are_alone_in_their_cell_are_inflated(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    base, made = simulated(quiet, 1), simulated(quiet, 1, "single-inflated")
    cell = world_fit.data["score_cell"].to_numpy()[of_targets(world_fit.data)]
    alone = (np.bincount(cell) == 1)[cell]
    assert 20 < alone.sum() < len(alone) - 20 and made.truth == base.truth
    np.testing.assert_allclose(logits(quiet, made.scores) - logits(quiet, base.scores), 0.5 * alone, atol=1e-4)


@pytest.mark.parametrize("inferred", [None, 0.3])
def test_all_scores_gain_a_tenth_of_a_logit_a_year(world_fit: Fit, inferred: float | None) -> None:
    """From the centre of time; where the study infers how much scores gain, it is this and not what the draw has."""
    quiet = noiseless(world_fit)
    base, data = simulated(quiet, 1), quiet.data
    if inferred is not None:
        quiet = replace(quiet, posterior=quiet.posterior.assign(score_inflation=quiet.posterior["rate"] * 0 + inferred))
    made = simulated(quiet, 1, "late-inflated")
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    time = data["time"].to_numpy()[data["cell_entity"].to_numpy()[cell]]
    np.testing.assert_allclose(logits(quiet, made.scores) - logits(quiet, base.scores), 0.1 * time, atol=1e-4)
    assert made.truth == base.truth


def test_beyond_the_reference_the_link_of_each_benchmark_bends_by_a_factor_of_its_own(world_fit: Fit) -> None:
    quiet = noiseless(world_fit)
    data, point = quiet.data, point_of(quiet)
    bench, spread = data["score_benchmark"].to_numpy()[of_targets(data)], []
    for seed in range(60):
        base, made = simulated(quiet, seed), simulated(quiet, seed, "bending-link")
        assert made.truth == base.truth
        size, bent = implied_sizes(quiet, base.scores), implied_sizes(quiet, made.scores)
        beyond = size - point["link_largest"][bench]
        # The turn takes a few tenths of an e-fold.
        np.testing.assert_allclose(bent[beyond < -1], size[beyond < -1], atol=0.05)
        factor = []
        for b in range(3):
            there = (bench == b) & (beyond > 0.5)
            factor.append(np.log(np.median((bent[there] - size[there]) / beyond[there] + 1)) if there.any() else np.nan)
        spread.append(factor)
    found = np.array(spread)
    found = found[np.isfinite(found).all(axis=1)]
    assert len(found) > 30 and found.std() == pytest.approx(0.5, abs=0.15)
    apart = (found - found.mean(axis=1, keepdims=True)).std(ddof=0) * np.sqrt(3 / 2)
    assert apart == pytest.approx(0.5 * np.sqrt(0.5), abs=0.1)


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

"""Fits are compared by what they predict of LLMs they have not seen: the better one wins, and a tie is called a tie."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.special import logsumexp
from seams import compiled_by

from bayesdensity.base.errors import InputError
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.leave_out import (
    average_density,
    bridged,
    compare,
    compared,
    leave_one_out,
    require_same_scores,
    stacked,
)
from bayesdensity.evaluation.marginal import log_predictive
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared, prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE, rate

FEW: dict[str, Any] = {"draws": 250, "tune": 250}


@pytest.fixture(scope="module")
def prepared(world_fit: Fit, world_compiler: Callable[..., Any]) -> Iterator[Prepared]:
    """The model of the small world, which is sampled again and again, and not compiled again."""
    with compiled_by(world_compiler):
        yield prepare_again(world_fit)


@pytest.fixture(scope="module")
def left_out(world_fit: Fit) -> xr.Dataset:
    """Every LLM of the small world left out by importance sampling, all draws used."""
    return leave_one_out(world_fit, refit=False, draws=2000)


def shifted(fit: Fit, **shifts: float) -> Fit:
    """The fit with parameters moved in every draw."""
    return replace(fit, posterior=fit.posterior.assign({name: fit.posterior[name] + by for name, by in shifts.items()}))


def error(values: np.ndarray) -> float:
    """Monte Carlo error of the logarithm of a mean of exponentials, of draws of which one in four counts."""
    weight = np.exp(values - values.max())
    return float(weight.std() / weight.mean() / np.sqrt(len(weight) / 4))


# Leaving one LLM out


def test_every_llm_left_out_has_a_finite_density_and_a_diagnosis(world_fit: Fit, left_out: xr.Dataset) -> None:
    np.testing.assert_array_equal(left_out["llm"], world_fit.data["llm"])
    assert np.isfinite(left_out["elpd"]).all() and np.isfinite(left_out["pareto_k"]).all()
    assert float(left_out["good_k"]) == pytest.approx(1 - 1 / np.log10(2000))
    assert (left_out["pareto_k"] < left_out["good_k"]).mean() > 0.8
    assert not left_out["refitted"].any()


def test_scores_that_were_seen_are_predicted_better_than_scores_left_out(world_fit: Fit, left_out: xr.Dataset) -> None:
    everyone = np.ones(world_fit.data.sizes["llm"], bool)
    seen = average_density(log_predictive(world_fit, world_fit.data, everyone, 2000))
    gain = seen - left_out["elpd"].to_numpy()
    assert (gain > -0.02).all()
    # About as much as parameters that the scores determine: some, and fewer than there are.
    assert 3 < gain.sum() < 30


def test_importance_sampling_agrees_with_fits_without_the_llm(
    world_fit: Fit, left_out: xr.Dataset, prepared: Prepared
) -> None:
    everyone = np.ones(world_fit.data.sizes["llm"], bool)
    together = log_predictive(world_fit, world_fit.data, everyone, 2000).stack(s=SAMPLE).to_numpy()
    for m in np.argsort(left_out["pareto_k"].to_numpy())[[0, len(everyone) // 2]]:
        keep = everyone.copy()
        keep[m] = False
        again = sample(prepared, with_scores(world_fit.data, keep_llms=keep), seed=1, draws=300, tune=300)
        exact = log_predictive(again, world_fit.data, keep, 2000)
        monte_carlo = np.hypot(error(exact.isel(llm=m).to_numpy().ravel()), error(-together[m]))
        assert monte_carlo < 0.1
        assert average_density(exact)[m] == pytest.approx(float(left_out["elpd"][m]), abs=0.02 + 4 * monte_carlo)


def test_an_llm_unlike_all_others_is_left_out_exactly(
    world_fit: Fit, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One LLM is given scores as no other has them; importance sampling fails for it, and says so."""
    module, data, odd = importlib.import_module("bayesdensity.evaluation.leave_out"), world_fit.data, 20
    entity = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()]
    unlike = np.array([0.4, 0.9, 0.1])[data["score_benchmark"].to_numpy()]
    values = np.where(entity == odd, unlike, data["score_value"].to_numpy())
    made = sample(prepared, with_scores(data, values), seed=1, **FEW)
    approximate = leave_one_out(made, refit=False, draws=1000)
    large = (approximate["pareto_k"] > approximate["good_k"]).to_numpy()
    assert large[odd] and not approximate["refitted"].any()

    without: list[np.ndarray] = []
    told: list[str] = []

    def recorded(prepared: Any, data: xr.Dataset, **settings: Any) -> Fit:
        cells = data["score_cell"].to_numpy()[~data["score_keep"].to_numpy()]
        without.append(np.unique(data["cell_entity"].to_numpy()[cells]))
        return sample(prepared, data, **settings)

    monkeypatch.setattr(module, "sample", recorded)
    for name in ("REFIT_DRAWS", "REFIT_TUNE"):
        monkeypatch.setattr(module, name, 120)
    exact = leave_one_out(made, draws=1000, progress=told.append)
    np.testing.assert_array_equal(exact["refitted"], large)
    np.testing.assert_array_equal(exact["pareto_k"], approximate["pareto_k"])
    assert [list(one) for one in without] == [[m] for m in np.flatnonzero(large)]
    np.testing.assert_array_equal(exact["elpd"][~large], approximate["elpd"][~large])
    # A fit that never saw it is more surprised than one that did, whatever the weights.
    assert float(exact["elpd"][odd]) < float(approximate["elpd"][odd]) < float(exact["elpd"].median()) - 20
    assert f"leave out exactly 1 of {large.sum()}: {data['llm'].to_numpy()[np.flatnonzero(large)[0]]}" in told
    assert told.index("compile to leave out exactly") < len(told) - large.sum()


def test_an_average_density_is_the_logarithm_of_a_mean_of_exponentials() -> None:
    values = np.random.default_rng(1).normal(-400, 3, (4, 50, 3))
    wanted = logsumexp(values.reshape(-1, 3), axis=0) - np.log(200)
    np.testing.assert_allclose(average_density(xr.DataArray(values, dims=(*SAMPLE, "llm"))), wanted)


def sides_of_a_bridge(score: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Log densities of a score in draws that do not know it and in draws that do, and what is truly predicted of it.

    The score is normal about a mean that is normal about zero.
    """
    rng, prior, scale = np.random.default_rng(seed), 2.0, 0.5
    sd = 1 / np.sqrt(1 / prior**2 + 1 / scale**2)
    means = rng.normal(0, prior, (4, 500)), rng.normal(score * sd**2 / scale**2, sd, (4, 500))
    without, known = (np.asarray(stats.norm.logpdf(score, mean, scale)) for mean in means)
    return without, known, float(stats.norm.logpdf(score, 0, np.hypot(prior, scale)))


@pytest.mark.parametrize(("score", "within"), [(0.0, 0.12), (3.0, 0.25), (-6.0, 0.7)])
def test_a_bridge_finds_the_predictive_density(score: float, within: float) -> None:
    without, known, wanted = sides_of_a_bridge(score, seed=2)
    assert bridged(without, known) == pytest.approx(wanted, abs=within)
    # Numbers of draws may differ, and log densities may lie anywhere.
    assert bridged(without[:3] - 500, known - 500) == pytest.approx(wanted - 500, abs=within)


def test_a_bridge_to_an_outlier_is_nearer_the_truth_than_either_side() -> None:
    missed = []
    for seed in range(10):
        without, known, wanted = sides_of_a_bridge(7.0, seed)
        each = (bridged(without, known), logsumexp(without) - np.log(2000), np.log(2000) - logsumexp(-known))
        missed.append([abs(one - wanted) for one in each])
    bridge, unknown, harmonic = np.mean(missed, axis=0)
    assert bridge < 0.6 * unknown and bridge < 0.2 * harmonic


# The comparison


def pointwise(n: int = 40, seed: int = 1, **means: float) -> dict[str, xr.DataArray]:
    """Made-up log predictive densities of LLMs: those of fits go up and down together."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(3, 5, n)
    return {name: xr.DataArray(shared + mean + rng.normal(0, 0.5, n), dims="llm") for name, mean in means.items()}


def test_fits_differ_by_the_sum_over_llms_and_its_standard_error() -> None:
    made = pointwise(good=0.0, middling=-0.2, bad=-1.0)
    table = compared(made)
    assert list(table.index) == ["good", "middling", "bad"]
    for name, one in made.items():
        less = (one - made["good"]).to_numpy()
        assert table.at[name, "elpd"] == pytest.approx(float(one.sum()))
        assert table.at[name, "se"] == pytest.approx(float(one.std()) * np.sqrt(40))
        assert table.at[name, "difference"] == pytest.approx(less.sum())
        assert table.at[name, "difference_se"] == pytest.approx(np.sqrt(40) * less.std(), rel=0.02)
    assert table.at["bad", "difference_se"] < 0.3 * table.at["bad", "se"]


def test_stacking_weights_sum_to_one_and_prefer_the_better() -> None:
    weights = compared(pointwise(good=0.0, middling=-0.3, bad=-2.0))["weight"]
    assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
    assert weights["good"] > weights["middling"] >= weights["bad"]


def test_stacking_weights_are_those_whose_mixture_predicts_best() -> None:
    made = pointwise(one=0.0, other=-0.1)
    share = np.linspace(0, 1, 2001)[1:-1, None]
    mixed = np.logaddexp(np.log(share) + made["one"].to_numpy(), np.log1p(-share) + made["other"].to_numpy())
    best = float(share[mixed.sum(axis=1).argmax(), 0])
    assert 0.1 < best < 0.9
    assert compared(made)["weight"]["one"] == pytest.approx(best, abs=0.01)


def test_a_fit_with_a_wrong_pace_is_found_out(world_fit: Fit) -> None:
    told: list[str] = []
    wrong = shifted(world_fit, rate=-3.0)
    found = compare({"wrong": wrong, "right": world_fit}, refit=False, draws=400, ci=0.8, progress=told.append)
    assert list(found.table.index) == ["right", "wrong"]
    less = found.table.loc["wrong"]
    assert less["difference"] < -2 * less["difference_se"] and less["difference"] < -50
    assert found.table.at["right", "weight"] > 0.99
    assert dict(found.pointwise.sizes) == {"fit": 2, "family": world_fit.data.sizes["family"]}
    wanted = (found.pointwise["pareto_k"] > found.pointwise["good_k"]).sum("family").to_series()
    assert found.table["large_k"].to_dict() == wanted.to_dict() and (found.table["refitted"] == 0).all()
    assert {text.split(":")[0] for text in told} == {"right", "wrong"}
    growth = found.stacked["frontier"]
    assert growth.probability == 0.8
    wanted_rate = rate(world_fit, ci=0.8).to_frame_row()
    assert growth.to_frame_row().tolist() == pytest.approx(wanted_rate.tolist(), abs=0.02)


def test_a_fit_is_no_better_than_itself(world_fit: Fit) -> None:
    table = compare({"one": world_fit, "again": world_fit}, refit=False, draws=100).table
    assert (table["difference"] == 0).all() and (table["difference_se"] == 0).all()
    assert table["weight"].sum() == pytest.approx(1)


# Stacked growth


def drawn(fit: Fit, estimand: Any) -> np.ndarray:
    return rate(fit, estimand=estimand).draws.to_numpy().ravel()


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.25, 0.75)])
def test_stacked_growth_is_that_of_draws_mixed_by_weights(world_fit: Fit, weights: tuple[float, float]) -> None:
    slow, fast = shifted(world_fit, rate=-2.0), shifted(world_fit, rate=2.0)
    mixed = stacked({"slow": slow, "fast": fast}, dict(zip(("slow", "fast"), weights, strict=True)), ci=0.8)
    assert set(mixed) == {"frontier", "mean"}
    for estimand, growth in mixed.items():
        draws = np.sort(np.concatenate([drawn(slow, estimand), drawn(fast, estimand)]))
        each = np.sort(np.concatenate([np.tile(drawn(slow, estimand), round(4 * weights[0])),
                                       np.tile(drawn(fast, estimand), round(4 * weights[1]))]))  # fmt: skip
        row = growth.to_frame_row()
        assert [row["lower"], row["upper"]] == pytest.approx(np.quantile(each, [0.1, 0.9]), abs=0.03)
        if weights != (0.5, 0.5):  # there the median falls into the gap
            assert row["median"] == pytest.approx(np.median(each), abs=0.03)
        assert float((growth.draws > 0).mean()) == pytest.approx(float((each > 0).mean()), abs=1e-3)
        assert draws[0] <= growth.draws.min() and growth.draws.max() <= draws[-1]
        assert growth.probability == 0.8 and growth.what.endswith("stacked over 2 fits")


# What cannot be compared


def refused(**fits: Fit) -> str:
    with pytest.raises(InputError) as raised:
        require_same_scores(fits)
    with pytest.raises(InputError):
        compare(fits)
    return str(raised.value)


def test_one_fit_cannot_be_compared(world_fit: Fit) -> None:
    assert "at least two fits; got 1" in refused(mine=world_fit)
    assert "at least two fits; got 0" in refused()


def test_fits_of_other_llms_cannot_be_compared(world_fit: Fit) -> None:
    names = world_fit.data["llm"].to_numpy().copy()
    names[0] = "fam99-7B"
    other = replace(world_fit, data=world_fit.data.assign_coords(llm=names))
    said = refused(mine=world_fit, yours=other)
    assert "mine and yours are fits of different LLMs" in said and "--set" in said


@pytest.mark.parametrize("which", ["a target's", "a reference's", "one fewer"])
def test_fits_of_other_scores_cannot_be_compared(world_fit: Fit, which: str) -> None:
    data = world_fit.data
    if which == "one fewer":
        other = data.isel(score=slice(None, -1))
    else:
        values = data["score_value"].to_numpy().copy()
        values[0 if which == "a target's" else -1] += 0.001
        other = with_scores(data, values)
    said = refused(mine=world_fit, same=world_fit, yours=replace(world_fit, data=other))
    assert "mine and yours are fits of different scores" in said and "not the selection or the reference" in said


def test_fits_that_differ_in_the_model_alone_can_be_compared(world_fit: Fit) -> None:
    form = world_fit.study.frontier.model_copy(update={"form": "symmetric"})
    other = replace(world_fit, study=world_fit.study.model_copy(update={"frontier": form}))
    require_same_scores({"one": world_fit, "other": other})


def test_groups_that_are_left_out_together_are_the_same(world_fit: Fit) -> None:
    form = world_fit.study.frontier.model_copy(update={"groups": "organization"})
    other = replace(world_fit, study=world_fit.study.model_copy(update={"frontier": form}))
    with pytest.raises(InputError, match=r"frontier\.groups.*--fold llm"):
        require_same_scores({"one": world_fit, "other": other})
    require_same_scores({"one": world_fit, "other": other}, "llm")

"""Where growth is straight, the shelf life of an LLM is a logarithm over a rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated import BENCHMARKS, Truth
from straight import NOISE, SLOPES, excess, moved, rates, straight

from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.shelf_lives import (
    first_successor,
    matched_by,
    shelf_life,
    shelf_life_by_benchmark,
    successors,
)


@pytest.fixture(scope="module")
def fit(truth: Truth, world_tables: Tables) -> Fit:
    return straight(truth, world_tables)


def name(fit: Fit, k: int) -> str:
    return str(fit.data["llm"].to_numpy()[k])


def early(fit: Fit) -> str:
    """An LLM that was measured on all benchmarks, and was not the first."""
    cells, n = cells_of(fit.data), fit.data.sizes["benchmark"]
    return next(name(fit, k) for k in range(3, fit.data.sizes["llm"]) if (cells.llm == k).sum() == n)


@pytest.mark.parametrize("share", [0.5, 0.35, 0.01])
def test_an_llm_of_the_frontier_is_matched_after_the_logarithm_of_the_share_over_the_rate(
    fit: Fit, share: float
) -> None:
    months = shelf_life(fit, early(fit), share).draws.to_numpy()
    np.testing.assert_allclose(months, 12 * np.log(1 / share) / rates(), rtol=1e-6)


def test_the_typical_release_also_has_to_make_up_for_the_frontier(fit: Fit) -> None:
    months = shelf_life(fit, early(fit), 0.5, "typical").draws.to_numpy()
    np.testing.assert_allclose(months, 12 * (np.log(2) + excess(fit)) / rates(), rtol=1e-6)
    assert excess(fit) > NOISE


def test_an_llm_below_the_frontier_by_more_than_the_share_was_matched_when_it_came(fit: Fit) -> None:
    behind = moved(fit, early(fit), -np.log(2) - 0.01)
    assert (shelf_life(behind, early(fit), 0.5).draws == 0).all()
    assert (shelf_life(behind, early(fit), 0.4).draws > 0).all()


def test_where_a_larger_model_is_denser_a_smaller_one_has_more_to_make_up(truth: Truth, world_tables: Tables) -> None:
    fit, effect = straight(truth, world_tables, more={"covariates": ["size"]}), 0.2
    size = fit.data["log_size"].drop_vars(["architecture", "release_date", "lab_type"], errors="ignore")
    of_size = (0 * fit.posterior["rate"] + effect).expand_dims(covariate=["size"], axis=-1)
    draws = fit.posterior.assign(covariate_effect=of_size)
    draws["log_density_relative"] = (draws["log_density_relative"] + effect * size).transpose("chain", "draw", "llm")
    months = shelf_life(replace(fit, posterior=draws), early(fit), 0.5).draws.to_numpy()
    np.testing.assert_allclose(months, 12 * 1.2 * np.log(2) / rates(), rtol=1e-6)


def test_on_a_benchmark_its_slope_and_the_departure_of_the_llm_count(fit: Fit) -> None:
    llm, cells = early(fit), cells_of(fit.data)
    which = fit.data["llm"].to_numpy().tolist().index(llm)
    departs = np.zeros(fit.data.sizes["cell"])
    departs[: cells.n_targets] = 0.1 * (cells.llm == which) * (1 + cells.target_benchmark)
    departed = fit.posterior.assign(cell_departure=fit.posterior["cell_departure"] + departs)
    life = shelf_life_by_benchmark(replace(fit, posterior=departed), llm)
    assert life.draws["benchmark"].to_numpy().tolist() == list(BENCHMARKS)
    for b, benchmark in enumerate(BENCHMARKS):
        needed = np.log(2) + 0.1 * (1 + b)
        months = life.draws.sel(benchmark=benchmark).to_numpy()
        np.testing.assert_allclose(months, 12 * needed / (rates() + SLOPES[b]), rtol=1e-6)


def test_what_falls_never_matches(truth: Truth, world_tables: Tables) -> None:
    falling = straight(truth, world_tables, rates(-2.0, -1.0))
    life = shelf_life(falling, early(falling))
    assert np.isinf(life.draws).all() and life.to_json()["median"] == "inf"
    assert float(matched_by(falling, early(falling), life, "2040-01-01")) == 0


def test_the_probability_of_a_date_is_the_share_of_draws_that_are_matched_by_then(fit: Fit) -> None:
    llm = early(fit)
    life, released = shelf_life(fit, llm), str(fit.data["release_date"].sel(llm=llm).item())
    day = str(np.datetime64(released) + np.timedelta64(183, "D"))
    months = 12 * 183 / 365.25
    assert float(matched_by(fit, llm, life, day)) == pytest.approx((12 * np.log(2) / rates() <= months).mean())
    with pytest.raises(InputError, match="before the release"):
        matched_by(fit, llm, life, "2001-01-01")


def test_the_first_successor_is_the_first_of_its_size_that_is_likely_as_able(fit: Fit) -> None:
    size, time = (fit.data[key].to_numpy() for key in ("log_size", "time"))
    which = next(k for k in range(len(time)) if ((size <= size[k] - np.log(2)) & (time > time[k])).sum() > 4)
    llm = name(fit, which)
    every = successors(fit, llm)
    later = (size <= size[which] - np.log(2)) & (time >= time[which])
    assert set(every.index) == set(fit.data["llm"].to_numpy()[later])
    assert every["months"].is_monotonic_increasing and (every["months"] >= 0).all()
    weak, able, *_ = every.index[every["months"] > 0]
    unable = fit
    for one in every.index:
        unable = moved(unable, one, -50.0)
    assert first_successor(unable, llm) is None
    some = moved(moved(unable, able, 100.0), weak, np.where(rates() < 1.4, 100.0, 0.0))
    found = first_successor(some, llm)
    assert found is not None and found.name == able and found["probability"] == 1
    assert successors(some, llm).at[weak, "probability"] == pytest.approx((rates() < 1.4).mean())


def test_the_best_is_the_first_release_of_the_fit_that_is_as_able_at_each_draw(fit: Fit) -> None:
    time, size = (fit.data[key].to_numpy() for key in ("time", "log_size"))
    which = next(k for k in range(len(time)) if ((size <= size[k] - np.log(2)) & (time > time[k])).sum() > 4)
    llm, unable = name(fit, which), fit
    for k in range(len(time)):
        unable = moved(unable, name(fit, k), -50.0) if k != which else unable
    assert np.isinf(shelf_life(unable, llm, of="best").draws).all()
    one = next(iter(successors(fit, llm).index[successors(fit, llm)["months"] > 0]))
    some = moved(unable, one, np.where(rates() < 1.4, 100.0, 0.0))
    months = shelf_life(some, llm, of="best").draws.to_numpy()
    np.testing.assert_allclose(months[rates() < 1.4], successors(fit, llm).at[one, "months"])
    assert np.isinf(months[rates() >= 1.4]).all()


def test_an_llm_of_no_such_name_and_a_share_that_is_none_are_refused(fit: Fit) -> None:
    with pytest.raises(InputError, match="Did you mean"):
        shelf_life(fit, early(fit) + "x")
    for share in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(InputError, match="share of a size"):
            shelf_life(fit, early(fit), share)
    with pytest.raises(InputError, match="frontier"):
        shelf_life(fit, early(fit), of="nobody")  # type: ignore[arg-type]


def test_intervals_cover_the_truth_of_the_small_world(world_fit: Fit, truth: Truth) -> None:
    world, rng = truth.world, np.random.default_rng(1)
    inefficiency = np.abs(rng.normal(0, world.inefficiency_scale, 10**6))
    residual = rng.normal(0, np.hypot(world.family_scale, world.noise_scale), 10**6) - inefficiency
    beyond = float(np.quantile(residual - residual.mean(), world_fit.study.frontier.quantile))
    time, names = (world_fit.data[key].to_numpy() for key in ("time", "llm"))
    needed = truth.log_density[names].to_numpy() + np.log(2) - world.level - beyond
    months = 12 * np.maximum(needed / world.rate - time, 0)
    rows = [shelf_life(world_fit, str(llm), ci=0.95).to_frame_row() for llm in names]
    covered = [row["lower"] <= true <= row["upper"] for row, true in zip(rows, months, strict=True)]
    assert np.mean(covered) > 0.8 and 0 < (months > 0).mean() < 1
    wide = np.array([row["upper"] - row["lower"] for row in rows])
    assert np.median(wide) < 12  # months: an interval that holds everything says nothing

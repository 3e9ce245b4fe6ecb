"""Placing: a model lies where a fit with it among its LLMs would have it, and where it truly is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulated import BENCHMARKS, DAY_ZERO, Truth, World, logit_of_reference

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of
from bayesdensity.evaluation.model_table import read_models
from bayesdensity.evaluation.placing import place, place_all
from bayesdensity.inference.result import Fit

SCORES = {"Reading": 0.7, "Sums": 0.45, "Code": 0.5}


def scores_of(fit: Fit, llm: int) -> dict[str, float]:
    cells = cells_of(fit.data)
    on = np.flatnonzero(cells.llm == llm)
    names = fit.data["benchmark"].to_numpy()
    return {str(names[cells.target_benchmark[k]]): float(fit.data["cell_value"][k]) for k in on}


def placed_again(fit: Fit, llm: int, **known: Any) -> Any:
    size = float(np.exp(fit.data["log_size"][llm] + fit.data.attrs["log_size_centre"]))
    return place(fit, scores_of(fit, llm), params=size, released=str(fit.data["release_date"].to_numpy()[llm]), **known)


def test_an_llm_of_the_fit_is_placed_where_the_fit_has_it(world_fit: Fit) -> None:
    inside, apart = 0, []
    some = range(0, world_fit.data.sizes["llm"], 3)
    for llm in some:
        family = str(world_fit.data["family"].to_numpy()[int(world_fit.data["family_index"][llm])])
        again = placed_again(world_fit, llm, family=family).log_density.to_frame_row()
        known = q.log_density(world_fit).draws.isel(llm=llm)
        inside += again["lower"] < float(known.median()) < again["upper"]
        apart.append((again["median"] - float(known.median())) / float(known.std()))
    assert inside == len(some) and np.abs(apart).mean() < 0.5


def test_intervals_of_new_models_hold_the_truth(world_fit: Fit, truth: Truth) -> None:
    world: World = truth.world
    rng, held, n = np.random.default_rng(5), 0, 60
    middle = float(np.mean([(pd.Timestamp(day) - DAY_ZERO).days for day in world_fit.data["release_date"].to_numpy()]))
    for _ in range(n):
        years, params = rng.uniform(0.2, 2.9), float(rng.choice(world.sizes))
        day = DAY_ZERO + pd.Timedelta(days=round(years * 365.25))
        since = ((day - DAY_ZERO).days - middle) / 365.25
        short = world.inefficiency_scale * (np.sqrt(2 / np.pi) - abs(rng.normal()))
        residual = rng.normal(0, world.family_scale) + rng.normal(0, world.noise_scale) + short
        density, scores = world.level + world.rate * since + residual, {}
        for b, name in enumerate(BENCHMARKS):
            size = np.log(params) + density + rng.normal(0, world.cell_scatter)
            size += world.offset[b] + world.benchmark_slope[b] * since
            eta = float(logit_of_reference(world, b, np.array(size))) + world.harness[int(rng.random() < 0.4)]
            p = world.chance[b] + (world.ceiling - world.chance[b]) / (1 + np.exp(-eta))
            scores[name] = float(np.clip(rng.binomial(world.n_items[b], p) / world.n_items[b], 0.01, 0.94))
        row = place(world_fit, scores, params=params, released=f"{day:%Y-%m-%d}").log_density.to_frame_row()
        held += row["lower"] < density < row["upper"]
    assert 0.8 * n <= held <= n


def test_every_further_score_narrows_the_interval(world_fit: Fit) -> None:
    widths = []
    for names in (["Sums"], ["Sums", "Reading"], ["Sums", "Reading", "Code"]):
        row = place(world_fit, {name: SCORES[name] for name in names}, params=7e9, released="2025-01-01")
        ends = row.log_density.to_frame_row()
        widths.append(ends["upper"] - ends["lower"])
    assert widths[0] > widths[1] > widths[2]


def test_a_harness_that_is_known_tells_more_than_one_that_is_not(world_fit: Fit) -> None:
    given: Any = {"params": 7e9, "released": "2025-01-01"}
    unknown = place(world_fit, SCORES, **given).by_benchmark.draws.std(q.SAMPLE)
    known = place(world_fit, SCORES, harness="harness-a", **given).by_benchmark.draws.std(q.SAMPLE)
    assert float((known / unknown).mean()) < 1.0


def test_relatives_pull_a_model_towards_them(world_fit: Fit) -> None:
    effect = world_fit.posterior["family_effect"].median(q.SAMPLE)
    strong = str(effect["family"].to_numpy()[int(np.argmax(effect.to_numpy()))])
    given: Any = {"params": 7e9, "released": "2025-01-01"}
    alone = place(world_fit, {"Code": 0.5}, **given).log_density.to_frame_row()["median"]
    among = place(world_fit, {"Code": 0.5}, family=strong, **given).log_density.to_frame_row()["median"]
    assert among > alone


def test_a_score_that_disagrees_is_told_apart(world_fit: Fit) -> None:
    fine = place(world_fit, scores_of(world_fit, 4), params=7e9, released="2025-01-01").surprise
    odd = place(world_fit, {"Reading": 0.85, "Sums": 0.08, "Code": 0.55}, params=7e9, released="2025-01-01").surprise
    assert float(odd.sel(benchmark="Sums")) < 0.01 < float(fine.min())
    assert np.isnan(place(world_fit, {"Sums": 0.5}, params=7e9, released="2025-01-01").surprise).all()


def test_weights_of_scores_sum_to_one(world_fit: Fit) -> None:
    placed = place(world_fit, SCORES, params=7e9, released="2025-01-01")
    assert float(placed.weight.sum()) == pytest.approx(1.0, abs=0.02)
    assert (placed.weight > 0.05).all()


@pytest.mark.parametrize(
    ("scores", "given", "said"),
    [
        ({}, {}, "has no score"),
        ({"Sum": 0.5}, {}, "Did you mean 'Sums'"),
        ({"Sums": 45.0}, {}, r"A per cent\? Write 0.45"),
        ({"Sums": 0.995}, {}, "above the ceiling"),
        ({"Reading": 0.05}, {}, "below guessing"),
        ({"Sums": 0.5}, {"params": 7.0}, "a size lies between"),
        ({"Sums": 0.5}, {"active": 8e9}, "active parameters"),
        ({"Sums": 0.5}, {"family": "nobody"}, "no family of the fit"),
        ({"Sums": 0.5}, {"harness": "nothing"}, "no harness of the fit"),
        ({"Sums": 0.5}, {"released": "soon"}, "'soon' is no date"),
    ],
)
def test_what_cannot_be_placed_is_refused(world_fit: Fit, scores: Any, given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        place(world_fit, scores, **{"params": 7e9, "released": "2025-01-01", **given})


def test_a_table_of_models_is_placed_row_by_row(world_fit: Fit, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text("llm,params_total,release_date,Sums,Code\nmine,7e9,2025-01-01,0.5,\nours,14e9,2025-03-01,,0.6\n")
    placed = place_all(world_fit, read_models(path, world_fit))
    alone = place(world_fit, {"Sums": 0.5}, params=7e9, released="2025-01-01")
    assert [one.model.name for one in placed] == ["mine", "ours"]
    assert placed[0].log_density.to_json() == alone.log_density.to_json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("llm,params_total,Sum\nmine,7e9,0.5\n", "Did you mean 'Sums'"),
        ("llm,Sums\nmine,0.5\n", "no column 'params_total'"),
        ("llm,params_total,Sums\n", "has a header but no rows"),
        ("llm,params_total,Sums\nmine,7e9,half\n", "row 2: score half for llm 'mine' on 'Sums' is not a number"),
        ("llm,params_total,Sums\nmine,7e9,\n", "row 2: 'mine' has no score"),
        ("llm,params_total,Sums\nmine,,0.5\n", "row 2: params_total of llm 'mine' is empty"),
    ],
)
def test_a_table_that_says_nothing_names_the_row(world_fit: Fit, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "models.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_models(path, world_fit)

"""What the model sees is what the tables say, labelled and in a fixed order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from simulated import BENCHMARKS, Truth

from bayesdensity.data.dataset import assemble, years
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.study import Study, load_study


@pytest.fixture(scope="module")
def chosen(world_study: Study, world_tables: Tables) -> Selection:
    return select(world_study, world_tables)


@pytest.fixture(scope="module")
def data(world_study: Study, chosen: Selection) -> xr.Dataset:
    return assemble(world_study, chosen)


def test_shapes_and_labels(data: xr.Dataset, chosen: Selection, truth: Truth) -> None:
    assert set(data["llm"].to_numpy()) == set(truth.log_density.index)
    assert list(data["benchmark"].to_numpy()) == list(BENCHMARKS)
    assert data.sizes["reference"] == len(truth.world.members)
    assert data.sizes["score"] == len(chosen.scores)
    assert data.sizes["cell"] == len(chosen.scores[["llm", "benchmark"]].drop_duplicates())
    assert data.sizes["suite"] == 1 and data.sizes["suite_run"] == 12
    assert data.sizes["run"] == data.sizes["map"] == data.sizes["training"] == 0
    for dim in ("llm", "reference", "family", "benchmark", "cell", "harness"):
        assert len(set(data[dim].to_numpy())) == data.sizes[dim], dim


def test_cells_of_targets_come_first(data: xr.Dataset) -> None:
    is_target = data["cell_entity"].to_numpy() < data.sizes["llm"]
    n = data.attrs["n_target_cells"]
    assert is_target[:n].all() and not is_target[n:].any() and n < data.sizes["cell"]


def test_every_score_points_to_its_own_cell(data: xr.Dataset, world_tables: Tables) -> None:
    names = [*data["llm"].to_numpy(), *data["reference"].to_numpy()]
    for k in range(data.sizes["score"]):
        row = world_tables.scores.loc[int(data["score_row"][k])]
        cell = int(data["score_cell"][k])
        assert data["cell"].to_numpy()[cell] == f"{row['llm']} on {row['benchmark']}"
        assert names[int(data["cell_entity"][cell])] == row["llm"]
        assert data["benchmark"].to_numpy()[int(data["cell_benchmark"][cell])] == row["benchmark"]
        assert int(data["score_benchmark"][k]) == int(data["cell_benchmark"][cell])
        assert data["harness"].to_numpy()[int(data["score_harness"][k])] == f"{row['harness']} on {row['benchmark']}"
        assert float(data["score_value"][k]) == row["score"]


def test_scores_are_sorted_by_cell_and_llms_by_release(data: xr.Dataset) -> None:
    assert (np.diff(data["score_cell"].to_numpy()) >= 0).all()
    assert sorted(set(data["score_cell"].to_numpy())) == list(range(data.sizes["cell"]))
    assert (np.diff(data["time"].to_numpy()) >= 0).all()
    assert (np.diff(data["reference_log_size"].to_numpy()) > 0).all()


def test_sizes_and_times_are_counted_from_their_centres(data: xr.Dataset, world_tables: Tables) -> None:
    llms = world_tables.llms.set_index("llm").loc[data["llm"].to_numpy()]
    assert float(data["time"].mean()) == pytest.approx(0, abs=1e-9)
    assert float(data["log_size"].mean()) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(np.exp(data["log_size"] + data.attrs["log_size_centre"]), llms["params_total"])
    np.testing.assert_allclose(data["time"] + data.attrs["time_centre"], years(llms["release_date"]))
    assert list(data["release_date"].to_numpy()) == list(llms["release_date"].dt.strftime("%Y-%m-%d"))


def test_harnesses_are_compared_on_the_cells_they_share(data: xr.Dataset, truth: Truth) -> None:
    names, value, weight = (data[name].to_numpy() for name in ("harness", "harness_value", "harness_weight"))
    assert (weight > 0).all()
    for benchmark in BENCHMARKS:
        a, b = (value[list(names).index(f"harness-{which} on {benchmark}")] for which in "ab")
        assert b == pytest.approx(truth.world.harness[1] - truth.world.harness[0], abs=0.05), benchmark
        assert a == pytest.approx(-b)


def test_families_gather_their_llms(data: xr.Dataset) -> None:
    for llm, family in zip(data["llm"].to_numpy(), data["family_index"].to_numpy(), strict=True):
        assert llm.startswith(data["family"].to_numpy()[family])


def test_a_year_is_a_year() -> None:
    a, b, c = years(pd.DatetimeIndex(["2000-01-01", "2023-01-01", "2024-01-01"]))
    assert a == 0 and b == pytest.approx(23, abs=0.01) and c - b == pytest.approx(1, abs=0.001)


def test_order_of_the_table_does_not_matter(data: xr.Dataset, world_study: Study, world_tables: Tables) -> None:
    shuffled = Tables(**{
        name: getattr(world_tables, name).sample(frac=1, random_state=1)
        for name in ("llms", "scores", "reference_runs", "benchmarks")
    }, digest="x")  # fmt: skip
    again = assemble(world_study, select(world_study, shuffled))
    xr.testing.assert_identical(again.drop_dims("suite_run"), data.drop_dims("suite_run"))


def test_ladder_runs_are_counted_from_the_centre_of_the_ladder() -> None:
    study, tables = load_study("olmo-ladder"), read_tables()
    data = assemble(study, select(study, tables))
    assert data.sizes["reference"] == 0 and data.attrs["n_target_cells"] == data.sizes["cell"]
    for part in ("n", "d"):
        assert float(data[f"run_log_{part}"].mean()) == pytest.approx(0, abs=1e-9)
    assert set(data["run_beyond"].to_numpy()) == {0.0, 1.0}
    own = data["training_benchmark"].to_numpy()[data["map_training"].to_numpy()]
    np.testing.assert_array_equal(own, data["map_benchmark"].to_numpy())
    assert np.isfinite(data["map_value"]).all() and np.isfinite(data["run_loss"]).all()

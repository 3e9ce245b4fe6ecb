"""What the model sees is what the tables say, labelled and in a fixed order."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from simulated import BENCHMARKS, Truth

from bayesdensity.data.dates import years, years_from_centre
from bayesdensity.data.join import assemble
from bayesdensity.data.masks import with_scores
from bayesdensity.data.pseudo import UNKNOWN_WEIGHT
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.laws.trends import knots
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study


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


def test_organizations_gather_all_their_llms() -> None:
    """Where `frontier.groups` asks for it, families of one organization are one group."""
    study = load_study("densing-law", {"frontier.groups": "organization"})
    chosen = select(study, read_tables())
    grouped = assemble(study, chosen)
    group = grouped["family"].to_numpy()[grouped["family_index"].to_numpy()]
    assert list(group) == list(chosen.llms.loc[grouped["llm"].to_numpy(), "organization"])
    assert grouped.sizes["family"] == chosen.llms["organization"].nunique() < chosen.llms["family"].nunique()


def test_a_year_is_a_year() -> None:
    a, b, c = years(pd.DatetimeIndex(["2000-01-01", "2023-01-01", "2024-01-01"]))
    assert a == 0 and b == pytest.approx(23, abs=0.01) and c - b == pytest.approx(1, abs=0.001)


def test_dates_are_counted_like_releases(data: xr.Dataset) -> None:
    dates = [date.fromisoformat(day) for day in data["release_date"].to_numpy()]
    np.testing.assert_allclose(years_from_centre(data, dates), data["time"])


def test_knots_lie_within_the_window_and_bear_their_dates(data: xr.Dataset) -> None:
    time, turns = data["time"].to_numpy(), data["knot_time"].to_numpy()
    np.testing.assert_allclose(turns, knots(time.min(), time.max()))
    assert time.min() < turns[0] and turns[-1] < time.max()
    labels = [date.fromisoformat(label) for label in data["knot"].to_numpy()]
    np.testing.assert_allclose(years_from_centre(data, labels), turns, atol=1.01 / 365.25)
    assert len(set(labels)) == len(labels)


# Other scores in the same places


def test_with_its_own_scores_a_dataset_is_itself(data: xr.Dataset) -> None:
    xr.testing.assert_identical(with_scores(data), data)
    everything = np.ones(data.sizes["llm"], bool)
    xr.testing.assert_identical(with_scores(data, data["score_value"].to_numpy(), everything), data)
    assert data["score_keep"].to_numpy().all()


def test_other_scores_are_as_if_they_had_been_measured(
    data: xr.Dataset, chosen: Selection, world_study: Study, world_tables: Tables
) -> None:
    """Putting values in gives the dataset that tables with these values give."""
    values = np.clip(
        data["score_value"].to_numpy() + np.random.default_rng(3).normal(0, 0.05, data.sizes["score"]), 0, 1
    )
    scores = world_tables.scores.copy()
    scores.loc[data["score_row"].to_numpy(), "score"] = values
    measured = Tables(world_tables.llms, scores, world_tables.reference_runs, world_tables.benchmarks, digest="x")
    wanted, got = assemble(world_study, select(world_study, measured)), with_scores(data, values)
    np.testing.assert_array_equal(got["score_row"], wanted["score_row"])
    xr.testing.assert_allclose(got, wanted)
    assert not np.allclose(got["cell_value"], data["cell_value"])
    # Whoever has no other scores is not touched, and neither is the dataset that was given.
    np.testing.assert_array_equal(data["score_value"], assemble(world_study, chosen)["score_value"])


def without(data: xr.Dataset, *llms: int) -> tuple[xr.Dataset, np.ndarray]:
    """The dataset without the scores of some targets, and whether each cell is theirs."""
    keep = np.ones(data.sizes["llm"], bool)
    keep[list(llms)] = False
    return with_scores(data, keep_llms=keep), np.isin(data["cell_entity"].to_numpy(), llms)


def test_only_scores_of_the_named_targets_are_left_out(data: xr.Dataset) -> None:
    masked, gone = without(data, 0, 5)
    np.testing.assert_array_equal(masked["score_keep"], ~gone[data["score_cell"].to_numpy()])
    np.testing.assert_array_equal(masked["cell_weight"][~gone], data["cell_weight"][~gone])
    np.testing.assert_array_equal(masked["cell_weight"][gone], UNKNOWN_WEIGHT)
    # Members of the reference, whose numbers follow those of the targets, stay.
    assert not gone[data.attrs["n_target_cells"] :].any()
    assert {name: array.shape for name, array in masked.items()} == {name: array.shape for name, array in data.items()}


def test_levels_are_centred_on_known_scores(data: xr.Dataset) -> None:
    masked, gone = without(data, 0, 5)
    assert not np.allclose(masked["link_centre"], data["link_centre"])
    other = data["score_value"].to_numpy().copy()
    other[gone[data["score_cell"].to_numpy()]] = 0.5
    keep = np.ones(data.sizes["llm"], bool)
    keep[[0, 5]] = False
    for name in ("link_centre", "harness_value", "harness_weight"):
        np.testing.assert_allclose(with_scores(data, other, keep)[name], masked[name], err_msg=name)
    # As if the two had not been in the tables; they are no part of the reference.
    value, floor = data["score_value"].to_numpy(), data["floor"].to_numpy()
    logits: list[list[float]] = [[] for _ in BENCHMARKS]
    weights: list[list[float]] = [[] for _ in BENCHMARKS]
    for cell in np.flatnonzero(~gone[: data.attrs["n_target_cells"]]):
        b = int(data["cell_benchmark"][cell])
        if (value[data["score_cell"].to_numpy() == cell] >= float(data["reach"][b])).any():
            continue  # beyond the reference
        share = np.clip((value[data["score_cell"].to_numpy() == cell] - floor[b]) / (1 - floor[b]), 0.02, 0.98)
        logits[b].append(np.log(share / (1 - share)).mean())
        weights[b].append(float(data["cell_weight"][cell]))
    expected = [np.average(one, weights=weight) for one, weight in zip(logits, weights, strict=True)]
    np.testing.assert_allclose(masked["link_centre"], expected)


def test_links_are_stated_where_the_targets_lie(data: xr.Dataset, truth: Truth) -> None:
    """Spread of the targets on the size axis, and how their position differs between benchmarks, about, from scores."""
    size = data["log_size"].to_numpy() + truth.log_density[data["llm"].to_numpy()].to_numpy()
    n = data.attrs["n_target_cells"]
    entity, bench, weight = (data[f"cell_{part}"].to_numpy()[:n] for part in ("entity", "benchmark", "weight"))
    above = data["score_value"].to_numpy() >= data["reach"].to_numpy()[data["score_benchmark"].to_numpy()]
    inside = np.bincount(data["score_cell"].to_numpy(), above)[:n] == 0
    position = []
    for b in range(len(BENCHMARKS)):
        here = inside & (bench == b)
        at, known = size[entity[here]], weight[here]
        position.append(np.average(at, weights=known))
        spread = np.sqrt(np.average((at - position[b]) ** 2, weights=known))
        assert float(data["link_spread"][b]) == pytest.approx(spread, rel=0.35)
    found = data["link_position"].to_numpy()
    np.testing.assert_allclose(found - found.mean(), position - np.mean(position), atol=0.35)


def test_what_is_left_out_says_nothing_of_its_harness(data: xr.Dataset) -> None:
    """Harnesses are compared on fewer cells then, those of all others."""
    harness, cell, weight = (data[name].to_numpy() for name in ("score_harness", "score_cell", "cell_weight"))
    masked, gone = without(data, *range(data.sizes["llm"] - 3))
    share = data["score_share"].to_numpy()
    left = np.bincount(harness, ~gone[cell] * share * (1 - share) * weight[cell])
    np.testing.assert_allclose(masked["harness_weight"], left)
    assert (left < data["harness_weight"].to_numpy()).all()


def test_a_harness_with_nothing_left_has_no_say(data: xr.Dataset) -> None:
    everyone, gone = without(data, *range(data.sizes["llm"]))
    cell, harness = data["score_cell"].to_numpy(), data["score_harness"].to_numpy()
    known = np.bincount(harness, ~gone[cell])
    assert (everyone["harness_weight"].to_numpy()[known == 0] == 0).all()
    assert (everyone["harness_value"].to_numpy()[known == 0] == 0).all()
    assert (everyone["link_centre"].to_numpy() == 0).all()
    # References are measured by all harnesses here; one that only targets use has nothing left.
    is_target = ~np.isin(cell, np.flatnonzero(~gone))
    alone = data.assign(score_harness=("score", np.where(is_target, harness, harness[~is_target][0])))
    alone = with_scores(alone, keep_llms=np.zeros(data.sizes["llm"], bool))
    unused = np.setdiff1d(np.arange(data.sizes["harness"]), harness[~is_target][:1])
    assert (alone["harness_weight"].to_numpy()[unused] == 0).all()
    assert (alone["harness_value"].to_numpy()[unused] == 0).all()


@pytest.mark.parametrize("left_out", [(3,), tuple(range(10)), "all"])
def test_nothing_becomes_not_a_number(data: xr.Dataset, left_out: tuple[int, ...] | str) -> None:
    masked, _ = without(data, *(range(data.sizes["llm"]) if left_out == "all" else left_out))
    for name, array in masked.items():
        assert np.isfinite(array.to_numpy()[np.isfinite(data[name].to_numpy())]).all(), name


def test_perfect_and_hopeless_scores_have_finite_logits(data: xr.Dataset) -> None:
    for value in (0.0, 1.0):
        same = with_scores(data, np.full(data.sizes["score"], value))
        for name in ("cell_value", "cell_log_above", "cell_weight", "harness_value", "link_centre"):
            assert np.isfinite(same[name]).all(), name


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

"""Each fault of a ladder, its law or its map is named with its benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from planted import LADDER, Plant, ladder, of_arc

from bayesdensity.checks.reference_fit import check_reference


def test_a_ladder_that_follows_its_law_and_map_passes() -> None:
    found = [check_reference(ladder(seed)) for seed in range(20)]
    assert [one.verdict for one in found].count("PASS") >= 18
    assert {one.sentence for one in found if one.verdict == "PASS"} == {
        "the ladder follows its law, and its scores the map."
    }
    assert len(found[0].figures) == 7 * len(LADDER)


def an_odd_loss(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["loss"][np.flatnonzero(of_arc(data, "run"))[3]] = 300.0


def losses_that_bend(what: str) -> Plant:
    def plant(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
        x, here = data[f"run_log_{what}"].to_numpy(), of_arc(data, "run")
        made["loss"][here] += 4 * (x**2)[here]

    return plant


def anchors_that_miss(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["miss"][1] = -6.0


def trainings_that_bend(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    of = data["map_training"].to_numpy()
    mean, here = np.bincount(of, data["map_loss"]) / np.bincount(of), of_arc(data, "training")
    made["departure"][here] += 150 * (mean[here] - mean[here].mean()) ** 2


def scores_that_bend(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    loss, here = data["map_loss"].to_numpy(), of_arc(data, "map")
    made["score"][here] += 40 * (loss[here] - loss[here].mean()) ** 2


def an_odd_score(made: dict[str, np.ndarray], data: xr.Dataset) -> None:
    made["score"][np.flatnonzero(of_arc(data, "map"))[7]] = 7.0


LADDER_FAULTS: dict[str, tuple[Plant, str]] = {
    "law: losses on ARC-C scatter otherwise than modelled": (an_odd_loss, "Leave out undertrained runs"),
    "law: losses on ARC-C bend away from it with size": (losses_that_bend("n"), "law.name"),
    "law: losses on ARC-C bend away from it with tokens": (losses_that_bend("d"), "law.name"),
    "beyond the ladder the law misses on ARC-C": (anchors_that_miss, "Do not rely on sizes far beyond the ladder"),
    "map: trainings bend away from it on ARC-C": (trainings_that_bend, "map_from"),
    "map: scores bend away from it on ARC-C": (scores_that_bend, "map_from"),
    "map: scores on ARC-C scatter otherwise than modelled": (an_odd_score, "map_from"),
}


@pytest.mark.parametrize("said", LADDER_FAULTS)
def test_a_fault_of_the_ladder_is_named_with_its_benchmark(said: str) -> None:
    plant, remedy = LADDER_FAULTS[said]
    assert check_reference(ladder(1)).figures[said] > 0.01
    found = check_reference(ladder(1, plant))
    assert found.verdict != "PASS" and said in found.sentence and "MMLU" not in found.sentence
    assert remedy in found.remedy


def test_law_and_map_of_too_few_runs_are_not_tested() -> None:
    fit = ladder(1)
    keep = {dim: (fit.data[f"{dim}_benchmark"] == 0).to_numpy() for dim in ("run", "map", "training")}
    for dim, here in keep.items():
        here[np.flatnonzero(~here)[:4]] = True
        if dim == "map":
            here[:] = keep["training"][fit.data["map_training"].to_numpy()] | here
    # Four runs and as many trainings of the second benchmark are left.
    keep["training"] = np.isin(np.arange(fit.data.sizes["training"]), fit.data["map_training"].to_numpy()[keep["map"]])
    data = fit.data.isel(keep)
    _, again = np.unique(data["map_training"], return_inverse=True)
    few = replace(
        fit,
        data=data.assign(map_training=("map", again)),
        posterior=fit.posterior.isel(training=keep["training"]),
    )
    assert not any(said.startswith("law") and "ARC-C" in said for said in check_reference(few).figures)
    assert any(said.startswith("law") and "MMLU" in said for said in check_reference(few).figures)

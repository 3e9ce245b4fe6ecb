"""An LLM that is far off on one benchmark, and scatter that drifts there, are named with the benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted import noise, others_pass, planted, redrawn
from rows import cells_on

from bayesdensity.checks.residuals import check_benchmarks
from bayesdensity.inference.result import Fit


def test_an_llm_far_off_on_one_benchmark_is_named_with_it(world_fit: Fit) -> None:
    made = noise(world_fit, 27)
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"
    made["cell"][np.flatnonzero(cells_on(world_fit.data, "Sums"))[5]] = -7.0
    found = check_benchmarks(redrawn(world_fit, made))
    assert found.verdict == "FAIL" and found.sentence.startswith("outliers on Sums: departures of LLMs are not normal")
    assert others_pass(found, "outliers on Sums", "drift on Sums") and "exclude them with a reason" in found.remedy


def test_scatter_that_drifts_on_one_benchmark_is_named_with_it(world_fit: Fit) -> None:
    made, time = noise(world_fit, 28), world_fit.data["time"].to_numpy()
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"
    here = np.flatnonzero(cells_on(world_fit.data, "Code"))
    of = time[world_fit.data["cell_entity"].to_numpy()[here]]
    made["cell"][here] *= np.where(of > np.median(of), 1.3, 0.3)
    found = check_benchmarks(redrawn(world_fit, made))
    assert found.verdict != "PASS" and found.sentence.startswith("drift on Code: departures of later LLMs scatter")
    assert others_pass(found, "drift on Code") and "fit without it" in found.remedy


def bends(fit: Fit) -> dict[str, float]:
    """p-values of departures that go with size beyond the reference, by benchmark."""
    figures = check_benchmarks(fit).figures
    return {said.split(":")[0].removeprefix("bend on "): p for said, p in figures.items() if said.startswith("bend")}


def test_a_link_that_bends_beyond_the_reference_on_one_benchmark_is_named_with_it(crowd: Fit) -> None:
    """Sizes beyond the largest member count for three quarters, on Sums alone."""
    llm = crowd.data["cell_entity"].to_numpy()
    on_sums = crowd.data["cell_benchmark"].to_numpy() == 1
    for seed in (30, 31, 32, 33):
        own = redrawn(crowd, noise(crowd, seed))
        at, largest = own.posterior, own.posterior["link_largest"].isel(benchmark=1).to_numpy()[..., None]
        slope = at["benchmark_slope"].isel(benchmark=1).to_numpy()[..., None] * crowd.data["time"].to_numpy()
        size = crowd.data["log_size"].to_numpy() + at["log_density_relative"].to_numpy() + slope
        shortfall = -0.25 * np.maximum(size - largest, 0)[..., llm] * on_sums
        quiet, found = bends(own), bends(planted(own, cell_departure=shortfall))
        assert set(quiet) == {"Reading", "Sums", "Code"} and min(quiet.values()) > 0.01
        assert found["Sums"] < 0.01 < min(found["Reading"], found["Code"])
    assert "reference.beyond = 'misfit'" in check_benchmarks(planted(own, cell_departure=shortfall)).remedy


def test_benchmarks_of_few_llms_are_not_tested(world_fit: Fit) -> None:
    data, kept = world_fit.data, np.ones(world_fit.data.sizes["cell"], bool)
    for name, n in (("Sums", 7), ("Code", 15)):
        kept[np.flatnonzero(cells_on(world_fit.data, name))[n:]] = False
    few = data.isel(cell=kept).assign_attrs(n_target_cells=int(kept[: data.attrs["n_target_cells"]].sum()))
    found = check_benchmarks(replace(world_fit, data=few, posterior=world_fit.posterior.isel(cell=kept))).figures
    tested = sorted(said.split(":")[0] for said in found)
    # Fifteen LLMs are enough to see an outlier, and their halves are too few to be compared.
    assert tested == ["drift on Reading", "outliers on Code", "outliers on Reading"]


def test_members_of_the_reference_are_no_outliers_among_the_targets(world_fit: Fit) -> None:
    made = noise(world_fit, 29)
    made["cell"][np.flatnonzero(cells_on(world_fit.data, "Sums", members=True))] = 9.0
    assert check_benchmarks(redrawn(world_fit, made)).verdict == "PASS"

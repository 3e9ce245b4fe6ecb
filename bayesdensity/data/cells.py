"""How scores, cells, LLMs and harnesses belong together in the joined dataset: its index arrays, decoded once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Index = NDArray[np.int_]


class Cells(NamedTuple):
    """One LLM, or one member of the reference, on one benchmark; cells of targets come first."""

    llm: Index
    """Which LLM the cell of a target is of; shape (target cell,)."""
    member: Index
    """Which member of the reference the other cells are of; shape (cell of a member,)."""
    benchmark: Index
    """Shape (cell,)."""

    @property
    def n_targets(self) -> int:
        """Number of cells of targets."""
        return len(self.llm)

    @property
    def target_benchmark(self) -> Index:
        """Benchmark of the cells of targets."""
        return self.benchmark[: len(self.llm)]

    @property
    def member_benchmark(self) -> Index:
        """Benchmark of the cells of members."""
        return self.benchmark[len(self.llm) :]


def cells_of(data: xr.Dataset) -> Cells:
    """Cells of a joined dataset."""
    n, entity = int(data.attrs["n_target_cells"]), data["cell_entity"].to_numpy()
    return Cells(entity[:n], entity[n:] - data.sizes["llm"], data["cell_benchmark"].to_numpy())


class Scores(NamedTuple):
    """Where each score belongs; shape (score,). Scores are sorted by cell, those of targets first."""

    cell: Index
    benchmark: Index
    harness: Index
    """One harness on one benchmark."""
    is_target: NDArray[np.bool_]
    """Whether it is that of a target and not of a member of the reference."""


def scores_of(data: xr.Dataset) -> Scores:
    """Where the scores of a joined dataset belong."""
    cell, bench, harness = (data[f"score_{part}"].to_numpy() for part in ("cell", "benchmark", "harness"))
    return Scores(cell, bench, harness, cell < int(data.attrs["n_target_cells"]))


def model_values(data: xr.Dataset, name: str) -> np.ndarray:
    """A variable as the compiled model takes it, which other values may replace: of scores beyond the reach, which."""
    values = data[name].to_numpy()
    return np.flatnonzero(values) if name == "score_beyond" else values


def with_harness_names(data: xr.Dataset) -> xr.Dataset:
    """The dataset with names of harnesses apart from benchmarks, which older files have in one label."""
    if "harness_name" in data.coords or "harness" not in data.coords:
        return data
    benchmark = data["benchmark"].to_numpy()[data["harness_benchmark"].to_numpy()]
    names = [
        str(label).removesuffix(f" on {name}")
        for label, name in zip(data["harness"].to_numpy(), benchmark, strict=True)
    ]
    return data.assign_coords(harness_name=("harness", names))


def with_reach(data: xr.Dataset) -> xr.Dataset:
    """The dataset with the end of its reference, beyond which fits of former versions trusted the link."""
    if "reach" in data or "score_value" not in data:
        return data
    end = {name: ("benchmark", np.ones(data.sizes["benchmark"])) for name in ("reach", "beyond_score")}
    nothing = ("score", np.zeros(data.sizes["score"], dtype=bool))
    return data.assign(end, score_beyond=nothing).assign_attrs(censored=False)


def known_target_scores(data: xr.Dataset) -> NDArray[np.bool_]:
    """Which scores are those of a target, and known; dim ``score``."""
    return np.asarray(scores_of(data).is_target & data["score_keep"].to_numpy())


def told_harnesses(data: xr.Dataset) -> np.ndarray:
    """Positions of harnesses that share their benchmark; what the only one of a benchmark adds is part of the link."""
    bench = data["harness_benchmark"].to_numpy()
    return np.flatnonzero(np.bincount(bench)[bench] > 1)


def known_cells(data: xr.Dataset) -> NDArray[np.bool_]:
    """Which cells have a known score, or one of which only a bound is known; dim ``cell``."""
    known = data["score_keep"].to_numpy() | data["score_beyond"].to_numpy()
    return np.asarray(np.bincount(data["score_cell"].to_numpy(), known, data.sizes["cell"]) > 0)


def known_llms(data: xr.Dataset) -> NDArray[np.bool_]:
    """Which targets have a known score; dim ``llm``. The others are yet to come, as far as a fit can tell."""
    cells = cells_of(data)
    on = known_cells(data)[: cells.n_targets]
    return np.asarray(np.bincount(cells.llm, on, data.sizes["llm"]) > 0)

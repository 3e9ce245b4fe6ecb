"""Which scores and cells of a joined dataset are of the targets, of a family, or on a benchmark."""

from __future__ import annotations

import numpy as np
import xarray as xr


def of_targets(data: xr.Dataset) -> np.ndarray:
    """Which scores are of targets."""
    return np.asarray(data["score_cell"].to_numpy() < data.attrs["n_target_cells"])


def scores_of_targets(data: xr.Dataset) -> np.ndarray:
    """Indices of the scores of targets."""
    return np.flatnonzero(of_targets(data))


def scores_of_family(data: xr.Dataset, family: int) -> np.ndarray:
    """Indices of the scores of the targets of a family."""
    scores = scores_of_targets(data)
    llm = data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()[scores]]
    return scores[data["family_index"].to_numpy()[llm] == family]


def cells_on(data: xr.Dataset, benchmark: str, members: bool = False) -> np.ndarray:
    """Which cells are of targets, or of members of the reference, on a benchmark."""
    here = data["benchmark"].to_numpy()[data["cell_benchmark"].to_numpy()] == benchmark
    return np.asarray(here & ((np.arange(len(here)) >= data.attrs["n_target_cells"]) == members))

"""Datasets without some of their scores, without the reference, or without the targets."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from bayesdensity.data.masks import LINK, targets_only, with_scores, without_targets
from bayesdensity.inference.result import Fit


def test_scores_left_out_are_not_known_and_cells_keep_the_rest(world_fit: Fit) -> None:
    data = world_fit.data
    names = data["harness_name"].to_numpy().astype(str)[data["score_harness"].to_numpy()]
    keep = ~np.char.startswith(names, "harness-b")
    masked = with_scores(data, keep_scores=keep)
    np.testing.assert_array_equal(masked["score_keep"], keep)
    np.testing.assert_allclose(
        masked["score_share"].to_numpy()[~keep & np.isin(data["score_cell"], data["score_cell"][keep])], 0
    )
    cell = data["score_cell"].to_numpy()
    alone = np.bincount(cell[keep], minlength=data.sizes["cell"]) == 1
    first = {int(c): float(v) for c, v in zip(cell[keep], data["score_value"].to_numpy()[keep], strict=True)}
    for c in np.flatnonzero(alone)[:20]:
        assert float(masked["cell_value"][c]) == pytest.approx(first[int(c)])
    # To leave out all scores of an LLM is to leave out the LLM.
    llm = data["llm"].to_numpy()[3]
    entity = data["cell_entity"].to_numpy()[cell]
    xr.testing.assert_allclose(
        with_scores(data, keep_scores=entity != 3), with_scores(data, keep_llms=data["llm"].to_numpy() != llm)
    )


def test_targets_only_keeps_their_scores_and_keeps_only_sizes_of_the_reference(world_fit: Fit) -> None:
    data = world_fit.data
    left = targets_only(data)
    n = data.attrs["n_target_cells"]
    own = data["score_cell"].to_numpy() < n
    np.testing.assert_array_equal(left["score_value"], data["score_value"].to_numpy()[own])
    assert left.sizes["cell"] == n and left.sizes["reference"] == data.sizes["reference"]
    names = data["harness"].to_numpy()[data["score_harness"].to_numpy()[own]]
    np.testing.assert_array_equal(left["harness"].to_numpy()[left["score_harness"].to_numpy()], names)
    for name in LINK:
        np.testing.assert_allclose(left[name], data[name])


def test_the_reference_alone_keeps_the_places_of_the_priors(world_fit: Fit) -> None:
    alone = without_targets(world_fit.data)
    assert (
        not alone["score_keep"].to_numpy()[world_fit.data["score_cell"] < world_fit.data.attrs["n_target_cells"]].any()
    )
    for name in LINK:
        np.testing.assert_array_equal(alone[name], world_fit.data[name])

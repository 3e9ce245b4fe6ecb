"""Scores that are left out say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from written_down import Evaluated, bend

from bayesdensity.data.join import assemble
from bayesdensity.data.masks import with_scores
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.study.spec import Study


def test_scores_that_are_left_out_say_nothing(world_study: Study, world_tables: Tables) -> None:
    """Neither the density nor its gradient knows them, and what is latent in the LLM follows its prior."""
    data = assemble(world_study, select(world_study, world_tables))
    at = Evaluated(world_study, data, slopes=True)
    names = {variable.name for variable in at.model.data_vars}
    keep = np.ones(data.sizes["llm"], bool)
    keep[[4, 17]] = False
    of_left_out = np.isin(data["cell_entity"].to_numpy(), np.flatnonzero(~keep))
    left_out = of_left_out[data["score_cell"].to_numpy()]
    value = data["score_value"].to_numpy()
    other = np.where(left_out, 1 - value, value)
    point, found = at.near_start(3), []
    for values in (value, other):
        masked = with_scores(data, values, keep)
        for name in names & set(masked.data_vars):
            at.model.set_data(name, masked[name].to_numpy())
        found.append(at(point))
    assert left_out.sum() > 4
    assert float(found[0]["logp"]) == pytest.approx(float(found[1]["logp"]), abs=1e-3)
    for name in at.names:
        np.testing.assert_allclose(found[0][name], found[1][name], atol=1e-3, err_msg=name)
        assert np.isfinite(found[0][name]).all(), name

    # The LLM's own effects: where their coordinates are zero they lie at their prior mean, and one is one prior scale.
    up = {**point, **{f"{name}_raw": point[f"{name}_raw"] * 0 for name in OF_AN_LLM}}
    # One at a time: what is expected of a cell moves with the density, and its departure with both.
    middle, *moved = at(up), *(at({**up, f"{name}_raw": up[f"{name}_raw"] + 1}) for name in OF_AN_LLM)
    step = {name: above[name] - middle[name] for name, above in zip(OF_AN_LLM, moved, strict=True)}
    time, family = data["time"].to_numpy(), data["family_index"].to_numpy()
    expected = (
        middle["origin"] + middle["rate"] * time + bend(world_study, data, middle) + middle["family_effect"][family]
    )
    scale = np.exp(middle["dispersion_growth"] * time)
    scale = scale * np.sqrt(middle["noise_scale"] ** 2 + (1 - 2 / np.pi) * middle["inefficiency_scale"] ** 2)
    relative = "log_density_relative"
    np.testing.assert_allclose(middle[relative][~keep], expected[~keep], atol=1e-3)
    np.testing.assert_allclose(step[relative][~keep], scale[~keep], rtol=1e-3)
    np.testing.assert_allclose(middle["cell_departure"][of_left_out], 0, atol=1e-3)
    scatter = middle["cell_scatter"][data["cell_benchmark"].to_numpy()]
    np.testing.assert_allclose(step["cell_departure"][of_left_out], scatter[of_left_out], rtol=1e-3)
    # Those of an LLM whose scores are known follow the scores.
    assert (step["cell_departure"][~of_left_out] < scatter[~of_left_out]).all()


OF_AN_LLM = ("log_density_relative", "cell_departure")

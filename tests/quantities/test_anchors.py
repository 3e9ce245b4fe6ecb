"""The ladder predicts trainings that it has not seen."""

from __future__ import annotations

import pytest
from anchors import ANCHORS, fit_without_anchors, predictions

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.inference.drawing import fit
from bayesdensity.inference.result import Fit


@pytest.mark.slow
def test_anchors_held_out_lie_in_their_predictive_intervals() -> None:
    result = fit_without_anchors(draws=500)
    assert not any(run.startswith(ANCHORS) for run in result.data["run"].to_numpy())
    assert (result.data["run_beyond"] == 0).all()
    table, trusting = predictions(result), predictions(result, misfit=False)
    assert table["covered"].mean() >= 0.8, table
    # The misfit is what makes the difference, and it is paid for with wider intervals.
    width, narrow = (t["upper"] - t["lower"] for t in (table, trusting))
    assert (width > narrow)[table["kind"] == "loss"].all()


def test_a_score_family_predicts_no_losses(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="no losses"):
        fit(world_fit.study, part="reference")
    with pytest.raises(InputError, match="no losses"):
        q.predict_trainings(world_fit, [1e9], [1e12])

"""An answer says what the fit says, and survives its file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bayesdensity import quantities as q
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity.answers import QUANTILES, Answer, answer_of


def test_an_answer_survives_its_file(world_fit: Fit) -> None:
    answer = answer_of(world_fit)
    again = Answer.from_json(json.loads(json.dumps({"key": "x", **answer.to_json()})))
    assert again.about == json.loads(json.dumps(answer.about))
    for name, values in answer.rates.items():
        np.testing.assert_allclose(again.rates[name], values, rtol=1e-7)
        assert (np.diff(values) >= 0).all() and len(values) == QUANTILES


def test_an_answer_says_what_the_fit_says(world_fit: Fit) -> None:
    answer = answer_of(world_fit)
    assert set(answer.rates) >= {"frontier", "mean", "frontier 2024-07-01", "mean 2025-07-01"}
    for estimand in ("frontier", "mean"):
        own = q.rate(world_fit, estimand=estimand).to_frame_row()  # type: ignore[arg-type]
        found = answer.estimate(estimand, 0.9).to_frame_row()
        np.testing.assert_allclose(found, own, atol=0.01)
    at = q.rate_at(world_fit, ["2024-07-01"]).to_frame().loc["2024-07-01", "median"]
    assert np.median(answer.rates["frontier 2024-07-01"]) == pytest.approx(at, abs=0.01)
    assert answer.about["window"] == list(q.window(world_fit)) and answer.about["method"] == "fit"

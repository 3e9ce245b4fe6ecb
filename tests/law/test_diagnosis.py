"""Each state of how a benchmark scales is nearly certain where it is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from known_laws import GRID, LADDER, Curve, make, rising

from bayesdensity import laws
from bayesdensity.law.diagnosis import STATES, diagnose_scaling

CURVES: dict[str, tuple[str, Curve]] = {
    "ARC-C": ("at chance", lambda at: -4 - at),
    "HellaSwag": ("scaling", lambda at: 1 - 5 * at),
    "MMLU": ("emergent", lambda at: np.where(at > 0.3, -4, 1) - 0.2 * at),
    "BBH": ("saturated", lambda at: 4.5 - 4 * at),
    "MATH": ("non-monotone", lambda at: -8 * (at - 0.4) ** 2),
}


@pytest.fixture(scope="module")
def diagnosed() -> pd.DataFrame:
    scores = {name: curve for name, (_, curve) in CURVES.items()}
    designs = {**dict.fromkeys(scores, LADDER), "MMLU": GRID, "Web": LADDER, "GSM8K": LADDER[:4]}
    return diagnose_scaling(make(designs=designs, scores={**scores, "GSM8K": rising}))


@pytest.mark.parametrize("name", CURVES)
def test_each_state_of_a_benchmark_is_nearly_certain_where_it_is_true(name: str, diagnosed: pd.DataFrame) -> None:
    state, curve = CURVES[name]
    row = diagnosed.loc[name]
    assert list(diagnosed.index) == list(CURVES)  # the others have no scores, or too few
    assert row[state] > 0.95 and row["state"] == state and sum(row[one] for one in STATES) == pytest.approx(1)
    assert row["top"] == pytest.approx(laws.logistic(float(curve(np.zeros(1))[0])), abs=0.05)

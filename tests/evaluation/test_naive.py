"""The naive forecasts are what they say: records, and the least-squares line through them with its prediction."""

from __future__ import annotations

import numpy as np
import pytest

from bayesdensity.evaluation.naive import LEAST_RECORDS, line_through, records


def test_records_are_better_than_all_before() -> None:
    time = np.array([3.0, 1.0, 2.0, 2.0, 4.0, 5.0])
    value = np.array([0.5, 0.2, 0.4, 0.3, 0.5, 0.9])
    at, best = records(time, value)
    assert at.tolist() == [1.0, 2.0, 3.0, 5.0] and best.tolist() == [0.2, 0.4, 0.5, 0.9]


def test_a_line_goes_on_as_it_was() -> None:
    line = line_through(np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0, 9.0]))
    assert line is not None and line.slope == pytest.approx(2) and line.sd == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(line.draws(np.array([10.0])), 21.0)


def test_too_few_records_have_no_line() -> None:
    few = np.arange(LEAST_RECORDS - 1, dtype=float)
    assert line_through(few, few) is None


def test_a_line_covers_what_comes_where_it_is_true() -> None:
    rng, inside = np.random.default_rng(4), []
    time = np.array([0.0, 0.4, 0.9, 1.5, 2.0])
    for _ in range(2000):
        line = line_through(time, 0.3 + 1.2 * time + rng.normal(0, 0.4, 5))
        assert line is not None
        low, high = np.quantile(line.draws(np.array([3.0]))[:, 0], [0.05, 0.95])
        inside.append(low <= 0.3 + 1.2 * 3 + rng.normal(0, 0.4) <= high)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.025)

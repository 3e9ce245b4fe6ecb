"""Records, least squares through them, and by how much they overstate."""

from __future__ import annotations

import numpy as np
import pytest
from records_bias import simulate

from bayesdensity.published.records import is_record, line, slope, slope_of_records


def test_of_one_day_only_the_best_is_a_record() -> None:
    time = np.array([0.0, 1.0, 1.0, 1.0, 2.0])
    assert is_record(time, np.array([0.0, 1.0, 3.0, 2.0, 2.5])).tolist() == [True, False, True, False, False]
    # Of equals the first; what only equals an earlier record is none; order in the table does not matter.
    assert is_record(time, np.array([0.0, 3.0, 3.0, 2.0, 3.0])).tolist() == [True, True, False, False, False]
    order = np.array([4, 2, 0, 3, 1])
    value = np.array([0.0, 1.0, 3.0, 2.0, 3.5])
    np.testing.assert_array_equal(is_record(time[order], value[order]), is_record(time, value)[order])


def test_records_agree_with_a_loop_over_days() -> None:
    rng = np.random.default_rng(2)
    time, values = rng.integers(0, 30, 60).astype(float), np.round(rng.normal(size=(50, 60)), 1)
    values[rng.random(values.shape) < 0.3] = -np.inf
    for row, got in zip(values, is_record(time, values), strict=True):
        best, days, tops = -np.inf, [], []
        for day in np.unique(time):
            top = row[time == day].max()
            if top > best:
                best, days, tops = top, [*days, day], [*tops, top]
        assert time[got].size == len(days)
        assert sorted(time[got]) == days and sorted(row[got]) == tops
        assert slope_of_records(time, row) == pytest.approx(np.polyfit(days, tops, 1)[0] if len(days) > 1 else 0.0)


def test_least_squares_agrees_with_a_textbook() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    t, y = rng.random(12), rng.normal(size=12)
    got, known = line(t, y), stats.linregress(t, y)
    assert (got.rate, got.standard_error, got.r_squared) == pytest.approx((known.slope, known.stderr, known.rvalue**2))
    half = stats.t.ppf(0.95, 10) * known.stderr
    assert got.t_interval(0.9) == pytest.approx((known.slope - half, known.slope + half))
    assert slope(t, y, np.ones(12)) == pytest.approx(known.slope)
    twice = rng.integers(0, 3, 12)
    assert slope(t, y, twice) == pytest.approx(np.polyfit(np.repeat(t, twice), np.repeat(y, twice), 1)[0])


def test_records_overstate_a_steady_trend_and_their_intervals_miss_it() -> None:
    """In 150 worlds of known densities, one true rate; the 90 % intervals hold it far less often than nine in ten."""
    steady, still = simulate(150, rate=1.5, replicates=100), simulate(150, rate=0.0, replicates=100)
    assert steady.excess[0] > 0.15 and abs(steady.excess[1]) < 0.05
    assert steady.t_coverage[0] < 0.75 and steady.bootstrap_coverage[0] < 0.75
    assert steady.r_squared > 0.85
    # Where nothing grows at all, records still do.
    assert still.excess[0] > 0.3 and abs(still.excess[1]) < 0.05 and still.bootstrap_coverage[0] < 0.5
    # Through all LLMs the bootstrap of families is about right.
    assert steady.bootstrap_coverage[1] > 0.8

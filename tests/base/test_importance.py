"""Weights carry draws to another distribution, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesdensity.base.importance import smoothed, trustworthy


def test_equal_densities_give_equal_weights() -> None:
    log_weight, k = smoothed(np.full(500, 3.0))
    np.testing.assert_allclose(np.exp(log_weight), 1 / 500)
    assert trustworthy(k, 500)


def test_weights_carry_draws_to_another_distribution_and_say_when_they_cannot() -> None:
    x = np.random.default_rng(1).standard_normal(4000)
    log_weight, k = smoothed(stats.norm.logpdf(x, 0.5, 0.8) - stats.norm.logpdf(x))
    weight = np.exp(log_weight)
    assert weight.sum() == pytest.approx(1) and trustworthy(k, len(x))
    assert (weight * x).sum() == pytest.approx(0.5, abs=0.06)
    assert np.sqrt((weight * (x - 0.5) ** 2).sum()) == pytest.approx(0.8, abs=0.06)
    _, k = smoothed(stats.norm.logpdf(x, 0, 3) - stats.norm.logpdf(x))
    assert not trustworthy(k, len(x))


@pytest.mark.parametrize("apart", [50.0, 700.0, 3000.0, 1e6])
def test_a_draw_that_outweighs_all_others_is_no_accident(apart: float) -> None:
    """Weights smaller than any float are those of draws that do not count."""
    for others in (np.zeros(999), np.random.default_rng(2).normal(0, 20, 999)):
        log_weight, k = smoothed(np.append(others, others.max() + apart))
        assert np.exp(log_weight).sum() == pytest.approx(1) and np.isfinite(log_weight).all()
        assert log_weight.argmax() == 999 and np.exp(log_weight[999]) > 0.5
        assert not trustworthy(k, 1000)

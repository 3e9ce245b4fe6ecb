"""The distribution of log density about its mean is that of v - u + E[u]."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from bayesdensity import frontier

SCALES = [(0.5, 0.5), (0.3, 1.2), (1.2, 0.3), (1.0, 1e-3), (1e-3, 1.0), (1e-2, 10.0), (1.0, 0.0)]


def by_integration(x: float, symmetric: float, one_sided: float) -> float:
    """P(v <= x + u - E[u]) integrated over u in units of its scale."""
    shift = one_sided * np.sqrt(2 / np.pi)

    def inside(u: float) -> float:
        return float(stats.norm.cdf((x + one_sided * u - shift) / symmetric) * stats.halfnorm.pdf(u))

    # Where v is narrow the integrand is a step: tell the integrator where.
    turn = (shift - x) / one_sided if one_sided else 0.0
    width = symmetric / one_sided if one_sided else 1.0
    corners = [u for u in (turn - 8 * width, turn, turn + 8 * width) if 0 < u < 12]
    return integrate.quad(inside, 0, 12, points=corners or None, limit=500, epsabs=1e-11)[0]


@pytest.mark.parametrize(("symmetric", "one_sided"), SCALES)
def test_distribution_function_is_the_integral_over_inefficiency(symmetric: float, one_sided: float) -> None:
    scale = np.hypot(symmetric, one_sided)
    for x in scale * np.array([-3.0, -1.0, -0.2, 0.0, 0.3, 0.6, 1.5]):
        got = float(frontier.composed_cdf(np.array(x), symmetric, one_sided))
        assert got == pytest.approx(by_integration(x, symmetric, one_sided), abs=2e-7), x


@pytest.mark.parametrize(("symmetric", "one_sided"), SCALES)
@pytest.mark.parametrize("q", [0.01, 0.5, 0.95, 0.999])
def test_quantile_inverts_the_distribution_function(symmetric: float, one_sided: float, q: float) -> None:
    x = frontier.composed_quantile(q, symmetric, one_sided)
    assert float(frontier.composed_cdf(x, symmetric, one_sided)) == pytest.approx(q, abs=1e-9)


@pytest.mark.parametrize(("symmetric", "one_sided"), SCALES)
def test_mean_is_zero_and_variance_adds_up(symmetric: float, one_sided: float) -> None:
    """By parts: moments are integrals of the distribution function."""
    variance = symmetric**2 + (1 - 2 / np.pi) * one_sided**2
    x = np.linspace(0, 12 * np.sqrt(variance), 40_001)
    above, below = 1 - frontier.composed_cdf(x, symmetric, one_sided), frontier.composed_cdf(-x, symmetric, one_sided)
    mean = np.trapezoid(above - below, x)
    assert mean == pytest.approx(0, abs=1e-4 * np.sqrt(variance))
    assert np.trapezoid(2 * x * (above + below), x) == pytest.approx(variance, rel=1e-3)


def test_without_inefficiency_it_is_normal() -> None:
    for q in (0.05, 0.5, 0.975):
        assert float(frontier.composed_quantile(q, 0.7, 0.0)) == pytest.approx(stats.norm.ppf(q, 0, 0.7), abs=1e-12)


def test_quantiles_of_many_draws_come_at_once() -> None:
    symmetric, one_sided = np.array([[0.3, 0.5], [1.0, 2.0]]), np.array([[1.0, 0.2], [1e-3, 5.0]])
    together = frontier.composed_quantile(0.95, symmetric, one_sided)
    assert together.shape == (2, 2)
    for k in np.ndindex(2, 2):
        assert together[k] == frontier.composed_quantile(0.95, symmetric[k], one_sided[k])


def test_skew_normal_parameters_are_those_of_scipy() -> None:
    scale, shape = frontier.skew_normal_parameters(0.4, 0.9)
    x = np.linspace(-3, 2, 9)
    ours = frontier.composed_cdf(x, 0.4, 0.9)
    loc = 0.9 * np.sqrt(2 / np.pi)
    np.testing.assert_allclose(ours, stats.skewnorm.cdf(x, shape, loc=loc, scale=scale), atol=1e-9)


def test_dispersion_is_one_at_the_centre_and_compounds() -> None:
    time = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(frontier.dispersion(time, 0.37), [np.exp(-0.37), 1, np.exp(0.74)])
    np.testing.assert_array_equal(frontier.dispersion(time, 0.0), 1)


def test_origin_is_the_average_of_the_trend_over_the_sample() -> None:
    time = np.random.default_rng(1).normal(0, 1, 50)
    time -= time.mean()
    assert frontier.mean_trend(time, 0.7, 1.5, -0.4, float(np.mean(time**2))).mean() == pytest.approx(0.7)

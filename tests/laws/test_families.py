"""Distributions of family effects, and of residuals with them: against integrals, simulation and special cases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from bayesdensity.laws.families import DISPERSIONS, Dispersion
from bayesdensity.laws.forms import FORMS, SYMMETRIC, Scales

HALF = FORMS["half-normal"]
SCALES = Scales(
    growth=0.3,
    noise=0.25,
    inefficiency=0.5,
    family=0.8,
    family_inefficiency=0.0,
    family_asymmetry=0.2,
    asymmetry_growth=0.3,
    class_gap=1.5,
    class_gap_growth=0.2,
    class_log_odds=-0.7,
    class_log_odds_growth=0.6,
)
TIMES = np.array([-1.2, 0.0, 1.6])
OWN = [one for one in DISPERSIONS.values() if not one.plain]


@pytest.mark.parametrize("spread", DISPERSIONS.values(), ids=DISPERSIONS)
@pytest.mark.parametrize("time", TIMES)
def test_the_density_of_an_effect_integrates_to_one_with_mean_zero_and_its_variance(
    spread: Dispersion, time: float
) -> None:
    def moment(power: int) -> float:
        def inside(x: float) -> float:
            return float(x**power * np.exp(spread.log_density(x, SYMMETRIC, SCALES, time)))

        ends = [-14.0, -2.0, -0.7, 0.0, 0.7, 2.0, 14.0]
        return sum(integrate.quad(inside, *pair, limit=200)[0] for pair in pairwise(ends))

    assert moment(0) == pytest.approx(1, abs=1e-6)
    assert moment(1) == pytest.approx(0, abs=1e-6)
    assert moment(2) == pytest.approx(spread.variance(SYMMETRIC, SCALES, time), rel=1e-5)


@pytest.mark.parametrize("spread", DISPERSIONS.values(), ids=DISPERSIONS)
def test_the_distribution_function_is_the_integral_of_the_density(spread: Dispersion) -> None:
    for time in TIMES:
        for low, high in ((-1.5, -0.2), (-0.2, 0.9), (0.9, 3.0)):
            ends = spread.cdf(np.array([low, high]), SYMMETRIC, SCALES, np.full(2, time))
            found, _ = integrate.quad(lambda x, t=time: np.exp(spread.log_density(x, SYMMETRIC, SCALES, t)), low, high)
            assert ends[1] - ends[0] == pytest.approx(found, abs=1e-7)


@pytest.mark.parametrize("spread", DISPERSIONS.values(), ids=DISPERSIONS)
def test_draws_of_effects_are_distributed_as_the_distribution_function_says(spread: Dispersion) -> None:
    rng = np.random.default_rng(3)
    for time in TIMES:
        draws = spread.draw(rng, SYMMETRIC, SCALES, np.full(20_000, time))
        uniform = spread.cdf(draws, SYMMETRIC, SCALES, np.full(20_000, time))
        assert stats.kstest(uniform, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("spread", DISPERSIONS.values(), ids=DISPERSIONS)
def test_the_quantile_of_a_residual_is_that_of_simulated_ones(spread: Dispersion) -> None:
    rng, many = np.random.default_rng(5), 1_000_000
    scales = Scales(*(np.full((1, 1), part) for part in SCALES))
    found = spread.quantile(0.95, HALF, scales, TIMES)[0]
    for time, quantile in zip(TIMES, found, strict=True):
        own = spread.growth(SCALES, time) * HALF.draw(rng, SCALES.noise, SCALES.inefficiency, many)
        residual = own + spread.draw(rng, SYMMETRIC, SCALES, np.full(many, time))
        assert (residual <= quantile).mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / many))


def test_two_alike_sides_are_a_growing_spread_and_without_growth_a_constant_one() -> None:
    two, growing, constant = (DISPERSIONS[name] for name in ("two-sided", "growing", "constant"))
    alike, x = SCALES._replace(family_asymmetry=0.0, asymmetry_growth=0.0), np.linspace(-3, 3, 13)
    still = alike._replace(growth=0.0)
    for time in TIMES:
        for scales, plain in ((alike, growing), (still, constant)):
            got, wanted = (one.log_density(x, SYMMETRIC, scales, time) for one in (two, plain))
            np.testing.assert_allclose(got, wanted, atol=1e-12)
    scales = Scales(*(np.full((1, 1), part) for part in alike))
    np.testing.assert_allclose(*(one.quantile(0.9, HALF, scales, TIMES) for one in (two, growing)), atol=1e-6)


def test_a_longer_lower_side_reaches_lower_and_a_weak_class_too() -> None:
    two, classes = DISPERSIONS["two-sided"], DISPERSIONS["two-classes"]
    for spread in (two, classes):
        tails = [float(spread.cdf(np.array([-2.0]), SYMMETRIC, SCALES, np.array([time]))[0]) for time in (-1.0, 1.5)]
        assert tails[1] > 2 * tails[0]

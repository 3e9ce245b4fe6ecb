"""The distribution of log density about its mean is that of v - u + E[u], whatever the distribution of u."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from bayesdensity.laws.forms import FORMS as REGISTRY
from bayesdensity.laws.forms import SYMMETRIC, Form, HalfNormal

FORMS = [form for form in REGISTRY.values() if form.one_sided]
SCALES = [(0.5, 0.5), (0.3, 1.2), (1.2, 0.3), (1.0, 1e-3), (1e-3, 1.0), (1e-2, 10.0)]
"""Of v and of u."""
PLACES = np.array([-6.0, -0.6, 0.3, 1.1, 4.0])
"""In units of the larger scale."""
FAR = 60
"""Scales beyond which no inefficiency lies."""


def unit_density(form: Form, t: Any) -> Any:
    """Density of an inefficiency of scale 1."""
    return mp.sqrt(2 / mp.pi) * mp.exp(-t * t / 2) if form.name == "half-normal" else mp.exp(-t)


def unit_mean(form: Form) -> Any:
    return mp.sqrt(2 / mp.pi) if form.name == "half-normal" else mp.mpf(1)


def total(inside: Any, corners: list[Any]) -> Any:
    """Integral over inefficiency, piece by piece."""
    return mp.quad(inside, sorted({min(max(t, 0), FAR) for t in corners}), method="gauss-legendre")


# Density


def peak(form: Form, y: Any, s: Any, o: Any) -> list[Any]:
    """Where, in scales of u, the product of the two densities at v - u = y lies: it is a piece of a normal."""
    if form.name == "half-normal":
        location, width = -y * o / (s**2 + o**2), s / mp.sqrt(s**2 + o**2)
    else:
        location, width = -y / o - (s / o) ** 2, s / o
    if location > 0:
        return [location - 12 * width, location, location + 12 * width]
    # Cut off at zero, where it falls by a factor exp(60) until here.
    end = location + mp.sqrt(location**2 + 120 * width**2)
    return [0, end / 8, end]


def by_integration(form: Form, x: float, symmetric: float, one_sided: float) -> list[float]:
    """Log density at x, and its derivatives in x and both scales, under the integral over u."""
    x, s, o = mp.mpf(x), mp.mpf(symmetric), mp.mpf(one_sided)
    c = unit_mean(form)
    corners = peak(form, x - c * o, s, o)

    def z(t: Any) -> Any:
        return (x - c * o + o * t) / s

    @cache  # the four integrals share their nodes
    def product(t: Any) -> Any:
        return mp.npdf(z(t)) / s * unit_density(form, t)

    # In units of its largest value: the integrator compares its error with one.
    unit = max(product(t) for t in corners)
    density = total(lambda t: product(t) / unit, corners)

    def mean(slope: Any) -> float:
        largest = max(abs(slope(t)) for t in corners)
        return float(total(lambda t: slope(t) / largest * product(t) / unit, corners) / density * largest)

    slopes = (lambda t: -z(t) / s, lambda t: (z(t) ** 2 - 1) / s, lambda t: -z(t) * (t - c) / s)
    return [float(mp.log(unit) + mp.log(density)), *map(mean, slopes)]


@cache
@mp.workdps(25)
def exact(form: Form) -> tuple[np.ndarray, np.ndarray]:
    """Points (x, symmetric, one-sided), and log density with its derivatives there."""
    points = np.array([(x * max(scales), *scales) for scales in SCALES for x in PLACES])
    return points, np.array([by_integration(form, *point) for point in points])


@pytest.mark.parametrize("form", FORMS)
def test_log_density_is_the_integral_over_inefficiency(form: Form) -> None:
    points, wanted = exact(form)
    got = form.log_density(*points.T)
    np.testing.assert_allclose(got, wanted[:, 0], rtol=0, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_log_density_and_gradient_of_the_model_are_those_of_the_integral(form: Form) -> None:
    """As PyTensor has them, which the sampler follows."""
    import pytensor
    import pytensor.tensor as pt

    from bayesdensity.model.coordinates import log_tail

    points, wanted = exact(form)
    inputs = pt.dvectors("x", "symmetric", "one_sided")
    density = form.log_density(*inputs, log_tail)
    evaluate = pytensor.function(inputs, [density, *pytensor.grad(density.sum(), inputs)], mode="FAST_COMPILE")
    value, *slopes = evaluate(*points.T)
    np.testing.assert_allclose(value, wanted[:, 0], rtol=0, atol=1e-8)
    # In units of x, and by the logarithm of each scale.
    units = (np.maximum(*points.T[1:]), *points.T[1:])
    for got, exactly, unit in zip(slopes, wanted[:, 1:].T, units, strict=True):
        np.testing.assert_allclose(got * unit, exactly * unit, rtol=0, atol=1e-8)


def test_without_inefficiency_the_density_is_normal() -> None:
    x = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(SYMMETRIC.log_density(x, 0.7, 0.0), stats.norm.logpdf(x, 0, 0.7), atol=1e-13)
    for form in FORMS:
        got = form.log_density(x, 0.7, 1e-4)
        np.testing.assert_allclose(got, stats.norm.logpdf(x, 0, 0.7), atol=1e-6)


# Distribution function and quantiles


def sum_density(form: Form, t: Any, a: Any, b: Any) -> Any:
    """Density of the sum of two inefficiencies of scales a and b."""
    if form.name == "half-normal":
        scale = mp.hypot(a, b)
        return 4 / scale * mp.npdf(t / scale) * (mp.ncdf(t * b / (a * scale)) - mp.ncdf(-t * a / (b * scale)))
    return t / a**2 * mp.exp(-t / a) if a == b else (mp.exp(-t / a) - mp.exp(-t / b)) / (a - b)


@mp.workdps(18)
def probability(form: Form, x: float, symmetric: float, one_sided: float, second: float = 0.0) -> float:
    """P(v <= x + u - E[u]) integrated over u, or over the sum of two."""
    s, a, b = map(mp.mpf, (symmetric, one_sided, second))
    largest, shift = max(a, b), unit_mean(form) * (a + b)

    def inside(t: Any) -> Any:  # in units of the larger scale
        density = unit_density(form, t) if b == 0 else largest * sum_density(form, t * largest, a, b)
        return mp.ncdf((x + t * largest - shift) / s) * density

    # Where v is narrow the integrand is a step: tell the integrator where.
    turn, width = (shift - x) / largest, s / largest
    steps = [turn + k * width for k in (-12, 0, 12)]
    knees = [b / a, 5 * b / a] if 0 < b < a else [a / b, 5 * a / b] if b else []
    return float(total(inside, [0, *steps, *knees, 2, 10, FAR]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("symmetric", "one_sided"), SCALES)
def test_distribution_function_is_the_integral_over_inefficiency(
    form: Form, symmetric: float, one_sided: float
) -> None:
    x = max(symmetric, one_sided) * np.array([-2.0, 0.3, 1.5])
    wanted = [probability(form, at, symmetric, one_sided) for at in x]
    np.testing.assert_allclose(form.cdf(x, symmetric, one_sided), wanted, rtol=0, atol=1e-12)


TWO = [(0.4, 0.6, 0.6), (0.3, 0.9, 0.5), (0.3, 0.5, 0.9), (1e-2, 1.0, 0.3), (0.5, 1.0, 1e-3), (0.2, 1.0, 0.99995)]
"""Scales of v, u and a second inefficiency."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scales", TWO)
def test_distribution_function_of_two_inefficiencies_is_the_integral_over_both(
    form: Form, scales: tuple[float, float, float]
) -> None:
    x = max(scales) * np.array([-2.0, 0.3, 1.5])
    wanted = [probability(form, at, *scales) for at in x]
    np.testing.assert_allclose(form.cdf(x, *scales), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scales", [*SCALES, (1.0, 0.0), *TWO])
@pytest.mark.parametrize("q", [0.01, 0.5, 0.95, 0.999])
def test_quantile_inverts_the_distribution_function(form: Form, scales: tuple[float, ...], q: float) -> None:
    x = form.quantile(q, *scales)
    assert float(form.cdf(x, *scales)) == pytest.approx(q, abs=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scales", [*SCALES, (1.0, 0.0), *TWO])
def test_mean_is_zero_and_variance_adds_up(form: Form, scales: tuple[float, ...]) -> None:
    """By parts: moments are integrals of the distribution function."""
    symmetric, *one_sided = scales
    variance = symmetric**2 + form.unit_variance * sum(scale**2 for scale in one_sided)
    # Finer near the middle, where a narrow v makes a step.
    x = np.sqrt(variance) * 40 * np.linspace(0, 1, 4001) ** 2
    above, below = 1 - form.cdf(x, *scales), form.cdf(-x, *scales)
    assert np.trapezoid(above - below, x) == pytest.approx(0, abs=1e-5 * np.sqrt(variance))
    assert np.trapezoid(2 * x * (above + below), x) == pytest.approx(variance, rel=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_moments_of_one_inefficiency_are_those_of_its_distribution(form: Form) -> None:
    law = {"half-normal": stats.halfnorm, "exponential": stats.expon}[form.name]
    assert (form.unit_mean, form.unit_variance) == pytest.approx(law.stats())


@pytest.mark.parametrize("form", [*FORMS, SYMMETRIC])
def test_without_inefficiency_it_is_normal(form: Form) -> None:
    for q in (0.05, 0.5, 0.975):
        assert float(form.quantile(q, 0.7, 0.0)) == pytest.approx(stats.norm.ppf(q, 0, 0.7), abs=1e-12)
        assert float(form.cdf(stats.norm.ppf(q, 0, 0.7), 0.7, 0.0)) == pytest.approx(q, abs=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_two_inefficiencies_does_not_matter(form: Form) -> None:
    for scales, turned in (((0.4, 0.9, 0.3), (0.4, 0.3, 0.9)), ((0.4, 0.9, 0.0), (0.4, 0.0, 0.9))):
        assert form.quantile(0.95, *scales) == form.quantile(0.95, *turned)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("second", [0.0, np.array([[0.0, 0.7], [0.4, 1e-3]])])
def test_quantiles_of_many_draws_come_at_once(form: Form, second: Any) -> None:
    symmetric, one_sided = np.array([[0.3, 0.5], [1.0, 2.0]]), np.array([[1.0, 0.2], [1e-3, 5.0]])
    together = form.quantile(0.95, symmetric, one_sided, second)
    assert together.shape == (2, 2)
    for k in np.ndindex(2, 2):
        one = form.quantile(0.95, symmetric[k], one_sided[k], np.broadcast_to(second, (2, 2))[k])
        assert together[k] == pytest.approx(float(one), abs=1e-9)


# Inefficiency given the sum


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("symmetric", "one_sided"), [(0.5, 0.5), (0.2, 0.9), (0.9, 0.2)])
def test_inefficiency_given_the_residual_is_that_of_simulated_models(
    form: Form, symmetric: float, one_sided: float
) -> None:
    """Brute force: of many simulated models, those whose residual is about x."""
    rng, n = np.random.default_rng(4), 2_000_000
    u = one_sided * (np.abs(rng.normal(size=n)) if form.name == "half-normal" else rng.exponential(size=n))
    residual = rng.normal(0, symmetric, n) - u + form.unit_mean * one_sided
    width = 0.02 * residual.std()
    for x in residual.std() * np.array([-1.5, -0.5, 0.0, 0.7, 1.3]):
        like = u[np.abs(residual - x) < width]
        draws = form.draw_inefficiency(x, symmetric, one_sided, rng.random(like.size))
        error = np.hypot(like.std(), draws.std()) / np.sqrt(like.size)
        assert draws.mean() == pytest.approx(like.mean(), abs=4 * error + width / 10), x
        assert draws.std() == pytest.approx(like.std(), rel=0.05), x


class Truncated(HalfNormal):
    """A form whose inefficiency given the residual is a normal of unit scale at the residual, kept above zero."""

    def truncated_normal(self, x: Any, symmetric: Any, one_sided: Any) -> tuple[Any, Any]:
        return x, symmetric


@pytest.mark.parametrize("location", [-30.0, -6.0, -1.0, 0.0, 1.0, 8.0])
def test_a_normal_kept_above_zero_has_the_truncated_distribution(location: float) -> None:
    scale, uniform = 0.4, np.random.default_rng(6).random(4000)
    draws = Truncated().draw_inefficiency(location * scale, scale, 0.0, uniform)
    assert (draws >= 0).all()
    truncated = stats.truncnorm(-location, np.inf, loc=location * scale, scale=scale)
    assert stats.kstest(draws, truncated.cdf).pvalue > 1e-3
    if location == -30:
        # Nearly exponential so far out; to second order in 1 / 30.
        assert draws.mean() == pytest.approx(scale / 30 * (1 - 2 / 900), rel=4 / np.sqrt(4000))


def test_a_quantile_needs_nothing_that_another_module_imported() -> None:
    """In a process of its own: `scipy.optimize` does not bring all of its parts along."""
    code = "from bayesdensity.laws.forms import FORMS; print(FORMS['half-normal'].quantile(0.5, 1.0, 0.0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and abs(float(done.stdout)) < 1e-9, done.stderr

"""The tests that residuals are put to doubt what is true as often as they say, and find what is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from bayesdensity.checks.residuals import depends, normal, spread


def residuals(rng: np.random.Generator, n: int = 30, draws: int = 20, pinned: float = 0.6) -> np.ndarray:
    """Standard normal effects at posterior draws, which the data pin in part; shape (draw, effect)."""
    return np.asarray(np.sqrt(pinned) * rng.normal(size=n) + np.sqrt(1 - pinned) * rng.normal(size=(draws, n)))


X = np.linspace(-2, 2, 30)
PLAIN = np.stack([np.ones_like(X), X])
LATE = X > 0.5
TESTS: dict[str, Callable[[np.ndarray], float]] = {
    "normal": normal,
    "spread": lambda z: spread(z, LATE),
    "depends": lambda z: depends(z, X**2, PLAIN),
}


@pytest.mark.parametrize("name", TESTS)
def test_a_test_of_what_is_true_doubts_as_often_as_it_says(name: str) -> None:
    rng, n = np.random.default_rng(10), 1000
    # At one draw the p-value is exact (or that of two tests on one sample, corrected for being two).
    one = np.array([TESTS[name](residuals(rng, draws=1)) for _ in range(n)])
    assert 0.03 < (one < 0.05).mean() < 0.07
    if name != "normal":
        assert stats.kstest(one, "uniform").pvalue > 0.01
    many = np.array([TESTS[name](residuals(rng)) for _ in range(n // 4)])
    assert (many < 0.05).mean() < 0.085 and (many < 0.01).mean() < 0.03


def test_an_outlier_and_another_shape_are_not_normal() -> None:
    z = residuals(np.random.default_rng(11))
    assert normal(z) > 0.05
    off = z.copy()
    off[:, 3] = 6.0
    assert normal(off) < 1e-5
    assert normal(np.where(np.arange(30) % 2, 1.0, -1.0) + 0.2 * z) < 1e-3  # two lumps, and nothing far out
    skewed = special.ndtr(z)
    assert normal(-np.log(skewed) - 1) < 0.01


def test_an_outlier_is_found_among_few_and_judged_by_their_number() -> None:
    """The largest of many is larger: 3.5 is odd among ten and not among a thousand."""
    rng = np.random.default_rng(12)
    few, many = (stats.norm.ppf((np.arange(n) + 0.5) / n)[None] for n in (10, 1000))
    few[0, -1], many[0, -1] = 3.6, 3.6
    assert normal(few[:, rng.permutation(10)]) < 0.01 < 0.3 < normal(many)


def test_wider_scatter_of_a_group_is_found_on_either_side() -> None:
    z = residuals(np.random.default_rng(13))
    assert spread(z, LATE) > 0.05
    for group in (LATE, ~LATE):
        assert spread(np.where(group, 4 * z, z), LATE) < 1e-5
    assert spread(3 * z, LATE) == pytest.approx(spread(z, LATE))


def test_dependence_is_found_beyond_what_is_given() -> None:
    z = residuals(np.random.default_rng(14))
    assert depends(z, X**2, PLAIN) > 0.01
    assert depends(z + 1.5 * X**2, X**2, PLAIN) < 1e-6
    assert depends(z - 1.5 * X**2, X**2, PLAIN) < 1e-6
    assert depends(z + 5 - 7 * X, X**2, PLAIN) == pytest.approx(depends(z, X**2, PLAIN))
    assert depends(z, 3 * X**2 - X + 8, PLAIN) == pytest.approx(depends(z, X**2, PLAIN))
    assert depends(z + 4 * LATE, LATE, PLAIN) < 1e-6 < depends(z - 4 * X, LATE, PLAIN)

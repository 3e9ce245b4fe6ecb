"""Two explanations of the same losses are both found, and never pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from known_laws import LEVEL, TRUTH, Pairs, know, make
from scipy import special

from bayesdensity.law.fitted import LawFit
from bayesdensity.law.law_checks import check_modes
from bayesdensity.law.modes import term_modes

NEAR: Pairs = [(n, 20 * n * 1.1 ** (-1) ** k) for k, n in enumerate(np.geomspace(1e8, 1e10, 10))]


def slopes(size: float, data: float, share: float) -> dict[str, float]:
    """Coordinates of a law without a floor."""
    return {"size_share": share, "size_elasticity": size * share, "data_elasticity": data * (1 - share)}


def ambiguous(**settings: Any) -> LawFit:
    """Size and tokens move nearly together, so that either term may be the slow one."""
    designs = {name: NEAR for name in settings.pop("names", ["Web"])}
    return make("densing", designs, truth=slopes(0.04, 0.28, 0.6), scale=0.01, noise="normal", **settings)


def profile(fit: LawFit, ratios: np.ndarray) -> np.ndarray:
    """Highest log density at each logarithm of the ratio of exponents, on a grid, written out."""
    n, d, loss = (fit.data[name].to_numpy() for name in ("run_log_n", "run_log_d", "run_loss"))
    middle, logit = (axis[..., None] for axis in np.meshgrid(np.linspace(-4, 0, 161), np.linspace(-5, 5, 161)))
    share, best = special.expit(logit), []
    for ratio in ratios:
        size, data = np.exp(middle + ratio / 2), np.exp(middle - ratio / 2)
        rest = np.log(loss) - np.log(share * np.exp(-size * n) + (1 - share) * np.exp(-data * d))
        density = -0.5 * ((rest - rest.mean(-1, keepdims=True)) ** 2).sum(-1) / 0.01**2
        on = {
            "size_share": logit,
            "size_elasticity": np.log(size * share),
            "data_elasticity": np.log(data * (1 - share)),
        }
        for name, value in on.items():
            prior = fit.study.priors[name]
            density = density - 0.5 * ((value[..., 0] - prior.mu) / prior.sigma) ** 2
        best.append(density.max())
    return np.array(best)


def test_both_modes_of_a_law_without_a_floor_are_found() -> None:
    fit, ratios = ambiguous(), np.linspace(-2.5, 2.5, 21)
    height = profile(fit, ratios)
    peaks = [k for k in range(1, 20) if height[k] > max(height[k - 1], height[k + 1])]
    modes = sorted(term_modes(fit)["Web"], key=lambda mode: mode.size_exponent / mode.data_exponent)
    assert len(peaks) == len(modes) == 2 and max(mode.log_density for mode in modes) == 0
    for mode, peak in zip(modes, peaks, strict=True):
        assert np.log(mode.size_exponent / mode.data_exponent) == pytest.approx(ratios[peak], abs=0.26)
        assert mode.log_density == pytest.approx(height[peak] - height.max(), abs=0.2)


@pytest.mark.parametrize(
    ("mixed", "verdict", "shares"), [("chain", "FAIL", (50, 50)), ("draw", "REVIEW", (50, 50)), ("", "FAIL", (100, 0))]
)
def test_two_explanations_are_named_and_never_pass(mixed: str, verdict: str, shares: tuple[int, int]) -> None:
    fit = ambiguous()
    high, low = term_modes(fit)["Web"]
    if mixed:
        other = know(fit.study, fit.data, LEVEL, slopes(low.size_exponent, low.data_exponent, 0.4), 0.01)
        own = xr.DataArray(np.arange(other.sizes[mixed]) % 2 == 0, dims=mixed)
        fit = replace(fit, posterior=fit.posterior.where(own, other))
    found = check_modes(fit)
    for mode, share in zip((high, low), shares, strict=True):
        told = f"exponents of size {mode.size_exponent:.2f} and data {mode.data_exponent:.2f} ({share}% of draws)"
        assert told in found.sentence
    assert found.verdict == verdict and "Web: " in found.sentence and "--slow" in found.remedy


def test_choosing_the_slow_term_or_sharing_exponents_leaves_one_mode() -> None:
    for slow in ("size", "data"):
        (mode,) = term_modes(fit := ambiguous(slow=slow))["Web"]
        assert (mode.size_exponent < mode.data_exponent) == (slow == "size") and check_modes(fit).verdict == "PASS"
    names = ["Web", "Code"]
    assert [len(modes) for modes in term_modes(ambiguous(names=names)).values()] == [2, 2]
    assert [len(modes) for modes in term_modes(ambiguous(names=names, pool=True)).values()] == [1, 1]


@pytest.mark.parametrize("law", ["chinchilla", "densing", "kaplan"])
def test_clear_runs_have_one_mode_at_their_law(law: str) -> None:
    fit = make(law, scale=0.003)
    ((mode,), of) = term_modes(fit)["Web"], fit.study.form.from_coordinates(LEVEL, TRUTH).parts()
    for name in ("size_exponent", "data_exponent"):
        assert getattr(mode, name) == pytest.approx(of[name], rel=0.1)
    assert check_modes(fit).verdict == check_modes(make("size")).verdict == "PASS"

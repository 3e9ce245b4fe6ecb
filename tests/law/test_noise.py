"""Densities, probabilities and draws of errors agree with their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from known_laws import GRID, make
from scipy import stats

from bayesdensity.law import noise
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.law_spec import NOISES

NOISE: dict[str, Callable[[Any], Any]] = {
    "student-t": lambda scale: stats.t(4, 0, scale),
    "laplace": lambda scale: stats.laplace(0, scale),
    "normal": lambda scale: stats.norm(0, scale),
    "one-sided": lambda scale: stats.exponnorm(2, 0, scale),
}


@pytest.mark.parametrize("kind", NOISES)
def test_densities_probabilities_and_draws_of_errors_agree_with_their_formulas(kind: str) -> None:
    fit = make(designs={"Web": GRID, "Code": GRID}, scale=[0.01, 0.03], errors=0.02, noise=kind)
    scale, rest, bench = fit.posterior["loss_noise"], noise.residuals(fit), fit.data["run_benchmark"].to_numpy()
    exact, found = NOISE[kind](scale.to_numpy()[..., bench]), noise.error_distribution(fit, bench)
    assert noise.log_likelihood(fit).dims == (*SAMPLE, "run") and rest.std() == pytest.approx(0.02, rel=0.2)
    for density in (found.logpdf(rest), noise.log_likelihood(fit)):
        np.testing.assert_allclose(density, exact.logpdf(rest), rtol=1e-9)
    np.testing.assert_allclose(found.cdf(rest), exact.cdf(rest), rtol=1e-9)
    draws = noise.log_errors(fit, scale.expand_dims(training=40, axis=2), np.random.default_rng(1))
    u = NOISE[kind](scale.to_numpy()[:, :, None]).cdf(draws)
    assert draws.dims == (*SAMPLE, "training", "benchmark")
    assert min(stats.kstest(u[..., b].ravel(), "uniform").pvalue for b in (0, 1)) > 0.01
    mean = 2 * scale.mean(SAMPLE) if kind == "one-sided" else 0.0
    np.testing.assert_allclose(draws.mean((*SAMPLE, "training")), mean, atol=0.002)

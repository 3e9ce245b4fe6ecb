"""Informed coordinates leave priors as they are, and closed forms come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats


def latent(mean: float, precision: float) -> Any:
    """A tiny model: a scale tau, and z ~ Normal(0, tau) in informed coordinates that also depend on tau."""
    import pymc as pm

    from bayesdensity.model.coordinates import INFORMED, normal_logp

    with pm.Model(coords={"z": range(3)}) as model:
        log_tau = pm.Normal("log_tau", 0.0, 0.5)
        tau = pm.math.exp(log_tau)
        z, jacobian = INFORMED.effect(
            "z_", "z", mean * tau, precision * pm.math.exp(-log_tau) * np.array([1.0, 2.0, 3.0])
        )
        pm.Potential("prior", jacobian + normal_logp(z, 0.0, tau))
    return model


@pytest.mark.parametrize(("mean", "precision"), [(0.0, 1.0), (3.7, 0.2), (-1.0, 25.0)])
def test_informed_coordinates_leave_the_prior_as_it_is(mean: float, precision: float) -> None:
    """Integrated over the coordinates, the density of tau is its prior whatever mean and precision are chosen."""
    model = latent(mean, precision)
    logp = model.compile_logp()

    def density(log_tau: float) -> float:
        # The three coordinates are independent given tau, so one integral over each is enough.
        def along(raw: float, k: int) -> float:
            point = np.zeros(3)
            point[k] = raw
            return float(logp({"log_tau": np.array(log_tau), "z__raw": point}))

        at_zero = along(0.0, 0)
        parts = [
            integrate.quad(lambda raw, k=k: np.exp(along(raw, k) - at_zero), -80, 80, points=(-3, 0, 3), limit=400)[0]
            for k in range(3)
        ]
        return at_zero + float(np.log(parts).sum())

    got = density(0.4) - density(-0.3)
    assert got == pytest.approx(stats.norm(0, 0.5).logpdf(0.4) - stats.norm(0, 0.5).logpdf(-0.3), abs=1e-6)


def test_a_conjugate_normal_comes_out_in_closed_form() -> None:
    """z ~ Normal(0, tau), y ~ Normal(z, s): the posterior of z is known, and informed coordinates find it."""
    import nutpie
    import pymc as pm

    from bayesdensity.model.coordinates import INFORMED, normal_logp

    tau, s, y = 0.7, 0.4, np.array([1.0, -2.0, 0.1])
    with pm.Model(coords={"z": range(3)}) as model:
        z, jacobian = INFORMED.effect("z_", "z", np.array([5.0, 0.0, -1.0]), np.array([0.3, 1.0, 40.0]))
        pm.Potential("prior", jacobian + normal_logp(z, 0.0, tau))
        pm.Normal("y", z, s, observed=y)
    settings = {"draws": 2000, "tune": 500, "chains": 2, "seed": 1, "progress_bar": False}
    draws = nutpie.sample(nutpie.compile_pymc_model(model), **settings).posterior["z_"]
    variance = 1 / (1 / tau**2 + 1 / s**2)
    mean, sd = (draws.stack(sample=("chain", "draw")).reduce(f, dim="sample") for f in (np.mean, np.std))
    np.testing.assert_allclose(mean, y * variance / s**2, atol=0.04)
    np.testing.assert_allclose(sd, np.sqrt(variance), rtol=0.06)

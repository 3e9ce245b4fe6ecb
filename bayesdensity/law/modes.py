"""Modes of a law: different exponents that explain the same losses about as well.

Chains that all started in one mode do not show the other. So modes are also sought by optimisation, from starts in
which either term falls slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from bayesdensity import laws
from bayesdensity.base.prior import Prior
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.noise import distribution

SHARES = (0.05, 0.3, 0.7, 0.95)
"""Shares of the size term in the reducible loss at which the search starts."""
FLOORS = (0.05, 0.6)
SEARCH = {"maxiter": 4000, "xatol": 1e-3, "fatol": 1e-3}
APART = 0.5
"""Modes differ by at least so many e-folds in the ratio of exponents."""
COMPARABLE = 5.0
"""A mode whose log density is lower by more is nearly never drawn."""
BARRIER = 0.5
"""Modes are two if the log density falls by at least so much between them."""


class Mode(NamedTuple):
    """A local maximum of the posterior density of one benchmark's law."""

    size_exponent: float
    data_exponent: float
    log_density: float
    """Below the highest mode."""
    at: np.ndarray
    """Coordinates on the scales of their priors, the logarithm of the loss at the centre first."""


def term_modes(fit: LawFit) -> dict[str, list[Mode]]:
    """Modes of the law of each benchmark, highest first; with pooled exponents, given their population."""
    return {str(name): _modes(fit, b) for b, name in enumerate(fit.data["benchmark"].to_numpy())}


def share_of_draws(fit: LawFit, benchmark: str, modes: Sequence[Mode]) -> list[float]:
    """Share of the draws that lie nearest to each mode, by the ratio of exponents."""
    parts = fit.law.parts()
    contrast = np.log(parts["size_exponent"] / parts["data_exponent"]).sel(benchmark=benchmark).to_numpy().ravel()
    of_modes = np.array([_contrast(mode) for mode in modes])
    nearest = np.abs(contrast[:, None] - of_modes).argmin(axis=1)
    return [float((nearest == k).mean()) for k in range(len(modes))]


def _modes(fit: LawFit, b: int) -> list[Mode]:
    form, study, posterior = fit.study.form, fit.study, fit.posterior
    here = fit.data["run_benchmark"].to_numpy() == b
    at = {letter: fit.data[f"run_log_{letter}"].to_numpy()[here] for letter in form.reads}
    observed = np.log(fit.data["run_loss"].to_numpy()[here])
    scale = float(posterior["loss_noise"][..., b].median())
    excess = float(posterior["loss_excess"][..., b].median()) if "loss_excess" in posterior else None
    errors = distribution(fit, scale, excess)
    names, elasticities = list(form.coordinates), form.elasticities()
    stated = {name: study.priors.get(name, form.coordinates[name]) for name in names}
    population = {
        elasticities[name]: (
            name,
            float(posterior[f"log_{name}"].median()),
            float(posterior[f"{name}_spread"].median()),
        )
        for name in (form.exponents if study.pool else ())
    }

    def coordinates(z: np.ndarray) -> dict[str, float]:
        back = {"lognormal": np.exp, "logit-normal": special.expit, "normal": float}
        return {name: float(back[stated[name].shape](value)) for name, value in zip(names, z[1:], strict=True)}

    def cost(z: np.ndarray) -> float:
        given = coordinates(z)
        with np.errstate(all="ignore"):
            law = form.from_coordinates(z[0], given)
            found = -errors.logpdf(observed - np.log(law.loss(at))).sum()
            found += 0.5 * ((z[0] - observed.mean()) / laws.CENTRE_SD) ** 2
            for name, value in zip(names, z[1:], strict=True):
                mu, sigma = stated[name].mu, stated[name].sigma
                if name in population:
                    exponent, mu, sigma = population[name]
                    value = value - np.log(form.weights(given)[exponent][1])
                found += 0.5 * ((value - mu) / sigma) ** 2
        if study.slow:
            parts = law.parts()
            ordered = (parts["size_exponent"] < parts["data_exponent"]) == (study.slow == "size")
            found = found if ordered else found + 1e6
        return float(found) if np.isfinite(found) else 1e12

    found: list[Mode] = []
    middle = np.array([observed.mean(), *(_typical(fit, name, b, stated[name]) for name in names)])
    starts = {"size_share": SHARES, **({"irreducible_share": FLOORS} if "irreducible_share" in names else {})}
    for values in product(*starts.values()):
        start = middle.copy()
        for name, value in zip(starts, values, strict=True):
            start[1 + names.index(name)] = special.logit(value)
        best = optimize.minimize(cost, start, method="Nelder-Mead", options=SEARCH)
        parts = form.from_coordinates(best.x[0], coordinates(best.x)).parts()
        found.append(Mode(float(parts["size_exponent"]), float(parts["data_exponent"]), -best.fun, best.x))
    found.sort(key=lambda mode: -mode.log_density)
    top, kept = found[0].log_density, list[Mode]()
    for mode in found:
        if mode.log_density > top - COMPARABLE and all(_separate(cost, mode, other) for other in kept):
            kept.append(mode)
    return [mode._replace(log_density=mode.log_density - top) for mode in kept]


def _separate(cost: Callable[[np.ndarray], float], one: Mode, other: Mode) -> bool:
    """Whether the density dips between two modes, on the straight line between them."""
    if abs(_contrast(one) - _contrast(other)) < APART:
        return False
    between = [cost(one.at + w * (other.at - one.at)) for w in np.linspace(0, 1, 21)]
    return bool(max(between) > max(between[0], between[-1]) + BARRIER)


def _typical(fit: LawFit, name: str, b: int, stated: Prior) -> float:
    """Posterior median of a coordinate on the scale of its prior, or the middle of its prior."""
    draws = coordinate_draws(fit, name, stated)
    return stated.mu if draws is None else float(np.median(draws[..., b]))


def coordinate_draws(fit: LawFit, name: str, stated: Prior) -> np.ndarray | None:
    """Draws of a coordinate on the scale of its prior; None where it is not sampled."""
    draws = fit.posterior
    if f"logit_{name}" in draws:
        return draws[f"logit_{name}"].to_numpy()
    return _on_scale(stated, draws[name].to_numpy()) if name in draws else None


def _on_scale(stated: Prior, value: np.ndarray) -> np.ndarray:
    """Values on the scale that a prior is normal on."""
    if stated.shape == "normal":
        return value
    return np.asarray(np.log(value) if stated.shape == "lognormal" else special.logit(value))


def _contrast(mode: Mode) -> float:
    return float(np.log(mode.size_exponent / mode.data_exponent))

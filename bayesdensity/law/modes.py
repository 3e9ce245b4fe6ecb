"""Modes of a law: different exponents that explain the same losses about as well.

Chains that all started in one mode do not show the other. So modes are also sought by optimisation, from starts in
which either term falls slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

from bayesdensity import laws
from bayesdensity.base.prior import Prior
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.noise import typical_errors
from bayesdensity.study.law_spec import LawStudy

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
WRONG_ORDER, IMPOSSIBLE = 1e6, 1e12
"""Cost where the term that should fall slowly does not, and where the density is no number."""


class Mode(NamedTuple):
    """A local maximum of the posterior density of one benchmark's law."""

    size_exponent: float
    data_exponent: float
    log_density: float
    """Below the highest mode."""
    position: np.ndarray
    """Coordinates on the scales of their priors, the logarithm of the loss at the centre first."""


class Population(NamedTuple):
    """Of an exponent that benchmarks share: its name, and mean and spread of its logarithm at the posterior medians."""

    exponent: str
    mean: float
    spread: float


@dataclass(frozen=True)
class Density:
    """Log posterior density of the law of one benchmark, given the scale of its noise and the population of exponents.

    Attributes
    ----------
    study : LawStudy
    x : dict of ndarray
        What the law reads of the runs, natural logarithms from their centre, dim ``run``.
    log_loss : ndarray
        Dim ``run``.
    errors : scipy.stats.rv_frozen
        Distribution of log losses about the law.
    populations : dict
        By the elasticity of each exponent that benchmarks share.
    """

    study: LawStudy
    x: dict[str, np.ndarray]
    log_loss: np.ndarray
    errors: Any
    populations: dict[str, Population]

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """Priors of the coordinates."""
        return {name: self.study.priors.get(name, own) for name, own in self.study.form.coordinates.items()}

    def coordinates(self, position: np.ndarray) -> dict[str, float]:
        """What is sampled, by name, from positions on the scales of the priors."""
        pairs = zip(self.priors.items(), position[1:], strict=True)
        return {name: float(prior.natural(value)) for (name, prior), value in pairs}

    def law(self, position: np.ndarray) -> laws.Law:
        """The law at a position."""
        return self.study.form.from_coordinates(position[0], self.coordinates(position))

    def cost(self, position: np.ndarray) -> float:
        """Minus the log density, up to a constant; very large where the exponents are in the wrong order."""
        with np.errstate(all="ignore"):
            coordinates = self.coordinates(position)
            law = self.study.form.from_coordinates(position[0], coordinates)
            total = -self.errors.logpdf(self.log_loss - np.log(law.loss(self.x))).sum()
            total += 0.5 * ((position[0] - self.log_loss.mean()) / laws.CENTRE_SD) ** 2
            for (name, prior), value in zip(self.priors.items(), position[1:], strict=True):
                mu, sigma = prior.mu, prior.sigma
                if name in self.populations:
                    exponent, mu, sigma = self.populations[name]
                    value = value - np.log(self.study.form.weights(coordinates)[exponent])
                total += 0.5 * ((value - mu) / sigma) ** 2
        if self.study.slow:
            parts = law.parts()
            ordered = (parts["size_exponent"] < parts["data_exponent"]) == (self.study.slow == "size")
            total = total if ordered else total + WRONG_ORDER
        return float(total) if np.isfinite(total) else IMPOSSIBLE


def term_modes(fit: LawFit) -> dict[str, list[Mode]]:
    """Modes of the law of each benchmark, highest first; with pooled exponents, given their population."""
    return {str(name): _modes(fit, b) for b, name in enumerate(fit.data["benchmark"].to_numpy())}


def share_of_draws(fit: LawFit, benchmark: str, modes: Sequence[Mode]) -> list[float]:
    """Share of the draws that lie nearest to each mode, by the ratio of exponents.

    Parameters
    ----------
    fit : LawFit
    benchmark : str
        Name of the benchmark.
    modes : sequence of Mode
        Of the law on that benchmark.

    Returns
    -------
    list of float
        One share for each mode; they sum to one.
    """
    parts = fit.law.parts()
    contrast = np.log(parts["size_exponent"] / parts["data_exponent"]).sel(benchmark=benchmark).to_numpy().ravel()
    contrasts = np.array([_contrast(mode) for mode in modes])
    nearest = np.abs(contrast[:, None] - contrasts).argmin(axis=1)
    return [float((nearest == k).mean()) for k in range(len(modes))]


def _density(fit: LawFit, benchmark: int) -> Density:
    form, study, posterior = fit.study.form, fit.study, fit.posterior
    on_it = fit.data["run_benchmark"].to_numpy() == benchmark
    x = {letter: values[on_it] for letter, values in fit.run_logs().items()}
    populations = {
        form.elasticities[name]: Population(
            name, float(posterior[f"log_{name}"].median()), float(posterior[f"{name}_spread"].median())
        )
        for name in (form.exponents if study.pool else ())
    }
    log_loss = np.log(fit.data["run_loss"].to_numpy()[on_it])
    return Density(study, x, log_loss, typical_errors(fit, benchmark), populations)


def _modes(fit: LawFit, benchmark: int) -> list[Mode]:
    density, maxima = _density(fit, benchmark), list[Mode]()
    for start in _starts(fit, benchmark, density):
        for _ in range(2):  # a simplex collapses where the floor begins; a new one goes on
            best = optimize.minimize(density.cost, start, method="Nelder-Mead", options=SEARCH)
            start = best.x
        parts = density.law(best.x).parts()
        maxima.append(Mode(float(parts["size_exponent"]), float(parts["data_exponent"]), -best.fun, best.x))
    maxima.sort(key=lambda mode: -mode.log_density)
    top, kept = maxima[0].log_density, list[Mode]()
    for mode in maxima:
        if mode.log_density > top - COMPARABLE and all(_separate(density.cost, mode, other) for other in kept):
            kept.append(mode)
    return [mode._replace(log_density=mode.log_density - top) for mode in kept]


def _starts(fit: LawFit, benchmark: int, density: Density) -> Iterator[np.ndarray]:
    """The middle of the posterior, with shares of the terms far to either side."""
    names = list(density.priors)
    typical = (_typical(fit, name, benchmark, prior) for name, prior in density.priors.items())
    middle = np.array([density.log_loss.mean(), *typical])
    shares = {"size_share": SHARES, "irreducible_share": FLOORS}
    varied = {name: values for name, values in shares.items() if name in names}
    for values in product(*varied.values()):
        start = middle.copy()
        for name, value in zip(varied, values, strict=True):
            start[1 + names.index(name)] = density.priors[name].normal(value)
        yield start


def _separate(cost: Callable[[np.ndarray], float], first: Mode, second: Mode) -> bool:
    """Whether the density dips between two modes, on the straight line between them."""
    if abs(_contrast(first) - _contrast(second)) < APART:
        return False
    step = second.position - first.position
    between = [cost(first.position + share * step) for share in np.linspace(0, 1, 21)]
    return bool(max(between) > max(between[0], between[-1]) + BARRIER)


def _typical(fit: LawFit, name: str, benchmark: int, stated: Prior) -> float:
    """Posterior median of a coordinate on the scale of its prior, or the middle of its prior."""
    draws = coordinate_draws(fit, name, stated)
    return stated.mu if draws is None else float(np.median(draws[..., benchmark]))


def coordinate_draws(fit: LawFit, name: str, stated: Prior) -> np.ndarray | None:
    """Draws of a coordinate on the scale of its prior.

    Parameters
    ----------
    fit : LawFit
    name : str
        Of the coordinate.
    stated : Prior
        Its prior, on whose scale the draws are given.

    Returns
    -------
    ndarray or None
        Shape (chain, draw, benchmark); None where it is not sampled.
    """
    draws = fit.posterior
    for sampled in (f"logit_{name}", f"latent_{name}"):
        if sampled in draws:
            return draws[sampled].to_numpy()
    return np.asarray(stated.normal(draws[name].to_numpy())) if name in draws else None


def _contrast(mode: Mode) -> float:
    return float(np.log(mode.size_exponent / mode.data_exponent))

"""Who reports what: whether LLMs that lack a benchmark differ from those that have it.

A cell that is missing costs the likelihood nothing if, given what else is known, it is missing whatever the density is
(Rubin 1976, DOI 10.1093/biomet/63.3.581). LLMs with too few benchmarks are in no fit; those that lack one and are in it
tell what the others may be like.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
import xarray as xr

from bayesdensity.checks.between_families import FEWEST_FAMILIES, Which, whitener
from bayesdensity.checks.protocol import DOUBT, Array, Check, thinned
from bayesdensity.checks.registry import check
from bayesdensity.checks.residuals import LEAST, parts
from bayesdensity.data.cells import cells_of, known_target_scores, scores_of
from bayesdensity.inference.result import Fit

REMEDY = (
    "Vary how many benchmarks an LLM needs (llms.min_benchmarks) and whose LLMs count (llms.lab_types), and see what "
    "moves; 'show' says who enters."
)


class Departure(NamedTuple):
    """What LLMs that lack a benchmark depart by from those that have it."""

    effect: float
    """Of ln density, given date, size and type of lab: the mean over draws."""
    error: float
    """Its standard error, with families as clusters; at a draw, and so no smaller than that of the mean."""
    p: float
    """Of no departure."""


@check("reporting", place=67)
def check_reporting(fit: Fit) -> Check:
    """Residuals of LLMs with the effects of their families: those that lack a benchmark against those that have it."""
    draws = thinned(fit)
    found, lacks = parts(fit, draws), lacking(fit.data)
    measured = ~np.all(list(lacks.values()), axis=0)
    family = fit.data["family_index"].to_numpy()
    compared = {name: gap for name, gap in lacks.items() if _comparable(gap[measured], family[measured])}
    if not compared:
        return Check("reporting", "PASS", "no benchmark is lacked by enough LLMs to compare them with the others.")
    residual, white = found.own + (found.family[:, family] if found.family.shape[1] else 0.0), whitener(fit, found)
    sd, given = white.own * np.hypot(1, white.shared), _given(fit.data, measured)
    departures = {
        name: departure(residual[:, measured], gap[measured].astype(float), given, sd[:, measured], family[measured])
        for name, gap in compared.items()
    }
    adjusted = {name: min(1.0, one.p * len(departures)) for name, one in departures.items()}
    figures = {f"{name}: p": p for name, p in adjusted.items()}
    figures |= {f"{name}: e-folds": one.effect for name, one in departures.items()}
    figures |= {f"{name}: standard error": one.error for name, one in departures.items()}
    worst = min(adjusted, key=lambda name: adjusted[name])
    if adjusted[worst] >= DOUBT:
        errors = sorted(one.error for one in departures.values())
        fine = (
            "LLMs that lack a benchmark depart from others of their date, size and type of lab by no more than chance "
            f"(standard errors of {errors[0]:.2f} to {errors[-1]:.2f} e-folds)."
        )
        return Check("reporting", "PASS", fine, figures=figures)
    late = fit.data["time"].to_numpy() > np.median(fit.data["time"].to_numpy())
    shares = [float(compared[worst][part & measured].mean()) for part in (~late, late)]
    return Check("reporting", "REVIEW", _said(worst, departures[worst], adjusted[worst], shares), REMEDY, figures)


def lacking(data: xr.Dataset) -> dict[str, Which]:
    """Which LLMs have no known score on a benchmark, by its name; shape (llm,)."""
    cells = cells_of(data)
    known = np.bincount(scores_of(data).cell[known_target_scores(data)], minlength=cells.n_targets) > 0
    has = np.zeros((data.sizes["benchmark"], data.sizes["llm"]), dtype=bool)
    has[cells.target_benchmark[known], cells.llm[known]] = True
    return {str(name): ~has[b] for b, name in enumerate(data["benchmark"].to_numpy())}


def departure(residual: Array, lacks: Array, given: list[Array], sd: Array, family: Array) -> Departure:
    """Weighted least squares of residuals on whether a benchmark is lacking, with families as clusters.

    It is not whitened: the slope would then rest on differences within families, and mostly whole families lack a
    benchmark. The standard error is that of the jackknife over families, and the degrees of freedom are the families
    that the slope effectively rests on, less one. If nothing departs, the slope at a posterior draw varies by that
    error and its mean over draws by less, so that the test errs to the safe side.

    Parameters
    ----------
    residual : ndarray
        What LLMs depart by from the trend, shape (draw, llm).
    lacks : ndarray
        1 for those that lack the benchmark, 0 for the others; shape (llm,).
    given : list of ndarray
        Covariates, shape (llm,).
    sd : ndarray
        Standard deviation of the residuals, shape (draw, llm).
    family : ndarray
        Which family each LLM belongs to, shape (llm,).
    """
    basis, _ = np.linalg.qr(np.stack([one / sd for one in given], axis=-1))
    y, x = (
        one - (basis @ (np.swapaxes(basis, -1, -2) @ one[..., None]))[..., 0] for one in (residual / sd, lacks / sd)
    )
    names, index = np.unique(family, return_inverse=True)
    of_family = np.eye(len(names))[index]
    cross, square = (x * y) @ of_family, (x * x) @ of_family
    total = square.sum(axis=1, keepdims=True)
    effect = cross.sum(axis=1, keepdims=True) / total
    without = (effect * total - cross) / np.maximum(total - square, 1e-12)
    error = float(np.sqrt((1 - 1 / len(names)) * ((without - effect) ** 2).sum(axis=1).mean()))
    freedom = np.maximum(total[:, 0] ** 2 / (square**2).sum(axis=1) - 1, 1).mean()
    mean = float(effect.mean())
    return Departure(mean, error, float(2 * scipy.stats.t.sf(abs(mean) / error, freedom)))


def _comparable(lacks: Which, family: Array) -> bool:
    """Whether there are LLMs of several families on either side."""
    return all(some.sum() >= LEAST and len(np.unique(family[some])) >= FEWEST_FAMILIES for some in (lacks, ~lacks))


def _given(data: xr.Dataset, measured: Which) -> list[Array]:
    """Date and size of the LLMs measured, and types of labs that several of them are of."""
    time, size = data["time"].to_numpy()[measured], data["log_size"].to_numpy()[measured]
    given = [np.ones_like(time), time, size]
    if "lab_type" in data.coords:  # fits of former versions know none
        lab = data["lab_type"].to_numpy()[measured]
        kinds, count = np.unique(lab, return_counts=True)
        most = count.argmax()
        given += [(lab == kinds[k]).astype(float) for k in range(len(kinds)) if k != most and count[k] >= LEAST]
    return given


def _said(name: str, found: Departure, p: float, shares: list[float]) -> str:
    """What lacks what, by how much, and what that does to the frontier."""
    lie, then = ("higher", "above") if found.effect > 0 else ("lower", "below")
    return (
        f"LLMs that lack {name} lie {abs(found.effect):.2f} +- {found.error:.2f} e-folds {lie} than others of their "
        f"date, size and type of lab (p {'below 0.001' if p < 0.001 else f'{p:.3f}'}); {shares[0]:.0%} of the earlier "
        f"and {shares[1]:.0%} of the later lack it. If LLMs left out for too few benchmarks differ alike, the frontier "
        f"of all releases lies {then} this one, by less than that."
    )

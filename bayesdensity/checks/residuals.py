"""Latent effects of LLMs, benchmarks, families and harnesses against the distributions they are drawn from.

Each test is made at many posterior draws, on effects standardised by the scales of the same draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from scipy import special

from bayesdensity.checks.protocol import DRAWS, Array, Check, judged, over_draws, thinned
from bayesdensity.checks.registry import check
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.laws.forms import Scales, scales_of
from bayesdensity.quantities.growth import expected

LEAST = 8
"""Effects that a test needs."""


@check("benchmarks", place=50)
def check_benchmarks(fit: Fit) -> Check:
    """Departures of LLMs on single benchmarks: outliers, scatter that moves with time, bends beyond the reference."""
    draws, data = Draws(fit.data, thinned(fit)), fit.data
    bench = draws.cells.target_benchmark
    z = draws.standard_departures()[:, : draws.cells.n_targets]
    time = data["time"].to_numpy()[draws.cells.llm]
    size, largest = draws.target_sizes(draws["log_density_relative"]), largest_size(draws)
    tests = {}
    for b, name in enumerate(data["benchmark"].to_numpy()):
        here = bench == b
        if here.sum() < LEAST:
            continue
        tests[f"outliers on {name}: departures of LLMs are not normal"] = normal(z[:, here])
        late = time[here] > np.median(time[here])
        if min(late.sum(), (~late).sum()) >= LEAST:
            tests[f"drift on {name}: departures of later LLMs scatter differently"] = spread(z[:, here], late)
        beyond = np.maximum(size - largest[:, bench], 0)[:, here]
        if min((beyond > 0).sum(axis=1).min(), (beyond == 0).sum(axis=1).min()) >= LEAST:
            plain = np.stack([np.ones_like(beyond), size[:, here]], axis=1)
            tests[f"bend on {name}: departures go with size beyond the reference"] = depends(z[:, here], beyond, plain)
    remedies = {
        "outliers": "Look for scores of another protocol, or contaminated ones; exclude them with a reason.",
        "drift": "Look for contamination or saturation of the benchmark; fit without it.",
        "bend": "Let the link depart beyond the reference (reference.beyond = 'misfit'), or take a larger reference.",
    }
    return judged("benchmarks", tests, remedies, "departures of LLMs on single benchmarks scatter as modelled.")


@check("frontier", place=60)
def check_frontier(fit: Fit) -> Check:
    """Residuals of LLMs and families about the trend: their distribution, and what they should not depend on."""
    draws, data, form = thinned(fit), fit.data, fit.study.frontier
    found = parts(fit, draws)
    own, family = _own_scores(fit, found), family_scores(fit, found)
    tests = {"shape: residuals of LLMs are not distributed as the form of the frontier has it": normal(own)}
    size, time = data["log_size"].to_numpy(), data["time"].to_numpy()  # where a weight is inferred, its middle
    plain = np.stack([np.ones_like(time), time, time**2])
    tests["size: larger LLMs have other residuals than smaller ones"] = depends(own, size, plain[:2])
    tests["trend: residuals bend with time more than the trend can"] = depends(own, time**3, plain)
    tests["dispersion: residuals of later LLMs scatter differently"] = spread(own, time > np.median(time))
    kind = data["architecture"].to_numpy()
    kinds, count = np.unique(kind, return_counts=True)
    for name in np.delete(kinds, count.argmax()):  # against the most common
        if (kind == name).sum() >= LEAST:
            tests[f"architecture: {name} LLMs have other residuals"] = depends(own, kind == name, plain[:2])
    if form.family_effects and family.shape[1] >= LEAST:
        tests["families: their effects are not distributed as modelled"] = normal(family)
    remedies = {
        "shape": "Compare other forms of the frontier (frontier.form) with 'compare'.",
        "size": "Vary the reference, and what counts as size (llms.size).",
        "architecture": "Vary what counts as the size of a mixture of experts (llms.size).",
        "dispersion": "Let the dispersion grow (frontier.dispersion), and compare.",
        "trend": "Try another trend (frontier.trend).",
        "families": "Look for families that belong together, or try frontier.one_sided = 'both'.",
    }
    fine = "residuals about the trend look like draws from the frontier's form."
    return judged("frontier", tests, remedies, fine, told=("architecture",))


@check("harnesses", place=70)
def check_harnesses(fit: Fit) -> Check:
    """Effects of harnesses: one that stands out, on one benchmark or on all of its own."""
    draws, data = thinned(fit), fit.data
    bench, source = data["harness_benchmark"].to_numpy(), data["harness_name"].to_numpy()
    z = draws["harness_effect"] / draws["harness_scale"][:, bench]
    # All effects on a benchmark may move together: only what sets harnesses apart is judged.
    mean = np.stack([z[:, bench == b].mean(axis=1) for b in range(data.sizes["benchmark"])], axis=1)
    alone = np.bincount(bench)[bench]
    apart = (z - mean[:, bench]) / np.sqrt(np.maximum(1 - 1 / alone, 1e-9))
    tests = {}
    for name in np.unique(source):
        own = (source == name) & (alone > 1)
        if own.any():
            p = 2 * special.ndtr(-np.abs(apart[:, own].sum(axis=1)) / np.sqrt(own.sum()))
            tests[f"harness {name} measures higher or lower than others"] = float(over_draws(p))
    remedy = "Read its protocol; leave it out with scores.exclude_harnesses, and see what moves."
    return judged("harnesses", tests, {"harness": remedy}, "no harness measures far higher or lower than others.")


def normal(z: Array) -> float:
    """p-value of standard normal residuals, shape (draw, effect): their distribution, and outliers among them."""
    shape = np.array([scipy.stats.shapiro(row).pvalue for row in z])
    outer = -np.expm1(z.shape[1] * np.log1p(-2 * special.ndtr(-np.abs(z).max(axis=1))))
    return min(1.0, 2 * float(np.minimum(over_draws(shape), over_draws(outer))))


def spread(z: Array, late: np.ndarray) -> float:
    """p-value of equal variances in two groups."""
    ratio = (z[:, late] ** 2).mean(axis=1) / (z[:, ~late] ** 2).mean(axis=1)
    below = scipy.stats.f.cdf(ratio, late.sum(), (~late).sum())
    return float(over_draws(2 * np.minimum(below, 1 - below)))


def depends(z: Array, on: Array, given: Array) -> float:
    """p-value of no linear dependence on a covariate, beyond what it shares with those given.

    Parameters
    ----------
    z : ndarray
        Standard normal residuals, shape (draw, effect).
    on : ndarray
        What they may depend on, shape (effect,), or (draw, effect) where that differs between draws.
    given : ndarray
        Covariates whose linear effects are removed first, shape (covariate, effect), or (draw, covariate, effect).

    Returns
    -------
    float
        Combined over the draws.
    """
    return float(over_draws(2 * special.ndtr(-np.abs(projection(z, on, given)))))


def projection(z: Array, on: Array, given: Array) -> Array:
    """Standard normal where residuals do not depend on a covariate, at each draw; arguments as for `depends`.

    Parameters
    ----------
    z, on, given : ndarray
    """
    x = np.asarray(on, dtype=float)
    basis, _ = np.linalg.qr(np.swapaxes(given, -1, -2))
    x = x - (basis @ (np.swapaxes(basis, -1, -2) @ x[..., None]))[..., 0]
    return np.asarray((z * x).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1)))


def largest_size(draws: Draws) -> Array:
    """Log size of the largest of the reference on the axis of the targets, (draw, benchmark); fits of old know none."""
    return draws["link_largest"] if "link_largest" in draws else np.full(draws["level"].shape, np.inf)


class Parts(NamedTuple):
    """What LLMs depart by from the trend at draws: their own part, and that of their family."""

    own: Array
    """Shape (draw, llm)."""
    family: Array
    """Shape (draw, family); no family where the study has no such part."""
    scales: Scales
    """Shape (draw, 1)."""


def parts(fit: Fit, draws: dict[str, Array]) -> Parts:
    """Residuals about the trend at draws, taken apart.

    Parameters
    ----------
    fit : Fit
    draws : dict of ndarray
        As `bayesdensity.checks.protocol.thinned` gives them.
    """
    data = fit.data
    mean = expected(fit.thinned(DRAWS)).to_numpy().reshape(len(draws["rate"]), -1)
    own = draws["log_density_relative"] + draws["level"].mean(axis=1, keepdims=True) - mean
    effect = draws["family_effect"] if fit.study.frontier.family_effects else np.zeros((len(own), 0))
    if effect.shape[1]:
        own = own - effect[:, data["family_index"].to_numpy()]
    return Parts(own, effect, Scales(*(np.reshape(part, (-1, 1)) for part in scales_of(draws))))


def family_scores(fit: Fit, found: Parts) -> Array:
    """Normal scores of the effects of families at the scales of each draw; shape (draw, family)."""
    form, time = fit.study.frontier, fit.data["family_time"].to_numpy()
    if not found.family.shape[1]:
        return found.family
    return normal_scores(form.spread.cdf(found.family, form.family_form, found.scales, time))


def _own_scores(fit: Fit, found: Parts) -> Array:
    form, scales = fit.study.frontier, found.scales
    spread = form.spread.growth(scales, fit.data["time"].to_numpy())
    return normal_scores(form.llm_form.cdf(found.own / spread, scales.noise, scales.inefficiency))


def normal_scores(u: Array) -> Array:
    """Normal scores of probability integral transforms."""
    return np.asarray(special.ndtri(np.clip(u, 1e-12, 1 - 1e-12)))

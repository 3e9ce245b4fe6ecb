"""Scores with known truth, in the places of real ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.growth import expected
from bayesdensity.simulate.population import family_effects, llm_form, scales_in
from bayesdensity.simulate.truth import true_values
from bayesdensity.simulate.worlds import WORLDS, World, bend, lineages

OF_COVARIATES = ("covariate_effect", "covariate_growth", "covariate_departure")
MODELLED = WORLDS["as-modelled"]


class Simulated(NamedTuple):
    """Simulated scores, and what is true of the world that they come from."""

    scores: np.ndarray
    """Dim ``score``; those of the reference are the real ones."""
    published: np.ndarray
    """Whether the scores of an LLM are known, dim ``llm``."""
    log_density: np.ndarray
    """ln density of each LLM averaged over the benchmarks, dim ``llm``."""
    truth: dict[str, float]
    """Every quantity of `bayesdensity.simulate.truth.asked`."""


def drawn_from(fit: Fit, rng: np.random.Generator) -> tuple[int, int]:
    """A chain and a draw of it, at random."""
    return int(rng.integers(fit.posterior.sizes["chain"])), int(rng.integers(fit.posterior.sizes["draw"]))


def simulate_scores(fit: Fit, chain: int, draw: int, rng: np.random.Generator, world: World = MODELLED) -> Simulated:
    """New LLMs and their scores from one posterior draw.

    Which LLMs there are, their sizes, dates and families, and who measured what on which benchmark stay, and so do
    the reference with all its scores and the effects of harnesses, as the draw has them. Effects of families, log
    densities of LLMs, their departures on single benchmarks and the noise of their scores are drawn anew.

    Parameters
    ----------
    fit : Fit
    chain, draw : int
        Which posterior draw is the truth.
    rng : numpy.random.Generator
    world : World
        How the world departs from the model.

    Returns
    -------
    Simulated
    """
    data = fit.data
    one = fit.with_draws(fit.posterior.isel(chain=[chain], draw=[draw]))
    if not world.covariates:
        parts = [name for name in one.posterior.data_vars if str(name) in OF_COVARIATES]
        one = one.with_draws(one.posterior.assign({name: 0.0 * one.posterior[name] for name in parts}))
    at = one.posterior.isel(chain=0, draw=0)
    log_density = _log_densities(one, at, rng, world)
    level = float(at["level"].mean())
    scores, measured = _scores(data, at, log_density - level, rng, world)
    published = _published(data, measured, world)
    return Simulated(scores, published, log_density, true_values(one, log_density - level, world))


def _log_densities(one: Fit, at: xr.Dataset, rng: np.random.Generator, world: World) -> np.ndarray:
    data, form = one.data, one.study.frontier
    time, family_time, family = (data[name].to_numpy() for name in ("time", "family_time", "family_index"))
    scales, spread = scales_in(world, at), form.spread
    log_density = np.asarray(expected(one).to_numpy()[0, 0] + bend(world, time, time))
    if form.family_effects:
        log_density += family_effects(world, form, scales, family_time, rng)[family]
    if world.lineage_scale:
        lineage = lineages(data["family"].to_numpy())
        shared = world.lineage_scale * rng.standard_normal(lineage.max() + 1)[lineage]
        log_density += (spread.growth(scales, family_time) * shared)[family]
    residual = llm_form(world, form).draw(rng, scales.noise, scales.inefficiency, time.shape)
    return np.asarray(log_density + spread.growth(scales, time) * residual)


def _scores(
    data: xr.Dataset, at: xr.Dataset, relative: np.ndarray, rng: np.random.Generator, world: World
) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and ln density of each LLM as its cells show it."""
    if world.inflated == "late" and "score_inflation" in at:
        at = at.assign(score_inflation=0.0)
    draws, time = Draws(data, at), data["time"].to_numpy()
    llm, bench = draws.cells.llm, draws.cells.target_benchmark
    is_target = draws.scores.is_target
    cell, score_bench, harness = (part[is_target] for part in draws.scores[:3])
    size = (draws.log_size + relative)[llm]
    size = size + np.log(world.moe_size) * (data["architecture"].to_numpy() == "moe")[llm]
    size = size + draws["benchmark_slope"][bench] * time[llm] + _of_covariates(data, draws, llm, bench)
    size = size + rng.normal(0, draws["cell_scatter"][bench])
    measured = np.bincount(llm, size) / np.bincount(llm) - draws.log_size
    cell_logit = laws.logit_of_size(_link(draws.link, rng, world).at(bench), size)
    if world.contamination:
        leaked = (rng.random(len(relative)) < 0.5) & (time > 0)
        cell_logit = cell_logit + world.contamination * (leaked[llm] & (bench == np.bincount(bench).argmax()))
    logit = cell_logit[cell] + draws.score_effect[is_target]
    if world.inflation:
        inflated = {
            "harness": _of_largest(data, harness),
            "single": (np.bincount(cell) == 1)[cell],
            "late": time[llm][cell],
        }
        logit = logit + world.inflation * inflated[world.inflated]
    expected = laws.score(logit, data["floor"].to_numpy()[score_bench], draws["ceiling"][score_bench])
    sd = laws.score_sd(expected, data["n_items"].to_numpy()[score_bench], draws["overdispersion"][score_bench])
    noisy = np.clip(rng.normal(expected, sd), 0.0, 1.0)
    if world.copied:
        _, first, back = np.unique(cell, return_index=True, return_inverse=True)
        noisy = np.where((rng.random(len(first)) < world.copied)[back], noisy[first[back]], noisy)
    scores = data["score_value"].to_numpy().copy()
    scores[is_target] = noisy
    return scores, measured


def _of_covariates(data: xr.Dataset, draws: Draws, llm: np.ndarray, bench: np.ndarray) -> np.ndarray | float:
    """What covariates add on the benchmark of each cell beside what they add to the density of its LLM."""
    if "covariate_effect" not in draws:
        return 0.0
    in_cells, departing = data["covariate_in_cell"].to_numpy()[: len(llm)], iter(range(data.sizes["covariate"]))
    added = np.zeros(len(llm))
    for k, departs in enumerate(data["covariate_departs"].to_numpy()):
        added += draws["covariate_effect"][k] * in_cells[:, k]
        if departs:
            here = draws.covariates[llm, k] + in_cells[:, k]
            added += draws["covariate_departure"][next(departing), bench] * here
    return added


def _link(link: laws.Link, rng: np.random.Generator, world: World) -> laws.Link:
    """The link as it is in the world: half of what it departs by beyond the reference is common to all benchmarks."""
    if not world.stretch:
        return link
    common, each = rng.spawn(1)[0].normal(0, world.stretch * np.sqrt(0.5), (2, len(link.level)))
    return laws.beyond_largest(link, link.largest, common[0] + each)


def _of_largest(data: xr.Dataset, harness: np.ndarray) -> np.ndarray:
    """Which scores come from the harness, on whatever benchmark, that has most of them."""
    names = data["harness_name"].to_numpy()[harness]
    found, count = np.unique(names, return_counts=True)
    return np.asarray(names == found[count.argmax()])


def _published(data: xr.Dataset, measured: np.ndarray, world: World) -> np.ndarray:
    if world.slack is None:
        return np.ones(len(measured), dtype=bool)
    time = data["time"].to_numpy()
    record = np.array([measured[time <= day].max() for day in time])
    return np.asarray(measured >= record - world.slack)

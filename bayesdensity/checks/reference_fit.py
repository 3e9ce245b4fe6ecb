"""The reference against its law, and its scores against the map from loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy
import xarray as xr
from scipy import special

from bayesdensity import laws
from bayesdensity.checks.protocol import Array, Check, judged, over_draws, thinned
from bayesdensity.checks.registry import check
from bayesdensity.checks.residuals import depends, normal
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit

LEAST = 5
"""Residuals that a test needs."""
FINE = {"family": "its members follow one link.", "ladder": "the ladder follows its law, and its scores the map."}
REMEDIES = {
    "link": "Compare with another reference; look for members of another recipe.",
    "members": "Leave out members whose recipe differs (reference.exclude).",
    "law": "Leave out undertrained runs (reference.exclude, reference.roles), or try another law (law.name).",
    "beyond": "Do not rely on sizes far beyond the ladder; compare with a released family as reference.",
    "map": "Fit without the benchmark, or map it from another score (map_from).",
}


@check("reference", place=30, applies_to=("joint", "reference"))
def check_reference(fit: Fit) -> Check:
    """Misfit of the law and the map of a ladder, or of the link of a family."""
    if fit.alone is not None and fit.study.reference.kind == "ladder":
        fit = fit.with_draws(fit.alone)
    draws = thinned(fit)
    if not knows_reference(fit):
        said = "the reference was fitted alone, and what it was fitted to is not kept with the draws of the targets."
        remedy = "Fit with reference.inference = 'joint', or the reference alone, to see whether it follows its law."
        return Check("reference", "REVIEW", said, remedy)
    tests = _ladder(fit, draws) if fit.study.reference.kind == "ladder" else _family(fit, draws)
    if not tests:
        said = f"{fit.data.sizes['reference']} members are too few to see whether they follow one link."
        return Check("reference", "REVIEW", said, "Compare with a reference of more sizes.")
    return judged("reference", tests, REMEDIES, FINE[fit.study.reference.kind])


def knows_reference(fit: Fit) -> bool:
    """Whether the draws hold the law of the ladder or the members of the family, and not only the link passed on."""
    return ("law_miss" if fit.study.reference.kind == "ladder" else "recipe") in fit.posterior


def _family(fit: Fit, draws: dict[str, Array]) -> dict[str, float]:
    data, view = fit.data, Draws(fit.data, draws)
    bench, member = view.cells.member_benchmark, view.cells.member
    z = view.standard_departures()[:, view.cells.n_targets :]
    size = data["reference_log_size"].to_numpy()
    tests = {}
    for b, name in enumerate(data["benchmark"].to_numpy()):
        here = bench == b
        if here.sum() >= LEAST:
            tests[f"link: members bend away from it on {name}"] = _bends(z[:, here], size[member[here]])
    recipe = draws["recipe"] / draws["recipe_residual"][:, None]
    if len(size) >= LEAST:
        tests["members: one departs from the others"] = normal(recipe)
    return tests


def _ladder(fit: Fit, draws: dict[str, Array]) -> dict[str, float]:
    data, df, tests = fit.data, fit.study.law.noise_df, dict[str, float]()
    bench, beyond = data["run_benchmark"].to_numpy(), data["run_beyond"].to_numpy()
    at = {letter: data[f"run_log_{letter}"].to_numpy() for letter in fit.study.law.form.reads}
    law = laws.drawn_law(fit.study.law.form, draws).mapped(lambda part: part[:, bench])
    expected = np.log(law.loss(at)) + beyond * draws["law_miss"][:, bench]
    t = (np.log(data["run_loss"].to_numpy()) - expected) / draws["loss_noise"][:, bench]
    of_law, of_map = law_tests(data, at, normal_score(scipy.stats.t.cdf(t, df))), map_tests(data, draws)
    miss = draws["law_miss"] / draws["law_misfit"][:, None]
    for b, name in enumerate(data["benchmark"].to_numpy()):
        tests |= of_law.get(str(name), {})
        if (beyond[bench == b] > 0).any():
            tests[f"beyond the ladder the law misses on {name}"] = float(
                over_draws(2 * special.ndtr(-np.abs(miss[:, b])))
            )
        tests |= of_map.get(str(name), {})
    return tests


def law_tests(data: xr.Dataset, at: Mapping[str, Array], z: Array) -> dict[str, dict[str, float]]:
    """p-values of the residuals of a law, by benchmark: how they scatter, and that they do not bend.

    Parameters
    ----------
    data : xarray.Dataset
        With ``run_benchmark`` and ``benchmark``.
    at : mapping of ndarray
        What the law reads, dim ``run``.
    z : ndarray
        Normal scores of the residuals; shape (draw, run).
    """
    bench, tests = data["run_benchmark"].to_numpy(), dict[str, dict[str, float]]()
    plain = np.stack([np.ones(len(bench)), *at.values()])
    for b, name in enumerate(data["benchmark"].to_numpy()):
        here = bench == b
        if here.sum() < LEAST:
            continue
        own = {f"law: losses on {name} scatter otherwise than modelled": normal(z[:, here])}
        for letter, x in at.items():
            if len(np.unique(x[here].round(2))) > 2:
                bend = depends(z[:, here], x[here] ** 2, plain[:, here])
                own[f"law: losses on {name} bend away from it with {laws.VARIABLES[letter].name}"] = bend
        tests[str(name)] = own
    return tests


def map_tests(data: xr.Dataset, draws: dict[str, Array]) -> dict[str, dict[str, float]]:
    """p-values of what trainings and scores depart from the map, by benchmark."""
    maps, own = data["map_benchmark"].to_numpy(), data["training_benchmark"].to_numpy()
    departure = draws["map_departure"] / draws["map_scatter"][:, own]
    loss, training = data["map_loss"].to_numpy(), data["map_training"].to_numpy()
    mean_loss = np.bincount(training, loss) / np.bincount(training)
    rest, tests = _map_residuals(data, draws, maps, loss, training), dict[str, dict[str, float]]()
    for b, name in enumerate(data["benchmark"].to_numpy()):
        alone, points, found = own == b, maps == b, dict[str, float]()
        if alone.sum() >= LEAST:
            found[f"map: trainings bend away from it on {name}"] = _bends(departure[:, alone], mean_loss[alone])
        if points.sum() >= LEAST:
            found[f"map: scores bend away from it on {name}"] = _bends(rest[:, points], loss[points])
            found[f"map: scores on {name} scatter otherwise than modelled"] = normal(rest[:, points])
        tests[str(name)] = found
    return tests


def _map_residuals(
    data: xr.Dataset, draws: dict[str, Array], bench: np.ndarray, loss: Array, training: np.ndarray
) -> Array:
    line = draws["map_logit"][:, bench] - draws["map_slope"][:, bench] * (loss - data["map_centre"].to_numpy()[bench])
    floor, items = data["floor"].to_numpy()[bench], data["n_items"].to_numpy()[bench]
    expected = laws.score(line + draws["map_departure"][:, training], floor, draws["ceiling"][:, bench])
    sd = laws.score_sd(expected, items, draws["map_overdispersion"][:, bench])
    return np.asarray((data["map_value"].to_numpy() - expected) / sd)


def _bends(z: Array, x: Array) -> float:
    """p-value of residuals that do not bend with x."""
    return depends(z, x**2, np.stack([np.ones_like(x), x]))


def normal_score(u: Array) -> Array:
    """Normal scores of probability integral transforms."""
    return np.asarray(special.ndtri(np.clip(u, 1e-12, 1 - 1e-12)))

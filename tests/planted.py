"""How faults are planted: fits whose effects are noise of known kind, with something added that a check must name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from remade import remade as remade_with
from scipy import special

from bayesdensity.checks import Check
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.load import load_study

Noise = Mapping[str, Any]
"""Standard noise by what it is of, each with the effects as its last axis."""


def noise(fit: Fit, seed: int, pinned: bool = True) -> dict[str, np.ndarray]:
    """Standard noise of every latent effect: one for all posterior draws, or fresh at each of them."""
    rng, (chains, draws) = np.random.default_rng(seed), (fit.posterior.sizes[dim] for dim in SAMPLE)

    def of(dim: str) -> tuple[int, ...]:
        n = fit.posterior.sizes[dim]
        return (n,) if pinned else (chains, draws, n)

    made = {dim: rng.normal(size=of(dim)) for dim in ("llm", "family", "cell", "harness", "reference")}
    for dim in ("llm", "family"):
        uniform = rng.uniform(size=of(dim))
        made[f"half-normal {dim}"] = special.ndtri(0.5 + uniform / 2) - np.sqrt(2 / np.pi)
        made[f"exponential {dim}"] = -np.log(uniform) - 1
    return made


def redrawn(fit: Fit, made: Noise) -> Fit:
    """The fit with latent effects made of noise and the scales of each draw, from the equations of the model."""
    data, form, at = fit.data, fit.study.frontier, dict(fit.posterior.data_vars)

    def every(name: str) -> Any:
        return at[name].to_numpy()[..., None] if name in at else 0.0

    def parts(dim: str, symmetric: str, one_sided: str, falls_short: bool, time: np.ndarray) -> Any:
        part = every(symmetric) * made[dim]
        if falls_short:
            part = part - every(one_sided) * made[f"{form.form} {dim}"]
        return np.exp(every("dispersion_growth") * time) * part

    time, family_time, family = (data[name].to_numpy() for name in ("time", "family_time", "family_index"))
    bend = 0.5 * every("curvature") * (time**2 - (time**2).mean())
    mean = every("origin") + every("rate") * time + bend
    if form.family_effects:
        if form.dispersion == "two-sided":
            asymmetry = every("family_asymmetry") + every("asymmetry_growth") * family_time
            effect = two_sided(
                np.exp(every("dispersion_growth") * family_time) * every("family_scale"), asymmetry, made
            )
        else:
            scales = ("family_scale", "family_inefficiency_scale")
            effect = parts("family", *scales, form.family_form.one_sided, family_time)
        mean = mean + effect[..., family]
        at["family_effect"] = xr.DataArray(effect, dims=(*SAMPLE, "family"))
    own = parts("llm", "noise_scale", "inefficiency_scale", form.llm_form.one_sided, time)
    cell, harness = data["cell_benchmark"].to_numpy(), data["harness_benchmark"].to_numpy()
    at |= {
        "log_density_relative": xr.DataArray(mean + own, dims=(*SAMPLE, "llm")),
        "cell_departure": xr.DataArray(at["cell_scatter"].to_numpy()[..., cell] * made["cell"], dims=(*SAMPLE, "cell")),
        "harness_effect": xr.DataArray(
            at["harness_scale"].to_numpy()[..., harness] * made["harness"], dims=(*SAMPLE, "harness")
        ),
        "recipe": xr.DataArray(every("recipe_residual") * made["reference"], dims=(*SAMPLE, "reference")),
    }
    return replace(fit, posterior=xr.Dataset(at))


def two_sided(middle: np.ndarray, asymmetry: np.ndarray, made: Noise) -> np.ndarray:
    """Effects of families that spread apart below and above their mode, by inverting their distribution."""
    lower, upper = middle * np.exp(asymmetry), middle * np.exp(-asymmetry)
    below = lower / (lower + upper)
    u = special.ndtr(made["family"])
    left = lower * special.ndtri(np.minimum(u / below, 1) / 2)
    right = upper * special.ndtri(0.5 + np.maximum(u - below, 0) / (1 - below) / 2)
    return np.asarray(np.where(u < below, left, right) + np.sqrt(2 / np.pi) * (lower - upper))


def planted(fit: Fit, **change: Any) -> Fit:
    """The fit with something added to effects of its posterior, by name."""
    at = fit.posterior
    return replace(fit, posterior=at.assign({name: at[name] + np.asarray(more) for name, more in change.items()}))


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """The fit as one of another form of the frontier, with strong inefficiencies."""
    return remade_with(fit, change, inefficiency_scale=0.6, family_inefficiency_scale=0.5)


def others_pass(found: Check, *named: str) -> bool:
    """Whether all that is doubted begins with one of some names."""
    doubted = [said for said, p in found.figures.items() if p < 0.01]
    return bool(doubted) and all(said.startswith(named) for said in doubted)


def with_harnesses(fit: Fit, effects: Mapping[str, tuple[float, ...]]) -> Fit:
    """The fit with harnesses of these effects on the benchmarks, in their scales at each draw; nan: did not measure."""
    bench = fit.data["benchmark"].to_numpy()
    there = [(name, b, z) for name, row in effects.items() for b, z in enumerate(row) if np.isfinite(z)]
    own = np.array([b for _, b, _ in there])
    values = fit.posterior["harness_scale"].to_numpy()[..., own] * np.array([z for *_, z in there])
    labels = {
        "harness": [f"{name} on {bench[b]}" for name, b, _ in there],
        "harness_name": ("harness", [name for name, *_ in there]),
    }
    data = fit.data.drop_dims("harness").assign(harness_benchmark=("harness", own)).assign_coords(labels)
    effect = xr.DataArray(values, dims=(*SAMPLE, "harness"))
    return replace(fit, data=data, posterior=fit.posterior.drop_dims("harness").assign(harness_effect=effect))


LADDER = ("MMLU", "ARC-C")
Plant = Callable[[dict[str, np.ndarray], xr.Dataset], None]
"""Changes the standard noise of a ladder, by what it is of, in the places that its data give."""


def ladder(seed: int, plant: Plant | None = None) -> Fit:
    """A ladder with two anchors and the checkpoints on the way to them; every draw of its fit is the truth."""
    rng = np.random.default_rng(seed)
    rungs = [(n, n * ratio) for n in (1.9e8, 3.7e8, 7.6e8, 1.3e9) for ratio in (20, 50, 100, 200)]
    runs = [*rungs, (7e9, 4e12), (13e9, 5e12)] * len(LADDER)
    log_n, log_d = np.log(np.array(runs)).T
    bench = np.repeat(np.arange(len(LADDER)), len(runs) // len(LADDER))
    true: dict[str, Any] = {
        "law_log_loss_centre": [0.0, -0.2],
        "law_share_irreducible": [0.3, 0.4],
        "law_share_size": [0.35, 0.3],
        "law_size_exponent": [0.25, 0.3],
        "law_data_exponent": [0.3, 0.25],
        "loss_noise": [0.004, 0.008],
        "map_logit": [-0.5, 0.2],
        "map_slope": [9.0, 5.0],
        "map_scatter": [0.05, 0.1],
        "map_overdispersion": [0.001, 0.0005],
        "ceiling": [0.96, 0.95],
    }
    true = {name: np.array(values) for name, values in true.items()} | {"law_misfit": np.array(0.02)}
    # Along the trajectories of the two anchors losses fall; each is one training, as is each rung.
    long = [(b, k, step) for b in range(len(LADDER)) for k in range(2) for step in np.linspace(0.05, 1, 15)]
    rung = [(b, 2 + k, 0.0) for b in range(len(LADDER)) for k in range(len(rungs))]
    map_bench, map_run, step = np.array(long + rung).T
    map_bench = map_bench.astype(int)
    _, training = np.unique(100 * map_bench + map_run, return_inverse=True)
    training_bench = np.bincount(training, map_bench) / np.bincount(training)
    loss = np.where(map_run < 2, 0.9 - 0.3 * step - 0.02 * map_run, rng.uniform(0.75, 1.1, len(step)))
    data = xr.Dataset(
        {
            "run_log_n": ("run", log_n - log_n.mean()),
            "run_log_d": ("run", log_d - log_d.mean()),
            "run_benchmark": ("run", bench),
            "run_beyond": ("run", (log_n > np.log(5e9)).astype(float)),
            "map_loss": ("map", loss),
            "map_benchmark": ("map", map_bench),
            "map_training": ("map", training),
            "training_benchmark": ("training", training_bench.astype(int)),
            "map_centre": ("benchmark", [0.8, 0.85]),
            "floor": ("benchmark", [0.25, 0.2]),
            "n_items": ("benchmark", [14000.0, 1172.0]),
        },
        coords={"benchmark": list(LADDER)},
        attrs={"ladder_log_n_centre": log_n.mean(), "ladder_log_d_centre": log_d.mean()},
    )
    made = {
        "loss": rng.standard_t(4, len(runs)),
        "miss": rng.normal(size=len(LADDER)),
        "departure": rng.normal(size=data.sizes["training"]),
        "score": rng.normal(size=data.sizes["map"]),
    }
    if plant:
        plant(made, data)
    true["law_miss"] = true["law_misfit"] * made["miss"]
    true["map_departure"] = true["map_scatter"][data["training_benchmark"]] * made["departure"]
    of = {name: values[bench] for name, values in true.items() if name.startswith("law_") and values.ndim}
    by_size = of["law_share_size"] * np.exp(-of["law_size_exponent"] * data["run_log_n"].to_numpy())
    rest = 1 - of["law_share_irreducible"] - of["law_share_size"]
    by_data = rest * np.exp(-of["law_data_exponent"] * data["run_log_d"].to_numpy())
    log_loss = of["law_log_loss_centre"] + np.log(of["law_share_irreducible"] + by_size + by_data)
    log_loss = log_loss + of["law_miss"] * data["run_beyond"].to_numpy() + true["loss_noise"][bench] * made["loss"]
    eta = (true["map_logit"] - true["map_slope"] * (loss[:, None] - data["map_centre"].to_numpy()))[
        np.arange(len(loss)), map_bench
    ]
    eta = eta + true["map_departure"][training]
    floor, items = data["floor"].to_numpy()[map_bench], data["n_items"].to_numpy()[map_bench]
    expected = floor + (true["ceiling"][map_bench] - floor) / (1 + np.exp(-eta))
    inside = 0.002 + 0.996 * expected
    sd = np.sqrt(inside * (1 - inside) * (1 / items + true["map_overdispersion"][map_bench]))
    data = data.assign(run_loss=("run", np.exp(log_loss)), map_value=("map", expected + sd * made["score"]))
    dims = {"map_departure": ["training"], "law_misfit": []}
    posterior = xr.Dataset(
        {
            name: ((*SAMPLE, *dims.get(name, ["benchmark"])), np.broadcast_to(values, (2, 30, *values.shape)))
            for name, values in true.items()
        }
    )
    return Fit(posterior, xr.Dataset(), data, load_study("olmo-ladder"), {"part": "reference"})


def of_arc(data: xr.Dataset, dim: str) -> np.ndarray:
    return np.asarray(data[f"{dim}_benchmark"].to_numpy() == 1)

"""Do our ranks agree with those of simuk? Run by hand: uv run --with simuk python tests/benchmarks/bench_simuk.py.

simuk (posterior SBC, arXiv 2502.03279) fits the small world of the tests with the plain PyMC model, compiled anew for
each simulation, and ranks what is true; the package fits the same simulated scores with its own model. Truths are draws
given the reference alone, so that both see the real scores of the reference and simulated scores of all other LLMs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import simuk
import xarray as xr
from plain_model import build_plain_model

sys.path.insert(0, str(Path(__file__).parent.parent))
from simulated import World, simulate

from bayesdensity import laws
from bayesdensity.data.masks import with_scores
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare
from bayesdensity.simulate import reference_only
from bayesdensity.study.load import load_study

SAME = ("rate", "curvature", "dispersion_growth", "family_scale", "noise_scale", "inefficiency_scale")
"""Quantities that are ranked by both."""


def main() -> None:
    """Rank by both and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    world = simulate(folder, World(families=8))
    study = load_study(world.study)
    prepared = prepare(study, read_tables(folder))
    source = reference_only(prepared, seed=given.seed)
    plain = build_plain_model(study, prepared.data)
    truth = in_plain_coordinates(source.posterior, prepared.data, given.simulations)
    known = {variable.name for variable in [*plain.free_RVs, *plain.deterministics]}
    truth = truth[[name for name in truth.data_vars if name in known]]
    made: list[np.ndarray] = []

    def simulator(seed: int, **at: np.ndarray) -> dict[str, np.ndarray]:
        scores = scores_of(prepared.data, at, np.random.default_rng(seed))
        made.append(scores)
        return {"scores": scores, "suite_loss": np.log(prepared.data["suite_loss"].to_numpy())}

    observed = xr.Dataset({"scores": ("score", prepared.data["score_value"].to_numpy())})
    start = time.monotonic()
    theirs = simuk.SBC(
        plain,
        method="posterior",
        num_simulations=given.simulations,
        trace=xr.DataTree.from_dict({"posterior": truth, "observed_data": observed}),
        simulator=simulator,
        augment_observed=lambda model, data, replicated, k: replicated,
        sample_kwargs={"nuts_sampler": "nutpie", "chains": 4, "draws": 500, "tune": 1000, "target_accept": 0.9},
        seed=given.seed,
        progress_bar=False,
    )
    theirs.run_simulations()
    print(f"simuk: {(time.monotonic() - start) / given.simulations:.0f} s a simulation", flush=True)
    start = time.monotonic()
    ranks: dict[str, list[tuple[float, float]]] = {name: [] for name in SAME}
    order = theirs.ref_params["draw"].to_numpy()  # simuk takes the draws in an order of its own
    for k, other_fit in zip(order, theirs.posteriors, strict=True):
        ours = sample(prepared, with_scores(prepared.data, made[k]), draws=500, tune=500, seed=int(k)).posterior
        for name in SAME:
            true = float(truth[name][0, k])
            other = other_fit[name].to_numpy()
            ranks[name].append((float((ours[name].to_numpy() < true).mean()), float((other < true).mean())))
    print(f"bayesdensity: {(time.monotonic() - start) / given.simulations:.0f} s a simulation")
    print(f"{'quantity':20s} {'mean difference':>16s} {'largest':>8s} {'correlation':>12s}  of ranks between 0 and 1")
    for name, pairs in ranks.items():
        one, other = np.array(pairs).T
        apart = one - other
        said = f"{apart.mean():+16.3f} {np.abs(apart).max():8.3f} {np.corrcoef(one, other)[0, 1]:12.3f}"
        print(f"{name:20s} {said}")


def in_plain_coordinates(posterior: xr.Dataset, data: xr.Dataset, n: int) -> xr.Dataset:
    """Evenly spaced draws, as one chain, with every variable that the plain model has."""
    stacked = posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    kept = stacked.isel(sample=np.linspace(0, stacked.sizes["sample"] - 1, n).round().astype(int))
    draws: dict[str, Any] = {str(name): values.to_numpy() for name, values in kept.data_vars.items()}
    bench = data["harness_benchmark"].to_numpy()
    draws |= {
        "ceiling_gap": 1 - draws["ceiling"],
        "harness_raw": draws["harness_effect"] / draws["harness_scale"][:, bench],
        "overall_raw": draws["origin"] + draws["level"].mean(axis=1),
        "level_contrast_raw": draws["level"] - draws["level"].mean(axis=1, keepdims=True),
        "recipe_raw": draws["recipe"] / draws["recipe_residual"][:, None],
        "departure_raw": draws["cell_departure"] / draws["cell_scatter"][:, data["cell_benchmark"].to_numpy()],
    }
    share = 1 / (1 + np.exp(-draws["logit_size_share"]))
    exponent = np.concatenate([draws["link_exponent"], draws["suite_size_elasticity"] / share], axis=1)
    draws["size_exponent"] = exponent
    dims = {name: ("chain", "draw", *(f"{name}_{k}" for k in range(values.ndim - 1))) for name, values in draws.items()}
    return xr.Dataset({name: (dims[name], values[None]) for name, values in draws.items()})


def scores_of(data: xr.Dataset, at: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Scores of the targets from all latents of a draw; those of the reference are the real ones."""
    n = int(data.attrs["n_target_cells"])
    entity, bench = (data[f"cell_{part}"].to_numpy()[:n] for part in ("entity", "benchmark"))
    size = (data["log_size"].to_numpy() + at["log_density_relative"])[entity] + at["cell_departure"][:n]
    size = size + at["benchmark_slope"][bench] * data["time"].to_numpy()[entity]
    link = laws.Link(*(at[f"link_{part}"][bench] for part in laws.Link._fields))
    cell, harness, of = (data[f"score_{part}"].to_numpy() for part in ("cell", "harness", "benchmark"))
    own = cell < n
    eta = laws.logit_of_size(link, size)[cell[own]] + at["harness_effect"][harness[own]]
    expected = laws.score(eta, data["floor"].to_numpy()[of[own]], at["ceiling"][of[own]])
    sd = laws.score_sd(expected, data["n_items"].to_numpy()[of[own]], at["overdispersion"][of[own]])
    scores = data["score_value"].to_numpy().copy()
    scores[own] = np.clip(rng.normal(expected, sd), 0, 1)
    return scores


if __name__ == "__main__":
    main()

"""Fits of a law made by hand, whose draws lie tightly about a known truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special, stats

from bayesdensity import laws
from bayesdensity.data.runs import Runs, assemble_runs, read_runs
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.law.fitted import LawFit
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.law_spec import LawStudy, law_study

Pairs = list[tuple[float, float]]
Curve = Callable[[Any], Any]
CHAINS, DRAWS, LEVEL, CEILING = 2, 60, float(np.log(2)), 0.95
TRUTH = {"irreducible_share": 0.4, "size_share": 0.45, "size_elasticity": 0.12, "data_elasticity": 0.1}
TRUTH |= {"size_gain": 0.05, "data_gain": 0.04, "size_bend": 0.01, "data_bend": -0.01}
TRUTH |= {"elasticity": 0.1, "repetitions": 15.0}
GRID: Pairs = [(n, d) for n in np.geomspace(1e8, 1e10, 6) for d in np.geomspace(2e9, 2e11, 5)]
FORTH: dict[str, Curve] = {"lognormal": np.log, "logit-normal": special.logit, "normal": float}
BACK: dict[str, Curve] = {"lognormal": np.exp, "logit-normal": laws.logistic, "normal": lambda x: x}
FORTH["share-or-none"], BACK["share-or-none"] = lambda w: -np.log(1 - w), lambda x: 1 - np.exp(-x.clip(0))
SAMPLED_ON = {"logit-normal": "logit", "share-or-none": "latent"}


@cache
def tables() -> Tables:
    return read_tables()


def read(table: pd.DataFrame) -> Runs:
    with TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "mine.csv", index=False)
        return read_runs(str(Path(folder) / "mine.csv"), tables())


def make(
    law: str = "chinchilla",
    designs: Mapping[str, Pairs] | None = None,
    *,
    truth: Mapping[str, float] = TRUTH,
    held: Mapping[tuple[float, float], float] | None = None,
    errors: float = 0.0,
    scale: float | Sequence[float] = 1e-7,
    width: Mapping[str, float] | float = 1e-4,
    scores: Mapping[str, Curve] | None = None,
    columns: Mapping[str, Any] | None = None,
    **settings: Any,
) -> LawFit:
    """A fit that knows the law of its runs, whose log losses have normal errors; what is held out is off by factors.

    Scores are logits of the share of the way to the ceiling, from the run with the best loss, 0, to the worst, 1.
    """
    study, rng, held, scores = law_study(law, **settings), np.random.default_rng(7), held or {}, scores or {}
    parts = [(name, design) for name, design in (designs or {"Web": GRID}).items()]
    rows = [(b, role, *at) for b, own in parts for role, some in (("ladder", own), ("anchor", held)) for at in some]
    table = pd.DataFrame(rows, columns=["benchmark", "role", "params", "tokens"])
    names = [f"{n:.4g} with {d:.4g}" for n, d in zip(table["params"], table["tokens"], strict=True)]
    table = table.assign(loss=1.0, **{"run": names, **(columns or {})})
    data, fitted, of = assemble_runs(study, read(table)), table["role"] == "ladder", study.form
    for kind, here in (("run", fitted), ("held", ~fitted)):
        at = {letter: data[f"{kind}_log_{letter}"].to_numpy() for letter in of.reads}
        exact = of.from_coordinates(LEVEL, truth).loss(at)
        table.loc[here, "loss"] = exact * np.exp(errors * rng.standard_normal(here.sum()))
    for name, curve in scores.items():
        here = table["benchmark"] == name
        floor, among = float(tables().benchmarks.set_index("benchmark")["chance"][name]), table["loss"][here & fitted]
        along = (table["loss"][here] - among.min()) / np.ptp(among)
        table.loc[here, "score"] = laws.score(curve(along.to_numpy()), floor, CEILING)
    table["loss"] *= [held.get(at, 1.0) for at in zip(table["params"], table["tokens"], strict=True)]
    data = assemble_runs(study, runs := read(table))
    posterior = know(study, data, LEVEL, truth, scale, width)
    posterior = posterior.assign(know_map(data, scores) if data.sizes["map"] else {})
    logp = xr.DataArray(rng.standard_normal((CHAINS, DRAWS)), dims=SAMPLE)
    sampled = xr.Dataset({"logp": logp, "energy": -logp, "diverging": logp > 9, "n_steps": 0 * logp + 7})
    about = {"suite": runs.name, "digest": study.digest, "runs_digest": runs.digest, "versions": {}, "seed": 1}
    about |= {"n_runs": len(runs.fitted), "n_held_out": data.sizes["held"], "wall_seconds": {"compile": 1, "sample": 2}}
    return LawFit(posterior, sampled, data, study, {**about, "runs": runs})


def normals(middle: Any, width: Any, dim: str = "benchmark", seed: int = 0) -> Any:
    """Draws whose means and standard deviations in each chain are exactly these."""
    z = np.random.default_rng(seed).standard_normal((CHAINS, DRAWS, len(middle)))
    return xr.DataArray(middle + width * stats.zscore(z, axis=1), dims=(*SAMPLE, dim))


def know(
    study: LawStudy, data: xr.Dataset, level: float, truth: Mapping[str, float], scale: Any, width: Any = 1e-4
) -> xr.Dataset:
    """What the sampler keeps of a law; coordinates are as wide as asked, on the scales of their priors."""
    one, at = np.ones(data.sizes["benchmark"]), dict[str, Any]()
    kept = {"log_loss_centre": normals(level * one, 1e-5), "loss_noise": np.exp(normals(np.log(scale) * one, 1e-3))}
    for k, (name, prior) in enumerate(study.form.coordinates.items()):
        wide = width if isinstance(width, float) else width.get(name, 1e-4)
        on_scale = normals(FORTH[prior.shape](truth[name]) * one, wide, seed=1 + k)
        at[name] = BACK[prior.shape](on_scale)
        scale = None if study.slow and name == "size_share" else SAMPLED_ON.get(prior.shape)
        kept |= {f"{scale}_{name}": on_scale} if scale else {name: at[name]}
    law = study.form.from_coordinates(kept["log_loss_centre"], at)
    kept |= {f"law_{name}": part for name, part in law.parts().items()}
    for name in study.form.exponents if study.pool else ():
        kept[f"log_{name}"] = np.log(law.parts()[name]).mean("benchmark")
        kept[f"{name}_spread"] = normals([0.1], 1e-3)[..., 0]
    kept |= {"loss_excess": 2 * kept["loss_noise"]} if study.noise == "one-sided" else {}
    return xr.Dataset(kept, coords={"benchmark": data["benchmark"].to_numpy()})


def know_map(data: xr.Dataset, scores: Mapping[str, Curve]) -> dict[str, Any]:
    names, bench, loss = (data[name].to_numpy() for name in ("benchmark", "map_benchmark", "map_loss"))
    logit, slope = np.zeros(len(names)), np.ones(len(names))
    for b in np.unique(bench):
        best, worst = (float(scores[names[b]](np.array([end]))[0]) for end in (0.0, 1.0))
        slope[b] = (best - worst) / np.ptp(loss[bench == b])
        logit[b] = best - slope[b] * (float(data["map_centre"][b]) - loss[bench == b].min())
    small = {"map_scatter": 0.01, "map_overdispersion": 1e-5, "ceiling": CEILING}
    kept = {name: normals(np.full(len(names), value), 1e-3 * value) for name, value in small.items()}
    kept |= {"map_logit": normals(logit, 1e-3), "map_slope": normals(slope, 1e-3)}
    return {**kept, "map_departure": normals(np.zeros(data.sizes["training"]), 1e-3, "training")}


def rising(at: Any) -> Any:
    return 1 - 4 * at


COMPUTE = [1e19, 1e22, 1e25]


def budgets(amounts: Sequence[float], steps: Sequence[float]) -> Pairs:
    """Runs of these amounts of compute, of sizes about twenty tokens per parameter."""
    return [(n, c / 6 / n) for c in amounts for n in np.sqrt(c / 120) * np.exp(steps)]


HELD = {(3e10, 6e11): 1.0, (1e9, 2e10): 1.05, (2e7, 4e8): 0.8}
NOISY: dict[str, Any] = {"errors": 0.004, "scale": 0.004, "noise": "normal"}

LADDER: Pairs = [(n, 20 * n) for n in np.geomspace(1e8, 1e10, 10)]

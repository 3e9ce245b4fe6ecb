"""The model of a law alone: its noise is that of the formulas, and one model serves any runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.prior import Prior
from bayesdensity.data.runs import assemble_runs, read_runs
from bayesdensity.data.tables import read_tables
from bayesdensity.model.build import build_law
from bayesdensity.model.loss_law import draw_law, observe_losses
from bayesdensity.study.law_spec import NOISES, LawStudy, law_study


@pytest.mark.parametrize("kind", NOISES)
def test_the_likelihood_is_the_noise_of_the_formulas(kind: str) -> None:
    scale, excess, rest = np.array([0.01, 0.02, 0.05]), np.array([0.03, 0.01, 0.1]), np.array([-0.02, 0.01, 0.2])
    with pm.Model() as model:
        observe_losses("loss", rest + 0.7, 0.7 * np.ones(3), law_study(noise=kind), scale, excess)
    density = model.compile_logp(mode="FAST_COMPILE")({})
    exact = laws.loss_noise(kind, scale, df=4.0, excess=excess).logpdf(rest).sum()
    assert density == pytest.approx(exact, rel=1e-7)  # so far PyMC carries the normal distribution function


def runs(folder: Path, size: int, tokens: int, study: LawStudy) -> xr.Dataset:
    """Runs of two benchmarks, so many sizes by so many amounts of tokens."""
    rng = np.random.default_rng(size)
    grid = [(n, d) for n in np.geomspace(1e8, 3e9, size) for d in np.geomspace(2e9, 3e11, tokens)]
    rows = pd.DataFrame(grid, columns=["params", "tokens"])
    rows = pd.concat([rows.assign(benchmark=name, loss=1 + rng.random(len(rows))) for name in ("Web", "Code")])
    rows.to_csv(folder / f"{size}.csv", index=False)
    return assemble_runs(study, read_runs(str(folder / f"{size}.csv"), read_tables()))


@pytest.mark.parametrize("settings", [{"law": "chinchilla"}, {"law": "densing", "pool": True, "noise": "one-sided"}])
def test_a_model_for_any_runs_has_the_density_of_the_model_made_for_them(tmp_path: Path, settings: Any) -> None:
    study = law_study(map_from=None, **settings)
    few, many = (runs(tmp_path, size, 6, study) for size in (3, 7))
    served, made = build_law(study, few, any_runs=True), build_law(study, many)
    with served:
        pm.set_data({name: many[name].to_numpy() for name in (held.name for held in served.data_vars)})
    point = {name: value + 0.1 for name, value in made.initial_point().items()}
    densities = [model.compile_logp(mode="FAST_COMPILE")(point) for model in (served, made)]
    assert densities[0] == pytest.approx(densities[1], rel=1e-12)
    assert densities[0] != pytest.approx(build_law(study, few).compile_logp(mode="FAST_COMPILE")(point), rel=1e-3)


def test_a_coordinate_that_a_study_has_no_prior_of_has_the_prior_of_its_law() -> None:
    study = law_study("data-constrained", map_from=None)
    wide = Prior(shape="lognormal", interval=(0.01, 0.9), why="to be seen")
    stated = study.model_copy(update={"priors": {"size_elasticity": wide}})
    with pm.Model(coords={"benchmark": ["Web"]}) as model:
        draw_law(laws.DataConstrained, stated, np.zeros(1), "benchmark")
    density = model.compile_logp(
        vars=[model["size_elasticity"], model["repetitions"]], mode="FAST_COMPILE", jacobian=False
    )
    point = {name: np.zeros(1) for name in model.initial_point()}  # both are 1
    priors = (wide, laws.DataConstrained.coordinates["repetitions"])
    exact = sum(-0.5 * (prior.mu / prior.sigma) ** 2 - np.log(prior.sigma * np.sqrt(2 * np.pi)) for prior in priors)
    assert density(point) == pytest.approx(exact)

"""Fit a loss law to the runs of a suite."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.cards import Card
from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.data.runs import Runs, assemble_runs
from bayesdensity.inference.convergence import verdict_rows
from bayesdensity.inference.result import Sampled
from bayesdensity.inference.sampling import (
    Progress,
    Ready,
    compile_model,
    fit_parts,
    run_sampler,
    shared_names,
    versions,
    with_data,
)
from bayesdensity.law.design import refuse_design
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate
from bayesdensity.quantities.estimate import bare
from bayesdensity.study.law_spec import LawStudy

TARGET_ACCEPT = 0.9


@dataclass(frozen=True, eq=False, repr=False)
class LawFit(Sampled[LawStudy]):
    """Posterior of a loss law with the runs it saw, as `bayesdensity.data.runs.assemble_runs` makes them."""

    def card(self) -> Card:
        """What it is of, the runs it saw, and its verdict; nothing is computed."""
        names = [str(name) for name in self.data["benchmark"].to_numpy()] if "benchmark" in self.data.coords else []
        runs, left_out = (self.about.get(f"n_{which}", 0) for which in ("runs", "left_out"))
        rows = {
            "data": f"{runs} losses of {self.about.get('suite')} on {', '.join(names)}; {left_out} left out",
            "estimand": f"{self.study.form.formula} ({self.study.form.source})",
            "draws": self.counted_draws(),
            **verdict_rows(self.known_diagnostics, (), "natural_parameters(fit), predict(fit, ...)"),
        }
        return Card(f"LawFit of {self.study.law}: {self.study.form.title}", tuple(rows.items()))

    @property
    def law(self) -> laws.Law:
        """The law, each parameter with the dims ``chain``, ``draw`` and ``benchmark``."""
        return laws.drawn_law(self.study.form, self.posterior)

    @property
    def centre(self) -> dict[str, xr.DataArray]:
        """Centre of the runs of each benchmark, natural logarithms by what laws read."""
        return {letter: bare(self.data[f"centre_{letter}"]) for letter in laws.VARIABLES}

    def run_logs(self) -> dict[str, np.ndarray]:
        """What the law reads of its runs, natural logarithms from the centre of their benchmark, dim ``run``."""
        return {letter: self.data[f"run_log_{letter}"].to_numpy() for letter in self.study.form.reads}


@dataclass(frozen=True, eq=False)
class PreparedLaw(Ready[LawStudy]):
    """A law, and its runs as `bayesdensity.data.runs.assemble_runs` makes them."""

    def serves(self, study: LawStudy, data: xr.Dataset) -> bool:
        """Whether the compiled model is also that of another study and its runs, given their values."""
        constant = {f"run_log_{letter}" for letter in study.form.reads} - shared_names(self.compiled)
        return (
            study == self.study
            and data.sizes["benchmark"] == self.data.sizes["benchmark"]
            and data.sizes["map"] == self.data.sizes["map"] == 0
            and all(np.array_equal(data[name], self.data[name]) for name in constant)
        )


def prepare_law(
    study: LawStudy,
    runs: Runs,
    *,
    any_runs: bool = False,
    like: PreparedLaw | None = None,
    stage: Callable[[str], None] | None = None,
) -> PreparedLaw:
    """Join the runs of a law and compile its model.

    Parameters
    ----------
    study : LawStudy
    runs : Runs
    any_runs : bool
        Whether the compiled model is to serve other runs too (`bayesdensity.model.build.build_law`).
    like : PreparedLaw, optional
        Another law made ready, whose compiled model is used again if it serves: it is that of the same study without a
        map, has as many benchmarks, and was made for any runs, or runs of the same sizes and tokens. Chains then start
        where those of the other would, and draws are not those of a model compiled anew.
    stage : callable, optional
        As for `fit_law`.

    Returns
    -------
    PreparedLaw

    Raises
    ------
    UnidentifiedError
        If the runs cannot tell the parameters of the law, whatever their losses.
    """
    from bayesdensity.model.build import build_law

    start = time.monotonic()
    refuse_design(study.form, runs)
    data = assemble_runs(study, runs)
    about = {
        "suite": runs.name,
        "digest": study.digest,
        "runs_digest": runs.digest,
        "versions": versions(),
        "n_runs": len(runs.fitted),
        "n_held_out": data.sizes["held"],
        "n_left_out": len(runs.left_out),
    }
    if like is not None and like.serves(study, data):
        return replace(like, data=data, about=about, compiled=with_data(like.compiled, data), seconds=0.0)
    if stage is not None:
        stage("compile")
    compiled, kept = compile_model(build_law(study, data, any_runs=any_runs), fast=True)
    return PreparedLaw(study, data, about, compiled, kept, time.monotonic() - start)


def sample_law(
    prepared: PreparedLaw,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    cores: int | None = None,
    progress: Progress | None = None,
) -> LawFit:
    """Sample the posterior of a law made ready.

    Parameters
    ----------
    prepared : PreparedLaw
    chains, draws, tune, seed, progress
        As for `bayesdensity.fit`.
    cores : int, optional
        Chains sampled at a time; None: as many as the machine has cores. The draws are the same.

    Returns
    -------
    LawFit
    """
    start = time.monotonic()
    settings: dict[str, Any] = {"chains": chains, "draws": draws, "tune": tune, "target_accept": TARGET_ACCEPT}
    tree = run_sampler(prepared.compiled, cores=cores, progress=progress, seed=seed, **settings)
    fit = LawFit(data=prepared.data, **fit_parts(prepared, tree, start, seed, settings))
    return fit.with_draws(fit.posterior.assign_coords(benchmark=prepared.data["benchmark"].to_numpy()))


def fit_law(
    study: LawStudy,
    runs: Runs,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    progress: Progress | None = None,
    stage: Callable[[str], None] | None = None,
) -> LawFit:
    """Sample the posterior of a loss law.

    Parameters
    ----------
    study : LawStudy
    runs : Runs
    chains, draws, tune, seed, progress, stage
        As for `bayesdensity.fit`.

    Returns
    -------
    LawFit

    Raises
    ------
    UnidentifiedError
        If the runs cannot tell the parameters of the law, whatever their losses.
    """
    prepared = prepare_law(study, runs, stage=stage)
    if stage is not None:
        stage("sample")
    return sample_law(prepared, chains=chains, draws=draws, tune=tune, seed=seed, progress=progress)


def natural_parameters(fit: LawFit, ci: float = DEFAULT_CI) -> dict[str, Estimate]:
    """Parameters of the law as published, dims ``benchmark``: sizes in parameters, data in tokens."""
    return {
        name: Estimate(name, f"{name} of {fit.study.form.formula}", value.transpose("chain", "draw", ...), ci)
        for name, value in fit.law.natural(fit.centre).items()
    }


def no_floor(fit: LawFit) -> dict[str, float]:
    """Posterior probability that there is no floor, by benchmark; empty where the prior leaves no choice."""
    stated = fit.study.priors.get("irreducible_share")
    if stated is None or not stated.none:
        return {}
    none = (fit.law.parts()["share_irreducible"] == 0).mean(SAMPLE)
    return {str(name): float(share) for name, share in zip(none["benchmark"].to_numpy(), none, strict=True)}

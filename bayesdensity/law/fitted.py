"""Fit a loss law to the runs of a suite."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import xarray as xr

from bayesdensity import laws
from bayesdensity.base.cards import Card, Shown
from bayesdensity.data.runs import Runs, assemble_runs
from bayesdensity.inference.convergence import Diagnostics, diagnose, verdict_rows
from bayesdensity.inference.sampling import compile_model, run_sampler, versions
from bayesdensity.law.design import refuse_design
from bayesdensity.quantities import DEFAULT_CI, Estimate
from bayesdensity.quantities.estimate import bare
from bayesdensity.study.law_spec import LawStudy

TARGET_ACCEPT = 0.9


@dataclass(frozen=True, eq=False, repr=False)
class LawFit(Shown):
    """Posterior of a loss law with the runs it saw. Nothing writes to it.

    Attributes
    ----------
    posterior : xarray.Dataset
        Draws, with dims ``chain`` and ``draw`` first.
    sample_stats : xarray.Dataset
    data : xarray.Dataset
        What the model saw, as `bayesdensity.data.runs.assemble_runs` makes it.
    study : LawStudy
    about : dict
        Digests, versions, seed, wall times and counts.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    data: xr.Dataset
    study: LawStudy
    about: dict[str, Any]

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the sampler."""
        return diagnose(self.posterior, self.sample_stats)

    def card(self) -> Card:
        """What it is of, the runs it saw, and its verdict; nothing is computed."""
        names = [str(name) for name in self.data["benchmark"].to_numpy()] if "benchmark" in self.data.coords else []
        runs, left_out = (self.about.get(f"n_{which}", 0) for which in ("runs", "left_out"))
        rows = {
            "data": f"{runs} losses of {self.about.get('suite')} on {', '.join(names)}; {left_out} left out",
            "estimand": f"{self.study.form.formula} ({self.study.form.source})",
            "draws": f"{self.posterior.sizes.get('chain', 0)} chains of {self.posterior.sizes.get('draw', 0)}",
            **verdict_rows(vars(self).get("diagnostics"), (), "natural_parameters(fit), predict(fit, ...)"),
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


def fit_law(
    study: LawStudy,
    runs: Runs,
    *,
    chains: int = 4,
    draws: int = 1000,
    tune: int = 1000,
    seed: int = 1,
    progress: Callable[[list[Any]], None] | None = None,
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
    from bayesdensity.model.build import build_law

    say, start = stage or (lambda _: None), time.monotonic()
    refuse_design(study.form, runs)
    data = assemble_runs(study, runs)
    say("compile")
    compiled, kept = compile_model(build_law(study, data), fast=True)
    compiled_at = time.monotonic()
    say("sample")
    settings = {"chains": chains, "draws": draws, "tune": tune, "target_accept": TARGET_ACCEPT}
    tree = run_sampler(compiled, cores=None, progress=progress, seed=seed, **settings)
    seconds = {"compile": compiled_at - start, "sample": time.monotonic() - compiled_at}
    about = {
        "suite": runs.name,
        "digest": study.digest,
        "runs_digest": runs.digest,
        "versions": versions(),
        "seed": seed,
        "sampler": settings,
        "wall_seconds": {**seconds, "total": sum(seconds.values())},
        "n_runs": len(runs.fitted),
        "n_held_out": data.sizes["held"],
        "n_left_out": len(runs.left_out),
    }
    posterior = tree["posterior"].to_dataset().drop_attrs()[kept]
    return LawFit(posterior, tree["sample_stats"].to_dataset().drop_attrs(), data, study, about)


def natural_parameters(fit: LawFit, ci: float = DEFAULT_CI) -> dict[str, Estimate]:
    """Parameters of the law as published, dims ``benchmark``: sizes in parameters, data in tokens."""
    return {
        name: Estimate(name, f"{name} of {fit.study.form.formula}", value.transpose("chain", "draw", ...), ci)
        for name, value in fit.law.natural(fit.centre).items()
    }

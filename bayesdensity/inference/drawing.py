"""Draws from the posterior of a study that is ready to be sampled, in one stage or two."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import xarray as xr

from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.data.masks import inside, without_targets
from bayesdensity.data.tables import Tables
from bayesdensity.inference.compiling import Compiler, Part
from bayesdensity.inference.convergence import diagnose
from bayesdensity.inference.mixing import Mixing, found_mixing, moves_together
from bayesdensity.inference.preparing import Prepared, prepare
from bayesdensity.inference.result import Fit
from bayesdensity.inference.sampling import Progress, fit_parts, run_sampler, with_data
from bayesdensity.inference.stages import CUT_DRAWS, passed_by_ladder, passed_on, plugged_in, sample_cut
from bayesdensity.study.spec import Study

TARGET_ACCEPT = {"family": 0.8, "ladder": 0.85}
"""By kind of reference: steps small enough that nearly every trajectory has 15 leaps, or 31 for the stiffer law."""

SINGLE_TARGET_ACCEPT = 0.95
"""Of a study of one benchmark, whose LLMs have a score or two: what few scores know bends more, and is drawn soon."""
INSIDE: dict[str, Any] = {"draws": 250, "tune": 300}
"""Draws kept and discarded in each chain where scores beyond the reference say only that."""
OF_TARGETS = ("llm", "family", "cell", "score", "harness")
"""Dims of what LLMs, or their scores, have of their own."""
OF_LLMS = (*OF_TARGETS, "reference", "training", "run")
"""Dims of what LLMs or trainings do not share."""


def target_accept(study: Study) -> float:
    """Share of steps that the sampler of a study is to accept."""
    return TARGET_ACCEPT[study.reference.kind] if len(study.benchmarks) > 1 else SINGLE_TARGET_ACCEPT


def sample(
    prepared: Prepared,
    data: xr.Dataset | None = None,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    cores: int | None = None,
    progress: Progress | None = None,
    stage: Callable[[str], None] | None = None,
    with_inside: bool = False,
) -> Fit:
    """Sample a compiled model.

    Parameters
    ----------
    prepared : Prepared
    data : xarray.Dataset, optional
        Other values in the same places, as `bayesdensity.data.masks.with_scores` makes them; None: its own.
    chains, draws, tune, seed, progress, stage
        As for `fit`.
    with_inside : bool
        Whether to draw once more, shorter, without what rests on scores beyond the reference.
    cores : int, optional
        Chains sampled at a time; None: as many as the machine has cores. The draws are the same.

    Returns
    -------
    Fit
    """
    start, study = time.monotonic(), prepared.study
    settings = {"chains": chains, "draws": draws, "tune": tune, "target_accept": target_accept(study)}
    run: partial[xr.DataTree] = partial(_run, prepared, settings=settings, cores=cores, progress=progress)
    seen, reference, alone = prepared.whole if data is None else data, prepared.reference, None
    notes: dict[str, Any] = {}
    if prepared.alone is not None:
        if stage is not None:
            stage("reference")
        reference_fit = sample(
            prepared.alone, without_targets(seen), chains=chains, draws=draws, tune=tune, seed=seed, cores=cores
        )
        alone = _of_reference(reference_fit.posterior)
        ladder = study.reference.kind == "ladder"
        reference = passed_by_ladder(study, seen, alone, seed) if ladder else passed_on(alone)
        notes["reference_alone"] = asdict(diagnose(reference, reference_fit.sample_stats))
    if reference is not None:
        seen = plugged_in(seen, reference)
        if study.reference.inference == "cut":
            run = partial(_run_cut, run, reference, min(chains, cores or os.cpu_count() or 1))
    if moves_together(study) and reference is None:
        if stage is not None:
            stage("pilot")
        compiled = with_data(prepared.compiled, seen)
        mixing = found_mixing(compiled, (*OF_LLMS, "imputed"), cores=cores, seed=seed, **settings)
        run = partial(run, mixing=mixing)
        notes["mixed_coordinates"] = len(mixing.places)
        if stage is not None:
            stage("sample")
    tree = run(seen, seed)
    shared = None
    if with_inside and hangs_beyond(seen, prepared.about["part"]):
        if stage is not None:
            stage("inside")
        shared = _shared(run(inside(seen), seed, progress=None, **INSIDE))
    parts = fit_parts(prepared, tree, start, seed, settings, **notes)
    return Fit(data=seen, inside=shared, alone=alone, **parts)


def hangs_beyond(data: xr.Dataset, part: Part = "joint") -> bool:
    """Whether an answer rests on scores beyond the reference, which say how far beyond."""
    return part == "joint" and not data.attrs["censored"] and bool(inside(data)["score_beyond"].any())


def _of_reference(draws: xr.Dataset) -> xr.Dataset:
    """Draws of the law, the map and the link of a reference."""
    return draws.drop_dims([dim for dim in OF_TARGETS if dim in draws.dims])


def _shared(tree: xr.DataTree) -> xr.Dataset:
    """Draws of what LLMs share."""
    draws = tree["posterior"].to_dataset().drop_attrs()
    shared = draws.drop_dims([dim for dim in OF_LLMS if dim in draws.dims])
    return shared.drop_vars([name for name in shared.data_vars if str(name).endswith("_raw")])


class Drawn(NamedTuple):
    """How far a chain is, as the sampler tells it."""

    finished_draws: int = 0
    divergences: int = 0


def _run_cut(
    run: partial[xr.DataTree], reference: xr.Dataset, cores: int, data: xr.Dataset, seed: int, **changes: Any
) -> xr.DataTree:
    """Draws of the targets of a dataset for many draws of the reference."""
    settings, progress = run.keywords["settings"], changes.get("progress", run.keywords["progress"])
    draws = changes.get("draws", settings["draws"])
    states = [Drawn() for _ in range(reference.sizes["chain"])]

    def tell(chain: int, share: float, divergences: int) -> None:
        states[chain] = Drawn(round(share * (settings["draws"] + settings["tune"])), divergences)
        if progress is not None:
            progress(states)

    short = partial(run, chains=1, draws=CUT_DRAWS, cores=1, progress=None, store_unconstrained=True)
    return sample_cut(short, data, reference, draws, seed, cores, tell)


def _run(
    prepared: Prepared,
    data: xr.Dataset,
    seed: int,
    *,
    settings: dict[str, Any],
    cores: int | None = 1,
    progress: Progress | None = None,
    mixing: Mixing | None = None,
    **changes: Any,
) -> xr.DataTree:
    """Draws of a compiled model on data in the places of its own; `changes` replace settings."""
    compiled = prepared.compiled if data is prepared.data else with_data(prepared.compiled, data)
    if mixing is not None:
        compiled = mixing.of(compiled)
    return run_sampler(compiled, cores=cores, progress=progress, seed=seed, **{**settings, **changes})


def fit(
    study: Study,
    tables: Tables | None = None,
    *,
    part: Part = "joint",
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    progress: Progress | None = None,
    stage: Callable[[str], None] | None = None,
    compiler: Compiler | None = None,
) -> Fit:
    """Sample the joint posterior of a study.

    Parameters
    ----------
    study : Study
    tables : Tables, optional
        None: the bundled tables.
    part : {"joint", "reference"}
        The whole model, or the law and map of a ladder alone, which no target then informs: such a fit answers
        `predict_trainings` and nothing else.
    chains, draws, tune : int
        Number of chains, and draws kept and discarded in each.
    seed : int
        On one machine the same seed and versions give the same draws.
    progress : callable, optional
        Called with the state of every chain while sampling.
    stage : callable, optional
        Called with what is under way: "compile", "sample", "reference", "pilot" or "inside".
    compiler : callable, optional
        Compiles the model; None: `bayesdensity.inference.compiling.compile_study`.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the study and the tables do not fit together, or the reference alone is asked for and has no losses.
    UnidentifiedError
        If nothing is left to infer from.
    KeyboardInterrupt
        If sampling is interrupted; nothing is kept.
    """
    prepared = prepare(study, tables, part=part, stage=stage, compiler=compiler)
    if stage is not None:
        stage("sample")
    return sample(
        prepared, chains=chains, draws=draws, tune=tune, seed=seed, progress=progress, stage=stage, with_inside=True
    )

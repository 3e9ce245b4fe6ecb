"""The command that fits a reference loss law alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.progress import say
from bayesdensity.base.written import number_of
from bayesdensity.cli.common import check_data, check_stem, command_line, exit_status, judging, parsed, show, tables_of
from bayesdensity.cli.options import Amounts, AsJson, Chains, Ci, Degrees, Draws, Folder, Seed, Tune, many

if TYPE_CHECKING:
    import pandas as pd

    from bayesdensity.data.runs import Runs
    from bayesdensity.law.answer import LawAnswer
    from bayesdensity.law.fitted import LawFit
    from bayesdensity.study.law_spec import LawStudy

LAWS = ("chinchilla", "densing", "kaplan", "data-constrained", "experts", "size", "data", "compute")
"""Names of the laws, without importing what they compute with."""
MEANT = (1e3, 1e18)
"""Parameters and tokens outside of which a training is none."""
Noise = Literal["student-t", "laplace", "normal", "one-sided"]


@judging
def law(
    suite: str,
    *,
    law: Annotated[str, Parameter(help=f"{', '.join(LAWS)}.")] = "chinchilla",
    noise: Noise = "student-t",
    noise_df: Degrees = 4.0,
    pool: Annotated[bool, Parameter(negative="", help="Let benchmarks share exponents.")] = False,
    slow: Literal["size", "data"] | None = None,
    map_from: Literal["score", "score_multiple_choice", "none"] = "score",
    benchmark: Annotated[list[str] | None, many("Only this benchmark: repeatable.")] = None,
    hold_out: Annotated[list[str] | None, many("Predict this run instead of fitting it: repeatable.")] = None,
    exclude: Annotated[list[str] | None, many("Leave out this run: repeatable.")] = None,
    at: Annotated[list[str] | None, many("Predict a training: PARAMS,TOKENS, e.g. 7e9,2e12: repeatable.")] = None,
    compute: Annotated[Amounts, many("Divide so many operations: repeatable.")] = None,
    compare: Annotated[
        bool, Parameter(negative="", help="Compare with every other law that the runs can tell.")
    ] = False,
    settings: Annotated[
        list[str] | None, Parameter(name="--set", negative="", help="Replace a key of the law's study: key=value.")
    ] = None,
    data: Folder = None,
    ci: Ci = 0.9,
    chains: Chains = CHAINS,
    draws: Draws = DRAWS,
    tune: Tune = TUNE,
    seed: Seed = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw figures: STEM gives STEM-law.png and so on.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Fit a reference loss law alone: exponents, predictions, and how to divide compute.

    Anchors of a suite are not fitted but predicted.

    Parameters
    ----------
    suite : str
        Name of a suite of reference runs, or path of a CSV file with params, tokens and loss.
    noise : str
        How log losses scatter about the law; one-sided lets undertrained runs lie above it.
    noise_df : float
        Degrees of freedom of Student-t noise.
    slow : str, optional
        Of the law without a floor: which term falls slowly; without it both modes are open.
    map_from : str
        Which score is mapped from the loss; none fits losses only.
    chains : int
        Number of chains.
    draws : int
        Draws kept in each chain.
    tune : int
        Draws discarded in each chain.
    seed : int
        Seed of the sampler.
    """
    if suite.endswith(".csv") and not os.path.isfile(suite):
        raise InputError(f"{suite}: no such file.")
    if law not in LAWS:
        raise InputError(one_of(law, LAWS, "law"))
    check_stem(output, "law")
    check_data(data)
    trainings, overrides = _trainings(at), parsed(settings)
    from bayesdensity.data.runs import read_runs
    from bayesdensity.study.law_spec import law_study

    common: dict[str, Any] = {"noise": noise, "noise_df": noise_df, "pool": pool}
    study = law_study(law, overrides, slow=slow, map_from=None if map_from == "none" else map_from, **common)
    picked: dict[str, Any] = {"benchmarks": benchmark, "hold_out": hold_out or (), "exclude": exclude or ()}
    runs = read_runs(suite, tables_of(data), law=law, **picked)
    sampler = {"chains": chains, "draws": draws, "tune": tune, "seed": seed}
    fitted = _fitted(study, runs, compute, sampler)
    comparison = _compared(fitted, runs, overrides, common, sampler) if compare else None
    from bayesdensity.law.answer import answer
    from bayesdensity.render.sections import law as section

    say("checking")
    told = answer(fitted, runs, at=trainings, compute=compute, comparison=comparison, ci=ci)
    show(section, told, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.law import save_law

        given = {"--law": law, "--noise": noise, "--noise-df": noise_df, "--pool": pool, "--slow": slow}
        given |= {"--map-from": map_from, "--benchmark": benchmark, "--hold-out": hold_out, "--exclude": exclude}
        given |= {"--set": settings, "--data": data and str(data)}
        beside = {"--at": at, "--compute": compute, "--compare": compare, "--seed": seed, "-o": output.name}
        command, asked_for = command_line("law", suite, {**given, **beside}), {"suite": suite, **given}
        files = [*save_law(told, output), _save_json(told, runs, output, command, asked_for)]
        say(f"wrote {' and '.join(file.name for file in files)}")
    return exit_status(told.checks)


def _fitted(study: LawStudy, runs: Runs, compute: list[float] | None, sampler: dict[str, int]) -> LawFit:
    """The fit of a law; what it cannot tell, and compute that it cannot divide, is refused first."""
    from bayesdensity.base.progress import reporting
    from bayesdensity.law.design import refuse_design

    refuse_design(study.form, runs)
    if compute:
        from bayesdensity.law.allocation import check_compute

        check_compute(study.form, compute)
    say(f"{runs.name}: {study.form.title}  [{study.digest}]")
    with reporting(sampler["chains"], sampler["draws"], sampler["tune"]) as report:
        from bayesdensity.law.fitted import fit_law

        return fit_law(study, runs, progress=report.chains, stage=report.stage, **sampler)


def _save_json(told: LawAnswer, runs: Runs, stem: Path, command: str, asked_for: dict[str, Any]) -> Path:
    """Write the answer with its certificate."""
    from bayesdensity.base.jsonable import jsonable
    from bayesdensity.evaluation.certificate import law_basis, save_certified
    from bayesdensity.render.sections import law as section

    basis, path = law_basis(told.fit.study, runs), stem.with_name(f"{stem.name}-law.json")
    seed = told.fit.about["seed"]
    return save_certified(path, jsonable(section.data(told)), basis, command=command, seed=seed, asked_for=asked_for)


def _trainings(at: list[str] | None) -> dict[str, list[float]]:
    """Trainings to predict, by column."""
    pairs = []
    for text in at or []:
        pair = [value for part in text.split(",") if (value := number_of(part)) is not None]
        if len(pair) != 2 or text.count(",") != 1:
            raise InputError(f"--at {text}: write PARAMS,TOKENS, for example --at 7e9,2e12.")
        if not all(MEANT[0] <= value <= MEANT[1] for value in pair):
            raise InputError(f"--at {text}: both are counts from {MEANT[0]:g} to {MEANT[1]:g}, for example 7e9,2e12.")
        pairs.append(pair)
    return {"params": [p for p, _ in pairs], "tokens": [d for _, d in pairs]} if pairs else {}


def _compared(
    fitted: LawFit, runs: Runs, overrides: dict[str, Any], settings: dict[str, Any], sampler: dict[str, int]
) -> pd.DataFrame | None:
    """The law beside every other that the runs can tell."""
    from bayesdensity.base.progress import saying
    from bayesdensity.law.ranking import compare_laws
    from bayesdensity.law.rivals import fit_rivals

    with saying() as tell:
        fits = fit_rivals(fitted, runs, overrides=overrides, settings=settings, sampler=sampler, progress=tell)
    if len(fits) > 1:
        return compare_laws(fits)
    say("these runs can tell no other law; nothing is compared.")
    return None

"""The command that fits a reference loss law alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    CHAINS,
    CHECK_FAILED,
    DEFAULT,
    AsJson,
    Ci,
    Folder,
    app,
    check_ci,
    check_counts,
    check_folder,
    command_line,
    parsed,
    say,
)

if TYPE_CHECKING:
    import pandas as pd

    from bayesdensity.data.runs import Runs
    from bayesdensity.law.answer import LawAnswer
    from bayesdensity.law.fitted import LawFit


def _many(text: str) -> Any:
    return Parameter(negative="", help=text)


@app.command
def law(
    suite: str,
    *,
    law: str = "chinchilla",
    noise: Literal["student-t", "laplace", "normal", "one-sided"] = "student-t",
    noise_df: float = 4.0,
    pool: Annotated[bool, Parameter(negative="", help="Let benchmarks share exponents.")] = False,
    slow: Literal["size", "data"] | None = None,
    map_from: Literal["score", "score_multiple_choice", "none"] = "score",
    benchmark: Annotated[list[str] | None, _many("Only this benchmark: repeatable.")] = None,
    hold_out: Annotated[list[str] | None, _many("Predict this run instead of fitting it: repeatable.")] = None,
    exclude: Annotated[list[str] | None, _many("Leave out this run: repeatable.")] = None,
    at: Annotated[list[str] | None, _many("Predict a training: PARAMS,TOKENS, e.g. 7e9,2e12: repeatable.")] = None,
    compute: Annotated[list[float] | None, _many("Divide so many operations: repeatable.")] = None,
    compare: Annotated[
        bool, Parameter(negative="", help="Compare with every other law that the runs can tell.")
    ] = False,
    settings: Annotated[
        list[str] | None, Parameter(name="--set", negative="", help="Replace a key of the law's study: key=value.")
    ] = None,
    data: Folder = None,
    ci: Ci = 0.9,
    chains: int = CHAINS,
    draws: int | None = None,
    tune: int | None = None,
    seed: int = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw figures: STEM gives STEM-law.png and so on.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Fit a reference loss law alone: exponents, predictions, and how to divide compute.

    Anchors of a suite are not fitted but predicted. Exit status 1 says that the result exists but a check failed or
    the sampler did not converge.

    Parameters
    ----------
    suite : str
        Name of a suite of reference runs, or path of a CSV file with params, tokens and loss.
    law : str
        chinchilla, densing, kaplan, data-constrained, experts, size, data or compute.
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
    draws : int, optional
        Draws kept in each chain; 1500.
    tune : int, optional
        Draws discarded in each chain; 500.
    seed : int
        Seed of the sampler.
    """
    check_ci(ci)
    check_counts({"--chains": chains, "--draws": draws, "--tune": tune})
    check_folder(output)
    trainings = _trainings(at)
    from bayesdensity.data.runs import read_runs
    from bayesdensity.data.tables import read_tables
    from bayesdensity.law.design import refuse_design
    from bayesdensity.study.law_spec import law_study

    runs = read_runs(suite, read_tables(data), benchmarks=benchmark, hold_out=hold_out or (), exclude=exclude or ())
    overrides = parsed(settings)
    common: dict[str, Any] = {"noise": noise, "noise_df": noise_df}
    study = law_study(law, overrides, pool=pool, slow=slow, map_from=None if map_from == "none" else map_from, **common)
    refuse_design(study.form, runs)
    if compute:
        from bayesdensity.law.allocation import check_compute

        check_compute(study.form, compute)
    say(f"{runs.name}: {study.form.title}  [{study.digest}]")
    counts: dict[str, Any] = {"draws": draws or DEFAULT["draws"], "tune": tune or DEFAULT["tune"]}
    from bayesdensity.base.progress import reporting

    with reporting(chains, **counts) as report:
        from bayesdensity.law.fitted import fit_law

        fitted = fit_law(study, runs, chains=chains, seed=seed, progress=report.chains, stage=report.stage, **counts)
    sampler = {"chains": chains, "seed": seed, **counts}
    comparison = _compared(fitted, runs, overrides, {**common, "pool": pool}, sampler) if compare else None
    from bayesdensity.checks import passed
    from bayesdensity.describe.law import law_json, law_text
    from bayesdensity.law.answer import answer

    say("checking")
    found = answer(fitted, runs, at=trainings, compute=compute, comparison=comparison, ci=ci)
    print(json.dumps(law_json(found), indent=2) if as_json else law_text(found))
    if output is not None:
        from bayesdensity.plots.law import save_law

        given = {"--law": law, "--noise": noise, "--noise-df": noise_df, "--pool": pool, "--slow": slow}
        given |= {"--map-from": map_from, "--benchmark": benchmark, "--hold-out": hold_out, "--exclude": exclude}
        given |= {"--set": settings, "--data": data and str(data)}
        beside = {"--at": at, "--compute": compute, "--compare": compare, "--seed": seed, "-o": output.name}
        command, asked_for = command_line("law", suite, {**given, **beside}), {"suite": suite, **given}
        files = [*save_law(found, output), _save_json(found, runs, output, command, asked_for)]
        say(f"wrote {' and '.join(file.name for file in files)}")
    return 0 if passed(found.checks) else CHECK_FAILED


def _save_json(found: LawAnswer, runs: Runs, stem: Path, command: str, asked_for: dict[str, Any]) -> Path:
    """Write the answer with its certificate."""
    from bayesdensity.describe.law import law_json
    from bayesdensity.evaluation.certificate import law_basis, save_certified

    basis, path = law_basis(found.fit.study, runs), stem.with_name(f"{stem.name}-law.json")
    seed = found.fit.about["seed"]
    return save_certified(path, law_json(found), basis, command=command, seed=seed, asked_for=asked_for)


def _trainings(at: list[str] | None) -> dict[str, list[float]]:
    """Trainings to predict, by column."""
    pairs = []
    for text in at or []:
        try:
            params, tokens = (float(part) for part in text.split(","))
        except ValueError as error:
            raise InputError(f"--at {text}: write PARAMS,TOKENS, for example --at 7e9,2e12.") from error
        if not (0 < params < math.inf and 0 < tokens < math.inf):
            raise InputError(f"--at {text}: both numbers must be positive.")
        pairs.append((params, tokens))
    return {"params": [p for p, _ in pairs], "tokens": [d for _, d in pairs]} if pairs else {}


def _compared(
    fitted: LawFit, runs: Runs, overrides: dict[str, Any], settings: dict[str, Any], sampler: dict[str, Any]
) -> pd.DataFrame | None:
    """The law beside every other that the runs can tell."""
    from bayesdensity.base.errors import UnidentifiedError
    from bayesdensity.base.progress import saying
    from bayesdensity.law.fitted import fit_law
    from bayesdensity.law.ranking import compare_laws
    from bayesdensity.laws import LAWS
    from bayesdensity.study.law_spec import law_study

    fits = {fitted.study.law: fitted}
    with saying() as tell:
        for name in LAWS:
            if name in fits:
                continue
            tell(f"comparing with {name}")
            known = law_study(name, map_from=None, **settings).priors
            apply = {key: to for key, to in overrides.items() if key.removeprefix("priors.").split(".")[0] in known}
            try:
                fits[name] = fit_law(law_study(name, apply, map_from=None, **settings), runs, **sampler)
            except UnidentifiedError:
                continue
    if len(fits) > 1:
        return compare_laws(fits)
    say("these runs can tell no other law; nothing is compared.")
    return None

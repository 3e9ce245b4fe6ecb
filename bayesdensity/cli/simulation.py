"""Commands that simulate worlds with known truth, and check intervals in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import writable_folder
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    RENEWED,
    answers_check,
    app,
    check_fit_files,
    check_results,
    command_line,
    exit_status,
    judging,
    load,
    load_fit_of,
    parsed,
    resumable,
    show,
    workers_of,
)
from bayesdensity.cli.options import (
    MOST_REPLICATES,
    AsJson,
    Cluster,
    Folder,
    Resumed,
    Seed,
    Settings,
    Workers,
    whole,
)

if TYPE_CHECKING:
    from bayesdensity.data.tables import Tables
    from bayesdensity.evaluation.calibration import Calibration
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study

World = Annotated[str, Parameter(name="--world", help="How worlds depart from the model; default: not at all.")]
FitFile = Annotated[
    Path | None,
    Parameter(name="--fit", help="Take the truth from this posterior; default: the prior, given the reference."),
]


@app.command
def simulate(
    study: str,
    *,
    output: Annotated[Path, Parameter(name=["-o", "--output"], help="New folder for the tables.")],
    world: World = "as-modelled",
    fit_file: FitFile = None,
    settings: Settings = None,
    data: Folder = None,
    seed: Seed = 1,
) -> None:
    """Write tables with the design of a study and known truth, which `fit --data` reads like anybody's.

    LLMs, sizes, dates, families, harnesses and gaps are those of the study, and so is its reference with its scores;
    the scores of all other LLMs are simulated. The truth is in truth.json.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    seed : int
        Of the world, and of the sampler that draws from the prior.
    """
    if os.path.lexists(output):
        raise InputError(f"-o {output}: is there already; name a new folder.")
    writable_folder(output)
    check_fit_files(fit_file)
    chosen, tables = load(study, parsed(settings), data)
    import numpy as np

    from bayesdensity.simulate import drawn_from, simulate_scores, simulated_tables, world_of, write_simulation

    departure = world_of(world)
    source = _source(chosen, tables, fit_file, seed)
    rng = np.random.default_rng(seed)
    chain, draw = drawn_from(source, rng)
    made = simulate_scores(source, chain, draw, rng, departure)
    about = {
        "study": chosen.name,
        "digest": chosen.digest,
        "world": {"name": world, "about": departure.about},
        "truth": "a posterior draw" if fit_file else "a prior draw, given the reference",
        "seed": seed,
        "n_llms": int(made.published.sum()),
        "quantities": made.truth,
    }
    files = write_simulation(output, simulated_tables(tables, source.data, made), about)
    say(f"wrote {', '.join(str(file) for file in files)}")


@judging
def calibrate(
    study: str,
    *,
    output: Resumed = None,
    replicates: Annotated[int, whole(2, MOST_REPLICATES)] = 200,
    world: Annotated[
        list[str] | None,
        Parameter(
            name="--world", negative="", help="How worlds depart from the model: repeatable; default: not at all."
        ),
    ] = None,
    fit_file: FitFile = None,
    settings: Settings = None,
    data: Folder = None,
    seed: Seed = 1,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> int:
    """Simulate many worlds with the design of a study, fit each, and count how often intervals hold the truth.

    A replicate without a fit is a check that failed.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    replicates : int
        Of each kind of world; 200 take half an hour to an hour on two cores.
    seed : int
        Of worlds and samplers.
    """
    check_fit_files(fit_file)
    if output is not None:
        check_results(output)
    chosen, tables = load(study, parsed(settings), data)
    from bayesdensity.evaluation.calibration import calibrate as run
    from bayesdensity.render.sections import calibration as section
    from bayesdensity.simulate import world_of

    worlds = list(dict.fromkeys(world or ["as-modelled"]))
    for name in worlds:
        world_of(name)
    folder = output or Path(f"{chosen.name}-calibration")
    check_results(folder)
    with workers_of(cluster) as executor:
        source = _source(chosen, tables, fit_file, seed, keep=folder / "prior.nc")
        folder.mkdir(exist_ok=True)
        results = folder / "results.jsonl"
        with resumable("results", results) as tell:
            calibrations = run(
                source,
                tables,
                replicates=replicates,
                worlds=worlds,
                seed=seed,
                path=results,
                executor=executor,
                workers=workers,
                progress=lambda done, all_: tell(f"replicate {done} of {all_}"),
            )
    show(section, calibrations, as_json=as_json)
    from bayesdensity.evaluation.certificate import save_certificate, study_basis

    files = _written(calibrations, folder)
    given = {"--set": settings, "--data": data and str(data)}
    parts = ["quantities", *(f"world {name}" for name in worlds), "published"]
    beside = {"--fit": fit_file, "--replicates": replicates, "--world": world, "--seed": seed, "-o": RENEWED}
    about = {"command": command_line("calibrate", study, {**given, **beside}), "seed": seed}
    basis, asked_for = study_basis(chosen, tables, parts), {"study": study, **given, "parts": parts}
    files.append(save_certificate(folder, files, basis, asked_for=asked_for, **about))
    say(f"wrote {', '.join(map(str, files))}")
    return exit_status(answers_check(calibration.failed) for calibration in calibrations.values())


def _written(calibrations: Mapping[str, Calibration], folder: Path) -> list[Path]:
    """The files of calibrations: tables and ranks of each world, and all worlds side by side."""
    from bayesdensity.evaluation.calibration_files import save_calibration, save_worlds
    from bayesdensity.plots.calibration import plot_calibration
    from bayesdensity.plots.files import save_figure

    files = list[Path]()
    for name, calibration in calibrations.items():
        files += save_calibration(calibration, folder / name)
        files += save_figure(plot_calibration(calibration), folder / name, "ranks")
    return [*files, save_worlds(calibrations, folder / "worlds.csv")] if len(calibrations) > 1 else files


def _source(study: Study, tables: Tables, fit_file: Path | None, seed: int, keep: Path | None = None) -> Fit:
    """Draws of the truth: a posterior of the study, or the prior given the reference, which may be kept."""
    known = fit_file or (keep if keep is not None and keep.exists() else None)
    if known is not None:
        return load_fit_of(known, study, tables)
    from bayesdensity.base.progress import saying
    from bayesdensity.inference.preparing import prepare
    from bayesdensity.simulate import reference_only

    with saying() as tell:
        tell("compiling the model (the first time takes longer)")
        prepared = prepare(study, tables)
        tell("drawing from the prior, given the reference")
        source = reference_only(prepared, seed)
    if keep is not None:
        keep.parent.mkdir(exist_ok=True)
        source.save(keep)
    return source

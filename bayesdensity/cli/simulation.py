"""Commands that simulate worlds with known truth, and check intervals in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    CHECK_FAILED,
    RENEWED,
    AsJson,
    Cluster,
    Folder,
    Resumed,
    Settings,
    Workers,
    app,
    check_counts,
    check_results,
    command_line,
    load,
    load_fit_of,
    parsed,
    resumable,
    say,
    workers_of,
)

if TYPE_CHECKING:
    from bayesdensity.data.tables import Tables
    from bayesdensity.inference.fitting import Fit
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
    seed: int = 1,
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
    import numpy as np

    from bayesdensity.simulate import drawn_from, simulate_scores, simulated_tables, world_of, write_simulation

    departure = world_of(world)
    if output.exists():
        raise InputError(f"-o {output}: is there already; name a new folder.")
    if not output.parent.is_dir():
        raise InputError(f"-o {output}: there is no folder {output.parent}.")
    chosen, tables = load(study, parsed(settings), data)
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


@app.command
def calibrate(
    study: str,
    *,
    output: Resumed = None,
    replicates: int = 200,
    world: Annotated[
        list[str] | None,
        Parameter(
            name="--world", negative="", help="How worlds depart from the model: repeatable; default: not at all."
        ),
    ] = None,
    fit_file: FitFile = None,
    settings: Settings = None,
    data: Folder = None,
    seed: int = 1,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> int:
    """Simulate many worlds with the design of a study, fit each, and count how often intervals hold the truth.

    Exit status 1 says that the result exists but some replicates failed.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    replicates : int
        Of each kind of world; 200 take half an hour to an hour on two cores.
    seed : int
        Of worlds and samplers.
    """
    from bayesdensity.describe.calibration import calibration_json, calibration_text, save_calibration, worlds_text
    from bayesdensity.evaluation.calibration import calibrate as run
    from bayesdensity.evaluation.calibration import worlds_table
    from bayesdensity.evaluation.certificate import save_certificate, study_basis
    from bayesdensity.plots.calibration import plot_calibration
    from bayesdensity.plots.files import save_figure
    from bayesdensity.simulate import world_of

    worlds = list(dict.fromkeys(world or ["as-modelled"]))
    for name in worlds:
        world_of(name)
    check_counts({"--workers": workers})
    chosen, tables = load(study, parsed(settings), data)
    folder = output or Path(f"{chosen.name}-calibration")
    check_results(folder)
    with workers_of(cluster) as executor:
        folder.mkdir(exist_ok=True)
        source = _source(chosen, tables, fit_file, seed, keep=folder / "prior.nc")
        results = folder / "results.jsonl"
        with resumable("results", results) as tell:
            found = run(
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
    if as_json:
        print(json.dumps({name: calibration_json(one) for name, one in found.items()}, indent=2))
    else:
        parts = [calibration_text(one) for one in found.values()]
        print("\n\n".join([*parts, worlds_text(found)] if len(found) > 1 else parts))
    files = []
    for name, one in found.items():
        files += [*save_calibration(one, folder / name), *save_figure(plot_calibration(one), folder / name, "ranks")]
    if len(found) > 1:
        worlds_table(found).to_csv(folder / "worlds.csv", float_format="%.4g", lineterminator="\n")
        files.append(folder / "worlds.csv")
    given, parts = {"--set": settings, "--data": data and str(data)}, ["quantities", "worlds", "published"]
    beside = {"--fit": fit_file, "--replicates": replicates, "--world": world, "--seed": seed, "-o": RENEWED}
    about = {"command": command_line("calibrate", study, {**given, **beside}), "seed": seed}
    basis, asked_for = study_basis(chosen, tables, parts), {"study": study, **given, "parts": parts}
    files.append(save_certificate(folder, files, basis, asked_for=asked_for, **about))
    say(f"wrote {', '.join(str(file) for file in files)}")
    return CHECK_FAILED if any(one.failed for one in found.values()) else 0


def _source(study: Study, tables: Tables, fit_file: Path | None, seed: int, keep: Path | None = None) -> Fit:
    """Draws of the truth: a posterior of the study, or the prior given the reference, which may be kept."""
    known = fit_file or (keep if keep is not None and keep.exists() else None)
    if known is not None:
        return load_fit_of(known, study, tables)
    from bayesdensity.base.progress import saying
    from bayesdensity.inference.fitting import prepare
    from bayesdensity.simulate import reference_only

    with saying() as tell:
        tell("compiling the model (the first time takes longer)")
        prepared = prepare(study, tables)
        tell("drawing from the prior, given the reference")
        source = reference_only(prepared, seed)
    if keep is not None:
        source.save(keep)
    return source

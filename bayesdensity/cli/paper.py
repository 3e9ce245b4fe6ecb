"""Commands about what was published: its procedure on the same tables, and its claims beside a fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.base.errors import InputError
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    check_fit_files,
    check_stem,
    exit_status,
    identified,
    judging,
    load,
    load_fit_of,
    parsed,
    put_figure,
    read,
    show,
    show_table,
)
from bayesdensity.cli.options import MOST_REPLICATES, AsCsv, AsJson, Ci, Folder, Seed, Settings, whole

if TYPE_CHECKING:
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study


@judging
def paper(
    study: str,
    *,
    fit_file: Annotated[
        Path | None, Parameter(name="--fit", help="Fit of this study; without it the study is fitted.")
    ] = None,
    settings: Settings = None,
    data: Folder = None,
    beside: Annotated[
        list[str] | None, Parameter(name="--beside", negative="", help="Another study, for its reference: repeatable.")
    ] = None,
    points_only: Annotated[
        bool, Parameter(name="--points-only", negative="", help="Point estimates and their bootstrap, no posterior.")
    ] = False,
    as_json: AsJson = False,
    ci: Ci = 0.9,
    replicates: Annotated[int, whole(0, MOST_REPLICATES)] = 1000,
    seed: Seed = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw a figure: STEM gives STEM-paper.png and .svg.")
    ] = None,
) -> int:
    """Run the published procedure on the same tables, beside what the posterior says.

    A bootstrap of which many replicates fail is a check that failed.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    replicates : int
        Replicates of the bootstrap; 0 for none.
    seed : int
        Seed of the bootstrap, and of the sampler if the study is fitted.
    """
    if points_only and fit_file is not None:
        raise InputError("--points-only has no use for --fit; leave out one of the two.")
    check_fit_files(fit_file)
    check_stem(output, "paper")
    chosen, tables = load(study, parsed(settings), data)
    from bayesdensity.study.load import load_study

    others = [load_study(name) for name in beside or []]
    from bayesdensity.base.progress import counting
    from bayesdensity.published.procedure import replicate
    from bayesdensity.published.replication import compare
    from bayesdensity.render.sections import published

    for known in (chosen, *others):  # refuse before anything expensive runs
        replicate(known, tables, replicates=0)
    posterior = None if points_only else _posterior(chosen, tables, fit_file, seed)

    with counting("bootstrap") as count:
        result = compare(chosen, tables, posterior, others, replicates=replicates, seed=seed, ci=ci, progress=count)
    show(published, result, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.paper import plot_paper

        put_figure(plot_paper(result), output, "paper")
    from bayesdensity.checks import Check, checks_of

    faults = [Check("procedure", "FAIL", fault) for fault in result.faults]
    faults += [] if posterior is None else [check for check in checks_of(posterior) if check.name != "convergence"]
    for check in faults:
        if check.verdict == "FAIL":
            say(check.sentence)
    return exit_status(faults)


@judging
def claims(path: Path, *, ci: Ci = 0.9, as_csv: AsCsv = False, as_json: AsJson = False) -> int:
    """Print the published numbers beside those of a fit: inside, outside, or not comparable and why.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    check_fit_files(path)
    from bayesdensity.render.sections import claims as section

    fit = read(path)
    show_table(section, fit, ci, as_csv=as_csv, as_json=as_json)
    return exit_status(identified(fit))


def _posterior(study: Study, tables: Any, path: Path | None, seed: int) -> Fit:
    """The fit in a file, or a new one with the default settings."""
    if path is not None:
        return load_fit_of(path, study, tables)
    from bayesdensity.base.progress import reporting
    from bayesdensity.inference.drawing import fit as run

    say(f"{study.title}  [{study.name} {study.digest}]")
    with reporting(CHAINS, DRAWS, TUNE) as report:
        settings: dict[str, Any] = {"chains": CHAINS, "draws": DRAWS, "tune": TUNE, "seed": seed}
        return run(study, tables, progress=report.chains, stage=report.stage, **settings)

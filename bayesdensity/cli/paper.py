"""The command that runs the published procedure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    CHAINS,
    CHECK_FAILED,
    DEFAULT,
    AsJson,
    Ci,
    Folder,
    Settings,
    app,
    check_ci,
    check_folder,
    load,
    load_fit_of,
    parsed,
    say,
)

if TYPE_CHECKING:
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study


@app.command
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
    replicates: int = 1000,
    seed: int = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw a figure: STEM gives STEM-paper.png and .svg.")
    ] = None,
) -> int:
    """Run the published procedure on the same tables, beside what the posterior says.

    Exit status 1 says that the result exists but a check of the posterior or of the bootstrap did not pass.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    replicates : int
        Replicates of the bootstrap; 0 for none.
    seed : int
        Seed of the bootstrap, and of the sampler if the study is fitted.
    """
    chosen, tables = load(study, parsed(settings), data)
    _check_paper(ci, replicates, output, points_only and fit_file is not None)
    from bayesdensity.study.spec import load_study

    others = [load_study(name) for name in beside or []]
    from bayesdensity.base.progress import counting
    from bayesdensity.describe import paper_json, paper_text
    from bayesdensity.published.procedure import replicate
    from bayesdensity.published.replication import compare

    for one in (chosen, *others):  # refuse before anything expensive runs
        replicate(one, tables, replicates=0)
    posterior = None if points_only else _posterior(chosen, tables, fit_file, seed)

    with counting("bootstrap") as count:
        result = compare(chosen, tables, posterior, others, replicates=replicates, seed=seed, ci=ci, progress=count)
    print(json.dumps(paper_json(result), indent=2) if as_json else paper_text(result))
    if output is not None:
        from bayesdensity.plots.files import save_figure
        from bayesdensity.plots.paper import plot_paper

        written = save_figure(plot_paper(result), output, "paper")
        say(f"wrote {' and '.join(str(path) for path in written)}")
    for fault in result.faults:
        say(fault)
    return CHECK_FAILED if result.faults else 0


def _check_paper(ci: float, replicates: int, output: Path | None, both: bool) -> None:
    """Refuse before anything expensive runs."""
    check_ci(ci)
    if replicates < 0:
        raise InputError(f"--replicates must not be negative; got {replicates}.")
    check_folder(output)
    if both:
        raise InputError("--points-only has no use for --fit; leave out one of the two.")


def _posterior(study: Study, tables: Any, path: Path | None, seed: int) -> Fit:
    """The fit in a file, or a new one with the default settings."""
    if path is not None:
        return load_fit_of(path, study, tables)
    from bayesdensity.base.progress import reporting
    from bayesdensity.inference.drawing import fit as run

    say(f"{study.title}  [{study.name} {study.digest}]")
    with reporting(CHAINS, **DEFAULT) as report:
        settings: dict[str, Any] = {"chains": CHAINS, "seed": seed, **DEFAULT}
        return run(study, tables, progress=report.chains, stage=report.stage, **settings)

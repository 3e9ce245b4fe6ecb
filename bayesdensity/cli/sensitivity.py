"""The command that varies every choice of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    RENEWED,
    answers_check,
    check_data,
    check_results,
    command_line,
    convergence_check,
    exit_status,
    judging,
    load,
    parsed,
    resumable,
    show,
    workers_of,
)
from bayesdensity.cli.options import AsJson, Ci, Cluster, Folder, Resumed, Seed, Settings, Workers
from bayesdensity.cli.surroundings import put

if TYPE_CHECKING:
    from bayesdensity.sensitivity.effects import Sensitivity


@judging
def sensitivity(
    study: str,
    *,
    grid: Annotated[str, Parameter(help="Name of a shipped grid, or path of a TOML file.")] = "standard",
    output: Resumed = None,
    axis: Annotated[list[str] | None, Parameter(negative="", help="Vary this axis only: repeatable.")] = None,
    vary: Annotated[
        list[str] | None, Parameter(negative="", help="One more variant: key=value, as for --set; repeatable.")
    ] = None,
    design: Annotated[
        Literal["one", "pairs", "full"], Parameter(help="Axes at a time: one, two as well, or every combination.")
    ] = "one",
    influence: Annotated[
        list[Literal["llm", "family", "harness"]] | None,
        Parameter(negative="", help="Leave out each of them too, one at a time: repeatable."),
    ] = None,
    plan: Annotated[bool, Parameter(negative="", help="Print what would be done, and stop.")] = False,
    estimand: Annotated[Literal["frontier", "mean"], Parameter(help="Whose doubling time.")] = "frontier",
    at: Annotated[str | None, Parameter(help="The first of July of a year; default: over the window.")] = None,
    ci: Ci = 0.9,
    settings: Settings = None,
    data: Folder = None,
    seed: Seed = 1,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> int:
    """Fit variants of a study that make one choice otherwise, and say which choices matter.

    Every fit is kept in the folder: asked for more axes, another rate or after a stop, the same command fits only what
    is new. A variant without an answer is a check that failed.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    seed : int
        Of every fit.
    """
    overrides, varied = parsed(settings), parsed(vary, "--vary")
    if output is not None:
        check_results(output)
    check_data(data)
    from bayesdensity.sensitivity.grid import load_grid, multiverse

    choices = load_grid(grid, axis or (), varied)
    chosen, tables = load(study, overrides, data)
    from bayesdensity.base import engine
    from bayesdensity.data.selection import select
    from bayesdensity.render.blocks import Paragraph
    from bayesdensity.render.sections import sensitivity as section
    from bayesdensity.render.text import to_text
    from bayesdensity.sensitivity import running
    from bayesdensity.sensitivity.answering import answer_universe
    from bayesdensity.sensitivity.answers import require_rate

    of, released = f"{estimand} {at}" if at else estimand, select(chosen, tables).llms["release_date"]
    require_rate(of, *(f"{day:%Y-%m-%d}" for day in (released.min(), released.max())))
    universe = multiverse(chosen, choices, overrides, design)
    for key, value in varied.items():
        if why := universe.impossible.get(f"{key}: {value}"):
            raise InputError(f"--vary {key}={value}: {why}")
    folder, cores = output or Path(f"{chosen.name}-sensitivity"), workers or engine.available_cores()
    check_results(folder)
    with workers_of(cluster) as executor:
        bench = running.Bench(folder, tables, seed, executor, workers)
        planned = running.plan(universe, bench)
        if plan:
            impossible = (Paragraph(f"impossible: {key}: {why}") for key, why in universe.impossible.items())
            put(to_text([*section.plan_blocks(planned, cores), *impossible]))
            return 0
        say(section.plan_sentence(planned, cores))
        folder.mkdir(exist_ok=True)
        with resumable("fits", folder) as tell:
            answer = answer_universe(universe, planned, bench, tell, leave_out=influence or (), of=of, ci=ci)
    show(section, answer, as_json=as_json)
    from bayesdensity.evaluation.certificate import save_certificate, variants_basis

    files = _written(answer, folder)
    given = {"--set": settings, "--data": data and str(data), "--grid": grid, "--axis": axis, "--vary": vary}
    given |= {"--design": design}
    beside = {"--influence": influence, "--estimand": estimand, "--at": at, "--seed": seed, "-o": RENEWED}
    about = {"command": command_line("sensitivity", study, {**given, **beside}), "seed": seed}
    answered = {made.key: made.study for made in universe.variants if made.key in answer.specifications.index}
    basis = variants_basis(answered, tables)
    files.append(save_certificate(folder, files, basis, asked_for={"study": study, **given}, **about))
    say(f"wrote {', '.join(map(str, files))}")
    return exit_status([answers_check(answer.failed), *map(convergence_check, answer.specifications["verdict"])])


def _written(answer: Sensitivity, folder: Path) -> list[Path]:
    """The files of an answer: tables, and figures where they have something to show."""
    from bayesdensity.plots.files import save_figure
    from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado
    from bayesdensity.sensitivity.results import save_sensitivity

    files, stem = save_sensitivity(answer, folder), folder / answer.study.name
    if len(answer.specifications) > 1:
        files += save_figure(plot_specifications(answer), stem, "specifications")
        files += save_figure(plot_tornado(answer), stem, "tornado")
    if len(answer.influence):
        files += save_figure(plot_influence(answer), stem, "influence")
    return files

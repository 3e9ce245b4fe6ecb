"""The command that varies every choice of a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from bayesdensity.cli.common import (
    CHECK_FAILED,
    RENEWED,
    AsJson,
    Ci,
    Cluster,
    Folder,
    Resumed,
    Settings,
    Workers,
    app,
    check_ci,
    check_counts,
    check_results,
    command_line,
    load,
    parsed,
    resumable,
    say,
    workers_of,
)


@app.command
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
    seed: int = 1,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> int:
    """Fit variants of a study that make one choice otherwise, and say which choices matter.

    Every fit is kept in the folder: asked for more axes, another rate or after a stop, the same command fits only what
    is new. Exit status 1 says that the result exists but a variant has no answer.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    seed : int
        Of every fit.
    """
    check_ci(ci)
    check_counts({"--workers": workers})
    overrides = parsed(settings)
    chosen, tables = load(study, overrides, data)
    from bayesdensity.base import engine
    from bayesdensity.data.selection import select
    from bayesdensity.describe.sensitivity import (
        plan_line,
        plan_text,
        save_sensitivity,
        sensitivity_json,
        sensitivity_text,
    )
    from bayesdensity.sensitivity import running
    from bayesdensity.sensitivity.answers import require_rate
    from bayesdensity.sensitivity.effects import summarise
    from bayesdensity.sensitivity.grid import load_grid, multiverse
    from bayesdensity.sensitivity.influence import influence as leave_out

    of, released = f"{estimand} {at}" if at else estimand, select(chosen, tables).llms["release_date"]
    require_rate(of, *(f"{day:%Y-%m-%d}" for day in (released.min(), released.max())))
    universe = multiverse(chosen, load_grid(grid, axis or (), parsed(vary)), overrides, design)
    folder, cores = output or Path(f"{chosen.name}-sensitivity"), workers or engine.available_cores()
    check_results(folder)
    with workers_of(cluster) as executor:
        bench = running.Bench(folder, tables, seed, executor, workers)
        planned = running.plan(universe, bench)
        if plan:
            print(plan_text(planned, cores))
            return 0
        say(plan_line(planned, cores))
        folder.mkdir(exist_ok=True)
        with resumable("fits", folder) as tell:
            fit = bench.fit_of(chosen, tell)
            priors = running.widened(universe, fit)
            planned += running.plan(universe, bench, [one for _, _, one in priors.values()])
            found = running.run(planned, fit, bench, tell)
            left = leave_out(fit, bench, tell, influence) if influence else None
    answer = summarise(universe, found.answers, found.failed, priors, left, of, ci)
    print(json.dumps(sensitivity_json(answer), indent=2) if as_json else sensitivity_text(answer))
    from bayesdensity.evaluation.certificate import save_certificate, variants_basis
    from bayesdensity.plots.files import save_figure
    from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado

    files, stem = save_sensitivity(answer, folder), folder / chosen.name
    if len(answer.specifications) > 1:
        files += save_figure(plot_specifications(answer), stem, "specifications")
        files += save_figure(plot_tornado(answer), stem, "tornado")
    if len(answer.influence):
        files += save_figure(plot_influence(answer), stem, "influence")
    given = {"--set": settings, "--data": data and str(data), "--grid": grid, "--axis": axis, "--vary": vary}
    given |= {"--design": design}
    beside = {"--influence": influence, "--estimand": estimand, "--at": at, "--seed": seed, "-o": RENEWED}
    about = {"command": command_line("sensitivity", study, {**given, **beside}), "seed": seed}
    basis = variants_basis({one.key: one.study for one in universe.variants if one.key in found.answers}, tables)
    files.append(save_certificate(folder, files, basis, asked_for={"study": study, **given}, **about))
    say(f"wrote {', '.join(str(file) for file in files)}")
    return CHECK_FAILED if answer.failed else 0

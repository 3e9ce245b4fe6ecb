"""Commands that judge fits by predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    check_fit_files,
    check_stem,
    command_line,
    convergence_check,
    exit_status,
    judging,
    load_fits,
    show,
)
from bayesdensity.cli.options import AsJson, Ci, Days, Seed, many, whole


@judging
def compare(
    *paths: Path,
    fold: Annotated[Literal["family", "llm"], Parameter(help="What is left out at a time.")] = "family",
    refit: Annotated[bool, Parameter(negative="--no-refit", help="Leave out exactly where needed (minutes).")] = True,
    future: Annotated[bool, Parameter(negative="", help="Predict later releases too (minutes for each fit).")] = False,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Compare fits of the same scores by predicting LLMs they have not seen, and stack their doubling times.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote, at least two, of the same LLMs and scores.
    """
    check_fit_files(*paths)
    from bayesdensity.base.progress import saying
    from bayesdensity.checks import checks_of
    from bayesdensity.evaluation.backtesting import backtest as run
    from bayesdensity.evaluation.backtesting import leave_future_out
    from bayesdensity.evaluation.leave_out import compare as run_comparison
    from bayesdensity.evaluation.leave_out import prefixed, require_same_scores
    from bayesdensity.render.sections import comparison as section

    fits = load_fits(paths)
    require_same_scores(fits, fold)
    with saying() as tell:
        comparison = run_comparison(fits, fold=fold, refit=refit, ci=ci, progress=tell)
        later = None
        if future:
            later = leave_future_out(
                {name: run(fit, progress=prefixed(tell, name), forecasts=False) for name, fit in fits.items()}
            )
    show(section, comparison, later, as_json=as_json)
    return exit_status(check for fit in fits.values() for check in checks_of(fit))


@judging
def backtest(
    path: Path,
    *,
    cutoff: Annotated[Days, many("Cut-off date; default: every half-year.")] = None,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"], help="Stem of the figure and table.")] = None,
    draws: Annotated[
        int | None, whole(10, 100_000), Parameter(help="Draws kept of each chain, after as many; default: 500.")
    ] = None,
    keep: Annotated[Path | None, Parameter(help="Folder of the fits of each cut-off, used again.")] = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> int:
    """Train on the releases up to cut-off dates and predict what came: later LLMs, the frontier, and records.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    seed : int
        Seed of the sampler.
    """
    check_stem(output, "backtest")
    check_fit_files(path)
    from bayesdensity.base.progress import saying
    from bayesdensity.evaluation.backtesting import backtest as run
    from bayesdensity.inference.result import load_fit
    from bayesdensity.render.sections import backtest as section

    result = load_fit(path)
    with saying() as tell:
        predicted = run(result, cutoff, progress=tell, seed=seed, draws=draws, keep=keep)
    show(section, predicted, as_json=as_json)
    if output:
        from bayesdensity.base.files import csv_text, write_whole
        from bayesdensity.base.jsonable import jsonable
        from bayesdensity.evaluation.certificate import fit_basis, save_certified
        from bayesdensity.plots.backtest import plot_backtest
        from bayesdensity.plots.files import save_figure
        from bayesdensity.plots.forecasts import plot_forecasts

        files = save_figure(plot_backtest(result, predicted), output, "backtest")
        if not predicted.forecasts.empty:
            files += save_figure(plot_forecasts(result, predicted.forecasts), output, "forecasts")
            table = csv_text(predicted.forecasts, index=False)
            files.append(write_whole(output.with_name(f"{output.name}-forecasts.csv"), table.encode()))
        asked_for = {"study": result.study.name, "parts": ["quantities", "predictions", "forecasts"]}
        command = command_line(
            "backtest", path, {"--cutoff": cutoff, "--draws": draws, "--seed": seed, "-o": output.name}
        )
        about = {"command": command, "seed": seed, "asked_for": asked_for}
        file, basis = output.with_name(f"{output.name}-backtest.json"), fit_basis(result, asked_for["parts"])
        files.append(save_certified(file, jsonable(section.data(predicted)), basis, **about))
        say(f"wrote {', '.join(file.name for file in files)}")
    return exit_status(convergence_check(judged.verdict, judged.sentence) for judged in predicted.verdicts.values())

"""Commands that judge fits by predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.cli.common import CHECK_FAILED, AsJson, Ci, app, check_ci, check_folder, command_line, load_fits, say


@app.command
def compare(
    *paths: Path,
    refit: Annotated[bool, Parameter(negative="--no-refit", help="Leave out exactly where needed (minutes).")] = True,
    future: Annotated[bool, Parameter(negative="", help="Predict later releases too (minutes for each fit).")] = False,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> None:
    """Compare fits of the same scores by predicting LLMs they have not seen, and stack their doubling times.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote, at least two, of the same LLMs and scores.
    """
    check_ci(ci)
    from bayesdensity.base.progress import saying
    from bayesdensity.describe.comparison import comparison_json, comparison_text
    from bayesdensity.evaluation.backtesting import backtest as run
    from bayesdensity.evaluation.backtesting import leave_future_out
    from bayesdensity.evaluation.leave_out import compare as run_comparison
    from bayesdensity.evaluation.leave_out import prefixed, require_same_scores

    fits = load_fits(paths)
    require_same_scores(fits)
    with saying() as tell:
        found = run_comparison(fits, refit=refit, ci=ci, progress=tell)
        later = None
        if future:
            later = leave_future_out({name: run(one, progress=prefixed(tell, name)) for name, one in fits.items()})
    print(json.dumps(comparison_json(found, later), indent=2) if as_json else comparison_text(found, later))


@app.command
def backtest(
    path: Path,
    *,
    cutoff: Annotated[list[str] | None, Parameter(negative="", help="Cut-off date; default: every half-year.")] = None,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"], help="Stem of the figure and table.")] = None,
    seed: int = 1,
    as_json: AsJson = False,
) -> int:
    """Train on the releases up to cut-off dates and predict the later ones: coverage, CRPS and the frontier.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    seed : int
        Seed of the sampler.
    """
    from bayesdensity.base.progress import saying
    from bayesdensity.describe.comparison import backtest_json, backtest_text
    from bayesdensity.evaluation.backtesting import backtest as run
    from bayesdensity.inference.fitting import load_fit

    check_folder(output)
    result = load_fit(path)
    with saying() as tell:
        found = run(result, cutoff, progress=tell, seed=seed)
    print(json.dumps(backtest_json(found), indent=2) if as_json else backtest_text(found))
    if output:
        from bayesdensity.evaluation.certificate import fit_basis, save_certified
        from bayesdensity.plots.backtest import plot_backtest
        from bayesdensity.plots.files import save_figure

        files = save_figure(plot_backtest(result, found), output, "backtest")
        parts = ["quantities", "predictions"]
        given = {"--cutoff": cutoff, "--seed": seed, "-o": output.name}
        about = {"command": command_line("backtest", path, given), "seed": seed}
        asked_for = {"study": result.study.name, "parts": parts}
        basis, file = fit_basis(result, parts), output.with_name(f"{output.name}-backtest.json")
        files.append(save_certified(file, backtest_json(found), basis, asked_for=asked_for, **about))
        say(f"wrote {', '.join(file.name for file in files)}")
    failed = any(one.verdict == "FAIL" for one in found.verdicts.values())
    return CHECK_FAILED if failed else 0

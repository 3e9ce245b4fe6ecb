"""The command that takes growth apart by the covariates of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    check_fit_files,
    check_stem,
    exit_status,
    identified,
    judging,
    parsed,
    put_figure,
    read,
    show,
)
from bayesdensity.cli.options import AsJson, Ci, Days, many


@judging
def explain(
    path: Path,
    *,
    hold: Annotated[
        list[str] | None, many("Covariate that had stayed at a value, such as tokens=20: NAME=VALUE; repeatable.")
    ] = None,
    between: Annotated[Days, many("Dates at which the window starts and ends: give it twice. Default: all.")] = None,
    output: Annotated[
        Path | None, Parameter(name=("-o", "--output"), negative="", help="Beginning of the names of a figure.")
    ] = None,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Print what the growth of density comes from: each covariate of the study, and what remains where all are equal.

    Fit a study with covariates first, such as `fit densing-law --set 'covariates=["tokens", "sparsity"]'`.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote, of a study with covariates.
    """
    check_fit_files(path)
    check_stem(output, "growth-parts")
    if between is not None and len(between) != 2:
        raise InputError(f"--between is given twice, for start and end of the window; got {len(between)} dates.")
    from bayesdensity.quantities.covariates import require_covariates
    from bayesdensity.render.sections import explained

    fit = read(path)
    require_covariates(fit)
    checks = identified(fit)
    window = None if between is None else (between[0], between[1])
    show(explained, fit, parsed(hold, "--hold"), window, ci, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.explained import plot_growth_parts

        put_figure(plot_growth_parts(fit, window, ci), output, "growth-parts")
    return exit_status(checks)

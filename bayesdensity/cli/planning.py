"""The command that says which evaluation to run next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.cli.common import EXIT_SENTENCE, app, check_fit_files, exit_status, read, show
from bayesdensity.cli.options import AsCsv, AsJson
from bayesdensity.cli.surroundings import put


@app.command(name="next", help_epilogue=EXIT_SENTENCE)
def next_evaluation(
    path: Path,
    *,
    of: Annotated[str, Parameter(help="frontier, mean, a benchmark (its rate), or an LLM (its density).")] = "frontier",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> int:
    """Say which evaluation would tell most: of the frontier's rate, that of a benchmark, or the density of an LLM.

    For every LLM on every benchmark that it has no score on, and for all of a benchmark or an LLM together: by how much
    the interval is expected to narrow, before the score is seen.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote, or the name of a posterior that comes with the package.
    """
    check_fit_files(path)
    from bayesdensity.checks import checks_of
    from bayesdensity.render.sections import planning as section

    fit = read(path)
    if as_csv and not as_json:
        put(section.scores_table(fit, of).csv(), end="")
    else:
        show(section, fit, of, as_json=as_json)
    return exit_status(checks_of(fit))

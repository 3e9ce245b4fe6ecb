"""Commands that make what is sent on: a report, and what to cite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import writable, writable_folder
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    app,
    check_data,
    check_fit_files,
    exit_status,
    identified,
    judging,
    load_fits,
    tables_of,
)
from bayesdensity.cli.options import Ci, Folder
from bayesdensity.cli.surroundings import put

if TYPE_CHECKING:
    from bayesdensity.study.spec import Study


@judging
def report(
    *paths: Path,
    output: Annotated[
        Path | None,
        Parameter(name=["-o", "--output"], help="HTML file; default: named like the one fit, or report.html."),
    ] = None,
    folder: Annotated[
        bool, Parameter(negative="--no-folder", help="The same as a folder of Markdown, CSV, SVG and PDF beside it.")
    ] = True,
    sensitivity: Annotated[
        Path | None,
        Parameter(help="Folder that 'sensitivity' wrote; default: STUDY-sensitivity beside the fit, if there."),
    ] = None,
    data: Folder = None,
    ci: Ci = 0.9,
) -> int:
    """Write a report on a fit, or on several side by side: one HTML file that needs nothing else, and a folder.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote.
    """
    check_fit_files(*paths)
    check_data(data)
    if output is not None and not output.stem.strip("."):
        raise InputError(f"-o {output}: name a file that ends in .html.")
    from bayesdensity.base.progress import saying
    from bayesdensity.checks import checked
    from bayesdensity.render.write import check_request
    from bayesdensity.render.write import report as write

    fits = load_fits(paths)
    target = output or (Path(f"{paths[0].stem}.html") if len(paths) == 1 else Path("report.html"))
    beside = sensitivity or (_beside(paths[0], next(iter(fits.values())).study) if len(paths) == 1 else None)
    check_request(fits, target, beside, folder)
    writable(target)
    if folder:
        writable_folder(target.with_suffix(""))
    tables = None if data is None else tables_of(data)
    with saying() as tell:
        for name, fit in fits.items():
            if not fit.about.get("checks"):
                tell(f"checking {name}")
                fits[name] = checked(fit)
            identified(fits[name])
        written = write(fits, target, tables=tables, sensitivity=beside, folder=folder, ci=ci, progress=tell)
    more = f", and the folder {target.with_suffix('')} with {len(written) - 1} files" if folder else ""
    say(f"wrote {written[0]}{more}")
    return exit_status(check for fit in fits.values() for check in identified(fit))


@app.command
def cite(path: Path) -> None:
    """Print BibTeX for exactly what a fit used: package, densing law, loss law, benchmarks, reference and sampler.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    check_fit_files(path)
    from bayesdensity.cite import citations
    from bayesdensity.inference.result import load_fit

    put(citations(load_fit(path)))


def _beside(path: Path, study: Study) -> Path | None:
    """The folder that `sensitivity` names by itself, if it is there and of this study."""
    folder = path.parent / f"{study.name}-sensitivity"
    if not folder.is_dir():
        return None
    from bayesdensity.sensitivity.results import load_sensitivity

    try:
        load_sensitivity(folder, study)
    except InputError as error:
        say(f"without sensitivity: {error}")
        return None
    return folder

"""Make the report on one or several fits, and write it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.base.files import make_folder, writable, writable_folder, write_whole
from bayesdensity.checks import checked
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.evaluation.leave_out import compare as leave_one_family_out
from bayesdensity.evaluation.leave_out import see_same_scores
from bayesdensity.inference.result import Fit
from bayesdensity.published.procedure import REPLICATES
from bayesdensity.published.replication import compare
from bayesdensity.render.html import to_html
from bayesdensity.render.markdown import made_by_report, to_folder
from bayesdensity.render.pages import on_one, on_several
from bayesdensity.render.sources import Source
from bayesdensity.sensitivity.effects import Sensitivity
from bayesdensity.sensitivity.results import load_sensitivity


def report(
    fits: Fit | Mapping[str, Fit],
    path: str | Path = "report.html",
    *,
    tables: Tables | None = None,
    sensitivity: str | Path | None = None,
    folder: bool = False,
    ci: float = q.DEFAULT_CI,
    replicates: int = REPLICATES,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write a report: one HTML file that needs nothing else, and the same as a folder of Markdown, CSV, SVG and PDF.

    Parameters
    ----------
    fits : Fit or mapping of Fit
        One fit, or several by the names they are to be called: they are then set side by side.
    path : str or Path
        Of the HTML file; the folder, if asked for, is named like it without ``.html``.
    tables : Tables, optional
        Those the fit was made from; None: the bundled ones, if it was made from these.
    sensitivity : str or Path, optional
        A folder that `bayesdensity sensitivity` wrote for the study of the one fit.
    folder : bool
        Write the folder too.
    ci : float
        Probability of the intervals.
    replicates : int
        Of the bootstrap of the published procedure.
    progress : callable, optional
        Called with what is under way.

    Returns
    -------
    list of Path
        Files written, the HTML file first.

    Raises
    ------
    InputError
        If a fit is of a reference alone, the tables or the sensitivity belong to another fit, or nothing can be
        written there.

    Examples
    --------
    >>> report(load_fit("densing-law.nc"), "densing-law.html")  # doctest: +SKIP
    """
    path, tell = Path(path), progress or (lambda _: None)
    named = {fits.study.name: fits} if isinstance(fits, Fit) else dict(fits)
    check_request(named, path, sensitivity, folder)
    named = {name: checked(fit) for name, fit in named.items()}  # several sections tell of the checks
    if len(named) == 1:
        ((name, fit),) = named.items()
        page = on_one(_source(name, fit, tables, sensitivity, ci, replicates, tell), tell)
    else:
        tell("comparing fits")
        together = leave_one_family_out(named, refit=False, ci=ci, progress=tell) if see_same_scores(named) else None
        page = on_several([Source(name, fit, ci=ci) for name, fit in named.items()], together)
    tell("writing the page")
    written = [write_whole(path, to_html(page).encode())]
    if folder:
        tell("writing the folder")
        for name, content in to_folder(page).items():
            file = path.with_suffix("") / name
            make_folder(file.parent)
            written.append(write_whole(file, content))
    return written


def _source(
    name: str,
    fit: Fit,
    tables: Tables | None,
    sensitivity: str | Path | None,
    ci: float,
    replicates: int,
    tell: Callable[[str], None],
) -> Source:
    """The fit with all that can be said beside it."""
    known = tables or read_tables()
    if known.digest != fit.about["tables_digest"]:
        if tables is not None:
            raise InputError(
                f"{name}: the tables given ({known.digest}) are not those it was fitted to "
                f"({fit.about['tables_digest']})."
            )
        return Source(name, fit, None, None, _loaded(fit, sensitivity), ci)
    tell("the published procedure")
    comparison = compare(fit.study, known, fit, replicates=replicates, ci=ci)
    return Source(name, fit, known, comparison, _loaded(fit, sensitivity), ci)


def _loaded(fit: Fit, sensitivity: str | Path | None) -> Sensitivity | None:
    return None if sensitivity is None else load_sensitivity(Path(sensitivity), fit.study)


def check_request(fits: Mapping[str, Fit], path: Path, sensitivity: str | Path | None, folder: bool) -> None:
    """Refuse what cannot be written, before anything expensive runs.

    Parameters
    ----------
    fits : mapping of Fit
        By name.
    path : Path
        Of the HTML file.
    sensitivity : str, Path or None
        Folder of the sensitivity of the one fit.
    folder : bool
        Whether a folder is to be written too.

    Raises
    ------
    InputError
        If there is no fit to report on, the sensitivity has no one fit, nothing can be written there, or the folder
        is one that no report made.
    """
    if not fits:
        raise InputError("a report needs at least one fit.")
    for name, fit in fits.items():
        if fit.about["part"] != "joint":
            raise InputError(f"{name}: is a fit of the reference alone, which says nothing of densities.")
    if sensitivity is not None and len(fits) > 1:
        raise InputError("a sensitivity belongs to one fit; leave it out of a report on several.")
    if path.suffix not in (".html", ".htm"):
        raise InputError(f"-o {path}: name a file that ends in .html.")
    if not path.parent.is_dir():
        raise InputError(f"-o {path}: there is no folder {path.parent}.")
    writable(path)
    if folder:
        _refuse_foreign(path)


def _refuse_foreign(path: Path) -> None:
    """Refuse a folder of the report that cannot be made, or that something else is in."""
    folder = path.with_suffix("")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise InputError(f"-o {path}: cannot make a folder {folder}, a file is there; name another place.")
    writable_folder(folder)
    if os.path.isdir(folder) and os.listdir(folder) and not made_by_report(folder):
        raise InputError(
            f"-o {path}: {folder} is a folder that no report made; name another place, or leave the folder out with "
            "--no-folder."
        )

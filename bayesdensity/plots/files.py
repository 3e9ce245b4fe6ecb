"""Figures as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity.errors import InputError, one_of
from bayesdensity.fit import Fit
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling
from bayesdensity.plots.page import STYLE
from bayesdensity.plots.reference import plot_reference

# Names end the names of files; the order is that of writing.
FIGURES: tuple[tuple[str, Callable[[Fit], Figure]], ...] = (
    ("density", plot_density),
    ("doubling", plot_doubling),
    ("reference", plot_reference),
)
# What is written into a file about itself: without a date the same fit gives the same bytes.
FORMS: dict[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
USUAL = ("png", "svg")


def save_figures(fit: Fit, stem: Path, forms: Sequence[str] = USUAL) -> list[Path]:
    """Write every figure of a fit, each file whole or not at all.

    Parameters
    ----------
    fit : Fit
    stem : Path
        ``out/mine`` gives ``out/mine-density.png``, ``out/mine-density.svg``, then ``doubling`` and ``reference``.
    forms : sequence of {"png", "svg", "pdf"}
        PNG at 200 dpi, and SVG, unless told otherwise.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or there is no such form.

    Examples
    --------
    >>> save_figures(fit, Path("out/mine"), forms=("pdf",))  # doctest: +SKIP
    """
    written = []
    for name, plot in FIGURES:
        figure = plot(fit)
        written += save_figure(figure, stem, name, forms)
        figure.clear()
    return written


@rc_context(STYLE)  # salt of SVG identifiers and size of the page are settings of saving, not of the figure
def save_figure(figure: Figure, stem: Path, name: str, forms: Sequence[str] = USUAL) -> list[Path]:
    """Write one figure, each file whole or not at all.

    Parameters
    ----------
    figure : Figure
    stem : Path
        Folder and beginning of the names of the files.
    name : str
        ``density`` with a stem ``out/mine`` gives ``out/mine-density.png``, then ``out/mine-density.svg``.
    forms : sequence of {"png", "svg", "pdf"}
        PNG at 200 dpi, and SVG, unless told otherwise.

    Returns
    -------
    list of Path
        The files, in the order of the forms.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or there is no such form.
    """
    written = []
    for form in forms:
        if form not in FORMS:
            raise InputError(one_of(form, FORMS, "form of figures"))
    for form in forms:
        path = stem.with_name(f"{stem.name}-{name}.{form}")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            figure.savefig(part, format=form, dpi=200, metadata=FORMS[form])
            os.replace(part, path)
        except OSError as error:
            raise InputError(f"{path}: cannot write there ({error.strerror}); choose another place.") from error
        finally:
            part.unlink(missing_ok=True)
        written.append(path)
    return written

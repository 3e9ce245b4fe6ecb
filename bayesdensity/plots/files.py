"""Figures as files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.files import write_whole
from bayesdensity.inference.result import Fit
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling
from bayesdensity.plots.page import STYLE
from bayesdensity.plots.reference import plot_reference

# What is written into a file about itself: without a date the same fit gives the same bytes.
FORMS: dict[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
USUAL = ("png", "svg")


def save_figures(fit: Fit, stem: str | Path, forms: Sequence[str] = USUAL) -> list[Path]:
    """Write every figure of a fit, each file whole or not at all.

    Parameters
    ----------
    fit : Fit
    stem : str or Path
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
    >>> save_figures(fit, "out/mine", forms=("pdf",))  # doctest: +SKIP
    """
    written, stem = list[Path](), Path(stem)
    # Names end the names of files; the order is that of writing.
    plots: dict[str, Callable[[Fit], Figure]] = {
        "density": plot_density,
        "doubling": plot_doubling,
        "reference": plot_reference,
    }
    for name, plot in plots.items():
        figure = plot(fit)
        written += save_figure(figure, stem, name, forms)
        figure.clear()
    return written


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
    for form in forms:
        if form not in FORMS:
            raise InputError(one_of(form, FORMS, "form of figures"))
    paths = [stem.with_name(f"{stem.name}-{name}.{form}") for form in forms]
    return [write_whole(path, rendered(figure, form)) for path, form in zip(paths, forms, strict=True)]


@rc_context(STYLE)  # salt of SVG identifiers and size of the page are settings of saving, not of the figure
def rendered(figure: Figure, form: str) -> bytes:
    """A figure as the content of a file of a form; the same figure gives the same bytes."""
    content = io.BytesIO()
    figure.savefig(content, format=form, dpi=200, metadata=FORMS[form])
    return content.getvalue()

"""Figures as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from bayesdensity.errors import InputError
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
FORMS: tuple[tuple[str, dict[str, None] | None], ...] = (
    ("png", None),
    ("svg", {"Date": None}),  # without a date the same fit gives the same bytes
)


def save_figures(fit: Fit, stem: Path) -> list[Path]:
    """Write every figure as PNG (200 dpi) and SVG, each file whole or not at all.

    Parameters
    ----------
    fit : Fit
    stem : Path
        ``out/mine`` gives ``out/mine-density.png``, ``out/mine-density.svg``, then ``doubling`` and ``reference``.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    written = []
    for name, plot in FIGURES:
        figure = plot(fit)
        written += save_figure(figure, stem, name)
        figure.clear()
    return written


@rc_context(STYLE)  # salt of SVG identifiers and size of the page are settings of saving, not of the figure
def save_figure(figure: Figure, stem: Path, name: str) -> list[Path]:
    """Write one figure as PNG (200 dpi) and SVG, each file whole or not at all.

    Parameters
    ----------
    figure : Figure
    stem : Path
        Folder and beginning of the names of the files.
    name : str
        ``density`` with a stem ``out/mine`` gives ``out/mine-density.png``, then ``out/mine-density.svg``.

    Returns
    -------
    list of Path
        The two files.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    written = []
    for form, metadata in FORMS:
        path = stem.with_name(f"{stem.name}-{name}.{form}")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            figure.savefig(part, format=form, dpi=200, metadata=metadata)
            os.replace(part, path)
        except OSError as error:
            raise InputError(f"{path}: cannot write there ({error.strerror}); choose another place.") from error
        finally:
            part.unlink(missing_ok=True)
        written.append(path)
    return written

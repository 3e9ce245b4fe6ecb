"""The command that asks whether compression raises density."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.cli.common import (
    check_data,
    check_fit_files,
    check_stem,
    exit_status,
    identified,
    judging,
    put_figure,
    read,
    show_table,
    tables_of,
)
from bayesdensity.cli.options import AsCsv, AsJson, Ci, Folder


@judging
def compression(
    path: Path,
    *,
    data: Folder = None,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw a figure: STEM gives STEM-compression.png and .svg.")
    ] = None,
    ci: Ci = 0.9,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> int:
    """Print densities of pruned, distilled and quantized LLMs over those they were made from, and a mean by method.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    check_fit_files(path)
    check_data(data)
    check_stem(output, "compression")
    from bayesdensity.render.sections import compression as section

    fit, tables = read(path), tables_of(data)
    show_table(section, fit, tables, ci, as_csv=as_csv, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.compression import plot_compression
        from bayesdensity.quantities.compression import compression_ratios

        figure = plot_compression(fit, compression_ratios(fit, tables.llms, ci))
        put_figure(figure, output, "compression")
    return exit_status(identified(fit))

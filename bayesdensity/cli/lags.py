"""Commands that ask how long capability keeps, and how far small models trail."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    check_data,
    check_fit_files,
    check_stem,
    exit_status,
    identified,
    judging,
    put_figure,
    show,
    tables_of,
)
from bayesdensity.cli.options import (
    BITS,
    CONTEXT_GB,
    AsJson,
    Bits,
    Ci,
    ContextGb,
    Days,
    Folder,
    Memory,
    Params,
    Since,
    SizeShare,
    check_device_options,
    many,
)
from bayesdensity.cli.surroundings import put

if TYPE_CHECKING:
    from bayesdensity.inference.result import Fit

Whose = Annotated[
    Literal["frontier", "typical", "best"],
    Parameter(name="--of", help="Who must be as able: the frontier, the typical release, or the best of all releases."),
]
AsCsv = Annotated[bool, Parameter(name="--csv", negative="", help="Print CSV on standard output.")]


@judging
def shelf_life(
    path: Path,
    llm: str | None = None,
    *,
    share: SizeShare = 0.5,
    of: Whose = "frontier",
    by: Annotated[Days, many("Date by which it may be matched; repeatable.")] = None,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Print how long until a model of a share of its size matches an LLM; without one, the published examples.

    Months count from the release of the LLM. The frontier and the typical release are those of a date, and go on beyond
    the last release as forecasts do; the best is the first release of the fit that is as able, infinite if none is yet.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    llm : str
        One of its LLMs, named as `densities` names it.
    """
    check_fit_files(path)
    from bayesdensity.evaluation.reach import require_days
    from bayesdensity.render.sections import shelf_life as section

    fit = _read(path)
    require_days(fit, *by or ())
    if llm is not None:
        show(section, fit, llm, share, of, ci, by or (), as_json=as_json)
    elif by or share != 0.5:
        raise InputError("--by and --share are of one LLM; name it, or leave them out for the published examples.")
    else:
        published = SimpleNamespace(data=section.examples_data, blocks=section.examples_blocks)
        show(published, fit, of, ci, as_json=as_json)
    return exit_status(identified(fit))


@judging
def lag(
    path: Path,
    *,
    params: Params = None,
    device: Memory = None,
    bits: Bits = BITS,
    context_gb: ContextGb = CONTEXT_GB,
    benchmark: Annotated[list[str] | None, many("Benchmark of the fit; repeatable. Default: all.")] = None,
    since: Since = None,
    of: Whose = "frontier",
    data: Folder = None,
    output: Annotated[
        Path | None, Parameter(name=("-o", "--output"), negative="", help="Beginning of the names of a figure.")
    ] = None,
    ci: Ci = 0.9,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> int:
    """Print how far open models of at most a size trail the best of any size, open or closed, in months and in score.

    Records are the scores in the tables above all earlier ones. Give --params, or --device: its memory less the context
    holds so many weights of so many bits.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    check_fit_files(path)
    check_data(data)
    check_stem(output, "lag")
    if (params is None) == (device is None):
        raise InputError("lag needs a size: give one of --params 8e9 and --device 24GB (with --bits and --context-gb).")
    check_device_options(device, bits, context_gb)
    from bayesdensity.quantities.lag import lags
    from bayesdensity.quantities.memory import GB, params_on_device
    from bayesdensity.render.sections import lag as section

    fit = _read(path)
    most = params if params is not None else params_on_device(fit.study, device or 0.0, bits, context_gb * GB)
    found = lags(fit, tables_of(data), most, benchmarks=benchmark or (), since=since, of=of, ci=ci)
    if as_csv and not as_json:
        put(section.records_table(found).csv(), end="")
    else:
        show(section, fit, found, most, of, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.lag import plot_lag

        put_figure(plot_lag(fit, found, most, of), output, "lag")
    return exit_status(identified(fit))


def _read(path: Path) -> Fit:
    """A fit that has something to say."""
    from bayesdensity.inference.result import load_fit

    fit = load_fit(path)
    identified(fit)
    return fit

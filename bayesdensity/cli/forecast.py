"""The command that forecasts from fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import check_fit_files, check_stem, exit_status, judging, load_fits, put_figure, show
from bayesdensity.cli.options import (
    BITS,
    CONTEXT_GB,
    AsJson,
    Bits,
    Ci,
    ContextGb,
    Day,
    Families,
    Memory,
    Params,
    Score,
    check_device_options,
)

if TYPE_CHECKING:
    from bayesdensity.inference.result import Fit


@judging
def forecast(
    *paths: Path,
    benchmark: Annotated[str, Parameter(name=("-b", "--benchmark"), help="Benchmark of the study.")],
    params: Params = None,
    score: Score = None,
    date: Day = None,
    of: Annotated[
        Literal["frontier", "typical", "best"],
        Parameter(help="The study's quantile among releases, their mean, or the best of all up to a date."),
    ] = "frontier",
    device: Memory = None,
    bits: Bits = BITS,
    context_gb: ContextGb = CONTEXT_GB,
    families: Families = None,
    stack: Annotated[
        bool, Parameter(negative="", help="Weigh fits by how they predict families left out (takes a while).")
    ] = False,
    output: Annotated[
        Path | None, Parameter(name=("-o", "--output"), negative="", help="Beginning of the names of a figure.")
    ] = None,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Forecast when a model of a size reaches a score, how small one with a score is, or what a size reaches by a date.

    Two of size, score and date are given, and the third is answered with its interval. Several fits of the same scores,
    such as forms of the trend, are mixed, and the answer of each stands beneath.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote, or the name of a posterior that comes with the package: with all its forms.
    """
    if device is not None and params is not None:
        raise InputError("--device and --params both give a size; leave one out.")
    check_device_options(device, bits, context_gb)
    if families is not None and of != "best":
        raise InputError("--families is of the best of all releases; ask --of best, or leave it out.")
    size = params if device is None else device
    if sum(given is not None for given in (size, score, date)) != 2:
        raise InputError("forecast takes two of --params (or --device), --score and --date, and answers the third.")
    if not paths:
        raise InputError("forecast needs files that 'fit' wrote; give one or more.")
    check_stem(output, "forecast")
    check_fit_files(*paths)
    from bayesdensity.data.shipped import forms_of

    paths = tuple(form for path in paths for form in forms_of(path))
    from bayesdensity.base.progress import saying
    from bayesdensity.checks import checks_of
    from bayesdensity.evaluation.reach import require_days
    from bayesdensity.quantities import mixture
    from bayesdensity.quantities.memory import GB, params_on_device
    from bayesdensity.render.sections import forecast as section

    fits = load_fits(paths)
    for fit in fits.values():
        require_days(fit, date)
    if device is not None:
        params = params_on_device(next(iter(fits.values())).study, device, bits, context_gb * GB)
    question = mixture.Question(benchmark, params, score, date, of, families)
    with saying() as tell:
        weights = _stacking_weights(fits, tell) if stack and len(fits) > 1 else None
        tell("forecasting")
        found = mixture.forecast(fits, question, weights, ci)
    show(section, found, device and section.Device(device, bits, context_gb), as_json=as_json)
    if output is not None:
        from bayesdensity.plots.forecast import plot_forecast

        put_figure(plot_forecast(found), output, "forecast")
    return exit_status(check for fit in fits.values() for check in checks_of(fit))


def _stacking_weights(fits: Mapping[str, Fit], tell: Callable[[str], None]) -> dict[str, float]:
    """Weights of fits by how well they predict families left out, by importance sampling."""
    from bayesdensity.evaluation.leave_out import compare

    weights: dict[str, float] = compare(fits, refit=False, progress=tell).table["weight"].to_dict()
    return weights

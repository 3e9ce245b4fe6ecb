"""Commands that fit a study and read a fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from bayesdensity.base.defaults import CHAINS, DRAWS, QUICK_DRAWS, TUNE
from bayesdensity.base.errors import BayesDensityError, InputError
from bayesdensity.base.files import writable
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    check_fit_files,
    check_stem,
    command_line,
    exit_status,
    identified,
    judging,
    load,
    load_fits,
    parsed,
    put_figure,
    read,
    show,
    show_table,
)
from bayesdensity.cli.options import AsCsv, AsJson, Chains, Ci, Draws, Folder, Seed, Settings, Tune

if TYPE_CHECKING:
    from bayesdensity.inference.result import Fit

SEED = 1
UNSAID = {"--chains": CHAINS, "--tune": TUNE, "--seed": SEED}
"""Options at these values are not written down with a fit."""


@judging
def fit(
    study: str,
    *,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"], help="File to write; default STUDY.nc.")] = None,
    settings: Settings = None,
    data: Folder = None,
    chains: Chains = CHAINS,
    draws: Annotated[
        Draws | None, Parameter(help=f"Draws kept in each chain; {DRAWS}, with --quick {QUICK_DRAWS}.")
    ] = None,
    tune: Tune = TUNE,
    seed: Seed = SEED,
    quick: Annotated[bool, Parameter(negative="", help="A first look with fewer draws: not for citing.")] = False,
) -> int:
    """Fit a study, print the answer, and write the fit and its figures.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    chains : int
        Number of chains.
    tune : int
        Draws discarded in each chain.
    seed : int
        Seed of the sampler.
    """
    if output is not None:
        check_output(output)
    chosen, tables = load(study, parsed(settings), data)
    path = output or Path(f"{chosen.name}.nc")
    check_output(path)
    counts: dict[str, Any] = {"draws": draws or (QUICK_DRAWS if quick else DRAWS), "tune": tune}
    say(f"{chosen.title}  [{chosen.name} {chosen.digest}]")
    if quick:
        say("QUICK LOOK: a third of the draws. Fit without --quick before you cite a number.")
    if chosen.covariates:
        from bayesdensity.data.covariates import doubts
        from bayesdensity.data.join import assemble
        from bayesdensity.data.selection import select

        for doubt in doubts(assemble(chosen, select(chosen, tables))):
            say(f"note: {doubt}")

    from bayesdensity.base.progress import reporting

    with reporting(chains, **counts) as report:
        from bayesdensity.inference.drawing import fit as run

        result = run(chosen, tables, chains=chains, seed=seed, progress=report.chains, stage=report.stage, **counts)
    from bayesdensity.checks import checked
    from bayesdensity.plots.files import save_figures
    from bayesdensity.render.sections import fit_summary

    given = {"-o": output, "--data": data, "--chains": chains, "--draws": draws, "--tune": tune, "--seed": seed}
    with kept(result, path.with_name(f"{path.stem}-unchecked.nc")):
        say("checking")
        result = checked(result).noted(command=_command(study, settings, given, quick))
        checks = identified(result)
        result.save(path)
    show(fit_summary, result, as_json=False)
    figures = save_figures(result, path.with_suffix(""))
    say(f"wrote {path} and {', '.join(figure.name for figure in figures if figure.suffix == '.png')}")
    return exit_status(checks)


@judging
def summary(*paths: Path, ci: Ci = 0.9, as_json: AsJson = False) -> int:
    """Print the verdict, doubling times, benchmark rates and the frontier of a fit, or what several say together.

    Of several fits of the same scores, such as forms of the frontier, the answer is stacked over those that the data do
    not rule out, with the answer of each beneath. Families are left out by importance sampling alone; `compare` leaves
    out exactly where that is rough.

    Parameters
    ----------
    paths : Path
        One file that `fit` wrote, or several.
    """
    check_fit_files(*paths)
    if len(paths) == 1:
        from bayesdensity.render.sections import fit_summary

        fit = read(paths[0])
        show(fit_summary, fit, ci, as_json=as_json)
        return exit_status(identified(fit))
    from bayesdensity.base.progress import saying
    from bayesdensity.checks import checks_of
    from bayesdensity.evaluation.leave_out import compare
    from bayesdensity.render.sections import stacked

    fits = load_fits(paths)
    with saying() as tell:
        comparison = compare(fits, refit=False, ci=ci, progress=tell)
    show(stacked, fits, comparison, as_json=as_json)
    return exit_status(check for fit in fits.values() for check in checks_of(fit))


@judging
def answer(
    *paths: Path,
    output: Annotated[
        Path | None, Parameter(name=("-o", "--output"), negative="", help="Beginning of the names of a figure.")
    ] = None,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Print what fits of several studies say side by side: by what was measured and of whom.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote, of any studies.
    """
    if not paths:
        raise InputError("answer needs files that 'fit' wrote; give one or more.")
    check_stem(output, "answers")
    check_fit_files(*paths)
    from bayesdensity.base.progress import saying
    from bayesdensity.checks import checks_of
    from bayesdensity.render.sections import answers as section

    fits = load_fits(paths)
    with saying() as tell:
        tell("reading the draws of each fit")
        show(section, fits, ci, as_json=as_json)
    if output is not None:
        from bayesdensity.plots.fits import plot_fits

        put_figure(plot_fits(fits, ci), output, "answers")
    return exit_status(check for fit in fits.values() for check in checks_of(fit))


@judging
def densities(
    path: Path,
    *,
    ci: Ci = 0.9,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> int:
    """Print one row for each LLM: density, effective size, and the probability that it was on the frontier.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    check_fit_files(path)
    from bayesdensity.render.sections import densities as section

    fit = read(path)
    show_table(section, fit, ci, as_csv=as_csv, as_json=as_json)
    return exit_status(identified(fit))


def _command(study: str, settings: list[str] | None, given: dict[str, Any], quick: bool) -> str:
    """The command line that makes the same fit, to type again."""
    said = {option: value for option, value in given.items() if value != UNSAID.get(option)}
    return command_line("fit", study, {"--set": settings, **said, "--quick": quick})


@contextmanager
def kept(fit: Fit, path: Path) -> Iterator[None]:
    """Draws on the disk while they are judged; they stay there if that ends in an error that nobody foresaw."""
    fit.save(path)
    try:
        yield
    except (BayesDensityError, KeyboardInterrupt):
        path.unlink()
        raise
    except Exception:
        say(f"what was sampled is in {path}.")
        raise
    path.unlink()


def check_output(path: Path) -> None:
    """Refuse before anything expensive runs where the fit, or its figures beside it, could not be written."""
    if path.suffix != ".nc" or not path.stem.strip("."):
        raise InputError(f"-o {path}: name a file that ends in .nc.")
    writable(path)
    check_stem(path.with_suffix(""), "reference")

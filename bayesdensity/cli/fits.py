"""Commands that fit a study and read a fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import (
    CHAINS,
    CHECK_FAILED,
    DEFAULT,
    QUICK,
    AsJson,
    Ci,
    Folder,
    Settings,
    app,
    check_counts,
    check_folder,
    command_line,
    load,
    parsed,
    print_fit,
    say,
)

SEED = 1
UNSAID = {"--chains": CHAINS, "--seed": SEED}
"""Options at these values are not written down with a fit."""


@app.command
def fit(
    study: str,
    *,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"], help="File to write; default STUDY.nc.")] = None,
    settings: Settings = None,
    data: Folder = None,
    chains: int = CHAINS,
    draws: int | None = None,
    tune: int | None = None,
    seed: int = SEED,
    quick: Annotated[bool, Parameter(negative="", help="A first look with fewer draws: not for citing.")] = False,
) -> int:
    """Fit a study, print the answer, and write the fit and its figures.

    Exit status 1 says that the result exists but a check failed or the sampler did not converge.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    chains : int
        Number of chains.
    draws : int, optional
        Draws kept in each chain; 1500.
    tune : int, optional
        Draws discarded in each chain; 500.
    seed : int
        Seed of the sampler.
    """
    chosen, tables = load(study, parsed(settings), data)
    path = output or Path(f"{chosen.name}.nc")
    _check_request(path, {"--chains": chains, "--draws": draws, "--tune": tune})
    default = QUICK if quick else DEFAULT
    counts: dict[str, Any] = {"draws": draws or default["draws"], "tune": tune or default["tune"]}
    say(f"{chosen.title}  [{chosen.name} {chosen.digest}]")
    if quick:
        say("QUICK LOOK: a third of the draws. Fit without --quick before you cite a number.")

    from bayesdensity.base.progress import reporting

    with reporting(chains, **counts) as report:
        from bayesdensity.inference.fitting import fit as run

        result = run(chosen, tables, chains=chains, seed=seed, progress=report.chains, stage=report.stage, **counts)
    from bayesdensity.checks import checked, checks_of, passed, refuse_if_unidentified
    from bayesdensity.describe import fit_text

    say("checking")
    given = {"-o": output, "--data": data, "--chains": chains, "--draws": draws, "--tune": tune, "--seed": seed}
    result = checked(result).noted(command=_command(study, settings, given, quick))
    checks = checks_of(result)
    refuse_if_unidentified(checks)
    result.save(path)
    print(fit_text(result))
    from bayesdensity.plots.files import save_figures

    figures = save_figures(result, path.with_suffix(""))
    say(f"wrote {path} and {', '.join(figure.name for figure in figures if figure.suffix == '.png')}")
    return 0 if passed(checks) else CHECK_FAILED


@app.command
def summary(path: Path, *, ci: Ci = 0.9, as_json: AsJson = False) -> int:
    """Print the verdict, doubling times, benchmark rates and the frontier of a fit.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    from bayesdensity.describe import fit_json, fit_text

    return print_fit(path, ci, as_json, fit_json, fit_text)


@app.command
def densities(
    path: Path,
    *,
    ci: Ci = 0.9,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="", help="Print CSV on standard output.")] = False,
    as_json: AsJson = False,
) -> int:
    """Print one row for each LLM: density, effective size, and the probability that it was on the frontier.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    from bayesdensity.describe import densities_csv, densities_json, densities_text

    return print_fit(path, ci, as_json, densities_json, densities_csv if as_csv else densities_text)


def _command(study: str, settings: list[str] | None, given: dict[str, Any], quick: bool) -> str:
    """The command line that makes the same fit, to type again."""
    said = {option: value for option, value in given.items() if value != UNSAID.get(option)}
    return command_line("fit", study, {"--set": settings, **said, "--quick": quick})


def _check_request(path: Path, counts: dict[str, int | None]) -> None:
    """Refuse before anything expensive runs."""
    check_counts(counts)
    if path.suffix != ".nc":
        raise InputError(f"-o {path}: name a file that ends in .nc.")
    check_folder(path)

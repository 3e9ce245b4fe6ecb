"""The command line: thin commands over the Python API. Heavy modules are imported inside commands."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from bayesdensity import __version__
from bayesdensity.errors import BayesDensityError, InputError

if TYPE_CHECKING:
    from bayesdensity.fit import Fit
    from bayesdensity.study import Study

app = App(
    name="bayesdensity",
    help="Infer the capability density of language models, and how fast it doubles, with credible intervals.",
    version=__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
DEFAULT, QUICK = {"draws": 1500, "tune": 500}, {"draws": 500, "tune": 500}
CHAINS, CHECK_FAILED, INTERRUPTED = 4, 1, 130

Settings = Annotated[
    list[str] | None, Parameter(name="--set", negative="", help="Replace a key of the study: key=value.")
]
Folder = Annotated[Path | None, Parameter(name="--data", help="Folder with your own tables.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON on standard output.")]
Ci = Annotated[float, Parameter(name="--ci", help="Probability of the intervals.")]


def main() -> None:
    """Run the command line; errors are one message on standard error and an exit status."""
    # A command is short: looking for cycles costs a tenth of its time, half of that when the process ends.
    gc.disable()
    try:
        status = app()
    except BayesDensityError as error:
        _say(f"error: {error}")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        _say("interrupted; nothing was written.")
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()
        gc.enable()
    sys.exit(status if isinstance(status, int) else 0)


@app.command
def studies() -> None:
    """List the shipped studies."""
    from bayesdensity.study import load_study, study_names

    for name in study_names():
        print(f"{name:20s} {load_study(name).title}")


@app.command
def show(study: str, *, settings: Settings = None, data: Folder = None, as_json: AsJson = False) -> None:
    """Show a study: what it uses, what it leaves out and why, and every prior with its reason.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    """
    from bayesdensity.describe import study_json, study_text

    chosen, tables = _load(study, settings, data)
    print(json.dumps(study_json(chosen, tables), indent=2) if as_json else study_text(chosen, tables))


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
    seed: int = 1,
    quick: Annotated[bool, Parameter(negative="", help="A first look with fewer draws: not for citing.")] = False,
) -> int:
    """Fit a study, print the answer, and write the fit and its figures.

    Exit status 1 says that the result exists but a check of it did not pass.

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
    chosen, tables = _load(study, settings, data)
    path = output or Path(f"{chosen.name}.nc")
    _check_request(path, {"--chains": chains, "--draws": draws, "--tune": tune})
    default = QUICK if quick else DEFAULT
    counts: dict[str, Any] = {"draws": draws or default["draws"], "tune": tune or default["tune"]}
    _say(f"{chosen.title}  [{chosen.name} {chosen.digest}]")
    if quick:
        _say("QUICK LOOK: a third of the draws. Fit without --quick before you cite a number.")

    from bayesdensity.progress import reporting

    with reporting(chains, **counts) as report:
        from bayesdensity.fit import fit as run

        result = run(chosen, tables, chains=chains, seed=seed, progress=report.chains, stage=report.stage, **counts)
    from bayesdensity.describe import fit_text

    result.save(path)
    print(fit_text(result))
    from bayesdensity.plots import save_figures

    figures = save_figures(result, path.with_suffix(""))
    _say(f"wrote {path} and {', '.join(figure.name for figure in figures if figure.suffix == '.png')}")
    return 0 if result.diagnostics.verdict == "PASS" else CHECK_FAILED


@app.command
def summary(path: Path, *, ci: Ci = 0.9, as_json: AsJson = False) -> int:
    """Print the verdict, doubling times, benchmark rates and the frontier of a fit.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    """
    from bayesdensity.describe import fit_json, fit_text

    return _print(path, ci, as_json, fit_json, fit_text)


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

    return _print(path, ci, as_json, densities_json, densities_csv if as_csv else densities_text)


@app.command
def compare(
    *paths: Path,
    refit: Annotated[bool, Parameter(negative="--no-refit", help="Leave out exactly where needed (minutes).")] = True,
    future: Annotated[bool, Parameter(negative="", help="Predict later releases too (minutes for each fit).")] = False,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> None:
    """Compare fits of the same scores by predicting LLMs they have not seen, and stack their doubling times.

    Parameters
    ----------
    paths : Path
        Files that `fit` wrote, at least two, of the same LLMs and scores.
    """
    _check_ci(ci)
    from bayesdensity.backtest import backtest as run
    from bayesdensity.backtest import leave_future_out
    from bayesdensity.comparison import compare as run_comparison
    from bayesdensity.comparison import prefixed, require_same_scores
    from bayesdensity.describe.comparison import comparison_json, comparison_text
    from bayesdensity.fit import load_fit
    from bayesdensity.progress import saying

    names = [path.stem for path in paths]
    fits = {path.stem if names.count(path.stem) == 1 else str(path): load_fit(path) for path in paths}
    require_same_scores(fits)
    with saying() as say:
        found = run_comparison(fits, refit=refit, ci=ci, progress=say)
        later = None
        if future:
            later = leave_future_out({name: run(one, progress=prefixed(say, name)) for name, one in fits.items()})
    print(json.dumps(comparison_json(found, later), indent=2) if as_json else comparison_text(found, later))


@app.command
def backtest(
    path: Path,
    *,
    cutoff: Annotated[list[str] | None, Parameter(negative="", help="Cut-off date; default: every half-year.")] = None,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"], help="Stem of the figure and table.")] = None,
    seed: int = 1,
    as_json: AsJson = False,
) -> int:
    """Train on the releases up to cut-off dates and predict the later ones: coverage, CRPS and the frontier.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote.
    seed : int
        Seed of the sampler.
    """
    from bayesdensity.backtest import backtest as run
    from bayesdensity.describe.comparison import backtest_json, backtest_text
    from bayesdensity.fit import load_fit
    from bayesdensity.progress import saying

    _check_folder(output)
    result = load_fit(path)
    with saying() as say:
        found = run(result, cutoff, progress=say, seed=seed)
    print(json.dumps(backtest_json(found), indent=2) if as_json else backtest_text(found))
    if output:
        from bayesdensity.plots import plot_backtest, save_figure

        files = save_figure(plot_backtest(result, found), output, "backtest")
        _say(f"wrote {', '.join(file.name for file in files)}")
    failed = any(one.verdict == "FAIL" for one in found.verdicts.values())
    return CHECK_FAILED if failed else 0


@app.command
def paper(
    study: str,
    *,
    fit_file: Annotated[
        Path | None, Parameter(name="--fit", help="Fit of this study; without it the study is fitted.")
    ] = None,
    settings: Settings = None,
    data: Folder = None,
    beside: Annotated[
        list[str] | None, Parameter(name="--beside", negative="", help="Another study, for its reference: repeatable.")
    ] = None,
    points_only: Annotated[
        bool, Parameter(name="--points-only", negative="", help="Point estimates and their bootstrap, no posterior.")
    ] = False,
    as_json: AsJson = False,
    ci: Ci = 0.9,
    replicates: int = 1000,
    seed: int = 1,
    output: Annotated[
        Path | None, Parameter(name=["-o", "--output"], help="Draw a figure: STEM gives STEM-paper.png and .svg.")
    ] = None,
) -> int:
    """Run the published procedure on the same tables, beside what the posterior says.

    Exit status 1 says that the result exists but a check of the posterior or of the bootstrap did not pass.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    replicates : int
        Replicates of the bootstrap; 0 for none.
    seed : int
        Seed of the bootstrap, and of the sampler if the study is fitted.
    """
    chosen, tables = _load(study, settings, data)
    _check_paper(ci, replicates, output, points_only and fit_file is not None)
    from bayesdensity.study import load_study

    others = [load_study(name) for name in beside or []]
    from bayesdensity.describe import paper_json, paper_text
    from bayesdensity.paper_mode.comparison import compare
    from bayesdensity.paper_mode.procedure import replicate
    from bayesdensity.progress import counting

    for one in (chosen, *others):  # refuse before anything expensive runs
        replicate(one, tables, replicates=0)
    posterior = None if points_only else _posterior(chosen, tables, fit_file, seed)

    with counting("bootstrap") as count:
        result = compare(chosen, tables, posterior, others, replicates=replicates, seed=seed, ci=ci, progress=count)
    print(json.dumps(paper_json(result), indent=2) if as_json else paper_text(result))
    if output is not None:
        from bayesdensity.plots import plot_paper, save_figure

        written = save_figure(plot_paper(result), output, "paper")
        _say(f"wrote {' and '.join(str(path) for path in written)}")
    for fault in result.faults:
        _say(fault)
    return CHECK_FAILED if result.faults else 0


@app.command
def validate(folder: Path) -> None:
    """Check a folder of tables, and list every fault with file and row.

    Parameters
    ----------
    folder : Path
        Holds any of llms.csv, scores.csv, reference_runs.csv and benchmarks.csv.
    """
    from bayesdensity.data.tables import validate_folder

    faults = validate_folder(folder)
    if faults:
        raise InputError("\n".join(faults))
    print(f"{folder}: no fault found.")


def _load(study: str, settings: list[str] | None, data: Path | None) -> tuple[Study, Any]:
    from bayesdensity.study import load_study, parse_setting

    chosen = load_study(study, dict(parse_setting(text) for text in settings or []))
    from bayesdensity.data.tables import read_tables

    return chosen, read_tables(data)


def _check_request(path: Path, counts: dict[str, int | None]) -> None:
    """Refuse before anything expensive runs."""
    for option, value in counts.items():
        if value is not None and value < 1:
            raise InputError(f"{option} must be at least 1; got {value}.")
    if path.suffix != ".nc":
        raise InputError(f"-o {path}: name a file that ends in .nc.")
    _check_folder(path)


def _check_paper(ci: float, replicates: int, output: Path | None, both: bool) -> None:
    """Refuse before anything expensive runs."""
    _check_ci(ci)
    if replicates < 0:
        raise InputError(f"--replicates must not be negative; got {replicates}.")
    _check_folder(output)
    if both:
        raise InputError("--points-only has no use for --fit; leave out one of the two.")


def _posterior(study: Study, tables: Any, path: Path | None, seed: int) -> Fit:
    """The fit in a file, or a new one with the default settings."""
    from bayesdensity.fit import fit as run
    from bayesdensity.fit import load_fit

    if path is not None:
        from bayesdensity.paper_mode.comparison import check_same

        loaded = load_fit(path, study)
        check_same(loaded, study, tables)
        return loaded
    from bayesdensity.progress import reporting

    _say(f"{study.title}  [{study.name} {study.digest}]")
    with reporting(CHAINS, **DEFAULT) as report:
        settings: dict[str, Any] = {"chains": CHAINS, "seed": seed, **DEFAULT}
        return run(study, tables, progress=report.chains, stage=report.stage, **settings)


def _check_ci(ci: float) -> None:
    if not 0 < ci < 1:
        raise InputError(f"--ci lies between 0 and 1, for example 0.9; got {ci}.")


def _print(path: Path, ci: float, as_json: bool, to_json: Callable[..., Any], to_text: Callable[..., str]) -> int:
    _check_ci(ci)
    from bayesdensity.fit import load_fit

    result: Fit = load_fit(path)
    print(json.dumps(to_json(result, ci), indent=2) if as_json else to_text(result, ci))
    return 0 if result.diagnostics.verdict == "PASS" else CHECK_FAILED


def _check_folder(path: Path | None) -> None:
    if path is not None and not path.parent.is_dir():
        raise InputError(f"-o {path}: there is no folder {path.parent}.")


def _say(text: str) -> None:
    print(text, file=sys.stderr)

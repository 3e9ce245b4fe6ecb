"""What all commands share: the application, options, checks of a request, and how it talks."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cyclopts import App

from bayesdensity import __version__
from bayesdensity.base.errors import InputError, Stopped
from bayesdensity.base.files import writable, writable_folder
from bayesdensity.base.progress import say
from bayesdensity.cli.surroundings import put
from bayesdensity.data.shipped import is_shipped

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from bayesdensity.checks import Check
    from bayesdensity.data.tables import Tables
    from bayesdensity.inference.result import Fit
    from bayesdensity.render.blocks import Block, Table
    from bayesdensity.study.spec import Study

app = App(
    name="bayesdensity",
    help="Infer the capability density of language models, and how fast it doubles, with credible intervals.",
    version=__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
CHECK_FAILED, INTERRUPTED = 1, 130
EXIT_SENTENCE = "Exit status 1: the result exists, but a check failed or the sampler did not converge."
"""What `exit_status` decides, in the help of every command that judges and in docs/reading.md."""
judging = partial(app.command, help_epilogue=EXIT_SENTENCE)
"""Registers a command whose exit status says whether its result may be used."""
RENEWED = "renewed"
"""Folder in the command of a certificate, wherever its tables lie."""


def parsed(settings: list[str] | None, option: str = "--set") -> dict[str, Any]:
    """Dotted keys and their values, of texts such as those of --set; a key is given one value."""
    from bayesdensity.study.load import parse_setting

    found = dict[str, Any]()
    for key, value in (parse_setting(text, option) for text in settings or []):
        if key in found:
            raise InputError(f"{option} {key}: is given twice; leave one out.")
        found[key] = value
    return found


def command_line(command: str, subject: str | Path, given: Mapping[str, Any]) -> str:
    """The line that asks for the same again.

    Parameters
    ----------
    command : str
    subject : str or Path
        What it is given first.
    given : mapping
        Values by option, lists for repeated ones; none is written for None, False and empty lists.
    """
    words = []
    for option, value in given.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not None and each is not False:
                words += [option] if each is True else [option, str(each)]
    return shlex.join(["bayesdensity", command, str(subject), *words])


def load(study: str, overrides: dict[str, Any], data: Path | None) -> tuple[Study, Any]:
    """The study with its settings, and its tables.

    Parameters
    ----------
    study : str
        Name of a shipped study, or path of a TOML file.
    overrides : dict
        Values by dotted key of the study, as `parsed` gives them.
    data : Path or None
        Folder with the user's tables; None: the bundled ones.

    Returns
    -------
    Study
    Tables
    """
    check_data(data)
    from bayesdensity.study.load import load_study

    chosen = load_study(study, overrides)
    return chosen, tables_of(data)


def tables_of(data: Path | None) -> Tables:
    """The user's own tables and, for those that the folder lacks, the bundled ones; which are whose is said.

    Parameters
    ----------
    data : Path or None
        Folder with the user's tables; None: the bundled ones, of which nothing is said.
    """
    from bayesdensity.data.tables import origins, read_tables

    tables = read_tables(data)
    if data is not None:
        say(origins(data))
    return tables


def load_fit_of(path: Path, study: Study, tables: Any) -> Fit:
    """A fit of exactly this study and these tables, from its file.

    Parameters
    ----------
    path : Path
        File that ``fit`` wrote.
    study : Study
    tables : Tables
        Those that the fit was made from.

    Raises
    ------
    InputError
        If the fit is of another study or other tables.
    """
    from bayesdensity.inference.result import load_fit
    from bayesdensity.published.replication import check_same

    loaded = load_fit(path, study)
    check_same(loaded, study, tables)  # scores are told apart by the lines of their file
    return loaded


def load_fits(paths: Sequence[Path]) -> dict[str, Fit]:
    """Fits by the stems of their files, or by whole paths where stems are the same."""
    from bayesdensity.inference.result import load_fit

    stems = [path.stem for path in paths]
    fits = {path.stem if stems.count(path.stem) == 1 else str(path): load_fit(path) for path in paths}
    tell_shipped(*paths)
    return fits


def put_figure(figure: Any, output: Path, name: str) -> None:
    """Write a figure and say where.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    output : Path
        Beginning of the names of the files.
    name : str
        Their end.
    """
    from bayesdensity.plots.files import save_figure

    say(f"wrote {', '.join(map(str, save_figure(figure, output, name)))}")


def check_fit_files(*paths: Path | None) -> None:
    """Refuse files that are not there, before what reads them is imported."""
    for path in paths:
        if path is not None and not is_shipped(path) and not os.path.isfile(path):  # also where the name is too long
            raise InputError(f"{path}: no such file; make one with 'bayesdensity fit STUDY -o {path}'.")


def tell_shipped(*paths: Path) -> None:
    """Say which of the fits that were read came with the package."""
    for path in filter(is_shipped, paths):
        study = str(path).partition(".")[0]
        say(f"{path}: a posterior that comes with the package, thinned; a whole one is made by 'fit {study}'")


def check_data(folder: Path | None) -> None:
    """Refuse a folder of tables that is not there, before what reads them is imported."""
    if folder is not None and not os.path.isdir(folder):
        raise InputError(f"--data {folder}: no such folder; give one that holds tables such as llms.csv.")


class Described(Protocol):
    """A module of `bayesdensity.render.sections`."""

    @property
    def data(self) -> Callable[..., Any]:
        """In the documented form of JSON."""

    @property
    def blocks(self) -> Callable[..., Iterable[Block]]:
        """For a reader."""


def show(section: Described, *subject: Any, as_json: bool) -> None:
    """Print what a section says of something, as JSON or for a reader."""
    from bayesdensity.base.jsonable import dumps
    from bayesdensity.render.text import to_text

    put(dumps(section.data(*subject)) if as_json else to_text(section.blocks(*subject)))


class Tabled(Described, Protocol):
    """A section whose data are one table."""

    @property
    def every_table(self) -> Callable[..., Table]:
        """All its rows."""


def show_table(section: Tabled, *subject: Any, as_csv: bool, as_json: bool) -> None:
    """Print what a section says of something, as CSV, as JSON or for a reader.

    Parameters
    ----------
    section : module
        Of `bayesdensity.render.sections`.
    *subject
        What it is asked about.
    as_csv, as_json : bool
        JSON goes before CSV.
    """
    if as_csv and not as_json:
        put(section.every_table(*subject).csv(), end="")
    else:
        show(section, *subject, as_json=as_json)


def exit_status(checks: Iterable[Check]) -> int:
    """The exit status of a result, the same for every command: `EXIT_SENTENCE`."""
    from bayesdensity.checks import passed

    return 0 if passed(checks) else CHECK_FAILED


def answers_check(failed: Mapping[str, str]) -> Check:
    """Many fits as one check: one without an answer is a failure."""
    from bayesdensity.checks import Check

    return Check("answers", "FAIL" if failed else "PASS", f"{len(failed)} without an answer.")


def convergence_check(verdict: Any, sentence: str = "") -> Check:
    """The verdict on a sampler as a check."""
    from bayesdensity.checks import Check

    return Check("convergence", verdict, sentence)


def identified(fit: Fit) -> tuple[Check, ...]:
    """The checks of a fit; one whose answer would only repeat its prior is refused."""
    from bayesdensity.checks import checks_of, refuse_if_unidentified

    checks = checks_of(fit)
    refuse_if_unidentified(checks)
    return checks


def read(path: Path) -> Fit:
    """A fit that has something to say."""
    from bayesdensity.inference.result import load_fit

    fit = load_fit(path)
    identified(fit)
    tell_shipped(path)
    return fit


def check_stem(stem: Path | None, what: str) -> None:
    """Refuse a beginning of names where no figure or table of that kind could be written."""
    if stem is None:
        return
    if stem.name in ("", ".."):
        raise InputError(f"-o {stem}: is a folder; give the beginning of a name, such as {stem / 'mine'}.")
    writable(stem.with_name(f"{stem.name}-{what}.json"))


def check_results(folder: Path) -> None:
    """Refuse a folder of results that cannot be made, or not be written to."""
    if not os.path.isdir(folder.parent) or (os.path.lexists(folder) and not os.path.isdir(folder)):
        raise InputError(f"-o {folder}: cannot make a folder there; name another one.")
    writable_folder(folder)


def workers_of(cluster: str | None) -> AbstractContextManager[Executor | None]:
    """Those of a running scheduler; None where there is none, and processes do the work."""
    from bayesdensity.base import engine

    return nullcontext() if cluster is None else engine.cluster(cluster)


@contextmanager
def resumable(what: str, place: Path) -> Iterator[Callable[[str], None]]:
    """Tell what is under way; an interrupt ends the command and leaves what was finished."""
    from bayesdensity.base.progress import saying

    say(f"{what} go to {place}; after a stop the same command goes on")
    try:
        with saying() as tell:
            yield tell
    except KeyboardInterrupt as stop:
        word, status = ended(stop)
        say(f"{word}; what was finished stays in {place}, and the same command goes on from there.")
        raise SystemExit(status) from None


def ended(stop: KeyboardInterrupt) -> tuple[str, int]:
    """What is said of an interrupt or a signal, and the exit status."""
    return ("stopped", stop.exit_status) if isinstance(stop, Stopped) else ("interrupted", INTERRUPTED)

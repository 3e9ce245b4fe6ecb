"""What all commands share: the application, options, checks of a request, and how it talks."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from cyclopts import App, Parameter

from bayesdensity import __version__
from bayesdensity.base.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from bayesdensity.checks import Check
    from bayesdensity.inference.result import Fit
    from bayesdensity.render.blocks import Block
    from bayesdensity.study.spec import Study

app = App(
    name="bayesdensity",
    help="Infer the capability density of language models, and how fast it doubles, with credible intervals.",
    version=__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
CHECK_FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141
EXIT_SENTENCE = "Exit status 1: the result exists, but a check failed or the sampler did not converge."
"""What `exit_status` decides, in the help of every command that judges and in docs/reading.md."""
judging = partial(app.command, help_epilogue=EXIT_SENTENCE)
"""Registers a command whose exit status says whether its result may be used."""
RENEWED = "renewed"
"""Folder in the command of a certificate, wherever its tables lie."""

Settings = Annotated[
    list[str] | None, Parameter(name="--set", negative="", help="Replace a key of the study: key=value.")
]
Folder = Annotated[Path | None, Parameter(name="--data", help="Folder with your own tables.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON on standard output.")]
Workers = Annotated[int | None, Parameter(help="Processes; default: one for each core.")]
Cluster = Annotated[str | None, Parameter(help="Address of a running Dask scheduler, instead of processes.")]
Resumed = Annotated[
    Path | None,
    Parameter(name=["-o", "--output"], help="Folder of the results; a run that was stopped there goes on."),
]
Ci = Annotated[float, Parameter(name="--ci", help="Probability of the intervals.")]


def parsed(settings: list[str] | None) -> dict[str, Any]:
    """Dotted keys and their values, of texts such as those of --set."""
    from bayesdensity.study.load import parse_setting

    return dict(parse_setting(text) for text in settings or [])


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
    from bayesdensity.study.load import load_study

    chosen = load_study(study, overrides)
    from bayesdensity.data.tables import read_tables

    return chosen, read_tables(data)


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
    return {path.stem if stems.count(path.stem) == 1 else str(path): load_fit(path) for path in paths}


def check_ci(ci: float) -> None:
    """Refuse an impossible probability."""
    if not 0 < ci < 1:
        raise InputError(f"--ci lies between 0 and 1, for example 0.9; got {ci}.")


def check_counts(counts: Mapping[str, int | None]) -> None:
    """Refuse numbers of chains and draws below one."""
    for option, value in counts.items():
        if value is not None and value < 1:
            raise InputError(f"{option} must be at least 1; got {value}.")


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

    print(dumps(section.data(*subject)) if as_json else to_text(section.blocks(*subject)))


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


def check_folder(path: Path | None) -> None:
    """Refuse a file in a folder that is not there."""
    if path is not None and not path.parent.is_dir():
        raise InputError(f"-o {path}: there is no folder {path.parent}.")


def check_results(folder: Path) -> None:
    """Refuse a folder of results that cannot be made."""
    if not folder.parent.is_dir() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"-o {folder}: cannot make a folder there; name another one.")


def workers_of(cluster: str | None) -> AbstractContextManager[Executor | None]:
    """Those of a running scheduler; None where there is none, and processes do the work."""
    from bayesdensity.base import engine

    return engine.cluster(cluster) if cluster else nullcontext()


@contextmanager
def resumable(what: str, place: Path) -> Iterator[Callable[[str], None]]:
    """Tell what is under way; an interrupt ends the command and leaves what was finished."""
    from bayesdensity.base.progress import saying

    say(f"{what} go to {place}; after a stop the same command goes on")
    try:
        with saying() as tell:
            yield tell
    except KeyboardInterrupt:
        say(f"interrupted; what was finished stays in {place}, and the same command goes on from there.")
        raise SystemExit(INTERRUPTED) from None


def say(text: str) -> None:
    """Talk on standard error."""
    print(text, file=sys.stderr)

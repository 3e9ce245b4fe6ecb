"""Commands that keep a registry: add to its tables, and bring a fit up to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.base.errors import InputError
from bayesdensity.base.files import alone, append, writable
from bayesdensity.base.progress import say
from bayesdensity.cli.common import (
    app,
    check_data,
    check_fit_files,
    command_line,
    exit_status,
    judging,
    read,
    show,
    tables_of,
)
from bayesdensity.cli.fits import check_output, kept
from bayesdensity.cli.options import AsJson, Ci, Day, Params
from bayesdensity.cli.placing import scores_of

if TYPE_CHECKING:
    from bayesdensity.data.tables import Tables
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study


@app.command
def add(
    llm: str,
    *scores: str,
    data: Annotated[Path, Parameter(help="Folder of your tables; it is begun if it is not there.")],
    source: Annotated[str, Parameter(help="Where the scores can be read.")],
    params: Params = None,
    active: Annotated[Params, Parameter(help="Active parameters, of a mixture of experts.")] = None,
    released: Annotated[Day, Parameter(help="Date of its release.")] = None,
    organization: Annotated[str | None, Parameter(help="Who trained it.")] = None,
    family: Annotated[str | None, Parameter(help="Its family; default: one of its own.")] = None,
    lab_type: Annotated[str | None, Parameter(help="company, open-science or academic.")] = None,
    stage: Annotated[str | None, Parameter(help="base (the default), instruct or reasoning.")] = None,
    harness: Annotated[str, Parameter(help="Who or what measured the scores.")] = "own",
    metric: Annotated[str | None, Parameter(help="Of all these scores; default: as studies ask of each.")] = None,
    shots: Annotated[str | None, Parameter(help="Examples in the prompt.")] = None,
    cot: Annotated[str | None, Parameter(help="Whether it thought aloud: true or false.")] = None,
    with_bundled: Annotated[
        bool, Parameter(negative="", help="Begin files that are not there with a copy of the bundled table.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add an LLM and its scores to a folder of tables, or further scores of one that is there.

    Everything is judged as `validate` judges before anything is written: both files, or neither.

    Parameters
    ----------
    llm : str
        Its name.
    scores : str
        BENCHMARK=SCORE, shares of the items.
    """
    if "=" in llm:
        raise InputError(f"add needs the name of the LLM before its scores; got '{llm}'.")
    from bayesdensity.data.adding import Llm
    from bayesdensity.data.adding import add as added
    from bayesdensity.render.sections import adding as section

    one = Llm(llm, params, active, released, organization, family, stage, lab_type)
    protocol = {"metric": metric, "shots": shots, "cot": cot}
    found = added(
        data,
        one,
        scores_of(scores),
        source=source,
        harness=harness,
        protocol={name: value for name, value in protocol.items() if value is not None},
        with_bundled=with_bundled,
    )
    show(section, found, as_json=as_json)


@judging
def update(
    path: Path,
    *,
    data: Annotated[Path, Parameter(help="Folder of your tables.")],
    output: Annotated[
        Path | None, Parameter(name=("-o", "--output"), help="File to write a new fit to, if one is made.")
    ] = None,
    refit: Annotated[
        Literal["auto", "never", "always"],
        Parameter(help="Sample anew where weights cannot be trusted, never, or whenever the data differ."),
    ] = "auto",
    log: Annotated[Path | None, Parameter(help="CSV file that the headline is added to, a line a run.")] = None,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Say what a fit says with what its tables have gained: by weights if they can be trusted, else by a new fit.

    New LLMs weigh the draws of the fit by how well each predicts their scores, which takes seconds. Where the weights
    cannot be trusted, or scores that the fit has were changed, the study of the fit is sampled anew. Only a new fit is
    written: weights say nothing new of what single LLMs have of their own.

    Parameters
    ----------
    path : Path
        A file that `fit` wrote, or a posterior of the package.
    """
    check_fit_files(path)
    check_data(data)
    if output is not None:
        check_output(output)
    if log is not None:
        writable(log)
        headline_header(log)
    from bayesdensity.checks import checks_of
    from bayesdensity.evaluation.updating import update as updated
    from bayesdensity.render.sections import updating as section

    loaded = read(path)
    command = command_line("update", path, {"--data": data, "-o": output, "--refit": refit})

    def again(study: Study, tables: Tables) -> Fit:
        return _again(loaded.noted(command=command), output, study, tables)

    found = updated(loaded, tables_of(data), refit=refit, ci=ci, again=again)
    show(section, found, as_json=as_json)
    if output is not None and found.again is None:
        say(f"{output}: not written, for no new fit was made; {path} stands.")
    if log is not None and found.trusted:
        log_headline(log, section.log_row(found))
    return exit_status([*checks_of(found.again or loaded), section.check(found)])


def _again(former: Fit, output: Path | None, study: Study, tables: Tables) -> Fit:
    """The study of a fit sampled anew, checked, and written if it is to be kept."""
    from bayesdensity.base.progress import reporting
    from bayesdensity.checks import checked
    from bayesdensity.evaluation.updating import settings_of
    from bayesdensity.inference.drawing import fit as run

    settings = settings_of(former)
    say("sampling anew" if output is not None else "sampling anew; the new fit is not kept without -o")
    chains = settings.pop("chains", CHAINS)
    counts = {"draws": settings.pop("draws", DRAWS), "tune": settings.pop("tune", TUNE)}
    with reporting(chains, **counts) as report:
        new = run(study, tables, chains=chains, progress=report.chains, stage=report.stage, **counts, **settings)
    if output is None:
        return checked(new)
    new = new.noted(command=former.about["command"])
    with kept(new, output.with_name(f"{output.stem}-unchecked.nc")):
        say("checking")
        new = checked(new)
        new.save(output)
    say(f"wrote {output}")
    return new


def headline_header(log: Path) -> None:
    """Refuse a file that is no changelog of the headline."""
    from bayesdensity.render.sections.updating import LOG

    first = log.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip() if log.exists() else ""
    if first and first != ",".join(LOG):
        raise InputError(f"--log {log}: is another file: its first line is not {','.join(LOG)}.")


def log_headline(log: Path, row: list[str]) -> None:
    """Add a line to the changelog of the headline, under its header."""
    from bayesdensity.render.sections.updating import LOG

    with alone(log) as file:
        file.seek(0)
        lines = [row] if file.read(1) else [list(LOG), row]
        append(file, log, "".join(",".join(line) + "\n" for line in lines).encode())

"""Commands that keep a registry: add to its tables, and bring a fit up to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.cli.common import app, show
from bayesdensity.cli.options import AsJson, Day, Params
from bayesdensity.cli.placing import scores_of


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

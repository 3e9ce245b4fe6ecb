"""The command that places models by their scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from bayesdensity.base.errors import InputError
from bayesdensity.base.written import number_of
from bayesdensity.cli.common import check_fit_files, exit_status, judging, show, tell_shipped
from bayesdensity.cli.options import AsJson, Ci, Day, Params, Tokens
from bayesdensity.cli.surroundings import put

if TYPE_CHECKING:
    from bayesdensity.evaluation.placing import Model

DEFAULT = Path("densing-law")
"""The posterior that comes with the package."""


@judging
def place(
    *scores: str,
    params: Params = None,
    active: Annotated[Params, Parameter(help="Active parameters, of a mixture of experts.")] = None,
    released: Annotated[Day, Parameter(help="Date of its release; default: today.")] = None,
    tokens: Annotated[Tokens, Parameter(help="Training tokens, where the fit has them as a covariate.")] = None,
    family: Annotated[str | None, Parameter(help="A family of the fit that it belongs to.")] = None,
    harness: Annotated[str | None, Parameter(help="A harness of the fit that measured it.")] = None,
    models: Annotated[Path | None, Parameter(name="--csv", help="Table of models to place, one a row.")] = None,
    fit: Annotated[Path, Parameter(help="A file that `fit` wrote, or a posterior of the package.")] = DEFAULT,
    ci: Ci = 0.9,
    as_json: AsJson = False,
) -> int:
    """Place a model by its scores, in a moment: density, effective size, and the frontier of its day.

    Without sampling: from the posterior of a fit, with what is the model's own integrated out. A table of models has
    the columns llm, params_total, and of benchmarks; params_active, train_tokens, release_date, family and harness if
    known. Its answer is CSV on standard output.

    Parameters
    ----------
    scores : str
        BENCHMARK=SCORE, shares of the items.
    """
    check_fit_files(fit)
    asked = dict[str, Any]()
    if models is None:
        if params is None:
            raise InputError("place needs --params, the parameters of the model, for example --params 8.2e9.")
        single = {"active": active, "released": released, "family": family, "harness": harness, "tokens": tokens}
        asked = {"scores": scores_of(scores), "params": params, **single}
    elif scores or params or active or released or family or tokens:
        raise InputError("--csv gives scores, sizes, dates and families; leave out those of a single model.")
    from bayesdensity.checks import checks_of
    from bayesdensity.evaluation.model_table import read_models
    from bayesdensity.evaluation.placing import Model, place_all
    from bayesdensity.inference.result import load_fit
    from bayesdensity.render.sections import placing as section

    loaded = load_fit(fit)
    todo: list[Model] = read_models(models, loaded, harness) if models else [Model(**asked)]
    found = place_all(loaded, todo, ci)
    if models and not as_json:
        put(section.table(found).csv(), end="")
    else:
        show(section, found, as_json=as_json)
    tell_shipped(fit)
    return exit_status(checks_of(loaded))


def scores_of(given: tuple[str, ...]) -> dict[str, float]:
    """Scores by benchmark, of texts such as MMLU=0.769."""
    found = dict[str, float]()
    for text in given:
        name, equals, value = text.partition("=")
        score = number_of(value)
        if not equals or not name or score is None:
            percent = number_of(value[:-1]) if value.endswith("%") else None
            unit = "" if percent is None else f" A per cent? Write {name}={percent / 100:g}."
            raise InputError(f"'{text}' is no score; write BENCHMARK=SCORE, for example MMLU=0.769.{unit}")
        if name in found:
            raise InputError(f"{name} is given twice; average its scores, or leave one out.")
        found[name] = score
    return found

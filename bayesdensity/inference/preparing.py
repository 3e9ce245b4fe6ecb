"""A study made ready to be sampled: its data selected and joined, its model compiled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.join import assemble
from bayesdensity.data.masks import targets_only
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.compiling import Compiler, Part, compile_study, same_places, share_code
from bayesdensity.inference.result import Fit
from bayesdensity.inference.sampling import Ready, versions, with_data
from bayesdensity.inference.stages import PASSED, passed_on
from bayesdensity.study.spec import Study

OF_THE_DATA = (
    *("digest", "fingerprint", "tables_digest", "tables_date", "part"),
    *("n_llms", "n_scores", "n_runs", "n_left_out"),
)
"""What a fit knows of its study and tables, as opposed to its sampler."""


@dataclass(frozen=True, eq=False)
class Prepared(Ready[Study]):
    """A study, and its data as `bayesdensity.data.join.assemble` makes them.

    Attributes
    ----------
    alone : Prepared, optional
        Where the reference is fitted alone before: the joint study, with all its data.
    reference : xarray.Dataset, optional
        Where it was fitted alone already: what it passes on, as `bayesdensity.inference.stages.passed_on` gives it.
    """

    alone: Prepared | None = None
    reference: xr.Dataset | None = None

    @property
    def whole(self) -> xr.Dataset:
        """All data, with those of a reference that is fitted alone."""
        return self.data if self.alone is None else self.alone.data


def prepare(
    study: Study,
    tables: Tables | None = None,
    *,
    part: Part = "joint",
    stage: Callable[[str], None] | None = None,
    like: Prepared | None = None,
    compiler: Compiler | None = None,
) -> Prepared:
    """Select and join the data of a study and compile its model.

    Parameters
    ----------
    study, tables, part, stage
        As for `fit`.
    like : Prepared, optional
        Another study made ready, whose compiled model is used again where only values of the data differ.
    compiler : callable, optional
        Compiles the model; None: `bayesdensity.inference.compiling.compile_study`.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If the study and the tables do not fit together, or the reference alone is asked for and has no losses.
    UnidentifiedError
        If nothing is left to infer from.
    """
    if part not in ("joint", "reference"):
        raise InputError(one_of(part, ("joint", "reference"), "part"))
    if part == "reference":
        require_ladder(study)
    start = time.monotonic()
    tables = tables or read_tables()
    selection = select(study, tables)
    data = assemble(study, selection)
    names = {"digest": study.digest, "fingerprint": study.fingerprint, "tables_digest": tables.digest}
    about = {**names, "tables_date": tables.date, "part": part, **_counts(selection, data)}
    if like is not None and like.about["part"] == part and _serves(like, study, data):
        compiled = with_data(like.compiled, data)
        return replace(like, study=study, data=data, about=like.about | about, compiled=compiled, seconds=0.0)
    if stage is not None:
        stage("compile")
    prepared = prepare_data(study, data, about, compiler)
    return replace(prepared, seconds=time.monotonic() - start)


def prepare_again(fit: Fit) -> Prepared:
    """Compile the model of a fit, to sample it on other scores of its targets.

    Where the reference was fitted alone, these cannot change what it passed on, which the draws of the fit hold.
    """
    staged = fit.study.reference.inference != "joint" and fit.about["part"] == "joint"
    return prepare_data(fit.study, fit.data, fit.about, reference=passed_on(fit.posterior) if staged else None)


def prepare_data(
    study: Study,
    data: xr.Dataset,
    about: dict[str, Any],
    compiler: Compiler | None = None,
    reference: xr.Dataset | None = None,
) -> Prepared:
    """Compile the model of a study for data that are joined already.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    about : dict
        Where the data come from, as a fit of them says it.
    compiler : callable, optional
        As for `prepare`.
    reference : xarray.Dataset, optional
        What a reference that was fitted alone passes on; None: it is fitted.

    Returns
    -------
    Prepared
    """
    start = time.monotonic()
    about = {**{name: about.get(name, "") for name in OF_THE_DATA}, "versions": versions()}
    alone = None
    if study.reference.inference != "joint" and about["part"] == "joint":
        joint = study.model_copy(update={"reference": study.reference.model_copy(update={"inference": "joint"})})
        if reference is None:
            # A ladder has a model of its own, which is small; a family is what the joint model is without targets.
            part = "reference" if study.reference.kind == "ladder" else "joint"
            alone = prepare_data(joint, data, {**about, "part": part}, compiler)
        data = targets_only(data).assign({name: ("benchmark", np.ones(data.sizes["benchmark"])) for name in PASSED})
    compiled, kept = (compiler or compile_study)(study, data, about["part"])
    return Prepared(study, data, about, compiled, kept, time.monotonic() - start, alone, reference)


def require_ladder(study: Study) -> None:
    """Refuse a study whose reference has no losses."""
    if study.reference.kind != "ladder":
        raise InputError(f"the reference of '{study.name}' is a family and has no losses; use a study of a ladder.")


def _serves(prepared: Prepared, study: Study, data: xr.Dataset) -> bool:
    """Whether a compiled model is that of another study, given other values."""
    return share_code(prepared.study, study) and same_places(prepared.compiled, prepared.data, data)


def _counts(selection: Selection, data: xr.Dataset) -> dict[str, Any]:
    return {
        "n_llms": data.sizes["llm"],
        "n_scores": data.sizes["score"],
        "n_runs": len(selection.runs),
        "n_left_out": len(selection.left_out),
    }

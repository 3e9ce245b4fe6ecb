"""From a study and its data to a compiled model, and which other studies that model serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import xarray as xr

from bayesdensity.inference.sampling import compile_model, shared_names
from bayesdensity.study.spec import Study

Part = Literal["joint", "reference"]
Compiler = Callable[[Study, xr.Dataset, Part], tuple[Any, list[str]]]
"""Gives what the sampler needs, and the names of the variables that a fit keeps."""


def compile_study(study: Study, data: xr.Dataset, part: Part = "joint") -> tuple[Any, list[str]]:
    """Build the model of a study, or of its reference alone, and compile it: the `Compiler` of every fit.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    part : {"joint", "reference"}

    Returns
    -------
    compiled : object
        What the sampler needs.
    kept : list of str
        Names of the variables that a fit keeps.
    """
    from bayesdensity.model.build import build_model, build_reference

    return compile_model(build_model(study, data) if part == "joint" else build_reference(study, data))


def share_code(first: Study, second: Study) -> bool:
    """Whether two studies have the same compiled model for data in the same places, such as other sizes."""
    same = all(
        getattr(first, part) == getattr(second, part)
        for part in ("law", "frontier", "covariates", "priors", "reference")
    )
    # Of a ladder, and of a family at given tokens, sizes enter the compiled code; stages compile models of their own.
    reference = second.reference
    plain = reference.kind == "family" and reference.tokens is None and reference.inference == "joint"
    return same and plain and (first.llms.size == "inferred") == (second.llms.size == "inferred")


def same_places(compiled: Any, data: xr.Dataset, other: xr.Dataset) -> bool:
    """Whether two datasets differ only in values that the model compiled for the first takes as data.

    Parameters
    ----------
    compiled : Any
        Model compiled for the first dataset.
    data, other : xarray.Dataset
    """
    if set(data.variables) != set(other.variables):
        return False
    given = shared_names(compiled) | {"log_sparsity", "score_row", "covariate_mean", "covariate_offset"}
    attrs, other_attrs = ({**part.attrs, "log_size_centre": 0.0} for part in (data, other))
    # A label on the dim of LLMs, which the model does not read: as such it would be compared with every variable.
    ours, theirs = (part.drop_vars("architecture", errors="ignore") for part in (data, other))
    return attrs == other_attrs and all(ours[name].equals(theirs[name]) for name in ours.variables if name not in given)

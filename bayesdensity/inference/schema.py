"""What the file of a fit must hold: what it says of itself, variables with their dims, draws that are numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bayesdensity.base.written import day_of
from bayesdensity.data.names import LONGEST_NAME
from bayesdensity.data.variables import ATTRS, DIMS, VARIABLES
from bayesdensity.inference.convergence import Verdict
from bayesdensity.study.spec import FIRST_DAY, Study

SAMPLE = ("chain", "draw")
"""Dims of draws."""
Count = Annotated[int, Field(ge=0, strict=True)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Drawn = Annotated[int, Field(ge=1, strict=True)]
Counted = Count | Literal[""]
"""Empty where a fit was made of data alone, without tables."""


class Part(BaseModel):
    """A part of what a file says of itself; what later versions add is kept unread."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=True)


class Sampler(Part):
    """Settings of the sampler."""

    chains: Drawn
    draws: Drawn
    tune: Count


class Wall(Part):
    """Wall times."""

    compile: Seconds
    sample: Seconds


class Whole(Part):
    """A part to which nothing may be added."""

    model_config = ConfigDict(extra="forbid")


class Found(Whole):
    """One check, as it was stored."""

    name: str
    verdict: Verdict
    sentence: str
    remedy: str = ""
    figures: dict[str, float | None] = {}


class Judged(Whole):
    """Convergence, as it was stored."""

    max_rhat: float | None
    min_ess_bulk: float | None
    min_ess_tail: float | None
    min_bfmi: float | None
    deepest_trees: float | None
    divergences: Count
    stuck_chains: list[Count]
    worst: str
    verdict: Verdict
    sentence: str


class About(Part):
    """What a fit says of itself."""

    study: dict[str, Any]
    digest: str
    fingerprint: str = ""
    tables_digest: str
    tables_date: str = ""
    part: Literal["joint", "reference"]
    n_llms: Counted
    n_scores: Counted
    n_runs: Counted
    n_left_out: Counted = ""
    versions: dict[str, str]
    seed: Count
    sampler: Sampler
    wall_seconds: Wall
    checks: list[Found] = []
    command: str = ""
    diagnostics: Judged | None = None
    reference_alone: Judged | None = None


NEEDED = {
    **dict.fromkeys(("rate", "origin", "noise_scale"), SAMPLE),
    **dict.fromkeys(("level", "ceiling", "benchmark_slope", "overdispersion"), (*SAMPLE, "benchmark")),
    **dict.fromkeys(("cell_scatter", "harness_scale"), (*SAMPLE, "benchmark")),
    **dict.fromkeys(("link_level", "link_slope", "link_exponent"), (*SAMPLE, "benchmark")),
    **dict.fromkeys(("link_largest", "link_stretch"), (*SAMPLE, "benchmark")),
    "log_density_relative": (*SAMPLE, "llm"),
    "cell_departure": (*SAMPLE, "cell"),
    "harness_effect": (*SAMPLE, "harness"),
}
"""Draws that every joint fit has, with their dims; what a study adds to them is in `needed`."""
FARTHEST = 1e3
"""Size of what draws and data state as logarithms, logits or years; e to its power is no number."""
SCALES = (
    "link_slope",
    "noise_scale",
    "inefficiency_scale",
    "family_scale",
    "cell_scatter",
    "harness_scale",
    "overdispersion",
)
"""Draws that are not negative."""
RANGES = {
    **dict.fromkeys(("natural logarithm", "logit", "years"), (-FARTHEST, FARTHEST)),
    **dict.fromkeys(("share of the items", "yes or no", "0 or 1", ""), (0.0, 1.0)),
    **dict.fromkeys(("items", "1 / logit^2"), (0.0, np.inf)),
    "loss": (0.0, FARTHEST),
}
"""What variables of the data can be, by their unit."""
LAST_YEAR = 2100
STATS = ("logp", "diverging", "n_steps", "energy")
"""Of the sampler, that convergence is judged by."""
LATER = (
    *("architecture", "lab_type", "benchmark_group", "harness_name", "reach", "beyond_score", "score_beyond"),
    "reference_log_tokens",
    *("covariate", "covariate_name", "covariate_value", "covariate_in_cell", "covariate_mean", "covariate_offset"),
    *("covariate_grows", "covariate_departs", "covariate_against", "benchmark_published"),
)
"""Variables of the data that files of former versions lack, or those of most studies."""
ALSO_LATER = ("censored",)
MAY_BE_UNKNOWN = ("log_train_tokens", "covariate_value")
POSITION, DATE, NAMES = "position", "ISO date", ("name", "ISO date", "label")
POINTS = {"family_index": "family", "reference_family_index": "reference_family", "suite_index": "suite"}
"""Where positions point whose names do not end in the dim."""
ELSEWHERE = ("study", "digest", "fingerprint", "format")
"""What the sum over the rest leaves out: the fingerprint of the study is a sum itself, and a digest is made anew."""
REST = "about"


def told_faults(about: Any) -> Iterator[str]:
    """What is wrong with what a file says of itself."""
    try:
        About.model_validate(about)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        yield f"what it says of itself is not whole: {where}: {first['msg'].lower()}"


def needed(study: Study) -> dict[str, tuple[str, ...]]:
    """Draws that a joint fit of a study must have, with their dims."""
    form = study.frontier
    named = dict(NEEDED) | {name: SAMPLE for name in form.scales if name}
    if form.family_effects:
        named["family_effect"] = (*SAMPLE, "family")
    if form.trend == "quadratic":
        named["curvature"] = SAMPLE
    if study.covariates:
        named["covariate_effect"] = (*SAMPLE, "covariate")
    return named


def draw_faults(groups: Mapping[str, xr.Dataset], study: Study, part: str) -> Iterator[str]:
    """What is wrong with the draws of a fit and beside the data.

    Parameters
    ----------
    groups : mapping of xarray.Dataset
        By name, as a file of a fit has them.
    study : Study
    part : str
        Whether the fit is joint, or of the reference alone.
    """
    posterior, stats = groups["posterior"], groups["sample_stats"]
    for name, dims in (needed(study) if part == "joint" else {"ceiling": (*SAMPLE, "benchmark")}).items():
        if name not in posterior:
            yield f"draws of {name} are missing"
        elif posterior[name].dims != dims:
            yield f"draws of {name} have the dims {_listed(posterior[name].dims)}, not {_listed(dims)}"
    yield from (f"{name} of the sampler is missing" for name in STATS if name not in stats)
    sizes = groups["data"].sizes
    for group in (name for name in groups if name != "data"):
        for variable, values in groups[group].data_vars.items():
            if values.dims[:2] != SAMPLE:
                yield f"draws of {variable} do not begin with the dims chain, draw"
            elif values.dtype.kind not in "fiub":
                yield f"draws of {variable} are no numbers"
            elif group != "sample_stats" and not np.isfinite(values.to_numpy()).all():
                yield f"draws of {variable} are not finite"
            elif group == "posterior":
                yield from _far_draws(str(variable), values.to_numpy(), part)
        for dim, size in groups[group].sizes.items():
            if not size and dim in SAMPLE:
                yield "it holds no draws"
            if group != "alone" and dim in sizes and size != sizes[dim]:  # the reference alone had other harnesses
                yield f"{group} has {size} of {dim}, its data {sizes[dim]}"
    # Of a fit that is thinned the sampler still tells of every draw.
    if posterior.sizes["chain"] != stats.sizes["chain"] or posterior.sizes["draw"] > stats.sizes["draw"]:
        yield "posterior and sampler differ in their draws"
    for dim in set(posterior.coords) & set(groups["data"].coords):
        if not np.array_equal(posterior[dim].to_numpy(), groups["data"][dim].to_numpy()):
            yield f"posterior and data differ in their names of {dim}"


def _far_draws(name: str, values: np.ndarray, part: str) -> Iterator[str]:
    """Draws that no posterior has; that there are none is said elsewhere."""
    if not values.size:
        return
    if name in SCALES and (values.min() < 0 or (name == "noise_scale" and values.min() == 0)):
        yield f"draws of {name} are negative, or none"
    elif name == "ceiling" and not 0 < values.min() <= values.max() <= 1:
        yield "draws of ceiling are no share of the items"
    elif name in NEEDED and part == "joint" and np.abs(values).max(initial=0.0) > FARTHEST:
        yield f"draws of {name} are beyond {FARTHEST:g}"


def data_faults(data: xr.Dataset, part: str) -> Iterator[str]:
    """What is wrong with the data of a fit, against the table of variables."""
    yield from (f"attribute {name} of its data is missing" for name in ATTRS if name not in (*data.attrs, *ALSO_LATER))
    for name, value in data.attrs.items():
        if name in ATTRS and not isinstance(value, str if name == "loss_unit" else (int, float)):
            yield f"attribute {name} of its data is of another type"
        elif isinstance(value, float) and not np.isfinite(value):
            yield f"attribute {name} of its data is not finite"
        elif name == "n_target_cells" and not 0 <= value <= data.sizes.get("cell", 0):
            yield f"attribute {name} of its data is no number of its cells"
        elif name in ATTRS and name != "n_target_cells" and not isinstance(value, str) and abs(value) > FARTHEST:
            yield f"attribute {name} of its data is beyond {FARTHEST:g}"
    for name, stated in VARIABLES.items():
        if name not in data.variables:
            if part == "joint" and name not in LATER:
                yield f"{name} of its data is missing"
            continue
        values = data[name].to_numpy()
        if data[name].dims != stated.dims:
            yield f"{name} of its data has the dims {_listed(data[name].dims)}, not {_listed(stated.dims)}"
        elif not values.size:
            continue
        elif (values.dtype.kind in "OUST") != (stated.unit in NAMES):
            yield f"{name} of its data is of another type"
        elif stated.unit in NAMES:
            yield from _name_faults(name, values, stated.unit)
            if name in DIMS and stated.unit == "name" and len(np.unique(values)) < len(values):
                yield f"{name} of its data holds a name twice"
        elif name not in MAY_BE_UNKNOWN and not np.isfinite(values).all():
            yield f"{name} of its data is not finite"
        elif stated.unit == POSITION and not _points(data, name, values):
            yield f"{name} of its data points beyond what is there"
        elif stated.unit in RANGES and not _within(values, *RANGES[stated.unit]):
            low, high = RANGES[stated.unit]
            yield f"{name} of its data ({stated.unit or 'a share'}) is not between {low:g} and {high:g}"


def _name_faults(name: str, values: np.ndarray, unit: str) -> Iterator[str]:
    texts = list(map(str, values))
    try:
        "".join(texts).encode()
        days = [day_of(text) for text in texts] if unit == DATE else []
    except ValueError:
        days = [None]
    if not all(day is not None and FIRST_DAY.year <= day.year < LAST_YEAR for day in days):
        yield f"{name} of its data holds what is no {unit}"
    elif unit == "name" and max(map(len, texts)) > LONGEST_NAME:
        yield f"{name} of its data holds a name of more than {LONGEST_NAME} characters"


def _within(values: np.ndarray, low: float, high: float) -> bool:
    """Whether all values that are known lie between two others."""
    known = values[~np.isnan(values.astype(float))]
    return bool(((known >= low) & (known <= high)).all())


def _points(data: xr.Dataset, name: str, values: np.ndarray) -> bool:
    """Whether positions lie in the dim they point into."""
    if values.dtype.kind not in "iu":
        return False
    if name == "cell_entity":
        last = data.sizes.get("llm", 0) + data.sizes.get("reference", 0)
    else:
        last = data.sizes.get(POINTS.get(name, name.rpartition("_")[2]), 0)
    return bool((values >= 0).all() and (values < last).all())


def sums(groups: Mapping[str, xr.Dataset], attrs: str, about: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of what a file holds: of every variable, of the attributes of its data, of what it says of itself.

    Parameters
    ----------
    groups : mapping of xarray.Dataset
        By name, as a file of a fit has them.
    attrs : str
        Attributes of the data, as JSON.
    about : mapping
        What a file says of itself.
    """
    found = {
        f"{group}/{name}": _sum(values) for group, data in groups.items() for name, values in data.variables.items()
    }
    rest = {name: value for name, value in about.items() if name not in ELSEWHERE}
    found[REST] = _short(attrs.encode() + json.dumps(rest, sort_keys=True).encode())
    return found


def sum_faults(stated: Any, found: Mapping[str, str]) -> Iterator[str]:
    """Where the sums in a file are not those of what it holds; files of former versions have none."""
    if not isinstance(stated, dict):
        yield "its checksums are missing"
        return
    for name in sorted({*stated, *found}):
        if stated.get(name) != found.get(name):
            what = "what it says of itself" if name == REST else name
            yield f"{what} {'differs from its checksum' if name in found else 'is missing'}"


def _sum(values: xr.Variable) -> str:
    """Over name and size of the dims and all values; text and numbers of no size have no type that files keep."""
    array, head = values.to_numpy(), repr((values.dims, values.shape)).encode()
    if not array.size:
        return _short(head)
    if array.dtype.kind in "OUST":
        return _short(head + json.dumps([str(one) for one in array.ravel()]).encode())
    return _short(head + array.dtype.str.encode(), np.ascontiguousarray(array))


def _short(*parts: bytes | np.ndarray) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]


def _listed(dims: tuple[Any, ...]) -> str:
    return ", ".join(map(str, dims)) or "none"

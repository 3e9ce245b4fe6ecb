"""A grid of study variants: axes of choices, and the studies that they make of one study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import isfinite, prod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.part import Part, Prose, Title
from bayesdensity.base.prior import Prior
from bayesdensity.study.load import find_file, load_study, models_dir, read_toml, replaced
from bayesdensity.study.spec import Study
from bayesdensity.study.validating import faults_of, validated

Design = Literal["one", "pairs", "full"]
DEFAULT = "default"
"""Key of the study itself."""
MOST = 100_000
"""Variants of a full design beyond which a request is refused."""


WIDEST = 100.0
"""Factor beyond which no interval of a prior is widened."""
Width = Annotated[float, Field(gt=0, le=WIDEST, strict=True)]


class Axis(Part):
    """One choice of a study, and the ways in which it may be made."""

    why: Prose
    default: str = "as in the study"
    """Name of the study's own choice, where it is none of `choices`."""
    choices: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By name, dotted keys of the study and their values. Three keys are the grid's own: ``study`` takes another study
    instead, ``without_benchmark`` leaves one out, ``prior_width`` multiplies the intervals of all priors."""
    each: Literal["benchmark"] | None = None
    """Choices made of the study: each of its benchmarks left out."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if bool(self.choices) == bool(self.each):
            raise ValueError("an axis has either 'choices' or 'each'")
        for label, settings in self.choices.items():
            if not settings:
                raise ValueError(f"choice '{label}' changes nothing")
            for key, value in settings.items():
                _refuse_own(label, key, value)
        return self


def _refuse_own(label: str, key: str, value: Any) -> None:
    """Refuse what a key of the grid's own cannot be."""
    if key in ("study", "without_benchmark") and not (isinstance(value, str) and value.strip()):
        raise ValueError(f"choice '{label}': {key} must be a name; got {value!r}")
    if key == "prior_width":
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if not number or not 0 < value <= WIDEST:
            raise ValueError(f"choice '{label}': prior_width must be a positive number up to {WIDEST:g}; got {value!r}")


class Grid(Part):
    """Axes of choices, by name."""

    name: str
    title: Title
    axes: dict[str, Axis] = Field(min_length=1)
    prior_widths: tuple[Width, ...] = ()
    """Factors that each prior alone is widened by, beside the axes."""


@dataclass(frozen=True)
class Variant:
    """A study that differs from another in some choices."""

    key: str
    """Its choices as words; "default" for the study itself."""
    choices: Mapping[str, str]
    """Name of the choice on each axis."""
    study: Study

    @property
    def digest(self) -> str:
        """Of its study."""
        return self.study.digest


@dataclass(frozen=True)
class Multiverse:
    """A study with its variants.

    Attributes
    ----------
    study : Study
    grid : Grid
    labels : dict
        The study's own choice on each axis.
    variants : tuple of Variant
        The study itself first; no two of them are the same study.
    impossible : dict
        By key of a variant that is no valid study, why.
    """

    study: Study
    grid: Grid
    labels: dict[str, str]
    variants: tuple[Variant, ...]
    impossible: dict[str, str]


def load_grid(name: str | Path, only: Sequence[str] = (), vary: Mapping[str, Any] | None = None) -> Grid:
    """Load a grid by its shipped name or from a TOML file.

    Parameters
    ----------
    name : str or Path
        Of a shipped grid, or the path of a `.toml` file.
    only : sequence of str
        Axes to keep; empty: all.
    vary : mapping, optional
        Further axes of one choice each: dotted keys of the study and their values.

    Returns
    -------
    Grid

    Raises
    ------
    InputError
        If there is no such grid or axis, or the file has unknown keys or impossible values; all are listed at once.
    """
    path = find_file(name, models_dir() / "grids", "grid")
    grid = validated(Grid, path, {"name": path.stem, **read_toml(path)})
    for axis in only:
        if axis not in grid.axes:
            raise InputError(f"{path.name}: {one_of(axis, grid.axes, 'axis')}")
    axes = {axis: one for axis, one in grid.axes.items() if not only or axis in only}
    for key, value in (vary or {}).items():
        axes[key] = Axis(why="varied on request", choices={f"{value}": {key: value}})
    return grid.model_copy(update={"axes": axes})


def multiverse(
    study: Study, grid: Grid, overrides: Mapping[str, Any] | None = None, design: Design = "one"
) -> Multiverse:
    """Make the variants of a study.

    Parameters
    ----------
    study : Study
    grid : Grid
    overrides : mapping, optional
        What was replaced in the study, to replace it in another study that a choice takes instead.
    design : {"one", "pairs", "full"}
        One axis at a time; two at a time as well; or every combination.

    Returns
    -------
    Multiverse

    Raises
    ------
    InputError
        If a choice names a key that no study has.
    """
    options, labels = dict[str, dict[str, dict[str, Any]]](), dict[str, str]()
    impossible = dict[str, str]()
    for name, axis in grid.axes.items():
        choices = axis.choices or {f"without {one}": {"without_benchmark": one} for one in study.benchmarks}
        labels[name] = axis.default
        for label, settings in choices.items():
            try:
                made = _made(study, [settings], overrides)
            except InputError as error:
                impossible[f"{name}: {label}"] = str(error)
                continue
            if made.digest == study.digest:
                labels[name] = label
            else:
                options.setdefault(name, {})[label] = settings
    sets = list(_combined(options, design))
    found = {study.digest: Variant(DEFAULT, labels, study)}
    for chosen in sets:
        key = ", ".join(f"{name}: {label}" for name, label in chosen.items())
        try:
            made = _made(study, [options[name][label] for name, label in chosen.items()], overrides)
        except InputError as error:
            impossible[key] = str(error)
            continue
        found.setdefault(made.digest, Variant(key, {**labels, **chosen}, made))
    return Multiverse(study, grid, labels, tuple(found.values()), impossible)


def with_prior(study: Study, name: str, prior: Prior) -> Study:
    """The study with one prior replaced.

    Parameters
    ----------
    study : Study
    name : str
        Of the prior.
    prior : Prior
        Takes its place.
    """
    return study.model_copy(update={"priors": study.priors.model_copy(update={name: prior})})


def _combined(options: Mapping[str, Mapping[str, Any]], design: Design) -> Iterator[dict[str, str]]:
    for name, choices in options.items():
        yield from ({name: label} for label in choices)
    if design == "pairs":
        for one, two in combinations(options, 2):
            yield from ({one: a, two: b} for a, b in product(options[one], options[two]))
    elif design == "full":
        count = prod(len(choices) + 1 for choices in options.values())
        if count > MOST:
            raise InputError(
                f"every combination of {len(options)} axes makes {count} variants; name fewer axes with --axis."
            )
        for labels in product(*([None, *choices] for choices in options.values())):
            chosen = {name: label for name, label in zip(options, labels, strict=True) if label is not None}
            if len(chosen) > 1:
                yield chosen


def _made(study: Study, settings: Sequence[Mapping[str, Any]], overrides: Mapping[str, Any] | None) -> Study:
    """The study with the settings of some choices, one after the other."""
    plain = [(key, value) for one in settings for key, value in one.items()]
    for key, value in plain:
        if key == "study":
            study = load_study(str(value), dict(overrides or {}))
    tree = study.model_dump(mode="json")
    for key, value in plain:
        if key == "without_benchmark":
            _leave_out(study, tree, str(value))
        elif key == "prior_width":
            for prior in tree["priors"]:
                tree["priors"][prior]["interval"] = _widened(study.priors[prior], float(value))
            for name, covariate in study.covariates.items():
                for part, stated in covariate.priors.items():
                    tree["covariates"][name][part]["interval"] = _widened(stated, float(value))
        elif key != "study":
            replaced(tree, {key: value})
    try:
        return Study.model_validate(tree)
    except ValidationError as error:
        raise InputError(faults_of(error)) from error


def _widened(prior: Prior, factor: float) -> tuple[float, float]:
    try:
        return prior.scaled(factor).interval
    except OverflowError as error:
        raise InputError(f"an interval {factor:g} times as wide as {list(prior.interval)} has no end.") from error


def _leave_out(study: Study, tree: dict[str, Any], benchmark: str) -> None:
    """Without a benchmark; as many of the others may lack a score as before."""
    if benchmark not in tree["benchmarks"]:
        raise InputError(one_of(benchmark, study.benchmarks, "benchmark"))
    del tree["benchmarks"][benchmark]
    gaps = len(study.benchmarks) - study.llms.min_benchmarks
    tree["llms"]["min_benchmarks"] = max(1, len(tree["benchmarks"]) - gaps)

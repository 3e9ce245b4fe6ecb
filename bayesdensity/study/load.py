"""Studies as files: TOML, what they extend, and what is set in them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.study.covariates import SIZE, chosen_covariates
from bayesdensity.study.protocols import CHANGES, chosen_benchmarks
from bayesdensity.study.spec import Study
from bayesdensity.study.validating import validated

BASE = "densing-law"
"""The shipped study that states every prior."""
NAMED = {"benchmarks", "covariates"}
"""Parts of a study whose parts may be taken by name."""


def models_dir() -> Path:
    """The folder of shipped studies: inside the wheel, or the repository's `models/` in an editable install."""
    package = Path(__file__).parent.parent
    packaged = package / "models"
    return packaged if packaged.is_dir() else package.parent / "models"


@cache
def shipped_protocols() -> dict[str, dict[str, Any]]:
    """Protocol of each benchmark that a study may name, as `bayesdensity.study.protocols` describes."""
    return read_toml(models_dir() / "protocols" / "benchmarks.toml")


@cache
def shipped_covariates() -> dict[str, dict[str, Any]]:
    """Covariates that a study may take by name, as `bayesdensity.study.covariates` describes."""
    return read_toml(models_dir() / "protocols" / "covariates.toml")


def study_names() -> list[str]:
    """Names of the shipped studies."""
    return _names_in(models_dir())


def _names_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_study(name: str | Path, overrides: dict[str, Any] | None = None) -> Study:
    """Load a study by its shipped name or from a TOML file.

    Parameters
    ----------
    name : str or Path
        A name that `study_names` lists, or the path of a `.toml` file.
    overrides : dict, optional
        Dotted keys and the values that replace them, e.g. ``{"frontier.trend": "linear"}``.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If there is no such study, or its file has unknown keys or impossible values; all are listed at once.

    Examples
    --------
    >>> load_study("densing-law").frontier.quantile
    0.95
    """
    path = find_file(name, models_dir(), "study")
    tree = replaced(_resolve(path, seen=()), overrides or {})
    return validated(Study, path, {"name": path.stem, **tree})


def of_former_version(tree: dict[str, Any]) -> dict[str, Any]:
    """A stored study as it is stated now, with the priors that came after it, which its model does not read."""
    stated = _resolve(models_dir() / f"{BASE}.toml", seen=())["priors"]
    priors, frontier = {**stated, **tree["priors"]}, dict(tree["frontier"])
    size = {"of": SIZE, "effect": priors.pop("size_effect", None)}
    if frontier.pop("size_effect", False):
        tree = {**tree, "covariates": {"size": size}}
    return {**tree, "priors": priors, "frontier": frontier}


def parse_setting(text: str, option: str = "--set") -> tuple[str, Any]:
    """Split ``key=value`` as given to an option; the value is read as JSON, or else as a string."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        example = "frontier.trend=linear" if option == "--set" else "tokens=20"
        raise InputError(f"{option} {text}: write key=value, e.g. {option} {example}.")
    try:
        return key.strip(), json.loads(value)
    except RecursionError as error:
        raise InputError(f"{option} {key.strip()}: the value is nested too deeply.") from error
    except ValueError:  # a text, or a number of thousands of digits
        return key.strip(), value.strip()


def find_file(name: str | Path, folder: Path, what: str) -> Path:
    """The file of a study or a grid, by its own path or by the name under which a folder ships it.

    Parameters
    ----------
    name : str or Path
        Path of a .toml file, or a name.
    folder : Path
        Where the files lie that are shipped under a name.
    what : str
        What the file describes, in a word.

    Raises
    ------
    InputError
        If there is no such file.
    """
    path = Path(name)
    if path.suffix == ".toml":
        if not path.is_file():
            raise InputError(f"{path}: no such {what} file.")
        return path
    shipped = folder / f"{name}.toml"
    if path.name != str(name) or not shipped.is_file():
        raise InputError(one_of(str(name), _names_in(folder), what) + " Or give the path of a .toml file.")
    return shipped


def read_toml(path: Path) -> dict[str, Any]:
    """What a file says, unless it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise InputError(f"{path.name}: not valid TOML: {error}.") from error
    except RecursionError as error:
        raise InputError(f"{path.name}: nested too deeply.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error


def _resolve(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise InputError(f"{path.name}: 'extends' goes round in a circle.")
    tree, base = read_toml(path), dict[str, Any]()
    parent = tree.pop("extends", None)
    if parent is not None:
        if not isinstance(parent, str) or Path(parent).name != parent:
            raise InputError(
                f"{path.name}: 'extends' = {parent!r}: give the name of a study, shipped or beside the file."
            )
        beside = path.parent / f"{parent}.toml"
        file = beside if beside.is_file() else find_file(parent, models_dir(), "study")
        base = _resolve(file, (*seen, path.resolve()))
        base.pop("name", None)
    for part in NAMED & tree.keys():
        try:
            base[part] = _chosen(part, tree.pop(part), base)
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from error
    return _merge(base, tree)


def _chosen(part: str, stated: Any, tree: Mapping[str, Any]) -> Any:
    """Benchmarks or covariates of a study that has those of a tree, but for what is stated of them."""
    inherited = tree.get(part, {})
    if part == "benchmarks":
        return chosen_benchmarks(stated, inherited, shipped_protocols())
    return chosen_covariates(stated, inherited, shipped_covariates())


def _merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key."""
    merged = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def replaced(tree: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with the values at dotted keys replaced; benchmarks and covariates may be named as in a file."""
    for key, value in overrides.items():
        first, *rest = key.split(".")
        if first in NAMED and (not rest or rest[0] in CHANGES):
            change: dict[str, Any] = {}
            _set(change, key, value)
            tree[first] = _chosen(first, change[first], tree)
        else:
            _set(tree, key, value)
    return tree


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
        if not isinstance(tree, dict):
            raise InputError(f"--set {key}: '{parent}' is a single value, it has no '{last}'.")
    tree[last] = value

"""Whatever a study file states is a study or one sentence; order and prose of a file are nothing to its digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayesdensity.base.errors import InputError
from bayesdensity.study.load import load_study, models_dir, read_toml, study_names
from bayesdensity.study.spec import Study

some = settings(
    max_examples=settings.default.max_examples // 3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORDS = st.sampled_from(
    [
        *("", "nan", "linear", "total", "MMLU", "Qwen1.5", "2024-07-01", "9999-12-31", "../x", "a\x1b[31m", "\u200b"),
        *("densing-law", "[", '"', "x" * 300, "\u0660", "true"),
    ]
)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def keys(tree: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place of a study."""
    for name, value in tree.items():
        yield (*at, name)
        if isinstance(value, dict):
            yield from keys(value, (*at, name))


BASE = json.loads(load_study("densing-law").model_dump_json())
PLACES = sorted(keys(BASE))


def toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(name)} = {toml(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in value) + '"'
    return repr(value)


@some
@given(place=st.sampled_from(PLACES), value=VALUES, more=st.dictionaries(WORDS, VALUES, max_size=1))
def test_a_value_anywhere_makes_a_study_or_one_sentence(
    tmp_path: Path, place: tuple[str, ...], value: Any, more: dict[str, Any]
) -> None:
    for part in reversed(place[1:]):
        value = {part: value}
    stated = {place[0]: value, **{name: one for name, one in more.items() if name != place[0]}}
    path = tmp_path / "mine.toml"
    lines = [f"{toml(name)} = {toml(one)}" for name, one in {"extends": "densing-law", **stated}.items()]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        study = load_study(path)
    except InputError as error:
        assert "\n" not in str(error)
        return
    again = Study.model_validate_json(study.model_dump_json())
    assert (again, again.digest, again.fingerprint) == (study, study.digest, study.fingerprint)


def turned(tree: Any, order: st.DataObject) -> Any:
    """A tree with the keys of its tables in another order; that of benchmarks is one of the model."""
    if not isinstance(tree, dict):
        return tree
    names = order.draw(st.permutations(list(tree)))
    return {name: tree[name] if name == "benchmarks" else turned(tree[name], order) for name in names}


@settings(some, max_examples=settings.default.max_examples // 10)
@given(name=st.sampled_from(study_names()), order=st.data(), prose=st.text("ab .", max_size=20).map("a".__add__))
def test_neither_order_nor_prose_of_a_file_changes_the_digest(
    tmp_path: Path, name: str, order: st.DataObject, prose: str
) -> None:
    tree, study = read_toml(models_dir() / f"{name}.toml"), load_study(name)
    path = tmp_path / f"{name}.toml"

    def written(tree: dict[str, Any]) -> Study:
        path.write_text(
            "\n".join(f"{toml(key)} = {toml(json.loads(json.dumps(one, default=str)))}" for key, one in tree.items())
        )
        return load_study(path)

    same = written(turned({**tree, "extends": tree["extends"]} if "extends" in tree else tree, order))
    assert (same.digest, same.fingerprint) == (study.digest, study.fingerprint)
    reworded = written({**tree, "title": prose, "why": prose})
    assert reworded.digest == study.digest and reworded.fingerprint != study.fingerprint


@pytest.mark.parametrize("name", study_names())
def test_a_shipped_study_survives_its_json(name: str) -> None:
    study = load_study(name)
    assert Study.model_validate_json(study.model_dump_json()) == study

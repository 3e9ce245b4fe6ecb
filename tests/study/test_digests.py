"""A digest changes with what a model reads and with nothing else; a fingerprint changes with every word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, create_model

from bayesdensity.study.digests import digest_of, what_is_read
from bayesdensity.study.law_spec import LawStudy, law_study
from bayesdensity.study.load import load_study, models_dir, study_names
from bayesdensity.study.prior_use import priors_used
from bayesdensity.study.spec import LlmRules, Study

Path_ = tuple[str | int, ...]
TWELVE = re.compile("[0-9a-f]{12}")
OTHERS: dict[str, Any] = {
    "modes": "each",
    "released_from": "2023-03-01",
    "released_to": "2026-01-01",
    "size": "active",
    "kind": "ladder",
    "form": "symmetric",
    "one_sided": "both",
    "trend": "random-walk",
    "break_date": "2024-09-12",
    "dispersion": "constant",
    "map_from": "score_multiple_choice",
    "cot": ["unknown"],
    "floor": 0.17,
    "min_benchmarks": 1,
    "lab_types": ["company"],
    "groups": "organization",
    "beyond": "trusted",
    "noise_df": 7.0,
    "quantile": 0.9,
    "tokens": 2e12,
    "inference": "cut",
    "interval": [0.21, 0.43],
    "loss_suites": ["x"],  # a family at given tokens has one
}
"""Another value of each field that takes not any."""


def leaves(tree: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value of a study's JSON, with the keys that lead to it."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*at, key))
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for k, value in enumerate(tree):
            yield from leaves(value, (*at, k))
    else:
        yield at, tree


def with_value(tree: Any, path: Path_, value: Any) -> Any:
    """A copy of a study's JSON with another value at one place."""
    changed = json.loads(json.dumps(tree))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    if path[-1] == "shape":
        holder |= {"interval": [0.21, 0.43], "none": 0.0}
    return changed


def another(path: Path_, value: Any) -> Any:
    """A value that a field may have and has not."""
    name = path[-1]
    if name == "shape":
        return "lognormal" if value == "normal" else "normal"
    if name == "none":
        return 0.31
    if name == "interval" and value[0] == 0:
        return [0.0, 0.43]
    if name in OTHERS and value != OTHERS[str(name)]:
        return OTHERS[str(name)]
    if path == ("law", "name"):
        return "densing" if value == "chinchilla" else "chinchilla"
    if name == "inference":
        return "plug-in"
    if name == "map_from":
        return "score"
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, {"name": "x", "why": "y"} if "exclude" in str(name) and "flags" not in str(name) else "x"]
    return f"{value}x"


def is_prose(path: Path_) -> bool:
    return path[-1] == "why" or path in {("name",), ("title",)}


def is_of_another_shape(path: Path_, value: Any) -> bool:
    """Only a share that may be none has a probability of none."""
    return path[-1] == "none" and not value


def is_unused_prior(study: Study, path: Path_) -> bool:
    return path[0] == "priors" and path[1] not in priors_used(study)


def varied(name: str) -> Study:
    """A study with a value in every field that a default leaves empty."""
    exclude = [{"name": "x", "why": "y"}]
    family = {"reference.suite": "olmo-ladder", "reference.tokens": 1e12}
    first = next(iter(load_study(name).benchmarks))
    return load_study(
        name,
        {
            "frontier.trend": "change-point",
            "llms.exclude": exclude,
            "scores.exclude_harnesses": exclude,
            "reference.exclude": exclude,
            f"benchmarks.{first}.exclude_harnesses": exclude,
            **(family if name == "densing-law" else {}),
        },
    )


@pytest.mark.parametrize("name", ["densing-law", "olmo-ladder"])
def test_every_value_that_the_model_reads_changes_the_digest(name: str) -> None:
    study = varied(name)
    tree, digests = study.model_dump(mode="json"), {study.digest}
    for path, value in leaves(tree):
        skipped = is_prose(path) or is_unused_prior(study, path) or is_of_another_shape(path, value)
        if skipped or (name == "olmo-ladder" and path[-1] in ("kind", "family")):
            continue
        changed = Study.model_validate(with_value(tree, path, another(path, value)))
        assert changed.digest not in digests, path
        digests.add(changed.digest)


@pytest.mark.parametrize("name", study_names())
def test_rewording_changes_no_digest_and_every_fingerprint(name: str) -> None:
    study = varied(name)
    tree = study.model_dump(mode="json")
    reworded = [path for path, _ in leaves(tree) if is_prose(path)]
    assert {("why",), ("priors", "rate", "why"), ("llms", "exclude", 0, "why")} <= {*reworded}
    for path in reworded:
        changed = Study.model_validate(with_value(tree, path, "said in other words"))
        assert changed.digest == study.digest and changed.fingerprint != study.fingerprint, path


@pytest.mark.parametrize("name", study_names())
def test_a_prior_that_a_study_does_not_use_changes_no_digest(name: str) -> None:
    study = load_study(name)
    unused = sorted({*type(study.priors).model_fields} - priors_used(study))
    assert unused
    for prior in unused:
        other = load_study(name, {f"priors.{prior}.interval": [0.2, 0.21]})
        assert other.digest == study.digest and other.fingerprint != study.fingerprint, prior


def test_what_stands_at_its_default_changes_no_digest() -> None:
    study = load_study("densing-law")
    for key, value in {
        "llms.size": "total",
        "llms.released_to": None,
        "llms.lab_types": ["unknown", "academic", "company", "open-science"],
        "frontier.break_date": None,
        "frontier.one_sided": "llm",
        "reference.inference": "joint",
        "benchmarks.MMLU.map_from": "score",
        "scores.exclude_harnesses": [],
    }.items():
        assert load_study("densing-law", {key: value}).digest == study.digest, key


def test_a_new_field_with_a_default_changes_no_digest() -> None:
    """A later version whose rules know one thing more, of which a study says nothing."""
    rules = load_study("densing-law").llms
    later = create_model("Later", __base__=LlmRules, licence=(str, Field(default="any")))
    same, other = later(**rules.model_dump()), later(**rules.model_dump(), licence="apache-2.0")
    assert what_is_read(same) == what_is_read(rules) != what_is_read(other)


def test_the_order_of_tables_and_of_names_changes_no_digest() -> None:
    study = load_study("olmo-ladder")

    def reordered(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: reordered(tree[key]) for key in reversed(tree)}
        if isinstance(tree, list) and not any(isinstance(part, float) for part in tree):
            return [reordered(part) for part in reversed(tree)]
        return tree

    other = Study.model_validate(reordered(study.model_dump(mode="json")))
    assert list(other.benchmarks) == [*reversed(study.benchmarks)]
    assert other.digest == study.digest and other.fingerprint != study.fingerprint


def test_equal_content_has_an_equal_digest_wherever_it_comes_from(tmp_path: Path) -> None:
    study, copy = load_study("densing-law"), tmp_path / "densing-law.toml"
    copy.write_text((models_dir() / "densing-law.toml").read_text("utf-8") + "\n# a remark\n", encoding="utf-8")
    again = Study.model_validate(json.loads(study.model_dump_json()))
    given = load_study("densing-law", {"frontier.quantile": 0.95})
    for other in (load_study(copy), again, given):
        assert (other.digest, other.fingerprint) == (study.digest, study.fingerprint)
    assert TWELVE.fullmatch(study.digest) and TWELVE.fullmatch(study.fingerprint)


def test_the_digest_of_a_law_is_of_what_its_model_reads() -> None:
    study = law_study("chinchilla")
    tree = study.model_dump(mode="json")
    digests = {study.digest}
    for path, value in leaves(tree):
        if path[0] in ("law", "slow", "noise", "pool", "map_from") or is_of_another_shape(path, value):
            continue
        changed = LawStudy.model_validate(with_value(tree, path, another(path, value)))
        if is_prose(path):
            assert changed.digest == study.digest and changed.fingerprint != study.fingerprint, path
        else:
            assert changed.digest not in digests, path
            digests.add(changed.digest)


def test_the_ends_of_an_interval_keep_their_order() -> None:
    assert digest_of(what_is_read((0.1, 0.2))) != digest_of(what_is_read((0.2, 0.1)))

"""Covariates as studies state them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.study.covariates import Covariate
from bayesdensity.study.load import load_study, of_former_version, shipped_covariates
from bayesdensity.study.spec import Study

NORMAL = {"shape": "normal", "interval": [-1, 1], "why": "to test"}
SPREAD = {"shape": "lognormal", "interval": [0.1, 1], "why": "to test"}


def study_of(folder: Path, text: str, extends: str = "densing-law", name: str = "mine") -> Study:
    path = folder / f"{name}.toml"
    path.write_text(f'extends = "{extends}"\n{text}\n', encoding="utf-8")
    return load_study(path)


@pytest.mark.parametrize("name", shipped_covariates())
def test_a_shipped_covariate_is_whole(name: str) -> None:
    one = Covariate.model_validate(shipped_covariates()[name])
    assert all(len(prior.why) > 20 for prior in one.priors.values())


def test_a_list_is_exactly_these_and_a_table_is_beside_those_inherited(tmp_path: Path) -> None:
    study_of(tmp_path, 'covariates = ["tokens", "size"]', name="parent")
    child = study_of(tmp_path, "[covariates.tokens]\ncentre = 100\n[covariates.sparsity]\n", "parent", "child")
    assert list(child.covariates) == ["tokens", "size", "sparsity"]
    assert child.covariates["tokens"].centre == 100
    assert child.covariates["tokens"].effect.interval == tuple(shipped_covariates()["tokens"]["effect"]["interval"])
    assert list(study_of(tmp_path, 'covariates = ["stage"]', "child", "again").covariates) == ["stage"]
    assert study_of(tmp_path, "covariates = []", "child", "none").covariates == {}


def test_none_of_them_leaves_the_digest_as_it_was() -> None:
    plain = load_study("densing-law")
    assert load_study("densing-law", {"covariates": []}).digest == plain.digest
    assert load_study("densing-law", {"covariates": ["tokens"]}).digest != plain.digest


def test_what_is_read_changes_the_digest_and_reasons_do_not() -> None:
    one, other = (load_study("densing-law", {"covariates": ["tokens"]}) for _ in range(2))
    tree = other.model_dump()
    tree["covariates"]["tokens"]["effect"]["why"] = "another"
    assert Study.model_validate(tree).digest == one.digest
    tree["covariates"]["tokens"]["centre"] = 20.0
    assert Study.model_validate(tree).digest != one.digest


REFUSED: dict[str, tuple[Any, str]] = {
    "nobody knows it": (["token"], "there is no covariate 'token'.*table \\[covariates.token\\]"),
    "one name twice": (["tokens", "tokens"], "covariates: 'tokens' is named twice"),
    "one thing twice": (["size", "pace-by-size"], "state each 'of' once"),
    "no effect": ({"x": {"of": "stage"}}, "missing key 'covariates.x.effect'"),
    "a spread for an effect": ({"x": {"of": "stage", "effect": SPREAD}}, "its prior is normal, not lognormal"),
    "an effect for a spread": (
        {"x": {"of": "stage", "effect": NORMAL, "between_benchmarks": NORMAL}},
        "is a spread: lognormal, not normal",
    ),
    "age that grows": (
        {"x": {"of": "log_benchmark_age", "effect": NORMAL, "growth": NORMAL}},
        "grows with time itself",
    ),
    "a centre that is no size": (
        {"x": {"of": "log_size", "centre": -1, "effect": NORMAL}},
        "give a number of parameters",
    ),
    "a name that is none": ({"a/b": {"of": "stage", "effect": NORMAL}}, "a name has up to 100 letters"),
    "a key that is none": ({"x": {"of": "stage", "effect": NORMAL, "middle": 1}}, "unknown key 'covariates.x.middle'"),
    "no table": (3, "'covariates' = 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case: str) -> None:
    stated, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        load_study("densing-law", {"covariates": stated})


def test_studies_of_former_versions_had_an_effect_of_size() -> None:
    now = load_study("densing-law", {"covariates": ["size"]})
    tree = json.loads(load_study("densing-law").model_dump_json())
    del tree["covariates"]
    tree["frontier"]["size_effect"] = True
    tree["priors"]["size_effect"] = json.loads(now.covariates["size"].effect.model_dump_json())
    assert Study.model_validate(of_former_version(tree)).digest == now.digest
    tree["frontier"]["size_effect"] = False
    assert Study.model_validate(of_former_version(tree)).digest == load_study("densing-law").digest


def test_values_are_told_as_people_state_them() -> None:
    tokens = Covariate.model_validate(shipped_covariates()["tokens"])
    assert tokens.computed is not None
    assert tokens.in_words(float(tokens.computed.log(20.0))) == "20 tokens per parameter"
    age = Covariate.model_validate(shipped_covariates()["benchmark-age"])
    assert age.computed is not None and age.computed.natural(age.computed.log(3.0)) == pytest.approx(3.0)

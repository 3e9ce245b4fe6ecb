"""A study names the loss law of its reference, and studies that state a floor instead still open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Law, Study


@pytest.mark.parametrize(("floor", "name"), [(True, "chinchilla"), (False, "densing")])
def test_a_study_that_states_a_floor_has_the_law_of_that_name(floor: bool, name: str) -> None:
    study = load_study("densing-law")
    former = json.loads(study.model_dump_json())
    former["law"] = {"irreducible": floor, "noise_df": 4.0}
    assert Study.model_validate(former).law == Law(name=name, noise_df=4.0)
    named = load_study("densing-law", {"law.name": name})
    assert (
        load_study("densing-law", {"law.irreducible": floor})
        == named
        == Study.model_validate(former | {"law": named.law})
    )
    assert named.law.form is laws.LAWS[name] and named.law.irreducible == floor


def test_shipped_studies_have_the_laws_of_their_references() -> None:
    assert load_study("densing-law").law.form is laws.Densing
    assert load_study("olmo-ladder").law.form is laws.Chinchilla


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"law.name": "chinchila"}, "no law of a reference 'chinchila'. Did you mean 'chinchilla'"),
        ({"law.name": "kaplan"}, "Valid: chinchilla, densing."),
        ({"law.irreducible": "yes"}, "unknown key 'law.irreducible'"),
    ],
)
def test_a_law_that_a_ladder_cannot_have_is_answered_with_those_it_can(stated: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        load_study("densing-law", stated)

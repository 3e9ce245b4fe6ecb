"""Every form of the frontier builds with every trend."""

from __future__ import annotations

import pytest
from simulated import Truth
from written_down import OPTIONAL, wanted

from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.study.load import load_study

SIDES = (("llm", True), ("family", True), ("both", True), ("llm", False))
"""Who falls short, and whether families differ."""
INEFFICIENCIES = ("half-normal", "exponential", "symmetric")
TRENDS = ("linear", "quadratic", "change-point", "random-walk")


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("form", INEFFICIENCIES)
def test_every_form_of_the_frontier_builds(truth: Truth, world_tables: Tables, form: str, trend: str) -> None:
    from bayesdensity.model.build import build_model

    # Each form meets all sides, each time with another trend.
    one_sided, families = SIDES[(TRENDS.index(trend) + INEFFICIENCIES.index(form)) % len(SIDES)]
    change = {"form": form, "trend": trend, "one_sided": one_sided, "family_effects": families}
    study = load_study(truth.study, {f"frontier.{key}": value for key, value in change.items()})
    model = build_model(study, assemble(study, select(study, world_tables)))
    names = {variable.name for variable in [*model.free_RVs, *model.deterministics]}
    assert OPTIONAL & names == wanted(study)
    assert {"rate", "noise_scale"} <= names

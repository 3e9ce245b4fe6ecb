"""Checks go into the file of a fit and come back, and tell whether a result may be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from planted import ladder

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.checks import (
    CHECKS,
    Check,
    Entry,
    Verdict,
    check,
    checked,
    checks_of,
    passed,
    refuse_if_unidentified,
    run_checks,
)
from bayesdensity.inference.result import Fit, load_fit

PLAIN = [name for name in CHECKS if name != "covariates"]
"""Checks of a fit without covariates."""


def test_every_check_of_a_fit_goes_into_its_file_and_comes_back(
    world_fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = checked(replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, 4))))
    assert "checks" not in world_fit.about and {**fit.about, "checks": None} == {**world_fit.about, "checks": None}
    found = checks_of(fit)
    assert [one.name for one in found] == PLAIN
    assert all(one.sentence.endswith(".") and (one.remedy == "") == (one.verdict == "PASS") for one in found)
    loaded = load_fit(fit.save(tmp_path / "checked.nc"))

    def never(_: Fit) -> Check:
        raise AssertionError("checked again")

    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, replace(CHECKS[name], run=never))
    assert checks_of(loaded) == found
    with pytest.raises(AssertionError, match="checked again"):
        checks_of(world_fit)


def test_a_fit_of_the_reference_alone_is_checked_for_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, replace(CHECKS[name], run=lambda _, name=name: Check(name, "PASS", "fine.")))
    of_ladder = ladder(1)
    assert [one.name for one in run_checks(of_ladder)] == ["convergence", "reference"]
    joint = replace(of_ladder, about={"part": "joint"})
    assert [one.name for one in run_checks(joint)] == PLAIN


@pytest.mark.parametrize(
    ("convergence", "other", "usable"),
    [
        ("PASS", "PASS", True),
        ("PASS", "REVIEW", True),
        ("PASS", "FAIL", False),
        ("REVIEW", "PASS", False),
        ("FAIL", "PASS", False),
    ],
)
def test_a_result_may_be_used_if_it_converged_and_no_check_failed(
    convergence: Verdict, other: Verdict, usable: bool
) -> None:
    checks = [Check("convergence", convergence, "."), Check("scores", "PASS", "."), Check("frontier", other, ".")]
    assert passed(checks) is usable
    assert passed(reversed(checks)) is usable


def test_users_make_checks_of_their_own(world_fit: Fit) -> None:
    mine: dict[str, Entry] = {}

    @check("few LLMs", place=1, applies_to=("joint",), into=mine)
    def check_llms(fit: Fit) -> Check:
        return Check("few LLMs", "REVIEW", f"{fit.data.sizes['llm']} LLMs are few.", "Bring more.")

    fit = checked(world_fit, mine.values())
    assert [one.name for one in checks_of(fit)] == ["few LLMs"] and "few LLMs" not in CHECKS
    reference_alone = replace(world_fit, about={**world_fit.about, "part": "reference"})
    assert run_checks(reference_alone, mine.values()) == ()


def test_a_refusing_check_that_fails_refuses_the_answer() -> None:
    refusing = [entry.name for entry in CHECKS.values() if entry.gate == "refuse"]
    assert refusing == ["identification"]
    refuse_if_unidentified([Check("identification", "REVIEW", "little."), Check("scores", "FAIL", "off.")])
    with pytest.raises(UnidentifiedError, match="nothing was learned"):
        refuse_if_unidentified([Check("identification", "FAIL", "nothing was learned.", "Bring more.")])

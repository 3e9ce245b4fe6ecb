"""A harness that measures higher or lower than others is named."""

from __future__ import annotations

import pytest
from planted import others_pass, with_harnesses

from bayesdensity.checks.residuals import check_harnesses
from bayesdensity.inference.result import Fit

USUAL = {"a": (0.4, -0.8, 0.1), "b on top": (-0.2, 0.9, -1.0), "c": (-0.9, 0.1, 0.7), "d": (0.6, -0.1, -0.2)}
NEVER = float("nan")


def said_of(harness: str) -> str:
    return f"harness {harness} measures higher or lower than others"


def test_a_harness_far_off_is_named_and_the_others_are_not(world_fit: Fit) -> None:
    fine = check_harnesses(with_harnesses(world_fit, USUAL))
    assert fine.verdict == "PASS" and set(fine.figures) == {said_of(name) for name in USUAL}
    for sign in (1, -1):
        off = USUAL | {"d": tuple(sign * 3.5 + z for z in USUAL["d"])}
        found = check_harnesses(with_harnesses(world_fit, off))
        assert found.verdict != "PASS" and others_pass(found, said_of("d"))
        assert "scores.exclude_harnesses" in found.remedy
    once = check_harnesses(with_harnesses(world_fit, USUAL | {"d": (NEVER, NEVER, 6.0)}))
    assert others_pass(once, said_of("d"))


def test_what_all_harnesses_of_a_benchmark_share_sets_none_apart(world_fit: Fit) -> None:
    off = USUAL | {"d": tuple(1.5 + z for z in USUAL["d"])}
    moved = {name: (z[0] + 9, z[1] - 9, z[2]) for name, z in off.items()}
    one, other = (check_harnesses(with_harnesses(world_fit, effects)).figures for effects in (off, moved))
    assert one == pytest.approx(other)
    assert 0.01 < min(one.values()) < 1


def test_a_harness_that_is_alone_on_a_benchmark_is_compared_with_none(world_fit: Fit) -> None:
    alone = {"a": (0.3, NEVER, NEVER), "b": (-0.4, NEVER, NEVER), "c": (NEVER, 9.0, NEVER), "d": (0.2, NEVER, -9.0)}
    found = check_harnesses(with_harnesses(world_fit, alone))
    assert found.verdict == "PASS" and set(found.figures) == {said_of("a"), said_of("b"), said_of("d")}

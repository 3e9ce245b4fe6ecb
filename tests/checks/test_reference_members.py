"""Members of a reference family that bend away from their link, or depart from the others, are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import noise, others_pass, redrawn
from rows import cells_on

from bayesdensity.checks.reference_fit import check_reference
from bayesdensity.inference.result import Fit


def test_members_of_the_small_world_follow_their_link(world_fit: Fit) -> None:
    found = check_reference(world_fit)
    assert (found.verdict, found.sentence) == ("PASS", "its members follow one link.")
    on_each = {f"link: members bend away from it on {name}" for name in ("Reading", "Sums", "Code")}
    assert set(found.figures) == on_each | {"members: one departs from the others"}


@pytest.mark.parametrize("sign", [1, -1])
def test_members_that_bend_away_from_the_link_are_named_with_the_benchmark(world_fit: Fit, sign: int) -> None:
    made, here = noise(world_fit, 31), np.flatnonzero(cells_on(world_fit.data, "Code", members=True))
    assert check_reference(redrawn(world_fit, made)).verdict == "PASS"
    members = world_fit.data["cell_entity"].to_numpy()[here] - world_fit.data.sizes["llm"]
    size = world_fit.data["reference_log_size"].to_numpy()[members]
    made["cell"][here] += sign * 1.5 * (size - size.mean()) ** 2
    found = check_reference(redrawn(world_fit, made))
    assert found.verdict != "PASS" and found.sentence.startswith("link: members bend away from it on Code")
    assert others_pass(found, "link: members bend away from it on Code")
    assert "Compare with another reference" in found.remedy
    # A line through the members is a matter of the link.
    straight = noise(world_fit, 31)
    straight["cell"][here] += 9 * size
    assert check_reference(redrawn(world_fit, straight)).verdict == "PASS"


def test_a_member_of_another_recipe_is_named(world_fit: Fit) -> None:
    made = noise(world_fit, 32)
    made["reference"][2] = 7.0
    found = check_reference(redrawn(world_fit, made))
    assert found.verdict == "FAIL" and others_pass(found, "members: one departs from the others")
    assert "reference.exclude" in found.remedy


def with_members(fit: Fit, n: int) -> Fit:
    """The fit with the first few members of its reference only."""
    kept = fit.data["cell_entity"].to_numpy() < fit.data.sizes["llm"] + n
    data, draws = (x.isel(cell=kept, reference=slice(n)) for x in (fit.data, fit.posterior))
    return replace(fit, data=data, posterior=draws)


def test_too_few_members_are_no_proof_of_one_link(world_fit: Fit) -> None:
    found = check_reference(with_members(world_fit, 4))
    assert (found.verdict, dict(found.figures)) == ("REVIEW", {})
    assert found.sentence == "4 members are too few to see whether they follow one link."
    assert found.remedy == "Compare with a reference of more sizes."
    assert check_reference(with_members(world_fit, 5)).verdict == "PASS"

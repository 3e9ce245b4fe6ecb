"""`answer` says side by side what fits of several studies say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from outcomes import Run, is_interval, strict
from simulated import BENCHMARKS

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.base.format import interval
from bayesdensity.inference.result import Fit


def grouped(fit: Fit, groups: list[str]) -> Fit:
    """The fit, with other groups of its benchmarks."""
    return dataclasses.replace(fit, data=fit.data.assign_coords(benchmark_group=("benchmark", groups)))


@pytest.fixture
def sides(world_fit: Fit) -> Fit:
    """The fit of the small world, the first of whose benchmarks asks for facts."""
    return grouped(world_fit, ["knowledge", *["code"] * (len(BENCHMARKS) - 1)])


def test_each_fit_is_a_row_of_what_its_summary_says(run: Run, fit_file: Path, sides: Fit, tmp_path: Path) -> None:
    other = sides.save(tmp_path / "other.nc")
    found = strict(run("answer", fit_file, other, "--json").out)["fits"]
    one = found[fit_file.stem]
    summary = strict(run("summary", fit_file, "--json").out)
    for name in ("doubling_time_months", "probability_slowing", "window", "n_llms", "study", "digest"):
        assert one[name] == summary[name]
    assert one["benchmarks"] == summary["benchmarks"] and set(one["benchmarks"]) == set(BENCHMARKS)
    assert is_interval(one["mean_trend"]["doubling_time_months"])
    assert found["other"]["groups"].keys() == {"code", "knowledge"}
    assert found["other"]["groups"]["knowledge"] == one["benchmarks"][BENCHMARKS[0]]


def test_the_page_has_the_answers_and_what_each_rests_on(run: Run, sides: Fit, tmp_path: Path) -> None:
    path, stem = sides.save(tmp_path / "mine.nc"), tmp_path / "drawn"
    outcome = run("answer", path, "-o", stem)
    months = interval(q.doubling_time(q.rate(sides)).to_frame_row())
    assert months in outcome.out and "stage base" in outcome.out and "P(skills faster)" in outcome.out
    assert (tmp_path / "drawn-answers.png").exists() and (tmp_path / "drawn-answers.svg").exists()


def test_groups_that_are_not_known_are_left_out_and_refused(world_fit: Fit, run: Run, tmp_path: Path) -> None:
    bare = grouped(world_fit, [""] * len(BENCHMARKS))
    with pytest.raises(InputError, match=r"column 'group' of benchmarks\.csv"):
        q.rate_by_group(bare)
    found = strict(run("answer", bare.save(tmp_path / "bare.nc"), "--json").out)["fits"]["bare"]
    assert "groups" not in found and "probability_skills_faster" not in found


def test_no_file_is_an_error_with_a_remedy(run: Run) -> None:
    outcome = run("answer")
    assert outcome.status == 2 and "files that 'fit' wrote" in outcome.err


def test_the_rate_of_a_group_is_the_mean_of_its_benchmarks(sides: Fit) -> None:
    each, groups = q.rate_by_benchmark(sides).draws, q.rate_by_group(sides).draws
    np.testing.assert_allclose(groups.sel(group="code"), each[..., 1:].mean("benchmark"), atol=1e-9)
    np.testing.assert_allclose(groups.sel(group="knowledge"), each[..., 0], atol=1e-9)
    skills = each[..., 1:].mean("benchmark") > each[..., 0]
    assert q.probability_skills_faster(sides) == pytest.approx(float(skills.mean()))
    for one_side in ("code", "knowledge"):
        with pytest.raises(InputError, match="has no benchmark of"):
            q.probability_skills_faster(grouped(sides, [one_side] * len(BENCHMARKS)))

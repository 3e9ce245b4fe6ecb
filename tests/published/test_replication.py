"""The rules of the paper recover what is true, and list what they cannot invert."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from described import text_of
from paper_worlds import BENCHMARKS, LADDER, SIGMOID, WORLDS, densities, family_world, ladder_score, ladder_world

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.base.jsonable import dumps
from bayesdensity.data.tables import read_tables
from bayesdensity.plots.paper import plot_paper
from bayesdensity.published.procedure import replicate
from bayesdensity.published.replication import compare
from bayesdensity.render.sections import published
from bayesdensity.study.load import load_study


@pytest.mark.parametrize("kind", WORLDS)
def test_densities_without_noise_are_recovered(tmp_path: Path, kind: str) -> None:
    world = WORLDS[kind](tmp_path, densities())
    got = world.replicate()
    assert got.failed_inversions.empty
    np.testing.assert_allclose(got.llms["log_density"], world.log_density.reindex(got.llms.index), atol=1e-3)


@pytest.mark.parametrize("kind", WORLDS)
def test_a_straight_line_without_scatter_is_read_off_in_every_window(tmp_path: Path, kind: str) -> None:
    got = WORLDS[kind](tmp_path, densities(rate=1.4, scatter=0)).replicate()
    assert [trend.window.end for trend in got.trends] == ["2024-10-31", "2025-04-30", "2025-08-17"]
    for trend in got.trends:
        assert trend.records.rate == pytest.approx(1.4, abs=2e-3) and trend.everyone.rate == pytest.approx(
            1.4, abs=2e-3
        )
        assert trend.records.r_squared == pytest.approx(1, abs=1e-4)
    assert len(got.trends[0].record_llms) < len(got.trends[-1].record_llms) == 14  # one a day, of two


def test_the_law_and_the_map_of_a_ladder_are_recovered(tmp_path: Path) -> None:
    fits = ladder_world(tmp_path, densities()).replicate().fits
    for name in BENCHMARKS:
        got = fits[name].parameters
        assert [got[key] for key in ("E", "A", "alpha", "B", "beta")] == pytest.approx(LADDER[name], rel=1e-3)
        assert [got[key] for key in ("d", "c", "gamma", "l")] == pytest.approx(SIGMOID[name], rel=1e-3, abs=1e-4)
        assert got["rms_loss"] < 1e-6 and got["rms_score"] < 1e-6


def test_without_an_irreducible_loss_the_law_has_none(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities())
    study = load_study(world.folder / "known.toml", {"law.irreducible": False})
    fits = replicate(study, read_tables(world.folder), replicates=0).fits
    assert all(fits[name].parameters["E"] == 0 for name in BENCHMARKS)
    assert all(fits[name].parameters["rms_loss"] > 1e-4 for name in BENCHMARKS)


def test_scores_of_several_harnesses_are_averaged(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities())
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    name, benchmark, score, _ = lines[1].split(",")
    (tmp_path / "scores.csv").write_text("\n".join([*lines, f"{name},{benchmark},{float(score) + 0.02},other"]) + "\n")
    cells = world.replicate().cells.set_index(["llm", "benchmark"])
    assert cells.at[(name, benchmark), "score"] == pytest.approx(float(score) + 0.01)


def test_every_failed_inversion_is_listed_with_its_reason(tmp_path: Path) -> None:
    d, c, _, _ = SIGMOID["Reading"]
    endless = ladder_score("Reading", np.log(1e30))
    wrong = {
        "low": (d - 0.01, "at or below the floor"),
        "high": (d + c + 0.01, "at or above the ceiling"),
        "beyond": ((endless + d + c) / 2, "beyond what any size reaches"),
        "far": (ladder_score("Reading", np.log(13e9 * 1000)), "extrapolated far"),
    }
    llms = densities(families=8)
    names = dict(zip(wrong, llms["llm"][::2], strict=False))
    world = ladder_world(tmp_path, llms)
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["llm", "benchmark"])
    for key, (value, _) in wrong.items():
        scores.loc[(names[key], "Reading"), "score"] = value
    scores.reset_index().to_csv(tmp_path / "scores.csv", index=False)
    got = world.replicate()
    failed = got.failed_inversions.set_index("llm")
    assert set(failed.index) == set(names.values()) and set(failed["benchmark"]) == {"Reading"}
    for key, (value, reason) in wrong.items():
        assert failed.at[names[key], "reason"].startswith(reason) and failed.at[names[key], "score"] == value
    # The other benchmark still gives each of them a density.
    np.testing.assert_allclose(got.llms["log_density"], world.log_density.reindex(got.llms.index), atol=1e-3)
    assert len(world.replicate(farthest=np.inf).failed_inversions) == 3


def test_a_study_without_any_inversion_is_refused(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities(families=4))
    scores = pd.read_csv(tmp_path / "scores.csv").assign(score=0.975)
    scores.to_csv(tmp_path / "scores.csv", index=False)
    with pytest.raises(UnidentifiedError, match="0 of 8 LLMs have an effective size"):
        world.replicate()


def test_one_member_is_no_reference(tmp_path: Path) -> None:
    world = family_world(tmp_path, densities(families=4), members=(7e9,))
    with pytest.raises(UnidentifiedError, match="all members of reference family 'Yard' with scores are of one size"):
        world.replicate()


def test_one_member_on_a_benchmark_is_no_reference_there(tmp_path: Path) -> None:
    world = family_world(tmp_path, densities(families=4), members=(7e9, 14e9))
    scores = pd.read_csv(tmp_path / "scores.csv")
    larger = scores.loc[scores["llm"].str.startswith("Yard"), "llm"].unique()[-1]
    scores[~((scores["llm"] == larger) & (scores["benchmark"] == "Reading"))].to_csv(
        tmp_path / "scores.csv", index=False
    )
    with pytest.raises(UnidentifiedError, match="cannot fit the reference on Reading: it needs more different sizes"):
        world.replicate()


def test_falling_densities_never_double(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities(rate=-1.0, scatter=0.05))
    result = compare(world.study, read_tables(tmp_path), replicates=60)
    told = json.loads(dumps(published.data(result)))
    rates = told["windows"][-1]["rates"]
    everyone = rates["everyone_points"]
    assert everyone["rate_per_year"]["median"] < 0 and everyone["probability_rate_positive"] == 0
    assert set(map(everyone["doubling_time_months"].get, ("median", "lower", "upper"))) == {"inf"}
    # The records never grow either, for they stay at the first release.
    assert rates["records_points"]["rate_per_year"]["median"] == 0 and rates["records_points"]["n_points"] == 1
    assert rates["records_points"]["doubling_time_months"]["median"] == "inf"
    assert rates["records_points"]["t_interval"]["rate_per_year"]["lower"] is None
    assert " never" in text_of(published, result)
    # A time without end is an arrow at the end of the axis.
    assert sum(mark.get_gid() == "beyond" for mark in plot_paper(result).axes[0].lines) == 6

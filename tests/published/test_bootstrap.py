"""A bootstrap of families repeats itself, counts what fails, and is wider than the textbook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from paper_worlds import WORLDS, densities, family_world

from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.published.inversion import read_reference
from bayesdensity.published.procedure import replicate
from bayesdensity.published.replication import compare
from bayesdensity.study.load import load_study


@pytest.mark.parametrize("kind", WORLDS)
def test_a_seed_gives_the_same_bootstrap(tmp_path: Path, kind: str) -> None:
    world = WORLDS[kind](tmp_path, densities())
    first, again, other = (world.replicate(replicates=40, seed=seed) for seed in (1, 1, 2))
    draws = [one.trends[-1].bootstrap_records.draws.to_numpy() for one in (first, again, other)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize("name", ["densing-law", "olmo-ladder"])
def test_a_replicate_that_draws_everything_once_is_the_point_estimate(name: str) -> None:
    study = load_study(name)
    reference = read_reference(study, select(study, read_tables()))
    fits = reference.fit()
    for benchmark, rows in reference.rows.items():
        again = rows.fit(np.ones(sum(reference.strata), dtype=np.int64), fits[benchmark].solution)
        assert again is not None
        np.testing.assert_allclose(again.solution, fits[benchmark].solution, rtol=1e-3, atol=1e-3)


def test_replicates_that_fail_are_counted(tmp_path: Path) -> None:
    """With two members, half of the replicates draw one of them twice, which fits no slope."""
    world = family_world(tmp_path, densities(), members=(2e9, 1.4e10))
    got = world.replicate(replicates=200)
    assert 70 < got.failed_replicates < 130
    assert got.trends[-1].bootstrap_records.draws.size == 200 - got.failed_replicates
    faults = compare(world.study, read_tables(tmp_path), replicates=200).faults
    assert len(faults) == 1 and f"{got.failed_replicates} of 200 bootstrap replicates failed" in faults[0]


def test_a_bootstrap_of_families_is_wider_than_the_textbook() -> None:
    """LLMs of one family are not independent, and the reference is redrawn too."""
    study = load_study("densing-law")
    wide, narrow = (replicate(study, replicates=150, ci=ci).trends[-1] for ci in (0.9, 0.5))
    assert wide.bootstrap_everyone is not None and narrow.bootstrap_everyone is not None
    outer, inner = (one.to_frame_row() for one in (wide.bootstrap_everyone, narrow.bootstrap_everyone))
    assert outer["lower"] < inner["lower"] < inner["upper"] < outer["upper"]
    lower, upper = wide.everyone.t_interval(0.9)
    assert outer["upper"] - outer["lower"] > upper - lower

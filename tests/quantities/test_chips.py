"""Rates of density and hardware add, and the published 88 days rest on one of the published constants."""

from __future__ import annotations

import numpy as np
import pytest

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.hardware import TRENDS, read_hardware
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.chips import hardware_rate, published_with_chips, runnable_rate


@pytest.mark.parametrize("name", TRENDS)
def test_draws_of_hardware_have_the_published_interval(world_fit: Fit, name: str) -> None:
    row = read_hardware().loc[name]
    found = q.doubling_time(hardware_rate(world_fit, name, float(row["probability"]))).to_frame_row() / 12
    assert found["median"] == pytest.approx(row["doubling_years"], rel=0.04)
    assert found["lower"] == pytest.approx(row["lower"], rel=0.08)
    assert found["upper"] == pytest.approx(row["upper"], rel=0.08)


def test_rates_add_and_hardware_is_independent_of_the_fit(world_fit: Fit) -> None:
    density, chips = q.rate(world_fit).draws, hardware_rate(world_fit).draws
    np.testing.assert_allclose(runnable_rate(world_fit).draws, density + chips)
    n = density.size
    assert abs(np.corrcoef(density.to_numpy().ravel(), chips.to_numpy().ravel())[0, 1]) < 4 / np.sqrt(n)
    np.testing.assert_array_equal(chips, hardware_rate(world_fit).draws)
    assert not np.array_equal(chips, hardware_rate(world_fit, seed=2).draws)


def test_the_published_days_match_one_constant_alone() -> None:
    found = published_with_chips()
    near = found.by_constant.loc[(found.by_constant["with_chips"] - found.days).abs() < 1, "A"]
    assert near.tolist() == [0.007]


def test_hardware_without_an_interval_is_only_set_beside() -> None:
    table = read_hardware()
    assert table.loc[[*TRENDS], ["lower", "upper"]].notna().all(axis=None)
    assert table.drop(index=[*TRENDS])[["lower", "upper"]].isna().all(axis=None)
    assert (table["source"] != "").all() and set(table.index[table["assumed"]]) == {"memory", "bandwidth"}


def test_unknown_hardware_is_refused(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="no trend of hardware 'battery'"):
        hardware_rate(world_fit, "battery")

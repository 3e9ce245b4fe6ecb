"""The rules applied to posterior draws: records of each draw, beside the model of the same window."""

from __future__ import annotations

import numpy as np
import pytest

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.result import Fit
from bayesdensity.published.record_draws import all_rate, posterior_trend, probability_record, record_rate
from bayesdensity.published.records import slope_of_records
from bayesdensity.published.replication import compare
from bayesdensity.published.windows import Window
from bayesdensity.study.spec import Study


def test_records_of_draws_are_those_of_each_draw(world_fit: Fit) -> None:
    draws = q.log_density(world_fit).draws.stack(sample=q.SAMPLE).transpose("sample", "llm").to_numpy()
    time = world_fit.data["time"].to_numpy()
    got = record_rate(world_fit).draws.stack(sample=q.SAMPLE).to_numpy()
    assert got[17] == pytest.approx(float(slope_of_records(time, draws[17])))
    everyone = all_rate(world_fit).draws.stack(sample=q.SAMPLE).to_numpy()
    assert everyone[17] == pytest.approx(np.polyfit(time, draws[17], 1)[0])


def test_only_llms_released_inside_a_window_count(world_fit: Fit) -> None:
    between = ("2023-03-01", "2024-10-31")
    chance = probability_record(world_fit, between)
    dates = world_fit.data["release_date"].sel(llm=chance["llm"].to_numpy()).to_numpy()
    assert chance.sizes["llm"] < world_fit.data.sizes["llm"] and max(dates) <= between[1]
    first_day = chance.to_numpy()[dates == min(dates)]
    assert first_day.sum() == pytest.approx(1)  # somebody sets the first record
    assert not np.allclose(record_rate(world_fit, between=between).draws, record_rate(world_fit).draws)


def test_the_model_beside_the_rules_is_that_of_the_window(world_fit: Fit) -> None:
    within = Window("half", "2023-03-01", "2024-10-31")
    trend = posterior_trend(world_fit, within)
    np.testing.assert_array_equal(trend.frontier.draws, q.rate(world_fit, (within.start, within.end)).draws)
    assert trend.records.to_frame_row()["median"] > trend.mean.to_frame_row()["lower"]


def test_a_fit_of_other_tables_is_refused(world_fit: Fit, world_study: Study) -> None:
    with pytest.raises(InputError, match="of another tables"):
        compare(world_study, read_tables(), world_fit)

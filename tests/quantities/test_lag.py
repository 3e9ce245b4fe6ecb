"""Where every LLM is at a straight frontier, the lag of half its size is that of a shelf life, and scores follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from simulated import BENCHMARKS, Truth
from straight import KNOWS_LITTLE, SLOPES, closed, frontier_scores, rates, straight, with_score, without_repeats

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.forecast import score_at
from bayesdensity.quantities.lag import by_benchmark, lags, pooled, records

SMALL = 3.5e9
RATE = 1.5


@pytest.fixture(scope="module")
def fit(truth: Truth, world_tables: Tables) -> Fit:
    return straight(truth, without_repeats(world_tables), np.full_like(rates(), RATE))


@pytest.fixture(scope="module")
def tables(fit: Fit, world_tables: Tables) -> Tables:
    return frontier_scores(fit, without_repeats(world_tables))


def test_records_are_the_scores_above_all_earlier_ones(fit: Fit, tables: Tables) -> None:
    found = records(fit, tables, SMALL)
    scores = tables.scores.merge(tables.llms[["llm", "release_date"]], on="llm")
    for name in BENCHMARKS:
        on, rows = scores[scores["benchmark"] == name], found[found["benchmark"] == name]
        assert rows["score"].is_monotonic_increasing and rows["release_date"].is_unique
        assert rows["score"].iloc[-1] == on["score"].max()
        for row in rows.itertuples():
            before = on[on["release_date"] < row.release_date]
            assert (before["score"] < row.score).all()
            same_day = on[on["release_date"] == row.release_date]
            assert same_day["score"].max() == row.score


@pytest.mark.parametrize("params", [SMALL, 7e9, 200e9])
def test_a_size_reaches_a_record_of_the_frontier_after_the_log_ratio_of_the_sizes_over_the_rate(
    fit: Fit, tables: Tables, params: float
) -> None:
    found = lags(fit, tables, params)
    size = dict(zip(fit.data["llm"].to_numpy(), fit.data["log_size"].to_numpy(), strict=True))
    time = dict(zip(fit.data["llm"].to_numpy(), fit.data["time"].to_numpy(), strict=True))
    centre, first = fit.data.attrs["log_size_centre"], fit.data["time"].to_numpy().min()
    for label, row in found.records.iterrows():
        slope = RATE + SLOPES[BENCHMARKS.index(row["benchmark"])]
        needed = size[row["llm"]] + centre - np.log(params)
        # Of what was so before the first release nothing is known. The records are those of models of 70B.
        expected = 12 * max(needed / slope, first - time[row["llm"]])
        months = found.months.sel(record=label).draws.to_numpy()
        np.testing.assert_allclose(months, expected, atol=1e-3)
    assert (found.months.draws.mean(q.SAMPLE) < 0).any() == (params > 70e9)


def test_the_score_that_a_record_is_ahead_by_is_that_of_the_size_at_its_date(fit: Fit, tables: Tables) -> None:
    found = lags(fit, tables, SMALL, benchmarks=["Sums"])
    assert set(found.records["benchmark"]) == {"Sums"}
    there = score_at(fit, "Sums", SMALL, list(found.records["release_date"])).draws
    np.testing.assert_allclose(found.points.draws, found.records["score"].to_numpy() - there.to_numpy())
    signs = np.sign(found.points.draws.mean(q.SAMPLE)), np.sign(found.months.draws.mean(q.SAMPLE))
    late = np.abs(found.months.draws.mean(q.SAMPLE)) > 0.1
    assert (signs[0] == signs[1])[late].all()


def test_a_closed_model_sets_records_and_is_no_match(fit: Fit, tables: Tables) -> None:
    before = records(fit, tables, SMALL)
    last = before[before["benchmark"] == "Sums"].iloc[0]
    secret = closed(tables, last["llm"])
    found = records(fit, secret, 1e12)
    row = found[(found["llm"] == last["llm"]) & (found["benchmark"] == "Sums")].iloc[0]
    assert row["weights_open"] == "no" and row["score"] == last["score"]
    assert row["matched_by"] != last["llm"] and not (found["matched_by"] == last["llm"]).any()
    assert (records(fit, tables, 1e12)["matched_by"] == last["llm"]).any()


def test_the_first_match_is_the_first_open_llm_of_the_size_with_such_a_score(fit: Fit, tables: Tables) -> None:
    found = records(fit, tables, SMALL)
    llms = tables.llms.set_index("llm")
    scores = tables.scores.join(llms[["release_date", "params_total"]], on="llm")
    for row in found.itertuples():
        able = scores[(scores["benchmark"] == row.benchmark) & (scores["params_total"] <= SMALL)]
        able = able[able["score"] >= row.score]
        assert bool(row.matched_by) == (len(able) > 0)
        if row.matched_by:
            assert row.matched_date == f"{able['release_date'].min():%Y-%m-%d}"
            assert llms.at[row.matched_by, "params_total"] <= SMALL


def test_a_score_that_no_model_can_have_is_never_reached_and_the_middle_record_still_is(
    fit: Fit, tables: Tables
) -> None:
    last = records(fit, tables, SMALL).query("benchmark == 'Code'").iloc[-1]
    found = lags(fit, with_score(tables, last["llm"], "Code", 0.99), SMALL)
    label = found.records.index[(found.records["benchmark"] == "Code") & (found.records["score"] == 0.99)].item()
    assert np.isinf(found.months.sel(record=label).draws).all() and float(found.by_end.sel(record=label)) == 0
    assert np.isfinite(by_benchmark(found.months).draws).all() and np.isfinite(pooled(found.months).draws).all()


def test_several_records_are_summed_up_by_their_median_in_months_and_mean_in_score() -> None:
    values = xr.DataArray(
        np.broadcast_to([1.0, 4.0, np.inf, 10.0, 20.0], (2, 3, 5)),
        dims=(*q.SAMPLE, "record"),
        coords={"record": list("abcde"), "benchmark": ("record", ["Y", "Y", "Y", "X", "X"])},
    )
    months = by_benchmark(q.Estimate("lag_months", "", values, units="months"))
    assert months.draws["benchmark"].to_numpy().tolist() == ["Y", "X"]  # as they come
    assert months.to_frame()["median"].tolist() == [4.0, 15.0]
    assert pooled(q.Estimate("lag_months", "", values, units="months")).to_frame_row()["median"] == 9.5
    points = q.Estimate("lag_score", "", values.where(np.isfinite(values), 7.0), units="share of the items")
    assert by_benchmark(points).to_frame()["median"].tolist() == [4.0, 15.0]


def test_the_probability_of_the_end_counts_the_draws_that_reach_a_record_by_then(
    truth: Truth, world_tables: Tables
) -> None:
    plain = without_repeats(world_tables)
    various = straight(truth, plain)
    found = lags(various, frontier_scores(various, plain), SMALL)
    end = q.window(various)[1]
    assert found.end == end
    for label, row in found.records.iterrows():
        left = 12 * _years(row["release_date"], end)
        share = (found.months.sel(record=label).draws.to_numpy() <= left).mean()
        assert float(found.by_end.sel(record=label)) == pytest.approx(share, abs=0.02)
    assert 0 < float(found.by_end.mean()) < 1


def test_the_best_is_what_was_seen_to_score_as_high(fit: Fit, world_tables: Tables) -> None:
    scores = without_repeats(world_tables).scores
    members = ~scores["llm"].isin(fit.data["llm"].to_numpy())
    seen = replace(world_tables, scores=scores.assign(score=scores["score"].mask(members, KNOWS_LITTLE)))
    found = lags(fit, seen, SMALL, of="best")
    matched = found.records["matched_date"] != ""
    assert matched.any() and not matched.all()
    left = {label: 12 * _years(row["release_date"], found.end) for label, row in found.records.iterrows()}
    for label, row in found.records.iterrows():
        months = found.months.sel(record=label).draws
        if row["matched_date"]:
            np.testing.assert_allclose(months, 12 * _years(row["release_date"], row["matched_date"]), atol=1e-6)
        else:
            assert (months > left[label]).all()  # of releases to come
    assert (found.by_end.to_numpy() == matched.to_numpy()).all()


def _years(start: str, end: str) -> float:
    return float((np.datetime64(end) - np.datetime64(start)).astype(int) / 365.25)


def test_dates_and_benchmarks_outside_the_fit_are_refused(fit: Fit, tables: Tables) -> None:
    first, last = q.window(fit)
    for since in ("2019-01-01", "2050-01-01"):
        with pytest.raises(InputError, match=f"between {first} and {last}"):
            lags(fit, tables, SMALL, since=since)
    with pytest.raises(InputError, match="Readin"):
        lags(fit, tables, SMALL, benchmarks=["Readin"])
    late = tables.llms.loc[tables.llms["release_date"] == last, "llm"]
    scores = tables.scores["score"].mask(tables.scores["llm"].isin(late), KNOWS_LITTLE)
    quiet = replace(tables, scores=tables.scores.assign(score=scores))
    with pytest.raises(UnidentifiedError, match=f"no record on Reading, Sums and Code since {last}"):
        lags(fit, quiet, SMALL, since=last)

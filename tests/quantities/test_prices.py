"""Halving times of prices hold the truth, and the published arithmetic is reproduced from the claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from priced import KIND_RATE, TRUTH, offers_with_truth
from scipy import stats

from bayesdensity.base.errors import InputError
from bayesdensity.data.offers import Offers, assemble_offers, read_offers
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.pricing import PriceFit, prepare_prices, sample_prices
from bayesdensity.inference.sampling import Ready
from bayesdensity.quantities import prices as q
from bayesdensity.quantities.estimate import Estimate
from bayesdensity.study.price_spec import PriceStudy, price_study

FEW: dict[str, Any] = {"chains": 2, "draws": 300, "tune": 300, "cores": 2}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return read_tables()


@pytest.fixture(scope="module")
def prepared() -> Ready[PriceStudy]:
    study = price_study()
    return prepare_prices(study, offers_with_truth(study, 0))


@pytest.fixture(scope="module")
def fit(prepared: Ready[PriceStudy]) -> PriceFit:
    return sample_prices(prepared, offers_with_truth(prepared.study, 1), **FEW)


def inside(estimate: Estimate, truth: float) -> bool:
    row = estimate.to_frame_row()
    return bool(row["lower"] <= truth <= row["upper"])


def test_halving_times_of_the_same_quality_and_of_the_same_llm_are_told_apart(fit: PriceFit) -> None:
    assert fit.diagnostics.divergences == 0
    months = q.halving_time(q.price_rate(fit, 0.98))
    assert inside(months, 12 * np.log(2) / TRUTH["rate"])
    for kind in fit.data["kind"].to_numpy():
        assert inside(q.own_rate(fit, 0.98).sel(kind=kind), TRUTH["own"])
    assert inside(q.price_rate_by_kind(fit, 0.98).sel(kind="closed"), TRUTH["rate"] + KIND_RATE[0])
    assert float((q.price_rate(fit).draws > q.own_rate(fit).draws.max("kind")).mean()) > 0.999


def test_the_frontier_is_the_stated_quantile_of_llms_and_falls_at_the_rate(fit: PriceFit) -> None:
    dates = ["2024-01-01", "2025-01-01"]
    prices = q.price_frontier(fit, dates).draws
    frontier = prices.copy(data=np.log(prices))
    spread = np.hypot(TRUTH["markup"], TRUTH["scatter"])
    law = stats.exponnorm(TRUTH["markup"] / TRUTH["scatter"], -TRUTH["markup"], TRUTH["scatter"])
    share = (TRUTH["markup"] / spread) ** 2
    assert spread * q._standard_quantiles(0.05, np.array([share]))[0] == pytest.approx(law.ppf(0.05), abs=0.02)
    fall = frontier.sel(date=dates[0]) - frontier.sel(date=dates[1])
    middle = q.price_rate_at(fit, ["2024-07-01"]).draws.sel(date="2024-07-01")
    # At the reference level itself, and a year is not always 365.25 days.
    at_level = q.price_rate_by_level(fit).sel(quality="0.7").draws - q.price_rate(fit).draws
    np.testing.assert_allclose(fall, middle + at_level, rtol=0.02, atol=0.02)


@pytest.mark.slow
def test_intervals_of_the_halving_time_cover_the_truth_as_often_as_they_say(prepared: Ready[PriceStudy]) -> None:
    worlds = 20
    fits = [sample_prices(prepared, offers_with_truth(prepared.study, 100 + k), **FEW) for k in range(worlds)]
    covered = sum(inside(q.price_rate(one), TRUTH["rate"]) for one in fits)
    own = sum(inside(q.own_rate(one).sel(kind="closed"), TRUTH["own"]) for one in fits)
    # Of 20 intervals of 90 %, fewer than 15 cover with a probability of 1 in 100.
    assert covered >= 15 and own >= 15, (covered, own)


def test_published_halving_times_are_arithmetic_on_two_prices() -> None:
    ends = q.end_points()
    assert (ends.first, ends.last) == (20, 0.075) and ends.ratio == pytest.approx(266.7, abs=0.05)
    assert {n: round(months, 1) for n, months in ends.months.items()} == {20: 2.5, 21: 2.6}


def records_of(prices: list[float], dates: list[str]) -> Offers:
    rows = pd.DataFrame({"price": prices, "price_from": pd.to_datetime(dates), "score": 0.8})
    return Offers("MMLU", rows, rows, rows, 0.25)


def test_records_fall_as_least_squares_says_and_dearer_prices_do_not_count() -> None:
    dates = ["2023-01-01", "2023-07-02", "2023-09-01", "2024-01-01", "2024-12-31"]
    offers = records_of([8.0, 4.0, 9.0, 2.0, 0.5], dates)
    assert q.record_months(offers, 0.7) == pytest.approx(6.0, abs=0.05)
    assert np.isnan(q.record_months(offers, 0.9))


def test_prices_of_the_tables_are_offers_or_left_out_with_a_reason(tables: Tables) -> None:
    offers = read_offers(tables)
    assert len(offers.rows) + len(offers.left_out) == len(tables.prices)
    assert (offers.left_out["reason"] != "").all() and not offers.offers.duplicated(["llm", "provider"]).any()
    assert (offers.offers["last_date"] >= offers.offers["first_date"]).all()
    davinci = offers.offers[offers.offers["llm"] == "davinci"].iloc[0]
    assert (davinci["first_price"], davinci["last_price"]) == (60, 20)
    # The price of an LLM is not dated by its release.
    assert davinci["release_date"] < davinci["first_date"]


def test_open_weights_that_several_sell_are_told_from_those_of_one_seller(tables: Tables) -> None:
    kinds = read_offers(tables).offers.groupby("llm")["kind"].first()
    assert kinds["Llama-3.1-8B-Instruct"] == "open, several sellers" and kinds["gpt-4o-mini"] == "closed"


def test_another_benchmark_takes_its_scores_from_the_scores_table(tables: Tables) -> None:
    offers = read_offers(tables, "GPQA-Diamond").offers
    assert offers["llm"].nunique() > 100 and (offers["kind"] != "closed").all()


def test_a_benchmark_without_prices_is_refused(tables: Tables) -> None:
    with pytest.raises(InputError, match=r"no price is of an LLM with a score on 'PIQA'"):
        read_offers(tables, "PIQA")
    with pytest.raises(InputError, match="there is no benchmark"):
        read_offers(tables, "MMLUU")
    with pytest.raises(InputError, match="two or more scores"):
        price_study("MMLU", (0.7,))


def test_a_level_that_guessing_reaches_is_refused(tables: Tables) -> None:
    with pytest.raises(InputError, match=r"level 0\.2: guessing alone gives 0\.25 on 'MMLU'"):
        assemble_offers(price_study("MMLU", (0.2, 0.7)), read_offers(tables))

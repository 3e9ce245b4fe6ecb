"""`prices` tells halving times by what is held fixed, and `chips` adds hardware; what they say is what they compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from outcomes import Run, is_interval, refused, strict
from priced import made_fit

from bayesdensity import quantities as q
from bayesdensity.base.format import interval
from bayesdensity.data.offers import Offers, assemble_offers
from bayesdensity.inference import pricing
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.chips import runnable_rate
from bayesdensity.study.price_spec import PriceStudy

PRICES = "llm,provider,weights_open,release_date,price_from,usd_per_mtok_input,usd_per_mtok_output,benchmark,score\n"


@pytest.fixture
def diverging() -> list[int]:
    """Divergences of the fit that stands in for a sampled one."""
    return [0]


@pytest.fixture(autouse=True)
def unsampled(monkeypatch: pytest.MonkeyPatch, diverging: list[int]) -> None:
    """What compiles and samples is another test's business."""

    def made(study: PriceStudy, offers: Offers, **_: Any) -> pricing.PriceFit:
        return made_fit(study, assemble_offers(study, offers), diverging[0])

    monkeypatch.setattr(pricing, "fit_prices", made)


def test_json_has_every_halving_time_with_its_interval(run: Run) -> None:
    outcome = run("prices", "--json")
    found = strict(outcome.out)
    assert outcome.status == 0 and found["verdict"] == "PASS" and found["n_llms"] > 80
    falls = [
        found,
        *(part for name in ("by_level", "by_kind", "same_llm", "at_dates") for part in found[name].values()),
    ]
    assert all(is_interval(fall["halving_time_months"]) and is_interval(fall["rate_per_year"]) for fall in falls)
    assert found["end_points"]["months"].keys() == {"20", "21"}
    assert sum(found["left_out"].values()) + 600 < 2711


def test_the_page_shows_arithmetic_and_both_ways_of_holding_fixed(run: Run) -> None:
    told = run("prices").out
    assert "2.5 and 2.6 months are arithmetic on two prices" in told
    assert "the provider's line" in told and "open, several sellers" in told and "left out: " in told
    rows = run("prices", "--csv").out.splitlines()
    assert rows[0].startswith("held_fixed,of,halving_months_median") and len(rows) > 12


def test_divergences_are_exit_status_1(run: Run, diverging: list[int]) -> None:
    diverging[0] = 1
    outcome = run("prices")
    assert outcome.status == 1 and outcome.out.startswith("REVIEW") and "1 divergent" in outcome.out


def test_figure_and_certified_file_are_written(run: Run, tmp_path: Path) -> None:
    assert run("prices", "-o", tmp_path / "mine").status == 0
    assert {path.name for path in tmp_path.glob("mine-*")} == {f"mine-prices.{end}" for end in ("png", "svg", "json")}
    written = strict((tmp_path / "mine-prices.json").read_text())
    assert written["certificate"]["asked_for"]["prices"] == "MMLU" and written["results"]["benchmark"] == "MMLU"


def test_own_prices_take_the_place_of_the_bundled(run: Run, tmp_path: Path) -> None:
    rows = [
        f"own-{k},shop-{k % 3},yes,2024-{k % 12 + 1:02d}-01,2025-01-{k + 1:02d},{4 / (k + 1)},{4 / (k + 1)},"
        f"MMLU,{0.6 + k / 40}\n"
        for k in range(12)
    ]
    (tmp_path / "prices.csv").write_text(PRICES + "".join(rows))
    assert strict(run("prices", "--data", tmp_path, "--json").out)["n_offers"] == 12
    (tmp_path / "prices.csv").write_text(PRICES + "".join(rows[:3]))
    outcome = run("prices", "--data", tmp_path)
    assert outcome.status == 3 and "3 LLMs with a price and a score" in outcome.err
    (tmp_path / "prices.csv").write_text(PRICES + rows[0].replace("0.6", "60.5"))
    assert "if these are percentages" in refused(run, "prices", "--data", tmp_path)


def test_what_cannot_be_held_fixed_is_refused(run: Run) -> None:
    assert "no levels are known for benchmark 'MMLU-Pro'" in refused(run, "prices", "MMLU-Pro")
    assert "Did you mean 'MMLU'" in refused(run, "prices", "MMLUU")
    assert "is a share of the items between 0 and 1" in refused(run, "prices", "--level", "70")
    assert "two or more scores" in refused(run, "prices", "--level", "0.7")


def test_chips_say_what_they_compute(run: Run, fit_file: Path, world_fit: Fit) -> None:
    found = strict(run("chips", fit_file, "--json").out)
    assert found["hardware"].keys() == {"ml-gpus", "all-gpus", "top-gpus", "memory", "bandwidth"}
    together = q.doubling_time(runnable_rate(world_fit))
    row, told = together.to_frame_row(), found["hardware"]["ml-gpus"]["runnable"]["doubling_time_months"]
    assert is_interval(told) and told["median"] == pytest.approx(row["median"])
    page = run("chips", fit_file).out
    assert f"doubles every {interval(row)} months" in page and "The published 88 days" in page
    assert "energy of a battery" in page and "A = 0.007 a day" in page

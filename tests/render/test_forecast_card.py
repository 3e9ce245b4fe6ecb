"""The section of forecasts says what the quantities say, and stores as much as a page can carry."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bayesdensity import load_fit
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead
from bayesdensity.quantities.forecast import score_at
from bayesdensity.render.blocks import Calculator, Report, Table
from bayesdensity.render.html import to_html
from bayesdensity.render.markdown import to_folder
from bayesdensity.render.sections import forecast_card
from bayesdensity.render.sources import Source

FORMS = ["densing-law", "densing-law.linear", "densing-law.random-walk"]
EVIL = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def fit() -> Fit:
    return load_fit("densing-law")


def counting_active(fit: Fit) -> Fit:
    study = fit.study
    return replace(fit, study=study.model_copy(update={"llms": study.llms.model_copy(update={"size": "active"})}))


def test_the_table_has_the_score_of_each_benchmark_now_and_in_two_years(fit: Fit) -> None:
    table = forecast_card.scores_table(fit, 0.9)
    assert len(table.shown) == 2 * fit.data.sizes["benchmark"]
    assert table.shown.columns[2:].tolist() == ["2026-06-04", "2027-06-04", "2028-06-04"]
    assert table.data is not None
    row = table.data.set_index(["benchmark", "of", "date"]).loc[("MATH", "typical", "2028-06-04")]
    wanted = score_at(fit, "MATH", 8e9, ["2028-06-04"], "typical").to_frame().iloc[0]
    assert row.to_numpy(float) == pytest.approx(wanted.to_numpy())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("of", ["frontier", "typical"])
def test_stored_paths_are_straight_between_their_dates(form: str, of: ahead.Level) -> None:
    thin = load_fit(form).thinned(forecast_card.STORED)
    data = forecast_card.card_data(thin, 0.9)
    grid, paths = np.array(data["grid"]), np.array(data["paths"][of]) / data["per_unit"]
    at = np.linspace(grid[0], grid[-1], 157)
    between = np.array([np.interp(at, grid, path) for path in paths])
    exact = ahead.log_density_ahead(thin, at, of).reshape(between.shape)
    assert np.abs(between - exact).max() < 0.01  # of an e-fold: one percent of a size
    assert grid[-1] - data["end"] == pytest.approx(ahead.HORIZON)


def test_a_page_grows_by_less_than_400_kb(fit: Fit) -> None:
    section = forecast_card.forecasts(Source("mine", fit))
    assert len(to_html(Report("t", "l", (section,)))) - len(to_html(Report("t", "l", ()))) < 400_000
    json.dumps(section.blocks[-1].data, allow_nan=False)  # type: ignore[union-attr]


def test_the_slider_stops_at_sizes_that_models_have(fit: Fit) -> None:
    data = forecast_card.card_data(fit, 0.9)
    assert {7e9, 8e9, 14e9, 32e9, 7e10} <= set(data["sizes"])
    assert data["sizes"] == sorted(data["sizes"])
    assert data["sizes"][0] <= data["known_sizes"][0] < data["known_sizes"][1] <= data["sizes"][-1]
    for one in data["benchmarks"]:
        assert one["floor"] < one["lowest"] <= one["score"] <= 0.99


def test_memory_is_no_size_where_active_parameters_count(fit: Fit) -> None:
    for one, offered in ((fit, True), (counting_active(fit), False)):
        page = to_html(Report("t", "l", (forecast_card.forecasts(Source("mine", one)),)))
        assert ('value="memory"' in page) == offered


def test_the_folder_has_the_answers_that_the_card_opens_with(fit: Fit) -> None:
    section = forecast_card.forecasts(Source("mine", fit))
    table, card = section.blocks[1:]
    assert isinstance(table, Table) and isinstance(card, Calculator)
    files = to_folder(Report("t", "l", (section,)))
    text = files["report.md"].decode().replace("\\", "")
    assert card.asked in text
    assert all(f"- {said}: {answer}" in text for said, answer in card.lines())
    assert "tables/forecasts.csv" in files


def test_names_of_benchmarks_are_text(fit: Fit) -> None:
    names = fit.data["benchmark"].to_numpy().astype(object)
    names[0] = EVIL
    data, posterior = (part.assign_coords(benchmark=names.astype(str)) for part in (fit.data, fit.posterior))
    section = forecast_card.forecasts(Source("mine", replace(fit, data=data, posterior=posterior)))
    page = to_html(Report("t", "l", (section,)))
    assert EVIL not in page and "&lt;/script&gt;" in page
    assert page.count("<script") == 2

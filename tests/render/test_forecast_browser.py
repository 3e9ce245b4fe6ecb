"""The card of forecasts in a real browser: answers read back are those of the same draws, and of the CLI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import browsing
import numpy as np
import pytest
from browsing import NARROW, NEEDS_BROWSER, WIDE, requested

from bayesdensity import cli, load_fit
from bayesdensity.data.covariates import size_as_covariate
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import Estimate
from bayesdensity.quantities.forecast import date_at, probability_by, score_at, size_at
from bayesdensity.quantities.memory import GB, params_in_memory
from bayesdensity.render.blocks import Report
from bayesdensity.render.html import to_html
from bayesdensity.render.sections import forecast_card
from bayesdensity.render.sources import Source
from bayesdensity.study.load import load_study

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By

pytestmark = NEEDS_BROWSER
SHIPPED = "densing-law.random-walk"
"""Steps of the rate beyond the last release are in its paths too."""
UNITS = {"T": 1e12, "B": 1e9, "M": 1e6}
SLACK = 4
"""Days that a date may be off: paths are stored to a thousandth of an e-fold."""


@pytest.fixture(scope="module")
def shipped() -> Fit:
    return load_fit(SHIPPED)


@pytest.fixture(scope="module")
def odd(shipped: Fit) -> Fit:
    """One where size counts for less than itself, and ever more, and the yardstick goes on beyond all its members."""
    draws = shipped.posterior.drop_vars(["link_largest", "link_stretch"])
    size = load_study("densing-law", {"covariates": ["pace-by-size"]}).covariates
    effect, pace = 0.1 * draws["noise_scale"] - 0.2, 0.02 * draws["noise_scale"] - 0.005
    draws = draws.assign(
        covariate_effect=effect.expand_dims(covariate=["pace-by-size"], axis=-1),
        covariate_growth=pace.expand_dims(growing_covariate=["pace-by-size"], axis=-1),
    )
    data = size_as_covariate(shipped.data).assign(covariate_grows=("covariate", [True]))
    named = data.assign_coords(covariate=["pace-by-size"], covariate_name=("covariate", ["pace-by-size"]))
    study = shipped.study.model_copy(update={"covariates": size})
    return replace(shipped, posterior=draws, data=named, study=study)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from browsing.opened()


@pytest.fixture
def card(browser: Any, shipped: Fit, tmp_path: Path) -> Any:
    return opened(browser, shipped, tmp_path)


def opened(browser: Any, fit: Fit, folder: Path, size: tuple[int, int] = WIDE) -> Any:
    page = Report("Forecasts", "", (forecast_card.forecasts(Source("mine", fit)),))
    path = folder / "card.html"
    path.write_text(to_html(page), encoding="utf-8")
    browsing.show(browser, path, size)
    return browser


def put(browser: Any, name: str, value: object) -> None:
    """Give a field a value as a user does; one of several radios is picked."""
    browser.execute_script(
        "const [name, value] = arguments;"
        'const one = document.querySelector(`.calculator [name=${name}][type=radio][value="${value}"]`)'
        " || document.querySelector(`.calculator [name=${name}]`);"
        "if (one.type === 'radio') one.checked = true; else one.value = value;"
        "for (const kind of ['input', 'change']) one.dispatchEvent(new Event(kind, { bubbles: true }));",
        name,
        str(value),
    )


def ask(browser: Any, fit: Fit, benchmark: str, of: str, params: float, score: float, day: str) -> None:
    data = forecast_card.card_data(fit.thinned(forecast_card.STORED), 0.9)
    names = [one["name"] for one in data["benchmarks"]]
    put(browser, "benchmark", names.index(benchmark))
    put(browser, "of", of)
    put(browser, "by", "params")
    put(browser, "size", data["sizes"].index(params))
    put(browser, "score", score)
    put(browser, "date", data["dates"].index(day))


def answers(browser: Any) -> dict[str, str]:
    found = browser.find_elements(By.CSS_SELECTOR, ".calculator [data-answer]")
    return {one.get_attribute("data-answer"): one.text for one in found}


def ends(text: str) -> list[str]:
    """Median and ends of an interval, as they are written."""
    return text.replace("[", "").replace("]", "").replace(",", "").split()


def params_of(text: str) -> float:
    return np.inf if text == "inf" else float(text.rstrip("TBM")) * UNITS.get(text[-1], 1.0)


def day_of(text: str) -> float:
    return np.inf if text == "never" else date.fromisoformat(text).toordinal()


def near(text: str, wanted: list[float], read: Any, slack: Any) -> None:
    for said, value in zip(map(read, ends(text)), wanted, strict=True):
        assert said == value if np.isinf(value) else abs(said - value) <= slack(value), f"{text}: {wanted}"


def three(estimate: Estimate) -> list[float]:
    return [float(part) for part in estimate.to_frame_row()]


def days(estimate: Estimate) -> list[float]:
    return [value if np.isinf(value) else 730120 + (value - 2000) * 365.25 for value in three(estimate)]


def half_digit(value: float) -> float:
    """Half of what the second significant digit of a size is worth, and what storing loses."""
    return float(0.5 * 10 ** (np.floor(np.log10(value)) - 1) + 0.002 * value)


SETTINGS = [
    ("MMLU", "frontier", 8e9, 0.8, "2026-01-01"),
    ("MMLU", "typical", 3e9, 0.7, "2028-07-01"),
    ("MATH", "frontier", 32e9, 0.75, "2027-07-01"),
    ("HumanEval", "typical", 7e10, 0.6, "2024-01-01"),
    ("BBH", "frontier", 1e9, 0.8, "2030-06-01"),
    ("MBPP", "typical", 2e8, 0.97, "2023-06-01"),
    ("MMLU", "frontier", 4e11, 0.3, "2023-03-01"),
]


@pytest.mark.parametrize("form", ["shipped", "odd"])
def test_answers_are_those_of_the_same_draws(
    browser: Any, form: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    fit: Fit = request.getfixturevalue(form)
    opened(browser, fit, tmp_path)
    thin = fit.thinned(forecast_card.STORED)
    for benchmark, of, params, score, day in SETTINGS:
        ask(browser, fit, benchmark, of, params, score, day)
        said: Any = answers(browser)
        whose: Any = {"of": of}
        near(
            said["score"], three(score_at(thin, benchmark, params, [day], **whose).sel(date=day)), float, lambda _: 8e-4
        )
        if score > thin.posterior["ceiling"].sel(benchmark=benchmark).median():
            assert said["date"].startswith("never") and said["params"].startswith("inf")
            assert "No model is known to be able" in browser.find_element(By.CSS_SELECTOR, ".notes").text
            continue
        when = date_at(thin, benchmark, score, params, **whose)
        near(said["date"], days(when), day_of, lambda _: SLACK)
        near(
            said["params"], three(size_at(thin, benchmark, score, [day], **whose).sel(date=day)), params_of, half_digit
        )
        assert float(said["chance"]) == pytest.approx(float(probability_by(thin, when, [day])[0]), abs=0.0101)


def test_answers_are_those_of_the_command_line(card: Any, shipped: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    def forecast(*given: str) -> Any:
        with pytest.raises(SystemExit):
            cli.main(["forecast", SHIPPED, "-b", "MATH", *given, "--json"])
        return json.loads(capsys.readouterr().out)

    def told(found: Any) -> list[Any]:
        return [np.inf if found[end] == "inf" else found[end] for end in ("median", "lower", "upper")]

    ask(card, shipped, "MATH", "frontier", 32e9, 0.75, "2027-07-01")
    said, size, score, day = answers(card), ("--params", "32B"), ("--score", "0.75"), ("--date", "2027-07-01")
    # The mixture of one fit is told from evenly spaced quantiles of its draws, so the outer ends differ a little.
    when = forecast(*size, *score)
    near(said["date"], [day_of(end) for end in told(when["date"])], day_of, lambda _: 30)
    assert float(said["chance"]) == pytest.approx(when["probability_by"]["2027-07-01"], abs=0.02)
    near(said["score"], told(forecast(*size, *day)["score"]), float, lambda _: 5e-3)
    near(said["params"], told(forecast(*score, *day)["params"]), params_of, lambda value: 0.1 * value)


def test_memory_is_a_size(card: Any, shipped: Fit) -> None:
    put(card, "by", "memory")
    for name, value in (("memory", 16), ("bits", 8), ("context", 3)):
        put(card, name, value)
    put(card, "benchmark", 2)
    asked = card.find_element(By.CSS_SELECTOR, ".asked").text
    assert "13B parameters (16 GB at 8 bits a weight beside 3 GB of context)" in asked
    benchmark, thin = str(shipped.data["benchmark"].to_numpy()[2]), shipped.thinned(forecast_card.STORED)
    day, params = asked.rsplit(" ", 1)[1], params_in_memory(16 * GB, 8, 3 * GB)
    near(answers(card)["score"], three(score_at(thin, benchmark, params, [day]).sel(date=day)), float, lambda _: 8e-4)
    put(card, "context", 20)
    assert set(answers(card).values()) == {"-"}
    put(card, "context", 3)
    assert "-" not in answers(card).values()


def test_it_opens_with_the_answers_that_stand_in_the_page(card: Any, shipped: Fit) -> None:
    assert card.get_log("browser") == []
    assert [Path(url).name for url in requested(card)] == ["card.html"]
    written = forecast_card.card(shipped, 0.9)
    said = answers(card)
    assert card.find_element(By.CSS_SELECTOR, ".asked").text == written.asked
    kinds: Any = {
        "date": (day_of, lambda _: SLACK),
        "score": (float, lambda _: 1.1e-3),
        "params": (params_of, lambda value: 2 * half_digit(value)),
    }
    for key, (read, slack) in kinds.items():
        near(said[key], [read(end) for end in ends(written.answers[key])], read, slack)
    assert float(said["chance"]) == pytest.approx(float(written.answers["chance"]), abs=0.0101)
    assert card.find_elements(By.CSS_SELECTOR, ".calculator .curve")


def test_it_fits_a_narrow_screen_and_paper(browser: Any, shipped: Fit, tmp_path: Path) -> None:
    opened(browser, shipped, tmp_path, NARROW)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= NARROW[0]
    put(browser, "by", "memory")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= NARROW[0]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.find_element(By.CSS_SELECTOR, ".calculator .controls").is_displayed()
    assert browser.find_element(By.CSS_SELECTOR, ".calculator .answers").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_without_a_script_it_says_what_it_opens_with(browser: Any, shipped: Fit, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, shipped, tmp_path)
        assert answers(browser) == forecast_card.card(shipped, 0.9).answers
        assert not browser.find_element(By.CSS_SELECTOR, ".calculator .controls").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

"""The report in a real browser: hover, search, toggle and read values back, and compare them with the JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browsing
import numpy as np
import pytest
from browsing import NARROW, NEEDS_BROWSER, WIDE, requested
from described import json_of

from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.render.sections import densities
from bayesdensity.render.write import report

pytest.importorskip("selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def fit(checked_fit: Fit) -> Fit:
    return checked_fit


@pytest.fixture(scope="module")
def path(fit: Fit, world_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("browser") / "mine.html"
    return report(fit, place, tables=world_tables, replicates=20)[0]


@pytest.fixture(scope="module")
def rows(fit: Fit) -> dict[str, dict[str, Any]]:
    return {row["llm"]: row for row in json_of(densities, fit)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from browsing.opened()


@pytest.fixture
def page(browser: Any, path: Path) -> Any:
    show(browser, path)
    return browser


def show(browser: Any, path: Path, size: tuple[int, int] = WIDE, scheme: str = "light") -> None:
    browsing.show(browser, path, size, scheme)
    assert marks(browser), "the chart is drawn when the page is there"


def marks(browser: Any, llm: str | None = None, series: str | None = None) -> list[Any]:
    wanted = "".join(f'[data-{key}="{value}"]' for key, value in (("llm", llm), ("series", series)) if value)
    return browser.find_elements(By.CSS_SELECTOR, f"#chart-density g[data-llm]{wanted}")


def tip(browser: Any) -> str:
    return str(browser.find_element(By.CSS_SELECTOR, "#chart-density .tip").text)


def hover(browser: Any, mark: Any) -> str:
    target = mark.find_element(By.CSS_SELECTOR, ".mark")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
    ActionChains(browser).move_to_element(target).perform()
    return tip(browser)


def numbers(text: str) -> tuple[float, float, float]:
    found = re.search(r"density (\S+) \[(\S+), (\S+)\]", text)
    assert found, text
    return tuple(map(float, found.groups()))  # type: ignore[return-value]


def alone(rows: dict[str, dict[str, Any]]) -> str:
    """An LLM whose mark has no neighbour: the one furthest from all others in date and log density."""
    days = np.array([np.datetime64(row["release_date"]).astype(float) for row in rows.values()])
    height = np.log([row["density"]["median"] for row in rows.values()])
    at = np.c_[days / np.ptp(days), height / np.ptp(height)]
    apart = np.linalg.norm(at[:, None] - at, axis=-1) + np.eye(len(at)) * 9
    return list(rows)[int(apart.min(1).argmax())]


def box(browser: Any, series: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, f'#chart-density input[value="{series}"]')


def test_it_opens_without_an_error_or_a_request(page: Any, path: Path) -> None:
    assert page.get_log("browser") == []
    assert requested(page) == [path.as_uri()]


def test_hovering_names_an_llm_with_the_interval_of_the_json(page: Any, rows: dict[str, Any]) -> None:
    name = alone(rows)
    (mark,) = marks(page, name)
    said, wanted = hover(page, mark), rows[name]["density"]
    assert said.startswith(name)
    assert rows[name]["release_date"] in said
    assert numbers(said) == pytest.approx((wanted["median"], wanted["lower"], wanted["upper"]), rel=5.1e-3)
    assert f"P(on the frontier) {rows[name]['probability_on_frontier']:.2f}" in said
    ActionChains(page).move_to_element(page.find_element(By.TAG_NAME, "h1")).perform()
    assert not page.find_element(By.CSS_SELECTOR, "#chart-density .tip").is_displayed()


def test_searching_highlights_a_family(page: Any, fit: Fit) -> None:
    family = str(fit.data["family"].to_numpy()[fit.data["family_index"].to_numpy()[0]])
    kin = fit.data["llm"].to_numpy()[fit.data["family"].to_numpy()[fit.data["family_index"].to_numpy()] == family]
    select = page.find_element(By.CSS_SELECTOR, "#chart-density select")
    assert family in [option.text for option in select.find_elements(By.TAG_NAME, "option")]
    page.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", select, family
    )
    lit = [mark.get_attribute("data-llm") for mark in marks(page) if mark.get_attribute("class") == "lit"]
    assert sorted(lit) == sorted(kin)
    found = page.find_element(By.CSS_SELECTOR, "#chart-density .found").text
    assert found == f"{len(kin)} of {fit.data.sizes['llm']} LLMs highlighted"


def test_searching_finds_one_name(page: Any, rows: dict[str, Any]) -> None:
    name = next(iter(rows))
    search = page.find_element(By.CSS_SELECTOR, "#chart-density input[type=search]")
    search.send_keys(name.upper())
    lit = {mark.get_attribute("data-llm") for mark in marks(page) if mark.get_attribute("class") == "lit"}
    assert lit == {llm for llm in rows if name.lower() in llm.lower()}
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.DELETE)
    assert not [mark for mark in marks(page) if mark.get_attribute("class")]


def test_benchmarks_are_toggled_and_read_back(page: Any, rows: dict[str, Any], fit: Fit) -> None:
    everyone = len(marks(page))
    name = str(fit.data["benchmark"].to_numpy()[0])
    box(page, name).click()
    on_it = [llm for llm, row in rows.items() if name in row["benchmarks"]]
    assert len(marks(page)) == everyone + len(on_it)
    box(page, "all benchmarks").click()
    assert {mark.get_attribute("data-series") for mark in marks(page)} == {name}
    here = {llm: rows[llm] | {"density": rows[llm]["benchmarks"][name]["density"]} for llm in on_it}
    llm = alone(here)
    said, wanted = hover(page, marks(page, llm, name)[0]), here[llm]["density"]
    assert said.startswith(llm) and name in said
    assert numbers(said) == pytest.approx((wanted["median"], wanted["lower"], wanted["upper"]), rel=5.1e-3)


def test_the_axis_is_logarithmic_or_linear(page: Any, rows: dict[str, Any]) -> None:
    order = sorted(rows, key=lambda llm: rows[llm]["density"]["median"])
    low, middle, high = order[0], order[len(order) // 2], order[-1]

    def height(llm: str) -> float:
        place = marks(page, llm)[0].find_element(By.CSS_SELECTOR, ".mark").get_attribute("transform")
        return -float(re.findall(r"[-\d.]+", place)[1])

    def share() -> float:
        return (height(middle) - height(low)) / (height(high) - height(low))

    a, b, c = (rows[llm]["density"]["median"] for llm in (low, middle, high))
    assert share() == pytest.approx(np.log(b / a) / np.log(c / a), abs=0.01)
    page.find_element(By.CSS_SELECTOR, "#chart-density input[value=linear]").click()
    assert share() == pytest.approx((b - a) / (c - a), abs=0.01)


def test_the_keyboard_reaches_every_llm(page: Any, rows: dict[str, Any]) -> None:
    chart = page.find_element(By.CSS_SELECTOR, "#chart-density .canvas > svg")
    page.execute_script("arguments[0].focus()", chart)
    dates = []
    for key in (Keys.HOME, *[Keys.ARROW_RIGHT] * (len(rows) - 1)):
        ActionChains(page).send_keys(key).perform()
        dates.append(rows[tip(page).splitlines()[0]]["release_date"])
    assert len(set(dates)) > 1 and dates == sorted(dates)
    spoken = page.find_element(By.CSS_SELECTOR, "#chart-density .canvas [role=status]")
    assert tip(page).splitlines()[0] in spoken.get_attribute("textContent")
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert tip(page) == ""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_on_any_screen(browser: Any, path: Path, size: tuple[int, int], scheme: str) -> None:
    show(browser, path, size, scheme)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= size[0], "the page itself never scrolls sideways"
    for selector in ("body", ".lead", ".caption", "p.answer", "#chart-density .canvas text", "td.PASS, td.REVIEW", "a"):
        ink, paper = browser.execute_script(
            "const e = document.querySelector(arguments[0]), s = getComputedStyle(e);"
            "return [e instanceof SVGElement ? s.fill : s.color, getComputedStyle(document.body).backgroundColor]",
            selector,
        )
        assert contrast(ink, paper) > 4.5, f"{selector}: {ink} on {paper}"
    assert (luminance(paper) > 0.5) == (scheme == "light")


def test_no_check_is_cut_on_a_narrow_screen(browser: Any, path: Path) -> None:
    for size in (NARROW, WIDE):
        show(browser, path, size)
        table = browser.find_element(By.ID, "table-checks")
        shown, there = browser.execute_script(
            "return [arguments[0].parentElement.clientWidth, arguments[0].parentElement.scrollWidth]", table
        )
        assert there <= shown
        cells = table.find_elements(By.CSS_SELECTOR, "tbody th, tbody td:not(:empty)")
        assert all(cell.rect["x"] + cell.rect["width"] <= size[0] for cell in cells)


def luminance(colour: str) -> float:
    """Of WCAG 2.1."""
    channels = np.array([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_paper_shows_what_is_folded_and_no_controls(page: Any) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert not page.find_element(By.CSS_SELECTOR, "#chart-density .controls").is_displayed()
    assert page.find_element(By.ID, "table-densities").is_displayed()
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert not page.find_element(By.ID, "table-densities").is_displayed()

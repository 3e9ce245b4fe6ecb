"""A report says what the fit says, holds all it needs, and lets no name of a table act as code."""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from described import json_of

from bayesdensity.base.errors import InputError
from bayesdensity.checks import CHECKS, Check, worst
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Paragraph, Report, Section, Table
from bayesdensity.render.html import to_html
from bayesdensity.render.markdown import plain, to_folder
from bayesdensity.render.sections import answer, densities, fit_summary
from bayesdensity.render.sections.answer import answer_sentences
from bayesdensity.render.sources import Source
from bayesdensity.render.write import report

EVIL = '<script>alert("1")</script>|`*[x](javascript:alert(1))</table>'
ORDER = [
    *("answer", "checks", "density", "doubling", "densest", "forecasts", "benchmarks", "reference"),
    *("paper", "claims", "data", "priors", "making", "citing"),
]
FEW: Any = {"replicates": 20}


class Page(HTMLParser):
    """Elements of a page, and the text in each cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.data: list[str] = []
        self.feed(html)
        self.cells = [cell.strip() for cell in self.cells]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")
        if dict(attrs).get("type") == "application/json":
            self.data.append("")

    def handle_data(self, data: str) -> None:
        tag, attrs = self.elements[-1] if self.elements else ("", {})
        if tag in ("td", "th"):
            self.cells[-1] += data
        if attrs.get("type") == "application/json":
            self.data[-1] += data

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def fit(checked_fit: Fit) -> Fit:
    return checked_fit


@pytest.fixture(scope="module")
def written(fit: Fit, world_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    path = tmp_path_factory.mktemp("report") / "mine.html"
    return report(fit, path, tables=world_tables, folder=True, **FEW)


@pytest.fixture(scope="module")
def page(written: list[Path]) -> Page:
    return Page(written[0].read_text(encoding="utf-8"))


def test_sections_come_in_the_order_in_which_they_are_asked_for(page: Page) -> None:
    assert [attrs["id"] for attrs in page.having("section")] == ORDER
    assert {attrs.get("href") for attrs in page.having("a")} == {"#content", *(f"#{key}" for key in ORDER)}


def test_the_page_says_what_the_fit_says(written: list[Path], fit: Fit) -> None:
    from html import unescape

    text = unescape(written[0].read_text(encoding="utf-8"))
    for sentence in answer_sentences(fit):
        assert sentence in text
    headline = json_of(fit_summary, fit)["doubling_time_months"]
    assert "{median:.1f} [{lower:.1f}, {upper:.1f}]".format(**headline) in text
    assert fit.study.digest in text and fit.about["tables_digest"] in text
    assert "@misc" in text or "@article" in text


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({}, "nothing looked for was found"),
        ({"harnesses": "REVIEW"}, "may be cited after a look"),
        ({"convergence": "REVIEW"}, "before a number is cited"),
        ({"convergence": "REVIEW", "reference": "FAIL"}, "should not be cited"),
    ],
)
def test_the_answer_says_whether_it_may_be_cited(fit: Fit, verdicts: dict[str, Any], said: str) -> None:
    judged = [asdict(Check(name, verdicts.get(name, "PASS"), "Said.", "Do.")) for name in CHECKS]
    *_, last = answer.answer(Source("mine", fit.noted(checks=judged))).blocks
    assert isinstance(last, Paragraph) and said in last.text
    assert last.tone == worst(one["verdict"] for one in judged)


def test_the_chart_holds_the_densities_of_the_json(page: Page, fit: Fit) -> None:
    data = json.loads(page.data[0])
    wanted = {row["llm"]: row for row in json_of(densities, fit)}
    assert len(data["series"]) == 1 + fit.data.sizes["benchmark"]
    for series in data["series"]:
        assert series["points"]
        for place, lower, median, upper in series["points"]:
            row = wanted[data["llms"][place]["name"]]
            said = row["density"] if series is data["series"][0] else row["benchmarks"][series["name"]]["density"]
            assert (lower, median, upper) == pytest.approx((said["lower"], said["median"], said["upper"]))


def test_the_frontier_of_a_benchmark_moves_at_the_rate_of_that_benchmark(page: Page, fit: Fit) -> None:
    from bayesdensity import quantities as q

    start, end = q.window(fit)
    rates = q.rate_by_benchmark(fit).draws
    trend = q.frontier_by_benchmark(fit, [start, end]).draws
    years = np.diff(q.estimate.times(fit, [start, end]).to_numpy())[0]
    moved = (trend.isel(date=1) - trend.isel(date=0)) / years
    np.testing.assert_allclose(moved.transpose(*rates.dims).to_numpy(), rates.to_numpy(), rtol=1e-9)


def test_nothing_is_fetched_from_anywhere(written: list[Path], page: Page) -> None:
    loads = [attrs.get(key) for _, attrs in page.elements for key in ("src", "href", "data", "action", "srcset")]
    assert all(to.startswith(("data:image/svg+xml;base64,", "#")) for to in loads if to)
    policy = next(attrs["content"] for attrs in page.having("meta") if "http-equiv" in attrs)
    assert policy and policy.startswith("default-src 'none'")
    styles = re.findall(r"<style>(.*?)</style>", written[0].read_text(encoding="utf-8"), re.DOTALL)
    assert styles and not any("url(" in style or "@import" in style for style in styles)


def test_every_figure_says_what_it_shows(page: Page) -> None:
    images = page.having("img")
    assert len(images) >= 4
    for attrs in images:
        assert attrs["alt"] and len(attrs["alt"]) > 80


def test_names_of_tables_are_text(fit: Fit, world_tables: Tables, tmp_path: Path) -> None:
    names = fit.data["llm"].to_numpy().astype(object)
    names[0] = EVIL
    study = fit.study.model_copy(update={"title": EVIL})
    data, posterior = (part.assign_coords(llm=names.astype(str)) for part in (fit.data, fit.posterior))
    evil = replace(fit, data=data, posterior=posterior, study=study)
    html = report(evil, tmp_path / "evil.html", **FEW)[0].read_text(encoding="utf-8")
    found = Page(html)
    # The data of chart and card and the script of the page: no other element is one, and none was ended from inside.
    assert [attrs.get("type") for attrs in found.having("script")] == ["application/json", "application/json", None]
    assert EVIL in found.cells
    assert EVIL in {llm["name"] for llm in json.loads(found.data[0])["llms"]}
    assert EVIL not in html


def test_markdown_takes_a_name_as_it_is() -> None:
    shown = pd.DataFrame({"llm": [EVIL, "two\nlines"], "density": ["1.0", "2.0"]})
    page = Report("t", "l", (Section("s", "S", (Paragraph(EVIL), Table("t", "c", shown))),))
    text = to_folder(page)["report.md"].decode()
    assert plain(EVIL) in text and "<script>" not in text and "](javascript" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3] * 4
    assert to_html(page).count("<script>") == 1


def test_the_folder_holds_the_same(written: list[Path], fit: Fit) -> None:
    folder = written[0].with_suffix("")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {title}" for title in re.findall(r"<h2[^>]*>(.*?)</h2>", written[0].read_text(encoding="utf-8"))
    ]
    links = re.findall(r"\]\(([\w./-]+)\)", text)
    assert len(links) > 15
    assert {folder / link for link in links} <= set(written)
    table = pd.read_csv(folder / "tables" / "densities.csv").set_index("llm")
    for row in json_of(densities, fit):
        assert table.loc[row["llm"], "density_median"] == pytest.approx(row["density"]["median"], rel=1e-5)
    for pdf in folder.glob("figures/*.pdf"):
        assert pdf.read_bytes().startswith(b"%PDF")
        assert pdf.with_suffix(".svg").read_bytes().startswith(b"<?xml")


def test_rows_left_out_are_told_one_by_one(written: list[Path], world_tables: Tables, fit: Fit) -> None:
    from bayesdensity.data.selection import select

    table = pd.read_csv(written[0].with_suffix("") / "tables" / "left-out.csv")
    assert len(table) == len(select(fit.study, world_tables).left_out)
    assert table["reason"].notna().all()


def test_the_same_fit_gives_the_same_bytes(written: list[Path], fit: Fit, world_tables: Tables, tmp_path: Path) -> None:
    again = report(fit, tmp_path / "mine.html", tables=world_tables, folder=True, **FEW)
    assert [path.name for path in again] == [path.name for path in written]
    for one, other in zip(written, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_without_its_tables_a_report_says_what_is_missing(fit: Fit, tmp_path: Path) -> None:
    html = report(fit, tmp_path / "mine.html")[0].read_text(encoding="utf-8")
    assert html.count("name them with --data") == 1 and "Name them with --data" in html


def test_other_tables_are_refused(fit: Fit, tmp_path: Path) -> None:
    from bayesdensity.data.tables import read_tables

    with pytest.raises(InputError, match="not those it was fitted to"):
        report(fit, tmp_path / "mine.html", tables=read_tables())
    assert not list(tmp_path.iterdir())


def test_fits_are_set_side_by_side(fit: Fit, tmp_path: Path) -> None:
    form = fit.study.frontier.model_copy(update={"quantile": 0.9})
    other = replace(fit, study=fit.study.model_copy(update={"frontier": form}))
    written = report({"one": fit, "other": other}, tmp_path / "both.html", folder=True)
    found = Page(written[0].read_text(encoding="utf-8"))
    data = json.loads(found.data[0])
    assert [series["name"] for series in data["series"]] == ["one", "other"]
    assert len(data["llms"]) == fit.data.sizes["llm"]
    at = found.cells.index("frontier.quantile")
    assert found.cells[at + 1 : at + 3] == ["0.95", "0.9"]
    table = pd.read_csv(io.BytesIO((tmp_path / "both" / "tables" / "doubling.csv").read_bytes()))
    assert table["fit"].tolist() == ["one", "other"]
    headline = json_of(fit_summary, fit)["doubling_time_months"]
    assert table.loc[0, "frontier"] == "{median:.1f} [{lower:.1f}, {upper:.1f}]".format(**headline)


@pytest.mark.parametrize(("name", "said"), [("mine.txt", "ends in .html"), ("no/mine.html", "there is no folder")])
def test_a_place_that_will_not_do_is_refused_first(fit: Fit, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        report(fit, tmp_path / name)


def test_a_reference_alone_has_no_report(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reference alone"):
        report(fit.noted(part="reference"), tmp_path / "mine.html")


def test_a_folder_without_sensitivity_is_refused(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no answer of 'bayesdensity sensitivity'"):
        report(fit, tmp_path / "mine.html", sensitivity=tmp_path)


def test_a_file_in_the_way_of_the_folder_stays(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("in the way", encoding="utf-8")
    with pytest.raises(InputError, match="a file is there"):
        report(fit, tmp_path / "mine.html", folder=True)
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "in the way"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]

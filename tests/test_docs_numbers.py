"""Numbers of README and docs are those of the results that commands wrote; the example of own scores is complete."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables, validate_folder
from bayesdensity.study.load import load_study

ROOT = Path(__file__).parents[1]
OWN = ROOT / "examples" / "own-scores"
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import results_text  # noqa: E402


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results_text, "ROOT", tmp_path)
    return tmp_path / "page.md"


def faults(page: Path, text: str) -> list[str]:
    page.write_text(text)
    return list(results_text.faults(page))


@pytest.mark.parametrize("path", results_text.pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_number_of_a_page_is_that_of_the_results(path: Path) -> None:
    assert not list(results_text.faults(path))


def test_a_file_of_results_holds_a_certificate_and_the_results() -> None:
    for path in results_text.RESULTS.glob("*.json"):
        assert set(json.loads(path.read_text())) == {"certificate", "results"}, path.name


def test_a_stale_number_is_renewed_and_reported(page: Path) -> None:
    path, stale = (
        "densing-law/doubling_time_months",
        "<!-- n: densing-law/doubling_time_months -->3.3 [3.0, 3.5]<!-- /n -->",
    )
    (fault,) = faults(page, f"It doubles every {stale} months.\n")
    assert "page.md:1" in fault and "3.3 [3.0, 3.5]" in fault and "python docs/renew.py" in fault
    renewed = results_text.renewed(page.read_text())
    assert results_text.shown(path) in renewed and "3.3" not in renewed
    assert faults(page, renewed) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("See <!-- n: densing-law/no_such_key -->1<!-- /n -->.", "'no_such_key' is not there"),
        ("See <!-- n: no-such-study/n_llms -->1<!-- /n -->.", "no-such-study.json does not exist"),
        ("See\n\n<!-- table: no_such_table -->\n\n<!-- /table -->", "no table no_such_table"),
        ("See\n\n<!-- file: no/such.csv -->\n\n<!-- /file -->", "no/such.csv does not exist"),
        ("It doubles every 3.3 [3.0, 3.5] months.", "an interval is typed"),
        ("See <!-- n: densing-law/n_llms -->132.", "a mark is not closed"),
        ("See\n<!-- n: densing-law/n_llms -->132<!-- /n -->.", "a number begins the line"),
    ],
)
def test_a_number_that_nobody_wrote_is_reported(page: Path, text: str, told: str) -> None:
    assert any(told in fault for fault in faults(page, text))


def test_files_that_a_page_names_exist() -> None:
    pages = [*results_text.pages(), ROOT / "CONTRIBUTING.md", ROOT / "tests" / "benchmarks" / "README.md"]
    named = re.compile(r"(?<![\w/])((?:tests|bayesdensity|docs|models|examples)/[\w./-]+\.\w+)")
    for path in pages:
        missing = [name for name in named.findall(path.read_text()) if not (ROOT / name).exists()]
        assert not missing, path.name


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (3.96, "4.0"),
        (9.96, "10"),
        (20.7, "21"),
        (0.126, "0.13"),
        (0.0996, "0.10"),
        (131.4, "131"),
        ("inf", "infinity"),
        (7, "7"),
    ],
)
def test_a_number_has_two_digits_and_no_fewer_than_its_whole_ones(x: float | str, text: str) -> None:
    assert results_text.number(x) == text


def test_a_cell_of_a_table_does_not_end_the_row() -> None:
    import results_tables

    assert results_tables.markdown(["a", "b"], [["x|y", "z"]]) == ["| a | b |", "|---|---|", r"| x\|y | z |"]


def test_the_example_of_own_scores_is_complete_and_is_what_the_pages_report() -> None:
    assert validate_folder(OWN / "tables") == []
    chosen = select(load_study(OWN / "mine.toml"), read_tables(OWN / "tables"))
    reported = results_text.results("own-scores")
    assert len(chosen.llms) == reported["n_llms"] == len(reported["densities"])
    assert len(chosen.scores) == reported["n_scores"]

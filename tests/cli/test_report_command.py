"""`cite` prints what a fit rests on, and `report` writes a page beside where it is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from outcomes import Run, refused
from simulated import Truth

from bayesdensity.checks import checks_of, passed
from bayesdensity.inference.result import load_fit


def test_cite_prints_bibtex_and_says_what_has_no_reference(run: Run, fit_file: Path) -> None:
    outcome = run("cite", fit_file)
    assert outcome.status == 0 and outcome.err == ""
    assert "@misc{xiao2024densing," in outcome.out and "@article{aigner1977formulation," in outcome.out
    assert "aigner" not in refused(run, "cite", "nowhere.nc")
    for name in ("benchmark Reading", "family Yardstick", "suite small-ladder"):
        assert name in outcome.out.splitlines()[-1]


def test_a_report_stands_beside_where_it_is_asked_for(run: Run, fit_file: Path, truth: Truth) -> None:
    shutil.copy(fit_file, "mine.nc")
    Path("small-world-sensitivity").mkdir()
    outcome = run("report", "mine.nc", "--data", truth.folder)
    assert outcome.status == (0 if passed(checks_of(load_fit("mine.nc"))) else 1) and outcome.out == ""
    assert "without sensitivity" in outcome.err
    made = {path.name for path in Path.cwd().iterdir()}
    assert made == {"mine.nc", "mine.html", "mine", "small-world-sensitivity"}
    assert Path("mine/report.md").is_file() and "wrote mine.html, and the folder mine with" in outcome.err


def test_a_report_that_cannot_be_is_refused_first(run: Run, fit_file: Path, tmp_path: Path) -> None:
    assert "at least one fit" in refused(run, "report")
    assert "ends in .html" in refused(run, "report", fit_file, "-o", "mine.pdf")
    assert "no such file" in refused(run, "report", "nowhere.nc")
    assert "holds no answer" in refused(run, "report", fit_file, "--sensitivity", tmp_path)
    other = shutil.copy(fit_file, tmp_path / "other.nc")
    assert "belongs to one fit" in refused(run, "report", fit_file, other, "--sensitivity", tmp_path)

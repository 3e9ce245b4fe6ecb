"""The command shows its plan, refuses wrong requests first, and writes the same twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from universes import GRID

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity import running
from bayesdensity.study.spec import Study


def command(*words: object) -> int:
    from bayesdensity.cli import app

    try:
        app([str(word) for word in ("sensitivity", *words)])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_plan_is_shown_and_nothing_is_written(
    world_study: Study, truth: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    common = ("--grid", tmp_path / "small.toml", "-o", tmp_path / "out", "--data", truth.folder)
    assert command(truth.study, *common, "--plan", "--vary", "frontier.trend=linear") == 0
    said = capsys.readouterr().out
    for line in ("default", "rate: narrow", "weights, else a fit", "frontier.trend: linear", "5 variants: 4 to answer"):
        assert line in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--grid", "standrad"), "standard"),
        (("--axis", "dispersoin"), "dispersion"),
        (("--workers", "0"), "--workers must be at least 1"),
        (("--ci", "1.5"), "--ci lies between 0 and 1"),
        (("--at", "2031-07-01"), "frontier 2024-07-01"),
        (("-o", "no/such/folder"), "cannot make a folder there"),
        (("--vary", "frontier.trend"), "write key=value"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_runs(truth: Any, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        command(truth.study, "--data", truth.folder, *words)


def test_an_interrupt_ends_the_command_and_says_how_to_go_on(
    truth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Bench, "fit_of", interrupted)
    folder = tmp_path / "out"
    assert command(truth.study, "--data", truth.folder, "-o", folder, "--axis", "dispersion") == 130
    said = capsys.readouterr().err
    assert f"fits go to {folder}; after a stop the same command goes on" in said
    assert f"what was finished stays in {folder}, and the same command goes on from there." in said


def test_the_command_writes_tables_and_figures_twice_the_same(
    world_fit: Fit,
    bench: running.Bench,
    truth: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fit of the study itself is given; the rest is weighted, swapped in or refused."""
    (tmp_path / "small.toml").write_text(GRID)
    monkeypatch.setattr(running.Bench, "fit_of", lambda self, study, progress: world_fit)
    written = []
    for name in ("one", "two"):
        folder = tmp_path / name
        common = (truth.study, "--data", truth.folder, "-o", folder)
        status = command(*common, "--grid", tmp_path / "small.toml", "--axis", "rate")
        verdicts = {row["verdict"] for row in json.loads((folder / "sensitivity.json").read_text())["variants"]}
        assert status == (0 if verdicts == {"PASS"} else 1)
        assert "rate" in capsys.readouterr().out
        written.append({file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".jsonl"})
    assert written[0] == written[1]
    stem = world_fit.study.name
    figures = {f"{stem}-{figure}.{form}" for figure in ("specifications", "tornado") for form in ("png", "svg")}
    tables = {"variants.csv", "tornado.csv", "decomposition.csv", "priors.csv", "sensitivity.json", "certificate.json"}
    assert set(written[0]) == figures | tables
    told = json.loads(written[0]["sensitivity.json"])
    assert told["digest"] == world_fit.study.digest and len(told["variants"]) == 2
    assert {one["method"] for one in told["priors"]} == {"weights"}

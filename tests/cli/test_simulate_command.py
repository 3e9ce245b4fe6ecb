"""`simulate` writes a folder that the study reads, and overwrites none."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from outcomes import Run, edit, refused, strict
from simulated import Truth

from bayesdensity.data.tables import read_tables
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import WORLDS


def test_a_simulated_world_is_a_folder_that_the_study_reads(run: Run, truth: Truth, fit_file: Path) -> None:
    given = ("simulate", truth.study, "--data", truth.folder, "--fit", fit_file, "--seed", "4")
    outcome = run(*given, "-o", "mine")
    names = ("benchmarks.csv", "llms.csv", "reference_runs.csv", "scores.csv", "truth.json")
    assert outcome.status == 0 and outcome.out == ""
    assert outcome.err.endswith(f"wrote {', '.join(f'mine/{name}' for name in names)}\n")
    told = strict(Path("mine/truth.json").read_text())
    assert told["world"] == {"name": "as-modelled", "about": WORLDS["as-modelled"].about}
    assert (told["study"], told["seed"], told["truth"]) == ("small-world", 4, "a posterior draw")
    assert {"rate of the frontier", "rate of the mean", "rate on Code", "density of fam00-32B"} <= set(
        told["quantities"]
    )
    shown, real = (strict(run("show", truth.study, "--data", at, "--json").out) for at in ("mine", truth.folder))
    assert told["digest"] == shown["digest"] == real["digest"]
    assert shown["n_llms"] == told["n_llms"] == real["n_llms"] and shown["n_scores"] == real["n_scores"]
    assert run("show", truth.study, "--data", "mine").status == 0 and run("validate", "mine").status == 0
    assert run(*given, "-o", "again").status == run(*given[:-1], "5", "-o", "other").status == 0
    content = {at: [Path(at, name).read_bytes() for name in names] for at in ("mine", "again", "other")}
    assert content["again"] == content["mine"]
    assert content["other"][3] != content["mine"][3] and content["other"][1] == content["mine"][1]


def test_a_world_of_records_leaves_llms_out(run: Run, truth: Truth, fit_file: Path) -> None:
    outcome = run(
        "simulate", truth.study, "--data", truth.folder, "--fit", fit_file, "-o", "mine", "--world", "records"
    )
    assert outcome.status == 0
    told = strict(Path("mine/truth.json").read_text())
    shown = strict(run("show", truth.study, "--data", "mine", "--json").out)
    assert told["world"]["name"] == "records" and told["n_llms"] == shown["n_llms"] < len(truth.log_density)
    assert len(read_tables("mine", fill_from_bundled=False).llms) == told["n_llms"] + 5


@pytest.mark.parametrize("holds", [[], ["notes.txt"]])
def test_a_folder_that_is_there_is_left_alone(
    run: Run, truth: Truth, fit_file: Path, tmp_path: Path, holds: list[str]
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for name in holds:
        (there / name).write_text("mine")
    said = refused(run, "simulate", truth.study, "--data", truth.folder, "--fit", fit_file, "-o", there)
    assert "is there already; name a new folder" in said
    assert [path.name for path in there.iterdir()] == holds


def test_the_truth_of_other_tables_or_another_study_is_refused(
    run: Run, truth: Truth, folder: Path, fit_file: Path
) -> None:
    given = ("--fit", fit_file, "-o", "mine")
    assert "the fit is of another tables" in refused(run, "simulate", truth.study, *given)
    edit(folder / "scores.csv", lambda rows: [rows[0], rows[2], rows[1], *rows[3:]])
    assert "the fit is of another tables" in refused(run, "simulate", truth.study, "--data", folder, *given)
    changed = ("--data", truth.folder, "--set", "frontier.trend=linear", *given)
    assert "not of 'small-world' with digest" in refused(run, "simulate", truth.study, *changed)


@pytest.mark.usefixtures("use_compiled_world")
def test_without_a_fit_the_truth_comes_from_the_prior(
    run: Run, truth: Truth, world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DRAWS", "TUNE"):
        monkeypatch.setattr(importlib.import_module("bayesdensity.simulate.source"), name, 60)
    outcome = run("simulate", truth.study, "--data", truth.folder, "-o", "mine")
    assert outcome.status == 0 and outcome.out == "" and "drawing from the prior, given the reference" in outcome.err
    told = strict(Path("mine/truth.json").read_text())
    assert told["truth"] == "a prior draw, given the reference" and told["n_llms"] == world_fit.about["n_llms"]
    assert run("show", truth.study, "--data", "mine").status == 0

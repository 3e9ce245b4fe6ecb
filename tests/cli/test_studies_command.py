"""`studies`, `show` and `validate` list what there is, and every fault of it."""

from __future__ import annotations

from pathlib import Path

from described import unbroken
from outcomes import Run, edit, refused, strict
from simulated import Truth

from bayesdensity.inference.result import Fit


def test_studies_are_listed(run: Run) -> None:
    outcome = run("studies")
    assert outcome.status == 0
    assert {"densing-law", "olmo-ladder"} <= {row.split()[0] for row in outcome.out.splitlines()}


def test_show_gives_every_prior_and_its_reason(run: Run, truth: Truth, world_fit: Fit) -> None:
    outcome = run("show", truth.study, "--data", truth.folder)
    assert outcome.status == 0 and outcome.err.startswith("Tables read from the folder: ")
    said = unbroken(outcome.out)
    for name, prior in world_fit.study.priors:
        assert f"  {name} " in outcome.out and prior.why in said
    shown = strict(run("show", truth.study, "--data", truth.folder, "--json").out)
    assert shown["digest"] == world_fit.study.digest
    assert (shown["n_llms"], shown["n_scores"]) == (world_fit.about["n_llms"], world_fit.about["n_scores"])


def test_show_says_who_enters_of_those_who_could(run: Run) -> None:
    outcome = run("show", "densing-law")
    assert "released" in outcome.out and "open-science" in outcome.out
    assert "with scores on 3 or more of the 5 benchmarks, by half-year of release" in unbroken(outcome.out)
    shown = strict(run("show", "densing-law", "--json").out)
    (total,) = [row for row in shown["entering"] if row["half_year"] == row["lab_type"] == "all"]
    assert total["used"] == shown["n_llms"]
    assert f"{total['used']} of {total['candidates']}" in outcome.out


def test_a_setting_changes_the_study_that_is_shown(run: Run, truth: Truth, world_fit: Fit) -> None:
    arguments = ("show", truth.study, "--data", truth.folder, "--json", "--set", "frontier.trend=linear")
    shown = strict(run(*arguments).out)
    assert shown["settings"]["frontier"]["trend"] == "linear" and shown["digest"] != world_fit.study.digest


def test_validate_passes_sound_tables_and_lists_every_fault(run: Run, folder: Path) -> None:
    assert run("validate", folder).status == 0
    edit(folder / "scores.csv", lambda rows: [*rows, "fam99-7B,Reading,0.5,x", "fam00-7B,Code,7,x"])
    said = refused(run, "validate", folder)
    assert "fam99-7B" in said and "score 7 " in said

"""The command line keeps its promises: exit status, JSON and nothing else on standard output, sentences that help."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from simulated import BENCHMARKS, Truth, write_study

from bayesdensity import cli
from bayesdensity.checks import CHECKS, Check, checked, checks_of, passed
from bayesdensity.data.join import with_scores
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.simulate import WORLDS


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    app = cli.app

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        # The parser warns when it reads sys.argv under a test framework.
        monkeypatch.setattr(cli, "app", partial(app, [str(one) for one in arguments]))
        with pytest.raises(SystemExit) as raised:
            cli.main()
        code = raised.value.code
        return Outcome(0 if code is None else int(code), *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def fit_file(world_fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fit of the small world as the command `fit` writes it: with its checks."""
    return checked(world_fit).save(tmp_path_factory.mktemp("checked") / "small-world.nc")


@pytest.fixture
def folder(truth: Truth, tmp_path: Path) -> Path:
    """A copy of the small world to spoil."""
    return Path(shutil.copytree(truth.folder, tmp_path / "data"))


def refused(run: Run, *arguments: str | Path) -> str:
    """The one message of a wrong request, which exits 2, prints nothing else and writes nothing."""
    outcome = run(*arguments)
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert "error: " in outcome.err and "Traceback" not in outcome.err
    assert list(Path.cwd().iterdir()) == []
    return outcome.err


def edit(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


# The requests that people get wrong


def test_unknown_llm_in_the_scores(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [*rows, "fam99-7B,Reading,0.5,harness-a"])
    n = len((folder / "scores.csv").read_text().splitlines())
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert f"scores.csv row {n}: llm 'fam99-7B' is not in llms.csv" in said and "add a row" in said


def test_score_as_a_percentage(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [rows[0], "fam00-7B,Code,73.2,own", *rows[1:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "scores.csv row 2: score 73.2" in said and "divide by 100" in said


def test_a_row_twice(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [*rows[:3], rows[2], *rows[3:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "scores.csv row 4: repeats row 3" in said and "delete one" in said


def test_a_missing_column(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [row.rsplit(",", 1)[0] for row in rows])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv: has no column 'params_total'; it needs llm, release_date, params_total" in said


def test_a_negative_size(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [rows[0], rows[1].rsplit(",", 1)[0] + ",-7e9", *rows[2:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv row 2: params_total -7e9" in said and "multiply by 1e9" in said


def test_a_date_that_is_none(run: Run, folder: Path) -> None:
    edit(folder / "llms.csv", lambda rows: [rows[0], rows[1].replace("2023-03-01", "March 2023"), *rows[2:]])
    said = refused(run, "fit", folder / "small-world.toml", "--data", folder)
    assert "llms.csv row 2: release_date March 2023" in said and "write it like 2024-07-18" in said


def test_an_unknown_key_in_a_study(run: Run, folder: Path) -> None:
    study = write_study(folder / "mine.toml", more='[frontier]\ntrent = "linear"\n')
    said = refused(run, "fit", study, "--data", folder)
    assert "mine.toml: unknown key 'frontier.trent'" in said and "trend" in said


def test_a_benchmark_without_data(run: Run, folder: Path) -> None:
    study = write_study(folder / "mine.toml", more='[benchmarks.Readnig]\nmetrics = ["acc"]\ncot = ["false"]\n')
    said = refused(run, "fit", study, "--data", folder)
    assert "Readnig" in said and "Did you mean 'Reading'?" in said
    edit(folder / "benchmarks.csv", lambda rows: [*rows, "Readnig,100,0.25"])
    said = refused(run, "fit", study, "--data", folder)
    assert "scores.csv: no score on 'Readnig' is left" in said and "drop it" in said


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("fit", "densing-lw"), "Did you mean 'densing-law'?"),
        (("fit", "nowhere.toml"), "nowhere.toml: no such study file"),
        (("fit", "densing-law", "--data", "nowhere"), "nowhere"),
        (("fit", "densing-law", "-o", "fit.csv"), "ends in .nc"),
        (("fit", "densing-law", "-o", "nowhere/fit.nc"), "no folder nowhere"),
        (("fit", "densing-law", "--chains", "0"), "--chains must be at least 1"),
        (("fit", "densing-law", "--draws", "0"), "--draws must be at least 1"),
        (("fit", "densing-law", "--set", "frontier.trend"), "key=value"),
        (("fit", "densing-law", "--set", "frontier.trend=cubic"), "frontier.trend"),
        (("show", "densing-lw"), "Did you mean 'densing-law'?"),
        (("summary", "nowhere.nc"), "nowhere.nc: no such file"),
        (("densities", "nowhere.nc"), "nowhere.nc: no such file"),
        (("summary", "nowhere.nc", "--ci", "90"), "--ci lies between 0 and 1"),
        (("validate", "nowhere"), "no such folder"),
        (("compare", "nowhere.nc", "other.nc"), "nowhere.nc: no such file"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "0"), "--ci lies between 0 and 1"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "1"), "--ci lies between 0 and 1"),
        (("compare", "nowhere.nc", "other.nc", "--ci", "90"), "--ci lies between 0 and 1"),
        (("compare",), "needs at least two fits; got 0"),
        (("backtest", "nowhere.nc"), "nowhere.nc: no such file"),
        (("backtest", "nowhere.nc", "-o", "nowhere/mine"), "-o nowhere/mine: there is no folder nowhere"),
        (("simulate", "densing-lw", "-o", "new"), "Did you mean 'densing-law'?"),
        (("simulate", "densing-law", "-o", "new", "--world", "record"), "Did you mean 'records'?"),
        (("simulate", "densing-law", "-o", "new", "--fit", "nowhere.nc"), "nowhere.nc: no such file"),
        (("simulate", "densing-law", "-o", "nowhere/new"), "-o nowhere/new: there is no folder nowhere"),
        (("simulate", "densing-law", "-o", "."), "-o .: is there already; name a new folder"),
    ],
)
def test_wrong_requests_are_answered_before_anything_runs(run: Run, arguments: tuple[str, ...], part: str) -> None:
    assert part in refused(run, *arguments)


def test_nothing_left_to_learn_from_exits_3(run: Run, folder: Path) -> None:
    study = folder / "small-world.toml"
    outcome = run("fit", study, "--data", folder, "--set", "llms.released_from=2030-01-01")
    assert outcome.status == 3 and outcome.out == "" and "no LLM is left" in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_releases_of_one_day_exit_3(run: Run, truth: Truth) -> None:
    for command in ("show", "fit"):
        outcome = run(command, truth.study, "--data", truth.folder, "--set", "llms.released_from=2026-02-01")
        assert outcome.status == 3 and outcome.out == ""
        assert "LLMs left were released on 2026-0" in outcome.err and "Traceback" not in outcome.err
        assert "so nothing can be told about change over time" in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_a_benchmark_that_nothing_ties_to_the_reference_exits_3(run: Run, folder: Path) -> None:
    edit(folder / "scores.csv", lambda rows: [row for row in rows if not re.match("Yardstick-.*,Code,", row)])
    outcome = run("fit", folder / "small-world.toml", "--data", folder)
    assert outcome.status == 3 and outcome.out == "" and list(Path.cwd().iterdir()) == []
    assert "no score of reference family 'Yardstick' on 'Code' is left" in outcome.err
    assert "Reading" not in outcome.err and "Bring one, or drop the benchmark." in outcome.err


@pytest.mark.parametrize("arguments", [("summary", "fit.nc", "--jsno"), ("simulate", "densing-law")])
def test_an_unknown_option_or_a_missing_one_is_a_wrong_request(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2 and outcome.out == ""


def test_a_fit_cut_short_is_refused(run: Run, fit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.nc").write_bytes(fit_file.read_bytes()[:5000])
    assert "cut.nc" in refused(run, "summary", tmp_path / "cut.nc", "--json")


def test_fit_prints_the_answer_and_writes_fit_and_figures(
    run: Run, truth: Truth, world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
    few = ("--quick", "--draws", "80", "--tune", "150", "--chains", "2", "--seed", "5")
    outcome = run("fit", truth.study, "--data", truth.folder, *few)
    assert outcome.status == 1  # so few draws cannot pass
    assert "QUICK LOOK" in outcome.err and "s compile + " in outcome.out
    figures = [f"small-world-{name}.{kind}" for name in ("density", "doubling", "reference") for kind in ("png", "svg")]
    assert sorted(path.name for path in Path.cwd().iterdir()) == sorted(["small-world.nc", *figures])
    again = run("summary", "small-world.nc")
    assert again.status == 1
    assert again.out == outcome.out
    told = json.loads(run("summary", "small-world.nc", "--json").out)
    assert told["n_llms"] == world_fit.data.sizes["llm"] and told["diagnostics"]["verdict"] in ("REVIEW", "FAIL")
    options = f"--data {truth.folder} --chains 2 --draws 80 --tune 150 --seed 5 --quick"
    assert load_fit("small-world.nc").about["command"] == f"bayesdensity fit {truth.study} {options}"


def test_a_command_is_kept_as_it_can_be_typed_again() -> None:
    given: dict[str, Any] = {"-o": Path("my fit.nc"), "--chains": 4, "--draws": None, "--seed": 1}
    command = cli.fits._command("mine.toml", ["frontier.trend=linear", 'llms.stage=["base"]'], given, False)
    settings = """--set frontier.trend=linear --set 'llms.stage=["base"]'"""
    assert command == f"bayesdensity fit mine.toml {settings} -o 'my fit.nc'"
    assert shlex.split(command)[-3:] == ['llms.stage=["base"]', "-o", "my fit.nc"]


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
    assert outcome.status in (0, 1) and outcome.out == ""
    assert (outcome.status == 1) == (not passed(checks_of(load_fit("mine.nc"))))
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


def test_an_interrupted_fit_writes_nothing(run: Run, truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bayesdensity.inference.drawing.run_sampler", interrupted)
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: (None, []))
    outcome = run("fit", truth.study, "--data", truth.folder)
    assert outcome.status == 130 and outcome.out == ""
    assert list(Path.cwd().iterdir()) == []
    assert "nothing was written" in outcome.err


# What it prints


def is_interval(value: Any, probability: float = 0.9) -> bool:
    return (
        set(value) == {"median", "lower", "upper", "probability", "kind"}
        and value["probability"] == probability
        and value["kind"] == "eti"
        and all(isinstance(value[end], float) or value[end] == "inf" for end in ("median", "lower", "upper"))
    )


def strict(text: str) -> Any:
    """Parse JSON, and refuse the NaN and Infinity that are not JSON."""

    def never(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=never)


def test_summary_as_json_has_what_is_promised(run: Run, fit_file: Path, world_fit: Fit) -> None:
    outcome = run("summary", fit_file, "--json")
    assert outcome.status == (0 if passed(checks_of(world_fit)) else 1)
    summary = strict(outcome.out)
    promised = {"study", "digest", "versions", "n_llms", "n_scores", "n_runs", "diagnostics", "doubling_time_months"}
    promised |= {"rate_per_year", "window", "doubling_time_months_at", "probability_rate_positive", "benchmarks"}
    promised |= {"probability_slowing", "paper_mode", "wall_seconds"}
    assert promised <= set(summary)
    known = {"max_rhat", "min_ess_bulk", "min_ess_tail", "min_bfmi", "divergences", "stuck_chains", "verdict"}
    assert known <= set(summary["diagnostics"])
    assert {"compile", "sample", "total"} <= set(summary["wall_seconds"])
    assert is_interval(summary["doubling_time_months"]) and is_interval(summary["rate_per_year"])
    assert summary["doubling_time_months_at"]
    assert all(is_interval(value) for value in summary["doubling_time_months_at"].values())
    assert is_interval(summary["paper_mode"]["doubling_time_months"])
    assert set(summary["benchmarks"]) == set(BENCHMARKS)
    for benchmark in summary["benchmarks"].values():
        assert is_interval(benchmark["doubling_time_months"]) and is_interval(benchmark["rate_per_year"])
    assert 0 <= summary["probability_rate_positive"] <= 1 and 0 <= summary["probability_slowing"] <= 1
    assert summary["study"] == "small-world" and summary["digest"] == world_fit.study.digest
    assert len(summary["window"]) == 2


def test_summary_as_json_says_how_sure_growth_is(run: Run, fit_file: Path) -> None:
    summary = strict(run("summary", fit_file, "--json", "--ci", "0.8").out)
    growth = {"doubling_time_months", "rate_per_year", "probability_rate_positive"}
    everywhere = [summary, summary["mean_trend"], summary["envelope"], summary["new_benchmark"], summary["paper_mode"]]
    for told in [*everywhere, *summary["benchmarks"].values()]:
        assert growth <= set(told) and 0.9 < told["probability_rate_positive"] <= 1
        assert is_interval(told["doubling_time_months"], 0.8) and is_interval(told["rate_per_year"], 0.8)
    for told in (summary, summary["mean_trend"]):
        assert set(told["probability_rate_positive_at"]) == set(told["doubling_time_months_at"])
        assert all(0 <= chance <= 1 for chance in told["probability_rate_positive_at"].values())
        assert 0 <= told["probability_slowing"] <= 1
    assert is_interval(summary["benchmark_rate_spread"], 0.8) and summary["benchmark_rate_spread"]["lower"] > 0
    assert summary["estimand"] != summary["mean_trend"]["estimand"] != summary["envelope"]["estimand"]
    # One not yet seen is less certain than the average over those that were.
    width = [told["rate_per_year"]["upper"] - told["rate_per_year"]["lower"] for told in everywhere]
    assert width[3] > width[0]


def rows_of_growth(text: str) -> dict[str, tuple[str, float]]:
    """What stands under the heading of doubling times: interval and P(growth) by label."""
    lines = text.splitlines()
    first = next(k for k, line in enumerate(lines) if line.endswith("P(growth)"))
    rows = {}
    for line in lines[first + 1 :]:
        if not line:
            break
        found = re.fullmatch(r"(.+?)\s+(\S+ \[\S+, \S+\])\s+([01]\.\d{3})", line)
        assert found or line.startswith("  by benchmark"), line
        if found:
            rows[found[1].strip()] = (found[2], float(found[3]))
    return rows


def test_every_doubling_time_in_words_stands_beside_the_probability_of_growth(run: Run, fit_file: Path) -> None:
    rows, summary = rows_of_growth(run("summary", fit_file).out), strict(run("summary", fit_file, "--json").out)
    start, end = summary["window"]
    told = {f"frontier (0.95 quantile), {start} to {end}": summary, f"mean of releases, {start} to {end}": None}
    told |= {f"envelope of families, {start} to {end}": summary["envelope"], **summary["benchmarks"]}
    told |= {"a benchmark not yet seen": summary["new_benchmark"]}
    told |= {"records by least squares (paper mode)": summary["paper_mode"]}
    told[f"mean of releases, {start} to {end}"] = summary["mean_trend"]
    assert set(rows) == {*told, *(f"at {date}" for date in summary["doubling_time_months_at"])}
    for label, one in told.items():
        months = one["doubling_time_months"]
        assert rows[label][0].startswith(f"{months['median']:.1f} [{months['lower']:.1f}, ")
        assert rows[label][1] == pytest.approx(one["probability_rate_positive"], abs=6e-4)


def thinned(fit: Fit) -> Fit:
    """Every fifth draw: enough for what is printed."""
    every = slice(None, None, 5)
    return dataclasses.replace(
        fit, posterior=fit.posterior.isel(draw=every), sample_stats=fit.sample_stats.isel(draw=every)
    )


@pytest.fixture
def falling(world_fit: Fit, tmp_path: Path) -> Path:
    """The small world, but with densities that surely fall."""
    fit = thinned(world_fit)
    moved = -5 * world_fit.data["time"].drop_vars(["architecture", "release_date"])
    draws = fit.posterior.assign(rate=fit.posterior["rate"] - 5)
    draws["log_density_relative"] = (draws["log_density_relative"] + moved).transpose("chain", "draw", "llm")
    return dataclasses.replace(fit, posterior=draws).save(tmp_path / "falling.nc")


def test_densities_that_surely_fall_never_double_and_nothing_breaks(run: Run, falling: Path) -> None:
    text, summary = run("summary", falling).out, strict(run("summary", falling, "--json").out)
    said = " ".join(text.split())
    assert "did not grow (months to double: inf [inf, inf])" in said and "P(it grew) below 0.001" in said
    for label, (interval, chance) in rows_of_growth(text).items():
        # An envelope of the best so far never falls, and nor do records: at worst they stand.
        if not label.startswith(("envelope", "records")):
            assert interval == "inf [inf, inf]" and chance < 0.01, label
    for told in (summary, summary["mean_trend"], summary["new_benchmark"], *summary["benchmarks"].values()):
        assert told["probability_rate_positive"] < 0.01
        assert [told["doubling_time_months"][end] for end in ("median", "lower", "upper")] == ["inf"] * 3
        assert told["rate_per_year"]["upper"] < 0
    assert all(chance == 0 for chance in summary["probability_rate_positive_at"].values())
    assert summary["envelope"]["doubling_time_months"]["upper"] == "inf"


def test_densities_that_surely_fall_are_drawn(falling: Path) -> None:
    from bayesdensity.plots.density import plot_density
    from bayesdensity.plots.doubling import plot_doubling

    for plot in (plot_doubling, plot_density):
        plot(load_fit(falling)).draw_without_rendering()


def test_summary_in_words_and_in_json_agree(run: Run, fit_file: Path) -> None:
    months = strict(run("summary", fit_file, "--json").out)["doubling_time_months"]
    text = run("summary", fit_file).out
    assert f"every {months['median']:.1f} [{months['lower']:.1f}, " in " ".join(text.split())
    assert text.startswith(("PASS: ", "REVIEW: ", "FAIL: "))


def test_probability_of_the_intervals_can_be_chosen(run: Run, fit_file: Path) -> None:
    outs = (run("summary", fit_file, "--json", "--ci", ci).out for ci in ("0.98", "0.5"))
    wide, narrow = (strict(out)["rate_per_year"] for out in outs)
    assert is_interval(wide, 0.98) and is_interval(narrow, 0.5)
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]


def test_densities_as_json_have_a_row_for_each_llm(run: Run, fit_file: Path, truth: Truth) -> None:
    rows = strict(run("densities", fit_file, "--json").out)
    assert {row["llm"] for row in rows} == set(truth.log_density.index)
    for row in rows:
        assert all(is_interval(row[name]) for name in ("density", "effective_size", "inefficiency"))
        assert 0 <= row["probability_on_frontier"] <= 1 and 0 <= row["probability_unreachable"] <= 1
        ratio = row["effective_size"]["median"] / row["density"]["median"]
        assert ratio == pytest.approx(row["params"], rel=1e-6)
        assert set(row["benchmarks"]) <= set(BENCHMARKS)


def test_densities_as_csv_and_text_have_the_same_rows(run: Run, fit_file: Path, truth: Truth) -> None:
    header, *rows = run("densities", fit_file, "--csv").out.strip().splitlines()
    assert header.startswith("llm,") and "density_median" in header and "probability_unreachable" in header
    assert {row.split(",")[0] for row in rows} == set(truth.log_density.index)
    assert len(run("densities", fit_file).out.strip().splitlines()) == len(rows) + 1


def test_densities_as_csv_say_how_far_below_best_practice_an_llm_is(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    fit = thinned(world_fit)
    form = fit.study.frontier.model_copy(update={"form": "symmetric"})
    study = fit.study.model_copy(update={"frontier": form})
    draws, about = fit.posterior.drop_vars("inefficiency_scale"), {**fit.about, "digest": study.digest}
    paths = (
        fit.save(tmp_path / "mine.nc"),
        dataclasses.replace(fit, posterior=draws, study=study, about=about).save(tmp_path / "symmetric.nc"),
    )
    table, without = (pd.read_csv(io.StringIO(run("densities", path, "--csv").out), index_col="llm") for path in paths)
    columns = [f"inefficiency_{end}" for end in ("lower", "median", "upper")]
    assert (table[columns] >= 0).all(axis=None) and (table[columns].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert list(without.columns) == [name for name in table.columns if name not in columns]


# Comparisons and backtests


@pytest.fixture
def two(world_fit: Fit, tmp_path: Path) -> tuple[Path, Path]:
    """The fit of the small world, and one that has its pace wrong, in files of the same name."""
    right = thinned(world_fit)
    wrong = dataclasses.replace(right, posterior=right.posterior.assign(rate=right.posterior["rate"] - 5))
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    return right.save(tmp_path / "right" / "mine.nc"), wrong.save(tmp_path / "wrong" / "mine.nc")


def test_a_comparison_as_json_is_pure_and_has_what_is_promised(run: Run, two: tuple[Path, Path]) -> None:
    outcome = run("compare", *two, "--no-refit", "--json", "--ci", "0.8")
    assert outcome.status == 0 and outcome.err == "" and list(Path.cwd().iterdir()) == []
    told, names = strict(outcome.out), [str(path) for path in two]
    assert set(told) == {"fold", "n_llms", "leave_one_out", "sentence", "stacked"}
    assert list(told["leave_one_out"]) == names and told["n_llms"] == 38
    columns = {"elpd", "se", "difference", "difference_se", "weight", "large_k", "refitted"}
    for row in told["leave_one_out"].values():
        assert set(row) == columns and all(isinstance(value, float) for value in row.values())
    assert told["sentence"] == f"best: {names[0]}; worse: {names[1]}."
    assert set(told["stacked"]) == {"frontier", "mean"}
    for growth in told["stacked"].values():
        assert is_interval(growth["doubling_time_months"], 0.8) and is_interval(growth["rate_per_year"], 0.8)
        assert growth["probability_rate_positive"] > 0.95


def test_a_comparison_in_words_has_a_verdict(run: Run, two: tuple[Path, Path]) -> None:
    outcome = run("compare", *two, "--no-refit")
    assert outcome.status == 0 and "Traceback" not in outcome.err
    assert f"best: {two[0]}; worse: {two[1]}." in outcome.out
    assert "that were not left out exactly" in outcome.out
    assert set(rows_of_growth(outcome.out)) == {"frontier, 90% interval", "mean, 90% interval"}


def test_a_comparison_of_fits_that_never_double_says_infinity(run: Run, falling: Path, tmp_path: Path) -> None:
    shutil.copy(falling, tmp_path / "same.nc")
    told = strict(run("compare", falling, tmp_path / "same.nc", "--no-refit", "--json").out)
    assert "not told apart from it" in told["sentence"]
    for growth in told["stacked"].values():
        assert [growth["doubling_time_months"][end] for end in ("median", "lower", "upper")] == ["inf"] * 3
        assert growth["probability_rate_positive"] == 0


def test_one_fit_alone_is_not_compared(run: Run, fit_file: Path) -> None:
    assert "compare needs at least two fits; got 1" in refused(run, "compare", fit_file)


def test_fits_of_other_scores_are_not_compared(run: Run, world_fit: Fit, fit_file: Path, tmp_path: Path) -> None:
    values = world_fit.data["score_value"].to_numpy() * 0.99
    other = dataclasses.replace(world_fit, data=with_scores(world_fit.data, values)).save(tmp_path / "other.nc")
    said = refused(run, "compare", fit_file, other, "--no-refit")
    assert "small-world and other are fits of different scores" in said and "--set" in said


@pytest.fixture
def sampled_again(world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The small world is sampled again with few draws, and not compiled again."""
    assert world_fit.data.sizes["llm"]
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
    for name in ("REFIT_DRAWS", "REFIT_TUNE"):
        monkeypatch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), name, 80)


@pytest.mark.usefixtures("sampled_again")
def test_a_backtest_as_json_is_pure_and_its_figure_is_written(run: Run, fit_file: Path) -> None:
    cutoffs = ("2025-01-01", "2025-07-01")
    arguments = [part for cutoff in cutoffs for part in ("--cutoff", cutoff)]
    outcome = run("backtest", fit_file, *arguments, "--json", "-o", "mine")
    assert outcome.status in (0, 1)  # so few draws need not converge
    told = strict(outcome.out)
    assert set(told) == {"scores", "cutoffs", "convergence", "llms"}
    assert list(told["cutoffs"]) == list(told["convergence"]) == list(cutoffs)
    assert list(told["scores"]) == [*cutoffs, "all"]
    assert len(told["llms"]) == told["scores"]["all"]["n"]
    assert {"llm", "cutoff", "months", "elpd", "observed", "median", "pit", "crps"} <= set(told["llms"][0])
    assert f"releases before {cutoffs[1]}" in outcome.err and "wrote mine-backtest.png" in outcome.err
    files = sorted(path.name for path in Path.cwd().iterdir())
    assert files == ["mine-backtest.png", "mine-backtest.svg"]


@pytest.mark.usefixtures("sampled_again")
def test_a_backtest_in_words_has_a_row_for_each_cutoff(run: Run, fit_file: Path) -> None:
    outcome = run("backtest", fit_file, "--cutoff", "2025-07-01")
    assert outcome.status in (0, 1)  # so few draws need not converge
    assert list(Path.cwd().iterdir()) == []
    rows = [line for line in outcome.out.splitlines() if line.startswith("2025-07-01 ")]
    assert len(rows) == 2 and "P(growth) " in rows[1]
    assert "CRPS" in outcome.out and any(line.startswith("all ") for line in outcome.out.splitlines())


@pytest.mark.usefixtures("sampled_again")
def test_a_comparison_predicts_later_releases_if_asked(
    run: Run, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LEAST_TRAINING": 32, "REFIT_DRAWS": 40, "REFIT_TUNE": 40}.items():
        monkeypatch.setattr(importlib.import_module("bayesdensity.evaluation.backtesting"), name, value)
    outcome = run("compare", *two, "--no-refit", "--future", "--json")
    told = strict(outcome.out)
    assert set(told["leave_future_out"]) == {str(path) for path in two} and told["sentence_future"].startswith("best: ")
    # Both are sampled again, from the same seed: what was wrong with one posterior is gone.
    assert {row["difference"] for row in told["leave_future_out"].values()} == {0.0}
    assert f"{two[0]}: releases before 2026-01-01" in outcome.err


def test_a_cutoff_that_is_no_date_is_a_wrong_request(run: Run, fit_file: Path) -> None:
    said = refused(run, "backtest", fit_file, "--cutoff", "soon", "-o", "mine")
    assert "cut-offs must be ISO dates such as 2025-01-01; got ['soon']" in said


@pytest.mark.parametrize("cutoff", ["2023-07-01", "2027-01-01"])
def test_a_cutoff_with_nothing_to_learn_from_or_to_predict_exits_3(run: Run, fit_file: Path, cutoff: str) -> None:
    outcome = run("backtest", fit_file, "--cutoff", cutoff, "-o", "mine", "--json")
    assert outcome.status == 3 and outcome.out == "" and f"cut-off {cutoff}: needs at least 20 LLMs" in outcome.err
    assert list(Path.cwd().iterdir()) == []


# The verdict


def judged(fit: Fit, path: Path, **verdicts: str) -> Path:
    """A file of a fit whose checks have other verdicts than PASS as given."""
    found: list[Check] = []
    for name in CHECKS:
        verdict: Any = verdicts.get(name, "PASS")
        found.append(Check(name, verdict, f"{name} was looked at.", "" if verdict == "PASS" else f"Do for {name}."))
    about = {**fit.about, "checks": [dataclasses.asdict(one) for one in found]}
    return dataclasses.replace(fit, about=about).save(path)


@pytest.mark.parametrize(
    ("verdicts", "worst", "status"),
    [
        ({}, "PASS", 0),
        ({"convergence": "REVIEW"}, "REVIEW", 1),
        ({"convergence": "FAIL"}, "FAIL", 1),
        ({"frontier": "REVIEW", "identification": "REVIEW"}, "REVIEW", 0),
        ({"frontier": "FAIL", "scores": "REVIEW"}, "FAIL", 1),
        ({"priors": "FAIL"}, "FAIL", 1),
    ],
)
def test_the_verdict_comes_first_and_the_exit_status_follows_it(
    run: Run, world_fit: Fit, tmp_path: Path, verdicts: dict[str, str], worst: str, status: int
) -> None:
    path = judged(thinned(world_fit), tmp_path / "mine.nc", **verdicts)
    outcome, as_json = run("summary", path), run("summary", path, "--json")
    assert (outcome.status, as_json.status, run("densities", path).status) == (status, status, status)
    told = strict(as_json.out)
    assert told["verdict"] == worst and [one["name"] for one in told["checks"]] == list(CHECKS)
    for one in told["checks"]:
        verdict = verdicts.get(one["name"], "PASS")
        assert one["verdict"] == verdict and one["sentence"] == f"{one['name']} was looked at."
        assert one["remedy"] == ("" if verdict == "PASS" else f"Do for {one['name']}.")
    head, *lines = outcome.out.split("\n\n")[0].splitlines()
    n = len(verdicts)
    said = {"PASS": "all 9 checks passed", "REVIEW": f"{n} of 9 checks want a look"}
    assert head == f"{worst}: {said.get(worst, f'{n} of 9 checks say: do not cite')}."
    for name, verdict in verdicts.items():
        assert f"  {verdict:6s} {name}: {name} was looked at. Do for {name}." in lines
    assert ("  PASS   convergence: convergence was looked at." in lines) == ("convergence" not in verdicts)
    fine = [name for name in CHECKS if name not in {*verdicts, "convergence"}]
    assert lines[-1] == f"  PASS   {', '.join(fine)}"


def test_a_fit_without_checks_is_checked_when_it_is_read(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    """As the library saves it, and with a sampler that did not converge."""
    judgement = dataclasses.replace(world_fit.diagnostics, verdict="FAIL", sentence="chains disagree.")
    fit = dataclasses.replace(world_fit, stored_diagnostics=judgement)
    outcome = run("summary", fit.save(tmp_path / "mine.nc"), "--json")
    told = strict(outcome.out)
    assert outcome.status == 1 and told["verdict"] == "FAIL"
    assert told["diagnostics"]["verdict"] == "FAIL" and told["diagnostics"]["sentence"] == "chains disagree."
    first, *others = told["checks"]
    assert (first["name"], first["verdict"], first["sentence"]) == ("convergence", "FAIL", "chains disagree.")
    assert [one["name"] for one in others] == list(CHECKS)[1:]
    for one in others:
        assert one["verdict"] in ("PASS", "REVIEW", "FAIL") and one["sentence"].endswith(".") and one["figures"]
        assert bool(one["remedy"]) == (one["verdict"] != "PASS")


def unidentified(fit: Fit) -> Fit:
    """A fit that knows less of the rate than its prior did."""
    prior, rate = fit.study.priors["rate"], fit.posterior["rate"]
    wide = np.random.default_rng(1).standard_normal(rate.shape)
    wide = prior.mu + 1.3 * prior.sigma * wide / wide.std()
    return dataclasses.replace(fit, posterior=fit.posterior.assign(rate=rate.copy(data=wide)))


def test_a_fit_that_repeats_its_prior_gives_no_number(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    path = unidentified(thinned(world_fit)).save(tmp_path / "wide.nc")
    for arguments in (("summary",), ("summary", "--json"), ("densities", "--csv")):
        outcome = run(arguments[0], path, *arguments[1:])
        assert outcome.status == 3 and outcome.out == ""
        assert "the posterior of the rate is as wide as its prior (130%): nothing was learned" in outcome.err
        assert "Bring LLMs of more dates, or more scores of each." in outcome.err
        assert "doubl" not in outcome.err and "Traceback" not in outcome.err


def test_fitting_what_repeats_its_prior_writes_nothing(
    run: Run, truth: Truth, world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = unidentified(thinned(world_fit))
    monkeypatch.setattr("bayesdensity.inference.drawing.fit", lambda *_, **__: wide)
    outcome = run("fit", truth.study, "--data", truth.folder)
    assert outcome.status == 3 and outcome.out == "" and "as wide as its prior" in outcome.err
    assert list(Path.cwd().iterdir()) == []


# Simulated worlds


def test_a_simulated_world_is_a_folder_that_the_study_reads(run: Run, truth: Truth, fit_file: Path) -> None:
    given = ("simulate", truth.study, "--data", truth.folder, "--fit", fit_file, "--seed", "4")
    outcome = run(*given, "-o", "mine")
    names = ("benchmarks.csv", "llms.csv", "reference_runs.csv", "scores.csv", "truth.json")
    assert outcome.status == 0 and outcome.out == ""
    assert outcome.err == f"wrote {', '.join(f'mine/{name}' for name in names)}\n"
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


def test_without_a_fit_the_truth_comes_from_the_prior(
    run: Run, truth: Truth, world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
    for name in ("DRAWS", "TUNE"):
        monkeypatch.setattr(importlib.import_module("bayesdensity.simulate.source"), name, 60)
    outcome = run("simulate", truth.study, "--data", truth.folder, "-o", "mine")
    assert outcome.status == 0 and outcome.out == "" and "drawing from the prior, given the reference" in outcome.err
    told = strict(Path("mine/truth.json").read_text())
    assert told["truth"] == "a prior draw, given the reference" and told["n_llms"] == world_fit.about["n_llms"]
    assert run("show", truth.study, "--data", "mine").status == 0


# Studies and tables


def test_studies_are_listed(run: Run) -> None:
    outcome = run("studies")
    assert outcome.status == 0
    assert {"densing-law", "olmo-ladder"} <= {row.split()[0] for row in outcome.out.splitlines()}


def test_show_gives_every_prior_and_its_reason(run: Run, truth: Truth, world_fit: Fit) -> None:
    outcome = run("show", truth.study, "--data", truth.folder)
    assert outcome.status == 0 and outcome.err == ""
    for name, prior in world_fit.study.priors:
        assert f"  {name} " in outcome.out and prior.why in outcome.out
    shown = strict(run("show", truth.study, "--data", truth.folder, "--json").out)
    assert shown["digest"] == world_fit.study.digest
    assert (shown["n_llms"], shown["n_scores"]) == (world_fit.about["n_llms"], world_fit.about["n_scores"])


def test_a_setting_changes_the_study_that_is_shown(run: Run, truth: Truth, world_fit: Fit) -> None:
    arguments = ("show", truth.study, "--data", truth.folder, "--json", "--set", "frontier.trend=linear")
    shown = strict(run(*arguments).out)
    assert shown["settings"]["frontier"]["trend"] == "linear" and shown["digest"] != world_fit.study.digest


def test_validate_passes_sound_tables_and_lists_every_fault(run: Run, folder: Path) -> None:
    assert run("validate", folder).status == 0
    edit(folder / "scores.csv", lambda rows: [*rows, "fam99-7B,Reading,0.5,x", "fam00-7B,Code,7,x"])
    said = refused(run, "validate", folder)
    assert "fam99-7B" in said and "score 7 " in said


def test_help_is_quick_and_names_the_commands() -> None:
    start = time.monotonic()
    arguments = [sys.executable, "-m", "bayesdensity", "--help"]
    outcome = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert time.monotonic() - start < 5
    assert all(name in outcome.stdout for name in ("fit", "summary", "densities", "validate", "studies", "show"))


def test_help_does_not_load_the_sampler() -> None:
    code = (
        "import sys, bayesdensity.cli as c\n"
        "try: c.app(['fit', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('pymc', 'pytensor', 'nutpie', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

"""The published procedure finds what it can, is biased where it must be, and says what it leaves out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from records_bias import simulate
from simulated import Truth

from bayesdensity import cli
from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.claims import read_claims, trend_claims
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.describe import paper_json, paper_text
from bayesdensity.inference.result import Fit
from bayesdensity.plots.paper import plot_paper
from bayesdensity.published.inversion import read_reference
from bayesdensity.published.procedure import Replication, replicate
from bayesdensity.published.record_draws import all_rate, posterior_trend, probability_record, record_rate
from bayesdensity.published.records import is_record, line, slope, slope_of_records
from bayesdensity.published.replication import compare
from bayesdensity.published.windows import Window, windows
from bayesdensity.study.spec import Study, load_study

BENCHMARKS = ("Reading", "Sums")
LADDER = {"Reading": (0.55, 400.0, 0.33, 60.0, 0.21), "Sums": (0.4, 150.0, 0.28, 90.0, 0.24)}  # E, a, alpha, b, beta
SIGMOID = {"Reading": (0.25, 0.7, 12.0, 0.9), "Sums": (0.02, 0.93, 8.0, 0.95)}  # d, c, gamma, l
TOKENS = 4e12


@dataclass
class World:
    """Tables without noise in a folder, a study of them, and what is true."""

    folder: Path
    study: Study
    log_density: pd.Series

    def replicate(self, **settings: Any) -> Replication:
        return replicate(self.study, read_tables(self.folder), **{"replicates": 0, **settings})


def densities(rate: float = 1.4, families: int = 14, scatter: float = 0.3, seed: int = 4) -> pd.DataFrame:
    """Made-up releases: dates, families, sizes and ln density along a straight line."""
    rng = np.random.default_rng(seed)
    rows = []
    for f, day in enumerate(np.linspace(0, 900, families).astype(int)):
        for size in rng.choice([3e9, 7e9, 14e9, 32e9], 2, replace=False):
            date = pd.Timestamp("2023-03-01") + pd.Timedelta(days=int(day))
            value = rate * day / 365.25 - 1 + rng.normal(0, scatter)
            rows.append((f"fam{f:02d}-{size / 1e9:g}B", f"fam{f:02d}", f"{date:%Y-%m-%d}", size, value))
    return pd.DataFrame(rows, columns=["llm", "family", "release_date", "params_total", "log_density"])


def write(
    folder: Path, llms: pd.DataFrame, score: Callable[[str, float], float], reference: str, scores: list[Any], runs: Any
) -> World:
    """Write the tables and the study."""
    folder.mkdir(parents=True, exist_ok=True)
    log_size = np.log(llms["params_total"]) + llms["log_density"]
    for name, x in zip(llms["llm"], log_size, strict=True):
        scores = [*scores, *((name, b, score(b, x), "own") for b in BENCHMARKS)]
    llms.drop(columns="log_density").to_csv(folder / "llms.csv", index=False)
    pd.DataFrame(scores, columns=["llm", "benchmark", "score", "harness"]).to_csv(folder / "scores.csv", index=False)
    columns = ["suite", "run", "params", "tokens", "benchmark", "loss", "score"]
    pd.DataFrame(runs, columns=columns).to_csv(folder / "reference_runs.csv", index=False)
    benchmarks = {"benchmark": BENCHMARKS, "n_items": 5000, "chance": [SIGMOID[b][0] for b in BENCHMARKS]}
    pd.DataFrame(benchmarks).to_csv(folder / "benchmarks.csv", index=False)
    tables = "".join(f'[benchmarks.{name}]\nmetrics = ["acc"]\ncot = ["false"]\n' for name in BENCHMARKS)
    path = folder / "known.toml"
    path.write_text(f'{reference}\ntitle = "Known"\nwhy = "Test."\n[llms]\nmin_benchmarks = 1\n{tables}')
    return World(folder, load_study(path), llms.set_index("llm")["log_density"])


def ladder_score(benchmark: str, log_n: float, tokens: float = TOKENS) -> float:
    d, c, gamma, middle = SIGMOID[benchmark]
    return float(d + c / (1 + np.exp(gamma * (ladder_loss(benchmark, np.exp(log_n), tokens) - middle))))


def ladder_loss(benchmark: str, n: float, tokens: float) -> float:
    e, a, alpha, b, beta = LADDER[benchmark]
    return float(e + a * n**-alpha + b * tokens**-beta)


def ladder_world(folder: Path, llms: pd.DataFrame, extra: list[Any] | None = None) -> World:
    """A ladder without noise, and LLMs that lie on its curve; ``extra`` adds scores."""
    runs = [
        (
            "small",
            f"{n:.0e}-{ratio}x",
            n,
            n * ratio,
            b,
            ladder_loss(b, n, n * ratio),
            ladder_score(b, np.log(n), n * ratio),
        )
        for b in BENCHMARKS
        for n in (2e8, 5e8, 1.3e9, 3e9, 7e9, 13e9)
        for ratio in (10, 40, 160, 500)
    ]
    reference = 'extends = "olmo-ladder"'
    world = write(folder, llms, ladder_score, reference, extra or [], runs)
    extended = (world.folder / "known.toml").read_text()
    path = world.folder / "known.toml"
    path.write_text(f'{extended}[reference]\nsuite = "small"\ntrajectories = ""\nexclude = []\ntokens = {TOKENS}\n')
    return World(folder, load_study(path), world.log_density)


def family_world(folder: Path, llms: pd.DataFrame, members: tuple[float, ...] = (5e8, 2e9, 7e9, 14e9, 7e10)) -> World:
    """A score family without noise, of the exponent and the ceiling that the study takes for known."""
    priors = load_study("densing-law").priors
    alpha, ceiling = np.exp(priors.size_exponent.mu), 1 - np.exp(priors.ceiling_gap.mu)

    def score(benchmark: str, log_n: float) -> float:
        k, x = BENCHMARKS.index(benchmark), log_n - np.log(7e9)
        eta = (0.2, -0.9)[k] + (0.55, 0.45)[k] * (1 - np.exp(-alpha * x)) / alpha
        floor = SIGMOID[benchmark][0]
        return float(floor + (ceiling - floor) / (1 + np.exp(-eta)))

    rows = pd.DataFrame([(f"Yard-{n:g}", "Yard", "2024-02-04", n, 0.0) for n in members], columns=[*llms.columns])
    everyone = pd.concat([llms, rows], ignore_index=True)
    world = write(folder, everyone, score, 'extends = "densing-law"', [], [])
    path = world.folder / "known.toml"
    path.write_text(f'{path.read_text()}[reference]\nfamily = "Yard"\nloss_suites = []\n')
    return World(folder, load_study(path), llms.set_index("llm")["log_density"])


WORLDS = {"ladder": ladder_world, "family": family_world}


# What it recovers


@pytest.mark.parametrize("kind", WORLDS)
def test_densities_without_noise_are_recovered(tmp_path: Path, kind: str) -> None:
    world = WORLDS[kind](tmp_path, densities())
    got = world.replicate()
    assert got.failed_inversions.empty
    np.testing.assert_allclose(got.llms["log_density"], world.log_density.reindex(got.llms.index), atol=1e-3)


@pytest.mark.parametrize("kind", WORLDS)
def test_a_straight_line_without_scatter_is_read_off_in_every_window(tmp_path: Path, kind: str) -> None:
    got = WORLDS[kind](tmp_path, densities(rate=1.4, scatter=0)).replicate()
    assert [trend.window.end for trend in got.trends] == ["2024-10-31", "2025-04-30", "2025-08-17"]
    for trend in got.trends:
        assert trend.records.rate == pytest.approx(1.4, abs=2e-3) and trend.everyone.rate == pytest.approx(
            1.4, abs=2e-3
        )
        assert trend.records.r_squared == pytest.approx(1, abs=1e-4)
    assert len(got.trends[0].record_llms) < len(got.trends[-1].record_llms) == 14  # one a day, of two


def test_the_law_and_the_map_of_a_ladder_are_recovered(tmp_path: Path) -> None:
    fits = ladder_world(tmp_path, densities()).replicate().fits
    for name in BENCHMARKS:
        got = fits[name].parameters
        assert [got[key] for key in ("E", "A", "alpha", "B", "beta")] == pytest.approx(LADDER[name], rel=1e-3)
        assert [got[key] for key in ("d", "c", "gamma", "l")] == pytest.approx(SIGMOID[name], rel=1e-3, abs=1e-4)
        assert got["rms_loss"] < 1e-6 and got["rms_score"] < 1e-6


def test_without_an_irreducible_loss_the_law_has_none(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities())
    study = load_study(world.folder / "known.toml", {"law.irreducible": False})
    fits = replicate(study, read_tables(world.folder), replicates=0).fits
    assert all(fits[name].parameters["E"] == 0 for name in BENCHMARKS)
    assert all(fits[name].parameters["rms_loss"] > 1e-4 for name in BENCHMARKS)


def test_scores_of_several_harnesses_are_averaged(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities())
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    name, benchmark, score, _ = lines[1].split(",")
    (tmp_path / "scores.csv").write_text("\n".join([*lines, f"{name},{benchmark},{float(score) + 0.02},other"]) + "\n")
    cells = world.replicate().cells.set_index(["llm", "benchmark"])
    assert cells.at[(name, benchmark), "score"] == pytest.approx(float(score) + 0.01)


# What it cannot invert


def test_every_failed_inversion_is_listed_with_its_reason(tmp_path: Path) -> None:
    d, c, _, _ = SIGMOID["Reading"]
    endless = ladder_score("Reading", np.log(1e30))
    wrong = {
        "low": (d - 0.01, "at or below the floor"),
        "high": (d + c + 0.01, "at or above the ceiling"),
        "beyond": ((endless + d + c) / 2, "beyond what any size reaches"),
        "far": (ladder_score("Reading", np.log(13e9 * 1000)), "extrapolated far"),
    }
    llms = densities(families=8)
    names = dict(zip(wrong, llms["llm"][::2], strict=False))
    world = ladder_world(tmp_path, llms)
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["llm", "benchmark"])
    for key, (value, _) in wrong.items():
        scores.loc[(names[key], "Reading"), "score"] = value
    scores.reset_index().to_csv(tmp_path / "scores.csv", index=False)
    got = world.replicate()
    failed = got.failed_inversions.set_index("llm")
    assert set(failed.index) == set(names.values()) and set(failed["benchmark"]) == {"Reading"}
    for key, (value, reason) in wrong.items():
        assert failed.at[names[key], "reason"].startswith(reason) and failed.at[names[key], "score"] == value
    # The other benchmark still gives each of them a density.
    np.testing.assert_allclose(got.llms["log_density"], world.log_density.reindex(got.llms.index), atol=1e-3)
    assert len(world.replicate(farthest=np.inf).failed_inversions) == 3


def test_a_study_without_any_inversion_is_refused(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities(families=4))
    scores = pd.read_csv(tmp_path / "scores.csv").assign(score=0.975)
    scores.to_csv(tmp_path / "scores.csv", index=False)
    with pytest.raises(UnidentifiedError, match="0 of 8 LLMs have an effective size"):
        world.replicate()


def test_one_member_is_no_reference(tmp_path: Path) -> None:
    world = family_world(tmp_path, densities(families=4), members=(7e9,))
    with pytest.raises(UnidentifiedError, match="all members of reference family 'Yard' with scores are of one size"):
        world.replicate()


def test_one_member_on_a_benchmark_is_no_reference_there(tmp_path: Path) -> None:
    world = family_world(tmp_path, densities(families=4), members=(7e9, 14e9))
    scores = pd.read_csv(tmp_path / "scores.csv")
    larger = scores.loc[scores["llm"].str.startswith("Yard"), "llm"].unique()[-1]
    scores[~((scores["llm"] == larger) & (scores["benchmark"] == "Reading"))].to_csv(
        tmp_path / "scores.csv", index=False
    )
    with pytest.raises(UnidentifiedError, match="cannot fit the reference on Reading: it needs more different sizes"):
        world.replicate()


# Records


def test_of_one_day_only_the_best_is_a_record() -> None:
    time = np.array([0.0, 1.0, 1.0, 1.0, 2.0])
    assert is_record(time, np.array([0.0, 1.0, 3.0, 2.0, 2.5])).tolist() == [True, False, True, False, False]
    # Of equals the first; what only equals an earlier record is none; order in the table does not matter.
    assert is_record(time, np.array([0.0, 3.0, 3.0, 2.0, 3.0])).tolist() == [True, True, False, False, False]
    order = np.array([4, 2, 0, 3, 1])
    value = np.array([0.0, 1.0, 3.0, 2.0, 3.5])
    np.testing.assert_array_equal(is_record(time[order], value[order]), is_record(time, value)[order])


def test_records_agree_with_a_loop_over_days() -> None:
    rng = np.random.default_rng(2)
    time, values = rng.integers(0, 30, 60).astype(float), np.round(rng.normal(size=(50, 60)), 1)
    values[rng.random(values.shape) < 0.3] = -np.inf
    for row, got in zip(values, is_record(time, values), strict=True):
        best, days, tops = -np.inf, [], []
        for day in np.unique(time):
            top = row[time == day].max()
            if top > best:
                best, days, tops = top, [*days, day], [*tops, top]
        assert time[got].size == len(days)
        assert sorted(time[got]) == days and sorted(row[got]) == tops
        assert slope_of_records(time, row) == pytest.approx(np.polyfit(days, tops, 1)[0] if len(days) > 1 else 0.0)


def test_least_squares_agrees_with_a_textbook() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    t, y = rng.random(12), rng.normal(size=12)
    got, known = line(t, y), stats.linregress(t, y)
    assert (got.rate, got.standard_error, got.r_squared) == pytest.approx((known.slope, known.stderr, known.rvalue**2))
    half = stats.t.ppf(0.95, 10) * known.stderr
    assert got.t_interval(0.9) == pytest.approx((known.slope - half, known.slope + half))
    assert slope(t, y, np.ones(12)) == pytest.approx(known.slope)
    twice = rng.integers(0, 3, 12)
    assert slope(t, y, twice) == pytest.approx(np.polyfit(np.repeat(t, twice), np.repeat(y, twice), 1)[0])


def test_records_overstate_a_steady_trend_and_their_intervals_miss_it() -> None:
    """In 150 worlds of known densities, one true rate; the 90 % intervals hold it far less often than nine in ten."""
    steady, still = simulate(150, rate=1.5, replicates=100), simulate(150, rate=0.0, replicates=100)
    assert steady.excess[0] > 0.15 and abs(steady.excess[1]) < 0.05
    assert steady.t_coverage[0] < 0.75 and steady.bootstrap_coverage[0] < 0.75
    assert steady.r_squared > 0.85
    # Where nothing grows at all, records still do.
    assert still.excess[0] > 0.3 and abs(still.excess[1]) < 0.05 and still.bootstrap_coverage[0] < 0.5
    # Through all LLMs the bootstrap of families is about right.
    assert steady.bootstrap_coverage[1] > 0.8


# Trends that do not grow


def test_falling_densities_never_double(tmp_path: Path) -> None:
    world = ladder_world(tmp_path, densities(rate=-1.0, scatter=0.05))
    result = compare(world.study, read_tables(tmp_path), replicates=60)
    told = json.loads(json.dumps(paper_json(result), allow_nan=False))
    rates = told["windows"][-1]["rates"]
    everyone = rates["everyone_points"]
    assert everyone["rate_per_year"]["median"] < 0 and everyone["probability_rate_positive"] == 0
    assert set(map(everyone["doubling_time_months"].get, ("median", "lower", "upper"))) == {"inf"}
    # The records never grow either, for they stay at the first release.
    assert rates["records_points"]["rate_per_year"]["median"] == 0 and rates["records_points"]["n_points"] == 1
    assert rates["records_points"]["doubling_time_months"]["median"] == "inf"
    assert rates["records_points"]["t_interval"]["rate_per_year"]["lower"] is None
    assert " inf [inf, inf]" in paper_text(result)
    # A time without end is an arrow at the end of the axis.
    assert sum(mark.get_gid() == "beyond" for mark in plot_paper(result).axes[0].lines) == 6


# Bootstrap


@pytest.mark.parametrize("kind", WORLDS)
def test_a_seed_gives_the_same_bootstrap(tmp_path: Path, kind: str) -> None:
    world = WORLDS[kind](tmp_path, densities())
    first, again, other = (world.replicate(replicates=40, seed=seed) for seed in (1, 1, 2))
    draws = [one.trends[-1].bootstrap_records.draws.to_numpy() for one in (first, again, other)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize("name", ["densing-law", "olmo-ladder"])
def test_a_replicate_that_draws_everything_once_is_the_point_estimate(name: str) -> None:
    study = load_study(name)
    reference = read_reference(study, select(study, read_tables()))
    fits = reference.fit()
    for benchmark, rows in reference.rows.items():
        again = rows.fit(np.ones(sum(reference.strata), dtype=np.int64), fits[benchmark].solution)
        assert again is not None
        np.testing.assert_allclose(again.solution, fits[benchmark].solution, rtol=1e-3, atol=1e-3)


def test_replicates_that_fail_are_counted(tmp_path: Path) -> None:
    """With two members, half of the replicates draw one of them twice, which fits no slope."""
    world = family_world(tmp_path, densities(), members=(2e9, 1.4e10))
    got = world.replicate(replicates=200)
    assert 70 < got.failed_replicates < 130
    assert got.trends[-1].bootstrap_records.draws.size == 200 - got.failed_replicates
    faults = compare(world.study, read_tables(tmp_path), replicates=200).faults
    assert len(faults) == 1 and f"{got.failed_replicates} of 200 bootstrap replicates failed" in faults[0]


def test_a_bootstrap_of_families_is_wider_than_the_textbook() -> None:
    """LLMs of one family are not independent, and the reference is redrawn too."""
    study = load_study("densing-law")
    wide, narrow = (replicate(study, replicates=150, ci=ci).trends[-1] for ci in (0.9, 0.5))
    assert wide.bootstrap_everyone is not None and narrow.bootstrap_everyone is not None
    outer, inner = (one.to_frame_row() for one in (wide.bootstrap_everyone, narrow.bootstrap_everyone))
    assert outer["lower"] < inner["lower"] < inner["upper"] < outer["upper"]
    lower, upper = wide.everyone.t_interval(0.9)
    assert outer["upper"] - outer["lower"] > upper - lower


# Windows


def test_windows_hold_what_was_released_inside() -> None:
    dates = pd.Series(pd.to_datetime(["2023-02-24", "2024-10-31", "2024-11-01", "2025-06-01"]))
    first, second, last = windows(dates)
    assert first.holds(dates).tolist() == [True, True, False, False]
    assert second.holds(dates).sum() == 3 and last == Window("all releases", "2023-02-24", "2025-06-01")
    # A window that nothing distinguishes from all releases, or that holds one day, is not told.
    assert [one.name for one in windows(dates[:2])] == ["all releases"]
    assert len(windows(pd.Series(pd.to_datetime(["2025-04-01", "2025-06-01"])))) == 1


# The posterior


def test_records_of_draws_are_those_of_each_draw(world_fit: Fit) -> None:
    draws = q.log_density(world_fit).draws.stack(sample=q.SAMPLE).transpose("sample", "llm").to_numpy()
    time = world_fit.data["time"].to_numpy()
    got = record_rate(world_fit).draws.stack(sample=q.SAMPLE).to_numpy()
    assert got[17] == pytest.approx(float(slope_of_records(time, draws[17])))
    everyone = all_rate(world_fit).draws.stack(sample=q.SAMPLE).to_numpy()
    assert everyone[17] == pytest.approx(np.polyfit(time, draws[17], 1)[0])


def test_only_llms_released_inside_a_window_count(world_fit: Fit) -> None:
    between = ("2023-03-01", "2024-10-31")
    chance = probability_record(world_fit, between)
    dates = world_fit.data["release_date"].sel(llm=chance["llm"].to_numpy()).to_numpy()
    assert chance.sizes["llm"] < world_fit.data.sizes["llm"] and max(dates) <= between[1]
    first_day = chance.to_numpy()[dates == min(dates)]
    assert first_day.sum() == pytest.approx(1)  # somebody sets the first record
    assert not np.allclose(record_rate(world_fit, between=between).draws, record_rate(world_fit).draws)


def test_the_model_beside_the_rules_is_that_of_the_window(world_fit: Fit) -> None:
    within = Window("half", "2023-03-01", "2024-10-31")
    trend = posterior_trend(world_fit, within)
    np.testing.assert_array_equal(trend.frontier.draws, q.rate(world_fit, (within.start, within.end)).draws)
    assert trend.records.to_frame_row()["median"] > trend.mean.to_frame_row()["lower"]


def test_a_fit_of_other_tables_is_refused(world_fit: Fit, world_study: Study) -> None:
    with pytest.raises(InputError, match="of another tables"):
        compare(world_study, read_tables(), world_fit)


# The command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line in this process, in a folder of its own: status, output, errors."""
    monkeypatch.chdir(tmp_path)
    app = cli.app

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr(cli, "app", partial(app, [str(one) for one in arguments]))
        with pytest.raises(SystemExit) as raised:
            cli.main()
        return (int(raised.value.code or 0), *capsys.readouterr())

    return call


def is_interval(value: Any) -> bool:
    return set(value) == {"median", "lower", "upper", "probability", "kind"}


def test_points_alone_print_nothing_but_json(run: Callable[..., Any], truth: Truth) -> None:
    arguments = ("--data", truth.folder, "--points-only", "--replicates", "50", "--json", "--beside", truth.study)
    status, out, err = run("paper", truth.study, *arguments)
    told = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert status == 0 and re.sub(r"bootstrap: \d+ of 50\n", "", err) == ""  # said where it takes long
    assert {"study", "digest", "tables_digest", "windows", "beside", "failed_inversions", "claims"} <= set(told)
    for window in told["windows"]:
        assert set(window["rates"]) == {"records_points", "everyone_points"}
        for rate in window["rates"].values():
            assert is_interval(rate["rate_per_year"]) and is_interval(rate["doubling_time_months"])
            assert is_interval(rate["t_interval"]["rate_per_year"])
            assert 0 <= rate["probability_rate_positive"] <= 1
    assert told["beside"][0]["windows"][-1]["rates"] == told["windows"][-1]["rates"]
    assert sorted(Path.cwd().iterdir()) == []


def test_a_fit_adds_the_posterior_and_a_figure(run: Callable[..., Any], truth: Truth, fit_file: Path) -> None:
    arguments = ("--data", truth.folder, "--fit", fit_file, "--replicates", "50", "-o", "mine")
    status, out, err = run("paper", truth.study, *arguments, "--json")
    told = json.loads(out)
    rates = told["windows"][-1]["rates"]
    assert status == (0 if told["diagnostics"]["verdict"] == "PASS" else 1)
    assert {"records_posterior", "everyone_posterior", "mean_model", "frontier_model"} < set(rates)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["mine-paper.png", "mine-paper.svg"]
    assert "mine-paper.png" in err
    assert all("probability_record" in row for row in told["windows"][-1]["records"])
    months = rates["records_posterior"]["doubling_time_months"]
    text = run("paper", truth.study, *arguments[:-2])[1]
    assert f"{months['median']:.1f} [{months['lower']:.1f}, {months['upper']:.1f}]" in text


def test_without_a_fit_the_study_is_fitted(
    run: Callable[..., Any], truth: Truth, world_fit: Fit, compiled_world: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesdensity.inference.preparing.compile_study", lambda *_: compiled_world[0])
    monkeypatch.setattr(cli.paper, "DEFAULT", {"draws": 80, "tune": 150})
    status, out, err = run("paper", truth.study, "--data", truth.folder, "--replicates", "0", "--seed", "4")
    assert status == 1 and "sampling" in err  # so few draws cannot pass
    assert "frontier (0.95 quantile), model" in out and out.startswith(("REVIEW: ", "FAIL: "))
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("densing-lw",), "Did you mean 'densing-law'?"),
        (("densing-law", "--fit", "nowhere.nc"), "nowhere.nc: no such file"),
        (("densing-law", "--fit", "nowhere.nc", "--points-only"), "leave out one of the two"),
        (("densing-law", "--points-only", "--ci", "90"), "--ci lies between 0 and 1"),
        (("densing-law", "--points-only", "--replicates", "-1"), "must not be negative"),
        (("densing-law", "--points-only", "-o", "nowhere/mine"), "no folder nowhere"),
        (("densing-law", "--points-only", "--beside", "qwen25"), "Did you mean 'qwen2.5'?"),
    ],
)
def test_wrong_requests_exit_2(run: Callable[..., Any], arguments: tuple[str, ...], part: str) -> None:
    status, out, err = run("paper", *arguments)
    assert status == 2 and out == "" and part in err and "Traceback" not in err


def test_a_fit_of_another_study_exits_2(run: Callable[..., Any], truth: Truth, fit_file: Path) -> None:
    changed = ("--data", truth.folder, "--set", "frontier.trend=linear", "--fit", fit_file)
    status, out, err = run("paper", truth.study, *changed)
    assert status == 2 and out == "" and "digest" in err


# Claims


def test_claims_keep_their_contradictions_and_their_sources() -> None:
    claims = read_claims()
    assert (claims["source"] != "").all() and claims["claim"].is_unique
    assert claims["source"].str.match(r"arXiv:|doi:|secondary").all()
    months = trend_claims().set_index("claim")["months"]
    assert months["doubling time, v2, highlights"] == 3.3
    # One version states 3.3 months and 95 days, which is 3.1; the other 3.5 months and A = 0.007 a day, which is 3.25.
    assert months["doubling time, v2, section 3.3"] == pytest.approx(3.12, abs=0.01)
    assert months["growth rate A, journal version"] == pytest.approx(3.25, abs=0.01)
    assert months["doubling time, journal version"] == 3.5

"""`summary` says in JSON what is promised, and in words the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from outcomes import Run, is_interval, rows_of_growth, strict
from simulated import BENCHMARKS

from bayesdensity.checks import checks_of, passed
from bayesdensity.inference.result import Fit, load_fit


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


def test_every_doubling_time_in_words_stands_beside_the_probability_of_growth(run: Run, fit_file: Path) -> None:
    rows, summary = rows_of_growth(run("summary", fit_file).out), strict(run("summary", fit_file, "--json").out)
    start, end = summary["window"]
    told = {f"frontier (0.95 quantile), {start} to {end}": summary, f"mean of releases, {start} to {end}": None}
    told |= {f"envelope of families, {start} to {end}": summary["envelope"], **summary["benchmarks"]}
    told |= {"a benchmark not yet seen": summary["new_benchmark"]}
    told |= {f"records by least squares (paper mode), {start} to {end}": summary["paper_mode"]}
    told[f"mean of releases, {start} to {end}"] = summary["mean_trend"]
    dates = summary["doubling_time_months_at"]
    at_dates = {f"{name}, at {date}" for name in ("frontier (0.95 quantile)", "mean of releases") for date in dates}
    assert set(rows) == {*told, *at_dates}
    for label, one in told.items():
        months = one["doubling_time_months"]
        assert rows[label][0].startswith(f"{months['median']:.1f} [{months['lower']:.1f}, ")
        assert rows[label][1] == pytest.approx(one["probability_rate_positive"], abs=6e-4)


def test_densities_that_surely_fall_never_double_and_nothing_breaks(run: Run, falling: Path) -> None:
    text, summary = run("summary", falling).out, strict(run("summary", falling, "--json").out)
    said = " ".join(text.split())
    assert re.search(r"halved every [\d.]+ \[[\d.]+, [\d.]+\] months", said) and "P(it grew) below 0.001" in said
    for label, (interval, chance) in rows_of_growth(text).items():
        # An envelope of the best so far never falls, and nor do records: at worst they stand.
        if not label.startswith(("envelope", "records")):
            assert interval == "never" and chance < 0.01, label
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

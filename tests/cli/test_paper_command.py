"""`paper` prints nothing but JSON, adds the posterior of a fit, and refuses others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulated import Truth

from bayesdensity import cli
from bayesdensity.checks import checks_of, passed
from bayesdensity.inference.result import load_fit


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line in this process, in a folder of its own: status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as raised:
            cli.main([str(one) for one in arguments])
        return (int(raised.value.code or 0), *capsys.readouterr())

    return call


def is_interval(value: Any) -> bool:
    return set(value) == {"median", "lower", "upper", "probability", "kind"}


def test_points_alone_print_nothing_but_json(run: Callable[..., Any], truth: Truth) -> None:
    arguments = ("--data", truth.folder, "--points-only", "--replicates", "50", "--json", "--beside", truth.study)
    status, out, err = run("paper", truth.study, *arguments)
    told = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert status == 0 and re.sub(r"bootstrap: \d+ of 50\n", "", err).startswith(
        "Tables read from the folder: "
    )  # said where it takes long
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
    assert status == (0 if passed(checks_of(load_fit(fit_file))) else 1)
    assert {"records_posterior", "everyone_posterior", "mean_model", "frontier_model"} < set(rates)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["mine-paper.png", "mine-paper.svg"]
    assert "mine-paper.png" in err
    assert all("probability_record" in row for row in told["windows"][-1]["records"])
    months = rates["records_posterior"]["doubling_time_months"]
    text = run("paper", truth.study, *arguments[:-2])[1]
    assert f"{months['median']:.1f} [{months['lower']:.1f}, {months['upper']:.1f}]" in text


@pytest.mark.usefixtures("use_compiled_world")
def test_without_a_fit_the_study_is_fitted(
    run: Callable[..., Any], truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DRAWS": 80, "TUNE": 150}.items():
        monkeypatch.setattr(cli.paper, name, value)
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
        (("densing-law", "--points-only", "--replicates", "-1"), "--replicates must be at least 0"),
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

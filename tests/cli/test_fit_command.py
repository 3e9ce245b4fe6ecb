"""`fit` prints the answer and writes fit and figures, or nothing at all."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from outcomes import Run, thinned, unidentified
from seams import compile_by, fit_by, sample_by
from simulated import Truth

from bayesdensity import cli
from bayesdensity.inference.result import Fit, load_fit


@pytest.mark.usefixtures("use_compiled_world")
def test_fit_prints_the_answer_and_writes_fit_and_figures(run: Run, truth: Truth, world_fit: Fit) -> None:
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


def test_an_interrupted_fit_writes_nothing(run: Run, truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    sample_by(monkeypatch, interrupted)
    compile_by(monkeypatch, lambda *_: (None, []))
    outcome = run("fit", truth.study, "--data", truth.folder)
    assert outcome.status == 130 and outcome.out == ""
    assert list(Path.cwd().iterdir()) == []
    assert "nothing was written" in outcome.err


def test_fitting_what_repeats_its_prior_writes_nothing(
    run: Run, truth: Truth, world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = unidentified(thinned(world_fit))
    fit_by(monkeypatch, lambda *_, **__: wide)
    outcome = run("fit", truth.study, "--data", truth.folder)
    assert outcome.status == 3 and outcome.out == "" and "as wide as its prior" in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_what_was_sampled_stays_where_a_check_breaks(
    run: Run, truth: Truth, world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Fit) -> None:
        raise ZeroDivisionError

    drawn = thinned(world_fit)
    fit_by(monkeypatch, lambda *_, **__: drawn)
    monkeypatch.setattr("bayesdensity.checks.checked", broken)
    with pytest.raises(ZeroDivisionError):
        run("fit", truth.study, "--data", truth.folder)
    (left,) = Path.cwd().iterdir()
    assert left.name.endswith("-unchecked.nc")
    assert load_fit(left).posterior["rate"].equals(drawn.posterior["rate"])

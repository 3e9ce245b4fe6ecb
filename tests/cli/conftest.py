"""The command line run in this process, and the fits that it is asked about."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from outcomes import Outcome, Run, thinned
from simulated import Truth

from bayesdensity import cli
from bayesdensity.inference.result import Fit


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as raised:
            cli.main([str(one) for one in arguments])
        code = raised.value.code
        return Outcome(0 if code is None else int(code), *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def fit_file(checked_file: Path) -> Path:
    """The fit of the small world as the command `fit` writes it: with its checks."""
    return checked_file


@pytest.fixture
def folder(truth: Truth, tmp_path: Path) -> Path:
    """A copy of the small world to spoil."""
    return Path(shutil.copytree(truth.folder, tmp_path / "data"))


@pytest.fixture
def falling(world_fit: Fit, tmp_path: Path) -> Path:
    """The small world, but with densities that surely fall."""
    fit = thinned(world_fit)
    moved = -5 * world_fit.data["time"].drop_vars(["architecture", "release_date"])
    draws = fit.posterior.assign(rate=fit.posterior["rate"] - 5)
    draws["log_density_relative"] = (draws["log_density_relative"] + moved).transpose("chain", "draw", "llm")
    return dataclasses.replace(fit, posterior=draws).save(tmp_path / "falling.nc")

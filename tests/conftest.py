"""Settings of the whole test suite, and the simulated world that several files share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulated import Truth

    from bayesdensity.data.tables import Tables
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study

# Figures are drawn without a display; set before anything imports matplotlib.
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The tables of a small world, on disk, and what is true in it."""
    from simulated import simulate

    return simulate(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def world_study(truth: Truth) -> Study:
    """The study of the small world: the default model on its tables."""
    from bayesdensity.study.spec import load_study

    return load_study(truth.study)


@pytest.fixture(scope="session")
def world_tables(truth: Truth) -> Tables:
    """The tables of the small world."""
    from bayesdensity.data.tables import read_tables

    return read_tables(truth.folder)


@pytest.fixture(scope="session")
def compiled_world() -> list[Any]:
    """The compiled model of the small world, kept by `world_fit`: compiling it takes longer than sampling it."""
    return []


@pytest.fixture(scope="session")
def world_fit(world_study: Study, world_tables: Tables, compiled_world: list[Any]) -> Fit:
    """One fit of the small world with the real sampler."""
    from bayesdensity.inference.compiling import compile_study
    from bayesdensity.inference.drawing import fit

    def keep(*arguments: Any) -> Any:
        compiled_world[:] = [compile_study(*arguments)]
        return compiled_world[0]

    return fit(world_study, world_tables, chains=4, draws=500, tune=500, seed=3, compiler=keep)


@pytest.fixture(scope="session")
def fit_file(world_fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fit of the small world as a file; tests that change it work on a copy."""
    return world_fit.save(tmp_path_factory.mktemp("fits") / "small-world.nc")

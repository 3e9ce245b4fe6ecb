"""Settings of the whole test suite, and the simulated world that several files share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from simulated import Truth

    from bayesdensity.data.tables import Tables
    from bayesdensity.inference.preparing import Prepared
    from bayesdensity.inference.result import Fit
    from bayesdensity.study.spec import Study

# Figures are drawn without a display; set before anything imports matplotlib.
os.environ.setdefault("MPLBACKEND", "Agg")

# More inputs, others each time: `pytest -m hypothesis --hypothesis-profile fuzz`.
settings.register_profile(
    "fuzz", max_examples=300, deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)


# Several processes


def pytest_configure(config: pytest.Config) -> None:
    """Let each of several workers sample one chain at a time: together they have the cores of the machine."""
    if hasattr(config, "workerinput"):
        os.cpu_count = lambda: 1


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Keep together what shares the compiled model or a fixture of its module; begin with the compiled model.

    What needs no fit of the small world comes before what does, so that no worker waits for it.
    """
    several = "PYTEST_XDIST_WORKER" in os.environ
    for item in items if several else ():
        if group := _shared_by(item):
            item.add_marker(pytest.mark.xdist_group(group))
    yield  # where groups are read, and where what shares fixtures is brought together
    if several:
        items.sort(key=lambda item: (_shared_by(item) != "world", "world_fit" in _fixtures(item)))


def _fixtures(item: pytest.Item) -> dict[str, Any]:
    return item._fixtureinfo.name2fixturedefs if hasattr(item, "_fixtureinfo") else {}


def _shared_by(item: pytest.Item) -> str | None:
    """Name of the group of tests that one process runs, for the sake of what they share."""
    fixtures = _fixtures(item)
    if "prepared_world" in fixtures:
        return "world"
    return str(item.path) if any(found[-1].scope == "module" for found in fixtures.values()) else None


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], Any]], Path]:
    """Make a file once for all processes of a test run: its name, and what writes it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def make(name: str, write: Callable[[Path], Any]) -> Path:
        path = folder / name
        with FileLock(f"{path}.lock"):
            if not path.is_file():
                write(path)
        return path

    return make


# The small world


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The tables of a small world, on disk, and what is true in it."""
    from simulated import simulate

    return simulate(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def world_study(truth: Truth) -> Study:
    """The study of the small world: the default model on its tables."""
    from bayesdensity.study.load import load_study

    return load_study(truth.study)


@pytest.fixture(scope="session")
def world_tables(truth: Truth) -> Tables:
    """The tables of the small world."""
    from bayesdensity.data.tables import read_tables

    return read_tables(truth.folder)


@pytest.fixture(scope="session")
def prepared_world(world_study: Study, world_tables: Tables) -> Prepared:
    """The compiled model of the small world: compiling it takes far longer than sampling it."""
    from bayesdensity.inference.preparing import prepare

    return prepare(world_study, world_tables)


@pytest.fixture(scope="session")
def world_compiler(prepared_world: Prepared) -> Callable[..., Any]:
    """Stands in for the compiler where the model is that of the small world."""
    return lambda *_: (prepared_world.compiled, prepared_world.kept)


@pytest.fixture
def use_compiled_world(world_compiler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled in this test: every model is that of the small world."""
    from seams import compile_by

    compile_by(monkeypatch, world_compiler)


@pytest.fixture
def prepared_again(world_fit: Fit, use_compiled_world: None) -> Prepared:
    """The fit of the small world made ready for other scores; nothing is compiled."""
    from bayesdensity.inference.preparing import prepare_again

    return prepare_again(world_fit)


@pytest.fixture(scope="session")
def world_file(request: pytest.FixtureRequest, made_once: Callable[..., Path]) -> Path:
    """One fit of the small world with the real sampler, as a file."""
    from bayesdensity.inference.drawing import sample

    def write(path: Path) -> None:
        sample(request.getfixturevalue("prepared_world"), chains=4, draws=500, tune=500, seed=3).save(path)

    return made_once("small-world.nc", write)


@pytest.fixture(scope="session")
def world_fit(world_file: Path) -> Fit:
    """One fit of the small world with the real sampler."""
    from bayesdensity.inference.result import load_fit

    fit = load_fit(world_file)
    return fit.with_draws(fit.posterior)  # not judged yet, as it was sampled


@pytest.fixture(scope="session")
def fit_file(world_fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fit of the small world as a file; tests that change it work on a copy."""
    return world_fit.save(tmp_path_factory.mktemp("fits") / "small-world.nc")


@pytest.fixture(scope="session")
def checked_file(world_fit: Fit, made_once: Callable[..., Path]) -> Path:
    """The fit of the small world as the command `fit` writes it: with its checks."""
    from bayesdensity.checks import checked

    return made_once("small-world-checked.nc", lambda path: checked(world_fit).save(path))


@pytest.fixture(scope="session")
def checked_fit(checked_file: Path) -> Fit:
    """The fit of the small world with its checks."""
    from bayesdensity.inference.result import load_fit

    return load_fit(checked_file)

"""What holds of the package as a whole: quick to import, layered, pinned, and free of any one machine."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import bayesdensity

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bayesdensity"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Each room imports only itself and those above it in the table of docs/architecture.md.
LAYERS = re.findall(r"^\| `(\w+)/?` \|", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), re.M)
SAMPLERS = {"model", "inference"}
RESERVED = {
    "pymc": SAMPLERS,
    "pytensor": SAMPLERS,
    "nutpie": SAMPLERS,
    "matplotlib": {"plots"},
    "arviz_plots": {"plots"},
}


# Imports


def loaded_by(module: str, candidates: set[str]) -> set[str]:
    """Which of the candidates a fresh interpreter has loaded after importing the module."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return candidates.intersection(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_by("bayesdensity", {"pymc", "pytensor", "arviz", "pandas", "matplotlib"})


def test_help_needs_no_sampler_and_no_figures() -> None:
    assert not loaded_by("bayesdensity.cli", {"pymc", "pytensor", "arviz", "matplotlib"})


@pytest.mark.parametrize("name", bayesdensity.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(bayesdensity, name) is not None
    assert name in dir(bayesdensity)


def test_no_public_name_is_that_of_a_room_or_of_the_module_it_lives_in() -> None:
    for name in set(bayesdensity.__all__) - {"__version__"}:
        home = getattr(bayesdensity, name).__module__
        assert name not in LAYERS and name != home.rpartition(".")[2], f"{name} lives in {home}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="densty"):
        _ = bayesdensity.densty


# Layers


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted name of everything a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} line {node.lineno}: write imports in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


LAYERED = [path for path in SOURCES if path.name not in ("__init__.py", "__main__.py") or path.parent != PACKAGE]


def test_the_table_of_rooms_is_complete() -> None:
    assert sorted(LAYERS) == sorted({layer_of(path) for path in LAYERED})


@pytest.mark.parametrize("path", LAYERED, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_the_layers_before_it(path: Path) -> None:
    allowed = LAYERS[: LAYERS.index(layer_of(path)) + 1]
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "bayesdensity" and rest != "__version__":
            # A public name has to come from its module: the package itself stands above all layers.
            assert rest.partition(".")[0] in allowed, f"imports {name}"
        assert layer_of(path) in RESERVED.get(top, LAYERS), f"imports {name}"


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if ">>>" in path.read_text(encoding="utf-8")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_examples_in_docstrings_run(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(importlib.import_module(name), optionflags=options).failed == 0


# Versions


def pins() -> list[str]:
    """Lines of constraints.txt that are not comments."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_constraints_are_names_and_versions_only() -> None:
    for line in pins():
        pinned = Requirement(line)
        assert pinned.url is None and not pinned.extras, line
        assert [spec.operator for spec in pinned.specifier] == ["=="], line
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_uv_is_constrained_to_the_same_versions() -> None:
    wanted = "".join(f'    "{line}",\n' for line in pins())
    given = project()["tool"]["uv"]["constraint-dependencies"]
    assert given == pins(), f"put this into [tool.uv] of pyproject.toml:\nconstraint-dependencies = [\n{wanted}]"


def test_every_requirement_has_a_tested_version_within_its_bounds() -> None:
    tested = {Requirement(line).name: str(Requirement(line).specifier)[2:] for line in pins()}
    table = project()
    groups = [*table["project"]["optional-dependencies"].values(), *table["dependency-groups"].values()]
    for line in [*table["project"]["dependencies"], *(line for group in groups for line in group)]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(tested[wanted.name]), line
        assert {spec.operator for spec in wanted.specifier} == {">=", "<"}, f"{line} needs a lower and an upper bound"


def test_the_version_is_the_same_everywhere() -> None:
    version = bayesdensity.__version__
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# Machines


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    homes = "|".join(["home", "root", "Users", "work", "opt", "mnt", "tmp"])
    machine = re.compile(rb"(?<![\w.~:/$}-])/(?:%s)/\w" % homes.encode())
    for name in listing.stdout.decode().split("\0"):
        path = ROOT / name
        found = machine.search(path.read_bytes()) if path.is_file() else None
        assert not found, f"{name}: {found and found.group().decode()}..."

"""A folder of variants of the small world, sampled without being compiled again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from seams import compiled_by, hold

from bayesdensity.data.tables import Tables
from bayesdensity.inference.preparing import Prepared, prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity import running

SHORT = {"chains": 4, "draws": 300, "tune": 300}


@pytest.fixture(scope="module")
def held(world_fit: Fit, world_compiler: Callable[..., Any]) -> Prepared:
    """The model of the small world, as a process holds it that has compiled it for a variant."""
    with compiled_by(world_compiler):
        return prepare_again(world_fit)


@pytest.fixture(scope="module")
def bench(
    held: Prepared,
    world_tables: Tables,
    world_compiler: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[running.Bench]:
    """A folder with the fit of the small world, whose compiled model serves every fit that leaves something out."""
    folder = tmp_path_factory.mktemp("bench")
    with compiled_by(world_compiler) as patch:
        patch.setattr(running, "SAMPLER", SHORT)
        hold(patch, held)
        yield running.Bench(folder, world_tables)

"""A folder of variants of the small world, sampled without being compiled again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bayesdensity.data.tables import Tables
from bayesdensity.inference.preparing import prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity import running

SHORT = {"chains": 4, "draws": 300, "tune": 300}


@pytest.fixture(scope="module")
def bench(
    world_fit: Fit, world_tables: Tables, compiled_world: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.Bench]:
    """A folder with the fit of the small world, whose compiled model serves every fit that leaves something out."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        prepared = prepare_again(world_fit, lambda *_: compiled_world[0])
        patch.setattr(running, "SAMPLER", SHORT)
        patch.setattr(running, "_held", [prepared])
        yield running.Bench(folder, world_tables)

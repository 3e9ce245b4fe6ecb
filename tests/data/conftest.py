"""Tables that are a change of a few small ones."""

from __future__ import annotations

from functools import cache

import pytest
from small_tables import BENCHMARKS, LLMS, RUNS, SCORES, World

from bayesdensity.data.tables import Tables, read_tables


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the tables above, with rows added or a table replaced."""
    tmp_path = tmp_path_factory.mktemp("world")

    @cache
    def make(llms: str = "", scores: str = "", runs: str = RUNS, benchmarks: str = BENCHMARKS) -> Tables:
        contents = {"llms": LLMS + llms, "scores": SCORES + scores, "reference_runs": runs, "benchmarks": benchmarks}
        for name, content in contents.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return read_tables(tmp_path, fill_from_bundled=False)

    return make

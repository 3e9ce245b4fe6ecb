"""A run uses weights, the compiled model and what is known already."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seams import compile_by, hold
from universes import GRID

from bayesdensity.base.errors import InputError
from bayesdensity.checks.prior_sensitivity import log_priors
from bayesdensity.data.tables import Tables
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit
from bayesdensity.render.sections.sensitivity import plan_blocks
from bayesdensity.render.text import to_text
from bayesdensity.sensitivity import running
from bayesdensity.sensitivity.effects import summarise
from bayesdensity.sensitivity.grid import DEFAULT, load_grid, multiverse
from bayesdensity.study.spec import Study


def sparse(tables: Tables) -> Tables:
    """The tables, in which half of the targets are mixtures of experts."""
    llms = tables.llms.copy()
    half = (np.arange(len(llms)) % 2 == 0) & (llms["family"] != "Yardstick")
    llms["params_active"] = llms["params_total"].where(~half, llms["params_total"] / 4)
    return replace(tables, llms=llms)


def test_a_run_uses_weights_the_compiled_model_and_what_is_known(
    world_fit: Fit,
    held: Prepared,
    bench: running.Bench,
    world_study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    universe = multiverse(world_study, load_grid(tmp_path / "small.toml"))
    mine = replace(bench, folder=tmp_path, tables=sparse(bench.tables))
    compiled: list[Any] = []
    hold(monkeypatch, held)
    planned = running.plan(universe, mine)
    how = {row.variant.key: row.how for row in planned}
    assert how == {
        DEFAULT: "default",
        "size: active": "compiled model",
        "rate: narrow": "weights, else a fit",
        "impossible: nobody": "impossible",
    }
    assert "no LLM is left" in to_text(plan_blocks(planned, 2))
    compile_by(monkeypatch, lambda *a: compiled.append(a))
    said: list[str] = []
    found = running.run(planned, world_fit, mine, said.append)
    assert not compiled  # the model of the small world served
    assert list(found.answers) == [DEFAULT, "size: active", "rate: narrow"]
    assert list(found.failed) == ["impossible: nobody"]
    assert found.answers["rate: narrow"].about["method"] == "weights"
    assert found.answers["size: active"].about["method"] == "fit"
    assert found.answers["size: active"].about["seconds"]["compile"] == 0
    # Half of the LLMs count as smaller, and so as denser; all else is as it was.
    assert {row.variant.key: row.how for row in running.plan(universe, mine)}["size: active"] == "known"
    priors = running.widened(universe, world_fit)
    assert {name for name, _, _ in priors.values()} == set(log_priors(world_fit))
    table = summarise(universe, found.answers, found.failed, {}).specifications
    assert len(table) == 3


def test_results_of_other_tables_are_refused(bench: running.Bench, tmp_path: Path) -> None:
    mine = replace(bench, folder=tmp_path)
    mine.results.write_text(json.dumps({"run": {**mine.identity, "tables_digest": "other"}}) + "\n")
    with pytest.raises(InputError, match="tables_digest differ"):
        mine.known()

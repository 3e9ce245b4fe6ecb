"""A reference that is fitted alone and passed on: every command answers, and targets cannot move it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from seams import compile_by
from simulated import Truth

from bayesdensity.checks import CHECKS, checked, run_checks
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation import backtesting, leave_out
from bayesdensity.inference.compiling import Compiler, Part, compile_study
from bayesdensity.inference.drawing import fit as draw
from bayesdensity.inference.preparing import Prepared, prepare_again
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.inference.stages import passed_on
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study

FEW: Mapping[str, Any] = {"draws": 60, "tune": 150, "chains": 2}


@pytest.fixture(scope="module")
def compiler(prepared_world: Prepared) -> Compiler:
    """Compiles each model once. The reference alone has the joint model, which is that of the small world."""
    known = {"joint": (prepared_world.compiled, prepared_world.kept)}

    def compiled(study: Study, data: xr.Dataset, part: Part) -> tuple[Any, list[str]]:
        inference = study.reference.inference
        if inference not in known:
            known[inference] = compile_study(study, data, part)
        return known[inference]

    return compiled


@pytest.fixture(scope="module", params=["plug-in", pytest.param("cut", marks=pytest.mark.slow)])
def staged(
    request: pytest.FixtureRequest, truth: Truth, world_tables: Tables, compiler: Compiler, tmp_path_factory: Any
) -> Fit:
    """A fit in two stages, as a file keeps it."""
    study = load_study(truth.study, {"reference.inference": request.param})
    path: Path = tmp_path_factory.mktemp("staged") / "staged.nc"
    return load_fit(checked(draw(study, world_tables, compiler=compiler, **FEW)).save(path))


def test_every_check_answers(staged: Fit) -> None:
    found = {one.name: one for one in run_checks(staged)}
    assert list(found) == [name for name in CHECKS if name != "covariates"]
    assert found["reference"].verdict == "REVIEW" and "fitted alone" in found["reference"].sentence


def test_what_is_passed_on_are_draws_or_medians(staged: Fit) -> None:
    """Each draw has one reference: the medians, or a draw of those that the reference alone has."""
    assert staged.alone is not None
    alone, used = passed_on(staged.alone), passed_on(staged.posterior)
    for name in alone.data_vars:
        values = used[name].to_numpy().reshape(-1, alone.sizes["benchmark"])
        if staged.study.reference.inference == "plug-in":
            np.testing.assert_allclose(values, np.broadcast_to(alone[name].median(("chain", "draw")), values.shape))
        else:
            among = alone[name].to_numpy().reshape(-1, alone.sizes["benchmark"])
            gap = np.abs(values[:, None] - among).max(axis=2).min(axis=1)
            np.testing.assert_allclose(gap, 0, atol=1e-9 * (1 + np.abs(values).max()))


def test_it_is_fitted_again_without_its_reference(
    staged: Fit, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving out and training up to a date need neither the scores of the reference nor a fit of it."""
    compile_by(monkeypatch, compiler)
    prepared = prepare_again(staged)
    assert prepared.alone is None and prepared.reference is not None
    for module in (leave_out, backtesting):
        monkeypatch.setattr(module, "prepare_again", lambda _: prepared)
        monkeypatch.setattr(module, "REFIT_DRAWS", 40)
        monkeypatch.setattr(module, "REFIT_TUNE", 40)
    monkeypatch.setattr(leave_out, "good_k", lambda _: 0.3)  # as if weights would rarely do
    found = leave_out.leave_one_out(staged, fold="family", draws=100)
    assert found["refitted"].any() and np.isfinite(found["elpd"]).all()
    told = backtesting.backtest(staged, backtesting.default_cutoffs(staged)[:1])
    assert np.isfinite(told.llms["elpd"]).all()
    xr.testing.assert_equal(passed_on(staged.posterior), prepared.reference)

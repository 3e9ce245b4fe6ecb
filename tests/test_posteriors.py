"""Posteriors that come with the package are those of the shipped studies, tables and model; small, whole and named."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bayesdensity import quantities as q
from bayesdensity.data.shipped import FOLDER, fit_file, forms_of, is_shipped, shipped_posteriors
from bayesdensity.data.tables import read_tables
from bayesdensity.evaluation.certificate import stale
from bayesdensity.inference.condensing import condensed
from bayesdensity.inference.result import Fit, load_fit

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
docs = importlib.import_module("certificates")
bundled = cache(read_tables)
RENEW = "fit it again and run 'python docs/_ext/posteriors.py FITS'"


@pytest.mark.parametrize("name", shipped_posteriors())
def test_a_posterior_is_that_of_the_shipped_study_tables_and_model(name: str) -> None:
    fit = load_fit(name)
    recorded = fit.about["certificate"]
    faults = stale(recorded, docs.basis_again(recorded["asked_for"], recorded["tables_date"], bundled), {})
    assert not faults, "\n".join([f"{name} is stale: {RENEW}", *faults])
    assert fit.study.digest == recorded["digest"]


@pytest.mark.parametrize("name", shipped_posteriors())
def test_a_posterior_converged_and_is_small(name: str) -> None:
    fit = load_fit(name)
    assert fit.diagnostics.verdict == "PASS" and fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] >= 200
    assert fit_file(name).stat().st_size < 1e6
    assert name == fit.study.name or name.startswith(f"{fit.study.name}.")


def test_the_default_study_comes_with_other_forms_of_its_trend() -> None:
    trends = {load_fit(name).study.frontier.trend for name in map(str, forms_of("densing-law"))}
    assert {"quadratic", "linear", "random-walk"} <= trends


def test_a_file_goes_before_a_posterior_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_shipped("densing-law") and fit_file("densing-law").parent == FOLDER
    Path("densing-law").write_text("mine")
    assert not is_shipped("densing-law") and fit_file("densing-law") == Path("densing-law")
    assert not is_shipped("./densing-law") and not is_shipped("nobody")


def test_a_condensed_fit_says_nearly_the_same_and_how_the_whole_converged(checked_fit: Fit, tmp_path: Path) -> None:
    path = tmp_path / "small.nc.gz"
    condensed(checked_fit, 400).save(path, packed=True)
    small, whole = load_fit(path), checked_fit
    assert small.diagnostics == whole.diagnostics
    for ask in (q.rate, q.log_density):
        few, all_ = ask(small).draws, ask(whole).draws
        error = all_.std(q.SAMPLE) / np.sqrt(100)
        assert (np.abs(few.median(q.SAMPLE) - all_.median(q.SAMPLE)) < 4 * error).all()

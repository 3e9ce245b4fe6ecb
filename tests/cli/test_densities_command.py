"""`densities` has a row for each LLM, in every format."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pandas as pd
import pytest
from outcomes import Run, is_interval, strict, thinned
from simulated import BENCHMARKS, Truth

from bayesdensity.inference.result import Fit


def test_densities_as_json_have_a_row_for_each_llm(run: Run, fit_file: Path, truth: Truth) -> None:
    rows = strict(run("densities", fit_file, "--json").out)
    assert {row["llm"] for row in rows} == set(truth.log_density.index)
    for row in rows:
        assert all(is_interval(row[name]) for name in ("density", "effective_size", "inefficiency"))
        assert 0 <= row["probability_on_frontier"] <= 1 and 0 <= row["probability_unreachable"] <= 1
        ratio = row["effective_size"]["median"] / row["density"]["median"]
        assert ratio == pytest.approx(row["params"], rel=1e-6)
        assert set(row["benchmarks"]) <= set(BENCHMARKS)


def test_densities_as_csv_and_text_have_the_same_rows(run: Run, fit_file: Path, truth: Truth) -> None:
    header, *rows = run("densities", fit_file, "--csv").out.strip().splitlines()
    assert header.startswith("llm,") and "density_median" in header and "probability_unreachable" in header
    assert {row.split(",")[0] for row in rows} == set(truth.log_density.index)
    _, _, *shown = run("densities", fit_file).out.strip().splitlines()  # a caption, and the heads of the columns
    assert [line.split()[0] for line in shown] == [row.split(",")[0] for row in rows]


def test_densities_as_csv_say_how_far_below_best_practice_an_llm_is(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    fit = thinned(world_fit)
    form = fit.study.frontier.model_copy(update={"form": "symmetric"})
    study = fit.study.model_copy(update={"frontier": form})
    draws = fit.posterior.drop_vars("inefficiency_scale")
    about = {**fit.about, "digest": study.digest, "fingerprint": study.fingerprint}
    paths = (
        fit.save(tmp_path / "mine.nc"),
        dataclasses.replace(fit, posterior=draws, study=study, about=about).save(tmp_path / "symmetric.nc"),
    )
    table, without = (pd.read_csv(io.StringIO(run("densities", path, "--csv").out), index_col="llm") for path in paths)
    columns = [f"inefficiency_{end}" for end in ("lower", "median", "upper")]
    assert (table[columns] >= 0).all(axis=None) and (table[columns].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert list(without.columns) == [name for name in table.columns if name not in columns]

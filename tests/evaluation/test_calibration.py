"""Ranks and coverage are counted right, and intervals of the shipped study hold the truth in simulated worlds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from described import json_of, text_of

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.base.jsonable import dumps
from bayesdensity.cli import app
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.evaluation.calibration import (
    DENSITIES,
    LEVELS,
    Calibration,
    calibrate,
    collect,
    compared,
    worlds_table,
)
from bayesdensity.evaluation.calibration_files import save_calibration
from bayesdensity.evaluation.certificate import file_digest, stale, study_basis
from bayesdensity.evaluation.ranks import RANKS, rank_ecdf
from bayesdensity.inference.preparing import prepare
from bayesdensity.inference.result import Fit
from bayesdensity.plots.calibration import plot_calibration
from bayesdensity.render.sections import calibration as section
from bayesdensity.render.text import to_text
from bayesdensity.simulate import asked, reference_only, simulate_scores
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study

QUANTITIES = ("rate of the frontier", "rate of the mean", "rate on A", "rate on B", "density of one", "density of two")
Z = {0.5: 0.6745, 0.8: 1.2816, 0.9: 1.6449, 0.95: 1.96}


def result(key: str, rng: np.random.Generator, width: float = 1.0, bias: float = 0.0) -> dict[str, Any]:
    """A replicate whose posteriors are normal with standard deviation ``width`` where 1 would be right."""
    found = {}
    for name in QUANTITIES:
        truth, median = 0.3, 0.3 + bias + rng.normal()
        draws = np.sort(median + width * rng.normal(size=RANKS))
        covered = {f"covered_{p:.0%}": bool(abs(truth - median) <= width * z) for p, z in Z.items()}
        row = {"truth": truth, "median": median, "rank": int((draws < truth).sum()), "rhat": 1.0}
        found[name] = {**row, **covered, "width": 2 * 1.6449 * width}
    paper: dict[str, Any] = {"truth": 0.3, "rate": 0.8}
    for kind, yes in (("bootstrap", False), ("textbook", True)):
        paper |= {f"{kind}_covered_{p:.0%}": yes for p in LEVELS} | {f"{kind}_width": 0.5}
    fit = {"max_rhat": 1.0, "min_ess_bulk": 500.0, "divergences": 0, "stuck": 0, "seconds": 5.0}
    verdicts = {"check scores": "PASS", "check frontier": "REVIEW" if rng.random() < 0.25 else "PASS"}
    return {"key": key, "seed": 1, "quantities": found, "paper": paper, "fit": fit | verdicts}


def calibration(n: int = 400, world: str = "as-modelled", **settings: float) -> Calibration:
    rng = np.random.default_rng(7)
    rows = [result(f"{world} {k}", rng, **settings) for k in range(n)]
    return collect(rows, world, {"study": "toy", "digest": "d", "seed": 1})


def test_right_intervals_cover_as_they_say_and_their_ranks_are_uniform() -> None:
    table = calibration().table()
    assert list(table.index) == [*QUANTITIES[:4], DENSITIES]
    for level in LEVELS:
        # The densities are 800 numbers, all others 400.
        assert table[f"covered_{level:.0%}"].to_numpy() == pytest.approx(
            level, abs=3.5 * np.sqrt(level * (1 - level) / 400)
        )
    assert table["inside_band"].iloc[:4].all() and table.at[DENSITIES, "inside_band"] == 1.0
    assert table.at[DENSITIES, "n"] == 800
    assert table["rmse"].to_numpy() == pytest.approx(1, abs=0.15) and table["bias"].to_numpy() == pytest.approx(
        0, abs=0.2
    )


@pytest.mark.parametrize("fault", [{"width": 0.6}, {"width": 1.7}, {"bias": 0.5}], ids=["narrow", "wide", "biased"])
def test_wrong_intervals_leave_the_band(fault: dict[str, float]) -> None:
    table = calibration(**fault).table()
    assert not table["inside_band"].iloc[:4].any() and table.at[DENSITIES, "inside_band"] == 0.0
    if "width" in fault:
        assert ((table["covered_80%"] < 0.75) == (fault["width"] < 1)).all()
        assert table["width"].to_numpy() == pytest.approx(2 * 1.6449 * fault["width"])
    else:
        assert table["bias"].to_numpy() == pytest.approx(0.5, abs=0.2)


def test_few_wrong_replicates_are_no_proof() -> None:
    assert calibration(12, width=0.9).table()["inside_band"].iloc[:4].all()


def test_the_band_holds_all_of_a_uniform_ecdf_with_its_probability() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(200):
        curve = rank_ecdf(rng.integers(0, RANKS + 1, size=100))
        inside.append(bool(curve["ecdf"].between(curve["lower"], curve["upper"]).all()))
    assert np.mean(inside) > 0.96
    assert (curve["x"].to_numpy()[[0, -1]] == [0, 1]).all() and (curve["lower"] <= curve["upper"]).all()


def test_the_published_procedure_and_the_checks_are_counted_beside() -> None:
    found = calibration()
    paper = found.paper_table()
    assert paper.at["bootstrap", "covered_90%"] == 0 and paper.at["textbook", "covered_90%"] == 1
    assert paper["bias"].to_numpy() == pytest.approx(0.5) and (paper["n"] == 400).all()
    checks = found.checks_table()
    assert checks.loc["scores"].to_list() == [1, 0, 0]
    assert checks.at["frontier", "REVIEW"] == pytest.approx(0.25, abs=0.08)
    assert checks.sum(axis=1).to_numpy() == pytest.approx(1)


def test_replicates_that_failed_are_told_and_do_not_count() -> None:
    rng = np.random.default_rng(1)
    rows = [
        result("as-modelled 0", rng),
        {"key": "as-modelled 1", "error": "ValueError: no"},
        result("as-modelled 2", rng),
    ]
    found = collect(rows, "as-modelled", {"study": "toy", "digest": "d", "seed": 1})
    assert found.failed == {"as-modelled 1": "ValueError: no"} and len(found.fits) == 2
    assert "FAILED as-modelled 1: ValueError: no" in text_of(section, {found.world: found})
    assert json_of(section, {found.world: found})[found.world]["failed"] == found.failed
    with pytest.raises(UnidentifiedError, match="no replicate could be fitted; the first failed with: ValueError: no"):
        collect(rows[1:2], "as-modelled", {})


def test_where_the_published_procedure_gives_nothing_it_is_left_out() -> None:
    rng = np.random.default_rng(1)
    rows = [{**result(f"records {k}", rng), "paper": None} for k in range(20)]
    found = collect(rows, "records", {"study": "toy", "digest": "d", "seed": 1})
    assert found.paper_table().empty and "published procedure" not in text_of(section, {found.world: found})
    assert "covered_published" not in worlds_table({"records": found})
    assert plot_calibration(found).axes[-1].get_title(loc="left") == "coverage, rate of the frontier"


def test_an_llm_that_is_published_in_few_worlds_has_no_band() -> None:
    found = calibration(30)
    ranks = found.ranks
    rare = (ranks["quantity"] == "density of two") & (ranks["key"] != "as-modelled 0")
    few = replace(found, ranks=ranks[~rare])
    assert few.table().at[DENSITIES, "inside_band"] == 1.0 and few.table().at[DENSITIES, "n"] == 31
    assert plot_calibration(few).axes[4].get_title(loc="left") == DENSITIES
    none = replace(found, ranks=ranks[~rare & (ranks["quantity"] != "density of one")])
    assert np.isnan(none.table().at[DENSITIES, "inside_band"]) and "nan" not in text_of(section, {none.world: none})


def test_text_json_and_tables_say_the_same(tmp_path: Path) -> None:
    found = calibration(world="exponential")
    table, said = found.table(), text_of(section, {found.world: found})
    row = next(line for line in said.splitlines() if line.startswith("  rate on A"))
    assert f"{table.at['rate on A', 'covered_90%']:.2f}" in row and row.endswith("yes")
    as_json = json.loads(dumps(section.calibration_data(found)))
    assert as_json["world"] == "exponential" and as_json["replicates"] == 400
    assert as_json["quantities"]["rate on A"]["covered_90%"] == pytest.approx(table.at["rate on A", "covered_90%"])
    files = save_calibration(found, tmp_path / "exponential")
    assert [file.name for file in files] == ["exponential.csv", "exponential-replicates.csv"]
    written = pd.read_csv(files[0], index_col=0)
    assert written.at["rate on A", "covered_90%"] == pytest.approx(table.at["rate on A", "covered_90%"], rel=1e-5)
    assert "published procedure, bootstrap" in written.index
    replicates = pd.read_csv(files[1], index_col=0)
    assert len(replicates) == 400 and replicates["rate on A: truth"].to_numpy() == pytest.approx(0.3)


def test_worlds_stand_beside_each_other() -> None:
    found = {"as-modelled": calibration(100), "moe-size": calibration(100, "moe-size", bias=1.5)}
    table = worlds_table(found)
    assert table.at["moe-size", "bias_frontier"] == pytest.approx(1.5, abs=0.4)
    assert table.at["moe-size", "covered_frontier"] < 0.7 < table.at["as-modelled", "covered_frontier"]
    assert table.at["as-modelled", "check frontier"] == pytest.approx(0.25, abs=0.15)
    text = to_text([section.worlds_block(found)])
    assert "moe-size" in text and "frontier" in text


def test_the_figure_has_a_panel_for_each_quantity(tmp_path: Path) -> None:
    figure = plot_calibration(calibration(60))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [*QUANTITIES[:4], DENSITIES, "coverage, rate of the frontier"]


def test_the_command_certifies_its_tables(
    world_study: Study, world_tables: Tables, truth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bayesdensity.evaluation.calibration.calibrate", lambda *_, **__: {"as-modelled": calibration(60)}
    )
    monkeypatch.setattr("bayesdensity.cli.simulation._source", lambda *_, **__: None)
    folder = tmp_path / "out"
    asked = ["calibrate", truth.study, "--data", truth.folder, "--replicates", "60", "-o", folder]
    assert app([str(part) for part in asked], result_action="return_value") == 0
    kept = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    assert set(kept["contents"]) == {"as-modelled.csv", "as-modelled-replicates.csv"}
    assert kept["command"] == (
        f"bayesdensity calibrate {truth.study} --data {truth.folder} --replicates 60 --seed 1 -o renewed"
    )
    contents = {name: file_digest(folder / name) for name in kept["contents"]}
    parts = ("quantities", "world as-modelled", "published")
    assert stale(kept, study_basis(world_study, world_tables, parts), contents) == []


# Real fits


@pytest.fixture
def shipped(world_fit: Fit, use_compiled_world: None) -> Fit:
    """The fit of the small world, whose model a worker in this process need not compile again."""
    return world_fit


def run(source: Fit, tables: Tables, path: Path, **settings: Any) -> dict[str, Calibration]:
    with ThreadPoolExecutor(1) as executor:
        return calibrate(source, tables, path=path, executor=executor, draws=100, tune=200, **settings)


def test_worlds_are_simulated_fitted_and_ranked(shipped: Fit, world_tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    told: list[tuple[int, int]] = []
    worlds = ("as-modelled", "records")
    found = run(
        shipped, world_tables, path, replicates=2, worlds=worlds, progress=lambda done, all_: told.append((done, all_))
    )
    assert told[0] == (0, 4) and told[-1] == (4, 4)
    modelled, records = (found[world] for world in worlds)
    assert not modelled.failed and not records.failed
    llms = shipped.data.sizes["llm"]
    names = modelled.ranks["quantity"].unique()
    assert len(names) == 4 + shipped.data.sizes["benchmark"] + llms
    # LLMs that are not published have no density.
    assert len(records.ranks) < len(modelled.ranks)
    rates = modelled.ranks[modelled.ranks["quantity"] == "rate of the frontier"]
    assert rates["truth"].nunique() == 2 and rates["rank"].between(0, RANKS).all()
    assert len(modelled.paper) == 2 and {f"check {name}" for name in ("scores", "frontier")} <= set(modelled.fits)
    before = path.read_bytes()
    again = run(shipped, world_tables, path, replicates=2, worlds=worlds)
    assert path.read_bytes() == before
    pd.testing.assert_frame_equal(again["as-modelled"].ranks, modelled.ranks)
    with pytest.raises(InputError, match="holds results of another run"):
        run(shipped, world_tables, path, replicates=2, seed=2)


def test_a_truth_is_ranked_among_the_draws_and_looked_for_in_the_intervals(shipped: Fit) -> None:
    made = simulate_scores(shipped, 0, 5, np.random.default_rng(1))
    draws = asked(shipped)["rate of the mean"].to_numpy().ravel()
    for q, rank, inside in ((0.5, 50, LEVELS), (0.06, 6, (0.9, 0.95)), (0.85, 85, (0.8, 0.9, 0.95))):
        truth = {**made.truth, "rate of the mean": float(np.quantile(draws, q))}
        row = compared(shipped, made._replace(truth=truth))["rate of the mean"]
        assert row["rank"] == pytest.approx(rank, abs=8)
        assert [level for level in LEVELS if row[f"covered_{level:.0%}"]] == list(inside)
    hidden = made.published.copy()
    hidden[3] = False
    names = compared(shipped, made._replace(published=hidden))
    assert f"density of {shipped.data['llm'].to_numpy()[3]}" not in names


def test_too_few_replicates_are_refused(shipped: Fit, world_tables: Tables, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 2 replicates; got 1"):
        run(shipped, world_tables, tmp_path / "r.jsonl", replicates=1)
    with pytest.raises(InputError, match=r"there is no world 'recrds'. Did you mean 'records'\?"):
        run(shipped, world_tables, tmp_path / "r.jsonl", replicates=2, worlds=["recrds"])
    assert not (tmp_path / "r.jsonl").exists()
    alone = replace(shipped, about={**shipped.about, "part": "reference"})
    with pytest.raises(InputError, match="no targets"):
        run(alone, world_tables, tmp_path / "r.jsonl", replicates=2)


@pytest.mark.slow
def test_intervals_of_the_shipped_study_hold_the_truth(tmp_path: Path) -> None:
    """A reduced version of the certificate in docs/validation: 20 worlds with the design of densing-law."""
    study, tables = load_study("densing-law"), read_tables()
    source = reference_only(prepare(study, tables), seed=1)
    found = calibrate(source, tables, replicates=20, seed=1, path=tmp_path / "results.jsonl")["as-modelled"]
    assert not found.failed
    table = found.table()
    # Of 20 intervals that hold with probability 0.9, fewer than 14 do so once in 400 times.
    assert (table["covered_90%"].iloc[:-1] >= 14 / 20).all()
    # Quantities of one world go together: over the certificate's 200 worlds the share that is covered in a world has a
    # standard deviation of 0.19 for rates and frontier, of 0.11 for densities; 20 worlds give 3.5 standard errors of
    assert table["covered_90%"].iloc[:-1].mean() == pytest.approx(0.9, abs=0.15)
    assert table.at[DENSITIES, "covered_90%"] == pytest.approx(0.9, abs=0.086)
    assert table["inside_band"].iloc[:-1].all() and table.at[DENSITIES, "inside_band"] > 0.95
    bias = table["bias"] / (table["rmse"] / np.sqrt(20))
    assert (bias.abs().iloc[:-1] < 3.5).all()
    assert table["not_converged"].max() <= 0.1

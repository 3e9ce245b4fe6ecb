"""A fit is sampled with a seed, prepared once and given other scores, and says what it saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from seams import compile_by

from bayesdensity.data.masks import with_scores
from bayesdensity.data.tables import Tables
from bayesdensity.inference.drawing import fit, sample
from bayesdensity.inference.preparing import Prepared, prepare, prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.inference.sampling import run_sampler
from bayesdensity.study.spec import Study

FEW: dict[str, Any] = {"chains": 2, "draws": 10, "tune": 10}
"""Enough to tell draws apart; before the sampler is tuned each takes hundreds of leaps."""


class Sampler:
    """Stands in for a sampler that runs in the background and is interrupted."""

    cancelled = False

    def wait(self) -> None:
        raise KeyboardInterrupt

    def cancel(self) -> None:
        Sampler.cancelled = True


def test_an_interrupted_fit_stops_the_sampler_and_keeps_nothing(
    world_study: Study, world_tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nutpie

    monkeypatch.chdir(tmp_path)
    compile_by(monkeypatch, lambda *_: (None, []))
    monkeypatch.setattr(nutpie, "sample", lambda *_, **__: Sampler())
    with pytest.raises(KeyboardInterrupt):
        fit(world_study, world_tables)
    assert Sampler.cancelled and list(tmp_path.iterdir()) == []


def test_same_seed_gives_the_same_draws(prepared_world: Prepared) -> None:
    """One compiled model, sampled as `fit` samples it."""
    compiled, kept = prepared_world.compiled, prepared_world.kept
    settings = {**FEW, "progress": None, "cores": 1}
    first, second, other = (run_sampler(compiled, seed=seed, **settings)["posterior"] for seed in (4, 4, 5))
    assert set(kept) <= set(first.data_vars)
    np.testing.assert_array_equal(first["rate"], second["rate"])
    assert not np.array_equal(first["rate"], other["rate"])
    assert not np.array_equal(first["rate"][0], first["rate"][1])
    at_once = run_sampler(compiled, seed=4, **{**settings, "cores": 2})["posterior"]
    np.testing.assert_array_equal(first["rate"], at_once["rate"])


@pytest.fixture
def prepared(world_fit: Fit, world_compiler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """The model of the small world, ready to be sampled again without being compiled again."""
    compiled_for = []

    def compile_model(*arguments: Any) -> Any:
        compiled_for.append(arguments)
        return world_compiler()

    compile_by(monkeypatch, compile_model)
    again = prepare_again(world_fit)
    assert compiled_for == [(world_fit.study, world_fit.data, "joint")]
    return again


def test_a_model_prepared_again_is_that_of_the_fit(world_fit: Fit, prepared: Prepared) -> None:
    assert prepared.study is world_fit.study and prepared.data is world_fit.data
    of_the_sampler = {"seed", "sampler", "wall_seconds"}
    assert prepared.about == {name: value for name, value in world_fit.about.items() if name not in of_the_sampler}
    assert set(prepared.kept) == set(world_fit.posterior.data_vars)


def test_preparing_and_sampling_is_fitting(
    world_fit: Fit, prepared: Prepared, world_study: Study, world_tables: Tables
) -> None:
    stages: list[str] = []
    first = prepare(world_study, world_tables, stage=stages.append)
    assert stages == ["compile"]
    xr.testing.assert_identical(first.data, world_fit.data)
    assert first.about == prepared.about
    in_one_go = fit(world_study, world_tables, seed=6, stage=stages.append, **FEW)
    assert stages == ["compile", "compile", "sample", "inside"]
    in_two = sample(first, seed=6, **FEW)
    xr.testing.assert_identical(in_two.posterior, in_one_go.posterior)
    assert in_two.about["sampler"] == in_one_go.about["sampler"] == {**FEW, "target_accept": 0.8}
    assert in_two.about["seed"] == 6 and set(in_two.about) == set(in_one_go.about)


def test_a_prepared_model_gives_the_same_draws_of_its_own_data(prepared: Prepared) -> None:
    one = sample(prepared, seed=4, **FEW)
    for data in (None, prepared.data, with_scores(prepared.data)):
        other = sample(prepared, data, seed=4, **FEW)
        xr.testing.assert_identical(other.posterior, one.posterior)
        xr.testing.assert_identical(other.sample_stats, one.sample_stats)
    assert one.data is prepared.data


def test_a_prepared_model_takes_other_scores(prepared: Prepared) -> None:
    """Other scores give other draws, the fit has the scores it saw, and the model keeps its own."""
    before = sample(prepared, seed=4, **FEW)
    values = np.clip(prepared.data["score_value"].to_numpy() + 0.03, 0, 1)
    data = with_scores(prepared.data, values)
    other = sample(prepared, data, seed=4, **FEW)
    assert other.data is data
    assert not np.array_equal(other.posterior["rate"], before.posterior["rate"])
    xr.testing.assert_identical(sample(prepared, seed=4, **FEW).posterior, before.posterior)
    again = sample(prepared, data, seed=4, **FEW)
    xr.testing.assert_identical(again.posterior, other.posterior)


def test_an_llm_without_its_scores_is_known_from_its_relatives_only(world_fit: Fit, prepared: Prepared) -> None:
    keep = np.ones(world_fit.data.sizes["llm"], bool)
    keep[[2, 20]] = False
    data = with_scores(prepared.data, keep_llms=keep)
    masked = sample(prepared, data, chains=2, draws=300, tune=300, seed=4).posterior
    for name, values in masked.data_vars.items():
        assert np.isfinite(values).all(), name
    wider = masked["log_density_relative"].std(("chain", "draw")) / world_fit.posterior["log_density_relative"].std(
        ("chain", "draw")
    )
    assert (wider.to_numpy()[~keep] > 1.5).all()
    assert np.median(wider.to_numpy()[keep]) == pytest.approx(1, abs=0.2)


def test_a_fit_says_what_it_saw(world_fit: Fit, world_tables: Tables) -> None:
    about = world_fit.about
    assert about["digest"] == world_fit.study.digest and about["tables_digest"] == world_tables.digest
    assert (about["n_llms"], about["n_scores"]) == (world_fit.data.sizes["llm"], world_fit.data.sizes["score"])
    wall = about["wall_seconds"]
    assert wall["compile"] > 0 and wall["sample"] > 0
    assert wall["total"] == pytest.approx(wall["compile"] + wall["sample"])
    assert {"bayesdensity", "python", "pymc", "nutpie"} <= set(about["versions"])
    assert world_fit.posterior.sizes["chain"] == 4 and world_fit.posterior.sizes["draw"] == 500


def test_a_small_world_converges(world_fit: Fit) -> None:
    assert world_fit.diagnostics.verdict != "FAIL"
    assert world_fit.diagnostics.divergences < 0.02 * 2000
    assert world_fit.diagnostics.stuck_chains == ()

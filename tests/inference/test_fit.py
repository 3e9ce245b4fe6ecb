"""A fit is one file that is either whole or refused, and its verdict says what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.data.join import with_scores
from bayesdensity.data.tables import Tables
from bayesdensity.inference.convergence import diagnose, stuck_chains
from bayesdensity.inference.drawing import fit, sample
from bayesdensity.inference.preparing import Prepared, prepare, prepare_again
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.inference.sampling import run_sampler
from bayesdensity.study.spec import Study, load_study

# The file


def test_a_loaded_fit_has_the_same_numbers(world_fit: Fit, fit_file: Path) -> None:
    loaded = load_fit(fit_file, world_fit.study)
    for group in ("posterior", "sample_stats"):
        saved = getattr(world_fit, group)
        xr.testing.assert_equal(getattr(loaded, group)[list(saved.data_vars)], saved)
    xr.testing.assert_equal(loaded.data, world_fit.data)
    assert loaded.data.attrs == world_fit.data.attrs
    assert (loaded.study, loaded.about) == (world_fit.study, world_fit.about)
    assert loaded.diagnostics == world_fit.diagnostics


def test_a_loaded_fit_is_not_judged_again(
    world_fit: Fit, fit_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr("bayesdensity.inference.result.diagnose", never)
        assert load_fit(fit_file).diagnostics == world_fit.diagnostics
    older = tmp_path / "older.nc"
    shutil.copy(fit_file, older)
    with h5py.File(older, "r+") as file:
        about = json.loads(file.attrs["bayesdensity"])
        del about["diagnostics"]
        file.attrs["bayesdensity"] = json.dumps(about)
    assert load_fit(older).diagnostics == world_fit.diagnostics


def test_a_fit_saved_again_is_the_same(world_fit: Fit, fit_file: Path, tmp_path: Path) -> None:
    again = load_fit(load_fit(fit_file).save(tmp_path / "again.nc"))
    xr.testing.assert_equal(again.posterior, load_fit(fit_file).posterior)
    assert again.about == world_fit.about


def refused(path: Path, study: Study | None = None) -> str:
    with pytest.raises(InputError) as raised:
        load_fit(path, study)
    assert str(path) in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.7, 0.98])
def test_a_file_cut_short_is_refused(fit_file: Path, tmp_path: Path, kept: float) -> None:
    content = fit_file.read_bytes()
    path = tmp_path / "cut.nc"
    path.write_bytes(content[: int(kept * len(content))])
    assert "cut short" in refused(path)


@pytest.mark.parametrize("content", [b"llm,benchmark,score\n", b"\x89HDF\r\n\x1a\n", bytes(1000)])
def test_what_is_no_fit_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.nc"
    path.write_bytes(content)
    assert "not a fit" in refused(path)


def test_a_netcdf_of_something_else_is_refused(tmp_path: Path) -> None:
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    assert "not a fit" in refused(tmp_path / "other.nc")


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "absent.nc")
    assert "no such file" in refused(tmp_path)


def tampered(source: Path, target: Path, change: dict[str, Any]) -> Path:
    """A copy of a fit with other entries in what it says of itself; keys are dotted."""
    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        about = json.loads(file.attrs["bayesdensity"])
        for key, value in change.items():
            *parents, last = key.split(".")
            holder = about
            for parent in parents:
                holder = holder[parent]
            holder[last] = value
        file.attrs["bayesdensity"] = json.dumps(about)
    return target


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 0}, "another version of the file format"),
        ({"format": 99}, "another version of the file format"),
        ({"digest": "0" * 12}, "not the one it was fitted with"),
        ({"study.frontier.quantile": 0.5}, "not the one it was fitted with"),
        ({"study.colour": "red"}, "another version of bayesdensity"),
    ],
)
def test_a_tampered_file_is_refused(fit_file: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    assert said in refused(tampered(fit_file, tmp_path / "changed.nc", change))


@pytest.mark.parametrize("group", ["posterior", "sample_stats", "data"])
def test_a_file_without_one_of_its_groups_is_refused(fit_file: Path, tmp_path: Path, group: str) -> None:
    path = tmp_path / "part.nc"
    shutil.copy(fit_file, path)
    with h5py.File(path, "r+") as file:
        del file[group]
    refused(path)


def test_a_fit_of_another_study_is_refused(fit_file: Path) -> None:
    other = load_study("densing-law")
    sentence = refused(fit_file, other)
    assert other.digest in sentence and "small-world" in sentence


@pytest.mark.parametrize("where", ["absent/fit.nc", "file/fit.nc"])
def test_a_place_that_cannot_be_written_is_refused(world_fit: Fit, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write there"):
        world_fit.save(tmp_path / where)


def test_a_failed_save_leaves_no_file_and_keeps_the_old_one(
    world_fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: xr.DataTree, name: str, **_: Any) -> None:
        Path(name).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    (tmp_path / "old.nc").write_bytes(b"old")
    monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
    for name in ("new.nc", "old.nc"):
        with pytest.raises((OSError, InputError)):
            world_fit.save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old.nc"]
    assert (tmp_path / "old.nc").read_bytes() == b"old"


# The verdict


def draws(shift: float = 0.0, chains: int = 4, n: int = 800, autocorrelated: bool = False) -> xr.Dataset:
    """Made-up draws; the last chain is shifted."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(chains, n, 2))
    if autocorrelated:
        values = values.cumsum(axis=1) / np.sqrt(n)
    values[-1, :, 1] += shift
    coords = {"benchmark": ["MMLU", "BBH"]}
    return xr.Dataset(
        {"level": (("chain", "draw", "benchmark"), values), "rate": (("chain", "draw"), rng.normal(size=(chains, n)))},
        coords={**coords, "chain": range(chains), "draw": range(n)},
    )


def stats_of(
    chains: int = 4, n: int = 800, divergences: int = 0, stuck: int | None = None, cut: int = 0, slow: bool = False
) -> xr.Dataset:
    """Made-up statistics of a sampler; ``cut`` trajectories are cut off, the energy of the last chain may be slow."""
    rng = np.random.default_rng(3)
    logp, energy = rng.normal(-500, 20, (chains, n)), rng.normal(520, 25, (chains, n))
    diverging, steps = np.zeros((chains, n), bool), np.full((chains, n), 15)
    diverging.flat[:divergences] = True
    steps.flat[:cut] = 1023
    if slow:
        energy[-1] = 520 + rng.normal(0, 5, n).cumsum()
    if stuck is not None:
        logp[stuck] = -1e15
    found = {"logp": logp, "diverging": diverging, "energy": energy, "n_steps": steps}
    return xr.Dataset({name: (("chain", "draw"), values) for name, values in found.items()})


def test_well_mixed_chains_pass() -> None:
    verdict = diagnose(draws(), stats_of())
    assert verdict.verdict == "PASS" and verdict.sentence.startswith("converged: R-hat 1.00")
    assert verdict.max_rhat < 1.01 and verdict.min_ess_bulk > 400 and verdict.stuck_chains == ()
    assert verdict.min_ess_tail > 400 and verdict.min_bfmi > 1.5 and verdict.deepest_trees == 0


def test_divergences_ask_for_review() -> None:
    verdict = diagnose(draws(), stats_of(divergences=3))
    assert (verdict.verdict, verdict.divergences) == ("REVIEW", 3)
    assert "3 divergent transitions" in verdict.sentence


def test_trajectories_that_were_cut_off_ask_for_review() -> None:
    verdict = diagnose(draws(), stats_of(cut=48))
    assert (verdict.verdict, verdict.deepest_trees) == ("REVIEW", 0.015)
    assert verdict.sentence == "1.5% of the trajectories were cut off at 1023 leaps."


def test_a_chain_that_moves_too_little_in_energy_asks_for_review() -> None:
    verdict = diagnose(draws(), stats_of(slow=True))
    assert verdict.verdict == "REVIEW" and verdict.min_bfmi < 0.1
    assert verdict.sentence.startswith("a chain moves too little in energy: E-BFMI 0.0")


def test_few_effective_draws_of_the_tails_are_named() -> None:
    """The middle of the posterior is mixed; three times its tails are reached, and held for a while."""
    made = draws()
    for start in (100, 300, 500):
        made["rate"][:, start : start + 60 : 2] = 6.0
        made["rate"][:, start + 1 : start + 60 : 2] = -6.0
    verdict = diagnose(made, stats_of())
    assert verdict.verdict == "REVIEW" and verdict.min_ess_tail < 200 < 2000 < verdict.min_ess_bulk
    assert verdict.sentence == "too few effective draws in the tails: tail ESS 164 of rate is below 400."


def test_chains_apart_fail_and_the_variable_is_named() -> None:
    verdict = diagnose(draws(shift=3.0), stats_of())
    assert verdict.verdict == "FAIL" and "level[BBH]" in verdict.sentence and verdict.max_rhat > 1.1


def test_few_effective_draws_are_named() -> None:
    verdict = diagnose(draws(n=60), stats_of(n=60))
    assert verdict.verdict != "PASS" and "too few effective draws" in verdict.sentence
    assert diagnose(draws(autocorrelated=True), stats_of()).verdict == "FAIL"


def test_one_chain_alone_never_passes() -> None:
    verdict = diagnose(draws(chains=1), stats_of(chains=1))
    assert verdict.verdict == "REVIEW" and "one chain alone" in verdict.sentence and np.isnan(verdict.max_rhat)


def test_a_stuck_chain_is_named_as_such() -> None:
    """Numbers as they were seen: log density -1e15 at every draw, and not one divergence."""
    assert stuck_chains(stats_of(stuck=2)["logp"].to_numpy()) == (2,)
    verdict = diagnose(draws(), stats_of(stuck=2))
    assert verdict.verdict == "FAIL" and "chain 3 is stuck" in verdict.sentence and verdict.stuck_chains == (2,)


def test_chains_of_ordinary_scatter_are_not_stuck() -> None:
    logp = np.random.default_rng(4).normal(-500, 20, (8, 300)) + np.arange(8)[:, None] * 8
    assert stuck_chains(logp) == ()
    assert stuck_chains(np.stack([np.full(10, -3.0), np.full(10, -3.5)])) == ()


def test_two_of_four_chains_may_be_stuck() -> None:
    logp = stats_of(stuck=0)["logp"].to_numpy()
    logp[3] = -1e4
    assert stuck_chains(logp) == (0, 3)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_chain_of_no_finite_log_density_is_stuck(bad: float) -> None:
    logp = stats_of()["logp"].to_numpy()
    logp[1] = bad
    with np.errstate(invalid="ignore"):
        assert stuck_chains(logp) == (1,)


# The sampler


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
    monkeypatch.setattr(nutpie, "sample", lambda *_, **__: Sampler())
    with pytest.raises(KeyboardInterrupt):
        fit(world_study, world_tables, compiler=lambda *_: (None, []))
    assert Sampler.cancelled and list(tmp_path.iterdir()) == []


def test_same_seed_gives_the_same_draws(world_fit: Fit, compiled_world: list[Any]) -> None:
    """One compiled model, sampled as `fit` samples it."""
    compiled, kept = compiled_world[0]
    settings = {"chains": 2, "draws": 20, "tune": 20, "progress": None, "cores": 1}
    first, second, other = (run_sampler(compiled, seed=seed, **settings)["posterior"] for seed in (4, 4, 5))
    assert set(kept) <= set(first.data_vars)
    np.testing.assert_array_equal(first["rate"], second["rate"])
    assert not np.array_equal(first["rate"], other["rate"])
    assert not np.array_equal(first["rate"][0], first["rate"][1])
    at_once = run_sampler(compiled, seed=4, **{**settings, "cores": 2})["posterior"]
    np.testing.assert_array_equal(first["rate"], at_once["rate"])


FEW: dict[str, Any] = {"chains": 2, "draws": 20, "tune": 20}


@pytest.fixture
def prepared(world_fit: Fit, compiled_world: list[Any]) -> Prepared:
    """The model of the small world, ready to be sampled again without being compiled again."""
    compiled_for = []

    def compile_model(*arguments: Any) -> Any:
        compiled_for.append(arguments)
        return compiled_world[0]

    again = prepare_again(world_fit, compile_model)
    assert compiled_for == [(world_fit.study, world_fit.data, "joint")]
    return again


def test_a_model_prepared_again_is_that_of_the_fit(world_fit: Fit, prepared: Prepared) -> None:
    assert prepared.study is world_fit.study and prepared.data is world_fit.data
    of_the_sampler = {"seed", "sampler", "wall_seconds"}
    assert prepared.about == {name: value for name, value in world_fit.about.items() if name not in of_the_sampler}
    assert set(prepared.kept) == set(world_fit.posterior.data_vars)


def test_preparing_and_sampling_is_fitting(
    world_fit: Fit, prepared: Prepared, compiled_world: list[Any], world_study: Study, world_tables: Tables
) -> None:
    stages: list[str] = []

    def compiler(*_: Any) -> Any:
        return compiled_world[0]

    first = prepare(world_study, world_tables, stage=stages.append, compiler=compiler)
    assert stages == ["compile"]
    xr.testing.assert_identical(first.data, world_fit.data)
    assert first.about == prepared.about
    in_one_go = fit(world_study, world_tables, seed=6, stage=stages.append, compiler=compiler, **FEW)
    assert stages == ["compile", "compile", "sample"]
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

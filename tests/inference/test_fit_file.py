"""A fit survives its file; what is cut short, tampered with or something else is refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest
import xarray as xr
from seams import diagnose_by

from bayesdensity.base.errors import InputError
from bayesdensity.inference.convergence import diagnose
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.study.digests import fingerprint_of
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study


def test_a_loaded_fit_has_the_same_numbers(prepared_world: Prepared, tmp_path: Path) -> None:
    fresh = sample(prepared_world, chains=2, draws=20, tune=20, seed=4)
    loaded = load_fit(fresh.save(tmp_path / "fresh.nc"), fresh.study)
    for group in ("posterior", "sample_stats"):
        saved = getattr(fresh, group)
        xr.testing.assert_equal(getattr(loaded, group)[list(saved.data_vars)], saved)
    xr.testing.assert_equal(loaded.data, fresh.data)
    assert loaded.data.attrs == fresh.data.attrs
    assert (loaded.study, loaded.about) == (fresh.study, fresh.about)
    assert loaded.diagnostics == fresh.diagnostics


def test_a_loaded_fit_is_not_judged_again(
    world_fit: Fit, fit_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = diagnose(world_fit.posterior, world_fit.sample_stats)

    def never(*_: Any) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        diagnose_by(patch, never)
        assert load_fit(fit_file).diagnostics == judged
    older = tmp_path / "older.nc"
    shutil.copy(fit_file, older)
    with h5py.File(older, "r+") as file:
        about = json.loads(file.attrs["bayesdensity"])
        del about["diagnostics"], about["checksums"]
        file.attrs["bayesdensity"] = json.dumps(about)
    assert load_fit(older).diagnostics == judged


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
        ({"fingerprint": "0" * 12}, "not the one it was fitted with"),
        ({"study.frontier.quantile": 0.5}, "not the one it was fitted with"),
        ({"study.why": "Because."}, "not the one it was fitted with"),
    ],
)
def test_a_tampered_file_is_refused(fit_file: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    assert said in refused(tampered(fit_file, tmp_path / "changed.nc", change))


def test_a_study_that_this_version_does_not_understand_is_refused(
    world_study: Study, fit_file: Path, tmp_path: Path
) -> None:
    later = {**json.loads(world_study.model_dump_json()), "colour": "red"}
    change = {"study": later, "fingerprint": fingerprint_of(later)}
    assert "another version of bayesdensity" in refused(tampered(fit_file, tmp_path / "later.nc", change))


def test_a_fit_from_before_there_were_fingerprints_opens_and_is_of_the_same_study(
    world_fit: Fit, fit_file: Path, tmp_path: Path
) -> None:
    """Its digest was made of every word of the study, as the fingerprint is now."""
    older = tampered(fit_file, tmp_path / "older.nc", {"digest": world_fit.study.fingerprint})
    with h5py.File(older, "r+") as file:
        about = json.loads(file.attrs["bayesdensity"])
        del about["fingerprint"]
        file.attrs["bayesdensity"] = json.dumps(about)
    assert load_fit(older, world_fit.study).about == world_fit.about
    assert "not the one" in refused(tampered(older, tmp_path / "changed.nc", {"study.frontier.quantile": 0.5}))


def test_a_digest_made_in_another_way_is_made_anew(world_fit: Fit, fit_file: Path, tmp_path: Path) -> None:
    other = tampered(fit_file, tmp_path / "other.nc", {"digest": "0" * 12})
    assert load_fit(other, world_fit.study).about["digest"] == world_fit.study.digest


def test_a_fit_of_a_reworded_study_is_a_fit_of_that_study(world_fit: Fit, fit_file: Path) -> None:
    reworded = world_fit.study.model_copy(update={"why": "Said in other words."})
    assert load_fit(fit_file, reworded).study == world_fit.study != reworded


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
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "old.nc").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    for name in ("new.nc", "old.nc"):
        with pytest.raises(InputError, match=rf"{name}: cannot write there \(No space left on device\)"):
            world_fit.save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old.nc"]
    assert (tmp_path / "old.nc").read_bytes() == b"old"

"""A file that is damaged, incomplete or made to mislead is refused in one sentence, with its checksums or without."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit, load_fit

Edit = Callable[[h5py.File], Any]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        load_fit(path)
    said = str(raised.value)
    assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < 400
    return said


def told(file: h5py.File, **change: Any) -> None:
    """Other entries in what a file says of itself; without those that are dots."""
    about = {**json.loads(file.attrs["bayesdensity"]), **change}
    file.attrs["bayesdensity"] = json.dumps({name: value for name, value in about.items() if value is not ...})


def values(name: str, value: Any) -> Edit:
    def edit(file: h5py.File) -> None:
        file[name][..., -1:] = value

    return edit


def attrs(**change: Any) -> Edit:
    def edit(file: h5py.File) -> None:
        file.attrs["data_attrs"] = json.dumps({**json.loads(file.attrs["data_attrs"]), **change})

    return edit


def edited(source: Path, target: Path, *edits: Edit) -> Path:
    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        for edit in edits:
            edit(file)
    return target


@pytest.fixture(scope="module")
def former(fit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fit as former versions wrote it: no checksum tells that it was changed, and no layout what it holds."""
    path = tmp_path_factory.mktemp("former") / "former.nc"
    return edited(fit_file, path, lambda file: told(file, checksums=..., layout=...))


def test_a_file_of_a_former_version_opens(former: Path, fit_file: Path) -> None:
    xr.testing.assert_identical(load_fit(former).posterior, load_fit(fit_file).posterior)
    assert load_fit(former).about == load_fit(fit_file).about


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda file: told(file, n_llms=...), "n_llms: field required"),
        (lambda file: told(file, n_llms="many"), "n_llms"),
        (lambda file: told(file, n_scores=-3), "n_scores"),
        (lambda file: told(file, versions=["0.1"]), "versions"),
        (lambda file: told(file, wall_seconds={}), "wall_seconds.compile"),
        (lambda file: told(file, wall_seconds={"compile": -1, "sample": float("inf")}), "wall_seconds"),
        (lambda file: told(file, sampler=None), "sampler"),
        (lambda file: told(file, seed=1.5), "seed"),
        (lambda file: told(file, part="whole"), "part"),
        (lambda file: told(file, checks={"a": 1}), "checks"),
        (lambda file: told(file, checks=[{"name": "x", "verdict": "FINE", "sentence": "."}]), "verdict"),
        (lambda file: told(file, diagnostics={"verdict": "PASS"}), "diagnostics"),
        (lambda file: told(file, study=[]), "study"),
        (lambda file: told(file, study={"name": "x"}), "not the one it was fitted with"),
        (lambda file: told(file, digest=3), "digest"),
        (lambda file: told(file, command="\ud800"), "not a fit"),
        (lambda file: told(file, format=...), "another version"),
        (lambda file: file.attrs.update({"bayesdensity": "[]"}), "not a fit"),
        (lambda file: file.attrs.update({"bayesdensity": 3}), "not a fit"),
        (lambda file: file.attrs.update({"bayesdensity": "[" * 10**4}), "not a fit"),
        (lambda file: file.attrs.update({"data_attrs": "null"}), "not a fit"),
        (attrs(n_target_cells="all"), ""),
        (attrs(time_centre=float("nan")), ""),
        (attrs(time_centre=1e9), "time_centre"),
        (attrs(n_target_cells=10**9), "n_target_cells"),
    ],
)
def test_what_a_file_says_of_itself_must_be_whole(former: Path, tmp_path: Path, edit: Edit, said: str) -> None:
    assert said in refused(edited(former, tmp_path / "x.nc", edit))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda file: file.pop("posterior/rate"), "rate"),
        (lambda file: file.pop("posterior/log_density_relative"), "log_density_relative"),
        (lambda file: file.pop("data/score_value"), "score_value"),
        (lambda file: file.pop("data/release_date"), "release_date"),
        (lambda file: file.pop("sample_stats/energy"), "energy"),
        (values("posterior/rate", np.nan), "rate"),
        (values("posterior/level", np.inf), "level"),
        (values("data/score_value", np.nan), "score_value"),
        (values("data/score_cell", 10**6), "score_cell"),
        (values("data/cell_entity", -1), "cell_entity"),
        (values("data/release_date", "yesterday"), "release_date"),
        (values("data/release_date", "9999-12-31"), "release_date"),
        (values("posterior/rate", -1e5), "rate are beyond"),
        (values("posterior/noise_scale", 0.0), "noise_scale"),
        (values("posterior/cell_scatter", -1.0), "cell_scatter"),
        (values("posterior/ceiling", 2.0), "ceiling"),
        (values("posterior/level", 1e9), "level are beyond"),
        (values("data/score_value", 5.0), "score_value of its data (share of the items) is not between 0 and 1"),
        (values("data/log_size", 1e9), "log_size"),
        (values("data/time", 1e9), "time"),
        (values("data/floor", 2.0), "floor"),
        (values("data/n_items", -1.0), "n_items"),
        (values("data/family", "x" * 300), "characters"),
    ],
)
def test_variables_must_be_there_and_numbers(former: Path, tmp_path: Path, edit: Edit, said: str) -> None:
    assert said in refused(edited(former, tmp_path / "x.nc", edit))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (values("posterior/rate", 0.25), "damaged: posterior/rate differs from its checksum"),
        (values("data/score_value", 0.25), "damaged: data/score_value differs"),
        (values("data/llm", "gpt-2"), "damaged: data/llm differs"),
        (lambda file: told(file, n_llms=7), "damaged: what it says of itself differs"),
        (lambda file: told(file, checks=[]), "damaged: what it says of itself differs"),
        (lambda file: told(file, checksums=3), "checksums"),
        (lambda file: told(file, checksums={}), "damaged"),
        (attrs(log_size_centre=3.0), "damaged: what it says of itself differs"),
    ],
)
def test_what_was_changed_does_not_have_its_checksum(fit_file: Path, tmp_path: Path, edit: Edit, said: str) -> None:
    assert said in refused(edited(fit_file, tmp_path / "x.nc", edit))


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_block_of_zeros_is_damage(fit_file: Path, tmp_path: Path, at: float) -> None:
    content = bytearray(fit_file.read_bytes())
    start = int(at * len(content))
    content[start : start + 4096] = bytes(4096)
    path = tmp_path / "x.nc"
    path.write_bytes(content)
    refused(path)


def rewritten(source: Path, target: Path, change: Callable[[dict[str, xr.Dataset]], Any]) -> Path:
    """The file with other groups, as xarray writes them."""
    tree = xr.load_datatree(source, engine="h5netcdf")
    groups = {name: tree[name].to_dataset() for name in tree.children}
    change(groups)
    made = xr.DataTree.from_dict(groups)
    made.attrs = tree.attrs
    made.to_netcdf(target, engine="h5netcdf")
    return target


@pytest.mark.parametrize(
    "change",
    [
        lambda groups: groups.update(posterior=groups["posterior"].transpose(..., "draw", "chain")),
        lambda groups: groups.update(posterior=groups["posterior"].isel(draw=slice(0))),
        lambda groups: groups.update(posterior=groups["posterior"].isel(llm=slice(1, None))),
        lambda groups: groups.update(posterior=groups["posterior"].isel(llm=slice(None, None, -1))),
        lambda groups: groups.update(posterior=groups["posterior"].isel(chain=0)),
        lambda groups: groups.update(posterior=groups["posterior"].astype(str)),
        lambda groups: groups.update(data=groups["data"].isel(cell=slice(1, None))),
        lambda groups: groups.update(data=groups["data"].rename(llm="model")),
        lambda groups: groups.update(sample_stats=groups["sample_stats"].isel(draw=slice(1, None))),
        lambda groups: groups.update(more=groups["data"]),
    ],
)
def test_groups_must_belong_together(former: Path, tmp_path: Path, change: Callable[..., Any]) -> None:
    refused(rewritten(former, tmp_path / "x.nc", change))


def huge(file: h5py.File) -> None:
    file["posterior"].create_dataset("more", shape=(10**7, 10**5), dtype="f8", chunks=(100, 100), compression="gzip")


def elsewhere(file: h5py.File) -> None:
    del file["posterior/rate"]
    file["posterior/rate"] = h5py.ExternalLink("/etc/passwd", "rate")


def in_a_circle(file: h5py.File) -> None:
    file["posterior/more"] = file["posterior"]


@pytest.mark.parametrize(("edit", "said"), [(huge, "GB of memory"), (elsewhere, "rate"), (in_a_circle, "more")])
def test_what_would_fill_the_memory_or_lies_elsewhere_is_not_read(
    former: Path, tmp_path: Path, edit: Edit, said: str
) -> None:
    assert said in refused(edited(former, tmp_path / "x.nc", edit))


def test_files_of_other_kinds_are_no_fits(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    refused(path)
    with h5py.File(path, "w") as file:
        file["a"] = 1
    refused(path)
    with h5py.File(path, "w") as file:
        file.attrs.update({"bayesdensity": "{}", "data_attrs": "{}"})
    refused(path)
    path.write_bytes(b"CDF\x01" + bytes(100))
    refused(path)


def test_a_fit_that_nobody_changed_opens_after_each_writing(world_fit: Fit, tmp_path: Path) -> None:
    first = load_fit(world_fit.save(tmp_path / "one.nc"))
    again = load_fit(first.save(tmp_path / "two.nc"))
    xr.testing.assert_identical(first.posterior, again.posterior)
    xr.testing.assert_identical(first.data, again.data)

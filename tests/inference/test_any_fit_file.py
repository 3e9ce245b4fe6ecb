"""Whatever becomes of the file of a fit, it is refused in one sentence or has the same content."""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
from pathlib import Path

import h5py
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit, load_fit

some = settings(
    max_examples=settings.default.max_examples // 10,  # each of them is a file
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few draws of the posterior that comes with the package."""
    fit = load_fit("densing-law")
    first = slice(0, 2)
    small = dataclasses.replace(
        fit, posterior=fit.posterior.isel(draw=first), sample_stats=fit.sample_stats.isel(draw=first)
    )
    return small.save(tmp_path_factory.mktemp("few") / "few.nc")


@pytest.fixture(scope="module")
def whole(few: Path) -> Fit:
    return load_fit(few)


def refused_or_same(path: Path, whole: Fit) -> None:
    try:
        found = load_fit(path)
    except InputError as error:
        said = str(error)
        assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < 600
        return
    for group in ("posterior", "sample_stats", "data"):
        xr.testing.assert_identical(getattr(found, group), getattr(whole, group))
    assert (found.study, found.about, found.diagnostics) == (whole.study, whole.about, whole.diagnostics)


@some
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_a_byte_that_is_another_is_told_or_changes_nothing(
    few: Path, whole: Fit, tmp_path: Path, at: float, byte: int
) -> None:
    content = bytearray(few.read_bytes())
    content[int(at * len(content))] ^= byte
    path = tmp_path / "x.nc"
    path.write_bytes(content)
    refused_or_same(path, whole)


@some
@given(kept=st.floats(0, 1, exclude_max=True), packed=st.booleans())
def test_a_file_that_is_cut_short_is_refused(few: Path, tmp_path: Path, kept: float, packed: bool) -> None:
    content = gzip.compress(few.read_bytes(), 1) if packed else few.read_bytes()
    path = tmp_path / ("x.nc.gz" if packed else "x.nc")
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(InputError, match=r"not a fit that bayesdensity wrote, or (cut short|damaged)"):
        load_fit(path)


def without(few: Path, path: Path, data: st.DataObject) -> h5py.File:
    """A copy of the file that lacks one of its variables (and no bare dim, which HDF5 lists beside them)."""
    shutil.copy(few, path)
    file = h5py.File(path, "r+")
    layout = json.loads(file.attrs["bayesdensity"])["layout"]
    group = data.draw(st.sampled_from(["posterior", "sample_stats", "data"]))
    del file[group][data.draw(st.sampled_from(sorted(layout[group])))]
    return file


@some
@given(data=st.data())
def test_a_variable_that_is_gone_is_told(few: Path, tmp_path: Path, data: st.DataObject) -> None:
    without(few, tmp_path / "x.nc", data).close()
    with pytest.raises(InputError, match=r"(is|are) missing"):
        load_fit(tmp_path / "x.nc")


@settings(some, max_examples=settings.default.max_examples // 33)  # such files are read slowly
@given(data=st.data())
def test_a_former_file_that_lacks_a_variable_is_read_or_refused(few: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Files of former versions have no checksums, and may lack what no answer needs."""
    with without(few, tmp_path / "x.nc", data) as file:
        about = json.loads(file.attrs["bayesdensity"])
        del about["checksums"], about["layout"]
        file.attrs["bayesdensity"] = json.dumps(about)
    try:
        load_fit(tmp_path / "x.nc")
    except InputError as error:
        assert "\n" not in str(error)

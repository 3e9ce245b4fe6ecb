"""One file for a fit: its groups of arrays and what is known of them, written whole or not at all, read if whole."""

from __future__ import annotations

import gzip
import io
import json
import os
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import write_whole
from bayesdensity.inference import schema
from bayesdensity.inference.convergence import Diagnostics

FORMAT = 2
"""Version of the layout of the file; a change that older readers cannot follow raises it."""
GROUPS = ("posterior", "sample_stats", "data")
OPTIONAL = ("inside", "alone")
AGAIN = "fit the study again with this version."
ANEW = "fit the study again."
SUMS, LAYOUT = "checksums", "layout"
"""Where the file keeps its checksums, and which variables it holds; those of former versions have neither."""
Layout = dict[str, dict[str, tuple[tuple[str, ...], bool, str]]]
"""By group and name of every variable: its dims, whether it is a coordinate, its type where HDF5 has none such."""
PACKED = ".gz"
WORTH_PACKING = 500
"""Numbers from which on to compress them saves more than it adds."""
MOST_PACKED, FREE = 50, 2**28
"""How many times the size of its file, beside some bytes that are free, a fit may take in memory."""
NO_FIT = f"not a fit that bayesdensity wrote, or cut short; {ANEW}"
UNREADABLE = (
    EOFError,
    zlib.error,
    OSError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    IndexError,
    MemoryError,
)
"""What h5py and xarray raise at files that are damaged or something else; RecursionError is a RuntimeError."""


def write_groups(
    path: str | Path,
    groups: Mapping[str, xr.Dataset],
    about: Mapping[str, Any],
    diagnostics: Diagnostics,
    *,
    packed: bool = False,
) -> Path:
    """Write the groups of a fit as one netCDF file, with checksums of what it holds.

    It is made in memory first: HDF5 ends the process where a disk is full.

    Parameters
    ----------
    path : str or Path
    groups : mapping of xarray.Dataset
        By name, as `GROUPS` lists them; of their attributes those of ``data`` are kept.
    about : mapping
        What is known of the fit, as JSON takes it.
    diagnostics : Diagnostics
    packed : bool
        Compress it; its name then ends in ``.gz``.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    attrs = json.dumps(groups["data"].attrs)
    told = json.loads(json.dumps({"format": FORMAT, **about, "diagnostics": asdict(diagnostics)}))
    told[SUMS] = schema.sums(groups, attrs, told)
    told[LAYOUT] = _layout(groups)
    tree = xr.DataTree.from_dict({name: group.drop_attrs().drop_encoding() for name, group in groups.items()})
    tree.attrs = {"bayesdensity": json.dumps(told), "data_attrs": attrs}
    content = io.BytesIO()
    tree.to_netcdf(content, engine="h5netcdf", encoding=_packing(groups) if packed else None)
    whole = content.getvalue()
    return write_whole(Path(path), gzip.compress(whole, mtime=0) if packed else whole)


def read_groups(path: str | Path) -> tuple[dict[str, xr.Dataset], dict[str, Any], Diagnostics | None]:
    """Groups of a fit, what is known of it, and its convergence if the file has that, as `write_groups` wrote them.

    Raises
    ------
    InputError
        If the file is no fit, damaged, or of another version of the format.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file; make one with 'bayesdensity fit STUDY -o {path}'.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    try:
        about, attrs = _told(path)
    except UNREADABLE as error:
        raise InputError(f"{path}: {NO_FIT}") from error
    if about.get("format") != FORMAT:
        raise InputError(f"{path}: written in another version of the file format; {AGAIN}")
    refuse(path, schema.told_faults(about))
    try:
        refuse(path, _layout_faults(path))
        layout = about.pop(LAYOUT, None)
        groups = _read_any(path) if layout is None else _read(path, layout)
        groups["data"].attrs = json.loads(attrs)
    except UNREADABLE as error:
        raise InputError(f"{path}: {NO_FIT}") from error
    stated = about.pop(SUMS, None)
    if stated is not None:
        refuse(path, schema.sum_faults(stated, schema.sums(groups, attrs, about)))
    refuse(path, schema.data_faults(groups["data"], about["part"]))
    del about["format"]
    stored = about.pop("diagnostics", None)
    diagnostics = stored and Diagnostics(**{**stored, "stuck_chains": tuple(stored["stuck_chains"])})
    return groups, about, diagnostics


def _packing(groups: Mapping[str, xr.Dataset]) -> dict[str, dict[str, dict[str, Any]]]:
    """How numbers are compressed."""
    return {
        f"/{group}": {
            str(name): {"zlib": True, "complevel": 9, "shuffle": True, "chunksizes": values.shape}
            for name, values in data.variables.items()
            if values.dtype.kind in "fiub" and values.size > WORTH_PACKING
        }
        for group, data in groups.items()
    }


def _layout(groups: Mapping[str, xr.Dataset]) -> Layout:
    """What `_read` needs to know of groups."""
    return {
        group: {
            str(name): (
                tuple(map(str, values.dims)),
                name in data.coords,
                "bool" if values.dtype == bool else "text" if values.dtype.kind in "OUST" else "",
            )
            for name, values in data.variables.items()
        }
        for group, data in groups.items()
    }


def _read(path: Path, layout: Layout) -> dict[str, xr.Dataset]:
    """Groups of a file that says how it is laid out, several times as fast as what has to find out."""
    groups = {}
    with _opened(path) as file:
        for group, stated in layout.items():
            there = {name: one for name, one in stated.items() if name in file[group]}  # checksums tell what is not
            read = {name: (dims, _values(file[group][name], kind)) for name, (dims, _, kind) in there.items()}
            groups[group] = xr.Dataset(read).set_coords([name for name, (_, is_coord, _) in there.items() if is_coord])
    return groups


def _values(stored: h5py.Dataset, kind: str) -> Any:
    if kind == "text":
        return np.asarray(stored.asstr()[...], dtype=str)
    return stored[...].astype(bool) if kind == "bool" else stored[...]


def _read_any(path: Path) -> dict[str, xr.Dataset]:
    """Groups of a file of a former version."""
    with warnings.catch_warnings(action="ignore"):  # of what else a file may hold
        tree = xr.load_datatree(path, engine="h5netcdf")
    return {name: tree[name].to_dataset() for name in (*GROUPS, *OPTIONAL) if name in tree}


def refuse(path: str | Path, faults: Iterator[str]) -> None:
    """Refuse a file for the first of its faults, if it has any."""
    for fault in faults:
        raise InputError(f"{path}: not a fit that bayesdensity wrote, or damaged: {fault}; {ANEW}")


def _opened(path: Path) -> h5py.File:
    """The file, in memory where it is compressed as a whole."""
    if path.suffix != PACKED:
        return h5py.File(path)
    with gzip.open(path) as file:  # as much as a fit may take in memory, and no more
        return h5py.File(io.BytesIO(file.read(MOST_PACKED * path.stat().st_size + FREE)))


def _told(path: Path) -> tuple[dict[str, Any], str]:
    """What the file says of itself, and the attributes of its data as JSON."""
    with _opened(path) as file:
        about, attrs = json.loads(file.attrs["bayesdensity"]), file.attrs["data_attrs"]
    json.dumps((about, json.loads(attrs)), ensure_ascii=False).encode()  # text that no page can hold is no text
    if not isinstance(about, dict) or not isinstance(json.loads(attrs), dict):
        raise TypeError(about)
    return about, str(attrs)


def _layout_faults(path: Path) -> Iterator[str]:
    """What is wrong with the groups of a file and their sizes, before any of it is read."""
    taken = 0
    with _opened(path) as file:
        yield from (f"{name} is missing" for name in GROUPS if name not in file)
        for name in file:
            if name not in (*GROUPS, *OPTIONAL) or not isinstance(file.get(name, getlink=True), h5py.HardLink):
                yield f"{name} is nothing that a fit has"
            elif not isinstance(file[name], h5py.Group):
                yield f"{name} is no group"
            for variable in file[name]:
                link, array = file[name].get(variable, getlink=True), file[name].get(variable)
                if not isinstance(link, h5py.HardLink) or not isinstance(array, h5py.Dataset):
                    yield f"{name}/{variable} is no variable"
                elif array.external or array.is_virtual:
                    yield f"{name}/{variable} lies in another file"
                else:
                    taken += array.size * array.dtype.itemsize if array.shape is not None else 0
    if taken > MOST_PACKED * path.stat().st_size + FREE:
        yield f"it takes {taken / 2**30:.0f} GB of memory"

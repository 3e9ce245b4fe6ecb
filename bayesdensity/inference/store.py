"""One file for a fit: its groups of arrays and what is known of them, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.convergence import Diagnostics

FORMAT = 2
"""Version of the layout of the file; a change that older readers cannot follow raises it."""
GROUPS = ("posterior", "sample_stats", "data")
OPTIONAL = ("inside", "alone")
AGAIN = "fit the study again with this version."


def write_groups(
    path: str | Path, groups: Mapping[str, xr.Dataset], about: Mapping[str, Any], diagnostics: Diagnostics
) -> Path:
    """Write the groups of a fit as one netCDF file.

    Parameters
    ----------
    path : str or Path
    groups : mapping of xarray.Dataset
        By name, as `GROUPS` lists them; of their attributes those of ``data`` are kept.
    about : mapping
        What is known of the fit, as JSON takes it.
    diagnostics : Diagnostics

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    path = Path(path)
    told = {"format": FORMAT, **about, "diagnostics": asdict(diagnostics)}
    tree = xr.DataTree.from_dict({name: group.drop_attrs() for name, group in groups.items()})
    tree.attrs = {"bayesdensity": json.dumps(told), "data_attrs": json.dumps(groups["data"].attrs)}
    unfinished = path.with_name(f"{path.stem}.{os.getpid()}.nc.part")
    try:
        tree.to_netcdf(unfinished, engine="h5netcdf")
        os.replace(unfinished, path)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{path}: cannot write there ({why}); choose another place with -o.") from error
    finally:
        if unfinished.exists():
            unfinished.unlink()
    return path


def read_groups(
    path: str | Path, names: Sequence[str] = GROUPS
) -> tuple[dict[str, xr.Dataset], dict[str, Any], Diagnostics | None]:
    """Groups of a fit, what is known of it, and its convergence if the file has that, as `write_groups` wrote them.

    Raises
    ------
    InputError
        If the file is no fit, or of another version of the format.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; make one with 'bayesdensity fit STUDY -o {path}'.")
    try:
        tree = xr.load_datatree(path, engine="h5netcdf")
        about = json.loads(tree.attrs["bayesdensity"])
        groups = {name: tree[name].to_dataset() for name in (*names, *(name for name in OPTIONAL if name in tree))}
        groups["data"].attrs = json.loads(tree.attrs["data_attrs"])
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a fit that bayesdensity wrote, or cut short; fit the study again.") from error
    stored = about.pop("diagnostics", None)
    if about.pop("format", None) != FORMAT:
        raise InputError(f"{path}: written in another version of the file format; {AGAIN}")
    diagnostics = stored and Diagnostics(**{**stored, "stuck_chains": tuple(stored["stuck_chains"])})
    return groups, about, diagnostics

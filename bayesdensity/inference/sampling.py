"""Compile a model and draw from its posterior."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from bayesdensity import __version__
from bayesdensity.base.errors import SamplerError
from bayesdensity.data.cells import model_values
from bayesdensity.inference.machine_code import compile_for_nutpie

SAMPLER_STATS = ("logp", "diverging", "n_steps", "energy", "step_size")
POSITION = "unconstrained_draw"
"""Statistic of the sampler: where a draw lies in the space that it moves in."""
LONGEST = 300
"""Characters of what a sampler says of its error, at most."""
PACKAGES = ("pymc", "pytensor", "nutpie", "numpy", "arviz", "numba")
Progress = Callable[[list[Any]], None]


@dataclass(frozen=True, eq=False)
class Ready[S]:
    """What was asked and its data with the compiled model, which may be sampled again and again.

    Attributes
    ----------
    study : Study, LawStudy or PriceStudy
    data : xarray.Dataset
        What the model sees.
    about : dict
        Digests, versions and counts.
    compiled : object
        What the sampler needs.
    kept : list of str
        Names of the variables that a fit keeps.
    seconds : float
        Wall time of preparing it.
    """

    study: S
    data: xr.Dataset
    about: dict[str, Any]
    compiled: Any
    kept: list[str]
    seconds: float


def compile_model(model: Any, *, fast: bool = False) -> tuple[Any, list[str]]:
    """Compile a PyMC model; gives what the sampler needs, and the names of the variables worth keeping.

    ``fast`` mathematics spare a fifth of the time, but code compiled just now and the same code from the cache may
    round differently, and their draws then differ within Monte Carlo error. Without, equal seeds give equal draws.
    """
    free = [variable.name for variable in model.free_RVs if not variable.name.endswith("_raw")]
    kept = [*free, *(variable.name for variable in model.deterministics)]
    return compile_for_nutpie(model, fast=fast), kept


def run_sampler(
    compiled: Any,
    *,
    cores: int | None,
    progress: Progress | None,
    start: np.ndarray | None = None,
    **settings: Any,
) -> xr.DataTree:
    """Draws of a compiled model, with the statistics that convergence is judged by.

    Parameters
    ----------
    compiled : Any
        What `compile_model` gives for the sampler.
    cores : int, optional
        Chains that run at a time, at most; None: as many as the machine has cores.
    progress : callable, optional
        Called with the states of all chains while they run.
    start : ndarray, optional
        Where chains begin, as `POSITION` has it; None: about the prior.
    **settings : Any
        Of the sampler; ``chains`` is among them, and with ``store_unconstrained`` positions are kept.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``sample_stats``.

    Raises
    ------
    KeyboardInterrupt
        If sampling is interrupted; nothing is kept.
    SamplerError
        If the sampler, or the compiled model, stops with an error.
    """
    import nutpie

    if start is not None:
        compiled = replace(compiled, initial_point_func=lambda _: start)
    settings["cores"] = min(settings["chains"], cores or os.cpu_count() or 1)
    sampler = nutpie.sample(
        compiled,
        **settings,
        save_warmup=False,
        progress_bar=False,
        progress_callback=progress,
        blocking=False,
    )
    try:
        tree: xr.DataTree = sampler.wait()
    except KeyboardInterrupt:
        sampler.cancel()
        raise
    except RuntimeError as error:
        sampler.cancel()
        said = " ".join(str(error).split())[:LONGEST]
        raise SamplerError(
            f"the sampler stopped: {said}. Nothing was written; fit with another seed, and report it if it stays."
        ) from error
    kept = (*SAMPLER_STATS, POSITION) if settings.get("store_unconstrained") else SAMPLER_STATS
    stats = tree["sample_stats"].to_dataset()[[*kept]]
    return xr.DataTree.from_dict({"posterior": tree["posterior"].to_dataset(), "sample_stats": stats})


def fit_parts[S](
    ready: Ready[S], tree: xr.DataTree, start: float, seed: int, sampler: dict[str, Any], **notes: Any
) -> dict[str, Any]:
    """What every fit keeps of its draws, and how they came about.

    Parameters
    ----------
    ready : Ready
    tree : xarray.DataTree
        As `run_sampler` gives it.
    start : float
        When sampling began, on the monotonic clock.
    seed : int
    sampler : dict
        Settings of the sampler.
    **notes : Any
        What else the fit is to say of itself.
    """
    seconds = time.monotonic() - start
    wall = {"compile": ready.seconds, "sample": seconds, "total": ready.seconds + seconds}
    return {
        "posterior": tree["posterior"].to_dataset().drop_attrs()[ready.kept],
        "sample_stats": tree["sample_stats"].to_dataset().drop_attrs(),
        "study": ready.study,
        "about": {**ready.about, "seed": seed, "sampler": sampler, **notes, "wall_seconds": wall},
    }


def shared_names(compiled: Any) -> set[str]:
    """Names of the data that a compiled model can be given other values of."""
    return {variable.name for variable in compiled.shared_var_keys}


def with_data(compiled: Any, data: xr.Dataset) -> Any:
    """The compiled model with the values of a dataset in the places of its own."""
    names = shared_names(compiled) & set(data.data_vars)
    return compiled.with_data(**{name: model_values(data, name) for name in names})


def versions() -> dict[str, str]:
    """Versions that draws depend on."""
    packages = {name: version(name) for name in PACKAGES}
    return {"bayesdensity": __version__, "python": platform.python_version(), **packages}

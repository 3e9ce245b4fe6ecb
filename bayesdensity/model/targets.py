"""From log densities to the latent log size of every cell: one LLM on one benchmark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.cells import Cells
from bayesdensity.model.coordinates import Geometry, normal_logp
from bayesdensity.model.linearised import Implied
from bayesdensity.model.parameters import departures, draw
from bayesdensity.study.spec import Study


def log_sizes(study: Study, data: xr.Dataset) -> Any:
    """Log size of each target; where total and active parameters both count, by a weight to be inferred."""
    size = pm.Data("log_size", data["log_size"].to_numpy())
    if study.llms.size != "inferred":
        return size
    share = pm.Deterministic("total_share", draw(study, "total_share"))
    weighted = size + (share - 0.5) * data["log_sparsity"].to_numpy()  # of k ln N_total + (1 - k) ln N_active
    return pm.Deterministic("own_log_size", weighted, dims="llm")


def benchmark_slopes(study: Study, data: xr.Dataset) -> Any:
    """Departure of each benchmark's rate of log density from the common one; they sum to zero.

    Where rates go by group, it is what the group departs by, and the benchmark within it.
    """
    groups = data.get("benchmark_group") if study.frontier.rates_by_group else None
    if groups is None or len(np.unique(groups)) < 2:
        return departures(study, "benchmark_slope", "slope_spread", data)
    names, index = np.unique(groups, return_inverse=True)
    pm.modelcontext(None).add_coord("group", names)
    of_group = pm.ZeroSumNormal("group_slope", sigma=draw(study, "group_slope_spread"), dims="group")[index]
    within = pm.ZeroSumNormal("slope_in_group", sigma=draw(study, "slope_spread"), dims="benchmark")
    return pm.Deterministic("benchmark_slope", of_group - of_group.mean() + within, dims="benchmark")


def cell_shifts(data: xr.Dataset, cells: Cells, slope: Any) -> Any:
    """What LLMs gain on the benchmark of each cell beside their density; dim ``target cell``.

    Parameters
    ----------
    data : xarray.Dataset
    cells : Cells
    slope : Any
        Departure of each benchmark's rate, natural logarithms a year; dim ``benchmark``.
    """
    return slope[cells.target_benchmark] * data["time"].to_numpy()[cells.llm]


def expected_sizes(cells: Cells, effective: Any, shift: Any, level: Any, members: Any | None) -> Any:
    """Log size of each cell on the axis of the targets, before the cell's own departure; dim ``cell``.

    Parameters
    ----------
    cells : Cells
    effective : Any
        Log sizes of the targets on that axis; dim ``llm``.
    shift : Any
        As `cell_shifts` gives it, and what covariates add to it; dim ``target cell``.
    level : Any
        Log size in reference parameters where the axis has its origin; dim ``benchmark``.
    members : Any, optional
        Log sizes of the members of the reference in its own parameters; dim ``reference``.
    """
    targets = effective[cells.llm] + shift
    if members is None:
        return targets
    return pt.concatenate([targets, members[cells.member] - level[cells.member_benchmark]])


def cell_logits(geometry: Geometry, link: laws.Link, expected: Any, implied: Implied, scatter: Any) -> tuple[Any, Any]:
    """Logit of each cell at its latent log size, and the log density of the departures.

    Parameters
    ----------
    geometry : Geometry
    link : Link
        Of each cell's benchmark; dim ``cell``.
    expected : Any
        Log size before the departure; dim ``cell``.
    implied : Implied
        Logit that the scores imply; dim ``cell``.
    scatter : Any
        Standard deviation of the departure; dim ``cell``.
    """
    before, steep = laws.logit_of_size(link, expected), laws.logits_per_log_size(link, expected)
    precision = 1 / scatter**2 + implied.precision * steep**2
    mean = steep * implied.precision * (implied.value - before) / precision
    departure, jacobian = geometry.effect("cell_departure", "cell", mean, precision)
    logp = geometry.stated("cell_departure", normal_logp(departure, 0.0, scatter), expected)
    return laws.logit_of_size(link, expected + departure), jacobian + logp

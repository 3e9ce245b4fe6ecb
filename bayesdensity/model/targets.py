"""From log densities to the latent log size of every cell: one LLM on one benchmark."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.model.coordinates import group_sum, informed
from bayesdensity.model.parameters import draw, normal_logp
from bayesdensity.model.reference import Pseudo
from bayesdensity.study.spec import Study


class Cells(NamedTuple):
    """Index arrays of the cells; those of targets come first."""

    entity: np.ndarray
    benchmark: np.ndarray
    n_targets: int


def cells_of(data: xr.Dataset) -> Cells:
    """Index arrays of the cells of a dataset."""
    return Cells(data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy(), data.attrs["n_target_cells"])


def at_cells(link: laws.Link, cells: Cells) -> laws.Link:
    """The link of each cell's benchmark."""
    return laws.Link(*(part[cells.benchmark] for part in link))


def pseudo_sizes(link: laws.Link, cells: Cells, logit: Any, precision: Any, scatter: Any) -> Pseudo:
    """Carry implied logits to implied log sizes, and their precision to first order."""
    size, steep = laws.bounded_size_of_logit(link, logit)
    return Pseudo(size, 1 / (scatter[cells.benchmark] ** 2 + 1 / (precision * steep**2)))


def log_sizes(study: Study, data: xr.Dataset) -> Any:
    """Log size of each target; where total and active parameters both count, by a weight to be inferred."""
    size = pm.Data("log_size", data["log_size"].to_numpy())
    if study.llms.size != "inferred":
        return size
    share = pm.Deterministic("total_share", draw(study, "total_share"))
    own = size + (share - 0.5) * data["log_sparsity"].to_numpy()  # of k ln N_total + (1 - k) ln N_active
    return pm.Deterministic("own_log_size", own, dims="llm")


def benchmark_slopes(study: Study) -> Any:
    """Departure of each benchmark's rate of log density from the common one; they sum to zero."""
    return pm.ZeroSumNormal("benchmark_slope", sigma=draw(study, "slope_spread"), dims="benchmark")


def implied_densities(data: xr.Dataset, sizes: Any, pseudo: Pseudo, cells: Cells, slope: Any) -> tuple[Any, Any]:
    """What the cells of each target imply of its relative log density, and the precision."""
    entity, bench = cells.entity[: cells.n_targets], cells.benchmark[: cells.n_targets]
    size = pseudo.size[: cells.n_targets] - slope[bench] * data["time"].to_numpy()[entity]
    weight, n = pseudo.precision[: cells.n_targets], data.sizes["llm"]
    precision = group_sum(weight, entity, n)
    return group_sum(weight * size, entity, n) / precision - sizes, precision


def expected_sizes(data: xr.Dataset, cells: Cells, effective: Any, slope: Any, level: Any, members: Any | None) -> Any:
    """Log size of each cell on the axis of the targets, before the cell's own departure.

    ``effective`` are the log sizes of the targets there, ``members`` those of the reference in its own parameters.
    """
    k = cells.n_targets
    entity, bench = cells.entity, cells.benchmark
    targets = effective[entity[:k]] + slope[bench[:k]] * data["time"].to_numpy()[entity[:k]]
    if members is None:
        return targets
    return pt.concatenate([targets, members[entity[k:] - data.sizes["llm"]] - level[bench[k:]]])


def cell_logits(link: laws.Link, expected: Any, logit: Any, precision: Any, scatter: Any) -> tuple[Any, Any]:
    """Logit of each cell at its latent log size, and the log density of the departures."""
    before, steep = laws.logit_of_size(link, expected), laws.logits_per_log_size(link, expected)
    own = 1 / scatter**2 + precision * steep**2
    departure, jacobian = informed("cell_departure", steep * precision * (logit - before) / own, own, "cell")
    return laws.logit_of_size(link, expected + departure), jacobian + normal_logp(departure, 0.0, scatter)

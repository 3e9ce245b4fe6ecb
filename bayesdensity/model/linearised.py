"""What the scores say of latent effects given the parameters drawn before, in a linear Gaussian approximation.

Nothing here is part of the model: it places the coordinates of `bayesdensity.model.coordinates`, which are exact
whatever it says.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.cells import Cells
from bayesdensity.data.pseudo import BOUND, PSEUDO
from bayesdensity.model.coordinates import group_sum


class Implied(NamedTuple):
    """A value and its precision that scores imply."""

    value: Any
    precision: Any


def implied_logits(data: xr.Dataset, kind: str, top: Any, n_items: Any, extra: Any) -> Implied:
    """Logit that the scores of each group imply under the ceilings.

    Near the floor and the ceiling the logits are bounded: scores there say little.

    Parameters
    ----------
    data : xarray.Dataset
    kind : {"cell", "training"}
        What is a group, and the dim of all that follows.
    top : Any
        Ceiling of the score.
    n_items : ndarray
        Items of its benchmark.
    extra : Any
        Overdispersion.

    Returns
    -------
    Implied
    """
    value, log_above, weight = (pm.Data(f"{kind}_{part}", data[f"{kind}_{part}"].to_numpy()) for part in PSEUDO)
    room = laws.bounded_below(top - value, BOUND)
    # The weight is that under a ceiling of 1.
    return Implied(log_above - pt.log(room), weight * (room / (1 - value)) ** 2 / (1 / n_items + extra))


def implied_sizes(link: laws.Link, logit: Implied, scatter: Any) -> Implied:
    """Log size on the axis of the targets that the scores of each cell imply, its scatter included.

    Parameters
    ----------
    link : Link
        Of each cell's benchmark; dim ``cell``.
    logit : Implied
        Dim ``cell``.
    scatter : Any
        Standard deviation of a cell's departure; dim ``cell``.

    Returns
    -------
    Implied
    """
    size, steep = laws.bounded_size_of_logit(link, logit.value)
    return Implied(size, 1 / (scatter**2 + 1 / (logit.precision * steep**2)))


def implied_densities(data: xr.Dataset, sizes: Any, cell_sizes: Implied, cells: Cells, shift: Any) -> Implied:
    """Log density that the cells of each target imply, less the level; dim ``llm``.

    Parameters
    ----------
    data : xarray.Dataset
    sizes : Any
        Log size of each target; dim ``llm``.
    cell_sizes : Implied
        Dim ``cell``.
    cells : Cells
    shift : Any
        As `bayesdensity.model.targets.cell_shifts` gives it; dim ``target cell``.

    Returns
    -------
    Implied
    """
    llm, n = cells.llm, data.sizes["llm"]
    size = cell_sizes.value[: cells.n_targets] - shift
    weight = cell_sizes.precision[: cells.n_targets]
    precision = group_sum(weight, llm, n)
    return Implied(group_sum(weight * size, llm, n) / precision - sizes, precision)

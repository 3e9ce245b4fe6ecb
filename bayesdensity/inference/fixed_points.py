"""A model at points that depend on nothing but its priors and the names of its parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

POINTS = 3
SPREAD = 0.3
"""Standard deviation of the coordinates of a point about those that priors put first."""


class FixedPoints(NamedTuple):
    """A model at a few points."""

    log_density: np.ndarray
    """Natural logarithm, in the coordinates of the model, shape (point,)."""
    draws: xr.Dataset
    """What a fit keeps of a draw; dims ``chain`` (one) and ``draw`` (the points) first, then those of the model."""


def at_fixed_points(model: Any) -> FixedPoints:
    """Evaluate a PyMC model at a few fixed points.

    It is interpreted and not compiled: a second for a model that takes half a minute to compile.
    """
    from pytensor.compile.mode import Mode

    total: Any = sum(term.sum() for term in model.logp(sum=False))
    kept = [variable for variable in (*model.free_RVs, *model.deterministics) if not variable.name.endswith("_raw")]
    # As it stands: rewriting takes long, and merges more terms than plain Python can add at once.
    evaluate = model.compile_fn(
        [total, *model.replace_rvs_by_values(kept)],
        inputs=model.value_vars,
        on_unused_input="ignore",
        mode=Mode("py", "None"),
    )
    start = model.initial_point(random_seed=0)
    log_density, *values = zip(*(evaluate(_point(start, k)) for k in range(POINTS)), strict=True)
    dims = {variable.name: model.named_vars_to_dims.get(variable.name, ()) for variable in kept}
    draws = {
        variable.name: (("chain", "draw", *dims[variable.name]), np.array([value]))
        for variable, value in zip(kept, values, strict=True)
    }
    coords = {dim: np.asarray(model.coords[dim]) for dim in {dim for names in dims.values() for dim in names}}
    return FixedPoints(np.array(log_density, dtype=float), xr.Dataset(draws, coords))


def _point(start: dict[str, np.ndarray], k: int) -> dict[str, np.ndarray]:
    """Coordinates of one point; the order in which a model states its parameters does not matter."""
    return {
        name: value + np.random.default_rng([k, *name.encode()]).normal(0, SPREAD, np.shape(value))
        for name, value in start.items()
    }

"""A fit whose draws are the fixed points of its model: nothing is compiled or sampled, and nothing is inferred."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.inference.fixed_points import at_fixed_points
from bayesdensity.inference.result import Fit
from bayesdensity.model.build import build_model
from bayesdensity.model.coordinates import Plain
from bayesdensity.study.spec import Study

CUTOFF = "2025-01-01"


def pointed(study: Study, tables: Tables) -> Fit:
    """Two chains of a hundred draws, each of which repeats a fixed point of the model."""
    data = assemble(study, select(study, tables))
    draws = at_fixed_points(build_model(study, data, Plain())).draws
    count = draws.sizes["draw"]
    many = draws.isel(chain=[0, 0], draw=[k % count for k in range(100)])
    return Fit(many.assign_coords(chain=[0, 1]), xr.Dataset(), data, study, {"part": "joint"})


def is_known(fit: Fit) -> np.ndarray:
    """Which LLMs were released before the cut-off."""
    return fit.data["release_date"].to_numpy().astype("datetime64[D]") < np.datetime64(CUTOFF)

"""What a link is worth beyond the largest size of its reference: a misfit of its own, which grows with distance."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.pseudo import BOUND
from bayesdensity.model.coordinates import Geometry, normal_logp
from bayesdensity.study.spec import Study

LEAST_RISE = 0.1
"""Logits between the end of a link and scores beyond it, at least."""


def less_known_beyond(
    study: Study, data: xr.Dataset, geometry: Geometry, link: laws.Link, largest: Any, top: Any, nearer: Any = 0.0
) -> laws.Link:
    """The link with a misfit beyond the largest size of its reference.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry
    link : Link
        Dim ``benchmark``.
    largest : Any
        Log size from the origin of the link; dim ``benchmark``.
    top : Any
        Ceiling; dim ``benchmark``.
    nearer : Any
        How much nearer the largest size is to scores beyond than expected: they then lie steeper.
    """
    if study.reference.beyond != "misfit":
        return laws.beyond_largest(link, largest, 0.0)
    # Data know where the scores beyond lie: the stretch is what it takes to come there from the end of the curve.
    shown, floor = pm.Data("beyond_score", data["beyond_score"].to_numpy()), data["floor"].to_numpy()
    logit = pt.log((shown - floor) / laws.bounded_below(top - shown, BOUND))
    rise = laws.bounded_below(logit - laws.logit_of_size(link, largest), LEAST_RISE)
    shift = nearer + pt.log(rise / laws.logits_per_log_size(link, largest))
    stretch = geometry.moving("beyond", "benchmark", shift)
    mean, common = stretch.mean(), study.priors["beyond_stretch"]
    logp = normal_logp(mean, common.mu, common.sigma)
    if data.sizes["benchmark"] > 1:
        logp = logp - 0.5 * (((stretch - mean) / study.priors["beyond_contrast"].sigma) ** 2).sum()
    pm.Potential("beyond_prior", logp)
    return laws.beyond_largest(link, largest, stretch)

"""How a score comes about: harness effects, item noise and overdispersion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.cells import model_values, scores_of, told_harnesses
from bayesdensity.model.coordinates import Geometry, group_sum, log_cdf, normal_logp
from bayesdensity.model.linearised import Implied, implied_logits
from bayesdensity.model.parameters import draw
from bayesdensity.study.spec import Study

UNKNOWN = 1e6
"""Standard deviation of a score that is left out."""


class Harnesses:
    """Observation model of the scores, shared by targets and reference members.

    Attributes
    ----------
    logp : Any
        Log density of the effects.
    mean_effect : Any
        Of the harnesses that measured the targets; dim ``benchmark``.
    """

    def __init__(self, study: Study, data: xr.Dataset, geometry: Geometry, top: Any) -> None:
        self.data, self.top, self.scores = data, top, scores_of(data)
        self.extra = draw(study, "overdispersion", dims="benchmark")
        bench = data["harness_benchmark"].to_numpy()
        scale = draw(study, "harness_scale", dims="benchmark")[bench]
        value, weight = (pm.Data(f"harness_{part}", data[f"harness_{part}"].to_numpy()) for part in ("value", "weight"))
        known = weight / (1 / data["n_items"].to_numpy() + self.extra)[bench]
        effect, jacobian = geometry.harness_effects(data, value, known, 1 / scale**2)
        told = told_harnesses(data)
        self.logp = jacobian + geometry.stated("harness_effect", normal_logp(effect[told], 0.0, scale[told]))
        self.score_effect = effect[self.scores.harness]
        if study.scores.inflation:
            time = np.append(data["time"].to_numpy(), np.zeros(data.sizes["reference"]))
            inflated = time[data["cell_entity"].to_numpy()][self.scores.cell]
            self.score_effect = self.score_effect + draw(study, "score_inflation") * inflated
        self.mean_effect = pt.dot(_weights(data), effect)

    def implied_logits(self) -> Implied:
        """Logit that the scores of each cell imply, harness effects taken off; dim ``cell``."""
        bench, items = self.data["cell_benchmark"].to_numpy(), self.data["n_items"].to_numpy()
        implied = implied_logits(self.data, "cell", self.top[bench], items[bench], self.extra[bench])
        share = pm.Data("score_share", self.data["score_share"].to_numpy())
        effect = group_sum(share * self.score_effect, self.scores.cell, self.data.sizes["cell"])
        return Implied(implied.value - effect, implied.precision)

    def observe(self, logit: Any) -> None:
        """Likelihood of the scores at the logits of the cells."""
        bench = self.scores.benchmark
        floor, items = (self.data[name].to_numpy()[bench] for name in ("floor", "n_items"))
        expected = laws.score(logit[self.scores.cell] + self.score_effect, floor, self.top[bench])
        observed = pm.Data("score_value", self.data["score_value"].to_numpy())
        sd = laws.score_sd(expected, items, self.extra[bench])
        # A score left out says nothing: neither its value nor its spread may depend on a parameter.
        keep = pm.Data("score_keep", self.data["score_keep"].to_numpy())
        pm.Normal("scores", expected, pt.switch(keep, sd, UNKNOWN), observed=observed, dims="score")
        # Of some it is known only that they are at least what the reference reaches, which stands in their place.
        beyond = pm.Data("score_beyond", model_values(self.data, "score_beyond"))
        short = (expected[beyond] - observed[beyond]) / sd[beyond]
        pm.Potential("scores_beyond", log_cdf(short).sum())


def _weights(data: xr.Dataset) -> np.ndarray:
    """Share of each harness in the cells of the targets, shape (benchmark, harness)."""
    cell, bench, harness, is_target = scores_of(data)
    weights = np.zeros((data.sizes["benchmark"], data.sizes["harness"]))
    share = 1 / np.bincount(cell)[cell[is_target]]
    np.add.at(weights, (bench[is_target], harness[is_target]), share)
    return weights / weights.sum(axis=1, keepdims=True)

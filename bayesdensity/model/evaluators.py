"""How a score comes about: harness effects, item noise and overdispersion."""

from __future__ import annotations

from typing import Any

import pymc as pm
import xarray as xr

from bayesdensity import laws
from bayesdensity.model.priors import draw
from bayesdensity.model.reference import implied_logits, score_sd
from bayesdensity.model.transport import group_sum
from bayesdensity.study import Study


class Evaluators:
    """Observation model of the scores, shared by targets and reference members."""

    def __init__(self, study: Study, data: xr.Dataset, top: Any) -> None:
        self.data = data
        self.cell, self.benchmark = data["score_cell"].to_numpy(), data["score_benchmark"].to_numpy()
        self.floor, self.top = data["floor"].to_numpy()[self.benchmark], top[self.benchmark]
        self.items = data["score_items"].to_numpy()
        self.n_cells = data.sizes["cell"]
        self.value = pm.Data("score_observed", data["score_value"].to_numpy(), dims="score")
        self.extra = draw(study, "overdispersion", dims="benchmark")[self.benchmark]
        scale = draw(study, "harness_scale", dims="benchmark")
        index = data["harness_benchmark"].to_numpy()
        raw = pm.Normal("harness_raw", 0, 1, dims="harness")
        effect = pm.Deterministic("harness_effect", scale[index] * raw, dims="harness")
        self.effect = effect[data["score_harness"].to_numpy()]

    def implied_logits(self) -> tuple[Any, Any]:
        """Logit that the scores of each cell imply, harness effects taken off, and its precision."""
        logit, weight = implied_logits(self.data, "score", self.top, self.items, self.extra)
        logit = logit - self.effect
        precision = group_sum(weight, self.cell, self.n_cells)
        return group_sum(weight * logit, self.cell, self.n_cells) / precision, precision

    def observe(self, eta: Any) -> None:
        """Likelihood of the scores at the logits of the cells."""
        expected = laws.score(eta[self.cell] + self.effect, self.floor, self.top)
        sd = score_sd(expected, self.items, self.extra)
        pm.Normal("scores", expected, sd, observed=self.value, dims="score")


"""How a score comes about: harness effects, item noise and overdispersion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.model.coordinates import group_sum
from bayesdensity.model.parameters import draw, normal_logp
from bayesdensity.model.reference import implied_logits
from bayesdensity.study.spec import Study


class Evaluators:
    """Observation model of the scores, shared by targets and reference members."""

    def __init__(self, study: Study, data: xr.Dataset, top: Any) -> None:
        self.data, self.top = data, top
        self.cell, self.benchmark = data["score_cell"].to_numpy(), data["score_benchmark"].to_numpy()
        self.extra = draw(study, "overdispersion", dims="benchmark")
        own = data["harness_benchmark"].to_numpy()
        scale = draw(study, "harness_scale", dims="benchmark")[own]
        value, weight = (pm.Data(f"harness_{part}", data[f"harness_{part}"].to_numpy()) for part in ("value", "weight"))
        known = weight / (1 / data["n_items"].to_numpy() + self.extra)[own]
        effect, jacobian = _together(data, value, known, 1 / scale**2)
        self.logp = jacobian + normal_logp(effect, 0.0, scale)
        self.effect = effect[data["score_harness"].to_numpy()]
        self.mean_effect = pt.dot(_weights(data), effect)
        """Of the harnesses that measured the targets, by benchmark."""

    def implied_logits(self) -> tuple[Any, Any]:
        """Logit that the scores of each cell imply, harness effects taken off, and its precision."""
        own, items = self.data["cell_benchmark"].to_numpy(), self.data["n_items"].to_numpy()
        logit, precision = implied_logits(self.data, "cell", self.top[own], items[own], self.extra[own])
        share = pm.Data("score_share", self.data["score_share"].to_numpy())
        return logit - group_sum(share * self.effect, self.cell, self.data.sizes["cell"]), precision

    def observe(self, eta: Any) -> None:
        """Likelihood of the scores at the logits of the cells."""
        floor = self.data["floor"].to_numpy()[self.benchmark]
        items = self.data["n_items"].to_numpy()[self.benchmark]
        expected = laws.score(eta[self.cell] + self.effect, floor, self.top[self.benchmark])
        observed = pm.Data("score_value", self.data["score_value"].to_numpy())
        sd = laws.score_sd(expected, items, self.extra[self.benchmark])
        # A score left out says nothing: neither its value nor its spread may depend on a parameter.
        keep = pm.Data("score_keep", self.data["score_keep"].to_numpy())
        pm.Normal("scores", expected, pt.switch(keep, sd, UNKNOWN), observed=observed, dims="score")


def _together(data: xr.Dataset, value: Any, known: Any, prior: Any) -> tuple[Any, Any]:
    """Effects of the harnesses, and the log Jacobian of their coordinates.

    Scores compare harnesses with each other: all effects on one benchmark may move together. The most used harness of
    each benchmark, its leader, is sampled about what the prior says of that common move, the others about the leader.
    """
    own, used = data["harness_benchmark"].to_numpy(), np.bincount(data["score_harness"].to_numpy())
    n = data.sizes["benchmark"]
    leader = np.array([np.flatnonzero(own == b)[np.argmax(used[own == b])] for b in range(n)])
    follows = np.isin(np.arange(len(own)), leader, invert=True)
    apart, pull = value - value[leader][own], follows * known / (known + prior)
    shared = 1 + group_sum(pull, own, n)
    mean = -group_sum(pull * apart, own, n) / shared
    raw = pm.Normal("harness_effect_raw", sigma=1, dims="harness")
    first = mean + raw[leader] / pt.sqrt(shared * prior[leader])
    rest = known * (apart + first[own]) / (known + prior) + raw / pt.sqrt(known + prior)
    effect = pm.Deterministic("harness_effect", pt.switch(follows, rest, first[own]), dims="harness")
    log_precision = pt.log(known + prior)[np.flatnonzero(follows)].sum() + pt.log(shared * prior[leader]).sum()
    return effect, 0.5 * (raw**2).sum() - 0.5 * log_precision


def _weights(data: xr.Dataset) -> np.ndarray:
    """Share of each harness in the cells of the targets, shape (benchmark, harness)."""
    cell, harness = data["score_cell"].to_numpy(), data["score_harness"].to_numpy()
    own = cell < data.attrs["n_target_cells"]
    weights = np.zeros((data.sizes["benchmark"], data.sizes["harness"]))
    np.add.at(weights, (data["score_benchmark"].to_numpy()[own], harness[own]), 1 / np.bincount(cell)[cell[own]])
    return weights / weights.sum(axis=1, keepdims=True)


UNKNOWN = 1e6
"""Standard deviation of a score that is left out."""

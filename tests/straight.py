"""A fit made by hand whose answers are arithmetic: straight growth, symmetric spread, every LLM at the frontier."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from simulated import Truth

from bayesdensity import laws
from bayesdensity.data.cells import cells_of
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.load import load_study

CHAINS, DRAWS = 2, 60
NOISE, LEVEL, CEILING = 0.4, 0.3, 0.97
SLOPES = (-0.3, 0.1, 0.2)
"""Of the three benchmarks, natural logarithms a year; they sum to zero."""
KNOWS_LITTLE = 0.3
"""Score of members of the reference, above guessing and below records."""
STRAIGHT = {
    "frontier.trend": "linear",
    "frontier.dispersion": "constant",
    "frontier.form": "symmetric",
    "frontier.family_effects": False,
}
Array = np.ndarray


def rates(low: float = 1.0, high: float = 2.0) -> Array:
    """Growth a year at every draw, shape (chain, draw)."""
    return np.linspace(low, high, CHAINS * DRAWS).reshape(CHAINS, DRAWS)


def excess(fit: Fit) -> float:
    """How far the frontier lies above the mean."""
    return NOISE * NormalDist().inv_cdf(fit.study.frontier.quantile)


def straight(truth: Truth, tables: Tables, rate: Array | None = None, more: dict[str, Any] | None = None) -> Fit:
    """The fit of the small world with growth at these rates; every LLM has the density of the frontier of its date.

    ``more`` is set in the study besides.
    """
    study = load_study(truth.study, {**STRAIGHT, **(more or {})})
    data = assemble(study, select(study, tables))
    rate = rates() if rate is None else rate
    n, time = data.sizes["benchmark"], data["time"].to_numpy()

    def every(*values: float) -> Array:
        return np.broadcast_to(np.array(values if len(values) > 1 else values * n), (CHAINS, DRAWS, n))

    fit = Fit(xr.Dataset(), xr.Dataset(), data, study, {"part": "joint"})
    of = {
        "rate": ((), rate),
        "origin": ((), np.zeros_like(rate)),
        "noise_scale": ((), np.full_like(rate, NOISE)),
        "level": (("benchmark",), every(LEVEL + 0.2, LEVEL, LEVEL - 0.2)),
        "benchmark_slope": (("benchmark",), every(*SLOPES)),
        "ceiling": (("benchmark",), every(CEILING)),
        "cell_scatter": (("benchmark",), every(0.2)),
        "harness_scale": (("benchmark",), every(0.1)),
        "overdispersion": (("benchmark",), every(1e-4)),
        "link_level": (("benchmark",), every(0.2, -0.5, 0.0)),
        "link_slope": (("benchmark",), every(0.6)),
        "link_exponent": (("benchmark",), every(0.1)),
        "link_largest": (("benchmark",), every(3.0)),
        "link_stretch": (("benchmark",), every(0.0)),
        "log_density_relative": (("llm",), rate[..., None] * time + excess(fit)),
        "cell_departure": (("cell",), np.zeros((CHAINS, DRAWS, data.sizes["cell"]))),
    }
    draws = xr.Dataset(
        {name: ((*SAMPLE, *dims), values) for name, (dims, values) in of.items()},
        coords={"benchmark": data["benchmark"].to_numpy(), "llm": data["llm"].to_numpy()},
    )
    return replace(fit, posterior=draws)


def with_harnesses(fit: Fit) -> Fit:
    """The fit with harnesses that all measure alike."""
    effect = xr.DataArray(np.zeros((*rates().shape, fit.data.sizes["harness"])), dims=(*SAMPLE, "harness"))
    return replace(fit, posterior=fit.posterior.assign(harness_effect=effect))


def moved(fit: Fit, llm: str, by: float | Array) -> Fit:
    """The fit with more log density of one LLM: at every draw alike, or by draw."""
    here = fit.data["llm"].to_numpy() == llm
    more = np.broadcast_to(np.asarray(by), (CHAINS, DRAWS))[..., None] * here
    return replace(
        fit, posterior=fit.posterior.assign(log_density_relative=fit.posterior["log_density_relative"] + more)
    )


def frontier_scores(fit: Fit, tables: Tables) -> Tables:
    """The tables with the score that each LLM has at the first draw, and members of the reference that know little."""
    cells, data, at = cells_of(fit.data), fit.data, fit.posterior.isel(chain=0, draw=0)
    llm, place = cells.llm, cells.target_benchmark
    size = (data["log_size"].to_numpy() + at["log_density_relative"].to_numpy())[llm]
    size = size + at["benchmark_slope"].to_numpy()[place] * data["time"].to_numpy()[llm]
    link = laws.link_of({name: at[name].to_numpy() for name in at}).at(place)
    score = laws.score(laws.logit_of_size(link, size), data["floor"].to_numpy()[place], CEILING)
    keys = zip(data["llm"].to_numpy()[llm], data["benchmark"].to_numpy()[place], strict=True)
    known = dict(zip(keys, score, strict=True))
    pairs = zip(tables.scores["llm"], tables.scores["benchmark"], strict=True)
    return replace(tables, scores=tables.scores.assign(score=[known.get(pair, KNOWS_LITTLE) for pair in pairs]))


def with_score(tables: Tables, llm: str, benchmark: str, score: float) -> Tables:
    """The tables with another score of an LLM on a benchmark."""
    scores = tables.scores
    here = (scores["llm"] == llm) & (scores["benchmark"] == benchmark)
    assert here.any()
    return replace(tables, scores=scores.assign(score=scores["score"].mask(here, score)))


def closed(tables: Tables, llm: str) -> Tables:
    """The tables with the weights of an LLM closed."""
    llms = tables.llms
    return replace(tables, llms=llms.assign(weights_open=llms["weights_open"].mask(llms["llm"] == llm, "no")))


def without_repeats(tables: Tables) -> Tables:
    """The tables with one score for each LLM on each benchmark."""
    scores: pd.DataFrame = tables.scores
    return replace(tables, scores=scores[~scores.duplicated(["llm", "benchmark"])])

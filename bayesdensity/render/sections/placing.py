"""Where models lie by their scores: density, effective size, the frontier of their day, known models beside them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, chance, density, enumerated, interval, percent, size
from bayesdensity.base.jsonable import interval_json
from bayesdensity.data.dates import calendar_day
from bayesdensity.evaluation.placing import DISAGREES, Placed
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import log_density_ahead, size_effect
from bayesdensity.quantities.estimate import times
from bayesdensity.quantities.forecast import date_of_density
from bayesdensity.render.blocks import Block, Paragraph, Table
from bayesdensity.study.phrases import estimand_phrase, yardstick

FEW = 100.0
"""Effective draws below which it is said that few are left."""
NEAREST = 4
"""Known models that are named."""


def data(placed: Sequence[Placed]) -> Any:
    """One model in the documented form, or a list of several."""
    told = [_data(one) for one in placed]
    return told[0] if len(told) == 1 else told


def blocks(placed: Sequence[Placed]) -> list[Block]:
    """One model for a reader, or the table of several."""
    return [table(placed), *_notes(placed)] if len(placed) > 1 else _of_one(placed[0])


def table(placed: Sequence[Placed]) -> Table:
    """A row for each model."""
    shown, numbers = list[dict[str, str]](), list[dict[str, Any]]()
    for one in placed:
        above, day = probability_on_frontier(one), _month(one, "frontier")
        values, sizes = one.density.to_frame_row(), one.effective_size.to_frame_row()
        shown.append({
            "model": one.model.name,
            "parameters": size(one.model.params),
            "density": interval(values, density),
            "effective size": interval(sizes, _size),
            "P(frontier)": f"{above:.2f}",
            "frontier had it": day["median"],
        })  # fmt: skip
        rows = {"density": values, "effective_size": sizes}
        ends = {f"{name}_{end}": float(row[end]) for name, row in rows.items() for end in ENDS}
        dates = {f"frontier_date_{end}": day[end] for end in ENDS}
        about = {"llm": one.model.name, "params_total": one.model.params, "release_date": one.model.released}
        numbers.append({**about, **ends, "probability_on_frontier": above, **dates})
    caption = (
        "Density (effective size over size) and effective size in parameters of "
        f"{yardstick(placed[0].fit.study.reference)}: median [{placed[0].log_density.probability:.0%} interval]; "
        "P(frontier): that it lies above the frontier of its date; when the frontier was, or will be, as dense."
    )
    return Table("placed", caption, pd.DataFrame(shown), pd.DataFrame(numbers))


def probability_on_frontier(placed: Placed) -> float:
    """Posterior probability that the model lies above the frontier of its release date."""
    return float((placed.log_density.draws.to_numpy()[0] >= _edge(placed, "frontier")).mean())


def nearest(placed: Placed) -> list[dict[str, Any]]:
    """Known models whose effective size is nearest, with their densities."""
    every = _known(placed.fit)
    apart = (np.log(every["effective_size"]) - np.log(placed.effective_size.to_frame_row()["median"])).abs()
    near: list[dict[str, Any]] = every.loc[apart.sort_values(kind="stable").index[:NEAREST]].to_dict(orient="records")
    return near


def _of_one(placed: Placed) -> list[Block]:
    model, fit, ci = placed.model, placed.fit, placed.log_density.probability
    counted = size(float(np.exp(placed.size.median())))
    above, month = probability_on_frontier(placed), _month(placed, "frontier")
    typical, unit = _month(placed, "typical"), yardstick(fit.study.reference)
    first = (
        f"{model.name[0].upper()}{model.name[1:]} ({counted} parameters, released {model.released}) has a density of "
        f"{interval(placed.density.to_frame_row(), density)} ({ci:.0%} interval): it scores like "
        f"{interval(placed.effective_size.to_frame_row(), _size)} {unit} parameters."
    )
    edge = estimand_phrase("frontier", fit.study.frontier.quantile, "density")
    second = (
        f"P(it lies above the {edge} of its date) {chance(above)}. The frontier was or will be as dense on "
        f"{_written(month)}, the typical release on {_written(typical)}."
    )
    return [Paragraph(first, "answer"), Paragraph(second), _scores(placed), _nearest(placed), *_notes([placed])]


def _scores(placed: Placed) -> Table:
    rows = []
    for name in map(str, placed.by_benchmark.draws["benchmark"].to_numpy()):
        surprise = float(placed.surprise.sel(benchmark=name))
        log = placed.by_benchmark.sel(benchmark=name).to_frame_row()
        rows.append({
            "benchmark": name,
            "score": f"{placed.model.scores[name]:g}",
            "density on it": interval(np.exp(log), density),
            "weight": percent(float(placed.weight.sel(benchmark=name))),
            "P(so far from the others)": "-" if np.isnan(surprise) else f"{surprise:.2f}",
        })  # fmt: skip
    caption = "What each score says: density on its benchmark, its share of what is known, whether the others agree."
    return Table("scores", caption, pd.DataFrame(rows))


def _nearest(placed: Placed) -> Table:
    rows = [
        {
            "known model": row["llm"],
            "released": row["release_date"],
            "parameters": size(row["params"]),
            "effective size": size(row["effective_size"]),
            "density": density(row["density"]),
        }
        for row in nearest(placed)
    ]
    return Table("nearest", "Known models of about the same effective size, medians.", pd.DataFrame(rows))


def _notes(placed: Sequence[Placed]) -> list[Paragraph]:
    told = []
    for one in placed:
        odd = [str(name) for name, p in one.surprise.to_series().items() if p < DISAGREES]
        if odd:
            told.append(
                f"{one.model.name}: {enumerated(odd)} disagrees with the other scores (P below {DISAGREES:g}): another "
                "protocol, contamination, or a model of another kind. Look before you believe the average."
            )
        if one.effective_draws < FEW:
            told.append(
                f"{one.model.name}: its scores surprise the fit, of whose draws {one.effective_draws:.0f} are left; "
                "fit the study again with the model among its LLMs."
            )
        reach = one.fit.data["reach"].to_series()
        beyond = [name for name, score in one.model.scores.items() if score >= reach[name]]
        if beyond:
            told.append(
                f"{one.model.name}: beyond the best that the yardstick is known to reach on {enumerated(beyond)}, "
                "where size is less well known."
            )
    return [Paragraph(text, "note") for text in told]


def _data(placed: Placed) -> dict[str, Any]:
    model, ci = placed.model, placed.log_density.probability
    by = {
        name: {
            "density": interval_json(np.exp(placed.by_benchmark.sel(benchmark=name).to_frame_row()), ci),
            "score": model.scores[name],
            "weight": float(placed.weight.sel(benchmark=name)),
            "probability_so_far": float(placed.surprise.sel(benchmark=name)),
        }
        for name in map(str, placed.by_benchmark.draws["benchmark"].to_numpy())
    }
    return {
        "model": model.name,
        "study": placed.fit.study.name,
        "digest": placed.fit.study.digest,
        "params": model.params,
        "released": model.released,
        "density": placed.density,
        "effective_size": placed.effective_size,
        "benchmarks": by,
        "probability_on_frontier": probability_on_frontier(placed),
        "frontier_date": _month(placed, "frontier"),
        "typical_date": _month(placed, "typical"),
        "nearest": nearest(placed),
        "effective_draws": placed.effective_draws,
        "notes": [note.text for note in _notes([placed])],
    }


def _edge(placed: Placed, of: Any) -> np.ndarray:
    """Draws of ln density of the frontier or the typical release at the date of the model, of its size."""
    fit = placed.fit
    at = log_density_ahead(fit, times(fit, [placed.model.released or ""]).to_numpy(), of)[0, :, 0]
    level = fit.posterior["level"].mean("benchmark").to_numpy()[0]
    return np.asarray(at + level + _of_size(placed))


def _of_size(placed: Placed) -> Any:
    """What the size of the model adds, at its date, to the density that is expected of it."""
    effect, pace = (part[0, :, 0] for part in size_effect(placed.fit))
    apart = placed.size.to_numpy()[0] - placed.fit.data.attrs["log_size_centre"]
    return (effect + pace * times(placed.fit, [placed.model.released or ""]).to_numpy()) * apart


def _month(placed: Placed, of: Any) -> dict[str, Any]:
    """Date from which the frontier, or the typical release, was as dense."""
    date = date_of_density(placed.fit, placed.log_density.draws - _of_size(placed), of, placed.log_density.probability)
    row = date.to_frame_row()
    days = {end: "never" if np.isinf(row[end]) else calendar_day(float(row[end])) for end in ENDS}
    return interval_json(row, date.probability) | days


def _written(date: dict[str, Any]) -> str:
    return f"{date['median']} [{date['lower']}, {date['upper']}]"


def _size(params: float) -> str:
    return "inf" if np.isinf(params) else size(params)


@cache
def _known(fit: Fit) -> pd.DataFrame:
    """Medians of the LLMs of a fit."""
    densities = q.density(fit).draws.median(q.SAMPLE)
    params = q.params(fit).draws.median(q.SAMPLE)
    return pd.DataFrame({
        "llm": densities["llm"].to_numpy(),
        "release_date": fit.data["release_date"].to_numpy(),
        "params": params.to_numpy(),
        "effective_size": (densities * params).to_numpy(),
        "density": densities.to_numpy(),
    })  # fmt: skip

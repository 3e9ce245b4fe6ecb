"""How far open models of at most a size trail the records: by benchmark, pooled, and record by record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import ENDS, chance, fixed, interval, size
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import Estimate
from bayesdensity.quantities.forecast import Of
from bayesdensity.quantities.lag import WHOSE, Lags, by_benchmark, pooled
from bayesdensity.render.blocks import Block, Paragraph, Table

ALL = "all benchmarks"


def data(fit: Fit, lags: Lags, params: float, of: Of) -> dict[str, Any]:
    """The lags in the documented form.

    Parameters
    ----------
    fit : Fit
    lags : Lags
        Of the fit.
    params : float
        Parameters of the models that trail.
    of : {"frontier", "typical", "best"}
        Of whom the lags are.
    """
    names = list(dict.fromkeys(lags.records["benchmark"]))
    matched = lags.by_end.groupby("benchmark").mean()
    counts = lags.records["benchmark"].value_counts()
    behind, short = by_benchmark(lags.months), by_benchmark(lags.points)
    return {
        "study": fit.study.name,
        "params": params,
        "of": of,
        "since": lags.since,
        "until": lags.end,
        "n_records": len(lags.records),
        "n_closed": int((lags.records["weights_open"] != "yes").sum()),
        "lag_months": pooled(lags.months),
        "lag_score": pooled(lags.points),
        "probability_matched_by_end": float(matched.mean()),
        "benchmarks": {
            name: {
                "n_records": int(counts[name]),
                "lag_months": behind.sel(benchmark=name),
                "lag_score": short.sel(benchmark=name),
                "probability_matched_by_end": float(matched.sel(benchmark=name)),
            }
            for name in names
        },
        "records": [
            {
                **{key: row[key] or None for key in lags.records.columns},
                "lag_months": lags.months.sel(record=label),
                "lag_score": lags.points.sel(record=label),
                "probability_matched_by_end": float(lags.by_end.sel(record=label)),
            }
            for label, row in lags.records.iterrows()
        ],
    }


def blocks(fit: Fit, lags: Lags, params: float, of: Of) -> list[Block]:
    """The lags for a reader.

    Parameters
    ----------
    fit, lags, params, of
        As for `data`.
    """
    ci, row = lags.months.probability, pooled(lags.months).to_frame_row()
    short = pooled(lags.points).to_frame_row()
    late = "longer than is looked ahead" if np.isinf(row["lower"]) else f"{interval(row)} months"
    names = list(dict.fromkeys(lags.records["benchmark"]))
    closed = int((lags.records["weights_open"] != "yes").sum())
    answer = (
        f"Open models of at most {size(params)} parameters {WHOSE[of]} trail the records by {late}, and by "
        f"{interval(short, percent_points)} points of score ({ci:.0%} intervals; months: the middle record of each "
        f"benchmark, points: the mean; averaged over {len(names)} benchmarks). "
        f"{len(lags.records)} records since {lags.since}, {closed} of them by closed models; "
        f"P(a record was matched by {lags.end}) {chance(float(lags.by_end.groupby('benchmark').mean().mean()))}."
    )
    return [Paragraph(answer, "answer"), summary_table(lags), records_table(lags)]


def percent_points(value: float) -> str:
    """A difference of shares in points of a hundred."""
    return fixed(1)(100 * value)


def summary_table(lags: Lags) -> Table:
    """The lag on each benchmark and over all."""
    names = list(dict.fromkeys(lags.records["benchmark"]))
    behind, short = by_benchmark(lags.months), by_benchmark(lags.points)
    matched = lags.by_end.groupby("benchmark").mean()
    counts = lags.records["benchmark"].value_counts()
    rows = [
        (name, counts[name], behind.sel(benchmark=name), short.sel(benchmark=name), float(matched.sel(benchmark=name)))
        for name in names
    ]
    if len(names) > 1:
        rows.append((ALL, len(lags.records), pooled(lags.months), pooled(lags.points), float(matched.mean())))
    shown = pd.DataFrame(
        {
            "benchmark": [row[0] for row in rows],
            "records": [str(row[1]) for row in rows],
            "months behind": [interval(row[2].to_frame_row()) for row in rows],
            "points below": [interval(row[3].to_frame_row(), percent_points) for row in rows],
            f"P(matched by {lags.end})": [f"{row[4]:.2f}" for row in rows],
        }
    )
    caption = (
        f"Lag behind the records: median [{lags.months.probability:.0%} interval] of the months of the middle record, "
        "and of the mean points of score at their dates; inf: not within the years that are looked ahead."
    )
    return Table("lag", caption, shown)


def records_table(lags: Lags) -> Table:
    """Every record, with when a model of the size reaches it and the first that did."""
    shown = pd.DataFrame(
        {
            "record": lags.records.index,
            "date": lags.records["release_date"].to_numpy(),
            "score": [f"{score:.3f}" for score in lags.records["score"]],
            "weights": ["open" if one == "yes" else "closed" for one in lags.records["weights_open"]],
            "months behind": _written(lags.months),
            "points below": _written(lags.points, percent_points),
            "P(matched)": [f"{float(p):.2f}" for p in lags.by_end],
            "first match": [
                f"{row.matched_by} ({row.matched_date})" if row.matched_by else "not yet"
                for row in lags.records.itertuples()
            ],
        }
    )
    ends = {f"{each.name}_{end}": each.summary[end].to_numpy() for each in (lags.months, lags.points) for end in ENDS}
    numbers = lags.records.reset_index(drop=True).assign(**ends, probability_matched_by_end=lags.by_end.to_numpy())
    caption = (
        "Records: scores above all earlier ones. First match: the first open LLM of at most the size that was seen to "
        "score as high; months and points are those of the posterior."
    )
    return Table("lag-records", caption, shown, numbers)


def _written(estimate: Estimate, form: Any = None) -> list[str]:
    rows = estimate.to_frame().to_dict(orient="records")
    return [interval(row) if form is None else interval(row, form) for row in rows]

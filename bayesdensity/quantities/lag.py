"""Lag: how far open models of at most a size trail the best model of any size, in months and in score.

Records are the scores that no model had had before, open or closed, small or large, by the protocols of the study. For
each the posterior gives the date from which a model of the size has that score. It may lie before the record, for
nothing is selected by its sign, though never before the first release; or beyond the last, or be never, and a draw is
then infinite. So several records are summed up by their median, which is finite while more than half of them are
reached; a mean would not be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.base.format import enumerated
from bayesdensity.data.dates import years_from_centre
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead, releases
from bayesdensity.quantities.estimate import (
    DEFAULT_CI,
    MONTHS,
    SAMPLE,
    SHARE,
    Estimate,
    require_targets,
    window,
)
from bayesdensity.quantities.forecast import Of, score_at

Array = ahead.Array
ANY_DATE = date(1900, 1, 1)
ANY_WEIGHTS = ("yes", "no", "on-request")
WHOSE: dict[Of, str] = {
    "frontier": "at the frontier",
    "typical": "that are typical releases",
    "best": "that are the best of all releases",
}
"""The models that trail, as they stand in sentences."""
COLUMNS = ["benchmark", "llm", "release_date", "score", "weights_open", "matched_by", "matched_date"]


class Lags(NamedTuple):
    """How far models of at most a size trail each record."""

    records: pd.DataFrame
    """By ``record``: benchmark, llm, release_date, score, weights_open, and the first open LLM of at most the size with
    a score as high, ``matched_by``, with its ``matched_date``; empty where there is none."""
    months: Estimate
    """From the record to the date from which the size suffices; dim ``record``, coord ``benchmark``."""
    points: Estimate
    """Score of the record less that of the size at its date; dim ``record``, coord ``benchmark``."""
    by_end: xr.DataArray
    """Probability that the size sufficed by the last release of the fit; dim ``record``, coord ``benchmark``."""
    since: str
    """Date from which on records count."""
    end: str
    """The last release."""


def lags(
    fit: Fit,
    tables: Tables,
    params: float,
    *,
    benchmarks: Sequence[str] = (),
    since: str | None = None,
    of: Of = "frontier",
    ci: float = DEFAULT_CI,
) -> Lags:
    """Lags of models of at most a size behind the records of the tables, since a date up to the last release.

    Parameters
    ----------
    fit : Fit
        Of a study of open models.
    tables : Tables
        With scores of closed models too, where they are known.
    params : float
        Parameters, counted as the study counts them.
    benchmarks : sequence of str
        Of the fit; none named: all.
    since : str, optional
        ISO date from which on records count; None: the first release of the fit. Earlier scores decide what is one.
    of : {"frontier", "typical", "best"}
        Whose score a model of the size has at a date: `bayesdensity.quantities.forecast`.
    ci : float
        Probability of the intervals.

    Raises
    ------
    InputError
        If the fit has no such benchmark, or the size or the date is none.
    UnidentifiedError
        If there is no record in the window.
    """
    require_targets(fit)
    names = list(dict.fromkeys(benchmarks)) or fit.data["benchmark"].to_numpy().tolist()
    places = {name: ahead.place_of(fit, name) for name in names}
    size, (first, end) = ahead.log_size(fit, params), window(fit)
    since = first if since is None else since
    found = records(fit, tables, params, since)
    found = found[found["benchmark"].isin(names)]
    if found.empty:
        raise UnidentifiedError(f"no record on {enumerated(names)} since {since}: name an earlier date.")
    months, points = list[Array](), list[Array]()
    for name, rows in found.groupby("benchmark", sort=False):
        months.append(_months(fit, places[str(name)], rows, size, of))
        points.append(rows["score"].to_numpy() - _score(fit, str(name), rows, params, of))
    coords = {"record": found.index.to_numpy(), "benchmark": ("record", found["benchmark"].to_numpy())}
    behind, short = (
        xr.DataArray(np.concatenate(values, axis=-1), dims=(*SAMPLE, "record"), coords=coords)
        for values in (months, points)
    )
    left = MONTHS * (years_from_centre(fit.data, [date.fromisoformat(end)]) - _time(fit, found))
    whose = f"of open models of at most {params:.3g} parameters"
    return Lags(
        found,
        Estimate("lag_months", f"months {whose} behind a record", behind, ci, "months"),
        Estimate("lag_score", f"score {whose} below a record at its date", short, ci, SHARE),
        (behind <= xr.DataArray(left, dims="record")).mean(SAMPLE),
        since,
        end,
    )


def records(fit: Fit, tables: Tables, params: float, since: str | None = None) -> pd.DataFrame:
    """Scores above all earlier ones by the rules of a study, of models with open weights or not.

    The score of an LLM is the mean of those that the rules leave of it. Members of the reference count too. Of several
    LLMs of a day the best is the record.

    Parameters
    ----------
    fit : Fit
        Whose study says which scores are one measurement, and whose benchmarks are meant.
    tables : Tables
    params : float
        Of the small models that are looked for.
    since : str, optional
        ISO date; None: the first release of the fit. What is later than its last release does not count.

    Returns
    -------
    pandas.DataFrame
        As `Lags.records`.

    Raises
    ------
    InputError
        If the date is none, or lies outside the releases of the fit, which say nothing of an earlier one.
    """
    first, last = window(fit)
    since = first if since is None else since
    if not first <= since <= last:
        raise InputError(f"records count from a date between {first} and {last}, the releases of the fit; got {since}.")
    scores = _scores(fit, tables)
    best = scores.sort_values(["benchmark", "release_date", "score"], ascending=[True, True, False], kind="stable")
    best = best.drop_duplicates(["benchmark", "release_date"])
    before = best.groupby("benchmark")["score"].transform(lambda score: score.cummax().shift(fill_value=-np.inf))
    names = fit.data["benchmark"].to_numpy().tolist()
    floor = best["benchmark"].map(lambda name: ahead.floor(fit, names.index(name)))
    counts = (best["score"] > before) & (best["score"] > floor) & best["release_date"].between(since, last)
    found = best[counts]
    small = scores[(scores["size"] <= params) & (scores["weights_open"] == "yes")]
    matches = [_first_match(small, row.benchmark, row.score) for row in found.itertuples()]
    found = found.assign(
        matched_by=[llm for llm, _ in matches],
        matched_date=[day for _, day in matches],
        order=found["benchmark"].map(names.index),
    ).sort_values(["order", "release_date"], kind="stable")
    labels = pd.Index(found["benchmark"] + ": " + found["llm"], name="record")
    return found[COLUMNS].set_axis(labels)


def by_benchmark(estimate: Estimate) -> Estimate:
    """The lag on each benchmark: in months that of the middle record, in score the mean; dim ``benchmark``.

    Parameters are those of `Lags`: its months or its points.
    """
    grouped = estimate.draws.groupby("benchmark")
    draws = grouped.median("record") if estimate.units == "months" else grouped.mean("record")
    order = list(dict.fromkeys(estimate.draws["benchmark"].to_numpy()))
    draws = draws.sel(benchmark=order).transpose(*SAMPLE, "benchmark")
    middle = "median" if estimate.units == "months" else "mean"
    return Estimate(estimate.name, f"{estimate.what}, {middle} of records", draws, estimate.probability, estimate.units)


def pooled(estimate: Estimate) -> Estimate:
    """`by_benchmark`, averaged over the benchmarks."""
    each = by_benchmark(estimate)
    draws = each.draws.mean("benchmark")
    return Estimate(each.name, f"{each.what}, mean of benchmarks", draws, each.probability, each.units)


def _months(fit: Fit, place: int, rows: pd.DataFrame, log_size: float, of: Of) -> Array:
    """Months from the records on a benchmark to the dates at which a size suffices; shape (chain, draw, record)."""
    if of == "best":
        end = float(fit.data["time"].max()) + releases.HORIZON
        every = releases.all_releases(fit, str(rows["benchmark"].iloc[0]), end)
        at = np.stack([releases.earliest(every, score, log_size) for score in rows["score"]], axis=-1)
        at = at.reshape(*(fit.posterior.sizes[dim] for dim in SAMPLE), -1)
    else:
        needed = [_needed(fit, place, score) for score in rows["score"]]
        at = np.stack([ahead.reached(fit, place, one, of, log_size) for one in needed], axis=-1)
    return np.asarray(MONTHS * (at - _time(fit, rows)))


def _score(fit: Fit, benchmark: str, rows: pd.DataFrame, params: float, of: Of) -> Array:
    """Score that a size has at the dates of records; shape (chain, draw, record)."""
    if of != "best":
        return score_at(fit, benchmark, params, list(rows["release_date"]), of).draws.to_numpy()
    # Up to the last release nothing is simulated.
    known = releases.best_score(releases.released(fit, benchmark), ahead.log_size(fit, params), _time(fit, rows))
    return np.broadcast_to(np.maximum(known, 0.0), (*(fit.posterior.sizes[dim] for dim in SAMPLE), len(rows)))


def _needed(fit: Fit, place: int, score: float) -> Array:
    """Log size of the reference with a score, infinite where none can have it: then the answer is never."""
    ceiling = fit.posterior["ceiling"].to_numpy()[..., [place]]
    logit = laws.logit_of_score(score, ahead.floor(fit, place), ceiling)
    return np.asarray(laws.size_of_logit(Draws(fit.data, fit.posterior).link.at([place]), logit))


def _time(fit: Fit, rows: pd.DataFrame) -> Array:
    return years_from_centre(fit.data, [date.fromisoformat(day) for day in rows["release_date"]])


def _scores(fit: Fit, tables: Tables) -> pd.DataFrame:
    """One row for each LLM of any date and any weights on each benchmark, by the rules of the study."""
    rules = {"weights_open": ANY_WEIGHTS, "released_from": ANY_DATE, "released_to": None, "min_benchmarks": 1}
    study = fit.study.model_copy(update={"llms": fit.study.llms.model_copy(update=rules)})
    chosen = select(study, tables)
    llms = pd.concat([chosen.llms, chosen.reference_llms])
    llms = llms.assign(weights_open=tables.llms.set_index("llm")["weights_open"])
    scores = chosen.scores.groupby(["benchmark", "llm"])["score"].mean().reset_index()
    joined = scores.join(llms[["release_date", "size", "weights_open"]], on="llm")
    joined = joined.dropna(subset="release_date")  # a reference member may have none
    return joined.assign(release_date=joined["release_date"].dt.strftime("%Y-%m-%d"))


def _first_match(small: pd.DataFrame, benchmark: str, score: float) -> tuple[str, str]:
    """The first small LLM with at least a score, and its date."""
    able = small[(small["benchmark"] == benchmark) & (small["score"] >= score)]
    if able.empty:
        return "", ""
    first = able.sort_values(["release_date", "llm"]).iloc[0]
    return str(first["llm"]), str(first["release_date"])

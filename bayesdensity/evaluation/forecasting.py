"""Forecasts from what was known at a cut-off, beside what came and beside forecasts that need no model.

Three things are asked of every benchmark, by a rule that looks at nothing later: the best score of releases up to a
size by a date, the smallest size that has a score by a date, and the date of the first release up to a size that has a
score. What the tables do not show by their end is censored there, in forecasts and in what came alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesdensity.base.errors import InputError
from bayesdensity.evaluation.naive import line_through, records
from bayesdensity.evaluation.scoring import crps, ranks, share_inside
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import MONTHS, window
from bayesdensity.quantities.ahead import SEED, log_size
from bayesdensity.quantities.estimate import times
from bayesdensity.quantities.releases import Releases, all_releases, best_score, earliest, released, smallest_size

Array = NDArray[np.float64]
Kind = Literal["score", "size", "date"]
UNITS: dict[Kind, str] = {"score": "share of the items", "size": "natural logarithms", "date": "months"}
"""Of what is predicted, and of its CRPS."""
SIZES = (2e9, 4e9, 9e9, 15e9, 40e9, np.inf)
"""Parameters that releases have at most."""
SMALL = 9e9
"""Scores that are out of reach of this size at the cut-off are those whose smallest size is asked for."""
HORIZONS = (6, 12, 18, 24)
"""Months after the cut-off."""
SLACK = 2
"""Months by which a horizon may end after the last release: it is then judged at that."""
STEP, LEVELS = 0.1, 3
"""Scores asked for: so many multiples of the step above the record."""
OUT_OF_REACH = np.log(10.0)
"""A score that nobody has is counted as one of a model ten times as large as the largest known."""
INTERVALS = (0.5, 0.9)
"""Probabilities of the intervals whose coverage is counted."""
LEAST_LOGIT = 0.005
"""Records are kept this far inside (0, 1) where a line is drawn through their logits."""
DAY = 1 / 365.25


class Asked(NamedTuple):
    """One question, and how far ahead."""

    kind: Kind
    log_size: float
    """At most; from the centre of the sizes. Unbounded for a size, which is what is asked."""
    score: float
    """At least; not a number where it is what is asked."""
    time: float
    """Years from the mean release date: the date asked for, or the end of the tables."""
    months: float
    """Of the horizon, or up to the end of the tables."""


class Known(NamedTuple):
    """What was known at a cut-off of one benchmark."""

    releases: Releases
    start: float
    """Time of the cut-off."""
    largest: float
    """Log size that counts as out of reach."""


def judged(fit: Fit, trained: Fit, cutoff: str, seed: int = SEED) -> pd.DataFrame:
    """Forecasts of a fit that knows the scores up to a cut-off, and what came: one row for each question.

    Parameters
    ----------
    fit : Fit
        With all releases.
    trained : Fit
        Of the same data with the scores of later releases left out.
    cutoff : str
        ISO date.
    seed : int
        Of the simulated releases.

    Returns
    -------
    pandas.DataFrame
        ``kind``, ``benchmark``, ``params`` (at most), ``score`` (at least), ``months`` ahead, ``known`` (the record
        that stood), ``observed``, ``median`` and ends of the intervals, ``below`` and ``at_most`` (ranks of what came),
        ``crps``; ``crps_unchanged``, ``crps_line``, ``line_median`` and the ends of its 90 % interval. Scores are
        shares, sizes ln parameters, dates months after the cut-off.
    """
    last = window(fit)[1]
    start, end = times(fit, [cutoff, last]).to_numpy()
    centre, found = fit.data.attrs["log_size_centre"], []
    for benchmark in fit.data["benchmark"].to_numpy():
        try:
            every = all_releases(trained, benchmark, end, seed=seed)
        except InputError:
            continue  # nobody has reported it of late: nothing is forecast
        came, then = released(fit, benchmark), released(trained, benchmark)
        known = Known(then, start, float(then.log_size.max() + OUT_OF_REACH))
        for asked in questions(
            known, end, [log_size(fit, n) if np.isfinite(n) else n for n in SIZES], log_size(fit, SMALL)
        ):
            row = _row(asked, known, _answer(asked, every, known), float(_answer(asked, came, known)[0]))
            if asked.kind == "size":
                shifted = ("known", "observed", "median", *(name for name in row if "lower" in name or "upper" in name))
                row |= {name: row[name] + centre for name in (*shifted, "line_median")}
            label = {"cutoff": cutoff, "benchmark": str(benchmark), "kind": asked.kind}
            found.append({**label, "params": float(np.exp(asked.log_size + centre)), "score": asked.score} | row)
    return pd.DataFrame(found)


def questions(known: Known, end: float, sizes: list[float], small: float) -> Iterator[Asked]:
    """What is asked of a benchmark: nothing later than the cut-off enters but the end of the tables.

    Parameters
    ----------
    known : Known
    end : float
        Time of the end of the tables.
    sizes : list of float
        Log sizes that releases have at most.
    small : float
        Log size that does not reach the scores whose smallest size is asked for.
    """
    left = (end - known.start) * MONTHS
    ahead = [(known.start + min(months, left) / MONTHS, float(months)) for months in HORIZONS if months <= left + SLACK]
    for size in sizes:
        record = _record(known, size)
        if not np.isfinite(record):
            continue
        for time, months in ahead:
            yield Asked("score", size, np.nan, time, months)
        for score in _above(record):
            yield Asked("date", size, score, end, left)
    if np.isfinite(record := _record(known, small)):
        for score in _above(record):
            for time, months in ahead:
                yield Asked("size", np.inf, score, time, months)


def _record(known: Known, size: float) -> float:
    """Best score up to a size at the cut-off."""
    return float(best_score(known.releases, size, np.array([known.start]))[0, 0])


def _above(record: float) -> list[float]:
    """The next multiples of the step above a record, as scores of a benchmark."""
    first = int(np.floor(record / STEP + 1e-9)) + 1
    return [round(k * STEP, 6) for k in range(first, first + LEVELS) if k * STEP < 1 - 1e-9]


def _answer(asked: Asked, found: Releases, known: Known) -> Array:
    """What releases say, by draw, censored where the tables end."""
    at = np.array([asked.time])
    if asked.kind == "score":
        return best_score(found, asked.log_size, at)[:, 0]
    if asked.kind == "size":
        return np.minimum(smallest_size(found, asked.score, at)[:, 0], known.largest)
    return (np.minimum(earliest(found, asked.score, asked.log_size), asked.time) - known.start) * MONTHS


def _line(asked: Asked, known: Known, unchanged: float) -> Array:
    """Draws of the line through the records; the record itself where these are too few. Records do not fall."""
    then = known.releases
    time, size, score = (part[0] for part in then)
    if asked.kind == "size":
        line = line_through(*records(time[score >= asked.score], -size[score >= asked.score]))
        at = np.array([asked.time])
        return np.array([unchanged]) if line is None else np.minimum(-line.draws(at)[:, 0], unchanged)
    on = size <= asked.log_size
    line = line_through(*records(time[on], _logit(score[on])))
    if line is None:
        return np.array([unchanged])
    if asked.kind == "score":
        drawn = 1 / (1 + np.exp(-line.draws(np.array([asked.time]))[:, 0]))
        return np.maximum(drawn, unchanged)
    days = np.arange(known.start, asked.time, DAY)
    enough = line.draws(days) >= _logit(asked.score)
    first = np.where(enough.any(axis=1), days[enough.argmax(axis=1)], asked.time)
    return (first - known.start) * MONTHS


def _logit(score: Array | float) -> Array:
    inside = np.clip(score, LEAST_LOGIT, 1 - LEAST_LOGIT)
    return np.asarray(np.log(inside / (1 - inside)))


def _row(asked: Asked, known: Known, draws: Array, observed: float) -> dict[str, float]:
    """A forecast beside what came, and beside those that need no model."""
    unchanged = float(_answer(asked, known.releases, known)[0])
    line, came = _line(asked, known, unchanged), np.array(observed)
    ends = {f"{side}_{level:.0%}": float(np.quantile(draws, 0.5 + sign * level / 2))
            for level in INTERVALS for side, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    below, at_most = ranks(draws, came)
    return {
        "months": asked.months,
        "known": unchanged,
        "observed": observed,
        "median": float(np.median(draws)),
        **ends,
        "below": float(below),
        "at_most": float(at_most),
        "crps": float(crps(draws, came)),
        "crps_unchanged": abs(unchanged - observed),
        "crps_line": float(crps(line, came)),
        "line_median": float(np.median(line)),
        "line_lower_90%": float(np.quantile(line, 0.05)),
        "line_upper_90%": float(np.quantile(line, 0.95)),
    }


def summed(table: pd.DataFrame, by: str = "kind") -> pd.DataFrame:
    """Number, coverage and mean CRPS of forecasts by the values of a column, and their CRPS relative to the naive ones.

    ``coverage`` counts closed intervals, as a reader sees them; ``calibrated`` shares out what ties with many draws
    (`bayesdensity.evaluation.scoring.share_inside`); ``settled`` is the share of forecasts whose 90 % interval is a
    single value. Where kinds are mixed, their relative CRPS are averaged geometrically.

    Parameters
    ----------
    table : pandas.DataFrame
        As `judged` gives it, of one or several cut-offs.
    by : str
        Name of the column.
    """
    rows = {str(value): _summary(part) for value, part in table.groupby(by, sort=False)}
    return pd.DataFrame({**rows, "all": _summary(table)}).T


def _summary(part: pd.DataFrame) -> pd.Series:
    row: dict[str, float] = {"n": float(len(part))}
    for level in INTERVALS:
        inside = part["observed"].between(part[f"lower_{level:.0%}"], part[f"upper_{level:.0%}"])
        row[f"coverage_{level:.0%}"] = float(inside.mean())
        shared = share_inside(part["below"].to_numpy(), part["at_most"].to_numpy(), level)
        row[f"calibrated_{level:.0%}"] = float(shared.mean())
    row["line_coverage_90%"] = float(part["observed"].between(part["line_lower_90%"], part["line_upper_90%"]).mean())
    row["settled"] = float((part["lower_90%"] == part["upper_90%"]).mean())
    row["above_90%"] = float((part["observed"] > part["upper_90%"]).mean())
    row["below_90%"] = float((part["observed"] < part["lower_90%"]).mean())
    means = part.groupby("kind")[["crps", "crps_unchanged", "crps_line"]].mean()
    for name in ("unchanged", "line"):
        row[f"to_{name}"] = float(np.exp(np.log(means["crps"] / means[f"crps_{name}"]).mean()))
    return pd.Series({**row, **(means.iloc[0].to_dict() if len(means) == 1 else {})})

"""The published procedure on the tables of a study: densities by inversion, records, and a bootstrap of it all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.dates import years
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.laws import Link
from bayesdensity.published.inversion import FARTHEST, REASONS, Counts, Curve, Fitted, Reference, read_reference
from bayesdensity.published.inversion import reasons as why_not
from bayesdensity.published.records import Array, Line, is_record, line, slope, slope_of_records
from bayesdensity.published.windows import Window, windows
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate
from bayesdensity.quantities.estimate import PER_YEAR
from bayesdensity.study.spec import Study

REPLICATES = 1000


@dataclass(frozen=True, eq=False)
class PointTrend:
    """Growth of point estimates of ln density in one window."""

    window: Window
    llms: int
    """LLMs with a density, released inside."""
    released: int
    """LLMs released inside, with a density or without."""
    record_llms: tuple[str, ...]
    """LLMs that set a record, in order of release."""
    records: Line
    everyone: Line
    bootstrap_records: Estimate | None
    """Replicates of the rate through the records; None without replicates."""
    bootstrap_everyone: Estimate | None


@dataclass(frozen=True, eq=False)
class Replication:
    """What the published procedure gives on the tables of a study. Nothing writes to it."""

    study: Study
    fits: dict[str, Fitted]
    """Least squares of the reference by benchmark."""
    cells: pd.DataFrame
    """LLM and benchmark by row: llm, benchmark, score (mean over harnesses), log_size (ln N of the effective size; not
    a number where the inversion fails) and reason (a key of `REASONS`, or empty)."""
    llms: pd.DataFrame
    """Targets by llm, in order of release: release_date, family, size, log_density (not a number if none inverted)."""
    trends: tuple[PointTrend, ...]
    replicates: int
    failed_replicates: int
    """Replicates in which the reference could not be fitted on some benchmark, or no density was left."""
    seed: int

    @property
    def failed_inversions(self) -> pd.DataFrame:
        """Cells without an effective size: llm, benchmark, score and the reason in words."""
        failed = self.cells[self.cells["reason"] != ""]
        return failed[["llm", "benchmark", "score"]].assign(reason=failed["reason"].map(REASONS))


def replicate(
    study: Study,
    tables: Tables | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    ci: float = DEFAULT_CI,
    farthest: float = FARTHEST,
    progress: Callable[[int, int], None] | None = None,
) -> Replication:
    """Run the published procedure on the tables of a study.

    Least squares fits the reference on every benchmark; the score of each LLM, its mean over harnesses, is inverted to
    an effective size; density is effective over actual size, averaged in logarithms over the benchmarks that inverted.
    A straight line then goes through the running records. The paper drops LLMs whose scores cannot be inverted, or
    does not discuss them; here they are listed with the reason, and so are inversions far beyond the sizes of the
    reference. Both are left out of the averages, which censors the densest LLMs: the trend is biased by it.

    The bootstrap draws families of LLMs with replacement, since LLMs of one family are not independent, and with them
    the reference: members of a family; rungs of a ladder, and its long trainings apart. Scores are not redrawn.

    Parameters
    ----------
    study : Study
    tables : Tables, optional
        None: the bundled tables.
    replicates : int
        Of the bootstrap; 0: none.
    seed : int
        Of the bootstrap; the same seed gives the same replicates.
    ci : float
        Probability of the percentile intervals.
    farthest : float
        Effective sizes this many times beyond the smallest or largest training of the reference do not count;
        infinity keeps them all.
    progress : callable, optional
        Called with the number of replicates done and that of all.

    Returns
    -------
    Replication

    Raises
    ------
    InputError
        If the study and the tables do not fit together, or a number makes no sense.
    UnidentifiedError
        If the reference has too few rows, or too few LLMs have a density.

    References
    ----------
    arXiv 2412.04315, sections 2 and 3.

    Examples
    --------
    >>> from bayesdensity.study.load import load_study
    >>> result = replicate(load_study("densing-law"), replicates=0)
    >>> [trend.window.end for trend in result.trends]
    ['2024-10-31', '2025-04-30', '2026-06-04']
    """
    if replicates < 0 or not 0 < ci < 1 or not farthest > 1:
        raise InputError(
            "'replicates' must not be negative, 'ci' must lie between 0 and 1 and 'farthest' above 1; "
            f"got {replicates}, {ci} and {farthest}."
        )
    selection = select(study, tables or read_tables())
    reference = read_reference(study, selection)
    fits = reference.fit()
    cells = _invert(selection, reference, fits, farthest)
    log_size = cells.groupby("llm")["log_size"].mean()  # of those that inverted
    llms = selection.llms[["release_date", "family", "size"]]
    llms = llms.assign(log_density=log_size.reindex(llms.index) - np.log(llms["size"].astype(float)))
    known = llms.dropna()
    if known["release_date"].nunique() < 2:
        raise UnidentifiedError(
            f"only {len(known)} of {len(llms)} LLMs have an effective size, so nothing can be told about change over "
            "time: the others score beyond what the reference reaches. Take a larger reference, or other benchmarks."
        )
    # The windows are those of all targets, as for the posterior; a trend needs two days with a density.
    dates = known["release_date"]
    shown = [one for one in windows(llms["release_date"]) if dates[one.holds(dates)].nunique() > 1]
    densities = _bootstrap(reference, fits, cells, llms, replicates, seed, farthest, progress)
    trends = tuple(_trend(one, llms, densities, ci) for one in shown)
    failed = int(np.isnan(_rates(shown[-1], llms, *densities)).any(axis=0).sum())
    return Replication(study, fits, cells, llms, trends, replicates, failed, seed)


def _invert(
    selection: Selection, reference: Reference, fits: dict[str, Fitted], farthest: float = FARTHEST
) -> pd.DataFrame:
    """Effective size of every LLM on every benchmark, or the reason why there is none."""
    targets = selection.scores[selection.scores["llm"].isin(selection.llms.index)]
    cells = targets.groupby(["benchmark", "llm"], as_index=False, sort=False)["score"].mean()
    parts = []
    for name, part in cells.groupby("benchmark", sort=False):
        score, curve = part["score"].to_numpy(float), fits[str(name)].curve
        reason = why_not(curve, reference.rows[str(name)], score, farthest)
        size = np.where(reason == "", curve.log_size(score), np.nan)
        parts.append(part.assign(log_size=size, reason=reason))
    return pd.concat(parts)[["llm", "benchmark", "score", "log_size", "reason"]].reset_index(drop=True)


def _bootstrap(
    reference: Reference,
    fits: dict[str, Fitted],
    cells: pd.DataFrame,
    llms: pd.DataFrame,
    replicates: int,
    seed: int,
    farthest: float,
    progress: Callable[[int, int], None] | None,
) -> tuple[Array, Counts]:
    """Densities (replicate, llm), minus infinity for what is missing, and how often each LLM is drawn.

    Densities of a replicate whose reference cannot be fitted are not numbers.
    """
    rng = np.random.default_rng(seed)
    family = pd.factorize(llms["family"])[0]
    n = family.max() + 1
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=replicates)[:, family]
    curves: dict[str, list[Curve | None]] = {name: [] for name in fits}
    for k in range(replicates):
        counts = reference.resample(rng)
        for name, rows in reference.rows.items():
            again = rows.fit(counts, fits[name].solution)
            curves[name].append(None if again is None else again.curve)
        if progress is not None:
            progress(k + 1, replicates)
    total, inverted = np.zeros((2, replicates, len(llms)))
    for name, part in cells.groupby("benchmark"):
        rows, at = reference.rows[str(name)], llms.index.get_indexer(part["llm"])
        size = _stack(curves[str(name)]).log_size(part["score"].to_numpy(float))
        low, high = rows.smallest - np.log(farthest), rows.largest + np.log(farthest)
        counted = np.isfinite(size) & (size >= low) & (size <= high)
        inverted[:, at] += counted
        total[:, at] += np.where(counted | np.isnan(size), size, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        density = total / inverted - np.log(llms["size"].to_numpy(float))
    failed = np.isnan(total).any(axis=1, keepdims=True)
    density = np.where((inverted > 0) & (drawn > 0), density, -np.inf)
    return np.where(failed, np.nan, density), drawn


def _stack(curves: list[Curve | None]) -> Curve:
    """Curves of many replicates as one, whose fields are columns; not numbers where a fit failed."""
    rows = [(np.nan,) * 6 if one is None else (*one.link[:3], one.origin, one.floor, one.ceiling) for one in curves]
    level, slope_, exponent, origin, floor, ceiling = np.array(rows, dtype=float).reshape(-1, 6).T[..., None]
    return Curve(Link(level, slope_, exponent), origin, floor, ceiling)


def _rates(window: Window, llms: pd.DataFrame, density: Array, drawn: Counts) -> Array:
    """Rates (2, replicate) through records and through all LLMs; not a number where a replicate failed."""
    inside = window.holds(llms["release_date"])
    time, values = years(llms.loc[inside, "release_date"]), density[:, inside]
    there = np.where(np.isfinite(values), drawn[:, inside], 0)
    records = np.where(np.isnan(values).any(axis=1), np.nan, slope_of_records(time, values))
    return np.stack([records, np.where(np.isnan(records), np.nan, slope(time, values, there))])


def _trend(window: Window, llms: pd.DataFrame, densities: tuple[Array, Counts], ci: float) -> PointTrend:
    inside = llms[window.holds(llms["release_date"]) & llms["log_density"].notna()]
    time, value = years(inside["release_date"]), inside["log_density"].to_numpy(float)
    record = is_record(time, value)
    rates = _rates(window, llms, *densities)
    estimates: list[Estimate | None] = [None, None]
    for k, name in enumerate(("records", "all LLMs")):
        good = rates[k][np.isfinite(rates[k])]
        if len(good):
            what = f"growth of ln density a year through {name}, {window.start} to {window.end}, by bootstrap"
            estimates[k] = Estimate("bootstrap_rate", what, xr.DataArray(good[None], dims=SAMPLE), ci, PER_YEAR)
    return PointTrend(
        window=window,
        llms=len(inside),
        released=int(window.holds(llms["release_date"]).sum()),
        record_llms=tuple(str(name) for name in inside.index[record]),
        records=line(time[record], value[record]),
        everyone=line(time, value),
        bootstrap_records=estimates[0],
        bootstrap_everyone=estimates[1],
    )

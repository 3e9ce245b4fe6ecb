"""Train on releases up to a date and predict the later ones: how good would the forecasts have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.forecasting import judged
from bayesdensity.evaluation.leave_out import REFIT_DRAWS, REFIT_TUNE, average_density, compared
from bayesdensity.evaluation.marginal import log_predictive
from bayesdensity.evaluation.scoring import crps
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_again
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.quantities import SAMPLE, doubling_time, frontier, log_density, probability_positive, rate, window
from bayesdensity.quantities.growth import frontier_at

LEAST_TRAINING = 20
"""LLMs that a training set has at least."""
HORIZON_MONTHS = 12
"""How far after a cut-off predictions are judged."""
DAYS_PER_MONTH = 365.25 / 12
LEVELS = (0.5, 0.9)
"""Probabilities of the intervals whose coverage is counted."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """Predictions of later releases, one training set for each cut-off.

    Attributes
    ----------
    llms : pandas.DataFrame
        One row for each cut-off and later LLM: ``months`` after it, ``elpd`` (log predictive density of its scores),
        ``observed`` ln density (posterior median given all scores), predicted ``median`` and interval ends, ``pit``
        (share of the prediction below the observed) and ``crps``.
    cutoffs : pandas.DataFrame
        One row for each cut-off: numbers of LLMs, doubling times known then, share of later LLMs above the predicted
        frontier, frontier predicted for the end of the horizon and as known from all releases.
    verdicts : dict of Diagnostics
        Convergence of each training fit, by cut-off.
    forecasts : pandas.DataFrame
        One row for each cut-off and question of `bayesdensity.evaluation.forecasting.judged`; empty where none was
        asked.
    """

    llms: pd.DataFrame
    cutoffs: pd.DataFrame
    verdicts: dict[str, Diagnostics]
    forecasts: pd.DataFrame = field(default_factory=pd.DataFrame)

    def scores(self) -> pd.DataFrame:
        """Number, elpd, mean CRPS and coverage of the intervals, by cut-off and over all."""
        return pd.DataFrame(
            {**{c: _scores(part) for c, part in self.llms.groupby("cutoff")}, "all": _scores(self.llms)}
        ).T


def default_cutoffs(fit: Fit) -> list[str]:
    """Every new year's and midsummer's day with enough releases before it and some after."""
    first, last = window(fit)
    days = pd.date_range(first, last, freq="MS")
    released = fit.data["release_date"].to_numpy().astype("datetime64[D]")
    found = []
    for day in days[days.month.isin((1, 7))]:
        known, later = _split(released, np.datetime64(day, "D"))
        if known.sum() >= LEAST_TRAINING and later.any():
            found.append(f"{day:%Y-%m-%d}")
    return found


def backtest(
    fit: Fit,
    cutoffs: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    seed: int = 1,
    *,
    draws: int | None = None,
    forecasts: bool = True,
    keep: Path | None = None,
) -> Backtest:
    """Predict the releases after each cut-off from those before it.

    One compiled model is sampled for every cut-off, with the scores of later releases left out.

    Parameters
    ----------
    fit : Fit
        With all releases: what the predictions are judged by.
    cutoffs : sequence of str, optional
        ISO dates; None: `default_cutoffs`.
    progress : callable, optional
        Called with what is under way.
    seed : int
        Of the sampler, and of the releases simulated in forecasts.
    draws : int, optional
        Kept in each chain, after as many that are discarded; None: `REFIT_DRAWS`.
    forecasts : bool
        Whether scores, sizes and dates of records are forecast too.
    keep : Path, optional
        Folder of the training fits: what lies there is not sampled again.

    Returns
    -------
    Backtest

    Raises
    ------
    UnidentifiedError
        If there is no cut-off with enough releases before it and some after it.
    InputError
        If a cut-off is no date, or the folder holds fits of other data.
    """
    splits = _splits(fit, default_cutoffs(fit) if cutoffs is None else list(cutoffs))
    observed = log_density(fit).draws.median(SAMPLE).to_numpy()
    llms, rows, verdicts, asked = [], {}, {}, []
    for cutoff, trained in _trained(fit, splits, _settings(seed, draws), progress or (lambda _: None), keep):
        known, later = splits[cutoff]
        verdicts[cutoff] = trained.diagnostics
        llms.append(_predicted(fit, trained, cutoff, known, later, observed[later]).assign(cutoff=cutoff))
        rows[cutoff] = _frontier_row(fit, trained, cutoff, known, later, observed[later])
        if forecasts:
            asked.append(judged(fit, trained, cutoff, seed))
    answers = pd.concat(asked, ignore_index=True) if asked else pd.DataFrame()
    return Backtest(
        pd.concat(llms, ignore_index=True), pd.DataFrame(rows).T.infer_objects(), verdicts, forecasts=answers
    )


def _splits(fit: Fit, cutoffs: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Which LLMs are known at each cut-off, and which are predicted."""
    released = fit.data["release_date"].to_numpy().astype("datetime64[D]")
    try:
        days = {f"{day}": np.datetime64(day, "D") for day in map(date.fromisoformat, cutoffs)}
    except ValueError as error:
        raise InputError(f"cut-offs must be ISO dates such as 2025-01-01; got {cutoffs}.") from error
    splits = {cutoff: _split(released, day) for cutoff, day in days.items()}
    for cutoff, (known, later) in splits.items():
        if known.sum() < LEAST_TRAINING or not later.any():
            raise UnidentifiedError(
                f"cut-off {cutoff}: needs at least {LEAST_TRAINING} LLMs released before it and one within "
                f"{HORIZON_MONTHS} months after it; the fit has {known.sum()} and {later.sum()}."
            )
    if not days:
        raise UnidentifiedError(f"no half-year has {LEAST_TRAINING} releases before it and some after it.")
    return splits


def _trained(
    fit: Fit,
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]],
    settings: dict[str, Any],
    say: Callable[[str], None],
    keep: Path | None,
) -> Iterator[tuple[str, Fit]]:
    """Fits to what was known at each cut-off: sampled, or as they were kept."""
    prepared = None
    for cutoff, (known, _) in splits.items():
        data = with_scores(fit.data, keep_llms=known)
        file = keep / f"{fit.study.name}-{cutoff}-seed-{settings['seed']}.nc" if keep else None
        if file is not None and file.exists():
            yield cutoff, _kept(file, fit, data, settings)
            continue
        if prepared is None:
            say("compile")
            prepared = prepare_again(fit)
        say(f"releases before {cutoff}")
        trained = sample(prepared, data, **settings)
        if file is not None:
            trained.save(file)
        yield cutoff, trained


def _settings(seed: int, draws: int | None) -> dict[str, Any]:
    """What the sampler of a training fit is told."""
    return {"seed": seed, "draws": draws or REFIT_DRAWS, "tune": draws or REFIT_TUNE}


def _kept(file: Path, fit: Fit, data: xr.Dataset, settings: dict[str, Any]) -> Fit:
    """A training fit as it was kept, if it is the one that would be sampled."""
    trained = load_fit(file, fit.study)
    had = {**trained.about["sampler"], "seed": trained.about["seed"]}
    same_scores = np.array_equal(trained.data["score_value"], data["score_value"])
    if not same_scores or any(had[name] != value for name, value in settings.items()):
        what = (
            "has other draws than are asked for" if same_scores else "knows other scores than those before its cut-off"
        )
        raise InputError(f"{file}: {what}; remove it, or keep the fits in another folder.")
    return trained


def leave_future_out(backtests: Mapping[str, Backtest]) -> pd.DataFrame:
    """Table of fits by how well they predict the scores of later LLMs, each from the last cut-off before it.

    Columns are those of `bayesdensity.evaluation.leave_out.compared`.
    """
    each = {}
    for name, one in backtests.items():
        last = one.llms.sort_values("cutoff", kind="stable").drop_duplicates("llm", keep="last").set_index("llm")
        each[name] = xr.DataArray(last["elpd"].sort_index())
    return compared(each)


def _split(released: np.ndarray, day: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Which LLMs were released before a day, and which within the horizon after it."""
    end = day + np.timedelta64(round(HORIZON_MONTHS * DAYS_PER_MONTH), "D")
    return released < day, (released >= day) & (released < end)


def _predicted(
    fit: Fit, trained: Fit, cutoff: str, known: np.ndarray, later: np.ndarray, observed: np.ndarray
) -> pd.DataFrame:
    # LLMs whose scores are left out are sampled with the rest: their draws are predictions.
    draws = log_density(trained).draws.isel(llm=np.flatnonzero(later)).stack(s=SAMPLE).to_numpy()
    elpd = average_density(log_predictive(trained, fit.data, known))[later]
    ends = {f"{side}_{level:.0%}": np.quantile(draws, 0.5 + sign * level / 2, axis=1)
            for level in LEVELS for side, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    dates = fit.data["release_date"].to_numpy()[later]
    return pd.DataFrame(
        {
            "llm": fit.data["llm"].to_numpy()[later],
            "release_date": dates,
            "months": (dates.astype("datetime64[D]") - np.datetime64(cutoff)) / np.timedelta64(1, "D") / DAYS_PER_MONTH,
            "elpd": elpd,
            "observed": observed,
            "median": np.median(draws, axis=1),
            **ends,
            "pit": (draws < observed[:, None]).mean(axis=1),
            "crps": crps(draws, observed),
        }
    )


def _frontier_row(
    fit: Fit, trained: Fit, cutoff: str, known: np.ndarray, later: np.ndarray, observed: np.ndarray
) -> dict[str, float | str]:
    start, last = window(fit)
    end = min(f"{pd.Timestamp(cutoff) + pd.DateOffset(months=HORIZON_MONTHS):%Y-%m-%d}", last)
    edge = frontier_at(trained, fit.data["time"], trained.study.frontier.quantile).median(SAMPLE).to_numpy()
    then = rate(trained, (start, cutoff))
    row: dict[str, float | str] = {"n_known": int(known.sum()), "n_later": int(later.sum()), "horizon_end": end}
    estimates = {
        "frontier_predicted": frontier(trained, [end]),
        "frontier_known": frontier(fit, [end]),
        "doubling_time_then": doubling_time(then),
        "doubling_time_now": doubling_time(rate(fit, (start, cutoff))),
    }
    for name, estimate in estimates.items():
        for part, value in estimate.summary.data_vars.items():
            row[f"{name}_{part}"] = float(value.squeeze())
    row["probability_rate_positive_then"] = float(probability_positive(then))
    row["share_above_frontier"] = float((observed > edge[later]).mean())
    return row


def _scores(part: pd.DataFrame) -> pd.Series:
    row = {"n": len(part), "elpd": part["elpd"].sum(), "crps": part["crps"].mean()}
    for level in LEVELS:
        inside = part["observed"].between(part[f"lower_{level:.0%}"], part[f"upper_{level:.0%}"])
        row[f"coverage_{level:.0%}"] = inside.mean()
    return pd.Series(row)

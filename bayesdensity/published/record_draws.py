"""The paper's rules applied to the posterior: records and least squares in every draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesdensity.inference.result import Fit
from bayesdensity.published.records import Array, is_record, share_explained, slope, slope_of_records
from bayesdensity.published.windows import Window
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate, log_density, rate, window
from bayesdensity.quantities.estimate import PER_YEAR, SHARE_OF_VARIANCE


@dataclass(frozen=True, eq=False)
class PosteriorTrend:
    """What one posterior says about one window: by the paper's rules, and by the model."""

    window: Window
    records: Estimate
    """Least squares through the records of each draw."""
    everyone: Estimate
    """Least squares through all LLMs of each draw."""
    mean: Estimate
    """The model's mean of releases."""
    frontier: Estimate
    """The model's upper quantile of releases."""
    probability_record: xr.DataArray
    """Posterior probability that an LLM set a record; dim ``llm``."""


def posterior_trend(fit: Fit, within: Window, ci: float = DEFAULT_CI) -> PosteriorTrend:
    """Growth of ln density in one window, by the paper's rules in every draw and by the model.

    Parameters
    ----------
    fit : Fit
    within : Window
        Only LLMs released inside count for the paper's rules; the model uses all it was fitted to.
    ci : float
        Probability of the intervals.
    """
    between = within.start, within.end
    return PosteriorTrend(
        window=within,
        records=record_rate(fit, ci, between),
        everyone=all_rate(fit, ci, between),
        mean=rate(fit, between, "mean", ci),
        frontier=rate(fit, between, "frontier", ci),
        probability_record=probability_record(fit, between),
    )


def record_rate(fit: Fit, ci: float = DEFAULT_CI, between: tuple[str, str] | None = None) -> Estimate:
    """Growth of ln density a year by least squares through the running records, in every posterior draw.

    Kept beside the model for comparison: selecting records biases the rate upwards, and its interval is too narrow.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.
    between : tuple of str, optional
        ISO dates; only LLMs released from the first to the second count. None: all.
    """
    time, draws = _inside(fit, between)
    what = f"growth of records of ln density a year{_said(between)}"
    return Estimate("record_rate", what, _sampled(fit, slope_of_records(time, draws)), ci, PER_YEAR)


def record_r_squared(fit: Fit, ci: float = DEFAULT_CI, between: tuple[str, str] | None = None) -> Estimate:
    """R^2 of the least squares through the running records, in every posterior draw; high by construction.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.
    between : tuple of str, optional
        ISO dates; only LLMs released from the first to the second count. None: all.

    Returns
    -------
    Estimate
        One where a draw has two records, zero where it has one.
    """
    time, draws = _inside(fit, between)
    found = share_explained(time, draws, is_record(time, draws))
    what = f"share of the variance of records that a line takes{_said(between)}"
    return Estimate("record_r_squared", what, _sampled(fit, np.nan_to_num(found)), ci, SHARE_OF_VARIANCE)


def all_rate(fit: Fit, ci: float = DEFAULT_CI, between: tuple[str, str] | None = None) -> Estimate:
    """Growth of ln density a year by least squares through all LLMs, in every posterior draw; see `record_rate`.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the interval.
    between : tuple of str, optional
        ISO dates; only LLMs released from the first to the second count. None: the window of the fit.

    Returns
    -------
    Estimate
        Natural logarithms a year.
    """
    time, draws = _inside(fit, between)
    what = f"growth of ln density a year through all LLMs{_said(between)}"
    return Estimate("all_rate", what, _sampled(fit, slope(time, draws, np.ones_like(draws))), ci, PER_YEAR)


def probability_record(fit: Fit, between: tuple[str, str] | None = None) -> xr.DataArray:
    """Posterior probability that an LLM was denser than all released on earlier days of a window; dim ``llm``."""
    time, draws = _inside(fit, between)
    llm = fit.data["llm"].to_numpy()[_within(fit, between)]
    chance = is_record(time, draws).mean(axis=tuple(range(draws.ndim - 1)))
    return xr.DataArray(chance, dims="llm", coords={"llm": llm})


def _within(fit: Fit, between: tuple[str, str] | None) -> np.ndarray:
    start, end = between or window(fit)
    dates = fit.data["release_date"].to_numpy().astype(str)
    return np.asarray((dates >= start) & (dates <= end))


def _inside(fit: Fit, between: tuple[str, str] | None) -> tuple[Array, Array]:
    """Times (llm,) and draws (chain, draw, llm) of the LLMs released inside."""
    inside = _within(fit, between)
    draws = log_density(fit).draws.transpose(*SAMPLE, "llm").to_numpy()
    return fit.data["time"].to_numpy()[inside], draws[..., inside]


def _sampled(fit: Fit, rates: Array) -> xr.DataArray:
    shape = tuple(fit.posterior.sizes[name] for name in SAMPLE)
    return xr.DataArray(rates.reshape(shape), dims=SAMPLE)


def _said(between: tuple[str, str] | None) -> str:
    return f", {between[0]} to {between[1]}" if between else ""

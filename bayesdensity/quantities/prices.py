"""How fast prices fall: at fixed quality, of the same LLM, of a provider's line; and what the frontier costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.claims import read_claims
from bayesdensity.data.dates import years
from bayesdensity.data.offers import COMPARISONS, Offers, between_levels
from bayesdensity.inference.pricing import PriceFit
from bayesdensity.quantities.estimate import DEFAULT_CI, PER_YEAR, SAMPLE, Estimate, bare, exponential
from bayesdensity.quantities.growth import doubling_months

USD = "USD per million tokens"
SHAPES = 4000
"""Points at which the distribution of LLMs about the mean is known to compute its quantile."""
LEAST_OF_A_LINE = 3
"""LLMs that a provider must have sold for its line to have a trend."""


def price_rate(fit: PriceFit, ci: float = DEFAULT_CI) -> Estimate:
    """Rate at which price falls with quality held fixed, the mean over the LLMs; natural logarithms a year.

    Quality and the date of release are those of the LLM; what its own price does later is `own_rate`.

    Parameters
    ----------
    fit : PriceFit
    ci : float
        Probability of the interval.
    """
    rate = fit.posterior["price_rate"] + _of_quality(fit, "rate_of_quality") + _of_kinds(fit, "rate_of_kind")
    return Estimate("price_rate", "fall of price at fixed quality", rate, ci, PER_YEAR)


def price_rate_at(fit: PriceFit, dates: Sequence[str], ci: float = DEFAULT_CI) -> Estimate:
    """The same among LLMs released at dates; dim ``date``.

    Parameters
    ----------
    fit : PriceFit
    dates : sequence of str
        ISO dates.
    ci : float
        Probability of the interval.
    """
    rate = (price_rate(fit).draws - fit.posterior["slowing"] * _time(fit, dates)).transpose(*SAMPLE, "date")
    return Estimate("price_rate", "fall of price at fixed quality at a date", rate, ci, PER_YEAR)


def price_rate_by_level(fit: PriceFit, ci: float = DEFAULT_CI) -> Estimate:
    """The same at each level of quality; dim ``quality``."""
    draws = fit.posterior
    rate = draws["price_rate"] + draws["rate_of_quality"] + _of_kinds(fit, "rate_of_kind")
    return Estimate("price_rate", "fall of price at a quality", rate.transpose(*SAMPLE, "quality"), ci, PER_YEAR)


def price_rate_by_kind(fit: PriceFit, ci: float = DEFAULT_CI) -> Estimate:
    """The same of open weights that several sell, of those that one sells, and of closed ones; dim ``kind``."""
    draws = fit.posterior
    rate = draws["price_rate"] + draws["rate_of_kind"] + _of_quality(fit, "rate_of_quality")
    return Estimate("price_rate", "fall of price of a kind", rate.transpose(*SAMPLE, "kind"), ci, PER_YEAR)


def own_rate(fit: PriceFit, ci: float = DEFAULT_CI) -> Estimate:
    """Rate at which the price of one and the same LLM falls, by kind; dim ``kind``.

    Parameters
    ----------
    fit : PriceFit
    ci : float
        Probability of the interval.
    """
    rate = fit.posterior["own_rate"].transpose(*SAMPLE, "kind")
    return Estimate("own_rate", "fall of the price of the same LLM", rate, ci, PER_YEAR)


def line_rate(offers: Offers, like: PriceFit, ci: float = DEFAULT_CI) -> Estimate:
    """Rate at which the first prices of closed LLMs fall from release to release of a provider, whatever their quality.

    A line for each provider with a common slope, normal scatter, and a flat prior on lines and log scatter: the slope
    has a Student t distribution.

    Parameters
    ----------
    offers : Offers
    like : PriceFit
        Gives the number of draws, and the seed.
    ci : float
        Probability of the interval.

    Raises
    ------
    UnidentifiedError
        If no provider sold enough closed LLMs.
    """
    table = offers.offers
    table = table[(table["kind"] == "closed") & ~table["provider"].isin(COMPARISONS)]
    table = table[table.groupby("provider")["llm"].transform("size") >= LEAST_OF_A_LINE]
    degrees = len(table) - table["provider"].nunique() - 1
    if degrees < LEAST_OF_A_LINE:
        raise UnidentifiedError("no provider sold enough closed LLMs with a score for its line to have a trend.")
    time, log_price = years(pd.DatetimeIndex(table["release_date"])), np.log(table["first_price"].to_numpy())
    x, y = (_within(values, table["provider"]) for values in (time, log_price))
    slope = float(x @ y / (x @ x))
    error = float(np.sqrt(((y - slope * x) ** 2).sum() / degrees / (x @ x)))
    shape = tuple(like.posterior.sizes[dim] for dim in SAMPLE)
    drawn = np.random.default_rng(like.about["seed"]).standard_t(degrees, shape)
    rate = xr.DataArray(-(slope + error * drawn), dims=SAMPLE)
    return Estimate("line_rate", "fall of first prices along a provider's line", rate, ci, PER_YEAR)


def halving_time(rate: Estimate) -> Estimate:
    """Months in which a price that falls at a rate halves; infinite where it does not fall."""
    months = rate.draws.copy(data=doubling_months(rate.draws))
    return Estimate("halving_time", f"months to halve: {rate.what}", months, rate.probability, "months")


def price_frontier(fit: PriceFit, dates: Sequence[str], score: float | None = None, ci: float = DEFAULT_CI) -> Estimate:
    """Price of the cheapest LLMs of a quality that are released at dates, of an average provider; dim ``date``.

    Parameters
    ----------
    fit : PriceFit
    dates : sequence of str
        ISO dates.
    score : float, optional
        Quality; None: the reference of the study.
    ci : float
        Probability of the interval.

    Returns
    -------
    Estimate
        USD per million tokens: the quantile of the study among LLMs of that quality.
    """
    study, draws = fit.study, fit.posterior
    score = study.reference if score is None else score
    if not 0 < score < 1:
        raise InputError(f"a score lies between 0 and 1; got {score:g}.")
    weights = xr.DataArray(between_levels(study, np.array([score]))[0], dims="quality")
    time = bare(_time(fit, dates))
    rate = draws["price_rate"] + (draws["rate_of_quality"] * weights).sum("quality") + _of_kinds(fit, "rate_of_kind")
    quality = float(special.logit(score) - special.logit(study.reference))
    curve = draws["level"] + draws["quality_slope"] * quality + (draws["bend"] * weights).sum("quality")
    log_price = bare(curve + _of_kinds(fit, "gap") + _cheapest(fit)) - bare(rate) * time
    log_price = log_price + draws["slowing"] * time**2 / 2
    price = exponential(log_price.transpose(*SAMPLE, "date")).assign_coords(date=list(dates))
    return Estimate("price_frontier", f"price of the cheapest at {study.benchmark} {score:g}", price, ci, USD)


def record_months(offers: Offers, score: float) -> float:
    """Months to halve of the cheapest prices so far of LLMs of a score or better, by least squares, as it is published.

    Parameters
    ----------
    offers : Offers
    score : float
        Threshold of quality.

    Returns
    -------
    float
        Infinite where the records do not fall; not a number where there are fewer than three.
    """
    above = offers.rows[offers.rows["score"] >= score].sort_values(["price_from", "price"])
    records = above[above["price"] < above["price"].cummin().shift(fill_value=np.inf)].drop_duplicates(
        "price_from", keep="last"
    )
    if len(records) < LEAST_OF_A_LINE:
        return float("nan")
    slope = np.polyfit(years(pd.DatetimeIndex(records["price_from"])), np.log(records["price"]), 1)[0]
    return float(doubling_months(-slope))


class EndPoints(NamedTuple):
    """A halving time from two prices alone."""

    first: float
    last: float
    """USD per million tokens, of the claims."""
    ratio: float
    months: dict[int, float]
    """Months to halve by the number of months between the two: counted from month to month, or with both."""


def end_points() -> EndPoints:
    """The arithmetic behind the published 2.5 and 2.6 months: two prices, and the months between them.

    Examples
    --------
    >>> print({n: round(months, 1) for n, months in end_points().months.items()})
    {20: 2.5, 21: 2.6}
    """
    claims = read_claims()
    rows = claims[claims["claim"].str.startswith("price of ")]
    dates = pd.PeriodIndex(rows["claim"].str.rpartition(", ")[2], freq="M")
    first, last = pd.to_numeric(rows["value"])
    apart = int((dates[1] - dates[0]).n)
    ratio = float(first / last)
    return EndPoints(first, last, ratio, {n: float(n * np.log(2) / np.log(ratio)) for n in (apart, apart + 1)})


def _time(fit: PriceFit, dates: Sequence[str]) -> xr.DataArray:
    """Dates as years from the mean release of the LLMs; dim ``date``."""
    time = years(pd.DatetimeIndex(list(dates))) - fit.data.attrs["origin"]
    return xr.DataArray(time, dims="date", coords={"date": list(dates)})


def _of_quality(fit: PriceFit, name: str) -> xr.DataArray:
    """Mean of departures by quality over the LLMs."""
    return (fit.posterior[name] * bare(fit.data["llm_levels"].mean("llm"))).sum("quality")


def _of_kinds(fit: PriceFit, name: str) -> xr.DataArray:
    """Mean of departures by kind over the LLMs."""
    counts = np.bincount(fit.data["llm_kind"].to_numpy(), minlength=fit.data.sizes["kind"])
    return (fit.posterior[name] * xr.DataArray(counts / counts.sum(), dims="kind")).sum("kind")


def _cheapest(fit: PriceFit) -> xr.DataArray:
    """Distance of the quantile of the study from the mean of LLMs of a quality; natural logarithms, below zero."""
    spread, share = (fit.posterior[name] for name in ("llm_spread", "one_sided"))
    grid = np.linspace(0.001, 0.999, 61)
    return spread * xr.DataArray(np.interp(share, grid, _standard_quantiles(fit.study.quantile, grid)), dims=SAMPLE)


def _standard_quantiles(quantile: float, shares: np.ndarray) -> np.ndarray:
    """Quantile of a normal and an exponential of mean zero and joint variance one, by the share of the exponential."""
    at = (np.arange(SHAPES) + 0.5) / SHAPES
    normal, rng = special.ndtri(at), np.random.default_rng(1)
    exponential = -np.log1p(-rng.permutation(at)) - 1
    drawn = np.sqrt(1 - shares)[:, None] * normal + np.sqrt(shares)[:, None] * exponential
    return np.asarray(np.quantile(drawn, quantile, axis=1))


def _within(values: np.ndarray, groups: pd.Series) -> np.ndarray:
    """Values less the mean of their group."""
    series = pd.Series(values, groups.index)
    return np.asarray(series - series.groupby(groups).transform("mean"), dtype=float)

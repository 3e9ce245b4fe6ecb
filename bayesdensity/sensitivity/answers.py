"""What one variant answers: its rates, as quantiles that stand for the posterior, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE, Estimate, rate, rate_at, window
from bayesdensity.quantities.estimate import PER_YEAR

Array = NDArray[np.float64]
Method = Literal["fit", "weights"]
QUANTILES = 999
"""Evenly spaced quantiles that stand for draws: enough for intervals, and the same on every reading."""
DIGITS = 8
FACTS = ("digest", "method", "n_llms", "n_scores", "verdict")
"""What every answer says of itself beside its rates, their errors and its window."""
ESTIMANDS: tuple[Literal["frontier", "mean"], ...] = ("frontier", "mean")


@dataclass(frozen=True, eq=False)
class Answer:
    """The rates of one variant.

    Attributes
    ----------
    rates : dict of ndarray
        Growth of ln density a year: `QUANTILES` evenly spaced quantiles, ascending, of "frontier" and "mean" over the
        window of the variant, and of both on the first of July of each year inside it ("frontier 2024-07-01").
    about : dict
        ``digest``, ``method`` (fit or weights), ``n_llms``, ``n_scores``, ``window``, Monte Carlo standard errors of
        the medians (``mcse``), convergence, ``pareto_k`` of weights, ``seconds``.
    """

    rates: dict[str, Array]
    about: dict[str, Any]

    def estimate(self, of: str, ci: float) -> Estimate:
        """One of the rates."""
        draws = xr.DataArray(self.rates[of][None], dims=SAMPLE)
        return Estimate("rate", f"growth a year of the {of} of ln density", draws, ci, PER_YEAR)

    def to_json(self) -> dict[str, Any]:
        """As a line of a file of results."""
        rates = {name: [float(f"{x:.{DIGITS}g}") for x in quantiles] for name, quantiles in self.rates.items()}
        return {**self.about, "rates": rates}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Answer:
        """From a line of a file of results."""
        about = {name: value for name, value in row.items() if name not in ("rates", "key")}
        return cls({name: np.array(values) for name, values in row["rates"].items()}, about)


def is_whole(row: dict[str, Any]) -> bool:
    """Whether a line of a file of results has all of an answer."""
    rates, window = row.get("rates"), row.get("window")
    if not isinstance(rates, dict) or not isinstance(window, list):
        return False
    numbers = all(
        isinstance(values, list) and len(values) == QUANTILES and all(isinstance(one, float | int) for one in values)
        for values in rates.values()
    )
    return numbers and rates.keys() >= set(ESTIMANDS) and row.keys() >= {"mcse", *FACTS}


def midyears(first: str, last: str) -> list[str]:
    """The first of July of each year in a window of ISO dates."""
    years = range(int(first[:4]), int(last[:4]) + 1)
    return [day for day in (f"{year}-07-01" for year in years) if first <= day <= last]


def require_rate(of: str, first: str, last: str) -> None:
    """Refuse a rate that a study with this window is not asked for.

    Parameters
    ----------
    of : str
        The rate: "frontier" or "mean", alone or followed by a date ("frontier 2024-07-01").
    first, last : str
        ISO dates of the window.

    Raises
    ------
    InputError
        If it is none of the rates over that window or at its midyears.
    """
    known = [
        f"{estimand}{when}" for estimand in ESTIMANDS for when in ("", *(f" {day}" for day in midyears(first, last)))
    ]
    if of not in known:
        raise InputError(one_of(of, known, "rate") + f" The window is {first} to {last}.")


def rates_of(fit: Fit) -> dict[str, xr.DataArray]:
    """Draws of every rate that a variant is asked for."""
    found: dict[str, xr.DataArray] = {}
    for estimand in ESTIMANDS:
        found[estimand] = rate(fit, estimand=estimand).draws
        for day in midyears(*window(fit)):
            found[f"{estimand} {day}"] = rate_at(fit, [day], estimand).draws.isel(date=0, drop=True)
    return found


def answer_of(fit: Fit) -> Answer:
    """What a fit answers."""
    import arviz

    draws = rates_of(fit)
    error = arviz.mcse(xr.Dataset(draws), method="median")
    d = fit.diagnostics
    about = _about(fit, "fit") | {
        "mcse": {name: float(error[name]) for name in draws},
        "max_rhat": d.max_rhat,
        "min_ess_bulk": d.min_ess_bulk,
        "divergences": d.divergences,
        "verdict": d.verdict,
        "sentence": d.sentence,
        "seconds": fit.about["wall_seconds"],
    }
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return Answer({name: np.quantile(values.to_numpy(), at) for name, values in draws.items()}, about)


def weighted_answer(fit: Fit, draws: dict[str, xr.DataArray], log_weight: Array, k: float) -> Answer:
    """What a fit answers when its draws are weighted; the weights sum to one.

    Parameters
    ----------
    fit : Fit
    draws : dict of DataArray
        As `rates_of` gives them, thinned as the weights are.
    log_weight : ndarray
        One for each draw.
    k : float
        Pareto shape of their tail.
    """
    weight = np.exp(log_weight)
    effective = 1 / (weight**2).sum()
    rates = {name: _weighted_quantiles(values.to_numpy().ravel(), weight) for name, values in draws.items()}
    # Of the median of so many independent draws of a normal distribution.
    mcse = {name: float(1.2533 * (q[-159] - q[158]) / 2 / np.sqrt(effective)) for name, q in rates.items()}
    about = {"mcse": mcse, "pareto_k": k, "min_ess_bulk": float(effective), "verdict": fit.diagnostics.verdict}
    return Answer(rates, _about(fit, "weights") | about)


def _about(fit: Fit, method: Method) -> dict[str, Any]:
    counts = {name: fit.about[name] for name in ("digest", "n_llms", "n_scores")}
    return {**counts, "method": method, "window": list(window(fit))}


def _weighted_quantiles(values: Array, weight: Array) -> Array:
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.interp((np.arange(QUANTILES) + 0.5) / QUANTILES, middle, values[order])

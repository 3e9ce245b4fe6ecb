"""Numbers that follow from tables of results: counts, extremes and shares, at `derived/NAME` in a path."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from results_text import results
from scipy.stats import beta

NUMBERS: dict[str, Callable[[], Any]] = {}
FAR, FRONTIER, RANKS = 1.1, "rate of the frontier", 100
LIKE_OURS = (0.7, 3.5)
"""Rates of the frontier a year that are like those of real data: doubling in 12 down to 2.4 months."""


def derived(make: Callable[[], Any]) -> Callable[[], Any]:
    """Register a number by the name of its function."""
    NUMBERS[make.__name__] = make
    return make


def _variants() -> list[dict[str, Any]]:
    return [row for row in results("sensitivity")["variants"] if row["variant"] != "default"]


def _months(row: dict[str, Any]) -> float:
    return float(row["doubling_time_months"]["median"])


@derived
def variants() -> int:
    """How many variants of the default study have an answer."""
    return len(_variants())


@derived
def fastest_variant() -> dict[str, Any]:
    """The variant with the shortest doubling time."""
    return min(_variants(), key=_months)


@derived
def slowest_variant() -> dict[str, Any]:
    """The variant with the longest doubling time."""
    return max(_variants(), key=_months)


@derived
def variants_inside() -> int:
    """Variants whose median lies in the interval of the default."""
    ends = next(row for row in results("sensitivity")["variants"] if row["variant"] == "default")[
        "doubling_time_months"
    ]
    return sum(ends["lower"] <= _months(row) <= ends["upper"] for row in _variants())


@derived
def mean_of_forms() -> dict[str, float]:
    """Smallest and largest doubling time of the mean over the forms and trends compared."""
    means = [_months(form["mean_trend"]) for form in results("forms")["fits"]]
    return {"lower": min(means), "upper": max(means)}


def _claims(verdict: str = "") -> list[dict[str, Any]]:
    return [row for row in results("claims-densing-law") if row["ours"] and verdict in (row["verdict"], "")]


@derived
def claims_compared() -> int:
    """Published claims that the default study can be compared with."""
    return len({row["claim"] for row in _claims()})


@derived
def claims_ways() -> int:
    """In how many ways: windows and LLMs."""
    return len(_claims())


@derived
def claims_inside() -> int:
    """Of these ways, those in which the published number lies inside."""
    return len(_claims("inside"))


@derived
def worlds() -> int:
    """Simulated data sets of the calibration."""
    return len(results("as-modelled-replicates"))


@derived
def covariate_worlds() -> int:
    """Simulated data sets with covariates that have effects."""
    return len(results("covariates:as-modelled-replicates"))


@derived
def departures() -> int:
    """Simulated data sets of each kind that departs from the model as it is now."""
    return int(results("departures:worlds")[0]["n"])


@derived
def coverage() -> dict[str, float]:
    """Coverage of the 90 % interval of the frontier's rate, with a binomial 90 % interval (Jeffreys)."""
    row = next(row for row in results("as-modelled") if row["quantity"] == FRONTIER)
    n, share = row["n"], row["covered_90%"]
    lower, upper = beta.ppf([0.05, 0.95], n * share + 0.5, n * (1 - share) + 0.5)
    return {"median": share, "lower": float(lower), "upper": float(upper)}


@derived
def without_published_interval() -> int:
    """Data sets for which the published procedure gave no interval."""
    row = next(row for row in results("as-modelled") if row["quantity"].startswith("published"))
    return worlds() - int(row["n"])


@derived
def true_rates() -> dict[str, float]:
    """Smallest and largest true rate of the frontier in the calibration."""
    rates = [row[f"{FRONTIER}: truth"] for row in results("as-modelled-replicates")]
    return {"lower": min(rates), "upper": max(rates)}


@derived
def negative_true_rates() -> int:
    """Data sets of the calibration in which density truly falls."""
    return sum(row[f"{FRONTIER}: truth"] < 0 for row in results("as-modelled-replicates"))


@derived
def alike() -> dict[str, int]:
    """Data sets of the calibration whose frontier moves at a rate like ours, and whose interval holds it."""
    rows = [row for row in results("as-modelled-replicates") if LIKE_OURS[0] < row[f"{FRONTIER}: truth"] < LIKE_OURS[1]]
    held = sum(0.05 * RANKS <= row[f"{FRONTIER}: rank"] <= 0.95 * RANKS for row in rows)
    return {"worlds": len(rows), "held": held}


@derived
def worst_rhat() -> dict[str, Any]:
    """Largest R-hat over all variables of a calibration fit: median over fits, and how many fits exceed 1.1."""
    found = [row["max_rhat"] for row in results("as-modelled-replicates")]
    return {"median": median(found), "above": sum(rhat > FAR for rhat in found)}


@derived
def fits_with_divergences() -> int:
    """Calibration fits with a divergent transition."""
    return sum(row["divergences"] > 0 for row in results("as-modelled-replicates"))


@derived
def fits_with_stuck_chains() -> int:
    """Calibration fits with a chain that never moved."""
    return sum(row["stuck"] > 0 for row in results("as-modelled-replicates"))


def _placing() -> list[dict[str, Any]]:
    return results("placing")


@derived
def placed_llms() -> int:
    """LLMs that were placed by fits without them."""
    return len(_placing())


@derived
def placed_held() -> float:
    """Share of them whose median by the whole fit lies in the interval of the placed density."""
    return sum(row["placed_lower"] < row["fit_median"] < row["placed_upper"] for row in _placing()) / len(_placing())


@derived
def placed_apart() -> float:
    """By how many standard deviations of the whole fit the medians differ, the median LLM."""
    return median(abs(row["placed_median"] - row["fit_median"]) / row["fit_sd"] for row in _placing())


@derived
def placed_farthest() -> float:
    """The same of the LLM that is farthest."""
    return max(abs(row["placed_median"] - row["fit_median"]) / row["fit_sd"] for row in _placing())


@derived
def placed_width() -> float:
    """Standard deviation of the placed density over that of the whole fit, the median LLM."""
    return median(row["placed_sd"] / row["fit_sd"] for row in _placing())

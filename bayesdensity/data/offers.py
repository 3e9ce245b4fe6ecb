"""Offers: what an LLM cost at a provider when it was first seen there and when it was last, and how good it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from bayesdensity.base.errors import InputError, UnidentifiedError, one_of
from bayesdensity.data.dates import years
from bayesdensity.data.tables import Tables
from bayesdensity.study.price_spec import PriceStudy

KINDS = ("closed", "open, one seller", "open, several sellers")
COMPARISONS = ("Artificial Analysis", "zeroeval")
"""Providers that compare sellers and are none."""
INPUT_PARTS, OUTPUT_PARTS = 3, 1
"""Of a blended price."""
LEAST_LLMS, LEAST_YEARS = 8, 0.5
"""LLMs, and years between the first and the last release, below which no rate can be told."""
LEAST_CHANGE_YEARS = 30 / 365.25
"""An offer that was watched for less says nothing of how its price moves."""


class Offers(NamedTuple):
    """Offers of LLMs whose quality is known, and the rows that are none."""

    benchmark: str
    offers: pd.DataFrame
    """One row for each LLM and provider: ``kind``, ``score``, ``release_date``, dates and prices, first and last."""
    rows: pd.DataFrame
    """The rows of the table behind them, with ``price``, USD per million tokens blended, and ``score``."""
    left_out: pd.DataFrame
    """Rows of the table, ``row`` and ``reason``."""
    chance: float
    """Score of an LLM that guesses."""


def read_offers(tables: Tables, benchmark: str = "MMLU") -> Offers:
    """Offers of the LLMs that have a score on a benchmark.

    Of a provider that sells an LLM under several names, the cheapest counts at any time.

    Parameters
    ----------
    tables : Tables
    benchmark : str
        Its scores are those beside the prices, and for LLMs without one there those of the scores table.

    Raises
    ------
    InputError
        If there is no such benchmark, or no price of an LLM that has a score on it.
    """
    names = tables.benchmarks["benchmark"].to_numpy(str)
    if benchmark not in names:
        raise InputError("benchmarks.csv: " + one_of(benchmark, names, "benchmark") + " Or add a row for it.")
    prices = tables.prices.copy()
    if prices.empty:
        raise InputError("prices.csv: has no rows; add some, or leave the file out for the bundled one.")
    mixed = INPUT_PARTS * prices["usd_per_mtok_input"] + OUTPUT_PARTS * prices["usd_per_mtok_output"]
    prices["price"] = prices["usd_per_mtok_blended"].fillna(mixed / (INPUT_PARTS + OUTPUT_PARTS))
    prices["kind"] = _kinds(prices)
    prices["score"] = prices["llm"].map(_scores(tables, benchmark))
    prices["price_from"] = prices["price_from"].fillna(prices["price_to"])
    prices["price_to"] = prices["price_to"].fillna(prices["price_from"])
    reason = _reasons(prices, benchmark)
    left_out = pd.DataFrame({"row": prices.index[reason != ""], "reason": reason[reason != ""].to_numpy()})
    kept = prices[reason == ""]
    if kept.empty:
        counted = "; ".join(f"{n} rows: {why}" for why, n in reason.value_counts().items())
        raise InputError(f"prices.csv: no price is of an LLM with a score on '{benchmark}' ({counted}).")
    chance = float(tables.benchmarks["chance"].to_numpy(float)[names == benchmark][0])
    return Offers(benchmark, _offers(kept), kept, left_out, chance)


def assemble_offers(study: PriceStudy, offers: Offers) -> xr.Dataset:
    """Join offers into what the model sees: labels, times in years, natural logarithms of prices.

    Parameters
    ----------
    study : PriceStudy
    offers : Offers
        Of the benchmark of the study.

    Raises
    ------
    InputError
        If a level is what guessing gives, or less.
    UnidentifiedError
        If there are too few LLMs, or all were released at about the same time.
    """
    if (lowest := min(*study.levels, study.reference)) <= offers.chance:
        raise InputError(
            f"level {lowest:g}: guessing alone gives {offers.chance:g} on '{study.benchmark}'; name scores above that."
        )
    table = offers.offers
    llms = table.groupby("llm")[["kind", "score", "release_date"]].first()
    released = years(pd.DatetimeIndex(llms["release_date"]))
    span = float(np.ptp(released))
    if len(llms) < LEAST_LLMS or span < LEAST_YEARS:
        raise UnidentifiedError(
            f"{len(llms)} LLMs with a price and a score on '{study.benchmark}', released within {span:.1f} years, "
            "cannot "
            f"tell how fast prices fall; at least {LEAST_LLMS} over {LEAST_YEARS:g} years are needed."
        )
    origin = float(released.mean())
    kinds = [kind for kind in KINDS if kind in set(llms["kind"])]
    providers, provider = np.unique(table["provider"].to_numpy(str), return_inverse=True)
    llm = llms.index.get_indexer(table["llm"])
    watched = (table["last_date"] - table["first_date"]).dt.days.to_numpy() / 365.25
    change, moved = np.log(table["last_price"] / table["first_price"]).to_numpy(), watched >= LEAST_CHANGE_YEARS
    at, years_watched, rate, squares = sums_of_steps(llm[moved], watched[moved], change[moved])
    return xr.Dataset(
        {
            "llm_kind": ("llm", [kinds.index(kind) for kind in llms["kind"]]),
            "llm_release": ("llm", released - origin),
            "llm_quality": ("llm", special.logit(llms["score"].to_numpy(float)) - special.logit(study.reference)),
            "llm_levels": (("llm", "quality"), between_levels(study, llms["score"].to_numpy(float))),
            "offer_llm": ("offer", llm),
            "offer_provider": ("offer", provider),
            # One source may list a price a few days before the release that another one states.
            "offer_age": ("offer", np.maximum(years(pd.DatetimeIndex(table["first_date"])) - released[llm], 0.0)),
            "offer_log_price": ("offer", np.log(table["first_price"].to_numpy(float))),
            "watched_llm": ("watched", at),
            "watched_years": ("watched", years_watched),
            "watched_rate": ("watched", rate),
            "step_squares": squares,
        },
        coords={
            "llm": llms.index.to_numpy(str),
            "kind": kinds,
            "provider": providers,
            "quality": [f"{level:g}" for level in study.levels],
        },
        attrs={"origin": origin, "step_degrees": int(moved.sum()) - len(at)},
    )


def sums_of_steps(llm: np.ndarray, watched: np.ndarray, change: np.ndarray) -> tuple[np.ndarray, ...]:
    """All that random walks with the drift of their LLM say of it: LLMs, years watched, mean rate, squares about it.

    Parameters
    ----------
    llm : ndarray
        Of each offer, as an index.
    watched : ndarray
        Years between its first and its last price.
    change : ndarray
        Of the log price.
    """
    at, inverse = np.unique(llm, return_inverse=True)
    total = np.bincount(inverse, watched, minlength=len(at))
    rate = np.bincount(inverse, change, minlength=len(at)) / total
    return at, total, rate, np.array(((change - rate[inverse] * watched) ** 2 / watched).sum())


def between_levels(study: PriceStudy, scores: np.ndarray) -> np.ndarray:
    """Weights that interpolate between levels of quality on the logit, shape (score, level); constant beyond them."""
    knots, at = special.logit(np.array(study.levels)), special.logit(scores)
    return np.stack([np.interp(at, knots, one) for one in np.eye(len(knots))], axis=-1)


def _kinds(prices: pd.DataFrame) -> pd.Series:
    """Closed, or open weights by whether several providers sell them."""
    sellers = prices[~prices["provider"].isin(COMPARISONS)].groupby("llm")["provider"].nunique()
    several = prices["llm"].map(sellers).fillna(0) > 1
    is_open = prices.groupby("llm")["weights_open"].transform(lambda cells: (cells == "yes").any())
    return pd.Series(np.select([~is_open, ~several], KINDS[:2], KINDS[2]), prices.index)


def _scores(tables: Tables, benchmark: str) -> pd.Series:
    """Score of each LLM: the median of those beside its prices, or else of its best mode in the scores table."""
    beside = tables.prices[(tables.prices["benchmark"] == benchmark) & (tables.prices["flag"] != "suspect-score")]
    scores = tables.scores[(tables.scores["benchmark"] == benchmark) & (tables.scores["flag"] == "")]
    if len(scores):  # scores of several harnesses are several scales
        scores = scores[scores["harness"] == scores.groupby("harness")["llm"].nunique().idxmax()]
    post = tables.llms[tables.llms["stage"] != "base"].set_index("llm")["weights"]
    weights = scores["llm"].map(post)
    elsewhere = scores.groupby(weights)["score"].max()
    return beside.groupby("llm")["score"].median().combine_first(elsewhere)


def _reasons(prices: pd.DataFrame, benchmark: str) -> pd.Series:
    """Why a row is no offer; empty where it is one."""
    rules = {
        "the price is suspect": prices["flag"] == "suspect",
        "an entry that was corrected within a day": prices["flag"] == "corrected",
        "free of charge": prices["price"] == 0,
        f"the LLM has no score on {benchmark}": prices["score"].isna() | ~prices["score"].between(0, 1, "neither"),
        "the LLM has no release date": prices["release_date"].isna(),
    }
    return pd.Series(np.select(list(rules.values()), list(rules), ""), prices.index)


def _offers(rows: pd.DataFrame) -> pd.DataFrame:
    """The cheapest price of each LLM at each provider on the first and on the last day that one is known."""
    made = []
    for (llm, provider), group in rows.groupby(["llm", "provider"]):
        first, last = group["price_from"].min(), group["price_to"].max()
        made.append(
            {
                "llm": llm,
                "provider": provider,
                "kind": group["kind"].iloc[0],
                "score": float(group["score"].iloc[0]),
                # A price may be older than the date that a source gives for the release.
                "release_date": rows.loc[rows["llm"] == llm, "release_date"].min(),
                "first_date": first,
                "first_price": float(group.loc[group["price_from"] == first, "price"].min()),
                "last_date": last,
                "last_price": float(group.loc[group["price_to"] == last, "price"].min()),
            }
        )
    return pd.DataFrame(made)

"""The model of prices: a frontier of price in quality and release date, one-sided markups, and prices as steps."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.model.parameters import draw
from bayesdensity.study.price_spec import PriceStudy

OFFER_DF = 4.0
"""Degrees of freedom of offers about what they should cost: promotions and slips are not rare."""


def build_prices(study: PriceStudy, data: xr.Dataset) -> pm.Model:
    """Build the model of prices.

    Parameters
    ----------
    study : PriceStudy
    data : xarray.Dataset
        As `bayesdensity.data.offers.assemble_offers` makes it.

    Returns
    -------
    pymc.Model
        Log price of an offer when it was first seen: that of its quality, less the rate at fixed quality times the
        release date of its LLM (the rate may change evenly with that date), less the rate of the LLM's own price times
        its age, and markups of LLM, provider and offer. From then on it is a random walk that falls at the LLM's own
        rate, of which first and last tell all.
    """
    coords = {name: data[name].to_numpy() for name in ("llm", "kind", "provider", "quality")}
    with pm.Model(coords=coords, check_bounds=False) as model:
        kind, levels = data["llm_kind"].to_numpy(), data["llm_levels"].to_numpy()
        bend = _departures(study, "bend", "bend_spread", "quality", data)
        gap = _departures(study, "gap", "kind_gap", "kind", data)
        of_quality = _departures(study, "rate_of_quality", "rate_spread_quality", "quality", data)
        of_kind = _departures(study, "rate_of_kind", "rate_spread_kind", "kind", data)
        rate = draw(study, "price_rate") + pt.dot(levels, of_quality) + of_kind[kind]
        own = draw(study, "own_rate", dims="kind")[kind]
        curve = draw(study, "level") + draw(study, "quality_slope") * data["llm_quality"].to_numpy()
        curve = curve + pt.dot(levels, bend) + gap[kind]
        spread, one_sided = draw(study, "llm_spread"), pm.Deterministic("one_sided", draw(study, "one_sided_share"))
        # Dearer than the frontier by an exponential, and about it by a normal, as one variable: two would be a ridge.
        markup, scatter = spread * pt.sqrt(one_sided), spread * pt.sqrt(1 - one_sided)
        released = data["llm_release"].to_numpy()
        typical = curve - rate * released + draw(study, "slowing") * released**2 / 2
        llm = pm.ExGaussian("llm_log_price", mu=typical - markup, sigma=scatter, nu=markup, dims="llm")
        seller = pm.Normal("provider_about", 0.0, draw(study, "provider_spread"), dims="provider")
        at, by = data["offer_llm"].to_numpy(), data["offer_provider"].to_numpy()
        expected = llm[at] + seller[by] - own[at] * data["offer_age"].to_numpy()
        observed = pm.Data("offer_log_price", data["offer_log_price"].to_numpy())
        noise = draw(study, "offer_scatter")
        pm.StudentT("first_price", nu=OFFER_DF, mu=expected, sigma=noise, observed=observed)
        if data.sizes["watched"]:
            _steps(study, data, own)
    return model


def _steps(study: PriceStudy, data: xr.Dataset, own: Any) -> None:
    """What offers changed by while they were watched; LLMs differ, and all their offers with them.

    Steps of an offer are a normal random walk. Jumps are rare and large, and most changes are none, but a normal has
    the mean right, where heavy tails would not. Of each LLM the mean rate over its offers then says all about its
    rate, which is integrated out, and the squares about these rates all about the scatter.
    """
    at, watched = data["watched_llm"].to_numpy(), data["watched_years"].to_numpy()
    spread, scatter = draw(study, "own_spread"), draw(study, "step_scatter")
    change = pm.Data("watched_rate", data["watched_rate"].to_numpy())
    pm.Normal("price_change", -own[at], pt.sqrt(spread**2 + scatter**2 / watched), observed=change)
    if degrees := data.attrs["step_degrees"]:
        squares = pm.Data("step_squares", data["step_squares"].to_numpy())
        pm.Gamma("price_steps", alpha=degrees / 2, beta=0.5 / scatter**2, observed=squares)


def _departures(study: PriceStudy, name: str, prior: str, dim: str, data: xr.Dataset) -> Any:
    """Departures of what shares a dim from what it has in common; they sum to zero, and one alone has none."""
    if data.sizes[dim] == 1:
        return pm.Deterministic(name, pt.zeros(1), dims=dim)
    stated = study.priors[prior]
    if stated.shape == "normal":
        return pm.ZeroSumNormal(name, sigma=stated.sigma, dims=dim)
    # A few departures that data hardly tell from none: about a unit, they do not narrow with their spread.
    return pm.Deterministic(name, draw(study, prior) * pm.ZeroSumNormal(f"{name}_raw", sigma=1.0, dims=dim), dims=dim)

"""Fit the model of prices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr

from bayesdensity.base.cards import Card
from bayesdensity.base.defaults import CHAINS, DRAWS, TUNE
from bayesdensity.data.offers import Offers, assemble_offers
from bayesdensity.inference.convergence import verdict_rows
from bayesdensity.inference.result import Sampled
from bayesdensity.inference.sampling import Progress, Ready, compile_model, fit_parts, run_sampler, versions, with_data
from bayesdensity.study.price_spec import PriceStudy

TARGET_ACCEPT = 0.99
"""High, for departures that data hardly tell from none make a funnel with their spread."""


@dataclass(frozen=True, eq=False, repr=False)
class PriceFit(Sampled[PriceStudy]):
    """Posterior of the model of prices with the offers it saw, as `assemble_offers` makes them."""

    def card(self) -> Card:
        """What it is of, the offers it saw, and its verdict; nothing is computed."""
        sizes = self.data.sizes
        rows = {
            "data": f"{sizes['offer']} offers of {sizes['llm']} LLMs by {sizes['provider']} providers",
            "estimand": f"months in which the price at fixed {self.study.benchmark} halves",
            "draws": self.counted_draws(),
            **verdict_rows(self.known_diagnostics, (), "halving_times(fit), price_frontier(fit, ...)"),
        }
        return Card("PriceFit", tuple(rows.items()))


def prepare_prices(study: PriceStudy, data: xr.Dataset) -> Ready[PriceStudy]:
    """Compile the model of prices, which may be sampled again with others of the same offers."""
    from bayesdensity.model.prices import build_prices

    start = time.monotonic()
    compiled, kept = compile_model(build_prices(study, data))
    counts = {f"n_{name}s": data.sizes[name] for name in ("llm", "offer", "provider")}
    about = {"digest": study.digest, "versions": versions(), **counts}
    return Ready(study, data, about, compiled, kept, time.monotonic() - start)


def sample_prices(
    prepared: Ready[PriceStudy],
    data: xr.Dataset | None = None,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    cores: int | None = None,
    progress: Progress | None = None,
) -> PriceFit:
    """Sample the posterior of prices made ready.

    Parameters
    ----------
    prepared : Ready
    data : xarray.Dataset, optional
        Other prices of the same offers; None: those it was prepared with.
    chains, draws, tune, seed, progress
        As for `bayesdensity.fit`.
    cores : int, optional
        Chains sampled at a time; None: as many as the machine has cores. The draws are the same.
    """
    start, seen = time.monotonic(), prepared.data if data is None else data
    settings: dict[str, Any] = {"chains": chains, "draws": draws, "tune": tune, "target_accept": TARGET_ACCEPT}
    compiled = with_data(prepared.compiled, seen)
    tree = run_sampler(compiled, cores=cores, progress=progress, seed=seed, **settings)
    return PriceFit(data=seen, **fit_parts(prepared, tree, start, seed, settings))


def fit_prices(
    study: PriceStudy,
    offers: Offers,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    seed: int = 1,
    progress: Progress | None = None,
    stage: Callable[[str], None] | None = None,
) -> PriceFit:
    """Sample the posterior of a frontier of prices.

    Parameters
    ----------
    study : PriceStudy
    offers : Offers
        As `bayesdensity.read_offers` gives them, of the benchmark of the study.
    chains, draws, tune, seed, progress, stage
        As for `bayesdensity.fit`.

    Returns
    -------
    PriceFit

    Raises
    ------
    UnidentifiedError
        If there are too few LLMs, or all were released at about the same time.
    """
    data = assemble_offers(study, offers)
    if stage is not None:
        stage("compile")
    prepared = prepare_prices(study, data)
    if stage is not None:
        stage("sample")
    return sample_prices(prepared, chains=chains, draws=draws, tune=tune, seed=seed, progress=progress)

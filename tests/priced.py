"""Offers with known truth: what the model of prices says, drawn from it at stated parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from bayesdensity.data.offers import KINDS, between_levels, sums_of_steps
from bayesdensity.inference.pricing import PriceFit
from bayesdensity.study.price_spec import PriceStudy

TRUTH: dict[str, float] = {
    **{"level": -1.0, "quality_slope": 2.0, "rate": 2.1, "slowing": 0.3, "own": 0.2, "own_spread": 0.1},
    **{"markup": 0.5, "scatter": 0.4, "provider": 0.4, "offer": 0.3, "step": 0.5},
}
"""Of the offers, rates in natural logarithms a year."""
KIND_RATE = np.array([-0.2, 0.2])
"""Departures of the rate of closed and of open weights."""


def offers_with_truth(study: PriceStudy, seed: int, llms: int = 60, each: int = 4) -> xr.Dataset:
    """A dataset as `assemble_offers` makes it.

    Parameters
    ----------
    study : PriceStudy
    seed : int
        Of the prices alone: who sells what, and how good it is, are always the same.
    llms : int
        Number of LLMs.
    each : int
        Offers of each.
    """
    design, rng, true = np.random.default_rng(5), np.random.default_rng(seed), TRUTH
    released, score = design.uniform(-1.5, 1.5, llms), design.uniform(0.55, 0.92, llms)
    released -= released.mean()
    kind, llm = np.arange(llms) % 2, np.repeat(np.arange(llms), each)
    provider, age, watched = (design.integers(0, 12, len(llm)), *design.uniform(0.1, 1.0, (2, len(llm))))
    quality = special.logit(score) - special.logit(study.reference)
    typical = true["level"] + true["quality_slope"] * quality - (true["rate"] + KIND_RATE[kind]) * released
    typical += true["slowing"] * released**2 / 2
    about = true["markup"] * (rng.exponential(size=llms) - 1) + true["scatter"] * rng.standard_normal(llms)
    own = true["own"] + true["own_spread"] * rng.standard_normal(llms)
    price = (typical + about)[llm] + true["provider"] * rng.standard_normal(12)[provider] - true["own"] * age
    price += true["offer"] * rng.standard_t(4, len(llm))
    change = -own[llm] * watched + true["step"] * np.sqrt(watched) * rng.standard_normal(len(llm))
    at, years, rate, squares = sums_of_steps(llm, watched, change)
    variables: dict[str, Any] = {
        "llm_kind": ("llm", kind),
        "llm_release": ("llm", released),
        "llm_quality": ("llm", quality),
        "llm_levels": (("llm", "quality"), between_levels(study, score)),
        "offer_llm": ("offer", llm),
        "offer_provider": ("offer", provider),
        "offer_age": ("offer", age),
        "offer_log_price": ("offer", price),
        "watched_llm": ("watched", at),
        "watched_years": ("watched", years),
        "watched_rate": ("watched", rate),
        "step_squares": squares,
    }
    coords = {
        "llm": [f"llm-{k}" for k in range(llms)],
        "kind": list(KINDS[::2]),
        "provider": [f"provider-{k}" for k in range(12)],
        "quality": [f"{level:g}" for level in study.levels],
    }
    return xr.Dataset(variables, coords, {"origin": 24.0, "step_degrees": len(llm) - len(at)})


def made_fit(study: PriceStudy, data: xr.Dataset, diverging: int = 0) -> PriceFit:
    """A fit whose draws are made up, of the shape of sampled ones: for what is said of a fit, not for its numbers."""
    rng, chains, draws = np.random.default_rng(3), 4, 250

    def drawn(middle: float, *dims: str) -> Any:
        shape = (chains, draws, *(data.sizes[dim] for dim in dims))
        return ("chain", "draw", *dims), middle + 0.1 * rng.standard_normal(shape)

    middles = {
        "level": -1.0,
        "quality_slope": 2.0,
        "price_rate": 2.0,
        "slowing": 0.1,
        "llm_spread": 0.9,
    }
    posterior = xr.Dataset(
        {name: drawn(middle) for name, middle in middles.items()}
        | {"one_sided": (("chain", "draw"), rng.uniform(0.2, 0.8, (chains, draws)))}
        | {name: drawn(0.0, "quality") for name in ("bend", "rate_of_quality")}
        | {name: drawn(0.0, "kind") for name in ("gap", "rate_of_kind")}
        | {"own_rate": drawn(0.5, "kind")},
        {name: data[name] for name in ("quality", "kind")},
    )
    stats = {name: drawn(0.0) for name in ("logp", "energy", "step_size")}
    stats["n_steps"] = (("chain", "draw"), np.full((chains, draws), 15))
    stats["diverging"] = (("chain", "draw"), (np.arange(chains * draws) < diverging).reshape(chains, draws))
    about = {"digest": study.digest, "seed": 1, "versions": {}, "wall_seconds": {"compile": 1.0, "sample": 1.0}}
    about |= {f"n_{name}s": data.sizes[name] for name in ("llm", "offer", "provider")}
    return PriceFit(posterior, xr.Dataset(stats), data, study, about)

"""The equations of a simulated world, written again without the package."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from string import ascii_lowercase
from typing import Any

import numpy as np
import xarray as xr
from farther import counted, uncounted
from remade import remade as remade_with
from rows import of_targets

from bayesdensity import quantities
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import WORLDS, Simulated, World, simulate_scores
from bayesdensity.simulate.scores import _log_densities

REPETITIONS = 3000
MODELLED = WORLDS["as-modelled"]


def simulated(fit: Fit, seed: int, world: str = "as-modelled") -> Simulated:
    """A world of the first draw of a fit."""
    return simulate_scores(fit, 0, 0, np.random.default_rng(seed), WORLDS[world])


def one_draw(fit: Fit, chain: int = 0, draw: int = 11, **values: float) -> Fit:
    """One draw of a fit, some variables of it set to a number."""
    draws = fit.posterior.isel(chain=[chain], draw=[draw])
    return replace(fit, posterior=draws.assign({name: draws[name] * 0 + value for name, value in values.items()}))


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """One draw of the fit, as if of another form of the frontier, with strong inefficiencies; sides spread alike."""
    one = one_draw(fit, 1, 7, noise_scale=0.2, family_scale=0.3, dispersion_growth=0.15)
    change = {"dispersion": "growing"} | change
    return remade_with(one, change, inefficiency_scale=0.5, family_inefficiency_scale=0.5)


def renamed(data: xr.Dataset, stems: list[str]) -> xr.Dataset:
    """The dataset with families of other names: the stems, and numbers after them."""
    names = [f"{stems[k % len(stems)]}{k / 2:g}" for k in range(data.sizes["family"])]
    return data.assign_coords(family=names)


def crowd(data: xr.Dataset, n: int) -> xr.Dataset:
    """LLMs and families of the dataset as many times over; a family is related to others of its own time only."""
    llms, families = data.sizes["llm"], data.sizes["family"]
    words = ["".join(word) for word in product(ascii_lowercase, repeat=3)][:n]
    return xr.Dataset(
        {
            "time": ("llm", np.tile(data["time"], n)),
            "family_index": ("llm", np.tile(data["family_index"], n) + families * np.repeat(np.arange(n), llms)),
            "family_time": ("family", np.tile(data["family_time"], n)),
        },
        coords={"family": [word + str(name) for word in words for name in data["family"].to_numpy()]},
    )


def residuals(one: Fit, seed: int, world: World = MODELLED) -> np.ndarray:
    """ln densities about their mean, shape (repetition, llm)."""
    many = replace(one, data=crowd(one.data, REPETITIONS))
    at = one.posterior.isel(chain=0, draw=0)
    found = _log_densities(many, at, np.random.default_rng(seed), world)
    mean = quantities.growth.mean_at(one, one.data["time"]).to_numpy()[0, 0]
    return found.reshape(REPETITIONS, -1) - mean


def point_of(fit: Fit) -> dict[str, np.ndarray]:
    return {str(name): values.to_numpy()[0, 0] for name, values in fit.posterior.data_vars.items()}


def expected_sizes(fit: Fit, log_density: np.ndarray) -> np.ndarray:
    """Log size of the cell of each target's score, before the cell's own departure."""
    data, point = fit.data, point_of(fit)
    cell = data["score_cell"].to_numpy()[of_targets(data)]
    entity, bench = data["cell_entity"].to_numpy()[cell], data["cell_benchmark"].to_numpy()[cell]
    size = (data["log_size"].to_numpy() + log_density - point["level"].mean())[entity]
    return np.asarray(size + point["benchmark_slope"][bench] * data["time"].to_numpy()[entity])


def expected_scores(fit: Fit, size: np.ndarray) -> np.ndarray:
    """Scores of targets at log sizes, with the effects of their harnesses and no noise of items."""
    data, point = fit.data, point_of(fit)
    bench, harness = (data[f"score_{part}"].to_numpy()[of_targets(data)] for part in ("benchmark", "harness"))
    exponent = point["link_exponent"][bench]
    size = counted(size, point["link_largest"][bench], point["link_stretch"][bench])
    eta = point["link_level"][bench] + point["link_slope"][bench] * (1 - np.exp(-exponent * size)) / exponent
    eta = eta + point["harness_effect"][harness]
    floor, top = data["floor"].to_numpy()[bench], point["ceiling"][bench]
    return np.asarray(floor + (top - floor) / (1 + np.exp(-eta)))


def logits(fit: Fit, scores: np.ndarray) -> np.ndarray:
    """Logits of noiseless scores of targets."""
    data, own = fit.data, of_targets(fit.data)
    bench = data["score_benchmark"].to_numpy()[own]
    floor, top = data["floor"].to_numpy()[bench], point_of(fit)["ceiling"][bench]
    share = (scores[own] - floor) / (top - floor)
    return np.asarray(np.log(share / (1 - share)))


def implied_sizes(fit: Fit, scores: np.ndarray) -> np.ndarray:
    """Log sizes that noiseless scores of targets imply."""
    data, point, own = fit.data, point_of(fit), of_targets(fit.data)
    bench, harness = (data[f"score_{part}"].to_numpy()[own] for part in ("benchmark", "harness"))
    level, slope, exponent = (point[f"link_{part}"][bench] for part in ("level", "slope", "exponent"))
    eta = logits(fit, scores) - point["harness_effect"][harness]
    counts_for = -np.log(1 - exponent * (eta - level) / slope) / exponent
    return np.asarray(uncounted(counts_for, point["link_largest"][bench], point["link_stretch"][bench]))


def noiseless(fit: Fit) -> Fit:
    """One draw, with so many items that scores have no noise of their own; the link goes on beyond its members."""
    quiet = one_draw(fit, overdispersion=0, link_stretch=0)
    return replace(quiet, data=quiet.data.assign(n_items=quiet.data["n_items"] * 0 + 1e18))

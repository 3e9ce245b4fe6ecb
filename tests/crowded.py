"""More families than the small world has: as many as those of the shipped study, for what few of them cannot show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from bayesdensity.inference.result import Fit

FAMILIES = 60


def crowded(fit: Fit) -> Fit:
    """The fit with four times its families and LLMs: of other kinds, tokens and sizes, and each with its cells."""
    rng = np.random.default_rng(31)
    data, times = fit.data, FAMILIES // fit.data.sizes["family"]
    llms, families, cells = data.sizes["llm"], data.sizes["family"], int(data.attrs["n_target_cells"])
    copies, time = np.arange(times), np.tile(data["time"].to_numpy(), times)
    entity = (data["cell_entity"].to_numpy()[:cells] + llms * copies[:, None]).ravel()
    single = rng.random(len(entity)) < 0.5 + 0.2 * time[entity] / np.abs(time).max()
    score_cell = np.repeat(np.arange(len(entity)), np.where(single, 1, 2))
    more = xr.Dataset(
        {
            "time": ("llm", time),
            "log_size": ("llm", rng.normal(0, 1.2, llms * times)),
            "log_train_tokens": (
                "llm",
                np.where(rng.random(llms * times) < 0.1, np.nan, 29 + rng.normal(0, 1, llms * times)),
            ),
            "family_index": ("llm", (data["family_index"].to_numpy() + families * copies[:, None]).ravel()),
            "family_time": ("family", np.tile(data["family_time"].to_numpy(), times)),
            "cell_entity": ("cell", entity),
            "cell_benchmark": ("cell", np.tile(data["cell_benchmark"].to_numpy()[:cells], times)),
            "score_cell": ("score", score_cell),
            "score_keep": ("score", np.ones(len(score_cell), dtype=bool)),
        },
        coords={
            "architecture": ("llm", np.where(rng.random(llms * times) < 0.25, "moe", "dense")),
            "lab_type": ("llm", np.array(["company", "academic", "company"])[np.arange(llms * times) % 3]),
        },
        attrs=data.attrs | {"n_target_cells": len(entity)},
    )
    more["score_benchmark"] = ("score", more["cell_benchmark"].to_numpy()[score_cell])
    more["score_harness"] = ("score", 0 * score_cell)
    kept = fit.posterior.drop_dims(["llm", "family", "cell", "score", "harness", "reference"], errors="ignore")
    sizes = {"llm": llms * times, "family": FAMILIES, "cell": len(entity), "harness": 1, "reference": 1}
    hold = {
        dim: xr.DataArray(np.zeros((*kept["rate"].shape, n)), dims=("chain", "draw", dim)) for dim, n in sizes.items()
    }
    latent = {"log_density_relative": "llm", "family_effect": "family", "cell_departure": "cell"}
    latent |= {"harness_effect": "harness", "recipe": "reference"}
    posterior = kept.assign({name: hold[dim] for name, dim in latent.items()}).assign_coords(family=np.arange(FAMILIES))
    more["knot_time"] = data["knot_time"]
    more["harness_benchmark"] = ("harness", [0])
    more = more.assign_coords(benchmark=data["benchmark"])
    return replace(fit, data=more, posterior=posterior)

"""Scores with known truth, in the places of real ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bayesdensity import frontier as forms
from bayesdensity import laws
from bayesdensity.fit import Fit
from bayesdensity.quantities.trend import mean_at
from bayesdensity.study import Frontier


class Simulated(NamedTuple):
    """Simulated scores, and the log density that is true of each LLM."""

    scores: np.ndarray
    """Dim ``score``."""
    log_density: np.ndarray
    """Dim ``llm``, averaged over the benchmarks."""


def simulate_scores(fit: Fit, chain: int, draw: int, rng: np.random.Generator) -> Simulated:
    """New LLMs and scores from one posterior draw of the parameters that LLMs share.

    Which LLMs there are, their sizes, dates and families, who measured what, and the reference stay; log densities,
    departures on single benchmarks, effects of families and harnesses, and the noise are drawn anew.

    Parameters
    ----------
    fit : Fit
    chain, draw : int
        Which posterior draw is the truth.
    rng : numpy.random.Generator

    Returns
    -------
    Simulated
    """
    data, form = fit.data, fit.study.frontier
    at = fit.posterior.isel(chain=chain, draw=draw)

    def of(name: str) -> Any:
        return at[name].to_numpy() if name in at else 0.0

    one = Fit(fit.posterior.isel(chain=[chain], draw=[draw]), fit.sample_stats, data, fit.study, fit.about)
    log_density = mean_at(one, data["time"]).to_numpy()[0, 0]
    if form.family_effects:
        spread = forms.dispersion(data["family_time"].to_numpy(), of("dispersion_growth"))
        effect = _drawn(
            form, form.family_one_sided, rng, of("family_scale"), of("family_inefficiency_scale"), spread.shape
        )
        log_density = log_density + (spread * effect)[data["family_index"].to_numpy()]
    spread = forms.dispersion(data["time"].to_numpy(), of("dispersion_growth"))
    own = _drawn(form, form.llm_one_sided, rng, of("noise_scale"), of("inefficiency_scale"), log_density.shape)
    log_density = log_density + spread * own
    return Simulated(_scores(data, at, log_density - of("level").mean(), rng), log_density)


def _drawn(
    form: Frontier, is_one_sided: bool, rng: np.random.Generator, symmetric: Any, one_sided: Any, shape: Any
) -> np.ndarray:
    kind: forms.Form = form.form if is_one_sided else "symmetric"
    return forms.composed_draw(kind, rng, symmetric, one_sided, shape)


def _scores(data: xr.Dataset, at: xr.Dataset, relative: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    entity, bench = data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy()
    n, n_llms = int(data.attrs["n_target_cells"]), data.sizes["llm"]
    own = (data["log_size"].to_numpy() + relative)[entity[:n]]
    size = own + at["benchmark_slope"].to_numpy()[bench[:n]] * data["time"].to_numpy()[entity[:n]]
    if len(bench) > n:
        recipe = rng.normal(0, float(at["recipe_residual"]), data.sizes["reference"])
        member = entity[n:] - n_llms
        members = (data["reference_log_size"].to_numpy() + recipe)[member] - at["level"].to_numpy()[bench[n:]]
        size = np.concatenate([size, members])
    size = size + rng.normal(0, at["cell_scatter"].to_numpy()[bench])
    link = laws.Link(*(at[f"link_{part}"].to_numpy()[bench] for part in laws.Link._fields))
    of_harness = data["harness_benchmark"].to_numpy()
    harness = rng.normal(0, at["harness_scale"].to_numpy()[of_harness])
    cell, of = data["score_cell"].to_numpy(), data["score_benchmark"].to_numpy()
    eta = laws.logit_of_size(link, size)[cell] + harness[data["score_harness"].to_numpy()]
    expected = laws.score(eta, data["floor"].to_numpy()[of], at["ceiling"].to_numpy()[of])
    sd = laws.score_sd(expected, data["n_items"].to_numpy()[of], at["overdispersion"].to_numpy()[of])
    return np.asarray(np.clip(rng.normal(expected, sd), 0.0, 1.0))

"""A ladder of trainings as the reference: its loss law, its loss-to-score map, and the link that they make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.ladder_axis import link_in_sizes
from bayesdensity.model.beyond import less_known_beyond
from bayesdensity.model.coordinates import INFORMED, Geometry, group_sum, normal_logp
from bayesdensity.model.linearised import implied_logits
from bayesdensity.model.loss_law import draw_law, group_mean, keep_law, observe_losses
from bayesdensity.model.parameters import Stated, draw
from bayesdensity.study.spec import Study


def ladder_law(study: Study, data: xr.Dataset, geometry: Geometry = INFORMED) -> laws.LadderLaw:
    """Loss law of each benchmark at the centre of the ladder, fitted to its losses.

    The elasticities at the centre are sampled, and the exponents follow from them and the shares: a ladder knows
    ``alpha * w_N`` to a few per cent and either factor alone only weakly.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry

    Returns
    -------
    LadderLaw
        Its level includes what the anchors miss the law by; dim ``benchmark``.
    """
    observed, bench = np.log(data["run_loss"].to_numpy()), data["run_benchmark"].to_numpy()
    centre = group_mean(observed, bench)
    law = draw_law(study.law.form, study, centre, "benchmark")
    at = {letter: data[f"run_log_{letter}"].to_numpy() for letter in law.reads}
    expected = pt.log(law.mapped(lambda part: part[bench]).loss(at))
    scale, noise = draw(study, "law_misfit"), draw(study, "loss_noise", dims="benchmark")
    # The anchors know the miss far better than its prior does; the information is that of a Student-t.
    beyond, df = data["run_beyond"].to_numpy(), study.law.noise_df
    weight = np.bincount(bench, beyond, len(centre)) * (df + 1) / (df + 3) / noise**2
    seen = group_sum(beyond * (observed - expected), bench, len(centre)) / np.maximum(np.bincount(bench, beyond), 1)
    precision = weight + 1 / scale**2
    miss, jacobian = geometry.effect("law_miss", "benchmark", weight * seen / precision, precision)
    pm.Potential("law_latent", jacobian + geometry.stated("law_miss", normal_logp(miss, 0.0, scale)))
    expected = expected + beyond * miss[bench]
    keep_law(law, "benchmark")
    observe_losses("run_loss", observed, expected, study.law, noise[bench])
    return replace(law, log_loss_centre=law.log_loss_centre + miss)


def score_map(
    study: Stated, data: xr.Dataset, top: Any, geometry: Geometry = INFORMED, *, alone: bool = False
) -> tuple[Any, Any, Any]:
    """Loss-to-score map: logit at the centre of its losses, logits per unit of loss, that centre; dim ``benchmark``.

    Parameters
    ----------
    study : Stated
    data : xarray.Dataset
    top : Any
        Ceiling of the score; dim ``benchmark``.
    geometry : Geometry
    alone : bool
        Whether no target informs the map: targets move it to where other coordinates serve better.
    """
    observed, bench, training = (data[f"map_{part}"].to_numpy() for part in ("loss", "benchmark", "training"))
    score, floor = data["map_value"].to_numpy(), data["floor"].to_numpy()
    centre = data["map_centre"].to_numpy()
    # Stated for a ceiling of 1 and carried to the actual ceiling at equal score: the two would move together.
    stated = pm.Normal("map_logit_below_one", data["map_centre_logit"].to_numpy(), 1.0, dims="benchmark")
    reached = pt.clip(laws.logistic(stated) * (1 - floor) / (top - floor), 1e-4, 1 - 1e-4)
    logit = pm.Deterministic("map_logit", pt.log(reached / (1 - reached)), dims="benchmark")
    if alone:
        # For the same reason the slope is sampled as the rise of the score there, which is what trainings know.
        prior, rise = study.priors["map_slope"], pt.log((1 - laws.logistic(stated)) / (1 - reached))
        log_slope = geometry.moving("log_map_slope", "benchmark", prior.mu + rise)
        pm.Potential("map_slope_prior", normal_logp(log_slope, prior.mu, prior.sigma))
        slope = pm.Deterministic("map_slope", pt.exp(log_slope), dims="benchmark")
    else:
        slope = draw(study, "map_slope", dims="benchmark")
    scatter = draw(study, "map_scatter", dims="benchmark")
    extra, items = draw(study, "map_overdispersion", dims="benchmark"), data["n_items"].to_numpy()
    line = logit[bench] - slope[bench] * (observed - centre[bench])
    # One training shares its departure from the map: the points along a trajectory are not independent.
    group, n = data["training_benchmark"].to_numpy(), data.sizes["training"]
    implied, weight = implied_logits(data, "training", top[group], items[group], extra[group])
    precision = weight + 1 / scatter[group] ** 2
    mean = weight * (implied - group_sum(data["map_share"].to_numpy() * line, training, n)) / precision
    departure, jacobian = geometry.effect("map_departure", "training", mean, precision)
    stated_logp = geometry.stated("map_departure", normal_logp(departure, 0.0, scatter[group]))
    pm.Potential("map_latent", jacobian + stated_logp)
    eta = line + departure[training]
    expected = laws.score(eta, floor[bench], top[bench])
    values = pm.Data("map_observed", score)
    pm.Normal("map_score", expected, laws.score_sd(expected, items[bench], extra[bench]), observed=values)
    return logit, slope, centre


def ladder_link(study: Study, data: xr.Dataset, top: Any, geometry: Geometry) -> laws.Link:
    """Link of a ladder, in reference sizes.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    top : Any
        Ceiling of the score; dim ``benchmark``.
    geometry : Geometry
    """
    law, (logit, slope, _) = ladder_law(study, data, geometry), score_map(study, data, top, geometry)
    link = link_in_sizes(data, law, logit, slope)
    return less_known_beyond(study, data, geometry, link, link.largest, top)

"""The joint model of a score-family study as a PyMC user would write it down.

It states the same joint distribution as `bayesdensity.model`, in the coordinates that the formulas suggest instead of
data-informed ones: what the benchmark compares is the geometry alone. Variables have the names of the package's model.
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.model.harnesses import _weights
from bayesdensity.model.parameters import draw, draw_log
from bayesdensity.model.reference import TARGETS_ABOVE
from bayesdensity.study.spec import Study

COORDS = ("llm", "family", "reference", "benchmark", "cell", "harness", "suite", "score")


def build_plain_model(study: Study, data: xr.Dataset) -> pm.Model:
    """Build the joint model of a study whose reference is a score family.

    Only the priors are read the way the package reads them; every formula is written out again.
    """
    form = study.frontier
    stated = (study.reference.kind, form.form, form.trend, form.dispersion, form.family_effects)
    if stated != ("family", "half-normal", "quadratic", "growing", True):
        raise ValueError(f"{study.name}: the plain model is written for studies of the form of densing-law only")
    coords = {name: data[name].to_numpy() for name in COORDS if name in data.coords}
    coords["exponent"] = [*data["benchmark"].to_numpy(), *data["suite"].to_numpy()]
    with pm.Model(coords=coords) as model:
        effect = _harness_effects(study, data)
        link = _reference_link(study, data, effect)
        origin = pm.Flat("origin")
        density = _log_densities(study, data, origin)
        eta = _cell_logits(study, data, link, origin, density)
        _scores(study, data, link["ceiling"], eta, effect)
    return model


def _harness_effects(study: Study, data: xr.Dataset) -> pt.TensorVariable:
    scale = draw(study, "harness_scale", dims="benchmark")[data["harness_benchmark"].to_numpy()]
    return pm.Deterministic("harness_effect", scale * pm.Normal("harness_raw", 0, 1, dims="harness"), dims="harness")


def _reference_link(study: Study, data: xr.Dataset, effect: pt.TensorVariable) -> dict[str, pt.TensorVariable]:
    """Logit of the score against log size for each benchmark, as level, slope, exponent and ceiling."""
    n, floor = data.sizes["benchmark"], data["floor"].to_numpy()
    ceiling = pm.Deterministic("ceiling", 1 - draw(study, "ceiling_gap", dims="benchmark"), dims="benchmark")
    spread = draw(study, "size_exponent_spread")
    exponent = pm.LogNormal("size_exponent", draw_log(study, "size_exponent"), spread, dims="exponent")
    _loss_suites(study, data, exponent[n:])

    contrast = pm.ZeroSumNormal("link_contrast", sigma=study.priors["link_contrast"].sigma, dims="benchmark")
    steeper = pm.ZeroSumNormal("log_link_slope_contrast", sigma=draw(study, "link_slope_spread"), dims="benchmark")
    # Both are stated where the targets lie, for a ceiling of 1; score and slope are the same under the actual ceiling.
    position, width = data["link_position"].to_numpy(), data["link_spread"].to_numpy()
    share = pm.math.sigmoid(data["link_centre"].to_numpy() - pt.dot(_weights(data), effect) + contrast)
    score_slope = (1 - floor) * pt.exp(draw_log(study, "link_slope") + steeper) * share * (1 - share)
    reached = pt.clip(share * (1 - floor) / (ceiling - floor), 1e-4, 1 - 1e-4)
    exponent = pm.Deterministic("link_exponent", exponent[:n], dims="benchmark")
    slope = score_slope / ((ceiling - floor) * reached * (1 - reached))
    # The mean logit of targets that spread over sizes, and the slope a little above their average; then the origin.
    level, slope = pm.math.logit(reached) + 0.5 * width**2 * exponent * slope, slope * pt.exp(TARGETS_ABOVE * exponent)
    level = level + slope * (1 - pt.exp(exponent * position)) / exponent
    level = pm.Deterministic("link_level", level, dims="benchmark")
    slope = pm.Deterministic("link_slope", slope * pt.exp(exponent * position), dims="benchmark")
    return {"level": level, "slope": slope, "exponent": exponent, "ceiling": ceiling}


def _loss_suites(study: Study, data: xr.Dataset, exponent: pt.TensorVariable) -> None:
    """Reference runs with a loss and no score."""
    if not data.sizes["suite"]:
        return
    observed, suite = np.log(data["suite_loss"].to_numpy()), data["suite_index"].to_numpy()
    mean = np.bincount(suite, observed) / np.bincount(suite)
    log_centre = pm.Normal("suite_log_loss_centre", mean, 0.1, dims="suite")
    share = draw(study, "size_share", dims="suite")
    data_exponent = draw(study, "data_elasticity", dims="suite") / (1 - share)
    size_term = share[suite] * pt.exp(-exponent[suite] * data["suite_log_n"].to_numpy())
    data_term = (1 - share[suite]) * pt.exp(-data_exponent[suite] * data["suite_log_d"].to_numpy())
    noise = draw(study, "loss_noise", dims="suite")
    expected = log_centre[suite] + pt.log(size_term + data_term)
    pm.StudentT("suite_loss", nu=study.law.noise_df, mu=expected, sigma=noise[suite], observed=observed)


def _log_densities(study: Study, data: xr.Dataset, origin: pt.TensorVariable) -> pt.TensorVariable:
    """Log density of each target about a trend in time."""
    time, family = data["time"].to_numpy(), data["family_index"].to_numpy()
    rate, curvature, growth = (draw(study, name) for name in ("rate", "curvature", "dispersion_growth"))
    trend = origin + rate * time + 0.5 * curvature * (time**2 - (time**2).mean())
    scale = draw(study, "family_scale") * pt.exp(growth * data["family_time"].to_numpy())
    effect = pm.Normal("family_effect", 0, scale, dims="family")
    # Symmetric noise less a half-normal inefficiency is skew-normal; its mean is put on the trend.
    noise, inefficiency = draw(study, "noise_scale"), draw(study, "inefficiency_scale")
    wider = pt.exp(growth * time)
    return pm.SkewNormal(
        "log_density_relative",
        mu=trend + effect[family] + wider * inefficiency * np.sqrt(2 / np.pi),
        sigma=wider * pt.sqrt(noise**2 + inefficiency**2),
        alpha=-inefficiency / noise,
        dims="llm",
    )


def _cell_logits(
    study: Study,
    data: xr.Dataset,
    link: dict[str, pt.TensorVariable],
    origin: pt.TensorVariable,
    density: pt.TensorVariable,
) -> pt.TensorVariable:
    """Logit of each LLM on each benchmark, through its effective size."""
    n, bench = data.attrs["n_target_cells"], data["cell_benchmark"].to_numpy()
    entity = data["cell_entity"].to_numpy()
    target, member = entity[:n], entity[n:] - data.sizes["llm"]
    # Prior on the average target's log density against the reference; benchmarks differ about it.
    overall = pm.Normal("overall_raw", study.priors["level"].mu, study.priors["level"].sigma)
    contrast = pm.ZeroSumNormal("level_contrast_raw", sigma=draw(study, "level_spread"), dims="benchmark")
    level = pm.Deterministic("level", overall - origin + contrast, dims="benchmark")
    residual = draw(study, "recipe_residual") * pm.Normal("recipe_raw", 0, 1, dims="reference")
    residual = pm.Deterministic("recipe", residual, dims="reference")
    slope = pm.ZeroSumNormal("benchmark_slope", sigma=draw(study, "slope_spread"), dims="benchmark")
    departure = draw(study, "cell_scatter", dims="benchmark")[bench] * pm.Normal("departure_raw", 0, 1, dims="cell")
    departure = pm.Deterministic("cell_departure", departure, dims="cell")

    of_targets = (data["log_size"].to_numpy() + density)[target] + slope[bench[:n]] * data["time"].to_numpy()[target]
    of_members = (data["reference_log_size"].to_numpy() + residual)[member] - level[bench[n:]]
    size = pt.concatenate([of_targets, of_members]) + departure
    exponent = link["exponent"][bench]
    return link["level"][bench] + link["slope"][bench] * (1 - pt.exp(-exponent * size)) / exponent


def _scores(
    study: Study, data: xr.Dataset, ceiling: pt.TensorVariable, eta: pt.TensorVariable, effect: pt.TensorVariable
) -> None:
    """Observed scores: harness effects, item noise and overdispersion."""
    bench = data["score_benchmark"].to_numpy()
    logit = eta[data["score_cell"].to_numpy()] + effect[data["score_harness"].to_numpy()]
    floor = data["floor"].to_numpy()[bench]
    expected = floor + (ceiling[bench] - floor) * pm.math.sigmoid(logit)
    inside = 0.002 + 0.996 * expected
    overdispersion = draw(study, "overdispersion", dims="benchmark")[bench]
    variance = (
        inside * (1 - inside) * (1 / data["n_items"].to_numpy()[data["score_benchmark"].to_numpy()] + overdispersion)
    )
    pm.Normal("scores", expected, pt.sqrt(variance), observed=data["score_value"].to_numpy())

"""Assemble the joint model of a study, or a law alone: the only bridge from a study to PyMC."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.data.cells import cells_of
from bayesdensity.model import covariates, harnesses, ladder, linearised, reference, targets, trend
from bayesdensity.model.coordinates import INFORMED, Geometry, normal_logp
from bayesdensity.model.loss_law import draw_law, keep_law, observe_losses
from bayesdensity.model.parameters import draw, draw_log
from bayesdensity.study.law_spec import LawStudy
from bayesdensity.study.spec import Study

COORDS = (
    *("llm", "family", "reference", "reference_family", "benchmark", "cell", "harness", "suite", "training", "knot"),
    "covariate",
)


def build_model(study: Study, data: xr.Dataset, geometry: Geometry = INFORMED) -> pm.Model:
    """Build the joint model of a study on its dataset.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it. With ``passed_level``, ``passed_slope``, ``passed_exponent``
        and ``passed_ceiling``, dim ``benchmark``, these are the reference, which nothing informs.
    geometry : Geometry
        Coordinates that latent effects are sampled in: the model is the same in all.

    Returns
    -------
    pymc.Model
        With the observed arrays as ``pm.Data``, so that a compiled model refits other values of the same shape.
    """
    passed, cells = "passed_level" in data, cells_of(data)
    with _model(data) as model:
        # What the scores are measured with: ceilings, harnesses, and the scatter of LLMs on single benchmarks.
        is_family = study.reference.kind == "family" and not passed
        exponent, suites = reference.size_exponents(study, data, geometry) if is_family else (None, None)
        top = reference.passed_ceiling(data) if passed else reference.ceiling(study, exponent, geometry)
        harness = harnesses.Harnesses(study, data, geometry, top)
        scatter = draw(study, "cell_scatter", dims="benchmark")
        # The link from log size to logit, and the axis on which log sizes are counted.
        if is_family:
            stretch = reference.stretches(study, data)
            link = reference.family_link(study, data, exponent, top, harness.mean_effect, stretch)
        else:
            in_sizes = reference.passed_link(data) if passed else ladder.ladder_link(study, data, top, geometry)
            link, axis = reference.axis_of_link(study, data, geometry, in_sizes, harness.mean_effect)
        cell_scatter, logits = scatter[cells.benchmark], harness.implied_logits()
        if is_family:
            counted = reference.member_sizes(study, data, suites, stretch)
            sizes = linearised.implied_sizes(link.at(cells.benchmark), logits, cell_scatter)
            axis = reference.family_axis(study, data, geometry, counted, cells, sizes)
            link = reference.beyond_members(study, data, geometry, link, counted, axis.level, top)
        cell_link = link.at(cells.benchmark)
        sizes = linearised.implied_sizes(cell_link, logits, cell_scatter)
        # Log densities about the trend.
        slope = targets.benchmark_slopes(study, data)
        steep = trend.steeper(study, link.slope) if study.size_covariate else None
        origin, mean = trend.mean_trend(study, data, steep)
        shift = targets.cell_shifts(data, cells, slope)
        if study.covariates:
            given = covariates.add_covariates(study, data, cells, steep)
            mean, shift = mean + given.llms, shift + given.cells
        scales = trend.draw_scales(study)
        log_size = targets.log_sizes(study, data)
        densities = linearised.implied_densities(data, log_size, sizes, cells, shift)
        relative, density_logp = trend.log_densities(study, data, geometry, mean, scales, densities)
        # Log size and logit of every cell, and its scores.
        expected = targets.expected_sizes(cells, log_size + relative, shift, axis.level, axis.members)
        logit, cell_logp = targets.cell_logits(geometry, cell_link, expected, logits, cell_scatter)
        harness.observe(logit)
        stated = study.priors["level"]
        overall_logp = normal_logp(origin + axis.level.mean(), stated.mu, stated.sigma)
        pm.Potential("latent", harness.logp + axis.logp + density_logp + cell_logp + overall_logp)
        for name, part in link._asdict().items():
            pm.Deterministic(f"link_{name}", part + pt.zeros(data.sizes["benchmark"]), dims="benchmark")
    return model


def build_reference(study: Study, data: xr.Dataset) -> pm.Model:
    """Build the law and the map of a ladder alone, which no target informs.

    Parameters
    ----------
    study : Study
        Its reference is a ladder.
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.

    Returns
    -------
    pymc.Model
    """
    with _model(data) as model:
        ladder.ladder_law(study, data)
        ladder.score_map(study, data, reference.ceiling(study), alone=True)
    return model


def build_law(study: LawStudy, data: xr.Dataset, *, any_runs: bool = False) -> pm.Model:
    """Build a loss law alone, and the map to scores where there are any.

    Parameters
    ----------
    study : LawStudy
    data : xarray.Dataset
        As `bayesdensity.data.runs.assemble_runs` makes it.
    any_runs : bool
        Whether what the law reads is ``pm.Data`` too, as losses always are: the compiled model then serves other runs,
        of any number. As constants they are folded into the code, and draws differ in the last digits.

    Returns
    -------
    pymc.Model
    """
    coords = {name: data[name].to_numpy() for name in ("benchmark", "training")}
    with pm.Model(coords=coords, check_bounds=False) as model:
        pooled = {}
        for name in study.form.exponents if study.pool else ():
            stated = study.priors["size_exponent_spread"]
            spread = pm.LogNormal(f"{name}_spread", stated.mu, stated.sigma)
            pooled[name] = (draw_log(study, name), spread)
        bench = pm.Data("run_benchmark", data["run_benchmark"].to_numpy())
        centre = pm.Data("centre_log_loss", data["centre_log_loss"].to_numpy(), shape=(data.sizes["benchmark"],))
        law = draw_law(study.form, study, centre, "benchmark", pooled, slow=study.slow)
        keep_law(law, "benchmark")
        logs = {letter: data[f"run_log_{letter}"].to_numpy() for letter in law.reads}
        x = {letter: pm.Data(f"run_log_{letter}", log) for letter, log in logs.items()} if any_runs else logs
        expected = pt.log(law.mapped(lambda part: part[bench]).loss(x))
        scale = draw(study, "loss_noise", dims="benchmark")[bench]
        excess = draw(study, "loss_excess", dims="benchmark")[bench] if study.noise == "one-sided" else None
        observed = pm.Data("run_log_loss", data["run_log_loss"].to_numpy())
        observe_losses("run_loss", observed, expected, study, scale, excess)
        if data.sizes["map"]:
            ladder.score_map(study, data, reference.ceiling(study), alone=True)
    return model


def _model(data: xr.Dataset) -> pm.Model:
    coords: dict[str, Any] = {name: data[name].to_numpy() for name in COORDS if name in data.coords}
    coords["score"] = data["score_row"].to_numpy()
    # Every parameter is kept inside its support by its transform, so bounds need no check.
    return pm.Model(coords=coords, check_bounds=False)

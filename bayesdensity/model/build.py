"""Assemble the joint model of a study, or a law alone: the only bridge from a study to PyMC."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity.model import harnesses, reference, targets
from bayesdensity.model import trend as trends
from bayesdensity.model.loss_law import draw_law, keep_law, observe_losses
from bayesdensity.model.parameters import draw, draw_log, normal_logp
from bayesdensity.study.law_spec import LawStudy
from bayesdensity.study.spec import Study

COORDS = ("llm", "family", "reference", "reference_family", "benchmark", "cell", "harness", "suite", "training", "knot")


def build_model(study: Study, data: xr.Dataset) -> pm.Model:
    """Build the joint model of a study on its dataset.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it. With ``passed_level``, ``passed_slope``, ``passed_exponent``
        and ``passed_ceiling``, dim ``benchmark``, these are the reference, which nothing informs.

    Returns
    -------
    pymc.Model
        With the observed arrays as ``pm.Data``, so that a compiled model refits other values of the same shape.
    """
    passed = "passed_level" in data
    with _model(data) as model:
        is_family = study.reference.kind == "family" and not passed
        exponent, suites = reference.size_exponents(study, data) if is_family else (None, None)
        top = reference.passed_ceiling(data) if passed else reference.ceiling(study, exponent)
        cells = targets.cells_of(data)
        observed = harnesses.Evaluators(study, data, top)
        logit, precision = observed.implied_logits()
        scatter = draw(study, "cell_scatter", dims="benchmark")
        if is_family:
            stretch = reference.stretches(study, data)
            link = reference.family_link(study, data, exponent, top, observed.mean_effect, stretch)
        else:
            found = reference.passed_link(data) if passed else reference.ladder_link(study, data, top)
            link, level, level_logp = reference.on_axis(study, data, found, observed.mean_effect)
        own_link = targets.at_cells(link, cells)
        pseudo = targets.pseudo_sizes(own_link, cells, logit, precision, scatter)
        members = None
        if is_family:
            theirs = reference.Pseudo(*(part[cells.n_targets :] for part in pseudo))
            entity, bench = cells.entity[cells.n_targets :] - data.sizes["llm"], cells.benchmark[cells.n_targets :]
            sizes = reference.member_sizes(study, data, suites, stretch)
            level, members, level_logp = reference.family_level(study, data, theirs, sizes, entity, bench)
        slope = targets.benchmark_slopes(study)
        origin, mean = trends.mean_trend(study, data)
        scales = trends.scales(study)
        own_size = targets.log_sizes(study, data)
        implied, weight = targets.implied_densities(data, own_size, pseudo, cells, slope)
        relative, density_logp = trends.log_densities(study, data, mean, scales, implied, weight)
        expected = targets.expected_sizes(data, cells, own_size + relative, slope, level, members)
        eta, cell_logp = targets.cell_logits(own_link, expected, logit, precision, scatter[cells.benchmark])
        observed.observe(eta)
        stated = study.priors["level"]
        overall_logp = normal_logp(origin + level.mean(), stated.mu, stated.sigma)
        pm.Potential("latent", observed.logp + level_logp + density_logp + cell_logp + overall_logp)
        for name, part in link._asdict().items():
            pm.Deterministic(f"link_{name}", pt.as_tensor(part), dims="benchmark")
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
        reference.ladder_law(study, data)
        reference.score_map(study, data, reference.ceiling(study))
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
            reference.score_map(study, data, reference.ceiling(study))
    return model


def _model(data: xr.Dataset) -> pm.Model:
    coords: dict[str, Any] = {name: data[name].to_numpy() for name in COORDS if name in data.coords}
    coords["score"] = data["score_row"].to_numpy()
    # Every parameter is kept inside its support by its transform, so bounds need no check.
    return pm.Model(coords=coords, check_bounds=False)

"""The model is the one that is written down, and it finds what is true in a simulated world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, stats
from simulated import Truth, World, simulate, write_study

from bayesdensity import quantities as q
from bayesdensity.data.dataset import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.fit import Fit, fit
from bayesdensity.study import Study, load_study

# The change of variables


def latent(mean: float, precision: float) -> Any:
    """A tiny model: a scale tau, and z ~ Normal(0, tau) in informed coordinates that also depend on tau."""
    import pymc as pm

    from bayesdensity.model.priors import normal_logp
    from bayesdensity.model.transport import informed

    with pm.Model(coords={"z": range(3)}) as model:
        log_tau = pm.Normal("log_tau", 0.0, 0.5)
        tau = pm.math.exp(log_tau)
        z, jacobian = informed("z_", mean * tau, precision * pm.math.exp(-log_tau) * np.array([1.0, 2.0, 3.0]), "z")
        pm.Potential("prior", jacobian + normal_logp(z, 0.0, tau))
    return model


@pytest.mark.parametrize(("mean", "precision"), [(0.0, 1.0), (3.7, 0.2), (-1.0, 25.0)])
def test_informed_coordinates_leave_the_prior_as_it_is(mean: float, precision: float) -> None:
    """Integrated over the coordinates, the density of tau is its prior whatever mean and precision are chosen."""
    model = latent(mean, precision)
    logp = model.compile_logp()

    def density(log_tau: float) -> float:
        # The three coordinates are independent given tau, so one integral over each is enough.
        def along(raw: float, k: int) -> float:
            point = np.zeros(3)
            point[k] = raw
            return float(logp({"log_tau": np.array(log_tau), "z__raw": point}))

        at_zero = along(0.0, 0)
        parts = [
            integrate.quad(lambda raw, k=k: np.exp(along(raw, k) - at_zero), -80, 80, points=(-3, 0, 3), limit=400)[0]
            for k in range(3)
        ]
        return at_zero + float(np.log(parts).sum())

    got = density(0.4) - density(-0.3)
    assert got == pytest.approx(stats.norm(0, 0.5).logpdf(0.4) - stats.norm(0, 0.5).logpdf(-0.3), abs=1e-6)


def test_a_conjugate_normal_comes_out_in_closed_form() -> None:
    """z ~ Normal(0, tau), y ~ Normal(z, s): the posterior of z is known, and informed coordinates find it."""
    import nutpie
    import pymc as pm

    from bayesdensity.model.priors import normal_logp
    from bayesdensity.model.transport import informed

    tau, s, y = 0.7, 0.4, np.array([1.0, -2.0, 0.1])
    with pm.Model(coords={"z": range(3)}) as model:
        z, jacobian = informed("z_", np.array([5.0, 0.0, -1.0]), np.array([0.3, 1.0, 40.0]), "z")
        pm.Potential("prior", jacobian + normal_logp(z, 0.0, tau))
        pm.Normal("y", z, s, observed=y)
    settings = {"draws": 2000, "tune": 500, "chains": 2, "seed": 1, "progress_bar": False}
    draws = nutpie.sample(nutpie.compile_pymc_model(model), **settings).posterior["z_"]
    variance = 1 / (1 / tau**2 + 1 / s**2)
    mean, sd = (draws.stack(sample=("chain", "draw")).reduce(f, dim="sample") for f in (np.mean, np.std))
    np.testing.assert_allclose(mean, y * variance / s**2, atol=0.04)
    np.testing.assert_allclose(sd, np.sqrt(variance), rtol=0.06)


# The joint density, written out again in NumPy


def test_joint_density_is_the_one_written_down(world_study: Study, world_tables: Tables) -> None:
    """Prior, likelihood and Jacobian of every block, computed apart from PyMC, agree up to a constant."""
    from bayesdensity.model.build import build_model

    data = assemble(world_study, select(world_study, world_tables))
    model = build_model(world_study, data)
    rng = np.random.default_rng(5)
    start = model.initial_point()
    # Summed here: fast compilation cannot add as many terms at once.
    terms, known = model.logp(sum=False), [*model.free_RVs, *model.deterministics]
    outputs, names = [*terms, *known], [variable.name for variable in known]
    evaluate = model.compile_fn(
        model.replace_rvs_by_values(outputs), inputs=model.value_vars, on_unused_input="ignore", mode="FAST_COMPILE"
    )

    def at(point: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        values = evaluate(point)
        logp = np.array(sum(np.sum(term) for term in values[: len(terms)]))
        return {"logp": logp, **dict(zip(names, values[len(terms) :], strict=True))}

    def gap(point: dict[str, np.ndarray]) -> float:
        here = at(point)
        # One more in every informed coordinate moves the effect by its scale: the diagonal of the Jacobian.
        moved = {name: at({**point, f"{name}_raw": point[f"{name}_raw"] + 1})[name] for name in INFORMED}
        jacobian = sum(np.log(moved[name] - here[name]).sum() for name in INFORMED)
        return float(here["logp"]) - written_down(world_study, data, here) - jacobian

    gaps = []
    for _ in range(4):
        point = {name: value + rng.normal(0, 0.3, np.shape(value)) for name, value in start.items()}
        gaps.append(gap(point))
    assert np.ptp(gaps) < 1e-6 * max(1, abs(gaps[0])), gaps


INFORMED = ("harness_effect", "level", "recipe", "family_effect", "log_density_relative", "cell_departure")


def written_down(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> float:
    """Log of prior times likelihood on the scale that is sampled, without the Jacobian of informed coordinates."""
    norm = stats.norm.logpdf
    total = 0.0
    for name, prior in study.priors:
        on_scale = {"normal": name, "lognormal": f"log_{name}", "logit-normal": f"logit_{name}"}[prior.shape]
        if name in ("level", "link_contrast"):
            continue  # no plain normals: below
        if on_scale in at:
            total += norm(at[on_scale], prior.mu, prior.sigma).sum()
        elif name in at:
            total += norm(np.log(at[name]), prior.mu, prior.sigma).sum()
    n = data.sizes["benchmark"]

    def contrasts(value: np.ndarray, sigma: float) -> float:
        return float(-0.5 * (value**2).sum() / sigma**2 - (n - 1) * np.log(sigma))

    def positive(value: np.ndarray, unit: float, mu: float, sigma: float) -> float:
        """Lognormal value whose inverse softplus, in units, is sampled: d ln value / d raw comes on top."""
        slope = np.log(-np.expm1(-value / unit) * unit / value)
        return float((norm(np.log(value), mu, sigma) + slope).sum())

    total += contrasts(at["link_contrast"], study.priors["link_contrast"].sigma)
    total += contrasts(at["log_link_slope_contrast"], at["link_slope_spread"])
    total += contrasts(at["benchmark_slope"], at["slope_spread"])
    total += contrasts(at["level"] - at["level"].mean(), at["level_spread"])
    stated = study.priors["level"]
    total += norm(at["origin"] + at["level"].mean(), stated.mu, stated.sigma)
    total += positive(at["link_exponent"], 0.05, at["log_size_exponent"], at["size_exponent_spread"])
    gap = study.priors["ceiling_gap"]
    total += positive(1 - at["ceiling"], 0.02, gap.mu, gap.sigma)
    total += norm(at["recipe"], 0, at["recipe_residual"]).sum()

    # The frontier: a skew-normal about a quadratic, with family effects; all of it grows with time.
    time, family = data["time"].to_numpy(), data["family_index"].to_numpy()
    scale = np.exp(at["dispersion_growth"] * time)
    family_scale = at["family_scale"] * np.exp(at["dispersion_growth"] * data["family_time"].to_numpy())
    total += norm(at["family_effect"], 0, family_scale).sum()
    mean = at["origin"] + at["rate"] * time + 0.5 * at["curvature"] * (time**2 - np.mean(time**2))
    v, u = at["noise_scale"], at["inefficiency_scale"]
    total += stats.skewnorm.logpdf(
        at["log_density_relative"],
        -u / v,
        loc=mean + at["family_effect"][family] + scale * u * np.sqrt(2 / np.pi),
        scale=scale * np.hypot(u, v),
    ).sum()

    # Cells: target on one benchmark, or member of the reference, at its log size on the axis of the targets.
    entity, bench = data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy()
    k, n_llms = data.attrs["n_target_cells"], data.sizes["llm"]
    scatter = at["cell_scatter"][bench]
    total += norm(at["cell_departure"], 0, scatter).sum()
    own = (data["log_size"].to_numpy() + at["log_density_relative"])[entity[:k]]
    own = own + at["benchmark_slope"][bench[:k]] * time[entity[:k]]
    member = entity[k:] - n_llms
    members = data["reference_log_size"].to_numpy()[member] + at["recipe"][member] - at["level"][bench[k:]]
    size = np.concatenate([own, members]) + at["cell_departure"]
    level, slope, exponent = (at[f"link_{part}"][bench] for part in ("level", "slope", "exponent"))
    eta = level + slope * (1 - np.exp(-exponent * size)) / exponent

    # The link: stated at the average target for a ceiling of 1, by the mean logit over targets and a slope.
    floor, top = data["floor"].to_numpy(), at["ceiling"]
    share = 1 / (1 + np.exp(-data["link_centre"].to_numpy() - at["link_contrast"]))
    score_slope = np.exp(at["log_link_slope"] + at["log_link_slope_contrast"]) * (1 - floor) * share * (1 - share)
    reached = (1 - floor) * share / (top - floor)
    steep = score_slope / ((top - floor) * reached * (1 - reached))
    mean = np.log(reached / (1 - reached)) + 0.5 * 1.5**2 * at["link_exponent"] * steep
    np.testing.assert_allclose(at["link_level"], mean)
    np.testing.assert_allclose(at["link_slope"], steep * np.exp(0.5 * at["link_exponent"]))

    # Scores: harness effects on the logit, binomial noise by the number of items, overdispersion.
    cell, of = data["score_cell"].to_numpy(), data["score_benchmark"].to_numpy()
    total += norm(at["harness_effect"], 0, at["harness_scale"][data["harness_benchmark"].to_numpy()]).sum()
    logit = eta[cell] + at["harness_effect"][data["score_harness"].to_numpy()]
    floor, top = data["floor"].to_numpy()[of], at["ceiling"][of]
    expected = floor + (top - floor) / (1 + np.exp(-logit))
    inside = 0.002 + 0.996 * expected
    variance = inside * (1 - inside) * (1 / data["score_items"].to_numpy() + at["overdispersion"][of])
    total += norm(data["score_value"].to_numpy(), expected, np.sqrt(variance)).sum()

    # Loss-only suites: A N^-alpha + B D^-beta at the centre of the suite, Student-t on the log loss.
    observed, suite = np.log(data["suite_loss"].to_numpy()), data["suite_index"].to_numpy()
    centre = np.bincount(suite, observed) / np.bincount(suite)
    total += norm(at["suite_log_loss_centre"], centre, 0.1).sum()
    share = 1 / (1 + np.exp(-at["logit_size_share"]))
    elasticity = at["suite_size_elasticity"]
    total += norm(np.log(elasticity), at["log_size_exponent"] + np.log(share), at["size_exponent_spread"]).sum()
    alpha, beta = elasticity / share, at["data_elasticity"] / (1 - share)
    relative = share[suite] * np.exp(-alpha[suite] * data["suite_log_n"].to_numpy())
    relative = relative + (1 - share[suite]) * np.exp(-beta[suite] * data["suite_log_d"].to_numpy())
    law = at["suite_log_loss_centre"][suite] + np.log(relative)
    total += stats.t.logpdf(observed, study.law.noise_df, law, at["loss_noise"][suite]).sum()
    return float(total)


@pytest.mark.parametrize(
    "change",
    [
        {"frontier.form": "symmetric"},
        {"frontier.trend": "linear", "frontier.dispersion": "constant"},
        {"frontier.family_effects": False},
    ],
)
def test_every_form_of_the_frontier_builds(truth: Truth, world_tables: Tables, change: dict[str, Any]) -> None:
    from bayesdensity.model.build import build_model

    study = load_study(truth.study, change)
    model = build_model(study, assemble(study, select(study, world_tables)))
    names = {variable.name for variable in model.free_RVs}
    absent = {
        "frontier.form": "inefficiency_scale",
        "frontier.trend": "curvature",
        "frontier.dispersion": "dispersion_growth",
        "frontier.family_effects": "family_scale",
    }
    assert not names & {absent[key] for key in change}
    assert {"rate", "noise_scale"} <= names


# The simulated world


def test_doubling_time_covers_truth(world_fit: Fit, truth: Truth) -> None:
    true = 12 * np.log(2) / truth.world.rate
    for estimand in ("frontier", "mean"):
        months = q.doubling_time(q.rate(world_fit, estimand=estimand, ci=0.98)).to_frame_row()
        assert months["lower"] < true < months["upper"], estimand


def test_trend_is_learned_and_not_only_assumed(world_fit: Fit) -> None:
    prior = world_fit.study.priors["rate"]
    assert float(world_fit.posterior["rate"].std()) < 0.4 * prior.sigma


def test_benchmark_slopes_cover_truth(world_fit: Fit, truth: Truth) -> None:
    lower, upper = world_fit.posterior["benchmark_slope"].quantile([0.01, 0.99], dim=("chain", "draw")).to_numpy()
    true = np.array(truth.world.benchmark_slope)
    assert ((lower < true) & (true < upper)).all()
    assert np.abs(world_fit.posterior["benchmark_slope"].sum("benchmark")).max() < 1e-9


def test_intervals_of_density_cover_truth(world_fit: Fit, truth: Truth) -> None:
    table = q.log_density(world_fit).to_frame().join(truth.log_density.rename("true"))
    covered = (table["lower"] < table["true"]) & (table["true"] < table["upper"])
    assert covered.mean() >= 0.75
    assert np.corrcoef(table["median"], table["true"])[0, 1] > 0.95


def test_density_is_effective_size_over_size(world_fit: Fit, world_tables: Tables) -> None:
    size = world_tables.llms.set_index("llm")["params_total"]
    density, effective = q.density(world_fit).draws, q.effective_size(world_fit).draws
    np.testing.assert_allclose(effective / density, size[density["llm"].to_numpy()].to_numpy() * np.ones_like(density))


@pytest.mark.slow
def test_interval_widens_without_reference_data(tmp_path: Path) -> None:
    """Uncertainty of law and map reaches the level of density and the doubling time itself.

    The targets are of nearly one size, so that only the reference tells what a logit is worth in parameters: targets of
    many sizes tell it themselves, and the doubling time then hardly needs the reference.
    """
    world = simulate(tmp_path, World(sizes=(6e9, 7e9, 9e9)))
    excluded = ", ".join(f'{{name = "Yardstick-{size}B", why = "test"}}' for size in ("0.5", "1.8", "72"))
    poor = write_study(tmp_path / "poor.toml", f"exclude = [{excluded}]")
    tables = read_tables(tmp_path)
    full, few = (fit(load_study(study), tables, chains=4, draws=500, tune=500, seed=3) for study in (world.study, poor))
    assert (full.data.sizes["reference"], few.data.sizes["reference"]) == (5, 2)

    def width(estimate: q.Estimate) -> float:
        return float((estimate.summary["upper"] - estimate.summary["lower"]).mean())

    assert width(q.log_density(few)) > 1.3 * width(q.log_density(full))
    rates = [q.rate(one, estimand="mean", ci=0.98) for one in (few, full)]
    assert width(rates[0]) > 1.3 * width(rates[1])
    # The centre moves too, so the ends of the doubling time are compared by their ratio.
    months = [q.doubling_time(rate).to_frame_row() for rate in rates]
    assert np.log(months[0]["upper"] / months[0]["lower"]) > 1.1 * np.log(months[1]["upper"] / months[1]["lower"])


def test_simulated_tables_are_legal(truth: Truth) -> None:
    from bayesdensity.data.tables import validate_folder

    assert validate_folder(Path(truth.folder)) == []

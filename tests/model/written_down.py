"""The joint log density of the model, written down in NumPy, and what a model must have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from bayesdensity.study.spec import Study


class Evaluated:
    """Joint log density and everything it is made of, at points."""

    def __init__(self, study: Study, data: xr.Dataset, slopes: bool = False, geometry: Any = None) -> None:
        import pytensor
        from pytensor.compile.mode import Mode

        from bayesdensity.model.build import build_model
        from bayesdensity.model.coordinates import INFORMED as GEOMETRY

        self.model = model = build_model(study, data, geometry or GEOMETRY)
        self.start = model.initial_point()
        total: Any = 0.0
        for term in model.logp(sum=False):
            total = total + term.sum()
        known = [*model.free_RVs, *model.deterministics]
        gradient = [pytensor.grad(total, value) for value in model.value_vars] if slopes else []
        self.names = [variable.name for variable in known]
        if slopes:
            self.names += [f"slope of {value.name}" for value in model.value_vars]
        # As it stands: rewriting takes long, and merges more terms than plain Python can add at once.
        self.evaluate = model.compile_fn(
            [total, *model.replace_rvs_by_values(known), *gradient],
            inputs=model.value_vars,
            on_unused_input="ignore",
            mode=Mode("py", None),
        )

    def __call__(self, point: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        logp, *values = self.evaluate(point)
        return {"logp": logp, **dict(zip(self.names, values, strict=True))}

    def near_start(self, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        return {name: value + rng.normal(0, 0.3, np.shape(value)) for name, value in self.start.items()}


def density_gaps(study: Study, data: xr.Dataset) -> list[float]:
    """Log density of the model less the one written down and the Jacobian, at a few points."""
    at = Evaluated(study, data)
    informed = [name for name in INFORMED if f"{name}_raw" in at.start]
    assert ("family_effect" in informed) == study.frontier.family_effects
    assert OPTIONAL & set(at.names) == wanted(study)

    def gap(point: dict[str, np.ndarray]) -> float:
        here = at(point)
        # One more in every informed coordinate moves the effect by its scale: the diagonal of the Jacobian.
        moved = {name: at({**point, f"{name}_raw": point[f"{name}_raw"] + 1})[name] for name in informed}
        jacobian = sum(np.log(moved[name] - here[name]).sum() for name in informed)
        # Harnesses follow a leader: their coordinates move one at a time.
        raw = point["harness_effect_raw"]
        steps = [at({**point, "harness_effect_raw": raw + step})["harness_effect"] for step in np.eye(len(raw))]
        told = of_several(data)
        jacobian += np.linalg.slogdet((np.array(steps) - here["harness_effect"])[np.ix_(told, told)])[1]
        # The only harness of a benchmark has a coordinate that moves nothing.
        jacobian += stats.norm.logpdf(raw[~told]).sum()
        return float(here["logp"]) - written_down(study, data, here) - jacobian

    return [gap(at.near_start(seed)) for seed in range(4)]


def plain_gaps(study: Study, data: xr.Dataset) -> list[float]:
    """Log density of the plain model less the one written down, at a few points."""
    from bayesdensity.model.coordinates import Plain

    at = Evaluated(study, data, geometry=Plain())
    assert not [name for name in at.start if name.endswith("_raw") and name != "rate_step_raw"]

    def gap(point: dict[str, np.ndarray]) -> float:
        here = at(point)
        # Both are sampled on the logarithm here, and are written down in the coordinates of the informed model.
        exponent, ceiling_gap = here.pop("size_exponent"), here.pop("ceiling_gap")
        other = np.log(-np.expm1(-exponent / 0.05) * 0.05 / exponent).sum()
        other += np.log(-np.expm1(-ceiling_gap / 0.02) * 0.02 / ceiling_gap).sum()
        return float(here["logp"]) - written_down(study, data, here) + float(other)

    return [gap(at.near_start(seed)) for seed in range(4)]


INFORMED = ("level", "recipe", "family_effect", "log_density_relative", "cell_departure")


def of_several(data: xr.Dataset) -> np.ndarray:
    """Which harnesses share their benchmark with others: what the only one adds cannot be told from the link."""
    bench = data["harness_benchmark"].to_numpy()
    return np.array([(bench == b).sum() > 1 for b in bench])


def written_down(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> float:
    """Log of prior times likelihood on the scale that is sampled, without the Jacobian of informed coordinates."""
    norm = stats.norm.logpdf
    total = 0.0
    for name, prior in study.priors:
        on_scale = {"normal": name, "lognormal": f"log_{name}", "logit-normal": f"logit_{name}"}[prior.shape]
        if name in ("level", "link_contrast", "beyond_stretch", "beyond_contrast"):
            continue  # no plain normals: below
        if on_scale in at:
            total += norm(at[on_scale], prior.mu, prior.sigma).sum()
        elif name in at:
            total += norm(np.log(at[name]), prior.mu, prior.sigma).sum()
    n = data.sizes["benchmark"]

    def contrasts(value: np.ndarray, sigma: float) -> float:
        return float(-0.5 * (value**2).sum() / sigma**2 - (len(value) - 1) * np.log(sigma))

    def positive(value: np.ndarray, unit: float, mu: float, sigma: float) -> float:
        """Lognormal value whose inverse softplus, in units, is sampled: d ln value / d raw comes on top."""
        slope = np.log(-np.expm1(-value / unit) * unit / value)
        return float((norm(np.log(value), mu, sigma) + slope).sum())

    total += contrasts(at["link_contrast"], study.priors["link_contrast"].sigma)
    total += contrasts(at["log_link_slope_contrast"], at["link_slope_spread"])
    if study.frontier.rates_by_group:
        total += contrasts(at["group_slope"], at["group_slope_spread"])
        total += contrasts(at["slope_in_group"], at["slope_spread"])
        names = data["benchmark_group"].to_numpy()
        of_group = np.array([at["group_slope"][sorted(set(names)).index(name)] for name in names])
        np.testing.assert_allclose(at["benchmark_slope"], at["slope_in_group"] + of_group - of_group.mean())
    else:
        total += contrasts(at["benchmark_slope"], at["slope_spread"])
    if study.reference.beyond == "misfit":
        common, stretch = study.priors["beyond_stretch"], at["link_stretch"]
        total += norm(stretch.mean(), common.mu, common.sigma)
        total += -0.5 * ((stretch - stretch.mean()) ** 2).sum() / study.priors["beyond_contrast"].sigma ** 2
    total += contrasts(at["level"] - at["level"].mean(), at["level_spread"])
    stated = study.priors["level"]
    total += norm(at["origin"] + at["level"].mean(), stated.mu, stated.sigma)
    total += positive(at["link_exponent"], 0.05, at["log_size_exponent"], at["size_exponent_spread"])
    gap = study.priors["ceiling_gap"]
    total += positive(1 - at["ceiling"], 0.02, gap.mu, gap.sigma)
    total += norm(at["recipe"], 0, at["recipe_residual"]).sum()

    total += residuals(study, data, at)
    if "rate_step_raw" in at:
        total += norm(at["rate_step_raw"]).sum()
    time = data["time"].to_numpy()

    # Cells: target on one benchmark, or member of the reference, at its log size on the axis of the targets.
    entity, bench = data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy()
    k, n_llms = data.attrs["n_target_cells"], data.sizes["llm"]
    scatter = at["cell_scatter"][bench]
    total += norm(at["cell_departure"], 0, scatter).sum()
    own = (target_sizes(study, data, at) + at["log_density_relative"])[entity[:k]]
    own = own + at["benchmark_slope"][bench[:k]] * time[entity[:k]]
    if study.covariates:
        own = own + data["covariate_in_cell"].to_numpy()[:k] @ at["covariate_effect"]
        here = covariates(data, at)[entity[:k]] + data["covariate_in_cell"].to_numpy()[:k]
        for j, column in enumerate(np.flatnonzero(data["covariate_departs"].to_numpy())):
            own = own + here[:, column] * at["covariate_departure"][j, bench[:k]]
        total += covariate_priors(study, data, at, contrasts)
    member = entity[k:] - n_llms
    members = member_sizes(study, data, at)[member] + at["recipe"][member] - at["level"][bench[k:]]
    size = np.concatenate([own, members]) + at["cell_departure"]
    level, slope, exponent, largest, stretch = (
        at[f"link_{part}"][bench] for part in ("level", "slope", "exponent", "largest", "stretch")
    )
    # Beyond the largest member of its benchmark a log size counts for more or less, after a short turn.
    biggest = np.array([max(member_sizes(study, data, at)[member[bench[k:] == b]]) for b in range(n)])
    np.testing.assert_allclose(at["link_largest"], biggest - at["level"])
    beyond = 0.5 * (size - largest + np.hypot(size - largest, 0.2))
    size = size + (np.exp(stretch) - 1) * beyond
    eta = level + slope * (1 - np.exp(-exponent * size)) / exponent

    # The link: stated at the average target for a ceiling of 1, by the mean logit over targets, freed of what their
    # harnesses add, and a slope.
    floor, top = data["floor"].to_numpy(), at["ceiling"]
    average = data["link_centre"].to_numpy() - mean_harness(data, at)
    share = 1 / (1 + np.exp(-average - at["link_contrast"]))
    score_slope = np.exp(at["log_link_slope"] + at["log_link_slope_contrast"]) * (1 - floor) * share * (1 - share)
    reached = (1 - floor) * share / (top - floor)
    steep = score_slope / ((top - floor) * reached * (1 - reached))
    alpha = at["link_exponent"]
    spread, position = (data[f"link_{part}"].to_numpy() for part in ("spread", "position"))
    middle = np.log(reached / (1 - reached)) + 0.5 * spread**2 * alpha * steep
    # From the middle of the targets of the benchmark to the origin of the axis.
    np.testing.assert_allclose(at["link_level"], middle + steep * (1 - np.exp(alpha * position)) / alpha)
    np.testing.assert_allclose(at["link_slope"], steep * np.exp(alpha * position))

    # Scores: harness effects on the logit, binomial noise by the number of items, overdispersion.
    cell, of = data["score_cell"].to_numpy(), data["score_benchmark"].to_numpy()
    told, scale = of_several(data), at["harness_scale"][data["harness_benchmark"].to_numpy()]
    assert (at["harness_effect"][~told] == 0).all()
    total += norm(at["harness_effect"][told], 0, scale[told]).sum()
    logit = eta[cell] + at["harness_effect"][data["score_harness"].to_numpy()]
    if study.scores.inflation:
        released = np.append(time, np.zeros(data.sizes["reference"]))
        logit = logit + at["score_inflation"] * released[entity[cell]]
    floor, top = data["floor"].to_numpy()[of], at["ceiling"][of]
    expected = floor + (top - floor) / (1 + np.exp(-logit))
    inside = 0.002 + 0.996 * expected
    variance = (
        inside
        * (1 - inside)
        * (1 / data["n_items"].to_numpy()[data["score_benchmark"].to_numpy()] + at["overdispersion"][of])
    )
    each = norm(data["score_value"].to_numpy(), expected, np.sqrt(variance))
    if study.reference.beyond == "censored":
        reach = data["reach"].to_numpy()[of]
        above = (data["score_value"].to_numpy() >= reach) & (cell < k)
        assert 0 < above.sum() < above.size
        at_least = stats.norm.logsf(reach, expected, np.sqrt(variance))
        nothing = norm(data["score_value"].to_numpy(), expected, 1e6)
        each = np.where(above, at_least + nothing, each)
    total += each.sum()

    # Loss-only suites: A N^-alpha + B D^-beta at the centre of the suite, Student-t on the log loss.
    observed, suite = np.log(data["suite_loss"].to_numpy()), data["suite_index"].to_numpy()
    centre = np.bincount(suite, observed) / np.bincount(suite)
    total += norm(at["suite_log_loss_centre"], centre, 0.2).sum()
    constant, by_size, by_data, alpha, beta = suite_law(study, at)
    elasticity = at["suite_size_elasticity"]
    total += norm(np.log(elasticity), at["log_size_exponent"] + np.log(by_size), at["size_exponent_spread"]).sum()
    relative = by_size[suite] * np.exp(-alpha[suite] * data["suite_log_n"].to_numpy()) + constant[suite]
    relative = relative + by_data[suite] * np.exp(-beta[suite] * data["suite_log_d"].to_numpy())
    law = at["suite_log_loss_centre"][suite] + np.log(relative)
    total += stats.t.logpdf(observed, study.law.noise_df, law, at["loss_noise"][suite]).sum()
    return float(total)


def suite_law(study: Study, at: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Shares of the constant, of size and of data in the loss at the centre of a suite, and both exponents."""
    share = 1 / (1 + np.exp(-at["logit_size_share"]))
    assert ("logit_irreducible_share" in at) == study.law.irreducible
    constant = 1 / (1 + np.exp(-at["logit_irreducible_share"])) if study.law.irreducible else 0 * share
    by_size, by_data = (1 - constant) * share, (1 - constant) * (1 - share)
    return constant, by_size, by_data, at["suite_size_elasticity"] / by_size, at["data_elasticity"] / by_data


def target_sizes(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> np.ndarray:
    """Log sizes of the targets: where the weight of total parameters is inferred, between active and total ones."""
    middle = data["log_size"].to_numpy()
    if study.llms.size != "inferred":
        return middle
    total, active = (middle + sign * 0.5 * data["log_sparsity"].to_numpy() for sign in (1, -1))
    weight = 1 / (1 + np.exp(-at["logit_total_share"]))
    np.testing.assert_allclose(at["own_log_size"], weight * total + (1 - weight) * active)
    return np.asarray(at["own_log_size"])


def member_sizes(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> np.ndarray:
    """Log sizes of the members of the reference, in parameters of the average recipe at the tokens of the study."""
    own = size = data["reference_log_size"].to_numpy()
    if study.reference.tokens:
        _, by_size, by_data, alpha, beta = (part[0] for part in suite_law(study, at))
        n = own + data.attrs["log_size_centre"] - data["suite_log_n_centre"].to_numpy()
        d = data["reference_log_tokens"].to_numpy() - data["suite_log_d_centre"].to_numpy()
        d0 = np.log(study.reference.tokens) - data["suite_log_d_centre"].to_numpy()
        # The size that reaches the member's loss with the tokens of the study.
        left = by_size * np.exp(-alpha * n) + by_data * (np.exp(-beta * d) - np.exp(-beta * d0))
        assert (left > 0.2 * by_size * np.exp(-alpha * n)).all()  # far from where no size does
        size = own + (-np.log(left / by_size) / alpha - n)
    if len(study.reference.families) > 1:
        family, middle = data["reference_family_index"].to_numpy(), own.mean()
        stretched = (size - middle) / at["reference_stretch"][family]
        size = middle + stretched + at["reference_offset"][family]
        np.testing.assert_allclose(at["reference_offset"].sum(), 0, atol=1e-12)
    if size is not own:
        np.testing.assert_allclose(at["member_size"], size, rtol=0.03, atol=0.03)
        return np.asarray(at["member_size"])
    return np.asarray(own)


def mean_harness(data: xr.Dataset, at: dict[str, np.ndarray]) -> np.ndarray:
    """Mean effect of the harnesses of the cells of the targets, by benchmark; a cell counts once."""
    scores = pd.DataFrame({
        "cell": data["score_cell"].to_numpy(),
        "benchmark": data["score_benchmark"].to_numpy(),
        "effect": at["harness_effect"][data["score_harness"].to_numpy()],
    })  # fmt: skip
    own = scores[scores["cell"] < data.attrs["n_target_cells"]]
    cells = own.groupby(["benchmark", "cell"])["effect"].mean()
    return np.asarray(cells.groupby("benchmark").mean())


OPTIONAL = {
    "inefficiency_scale",
    "family_scale",
    "family_inefficiency_scale",
    "family_effect",
    "dispersion_growth",
    "family_asymmetry",
    "asymmetry_growth",
    "class_gap",
    "class_gap_growth",
    "class_log_odds",
    "class_log_odds_growth",
    "score_inflation",
    "curvature",
    "rate_change",
    "logit_break_position",
    "break_time",
    "rate_walk",
    "rate_step",
}
"""What not every form of the frontier has."""


def wanted(study: Study) -> set[str]:
    """What the form of the frontier of a study has."""
    form = study.frontier
    # Two sides are those of families that have no form of their own.
    plain_families = form.family_effects and (form.form == "symmetric" or form.one_sided == "llm")
    one_sided = {"llm": {"inefficiency_scale"}, "family": {"family_inefficiency_scale"}}
    one_sided["both"] = one_sided["llm"] | one_sided["family"]
    trend = {
        "linear": set(),
        "quadratic": {"curvature"},
        "change-point": {"rate_change"} | (set() if form.break_date else {"logit_break_position", "break_time"}),
        "random-walk": {"rate_walk", "rate_step"},
    }
    return (
        trend[form.trend]
        | (set() if form.form == "symmetric" else one_sided[form.one_sided])
        | ({"family_scale", "family_effect"} if form.family_effects else set())
        | DISPERSIONS["growing" if form.dispersion == "two-sided" and not plain_families else form.dispersion]
        | ({"score_inflation"} if study.scores.inflation else set())
    )


DISPERSIONS: dict[str, set[str]] = {
    "constant": set(),
    "growing": {"dispersion_growth"},
    "two-sided": {"dispersion_growth", "family_asymmetry", "asymmetry_growth"},
    "two-classes": {"class_gap", "class_gap_growth", "class_log_odds", "class_log_odds_growth"},
}
"""Parameters of each."""


def residuals(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> float:
    """Log density of LLMs about the trend and of families: normal, or less an inefficiency; it grows with time."""
    growth, time = at.get("dispersion_growth", 0.0), data["time"].to_numpy()
    mean, total = at["origin"] + at["rate"] * time + bend(study, data, at), 0.0
    if study.covariates:
        x = covariates(data, at)
        mean = mean + x @ at["covariate_effect"]
        if "covariate_growth" in at:
            mean = mean + x[:, data["covariate_grows"].to_numpy()] @ at["covariate_growth"] * time
    if "family_effect" in at:
        mean = mean + at["family_effect"][data["family_index"].to_numpy()]
        total += families(study, at, data["family_time"].to_numpy())
    spread = np.exp(growth * time)
    residual = (at["log_density_relative"] - mean) / spread
    total += composed(study, residual, at["noise_scale"], at.get("inefficiency_scale", 0.0)) - np.log(spread).sum()
    return float(total)


def covariates(data: xr.Dataset, at: dict[str, np.ndarray]) -> np.ndarray:
    """Covariates of the LLMs with what is drawn of them."""
    x = data["covariate_value"].to_numpy().copy()
    missing = np.isnan(x)
    if missing.any():
        x[:, missing.any(axis=0)] = at["covariate_completed"]
        np.testing.assert_array_equal(x[~missing], data["covariate_value"].to_numpy()[~missing])
    return x


def covariate_priors(study: Study, data: xr.Dataset, at: dict[str, np.ndarray], contrasts: Any) -> float:
    """Log density of effects, and of covariates that are not known of all, about a regression on size and date."""
    norm, total = stats.norm.logpdf, 0.0
    names = data["covariate_name"].to_numpy()
    for name, effect in zip(names, at["covariate_effect"], strict=True):
        prior = study.covariates[name].effect
        total += norm(effect, prior.mu, prior.sigma)
    for part, which in (("growth", "grows"), ("between_benchmarks", "departs")):
        for j, name in enumerate(names[data[f"covariate_{which}"].to_numpy()]):
            prior = study.covariates[name].priors[part]
            if part == "growth":
                total += norm(at["covariate_growth"][j], prior.mu, prior.sigma)
            else:
                total += norm(np.log(at["covariate_spread"][j]), prior.mu, prior.sigma)
                total += contrasts(at["covariate_departure"][j], at["covariate_spread"][j])
    missing = np.isnan(data["covariate_value"].to_numpy())
    size, time = data["log_size"].to_numpy(), data["time"].to_numpy()
    for j, column in enumerate(np.flatnonzero(missing.any(axis=0))):
        x, (start, by_size, by_time) = at["covariate_completed"][:, j], at["imputation"][:, j]
        sd = np.nanstd(data["covariate_value"].to_numpy()[:, column])
        total += norm([start, by_size * size.std(), by_time * time.std()], 0, 2.5 * sd).sum()
        total += (
            norm(np.log(at["imputation_scatter"][j] / sd))
            + norm(x, start + by_size * size + by_time * time, at["imputation_scatter"][j]).sum()
        )
        # What is not known is drawn in standard deviations of the regression.
        total += missing[:, column].sum() * np.log(at["imputation_scatter"][j])
    return float(total)


def families(study: Study, at: dict[str, np.ndarray], time: np.ndarray) -> float:
    """Log density of family effects."""
    effect, scale, growth = at["family_effect"], at["family_scale"], at.get("dispersion_growth", 0.0)
    if study.frontier.dispersion == "two-sided":
        ratio = at["family_asymmetry"] + at["asymmetry_growth"] * time
        lower, upper = (scale * np.exp(growth * time + sign * ratio) for sign in (1, -1))
        x = effect + np.sqrt(2 / np.pi) * (upper - lower)
        side = np.where(x < 0, lower, upper)
        return float((stats.norm.logpdf(x, 0, side) + np.log(2 * side / (lower + upper))).sum())
    if study.frontier.dispersion == "two-classes":
        weak = 1 / (1 + np.exp(-at["class_log_odds"] - at["class_log_odds_growth"] * time))
        gap = at["class_gap"] * np.exp(at["class_gap_growth"] * time)
        density = (1 - weak) * stats.norm.pdf(effect, weak * gap, scale)
        return float(np.log(density + weak * stats.norm.pdf(effect, (weak - 1) * gap, scale)).sum())
    spread = np.exp(growth * time)
    return composed(study, effect / spread, scale, at.get("family_inefficiency_scale", 0.0)) - np.log(spread).sum()


def composed(study: Study, x: np.ndarray, v: Any, u: Any) -> float:
    """Log density of v - u about its mean, v normal and u of the form of the frontier."""
    if not u:
        return float(stats.norm.logpdf(x, 0, v).sum())
    if study.frontier.form == "half-normal":
        moved = u * np.sqrt(2 / np.pi)
        return float(stats.skewnorm.logpdf(x, -u / v, loc=moved, scale=np.hypot(u, v)).sum())
    # Turned over, the sum of a normal and an exponential.
    return float(stats.exponnorm.logpdf(-x, u / v, loc=-u, scale=v).sum())


def bend(study: Study, data: xr.Dataset, at: dict[str, np.ndarray]) -> Any:
    """Departure of the trend at the release dates from the straight line through the average."""
    time = data["time"].to_numpy()
    if study.frontier.trend == "quadratic":
        return 0.5 * at["curvature"] * (time**2 - np.mean(time**2))
    if study.frontier.trend == "random-walk":
        np.testing.assert_allclose(at["rate_step"], at["rate_walk"] * at["rate_step_raw"])
        return sum(
            step * turned(time, when) for step, when in zip(at["rate_step"], data["knot_time"].to_numpy(), strict=True)
        )
    if study.frontier.trend == "change-point":
        if study.frontier.break_date:
            start = pd.Timestamp(str(data["release_date"].to_numpy()[0]))
            when = time[0] + (pd.Timestamp(study.frontier.break_date) - start).days / 365.25
        else:
            when = time.min() + np.ptp(time) / (1 + np.exp(-at["logit_break_position"]))
            assert at["break_time"] == pytest.approx(when, abs=1e-9)
        return at["rate_change"] * turned(time, when)
    return 0.0


def turned(time: np.ndarray, when: Any) -> np.ndarray:
    """A rise that begins at a date, over about a month, without what a straight line through the dates has of it."""
    rise = np.logaddexp(0, 12 * (time - when)) / 12
    return rise - np.polyval(np.polyfit(time, rise, 1), time)

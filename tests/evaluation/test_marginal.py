"""The predictive density of an LLM's scores is what brute force finds, with everything that is its own integrated out.

The package takes harness effects to first order and sums the rest over few nodes; here every integral is a dense sum or
a Monte Carlo average. They agree to a few hundredths of a unit of log density.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from farther import counted
from remade import FORMS
from remade import remade as remade_with
from scipy import stats

from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.marginal import log_predictive
from bayesdensity.inference.result import Fit

Point = dict[str, Any]
"""One draw of the shared parameters, by name."""
SIZES = np.linspace(-12, 12, 3001)
"""Log sizes from the average target at which the scores of a cell are evaluated."""


def remade(fit: Fit, change: dict[str, Any]) -> Fit:
    """The fit as one of another form of the frontier, with made-up scales for what the form brings with it."""
    return remade_with(fit, change, family_inefficiency_scale=0.4 + 0.2 * fit.posterior["noise_scale"])


def drawn(fit: Fit, chain: int) -> Point:
    """The first draw of a chain, and the population mean of ln density at the release of each LLM."""
    here = fit.posterior.isel(chain=chain, draw=0)
    point: Point = {str(name): values.to_numpy() for name, values in here.data_vars.items()}
    time = fit.data["time"].to_numpy()
    bend = 0.5 * point["curvature"] * (time**2 - np.mean(time**2))
    return point | {"mean": point["origin"] + point["rate"] * time + bend}


def logit(point: Point, bench: Any, size: Any) -> Any:
    level, slope, exponent = (point[f"link_{part}"][bench] for part in ("level", "slope", "exponent"))
    size = counted(size, point["link_largest"][bench], point["link_stretch"][bench])
    return level + slope * (1 - np.exp(-exponent * size)) / exponent


def before_departure(point: Point, data: xr.Dataset, relative: np.ndarray) -> np.ndarray:
    """Log size of every cell, but for its own departure, at ln densities of the targets."""
    entity, bench = data["cell_entity"].to_numpy(), data["cell_benchmark"].to_numpy()
    k, n = data.attrs["n_target_cells"], data.sizes["llm"]
    own = (data["log_size"].to_numpy() + relative)[entity[:k]]
    own = own + point["benchmark_slope"][bench[:k]] * data["time"].to_numpy()[entity[:k]]
    members = (data["reference_log_size"].to_numpy() + point["recipe"])[entity[k:] - n] - point["level"][bench[k:]]
    return np.concatenate([own, members])


def score_density(point: Point, data: xr.Dataset, i: int, eta: Any) -> Any:
    """Density of a score at logits of its LLM by its harness."""
    b = int(data["score_benchmark"][i])
    floor, top = float(data["floor"][b]), point["ceiling"][b]
    expected = floor + (top - floor) / (1 + np.exp(-eta))
    inside = 0.002 + 0.996 * expected
    variance = inside * (1 - inside) * (1 / float(data["n_items"][b]) + point["overdispersion"][b])
    return stats.norm.pdf(float(data["score_value"][i]), expected, np.sqrt(variance))


def harness(point: Point, data: xr.Dataset, i: int, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects that the harness of a score may have, and their probabilities given the other scores that are known."""
    of, cell = data["score_harness"].to_numpy(), data["score_cell"].to_numpy()
    entity = data["cell_entity"].to_numpy()[cell]
    known = np.append(given, np.ones(data.sizes["reference"], bool))[entity]
    size = before_departure(point, data, point["log_density_relative"]) + point["cell_departure"]
    scale = point["harness_scale"][int(data["score_benchmark"][i])]
    effect = np.linspace(-6, 6, 601) * scale
    log_weight = stats.norm.logpdf(effect, 0, scale)
    for j in np.flatnonzero((of == of[i]) & known):
        if j != i:
            eta = logit(point, int(data["score_benchmark"][j]), size[cell[j]]) + effect
            log_weight = log_weight + np.log(np.maximum(score_density(point, data, j, eta), 1e-300))
    weight = np.exp(log_weight - log_weight.max())
    keep = weight > 1e-9
    return effect[keep], weight[keep] / weight[keep].sum()


def likelihood(point: Point, data: xr.Dataset, m: int, given: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Log density of all scores of an LLM as a function of its ln density, its cells and harnesses integrated out."""
    cells, zero = np.flatnonzero(data["cell_entity"].to_numpy() == m), np.zeros(data.sizes["llm"])
    centre, parts = before_departure(point, data, zero), []
    for cell in cells:
        b = int(data["cell_benchmark"][cell])
        density = np.ones(len(SIZES))
        for i in np.flatnonzero(data["score_cell"].to_numpy() == cell):
            effect, weight = harness(point, data, int(i), given)
            density *= score_density(point, data, int(i), logit(point, b, SIZES)[:, None] + effect) @ weight
        # The departure of the cell spreads its size about what is expected.
        departure = stats.norm.pdf(SIZES[:, None] - SIZES, 0, point["cell_scatter"][b]) * (SIZES[1] - SIZES[0])
        parts.append((centre[cell], np.log(np.maximum(departure @ density, 1e-300))))
    return lambda own: sum(np.interp(own + at, SIZES, log_density) for at, log_density in parts)


def sides(point: Point, time: float) -> tuple[float, float]:
    """Scales of family effects below and above their mode."""
    asymmetry = point["family_asymmetry"] + point["asymmetry_growth"] * time
    middle = point["family_scale"] * np.exp(point["dispersion_growth"] * time)
    return float(middle * np.exp(asymmetry)), float(middle * np.exp(-asymmetry))


def residual(fit: Fit, point: Point, who: str, time: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """Simulated effects of families, or of LLMs within one."""
    names = {"family": ("family_scale", "family_inefficiency_scale"), "llm": ("noise_scale", "inefficiency_scale")}
    if who == "family" and fit.study.frontier.dispersion == "two-sided":
        lower, upper = sides(point, time)
        below = rng.random(n) < lower / (lower + upper)
        return np.abs(rng.normal(size=n)) * np.where(below, -lower, upper) + np.sqrt(2 / np.pi) * (lower - upper)
    symmetric, one_sided = (point.get(name, 0.0) for name in names[who])
    v, u = rng.normal(size=n) * symmetric, np.zeros(n)
    if fit.study.frontier.form == "half-normal":
        u = one_sided * (np.abs(rng.normal(size=n)) - np.sqrt(2 / np.pi))
    elif fit.study.frontier.form == "exponential":
        u = one_sided * (rng.exponential(size=n) - 1)
    return np.exp(point["dispersion_growth"] * time) * (v - u)


def log_mean(values: np.ndarray) -> tuple[float, float]:
    """Logarithm of the mean of exponentials, and its Monte Carlo error."""
    weight = np.exp(values - values.max())
    return float(np.log(weight.mean()) + values.max()), float(weight.std() / weight.mean() / np.sqrt(len(weight)))


@pytest.mark.parametrize("name", FORMS)
def test_scores_of_an_llm_alone_are_predicted_as_simulated_llms_score(world_fit: Fit, name: str) -> None:
    """No target is given: the effect of its family and its own are simulated from their distributions."""
    made, rng, n = remade(world_fit, FORMS[name]), np.random.default_rng(5), 400_000
    data, nobody = made.data, np.zeros(world_fit.data.sizes["llm"], bool)
    got = log_predictive(made, data, nobody, draws=4)
    assert got.dims == ("chain", "draw", "llm") and got.sizes["draw"] == 1 and np.isfinite(got).all()
    for chain, m in ((0, 0), (1, 11), (2, 20), (3, data.sizes["llm"] - 1)):
        point, family = drawn(made, chain), int(data["family_index"][m])
        own = point["mean"][m] + residual(made, point, "llm", float(data["time"][m]), rng, n)
        if made.study.frontier.family_effects:
            own = own + residual(made, point, "family", float(data["family_time"][family]), rng, n)
        wanted, error = log_mean(likelihood(point, data, m, nobody)(own))
        assert error < 0.02
        assert float(got[chain, 0, m]) == pytest.approx(wanted, abs=0.03 + 4 * error), (m, error)


def over_own(
    fit: Fit, point: Point, log_scores: Callable[[np.ndarray], np.ndarray], m: int
) -> Callable[[float], float]:
    """Density of all scores of an LLM as a function of its family's effect, its own inefficiency integrated out."""
    spread = np.exp(point["dispersion_growth"] * float(fit.data["time"][m]))
    v, u = spread * point["noise_scale"], spread * point["inefficiency_scale"]
    grid = np.linspace(-8, 8, 4001) * np.hypot(v, u)
    own = stats.skewnorm.pdf(grid, -u / v, loc=u * np.sqrt(2 / np.pi), scale=np.hypot(u, v)) * (grid[1] - grid[0])
    return lambda effect: float(own @ np.exp(log_scores(point["mean"][m] + effect + grid)))


def over_family(fit: Fit, point: Point, f: int, densities: list[Callable[[float], float]]) -> float:
    """Log density of the scores of some members of a family, its effect integrated out."""
    lower, upper = sides(point, float(fit.data["family_time"][f]))
    x = np.linspace(-6 * lower, 6 * upper, 301)
    effect = x + np.sqrt(2 / np.pi) * (lower - upper)
    values = np.prod([[density(one) for one in effect] for density in densities], axis=0)
    split = np.exp(-0.5 * (x / np.where(x < 0, lower, upper)) ** 2) * np.sqrt(2 / np.pi) / (lower + upper)
    return float(np.log(values @ split * (x[1] - x[0])))


def family_of(fit: Fit, size: int) -> list[int]:
    """The LLMs of the last family of some size."""
    family = fit.data["family_index"].to_numpy()
    last = np.flatnonzero(np.bincount(family) == size)[-1]
    return list(np.flatnonzero(family == last))


@pytest.mark.parametrize("size", [2, 3])
def test_scores_given_those_of_relatives_are_a_ratio_of_joint_densities(world_fit: Fit, size: int) -> None:
    data, everyone = world_fit.data, np.ones(world_fit.data.sizes["llm"], bool)
    got, members = log_predictive(world_fit, data, everyone, draws=4), family_of(world_fit, size)
    for chain in (0, 2):
        point = drawn(world_fit, chain)
        density = {m: over_own(world_fit, point, likelihood(point, data, m, everyone), m) for m in members}
        family = int(data["family_index"][members[0]])
        joint = over_family(world_fit, point, family, list(density.values()))
        for m in members:
            relatives = over_family(world_fit, point, family, [density[k] for k in members if k != m])
            assert float(got[chain, 0, m]) == pytest.approx(joint - relatives, abs=0.03), (m, chain)


def test_only_relatives_that_are_given_tell_of_an_llm(world_fit: Fit) -> None:
    data, everyone = world_fit.data, np.ones(world_fit.data.sizes["llm"], bool)
    first, *others = family_of(world_fit, 3)
    given = everyone.copy()
    given[others] = False
    alone = np.zeros_like(everyone)
    by_relatives, by_none, by_nobody = (
        log_predictive(world_fit, data, known, draws=4).to_numpy()[..., first] for known in (everyone, given, alone)
    )
    # Harness effects are known from all others in the one case and from the reference only in the other.
    np.testing.assert_allclose(by_none, by_nobody, atol=0.5)
    assert (np.abs(by_relatives - by_none) > 0.01).any()


def test_an_llms_own_scores_do_not_tell_of_themselves(world_fit: Fit) -> None:
    """Whether an LLM itself is given changes next to nothing in what is predicted of it.

    Its scores tell a little of the harnesses that measured its relatives too.
    """
    data, everyone = world_fit.data, np.ones(world_fit.data.sizes["llm"], bool)
    for m in (0, 12):
        others = everyone.copy()
        others[m] = False
        one, other = (
            log_predictive(world_fit, data, given, draws=4).to_numpy()[..., m] for given in (everyone, others)
        )
        np.testing.assert_allclose(one, other, atol=0.03)


def test_worse_scores_are_less_likely(world_fit: Fit) -> None:
    """Scores as no LLM of this world has them: every other one very high, the next very low."""
    data = world_fit.data
    value, cell = data["score_value"].to_numpy().copy(), data["score_cell"].to_numpy()
    m = int(np.bincount(data["cell_entity"].to_numpy()[: data.attrs["n_target_cells"]]).argmax())
    own = np.flatnonzero(data["cell_entity"].to_numpy()[cell] == m)
    value[own] = np.where(np.arange(len(own)) % 2, 0.97, 0.03)
    nobody = np.zeros(data.sizes["llm"], bool)
    usual, odd = (log_predictive(world_fit, one, nobody, draws=40) for one in (data, with_scores(data, value)))
    assert np.isfinite(odd).all()
    assert (odd.isel(llm=m) < usual.isel(llm=m) - 5).all()
    rest = np.arange(data.sizes["llm"]) != m
    # Of its relatives only the nodes move.
    np.testing.assert_allclose(odd.isel(llm=rest), usual.isel(llm=rest), atol=0.01)


def test_draws_are_thinned_evenly_and_progress_is_told(world_fit: Fit) -> None:
    told: list[float] = []
    everyone = np.ones(world_fit.data.sizes["llm"], bool)
    many = log_predictive(world_fit, world_fit.data, everyone, draws=80, progress=told.append)
    assert many.shape == (4, 20, world_fit.data.sizes["llm"])
    assert told == sorted(told) and told[-1] == 1.0
    few = log_predictive(world_fit, world_fit.data, everyone, draws=40)
    np.testing.assert_allclose(few, many.isel(draw=slice(None, None, 2)))
    assert list(few["llm"].to_numpy()) == list(world_fit.data["llm"].to_numpy())

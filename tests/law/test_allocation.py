"""Compute is divided as the closed forms say, and three approaches recover it from the runs."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from known_laws import CHAINS, COMPUTE, DRAWS, GRID, TRUTH, Pairs, budgets, make

from bayesdensity.law import allocation
from bayesdensity.quantities import SAMPLE


@pytest.mark.parametrize("law", ["chinchilla", "densing", "data-constrained"])
def test_the_optimum_of_power_laws_is_the_closed_form(law: str) -> None:
    fit = make(law, {"Web": GRID, "Code": GRID[:20]}, width=0.1)
    found, p = allocation.allocate(fit, COMPUTE), fit.law.natural(fit.centre)
    alpha, beta, six = p["alpha"], p["beta"], xr.DataArray(COMPUTE, dims="compute") / 6
    a, scale = beta / (alpha + beta), (alpha * p["A"] / (beta * p["B"])) ** (1 / (alpha + beta))
    n, d = scale * six**a, six ** (1 - a) / scale
    expected = {"params": n, "tokens": d, "tokens_per_parameter": d / n}
    expected |= {"loss": p.get("E", 0.0) + p["A"] * n**-alpha + p["B"] * d**-beta}
    exponents = {"size_exponent": a, "data_exponent": 1 - a, "return_exponent": alpha * beta / (alpha + beta)}
    expected |= {name: value + 0 * n for name, value in exponents.items()}
    assert set(expected) == set(found._fields)
    for name, truth in expected.items():
        draws = getattr(found, name).draws
        assert draws.dims == (*SAMPLE, "compute", "benchmark") and draws.std(SAMPLE).min() > 0
        np.testing.assert_allclose(draws, truth.transpose(*draws.dims), rtol=1e-4, err_msg=name)


def test_the_optimum_of_kaplan_satisfies_the_first_order_condition_and_the_path_is_that_of_fewer_draws() -> None:
    fit = make("kaplan", width=0.1)
    found, p = allocation.allocate(fit, COMPUTE), fit.law.natural(fit.centre)
    n, d, ratio = found.params.draws, found.tokens.draws, p["alpha_N"] / p["alpha_D"]
    by_size, by_data = (p["N_c"] / n) ** ratio, p["D_c"] / d
    np.testing.assert_allclose(ratio * by_size / by_data, 1, rtol=1e-5)
    np.testing.assert_allclose((6 * n * d).transpose(..., "compute") / COMPUTE, 1, rtol=1e-9)
    np.testing.assert_allclose(found.loss.draws / (by_size + by_data) ** p["alpha_D"], 1, rtol=1e-9)
    np.testing.assert_allclose(found.size_exponent.draws * (1 + ratio), 1, rtol=1e-4)
    path = allocation.optimal_path(fit, COMPUTE, CHAINS * DRAWS // 4)
    for few, whole in zip(path, (found.params, found.loss), strict=True):
        np.testing.assert_allclose(few.draws, whole.draws[:, ::4], rtol=1e-12)


FIVE, ABOUT, CLOSE = [10.0 ** (18 + 0.75 * k) for k in range(5)], [0.3 * k for k in range(-4, 5)], [-0.6, 0.0, 0.6]
DENSE: Pairs = [(3e7 * 1.4**n, 3e8 * 1.4**d) for n in range(14) for d in range(19)]


@pytest.mark.parametrize("errors", [0.0, 0.002])
@pytest.mark.parametrize("name", ["from_budgets", "from_sizes"])
def test_approaches_recover_the_law_from_its_runs_alone(name: str, errors: float) -> None:
    design = budgets(FIVE, ABOUT) if name == "from_budgets" else DENSE
    truth = {**TRUTH, "data_elasticity": 0.08}
    fit = make(designs={"Web": design}, errors=errors, scale=max(errors, 1e-7), truth=truth)
    found, exact = getattr(allocation, name)(fit, [1e20, 1e21]), allocation.allocate(fit, [1e20, 1e21])
    (low, a, high), slope = found.exponent, float(exact.size_exponent.draws.mean())
    best = np.log(exact.params.summary["median"].to_numpy()[:, 0])
    assert found.why_not == "" and a == pytest.approx(slope, abs=0.02)
    assert (low, a, high) == tuple(sorted([low, a, high])) and (high > low + 0.001) == (errors > 0)
    np.testing.assert_allclose(found.log_params[:, 1], best, atol=0.1)
    assert np.all(np.diff(found.log_params) >= 0) and len(found.points) >= 5
    np.testing.assert_allclose(found.points @ [-slope, 1], best[0] - slope * np.log(1e20), atol=0.4)


@pytest.mark.parametrize(
    ("name", "design", "scale", "told"),
    [
        ("from_budgets", budgets(FIVE[:2], ABOUT), 1e-7, "needs at least 3 budgets of compute with four or more sizes"),
        ("from_budgets", budgets([1e20, 1.5e20, 2.2e20], ABOUT), 1e-7, "over a factor of 5 in compute"),
        ("from_budgets", budgets(FIVE, CLOSE), 1e-7, "budgets of compute with four or more sizes"),
        ("from_budgets", budgets(FIVE, ABOUT), 0.1, "too noisy"),
        ("from_sizes", budgets(FIVE, ABOUT), 1e-7, "each trained on three or more amounts of data"),
        ("from_sizes", DENSE[:38], 1e-7, "needs at least 3 sizes"),
    ],
)
def test_approaches_say_why_the_runs_do_not_allow_them(name: str, design: Pairs, scale: float, told: str) -> None:
    found = getattr(allocation, name)(make(designs={"Web": design}, scale=scale), [1e20])
    assert told in found.why_not and np.isnan(found.exponent).all() and found.log_params is None


def test_three_approaches_stand_side_by_side() -> None:
    fit = make(designs={"Few": GRID[:6], "Many": DENSE})
    found = allocation.allocate(fit, COMPUTE)
    for b, possible in enumerate([{"parametric"}, {"parametric", "iso-FLOP", "fixed sizes"}]):
        table = allocation.side_by_side(found, allocation.from_runs(fit, found, b), b).set_index("approach")
        assert list(table.index) == [name for name in ("fixed sizes", "iso-FLOP", "parametric") for _ in COMPUTE]
        assert list(table["compute"]) == COMPUTE * 3 and set(table.index[table["why_not"] == ""]) == possible
        numbers = table.drop(columns=["why_not", "compute"])
        assert numbers.notna().all(axis=1).equals(table["why_not"] == "")
        for name, estimate in (("exponent", found.size_exponent), ("params", found.params)):
            for end in ("lower", "median", "upper"):
                np.testing.assert_allclose(table.loc["parametric", f"{name}_{end}"], estimate.summary[end][:, b])

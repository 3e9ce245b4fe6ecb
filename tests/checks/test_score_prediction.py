"""Scores are predicted from those outside their cell; benchmarks, harnesses and copies that do not fit are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from farther import counted
from planted import others_pass
from rows import cells_on, scores_of_targets
from scipy import stats

from bayesdensity.checks.score_prediction import check_scores, copies, loo_pit
from bayesdensity.data.masks import with_scores
from bayesdensity.inference.result import Fit
from bayesdensity.study.load import load_study


def without_its_cell(fit: Fit, score: int) -> tuple[float, float]:
    """P(a score is lower | all scores outside its cell) and the effective number of draws it comes from.

    Every draw counts by one over the density of the cell's scores, its departure integrated out on a fine grid.
    """
    data, at = fit.data, {str(name): values.to_numpy() for name, values in fit.posterior.data_vars.items()}
    cell = int(data["score_cell"][score])
    llm, b = int(data["cell_entity"][cell]), int(data["cell_benchmark"][cell])
    size = float(data["log_size"][llm]) + at["log_density_relative"][..., llm]
    size = size + at["benchmark_slope"][..., b] * float(data["time"][llm])
    grid = np.linspace(-7, 7, 401)
    mass = stats.norm.pdf(grid) * (grid[1] - grid[0])
    x = size[..., None] + at["cell_scatter"][..., b, None] * grid
    level, slope, exponent = (at[f"link_{part}"][..., b, None] for part in ("level", "slope", "exponent"))
    x = counted(x, *(at[f"link_{part}"][..., b, None] for part in ("largest", "stretch")))
    before = level + slope * (1 - np.exp(-exponent * x)) / exponent
    floor, top, items = float(data["floor"][b]), at["ceiling"][..., b, None], float(data["n_items"][b])

    def distribution(i: int) -> Any:
        eta = before + at["harness_effect"][..., int(data["score_harness"][i]), None]
        expected = floor + (top - floor) / (1 + np.exp(-eta))
        inside = 0.002 + 0.996 * expected
        variance = inside * (1 - inside) * (1 / items + at["overdispersion"][..., b, None])
        return stats.norm(expected, np.sqrt(variance))

    density = np.ones_like(x)
    for i in np.flatnonzero(data["score_cell"].to_numpy() == cell):
        density = density * distribution(int(i)).pdf(float(data["score_value"][i]))
    weight = 1 / (density @ mass)
    below = distribution(score).cdf(float(data["score_value"][score])) @ mass
    return float((weight * below).sum() / weight.sum()), float(weight.sum() ** 2 / (weight**2).sum())


def test_a_score_is_predicted_from_those_outside_its_cell(world_fit: Fit) -> None:
    """By brute force from all draws, where enough of them count; the package thins them and smooths their weights."""
    pit, bench, source, first = loo_pit(world_fit)
    own, data = scores_of_targets(world_fit.data), world_fit.data
    assert len(pit) == len(bench) == len(source) == len(first) == len(own)
    np.testing.assert_array_equal(bench, data["benchmark"].to_numpy()[data["score_benchmark"].to_numpy()[own]])
    labels = [f"{name} on {b}" for name, b in zip(source, bench, strict=True)]
    np.testing.assert_array_equal(labels, data["harness"].to_numpy()[data["score_harness"].to_numpy()[own]])
    assert first.sum() == data.attrs["n_target_cells"] == len(set(data["score_cell"].to_numpy()[own][first]))
    # The very draws that the package takes, and all of them.
    for step, every, atol, mean in ((5, 3, 0.03, 0.004), (1, 16, 0.08, 0.02)):
        some = replace(world_fit, posterior=world_fit.posterior.isel(draw=slice(None, None, step)))
        wanted, effective = np.array([without_its_cell(some, int(i)) for i in own[::every]]).T
        enough = effective > 0.15 * some.posterior["rate"].size
        assert enough.mean() > 0.6
        np.testing.assert_allclose(pit[::every][enough], wanted[enough], atol=atol)
        assert np.abs(pit[::every] - wanted)[enough].mean() < mean


def test_a_score_that_is_changed_is_predicted_as_before_by_the_others(world_fit: Fit) -> None:
    """What a cell scored does not tell of itself, but for how far the posterior is corrected."""
    own = scores_of_targets(world_fit.data)
    cell = world_fit.data["score_cell"].to_numpy()[own]
    k = int(np.flatnonzero(np.bincount(cell)[cell] == 1)[20])
    values = world_fit.data["score_value"].to_numpy().copy()
    values[own[k]] += 0.06
    moved = replace(world_fit, data=with_scores(world_fit.data, values))
    before, after = loo_pit(world_fit)[0], loo_pit(moved)[0]
    assert after[k] > before[k] + 0.05
    assert after[k] == pytest.approx(without_its_cell(moved, int(own[k]))[0], abs=0.06)
    np.testing.assert_array_equal(np.delete(after, k), np.delete(before, k))


def test_scores_of_the_small_world_lie_where_they_are_predicted(world_fit: Fit) -> None:
    found = check_scores(world_fit)
    assert found.verdict == "PASS" and found.sentence.startswith("147 scores lie where")
    for group in ("on Reading", "on Sums", "on Code", "by harness-a", "by harness-b"):
        assert f"scores {group} lie higher or lower than predicted" in found.figures
        assert f"scores {group} scatter more or less than predicted" in found.figures


def test_a_benchmark_whose_scores_are_shifted_for_half_of_the_llms_is_named(world_fit: Fit) -> None:
    data, own = world_fit.data, scores_of_targets(world_fit.data)
    value, cell = data["score_value"].to_numpy().copy(), data["score_cell"].to_numpy()
    here = own[cells_on(world_fit.data, "Sums")[cell[own]] & (data["cell_entity"].to_numpy()[cell[own]] % 2 == 0)]
    value[here] = np.clip(value[here] + 0.25, 0.01, 0.94)
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    assert found.verdict != "PASS" and "scores on Sums" in found.sentence
    assert others_pass(found, "scores on Sums", "scores by harness-")
    assert "fit without the benchmark or harness" in found.remedy


def test_a_harness_whose_scores_are_shifted_is_named(world_fit: Fit) -> None:
    data, own = world_fit.data, scores_of_targets(world_fit.data)
    value, harness = data["score_value"].to_numpy().copy(), data["harness"].to_numpy()[data["score_harness"].to_numpy()]
    here = own[np.char.startswith(harness[own].astype(str), "harness-b")]
    value[here] = np.clip(value[here] - 0.15, 0.01, 0.94)
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    assert found.verdict != "PASS" and "scores by harness-b lie higher or lower" in found.sentence


def test_groups_of_few_scores_are_not_tested(world_fit: Fit) -> None:
    few = np.arange(world_fit.data.sizes["llm"]) < 19
    found = check_scores(replace(world_fit, data=with_scores(world_fit.data, keep_llms=few)))
    assert not any(said.startswith("scores on") for said in found.figures)
    assert any(said.startswith("scores by harness-a") for said in found.figures)


def of_scores(rows: list[tuple[int, float, bool]], n_target_cells: int) -> Fit:
    """A fit that knows nothing but scores: their cells, values, and whether they are kept."""
    cell, value, keep = zip(*rows, strict=True)
    data = xr.Dataset(
        {
            "score_cell": ("score", list(cell)),
            "score_benchmark": ("score", [0] * len(cell)),
            "score_harness": ("score", [0] * len(cell)),
            "score_value": ("score", list(value)),
            "score_keep": ("score", list(keep)),
        },
        attrs={"n_target_cells": n_target_cells},
    )
    return Fit(xr.Dataset(), xr.Dataset(), data, load_study("densing-law"), {})


def test_equal_scores_of_a_cell_are_counted_as_copies() -> None:
    rows = [(0, 0.512, True), (0, 0.7, True), (0, 0.512, True)]  # one repeats another, in whatever order
    rows += [(1, 0.3, True), (1, 0.30004, True)]  # equal as published
    rows += [(2, 0.2, True), (2, 0.2001, True)]  # a tenth of a per mille apart
    rows += [(3, 0.4, True), (3, 0.4, True), (3, 0.4, True)]
    rows += [(4, 0.4, True)]  # alone in its cell, however common its value
    rows += [(5, 0.6, False), (5, 0.6, False)]  # left out
    rows += [(6, 0.5, True), (6, 0.5, True)]  # of the reference
    assert copies(of_scores(rows, 6))[:2] == (2 + 1 + 1 + 2, 1 + 1 + 0 + 2)
    assert copies(of_scores(rows[-3:], 6))[:2] == (0, 0)


def test_harnesses_that_repeat_others_are_named(world_fit: Fit) -> None:
    data, own = world_fit.data, scores_of_targets(world_fit.data)
    value, cell = data["score_value"].to_numpy().copy(), data["score_cell"].to_numpy()
    second = own[1:][np.diff(cell[own]) == 0]
    assert copies(world_fit)[:2] == (len(second), 0)
    value[second[::2]] = value[second[::2] - 1]
    found = check_scores(replace(world_fit, data=with_scores(data, value)))
    said = f"copies: {len(second[::2])} of {len(second)} scores repeat another of their LLM"
    assert found.verdict == "FAIL" and found.sentence.startswith(said)
    assert "scores.collapse_equal" in found.remedy
    value = data["score_value"].to_numpy().copy()
    value[second[:2]] = value[second[:2] - 1]  # so few may be chance
    assert check_scores(replace(world_fit, data=with_scores(data, value))).verdict == "PASS"

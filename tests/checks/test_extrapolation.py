"""Sizes beyond the reference and scores at the edges are counted, and too many ask for a review."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rows import scores_of_targets

from bayesdensity.checks import Verdict
from bayesdensity.checks.extrapolation import check_extrapolation
from bayesdensity.data.masks import with_scores
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE


def sizes(fit: Fit) -> np.ndarray:
    """Log effective size of every target on every benchmark, from the average target, at every draw."""
    at, data = fit.posterior, fit.data
    columns = []
    for k in range(data.attrs["n_target_cells"]):
        m, b = int(data["cell_entity"][k]), int(data["cell_benchmark"][k])
        own = at["log_density_relative"][..., m] + at["level"][..., b] + at["cell_departure"][..., k]
        own = own + at["benchmark_slope"][..., b] * float(data["time"][m]) + float(data["log_size"][m])
        columns.append(own.to_numpy())
    return np.stack(columns, axis=-1)


def with_reference(fit: Fit, *log_sizes: float) -> Fit:
    """The fit with members of other sizes."""
    half = np.linspace(*log_sizes, fit.data.sizes["reference"])
    return replace(fit, data=fit.data.assign(reference_log_size=("reference", half)))


def test_sizes_beyond_the_reference_and_scores_at_the_edges_are_counted(world_fit: Fit) -> None:
    found, data, size = check_extrapolation(world_fit), world_fit.data, sizes(world_fit)
    members = data["reference_log_size"].to_numpy()
    assert found.figures["below"] == pytest.approx((size < members.min()).mean(), abs=1e-12)
    assert found.figures["above"] == pytest.approx((size > members.max()).mean(), abs=1e-12)
    low = high = 0
    own, ceiling = scores_of_targets(world_fit.data), world_fit.posterior["ceiling"].mean(SAMPLE)
    for i in own:
        b = int(data["score_benchmark"][i])
        span, floor = float(ceiling[b] - data["floor"][b]), float(data["floor"][b])
        low += float(data["score_value"][i]) < floor + 0.03 * span
        high += float(data["score_value"][i]) > floor + 0.97 * span
    assert found.figures["at_floor"] == pytest.approx(low / len(own)) and low > 0
    assert found.figures["at_ceiling"] == pytest.approx(high / len(own))
    above = f"{found.figures['above']:.0%} above the reference (5e+08 to 7.2e+10 parameters)"
    assert above in found.sentence
    assert found.figures["above"] > 0.2


@pytest.mark.parametrize(("share", "verdict"), [(0.24, "PASS"), (0.26, "REVIEW")])
@pytest.mark.parametrize("side", ["below", "above", "both"])
def test_too_many_sizes_beyond_the_reference_ask_for_a_review(
    world_fit: Fit, side: str, share: float, verdict: Verdict
) -> None:
    cut = {"below": (share, 1.0), "above": (0.0, 1 - share), "both": (share / 2, 1 - share / 2)}[side]
    found = check_extrapolation(with_reference(world_fit, *np.quantile(sizes(world_fit), cut)))
    assert found.figures["below"] + found.figures["above"] == pytest.approx(share, abs=0.001)
    assert found.verdict == verdict
    assert found.remedy.startswith("Compare with a reference of other sizes") == (verdict == "REVIEW")
    assert bool(found.remedy) == (verdict == "REVIEW")
    assert f"{cut[0]:.0%} below" in found.sentence


@pytest.mark.parametrize(("share", "verdict"), [(0.09, "PASS"), (0.115, "REVIEW")])
@pytest.mark.parametrize("edge", ["at_floor", "at_ceiling"])
def test_too_many_scores_at_the_edges_ask_for_a_review(
    world_fit: Fit, edge: str, share: float, verdict: Verdict
) -> None:
    data, own = world_fit.data, scores_of_targets(world_fit.data)
    bench = data["score_benchmark"].to_numpy()
    floor, top = data["floor"].to_numpy()[bench], world_fit.posterior["ceiling"].mean(SAMPLE).to_numpy()[bench]
    inside = np.linspace(0.1, 0.9, len(bench))
    some = own[: round(share * len(own))]
    inside[some] = 0.025 if edge == "at_floor" else 0.975
    values = with_scores(data, floor + (top - floor) * inside)
    found = check_extrapolation(with_reference(replace(world_fit, data=values), -20, 20))
    assert found.figures[edge] == pytest.approx(len(some) / len(own)) and found.verdict == verdict
    assert sum(found.figures.values()) == pytest.approx(found.figures[edge] + found.figures["unreachable"])


def test_scores_that_are_left_out_lie_at_no_edge(world_fit: Fit) -> None:
    data = world_fit.data
    before = check_extrapolation(world_fit).figures["at_floor"]
    low = data["score_cell"].to_numpy()[
        scores_of_targets(world_fit.data)[data["score_value"].to_numpy()[scores_of_targets(world_fit.data)] < 0.03]
    ]
    keep = ~np.isin(np.arange(data.sizes["llm"]), data["cell_entity"].to_numpy()[low])
    after = check_extrapolation(replace(world_fit, data=with_scores(data, keep_llms=keep))).figures["at_floor"]
    assert before > after == 0


def test_scores_that_no_size_reaches_ask_for_a_review(world_fit: Fit) -> None:
    wide = with_reference(world_fit, -20, 20)
    assert check_extrapolation(wide).verdict == "PASS"
    # With this exponent the logit ends close above the origin of the size axis.
    found = check_extrapolation(
        replace(wide, posterior=wide.posterior.assign(link_exponent=wide.posterior["link_exponent"] + 2))
    )
    assert found.figures["unreachable"] > 0.1 and found.verdict == "REVIEW"
    assert f"{found.figures['unreachable']:.0%} beyond any size" in found.sentence


def test_sizes_of_a_ladder_are_those_of_its_runs(world_fit: Fit) -> None:
    """The same sizes as runs of a ladder, which counts from a centre of its own."""
    data, centre = world_fit.data, world_fit.data.attrs["log_size_centre"]
    runs = data["reference_log_size"].to_numpy() + centre
    kept = data["cell_entity"].to_numpy() < data.sizes["llm"]
    alone = data.drop_dims("run").isel(reference=slice(0), cell=kept, score=data["score_cell"].to_numpy() < kept.sum())
    alone = alone.assign(run_log_n=("run", runs - 17.5)).assign_attrs(ladder_log_n_centre=17.5)
    of_ladder = replace(world_fit, data=alone, posterior=world_fit.posterior.isel(cell=kept))
    one, other = check_extrapolation(of_ladder), check_extrapolation(world_fit)
    assert one.figures == pytest.approx(dict(other.figures)) and one.sentence == other.sentence

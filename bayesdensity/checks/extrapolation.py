"""How much of the answer lies beyond the reference, or where scores say little."""

from __future__ import annotations

import numpy as np

from bayesdensity.checks.protocol import Check
from bayesdensity.checks.registry import check
from bayesdensity.data.cells import known_target_scores, scores_of
from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE, effective_size_by_benchmark, probability_unreachable

BEYOND, SATURATED, UNREACHABLE = 0.25, 0.1, 0.1
"""Shares that ask for a review."""
NEAR = 0.03
"""A score this close to its ceiling, or this little above its floor, says little; as a share of the range."""


@check("extrapolation", place=80)
def check_extrapolation(fit: Fit) -> Check:
    """Share of effective sizes outside the reference, of scores at floor or ceiling, and of sizes that do not exist."""
    data = fit.data
    size = np.log(effective_size_by_benchmark(fit).draws.to_numpy()) - data.attrs["log_size_centre"]
    if data.sizes["reference"]:
        sizes = data["reference_log_size"].to_numpy()
    else:
        sizes = data["run_log_n"].to_numpy() + data.attrs["ladder_log_n_centre"] - data.attrs["log_size_centre"]
    below, above = float((size < sizes.min()).mean()), float((size > sizes.max()).mean())
    known = known_target_scores(data)
    bench, value = scores_of(data).benchmark[known], data["score_value"].to_numpy()[known]
    floor, top = data["floor"].to_numpy(), fit.posterior["ceiling"].mean(SAMPLE).to_numpy()
    share = (value - floor[bench]) / (top - floor)[bench]
    low, high = float((share < NEAR).mean()), float((share > 1 - NEAR).mean())
    nowhere = float(probability_unreachable(fit).mean())
    smallest, largest = (np.exp(x + data.attrs["log_size_centre"]) for x in (sizes.min(), sizes.max()))
    sentence = (
        f"effective sizes: {below:.0%} below and {above:.0%} above the reference ({smallest:.2g} to {largest:.2g} "
        f"parameters), {nowhere:.0%} beyond any size; scores: {low:.0%} at the floor, {high:.0%} at the ceiling."
    )
    figures = {"below": below, "above": above, "at_floor": low, "at_ceiling": high, "unreachable": nowhere}
    doubtful = below + above > BEYOND or low + high > SATURATED or nowhere > UNREACHABLE
    verdict: Verdict = "REVIEW" if doubtful else "PASS"
    remedy = "Compare with a reference of other sizes, and with harder or easier benchmarks." if doubtful else ""
    return Check("extrapolation", verdict, sentence, remedy, figures)

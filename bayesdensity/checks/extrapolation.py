"""How much of the answer lies beyond the reference, or where scores say little."""

from __future__ import annotations

import numpy as np

from bayesdensity.checks.protocol import Check
from bayesdensity.checks.registry import check
from bayesdensity.data.cells import cells_of, known_target_scores, scores_of
from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import (
    SAMPLE,
    Estimand,
    effective_size_by_benchmark,
    inside_range,
    probability_unreachable,
    rate,
)

BEYOND, SATURATED, UNREACHABLE = 0.25, 0.1, 0.1
"""Shares that ask for a review."""
CLAIMED, BORNE_OUT = 0.95, 0.9
"""Probability from which on growth is a claim, and which it then needs inside the range of the reference."""
APART = 0.8
"""Probability of the interval of a rate inside the range that its median should lie in."""
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
    year = data["release_date"].to_numpy().astype("datetime64[Y]")[cells_of(data).llm]
    beyond = (size > sizes.max()).mean(axis=(0, 1))
    by_year = {f"above_{one}": float(beyond[year == one].mean()) for one in np.unique(year)}
    figures = {"below": below, "above": above, "at_floor": low, "at_ceiling": high, "unreachable": nowhere} | by_year
    doubtful = below + above > BEYOND or low + high > SATURATED or nowhere > UNREACHABLE
    hanging, apart = _hanging(fit, figures)
    verdict: Verdict = "FAIL" if hanging else "REVIEW" if doubtful or apart else "PASS"
    sentence = (
        f"effective sizes: {below:.0%} below and {above:.0%} above the reference ({smallest:.2g} to {largest:.2g} "
        f"parameters), {nowhere:.0%} beyond any size; scores: {low:.0%} at the floor, {high:.0%} at the ceiling."
    )
    remedy = "Compare with a reference of other sizes, and with harder or easier benchmarks."
    return Check(
        "extrapolation", verdict, " ".join([*hanging, *apart, sentence]), remedy * (verdict != "PASS"), figures
    )


def _hanging(fit: Fit, figures: dict[str, float]) -> tuple[list[str], list[str]]:
    """What is claimed that the range of the reference does not bear out, and what moves without the rest."""
    inside, hanging, apart = inside_range(fit), [], []
    if inside is None or inside is fit:
        return [], []
    estimands: tuple[Estimand, ...] = ("frontier", "mean")
    for estimand in estimands:
        all_of, part = (rate(one, estimand=estimand).draws.to_numpy().ravel() for one in (fit, inside))
        grew, grew_inside = ((draws > 0).mean() for draws in (all_of, part))
        figures |= {f"{estimand}_grew": float(grew), f"{estimand}_grew_inside": float(grew_inside)}
        if max(grew, 1 - grew) >= CLAIMED and abs(grew - grew_inside) > 1 - BORNE_OUT:
            hanging.append(
                f"that the {estimand} {'grew' if grew > 0.5 else 'fell'} (P {max(grew, 1 - grew):.2f}) hangs on sizes "
                f"beyond the reference: inside its range P {grew_inside if grew > 0.5 else 1 - grew_inside:.2f}."
            )
        low, high = np.quantile(part, [(1 - APART) / 2, (1 + APART) / 2])
        if not low <= np.median(all_of) <= high:
            apart.append(f"inside the range of the reference the {estimand} moves at another rate.")
    return hanging, apart

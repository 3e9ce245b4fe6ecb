"""Judge convergence: R-hat, effective sample sizes, divergences, energies, trees, and chains that never moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

Verdict = Literal["PASS", "REVIEW", "FAIL"]
MAX_RHAT, MIN_ESS = 1.01, 400
MIN_BFMI = 0.3
"""E-BFMI of a chain below which it moves too little in energy (arXiv 1604.00695)."""
DEEPEST = 1023
"""Leaps of the deepest tree that the sampler grows: a trajectory that long was cut off."""
STUCK_SDS = 10.0
"""A chain whose mean log density lies this many of the others' standard deviations below them has not moved."""


@dataclass(frozen=True)
class Diagnostics:
    """Convergence of the sampler, and the sentence the user reads."""

    max_rhat: float
    min_ess_bulk: float
    min_ess_tail: float
    min_bfmi: float
    deepest_trees: float
    """Share of trajectories that were cut off."""
    divergences: int
    stuck_chains: tuple[int, ...]
    worst: str
    verdict: Verdict
    sentence: str


def diagnose(posterior: xr.Dataset, sample_stats: xr.Dataset) -> Diagnostics:
    """Judge convergence: R-hat, bulk and tail ESS, divergences, E-BFMI, cut trees, and chains that never moved."""
    import arviz

    several = posterior.sizes["chain"] > 1
    with np.errstate(divide="ignore", invalid="ignore"):  # of constants
        rhats = _extreme(arviz.rhat(posterior), np.nanmax) if several else (float("nan"), "")
        esses = _extreme(arviz.ess(posterior, method="bulk"), np.nanmin)
        tails = _extreme(arviz.ess(posterior, method="tail"), np.nanmin)
    bfmi = float(np.nanmin(arviz.bfmi(xr.DataTree.from_dict({"sample_stats": sample_stats}))["energy"].to_numpy()))
    deepest = float((sample_stats["n_steps"] >= DEEPEST).mean())
    divergences = int(sample_stats["diverging"].sum())
    stuck = stuck_chains(sample_stats["logp"].to_numpy())
    worst = f"R-hat {rhats[0]:.3f} ({rhats[1]}), bulk ESS {esses[0]:.0f} ({esses[1]})"
    faults = []
    if stuck:
        names = " and ".join(str(chain + 1) for chain in stuck)
        faults.append(f"chain {names} is stuck far below the log density of the others; fit again with another seed")
    if several and not rhats[0] <= MAX_RHAT:
        faults.append(f"chains disagree: R-hat {rhats[0]:.4f} of {rhats[1]} exceeds {MAX_RHAT}")
    if not several:
        faults.append("one chain alone cannot show that it converged")
    if not esses[0] >= MIN_ESS:
        faults.append(f"too few effective draws: bulk ESS {esses[0]:.0f} of {esses[1]} is below {MIN_ESS}")
    if not tails[0] >= MIN_ESS:
        faults.append(f"too few effective draws in the tails: tail ESS {tails[0]:.0f} of {tails[1]} is below {MIN_ESS}")
    if not bfmi >= MIN_BFMI:
        faults.append(f"a chain moves too little in energy: E-BFMI {bfmi:.2f} is below {MIN_BFMI}")
    if deepest:
        faults.append(f"{deepest:.1%} of the trajectories were cut off at {DEEPEST} leaps")
    if divergences:
        faults.append(f"{divergences} divergent transitions")
    failed = bool(stuck) or not (rhats[0] <= 1.05 or not several)
    verdict: Verdict = "FAIL" if failed else "REVIEW" if faults else "PASS"
    sentence = "; ".join(faults) + "." if faults else f"converged: {worst}, no divergences."
    return Diagnostics(rhats[0], esses[0], tails[0], bfmi, deepest, divergences, stuck, worst, verdict, sentence)


def verdict_rows(found: Diagnostics | None, checks: Iterable[Mapping[str, Any]], fine: str) -> dict[str, str]:
    """Rows of a card: the verdict as far as it is known, and what to do next.

    Parameters
    ----------
    found : Diagnostics, optional
        Convergence; None where it is not judged yet.
    checks : iterable of mapping
        Checks made, each with ``name``, ``verdict``, ``sentence`` and perhaps ``remedy``.
    fine : str
        What to do next where nothing is in doubt.

    Returns
    -------
    dict of str
        Rows ``verdict`` and ``next``.
    """
    told, order = [*checks], ("PASS", "REVIEW", "FAIL")
    if not told and found is None:
        return {"verdict": "not judged yet", "next": "fit.diagnostics judges convergence, in seconds"}
    if not told and found is not None:
        told = [{"name": "convergence", "verdict": found.verdict, "sentence": found.sentence}]
    worst = max(told, key=lambda one: order.index(one["verdict"]))
    doubts = ", ".join(f"{one['name']} {one['verdict']}" for one in told if one["verdict"] != "PASS")
    if not doubts:
        return {"verdict": f"PASS, {told[0]['sentence']}", "next": fine}
    remedy = worst.get("remedy") or "fit with more draws or another seed before you cite it"
    return {"verdict": f"{doubts}: {worst['sentence']}", "next": remedy}


def stuck_chains(logp: np.ndarray) -> tuple[int, ...]:
    """Chains whose mean log density lies far below that of the best chain, by its own spread; shape (chain, draw)."""
    means, sds = np.nan_to_num(logp.mean(axis=1), nan=-np.inf), logp.std(axis=1)
    best = int(np.argmax(means))
    # A spread of one unit is the least that a posterior of this size can have.
    return tuple(int(c) for c in np.flatnonzero(means[best] - means > STUCK_SDS * max(sds[best], 1.0)))


def _extreme(values: xr.Dataset, pick: Callable[[np.ndarray], Any]) -> tuple[float, str]:
    """Most extreme value over all variables, and where it is."""
    # A constant has neither.
    moving = {name: array for name, array in values.data_vars.items() if not np.isnan(array).all()}
    best = {name: float(pick(array.to_numpy())) for name, array in moving.items()}
    extreme = float(pick(np.array(list(best.values()))))
    name = next(name for name, value in best.items() if value == extreme)
    array = values[name]
    if not array.ndim:
        return extreme, str(name)
    where = array.stack(all=array.dims)
    label = where["all"].to_numpy()[int(np.flatnonzero(where.to_numpy() == extreme)[0])]
    return extreme, f"{name}[{', '.join(str(part) for part in label)}]"

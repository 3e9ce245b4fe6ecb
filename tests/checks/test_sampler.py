"""Everything that is wrong with the sampler is named, and nothing is diagnosed twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from seams import diagnose_by

from bayesdensity.checks.sampler import check_convergence
from bayesdensity.inference.convergence import diagnose
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.quantities import SAMPLE


def sampled(fit: Fit, n: int = 1000, change: dict[str, Any] | None = None, **values: np.ndarray) -> Fit:
    """The fit with made-up draws of four chains that mix well, and with some changes of what the sampler says."""
    rng, shape = np.random.default_rng(7), (4, n)
    posterior = xr.Dataset({name: (SAMPLE, values.get(name, rng.normal(size=shape))) for name in ("rate", "origin")})
    said = {
        "logp": rng.normal(-500, 8, shape),
        "energy": rng.normal(500, 8, shape),
        "n_steps": np.full(shape, 15),
        "diverging": np.zeros(shape, bool),
    }
    stats_of = xr.Dataset({name: (SAMPLE, values) for name, values in {**said, **(change or {})}.items()})
    return fit.with_draws(posterior.assign_coords(chain=range(4), draw=range(n)), stats_of)


def bursts(n: int = 1000) -> np.ndarray:
    """Draws without a memory of their sign, but wide for a while and narrow for another: only tails move slowly."""
    rng = np.random.default_rng(8)
    wild = (np.arange(n) // 100) % 5 == 2
    return np.asarray(rng.normal(size=(4, n)) * np.where(wild, 9.0, 0.5))


def drifting(n: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(9)
    energy = rng.normal(500, 8, (4, n))
    energy[2] = 500 + rng.normal(size=n).cumsum()
    return energy


def cut(share: float, n: int = 1000) -> np.ndarray:
    steps = np.full((4, n), 15)
    steps[1, : round(4 * n * share)] = 1023
    return steps


def test_chains_that_mix_well_pass(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"n_steps": np.full((4, 1000), 1022)}))
    assert (found.verdict, found.remedy) == ("PASS", "") and found.sentence.startswith("converged: R-hat 1.00")
    figures = found.figures
    assert figures["max_rhat"] < 1.01 and min(figures["min_ess_bulk"], figures["min_ess_tail"]) > 400
    assert figures["min_bfmi"] > 0.9 and figures["divergences"] == figures["deepest_trees"] == 0


def test_tails_that_move_slowly_are_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, rate=bursts()))
    assert found.verdict == "REVIEW" and found.figures["min_ess_bulk"] > 400 > found.figures["min_ess_tail"]
    tail = f"too few effective draws in the tails: tail ESS {found.figures['min_ess_tail']:.0f} of rate is below 400."
    assert found.sentence == tail and found.remedy.startswith("Fit with more draws")


def test_energy_that_moves_slowly_is_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"energy": drifting()}))
    assert found.verdict == "REVIEW" and found.figures["min_bfmi"] < 0.3
    assert found.sentence == f"a chain moves too little in energy: E-BFMI {found.figures['min_bfmi']:.2f} is below 0.3."
    energy = drifting()
    per_chain = (np.diff(energy) ** 2).sum(axis=1) / (energy - energy.mean(axis=1, keepdims=True)).var(axis=1) / 1000
    assert found.figures["min_bfmi"] == pytest.approx(per_chain.min(), rel=0.01) and per_chain.argmin() == 2


def test_trajectories_that_were_cut_off_are_named(world_fit: Fit) -> None:
    found = check_convergence(sampled(world_fit, change={"n_steps": cut(0.01)}))
    assert found.verdict == "REVIEW" and found.figures["deepest_trees"] == pytest.approx(0.01)
    assert found.sentence == "1.0% of the trajectories were cut off at 1023 leaps."


def test_everything_that_is_wrong_with_the_sampler_is_told_at_once(world_fit: Fit) -> None:
    rng = np.random.default_rng(3)
    change = {"energy": drifting(), "n_steps": cut(0.02), "diverging": rng.random((4, 1000)) < 0.001}
    apart = rng.normal(size=(4, 1000)) + np.arange(4)[:, None]
    found = check_convergence(sampled(world_fit, change=change, rate=apart))
    for part in ("chains disagree", "E-BFMI", "2.0% of the trajectories", "divergent transitions"):
        assert part in found.sentence
    assert found.verdict == "FAIL" and found.figures["divergences"] == change["diverging"].sum() > 0


def test_stored_diagnostics_are_those_of_the_draws_and_are_not_found_again(
    world_fit: Fit, fit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_fit(fit_file)
    deep = loaded.sample_stats.assign(n_steps=loaded.sample_stats["n_steps"] + 5000)
    changed = loaded.with_draws(loaded.posterior, deep)
    assert (
        changed.diagnostics.deepest_trees == 1.0 and "100.0% of the trajectories" in check_convergence(changed).sentence
    )

    judged = diagnose(world_fit.posterior, world_fit.sample_stats)

    def never(*_: Any) -> Any:
        raise AssertionError("diagnosed again")

    diagnose_by(monkeypatch, never)
    assert loaded.diagnostics == world_fit.diagnostics == judged
    assert check_convergence(loaded) == check_convergence(world_fit)
    with pytest.raises(AssertionError, match="diagnosed again"):
        _ = loaded.with_draws(loaded.posterior).diagnostics

"""Chains that mix pass; those apart, stuck, cut off or slow are named."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from bayesdensity.inference.convergence import diagnose, stuck_chains


def draws(shift: float = 0.0, chains: int = 4, n: int = 800, autocorrelated: bool = False) -> xr.Dataset:
    """Made-up draws; the last chain is shifted."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(chains, n, 2))
    if autocorrelated:
        values = values.cumsum(axis=1) / np.sqrt(n)
    values[-1, :, 1] += shift
    coords = {"benchmark": ["MMLU", "BBH"]}
    return xr.Dataset(
        {"level": (("chain", "draw", "benchmark"), values), "rate": (("chain", "draw"), rng.normal(size=(chains, n)))},
        coords={**coords, "chain": range(chains), "draw": range(n)},
    )


def stats_of(
    chains: int = 4, n: int = 800, divergences: int = 0, stuck: int | None = None, cut: int = 0, slow: bool = False
) -> xr.Dataset:
    """Made-up statistics of a sampler; ``cut`` trajectories are cut off, the energy of the last chain may be slow."""
    rng = np.random.default_rng(3)
    logp, energy = rng.normal(-500, 20, (chains, n)), rng.normal(520, 25, (chains, n))
    diverging, steps = np.zeros((chains, n), bool), np.full((chains, n), 15)
    diverging.flat[:divergences] = True
    steps.flat[:cut] = 1023
    if slow:
        energy[-1] = 520 + rng.normal(0, 5, n).cumsum()
    if stuck is not None:
        logp[stuck] = -1e15
    found = {"logp": logp, "diverging": diverging, "energy": energy, "n_steps": steps}
    return xr.Dataset({name: (("chain", "draw"), values) for name, values in found.items()})


def test_well_mixed_chains_pass() -> None:
    verdict = diagnose(draws(), stats_of())
    assert verdict.verdict == "PASS" and verdict.sentence.startswith("converged: R-hat 1.00")
    assert verdict.max_rhat < 1.01 and verdict.min_ess_bulk > 400 and verdict.stuck_chains == ()
    assert verdict.min_ess_tail > 400 and verdict.min_bfmi > 1.5 and verdict.deepest_trees == 0


def test_divergences_ask_for_review() -> None:
    verdict = diagnose(draws(), stats_of(divergences=3))
    assert (verdict.verdict, verdict.divergences) == ("REVIEW", 3)
    assert "3 divergent transitions" in verdict.sentence


def test_trajectories_that_were_cut_off_ask_for_review() -> None:
    verdict = diagnose(draws(), stats_of(cut=48))
    assert (verdict.verdict, verdict.deepest_trees) == ("REVIEW", 0.015)
    assert verdict.sentence == "1.5% of the trajectories were cut off at 1023 leaps."


def test_a_chain_that_moves_too_little_in_energy_asks_for_review() -> None:
    verdict = diagnose(draws(), stats_of(slow=True))
    assert verdict.verdict == "REVIEW" and verdict.min_bfmi < 0.1
    assert verdict.sentence.startswith("a chain moves too little in energy: E-BFMI 0.0")


def test_few_effective_draws_of_the_tails_are_named() -> None:
    """The middle of the posterior is mixed; three times its tails are reached, and held for a while."""
    made = draws()
    for start in (100, 300, 500):
        made["rate"][:, start : start + 60 : 2] = 6.0
        made["rate"][:, start + 1 : start + 60 : 2] = -6.0
    verdict = diagnose(made, stats_of())
    assert verdict.verdict == "REVIEW" and verdict.min_ess_tail < 200 < 2000 < verdict.min_ess_bulk
    assert verdict.sentence == "too few effective draws in the tails: tail ESS 164 of rate is below 400."


def test_chains_apart_fail_and_the_variable_is_named() -> None:
    verdict = diagnose(draws(shift=3.0), stats_of())
    assert verdict.verdict == "FAIL" and "level[BBH]" in verdict.sentence and verdict.max_rhat > 1.1


def test_few_effective_draws_are_named() -> None:
    verdict = diagnose(draws(n=60), stats_of(n=60))
    assert verdict.verdict != "PASS" and "too few effective draws" in verdict.sentence
    assert diagnose(draws(autocorrelated=True), stats_of()).verdict == "FAIL"


def test_one_chain_alone_never_passes() -> None:
    verdict = diagnose(draws(chains=1), stats_of(chains=1))
    assert verdict.verdict == "REVIEW" and "one chain alone" in verdict.sentence and np.isnan(verdict.max_rhat)


def test_a_stuck_chain_is_named_as_such() -> None:
    """Numbers as they were seen: log density -1e15 at every draw, and not one divergence."""
    assert stuck_chains(stats_of(stuck=2)["logp"].to_numpy()) == (2,)
    verdict = diagnose(draws(), stats_of(stuck=2))
    assert verdict.verdict == "FAIL" and "chain 3 is stuck" in verdict.sentence and verdict.stuck_chains == (2,)


def test_chains_of_ordinary_scatter_are_not_stuck() -> None:
    logp = np.random.default_rng(4).normal(-500, 20, (8, 300)) + np.arange(8)[:, None] * 8
    assert stuck_chains(logp) == ()
    assert stuck_chains(np.stack([np.full(10, -3.0), np.full(10, -3.5)])) == ()


def test_two_of_four_chains_may_be_stuck() -> None:
    logp = stats_of(stuck=0)["logp"].to_numpy()
    logp[3] = -1e4
    assert stuck_chains(logp) == (0, 3)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_chain_of_no_finite_log_density_is_stuck(bad: float) -> None:
    logp = stats_of()["logp"].to_numpy()
    logp[1] = bad
    with np.errstate(invalid="ignore"):
        assert stuck_chains(logp) == (1,)

"""A doubt is judged by its p-value and the number of tests, and p-values of draws combine to one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from bayesdensity.checks import VERDICTS, Verdict, worst
from bayesdensity.checks.protocol import judged, over_draws, thinned
from bayesdensity.checks.residuals import check_frontier
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE


def test_the_worst_verdict_counts() -> None:
    assert VERDICTS == ("PASS", "REVIEW", "FAIL")
    assert worst([]) == "PASS"
    assert worst(["PASS", "REVIEW", "PASS"]) == "REVIEW"
    assert worst(["REVIEW", "FAIL", "PASS"]) == "FAIL"


@pytest.mark.parametrize(
    ("p", "others", "verdict"),
    [
        (0.011, 0, "PASS"),
        (0.009, 0, "REVIEW"),
        (0.0034, 2, "PASS"),
        (0.0033, 2, "REVIEW"),
        (1.1e-6, 0, "REVIEW"),
        (0.9e-6, 0, "FAIL"),
        (0.3e-6, 3, "REVIEW"),
        (0.3e-6, 2, "FAIL"),
    ],
)
def test_a_doubt_is_judged_by_its_p_value_times_the_number_of_tests(p: float, others: int, verdict: Verdict) -> None:
    tests = {"tails: odd": p} | {f"other {k}": 0.5 for k in range(others)}
    found = judged("shape", tests, {"tails": "Look.", "other": "Wait."}, "all is fine.")
    assert (found.name, found.verdict) == ("shape", verdict)
    assert found.figures["tails: odd"] == pytest.approx(p * (1 + others))
    assert all(found.figures[f"other {k}"] <= 1 for k in range(others))
    if verdict == "PASS":
        assert (found.sentence, found.remedy) == ("all is fine.", "")
    else:
        assert found.sentence.startswith("tails: odd (p ") and "other" not in found.sentence
        assert found.remedy == "Look."


@pytest.mark.parametrize(("p", "said"), [(0.0042, "p 0.004"), (4e-4, "p below 0.001"), (4e-9, "p below 1e-6")])
def test_a_p_value_is_said_as_precisely_as_it_matters(p: float, said: str) -> None:
    assert judged("shape", {"odd": p}, {}, "fine.").sentence == f"odd ({said})."


def test_doubts_are_told_from_the_gravest_on_and_at_most_four_of_them() -> None:
    tests = {f"kind {name}": p for name, p in zip("abcdef", (1e-4, 1e-5, 1e-3, 1e-6, 2e-4, 3e-4), strict=True)}
    remedies = {"kind a": "Do this.", "kind": "Do that.", "other": "Never.", "d": "Nor this."}
    found = judged("shape", tests, remedies, "fine.")
    named = [part.split(" (")[0] for part in found.sentence.split("; ")]
    assert named == ["kind d", "kind b", "kind a", "kind e", "and 2 more."]
    # Each remedy once, whatever the number of doubts that ask for it.
    assert found.remedy == "Do that. Do this."
    assert judged("shape", dict(list(tests.items())[:4]), remedies, "fine.").sentence.count("more") == 0


def p_values(dependence: float, two_sided: bool, rng: np.random.Generator, n: int = 20_000, draws: int = 100) -> Any:
    """p-values of a true null at posterior draws, (draw, repetition), with a Gaussian copula."""
    shared = np.sqrt(dependence) * rng.standard_normal(n)
    z = shared + np.sqrt(1 - dependence) * rng.standard_normal((draws, n))
    return 2 * special.ndtr(-np.abs(z)) if two_sided else special.ndtr(z)


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("dependence", [0.0, 0.3, 0.5, 0.7, 0.95, 1.0])
def test_p_values_of_draws_combine_to_one_that_is_seldom_small(dependence: float, two_sided: bool) -> None:
    """Exactly as seldom as it says where draws are alike or independent, and half as often again in between."""
    combined = over_draws(p_values(dependence, two_sided, np.random.default_rng(8)))
    assert combined.shape == (20_000,)
    assert 0.008 < (combined < 0.01).mean() < 0.0165
    if dependence in (0.0, 1.0):
        assert stats.kstest(combined, "uniform").pvalue > 0.01
        assert (combined < 0.01).mean() < 0.012


def test_equal_p_values_of_all_draws_combine_to_the_same() -> None:
    for p in (1e-12, 0.003, 0.4, 0.99):
        assert float(over_draws(np.full(50, p))) == pytest.approx(p, rel=1e-6)


def test_a_strong_signal_in_some_of_the_draws_is_found() -> None:
    p = p_values(0.5, True, np.random.default_rng(9), n=2000)
    p[:10] = 1e-8
    assert (over_draws(p) < 1e-5).all()
    assert (over_draws(p[10:]) < 1e-5).mean() < 0.001


def test_impossible_and_certain_p_values_still_combine() -> None:
    assert 0 <= float(over_draws(np.array([0.0, 1.0, 0.5]))) < 1e-6
    assert 0.5 < float(over_draws(np.array([1.0, 1.0, 0.5]))) <= 1


@pytest.mark.parametrize(("chains", "n"), [(4, 500), (3, 500), (4, 160), (2, 333), (1, 90)])
def test_draws_are_spaced_evenly_over_all_chains(world_fit: Fit, chains: int, n: int) -> None:
    some = replace(world_fit, posterior=world_fit.posterior.isel(chain=slice(chains), draw=slice(n)))
    place = np.arange(chains * n).reshape(chains, n)
    at = thinned(replace(some, posterior=some.posterior.assign(place=(SAMPLE, place))))
    got = at["place"].reshape(chains, -1)
    assert (got[:, 0] == place[:, 0]).all() and len(np.unique(np.diff(got))) == 1
    assert (got[:, -1] + got[0, 1] > place[:, -1]).all()
    np.testing.assert_array_equal(at["rate"], some.posterior["rate"].to_numpy().ravel()[at["place"]])
    assert min(100, chains * n) <= got.size <= 200
    # Whatever their number, residuals are those of the very draws whose scales standardise them.
    assert np.isfinite(list(check_frontier(some).figures.values())).all()


def test_what_says_how_to_read_a_number_asks_for_a_review_however_small_its_p() -> None:
    tests = {"tokens: more of them": 1e-12, "size: larger": 0.5}
    assert judged("shape", tests, {}, "fine.", told=("tokens",)).verdict == "REVIEW"
    assert judged("shape", tests, {}, "fine.").verdict == "FAIL"
    assert judged("shape", tests | {"size: larger": 1e-9}, {}, "fine.", told=("tokens",)).verdict == "FAIL"
    assert judged("shape", dict.fromkeys(tests, 0.5), {}, "fine.", told=("tokens",)).verdict == "PASS"

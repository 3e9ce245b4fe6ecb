"""What a further score is expected to tell: as conjugate algebra has it, and of others nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bayesdensity import laws
from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of
from bayesdensity.draws import Draws
from bayesdensity.evaluation.planning import expected_gains, gains_together, missing, quantity
from bayesdensity.inference.result import Fit

SD = 0.05
"""Of the densities of a fit in which nothing else is unknown: the link is straight over so little."""


@pytest.fixture
def only_densities(world_fit: Fit) -> Fit:
    """A fit whose draws differ by the densities of its LLMs alone, each by itself."""
    rng, draws = np.random.default_rng(2), world_fit.posterior
    middle = draws.median(q.SAMPLE)
    fixed = draws.map(lambda values: 0 * values + middle[values.name])
    noise = SD * rng.standard_normal(draws["log_density_relative"].shape)
    return world_fit.with_draws(fixed.assign(log_density_relative=fixed["log_density_relative"] + noise))


def lacking(fit: Fit) -> tuple[str, str]:
    """An LLM without a score on some benchmark, and that benchmark; its others leave it no other gap."""
    each = missing(fit.thinned(50))
    llms, counts = np.unique(each.llm, return_counts=True)
    llm = int(llms[counts == 1][0])
    bench = int(each.benchmark[each.llm == llm][0])
    return str(fit.data["llm"].to_numpy()[llm]), str(fit.data["benchmark"].to_numpy()[bench])


def test_a_score_narrows_the_density_of_its_llm_as_much_as_conjugate_algebra_says(only_densities: Fit) -> None:
    fit, (llm, benchmark) = only_densities, lacking(only_densities)
    table = expected_gains(fit, llm)
    first = table.iloc[0]
    assert (first["llm"], first["benchmark"]) == (llm, benchmark)
    each = missing(fit)
    names, benchmarks = (fit.data[dim].to_numpy() for dim in ("llm", "benchmark"))
    at = np.flatnonzero((names[each.llm] == llm) & (benchmarks[each.benchmark] == benchmark))[0]
    size = laws.size_of_logit(Draws(fit.data, fit.flat_draws()).link.at([each.benchmark[at]]), each.logit[:, [at]])
    link = Draws(fit.data, fit.flat_draws()).link.at([each.benchmark[at]])
    steep = float(laws.logits_per_log_size(link, size).mean())
    # Normal prior of the density, normal score: posterior precision is the sum of both.
    after = 1 / np.sqrt(1 / SD**2 + steep**2 / each.variance[at])
    assert first["gain"] == pytest.approx(1 - after / SD, rel=0.1)
    assert (table["gain"][1:] < 0.1 * first["gain"]).all()


def test_together_scores_tell_of_an_llm_what_its_only_missing_score_tells(only_densities: Fit) -> None:
    llm, _ = lacking(only_densities)
    alone = expected_gains(only_densities, llm)["gain"][0]
    together = gains_together(only_densities, "llm", llm)
    assert together["llm"][0] == llm and together["n"][0] == 1
    assert together["gain"][0] == pytest.approx(alone, rel=0.15)


def test_evaluations_are_those_that_nobody_has_run(world_fit: Fit) -> None:
    each, cells = missing(world_fit), cells_of(world_fit.data)
    has = set(zip(cells.llm.tolist(), cells.target_benchmark.tolist(), strict=True))
    told = set(zip(each.llm.tolist(), each.benchmark.tolist(), strict=True))
    assert not has & told
    assert len(has) + len(told) == world_fit.data.sizes["llm"] * world_fit.data.sizes["benchmark"]


def test_gains_are_shares_and_the_most_telling_come_first(world_fit: Fit) -> None:
    for of in ("frontier", "mean", "Sums"):
        gains = expected_gains(world_fit, of)["gain"]
        assert gains.between(0, 1).all() and gains.is_monotonic_decreasing


def test_what_is_no_quantity_of_the_fit_is_refused(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="Did you mean 'Sums'"):
        quantity(world_fit, "Sum")

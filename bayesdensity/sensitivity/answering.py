"""A sensitivity from plan to summary: the study, its variants, its priors one by one, and parts of its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bayesdensity.sensitivity.effects import Sensitivity, summarise
from bayesdensity.sensitivity.grid import Multiverse
from bayesdensity.sensitivity.influence import Kind, influence
from bayesdensity.sensitivity.running import Bench, Planned, plan, run, widened


def answer_universe(
    universe: Multiverse,
    planned: Sequence[Planned],
    bench: Bench,
    progress: Callable[[str], None],
    *,
    leave_out: Sequence[Kind] = (),
    of: str = "frontier",
    ci: float = 0.9,
) -> Sensitivity:
    """Fit what is not known yet, and sum up what the answer rests on.

    Parameters
    ----------
    universe : Multiverse
    planned : sequence of Planned
        As `bayesdensity.sensitivity.running.plan` gives it for the universe.
    bench : Bench
    progress : callable
        Called with what is under way.
    leave_out : sequence of {"llm", "family", "harness"}
        Parts of the data that are left out one at a time.
    of : str
        The rate that is asked for.
    ci : float
        Probability of the intervals.

    Returns
    -------
    Sensitivity
    """
    fit = bench.fit_of(universe.study, progress)
    priors = widened(universe, fit)
    every = [*planned, *plan(universe, bench, [variant for _, _, variant in priors.values()])]
    variants = run(every, fit, bench, progress)
    left = influence(fit, bench, progress, leave_out) if leave_out else None
    return summarise(universe, variants.answers, variants.failed, priors, left, of, ci)

"""Bring a fit up to tables that have grown: by weights while they can be trusted, by fitting again where they cannot.

LLMs that are new weigh the draws of the fit by how well each predicts their scores. What else differs, or too heavy a
tail of the weights, asks for a new fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.base.importance import good_k, smoothed
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.additions import log_evidence, unweighable
from bayesdensity.evaluation.changes import Changes, changes_since
from bayesdensity.evaluation.resampling import resampled, systematic
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import log_density_ahead
from bayesdensity.quantities.estimate import DEFAULT_CI, RATIO, Estimate, exponential, require_targets, times, window
from bayesdensity.quantities.growth import doubling_time, inside_range, rate
from bayesdensity.study.spec import Study

Refit = Literal["auto", "never", "always"]
How = Literal["none", "weights", "refit"]
Again = Callable[[Study, Tables], Fit]
INDEPENDENT = 1000
"""Draws of a fit that count as independent, at most, where it is judged how far weights may be trusted."""
SEED = 1


class Headline(NamedTuple):
    """What is quoted of a fit."""

    window: tuple[str, str]
    doubling_time: Estimate
    """Of the frontier over the window."""
    inside: Estimate | None
    """The same by scores inside the range of the reference; None where that is not known."""
    date: str
    frontier_density: Estimate
    """At the date."""
    n_llms: int


@dataclass(frozen=True, eq=False)
class Updated:
    """A fit beside what it says with what the tables have gained.

    Attributes
    ----------
    fit : Fit
        As it was.
    changes : Changes
    how : {"none", "weights", "refit"}
    before, after : Headline
    reasons : list of str
        Why weights cannot be trusted; none where they can.
    pareto_k, good_k : float
        Shape of the tail of the weights, and up to which it may be trusted; k is not a number where nothing is weighed.
    effective_draws : float
        Draws that the weights leave.
    tables : Tables
    again : Fit, optional
        The new fit, if there is one.
    """

    fit: Fit
    changes: Changes
    how: How
    before: Headline
    after: Headline
    reasons: list[str]
    pareto_k: float
    good_k: float
    effective_draws: float
    tables: Tables
    again: Fit | None = None

    @property
    def trusted(self) -> bool:
        """Whether what it says after may be used."""
        return self.how == "refit" or not self.reasons


def update(
    fit: Fit, tables: Tables, *, refit: Refit = "auto", ci: float = DEFAULT_CI, again: Again | None = None
) -> Updated:
    """What a fit says with what tables have gained.

    Parameters
    ----------
    fit : Fit
    tables : Tables
    refit : {"auto", "never", "always"}
        Whether to sample anew: where weights cannot be trusted, never, or whenever the data differ.
    ci : float
        Probability of the intervals.
    again : callable, optional
        Fits a study to tables; None: `bayesdensity.fit` with as many draws as the fit has.

    Returns
    -------
    Updated

    Raises
    ------
    InputError
        If the study of the fit and the tables do not fit together.
    """
    if refit not in ("auto", "never", "always"):
        raise InputError(one_of(refit, ("auto", "never", "always"), "way to refit"))
    require_targets(fit)
    changes, n = changes_since(fit, tables), _draws(fit)
    newest = max([window(fit)[1], *(f"{day:%Y-%m-%d}" for day in changes.added["release_date"])])
    before = _headline(fit, newest, ci)
    most = good_k(min(n, INDEPENDENT))
    same = Updated(fit, changes, "none", before, before, [], float("nan"), most, float(n), tables)
    if not changes.any:
        return same
    log_weight, k, reasons = _weights(fit, changes, most)
    found = replace(same, how="weights", reasons=reasons, pareto_k=k)
    if refit == "always" or (reasons and refit == "auto"):
        new = (again or _again(fit))(fit.study, tables)
        return replace(found, how="refit", after=_headline(new, newest, ci), again=new)
    if log_weight is None:
        return found
    weights = np.exp(log_weight)
    shared = resampled(fit, systematic(weights, np.random.default_rng(SEED)))
    # What lies inside the range was drawn apart, without what families and harnesses have.
    after = _headline(replace(shared, inside=None), newest, ci)
    after = after._replace(inside=None, n_llms=before.n_llms + len(changes.added))
    return replace(found, after=after, effective_draws=float(1 / (weights**2).sum()))


def _weights(fit: Fit, changes: Changes, most: float) -> tuple[np.ndarray | None, float, list[str]]:
    """Logarithms of weights, if there are any, their k, and why they cannot be trusted."""
    reasons = list(changes.others)
    if "benchmarks differ" in reasons or changes.added.empty:
        return None, float("nan"), reasons
    reasons += unweighable(fit, changes.scores)
    evidence = log_evidence(fit, changes.added, changes.scores)
    if not np.isfinite(evidence).any():
        return None, float("inf"), [*reasons, "no draw of the fit allows for the scores of the new LLMs"]
    log_weight, k = smoothed(np.where(np.isfinite(evidence), evidence, -np.inf))
    if k > most:
        reasons.append(f"the weights have too heavy a tail: Pareto k {k:.2f}, above {most:.2f}")
    return log_weight, k, reasons


def _headline(fit: Fit, date: str, ci: float) -> Headline:
    between, inside = window(fit), inside_range(fit)
    log_density = log_density_ahead(fit, times(fit, [date]).to_numpy(), "frontier")[..., 0]
    density = exponential(fit.posterior["level"].mean("benchmark") + log_density)
    what = f"frontier of density on {date}"
    return Headline(
        between,
        doubling_time(rate(fit, ci=ci)),
        None if inside is None else doubling_time(rate(inside, ci=ci)),
        date,
        Estimate("frontier_density", what, density, ci, RATIO),
        fit.data.sizes["llm"],
    )


def _draws(fit: Fit) -> int:
    return int(fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"])


def _again(fit: Fit) -> Again:
    from bayesdensity.inference.drawing import fit as fit_again  # weights need no sampler

    settings = settings_of(fit)
    return lambda study, tables: fit_again(study, tables, **settings)


def settings_of(fit: Fit) -> dict[str, Any]:
    """Chains, draws and seed that a fit was sampled with."""
    sampler = fit.about.get("sampler", {})
    named = {name: int(sampler[name]) for name in ("chains", "draws", "tune") if name in sampler}
    return {**named, "seed": int(fit.about.get("seed", 1))}

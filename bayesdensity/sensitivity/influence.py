"""What single parts of the data do to the rates: leave out one LLM, one family, one harness or one benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import xarray as xr

from bayesdensity.base import engine
from bayesdensity.base.importance import smoothed, trustworthy
from bayesdensity.data.cells import cells_of, scores_of
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.marginal import log_joint, log_member_scores, log_predictive
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity.answers import Answer, rates_of, weighted_answer
from bayesdensity.sensitivity.running import Bench, Progress, belonging

Kind = Literal["llm", "family", "harness"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAWS = 1000
"""Posterior draws that weights are put on."""


class Left(NamedTuple):
    """The rates without one part of the data."""

    kind: str
    name: str
    n_scores: int
    """Scores that it takes along."""
    answer: Answer


def influence(
    fit: Fit, bench: Bench, progress: Progress, kinds: Sequence[Kind] = KINDS, *, exact: bool = True
) -> list[Left]:
    """Leave out each LLM, family and harness: by weights, and by a fit where weights cannot.

    Weights are the inverse density of what is left out given all else, with what belongs to LLMs and families
    integrated out (`bayesdensity.evaluation.marginal`).

    Parameters
    ----------
    fit : Fit
    bench : Bench
    progress : callable
        Called with what is under way.
    kinds : sequence of {"llm", "family", "harness"}
    exact : bool
        Fit again where weights cannot be trusted; else keep these, with their Pareto k.

    Returns
    -------
    list of Left
    """
    draws = rates_of(fit.thinned(DRAWS))
    found, todo = dict[tuple[str, str], Left](), list[tuple[str, str]]()
    for kind in kinds:
        for name, log_density in log_densities(fit, kind, progress).items():
            log_weight, k = smoothed(-log_density)
            answer = weighted_answer(fit, draws, log_weight, k)
            found[kind, name] = Left(kind, name, int(belonging(fit.data, kind, name).sum()), answer)
            if exact and not trustworthy(k, log_density.size):
                todo.append((kind, name))
    if todo:
        minutes = len(todo) * fit.about["wall_seconds"]["sample"] / 60
        progress(
            f"{len(todo)} of {len(found)} parts have to be left out by a fit: about {max(1, round(minutes))} minutes"
        )
        study, digest = fit.study.model_dump(mode="json"), fit.study.digest
        jobs = [
            engine.Job(f"{digest} without {kind} {name}", bench.seed, {"study": study, "without": (kind, name)})
            for kind, name in todo
        ]
        got, errors = bench.answers(jobs, here=True, progress=progress, what="left out exactly")
        for job, key in zip(jobs, todo, strict=True):
            if job.key in errors:
                raise RuntimeError(f"without {key[0]} {key[1]}: {errors[job.key]}")
            k = found[key].answer.about["pareto_k"]
            answer = got[job.key]
            found[key] = found[key]._replace(answer=Answer(answer.rates, {**answer.about, "pareto_k": k}))
    return list(found.values())


def log_densities(fit: Fit, kind: Kind, progress: Progress) -> dict[str, np.ndarray]:
    """Log density of the scores of each LLM, family or harness given all else, at `DRAWS` draws or up to twice as many.

    Parameters
    ----------
    fit : Fit
    kind : {"llm", "family", "harness"}
    progress : callable
        Called with what is under way.

    Returns
    -------
    dict of ndarray
        By name; shape (draw,), chains in turn.
    """
    data = fit.data
    if kind == "llm":
        known = np.ones(data.sizes["llm"], dtype=bool)
        got = log_predictive(fit, data, known, DRAWS, lambda share: progress(f"weights without an LLM {share:.0%}"))
        return _by_label(got, "llm")
    progress(f"weights without a {kind}")
    whole = log_joint(fit, data, draws=DRAWS)
    if kind == "family":
        return _by_label(whole, "family")
    densities, names = {}, np.unique(data["harness_name"].to_numpy())
    scores, cells = scores_of(data), cells_of(data)
    for k, name in enumerate(names):
        progress(f"weights without a harness {k / len(names):.0%}")
        measured = belonging(data, kind, name)
        llms = np.unique(cells.llm[scores.cell[measured & scores.is_target]])
        families = np.unique(data["family_index"].to_numpy()[llms])
        total = xr.zeros_like(whole.isel(family=0, drop=True))
        if len(families):
            rest = log_joint(fit, with_scores(data, keep_scores=~measured), families, DRAWS)
            total = total + (whole.isel(family=families) - rest).sum("family")
        members = np.flatnonzero(measured & ~scores.is_target)
        if len(members):
            total = total + log_member_scores(fit, members, DRAWS)
        densities[str(name)] = total.to_numpy().ravel()
    return densities


def _by_label(values: xr.DataArray, dim: str) -> dict[str, np.ndarray]:
    return {str(label): values.isel({dim: k}).to_numpy().ravel() for k, label in enumerate(values[dim].to_numpy())}

"""A study in words and in JSON."""

from __future__ import annotations

from typing import Any

import xarray as xr

from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.describe.words import growth_json, growth_rows
from bayesdensity.quantities import DEFAULT_CI, Estimate, rate, window
from bayesdensity.simulate import prior_trend
from bayesdensity.study.spec import Study


def study_json(study: Study, tables: Tables) -> dict[str, Any]:
    """The resolved study, counts of its data, what its priors imply, and every row left out with its reason."""
    selection = select(study, tables)
    (start, end), before = before_data(study, assemble(study, selection))
    return {
        "study": study.name,
        "digest": study.digest,
        "tables_digest": tables.digest,
        "n_llms": len(selection.llms),
        "n_reference_llms": len(selection.reference_llms),
        "n_scores": len(selection.scores),
        "n_runs": len(selection.runs),
        "scores_per_benchmark": selection.scores["benchmark"].value_counts().to_dict(),
        "left_out": selection.left_out.to_dict(orient="records"),
        "before_data": {"window": [start, end], **{name: growth_json(one) for name, one in before.items()}},
        "settings": study.model_dump(mode="json"),
    }


def study_text(study: Study, tables: Tables) -> str:
    """The resolved study for a reader."""
    selection = select(study, tables)
    per_benchmark = selection.scores["benchmark"].value_counts()
    reference = study.reference
    yardstick = (
        f"the {len(selection.reference_llms)} dense models of {' and '.join(reference.families)}"
        if reference.kind == "family"
        else f"the training ladder '{reference.suite}' read off at {reference.tokens:.3g} tokens"
    )
    form = study.frontier
    (start, end), before = before_data(study, assemble(study, selection))
    lines = [
        f"{study.title}  [{study.name} {study.digest}]",
        study.why,
        "",
        f"targets     {len(selection.llms)} LLMs, {len(selection.scores)} scores, size: {study.llms.size} parameters",
        f"reference   {yardstick}; {len(selection.runs)} rows of reference trainings",
        "benchmarks  " + ", ".join(f"{name} ({per_benchmark.get(name, 0)})" for name in study.benchmarks),
        f"frontier    {form.form}, {form.trend} trend, {form.dispersion} dispersion, "
        f"family effects {'on' if form.family_effects else 'off'}, {form.quantile:g} quantile",
        "",
        "priors (central 90 % interval)",
        *(_prior_line(name, study) for name in type(study.priors).model_fields),
        "",
        f"before any data these priors say: months to double, {start} to {end} (median, 90 % interval, P(growth))",
        *("  " + growth_rows([name], one)[0] for name, one in before.items()),
        "",
        f"left out: {len(selection.left_out)} rows (every row with --json)",
    ]
    counts = selection.left_out_counts()
    lines += [f"  {row.table:15s} {row.rows:5d}  {row.reason}" for row in counts.itertuples()]
    return "\n".join(lines)


def before_data(study: Study, data: xr.Dataset, ci: float = DEFAULT_CI) -> tuple[tuple[str, str], dict[str, Estimate]]:
    """The window, and rates of frontier and mean over it, from the priors alone."""
    prior = prior_trend(study, data)
    return window(prior), {"frontier": rate(prior, ci=ci), "mean": rate(prior, estimand="mean", ci=ci)}


def _prior_line(name: str, study: Study) -> str:
    prior = study.priors[name]
    return f"  {name:22s} {prior.shape:12s} [{prior.interval[0]:g}, {prior.interval[1]:g}]  {prior.why}"

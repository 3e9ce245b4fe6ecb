"""A study before its fit: what it uses, what it leaves out and why, and every prior with its reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from bayesdensity.base.format import enumerated, interval
from bayesdensity.data.candidates import ALL, entering
from bayesdensity.data.covariates import doubts, told_apart
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables
from bayesdensity.quantities import DEFAULT_CI, Estimate, doubling_time, rate, window
from bayesdensity.render.blocks import Block, Paragraph, Section, Table
from bayesdensity.render.sections.growth import growth, growth_table
from bayesdensity.render.sources import Source
from bayesdensity.simulate import prior_trend
from bayesdensity.study.spec import LAB_TYPES, Study


def priors(source: Source) -> Section:
    """Every prior as an interval with its reason, and what all of them say before data."""
    _, before = before_data(source.fit.study, source.fit.data, source.ci)
    implied = "; ".join(f"{name} {interval(doubling_time(rates).to_frame_row())}" for name, rates in before.items())
    lead = (
        f"Before any data these priors say, in months to double over the window ({source.ci:.0%} interval): {implied}."
    )
    return Section("priors", "Priors and their reasons", (Paragraph(lead), priors_table(source.fit.study)))


def data(study: Study, tables: Tables) -> dict[str, Any]:
    """The resolved study, counts of its data, what its priors imply, and every row left out with its reason."""
    selection = select(study, tables)
    joined = assemble(study, selection)
    span, before = before_data(study, joined)
    return {
        "study": study.name,
        "digest": study.digest,
        "tables_digest": tables.digest,
        "n_llms": len(selection.llms),
        "n_reference_llms": len(selection.reference_llms),
        "n_scores": len(selection.scores),
        "n_runs": len(selection.runs),
        "scores_per_benchmark": selection.scores["benchmark"].value_counts().to_dict(),
        "entering": entering(study, tables, selection),
        **({"covariates": told_apart(joined).reset_index(), "doubts": doubts(joined)} if study.covariates else {}),
        "left_out": selection.left_out,
        "before_data": {"window": span, **{name: growth(rates) for name, rates in before.items()}},
        "settings": study.model_dump(mode="json"),
    }


def blocks(study: Study, tables: Tables) -> list[Block]:
    """The resolved study for a reader."""
    selection = select(study, tables)
    joined = assemble(study, selection)
    (start, end), before = before_data(study, joined)
    implied = growth_table("before", ("estimand",), before.items(), DEFAULT_CI, f"before any data, {start} to {end}: ")
    return [
        Paragraph(f"{study.title}  [{study.name} {study.digest}]"),
        Paragraph(study.why),
        Table("uses", "What it uses.", _uses(study, selection)),
        entering_table(study, tables, selection),
        *covariate_blocks(study, joined),
        priors_table(study),
        implied,
        left_out_table(selection),
    ]


def priors_table(study: Study) -> Table:
    """Every prior as an interval with its reason."""
    stated = [(name, study.priors[name]) for name in type(study.priors).model_fields]
    stated += [(f"{name}: {part}", one) for name, c in study.covariates.items() for part, one in c.priors.items()]
    shown = pd.DataFrame(
        {
            "prior": [name for name, _ in stated],
            "shape": [prior.shape for _, prior in stated],
            "central 90% interval": [f"{prior.interval[0]:g} to {prior.interval[1]:g}" for _, prior in stated],
            "why": [prior.why for _, prior in stated],
        }
    )
    return Table("priors", "Priors.", shown)


def entering_table(study: Study, tables: Tables, selection: Selection) -> Table:
    """How many candidates have scores on enough benchmarks, by half-year of release and by type of lab.

    Parameters
    ----------
    study : Study
    tables : Tables
    selection : Selection
        What the study makes of them.
    """
    counts = entering(study, tables, selection)
    of = counts["used"].astype(str) + " of " + counts["candidates"].astype(str)
    shown = counts.assign(of=of).pivot(index="half_year", columns="lab_type", values="of").fillna("")
    types = [ALL, *(name for name in LAB_TYPES if name in shown)]
    caption = (
        f"Who enters: of the LLMs that pass every other rule, those with scores on {study.llms.min_benchmarks} or more "
        f"of the {len(study.benchmarks)} benchmarks, by half-year of release and by type of lab."
    )
    return Table("entering", caption, shown[types].rename_axis(columns=None).reset_index(names="released"), counts)


def covariate_blocks(study: Study, data: xr.Dataset) -> list[Block]:
    """Covariates of a study, how well they can be told apart, and what cannot be told; none where it has none.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    """
    if not study.covariates:
        return []
    told, names = told_apart(data), data["covariate_name"].to_numpy()
    shown = pd.DataFrame(
        {
            "covariate": told.index,
            "of": [study.covariates[name].of for name in names],
            "read off at": [_centre(study, data, k) for k in range(len(names))],
            "imputed": told["unknown"].astype(str),
            "explained by date": told["with_date"].map("{:.0%}".format),
            "by date and the others": told["with_rest"].map("{:.0%}".format),
            "within families": told["within_families"].map("{:.0%}".format),
        }
    )
    caption = (
        "Covariates: LLMs of which each is imputed, from size and date; share of its variance that the date explains, "
        "that the date and all others explain, and that lies within families."
    )
    return [Table("covariates", caption, shown, told.reset_index()), *(Paragraph(one, "note") for one in doubts(data))]


def _centre(study: Study, data: xr.Dataset, k: int) -> str:
    """Value that trends are read off at, as people state it."""
    if against := str(data["covariate_against"].to_numpy()[k]):
        return against
    value = float(data["covariate_mean"][k] + data["covariate_offset"][k])
    return study.covariates[str(data["covariate_name"].to_numpy()[k])].in_words(value)


def left_out_table(selection: Selection) -> Table:
    """How many rows of which table go by which rule; the data are the rows."""
    caption = (
        f"The {len(selection.left_out)} rows of the tables that the study does not use, by the first rule that struck."
    )
    return Table("left-out", caption, selection.left_out_counts(), selection.left_out)


def before_data(study: Study, data: xr.Dataset, ci: float = DEFAULT_CI) -> tuple[tuple[str, str], dict[str, Estimate]]:
    """The window, and rates of frontier and mean over it, from the priors alone.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it: its dates place the trend.
    ci : float
        Probability of the intervals.

    Returns
    -------
    span : tuple of str
        ISO dates of the first and the last day of the window.
    rates : dict of Estimate
        Growth of ln density a year of "frontier" and "mean".
    """
    prior = prior_trend(study, data)
    return window(prior), {"frontier": rate(prior, ci=ci), "mean": rate(prior, estimand="mean", ci=ci)}


def _uses(study: Study, selection: Selection) -> pd.DataFrame:
    reference, form = study.reference, study.frontier
    per_benchmark = selection.scores["benchmark"].value_counts()
    measured = (
        f"the {len(selection.reference_llms)} dense models of {enumerated(reference.families)}"
        if reference.kind == "family"
        else f"the training ladder '{reference.suite}' read off at {reference.tokens:.3g} tokens"
    )
    uses = {
        "targets": f"{len(selection.llms)} LLMs, {len(selection.scores)} scores, size: {study.llms.size} parameters",
        "reference": f"{measured}; {len(selection.runs)} rows of reference trainings",
        "benchmarks": ", ".join(f"{name} ({per_benchmark.get(name, 0)})" for name in study.benchmarks),
        "frontier": f"{form.form}, {form.trend} trend, {form.dispersion} dispersion, "
        f"{form.groups} effects {'on' if form.family_effects else 'off'}, {form.quantile:g} quantile",
    }
    return pd.DataFrame(uses.items(), columns=["part", "what"])

"""Requests that no answer could follow from: unknown names, and selections that say nothing about growth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesdensity.base.errors import InputError, UnidentifiedError, one_of
from bayesdensity.data.schemas import FLAGS, SCHEMAS
from bayesdensity.data.tables import Tables
from bayesdensity.study.covariates import TRANSFORMATIONS
from bayesdensity.study.spec import Study

if TYPE_CHECKING:
    from bayesdensity.data.selection import Selection


CHANCE_SDS, AT_CEILING = 2.0, 0.98
"""Scores within so many binomial standard deviations of the floor, or this high, say nothing about size."""


def refuse_unknown(study: Study, tables: Tables) -> None:
    """Refuse a study that names what the tables do not hold."""
    _refuse([*_unknown_words(study, tables), *_unknown_names(study, tables), *_unknown_exclusions(study, tables)])


def _refuse(faults: list[str]) -> None:
    if faults:
        raise InputError("\n".join(faults))


def _unknown_names(study: Study, tables: Tables) -> Iterator[str]:
    """Benchmarks, family and suites that the tables do not hold, or hold without what the model needs."""
    known = tables.benchmarks.set_index("benchmark")
    for name, benchmark in study.benchmarks.items():
        if name not in known.index:
            yield "benchmarks.csv: " + one_of(name, known.index, "benchmark") + " Or add a row for it."
        elif np.isnan(known.at[name, "n_items"]):
            yield f"benchmarks.csv: n_items of benchmark '{name}' is empty, but the study uses it; fill it in."
        elif np.isnan(known.at[name, "chance"]) and benchmark.floor is None:
            yield f"benchmarks.csv: chance of benchmark '{name}' is empty; fill it in, or set its floor in the study."
        elif study.frontier.rates_by_group and not known.at[name, "group"]:
            yield (
                f"benchmarks.csv: group of benchmark '{name}' is empty, but rates of the study go by group; fill it "
                "in, or set frontier.rates_by_group = false."
            )
    for column in study.covariate_columns:
        if column not in tables.llms.columns.drop("llm"):
            known = [*TRANSFORMATIONS, *tables.llms.columns.drop("llm")]
            yield "llms.csv: " + one_of(column, known, "column") + " A covariate of the study is it."
    families = set(tables.llms["family"])
    for family in study.reference.families:
        if family not in families:
            yield "llms.csv: " + one_of(family, families, "family") + " The study takes its reference from it."
    suites = set(tables.reference_runs["suite"])
    for suite in study.reference.suites:
        if suite not in suites:
            yield "reference_runs.csv: " + one_of(suite, suites, "suite") + " The study takes its reference from it."


def _unknown_words(study: Study, tables: Tables) -> Iterator[str]:
    """Words of rules that no row can have, so that the rule would silently do nothing, or leave out everything."""
    rules = [(f"llms.{column}", "llms", column) for column in ("stage", "domain", "compression", "weights_open")]
    rules += [("scores.origins", "scores", "origin"), ("reference.domain", "llms", "domain")]
    rules += [("reference.stage", "llms", "stage"), ("reference.roles", "reference_runs", "role")]
    for rule, table, column in rules:
        part, _, key = rule.partition(".")
        for word in getattr(getattr(study, part), key):
            if word not in (valid := SCHEMAS[table].columns[column].words):
                yield f"study '{study.name}': {rule}: {one_of(word, valid, column.replace('_', ' '))}"
    harnesses = {*tables.scores["harness"], *tables.bundled_names.get("scores", tables.scores)["harness"]}
    for name in study.scores.harnesses:
        if name not in harnesses:
            yield f"study '{study.name}': scores.harnesses: {one_of(name, harnesses, 'harness')}"
    flags = {word.strip() for cell in tables.scores["flag"].unique() for word in cell.split(";")} | {*FLAGS}
    for word in study.scores.exclude_flags:
        if word not in flags:
            yield f"study '{study.name}': scores.exclude_flags: {one_of(word, flags - {''}, 'flag')}"


def _unknown_exclusions(study: Study, tables: Tables) -> Iterator[str]:
    """Exclusions that would silently do nothing.

    A shipped study may name what a user's own tables no longer hold, so the bundled names count as known too.
    """
    harnesses = [*study.scores.exclude_harnesses]
    for benchmark in study.benchmarks.values():
        harnesses += benchmark.exclude_harnesses
    wanted = [("llms", one.name, "llm") for one in study.llms.exclude]
    wanted += [("scores", one.name, "harness") for one in harnesses]
    wanted += [("reference", one.name, "reference") for one in study.reference.exclude]
    frames = {name: pd.concat([getattr(tables, name), more]) for name, more in tables.bundled_names.items()}
    valid = _excludable(study, {**vars(tables), **frames})
    for where, name, what in wanted:
        if name not in valid[where]:
            yield f"study '{study.name}': cannot exclude '{name}': {one_of(name, valid[where], what)}"


def _excludable(study: Study, frames: Mapping[str, pd.DataFrame]) -> dict[str, set[str]]:
    llms, runs = frames["llms"], frames["reference_runs"]
    members = set(llms.loc[llms["family"].isin(study.reference.families), "llm"])
    return {
        "llms": set(llms["llm"]),
        "scores": set(frames["scores"]["harness"]),
        "reference": members | set(runs.loc[runs["suite"].isin(study.reference.suites), "run"]),
    }


def refuse_unidentified(selection: Selection) -> None:
    """Refuse fewer than two LLMs, or LLMs of a single day: neither says anything about change over time."""
    counts = selection.left_out_counts()
    why = _most(counts[counts["table"] == "llms"])
    if rules := _most(_rules_of_scores(counts)):
        why += f"; of the scores {rules}"
    if selection.llms.empty:
        raise UnidentifiedError(f"no LLM is left to study: {why}. Widen the rules under 'llms', or bring more scores.")
    days = selection.llms["release_date"]
    if len(days) == 1:
        raise UnidentifiedError(
            f"only one LLM is left to study, {selection.llms.index[0]}, so nothing can be told about change over time "
            f"({why}). Widen the rules under 'llms', or bring more scores."
        )
    if days.nunique() == 1:
        raise UnidentifiedError(
            f"all {len(days)} LLMs left were released on {days.iloc[0]:%Y-%m-%d}, so nothing can be told about change "
            f"over time ({why}). Widen the rules under 'llms', or bring more scores."
        )


def refuse_outside(study: Study, selection: Selection) -> None:
    """Refuse a change of pace that is stated to be where no LLM was released before or after."""
    day, released = study.frontier.break_date, selection.llms["release_date"]
    if day is not None and not released.min() < pd.Timestamp(day) < released.max():
        window = f"{released.min():%Y-%m-%d} to {released.max():%Y-%m-%d}"
        raise InputError(
            f"study '{study.name}': break_date {day} lies outside the releases, {window}; name a day inside."
        )


def _rules_of_scores(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts of the scores that a rule of the study took away, and not that their LLM or benchmark is none of it."""
    of_others = counts["reason"].str.contains(r"not in the study|^fewer than|^equal value")
    return counts[(counts["table"] == "scores") & ~of_others]


def _most(counts: pd.DataFrame) -> str:
    return ", ".join(f"{rows} {reason}" for reason, rows in zip(counts["reason"][:4], counts["rows"][:4], strict=True))


def refuse_unmeasured(study: Study, tables: Tables, selection: Selection) -> None:
    """Every benchmark needs a score of a target and something that ties it to the reference.

    Parameters
    ----------
    study : Study
    tables : Tables
        As read; the losses of a ladder are looked up in them.
    selection : Selection
        The rows that the study uses.

    Raises
    ------
    InputError
        If a benchmark has no score of a target, or nothing that ties it to a ladder.
    UnidentifiedError
        If a reference family has no scores, or members of one size only, or if all scores of the targets or of the
        reference on a benchmark lie at chance or at the ceiling.
    """
    faults, untied = [], []
    family, scores, runs = " and ".join(study.reference.families), selection.scores, selection.runs
    is_member = scores["llm"].isin(selection.reference_llms.index)
    all_runs = tables.reference_runs
    covered = set(
        all_runs.loc[(all_runs["suite"] == study.reference.suite) & (all_runs["role"] != "trajectory"), "benchmark"]
    )
    letters = runs.loc[runs["score_multiple_choice"].notna(), "benchmark"].unique()
    for name, benchmark in study.benchmarks.items():
        here = scores["benchmark"] == name
        lost = selection.left_out[selection.left_out["what"].str.contains(f" on {name} by ", regex=False)]
        reasons = _most(lost["reason"].value_counts().rename_axis("reason").reset_index(name="rows"))
        if not (here & ~is_member).any():
            faults.append(f"scores.csv: no score on '{name}' is left ({reasons}); relax its rules, or drop it.")
        if family and not (here & is_member).any():
            untied.append(
                f"scores.csv: no score of reference family '{family}' on '{name}' is left ({reasons}), so nothing says "
                "what a score there is worth in reference parameters. Bring one, or drop the benchmark."
            )
        if not family and name not in covered:
            unknown = one_of(name, covered, "benchmark")
            faults.append(f"reference_runs.csv: among the runs of '{study.reference.suite}' {unknown}")
        elif not family and benchmark.map_from == "score_multiple_choice" and name not in letters:
            faults.append(
                f"reference_runs.csv: no score_multiple_choice on '{name}'; add some, or map it from 'score'."
            )
    _refuse(faults)
    members = selection.reference_llms
    for one in study.reference.families:
        count = members.loc[members["family"] == one, "size"].nunique()
        if count == 1:
            untied.append(
                f"all members of reference family '{one}' with scores are of one size, so nothing says how scores rise "
                "with size. Take a family of several sizes."
            )
        elif count == 0 and len(study.reference.families) > 1:
            untied.append(f"no member of reference family '{one}' has a score that the study uses; leave it out.")
    if untied:
        raise UnidentifiedError("\n".join(untied))
    for name in study.benchmarks:
        here = scores["benchmark"] == name
        for what, part in (("targets", scores[here & ~is_member]), ("the reference", scores[here & is_member])):
            _refuse_if_mute(name, what, part, selection.benchmarks.loc[name])


def _refuse_if_mute(name: str, what: str, scores: pd.DataFrame, benchmark: pd.Series) -> None:
    """Scores at chance, or at the ceiling, say nothing about size."""
    floor = float(benchmark["floor"])
    spread = np.sqrt((floor * (1 - floor) + 1 / benchmark["n_items"]) / benchmark["n_items"])
    chance = floor + CHANCE_SDS * spread
    sides = {
        f"at chance (at most {chance:.3f})": scores["score"] <= chance,
        f"at the ceiling (at least {AT_CEILING})": scores["score"] >= AT_CEILING,
    }
    for where, there in sides.items():
        if len(scores) and there.all():
            raise UnidentifiedError(
                f"all {len(scores)} scores of {what} on '{name}' lie {where}, so they say nothing about size; leave "
                "the benchmark out of the study."
            )

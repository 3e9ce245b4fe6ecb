"""Apply the rules of a study to the tables: what is used, and for every other row the first rule that removed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesdensity.data.refusals import refuse_outside, refuse_unidentified, refuse_unknown, refuse_unmeasured
from bayesdensity.data.schemas import EFFORTS, STAGES
from bayesdensity.data.tables import Tables
from bayesdensity.study.spec import Exclusion, Study

_ORIGINS = {"own-run": 0, "mixed": 1, "copied": 2}


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows a study uses, and why the others are left out. Nothing writes to it."""

    llms: pd.DataFrame
    """Targets by `llm`, in order of release: organization, lab_type, family, release_date, architecture,
    params_total, params_active, train_tokens, `size` (parameters, by the rule of the study; where inferred, the
    geometric mean), and the columns that are covariates."""
    reference_llms: pd.DataFrame
    """Members of the reference family by `llm`, in order of size, with the same columns; empty for a ladder."""
    scores: pd.DataFrame
    """Measurements of targets and reference members by `row`: llm, benchmark, harness, score, n_items, source."""
    benchmarks: pd.DataFrame
    """By `benchmark`, in the order of the study: n_items, chance, group, published, floor."""
    runs: pd.DataFrame
    """Rows of the reference trainings by `row`, with `use`: ladder, loss or trajectory."""
    left_out: pd.DataFrame
    """Every other row of llms, scores and reference_runs: table, row, what, reason."""

    def left_out_counts(self) -> pd.DataFrame:
        """Count the rows left out by table and reason, largest first."""
        # What was kept instead differs from row to row.
        reason = self.left_out["reason"].str.replace(r" \(kept: .*\)$", "", regex=True)
        counts = self.left_out.assign(reason=reason).groupby(["table", "reason"], sort=False).size().rename("rows")
        return counts.reset_index().sort_values(["table", "rows"], ascending=[True, False], ignore_index=True)


def select(study: Study, tables: Tables) -> Selection:
    """Select the rows of the tables that a study uses.

    Parameters
    ----------
    study : Study
    tables : Tables

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If the study names something the tables lack, or a benchmark of it keeps no score.
    UnidentifiedError
        If no LLM is left, or all of them were released on one day.

    Examples
    --------
    >>> from bayesdensity.data.tables import read_tables
    >>> from bayesdensity.study.load import load_study
    >>> chosen = select(load_study("densing-law"), read_tables())
    >>> list(chosen.benchmarks.columns)
    ['n_items', 'chance', 'group', 'published', 'floor']
    """
    refuse_unknown(study, tables)
    llm_reason, is_reference = _judge_llms(study, tables.llms)
    score_reason = _judge_scores(study, tables.scores, llms=set(tables.llms.loc[llm_reason == "", "llm"]))
    llm_reason, score_reason = _drop_thin(study, tables, llm_reason, score_reason, is_reference)
    run_reason, use = _judge_runs(study, tables.reference_runs)

    used = llm_reason == ""
    benchmarks = _benchmarks(study, tables.benchmarks)
    scores = tables.scores.loc[score_reason == ""]
    scores = scores.assign(n_items=scores["benchmark"].map(benchmarks["n_items"]))
    selection = Selection(
        llms=_sized(study, tables.llms[used & ~is_reference]).sort_values(["release_date", "llm"]),
        reference_llms=_sized(study, tables.llms[used & is_reference]).sort_values(["size", "llm"]),
        scores=scores[["llm", "benchmark", "harness", "score", "n_items", "source"]],
        benchmarks=benchmarks,
        runs=tables.reference_runs[run_reason == ""].assign(use=use[run_reason == ""]),
        left_out=_left_out(tables, llm_reason, score_reason, run_reason),
    )
    refuse_unidentified(selection)
    refuse_unmeasured(study, tables, selection)
    refuse_outside(study, selection)
    return selection


def _first_reason(index: pd.Index, rules: Iterable[tuple[pd.Series, str | pd.Series]]) -> pd.Series:
    """Give for each row the reason of the first rule that strikes it; empty where none does."""
    reason = pd.Series("", index=index, dtype=str)
    for struck, why in rules:
        reason = reason.mask((reason == "") & struck, why)
    return reason


def _by_hand(names: pd.Series, exclusions: Iterable[Exclusion]) -> Iterator[tuple[pd.Series, str]]:
    for exclusion in exclusions:
        yield names == exclusion.name, f"excluded by the study: {exclusion.why}"


def _judge_llms(study: Study, llms: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Why each LLM is left out, and whether it is a member of the reference (which is no target)."""
    rules, released = study.llms, llms["release_date"]
    kind = [
        *_by_hand(llms["llm"], rules.exclude),
        *_by_hand(llms["llm"], study.reference.exclude if study.reference.kind == "family" else ()),
        (~llms["stage"].isin(rules.stage), "stage " + llms["stage"]),
        (~llms["domain"].isin(rules.domain), "domain " + llms["domain"]),
        (~llms["compression"].isin(rules.compression), "compression " + llms["compression"]),
    ]
    window = [
        (~llms["weights_open"].isin(rules.weights_open), "weights open: " + llms["weights_open"]),
        (released.isna(), "no release date"),
        (~llms["lab_type"].isin(rules.lab_types), "lab type " + llms["lab_type"]),
        (released < pd.Timestamp(rules.released_from), f"released before {rules.released_from}"),
    ]
    if rules.released_to is not None:
        window.append((released > pd.Timestamp(rules.released_to), f"released after {rules.released_to}"))
    fits = _first_reason(llms.index, kind) == ""
    if rules.modes == "most-effort":
        kind.append(_other_modes(llms, fits))
        fits &= ~kind[-1][0]
    # Sizes of sparse members are not on the scale that the reference measures with.
    is_reference = fits & llms["family"].isin(study.reference.families) & (kind_of(llms) != "moe")
    is_reference &= llms["domain"].isin(study.reference.domain)
    if study.reference.stage:
        is_reference &= llms["stage"].isin(study.reference.stage)
    if study.reference.tokens is not None:
        kind.append((is_reference & llms["train_tokens"].isna(), "training tokens of a reference member unknown"))
    return _first_reason(llms.index, [*kind, *((struck & ~is_reference, why) for struck, why in window)]), is_reference


def _other_modes(llms: pd.DataFrame, fits: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Which LLMs are the weights of another one that fits, used with less effort: two modes are not two models."""
    order = llms["stage"].map(STAGES.index) * len(EFFORTS) + llms["effort"].map(EFFORTS.index)
    ranked = llms.assign(order=order)[fits].sort_values(["order", "llm"], ascending=[False, True], kind="stable")
    kept = ranked.groupby("weights", sort=False)["llm"].transform("first").reindex(llms.index, fill_value="")
    other = fits & (kept != llms["llm"])
    return other, "another mode of the same weights (kept: " + kept + ")"


def _judge_scores(study: Study, scores: pd.DataFrame, llms: set[str]) -> pd.Series:
    """Why each score row is left out, up to the rule on equal values."""
    flags = ";" + scores["flag"].str.replace(" ", "") + ";"
    rules: list[tuple[pd.Series, str | pd.Series]] = [
        (~scores["benchmark"].isin(study.benchmarks), "benchmark not in the study"),
        (~scores["llm"].isin(llms), "llm not in the study"),
        (~scores["origin"].isin(study.scores.origins), scores["origin"] + " cell (origin)"),
    ]
    rules += [(flags.str.contains(f";{flag};", regex=False), f"flag {flag}") for flag in study.scores.exclude_flags]
    if study.scores.harnesses:
        other = ~scores["harness"].isin(study.scores.harnesses)
        rules.append((other, "harness " + scores["harness"] + " is none of the study's"))
    rules += _harnesses(scores, study.scores.exclude_harnesses)
    for name, benchmark in study.benchmarks.items():
        here = scores["benchmark"] == name
        rules += [(here & struck, why) for struck, why in _harnesses(scores, benchmark.exclude_harnesses)]
        # Empty metric, cot or shots are unstated: the owner of the table vouches for the protocol.
        shots = [("shots", benchmark.shots)] if benchmark.shots else []
        for column, valid in [("metric", benchmark.metrics), ("cot", benchmark.cot), *shots]:
            struck = here & ~scores[column].isin([*valid, ""])
            rules.append((struck, f"{column} " + scores[column] + " is another protocol than the study's"))
    reason = _first_reason(scores.index, rules)
    return _collapse(scores, reason) if study.scores.collapse_equal else reason


def _harnesses(scores: pd.DataFrame, exclusions: Iterable[Exclusion]) -> list[tuple[pd.Series, str]]:
    return [(scores["harness"] == one.name, f"harness {one.name} excluded: {one.why}") for one in exclusions]


def _collapse(scores: pd.DataFrame, reason: pd.Series) -> pd.Series:
    """Keep one of the equal values of an LLM on a benchmark: copies of one run are one observation."""
    width = scores.groupby(["benchmark", "harness"])["score"].transform("size")
    ranked = scores.assign(order=scores["origin"].map(_ORIGINS), width=width, value=scores["score"].round(4))
    left = ranked[reason == ""].sort_values(["order", "width", "harness"], ascending=[True, False, True], kind="stable")
    same = left.groupby(["llm", "benchmark", "value"], sort=False)["harness"]
    kept = same.transform("first").loc[same.cumcount() > 0]
    return reason.mask(reason.index.isin(kept.index), "equal value under several harnesses (kept: " + kept + ")")


def kind_of(llms: pd.DataFrame) -> pd.Series:
    """Kind of each LLM: a mixture of experts (``moe``) is what has fewer active than total parameters."""
    return llms["architecture"].mask(llms["params_active"] < llms["params_total"], "moe")


def too_few_benchmarks(study: Study) -> str:
    """Why an LLM that passes every other rule is left out."""
    return f"fewer than {study.llms.min_benchmarks} of the {len(study.benchmarks)} benchmarks"


def _drop_thin(
    study: Study, tables: Tables, llm_reason: pd.Series, score_reason: pd.Series, is_reference: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Strike the targets with too few benchmarks, with their scores, and reference members without any."""
    names, scores = tables.llms["llm"], tables.scores
    measured = scores[score_reason == ""].groupby("llm")["benchmark"].nunique()
    count = names.map(measured).fillna(0)
    too_few = too_few_benchmarks(study)
    thin = (llm_reason == "") & ~is_reference & (count < study.llms.min_benchmarks)
    bare = (llm_reason == "") & is_reference & (count == 0)
    llm_reason = llm_reason.mask(thin, too_few).mask(bare, "no score on the benchmarks of the study")
    return llm_reason, score_reason.mask((score_reason == "") & scores["llm"].isin(names[thin]), too_few)


def _judge_runs(study: Study, runs: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Why each reference row is left out, and what it would be used for."""
    reference = study.reference
    is_ladder_study = reference.kind == "ladder"
    along = runs["role"] == "trajectory"
    loss = runs["suite"].isin(reference.loss_suites)
    ladder = (runs["suite"] == reference.suite) & ~along & is_ladder_study
    trajectory = (runs["suite"] == reference.trajectories) & along & is_ladder_study
    use = pd.Series("loss", index=runs.index).mask(trajectory, "trajectory").mask(ladder, "ladder")
    letters = [name for name, one in study.benchmarks.items() if one.map_from == "score_multiple_choice"]
    named = runs["suite"].isin(study.reference.suites)
    rules: list[tuple[pd.Series, str | pd.Series]] = [
        (~named, "suite not in the study"),
        *_by_hand(runs["run"], reference.exclude),
        (~trajectory & ~runs["role"].isin(reference.roles), "role " + runs["role"]),
        (~(ladder | loss | trajectory), "role " + runs["role"]),
        (~(use == "loss") & ~runs["benchmark"].isin(study.benchmarks), "benchmark not in the study"),
        (trajectory & ~runs["benchmark"].isin(letters), "the loss-to-score map of its benchmark is fitted to 'score'"),
        (trajectory & runs["score_multiple_choice"].isna(), "no multiple-choice score"),
        # Knowing answers and naming them by letters are learned one after the other; the map is of the former.
        (
            trajectory & ~(runs["score_multiple_choice"] > runs["score"]),
            "letter format not learned yet: its letters score no more than its cloze answers",
        ),
        ((use == "loss") & runs["loss"].isna(), "no loss"),
    ]
    return _first_reason(runs.index, rules), use


def _benchmarks(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    frame = table.set_index("benchmark").loc[list(study.benchmarks), ["n_items", "chance", "group", "published"]]
    floors = pd.Series({name: one.floor for name, one in study.benchmarks.items()}, dtype=float)
    return frame.assign(n_items=frame["n_items"].astype(int), floor=floors.fillna(frame["chance"]))


def _sized(study: Study, llms: pd.DataFrame) -> pd.DataFrame:
    total, active = llms["params_total"], llms["params_active"]
    middle = np.sqrt(total * active)
    size = {"total": total, "active": active, "geometric-mean": middle, "inferred": middle}[study.llms.size]
    about = ["organization", "lab_type", "family", "release_date", "architecture"]
    sizes = ["params_total", "params_active", "train_tokens", "size"]
    further = [name for name in study.covariate_columns if name not in {*about, *sizes}]
    return llms.assign(size=size, architecture=kind_of(llms)).set_index("llm")[about + sizes + further]


def _left_out(tables: Tables, llms: pd.Series, scores: pd.Series, runs: pd.Series) -> pd.DataFrame:
    all_scores, all_runs = tables.scores, tables.reference_runs
    what = {
        "llms": tables.llms["llm"],
        "scores": all_scores["llm"] + " on " + all_scores["benchmark"] + " by " + all_scores["harness"],
        "reference_runs": all_runs["suite"] + " " + all_runs["run"] + " on " + all_runs["benchmark"],
    }
    parts = [
        pd.DataFrame({"table": name, "row": reason.index, "what": what[name], "reason": reason})[reason != ""]
        for name, reason in (("llms", llms), ("scores", scores), ("reference_runs", runs))
    ]
    return pd.concat(parts, ignore_index=True)

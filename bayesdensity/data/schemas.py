"""What each table must hold: one pandera model per table, one declaration per column.

A declaration decides how the cells are read (by its type), what an absent or empty cell means, which values are
possible, and the sentence a user reads about an impossible one.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from bayesdensity.study.spec import LAB_TYPES

STAGES = ("base", "instruct", "reasoning")
"""Last stages of training, or modes of use, from the least to the most computation for an answer."""
EFFORTS = ("low", "medium", "high", "xhigh", "max", "")
"""Settings of how long an LLM may reason, from least to most; it has no setting, or all it has, where none is given."""


def column(
    *,
    default: str | None = None,
    like: str | None = None,
    empty: bool = False,
    fault: str = "",
    example: str = "",
    **checks: Any,
) -> Any:
    """Declare one column.

    Parameters
    ----------
    default : str, optional
        What an absent column or an empty cell stands for. Without `default` and `like` the column must be there.
    like : str, optional
        Column of the same table whose value an empty cell takes.
    empty : bool
        Whether a cell may stay empty.
    fault : str
        End of the sentence about a value that fails the checks: what is wrong; what to do.
    example : str
        How a legible value looks.
    **checks
        Checks by their pandera names, e.g. ``ge=0``.

    Returns
    -------
    pandera.Field
    """
    about = {"default": default, "like": like, "fault": fault, "example": example}
    return pa.Field(nullable=empty, metadata=about, **checks)


def name(fault: str = "is empty; every row needs it", **about: Any) -> Any:
    """Declare a text that no row may lack."""
    return column(fault=fault, str_length={"min_value": 1}, **about)


def choice(*values: str, default: str) -> Any:
    """Declare a text that is one of a few words."""
    words = ", ".join(f"'{value}'" for value in values if value)
    return column(default=default, isin=list(values), fault=f"is not one of {words}; choose one of these")


def text() -> Any:
    """Declare a free text that may be absent."""
    return column(default="")


def day() -> Any:
    """Declare a date that may be absent."""
    return column(default="", empty=True, example="2026-11-29")


def size(**about: Any) -> Any:
    """Declare a number of parameters."""
    fault = "is no number of parameters (at least 1e5); if sizes are in billions, multiply by 1e9"
    return column(ge=1e5, fault=fault, example="7e9", **about)


def fraction(**about: Any) -> Any:
    """Declare a score in [0, 1]."""
    fault = "is outside [0, 1]; if these are percentages, divide by 100"
    return column(ge=0, le=1, fault=fault, example="0.732", **about)


class Llms(pa.DataFrameModel):
    """One row per LLM."""

    llm: Series[str] = name()
    release_date: Series[pd.Timestamp] = column(empty=True, example="2024-07-18")
    params_total: Series[float] = size()
    params_active: Series[float] = size(like="params_total")
    organization: Series[str] = text()
    lab_type: Series[str] = choice(*LAB_TYPES, default="unknown")
    family: Series[str] = name(like="llm")
    train_tokens: Series[float] = column(
        default="", empty=True, gt=0, fault="is no number of tokens; leave it empty if unknown", example="1.5e13"
    )
    architecture: Series[str] = choice("dense", "moe", "hybrid", default="dense")
    parent: Series[str] = text()
    weights: Series[str] = name(like="llm")
    effort: Series[str] = choice(*EFFORTS, default="")
    compression: Series[str] = choice("none", "pruned", "distilled", "quantized", default="none")
    stage: Series[str] = choice(*STAGES, default="base")
    domain: Series[str] = choice("general", "code", "math", default="general")
    weights_open: Series[str] = choice("yes", "no", "on-request", default="yes")
    added: Series[pd.Timestamp] = day()
    note: Series[str] = text()
    source: Series[str] = text()

    @pa.dataframe_check(error="params_active is larger than params_total; swap them, or leave params_active empty")
    def active_within_total(cls, frame: pd.DataFrame) -> Any:
        """Refuse more active than total parameters."""
        return ~(frame["params_active"] > frame["params_total"])


class Scores(pa.DataFrameModel):
    """One row per published or own measurement of one LLM on one benchmark."""

    llm: Series[str] = name()
    benchmark: Series[str] = name()
    score: Series[float] = fraction()
    metric: Series[str] = text()
    shots: Series[str] = text()
    cot: Series[str] = choice("true", "false", "unknown", "", default="")
    harness: Series[str] = name(default="own")
    origin: Series[str] = choice("own-run", "mixed", "copied", default="own-run")
    flag: Series[str] = text()
    added: Series[pd.Timestamp] = day()
    note: Series[str] = text()
    source: Series[str] = text()


class ReferenceRuns(pa.DataFrameModel):
    """One row per reference training and benchmark (and checkpoint, for trajectories)."""

    suite: Series[str] = name()
    run: Series[str] = name()
    role: Series[str] = choice("ladder", "anchor", "excluded", "trajectory", default="ladder")
    params: Series[float] = size()
    params_total: Series[float] = size(default="", empty=True)
    params_body: Series[float] = size(default="", empty=True)
    tokens: Series[float] = column(ge=0, fault="is no number of training tokens", example="1.5e12")
    unique_tokens: Series[float] = column(like="tokens", ge=0, fault="is no number of unique tokens", example="1.5e11")
    experts: Series[float] = column(
        default="1", ge=1, fault="is no number of experts; a dense model has 1", example="64"
    )
    flops: Series[float] = column(
        default="", empty=True, gt=0, fault="is no number of operations; leave it empty for 6 N D", example="2.3e21"
    )
    benchmark: Series[str] = name()
    loss: Series[float] = column(default="", empty=True, gt=0, fault="is no loss; losses are above 0", example="0.873")
    loss_unit: Series[str] = choice("bits_per_byte", "nats_per_token", "", default="")
    score: Series[float] = fraction(default="", empty=True)
    score_format: Series[str] = text()
    score_multiple_choice: Series[float] = fraction(default="", empty=True)
    note: Series[str] = text()
    source: Series[str] = text()

    @pa.dataframe_check(error="there is neither loss nor score; give at least one of them")
    def measured(cls, frame: pd.DataFrame) -> Any:
        """Refuse a run without loss and score: it says nothing."""
        return frame[["loss", "score", "score_multiple_choice"]].notna().any(axis=1)

    @pa.dataframe_check(error="unique_tokens is larger than tokens; swap them, or leave unique_tokens empty")
    def unique_within_all(cls, frame: pd.DataFrame) -> Any:
        """Refuse more unique tokens than tokens."""
        return ~(frame["unique_tokens"] > frame["tokens"])

    @pa.dataframe_check(error="tokens is 0; only a trajectory may start before training, a run needs its tokens")
    def trained(cls, frame: pd.DataFrame) -> Any:
        """Refuse zero tokens, where the loss law has no value."""
        return (frame["tokens"] != 0) | (frame["role"] == "trajectory")


class Benchmarks(pa.DataFrameModel):
    """One row per benchmark."""

    benchmark: Series[str] = name()
    n_items: Series[float] = column(
        empty=True, ge=1, fault="is no number of items; leave it empty for a loss", example="14042"
    )
    chance: Series[float] = column(
        empty=True, ge=0, lt=1, fault="is outside [0, 1); give the share that guessing gets right", example="0.25"
    )
    answer_is_letter: Series[str] = choice("true", "false", default="false")
    group: Series[str] = text()
    protocol: Series[str] = text()
    note: Series[str] = text()
    source: Series[str] = text()


SCHEMAS: dict[str, type[pa.DataFrameModel]] = {
    "llms": Llms,
    "scores": Scores,
    "reference_runs": ReferenceRuns,
    "benchmarks": Benchmarks,
}
"""Schema of each table; the file is the name and `.csv`."""

KEYS: dict[str, tuple[str, ...]] = {
    "llms": ("llm",),
    "scores": ("llm", "benchmark", "harness", "metric", "shots", "cot", "flag", "source"),
    "reference_runs": ("suite", "run", "benchmark", "tokens"),
    "benchmarks": ("benchmark",),
}
"""Columns that tell the rows of a table apart."""

SUBJECT: dict[str, str] = {
    "llms": "of llm '{llm}'",
    "scores": "for llm '{llm}' on '{benchmark}'",
    "reference_runs": "of run '{run}' on '{benchmark}'",
    "benchmarks": "of benchmark '{benchmark}'",
}
"""What a row is about, in a sentence."""

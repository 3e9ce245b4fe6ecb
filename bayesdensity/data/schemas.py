"""What each table must hold: one declaration per table, and in it one per column.

A declaration decides how the cells are read (by its type), what an absent or empty cell means, which values are
possible, and the sentence a user reads about an impossible one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from bayesdensity.study.spec import LAB_TYPES

STAGES = ("base", "instruct", "reasoning")
"""Last stages of training, or modes of use, from the least to the most computation for an answer."""
EFFORTS = ("low", "medium", "high", "xhigh", "max", "")
"""Settings of how long an LLM may reason, from least to most; it has no setting, or all it has, where none is given."""
FLAGS = ("format", "variant", "subset", "suspect", "not-pure-base", "quantized-run", "maybe-instruct", "estimated")
"""Documented words about what is wrong with a score; a table may have others."""
PRICE_FLAGS = ("suspect", "corrected", "suspect-score", "")
"""What may be wrong with a price, or with the score beside it."""
FREE_TEXT = ("note", "source", "protocol")
"""Columns of texts that nothing looks up; they may have line breaks."""
LOSS_UNITS = {
    **dict.fromkeys(("nats", "nat", "nats/token", "nats per token", "nats-per-token"), "nats_per_token"),
    **dict.fromkeys(("bpb", "bits/byte", "bits per byte", "bits-per-byte"), "bits_per_byte"),
}
"""Other spellings of units of losses."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column."""

    type: Literal["text", "number", "date"] = "text"
    default: str | None = None
    """What an absent column or an empty cell stands for. Without it and `like` the column must be there."""
    like: str | None = None
    """Column of the same table whose value an empty cell takes."""
    empty: bool = False
    """Whether a cell may stay empty."""
    kind: str = ""
    """A ``name``; or what it counts, which decides what to do about other units: ``size``, ``tokens``, ``count``,
    ``share``."""
    words: tuple[str, ...] = ()
    """The words it may have; none: any text."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Other spellings of its words."""
    low: float = -math.inf
    high: float = math.inf
    zero: bool = False
    """Whether it may be zero although `low` is higher."""
    whole: bool = False
    """Whether the number is a whole one."""
    fault: str = ""
    """End of the sentence about an impossible value: what is wrong; what to do."""
    above: str = ""
    """The same of a number that is too large; empty: as `fault`."""
    example: str = ""
    """How a legible value looks."""

    @property
    def required(self) -> bool:
        """Whether a table must have it."""
        return self.default is None and self.like is None


@dataclass(frozen=True)
class Schema:
    """One table."""

    columns: Mapping[str, Column]
    rules: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = field(default_factory=dict)
    """What must hold between the cells of a row, by the sentence about rows where it does not."""


def name(**about: Any) -> Column:
    """Declare a text that no row may lack."""
    return Column(kind="name", **about)


def choice(*words: str, default: str, spellings: Mapping[str, str] | None = None) -> Column:
    """Declare a text that is one of a few words."""
    listed = ", ".join(f"'{word}'" for word in words if word)
    fault = f"is not one of {listed}; choose one of these"
    return Column(default=default, words=words, fault=fault, spellings=spellings or {})


def text(**about: Any) -> Column:
    """Declare a text that may be absent."""
    return Column(default="", **about)


def day(**about: Any) -> Column:
    """Declare a date that may be empty."""
    return Column(type="date", empty=True, example="2024-07-18", **about)


def number(**about: Any) -> Column:
    """Declare a number."""
    return Column(type="number", **about)


def size(**about: Any) -> Column:
    """Declare a number of parameters."""
    fault = "is no number of parameters (at least 1e5)"
    above = "is no number of parameters (at most 1e14); check its unit"
    return number(kind="size", low=1e5, high=1e14, fault=fault, above=above, example="7e9", **about)


def tokens(what: str, **about: Any) -> Column:
    """Declare a number of tokens."""
    fault, above = f"is no number of {what} (at least 1e6)", f"is no number of {what} (at most 1e17); check its unit"
    return number(kind="tokens", low=1e6, high=1e17, fault=fault, above=above, **about)


def fraction(**about: Any) -> Column:
    """Declare a score in [0, 1]."""
    fault = "is outside [0, 1]; if these are percentages, divide by 100"
    return number(kind="share", low=0, high=1, fault=fault, example="0.732", **about)


def price(what: str, **about: Any) -> Column:
    """Declare a price that need not be known; zero is one."""
    fault = f"is no price of {what} in USD per million tokens (0 to 1e7); leave it empty if it is not known"
    return number(low=0, high=1e7, fault=fault, example="0.15", default="", empty=True, **about)


UNKNOWN: dict[str, Any] = {"default": "", "empty": True}
"""A number that need not be known."""
LLMS = Schema(
    {
        "llm": name(),
        "release_date": day(),
        "params_total": size(),
        "params_active": size(like="params_total"),
        "organization": text(kind="name"),
        "lab_type": choice(*LAB_TYPES, default="unknown"),
        "family": name(like="llm"),
        "train_tokens": tokens("tokens", example="1.5e13", **UNKNOWN),
        "architecture": choice("dense", "moe", "hybrid", default="dense"),
        "parent": text(kind="name"),
        "weights": name(like="llm"),
        "effort": choice(*EFFORTS, default=""),
        "compression": choice("none", "pruned", "distilled", "quantized", default="none"),
        "stage": choice(*STAGES, default="base"),
        "domain": choice("general", "code", "math", default="general"),
        "weights_open": choice("yes", "no", "on-request", default="yes"),
        "added": day(default=""),
        "note": text(),
        "source": text(),
    },
    {
        "params_active is larger than params_total; swap them, or leave params_active empty": lambda llms: (
            ~(llms["params_active"] > llms["params_total"])
        )
    },
)
"""One row per LLM."""

SCORES = Schema(
    {
        "llm": name(),
        "benchmark": name(),
        "score": fraction(),
        "metric": text(),
        "shots": text(),
        "cot": choice("true", "false", "unknown", "", default=""),
        "harness": name(default="own"),
        "origin": choice("own-run", "mixed", "copied", default="own-run"),
        "flag": text(),
        "added": day(default=""),
        "note": text(),
        "source": text(),
    }
)
"""One row per published or own measurement of one LLM on one benchmark."""

REFERENCE_RUNS = Schema(
    {
        "suite": name(),
        "run": name(),
        "role": choice("ladder", "anchor", "excluded", "trajectory", default="ladder"),
        "params": size(),
        "params_total": size(**UNKNOWN),
        "params_body": size(**UNKNOWN),
        "tokens": tokens("training tokens", zero=True, example="1.5e12"),
        "unique_tokens": tokens("unique tokens", like="tokens", zero=True, example="1.5e11"),
        "experts": number(
            **{"default": "1", "low": 1, "high": 1e5, "whole": True, "kind": "count", "example": "64"},
            fault="is no number of experts (1 to 1e5); a dense model has 1",
        ),
        "flops": number(
            **{**UNKNOWN, "low": 1e10, "high": 1e30, "kind": "count", "example": "2.3e21"},
            fault="is no number of operations (1e10 to 1e30); leave it empty for 6 N D",
        ),
        "benchmark": name(),
        "loss": number(
            **{**UNKNOWN, "low": 1e-3, "high": 15, "example": "0.873"},
            fault="is no loss; losses are above 0.001",
            above="is above 15, and so above the logarithm of any vocabulary; "
            "take the logarithm if these are perplexities",
        ),
        "loss_unit": choice("bits_per_byte", "nats_per_token", "", default="", spellings=LOSS_UNITS),
        "score": fraction(**UNKNOWN),
        "score_format": text(),
        "score_multiple_choice": fraction(**UNKNOWN),
        "note": text(),
        "source": text(),
    },
    {
        # A run that is only on record may say that it diverged.
        "there is neither loss nor score; give at least one of them": lambda runs: (
            runs[["loss", "score", "score_multiple_choice"]].notna().any(axis=1) | (runs["role"] == "excluded")
        ),
        "unique_tokens is larger than tokens; swap them, or leave unique_tokens empty": lambda runs: (
            ~(runs["unique_tokens"] > runs["tokens"])
        ),
        "tokens is 0; only a trajectory may start before training, a run needs its tokens": lambda runs: (
            (runs["tokens"] != 0) | (runs["role"] == "trajectory")
        ),
    },
)
"""One row per reference training and benchmark (and checkpoint, for trajectories)."""

BENCHMARKS = Schema(
    {
        "benchmark": name(),
        "n_items": number(
            **{"empty": True, "low": 1, "high": 1e8, "whole": True, "kind": "count", "example": "14042"},
            fault="is no number of items (1 to 1e8); leave it empty for a loss",
        ),
        "chance": number(
            **{"empty": True, "low": 0, "high": math.nextafter(1, 0), "kind": "share", "example": "0.25"},
            fault="is outside [0, 1); give the share that guessing gets right",
        ),
        "answer_is_letter": choice("true", "false", default="false"),
        "group": text(kind="name"),
        "published": day(default=""),
        "protocol": text(),
        "note": text(),
        "source": text(),
    }
)
"""One row per benchmark."""

PRICES = Schema(
    {
        "llm": name(),
        "provider": name(),
        "offered_as": Column(like="llm"),
        "weights_open": choice("yes", "no", default="no"),
        "release_date": day(default=""),
        "price_from": day(),
        "price_to": day(default=""),
        "usd_per_mtok_input": price("input"),
        "usd_per_mtok_output": price("output"),
        "usd_per_mtok_blended": price("both"),
        "benchmark": text(kind="name"),
        "score": fraction(**UNKNOWN),
        "flag": choice(*PRICE_FLAGS, default=""),
        "note": text(),
        "source": text(),
    },
    {
        "there is no price; give that of input and output, or one of both": lambda prices: (
            prices["usd_per_mtok_blended"].notna()
            | prices[["usd_per_mtok_input", "usd_per_mtok_output"]].notna().all(axis=1)
        ),
        "price_to lies before price_from; swap them": lambda prices: ~(prices["price_to"] < prices["price_from"]),
        "there is no date of the price; give price_from, or price_to, or both": lambda prices: (
            prices[["price_from", "price_to"]].notna().any(axis=1)
        ),
        "benchmark and score belong together; fill in both, or neither": lambda prices: (
            (prices["benchmark"] != "") == prices["score"].notna()
        ),
    },
)
"""One row per price of one LLM at one provider, with the days between which it is known to have held."""

SCHEMAS: dict[str, Schema] = {
    "llms": LLMS,
    "scores": SCORES,
    "reference_runs": REFERENCE_RUNS,
    "benchmarks": BENCHMARKS,
    "prices": PRICES,
}
"""Schema of each table; the file is the name and `.csv`."""

KEYS: dict[str, tuple[str, ...]] = {
    "llms": ("llm",),
    "scores": ("llm", "benchmark", "harness", "metric", "shots", "cot", "flag", "source"),
    "reference_runs": ("suite", "run", "benchmark", "tokens"),
    "benchmarks": ("benchmark",),
    "prices": ("llm", "provider", "offered_as", "price_from", "source"),
}
"""Columns that tell the rows of a table apart."""

LINKS: dict[tuple[str, str], str] = {
    ("scores", "llm"): "llms",
    ("scores", "benchmark"): "benchmarks",
    ("reference_runs", "benchmark"): "benchmarks",
    ("prices", "benchmark"): "benchmarks",
}
"""Columns of names that stand in another table, which has the name of the column as its key."""

SUBJECT: dict[str, str] = {
    "llms": "of llm '{llm}'",
    "scores": "for llm '{llm}' on '{benchmark}'",
    "reference_runs": "of run '{run}' on '{benchmark}'",
    "benchmarks": "of benchmark '{benchmark}'",
    "prices": "of llm '{llm}' at '{provider}'",
}
"""What a row is about, in a sentence."""

"""What to infer of prices: which benchmark holds quality fixed, at which levels, and under which priors."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from bayesdensity.base.errors import InputError
from bayesdensity.base.part import Part
from bayesdensity.base.prior import Prior
from bayesdensity.study.digests import digest_of, fingerprint_of, what_is_read

LEVELS: dict[str, tuple[float, ...]] = {
    "MMLU": (0.6, 0.7, 0.8, 0.86, 0.9),
    "GPQA-Diamond": (0.3, 0.45, 0.6, 0.75, 0.85),
}
"""Levels of quality by benchmark; 0.7 is the MMLU of GPT-3.5 (arXiv 2303.08774), 0.86 that of GPT-4."""
REFERENCE = {"MMLU": 0.7, "GPQA-Diamond": 0.6}
"""The level that figures show, and published numbers are compared at."""
PRIORS = {
    "level": Prior(
        shape="normal",
        interval=(-4.6, 4.6),
        why="log price in USD per million tokens at the reference level and the average date: 0.01 to 100 dollars",
    ),
    "quality_slope": Prior(
        shape="normal",
        interval=(-0.5, 4.0),
        why="rise of the log price with a logit of the score; from 70 to 90 % is 1.35 logits",
    ),
    "bend_spread": Prior(
        shape="lognormal", interval=(0.05, 1.0), why="departures of log price from a straight line in quality"
    ),
    "kind_gap": Prior(
        shape="normal",
        interval=(-2.0, 2.0),
        why="log price of open weights, or of those with one seller, against the mean of kinds: within a factor of 7",
    ),
    "price_rate": Prior(
        shape="normal",
        interval=(-1.0, 6.0),
        why="natural logarithms a year by which price falls at fixed quality: halving in 1.4 months to doubling in 8; "
        "published estimates lie between 1.2 and 13 months",
    ),
    "slowing": Prior(
        shape="normal",
        interval=(-1.5, 1.5),
        why="what that rate loses from year to year of release; a rate of 2 would be gone in three years or double "
        "in three",
    ),
    "rate_spread_quality": Prior(
        shape="lognormal",
        interval=(0.05, 1.5),
        why="departures of that rate between levels of quality: published ones differ a hundredfold a year",
    ),
    "rate_spread_kind": Prior(
        shape="lognormal", interval=(0.05, 1.0), why="departures of that rate between open and closed weights"
    ),
    "own_rate": Prior(
        shape="normal",
        interval=(-1.0, 2.0),
        why="natural logarithms a year by which the price of one and the same LLM falls, of each kind: many never "
        "change",
    ),
    "own_spread": Prior(shape="lognormal", interval=(0.03, 1.0), why="departures of that rate between LLMs"),
    "llm_spread": Prior(
        shape="lognormal",
        interval=(0.2, 1.5),
        why="standard deviation of log price between LLMs of one quality and date: 20 % to 4.5 times",
    ),
    "one_sided_share": Prior(
        shape="logit-normal",
        interval=(0.1, 0.9),
        why="share of its variance that is markups above the frontier; the rest is scatter both ways, such as scores "
        "that "
        "flatter",
    ),
    "provider_spread": Prior(
        shape="lognormal", interval=(0.05, 0.8), why="log prices of providers against each other, for the same LLM"
    ),
    "offer_scatter": Prior(
        shape="lognormal", interval=(0.1, 1.0), why="scatter of offers of an LLM beyond what providers explain"
    ),
    "step_scatter": Prior(
        shape="lognormal", interval=(0.05, 1.5), why="scatter of what an offer's log price changes by in a year"
    ),
}


class PriceStudy(Part):
    """Everything that decides what a fit of prices infers."""

    benchmark: str = "MMLU"
    levels: tuple[float, ...] = LEVELS["MMLU"]
    """Scores at which the rate is told, and between which it is interpolated."""
    reference: float = 0.7
    """Of the figure and of comparisons."""
    quantile: float = Field(default=0.05, gt=0, lt=1)
    """Of LLMs of a quality, from the cheapest: what counts as the frontier."""
    priors: dict[str, Prior] = PRIORS

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        inside = all(0 < level < 1 for level in (*self.levels, self.reference))
        if len(self.levels) < 2 or not inside or list(self.levels) != sorted(set(self.levels)):
            raise ValueError(f"levels {list(self.levels)} must be two or more rising scores between 0 and 1")
        return self

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with what the model reads, and with nothing else."""
        return digest_of({name: what_is_read(getattr(self, name)) for name in type(self).model_fields})

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with every word of the study."""
        return fingerprint_of(self)


def price_study(
    benchmark: str = "MMLU", levels: tuple[float, ...] | None = None, reference: float | None = None
) -> PriceStudy:
    """What to infer of prices.

    Parameters
    ----------
    benchmark : str
        Holds quality fixed.
    levels : tuple of float, optional
        Scores at which the rate is told; None: those of `LEVELS`.
    reference : float, optional
        Score of the figure and of comparisons; None: that of `REFERENCE`, or else the middle level.

    Raises
    ------
    InputError
        If a level is impossible, or none is known for the benchmark.
    """
    chosen = levels or LEVELS.get(benchmark)
    if chosen is None:
        raise InputError(f"no levels are known for benchmark '{benchmark}'; give two or more with --level 0.4.")
    try:
        middle = REFERENCE.get(benchmark, chosen[len(chosen) // 2])
        return PriceStudy(benchmark=benchmark, levels=chosen, reference=middle if reference is None else reference)
    except ValueError as error:
        raise InputError(
            f"levels {', '.join(f'{level:g}' for level in chosen)}: give two or more scores between 0 and 1 that rise."
        ) from error

"""The examples of shelf life that the paper and the press give, beside what a fit says of them."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from bayesdensity.data.dates import years
from bayesdensity.data.tables import BUNDLED
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, MONTHS, SAMPLE, Estimate
from bayesdensity.quantities.forecast import Of, date_at
from bayesdensity.quantities.shelf_lives import shelf_life


class Example(NamedTuple):
    """A published example, and the same by a fit."""

    claim: str
    published_months: float
    """From the release of the larger model."""
    ours: Estimate
    """Months until a model of that size is as able; infinite: never."""
    probability: float
    """That it takes no longer than published."""
    source: str


def examples(fit: Fit, of: Of = "frontier", ci: float = DEFAULT_CI) -> list[Example]:
    """The published examples that a fit can answer: its LLMs, or scores on its benchmarks.

    Published are months between the releases of two models. Ours are those until the frontier of a date, or the typical
    release, is as able at the size of the smaller: a release may come later than the frontier that allows for it.

    Parameters
    ----------
    fit : Fit
    of : {"frontier", "typical", "best"}
    ci : float
        Probability of the intervals.
    """
    return [
        _example(fit, row, of, ci)
        for _, row in read_examples().iterrows()
        if row["llm"] in fit.data["llm"] or row["benchmark"] in fit.data["benchmark"]
    ]


def read_examples() -> pd.DataFrame:
    """The bundled examples: an LLM and a share of its size, or a score on a benchmark since a date and a size."""
    table = pd.read_csv(BUNDLED / "shelf_lives.csv", dtype={"llm": str, "benchmark": str})
    return table.fillna({"llm": "", "benchmark": ""})


def _example(fit: Fit, row: pd.Series, of: Of, ci: float) -> Example:
    if row["llm"]:
        ours, published = shelf_life(fit, row["llm"], row["share"], of, ci), float(row["months"])
    else:
        reached = date_at(fit, row["benchmark"], row["score"], row["params"], of, ci)
        since, by = 2000.0 + years(pd.DatetimeIndex([row["since"], row["by"]]))
        months = MONTHS * (reached.draws - since)
        ours, published = (
            Estimate("months", f"months to the {reached.what}", months, ci, "months"),
            MONTHS * (by - since),
        )
    return Example(row["claim"], published, ours, float((ours.draws <= published).mean(SAMPLE)), row["source"])

"""Everything that is asked of prices, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.base.format import ENDS
from bayesdensity.data.claims import read_claims
from bayesdensity.data.offers import Offers
from bayesdensity.inference.pricing import PriceFit
from bayesdensity.quantities.estimate import DEFAULT_CI, Estimate, dates_between
from bayesdensity.quantities.prices import (
    EndPoints,
    end_points,
    halving_time,
    line_rate,
    own_rate,
    price_frontier,
    price_rate,
    price_rate_at,
    price_rate_by_kind,
    price_rate_by_level,
    record_months,
)

POINTS = 25
NEAR = 0.06
"""Scores either way of the reference that are still about it."""
LEAST_OF_A_YEAR = 5
"""LLMs released in a year for whose middle a rate is told."""
"""Dates at which the frontier is drawn."""
PUBLISHED = ("price at fixed quality", "halving of price")
"""Beginnings of the names of claims about how fast prices fall."""


@dataclass(frozen=True, eq=False)
class PriceAnswer:
    """What prices say, and what they rest on."""

    fit: PriceFit
    offers: Offers
    ci: float = DEFAULT_CI

    @cached_property
    def overall(self) -> Estimate:
        """Rate at fixed quality."""
        return price_rate(self.fit, self.ci)

    @cached_property
    def by_level(self) -> Estimate:
        """The same by level of quality."""
        return price_rate_by_level(self.fit, self.ci)

    @cached_property
    def by_kind(self) -> Estimate:
        """The same by who may sell."""
        return price_rate_by_kind(self.fit, self.ci)

    @cached_property
    def own(self) -> Estimate:
        """Rate of the price of one and the same LLM, by who may sell."""
        return own_rate(self.fit, self.ci)

    @cached_property
    def line(self) -> Estimate | None:
        """Rate along the lines of providers, whatever the quality; None where there are too few."""
        try:
            return line_rate(self.offers, self.fit, self.ci)
        except UnidentifiedError:
            return None

    @cached_property
    def frontier(self) -> Estimate:
        """Price of the cheapest LLMs of the reference quality, from the first LLM of about that quality to the last."""
        offers = self.offers.offers
        released = offers.loc[(offers["score"] - self.fit.study.reference).abs() <= NEAR, "release_date"]
        ends = self.window if released.empty else [f"{day:%Y-%m-%d}" for day in (released.min(), released.max())]
        return price_frontier(self.fit, dates_between(ends[0], ends[1], POINTS), ci=self.ci)

    @cached_property
    def at_dates(self) -> Estimate:
        """Rate at fixed quality at the middle of each year that has some, dim ``date``."""
        released = self.offers.offers.groupby("llm")["release_date"].first()
        counts = released.dt.year.value_counts().sort_index()
        dates = [f"{year}-07-01" for year, n in counts.items() if n >= LEAST_OF_A_YEAR]
        return price_rate_at(self.fit, dates, self.ci)

    @property
    def probability_slowing(self) -> float:
        """That the rate at fixed quality falls with the date of release."""
        return float((self.fit.posterior["slowing"] > 0).mean())

    @cached_property
    def end_points(self) -> EndPoints:
        """The published arithmetic."""
        return end_points()

    @cached_property
    def published(self) -> pd.DataFrame:
        """Published claims about how fast prices fall: ``claim``, ``months``, ``source``."""
        claims = read_claims()
        return claims.loc[claims["claim"].str.startswith(PUBLISHED), ["claim", "months", "source"]]

    @property
    def window(self) -> tuple[str, str]:
        """First and last release date of the LLMs."""
        dates = self.offers.offers["release_date"]
        return f"{dates.min():%Y-%m-%d}", f"{dates.max():%Y-%m-%d}"

    @property
    def seen(self) -> tuple[str, str]:
        """First and last day on which a price was seen."""
        offers = self.offers.offers
        return f"{offers['first_date'].min():%Y-%m-%d}", f"{offers['last_date'].max():%Y-%m-%d}"

    def table(self) -> pd.DataFrame:
        """Halving times in months, a row for each thing held fixed: ``held_fixed``, ``of``, the interval, the rate."""
        benchmark = self.fit.study.benchmark
        rows = [_row(benchmark, "all LLMs", self.overall)]
        for date in self.at_dates.draws["date"].to_numpy().astype(str):
            rows.append(_row(f"{benchmark}, released {date}", "all LLMs", self.at_dates.sel(date=date)))
        for level in self.levels:
            row = _row(f"{benchmark} {level}", "all LLMs", self.by_level.sel(quality=level))
            rows.append({**row, "halving_months_records": self.records(level)})
        rows += [_row(benchmark, kind, self.by_kind.sel(kind=kind)) for kind in self.kinds]
        if self.line is not None:
            rows.append(_row("the provider's line", "closed", self.line))
        rows += [_row("the LLM", kind, self.own.sel(kind=kind)) for kind in self.kinds]
        return pd.DataFrame(rows)

    def records(self, level: str) -> float:
        """Months to halve of the records at a level, as they are published."""
        return record_months(self.offers, float(level))

    @property
    def levels(self) -> list[str]:
        """Levels of quality, as they are labelled."""
        return [str(level) for level in self.fit.data["quality"].to_numpy()]

    @property
    def kinds(self) -> list[str]:
        """Kinds of LLMs by who may sell them."""
        return [str(kind) for kind in self.fit.data["kind"].to_numpy()]


def _row(held: str, of: str, rate: Estimate) -> dict[str, object]:
    months = halving_time(rate).to_frame_row()
    ends = {f"halving_months_{end}": float(months[end]) for end in ENDS}
    falls = float(np.mean(rate.draws.to_numpy() > 0))
    per_year = {f"rate_per_year_{end}": float(rate.to_frame_row()[end]) for end in ENDS}
    return {"held_fixed": held, "of": of, **ends, **per_year, "probability_falls": falls}

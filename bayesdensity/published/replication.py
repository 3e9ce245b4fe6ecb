"""What was claimed, what the published procedure gives, and what the posterior says, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.data.claims import trend_claims
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.published.procedure import REPLICATES, PointTrend, Replication, replicate
from bayesdensity.published.record_draws import PosteriorTrend, posterior_trend
from bayesdensity.published.records import Line
from bayesdensity.published.windows import PUBLISHED_ENDS
from bayesdensity.quantities import DEFAULT_CI, MONTHS, Estimate, doubling_months, probability_positive
from bayesdensity.study.spec import Study

Source = Literal["claim", "points", "posterior", "model"]
MAX_FAILED = 0.1
"""Share of failed replicates from which on the rest cannot stand for all."""
_VERSIONS = ("v2, highlights", "v2, section 3.3"), ("journal version",)
CLAIMED = dict(zip(PUBLISHED_ENDS, _VERSIONS, strict=True))
"""By window: the versions whose doubling time belongs to it."""


class Rate(NamedTuple):
    """One growth rate to set beside others, in natural logarithms a year."""

    key: str
    what: str
    source: Source
    rate: float
    """Point estimate, or posterior median."""
    lower: float
    upper: float
    """Percentile interval of the bootstrap, or equal-tailed posterior interval; not numbers where there is none."""
    probability_positive: float
    """Share of replicates or draws above zero."""
    line: Line | None = None
    """The least squares of point estimates."""

    @property
    def months(self) -> tuple[float, float, float]:
        """Doubling time in months, and its interval; infinite where density does not grow."""
        middle, lower, upper = (float(doubling_months(rate)) for rate in (self.rate, self.upper, self.lower))
        return middle, lower, upper


@dataclass(frozen=True, eq=False)
class Comparison:
    """The published procedure beside a posterior of the same study. Nothing writes to it."""

    paper: Replication
    fit: Fit | None
    posterior: tuple[PosteriorTrend, ...]
    """One for each window; empty without a fit."""
    beside: tuple[Replication, ...]
    """The published procedure with other references."""
    claims: pd.DataFrame
    """Claims about the trend, as `bayesdensity.data.claims.trend_claims` gives them."""
    tables_digest: str
    ci: float

    def rates(self, k: int) -> list[Rate]:
        """Every rate of window k, from the claim to the model."""
        trend, claims = self.paper.trends[k], self.claims.set_index("claim")
        rates = [_claim(name, claims) for name in CLAIMED.get(trend.window.name, [])]
        rates += [points(trend, "records"), points(trend, "everyone")]
        return rates + (list(_drawn(self.posterior[k], self.quantile)) if self.posterior else [])

    @property
    def faults(self) -> list[str]:
        """Checks that did not pass, one sentence each."""
        verdict = None if self.fit is None else self.fit.diagnostics
        faults = [] if verdict is None or verdict.verdict == "PASS" else [f"{verdict.verdict}: {verdict.sentence}"]
        return faults + [
            f"'{one.study.name}': {one.failed_replicates} of {one.replicates} bootstrap replicates failed, so the "
            "others are a selection; the reference is too small."
            for one in (self.paper, *self.beside)
            if one.failed_replicates > MAX_FAILED * one.replicates
        ]

    @property
    def quantile(self) -> str:
        """The quantile that the model calls the frontier."""
        return f"{self.paper.study.frontier.quantile:g} quantile"


def compare(
    study: Study,
    tables: Tables,
    fit: Fit | None = None,
    beside: Sequence[Study] = (),
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    ci: float = DEFAULT_CI,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Run the published procedure, and apply its rules to a posterior of the same study and tables.

    Parameters
    ----------
    study : Study
    tables : Tables
    fit : Fit, optional
        Of exactly this study and these tables; None: point estimates alone.
    beside : sequence of Study
        Studies whose point estimates are to stand beside, for example with other references.
    replicates, seed, ci, progress
        As `bayesdensity.published.procedure.replicate` takes them.

    Raises
    ------
    InputError
        If the fit is of another study or of other tables.
    """
    if fit is not None:
        check_same(fit, study, tables)
    settings: Any = {"replicates": replicates, "seed": seed, "ci": ci, "progress": progress}
    paper = replicate(study, tables, **settings)
    posterior = () if fit is None else tuple(posterior_trend(fit, trend.window, ci) for trend in paper.trends)
    others = tuple(replicate(other, tables, **settings) for other in beside)
    return Comparison(paper, fit, posterior, others, trend_claims(), tables.digest, ci)


def check_same(fit: Fit, study: Study, tables: Tables) -> None:
    """Refuse a fit of another study, of other tables, or of a reference alone.

    Parameters
    ----------
    fit : Fit
    study : Study
        That it should be a fit of.
    tables : Tables
        That it should have been made from.

    Raises
    ------
    InputError
        If it is another fit.
    """
    for what, given, wanted in (
        ("study", fit.study.digest, study.digest),
        ("tables", fit.about["tables_digest"], tables.digest),
        ("part", fit.about.get("part", "joint"), "joint"),
    ):
        if given != wanted:
            raise InputError(f"the fit is of another {what}: {given}, not {wanted}; fit the study again.")


def points(trend: PointTrend, key: Literal["records", "everyone"]) -> Rate:
    """Least squares through point estimates, with the interval of its bootstrap."""
    line: Line = getattr(trend, key)
    boot: Estimate | None = getattr(trend, f"bootstrap_{key}")
    lower, upper, positive = (float("nan"),) * 3
    if boot is not None:
        ends = boot.to_frame_row()
        lower, upper, positive = ends["lower"], ends["upper"], float(probability_positive(boot))
    what = {"records": "records, point estimates", "everyone": "all LLMs, point estimates"}[key]
    return Rate(f"{key}_points", what, "points", line.rate, lower, upper, positive, line)


def _claim(version: str, claims: pd.DataFrame) -> Rate:
    rate = MONTHS * np.log(2) / float(claims.at[f"doubling time, {version}", "months"])
    return Rate("claim", f"claimed, {version}", "claim", rate, float("nan"), float("nan"), float("nan"))


def _drawn(trend: PosteriorTrend, quantile: str) -> Iterator[Rate]:
    for key, what, source, estimate in (
        ("records_posterior", "records, posterior draws", "posterior", trend.records),
        ("everyone_posterior", "all LLMs, posterior draws", "posterior", trend.everyone),
        ("mean_model", "mean of releases, model", "model", trend.mean),
        ("frontier_model", f"frontier ({quantile}), model", "model", trend.frontier),
    ):
        ends = estimate.to_frame_row()
        positive = float(probability_positive(estimate))
        yield Rate(key, what, source, ends["median"], ends["lower"], ends["upper"], positive)  # type: ignore[arg-type]

"""One question to several fits of the same scores, such as forms of the trend, and their answers mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.estimate import DEFAULT_CI, Estimate, mixed, window
from bayesdensity.quantities.forecast import Of, date_at, probability_by, score_at, size_at

DRAWS = 1000
"""Of each fit that a forecast is made from, at least where it has so many: an interval needs no more."""
AHEAD = 4
"""Years beyond the last release up to which the chance that a date has come is told, by half-years."""
Asked = Literal["date", "params", "score"]


class Question(NamedTuple):
    """Two of size, score and date, for the third."""

    benchmark: str
    params: float | None = None
    """Parameters, as the study counts them."""
    score: float | None = None
    """Share of the items."""
    date: str | None = None
    """ISO date."""
    of: Of = "frontier"
    per_year: float | None = None
    """Families to come a year, for the best of all releases; None: as many as of late."""

    @property
    def asked(self) -> Asked:
        """Which of the three is asked for.

        Raises
        ------
        InputError
            If not exactly two are given.
        """
        unknown: list[Asked] = [name for name, given in self._known() if given is None]
        if len(unknown) != 1:
            raise InputError("a forecast is asked by two of size, score and date, and answers the third.")
        return unknown[0]

    def _known(self) -> tuple[tuple[Asked, object], ...]:
        return ("date", self.date), ("params", self.params), ("score", self.score)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What several fits say of the same question.

    Attributes
    ----------
    question : Question
    fits : dict of str to Fit
    weights : dict of str to float
    parts : dict of str to Estimate
        By fit.
    answer : Estimate
        Mixed: in calendar years, parameters or shares of the items.
    probability_by : xarray.DataArray or None
        That a date which is asked for has come; dim ``date``.
    """

    question: Question
    fits: dict[str, Fit]
    weights: dict[str, float]
    parts: dict[str, Estimate]
    answer: Estimate
    probability_by: xr.DataArray | None


def forecast(
    fits: Mapping[str, Fit],
    question: Question,
    weights: Mapping[str, float] | None = None,
    ci: float = DEFAULT_CI,
) -> Forecast:
    """Answer a question about size, score and date by fits of the same scores, mixed.

    Parameters
    ----------
    fits : mapping of str to Fit
    question : Question
    weights : mapping of str to float, optional
        They sum to one; None: all equal.
    ci : float
        Probability of the interval.

    Returns
    -------
    Forecast

    Raises
    ------
    InputError
        If the fits are not of the same LLMs and scores, or the question has no answer.
    """
    _require_same(fits)
    shares = dict.fromkeys(fits, 1 / len(fits)) if weights is None else dict(weights)
    parts = {name: _answer(fit.thinned(DRAWS), question, ci) for name, fit in fits.items()}
    answer = mixed(parts, shares)
    chance = None
    if question.asked == "date":
        first = next(iter(fits.values()))
        chance = probability_by(first, answer, half_years(window(first)[1]))
    return Forecast(question, dict(fits), shares, parts, answer, chance)


def half_years(last: str) -> list[str]:
    """First days of half-years from a date on, for `AHEAD` years."""
    year, half = int(last[:4]), 0 if last[5:] <= "01-01" else 1 if last[5:] <= "07-01" else 2
    starts = range(2 * year + half, 2 * (year + AHEAD) + half)
    return [f"{date(k // 2, 7 if k % 2 else 1, 1):%Y-%m-%d}" for k in starts]


def _answer(fit: Fit, question: Question, ci: float) -> Estimate:
    benchmark, params, score, day, of, per_year = question
    match question.asked:
        case "date":
            assert score is not None and params is not None
            return date_at(fit, benchmark, score, params, of, ci, per_year)
        case "params":
            assert score is not None and day is not None
            return size_at(fit, benchmark, score, [day], of, ci, per_year).sel(date=day)
        case _:
            assert params is not None and day is not None
            return score_at(fit, benchmark, params, [day], of, ci, per_year).sel(date=day)


def _require_same(fits: Mapping[str, Fit]) -> None:
    """Refuse fits of other LLMs or scores: their answers are to other questions."""
    (first, one), *others = fits.items()
    for name, other in others:
        for what, variable in (("benchmarks", "benchmark"), ("LLMs", "llm"), ("scores", "score_value")):
            if not np.array_equal(one.data[variable].to_numpy(), other.data[variable].to_numpy()):
                raise InputError(f"{first} and {name} are fits of different {what}: only fits of the same scores mix.")

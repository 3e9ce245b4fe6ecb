"""What a check says, and how many small doubts become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bayesdensity.inference.convergence import Verdict
from bayesdensity.inference.result import Sampled

Array = NDArray[np.float64]
VERDICTS: tuple[Verdict, ...] = ("PASS", "REVIEW", "FAIL")
"""From best to worst. REVIEW: look before you cite. FAIL: do not cite."""
DOUBT, GROSS = 0.01, 1e-6
"""p-values, adjusted for the number of tests, below which a misfit asks for a review, and below which it is gross."""
DRAWS = 100
"""Posterior draws at which residuals are tested."""


@dataclass(frozen=True)
class Check:
    """One check of a fit."""

    name: str
    verdict: Verdict
    sentence: str
    """What was found."""
    remedy: str = ""
    """What to do about it; empty where it passed."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Numbers that the verdict rests on."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; PASS if there are none."""
    return max(verdicts, key=VERDICTS.index, default="PASS")


def thinned(fit: Sampled[Any], draws: int = DRAWS) -> dict[str, Array]:
    """Evenly spaced draws of every variable, chains joined: draws are the first axis."""
    return fit.thinned(draws).flat_draws()


def over_draws(p: Array) -> Array:
    """One p-value from those of many posterior draws, the first axis.

    A discrepancy whose distribution does not depend on the parameters has that distribution at a posterior draw too
    (Johnson 2007, DOI 10.1214/07-BA229). p-values of draws depend on each other; small ones are combined by the Cauchy
    distribution, which holds for small ones under nearly any dependence (Liu and Xie 2020,
    DOI 10.1080/01621459.2018.1554485): at 0.01 it rejects at most 1.5 times too often.
    """
    return np.asarray(scipy.stats.cauchy.sf(np.mean(scipy.stats.cauchy.isf(np.clip(p, 1e-300, 1 - 1e-9)), axis=0)))


def judged(
    name: str, tests: Mapping[str, float], remedies: Mapping[str, str], fine: str, *, told: tuple[str, ...] = ()
) -> Check:
    """A check of several tests: each p-value is multiplied by their number (Bonferroni).

    Parameters
    ----------
    name : str
        Of the check.
    tests : mapping
        p-value by what would be said of a doubt.
    remedies : mapping
        What to do, by the beginning of what is said.
    fine : str
        What is said where there is no doubt.
    told : tuple of str
        Beginnings of what says how a number is to be read, and not that the model is wrong: such a test is never worse
        than REVIEW.
    """
    # What is not a number could not be judged, which is a doubt too.
    adjusted = {said: 0.5 * DOUBT if np.isnan(p) else min(1.0, p * len(tests)) for said, p in tests.items()}
    doubts = sorted((said for said, p in adjusted.items() if p < DOUBT), key=lambda said: adjusted[said])
    if not doubts:
        return Check(name, "PASS", fine, figures=adjusted)
    gross = any(adjusted[said] < GROSS and not said.startswith(told) for said in doubts)
    verdict: Verdict = "FAIL" if gross else "REVIEW"
    todo = dict.fromkeys(text for said in doubts for start, text in remedies.items() if said.startswith(start))
    sentence = "; ".join(f"{said} (p {_p(adjusted[said])})" for said in doubts[:4])
    more = f"; and {len(doubts) - 4} more" if len(doubts) > 4 else ""
    return Check(name, verdict, sentence + more + ".", " ".join(todo), adjusted)


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "below 0.001" if value >= GROSS else "below 1e-6"

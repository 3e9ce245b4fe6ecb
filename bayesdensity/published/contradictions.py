"""Where published numbers contradict each other, and the choice that is behind it, as far as one can tell.

Stated neutrally: every number in the texts is arithmetic on the published ones.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from bayesdensity.data.claims import DAYS_PER_MONTH


class Contradiction(NamedTuple):
    """Claims that cannot all be what they say they are."""

    claims: tuple[str, ...]
    """Names in ``data/claims.csv``."""
    choice: str
    """What is behind the difference, as far as arithmetic or a report tells."""


def _days(rate: float) -> float:
    """Days to double at natural logarithms a day."""
    return math.log(2) / rate


def _months(rate: float) -> float:
    return _days(rate) / DAYS_PER_MONTH


def _with_chips(days: float, years: float = 2.1) -> float:
    """Days to double of the product of two that double in days and in years."""
    return 1 / (1 / days + 1 / (years * 365.25))


def _halving(ratio: float, months: float) -> float:
    return months / math.log2(ratio)


CONTRADICTIONS = (
    Contradiction(
        ("doubling time, v2, highlights", "doubling time, journal version"),
        "29 LLMs to October 2024 against 51 to April 2025, by one report with other tokens of the reference.",
    ),
    Contradiction(
        ("doubling time, v2, highlights", "doubling time, v2, section 3.3"),
        f"two values of A in one version: 95 days is ln 2 / 0.0073, which is {_months(0.0073):.2f} months; ln 2 / "
        f"0.007, the A of the highlights, is {_months(0.007):.2f} months.",
    ),
    Contradiction(
        ("growth rate A, v2, highlights", "growth rate A, v2, section 3.3"),
        f"{_days(0.007):.0f} against {_days(0.0073):.0f} days to double; the first may be the second cut to one digit.",
    ),
    Contradiction(("R2, v2, highlights", "R2, v2, section 3.3"), "one line, two values; neither says of which points."),
    Contradiction(
        ("doubling time, journal version", "growth rate A, journal version"),
        f"3.5 months is A = {math.log(2) / (3.5 * DAYS_PER_MONTH):.4f} a day, and 0.007 is {_months(0.007):.2f} "
        "months: A is rounded, or is that of another of its trends.",
    ),
    Contradiction(
        (
            "growth rate A, journal version, public benchmarks",
            "growth rate A, journal version, density by inference time",
        ),
        "one number that second-hand reports give to two trends; unresolved.",
    ),
    Contradiction(
        ("growth rate A, journal version", "growth rate A, journal version, public benchmarks"),
        "two values for the public benchmarks of one version, by second-hand reports.",
    ),
    Contradiction(
        ("density of Gemma-2-9B, v2", "density of Gemma-2-9B, journal version"),
        "what sizes are counted in: D0 grew from 1e12 to 5e12 tokens by one report, and a reference that was trained "
        "on more needs fewer parameters for the same scores.",
    ),
    Contradiction(
        ("reference tokens D0, v2", "reference tokens D0, journal version"),
        "the second rests on one report; densities of the two versions are in different units then, and rates are not.",
    ),
    Contradiction(
        ("doubling time on MMLU, before ChatGPT", "growth rate A, v2, MMLU before ChatGPT"),
        f"0.0048 is {_months(0.0048):.2f} months; what rounds to it lies between {_months(0.00485):.2f} and "
        f"{_months(0.00475):.2f}: rounding is enough.",
    ),
    Contradiction(
        ("doubling time on MMLU, after ChatGPT", "growth rate A, v2, MMLU after ChatGPT"),
        f"0.0073 is {_months(0.0073):.2f} months; what rounds to it lies between {_months(0.00735):.2f} and "
        f"{_months(0.00725):.2f}: rounding is not enough.",
    ),
    Contradiction(
        (
            "parameters of MiniCPM-1-2.4B over those of Mistral-7B, as able after 4 months, v2",
            "doubling time, v2, highlights",
        ),
        f"35 % after 4 months is to double in {4 * math.log(2) / -math.log(0.35):.1f} months; 3.3 months leave "
        f"{0.5 ** (4 / 3.3):.0%}: a picked pair, not the trend.",
    ),
    Contradiction(
        (
            "parameters of MiniCPM-3-4B over those of Gemma-2-9B, as able after 2 months",
            "doubling time, v2, highlights",
        ),
        f"a half after 2 months is to double in 2; 3.3 months leave {0.5 ** (2 / 3.3):.0%}: a picked pair, not the "
        "trend.",
    ),
    Contradiction(
        ("halving of price, v2 and journal version", "halving of price, press"),
        f"a ratio of 266.7 between two prices: {_halving(266.7, 20):.2f} months if they are 20 months apart, and "
        f"{_halving(266.7, 21):.2f} if 21.",
    ),
    Contradiction(
        ("effective size at a fixed price", "doubling time, v2, section 3.3", "doubling time, journal version"),
        f"with chips that double in 2.1 years, 88 days needs A = 0.007 ({_with_chips(_days(0.007)):.1f} days); 95 days "
        f"give {_with_chips(95):.1f}, and 3.5 months {_with_chips(3.5 * DAYS_PER_MONTH):.1f}.",
    ),
    Contradiction(
        ("IKP, scores a month at given size, first version", "IKP, scores a month at given size, later version"),
        "the same regression on 96 and later on 100 LLMs; the sign changed, both intervals hold zero.",
    ),
)

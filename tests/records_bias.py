"""How far least squares through running records misses a known trend: simulated, with the paper's rules.

`python tests/records_bias.py` prints the table of docs/replication.md. Families appear evenly over the window with one
to four LLMs each, released on one day; ln density is a straight line in time plus the effect of the family and that of
the LLM, so that mean, quantiles and maximum all grow at one true rate. Densities are known exactly: what is shown comes
from selecting records alone.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from bayesdensity.published.records import is_record, line, slope, slope_of_records


class Outcome(NamedTuple):
    """Of many simulated worlds, for records and for all LLMs."""

    excess: tuple[float, float]
    """Median of the estimated rate less the true one, a year."""
    t_coverage: tuple[float, float]
    """Share of worlds whose textbook interval holds the true rate."""
    bootstrap_coverage: tuple[float, float]
    """The same for the percentile interval of a bootstrap of families."""
    r_squared: float
    """Median R^2 of the line through the records."""


def simulate(
    worlds: int,
    *,
    seed: int = 1,
    rate: float = 1.5,
    years: float = 3.2,
    families: int = 60,
    family_scale: float = 0.9,
    llm_scale: float = 0.4,
    replicates: int = 200,
    probability: float = 0.9,
) -> Outcome:
    """Simulate worlds and read the rate off each as the paper does, and through all LLMs."""
    rng = np.random.default_rng(seed)
    estimates, t_holds, boot_holds, r_squared = [], [], [], []
    for _ in range(worlds):
        size = rng.integers(1, 5, families)
        family = np.repeat(np.arange(families), size)
        time = np.round(np.sort(rng.uniform(0, years, families)) * 365.25)[family] / 365.25
        value = rate * time + rng.normal(0, family_scale, families)[family] + rng.normal(0, llm_scale, len(family))
        record = is_record(time, value)
        lines = line(time[record], value[record]), line(time, value)
        drawn = rng.multinomial(families, np.full(families, 1 / families), size=replicates)[:, family]
        there = np.where(drawn > 0, value, -np.inf)
        again = slope_of_records(time, there), slope(time, there, drawn)
        tails = [np.quantile(rates, [(1 - probability) / 2, (1 + probability) / 2]) for rates in again]
        estimates.append([one.rate for one in lines])
        t_holds.append([one.t_interval(probability)[0] <= rate <= one.t_interval(probability)[1] for one in lines])
        boot_holds.append([low <= rate <= high for low, high in tails])
        r_squared.append(lines[0].r_squared)
    excess = np.median(estimates, axis=0) - rate
    pairs = [tuple(float(x) for x in pair) for pair in (excess, np.mean(t_holds, axis=0), np.mean(boot_holds, axis=0))]
    return Outcome(pairs[0], pairs[1], pairs[2], float(np.nanmedian(r_squared)))  # type: ignore[arg-type]


WORLDS = {
    "20 months": {"years": 1.7, "families": 35},
    "38 months": {},
    "38 months, half the scatter": {"family_scale": 0.45, "llm_scale": 0.2},
    "38 months, half the pace": {"rate": 0.75},
    "38 months, no growth": {"rate": 0.0},
}


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print("world | records: excess, t, bootstrap, R2 | all LLMs: excess, t, bootstrap")
    for name, settings in WORLDS.items():
        got = simulate(n, **settings)  # type: ignore[arg-type]
        records, everyone = zip(got.excess, got.t_coverage, got.bootstrap_coverage, strict=True)
        print(name, "|", *(f"{x:.2f}" for x in (*records, got.r_squared)), "|", *(f"{x:.2f}" for x in everyone))

"""Worlds without noise whose densities the rules of the paper must recover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.data.tables import read_tables
from bayesdensity.published.procedure import Replication, replicate
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study

BENCHMARKS = ("Reading", "Sums")
LADDER = {"Reading": (0.55, 400.0, 0.33, 60.0, 0.21), "Sums": (0.4, 150.0, 0.28, 90.0, 0.24)}  # E, a, alpha, b, beta
SIGMOID = {"Reading": (0.25, 0.7, 12.0, 0.9), "Sums": (0.02, 0.93, 8.0, 0.95)}  # d, c, gamma, l
TOKENS = 4e12


@dataclass
class World:
    """Tables without noise in a folder, a study of them, and what is true."""

    folder: Path
    study: Study
    log_density: pd.Series

    def replicate(self, **settings: Any) -> Replication:
        return replicate(self.study, read_tables(self.folder), **{"replicates": 0, **settings})


def densities(rate: float = 1.4, families: int = 14, scatter: float = 0.3, seed: int = 4) -> pd.DataFrame:
    """Made-up releases: dates, families, sizes and ln density along a straight line."""
    rng = np.random.default_rng(seed)
    rows = []
    for f, day in enumerate(np.linspace(0, 900, families).astype(int)):
        for size in rng.choice([3e9, 7e9, 14e9, 32e9], 2, replace=False):
            date = pd.Timestamp("2023-03-01") + pd.Timedelta(days=int(day))
            value = rate * day / 365.25 - 1 + rng.normal(0, scatter)
            rows.append((f"fam{f:02d}-{size / 1e9:g}B", f"fam{f:02d}", f"{date:%Y-%m-%d}", size, value))
    return pd.DataFrame(rows, columns=["llm", "family", "release_date", "params_total", "log_density"])


def write(
    folder: Path, llms: pd.DataFrame, score: Callable[[str, float], float], reference: str, scores: list[Any], runs: Any
) -> World:
    """Write the tables and the study."""
    folder.mkdir(parents=True, exist_ok=True)
    log_size = np.log(llms["params_total"]) + llms["log_density"]
    for name, x in zip(llms["llm"], log_size, strict=True):
        scores = [*scores, *((name, b, score(b, x), "own") for b in BENCHMARKS)]
    llms.drop(columns="log_density").to_csv(folder / "llms.csv", index=False)
    pd.DataFrame(scores, columns=["llm", "benchmark", "score", "harness"]).to_csv(folder / "scores.csv", index=False)
    columns = ["suite", "run", "params", "tokens", "benchmark", "loss", "score"]
    pd.DataFrame(runs, columns=columns).to_csv(folder / "reference_runs.csv", index=False)
    benchmarks = {"benchmark": BENCHMARKS, "n_items": 5000, "chance": [SIGMOID[b][0] for b in BENCHMARKS]}
    pd.DataFrame(benchmarks).to_csv(folder / "benchmarks.csv", index=False)
    tables = "".join(f'[benchmarks.{name}]\nmetrics = ["acc"]\ncot = ["false"]\n' for name in BENCHMARKS)
    path = folder / "known.toml"
    path.write_text(f'{reference}\ntitle = "Known"\nwhy = "Test."\n[llms]\nmin_benchmarks = 1\n{tables}')
    return World(folder, load_study(path), llms.set_index("llm")["log_density"])


def ladder_score(benchmark: str, log_n: float, tokens: float = TOKENS) -> float:
    d, c, gamma, middle = SIGMOID[benchmark]
    return float(d + c / (1 + np.exp(gamma * (ladder_loss(benchmark, np.exp(log_n), tokens) - middle))))


def ladder_loss(benchmark: str, n: float, tokens: float) -> float:
    e, a, alpha, b, beta = LADDER[benchmark]
    return float(e + a * n**-alpha + b * tokens**-beta)


def ladder_world(folder: Path, llms: pd.DataFrame, extra: list[Any] | None = None) -> World:
    """A ladder without noise, and LLMs that lie on its curve; ``extra`` adds scores."""
    runs = [
        (
            "small",
            f"{n:.0e}-{ratio}x",
            n,
            n * ratio,
            b,
            ladder_loss(b, n, n * ratio),
            ladder_score(b, np.log(n), n * ratio),
        )
        for b in BENCHMARKS
        for n in (2e8, 5e8, 1.3e9, 3e9, 7e9, 13e9)
        for ratio in (10, 40, 160, 500)
    ]
    reference = 'extends = "olmo-ladder"'
    world = write(folder, llms, ladder_score, reference, extra or [], runs)
    extended = (world.folder / "known.toml").read_text()
    path = world.folder / "known.toml"
    path.write_text(f'{extended}[reference]\nsuite = "small"\ntrajectories = ""\nexclude = []\ntokens = {TOKENS}\n')
    return World(folder, load_study(path), world.log_density)


def family_world(folder: Path, llms: pd.DataFrame, members: tuple[float, ...] = (5e8, 2e9, 7e9, 14e9, 7e10)) -> World:
    """A score family without noise, of the exponent and the ceiling that the study takes for known."""
    priors = load_study("densing-law").priors
    alpha, ceiling = np.exp(priors.size_exponent.mu), 1 - np.exp(priors.ceiling_gap.mu)

    def score(benchmark: str, log_n: float) -> float:
        k, x = BENCHMARKS.index(benchmark), log_n - np.log(7e9)
        eta = (0.2, -0.9)[k] + (0.55, 0.45)[k] * (1 - np.exp(-alpha * x)) / alpha
        floor = SIGMOID[benchmark][0]
        return float(floor + (ceiling - floor) / (1 + np.exp(-eta)))

    rows = pd.DataFrame([(f"Yard-{n:g}", "Yard", "2024-02-04", n, 0.0) for n in members], columns=[*llms.columns])
    everyone = pd.concat([llms, rows], ignore_index=True)
    world = write(folder, everyone, score, 'extends = "densing-law"', [], [])
    path = world.folder / "known.toml"
    path.write_text(f'{path.read_text()}[reference]\nfamily = "Yard"\nloss_suites = []\n')
    return World(folder, load_study(path), llms.set_index("llm")["log_density"])


WORLDS = {"ladder": ladder_world, "family": family_world}

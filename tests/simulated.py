"""A small world with known truth, simulated from the equations of the model and not with the code of the package.

Scores follow a generalised logistic in log size (a power law for the loss under a logistic map); log densities follow a
straight line in time with family effects and one-sided inefficiency; every cell scatters; harnesses shift logits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from bayesdensity.data.tables import Tables

BENCHMARKS = ("Reading", "Sums", "Code")
DAY_ZERO = pd.Timestamp("2023-03-01")
YEARS = 3.0


@dataclass(frozen=True)
class World:
    """What is simulated. Sizes are parameter counts, rates in natural logarithms a year."""

    seed: int = 20260
    rate: float = 1.5
    level: float = 0.3
    """Mean ln density of the targets at the middle of the window."""
    families: int = 15
    sizes: tuple[float, ...] = (1.5e9, 3e9, 7e9, 14e9, 32e9, 70e9)
    members: tuple[float, ...] = (0.5e9, 1.8e9, 7e9, 14e9, 72e9)
    slope: tuple[float, ...] = (0.55, 0.45, 0.5)
    """Logits per e-fold of reference size at the pivot."""
    height: tuple[float, ...] = (0.2, -0.9, -0.5)
    """Logit of a reference model of the size of the pivot."""
    exponent: tuple[float, ...] = (0.12, 0.15, 0.1)
    chance: tuple[float, ...] = (0.25, 0.0, 0.0)
    n_items: tuple[int, ...] = (8000, 5000, 600)
    offset: tuple[float, ...] = (0.3, -0.2, -0.1)
    benchmark_slope: tuple[float, ...] = (-0.3, 0.1, 0.2)
    ceiling: float = 0.96
    pivot: float = 7e9
    family_scale: float = 0.35
    noise_scale: float = 0.25
    inefficiency_scale: float = 0.5
    cell_scatter: float = 0.25
    recipe_residual: float = 0.15
    harness: tuple[float, float] = (0.0, 0.12)


@dataclass(frozen=True, eq=False)
class Truth:
    """What a fit of the simulated tables should find."""

    folder: Path
    study: Path
    world: World
    log_density: pd.Series = field(repr=False)
    """ln density by llm, averaged over benchmarks."""
    mean_log_density: float
    """Population mean at the mean release date."""


def logit_of_reference(world: World, b: int, log_size: np.ndarray) -> np.ndarray:
    """h + g (1 - exp(-alpha x)) / alpha with x counted from the pivot."""
    x = log_size - np.log(world.pivot)
    return world.height[b] + world.slope[b] * (1 - np.exp(-world.exponent[b] * x)) / world.exponent[b]


def simulate(folder: Path, world: World | None = None) -> Truth:
    """Write the tables of a world into a folder, and a study of them."""
    world = world or World()
    rng = np.random.default_rng(world.seed)
    folder.mkdir(parents=True, exist_ok=True)
    llms, log_density, years = _targets(world, rng)
    middle = years.mean()
    scores = []
    for k, row in enumerate(llms.itertuples()):
        for b in range(len(BENCHMARKS)):
            if row.stage == "target" and rng.random() < 0.1:
                continue  # not every model is measured on everything
            log_size = np.log(row.params_total) + log_density[k] + rng.normal(0, world.cell_scatter)
            if row.stage == "target":
                log_size += world.offset[b] + world.benchmark_slope[b] * (years[k] - middle)
            scores += _measure(world, rng, row.llm, b, log_size, both=row.stage == "reference" or rng.random() < 0.4)
    truth = pd.Series(log_density, index=llms["llm"])[(llms["stage"] == "target").to_numpy()]
    llms.drop(columns="stage").to_csv(folder / "llms.csv", index=False)
    pd.DataFrame(scores, columns=["llm", "benchmark", "score", "harness"]).to_csv(folder / "scores.csv", index=False)
    _runs(world, rng).to_csv(folder / "reference_runs.csv", index=False)
    pd.DataFrame({"benchmark": BENCHMARKS, "n_items": world.n_items, "chance": world.chance}).to_csv(
        folder / "benchmarks.csv", index=False
    )
    with (folder / "benchmarks.csv").open("a") as file:
        file.write("Text,,\n")
    return Truth(folder, write_study(folder / "small-world.toml"), world, truth, world.level)


def described(tables: Tables) -> Tables:
    """The tables with one benchmark that asks for facts, dates of benchmarks, and tokens and stages of LLMs."""
    names, llms, rng = tables.benchmarks["benchmark"], tables.llms, np.random.default_rng(5)
    group = names.map({"Reading": "knowledge"}).fillna("skills")
    published = pd.Timestamp("2021-03-01") + pd.to_timedelta(500 * np.arange(len(names)), unit="D")
    tokens = llms["params_total"] * np.exp(rng.normal(4, 1, len(llms)))
    stage = pd.Series(rng.choice(["base", "instruct", "reasoning"], len(llms)), index=llms.index)
    return replace(
        tables,
        benchmarks=tables.benchmarks.assign(group=group, published=published),
        llms=llms.assign(
            train_tokens=tokens.where(rng.random(len(llms)) < 0.8),
            stage=stage.mask(llms["family"] == "Yardstick", "base"),
        ),
    )


def write_study(path: Path, reference: str = "", more: str = "") -> Path:
    """Write a study of the simulated tables; ``reference`` holds further lines of its table."""
    tables = "".join(f'\n[benchmarks.{name}]\nmetrics = ["acc"]\ncot = ["false"]\n' for name in BENCHMARKS)
    path.write_text(
        f"""extends = "densing-law"
title = "A small world"
why = "Its truth is known."

[llms]
min_benchmarks = 1
{tables}
[reference]
family = "Yardstick"
loss_suites = ["small-ladder"]
{reference}
{more}""",
        encoding="utf-8",
    )
    return path


def _targets(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Targets and then reference members, the ln density of all, and the times of the targets in years."""
    rows, log_density, years = [], [], []
    release = np.linspace(0, YEARS, world.families) + rng.uniform(-0.05, 0.05, world.families)
    release = np.clip(release, 0, YEARS)
    for f, time in enumerate(release):
        effect = rng.normal(0, world.family_scale)
        for size in rng.choice(world.sizes, size=int(rng.integers(2, 4)), replace=False):
            inefficiency = abs(rng.normal(0, world.inefficiency_scale))
            residual = effect + rng.normal(0, world.noise_scale) - inefficiency
            residual += world.inefficiency_scale * np.sqrt(2 / np.pi)
            date = DAY_ZERO + pd.Timedelta(days=round(time * 365.25))
            rows.append((f"fam{f:02d}-{size / 1e9:g}B", f"fam{f:02d}", f"{date:%Y-%m-%d}", size, "target"))
            log_density.append(residual)
            years.append((date - DAY_ZERO).days / 365.25)
    times = np.array(years)
    density = world.level + world.rate * (times - times.mean()) + np.array(log_density)
    for size in world.members:
        rows.append((f"Yardstick-{size / 1e9:g}B", "Yardstick", "2024-02-04", size, "reference"))
    residuals = rng.normal(0, world.recipe_residual, len(world.members))
    columns = ["llm", "family", "release_date", "params_total", "stage"]
    return pd.DataFrame(rows, columns=columns), np.append(density, residuals), times


def _measure(
    world: World, rng: np.random.Generator, llm: str, b: int, log_size: float, both: bool
) -> list[tuple[str, str, float, str]]:
    """Scores of one LLM on one benchmark, by one harness or both."""
    harnesses = (0, 1) if both else (int(rng.random() < 0.4),)
    rows = []
    for h in harnesses:
        eta = float(logit_of_reference(world, b, np.array(log_size))) + world.harness[h]
        p = world.chance[b] + (world.ceiling - world.chance[b]) / (1 + np.exp(-eta))
        score = rng.binomial(world.n_items[b], np.clip(p, 0, 1)) / world.n_items[b]
        # Repeated evaluations scatter beyond the binomial.
        score = float(np.clip(score + rng.normal(0, 0.05 * np.sqrt(p * (1 - p))), 0.001, 0.999))
        rows.append((llm, BENCHMARKS[b], round(score, 5), f"harness-{'ab'[h]}"))
    return rows


def _runs(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """A loss-only ladder: L = A N^-alpha + B D^-beta at the mean exponent of the benchmarks."""
    rows = []
    alpha, beta = float(np.mean(world.exponent)), 0.2
    for n in (1e8, 3e8, 1e9, 3e9):
        for ratio in (10, 40, 160):
            loss = 1.6 * (n / 1e9) ** -alpha + 1.2 * (n * ratio / 4e10) ** -beta
            loss *= np.exp(rng.normal(0, 0.004))
            rows.append(("small-ladder", f"{n:.0e}-{ratio}x", n, n * ratio, "Text", round(loss, 5)))
    return pd.DataFrame(rows, columns=["suite", "run", "params", "tokens", "benchmark", "loss"])

"""Worlds with known truth and the design of a study: its LLMs, dates, families, harnesses, gaps and reference."""

from bayesdensity.simulate.scores import Simulated, drawn_from, simulate_scores
from bayesdensity.simulate.source import reference_only
from bayesdensity.simulate.trend_prior import prior_trend
from bayesdensity.simulate.truth import asked
from bayesdensity.simulate.world_tables import simulated_tables, write_simulation
from bayesdensity.simulate.worlds import WORLDS, World, world_of

__all__ = [
    "WORLDS",
    "Simulated",
    "World",
    "asked",
    "drawn_from",
    "prior_trend",
    "reference_only",
    "simulate_scores",
    "simulated_tables",
    "world_of",
    "write_simulation",
]

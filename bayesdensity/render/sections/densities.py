"""The table of LLMs: densities and effective sizes, and how likely each was on the frontier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, density, interval, size
from bayesdensity.base.jsonable import exp_interval, interval_json
from bayesdensity.inference.result import Fit
from bayesdensity.render.blocks import Block, Section, Table
from bayesdensity.render.sources import Source
from bayesdensity.study.phrases import yardstick

DENSEST = 12
"""LLMs in the short table."""


def densities_table(fit: Fit, ci: float = q.DEFAULT_CI) -> pd.DataFrame:
    """One row for each LLM, in order of release.

    Parameters
    ----------
    fit : Fit
    ci : float
        Probability of the intervals.

    Returns
    -------
    pandas.DataFrame
        By ``llm``: ``release_date``, ``params``, ends of the intervals of ``density``, of ``effective_size`` (in
        parameters of the reference) and, unless the frontier is symmetric, of ``inefficiency``, and the probabilities
        that it was on the frontier when released and that no reference reaches its scores on some benchmark.

    Raises
    ------
    InputError
        If only the reference was fitted, which has no density.

    Examples
    --------
    >>> from bayesdensity.inference.result import load_fit
    >>> densities_table(load_fit("densing-law.nc")).nlargest(10, "density_median")  # doctest: +SKIP
    """
    q.require_targets(fit)
    unreachable = q.probability_unreachable(fit)
    llm = q.log_density_by_benchmark(fit).draws["llm"].to_numpy()
    # Only a frontier with a best practice has inefficiencies.
    shortfall = {} if fit.study.frontier.form == "symmetric" else _ends(q.inefficiency(fit, ci))
    return pd.DataFrame(
        {
            "release_date": fit.data["release_date"].to_numpy(),
            "params": q.params(fit).summary["median"].to_numpy(),
            **_ends(q.density(fit, ci)),
            **_ends(q.effective_size(fit, ci)),
            "probability_on_frontier": q.probability_on_frontier(fit).to_numpy(),
            **shortfall,
            "probability_unreachable": pd.Series(unreachable.to_numpy()).groupby(llm).max(),
        },
        index=pd.Index(fit.data["llm"].to_numpy(), name="llm"),
    )


def data(fit: Fit, ci: float = q.DEFAULT_CI) -> list[dict[str, Any]]:
    """The table of LLMs in the documented form, with density and effective size on every benchmark too."""
    on_benchmarks, rows = _on_benchmarks(fit, ci), []
    for name, row in densities_table(fit, ci).iterrows():
        known = [key for key in ("density", "effective_size", "inefficiency") if f"{key}_median" in row]
        rows.append(
            {
                "llm": str(name),
                "release_date": row["release_date"],
                "params": row["params"],
                **{key: interval_json(row, ci, prefix=f"{key}_") for key in known},
                "probability_on_frontier": row["probability_on_frontier"],
                "probability_unreachable": row["probability_unreachable"],
                "benchmarks": on_benchmarks[str(name)],
            }
        )
    return rows


def blocks(fit: Fit, ci: float = q.DEFAULT_CI) -> list[Block]:
    """The table of LLMs for a reader."""
    return [every_table(fit, ci)]


def densest(source: Source) -> Section:
    """LLMs most likely on the frontier, and all of them on demand."""
    few, every = densest_table(source.fit, source.ci), every_table(source.fit, source.ci)
    return Section("densest", "Densest models", (few, replace(every, folded=True)))


def every_table(fit: Fit, ci: float) -> Table:
    """All LLMs in order of release."""
    table = densities_table(fit, ci)
    caption = f"All {len(table)} LLMs in order of release, median [{ci:.0%} interval]."
    return Table("densities", caption, _shown(table), table.reset_index())


def densest_table(fit: Fit, ci: float) -> Table:
    """The LLMs that were most likely on the frontier."""
    table = densities_table(fit, ci)
    order = np.argsort(-table["probability_on_frontier"].to_numpy(), kind="stable")[:DENSEST]
    caption = (
        f"The {len(order)} of {len(table)} LLMs that were most likely on the frontier at their release: median "
        f"[{ci:.0%} interval] of density and of effective size in parameters of {yardstick(fit.study.reference)}; "
        "probability that no size of it reaches the score on some benchmark."
    )
    return Table("densest", caption, _shown(table).iloc[order], table.iloc[order].reset_index())


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    rows = [row for _, row in table.iterrows()]
    return pd.DataFrame(
        {
            "LLM": table.index,
            "released": table["release_date"].to_numpy(),
            "parameters": [size(value) for value in table["params"]],
            "density": [interval(row, density, "density_") for row in rows],
            "effective size": [interval(row, size, "effective_size_") for row in rows],
            "P(on frontier)": [f"{value:.2f}" for value in table["probability_on_frontier"]],
            "P(no size suffices)": [f"{value:.2f}" for value in table["probability_unreachable"]],
        }
    )


def _ends(estimate: q.Estimate) -> dict[str, np.ndarray]:
    summary = estimate.summary
    return {f"{estimate.name}_{end}": summary[end].to_numpy() for end in ENDS}


def _on_benchmarks(fit: Fit, ci: float) -> dict[str, dict[str, Any]]:
    """Density, effective size and whether it can be reached, by LLM and benchmark."""
    cells, unreachable = q.log_density_by_benchmark(fit, ci), q.probability_unreachable(fit).to_numpy()
    densities = [exp_interval(interval) for interval in cells.to_json().values()]
    sizes = q.effective_size_by_benchmark(fit, ci).to_json().values()
    known: dict[str, dict[str, Any]] = {}
    labels = (cells.draws[name].to_numpy() for name in ("llm", "benchmark"))
    for llm, benchmark, ratio, effective, chance in zip(*labels, densities, sizes, unreachable, strict=True):
        told = {"density": ratio, "effective_size": effective, "probability_unreachable": float(chance)}
        known.setdefault(str(llm), {})[str(benchmark)] = told
    return known

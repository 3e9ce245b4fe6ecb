"""The table of LLMs: densities and effective sizes in words, CSV and JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.describe.words import ENDS, exp_interval, interval_json
from bayesdensity.inference.result import Fit


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
    density, size = q.density(fit, ci).to_frame(), q.effective_size(fit, ci).to_frame()
    unreachable = q.probability_unreachable(fit)
    llm = q.log_density_by_benchmark(fit).draws["llm"].to_numpy()
    return pd.DataFrame(
        {
            "release_date": fit.data["release_date"].to_numpy(),
            "params": q.params(fit).summary["median"].to_numpy(),
            **{f"density_{end}": density[end].to_numpy() for end in ENDS},
            **{f"effective_size_{end}": size[end].to_numpy() for end in ENDS},
            "probability_on_frontier": q.probability_on_frontier(fit).to_numpy(),
            **_shortfall(fit, ci),
            "probability_unreachable": pd.Series(unreachable.to_numpy()).groupby(llm).max(),
        },
        index=pd.Index(density.index, name="llm"),
    )


def _shortfall(fit: Fit, ci: float) -> dict[str, Any]:
    """Inefficiency, where the frontier of the study has a best practice."""
    if fit.study.frontier.form == "symmetric":
        return {}
    table = q.inefficiency(fit, ci).to_frame()
    return {f"inefficiency_{end}": table[end].to_numpy() for end in ENDS}


def densities_csv(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """The table of LLMs as CSV."""
    buffer = io.StringIO()
    densities_table(fit, ci).to_csv(buffer, float_format="%.6g", quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return buffer.getvalue().rstrip("\n")


def densities_json(fit: Fit, ci: float = q.DEFAULT_CI) -> list[dict[str, Any]]:
    """The table of LLMs as JSON, with an interval for density and effective size on every benchmark too."""
    cells = q.log_density_by_benchmark(fit, ci)
    sizes = q.effective_size_by_benchmark(fit, ci)
    by_cell = [[exp_interval(one) for one in cells.to_json().values()], list(sizes.to_json().values())]
    labels = zip(cells.draws["llm"].to_numpy(), cells.draws["benchmark"].to_numpy(), strict=True)
    unreachable = q.probability_unreachable(fit).to_numpy()
    per_llm: dict[str, dict[str, Any]] = {}
    for k, (llm, benchmark) in enumerate(labels):
        per_llm.setdefault(str(llm), {})[str(benchmark)] = {
            "density": by_cell[0][k],
            "effective_size": by_cell[1][k],
            "probability_unreachable": float(unreachable[k]),
        }
    rows = []
    for name, row in densities_table(fit, ci).iterrows():
        shown = [key for key in ("density", "effective_size", "inefficiency") if f"{key}_median" in row]
        rows.append(
            {
                "llm": str(name),
                "release_date": row["release_date"],
                "params": row["params"],
                **{key: interval_json(row, ci, prefix=f"{key}_") for key in shown},
                "probability_on_frontier": row["probability_on_frontier"],
                "probability_unreachable": row["probability_unreachable"],
                "benchmarks": per_llm[str(name)],
            }
        )
    return rows


def densities_text(fit: Fit, ci: float = q.DEFAULT_CI) -> str:
    """The table of LLMs for a reader."""
    table = densities_table(fit, ci)
    lines = [f"{'llm':34s} {'released':10s} {'size':>8s}  {'density':24s} {'effective size':24s} frontier  unreachable"]
    for name, row in table.iterrows():
        density = f"{row.density_median:.3g} [{row.density_lower:.3g}, {row.density_upper:.3g}]"
        ends = (f"{row[f'effective_size_{end}'] / 1e9:.3g}" for end in ENDS)
        size = "{}B [{}B, {}B]".format(*ends)
        lines.append(
            f"{name!s:34s} {row.release_date:10s} {row.params / 1e9:>7.3g}B  {density:24s} {size:24s} "
            f"{row.probability_on_frontier:8.2f}  {row.probability_unreachable:11.2f}"
        )
    return "\n".join(lines)

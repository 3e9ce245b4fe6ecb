"""Comparisons of fits and backtests, in words and in JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.describe.words import growth_json, growth_rows, records_json
from bayesdensity.evaluation.backtesting import Backtest
from bayesdensity.evaluation.leave_out import Comparison

TIE, LEAST = 2.0, 4.0
"""Standard errors, and nats, within which two fits cannot be told apart: below four nats the standard error itself is
unreliable (Sivula, Magnusson, Matamoros and Vehtari 2020, arXiv 2008.10296)."""


def comparison_json(found: Comparison, future: pd.DataFrame | None = None) -> dict[str, Any]:
    """Comparison in the documented form."""
    out: dict[str, Any] = {
        "fold": "one LLM, all its scores",
        "n_llms": found.pointwise.sizes["llm"],
        "leave_one_out": _records(found.table),
        "sentence": verdict(found.table),
        "stacked": {estimand: growth_json(rates) for estimand, rates in found.stacked.items()},
    }
    if future is not None:
        out["leave_future_out"] = _records(future)
        out["sentence_future"] = verdict(future)
    return out


def comparison_text(found: Comparison, future: pd.DataFrame | None = None) -> str:
    """Comparison for a reader."""
    lines = [
        f"leave one LLM out, with all its scores ({found.pointwise.sizes['llm']} LLMs); elpd in nats, more is better",
        *_table(found.table),
        verdict(found.table),
    ]
    left = int((found.table["large_k"] - found.table["refitted"]).sum())
    if left:
        folds = found.pointwise["elpd"].size
        lines.append(f"Pareto k is large for {left} of {folds} folds that were not left out exactly: these are rough.")
    if future is not None:
        lines += ["", "leave the future out: each LLM from the last cut-off before its release", *_table(future)]
        lines.append(verdict(future))
    lines += ["", f"{'doubling time in months, stacked by the weights of leave-one-out':75s} P(growth)"]
    for estimand, rates in found.stacked.items():
        lines += growth_rows([f"  {estimand}, {int(100 * rates.probability)}% interval"], rates)
    return "\n".join(lines)


def verdict(table: pd.DataFrame) -> str:
    """The sentence that a comparison allows: what is best, and what cannot be told from it."""
    best, others = str(table.index[0]), table.iloc[1:]
    less = others["difference"].abs()
    ties = others.index[(less <= TIE * others["difference_se"]) | (less < LEAST)]
    worse = [str(name) for name in others.index if name not in ties]
    said = f"best: {best}"
    if len(ties):
        said += (
            f"; not told apart from it (within {TIE:g} standard errors or {LEAST:g} nats): {', '.join(map(str, ties))}"
        )
    return said + (f"; worse: {', '.join(worse)}." if worse else ".")


def backtest_json(found: Backtest) -> dict[str, Any]:
    """Backtest in the documented form."""
    return {
        "scores": _records(found.scores()),
        "cutoffs": _records(found.cutoffs),
        "convergence": {cutoff: one.sentence for cutoff, one in found.verdicts.items()},
        "llms": records_json(found.llms),
    }


def backtest_text(found: Backtest) -> str:
    """Backtest for a reader."""
    lines = ["predictions of ln density of LLMs released within a year of a cut-off, from those released before it"]
    lines.append(
        f"{'cut-off':12s} {'known':>6s} {'later':>6s} {'cover 50%':>10s} {'cover 90%':>10s} {'CRPS':>6s} {'elpd':>8s}"
    )
    for cutoff, row in found.scores().iterrows():
        known = f"{int(found.cutoffs.at[cutoff, 'n_known'])}" if cutoff in found.cutoffs.index else ""
        lines.append(
            f"{cutoff!s:12s} {known:>6s} {int(row['n']):6d} {row['coverage_50%']:10.2f} {row['coverage_90%']:10.2f} "
            f"{row['crps']:6.2f} {row['elpd']:8.1f}"
        )
    lines += ["", "frontier a year on, as density: predicted then, and known from all releases; months to double, then"]
    for cutoff, row in found.cutoffs.iterrows():
        then, now = (_density(row, part) for part in ("frontier_predicted", "frontier_known"))
        months = _interval(row, "doubling_time_then", lambda x: x)
        chance, above = row["probability_rate_positive_then"], row["share_above_frontier"]
        lines.append(
            f"{cutoff!s:12s} at {row['horizon_end']}  {then:24s} {now:24s} {months:18s} P(growth) {chance:.2f}  "
            f"above the predicted frontier: {above:.2f}"
        )
    faults = [f"{cutoff}: {one.sentence}" for cutoff, one in found.verdicts.items() if one.verdict == "FAIL"]
    return "\n".join([*lines, *faults])


def _density(row: pd.Series, part: str) -> str:
    return _interval(row, part, np.exp)


def _interval(row: pd.Series, part: str, scale: Any) -> str:
    median, lower, upper = (scale(float(row[f"{part}_{end}"])) for end in ("median", "lower", "upper"))
    return f"{median:.3g} [{lower:.3g}, {upper:.3g}]"


def _table(table: pd.DataFrame) -> list[str]:
    lines = [
        f"  {'fit':24s} {'elpd':>9s} {'se':>6s} {'to best':>7s} {'se':>6s} {'weight':>7s}  large k (left out exactly)"
    ]
    for name, row in table.iterrows():
        k = f"{int(row['large_k'])} ({int(row['refitted'])})" if "large_k" in row else ""
        lines.append(
            f"  {name!s:24s} {row['elpd']:9.1f} {row['se']:6.1f} {row['difference']:7.1f} {row['difference_se']:6.1f} "
            f"{row['weight']:7.2f}  {k}"
        )
    return lines


def _records(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    rows = table.to_dict(orient="index").items()
    return {str(name): {str(key): _plain(value) for key, value in row.items()} for name, row in rows}


def _plain(value: Any) -> Any:
    return q.jsonable(float(value)) if isinstance(value, int | float | np.number) else str(value)

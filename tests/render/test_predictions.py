"""What comparisons and backtests say in words follows from their numbers, and no more is said than they bear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from described import json_of, text_of, unbroken

from bayesdensity.base.format import in_lines
from bayesdensity.base.jsonable import jsonable
from bayesdensity.evaluation.backtesting import Backtest
from bayesdensity.evaluation.leave_out import Comparison
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.quantities import SAMPLE, Estimate
from bayesdensity.render.sections import backtest, forecast_backtest
from bayesdensity.render.sections import comparison as comparison_section
from bayesdensity.render.sections.comparison import verdict
from bayesdensity.render.sections.growth import growth as growth_data
from bayesdensity.render.sections.growth import growth_table


def table(**others: tuple[float, float]) -> pd.DataFrame:
    """A table of fits: the best, and others by difference and its standard error."""
    rows = {"best": (0.0, 0.0), **others}
    return pd.DataFrame(
        [(100 + less, 10.0, less, se, 1.0 * (not less), 3.0, 1.0) for less, se in rows.values()],
        index=list(rows),
        columns=["elpd", "se", "difference", "difference_se", "weight", "large_k", "refitted"],
    )


@pytest.mark.parametrize(
    ("less", "se", "is_tie"),
    [
        (-3.9, 0.1, True),  # below four nats the standard error is no guide
        (-4.1, 0.1, False),
        (-20.0, 10.1, True),
        (-20.0, 9.9, False),
        (0.0, 0.0, True),
        (-3.0, 40.0, True),
    ],
)
def test_a_tie_is_within_two_standard_errors_or_four_nats(less: float, se: float, is_tie: bool) -> None:
    said = verdict(table(other=(less, se)))
    tie = "best: best; not told apart from it (within 2 standard errors or 4 nats): other."
    assert said == (tie if is_tie else "best: best; worse: other.")


def test_a_verdict_names_every_fit_once() -> None:
    said = verdict(table(near=(-1.0, 0.5), nearer=(-0.5, 0.5), far=(-50.0, 5.0), farther=(-90.0, 5.0)))
    assert said.endswith("near, nearer; worse: far, farther.")
    assert verdict(table()) == "best: best."


def growth(*rates: float, ci: float = 0.9) -> Estimate:
    return Estimate("rate", "growth", xr.DataArray(np.array([rates]), dims=SAMPLE), ci)


def comparison(stacked: Estimate, **others: tuple[float, float]) -> Comparison:
    rows = table(**others)
    elpd = xr.DataArray(np.zeros((len(rows), 38)), dims=("fit", "llm"))
    return Comparison(rows, xr.Dataset({"elpd": elpd}), {"frontier": stacked, "mean": stacked}, fold="llm")


def test_a_comparison_in_words_has_every_fit_and_what_is_approximate() -> None:
    made = comparison(growth(*np.linspace(1, 3, 101), ci=0.8), other=(-30.0, 5.0))
    text = text_of(comparison_section, made)
    assert "(38 LLMs)" in text and "Pareto k is large for 4 " in text
    assert [line.split()[0] for line in text.splitlines() if line.endswith("3 (1)")] == ["best", "other"]
    assert "best: best; worse: other." in text and "80% interval" in text
    exact = comparison(growth(1.0, 2.0), other=(-30.0, 5.0))
    exact.table["refitted"] = exact.table["large_k"]
    assert "Pareto k is large" not in text_of(comparison_section, exact)


def test_a_comparison_tells_of_the_future_where_it_was_asked() -> None:
    made, future = comparison(growth(1.0, 2.0), other=(-30.0, 5.0)), table(other=(-1.0, 1.0))
    future = future.drop(columns=["large_k", "refitted"])
    assert "Leave the future out" not in text_of(comparison_section, made)
    assert "sentence_future" not in json_of(comparison_section, made)
    text, told = unbroken(text_of(comparison_section, made, future)), json_of(comparison_section, made, future)
    assert "Leave the future out" in text and told["sentence_future"] == verdict(future) != told["sentence"]
    assert verdict(made.table) in text and verdict(future) in text
    assert told["leave_future_out"]["other"]["difference"] == -1.0


@pytest.mark.parametrize(
    ("rates", "said", "chance"),
    [((-2.0, -1.0), "never", 0.0), ((12 * np.log(2), 12 * np.log(2)), "1.0 [1.0, 1.0]", 1.0)],
)
def test_growth_is_told_with_its_probability(rates: tuple[float, ...], said: str, chance: float) -> None:
    (row,) = growth_table("doubling", ("estimand",), [("frontier", growth(*rates))], 0.9).shown.to_dict("records")
    assert row["months to double"] == said and row["P(growth)"] == f"{chance:.3f}"
    told = jsonable(growth_data(growth(*rates)))
    assert told["probability_rate_positive"] == chance
    assert told["doubling_time_months"]["median"] == ("inf" if chance == 0 else pytest.approx(1.0))


def backtested(verdict: str = "PASS", **changes: Any) -> Backtest:
    llm = {"llm": "a", "release_date": "2025-03-01", "months": 2.0, "elpd": 5.0, "observed": 1.0, "median": 0.9}
    ends = {"lower_50%": 0.8, "upper_50%": 0.95, "lower_90%": 0.5, "upper_90%": 1.5, "pit": 0.7, "crps": 0.1}
    names = ("frontier_predicted", "frontier_known", "doubling_time_then", "doubling_time_now")
    row: dict[str, Any] = {f"{name}_{end}": 1.0 for name in names for end in ("median", "lower", "upper")}
    row |= {"n_known": 30, "n_later": 1, "horizon_end": "2026-01-01", "share_above_frontier": 0.0}
    row |= {"probability_rate_positive_then": 0.98, **changes}
    judged = Diagnostics(1.2, 50.0, 40.0, 0.9, 0.0, 0, (), "", verdict, "chains disagree.")
    llms = pd.DataFrame([{**llm, **ends, "cutoff": "2025-01-01"}])
    return Backtest(llms, pd.DataFrame({"2025-01-01": row}).T.infer_objects(), {"2025-01-01": judged})


def test_a_backtest_in_words_has_coverage_and_the_frontier() -> None:
    lines = text_of(backtest, backtested(doubling_time_then_upper=np.inf)).splitlines()
    first, second = (line for line in lines if line.startswith("  2025-01-01 "))
    assert first.split() == ["2025-01-01", "30", "1", "0.00", "1.00", "0.10", "5.0"]
    assert "  2026-01-01  2.72 [2.72, 2.72]" in second  # densities, not their logarithms
    assert "1.0 [1.0, inf]" in second and second.split()[-2:] == ["0.98", "0.00"]
    assert "chains disagree" not in "\n".join(lines)


@pytest.mark.parametrize("verdict", ["REVIEW", "FAIL"])
def test_training_that_did_not_converge_is_named(verdict: str) -> None:
    assert text_of(backtest, backtested(verdict)).endswith(f"2025-01-01: {verdict}: chains disagree.")
    assert json_of(backtest, backtested())["convergence"] == {"2025-01-01": "chains disagree."}


def test_a_backtest_as_json_holds_infinity_and_nothing_unknown() -> None:
    told = json_of(backtest, backtested(doubling_time_then_upper=np.inf, share_above_frontier=np.nan))
    row = told["cutoffs"]["2025-01-01"]
    assert row["doubling_time_then_upper"] == "inf" and row["share_above_frontier"] is None
    assert row["n_known"] == 30 and row["horizon_end"] == "2026-01-01"
    assert told["llms"][0]["llm"] == "a" and told["scores"]["all"]["coverage_90%"] == 1.0


def asked(**changes: Any) -> pd.DataFrame:
    """Two forecasts of each kind from two cut-offs, all of which hold what came and beat both naive ones."""
    row = {"benchmark": "MMLU", "params": 9e9, "score": np.nan, "months": 12.0, "known": 0.5, "observed": 0.6}
    row |= {"median": 0.6, "lower_50%": 0.55, "upper_50%": 0.65, "lower_90%": 0.5, "upper_90%": 0.7, "below": 0.4}
    row |= {"at_most": 0.4, "crps": 0.02, "crps_unchanged": 0.1, "crps_line": 0.08, "line_median": 0.7}
    row |= {"line_lower_90%": 0.61, "line_upper_90%": 0.9}
    cutoffs, kinds = ("2024-01-01", "2024-07-01"), ("score", "date", "size")
    rows = [{"cutoff": cutoff, "kind": kind, **row} for cutoff in cutoffs for kind in kinds for _ in range(2)]
    return pd.DataFrame(rows).assign(**changes)


def test_forecasts_in_words_are_counted_by_cutoff_and_kind() -> None:
    text = text_of(forecast_backtest, asked())
    rows = {line.split("  ")[1].strip(): line.split() for line in text.splitlines() if line.startswith("  ")}
    assert rows["from 2024-07-01"][-6:] == ["6", "1.00", "1.00", "1.00", "0.20", "0.25"]
    assert rows["best score up to a size"][-6] == "4" and rows["all"][-6] == "12"
    told = unbroken(text)
    assert "Of 12 forecasts, 100% lie in their 90% interval, where 80% to 97% should." in told
    assert "everywhere below that of a record that stands" in told
    assert "everywhere below that of a line through the records" in told


def test_forecasts_say_where_they_fail() -> None:
    """Those of one cut-off miss, and those of one kind are worse than the record that stands."""
    table = asked()
    missed = table["cutoff"] == "2024-01-01"
    table.loc[missed, ["observed", "below", "at_most"]] = (0.9, 1.0, 1.0)
    table.loc[table["kind"] == "size", "crps"] = 0.15
    told = forecast_backtest.data(table)["verdict"]
    assert "from 2024-01-01 (0%)" in told and "from 2024-07-01 (100%)" in told
    assert "not below that of a record that stands: smallest size with a score (1.50)." in told


def test_forecasts_as_json_hold_every_summary() -> None:
    told = json_of(backtest, replace(backtested(), forecasts=asked()))["forecasts"]
    assert {"verdict", "units", "kind", "cutoff", "benchmark", "months", "kind and cutoff"} == set(told)
    assert told["kind"]["score"]["crps"] == 0.02 and told["kind"]["all"]["to_line"] == 0.25
    assert told["months"]["12.0"]["n"] == 8  # dates have no horizon of their own
    assert "forecasts" not in json_of(backtest, backtested())


def test_no_line_breaks_an_interval() -> None:
    text = " ".join(f"every {k}.0 [{k}.1, {k}.2] months" for k in range(9))
    for width in range(20, 60):
        lines = in_lines(text, width).splitlines()
        assert " ".join(lines) == text
        assert all(len(line) <= width and line.count("[") == line.count("]") for line in lines)

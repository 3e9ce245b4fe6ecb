"""Everything that is asked of a law, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.checks import Check
from bayesdensity.data.runs import Runs, absolute_logs
from bayesdensity.law.allocation import Allocation, Approach, allocate, from_runs, optimal_path, side_by_side
from bayesdensity.law.diagnosis import diagnose_scaling
from bayesdensity.law.fitted import LawFit, natural_parameters
from bayesdensity.law.law_checks import check_law
from bayesdensity.law.prediction import Prediction, predict, predict_held_out
from bayesdensity.quantities import DEFAULT_CI, Estimate

POINTS, DRAWS = 41, 400
"""Points and posterior draws of curves, which are drawn and not quoted."""
BELOW, ABOVE = 0.5, 0.7
"""E-folds by which curves reach beyond the runs."""


@dataclass(frozen=True, eq=False)
class LawAnswer:
    """What a law says, and whether to believe it."""

    fit: LawFit
    runs: Runs
    ci: float
    checks: tuple[Check, ...]
    parameters: dict[str, Estimate]
    held_out: pd.DataFrame
    states: pd.DataFrame
    """Of benchmarks with scores; empty without."""
    at: Mapping[str, Sequence[float]] = field(default_factory=dict)
    prediction: Prediction | None = None
    allocation: Allocation | None = None
    from_runs: dict[str, tuple[Approach, Approach]] = field(default_factory=dict)
    """Approaches to the optimal size that need no law, by benchmark."""
    comparison: pd.DataFrame | None = None

    @cached_property
    def path(self) -> tuple[np.ndarray, Estimate, Estimate]:
        """Amounts of compute over and beyond the runs, and the optimal size and loss along them, from some draws."""
        assert self.allocation is not None
        runs = pd.concat([self.runs.fitted, self.runs.held_out])["flops"]
        ends = np.log([runs.min(), max(runs.max(), float(self.allocation.params.draws["compute"].max()))])
        along = np.exp(np.linspace(ends[0] - BELOW, ends[1] + ABOVE, POINTS))
        return along, *optimal_path(self.fit, along.tolist(), DRAWS, self.ci)

    @cached_property
    def approaches(self) -> dict[str, pd.DataFrame]:
        """The three approaches side by side, by benchmark."""
        if self.allocation is None:
            return {}
        pairs = enumerate(self.from_runs.items())
        return {name: side_by_side(self.allocation, others, b) for b, (name, others) in pairs}

    def loss_curve(self, benchmark: int) -> tuple[np.ndarray, Estimate]:
        """Loss without noise across the runs of a benchmark: of the best training for each compute, or of its law.

        Of a law of one variable, amounts are of that variable; else they are operations.
        """
        data, letter = self.fit.data, self.fit.study.form.reads[0] if self.allocation is None else "c"
        logs = [
            absolute_logs(data, kind)[letter][data[f"{kind}_benchmark"].to_numpy() == benchmark]
            for kind in ("run", "held")
        ]
        ends = np.concatenate(logs).min() - BELOW, np.concatenate(logs).max() + ABOVE
        if self.allocation is not None:
            amounts, _, best = self.path
            inside = (amounts > np.exp(ends[0])) & (amounts < np.exp(ends[1]))
            return amounts[inside], replace(best, draws=best.draws.isel(benchmark=benchmark, compute=inside))
        along = np.linspace(*ends, POINTS)
        law = self.fit.law.mapped(lambda part: part.isel(benchmark=benchmark))
        x = {letter: xr.DataArray(along - float(data[f"centre_{letter}"][benchmark]), dims=letter)}
        return np.exp(along), Estimate("loss", "loss", law.loss(x), self.ci)


def answer(
    fit: LawFit,
    runs: Runs,
    *,
    at: Mapping[str, Sequence[float]] | None = None,
    compute: Sequence[float] | None = None,
    comparison: pd.DataFrame | None = None,
    ci: float = DEFAULT_CI,
) -> LawAnswer:
    """Parameters, checks, predictions, allocation and the states of benchmarks.

    Parameters
    ----------
    fit : LawFit
    runs : Runs
        That it was fitted to.
    at : mapping, optional
        Further trainings to predict, by column: ``{"params": [7e9], "tokens": [2e12]}``.
    compute : sequence of float, optional
        Amounts to divide; None: three powers of ten from that of the largest run on.
    comparison : pandas.DataFrame, optional
        As `compare_laws` makes it.
    ci : float
        Probability of the intervals.

    Raises
    ------
    InputError
        If trainings or compute cannot be.
    """
    divides = {"n", "d"} <= set(fit.study.form.reads)
    amounts = list(default_compute(runs) if compute is None else compute) if divides else []
    names = [str(name) for name in fit.data["benchmark"].to_numpy()]
    divided = allocate(fit, amounts, ci) if divides else None
    return LawAnswer(
        fit,
        runs,
        ci,
        check_law(fit),
        natural_parameters(fit, ci),
        predict_held_out(fit, ci),
        diagnose_scaling(fit) if fit.data.sizes["map"] else pd.DataFrame(),
        at or {},
        predict(fit, at, ci=ci) if at else None,
        divided,
        {name: from_runs(fit, divided, b) for b, name in enumerate(names)} if divided is not None else {},
        comparison,
    )


def default_compute(runs: Runs) -> list[float]:
    """Three powers of ten, the first near the compute of the largest fitted run."""
    first = round(float(np.log10(runs.fitted["flops"].max())))
    return [float(f"1e{first + k}") for k in range(3)]

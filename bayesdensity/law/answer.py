"""Everything that is asked of a law, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from bayesdensity.checks import Check
from bayesdensity.data.runs import Runs
from bayesdensity.law.allocation import Allocation, allocate, approaches, optimal_path
from bayesdensity.law.diagnosis import diagnose_scaling
from bayesdensity.law.fitted import LawFit, natural_parameters
from bayesdensity.law.law_checks import check_law
from bayesdensity.law.prediction import Prediction, predict, predict_held_out
from bayesdensity.quantities import DEFAULT_CI, Estimate

POINTS, DRAWS = 41, 400
"""Of the path of optimal trainings, which is drawn and not quoted."""


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
    approaches: dict[str, pd.DataFrame] = field(default_factory=dict)
    """By benchmark."""
    comparison: pd.DataFrame | None = None

    @cached_property
    def path(self) -> tuple[np.ndarray, Estimate, Estimate]:
        """Amounts of compute over and beyond the runs, and the optimal size and loss along them, from some draws."""
        assert self.allocation is not None
        runs = pd.concat([self.runs.fitted, self.runs.held_out])["flops"]
        ends = np.log([runs.min(), max(runs.max(), float(self.allocation.params.draws["compute"].max()))])
        along = np.exp(np.linspace(ends[0] - 0.5, ends[1] + 0.7, POINTS))
        return along, *optimal_path(self.fit, along.tolist(), DRAWS, self.ci)


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
        {name: approaches(fit, divided, b) for b, name in enumerate(names)} if divided is not None else {},
        comparison,
    )


def default_compute(runs: Runs) -> list[float]:
    """Three powers of ten, the first near the compute of the largest fitted run."""
    first = round(float(np.log10(runs.fitted["flops"].max())))
    return [float(f"1e{first + k}") for k in range(3)]

"""Bayesian inference of the capability density of large language models and of how fast it grows.

The names below are imported on first use, so that `import bayesdensity` stays fast: PyMC alone takes seconds.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayesdensity.backtest import backtest
    from bayesdensity.cite import citations
    from bayesdensity.comparison import compare, leave_one_out
    from bayesdensity.data.runs import read_runs
    from bayesdensity.data.selection import select
    from bayesdensity.data.tables import Tables, read_tables, validate_folder
    from bayesdensity.describe.densities import densities_table
    from bayesdensity.describe.fit import summary
    from bayesdensity.fit import Fit, fit, load_fit, prepare, sample
    from bayesdensity.law_study import LawStudy, law_study
    from bayesdensity.plots import (
        plot_allocation,
        plot_backtest,
        plot_density,
        plot_doubling,
        plot_influence,
        plot_law,
        plot_paper,
        plot_reference,
        plot_specifications,
        plot_tornado,
        save_figures,
    )
    from bayesdensity.quantities import (
        Estimate,
        change_point,
        density,
        doubling_time,
        effective_size,
        envelope,
        inefficiency,
        log_density,
        predict_trainings,
        probability_faster,
        probability_on_frontier,
        probability_positive,
        probability_slowing,
        probability_unreachable,
        rate,
        rate_at,
        rate_by_benchmark,
        rate_of_new_benchmark,
    )
    from bayesdensity.report.write import report
    from bayesdensity.scaling.allocation import allocate
    from bayesdensity.scaling.comparison import compare_laws
    from bayesdensity.scaling.diagnosis import diagnose_scaling
    from bayesdensity.scaling.fit import LawFit, fit_law, natural_parameters
    from bayesdensity.scaling.prediction import predict, predict_held_out
    from bayesdensity.study import Study, load_study, study_names

__version__ = "0.1.0"

__all__ = [
    "Estimate",
    "Fit",
    "LawFit",
    "LawStudy",
    "Study",
    "Tables",
    "__version__",
    "allocate",
    "backtest",
    "change_point",
    "citations",
    "compare",
    "compare_laws",
    "densities_table",
    "density",
    "diagnose_scaling",
    "doubling_time",
    "effective_size",
    "envelope",
    "fit",
    "fit_law",
    "inefficiency",
    "law_study",
    "leave_one_out",
    "load_fit",
    "load_study",
    "log_density",
    "natural_parameters",
    "plot_allocation",
    "plot_backtest",
    "plot_density",
    "plot_doubling",
    "plot_influence",
    "plot_law",
    "plot_paper",
    "plot_reference",
    "plot_specifications",
    "plot_tornado",
    "predict",
    "predict_held_out",
    "predict_trainings",
    "prepare",
    "probability_faster",
    "probability_on_frontier",
    "probability_positive",
    "probability_slowing",
    "probability_unreachable",
    "rate",
    "rate_at",
    "rate_by_benchmark",
    "rate_of_new_benchmark",
    "read_runs",
    "read_tables",
    "report",
    "sample",
    "save_figures",
    "select",
    "study_names",
    "summary",
    "validate_folder",
]

_HOMES = {
    "bayesdensity.report.write": ("report",),
    "bayesdensity.study": (
        "Study",
        "load_study",
        "study_names",
    ),
    "bayesdensity.data.tables": (
        "Tables",
        "read_tables",
        "validate_folder",
    ),
    "bayesdensity.data.runs": ("read_runs",),
    "bayesdensity.data.selection": ("select",),
    "bayesdensity.law_study": ("LawStudy", "law_study"),
    "bayesdensity.scaling.allocation": ("allocate",),
    "bayesdensity.scaling.comparison": ("compare_laws",),
    "bayesdensity.scaling.diagnosis": ("diagnose_scaling",),
    "bayesdensity.scaling.fit": ("LawFit", "fit_law", "natural_parameters"),
    "bayesdensity.scaling.prediction": ("predict", "predict_held_out"),
    "bayesdensity.fit": (
        "Fit",
        "fit",
        "load_fit",
        "prepare",
        "sample",
    ),
    "bayesdensity.quantities": (
        "Estimate",
        "change_point",
        "density",
        "doubling_time",
        "effective_size",
        "envelope",
        "inefficiency",
        "log_density",
        "predict_trainings",
        "probability_faster",
        "probability_on_frontier",
        "probability_positive",
        "probability_slowing",
        "probability_unreachable",
        "rate",
        "rate_at",
        "rate_by_benchmark",
        "rate_of_new_benchmark",
    ),
    "bayesdensity.comparison": (
        "compare",
        "leave_one_out",
    ),
    "bayesdensity.backtest": ("backtest",),
    "bayesdensity.cite": ("citations",),
    "bayesdensity.describe.densities": ("densities_table",),
    "bayesdensity.describe.fit": ("summary",),
    "bayesdensity.plots": (
        "plot_allocation",
        "plot_backtest",
        "plot_density",
        "plot_doubling",
        "plot_influence",
        "plot_law",
        "plot_paper",
        "plot_reference",
        "plot_specifications",
        "plot_tornado",
        "save_figures",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name from the module it lives in."""
    if name not in _HOME:
        raise AttributeError(f"module 'bayesdensity' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package as a module whose submodules never hide a public name.

    Importing `bayesdensity.fit` would otherwise bind the submodule over the function `bayesdensity.fit`.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

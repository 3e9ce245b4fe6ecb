"""Public names and the modules they live in: the one list, which `bayesdensity.__init__` imports from on first use."""

from .cite import citations
from .data.adding import Llm, add
from .data.offers import read_offers
from .data.runs import read_runs
from .data.selection import select
from .data.tables import Tables, read_tables, validate_folder
from .evaluation.backtesting import backtest
from .evaluation.leave_out import compare, leave_one_out
from .evaluation.placing import Model, Placed, place, place_all
from .evaluation.planning import expected_gains, gains_together
from .evaluation.updating import Updated, update
from .inference.drawing import fit, sample
from .inference.preparing import prepare
from .inference.pricing import PriceFit, fit_prices
from .inference.result import Fit, load_fit
from .law.allocation import allocate
from .law.diagnosis import diagnose_scaling
from .law.fitted import LawFit, fit_law, natural_parameters
from .law.prediction import predict, predict_held_out
from .law.ranking import compare_laws
from .plots.backtest import plot_backtest
from .plots.calibration import plot_calibration
from .plots.compression import plot_compression
from .plots.density import plot_density
from .plots.doubling import plot_doubling
from .plots.explained import plot_growth_parts
from .plots.files import rendered, save_figure, save_figures
from .plots.fits import plot_fits
from .plots.forecast import plot_forecast
from .plots.forecasts import plot_forecasts
from .plots.lag import plot_lag
from .plots.law import plot_allocation, plot_law, save_law
from .plots.paper import plot_paper
from .plots.reference import plot_reference
from .plots.sensitivity import plot_influence, plot_specifications, plot_tornado
from .published.judged import judge_claims
from .quantities import (
    Estimate,
    change_point,
    density,
    density_ratio,
    doubling_time,
    effective_size,
    envelope,
    inefficiency,
    log_density,
    predict_trainings,
    probability_faster,
    probability_on_frontier,
    probability_positive,
    probability_skills_faster,
    probability_slowing,
    probability_unreachable,
    rate,
    rate_at,
    rate_by_benchmark,
    rate_by_group,
    rate_of_new_benchmark,
)
from .quantities.chips import hardware_rate, runnable_rate
from .quantities.compression import compression_ratios
from .quantities.covariates import (
    contraction,
    covariate_effect,
    covariate_effect_by_benchmark,
    covariate_growth,
    probability_small_faster,
    rate_by_size,
)
from .quantities.explained import covariate_path, growth_held, growth_parts
from .quantities.lag import lags
from .quantities.memory import params_in_memory
from .quantities.mixture import Forecast, Question, forecast
from .quantities.prices import (
    halving_time,
    own_rate,
    price_frontier,
    price_rate,
    price_rate_at,
    price_rate_by_kind,
    price_rate_by_level,
)
from .quantities.shelf_lives import shelf_life, shelf_life_by_benchmark, successors
from .render.sections.densities import densities_table
from .render.sections.fit_summary import summary
from .render.write import report
from .study.law_spec import LawStudy, law_study
from .study.load import load_study, study_names
from .study.price_spec import PriceStudy, price_study
from .study.spec import Study

__version__: str

__all__ = [
    "Estimate",
    "Fit",
    "Forecast",
    "LawFit",
    "LawStudy",
    "Llm",
    "Model",
    "Placed",
    "PriceFit",
    "PriceStudy",
    "Question",
    "Study",
    "Tables",
    "Updated",
    "__version__",
    "add",
    "allocate",
    "backtest",
    "change_point",
    "citations",
    "compare",
    "compare_laws",
    "compression_ratios",
    "contraction",
    "covariate_effect",
    "covariate_effect_by_benchmark",
    "covariate_growth",
    "covariate_path",
    "densities_table",
    "density",
    "density_ratio",
    "diagnose_scaling",
    "doubling_time",
    "effective_size",
    "envelope",
    "expected_gains",
    "fit",
    "fit_law",
    "fit_prices",
    "forecast",
    "gains_together",
    "growth_held",
    "growth_parts",
    "halving_time",
    "hardware_rate",
    "inefficiency",
    "judge_claims",
    "lags",
    "law_study",
    "leave_one_out",
    "load_fit",
    "load_study",
    "log_density",
    "natural_parameters",
    "own_rate",
    "params_in_memory",
    "place",
    "place_all",
    "plot_allocation",
    "plot_backtest",
    "plot_calibration",
    "plot_compression",
    "plot_density",
    "plot_doubling",
    "plot_fits",
    "plot_forecast",
    "plot_forecasts",
    "plot_growth_parts",
    "plot_influence",
    "plot_lag",
    "plot_law",
    "plot_paper",
    "plot_reference",
    "plot_specifications",
    "plot_tornado",
    "predict",
    "predict_held_out",
    "predict_trainings",
    "prepare",
    "price_frontier",
    "price_rate",
    "price_rate_at",
    "price_rate_by_kind",
    "price_rate_by_level",
    "price_study",
    "probability_faster",
    "probability_on_frontier",
    "probability_positive",
    "probability_skills_faster",
    "probability_slowing",
    "probability_small_faster",
    "probability_unreachable",
    "rate",
    "rate_at",
    "rate_by_benchmark",
    "rate_by_group",
    "rate_by_size",
    "rate_of_new_benchmark",
    "read_offers",
    "read_runs",
    "read_tables",
    "rendered",
    "report",
    "runnable_rate",
    "sample",
    "save_figure",
    "save_figures",
    "save_law",
    "select",
    "shelf_life",
    "shelf_life_by_benchmark",
    "study_names",
    "successors",
    "summary",
    "update",
    "validate_folder",
]

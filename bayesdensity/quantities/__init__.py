"""What a user asks of a fit: every number with its draws and its interval.

Times are dates at the edge and years from the centre of the sample inside. Rates are in natural logarithms a year;
quantiles are taken of the rate and mapped to doubling times, so that a rate near zero gives an interval that reaches
infinity instead of nonsense.
"""

from bayesdensity.quantities.benchmarks import (
    asks_for_both,
    frontier_by_benchmark,
    knows_groups,
    probability_faster,
    probability_skills_faster,
    rate_by_benchmark,
    rate_by_group,
    rate_of_new_benchmark,
    rate_spread,
)
from bayesdensity.quantities.densities import (
    density,
    density_ratio,
    effective_size,
    effective_size_by_benchmark,
    log_density,
    log_density_by_benchmark,
    params,
    probability_unreachable,
)
from bayesdensity.quantities.estimate import (
    DEFAULT_CI,
    MONTHS,
    SAMPLE,
    Estimate,
    dates_between,
    require_targets,
    window,
)
from bayesdensity.quantities.growth import (
    ChangePoint,
    change_point,
    doubling_months,
    doubling_time,
    envelope,
    frontier,
    inside_range,
    mean_trend,
    probability_positive,
    probability_slowing,
    rate,
    rate_at,
)
from bayesdensity.quantities.inflation import rate_of_inflation, without_inflation
from bayesdensity.quantities.membership import inefficiency, probability_on_frontier
from bayesdensity.quantities.trainings import predict_trainings
from bayesdensity.study.phrases import Estimand

__all__ = [
    "DEFAULT_CI",
    "MONTHS",
    "SAMPLE",
    "ChangePoint",
    "Estimand",
    "Estimate",
    "asks_for_both",
    "change_point",
    "dates_between",
    "density",
    "density_ratio",
    "doubling_months",
    "doubling_time",
    "effective_size",
    "effective_size_by_benchmark",
    "envelope",
    "frontier",
    "frontier_by_benchmark",
    "inefficiency",
    "inside_range",
    "knows_groups",
    "log_density",
    "log_density_by_benchmark",
    "mean_trend",
    "params",
    "predict_trainings",
    "probability_faster",
    "probability_on_frontier",
    "probability_positive",
    "probability_skills_faster",
    "probability_slowing",
    "probability_unreachable",
    "rate",
    "rate_at",
    "rate_by_benchmark",
    "rate_by_group",
    "rate_of_inflation",
    "rate_of_new_benchmark",
    "rate_spread",
    "require_targets",
    "window",
    "without_inflation",
]

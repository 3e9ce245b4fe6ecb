"""The variables of the joined dataset: what `bayesdensity.data.join.assemble` puts in, and who reads it.

Log sizes are natural logarithms of parameter counts from ``attrs["log_size_centre"]``, times are years from
``attrs["time_centre"]``. Positions count from zero along the dim they point into. ``attrs["n_target_cells"]`` cells
and their scores come first, and are those of targets. ``bayesdensity.data.cells`` decodes who belongs to whom.
"""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """One variable or coordinate."""

    dims: tuple[str, ...]
    unit: str
    meaning: str
    readers: str
    """Rooms or modules that read it."""


DIMS = {
    "llm": "targets",
    "family": "families of targets",
    "knot": "turns of a random walk of the rate",
    "reference": "members of the reference family",
    "reference_family": "families that the reference is made of",
    "benchmark": "benchmarks of the study",
    "cell": "one LLM or member on one benchmark",
    "score": "rows of the score table in use",
    "harness": "one harness on one benchmark",
    "run": "losses of the ladder, one training on one benchmark",
    "map": "pairs of loss and score of the ladder",
    "training": "one training of those pairs on one benchmark",
    "covariate": "covariates; of one of words each word but the centre",
    "suite": "loss-only suites",
    "suite_run": "losses of these suites",
}
"""Every dim, and what it counts."""

_LOG, _LOGIT, _SCORE, _NONE = "natural logarithm", "logit", "share of the items", ""
_AT, _OF = "position", "as its covariate"

VARIABLES: dict[str, Variable] = {
    "llm": Variable(("llm",), "name", "name of the LLM", "everywhere"),
    "release_date": Variable(("llm",), "ISO date", "first release of its weights", "quantities, plots, evaluation"),
    "architecture": Variable(("llm",), "name", "dense, or mixture of experts", "checks, simulate, plots"),
    "lab_type": Variable(("llm",), "name", "kind of organization that trained it", "checks"),
    "log_size": Variable(("llm",), _LOG, "size that counts, from the centre", "model.targets, draws"),
    "log_sparsity": Variable(("llm",), _LOG, "total over active parameters", "model.targets"),
    "log_train_tokens": Variable(("llm",), _LOG, "training tokens; not a number where unknown", "checks"),
    "time": Variable(("llm",), "years", "release, from the mean release", "model, draws, quantities, simulate"),
    "family_index": Variable(("llm",), _AT, "family it belongs to", "model.trend, quantities, evaluation"),
    "family": Variable(("family",), "name", "name of the family", "plots, sensitivity"),
    "family_time": Variable(("family",), "years", "mean release of its LLMs", "model.trend, quantities, simulate"),
    "knot": Variable(("knot",), "ISO date", "date of the turn", "labels of draws"),
    "knot_time": Variable(("knot",), "years", "the same, from the mean release", "model.trend, quantities.growth"),
    "reference": Variable(("reference",), "name", "name of the member", "simulate, labels of draws"),
    "reference_family": Variable(("reference_family",), "name", "name of the family", "labels of draws"),
    "reference_log_size": Variable(
        ("reference",), _LOG, "size of the member, from the centre", "model.reference, draws"
    ),
    "reference_log_tokens": Variable(
        ("reference",), _LOG, "its training tokens; where it is carried to others", "model.reference"
    ),
    "reference_family_index": Variable(("reference",), _AT, "family it belongs to", "model.reference"),
    "benchmark": Variable(("benchmark",), "name", "name of the benchmark", "everywhere"),
    "benchmark_group": Variable(("benchmark",), "name", "what the benchmark asks for", "quantities.benchmarks"),
    "floor": Variable(("benchmark",), _SCORE, "score of who knows nothing", "model, draws, checks"),
    "n_items": Variable(("benchmark",), "items", "number of items", "model, draws, quantities.trainings"),
    "reach": Variable(
        ("benchmark",), _SCORE, "best score that the reference is known to reach", "model.harnesses, data"
    ),
    "beyond_score": Variable(
        ("benchmark",), _SCORE, "mean of the scores beyond it, where its slope is known", "model.beyond"
    ),
    "link_centre": Variable(
        ("benchmark",), _LOGIT, "mean logit of the targets, where its prior is stated", "model.reference"
    ),
    "link_position": Variable(("benchmark",), _LOG, "their mean log size there, about", "model.reference"),
    "link_spread": Variable(("benchmark",), _LOG, "standard deviation of their log sizes, about", "model.reference"),
    "map_centre": Variable(
        ("benchmark",), "loss", "mean loss of the pairs above the floor", "model.ladder, quantities"
    ),
    "map_centre_logit": Variable(("benchmark",), _LOGIT, "mean logit of these pairs", "model.ladder"),
    "cell": Variable(("cell",), "label", "LLM on benchmark, for print", "labels of draws"),
    "cell_entity": Variable(("cell",), _AT, "LLM, or the number of LLMs plus the member", "data.cells"),
    "cell_benchmark": Variable(("cell",), _AT, "benchmark", "data.cells"),
    "cell_value": Variable(("cell",), _SCORE, "weighted mean of its scores", "model.linearised, draws"),
    "cell_log_above": Variable(
        ("cell",), _LOG, "the same of their logarithms above the floor", "model.linearised, draws"
    ),
    "cell_weight": Variable(("cell",), "1 / logit^2", "precision of its logit, per item", "model.linearised, draws"),
    "score_row": Variable(("score",), "line", "line of the score table", "simulate, evaluation"),
    "score_value": Variable(("score",), _SCORE, "the score", "model.harnesses, checks, evaluation"),
    "score_keep": Variable(("score",), "yes or no", "whether it is known", "model.harnesses, data, evaluation"),
    "score_beyond": Variable(
        ("score",), "yes or no", "whether it says only that it lies beyond the reference", "model.harnesses, data"
    ),
    "score_cell": Variable(("score",), _AT, "cell", "data.cells"),
    "score_benchmark": Variable(("score",), _AT, "benchmark", "data.cells"),
    "score_harness": Variable(("score",), _AT, "harness on this benchmark", "data.cells"),
    "score_share": Variable(("score",), _NONE, "share of the weight of its cell", "model.harnesses, draws"),
    "harness": Variable(("harness",), "label", "harness on benchmark, for print", "labels of draws"),
    "harness_name": Variable(("harness",), "name", "name of the harness", "checks, simulate, sensitivity, render"),
    "harness_benchmark": Variable(("harness",), _AT, "benchmark", "model.harnesses, checks, evaluation"),
    "harness_value": Variable(("harness",), _LOGIT, "mean departure from others in shared cells", "model.harnesses"),
    "harness_weight": Variable(("harness",), "1 / logit^2", "precision of that, per item", "model.harnesses"),
    "run": Variable(("run",), "label", "training on benchmark, for print", "labels of draws"),
    "run_benchmark": Variable(("run",), _AT, "benchmark", "model.ladder, checks"),
    "run_loss": Variable(("run",), "loss", "loss, in the unit of the ladder", "model.ladder, checks, plots"),
    "run_log_n": Variable(("run",), _LOG, "parameters, from the centre of the ladder", "model.ladder, checks"),
    "run_log_d": Variable(("run",), _LOG, "tokens, from the centre of the ladder", "model.ladder, checks"),
    "run_beyond": Variable(("run",), "0 or 1", "whether it is an anchor beyond the ladder", "model.ladder, checks"),
    "map_benchmark": Variable(("map",), _AT, "benchmark", "model.ladder, checks"),
    "map_training": Variable(("map",), _AT, "training", "model.ladder, checks"),
    "map_loss": Variable(("map",), "loss", "loss", "model.ladder, checks, plots"),
    "map_value": Variable(("map",), _SCORE, "score at that loss", "model.ladder, checks, plots"),
    "map_share": Variable(("map",), _NONE, "share of the weight of its training", "model.ladder"),
    "training": Variable(("training",), "label", "training on benchmark, for print", "labels of draws"),
    "training_benchmark": Variable(("training",), _AT, "benchmark", "model.ladder, checks"),
    "training_value": Variable(("training",), _SCORE, "weighted mean of its scores", "model.linearised"),
    "training_log_above": Variable(
        ("training",), _LOG, "the same of their logarithms above the floor", "model.linearised"
    ),
    "training_weight": Variable(("training",), "1 / logit^2", "precision of its logit, per item", "model.linearised"),
    "covariate": Variable(("covariate",), "name", "name of the column", "labels of draws"),
    "covariate_name": Variable(
        ("covariate",), "name", "covariate of the study that it is of", "model.covariates, quantities"
    ),
    "covariate_against": Variable(("covariate",), "name", "of words, that in the centre", "quantities"),
    "covariate_value": Variable(("llm", "covariate"), _OF, "from the mean of those known", "model.covariates, draws"),
    "covariate_in_cell": Variable(
        ("cell", "covariate"), _OF, "the same, of what cells have", "model.covariates, draws"
    ),
    "covariate_mean": Variable(("covariate",), _OF, "mean of those known", "quantities"),
    "covariate_offset": Variable(("covariate",), _OF, "where trends are read off, from the mean", "quantities"),
    "benchmark_published": Variable(
        ("benchmark",), "years", "when it was published, from the mean release", "quantities, evaluation"
    ),
    "covariate_grows": Variable(("covariate",), _NONE, "whether its effect goes with time", "model.covariates, draws"),
    "covariate_departs": Variable(
        ("covariate",), _NONE, "whether its effect differs between benchmarks", "model.covariates, draws"
    ),
    "suite": Variable(("suite",), "name", "name of the suite", "labels of draws"),
    "suite_log_n_centre": Variable(("suite",), _LOG, "mean log parameters of its runs", "model.reference"),
    "suite_log_d_centre": Variable(("suite",), _LOG, "mean log tokens of its runs", "model.reference"),
    "suite_index": Variable(("suite_run",), _AT, "suite", "model.reference"),
    "suite_loss": Variable(("suite_run",), "loss", "loss", "model.reference"),
    "suite_log_n": Variable(("suite_run",), _LOG, "parameters, from the mean of the suite", "model.reference"),
    "suite_log_d": Variable(("suite_run",), _LOG, "tokens, from the mean of the suite", "model.reference"),
}
"""Every variable by name, in the order of its dim."""

ATTRS = {
    "log_size_centre": "mean natural logarithm of the sizes of the targets",
    "time_centre": "mean release of the targets, years from 2000-01-01",
    "n_target_cells": "number of cells of targets",
    "censored": "whether scores beyond the reference say only that they lie beyond",
    "ladder_log_n_centre": "mean log parameters of the runs of the ladder",
    "ladder_log_d_centre": "mean log tokens of the runs of the ladder",
    "loss_unit": "unit of the losses of the ladder",
    "log_tokens": "natural logarithm of D0, the tokens at which the reference is read off",
}
"""Attributes of the dataset."""


def variables_table() -> str:
    """The table in Markdown."""
    rows = [
        f"| `{name}` | {', '.join(one.dims)} | {one.unit} | {one.meaning} | {one.readers} |"
        for name, one in VARIABLES.items()
    ]
    return "\n".join(["| variable | dim | unit | meaning | read by |", "|---|---|---|---|---|", *rows])

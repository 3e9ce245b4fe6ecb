"""The joint density of every form of the model is the one that is written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from simulated import Truth, described
from written_down import density_gaps, plain_gaps

from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import told_harnesses
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.study.load import load_study

COVARIATES: dict[str, Any] = {
    "covariates": ["tokens", "stage", "benchmark-age"],
    "covariates.tokens.growth": {"shape": "normal", "interval": [-0.5, 0.3], "why": "to test"},
    "covariates.benchmark-age.between_benchmarks": {"shape": "lognormal", "interval": [0.1, 0.5], "why": "to test"},
    "llms.stage": ["base", "instruct", "reasoning"],
}
"""Numbers that are not known of all, words, and something of cells: with every part."""
FORMS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "both fall short exponentially, pace changes some day": {
        "frontier.form": "exponential",
        "frontier.dispersion": "growing",
        "frontier.one_sided": "both",
        "frontier.trend": "change-point",
    },
    "pace wanders, families alike, one dispersion": {
        "frontier.trend": "random-walk",
        "frontier.family_effects": False,
        "frontier.dispersion": "constant",
    },
    "families fall short, pace changes on a day": {
        "frontier.one_sided": "family",
        "frontier.dispersion": "growing",
        "frontier.trend": "change-point",
        "frontier.break_date": "2024-05-13",
    },
    "nobody falls short, pace is steady": {
        "frontier.form": "symmetric",
        "frontier.trend": "linear",
        "frontier.dispersion": "growing",
    },
    "two classes of families": {"frontier.dispersion": "two-classes"},
    "density goes with size": {"covariates": ["size"]},
    "density goes with size, more and more": {"covariates": ["pace-by-size"]},
    "density goes with tokens, stage, lab and the age of benchmarks": COVARIATES,
    "rates go by group": {"frontier.rates_by_group": True},
    "scores inflate": {"scores.inflation": True},
}


def test_rates_by_group_ask_for_the_group_of_each_benchmark(truth: Truth, world_tables: Tables) -> None:
    study = load_study(truth.study, FORMS["rates go by group"])
    with pytest.raises(InputError, match=r"group of benchmark 'Reading' is empty.*rates_by_group"):
        select(study, world_tables)


@pytest.mark.parametrize("form", FORMS)
def test_joint_density_is_the_one_written_down(truth: Truth, world_tables: Tables, form: str) -> None:
    """Prior, likelihood and Jacobian of every block, computed apart from PyMC, agree up to a constant."""
    study = load_study(truth.study, FORMS[form])
    data = assemble(study, select(study, described(world_tables)))
    gaps = density_gaps(study, data)
    assert np.ptp(gaps) < 1e-6 * max(1, abs(gaps[0])), gaps


def test_the_plain_model_states_the_same_density(truth: Truth, world_tables: Tables) -> None:
    study = load_study(truth.study)
    gaps = plain_gaps(study, assemble(study, select(study, world_tables)))
    assert np.ptp(gaps) < 1e-6 * max(1, abs(gaps[0])), gaps


def test_the_only_harness_of_a_benchmark_has_no_effect(truth: Truth, world_tables: Tables) -> None:
    scores = world_tables.scores
    most_used = scores["harness"].mode()[0]
    some = scores[(scores["benchmark"] != "Code") | (scores["harness"] == most_used)]
    study = load_study(truth.study)
    data = assemble(study, select(study, replace(world_tables, scores=some)))
    assert data.sizes["harness"] == len(told_harnesses(data)) + 1
    for gaps in (density_gaps(study, data), plain_gaps(study, data)):
        assert np.ptp(gaps) < 1e-6 * max(1, abs(gaps[0])), gaps


REFERENCES: dict[str, dict[str, Any]] = {
    "weight of total parameters inferred": {"llms.size": "inferred"},
    "suites with a floor": {"law.irreducible": True},
    "curve that goes on": {"reference.beyond": "trusted"},
    "scores beyond the largest member say only that": {"reference.beyond": "censored"},
    "members carried to other tokens": {"reference.tokens": 1e12},
    "several families": {"reference.family": ["Yardstick", "fam03"]},
    "several families carried to other tokens": {"reference.family": ["Yardstick", "fam03"], "reference.tokens": 3e12},
}


@pytest.mark.parametrize("name", REFERENCES)
def test_joint_density_with_another_reference_is_the_one_written_down(
    truth: Truth, world_tables: Tables, name: str
) -> None:
    change = REFERENCES[name]
    chosen = load_study(truth.study, {key: value for key, value in change.items() if key != "reference.tokens"})
    data = assemble(chosen, select(chosen, world_tables))
    rng = np.random.default_rng(0)
    # The small world has dense models of unknown tokens only.
    data = data.assign(
        log_sparsity=("llm", rng.uniform(0, 3, data.sizes["llm"])),
        reference_log_tokens=("reference", np.log(rng.uniform(1e12, 4e12, data.sizes["reference"]))),
    )
    gaps = density_gaps(load_study(truth.study, change), data)
    assert np.ptp(gaps) < 1e-6 * max(1, abs(gaps[0])), gaps

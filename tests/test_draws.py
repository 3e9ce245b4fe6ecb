"""The forward model over draws is that of the PyMC model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from simulated import Truth, described

from bayesdensity.data.cells import with_harness_names
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.draws import Draws
from bayesdensity.study.load import load_study

COVARIATES: dict[str, Any] = {
    "covariates": ["tokens", "stage", "benchmark-age", "pace-by-size"],
    "llms.stage": ["base", "instruct", "reasoning"],
}
CHANGES: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "weight of total parameters inferred": {"llms.size": "inferred"},
    "several families": {"reference.family": ["Yardstick", "fam03"]},
    "covariates": COVARIATES,
}


@pytest.mark.parametrize("change", CHANGES)
def test_expected_scores_and_their_spread_are_those_of_the_model(
    truth: Truth, world_tables: Tables, change: str
) -> None:
    from pytensor.compile.mode import Mode

    from bayesdensity.model.build import build_model

    study = load_study(truth.study, CHANGES[change])
    tables = described(world_tables) if study.covariates else world_tables
    data = assemble(study, select(study, tables))
    model = build_model(study, data)
    _, _, mean, sd = model["scores"].owner.inputs
    known = [*model.free_RVs, *model.deterministics]
    evaluate = model.compile_fn(
        model.replace_rvs_by_values([mean, sd, *known]),
        inputs=model.value_vars,
        on_unused_input="ignore",
        mode=Mode("py", None),
    )
    rng = np.random.default_rng(3)
    point = {name: value + rng.normal(0, 0.3, np.shape(value)) for name, value in model.initial_point().items()}
    wanted_mean, wanted_sd, *values = evaluate(point)
    draws = Draws(data, dict(zip([variable.name for variable in known], values, strict=True)))
    logit = draws.cell_logits()[draws.scores.cell] + draws["harness_effect"][draws.scores.harness]
    got = draws.score_model(logit, slice(None))
    np.testing.assert_allclose(got.mean, wanted_mean, rtol=1e-9)
    np.testing.assert_allclose(got.sd, wanted_sd, rtol=1e-9)


def test_the_name_of_a_harness_is_never_read_out_of_a_label(world_fit: Any) -> None:
    """Files of version 0.1 have labels alone, and a benchmark may be called 'Humanity on Exam'."""
    data = xr.Dataset(
        {"harness_benchmark": ("harness", [0, 1])},
        coords={
            "benchmark": ["Humanity on Exam", "MMLU"],
            "harness": ["report on Humanity on Exam", "a on b on MMLU"],
        },
    )
    assert with_harness_names(data)["harness_name"].to_numpy().tolist() == ["report", "a on b"]
    again = with_harness_names(world_fit.data.drop_vars("harness_name"))
    np.testing.assert_array_equal(again["harness_name"], world_fit.data["harness_name"])

"""The published estimates for the OLMo ladder miss its anchors by as much as was published."""

from __future__ import annotations

import numpy as np
import pytest
from published_olmo import published_estimates

from bayesdensity.data.tables import read_tables


def test_the_published_estimates_miss_the_anchors_as_published() -> None:
    published = published_estimates()
    runs = read_tables().reference_runs.set_index(["run", "benchmark"])
    for run, error in (("7B-4T", 3.8), ("13B-5T", 4.2)):
        at = runs.loc[[(run, benchmark) for benchmark in published.index]].droplevel("run")
        loss = (
            published["A"] * at["params"] ** -published["alpha"] + published["B"] * at["tokens"] ** -published["beta"]
        )
        sigmoid = 1 + np.exp(-published["sig_k"] * (loss + published["E"] - published["sig_L0"]))
        score = published["sig_a"] / sigmoid + published["sig_b"]
        assert 100 * (score - at["score"]).abs().mean() == pytest.approx(error, abs=0.05)

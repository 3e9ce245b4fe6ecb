"""What a part of the data does to the answer: weights where they serve, fits where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rows import scores_of_family

from bayesdensity.base.importance import smoothed, trustworthy
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared
from bayesdensity.inference.result import Fit
from bayesdensity.sensitivity import running
from bayesdensity.sensitivity.answers import answer_of, rates_of, weighted_answer
from bayesdensity.sensitivity.influence import influence, log_densities


@pytest.mark.parametrize(("kind", "name"), [("llm", 7), ("family", 4), ("harness", 1)])
def test_weights_without_a_part_agree_with_a_fit_without_it(
    world_fit: Fit, held: Prepared, kind: Any, name: int
) -> None:
    labels = {"llm": "llm", "family": "family"}
    said = "harness-b" if kind == "harness" else str(world_fit.data[labels[kind]].to_numpy()[name])
    densities = log_densities(world_fit, kind, lambda _: None)
    log_weight, k = smoothed(-densities[said])
    weighted = weighted_answer(world_fit, rates_of(running_thinned(world_fit)), log_weight, k)
    exact = sample(held, running.without(held.data, kind, said), seed=5, draws=600, tune=400)
    fitted = answer_of(exact)
    for of in ("frontier", "mean"):
        error = np.hypot(weighted.about["mcse"][of], fitted.about["mcse"][of])
        gap = np.median(weighted.rates[of]) - np.median(fitted.rates[of])
        if trustworthy(k, len(log_weight)):
            assert abs(gap) < 4 * error, (kind, said, k, gap, error)
            assert weighted.rates[of].std() == pytest.approx(fitted.rates[of].std(), rel=0.2)
    if kind != "harness":  # of which there are two: one is half of all that is known
        assert trustworthy(k, len(log_weight)), k


def running_thinned(fit: Fit) -> Fit:
    from bayesdensity.sensitivity.influence import DRAWS

    return fit.thinned(DRAWS)


def test_influence_is_exact_where_weights_are_not_and_is_resumed(
    world_fit: Fit, bench: running.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesdensity.sensitivity import influence as module

    quick = {"llm": {"fam00-x": np.zeros(1000)}, "family": log_densities(world_fit, "family", lambda _: None)}
    quick["family"] = {name: one for name, one in quick["family"].items() if trustworthy(smoothed(-one)[1], one.size)}
    assert len(quick["family"]) >= 3
    heavy = np.random.default_rng(0).standard_cauchy(1000) * 50
    first = str(world_fit.data["family"].to_numpy()[0])
    quick["family"] = {**dict(list(quick["family"].items())[:3]), first: heavy}
    monkeypatch.setattr(module, "log_densities", lambda fit, kind, progress: quick[kind])
    said: list[str] = []
    found = influence(world_fit, bench, said.append, ["family"])
    by_name = {one.name: one for one in found}
    assert by_name[first].answer.about["method"] == "fit"
    assert {one.answer.about["method"] for name, one in by_name.items() if name != first} == {"weights"}
    assert by_name[first].n_scores == len(scores_of_family(world_fit.data, 0))
    # Once more nothing is fitted.
    monkeypatch.setattr(running, "sample", lambda *_, **__: pytest.fail("fitted again"))
    again = influence(world_fit, bench, said.append, ["family"])
    np.testing.assert_array_equal(again[-1].answer.rates["frontier"], found[-1].answer.rates["frontier"])

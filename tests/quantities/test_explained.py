"""Growth taken apart adds up, and each part is the arithmetic of effects and of how covariates moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from simulated import Truth, described
from straight import CHAINS, DRAWS, SAMPLE, rates, straight

from bayesdensity.base.errors import InputError
from bayesdensity.data.dates import years
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import covariates as c
from bayesdensity.quantities import frontier, rate, rate_at
from bayesdensity.quantities.estimate import times, window
from bayesdensity.quantities.explained import RECIPE, TOTAL, covariate_path, growth_held, growth_parts

MORE: dict[str, Any] = {
    "covariates": ["tokens", "pace-by-size", "stage", "benchmark-age"],
    "covariates.tokens.centre": 20,
    "covariates.pace-by-size.centre": 3e9,
    "llms.stage": ["base", "instruct", "reasoning"],
}
EFFECT = {"tokens": 0.5, "pace-by-size": 0.1, "stage: instruct": 0.3, "stage: reasoning": 0.9, "benchmark-age": 0.2}
GROWTH = {"pace-by-size": -0.05, "stage: instruct": 0.2, "stage: reasoning": 0.4}


def with_effects(fit: Fit) -> Fit:
    """The fit with effects that are the same at every draw, and what is not known of tokens at the mean."""
    data = fit.data

    def every(values: list[float]) -> np.ndarray:
        return np.broadcast_to(np.array(values), (CHAINS, DRAWS, len(values)))

    growing = data["covariate"].to_numpy()[data["covariate_grows"].to_numpy()].tolist()
    missing = np.isnan(data["covariate_value"].to_numpy()).any(axis=0)
    completed = np.nan_to_num(data["covariate_value"].to_numpy()[:, missing])
    departing = data["covariate"].to_numpy()[data["covariate_departs"].to_numpy()]
    draws = fit.posterior.assign(
        covariate_effect=((*SAMPLE, "covariate"), every([EFFECT[name] for name in data["covariate"].to_numpy()])),
        covariate_growth=((*SAMPLE, "growing_covariate"), every([GROWTH[name] for name in growing])),
        covariate_departure=(
            (*SAMPLE, "departing_covariate", "benchmark"),
            np.broadcast_to(np.array([[0.1, 0.0, -0.1], [0.2, -0.3, 0.1]]), (CHAINS, DRAWS, 2, 3)),
        ),
        covariate_completed=(
            (*SAMPLE, "llm", "imputed_covariate"),
            np.broadcast_to(completed, (CHAINS, DRAWS, *completed.shape)),
        ),
    )
    coords = {"covariate": data["covariate"].to_numpy(), "growing_covariate": growing, "departing_covariate": departing}
    return replace(fit, posterior=draws.assign_coords(coords))


@pytest.fixture(scope="module")
def fit(truth: Truth, world_tables: Tables) -> Fit:
    return with_effects(straight(truth, described(world_tables), more=MORE))


def ends_of(fit: Fit, values: np.ndarray) -> tuple[float, float]:
    """Ends of the straight line through values of LLMs over the window, by NumPy."""
    line = np.polyfit(fit.data["time"].to_numpy(), values, 1)
    first, last = np.polyval(line, times(fit, list(window(fit))).to_numpy())
    return float(first), float(last)


def test_parts_add_up(fit: Fit) -> None:
    for estimand in ("frontier", "mean"):
        parts = growth_parts(fit, estimand=estimand).draws  # type: ignore[arg-type]
        assert parts["part"].to_numpy().tolist() == [RECIPE, *fit.study.covariates, TOTAL]
        np.testing.assert_allclose(parts.sel(part=TOTAL), parts.drop_sel(part=TOTAL).sum("part"), rtol=1e-12)
        np.testing.assert_array_equal(parts.sel(part=RECIPE), rate(fit, estimand=estimand).draws)  # type: ignore[arg-type]


def test_what_remains_is_the_rate_at_the_centres(fit: Fit) -> None:
    """Of 3e9 parameters, where the pace is faster than at the mean size, and of base models."""
    size = np.log(3e9) - fit.data.attrs["log_size_centre"]
    shares = fit.data["covariate_mean"].to_numpy()[2:4]
    expected = (
        rates() + GROWTH["pace-by-size"] * size - shares @ [GROWTH["stage: instruct"], GROWTH["stage: reasoning"]]
    )
    np.testing.assert_allclose(rate(fit, estimand="mean").draws, expected, rtol=1e-9)
    np.testing.assert_allclose(rate(fit).draws, expected, rtol=1e-9)
    np.testing.assert_allclose(rate_at(fit, ["2024-06-01"]).draws[..., 0], expected, rtol=1e-9)


def test_tokens_add_their_effect_times_what_they_grew(fit: Fit) -> None:
    log_tokens = fit.data["log_train_tokens"].to_numpy() - fit.data["log_size"].to_numpy()
    log_tokens = np.where(np.isnan(log_tokens), np.nanmean(log_tokens), log_tokens)
    first, last = ends_of(fit, log_tokens)
    span = np.diff(times(fit, list(window(fit))).to_numpy())[0]
    found = growth_parts(fit).draws.sel(part="tokens")
    np.testing.assert_allclose(found, EFFECT["tokens"] * (last - first) / span, rtol=1e-9)


def test_an_effect_that_grows_counts_at_both_ends(fit: Fit) -> None:
    ends = times(fit, list(window(fit))).to_numpy()
    worth = np.zeros(2)
    for word in ("instruct", "reasoning"):
        is_word = fit.data["covariate_value"].sel(covariate=f"stage: {word}").to_numpy() > 0
        share = np.array(ends_of(fit, is_word.astype(float)))
        worth += (EFFECT[f"stage: {word}"] + GROWTH[f"stage: {word}"] * ends) * share
    found = growth_parts(fit).draws.sel(part="stage")
    np.testing.assert_allclose(found, (worth[1] - worth[0]) / (ends[1] - ends[0]), rtol=1e-9)


def test_benchmarks_age_by_the_calendar(fit: Fit, world_tables: Tables) -> None:
    dates = described(world_tables).benchmarks.set_index("benchmark")["published"]
    published = years(pd.DatetimeIndex(dates.loc[fit.data["benchmark"].to_numpy()]))
    ends = years(pd.DatetimeIndex(list(window(fit))))
    age = np.log1p(np.maximum(ends[:, None] - published, 0)).mean(axis=1)
    found = growth_parts(fit).draws.sel(part="benchmark-age")
    np.testing.assert_allclose(found, EFFECT["benchmark-age"] * (age[1] - age[0]) / (ends[1] - ends[0]), rtol=1e-9)


def test_held_where_they_are_read_off_covariates_add_nothing(fit: Fit) -> None:
    held = growth_held(fit, {"tokens": 20, "stage": "base", "pace-by-size": 3e9, "benchmark-age": 2})
    np.testing.assert_allclose(held.draws, growth_parts(fit).draws.sel(part=RECIPE), rtol=1e-9)


def test_held_elsewhere_only_effects_that_grow_add_something(fit: Fit) -> None:
    recipe = growth_parts(fit).draws.sel(part=RECIPE)
    others = {"tokens": 500, "pace-by-size": 3e9, "benchmark-age": 1}
    reasoning = growth_held(fit, {**others, "stage": "reasoning"}).draws
    np.testing.assert_allclose(reasoning, recipe + GROWTH["stage: reasoning"], rtol=1e-9)
    larger = growth_held(fit, {**others, "stage": "base", "pace-by-size": 3e10}).draws
    np.testing.assert_allclose(larger, recipe + GROWTH["pace-by-size"] * np.log(10), rtol=1e-9)
    alone = growth_held(fit, {"tokens": 500}).draws + growth_parts(fit).draws.sel(part="tokens")
    np.testing.assert_allclose(alone, growth_parts(fit).draws.sel(part=TOTAL), rtol=1e-9)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"token": 20}, "covariate of this study"),
        ({"tokens": "many"}, "give a number of tokens per parameter"),
        ({"tokens": -3}, "give a number of tokens per parameter"),
        ({"tokens": [3]}, "give a number of tokens per parameter"),
        ({"stage": "chat"}, "value of stage"),
        ({"stage": 3}, "value of stage"),
    ],
)
def test_values_that_are_none_are_refused(fit: Fit, held: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        growth_held(fit, held)


def test_an_envelope_is_not_taken_apart(fit: Fit) -> None:
    with pytest.raises(InputError, match="families and not of releases"):
        growth_parts(fit, estimand="envelope")


def test_paths_are_told_as_people_state_them(fit: Fit) -> None:
    start, end = window(fit)
    size = covariate_path(fit, "pace-by-size", [start, end])
    first, last = ends_of(fit, fit.data["log_size"].to_numpy() + fit.data.attrs["log_size_centre"])
    np.testing.assert_allclose(size.draws[0, 0, :, 0], np.exp([first, last]), rtol=1e-9)
    assert size.units == "parameters"
    assert covariate_path(fit, "stage", [start]).draws["covariate"].to_numpy().tolist() == [
        "stage: instruct",
        "stage: reasoning",
    ]


def test_pace_by_size(fit: Fit) -> None:
    at = c.rate_by_size(fit, [3e9, 3e10]).draws
    np.testing.assert_allclose(at.sel(params=3e9), rate(fit).draws, rtol=1e-9)
    slower = at.sel(params=3e10) - at.sel(params=3e9)
    np.testing.assert_allclose(slower, GROWTH["pace-by-size"] * np.log(10), rtol=1e-9)
    assert c.probability_small_faster(fit) == 1.0


def test_effects_by_benchmark_average_to_the_effect(fit: Fit) -> None:
    each = c.covariate_effect_by_benchmark(fit).draws
    assert each["covariate"].to_numpy().tolist() == ["stage: instruct", "stage: reasoning"]
    np.testing.assert_allclose(each.mean("benchmark"), c.covariate_effect(fit).draws.sel(covariate=each["covariate"]))


def test_contraction_is_that_of_the_variance_of_the_prior(fit: Fit) -> None:
    prior, rng = fit.study.covariates["tokens"].effect, np.random.default_rng(0)
    drawn = fit.posterior["covariate_effect"].copy()
    drawn[...] = rng.normal(0, 0.5 * prior.sigma, drawn.shape)
    found = c.contraction(replace(fit, posterior=fit.posterior.assign(covariate_effect=drawn)))
    spread = float(drawn.sel(covariate="tokens").var())
    assert float(found.sel(part="effect", covariate="tokens")) == pytest.approx(1 - spread / prior.sigma**2)
    assert np.isnan(found.sel(part="growth", covariate="tokens"))
    assert float(found.sel(part="growth", covariate="stage: reasoning")) == pytest.approx(1.0)


def test_at_the_centres_the_frontier_is_that_of_the_mean_covariates_moved_by_their_effects(fit: Fit) -> None:
    day = "2024-09-01"
    time, data = times(fit, [day]).item(), fit.data
    bare = fit.study.model_copy(update={"covariates": {}})
    plain = frontier(replace(fit, study=bare, posterior=fit.posterior.drop_vars("covariate_growth")), [day]).draws
    offset = dict(zip(data["covariate"].to_numpy(), data["covariate_offset"].to_numpy(), strict=True))
    apart = sum((effect + GROWTH.get(name, 0.0) * time) * offset[name] for name, effect in EFFECT.items())
    np.testing.assert_allclose(frontier(fit, [day]).draws, plain + apart, rtol=1e-9)


def test_studies_without_covariates_say_how_to_have_some(truth: Truth, world_tables: Tables) -> None:
    plain = straight(truth, world_tables)
    for ask in (growth_parts, c.covariate_effect, c.contraction, lambda fit: growth_held(fit, {"tokens": 1})):
        with pytest.raises(InputError, match=r"has no covariates; fit it with some"):
            ask(plain)
    with pytest.raises(InputError, match="'pace-by-size'"):
        c.rate_by_size(plain)


def test_growth_parts_keep_their_draws_apart(fit: Fit) -> None:
    """A share of the growth is a share at each draw: the recipe is as uncertain as the rate, the rest is not."""
    parts = growth_parts(fit).draws
    assert float(parts.sel(part=RECIPE).std()) == pytest.approx(float(xr.DataArray(rates()).std()))
    assert float(parts.sel(part="tokens").std()) == pytest.approx(0, abs=1e-12)

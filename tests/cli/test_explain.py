"""The command that takes growth apart: what it prints is what the quantities say."""

from __future__ import annotations

from pathlib import Path

import pytest
from covaried import covaried
from outcomes import Run, is_interval, refused, strict, thinned
from simulated import Truth

from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.covariates import SIZES, probability_small_faster
from bayesdensity.quantities.explained import RECIPE, TOTAL, growth_held, growth_parts


@pytest.fixture(scope="module")
def fit(world_fit: Fit, truth: Truth, world_tables: Tables) -> Fit:
    return covaried(thinned(world_fit), truth, world_tables)


@pytest.fixture(scope="module")
def path(fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit.save(tmp_path_factory.mktemp("fits") / "mine.nc")


def test_json_has_each_part_and_each_effect(run: Run, path: Path, fit: Fit) -> None:
    found = strict(run("explain", path, "--json").out)
    for of in ("frontier", "mean"):
        parts = found[of]["parts"]
        assert list(parts) == [RECIPE, "tokens", "pace-by-size", TOTAL]
        rate = growth_parts(fit, estimand=of).sel(part="tokens").to_json()  # type: ignore[arg-type]
        assert parts["tokens"]["rate_per_year"] == rate and is_interval(parts[TOTAL]["doubling_time_months"])
        assert set(found[of]["by_size"]) == {f"{params:g}" for params in SIZES}
    assert set(found["effects"]) == {"tokens", "pace-by-size"}
    assert found["effects"]["tokens"]["unknown"] > 0 and "growth" not in found["effects"]["tokens"]
    assert is_interval(found["effects"]["pace-by-size"]["growth"])
    assert 0 < found["effects"]["tokens"]["contraction"] <= 1
    assert found["probability_small_faster"] == probability_small_faster(fit)
    assert found["paths"]["tokens"]["unit"] == "tokens per parameter"
    assert "held" not in found


def test_what_is_held_is_answered_beside_it(run: Run, path: Path, fit: Fit) -> None:
    found = strict(run("explain", path, "--hold", "tokens=20", "--hold", "pace-by-size=7e9", "--json").out)
    assert found["held"] == {"tokens": 20, "pace-by-size": 7e9}
    rate = growth_held(fit, {"tokens": 20, "pace-by-size": 7e9}, estimand="mean")
    assert found["mean"]["held"]["rate_per_year"] == rate.to_json()
    window = ("2024-01-01", "2025-01-01")
    asked = ("--between", window[0], "--between", window[1])
    part = strict(run("explain", path, *asked, "--json").out)
    assert part["window"] == list(window)
    recipe = growth_parts(fit, window).sel(part=RECIPE)
    assert part["frontier"]["parts"][RECIPE]["rate_per_year"] == recipe.to_json()


def test_it_says_the_same_to_a_reader_and_what_it_does_not_say(run: Run, path: Path) -> None:
    text = " ".join(run("explain", path, "--hold", "tokens=20").out.split())
    assert "At equal tokens and pace-by-size it" in text and "Had tokens stayed at 20" in text
    assert "associations across releases" in text and "causal only if" in text
    assert "P(small LLMs densify faster than large ones)" in text
    assert "tokens per parameter" in text and "parameters" in text


def test_it_draws_a_waterfall(run: Run, path: Path, tmp_path: Path) -> None:
    outcome = run("explain", path, "-o", tmp_path / "drawn")
    assert "drawn-growth-parts.png" in outcome.err
    assert {one.name for one in tmp_path.glob("drawn*")} == {"drawn-growth-parts.png", "drawn-growth-parts.svg"}


def test_the_summary_says_what_growth_comes_from(run: Run, path: Path) -> None:
    assert "At equal tokens and pace-by-size it" in " ".join(run("summary", path).out.split())
    assert set(strict(run("summary", path, "--json").out)["explained"]) >= {"frontier", "mean", "effects", "paths"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--hold", "tokens"), "--hold tokens: write key=value"),
        (("--hold", "tokens=few"), "give a number of tokens per parameter"),
        (("--hold", "token=3"), "there is no covariate of this study 'token'"),
        (("--hold", "tokens=3", "--hold", "tokens=4"), "is given twice"),
        (("--between", "2024-01-01"), "given twice, for start and end"),
        (("--between", "2025-01-01", "--between", "2024-01-01"), "window must end after it starts"),
        (("-o", "nowhere/drawn"), "nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, path: Path, asked: tuple[str, ...], said: str) -> None:
    assert said in refused(run, "explain", path, *asked)


def test_a_fit_without_covariates_is_refused_with_what_to_do(run: Run) -> None:
    assert "has no covariates; fit it with some" in run("explain", "densing-law").err

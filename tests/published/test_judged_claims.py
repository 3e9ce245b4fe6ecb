"""Every published claim has a row, and a verdict that follows from the interval or a reason why there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from simulated import BENCHMARKS

from bayesdensity import quantities as q
from bayesdensity.base.errors import InputError
from bayesdensity.data.claims import read_claims
from bayesdensity.inference.result import Fit
from bayesdensity.published import tested_claims
from bayesdensity.published.contradictions import CONTRADICTIONS
from bayesdensity.published.judged import INSIDE, NOT, OUTSIDE, Judged, judge_claims
from bayesdensity.published.records import is_record, line, share_explained
from bayesdensity.published.tested_claims import TESTS, UNTESTABLE, asked_of

DOUBLING = "doubling time, v2, highlights"


@pytest.fixture(autouse=True)
def as_in_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks of the small world are those of the paper."""
    monkeypatch.setattr(tested_claims, "BENCHMARKS", frozenset(BENCHMARKS))


def growing(fit: Fit, rate: float, scatter: float = 0.0) -> Fit:
    """The fit with a straight trend of this rate in every draw, or about it, and a constant spread."""
    shape = fit.posterior["rate"]
    noise = scatter * np.random.default_rng(1).standard_normal(shape.shape)
    draws = fit.posterior.assign(rate=shape.copy(data=rate + noise), curvature=0 * shape)
    draws = draws.assign({name: 0 * shape for name in ("dispersion_growth", "asymmetry_growth")})
    return fit.with_draws(draws)


def rows_of(fit: Fit, claim: str) -> list[Judged]:
    return [row for row in judge_claims(fit) if row.claim == claim]


def test_every_claim_of_the_table_has_a_row_and_only_claims_have_tests(world_fit: Fit) -> None:
    claims, rows = set(read_claims()["claim"]), judge_claims(world_fit)
    assert claims <= {row.claim for row in rows}
    assert set(TESTS) <= claims, "a test of what nobody claims"
    for beginning in UNTESTABLE:
        assert any(claim.startswith(beginning) for claim in claims), f"a reason for no claim: {beginning}"
    assert not [claim for claim in claims if claim not in TESTS and asked_of(claim) is None]


def test_a_verdict_is_inside_outside_or_a_reason(world_fit: Fit) -> None:
    for row in judge_claims(world_fit):
        if row.ours is None:
            assert row.verdict.startswith(f"{NOT}: ") and row.verdict.endswith("."), row
        else:
            assert row.verdict in (INSIDE, OUTSIDE) and row.what, row


@pytest.mark.parametrize(("months", "verdict"), [(3.3, INSIDE), (2.9, OUTSIDE), (3.7, OUTSIDE)])
def test_a_fit_that_doubles_as_fast_as_claimed_has_the_claim_inside(
    world_fit: Fit, months: float, verdict: str
) -> None:
    fit = growing(world_fit, q.MONTHS * math.log(2) / months, scatter=0.05)
    rows = rows_of(fit, DOUBLING)
    assert {row.verdict for row in rows} == {verdict}
    assert rows[0].published == 3.3 and rows[0].unit == "months"
    for row in rows:
        assert row.ours is not None
        assert row.ours.to_frame_row()["median"] == pytest.approx(months, rel=0.02)


def test_units_of_the_same_rate_agree(world_fit: Fit) -> None:
    fit = growing(world_fit, 2.5)
    medians = {}
    for claim in (DOUBLING, "doubling time, v2, section 3.3", "growth rate A, v2, highlights"):
        ours = rows_of(fit, claim)[0].ours
        assert ours is not None
        medians[claim] = float(ours.to_frame_row()["median"])
    months, days, a = medians.values()
    assert a == pytest.approx(2.5 / 365.25)
    assert days == pytest.approx(math.log(2) / a) and months == pytest.approx(days / (365.25 / 12))


def test_density_times_chips_is_the_arithmetic_of_the_paper(world_fit: Fit) -> None:
    fit = growing(world_fit, 0.007 * 365.25)
    (row, *_) = rows_of(fit, "effective size at a fixed price")
    assert row.ours is not None
    assert float(row.ours.summary["median"]) == pytest.approx(87.7, abs=0.1)


def test_the_share_of_a_size_halves_with_each_doubling_time(world_fit: Fit) -> None:
    fit = growing(world_fit, q.MONTHS * math.log(2) / 4)
    claim = "parameters of MiniCPM-1-2.4B over those of Mistral-7B, as able after 4 months, v2"
    absent, *by_trend = rows_of(fit, claim)
    assert absent.ours is None and "MiniCPM-2B and Mistral-7B-v0.1 are not among the LLMs" in absent.verdict
    assert by_trend and all(float(row.ours.summary["median"]) == pytest.approx(0.5) for row in by_trend if row.ours)


def named(fit: Fit, **names: str) -> Fit:
    """The fit with LLMs called otherwise."""
    labels = [names.get(str(llm), str(llm)) for llm in fit.data["llm"].to_numpy()]
    posterior = fit.posterior.assign_coords(llm=labels)
    return replace(fit, data=fit.data.assign_coords(llm=labels), posterior=posterior)


def with_density(fit: Fit, **log_densities: float) -> Fit:
    """The fit with the ln densities of LLMs known."""
    level = fit.posterior["level"].mean("benchmark")
    relative = fit.posterior["log_density_relative"].copy()
    for llm, value in log_densities.items():
        relative.loc[{"llm": llm}] = value - level
    return fit.with_draws(fit.posterior.assign(log_density_relative=relative))


def test_densities_of_named_llms_are_judged_and_a_bound_is_a_side(world_fit: Fit) -> None:
    first, second = (str(llm) for llm in world_fit.data["llm"].to_numpy()[:2])
    fit = named(world_fit, **{first: "Gemma-2-9B", second: "LLaMA-7B"})
    for gemma, llama, verdicts in (
        (3.0, 0.05, (INSIDE, OUTSIDE, INSIDE, INSIDE)),
        (2.0, 0.2, (OUTSIDE, INSIDE, OUTSIDE, OUTSIDE)),
    ):
        known = with_density(fit, **{"Gemma-2-9B": math.log(gemma), "LLaMA-7B": math.log(llama)})
        known = known.with_draws(known.posterior + 0)  # a copy
        rows = {row.claim: row for row in judge_claims(known)}
        judged = (
            rows["density of Gemma-2-9B, v2"],
            rows["density of Gemma-2-9B, journal version"],
            rows["density of Llama-1, v2"],
            rows["density of Gemma-2-9B over that of Llama-1, v2"],
        )
        assert tuple(_rounded(row) for row in judged) == verdicts
    assert judged[2].published == "below 0.1" and judged[2].probability_below == 0


def test_a_pair_is_as_able_at_the_share_of_the_size_that_its_density_gives(world_fit: Fit) -> None:
    first, second = (str(llm) for llm in world_fit.data["llm"].to_numpy()[:2])
    fit = named(world_fit, **{first: "MiniCPM-2B", second: "Mistral-7B-v0.1"})
    claim = "parameters of MiniCPM-1-2.4B over those of Mistral-7B, as able after 4 months, v2"
    size = {llm: float(q.params(fit).draws.sel(llm=llm).mean()) for llm in ("MiniCPM-2B", "Mistral-7B-v0.1")}
    enough = size["Mistral-7B-v0.1"] / size["MiniCPM-2B"]
    for denser, said in ((1.1 * enough, "above 0.999"), (0.9 * enough, "below 0.001")):
        known = with_density(fit, **{"MiniCPM-2B": math.log(denser), "Mistral-7B-v0.1": 0.0})
        row = rows_of(known, claim)[0]
        assert row.ours is not None and row.what.endswith(said)
        assert float(row.ours.summary["median"]) == pytest.approx(1 / denser)


def _rounded(row: Judged) -> str:
    """The verdict on draws that are all one number, which floating point may put beside the claim."""
    assert row.ours is not None
    if isinstance(row.published, float):
        return INSIDE if np.isclose(float(row.ours.summary["median"]), row.published) else OUTSIDE
    return row.verdict


def test_growth_on_mmlu_before_chatgpt_is_not_invented(world_fit: Fit) -> None:
    (row,) = rows_of(world_fit, "doubling time on MMLU, before ChatGPT")
    assert row.ours is None and "MMLU is no benchmark of this fit" in row.verdict


def test_growth_on_other_benchmarks_than_those_of_the_paper_is_not_compared(
    world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested_claims, "BENCHMARKS", frozenset({"MMLU"}))
    assert all("none of the benchmarks of the paper" in row.verdict for row in rows_of(world_fit, DOUBLING))


def test_a_fit_of_a_reference_alone_has_no_claims(world_fit: Fit) -> None:
    with pytest.raises(InputError, match="reference alone"):
        judge_claims(world_fit.noted(part="reference"))


def test_contradictions_name_claims_that_are_there_and_their_arithmetic_is_right() -> None:
    claims = read_claims().set_index("claim")
    for names, choice in CONTRADICTIONS:
        assert len(names) > 1 and all(name in claims.index for name in names) and choice.endswith(".")
    said = " ".join(choice for _, choice in CONTRADICTIONS)
    for number in (
        "3.12 months",
        "3.25 months",
        "99 against 95",
        "0.0065",
        "87.7 days",
        "84.5",
        "93.5",
        "43%",
        "2.48",
        "2.61",
    ):
        assert number in said, number


def test_r_squared_of_weighted_points_is_that_of_the_points(rng_seed: int = 5) -> None:
    rng = np.random.default_rng(rng_seed)
    time, values = np.sort(rng.random(30)), rng.normal(size=(4, 30)).cumsum(axis=-1)
    weight = is_record(time, values)
    for row, found, record in zip(values, share_explained(time, values, weight), weight, strict=True):
        if record.sum() > 1:
            assert found == pytest.approx(line(time[record], row[record]).r_squared)


def test_a_claim_in_json_has_the_documented_keys(world_fit: Fit) -> None:
    told = rows_of(world_fit, DOUBLING)[0].to_json()
    assert list(told)[:2] == ["claim", "published"] and {"ours", "verdict"} <= set(told)
    assert set(told["ours"]) == {"median", "lower", "upper", "probability", "kind"}
    assert isinstance(xr.DataArray(told["published"]).item(), float)


def on_mmlu(fit: Fit) -> Fit:
    """The fit whose first benchmark is MMLU."""
    names = ["MMLU", *map(str, fit.data["benchmark"].to_numpy()[1:])]
    return replace(
        fit,
        data=fit.data.assign_coords(benchmark=names),
        posterior=fit.posterior.assign_coords(benchmark=names),
    )


def test_a_stated_change_of_pace_gives_both_sides(world_fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    day = "2024-06-01"
    monkeypatch.setattr(tested_claims, "CHATGPT", day)
    frontier = world_fit.study.frontier.model_copy(update={"trend": "change-point", "break_date": day})
    study = world_fit.study.model_copy(update={"frontier": frontier})
    zero = 0 * world_fit.posterior["rate"]
    draws = world_fit.posterior.assign(rate_change=zero + 1.0).drop_vars("curvature")
    fit = on_mmlu(replace(world_fit, study=study, posterior=draws))
    rates = {}
    for side in ("before", "after"):
        (row,) = rows_of(fit, f"growth rate A, v2, MMLU {side} ChatGPT")
        assert row.ours is not None and f"{side} the change of pace stated at {day}" in row.what
        rates[side] = float(row.ours.summary["median"]) * 365.25
    assert rates["after"] - rates["before"] == pytest.approx(1.0)


def test_without_a_change_of_pace_the_averages_on_each_side_are_compared_if_there_are_any(
    world_fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = on_mmlu(growing(world_fit, 2.0))
    (before,) = rows_of(fit, "doubling time on MMLU, before ChatGPT")
    assert before.ours is None and "begin on 2023-" in before.verdict and "chatgpt-break" in before.verdict
    (after,) = rows_of(fit, "doubling time on MMLU, after ChatGPT")
    assert after.ours is not None and "to 2024-10-31" in after.what
    monkeypatch.setattr(tested_claims, "CHATGPT", "2024-03-01")
    (before,) = rows_of(fit, "doubling time on MMLU, before ChatGPT")
    assert before.ours is not None and "to 2024-03-01" in before.what


def test_the_table_does_not_depend_on_the_order_of_its_tests() -> None:
    longest = asked_of("growth rate A, journal version, MMLU-CF")
    assert longest is UNTESTABLE["growth rate A, journal version, MMLU-CF"]
    assert asked_of(DOUBLING) is TESTS[DOUBLING]

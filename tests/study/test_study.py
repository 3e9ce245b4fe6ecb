"""A study says what it means, and a wrong one is answered with what would be right."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesdensity.base.errors import InputError
from bayesdensity.study.load import load_study, parse_setting, study_names
from bayesdensity.study.spec import Prior, Study


def told(name: str | Path, overrides: dict[str, Any] | None = None) -> str:
    with pytest.raises(InputError) as raised:
        load_study(name, overrides)
    return str(raised.value)


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", study_names())
def test_shipped_studies_load_and_give_their_reasons(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.title and study.why
    assert all(len(prior.why) > 10 for _, prior in study.priors)
    assert len({study.digest, load_study(name).digest}) == 1


def test_all_shipped_studies_differ() -> None:
    assert {"densing-law", "qwen2.5", "llama-2", "active-parameters", "olmo-ladder"} <= set(study_names())
    assert len({load_study(name).digest for name in study_names()}) == len(study_names())


def test_misspelt_study_is_answered_with_the_near_one() -> None:
    sentence = told("densing-lw")
    assert "Did you mean 'densing-law'?" in sentence and "olmo-ladder" in sentence and ".toml" in sentence
    assert "nowhere.toml" in told("nowhere.toml")


def test_unknown_keys_are_named_with_the_valid_ones(tmp_path: Path) -> None:
    path = put(tmp_path / "mine.toml", 'extends = "densing-law"\ncolour = "red"\n[frontier]\ntrent = "linear"\n')
    sentence = told(path)
    assert sentence.startswith("mine.toml: ")
    assert "unknown key 'colour'" in sentence and "unknown key 'frontier.trent'" in sentence
    assert "family_effects, form, groups, one_sided, quantile, rates_by_group, trend" in sentence


def test_unknown_keys_of_one_benchmark_are_named_with_the_valid_ones() -> None:
    sentence = told("densing-law", {"benchmarks.MMLU.metric": ["acc"]})
    assert "unknown key 'benchmarks.MMLU.metric'" in sentence and "metrics" in sentence.split(";")[1]


def test_impossible_values_are_all_named_at_once() -> None:
    sentence = told("densing-law", {"frontier.quantile": 95, "frontier.trend": "cubic", "llms.min_benchmarks": 0})
    assert all(key in sentence for key in ("frontier.quantile", "frontier.trend", "llms.min_benchmarks"))
    assert "valid: linear, quadratic" in sentence


def test_a_type_of_lab_is_one_of_a_few_and_some_are_needed(tmp_path: Path) -> None:
    for stated, said in (('["startup"]', "Input should be 'company', 'open-science'"), ("[]", "leaves out every LLM")):
        path = tmp_path / "mine.toml"
        path.write_text(f'extends = "densing-law"\ntitle = "Mine"\nwhy = "to test"\n[llms]\nlab_types = {stated}\n')
        with pytest.raises(InputError, match=said) as error:
            load_study(path)
        assert str(error.value).startswith("mine.toml: 'llms.lab_types")
    only = load_study("densing-law", {"llms.lab_types": ["company", "academic"]})
    assert "lab types company, academic, released from" in str(only.card())
    assert "lab types" not in str(load_study("densing-law").card())


@pytest.mark.parametrize(
    ("shape", "interval"),
    [
        ("normal", [1, 1]),
        ("normal", [2, -2]),
        ("lognormal", [0, 1]),
        ("lognormal", [-1, 1]),
        ("logit-normal", [0.2, 1.0]),
        ("share-or-none", [0.0, 0.8]),
        ("normal", [1]),
        ("beta", [0.1, 0.2]),
    ],
)
def test_impossible_priors_are_refused(shape: str, interval: list[float]) -> None:
    prior = {"shape": shape, "interval": interval, "why": "test"}
    assert "priors.rate" in told("densing-law", {"priors.rate": prior})


@pytest.mark.parametrize("shape", ["normal", "lognormal", "logit-normal"])
def test_interval_of_a_prior_holds_90_percent(shape: str) -> None:
    prior = Prior(shape=shape, interval=(0.1, 0.7), why="test")  # type: ignore[arg-type]
    on_scale = {"normal": float, "lognormal": math.log, "logit-normal": lambda p: math.log(p / (1 - p))}[shape]
    lower, upper = stats.norm(prior.mu, prior.sigma).cdf([on_scale(0.1), on_scale(0.7)])
    assert (lower, upper) == pytest.approx((0.05, 0.95))


def test_a_share_or_none_is_none_as_often_as_stated_and_rarely_above_its_interval() -> None:
    for none in (0.1, 0.25, 0.6):
        prior = Prior(shape="share-or-none", interval=(0.0, 0.8), none=none, why="test")
        shares = prior.draw(np.random.default_rng(1), (100_000,))
        assert shares.min() == 0 and ((shares == 0).mean(), (shares > 0.8).mean()) == pytest.approx(
            (none, 0.05), abs=0.01
        )
        some = shares[shares > 0]
        np.testing.assert_allclose(prior.natural(prior.normal(some)), some)
        half = prior.scaled(0.5)
        assert half.none == none and (half.mu, half.sigma) == pytest.approx((prior.mu / 2, prior.sigma / 2))
    with pytest.raises(ValueError, match="a share-or-none needs it"):
        Prior(shape="lognormal", interval=(0.1, 0.8), none=0.25, why="test")


@pytest.mark.parametrize("one_sided", ["family", "both"])
def test_families_fall_short_only_where_they_differ(one_sided: str) -> None:
    change = {"frontier.one_sided": one_sided, "frontier.family_effects": False}
    assert f"one_sided '{one_sided}' needs family_effects = true" in told("densing-law", change)
    assert load_study("densing-law", {"frontier.one_sided": one_sided}).frontier.family_form.one_sided
    assert not load_study("densing-law", {"frontier.family_effects": False}).frontier.family_form.one_sided


@pytest.mark.parametrize(
    ("form", "one_sided", "llm", "family"),
    [
        ("half-normal", "llm", True, False),
        ("exponential", "family", False, True),
        ("exponential", "both", True, True),
        ("symmetric", "llm", False, False),
        ("symmetric", "both", False, False),
    ],
)
def test_who_falls_short_follows_from_form_and_side(form: str, one_sided: str, llm: bool, family: bool) -> None:
    frontier = load_study("densing-law", {"frontier.form": form, "frontier.one_sided": one_sided}).frontier
    assert (frontier.llm_form.one_sided, frontier.family_form.one_sided) == (llm, family)


@pytest.mark.parametrize("trend", ["linear", "quadratic", "random-walk"])
def test_only_a_change_point_has_a_date(trend: str) -> None:
    change = {"frontier.break_date": "2024-09-12", "frontier.trend": trend}
    assert "a break_date needs trend = 'change-point'" in told("densing-law", change)
    assert load_study("densing-law", {"frontier.trend": "change-point"}).frontier.break_date is None


def test_the_date_of_a_change_is_read_from_a_file_and_from_a_setting(tmp_path: Path) -> None:
    text = 'extends = "densing-law"\n[frontier]\ntrend = "change-point"\nbreak_date = '
    wanted = date(2024, 9, 12)
    for written in ("2024-09-12", '"2024-09-12"'):
        assert load_study(put(tmp_path / "mine.toml", f"{text}{written}\n")).frontier.break_date == wanted
    settings = dict(map(parse_setting, ("frontier.trend=change-point", "frontier.break_date=2024-09-12")))
    set_by_hand = load_study("densing-law", settings)
    assert set_by_hand.frontier.break_date == wanted
    assert Study.model_validate(json.loads(set_by_hand.model_dump_json())) == set_by_hand
    # Taken back, the date is inferred.
    freed = load_study(tmp_path / "mine.toml", dict([parse_setting("frontier.break_date=null")]))
    assert freed.frontier.break_date is None


@pytest.mark.parametrize("day", ["someday", "2024-13-01", "12.09.2024"])
def test_a_change_on_no_date_is_refused(day: str) -> None:
    assert "frontier.break_date" in told("densing-law", {"frontier.trend": "change-point", "frontier.break_date": day})


def test_extends_may_not_go_round(tmp_path: Path) -> None:
    put(tmp_path / "a.toml", 'extends = "b"\n')
    put(tmp_path / "b.toml", 'extends = "a"\n')
    assert "circle" in told(tmp_path / "a.toml")


def test_extending_nothing_known_is_explained(tmp_path: Path) -> None:
    assert "there is no study 'densing'" in told(put(tmp_path / "a.toml", 'extends = "densing"\n'))


def test_illegible_toml_names_the_file(tmp_path: Path) -> None:
    assert told(put(tmp_path / "a.toml", "title = \n")).startswith("a.toml: not valid TOML")


def test_extends_changes_keys_and_replaces_benchmarks_as_a_whole(tmp_path: Path) -> None:
    path = put(
        tmp_path / "two.toml",
        'extends = "densing-law"\n[frontier]\ntrend = "linear"\n'
        '[benchmarks.MMLU]\nmetrics = ["acc"]\ncot = ["false"]\n[benchmarks.BBH]\nmetrics = ["em"]\ncot = ["true"]\n',
    )
    study, parent = load_study(path), load_study("densing-law")
    assert list(study.benchmarks) == ["MMLU", "BBH"] and study.benchmarks["BBH"].floor is None
    assert study.frontier.trend == "linear" and study.frontier.quantile == parent.frontier.quantile
    assert study.priors == parent.priors and study.name == "two"


def test_extends_of_an_extension_reaches_the_first(tmp_path: Path) -> None:
    put(tmp_path / "a.toml", 'extends = "qwen2.5"\n[law]\nnoise_df = 8.0\n')
    study = load_study(put(tmp_path / "b.toml", 'extends = "a"\n[llms]\nsize = "active"\n'))
    assert (study.reference.family, study.law.noise_df, study.llms.size) == ("Qwen2.5", 8.0, "active")


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("frontier.trend=linear", "frontier.trend", "linear"),
        ("frontier.quantile=0.9", "frontier.quantile", 0.9),
        ("law.irreducible=true", "law.irreducible", True),
        ('llms.stage=["base", "instruct"]', "llms.stage", ["base", "instruct"]),
        (" llms.released_to = 2025-01-01", "llms.released_to", "2025-01-01"),
        ("reference.family=a=b", "reference.family", "a=b"),
    ],
)
def test_settings_are_read_as_json_or_words(text: str, key: str, value: Any) -> None:
    assert parse_setting(text) == (key, value)


@pytest.mark.parametrize("text", ["frontier.trend", "=linear", ""])
def test_settings_without_key_or_value_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="key=value"):
        parse_setting(text)


def test_settings_reach_the_study_or_are_refused() -> None:
    assert load_study("densing-law", {"frontier.trend": "linear"}).frontier.trend == "linear"
    assert "'title' is a single value" in told("densing-law", {"title.colour": "red"})
    assert "unknown key 'frontire'" in told("densing-law", {"frontire.trend": "linear"})


def test_an_interval_with_nan_is_refused() -> None:
    prior = {"shape": "normal", "interval": [float("nan"), 1.0], "why": "test"}
    assert "priors.rate" in told("densing-law", {"priors.rate": prior})


def test_a_missing_prior_is_named() -> None:
    tree = load_study("densing-law").model_dump(mode="json")
    del tree["priors"]["rate"]
    with pytest.raises(ValueError, match="rate"):
        Study.model_validate(tree)


def test_a_misspelt_prior_is_refused() -> None:
    prior = {"shape": "normal", "interval": [0.0, 1.0], "why": "test"}
    assert "rates" in told("densing-law", {"priors.rates": prior})


def test_a_study_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_study("densing-law").title = "other"  # type: ignore[misc]


def test_a_name_of_a_shipped_study_is_no_path() -> None:
    with pytest.raises(InputError, match="there is no study"):
        load_study("../models/densing-law")


def test_a_mark_of_byte_order_is_no_part_of_a_study(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "densing-law"\n', encoding="utf-8-sig")
    assert load_study(tmp_path / "mine.toml").digest == load_study("densing-law").digest

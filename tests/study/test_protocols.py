"""The protocol of a benchmark stands once; a study names benchmarks and states what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.study.load import load_study, parse_setting, shipped_protocols
from bayesdensity.study.spec import Benchmark, Study

DEFAULT = ["MMLU", "BBH", "MATH", "HumanEval", "MBPP"]


def study_of(folder: Path, text: str, extends: str = "densing-law", name: str = "mine") -> Study:
    path = folder / f"{name}.toml"
    path.write_text(f'extends = "{extends}"\n{text}\n', encoding="utf-8")
    return load_study(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as raised:
        study_of(folder, text)
    return str(raised.value)


@pytest.mark.parametrize("name", shipped_protocols())
def test_a_shipped_protocol_is_whole(name: str) -> None:
    protocol = Benchmark.model_validate(shipped_protocols()[name])
    assert protocol.metrics and protocol.cot and all(one.why for one in protocol.exclude_harnesses)


def test_named_benchmarks_are_measured_as_the_extended_study_measures_them(tmp_path: Path) -> None:
    study_of(tmp_path, 'benchmarks = ["BBH", "MATH"]\n', name="parent")
    changed = study_of(tmp_path, "[benchmarks.BBH]\nfloor = 0.1\n[benchmarks.MATH]\n", "parent", "child")
    again = study_of(tmp_path, 'benchmarks = ["HellaSwag", "BBH"]\n', "child", "grandchild")
    shipped = load_study("densing-law").benchmarks["BBH"]
    assert list(again.benchmarks) == ["HellaSwag", "BBH"]
    assert again.benchmarks["BBH"] == changed.benchmarks["BBH"] == shipped.model_copy(update={"floor": 0.1})


def test_a_table_without_metrics_changes_what_it_states_and_no_more(tmp_path: Path) -> None:
    benchmarks = study_of(
        tmp_path, '[benchmarks.ARC-C]\nmap_from = "score_multiple_choice"\n[benchmarks.MMLU]'
    ).benchmarks
    known = load_study("olmo-ladder").benchmarks["ARC-C"]
    assert list(benchmarks) == ["ARC-C", "MMLU"]
    assert benchmarks["ARC-C"] == known.model_copy(update={"map_from": "score_multiple_choice"})


def test_a_table_with_metrics_is_a_protocol_of_its_own(tmp_path: Path) -> None:
    text = (
        'benchmarks.BBH = {metrics = ["em"], cot = ["true"]}\nbenchmarks.ARC-C = {metrics = ["acc"], cot = ["false"]}'
    )
    benchmarks = study_of(tmp_path, text).benchmarks
    assert benchmarks["BBH"].floor is None and benchmarks["ARC-C"].exclude_harnesses == ()
    assert "missing key 'benchmarks.BBH.cot'" in refused(tmp_path, '[benchmarks.BBH]\nmetrics = ["em"]\n')


def test_benchmarks_are_added_and_removed_without_naming_the_others(tmp_path: Path) -> None:
    text = '[benchmarks]\nwithout = ["MATH"]\nwith = ["HellaSwag"]\n'
    study = study_of(tmp_path, text, name="parent")
    assert list(study.benchmarks) == ["MMLU", "BBH", "HumanEval", "MBPP", "HellaSwag"]
    child = study_of(tmp_path, '[benchmarks.with.Mine]\nmetrics = ["acc"]\ncot = ["false"]\n', "parent", "child")
    assert list(child.benchmarks) == [*study.benchmarks, "Mine"]
    assert child.benchmarks["HellaSwag"] == load_study("olmo-ladder").benchmarks["HellaSwag"]


def test_one_value_of_one_benchmark_is_changed_without_naming_the_others(tmp_path: Path) -> None:
    study, parent = study_of(tmp_path, "benchmarks.with.BBH.floor = 0.2\n"), load_study("densing-law")
    assert list(study.benchmarks) == DEFAULT and study.benchmarks["BBH"].floor == 0.2
    assert study.benchmarks["BBH"].metrics == parent.benchmarks["BBH"].metrics
    assert study.digest == load_study("densing-law", {"benchmarks.BBH.floor": 0.2}).digest


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ('benchmarks=["MMLU", "ARC-C"]', ["MMLU", "ARC-C"]),
        ('benchmarks.without=["MATH", "MBPP"]', ["MMLU", "BBH", "HumanEval"]),
        ('benchmarks.with=["ARC-C"]', [*DEFAULT, "ARC-C"]),
    ],
)
def test_benchmarks_are_set_as_in_a_file(setting: str, wanted: list[str]) -> None:
    assert list(load_study("densing-law", dict([parse_setting(setting)])).benchmarks) == wanted


def test_settings_of_one_study_leave_the_protocols_of_the_next_alone() -> None:
    settings: dict[str, Any] = {"benchmarks": ["MMLU", "BBH"], "benchmarks.MMLU.metrics": ["acc"]}
    assert load_study("densing-law", settings).benchmarks["MMLU"].metrics == ("acc",)
    assert len(load_study("densing-law").benchmarks["MMLU"].metrics) == 4


def test_a_benchmark_nobody_knows_is_answered_with_what_is_known(tmp_path: Path) -> None:
    sentence = refused(tmp_path, 'benchmarks = ["MMLU", "HelaSwag"]')
    assert sentence.startswith("mine.toml: ") and "Did you mean 'HellaSwag'?" in sentence
    assert "[benchmarks.HelaSwag]" in sentence
    assert "there is no benchmark 'ARC-C'" in refused(tmp_path, 'benchmarks.without = ["ARC-C"]')
    mixed = refused(tmp_path, 'benchmarks.without = ["MATH"]\nbenchmarks.ARC-C = {}')
    assert "state it as benchmarks.with.ARC-C" in mixed
    assert "missing key 'benchmarks.Mine.metrics'" in refused(tmp_path, "[benchmarks.Mine]\n[benchmarks.MMLU]\n")
    assert "benchmarks" in refused(tmp_path, "benchmarks = 3")
    assert "'MMLU' is named twice" in refused(tmp_path, 'benchmarks.with = ["MMLU", "MMLU"]')

"""Grids make studies of every choice, know the default, and are refused by name where they are faulty."""

from __future__ import annotations

from pathlib import Path

import pytest
from universes import running_choices

from bayesdensity.base.errors import InputError
from bayesdensity.data.selection import select
from bayesdensity.sensitivity.grid import DEFAULT, load_grid, multiverse
from bayesdensity.study.load import load_study


def test_the_shipped_grid_makes_studies_of_every_choice_and_knows_the_default() -> None:
    study = load_study("densing-law")
    universe = multiverse(study, load_grid("standard"))
    assert not universe.impossible
    assert universe.variants[0].key == DEFAULT and universe.variants[0].study is study
    named = sum(len(axis.choices) or len(study.benchmarks) for axis in universe.grid.axes.values())
    own = [axis for axis, label in universe.labels.items() if label in universe.grid.axes[axis].choices]
    assert len(universe.variants) == 1 + named - len(own) >= 30
    assert len({one.digest for one in universe.variants}) == len(universe.variants)
    assert universe.labels["reference"] == "Qwen1.5" and universe.labels["benchmarks"] == "all"
    by_key = {one.key: one.study for one in universe.variants}
    assert by_key["reference: three families"].reference.families == ("Qwen1.5", "Qwen2.5", "Llama-2")
    assert by_key["reference: OLMo ladder"].digest == load_study("olmo-ladder").digest
    assert by_key["inference: cut"].reference.inference == "cut"
    assert "open-science" not in by_key["selection: without open science"].llms.lab_types


def test_every_variant_of_the_shipped_grid_has_data() -> None:
    from bayesdensity.data.tables import read_tables

    tables = read_tables()
    for one in multiverse(load_study("densing-law"), load_grid("standard")).variants:
        # Scores on all benchmarks are asked for to see how few have them.
        least = 60 if one.study.llms.min_benchmarks == len(one.study.benchmarks) else 90
        assert len(select(one.study, tables).llms) > least, one.key


def test_a_benchmark_left_out_leaves_as_many_gaps_allowed() -> None:
    study = load_study("densing-law")
    (one,) = [
        one for one in multiverse(study, load_grid("standard", ["benchmarks"])).variants if one.key.endswith("MATH")
    ]
    assert list(one.study.benchmarks) == ["MMLU", "BBH", "HumanEval", "MBPP"]
    assert (study.llms.min_benchmarks, one.study.llms.min_benchmarks) == (3, 2)


def test_priors_are_widened_about_their_middles_on_their_scales() -> None:
    study = load_study("densing-law")
    variants = {one.key: one.study for one in multiverse(study, load_grid("standard", ["priors"])).variants}
    for name in type(study.priors).model_fields:
        old, half, twice = (
            study.priors[name],
            *(variants[f"priors: {w} as wide"].priors[name] for w in ("half", "twice")),
        )
        assert half.sigma == pytest.approx(old.sigma / 2) and twice.sigma == pytest.approx(2 * old.sigma)
        assert half.mu == pytest.approx(old.mu, abs=1e-12) and twice.shape == old.shape


def test_designs_combine_axes() -> None:
    study, axes = load_study("densing-law"), ["dispersion", "trend", "family effects"]
    counts = {
        design: [len(running_choices(one, universe)) for one in universe.variants]
        for design, universe in (
            (d, multiverse(study, load_grid("standard", axes), design=d)) for d in ("one", "pairs", "full")
        )
    }
    others = (3, 3, 2)  # choices that are not the study's own
    # Two classes are those of families: without these there is no such study.
    pairs, full = 3 * 3 + 3 * 2 + 3 * 2 - 1, 4 * 4 * 3 - 4
    assert sorted(counts["one"]) == [0, *[1] * sum(others)]
    assert sorted(counts["pairs"]) == [0, *[1] * sum(others), *[2] * pairs]
    assert len(counts["full"]) == full
    with pytest.raises(InputError, match=r"makes \d+ variants; name fewer axes with --axis"):
        multiverse(study, load_grid("standard"), design="full")


def test_a_choice_that_no_study_can_have_is_named_and_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "t"\n[axes.one]\nwhy = "w"\n[axes.one.choices]\n"odd" = {"frontier.trned" = "linear"}\n'
        '"late" = {"llms.released_from" = "2024-01-01"}\n'
    )
    universe = multiverse(load_study("densing-law"), load_grid(path))
    assert [one.key for one in universe.variants] == [DEFAULT, "one: late"]
    assert "unknown key 'frontier.trned'" in universe.impossible["one: odd"]


def test_a_variant_may_be_named_on_the_command_line() -> None:
    grid = load_grid("standard", ["dispersion"], {"priors.rate.interval": [0.0, 2.0]})
    *_, mine = multiverse(load_study("densing-law"), grid).variants
    assert mine.key == "priors.rate.interval: [0.0, 2.0]" and mine.study.priors.rate.interval == (0.0, 2.0)


def test_another_study_takes_the_same_overrides() -> None:
    overrides = {"frontier.trend": "linear"}
    study = load_study("densing-law", overrides)
    variants = multiverse(study, load_grid("standard", ["reference"]), overrides).variants
    (ladder,) = [one.study for one in variants if one.study.reference.kind == "ladder"]
    assert ladder.digest == load_study("olmo-ladder", overrides).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 3 =", "not valid TOML"),
        ('title = "t"', "missing key 'axes'"),
        ('title = "t"\n[axes.a]\nwhy = "w"\nchoises = {}', "unknown key 'axes.a.choises'"),
        ('title = "t"\n[axes.a]\nwhy = "w"', "either 'choices' or 'each'"),
    ],
)
def test_a_faulty_grid_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"grid.toml: .*{said}"):
        load_grid(path)


def test_unknown_grids_and_axes_are_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="standard"):
        load_grid("standrad")
    with pytest.raises(InputError, match="no such grid file"):
        load_grid(tmp_path / "no.toml")
    with pytest.raises(InputError, match="dispersion"):
        load_grid("standard", ["dispersoin"])

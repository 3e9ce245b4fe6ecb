"""Requests that cannot be met and data that cannot answer are refused with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from small_tables import BENCHMARKS, FAMILY, LADDER, RUNS, World, study

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.study.spec import Study


def refused(wanted: Study, tables: Tables) -> str:
    with pytest.raises(InputError) as raised:
        select(wanted, tables)
    return str(raised.value)


def test_an_unknown_benchmark_is_answered_with_the_known(world: World) -> None:
    wanted = study(benchmarks={"MMLU": {"metrics": ["acc"], "cot": []}, "BHB": {"metrics": ["em"], "cot": []}})
    assert "there is no benchmark 'BHB'. Did you mean 'BBH'?" in refused(wanted, world())


def test_a_benchmark_needs_items_and_a_floor(world: World) -> None:
    tables = world(benchmarks=BENCHMARKS.replace("6511,0", ",0").replace("0.25", ""))
    told = refused(study(), tables)
    assert "n_items of benchmark 'BBH' is empty" in told and "chance of benchmark 'MMLU' is empty" in told
    assert "chance" not in refused(study(benchmarks__MMLU__floor=0.2), tables)


def test_a_benchmark_without_scores_left_is_named_with_the_reasons(world: World) -> None:
    told = refused(study(benchmarks__BBH__metrics=["acc"], llms__min_benchmarks=1), world())
    assert "no score on 'BBH' is left (5 metric em is another protocol" in told
    # That nothing ties it to the reference either is no news where it has no score at all.
    assert "MMLU" not in told and "reference family" not in told


def test_an_unknown_family_or_suite_is_answered_with_the_known(world: World) -> None:
    told = refused(study(reference=FAMILY | {"family": "Reff"}), world())
    assert "there is no family 'Reff'. Did you mean 'Ref'?" in told
    told = refused(study(reference=LADDER | {"suite": "step"}), world())
    assert "there is no suite 'step'. Did you mean 'steps'?" in told


def test_a_ladder_covers_the_benchmarks_of_the_study(world: World) -> None:
    without = "\n".join(line for line in RUNS.splitlines() if ",BBH," not in line) + "\n"
    told = refused(study(reference=LADDER), world(runs=without))
    assert "among the runs of 'steps' there is no benchmark 'BBH'" in told


def test_a_letter_map_needs_letter_scores(world: World) -> None:
    told = refused(study(reference=LADDER, benchmarks__BBH__map_from="score_multiple_choice"), world())
    assert "no score_multiple_choice on 'BBH'" in told


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"llms__exclude": [{"name": "a-7b", "why": ""}]}, "there is no llm 'a-7b'. Did you mean 'a-7B'?"),
        ({"scores__exclude_harnesses": [{"name": "papers", "why": ""}]}, "there is no harness 'papers'."),
        ({"benchmarks__BBH__exclude_harnesses": [{"name": "papers", "why": ""}]}, "there is no harness 'papers'."),
        ({"reference": LADDER | {"exclude": [{"name": "s9", "why": ""}]}}, "there is no reference 's9'."),
    ],
)
def test_an_exclusion_of_nothing_is_a_slip(world: World, change: dict[str, Any], what: str) -> None:
    assert what in refused(study(**change), world())


def test_exclusions_of_bundled_names_may_be_moot_in_own_tables(world: World) -> None:
    out = [{"name": "opencompass-2024", "why": "another format"}]
    assert len(select(study(scores__exclude_harnesses=out), world()).scores) == 10


def unidentified(wanted: Study, tables: Tables) -> str:
    """The sentence of a refusal, which is an exit status of its own and always says what to do."""
    with pytest.raises(UnidentifiedError) as raised:
        select(wanted, tables)
    assert raised.value.exit_status == 3
    said = str(raised.value)
    for line in said.splitlines():
        assert re.search(r"(Widen|[Bb]ring|Take|leave the benchmark out|drop the benchmark)[^.]*\.$", line), line
    return said


def test_no_llm_left_is_unidentified(world: World) -> None:
    said = unidentified(study(llms__released_from="2026-01-01"), world())
    assert re.match(r"no LLM is left to study: .* released before 2026-01-01", said)


def test_one_llm_is_unidentified_and_named(world: World) -> None:
    said = unidentified(study(llms__released_from="2024-05-01"), world())
    assert said.startswith("only one LLM is left to study, b-7B, so nothing can be told about change over time (")
    assert "2 released before 2024-05-01" in said


def test_one_day_of_release_is_unidentified(world: World) -> None:
    llms = "c-7B,2024-06-01,7e9,,C,dense,base,general,none,yes\n"
    scores = "c-7B,MMLU,0.6,acc,5,false,paper,own-run,\nc-7B,BBH,0.5,em,3,true,paper,own-run,\n"
    said = unidentified(study(llms__released_from="2024-05-01"), world(llms=llms, scores=scores))
    assert said.startswith("all 2 LLMs left were released on 2024-06-01, so nothing can be told about change over time")
    a_day_apart = world(llms=llms.replace("2024-06-01", "2024-06-02"), scores=scores)
    assert list(select(study(llms__released_from="2024-05-01"), a_day_apart).llms.index) == ["b-7B", "c-7B"]


THREE = {
    "MMLU": {"metrics": ["acc"], "cot": ["false"]},
    "BBH": {"metrics": ["em"], "cot": ["true"]},
    "PIQA": {"metrics": ["acc"], "cot": ["false"]},
}


def on_piqa(flag: str = "", **scores: float) -> str:
    """Rows of scores on a third benchmark, by LLM; an underscore stands for the hyphen of a name."""
    return "".join(
        f"{llm.replace('_', '-')},PIQA,{score},acc,0,false,own,own-run,{flag}\n" for llm, score in scores.items()
    )


def test_a_benchmark_without_a_score_of_the_reference_is_unidentified(world: World) -> None:
    targets = on_piqa(a_7B=0.8, b_7B=0.9)
    said = unidentified(study(benchmarks=THREE), world(scores=targets + on_piqa("suspect", Ref_7B=0.7, Ref_1B=0.6)))
    assert "no score of reference family 'Ref' on 'PIQA' is left (2 flag suspect)" in said
    assert "so nothing says what a score there is worth in reference parameters" in said
    assert "MMLU" not in said and "BBH" not in said
    # One member is enough for a benchmark, as long as others tie sizes together.
    chosen = select(study(benchmarks=THREE), world(scores=targets + on_piqa(Ref_7B=0.7)))
    assert (chosen.scores["benchmark"] == "PIQA").sum() == 3


def test_a_family_without_scores_is_no_reference(world: World) -> None:
    tables = world(llms="c-7B,2024-01-01,7e9,,C,dense,base,general,none,yes\n")
    said = unidentified(study(reference=FAMILY | {"family": "C"}), tables).splitlines()
    assert len(said) == 2
    for line, name in zip(said, ("MMLU", "BBH"), strict=True):
        assert f"no score of reference family 'C' on '{name}' is left" in line


def test_a_reference_of_one_size_is_unidentified(world: World) -> None:
    reference = FAMILY | {"exclude": [{"name": "Ref-7B", "why": "another recipe"}]}
    said = unidentified(study(reference=reference), world())
    assert "all members of reference family 'Ref' with scores are of one size" in said
    assert "so nothing says how scores rise with size. Take a family of several sizes." in said
    again = "Ref-1B-v2,2022-01-01,1e9,,Ref,dense,base,general,none,yes\n"
    scores = "Ref-1B-v2,MMLU,0.37,acc,5,false,paper,own-run,\n"
    assert unidentified(study(reference=reference), world(llms=again, scores=scores)) == said
    larger = world(llms=again.replace(",1e9,", ",1.1e9,"), scores=scores)
    assert len(select(study(reference=reference), larger).reference_llms) == 2


@pytest.mark.parametrize(
    ("floor", "who"),
    [
        # The best of the targets has 0.64 and the best member 0.46; two binomial standard deviations are 0.008.
        (0.635, "all 3 scores of targets on 'MMLU' lie at chance (at most 0.643)"),
        (0.630, "all 2 scores of the reference on 'MMLU' lie at chance (at most 0.638)"),
        (0.455, "all 2 scores of the reference on 'MMLU' lie at chance (at most 0.463)"),
        (0.450, None),
    ],
)
def test_scores_at_chance_are_unidentified(world: World, floor: float, who: str | None) -> None:
    wanted = study(benchmarks__MMLU__floor=floor)
    if who is None:
        assert len(select(wanted, world()).scores) == 10
    else:
        said = unidentified(wanted, world())
        assert said == f"{who}, so they say nothing about size; leave the benchmark out of the study."


@pytest.mark.parametrize(
    ("scores", "who"),
    [
        ({"a_7B": 0.98, "b_7B": 0.99, "Ref_7B": 0.97, "Ref_1B": 0.6}, "all 2 scores of targets"),
        ({"a_7B": 0.7, "b_7B": 0.99, "Ref_7B": 0.99, "Ref_1B": 0.98}, "all 2 scores of the reference"),
        ({"a_7B": 0.979, "b_7B": 0.99, "Ref_7B": 0.99, "Ref_1B": 0.6}, None),
    ],
)
def test_scores_at_the_ceiling_are_unidentified(world: World, scores: dict[str, float], who: str | None) -> None:
    tables = world(scores=on_piqa(**scores))
    if who is None:
        assert len(select(study(benchmarks=THREE), tables).scores) == 14
    else:
        said = unidentified(study(benchmarks=THREE), tables)
        assert said.startswith(f"{who} on 'PIQA' lie at the ceiling (at least 0.98), so they say nothing about size;")


def test_a_ladder_is_refused_for_mute_scores_of_targets_only(world: World) -> None:
    """A ladder has no member that could lie at chance, nor sizes of members."""
    said = unidentified(study(reference=LADDER, benchmarks__MMLU__floor=0.65), world())
    assert said.startswith("all 3 scores of targets on 'MMLU' lie at chance")
    assert len(select(study(reference=LADDER, benchmarks__MMLU__floor=0.6), world()).scores) == 6


@pytest.mark.parametrize(
    ("rule", "word", "meant"),
    [
        ("llms__stage", "Base", "base"),
        ("llms__compression", "non", "none"),
        ("llms__weights_open", "yess", "yes"),
        ("scores__origins", "ownrun", "own-run"),
        ("scores__exclude_flags", "suspct", "suspect"),
        ("reference__domain", "genral", "general"),
        ("reference__roles", "anchr", "anchor"),
    ],
)
def test_words_of_rules_that_no_row_can_have_are_unknown(world: World, rule: str, word: str, meant: str) -> None:
    told = refused(study(**{rule: [word]}), world())
    assert f"{rule.replace('__', '.')}: there is no" in told and f"Did you mean '{meant}'?" in told


def test_a_break_outside_the_releases_is_refused(world: World) -> None:
    told = refused(study(frontier__trend="change-point", frontier__break_date="2012-01-01"), world())
    assert "break_date 2012-01-01 lies outside the releases" in told

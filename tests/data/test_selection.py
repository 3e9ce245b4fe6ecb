"""Which rows a study uses, and what is said about the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesdensity.base.errors import InputError, UnidentifiedError
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.study.spec import Study, load_study

LLMS = """\
llm,release_date,params_total,params_active,family,architecture,stage,domain,compression,weights_open
Ref-7B,2022-05-01,7e9,,Ref,dense,base,general,none,yes
Ref-1B,2022-01-01,1e9,,Ref,dense,base,general,none,yes
Ref-MoE,2024-01-01,16e9,4e9,Ref,moe,base,general,none,yes
Ref-Code,2022-06-01,7e9,,Ref,dense,base,code,none,yes
b-7B,2024-06-01,7e9,,B,dense,base,general,none,yes
a-7B,2023-06-01,7e9,,A,dense,base,general,none,yes
"""
SCORES = """\
llm,benchmark,score,metric,shots,cot,harness,origin,flag
Ref-7B,MMLU,0.46,acc,5,false,paper,own-run,
Ref-1B,MMLU,0.30,acc,5,false,paper,own-run,
Ref-MoE,MMLU,0.52,acc,5,false,paper,own-run,
Ref-Code,MMLU,0.41,acc,5,false,paper,own-run,
b-7B,MMLU,0.64,acc,5,false,paper,own-run,
a-7B,MMLU,0.51,acc,5,false,paper,own-run,
Ref-7B,BBH,0.38,em,3,true,paper,own-run,
Ref-1B,BBH,0.25,em,3,true,paper,own-run,
Ref-MoE,BBH,0.40,em,3,true,paper,own-run,
b-7B,BBH,0.61,em,3,true,paper,own-run,
a-7B,BBH,0.43,em,3,true,paper,own-run,
"""
RUNS = """\
suite,run,role,params,tokens,benchmark,loss,score,score_multiple_choice
steps,s1,ladder,1e8,1e10,MMLU,1.2,0.30,
steps,s2,ladder,1e9,1e11,MMLU,1.0,0.35,
steps,s1,ladder,1e8,1e10,BBH,1.3,0.10,
steps,s2,ladder,1e9,1e11,BBH,1.1,0.20,
steps,s1,ladder,1e8,1e10,PIQA,0.9,0.60,
steps,s3,anchor,7e9,1e12,MMLU,0.8,0.40,0.55
steps,s0,excluded,1e8,1e9,MMLU,2.0,0.25,
long,t,trajectory,7e9,1e11,MMLU,1.0,0.36,0.31
long,t,trajectory,7e9,1e12,MMLU,0.9,0.39,0.48
long,t,trajectory,7e9,1e12,BBH,1.0,0.30,0.40
losses,l1,ladder,1e8,1e10,Web,3.1,,
"""
BENCHMARKS = "benchmark,n_items,chance\nMMLU,14042,0.25\nBBH,6511,0\nPIQA,1838,0.5\nWeb,,\n"
FAMILY: dict[str, Any] = {"kind": "family", "family": "Ref"}
LADDER: dict[str, Any] = {"kind": "ladder", "suite": "steps", "tokens": 1e12}

World = Callable[..., Tables]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the tables above, with rows added or a table replaced."""
    tmp_path = tmp_path_factory.mktemp("world")

    @cache
    def make(llms: str = "", scores: str = "", runs: str = RUNS, benchmarks: str = BENCHMARKS) -> Tables:
        contents = {"llms": LLMS + llms, "scores": SCORES + scores, "reference_runs": runs, "benchmarks": benchmarks}
        for name, content in contents.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return read_tables(tmp_path, fill_from_bundled=False)

    return make


def study(**changes: Any) -> Study:
    """Make a small study of the tables above; `changes` go by dotted key with '__' for the dot."""
    tree: dict[str, Any] = {
        "name": "toy",
        "title": "Toy",
        "why": "to test",
        "llms": {
            "stage": ["base"],
            "domain": ["general"],
            "compression": ["none"],
            "weights_open": ["yes"],
            "released_from": "2023-01-01",
            "min_benchmarks": 2,
        },
        "scores": {"origins": ["own-run", "mixed"], "exclude_flags": ["suspect", "variant"]},
        "benchmarks": {"MMLU": {"metrics": ["acc"], "cot": ["false"]}, "BBH": {"metrics": ["em"], "cot": ["true"]}},
        "reference": FAMILY,
        "law": {"irreducible": True, "noise_df": 4},
        "frontier": {
            "form": "half-normal",
            "trend": "linear",
            "dispersion": "constant",
            "family_effects": True,
            "quantile": 0.95,
        },
        "priors": load_study("densing-law").priors,
    }
    for key, value in changes.items():
        part = tree = dict(tree)
        *parents, last = key.split("__")
        for parent in parents:
            part[parent] = part = dict(part[parent])
        part[last] = value
    return Study.model_validate(tree)


def reason(selection: Selection, table: str, row: int) -> str:
    """Why a row was left out; fails if it was not."""
    out = selection.left_out
    return str(out.loc[(out["table"] == table) & (out["row"] == row), "reason"].item())


def reason_of_llm(world: World, cells: str, **changes: Any) -> str:
    """Why one more LLM, with scores as good as any, is left out."""
    scores = "new-7B,MMLU,0.6,acc,5,false,paper,own-run,\nnew-7B,BBH,0.5,em,3,true,paper,own-run,\n"
    chosen = select(study(**changes), world(llms=f"new-7B,{cells}\n", scores=scores))
    assert "new-7B" not in set(chosen.llms.index) | set(chosen.scores["llm"])
    assert reason(chosen, "scores", 13) != ""
    return reason(chosen, "llms", 8)


def reason_of_score(world: World, row: str, **changes: Any) -> str:
    """Why one more score row is left out."""
    return reason(select(study(**changes), world(scores=row + "\n")), "scores", 13)


# LLMs


def test_targets_come_in_order_of_release(world: World) -> None:
    llms = select(study(), world()).llms
    assert list(llms.index) == ["a-7B", "Ref-MoE", "b-7B"]
    assert llms.index.name == "llm"


def test_reference_members_are_the_plain_dense_ones_and_no_targets(world: World) -> None:
    chosen = select(study(), world())
    assert list(chosen.reference_llms.index) == ["Ref-1B", "Ref-7B"]  # released before the window
    assert "Ref-MoE" in chosen.llms.index
    assert reason(chosen, "llms", 5) == "domain code"


def test_a_ladder_needs_no_reference_llms(world: World) -> None:
    chosen = select(study(reference=LADDER), world())
    assert chosen.reference_llms.empty
    assert reason(chosen, "llms", 2) == "released before 2023-01-01"


@pytest.mark.parametrize(("rule", "size"), [("total", 16e9), ("active", 4e9), ("geometric-mean", 8e9)])
def test_size_of_sparse_llms_follows_the_rule(world: World, rule: str, size: float) -> None:
    assert select(study(llms__size=rule), world()).llms.at["Ref-MoE", "size"] == pytest.approx(size)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ("2024-01-01,7e9,,N,dense,instruct,general,none,yes", "stage instruct"),
        ("2024-01-01,7e9,,N,dense,base,math,none,yes", "domain math"),
        ("2024-01-01,7e9,,N,dense,base,general,pruned,yes", "compression pruned"),
        ("2024-01-01,7e9,,N,dense,base,general,none,no", "weights open: no"),
        (",7e9,,N,dense,base,general,none,yes", "no release date"),
        ("2022-12-31,7e9,,N,dense,base,general,none,yes", "released before 2023-01-01"),
    ],
)
def test_llms_are_left_out_by_the_first_rule_they_break(world: World, cells: str, why: str) -> None:
    assert reason_of_llm(world, cells) == why


def test_the_window_has_an_end(world: World) -> None:
    cells = "2025-02-01,7e9,,N,dense,base,general,none,yes"
    assert reason_of_llm(world, cells, llms__released_to="2025-01-31") == "released after 2025-01-31"


def test_llms_are_excluded_by_hand_with_a_reason(world: World) -> None:
    exclude = [{"name": "new-7B", "why": "trained on the test"}]
    cells = "2024-01-01,7e9,,N,dense,base,general,none,yes"
    assert reason_of_llm(world, cells, llms__exclude=exclude) == "excluded by the study: trained on the test"


def test_a_member_excluded_from_the_reference_is_no_target_either(world: World) -> None:
    reference = FAMILY | {"exclude": [{"name": "Ref-7B", "why": "another recipe"}]}
    third = "Ref-3B,MMLU,0.37,acc,5,false,paper,own-run,\n"
    tables = world(llms="Ref-3B,2022-01-01,3e9,,Ref,dense,base,general,none,yes\n", scores=third)
    chosen = select(study(reference=reference, llms__released_from="2020-01-01"), tables)
    assert list(chosen.reference_llms.index) == ["Ref-1B", "Ref-3B"]
    assert "Ref-7B" not in set(chosen.llms.index) | set(chosen.scores["llm"])
    assert reason(chosen, "llms", 2) == "excluded by the study: another recipe"


def test_llms_with_few_benchmarks_go_with_their_scores(world: World) -> None:
    new = "thin-7B,2024-01-01,7e9,,N,dense,base,general,none,yes\n"
    scores = "thin-7B,MMLU,0.6,acc,5,false,paper,own-run,\nthin-7B,BBH,0.5,em,3,true,paper,own-run,suspect\n"
    chosen = select(study(), world(llms=new, scores=scores))
    assert reason(chosen, "llms", 8) == reason(chosen, "scores", 13) == "fewer than 2 of the 2 benchmarks"
    assert reason(chosen, "scores", 14) == "flag suspect"
    assert "thin-7B" in select(study(llms__min_benchmarks=1), world(llms=new, scores=scores)).llms.index


# Scores


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a-7B,PIQA,0.8,acc,0,false,other,own-run,", "benchmark not in the study"),
        ("Ref-Code,BBH,0.3,em,3,true,other,own-run,", "llm not in the study"),
        ("a-7B,MMLU,0.5,acc,5,false,other,copied,", "copied cell (origin)"),
        ("a-7B,MMLU,0.5,acc,5,false,other,own-run,suspect", "flag suspect"),
        ("a-7B,MMLU,0.5,acc,5,false,other,own-run,subset; variant", "flag variant"),
        ("a-7B,MMLU,0.5,acc_norm,5,false,other,own-run,", "metric acc_norm is another protocol than the study's"),
        ("a-7B,BBH,0.4,em,3,false,other,own-run,", "cot false is another protocol than the study's"),
        ("a-7B,MMLU,0.51004,acc,0,false,other,own-run,", "equal value under several harnesses (kept: paper)"),
    ],
)
def test_scores_are_left_out_by_the_first_rule_they_break(world: World, row: str, why: str) -> None:
    assert reason_of_score(world, row) == why


def test_scores_of_unstated_protocol_are_accepted(world: World) -> None:
    assert 13 in select(study(), world(scores="a-7B,MMLU,0.55,,,,own,,\n")).scores.index


def test_flags_that_the_study_does_not_mind_are_accepted(world: World) -> None:
    assert 13 in select(study(), world(scores="a-7B,MMLU,0.55,acc,5,false,own,own-run,subset\n")).scores.index


def test_harnesses_are_excluded_altogether_or_on_one_benchmark(world: World) -> None:
    out = [{"name": "bad", "why": "broken prompt"}]
    row = "a-7B,MMLU,0.5,acc,5,false,bad,own-run,"
    why = "harness bad excluded: broken prompt"
    assert reason_of_score(world, row, scores__exclude_harnesses=out) == why
    assert reason_of_score(world, row, benchmarks__MMLU__exclude_harnesses=out) == why
    elsewhere = study(benchmarks__BBH__exclude_harnesses=out)
    assert 13 in select(elsewhere, world(scores=row + "\n")).scores.index


def test_of_equal_values_the_own_run_is_kept(world: World) -> None:
    rows = "b-7B,BBH,0.7,em,3,true,a,mixed,\nb-7B,BBH,0.7,em,3,true,lab,own-run,\n"
    assert reason(select(study(), world(scores=rows)), "scores", 13).endswith("(kept: lab)")


def test_of_equal_own_runs_the_broader_harness_is_kept(world: World) -> None:
    rows = "b-7B,BBH,0.7,em,3,true,lab,own-run,\nb-7B,BBH,0.7,em,5,true,paper,own-run,\n"
    assert reason(select(study(), world(scores=rows)), "scores", 13).endswith("(kept: paper)")


def test_of_equally_broad_harnesses_the_first_in_the_alphabet_is_kept(world: World) -> None:
    rows = "b-7B,BBH,0.7,em,3,true,z,own-run,\nb-7B,BBH,0.7,em,3,true,y,own-run,\n"
    assert reason(select(study(), world(scores=rows)), "scores", 13).endswith("(kept: y)")


def test_equal_values_may_count_as_two(world: World) -> None:
    row = "a-7B,MMLU,0.51,acc,5,false,other,own-run,\n"
    assert 13 in select(study(scores__collapse_equal=False), world(scores=row)).scores.index


def test_two_protocols_of_one_harness_are_two_scores(world: World) -> None:
    scores = select(study(), world(scores="a-7B,MMLU,0.49,acc,0,false,paper,own-run,\n")).scores
    assert ((scores["llm"] == "a-7B") & (scores["benchmark"] == "MMLU")).sum() == 2


def test_scores_know_their_number_of_items(world: World) -> None:
    scores = select(study(), world()).scores
    assert list(scores.columns) == ["llm", "benchmark", "harness", "score", "n_items", "source"]
    assert set(scores.loc[scores["benchmark"] == "BBH", "n_items"]) == {6511}


# Benchmarks and reference runs


def test_benchmarks_keep_the_order_of_the_study_and_its_floor(world: World) -> None:
    benchmarks = select(study(benchmarks__MMLU__floor=0.2), world()).benchmarks
    assert list(benchmarks.index) == ["MMLU", "BBH"]
    assert list(benchmarks["floor"]) == [0.2, 0.0]
    assert list(benchmarks["chance"]) == [0.25, 0.0]


def test_a_family_study_uses_only_loss_suites(world: World) -> None:
    chosen = select(study(reference=FAMILY | {"loss_suites": ["losses"]}), world())
    assert list(chosen.runs["use"]) == ["loss"]
    assert reason(chosen, "reference_runs", 2) == "suite not in the study"


def test_a_ladder_study_uses_its_runs_by_role_and_benchmark(world: World) -> None:
    chosen = select(study(reference=LADDER), world())
    assert chosen.runs.groupby("use").groups.keys() == {"ladder"}
    assert list(chosen.runs.index) == [2, 3, 4, 5, 7]
    assert reason(chosen, "reference_runs", 6) == "benchmark not in the study"
    assert reason(chosen, "reference_runs", 8) == "role excluded"


def test_runs_are_excluded_by_hand_with_a_reason(world: World) -> None:
    reference = LADDER | {"exclude": [{"name": "s3", "why": "stopped early"}]}
    chosen = select(study(reference=reference), world())
    assert reason(chosen, "reference_runs", 7) == "excluded by the study: stopped early"


def test_trajectories_serve_letter_benchmarks_only(world: World) -> None:
    reference = LADDER | {"trajectories": "long"}
    chosen = select(study(reference=reference, benchmarks__MMLU__map_from="score_multiple_choice"), world())
    assert list(chosen.runs.index[chosen.runs["use"] == "trajectory"]) == [9, 10]
    assert "fitted to 'score'" in reason(chosen, "reference_runs", 11)


# Nothing is dropped silently


@pytest.mark.parametrize("reference", [FAMILY, LADDER])
def test_every_row_is_used_or_accounted_for_once(world: World, reference: dict[str, Any]) -> None:
    tables = world(scores="a-7B,MMLU,0.51,acc,0,false,other,own-run,\n")
    chosen = select(study(reference=reference), tables)
    used = {
        "llms": len(chosen.llms) + len(chosen.reference_llms),
        "scores": len(chosen.scores),
        "reference_runs": len(chosen.runs),
    }
    out = chosen.left_out
    assert not out.duplicated(["table", "row"]).any() and (out["reason"] != "").all()
    for name, count in used.items():
        assert count + (out["table"] == name).sum() == len(getattr(tables, name))


def test_reasons_are_counted_by_table(world: World) -> None:
    rows = "b-7B,BBH,0.61,em,3,true,z,own-run,\na-7B,BBH,0.43,em,3,true,y,own-run,\n"
    counts = select(study(), world(scores=rows)).left_out_counts()
    assert list(counts.columns) == ["table", "reason", "rows"]
    assert counts.set_index("reason").at["equal value under several harnesses", "rows"] == 2


def test_rows_without_an_llm_in_the_table_are_accounted_for(tmp_path: Path) -> None:
    """An own list of LLMs beside the bundled scores narrows the study and says so."""
    (tmp_path / "llms.csv").write_text(LLMS.split("\n")[0] + "\nLlama-2-7B,2023-07-18,7e9,,,,,,,\n")
    tables = read_tables(tmp_path)
    with pytest.raises(UnidentifiedError):
        select(study(reference=LADDER | {"suite": "olmo-ladder"}), tables)


# Requests that cannot be met


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


# Data that cannot answer


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
    said = unidentified(study(llms__released_from="2030-01-01"), world())
    assert re.match(r"no LLM is left to study: .* released before 2030-01-01", said)


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


# The bundled tables


def test_bundled_qwen_is_a_reference_of_eight_sizes() -> None:
    benchmarks = {"MMLU": {"metrics": ["acc"], "cot": ["false"]}, "MATH": {"metrics": ["em"], "cot": ["true"]}}
    chosen = select(study(reference=FAMILY | {"family": "Qwen1.5"}, benchmarks=benchmarks), read_tables())
    assert len(chosen.reference_llms) == 8
    assert np.ptp(np.log10(chosen.reference_llms["size"])) > 2
    assert "Qwen1.5-MoE-A2.7B" not in chosen.reference_llms.index

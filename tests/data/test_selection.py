"""What a study uses, and why every other row is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tables import FAMILY, LADDER, LLMS, World, reason, reason_of_llm, reason_of_score, study

from bayesdensity.base.errors import UnidentifiedError
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, as_of, read_tables
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study


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


def test_types_of_labs_are_left_out_of_targets_and_not_of_the_reference(world: World) -> None:
    """Tables that do not say who trained an LLM have labs of unknown type."""
    cells = "2024-01-01,7e9,,N,dense,base,general,none,yes"
    with pytest.raises(UnidentifiedError, match="lab type unknown"):
        select(study(llms__lab_types=["company"]), world())
    chosen = select(study(llms__lab_types=["unknown"]), world(llms=f"new-7B,{cells}\n"))
    assert len(chosen.llms) == 3 and set(chosen.llms["lab_type"]) == {"unknown"}


def test_an_open_science_llm_is_left_out_by_its_rule() -> None:
    without = load_study("densing-law", {"llms.lab_types": ["company", "academic"]})
    chosen = select(without, read_tables())
    assert set(chosen.llms["lab_type"]) == {"company", "academic"} and len(chosen.reference_llms) == 8
    row = read_tables().llms.query("llm == 'Apertus-70B'").index[0]
    assert reason(chosen, "llms", row) == "lab type open-science"


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


def test_examples_in_the_prompt_count_where_the_study_says_how_many(world: World) -> None:
    row = "a-7B,BBH,0.4,em,0,true,other,own-run,"
    why = "shots 0 is another protocol than the study's"
    assert reason_of_score(world, row, benchmarks__BBH__shots=["3"]) == why
    assert 13 in select(study(), world(scores=row + "\n")).scores.index


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
    assert list(chosen.runs.index[chosen.runs["use"] == "trajectory"]) == [10]
    assert "letter format not learned yet" in reason(chosen, "reference_runs", 9)
    assert "fitted to 'score'" in reason(chosen, "reference_runs", 11)


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


def test_bundled_qwen_is_a_reference_of_eight_sizes() -> None:
    benchmarks = {"MMLU": {"metrics": ["acc"], "cot": ["false"]}, "MATH": {"metrics": ["em"], "cot": ["true"]}}
    chosen = select(study(reference=FAMILY | {"family": "Qwen1.5"}, benchmarks=benchmarks), read_tables())
    assert len(chosen.reference_llms) == 8
    assert np.ptp(np.log10(chosen.reference_llms["size"])) > 2
    assert "Qwen1.5-MoE-A2.7B" not in chosen.reference_llms.index


# Modes, and what is sparse


def _tables(tmp_path: Path, *rows: str) -> Tables:
    """The bundled tables but for LLMs and scores: a family of two sizes, and rows of modes."""
    head = "llm,release_date,params_total,params_active,family,architecture,stage,weights,effort,added"
    own = [head, "Ref-1B,2022-01-01,1e9,,Ref,hybrid,base,,,", "Ref-7B,2022-05-01,7e9,,Ref,dense,base,,,", *rows]
    (tmp_path / "llms.csv").write_text("\n".join(own) + "\n")
    names = [row.split(",")[0] for row in own[1:]]
    scores = [f"{name},MMLU,{0.4 + 0.02 * k:.2f},acc,false" for k, name in enumerate(names)]
    (tmp_path / "scores.csv").write_text("\n".join(["llm,benchmark,score,metric,cot", *scores]) + "\n")
    return read_tables(tmp_path)


def _study(**rules: Any) -> Study:
    llms = {"stage": ["base", "instruct", "reasoning"], "min_benchmarks": 1, **rules}
    changes = {f"llms.{name}": value for name, value in llms.items()}
    reference = {"reference.family": "Ref", "reference.loss_suites": []}
    return load_study("densing-law", {"benchmarks": ["MMLU"], **changes, **reference})


@pytest.mark.parametrize(
    ("stages", "kept"),
    [
        (["base", "instruct", "reasoning"], "One (max)"),
        (["base", "instruct"], "One (plain)"),
    ],
)
def test_of_modes_of_the_same_weights_that_of_most_effort_stands(tmp_path: Path, stages: list[str], kept: str) -> None:
    tables = _tables(
        tmp_path,
        "One (plain),2024-01-01,9e9,,One,dense,instruct,One,,",
        "One (low),2024-01-01,9e9,,One,dense,reasoning,One,low,",
        "One (max),2024-01-01,9e9,,One,dense,reasoning,One,max,",
        "Two (low),2024-02-01,9e9,,Two,dense,reasoning,Two,low,",
        "Two,2024-02-01,9e9,,Two,dense,reasoning,,,",
        "Other,2024-03-01,9e9,,Other,dense,base,,,",
    )
    chosen = select(_study(stage=stages), tables)
    assert kept in chosen.llms.index and sum(name.startswith("One") for name in chosen.llms.index) == 1
    assert "Other" in chosen.llms.index
    reasons = chosen.left_out.set_index("what")["reason"]
    if "reasoning" in stages:
        assert reasons["One (low)"] == reasons["One (plain)"] == "another mode of the same weights (kept: One (max))"
        # Names of weights are of their own: an LLM without one is no mode of another.
        assert {"Two", "Two (low)"} & {*chosen.llms.index} == {"Two"}
    else:
        assert reasons["One (max)"] == "stage reasoning"


def test_an_llm_of_fewer_active_parameters_is_sparse_whatever_it_is_called(tmp_path: Path) -> None:
    tables = _tables(
        tmp_path,
        "Ref-9B-A1B,2024-01-01,9e9,1e9,Ref,hybrid,base,,,",
        "Mixed,2024-02-01,9e9,2e9,Mixed,hybrid,base,,,",
        "Plain,2024-03-01,9e9,,Plain,hybrid,base,,,",
        "Named,2024-04-01,9e9,,Named,moe,base,,,",
    )
    chosen = select(_study(), tables)
    assert list(chosen.reference_llms.index) == ["Ref-1B", "Ref-7B"]  # a hybrid without experts is a member
    kinds = chosen.llms["architecture"].to_dict()
    assert kinds == {"Ref-9B-A1B": "moe", "Mixed": "moe", "Plain": "hybrid", "Named": "moe"}


def test_tables_of_a_day_lack_what_was_added_later(tmp_path: Path) -> None:
    tables = _tables(
        tmp_path,
        "Old,2024-01-01,9e9,,Old,dense,base,,,",
        "New,2024-02-01,9e9,,New,dense,base,,,2026-10-01",
        "Newer,2024-03-01,9e9,,Newer,dense,base,,,2026-11-29",
    )
    assert tables.date == "2026-11-29"
    names = {"": ["Old"], "2026-10-01": ["Old", "New"], "2027-01-01": ["Old", "New", "Newer"]}
    for day, known in names.items():
        earlier = as_of(tables, day)
        assert list(earlier.llms["llm"])[2:] == known and earlier.digest == tables.digest
    assert as_of(tables, "").date == "" and as_of(tables, "2026-10-01").date == "2026-10-01"

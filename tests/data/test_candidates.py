"""Who enters a study, of those who could, by half-year and by type of lab."""

from __future__ import annotations

import pytest
from small_tables import study

from bayesdensity.data.candidates import ALL, entering
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import LAB_TYPES, Study

LLMS = """\
llm,release_date,params_total,family,lab_type,stage
Ref-7B,2022-05-01,7e9,Ref,company,base
Ref-1B,2022-01-01,1e9,Ref,company,base
a-7B,2023-06-30,7e9,A,open-science,base
b-7B,2023-07-01,7e9,B,,base
c-7B,2023-12-31,7e9,C,open-science,base
d-7B,2023-08-01,7e9,D,open-science,base
chat-7B,2023-08-01,7e9,D,company,instruct
old-7B,2022-08-01,7e9,D,company,base
"""
SCORES = """\
llm,benchmark,score
Ref-7B,MMLU,0.46
Ref-1B,MMLU,0.30
Ref-7B,BBH,0.38
Ref-1B,BBH,0.25
a-7B,MMLU,0.51
a-7B,BBH,0.43
b-7B,MMLU,0.64
b-7B,BBH,0.61
c-7B,MMLU,0.55
chat-7B,MMLU,0.55
old-7B,MMLU,0.35
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("small")
    (folder / "llms.csv").write_text(LLMS)
    (folder / "scores.csv").write_text(SCORES)
    return read_tables(folder)


def counted(of: Study, tables: Tables) -> dict[tuple[str, str], tuple[int, int]]:
    """Used and candidates by half-year and type of lab."""
    rows = entering(of, tables, select(of, tables)).itertuples(index=False)
    return {(row.half_year, row.lab_type): (row.used, row.candidates) for row in rows}


def test_candidates_are_counted_by_half_year_and_by_type_of_lab(small: Tables) -> None:
    """Of the four released in the window as base LLMs two have scores on one benchmark at most."""
    assert counted(study(), small) == {
        ("2023 H1", "open-science"): (1, 1),
        ("2023 H2", "open-science"): (0, 2),
        ("2023 H2", "unknown"): (1, 1),
        ("2023 H1", ALL): (1, 1),
        ("2023 H2", ALL): (1, 3),
        (ALL, "open-science"): (1, 3),
        (ALL, "unknown"): (1, 1),
        (ALL, ALL): (2, 4),
    }


def test_without_a_rule_on_the_number_every_candidate_with_a_score_enters(small: Tables) -> None:
    found = counted(study(llms__min_benchmarks=1), small)
    assert found[ALL, ALL] == (3, 4) and found["2023 H2", "open-science"] == (1, 2)


def test_types_of_labs_that_are_left_out_are_no_candidates(small: Tables) -> None:
    found = counted(study(llms__lab_types=["open-science", "company"], llms__min_benchmarks=1), small)
    assert {lab for _, lab in found} == {"open-science", ALL} and found[ALL, ALL] == (2, 3)


def test_bundled_candidates_add_up_to_the_study_and_to_what_it_leaves_out() -> None:
    densing, tables = load_study("densing-law"), read_tables()
    chosen = select(densing, tables)
    found = entering(densing, tables, chosen)
    of_type, of_half = found["lab_type"] != ALL, found["half_year"] != ALL
    total = found[~of_type & ~of_half]
    out = chosen.left_out
    thin = (out["table"] == "llms") & out["reason"].str.startswith("fewer than 3 of the 5")
    assert total["used"].item() == len(chosen.llms)
    assert total["candidates"].item() == len(chosen.llms) + thin.sum()
    for part in (found[of_type & of_half], found[of_type & ~of_half], found[~of_type & of_half]):
        assert part[["used", "candidates"]].sum().to_list() == total[["used", "candidates"]].iloc[0].to_list()
    assert set(found["lab_type"]) <= {ALL, *LAB_TYPES}
    # Labs of open science report other benchmarks early on, and all of these lately.
    cells = found.set_index(["half_year", "lab_type"])
    assert cells.at[("2023 H1", "open-science"), "used"] == 0
    assert cells.at[("2025 H2", "open-science"), "used"] == cells.at[("2025 H2", "open-science"), "candidates"]

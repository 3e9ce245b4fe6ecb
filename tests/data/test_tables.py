"""What the tables promise, and what a user is told about a table that breaks the promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.data.faults import SHOWN, listed
from bayesdensity.data.schemas import SCHEMAS
from bayesdensity.data.tables import BUNDLED, Tables, read_tables, validate_folder

LLMS = "llm,release_date,params_total\nnew-7B,2024-07-18,7e9\n"
SCORES = "llm,benchmark,score\nnew-7B,MMLU,0.61\n"
RUNS = "suite,run,params,tokens,benchmark,loss\nmine,a,1e8,1e10,MMLU,1.2\n"
BENCHMARKS = "benchmark,n_items,chance\nMMLU,14042,0.25\n"


@pytest.fixture(scope="module")
def bundled() -> Tables:
    return read_tables()


def put(folder: Path, **files: str | bytes) -> Path:
    """Write tables, given by name, into a folder."""
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def fault(folder: Path, **files: str | bytes) -> str:
    """Give the one fault of tables that are sound but for what is given."""
    faults = validate_folder(put(folder, **{"llms": LLMS, "scores": SCORES, **files}))
    assert len(faults) == 1, faults
    return faults[0]


# The bundled tables


def test_bundled_tables_carry_every_fact(bundled: Tables) -> None:
    assert len(bundled.llms) == 835
    assert len(bundled.scores) == 13560
    assert bundled.reference_runs["role"].value_counts().to_dict() == {
        "ladder": 596,
        "trajectory": 590,
        "anchor": 30,
        "excluded": 5,
    }
    assert set(bundled.benchmarks["benchmark"]) == {
        *bundled.scores["benchmark"],
        *bundled.reference_runs["benchmark"],
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_bundled_row_names_its_source(bundled: Tables, name: str) -> None:
    assert (getattr(bundled, name)["source"] != "").all()


def test_recollected_numbers_keep_their_mark(bundled: Tables) -> None:
    assert bundled.llms["note"].str.contains("unverified").sum() > 50
    assert "unverified" in bundled.benchmarks.set_index("benchmark").at["TriviaQA", "note"]


def test_llms_without_a_date_stay_in_the_table(bundled: Tables) -> None:
    assert bundled.llms["release_date"].isna().sum() == 5


def test_shots_are_whole_numbers_or_words(bundled: Tables) -> None:
    assert {shots for shots in bundled.scores["shots"] if not shots.isdigit()} == {"", "few"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_bundled_files_are_diff_friendly(name: str) -> None:
    content = (BUNDLED / f"{name}.csv").read_bytes()
    assert b"\r" not in content and content.endswith(b"\n") and content.isascii()


def test_row_is_the_line_of_the_file(bundled: Tables) -> None:
    lines = (BUNDLED / "scores.csv").read_text().splitlines()
    for row in (2, 3000, 13483):
        assert lines[row - 1].startswith(bundled.scores.at[row, "llm"] + ",")


def test_tables_are_typed(bundled: Tables) -> None:
    assert bundled.llms["release_date"].dtype == "datetime64[ns]"
    assert bundled.scores["score"].dtype == float
    assert bundled.benchmarks["answer_is_letter"].dtype == bool
    assert np.isnan(bundled.benchmarks.set_index("benchmark").at["MassiveText", "n_items"])


def test_importing_the_data_package_is_cheap() -> None:
    code = "import sys, bayesdensity.data; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=BUNDLED.parents[1], check=False).returncode == 0


# A user's own tables


def test_few_columns_are_enough(tmp_path: Path) -> None:
    folder = put(tmp_path, llms=LLMS, scores=SCORES, reference_runs=RUNS, benchmarks=BENCHMARKS)
    tables = read_tables(folder, fill_from_bundled=False)
    llm = tables.llms.iloc[0]
    assert (llm["family"], llm["params_active"], llm["stage"]) == ("new-7B", 7e9, "base")
    assert (llm["domain"], llm["compression"], llm["weights_open"]) == ("general", "none", "yes")
    assert llm["lab_type"] == "unknown"
    score = tables.scores.iloc[0]
    assert (score["harness"], score["origin"], score["metric"], score["cot"]) == ("own", "own-run", "", "")
    assert tables.reference_runs.iloc[0]["role"] == "ladder"
    assert not tables.benchmarks.iloc[0]["answer_is_letter"]


def test_an_empty_cell_means_what_an_absent_column_means(tmp_path: Path) -> None:
    folder = put(tmp_path, llms="llm,release_date,params_total,params_active,stage\na,2024-01-01,7e9,,\n")
    llm = read_tables(folder).llms.iloc[0]
    assert (llm["params_active"], llm["stage"]) == (7e9, "base")


def test_own_table_replaces_the_bundled_one_as_a_whole(tmp_path: Path, bundled: Tables) -> None:
    tables = read_tables(put(tmp_path, scores="llm,benchmark,score\nLlama-2-7B,MMLU,0.46\n"))
    assert len(tables.scores) == 1
    pd.testing.assert_frame_equal(tables.llms, bundled.llms)


def test_own_list_of_llms_is_fine_beside_bundled_scores(tmp_path: Path) -> None:
    assert validate_folder(put(tmp_path, llms=LLMS)) == []


def test_without_bundled_tables_everything_but_runs_is_needed(tmp_path: Path) -> None:
    put(tmp_path, llms=LLMS, scores=SCORES)
    with pytest.raises(InputError, match=r"lacks benchmarks\.csv; add it"):
        read_tables(tmp_path, fill_from_bundled=False)
    put(tmp_path, benchmarks=BENCHMARKS)
    assert read_tables(tmp_path, fill_from_bundled=False).reference_runs.empty


def test_extra_columns_are_kept_of_llms_and_ignored_elsewhere(tmp_path: Path) -> None:
    """What more is known of LLMs may be a covariate of a study."""
    folder = put(tmp_path, llms="llm,release_date,params_total,colour\na,2024-01-01,7e9,red\n")
    assert read_tables(folder).llms["colour"].tolist() == ["red"]
    (folder / "benchmarks.csv").write_text("benchmark,n_items,chance,colour\nMMLU,14042,0.25,red\n")
    assert "colour" not in read_tables(folder).benchmarks


def test_digest_follows_contents_not_line_ends(tmp_path: Path, bundled: Tables) -> None:
    assert len(bundled.digest) == 12
    first = read_tables(put(tmp_path, llms=LLMS)).digest
    assert first != bundled.digest
    assert read_tables(put(tmp_path, llms=LLMS.replace("\n", "\r\n"))).digest == first
    assert read_tables(put(tmp_path, llms=LLMS.replace("7e9", "8e9"))).digest != first


def test_a_spreadsheets_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert validate_folder(put(tmp_path, llms=b"\xef\xbb\xbf" + LLMS.encode())) == []


# Faults of values


def test_percentages_are_recognised(tmp_path: Path) -> None:
    assert fault(tmp_path, scores="llm,benchmark,score\nnew-7B,MMLU,73.2\n") == (
        "scores.csv row 2: score 73.2 for llm 'new-7B' on 'MMLU' is outside [0, 1]; "
        "if these are percentages, divide by 100."
    )


@pytest.mark.parametrize("value", ["73.2%", "n/a", "inf", "nan"])
def test_scores_must_be_numbers(tmp_path: Path, value: str) -> None:
    sentence = fault(tmp_path, scores=f"llm,benchmark,score\nnew-7B,MMLU,{value}\n")
    assert sentence.startswith(f"scores.csv row 2: score {value} for llm 'new-7B' on 'MMLU' is not a number; write")


def test_an_empty_score_is_a_fault(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores="llm,benchmark,score\nnew-7B,MMLU,\n")
    assert sentence == "scores.csv row 2: score for llm 'new-7B' on 'MMLU' is empty; every row needs it."


@pytest.mark.parametrize("value", ["0", "-7e9", "7"])
def test_sizes_are_parameter_counts(tmp_path: Path, value: str) -> None:
    sentence = fault(tmp_path, llms=LLMS.replace("7e9", value))
    assert sentence.startswith(f"llms.csv row 2: params_total {value} of llm 'new-7B' is no number of parameters")
    assert "multiply by 1e9" in sentence


def test_active_parameters_are_some_of_all(tmp_path: Path) -> None:
    sentence = fault(tmp_path, llms="llm,release_date,params_total,params_active\nnew-7B,2024-01-01,7e9,9e9\n")
    assert sentence.startswith("llms.csv row 2: params_active is larger than params_total of llm 'new-7B'; swap them")


@pytest.mark.parametrize("value", ["18/07/2024", "2024-07", "20240718", "2024-02-30", "July 2024"])
def test_dates_are_iso_days(tmp_path: Path, value: str) -> None:
    sentence = fault(tmp_path, llms=f"llm,release_date,params_total\nnew-7B,{value},7e9\n")
    assert sentence == (
        f"llms.csv row 2: release_date {value} of llm 'new-7B' is not a date; write it like 2024-07-18."
    )


@pytest.mark.parametrize(
    ("name", "header", "row", "told"),
    [
        ("llms", "llm,release_date,params_total,stage", "new-7B,2024-01-01,7e9,chat", "stage 'chat' of llm 'new-7B'"),
        (
            "llms",
            "llm,release_date,params_total,lab_type",
            "new-7B,2024-01-01,7e9,startup",
            "lab_type 'startup' of llm 'new-7B'",
        ),
        ("scores", "llm,benchmark,score,cot", "new-7B,MMLU,0.6,maybe", "cot 'maybe' for llm 'new-7B' on 'MMLU'"),
        (
            "reference_runs",
            RUNS.split("\n")[0] + ",role",
            "s,r,1e8,1e10,MMLU,1,rung",
            "role 'rung' of run 'r' on 'MMLU'",
        ),
        (
            "benchmarks",
            "benchmark,n_items,chance,answer_is_letter",
            "MMLU,9,0.2,A",
            "answer_is_letter 'A' of benchmark",
        ),
    ],
)
def test_words_come_from_a_short_list(tmp_path: Path, name: str, header: str, row: str, told: str) -> None:
    sentence = fault(tmp_path, **{name: f"{header}\n{row}\n"})
    assert sentence.startswith(f"{name}.csv row 2: {told}") and "is not one of" in sentence


def test_words_may_be_in_capitals(tmp_path: Path) -> None:
    folder = put(tmp_path, llms=LLMS, scores="llm,benchmark,score,cot\nnew-7B,MMLU,0.5,TRUE\n")
    assert read_tables(folder).scores.iloc[0]["cot"] == "true"


def test_a_run_measures_something(tmp_path: Path) -> None:
    sentence = fault(tmp_path, reference_runs=RUNS.replace("1.2", ""))
    assert sentence.startswith("reference_runs.csv row 2: there is neither loss nor score of run 'a' on 'MMLU'; give")


def test_only_trajectories_start_at_zero_tokens(tmp_path: Path) -> None:
    zero = RUNS.replace("1e10", "0")
    assert "tokens is 0" in fault(tmp_path, reference_runs=zero)
    put(tmp_path, reference_runs=zero.replace("loss\n", "loss,role\n").replace("1.2\n", "1.2,trajectory\n"))
    assert validate_folder(tmp_path) == []


def test_a_name_may_not_be_empty(tmp_path: Path) -> None:
    assert fault(tmp_path, llms=LLMS + ",2024-01-01,7e9\n") == "llms.csv row 3: llm is empty; every row needs it."


# Faults between rows and between tables


def test_an_llm_is_listed_once(tmp_path: Path) -> None:
    sentence = fault(tmp_path, llms=LLMS + "new-7B,2024-08-01,8e9\n")
    assert sentence == "llms.csv row 3: repeats row 2 (same llm); delete one of them."


def test_a_measurement_is_listed_once(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores=SCORES + "new-7B,MMLU,0.7\n")
    assert sentence.startswith("scores.csv row 3: repeats row 2 (same llm, benchmark")


def test_another_protocol_is_another_measurement(tmp_path: Path) -> None:
    scores = "llm,benchmark,score,shots\nnew-7B,MMLU,0.6,0\nnew-7B,MMLU,0.61,5\n"
    assert validate_folder(put(tmp_path, llms=LLMS, scores=scores)) == []


def test_scores_are_of_listed_llms(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores="llm,benchmark,score\nnew-7b,MMLU,0.6\nnew-7b,BBH,0.5\n")
    assert sentence == (
        "scores.csv row 2, 3: llm 'new-7b' is not in llms.csv; "
        "did you mean 'new-7B', which is the same but for upper and lower case?"
    )


@pytest.mark.parametrize(("name", "table"), [("scores", SCORES), ("reference_runs", RUNS)])
def test_benchmarks_are_listed(tmp_path: Path, name: str, table: str) -> None:
    sentence = fault(tmp_path, **{name: table.replace("MMLU", "MMMLU")})
    assert sentence.startswith(f"{name}.csv row 2: benchmark 'MMMLU' is not in benchmarks.csv; did you mean 'MMLU'?")


# Faults of files


def test_missing_columns_are_named(tmp_path: Path) -> None:
    assert fault(tmp_path, scores="llm,benchmark\nnew-7B,MMLU\n") == (
        "scores.csv: has no column 'score'; it needs llm, benchmark, score."
    )


def test_a_misspelt_optional_column_is_not_ignored(tmp_path: Path) -> None:
    sentence = fault(tmp_path, llms="llm,release_date,params_total,Family\nnew-7B,2024-01-01,7e9,new\n")
    assert sentence == "llms.csv: has an unknown column 'Family'; did you mean 'family'?"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"llm,benchmark,score\n", "has a header but no rows"),
        (b"llm,benchmark,score\n\xff\xfe,MMLU,0.5\n", "is not UTF-8 text (byte 20)"),
        (b"llm;benchmark;score\na;MMLU;0.5\n", "has no commas in its header"),
        (b'llm,benchmark,score\n"a"b,MMLU,0.5\n', "is not CSV"),
        (b"llm,benchmark,score,score\nnew-7B,MMLU,0.5,0.5\n", "has column 'score' twice"),
        (b"llm,benchmark,score\nnew-7B,MMLU,0.5,0.6\n", "has 4 cells under a header of 3"),
    ],
)
def test_illegible_files_are_explained(tmp_path: Path, content: bytes, told: str) -> None:
    sentence = fault(tmp_path, scores=content)
    assert sentence.startswith("scores.csv") and told in sentence


def test_rows_are_counted_over_blank_lines_and_line_breaks_in_quotes(tmp_path: Path) -> None:
    scores = 'llm,benchmark,score,note\nnew-7B,MMLU,0.5,"two\nlines"\n\nnew-7B,BBH,50,\n'
    assert fault(tmp_path, scores=scores).startswith("scores.csv row 5: score 50 ")


def test_a_missing_or_unrelated_folder_is_explained(tmp_path: Path) -> None:
    assert "no such folder" in validate_folder(tmp_path / "nowhere")[0]
    assert "holds none of llms.csv, scores.csv" in validate_folder(tmp_path)[0]


def test_all_faults_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    put(
        tmp_path,
        llms="llm,release_date,params_total\na,2024-13-01,-1\n",
        scores="llm,benchmark,score\nb,NONE,12\n",
        benchmarks="benchmark,n_items,chance\nMMLU,0,25\n",
    )
    with pytest.raises(InputError) as raised:
        read_tables(tmp_path)
    lines = str(raised.value).splitlines()
    places = [line.split(":")[0] for line in lines]
    assert places == ["llms.csv row 2"] * 2 + ["scores.csv row 2"] * 3 + ["benchmarks.csv row 2"] * 2


def test_one_kind_of_fault_is_one_line_with_its_number_of_rows(tmp_path: Path) -> None:
    rows = "".join(f"new-7B,MMLU,{50 + row},{row}\n" for row in range(200))
    sentence = fault(tmp_path, scores="llm,benchmark,score,shots\n" + rows)
    assert sentence.startswith("scores.csv row 2, 3, 4 and 197 more: score 50 for llm 'new-7B' on 'MMLU' is outside")


def test_a_flood_of_faults_is_cut_and_counted() -> None:
    lines = listed([f"fault {number}" for number in range(200)]).splitlines()
    assert len(lines) == SHOWN + 1 and lines[-1] == "... and 150 more faults."

"""What a user is told about tables as they are found: units, names, words, columns and files, each kind in one line."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayesdensity.base.errors import InputError
from bayesdensity.data.runs import read_runs
from bayesdensity.data.tables import Tables, origins, read_tables, validate_folder

LLMS = "llm,release_date,params_total\nnew-7B,2024-07-18,7e9\n"
SCORES = "llm,benchmark,score\nnew-7B,MMLU,0.61\n"
RUNS = "suite,run,params,tokens,benchmark,loss\nmine,a,1e8,1e10,MMLU,1.2\n"
BENCHMARKS = "benchmark,n_items,chance\nMMLU,14042,0.25\n"
HEAD = "llm,release_date,params_total"


@pytest.fixture(scope="module")
def bundled() -> Tables:
    return read_tables()


def faults(folder: Path, **files: str) -> list[str]:
    """The faults of tables that are sound but for what is given."""
    for name, content in {"llms": LLMS, "scores": SCORES, **files}.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return validate_folder(folder)


def fault(folder: Path, **files: str) -> str:
    (sentence,) = faults(folder, **files)
    return sentence


def of_cell(folder: Path, table: str, column: str, cell: str) -> str:
    """The fault of one cell in a table that is sound otherwise."""
    sound = {"llms": LLMS, "scores": SCORES, "reference_runs": RUNS, "benchmarks": BENCHMARKS}[table].splitlines()
    header, row = (line.split(",") for line in sound)
    if column not in header:
        header, row = [*header, column], [*row, ""]
    row[header.index(column)] = '"' + cell.replace('"', '""') + '"'
    return fault(folder, **{table: ",".join(header) + "\n" + ",".join(row) + "\n"})


# Numbers and dates


@pytest.mark.parametrize(
    ("table", "column", "cell", "told"),
    [
        ("llms", "params_total", "13B", "is not a number; write 13e9."),
        ("llms", "params_total", "412M", "write 412e6."),
        ("llms", "params_total", "8x22B", "write 176e9 (8 x 22e9), less what the experts share"),
        ("llms", "params_total", "7_000_000_000", "write 7000000000, without separators"),
        ("llms", "params_total", "7,000,000,000", "write 7000000000, without separators"),
        ("llms", "params_total", "0x1A2B3C", "write it in decimal digits"),
        ("llms", "params_total", "1e308", "at most 1e14"),
        ("llms", "params_total", "1e999", "at most 1e14"),
        ("llms", "params_total", "inf", "is not a number; write it like 7e9"),
        ("llms", "params_total", "1300", "in millions, multiply by 1e6; in billions, by 1e9"),
        ("llms", "train_tokens", "15", "multiply by 1e9; in trillions, by 1e12"),
        ("llms", "train_tokens", "15T", "write 15e12."),
        ("llms", "train_tokens", "unknown", "write it like 1.5e13, or leave the cell empty"),
        ("scores", "score", "77.0%", "write 0.770, without the % and divided by 100"),
        ("scores", "score", "0,5", "write 0.5, with a decimal point"),
        ("scores", "score", "1.234,5", "write 1234.5, with a decimal point"),
        ("scores", "shots", "-5", "write a whole number from 0 on or a word"),
        ("scores", "shots", "5-shot", "write 5"),
        ("benchmarks", "n_items", "1e308", "is no number of items (1 to 1e8)"),
        ("benchmarks", "n_items", "99.5", "is no whole number"),
        ("reference_runs", "loss", "60.1", "take the logarithm if these are perplexities"),
        ("reference_runs", "loss", "nan", "the run diverged; leave the run out, or give it the role 'excluded'"),
        ("reference_runs", "tokens", "1e3", "is no number of training tokens (at least 1e6)"),
        ("llms", "release_date", "2203-02-24", "lies in the future"),
        ("llms", "release_date", str(date.today() + timedelta(days=400)), "lies in the future"),
        ("llms", "release_date", "1998-02-24", "lies before language models"),
        ("llms", "release_date", "0024-07-18", "lies before language models"),
    ],
)
def test_numbers_and_dates_have_bounds_and_a_remedy(
    tmp_path: Path, table: str, column: str, cell: str, told: str
) -> None:
    sentence = of_cell(tmp_path, table, column, cell)
    assert sentence.startswith(f"{table}.csv row 2: {column} ") and cell in sentence and told in sentence


def test_a_run_that_diverged_may_stay_on_record(tmp_path: Path) -> None:
    run = RUNS.replace("loss\n", "loss,role\n").replace("1.2\n", "nan,excluded\n")
    assert faults(tmp_path, reference_runs=run) == []


def test_units_of_losses_may_be_short(tmp_path: Path) -> None:
    run = RUNS.replace("loss\n", "loss,loss_unit\n").replace("1.2\n", "1.2,nats\n")
    assert faults(tmp_path, reference_runs=run) == []
    assert set(read_tables(tmp_path).reference_runs["loss_unit"]) == {"nats_per_token"}


# Names


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("new\x1b[2J", r"llm 'new\x1b[2J' has the control character \x1b; delete it"),
        ("new\x007B", r"llm 'new\x007B' has the control character \x00"),
        ("new\n7B", r"llm 'new\x0a7B' has a line break (\x0a)"),
        ("a\u200bb", "has the invisible character U+200B (ZERO WIDTH SPACE)"),
        ("a\u2009b", "has the space U+2009 (THIN SPACE)"),
        ("a" * 201, "has 201 characters; shorten it to 200 at most"),
    ],
)
def test_names_are_of_letters_that_are_seen(tmp_path: Path, name: str, told: str) -> None:
    sentence = fault(tmp_path, llms=f'{LLMS}"{name}",2024-07-18,7e9\n')
    assert sentence.startswith("llms.csv row 3: llm ") and told in sentence and sentence.isprintable()


@pytest.mark.parametrize(
    ("twin", "unlike"),
    [("NEW-7b", "upper and lower case"), ("new\u20117B", "U+2011"), ("new  7B", ""), ("new\uff0d7B", "U+FF0D")],
)
def test_names_that_look_the_same_are_one_name_or_a_fault(tmp_path: Path, twin: str, unlike: str) -> None:
    name = "new 7B" if not unlike else "new-7B"
    llms = LLMS.replace("new-7B", name)
    assert "spelling" in fault(tmp_path, llms=f"{llms}{twin},2024-07-18,7e9\n", scores=SCORES.replace("new-7B", name))
    sentence = fault(tmp_path, llms=llms, scores=SCORES.replace("new-7B", twin))
    assert f"did you mean '{name}', which is the same but for {unlike or 'spaces'}" in sentence


def test_blanks_that_nobody_sees_are_no_difference(tmp_path: Path) -> None:
    llms = LLMS.replace("new-7B", "new 7B\u00e9")
    assert faults(tmp_path, llms=llms, scores=SCORES.replace("new-7B", "new\u00a07Be\u0301\u00a0")) == []


def test_the_name_that_differs_by_case_is_meant_first(tmp_path: Path) -> None:
    llms = LLMS + "Lima-7B,2024-07-18,7e9\nLLIMA-7B,2024-07-18,7e9\n"
    told = "\n".join(faults(tmp_path, llms=llms, scores=SCORES + "Llima-7B,mmlu,0.5\n"))
    assert "did you mean 'LLIMA-7B'" in told and "did you mean 'MMLU'" in told


# Words


def test_flags_are_words_of_the_list_or_ones_own_but_no_slips(tmp_path: Path) -> None:
    flagged = "llm,benchmark,score,flag\nnew-7B,MMLU,0.6,"
    assert faults(tmp_path, scores=f"{flagged}suspect; mine\n") == []
    assert read_tables(tmp_path).scores.iloc[0]["flag"] == "suspect;mine"
    assert "did you mean 'suspect'?" in fault(tmp_path, scores=f"{flagged}SUSPECT\n")
    assert "did you mean 'suspect'?" in fault(tmp_path, scores=f"{flagged}suspct\n")
    assert "did you mean 'suspect;variant'?" in fault(tmp_path, scores=f'{flagged}"suspect, variant"\n')


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a,2024-01-01,7e9,b\nb,2024-01-01,7e9,a\n", "row 2, 3: parent: 'a' from 'b' from 'a' is a circle"),
        ("a,2024-01-01,7e9,a\n", "row 2: parent: 'a' from 'a' is a circle"),
        ("a,2022-01-01,7e9,b\nb,2024-01-01,7e9,\n", "released on 2024-01-01, after its child (2022-01-01)"),
        ("a,2024-01-01,7e9,Zeus-One\n", "row 2: parent 'Zeus-One' is not in llms.csv; add a row for it, or leave"),
        ("a,2024-01-01,7e9,llama-2-7b\n", "did you mean 'Llama-2-7B', which is the same but for upper"),
    ],
)
def test_parents_are_known_and_older(tmp_path: Path, rows: str, told: str) -> None:
    assert told in fault(tmp_path, llms=f"{HEAD},parent\n{rows}", scores=SCORES.replace("new-7B", "a"))


def test_repeated_scores_are_averaged_and_not_thrown_away(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores=SCORES + "new-7B,MMLU,0.62\n")
    assert "average" in sentence and "source or harness" in sentence and "delete" not in sentence


# Columns and files


def test_columns_of_public_tables_are_recognised(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores="Model,MMLU,BBH\nnew-7B,0.6,0.5\n")
    assert "has no columns 'llm', 'benchmark', 'score'" in sentence and "Rename 'Model' to llm" in sentence
    assert "'MMLU', 'BBH' are benchmarks: write one row for each llm and benchmark" in sentence
    assert "Rename 'Accuracy' to score" in fault(tmp_path, scores=SCORES.replace("score", "Accuracy"))
    assert "Rename 'Model Size' to params_total" in fault(tmp_path, llms=LLMS.replace("params_total", "Model Size"))


def test_empty_columns_of_a_spreadsheet_are_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, scores=SCORES.replace("\n", ",,,\n")) == []
    sentence = fault(tmp_path, scores="llm,benchmark,score,\nnew-7B,MMLU,0.6,7\n")
    assert sentence.startswith("scores.csv row 2: has a value under the empty header of column 4")


def test_decimal_commas_are_recognised_in_what_they_split(tmp_path: Path) -> None:
    sentence = fault(tmp_path, scores=SCORES.replace("0.61", "0,61"))
    assert "has 4 cells under a header of 3" in sentence and "decimal point (0.61)" in sentence


@pytest.mark.parametrize("name", ["score.csv", "Scores.csv", "scores.CSV", "scores.csv.txt", "scroes.csv"])
def test_a_slip_of_the_name_of_a_table_is_no_bundled_table(tmp_path: Path, name: str) -> None:
    (tmp_path / "llms.csv").write_text(LLMS)
    (tmp_path / name).write_text(SCORES)
    assert validate_folder(tmp_path) == [f"{name} is not read; did you mean scores.csv?"]
    with pytest.raises(InputError, match="did you mean"):
        read_tables(tmp_path)


def test_what_is_no_file_is_no_bundled_table(tmp_path: Path) -> None:
    (tmp_path / "llms.csv").write_text(LLMS)
    (tmp_path / "scores.csv").mkdir()
    os.mkfifo(tmp_path / "benchmarks.csv")
    (tmp_path / "reference_runs.csv").symlink_to(tmp_path / "nowhere")
    told = validate_folder(tmp_path)
    assert [one.split(":")[0] for one in told] == ["scores.csv", "reference_runs.csv", "benchmarks.csv"]
    assert "a folder" in told[0] and "a link to nothing" in told[1] and "a pipe" in told[2]


def test_folders_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder, told in (("nowhere", "no such folder"), ("a" * 5000, "no such folder"), ("file", "is a file")):
        (sentence,) = validate_folder(tmp_path / folder)
        assert told in sentence and len(sentence) < 400


def test_it_is_said_which_tables_are_bundled(tmp_path: Path) -> None:
    assert faults(tmp_path) == [] and read_tables(tmp_path).own == ("llms", "scores")
    told = "Tables read from the folder: llms.csv, scores.csv; bundled: reference_runs.csv, benchmarks.csv, prices.csv."
    assert origins(tmp_path) == told


def test_many_faulty_rows_are_told_soon(tmp_path: Path) -> None:
    rows = "".join(f"new-7B,MMLU,60.5,s{k}\n" for k in range(20_000))
    faults(tmp_path)
    start = time.process_time()
    assert len(faults(tmp_path, scores="llm,benchmark,score,source\n" + rows)) == 1
    assert time.process_time() - start < 3


# Files of runs


@pytest.mark.parametrize(
    ("content", "law", "told"),
    [
        (
            "params,tokens,loss\n" + "1e8,1e10,3\n" * 2 + "2e8,1e10,2.9\n" * 2,
            None,
            "2 groups of runs have",
        ),
        ("params,tokens,loss\n1e10,1e8,3\n2e10,1e8,2.9\n", None, "training tokens per parameter"),
        (
            "Model Size,Training FLOP,loss\n1e8,1e19,3\n",
            None,
            "'Model Size' to params, 'Training FLOP' to flops",
        ),
        ("params,loss\n1e8,3\n", "chinchilla", "has no column 'tokens'"),
    ],
)
def test_runs_are_told_apart_and_in_their_units(
    tmp_path: Path, bundled: Tables, content: str, law: str | None, told: str
) -> None:
    (tmp_path / "mine.csv").write_text(content)
    with pytest.raises(InputError, match=told):
        read_runs(str(tmp_path / "mine.csv"), bundled, law=law)


def test_a_law_asks_only_for_the_columns_it_reads(tmp_path: Path, bundled: Tables) -> None:
    for column, law in (("params", "size"), ("tokens", "data"), ("flops", "compute")):
        (tmp_path / "mine.csv").write_text(
            f"{column},loss\n1e18,3\n" if law == "compute" else f"{column},loss\n1e9,3\n"
        )
        assert len(read_runs(str(tmp_path / "mine.csv"), bundled, law=law).fitted) == 1


# Whatever is in a cell

ODD = st.sampled_from(
    [
        *(
            "",
            "nan",
            "inf",
            "1e308",
            "-1e999",
            "1_000",
            "0x1F",
            "0,5",
            "1.234,5",
            "13B",
            "8x22B",
            "77.0%",
            "2203-01-01",
        ),
        *("-5", "0000-00-00", "\x00", "\x1b[2J", "a\u200bb", "\u2011", "a" * 300, '"', "a\nb", "\ud7ff", ";", "suspct"),
        *("\u0660", "2024-07-18", "new-7B", "MMLU", "0.5", "7e9"),
    ]
)
CELL = st.one_of(ODD, st.text(max_size=12), st.floats().map(str), st.integers().map(str))


@settings(
    max_examples=settings.default.max_examples * 3 // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_cells_are_read_or_refused_in_printable_sentences(tmp_path: Path, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(["llms", "scores", "reference_runs", "benchmarks"]))
    sound = {"llms": LLMS, "scores": SCORES, "reference_runs": RUNS, "benchmarks": BENCHMARKS}[table]
    header = sound.splitlines()[0].split(",")
    if data.draw(st.booleans()):
        header += data.draw(st.lists(CELL, max_size=3))
    rows = data.draw(st.lists(st.lists(CELL, min_size=len(header), max_size=len(header)), min_size=1, max_size=4))
    content = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [header, *rows])
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / f"{table}.csv").write_bytes(content.encode("utf-8", "surrogatepass"))
    told = validate_folder(tmp_path)
    assert all(sentence.isprintable() for sentence in told)
    if not told:
        read_tables(tmp_path)

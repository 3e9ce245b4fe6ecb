"""Adding: what was added is read back, nothing is lost, and what is refused leaves every file as it was."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from described import json_of, text_of

from bayesdensity.base.errors import InputError
from bayesdensity.data.adding import Added, Llm, add
from bayesdensity.data.selection import select
from bayesdensity.data.tables import BUNDLED, read_tables
from bayesdensity.render.sections import adding as section
from bayesdensity.study.load import load_study

MINE = Llm("Mine-8B", 8.2e9, released="2026-06-01", organization="Us, Ltd", family="Mine")
SCORES = {"MMLU": 0.769, "BBH": 0.78, "MATH": 0.61}
TODAY = pd.Timestamp(date.today())


def added(folder: Path, llm: Llm = MINE, scores: dict[str, float] | None = None, **about: Any) -> Added:
    return add(folder, llm, SCORES if scores is None else scores, **{"source": "a report", **about})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    added(tmp_path / "mine")
    return tmp_path / "mine"


def test_what_was_added_is_read_back(folder: Path) -> None:
    tables = read_tables(folder)
    llm, scores = tables.llms.iloc[0], tables.scores.set_index("benchmark")
    assert (llm["llm"], llm["params_total"], llm["params_active"], llm["organization"]) == (
        *("Mine-8B", 8.2e9, 8.2e9),
        "Us, Ltd",
    )
    assert llm["release_date"] == pd.Timestamp("2026-06-01") and llm["added"] == TODAY and llm["source"] == "a report"
    assert scores["score"].to_dict() == SCORES and (scores["added"] == TODAY).all()
    assert tables.date == f"{TODAY:%Y-%m-%d}"


def test_a_study_of_the_bundled_tables_uses_the_llm_and_every_score(tmp_path: Path) -> None:
    folder, study = tmp_path / "all", load_study("densing-law")
    added(folder, with_bundled=True)
    before, after = (select(study, tables) for tables in (read_tables(), read_tables(folder)))
    assert set(after.llms.index) - set(before.llms.index) == {"Mine-8B"}
    assert len(after.scores) == len(before.scores) + len(SCORES)


def test_rows_above_stay_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    added(folder, with_bundled=True)
    for name in ("llms.csv", "scores.csv"):
        assert (folder / name).read_bytes().startswith((BUNDLED / name).read_bytes())


def test_an_llm_that_is_there_gets_further_scores(folder: Path) -> None:
    more = added(folder, Llm("Mine-8B"), {"MBPP": 0.6})
    assert more.llms.empty and len(more.scores) == 1
    tables = read_tables(folder)
    assert len(tables.llms) == 1 and set(tables.scores["benchmark"]) == {*SCORES, "MBPP"}


def test_bundled_llms_get_scores_without_a_table_of_llms(tmp_path: Path) -> None:
    added(tmp_path / "mine", Llm("Llama-2-7B"), {"MMLU": 0.46})
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["scores.csv"]


def test_what_a_protocol_leaves_open_stays_open(folder: Path) -> None:
    scores = read_tables(folder).scores.set_index("benchmark")
    assert scores.loc["BBH", "metric"] == "em" and scores.loc["MATH", "cot"] == "true"
    assert scores.loc["MMLU", "metric"] == ""
    told = added(folder, Llm("Mine-8B"), {"MMLU": 0.7}, harness="other", protocol={"metric": "f1"}).protocols
    assert "another than that of the studies" in told["MMLU"] and "cot false (assumed)" in told["MMLU"]


def test_columns_that_a_table_lacks_are_added_and_its_line_ends_kept(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "llms.csv").write_bytes(b'\xef\xbb\xbfllm,release_date,params_total,Remark\r\nOld,2025-01-01,7e9,"a, b"')
    (folder / "scores.csv").write_bytes(b"llm,benchmark,score\r\nOld,MMLU,0.5\r\n")
    added(folder)
    first, *rows = (folder / "llms.csv").read_bytes().decode("utf-8-sig").splitlines()
    assert first.startswith("llm,release_date,params_total,Remark,") and rows[0].startswith(
        'Old,2025-01-01,7e9,"a, b",'
    )
    assert (folder / "llms.csv").read_bytes().count(b"\r\n") == 3
    assert set(read_tables(folder).llms["llm"]) == {"Old", "Mine-8B"}


def test_adds_at_the_same_time_lose_nothing(folder: Path) -> None:
    names = [f"Other-{k}" for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: added(folder, MINE._replace(name=name)), names))
    tables = read_tables(folder)
    assert set(tables.llms["llm"]) == {"Mine-8B", *names}
    assert len(tables.scores) == 9 * len(SCORES)
    assert sorted(contents(folder)) == ["llms.csv", "scores.csv"]


REFUSED: list[tuple[Llm, dict[str, float], dict[str, Any], str]] = [
    (MINE, SCORES, {}, "would count twice"),
    (MINE, {"MMLU": 0.7}, {}, "repeats row 2"),
    (MINE._replace(params=8e9), {"MBPP": 0.5}, {}, "with params_total '8200000000', not '8000000000'"),
    (MINE._replace(name="mine-8b"), {"MBPP": 0.5}, {}, "upper and lower case"),
    (Llm("Mine-9B"), {"MBPP": 0.5}, {}, r"Did you mean 'Mine-8B'\? A new LLM needs --params and --released"),
    (Llm("Mine-8B"), {"MMLUU": 0.5}, {}, "Did you mean 'MMLU'"),
    (Llm("Mine-8B"), {"MBPP": 60.0}, {}, r"A per cent\? Write 0.6"),
    (Llm("Mine-8B"), {"MBPP": float("nan")}, {}, "a share of the items"),
    (Llm("Mine-8B"), {}, {}, "no score"),
    (Llm("Mine-8B"), {"MBPP": 0.5}, {"source": " "}, "source is empty"),
    (Llm("Mine-8B"), {"MBPP": 0.5}, {"protocol": {"cot": "perhaps"}}, "is not one of"),
    (MINE._replace(name="New", released="soon"), SCORES, {}, "write a date"),
    (MINE._replace(name="New", released=f"{date.today() + timedelta(2)}"), SCORES, {}, "in the future"),
    (MINE._replace(name="New", active=9e9), SCORES, {}, "params_active is larger"),
    (MINE._replace(name="New", stage="finished"), SCORES, {}, "is not one of"),
]


@pytest.mark.parametrize(("llm", "scores", "about", "said"), REFUSED)
def test_what_is_refused_leaves_every_file_as_it_was(
    folder: Path, llm: Llm, scores: dict[str, float], about: dict[str, Any], said: str
) -> None:
    before = contents(folder)
    with pytest.raises(InputError, match=said):
        added(folder, llm, scores, **about)
    assert contents(folder) == before


def test_a_folder_that_was_made_for_what_is_refused_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no benchmark"):
        added(tmp_path / "new", scores={"Nothing": 0.5})
    with pytest.raises(InputError, match="--with-bundled begins with a copy"):
        (tmp_path / "half").mkdir()
        (tmp_path / "half" / "scores.csv").write_text("llm,benchmark,score\nLlama-2-7B,MMLU,0.46\n")
        added(tmp_path / "half")
    assert not (tmp_path / "new").exists() and list(contents(tmp_path / "half")) == ["scores.csv"]


def test_where_one_file_cannot_be_written_neither_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, move = contents(folder), os.replace

    def full(part: Path, path: Path) -> None:
        if path.name == "scores.csv":
            raise OSError(28, "No space left on device")
        move(part, path)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        added(folder, MINE._replace(name="New"))
    assert contents(folder) == before


def test_a_table_with_the_needed_columns_alone_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "llms.csv").write_text("llm,release_date,params_total,mine\nold-7B,2024-07-18,7e9,x\n")
    (tmp_path / "scores.csv").write_text("llm,benchmark,score\nold-7B,MMLU,0.61\n")
    found = added(tmp_path)
    assert "Mine-8B" in text_of(section, found) and json_of(section, found)["llms"][0]["llm"] == "Mine-8B"
    assert set(read_tables(tmp_path).llms["llm"]) == {"old-7B", "Mine-8B"}


def test_a_file_that_seems_to_be_the_table_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    (tmp_path / "llm.csv").write_text("llm,release_date,params_total\nold-7B,2024-07-18,7e9\n")
    with pytest.raises(InputError, match=r"llm\.csv is not read; did you mean llms\.csv\?"):
        added(tmp_path)
    (tmp_path / "llm.csv").unlink()
    added(tmp_path)


def test_a_link_to_a_table_stays_a_link(tmp_path: Path) -> None:
    (there := tmp_path / "there").mkdir()
    (here := tmp_path / "here").mkdir()
    (there / "llms.csv").write_text("llm,release_date,params_total\nold-7B,2024-07-18,7e9\n")
    (here / "llms.csv").symlink_to("../there/llms.csv")
    added(here)
    assert (here / "llms.csv").is_symlink() and "Mine-8B" in (there / "llms.csv").read_text()

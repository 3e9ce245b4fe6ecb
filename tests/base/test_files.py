"""Files are written whole or not at all, through no planted name, and a place that will not do is known before."""

from __future__ import annotations

import io
import os
import secrets
import stat
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import alone, alone_in, csv_text, writable, writable_folder, write_together, write_whole

LONG = "n" * 300
NAMES = ("fit.nc", f"{'a' * 240}.html", "ä" * 120, "-o", "mit leer.csv")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Written whole


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_whole_under_any_name_with_usual_permissions(name: str, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        for content in (b"one", b"two", b"three"):
            write_whole(tmp_path / name, content)
            assert (tmp_path / name).read_bytes() == content
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640
    assert names(tmp_path) == [name]


def test_file_and_folder_are_brought_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = list[bool]()
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
    write_whole(tmp_path / "fit.nc", b"x")
    assert synced == [False, True]


def test_a_planted_name_is_not_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can foresee the name; where somebody did, what it points to stays as it is."""
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "0" * 16)
    planted = tmp_path / f".fit.nc.{'0' * 16}.part"
    planted.symlink_to(target)
    with pytest.raises(InputError, match=r"cannot write there \(File exists\)"):
        write_whole(tmp_path / "fit.nc", b"theirs")
    assert target.read_text() == "mine"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_stops_the_writing_leaves_the_old_file_and_no_part(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fit.nc").write_bytes(b"old")

    def stop(_: Any) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises((InputError, KeyboardInterrupt)) as raised:
        write_whole(tmp_path / "fit.nc", b"new")
    assert isinstance(raised.value, KeyboardInterrupt) or "(No space left on device)" in str(raised.value)
    assert names(tmp_path) == ["fit.nc"] and (tmp_path / "fit.nc").read_bytes() == b"old"


def test_parts_of_killed_runs_are_removed_and_no_others(tmp_path: Path) -> None:
    old, new = f".fit.nc.{'a' * 16}.part", f".fit.nc.{'b' * 16}.part"
    kept = (new, f".other.nc.{'a' * 16}.part", ".fit.nc.mine.part", "fit.nc.part")
    for name in (old, ".fit.nc.4711.part", *kept):
        (tmp_path / name).touch()
        if name != new:
            os.utime(tmp_path / name, (time.time() - 4000,) * 2)
    write_whole(tmp_path / "fit.nc", b"x")
    assert names(tmp_path) == sorted(["fit.nc", *kept])


# Places that will not do

PLACES = [
    ("folder", r"folder: cannot write there \(is a folder\)"),
    ("missing/fit.nc", "missing"),
    ("file/fit.nc", "file"),
    (LONG, r"File name too long"),
    (f"{LONG}/fit.nc", "nnn"),
    ("pipe", "no regular file"),
    ("loop/fit.nc", "loop"),
]


@pytest.fixture
def places(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return tmp_path


@pytest.mark.parametrize(("name", "said"), PLACES)
@pytest.mark.parametrize("refuse", [writable, lambda path: write_whole(path, b"x")])
def test_a_file_that_cannot_be_written_is_refused_and_nothing_left(
    refuse: Any, name: str, said: str, places: Path
) -> None:
    before = names(places)
    with pytest.raises(InputError, match=said) as raised:
        refuse(places / name)
    assert "-o" in str(raised.value) and "\n" not in str(raised.value)
    assert names(places) == before


@pytest.mark.parametrize("name", ["file", "missing/results", "file/results", LONG, "pipe", "loop"])
def test_a_folder_that_cannot_be_written_is_refused(name: str, places: Path) -> None:
    before = names(places)
    with pytest.raises(InputError):
        writable_folder(places / name)
    assert names(places) == before


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), PermissionError(13, "Permission denied")])
def test_what_the_system_says_of_a_place_is_said(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    for ask in (writable, writable_folder, lambda path: write_whole(path, b"x")):
        with pytest.raises(InputError, match=rf"cannot write there \({error.strerror}\); choose another place"):
            ask(tmp_path / "fit.nc")


def test_a_place_that_will_do_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.nc").write_bytes(b"old")
    for name in (*NAMES, "old.nc"):
        writable(tmp_path / name)
    writable_folder(tmp_path)
    writable_folder(tmp_path / "new")
    monkeypatch.chdir(tmp_path)
    writable(Path("fit.nc"))
    writable_folder(Path())
    writable_folder(Path("new"))
    assert names(tmp_path) == ["old.nc"]


def test_two_do_not_write_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with alone(path) as file:
        file.write(b"mine")
        with pytest.raises(InputError, match="another run is writing there"), alone(path):
            pass
    with alone(path) as file:
        file.seek(0)
        assert file.read() == b"mine"


# Tables

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"]


def test_two_do_not_change_one_folder(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another run is writing there")
    with alone_in(tmp_path), refused, alone_in(tmp_path, patience=0.1):
        pass
    with alone_in(tmp_path, patience=0.1):
        assert names(tmp_path) == []


def test_files_that_go_together_are_written_all_or_none(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes(b"one")
    write_together({old: b"two", new: b"two"})
    assert (old.read_bytes(), new.read_bytes()) == (b"two", b"two")
    with pytest.raises(InputError, match="cannot write there"):
        write_together({old: b"three", tmp_path / "nowhere" / "x.csv": b"three"})
    assert old.read_bytes() == b"two" and names(tmp_path) == ["new.csv", "old.csv"]


def test_files_moved_before_one_that_cannot_be_are_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, last = (tmp_path / name for name in ("old.csv", "new.csv", "last.csv"))
    old.write_bytes(b"one")
    move = os.replace

    def not_the_last(part: Path, path: Path) -> None:
        if path == last:
            raise OSError(5, "Input/output error")
        move(part, path)

    monkeypatch.setattr(os, "replace", not_the_last)
    with pytest.raises(InputError, match="Input/output error"):
        write_together({old: b"two", new: b"two", last: b"two"})
    assert old.read_bytes() == b"one" and names(tmp_path) == ["old.csv"]


def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe() -> None:
    table = pd.DataFrame({"llm": FORMULAS, "density": -1.5}, index=pd.Index(FORMULAS, name="name"))
    for index in (True, False):
        back = pd.read_csv(io.StringIO(csv_text(table, index=index), newline=""), lineterminator="\n")
        assert back["llm"].tolist() == [f"'{text}" for text in FORMULAS]
        assert (back["density"] == -1.5).all()
    assert back.columns.tolist() == ["llm", "density"]
    twice = table.set_index([table.index, "llm"])
    assert not [line for line in csv_text(twice).split("\n") if line.startswith(("=", "+", "-", "@"))]
    assert table["llm"].tolist() == FORMULAS, "the table itself stays as it is"


def test_numbers_and_other_texts_stay_as_they_are() -> None:
    table = pd.DataFrame(
        {
            "shown": ["-1.2 [-3.4, 0.1]", "+5%", "-3"],
            "llm": ["a=b", "'=1", "gpt-2"],
            "n": [1, -2, 3],
            "mixed": [1, None, "x"],
            "flag": [True, False, True],
            "x": [-0.5, np.nan, np.inf],
        }
    )
    assert csv_text(table) == table.to_csv(float_format="%.6g", lineterminator="\n")

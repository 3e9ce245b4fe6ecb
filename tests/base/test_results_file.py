"""A file of results loses no line but one that is damaged, and is written by one run at a time."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engine_jobs import IDENTITY, begins, begun, expected, jobs, run

from bayesdensity.base import engine
from bayesdensity.base.errors import InputError

NAME = "results.jsonl"


BAD = [
    b"not a result",
    b"[]",
    b'{"draws": [1.0]}',
    b'{"key": 3, "draws": [1.0]}',
    b"\xff\xfe\x00",
    bytes(50),
    b'{"key": "job-1", "draws": [1.0, 2',
    b"[" * 10**5,
    b'{"key": "job-1", "draws": ' + b"9" * 5000 + b"}",
    b'{"key": "job-1"}',
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_bad_line_costs_that_line_and_not_the_file(
    bad: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    todo, path = jobs(3), tmp_path / NAME
    run(tmp_path, todo, workers=1)
    header, first, _, last = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([header, first, bad, last, b""]))
    with ThreadPoolExecutor(1) as executor:
        found = run(tmp_path, todo, executor=executor, whole=lambda row: "draws" in row)
    assert found == expected(todo)
    assert begins(tmp_path) == {"job-0": 1, "job-1": 2, "job-2": 1}
    assert f"{path}: line 3 cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [b"{", b'{"ru', b'{"run": {"wha', b'{"run":{"wha'])
def test_a_header_that_a_kill_cut_short_is_begun_anew(
    cut: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / NAME
    path.write_bytes(cut)
    assert engine.finished(path, IDENTITY) == {}
    assert path.read_bytes() == cut, "who only asks changes nothing"
    with ThreadPoolExecutor(1) as executor:
        assert run(tmp_path, jobs(2), executor=executor) == expected(jobs(2))
    assert path.read_text().startswith(json.dumps({"run": IDENTITY}) + "\n")
    assert "begun anew" in capsys.readouterr().err


def test_a_second_run_into_the_same_place_is_refused(tmp_path: Path) -> None:
    def meanwhile(*_: int) -> None:
        with pytest.raises(InputError, match=r"another run is writing there"):
            run(tmp_path, jobs(3))

    with ThreadPoolExecutor(1) as executor:
        assert run(tmp_path, jobs(2), executor=executor, progress=meanwhile) == expected(jobs(2))
        assert run(tmp_path, jobs(3), executor=executor) == expected(jobs(3))


def test_who_asks_what_is_there_cuts_nothing_off_a_run_that_writes(tmp_path: Path) -> None:
    path = tmp_path / NAME
    run(tmp_path, jobs(2), workers=1)
    half = path.read_bytes() + b'{"key": "job-2", "dr'
    path.write_bytes(half)
    assert list(engine.finished(path, IDENTITY)) == ["job-0", "job-1"]
    assert path.read_bytes() == half


def test_a_disk_that_is_full_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        if begun(tmp_path):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with ThreadPoolExecutor(1) as executor, pytest.raises(InputError, match=r"\(No space left on device\)"):
        run(tmp_path, jobs(1), executor=executor)

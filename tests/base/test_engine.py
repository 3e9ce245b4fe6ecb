"""Jobs give the same on any executor, are done once, and survive the death of workers and of the run."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine_jobs import ALWAYS, IDENTITY, begins, begun, expected, jobs, never_made, run, until

from bayesdensity.base import engine
from bayesdensity.base.engine import Job
from bayesdensity.base.errors import InputError

NAME = "results.jsonl"
DASK = pytest.param("dask", marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Dask scheduler with two workers of one thread."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=":0",
        silence_logs="CRITICAL",
        local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as cluster:
        yield cluster.scheduler_address


def rows(folder: Path) -> list[dict[str, Any]]:
    """Whole lines of the file after its header."""
    path = folder / NAME
    content = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()[1:]]


def errors(results: list[dict[str, Any]]) -> dict[str, str]:
    return {row["key"]: row["error"] for row in results if "error" in row}


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    try:  # one that ended but that nobody asked about is dead
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def started(folder: Path, call: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process and a group of its own; nothing of it is left after the test."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            # A suite that runs in the background passes on that interrupts are ignored.
            "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            f"from pathlib import Path\nfrom engine_jobs import *\nrun(Path({str(folder)!r}), {call})",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield parent
    finally:
        for process in (parent.pid, *{one.process for one in begun(folder)}):
            if alive(process) and (process == parent.pid or os.getpgid(process) == parent.pid):
                os.kill(process, signal.SIGKILL)
        parent.communicate()


# Seeds


def test_seeds_are_the_same_in_every_run_and_version() -> None:
    assert engine.seeds(7, 3) == [600562731, 1809491585, 1915825222]


def test_more_jobs_leave_the_first_seeds_as_they_are() -> None:
    assert engine.seeds(7, 50)[:20] == engine.seeds(7, 20)
    assert engine.seeds(7, 0) == []


def test_seeds_differ_between_jobs_and_between_roots_and_fit_a_sampler() -> None:
    found = engine.seeds(7, 500) + engine.seeds(8, 500)
    assert len(set(found)) == 1000
    assert all(type(seed) is int and 0 <= seed < 2**31 for seed in found)


# Executors


def test_values_may_be_made_when_a_job_is_handed_out_and_not_for_what_is_done(tmp_path: Path) -> None:
    handed: list[str] = []

    def late(job: Job) -> Job:
        return job._replace(values=lambda: handed.append(job.key) or job.values)

    todo = jobs(3)
    run(tmp_path, todo[:1])
    found = run(tmp_path, [late(job) for job in todo], workers=1)
    assert found == expected(todo) and handed == ["job-1", "job-2"]


@pytest.mark.parametrize("where", ["one process", "two processes", "threads", DASK])
def test_results_are_the_same_and_in_the_order_of_jobs_on_any_executor(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    todo = jobs(7, {0: {"sleep": 0.5, "meet": where != "one process"}}, sleep=0.01)
    if where == "threads":
        with ThreadPoolExecutor(3) as executor:
            found = run(tmp_path, todo, executor=executor)
    elif where == "dask":
        with engine.cluster(request.getfixturevalue("dask")) as executor:
            found = run(tmp_path, todo, executor=executor)
    else:
        found = run(tmp_path, todo, workers=1 if where == "one process" else 2)
    assert found == expected(todo)
    in_order_of_jobs = [row["key"] for row in rows(tmp_path)] == [job.key for job in todo]
    assert in_order_of_jobs == (where == "one process"), "the first job takes longest, and others do not wait for it"
    processes = {one.process for one in begun(tmp_path)}
    assert len(processes) == {"one process": 1, "threads": 1}.get(where, 2)
    assert (os.getpid() in processes) == (where == "threads")


@pytest.mark.parametrize("where", ["processes", "threads", DASK])
def test_a_worker_is_prepared_once(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    todo = jobs(8, {0: {"meet": 1}}, sleep=0.05)
    if where == "threads":
        with ThreadPoolExecutor(4) as executor:
            run(tmp_path, todo, executor=executor)
    elif where == "dask":
        with engine.cluster(request.getfixturevalue("dask")) as executor:
            run(tmp_path, todo, executor=executor)
    else:
        run(tmp_path, todo)
    assert len(begun(tmp_path)) == 8
    prepared = {(one.process, one.made) for one in begun(tmp_path)}
    assert len(prepared) == len({process for process, _ in prepared}) == (1 if where == "threads" else 2)
    if where == "processes":
        assert {made for _, made in prepared} == {1}


def test_a_worker_that_other_runs_used_is_prepared_anew(tmp_path: Path) -> None:
    """Of what they shared, nothing is left."""
    one, other = tmp_path / "one", tmp_path / "other"
    with ThreadPoolExecutor(1) as executor:
        for folder in (one, other):
            folder.mkdir()
            run(folder, jobs(2), executor=executor)
    assert begins(one) == begins(other) == {"job-0": 1, "job-1": 1}
    assert begun(other)[0].made == begun(one)[0].made + 1


def test_progress_is_told_from_what_was_there_to_the_end(tmp_path: Path) -> None:
    told = list[tuple[int, int]]()
    with ThreadPoolExecutor(1) as executor:
        run(tmp_path, jobs(2), executor=executor)
        run(tmp_path, jobs(5), executor=executor, progress=lambda *at: told.append(at))
    assert told == [(2, 5), (3, 5), (4, 5), (5, 5)]


# The file


def test_the_file_has_a_header_and_a_line_for_each_result(tmp_path: Path) -> None:
    todo = jobs(3)
    run(tmp_path, todo, workers=1)
    content = (tmp_path / NAME).read_text()
    assert [json.loads(line) for line in content.splitlines()] == [{"run": IDENTITY}, *expected(todo)]
    assert content.endswith("\n")


def test_a_result_is_in_the_file_before_the_next_is_waited_for(tmp_path: Path) -> None:
    seen = list[int]()
    with ThreadPoolExecutor(1) as executor:
        run(tmp_path, jobs(3), executor=executor, progress=lambda *_: seen.append(len(rows(tmp_path))))
    assert seen == [0, 1, 2, 3]


def test_a_run_that_is_complete_does_nothing_anew(tmp_path: Path) -> None:
    todo = jobs(3)
    first = run(tmp_path, todo, workers=1)
    before = (tmp_path / NAME).read_bytes()
    assert run(tmp_path, todo, workers=1) == first == expected(todo)
    assert (tmp_path / NAME).read_bytes() == before
    assert begins(tmp_path) == {job.key: 1 for job in todo}


def test_only_jobs_that_were_added_are_done(tmp_path: Path) -> None:
    run(tmp_path, jobs(2), workers=1)
    assert run(tmp_path, jobs(5), workers=1) == expected(jobs(5))
    assert run(tmp_path, jobs(3), workers=1) == expected(jobs(3)), "fewer are asked for than the file has"
    assert begins(tmp_path) == {job.key: 1 for job in jobs(5)}


@pytest.mark.parametrize("cut", [1, 20])
def test_a_torn_last_line_is_cut_off_and_its_job_done_again(cut: int, tmp_path: Path) -> None:
    todo, path = jobs(3), tmp_path / NAME
    run(tmp_path, todo, workers=1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert run(tmp_path, todo, workers=1) == expected(todo)
    assert path.read_bytes() == whole
    assert begins(tmp_path) == {"job-0": 1, "job-1": 1, "job-2": 2}


def test_a_run_that_was_killed_before_it_wrote_anything_begins_anew(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    assert run(tmp_path, jobs(2), workers=1) == expected(jobs(2))
    assert (tmp_path / NAME).read_text().startswith('{"run": ')


def test_a_job_that_fails_costs_no_other_and_is_tried_again_by_the_next_run(tmp_path: Path) -> None:
    todo = jobs(4, {1: {"fail": 2}})
    others = [row for row in expected(todo) if row["key"] != "job-1"]
    for again in (1, 2):
        found = run(tmp_path, todo, workers=1)
        assert errors(found) == {"job-1": f"ValueError: told to fail, {again}"}
        assert [row for row in found if "error" not in row] == others
        assert [row["key"] for row in found] == [job.key for job in todo]
        assert errors(rows(tmp_path)) == errors(found)
    assert run(tmp_path, todo, workers=1) == run(tmp_path, todo, workers=1) == expected(todo)
    assert begins(tmp_path) == {"job-0": 1, "job-1": 3, "job-2": 1, "job-3": 1}


def test_a_result_that_cannot_travel_is_an_error_of_its_job(tmp_path: Path) -> None:
    todo = jobs(3, {1: {"odd": True}})
    found = run(tmp_path, todo, workers=1)
    assert list(errors(found)) == ["job-1"]
    assert found[::2] == expected(todo)[::2]


def test_a_worker_that_cannot_be_prepared_is_an_error_of_its_jobs(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        found = engine.run(never_made, "it", jobs(2), path=tmp_path / NAME, identity=IDENTITY, executor=executor)
    assert errors(found) == {f"job-{i}": "ArithmeticError: cannot prepare it" for i in range(2)}


@pytest.mark.parametrize("torn", [b"", b'{"key": "job-1", "dra'])
@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"seed": 2}, "seed"),
        ({"settings": {"draws": 4}}, "settings"),
        ({"settings": {"draws": 4}, "study": "toys"}, "settings and study"),
        ({"world": "flat"}, "world"),
    ],
)
def test_a_file_of_another_run_is_refused_and_left_as_it_is(
    other: dict[str, Any], differs: str, torn: bytes, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_bytes(json.dumps({"run": IDENTITY}).encode() + b'\n{"key": "job-0", "draws": [1.0]}\n' + torn)
    before = path.read_bytes()
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}: .*\(its {differs} differ\)"):
        run(tmp_path, jobs(2), identity=IDENTITY | other)
    assert path.read_bytes() == before
    assert not begun(tmp_path)


def test_what_json_does_not_tell_apart_makes_no_other_run(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        run(tmp_path, jobs(2), executor=executor, identity={"levels": (0.5, 0.9), "seed": 1})
        assert run(tmp_path, jobs(2), executor=executor, identity={"levels": (0.5, 0.9), "seed": 1}) == expected(
            jobs(2)
        )
        with pytest.raises(InputError, match=r"\(its seed differ\)"):
            run(tmp_path, jobs(2), executor=executor, identity={"levels": (0.5, 0.9), "seed": 2})


@pytest.mark.parametrize(
    "content",
    [
        b"llm,score\na,1\n",
        b"llm,score\na,1",
        b'{"study": "toy"}\n',
        b'{"study": "toy"}',
        b'{"run": 3}\n',
        b"[1, 2]\n",
        b"\n",
        b"\x89HDF\r\n\x1a\n\xff\xfe",
        b'{"run": {"study": "toy", "se\n{"key": "job-0", "draws": [1.0]}\n',
    ],
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{re.escape(str(path))}: holds no results of a run"):
        run(tmp_path, jobs(2))
    assert path.read_bytes() == content
    assert not begun(tmp_path)


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for place in ("missing/results.jsonl", "file/results.jsonl", "folder"):
        path = tmp_path / place
        with pytest.raises(InputError, match=f"{re.escape(str(path))}: cannot write there"):
            engine.run(never_made, "it", jobs(1), path=path, identity=IDENTITY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot write there"):
        run(tmp_path, jobs(1))


def test_processes_are_replaced_after_so_many_jobs(tmp_path: Path) -> None:
    todo = jobs(5)
    assert run(tmp_path, todo, workers=1, lifetime=2) == expected(todo)
    assert list(Counter(one.process for one in begun(tmp_path)).values()) == [2, 2, 1]


# Workers that die


def test_a_job_whose_worker_died_once_is_done_again(tmp_path: Path) -> None:
    todo = jobs(5, {1: {"die": 1}})
    assert run(tmp_path, todo) == expected(todo)
    assert begins(tmp_path)["job-1"] == 2
    assert rows(tmp_path) and not errors(rows(tmp_path))


def test_a_job_that_always_kills_its_worker_costs_no_other(tmp_path: Path) -> None:
    """Nor a neighbour that was under way each time."""
    todo = jobs(4, {0: {"die": ALWAYS, "meet": 2}, 1: {"hang": 2, "meet": 2}})
    found = run(tmp_path, todo)
    assert list(errors(found)) == ["job-0"]
    assert "its worker died 3 times" in found[0]["error"]
    assert found[1:] == expected(todo)[1:]
    assert begins(tmp_path)["job-0"] == engine.MOST_BREAKS
    assert begins(tmp_path)["job-1"] == engine.MOST_BREAKS, "the test shows nothing if no neighbour died"


def test_two_jobs_that_always_kill_their_worker_are_both_found(tmp_path: Path) -> None:
    todo = jobs(4, {0: {"die": ALWAYS}, 2: {"die": ALWAYS}})
    found = run(tmp_path, todo, workers=1)
    assert list(errors(found)) == ["job-0", "job-2"]
    assert found[1::2] == expected(todo)[1::2]
    assert begins(tmp_path) == {"job-0": 3, "job-1": 1, "job-2": 3, "job-3": 1}


def test_an_interrupt_of_a_worker_is_not_its_own_to_handle(tmp_path: Path) -> None:
    """Else a job would see the one that a terminal sends to all processes, and might count as failed."""
    todo = jobs(3, {1: {"interrupt": True}})
    try:
        found = run(tmp_path, todo, workers=1)
    except KeyboardInterrupt:
        pytest.fail("the interrupt came back as what the job gave")
    assert found == expected(todo)
    assert len({one.process for one in begun(tmp_path)}) == 1


# Dask


def test_an_address_that_is_none_is_refused_at_once_and_by_name() -> None:
    """Dask would wait for what it began when the process ends: 20 seconds."""
    pytest.importorskip("distributed")
    script = (
        "from bayesdensity.base import engine, errors\n"
        "for address in ('nowhere', '127.0.0.1', 'odd://127.0.0.1:8786'):\n"
        "    try:\n        engine.cluster(address).__enter__()\n"
        "    except errors.InputError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=15, check=True)
    said = "--cluster {}: no Dask scheduler answers there; start one with 'dask scheduler'."
    assert done.stdout.splitlines() == [said.format(name) for name in ("nowhere", "127.0.0.1", "odd://127.0.0.1:8786")]
    assert done.stderr == ""


@pytest.mark.slow
def test_an_address_where_nothing_listens_is_refused_by_name() -> None:
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with (
            pytest.raises(InputError, match=f"--cluster {address}: no Dask scheduler answers"),
            engine.cluster(address),
        ):
            pass


def test_a_cluster_without_dask_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=re.escape("bayesdensity[cluster]")), engine.cluster("127.0.0.1:8786"):
        pass


@pytest.mark.slow
def test_killing_a_worker_of_dask_loses_nothing(dask: str, tmp_path: Path) -> None:
    todo, killed = jobs(10, {4: {"hang": 1}}, sleep=0.05), list[int]()

    def kill(*_: int) -> None:
        hanging = [one.process for one in begun(tmp_path) if one.key == "job-4"]
        if hanging and not killed:
            killed.extend(hanging)
            os.kill(hanging[0], signal.SIGKILL)

    with engine.cluster(dask) as executor:
        assert run(tmp_path, todo, executor=executor, progress=kill) == expected(todo)
    first, second = [one.process for one in begun(tmp_path) if one.key == "job-4"]
    assert killed == [first] and second != first
    assert Counter(row["key"] for row in rows(tmp_path)) == {job.key: 1 for job in todo}


@pytest.mark.slow
def test_a_job_that_always_kills_its_worker_of_dask_costs_no_other(dask: str, tmp_path: Path) -> None:
    todo = jobs(10, {3: {"die": ALWAYS}}, sleep=0.05)
    with engine.cluster(dask) as executor:
        found = run(tmp_path, todo, executor=executor)
    assert list(errors(found)) == ["job-3"]
    assert found[3]["error"].startswith("KilledWorker")
    assert [row for row in found if "error" not in row] == [row for row in expected(todo) if row["key"] != "job-3"]


# Runs that die


@pytest.mark.parametrize("after", [1, 5])
def test_a_run_that_was_killed_goes_on_where_it_was(after: int, tmp_path: Path) -> None:
    todo = jobs(16)
    with started(tmp_path, "jobs(16, sleep=0.2)") as parent:
        assert until(lambda: len(rows(tmp_path)) >= after or parent.poll() is not None)
        parent.kill()
        assert parent.wait(10) == -signal.SIGKILL
        workers = {one.process for one in begun(tmp_path)}
        assert until(lambda: not any(map(alive, workers)), 10)
    kept, began = {row["key"] for row in rows(tmp_path)}, set(begins(tmp_path))
    assert after <= len(kept) < 16
    assert len(began - kept) <= 2, "as many jobs as workers are lost"
    assert run(tmp_path, todo) == expected(todo)
    assert Counter(row["key"] for row in rows(tmp_path)) == {job.key: 1 for job in todo}
    assert {key for key, count in begins(tmp_path).items() if count > 1} == began - kept


@pytest.mark.parametrize("how", ["killed", "interrupted", "interrupted with its workers"])
def test_a_run_that_is_stopped_ends_soon_with_its_workers_and_keeps_its_results(how: str, tmp_path: Path) -> None:
    with started(tmp_path, "jobs(5, {3: {'hang': 1}, 4: {'hang': 1}})") as parent:
        assert until(lambda: (len(rows(tmp_path)) == 3 and len(begun(tmp_path)) == 5) or parent.poll() is not None)
        workers = {one.process for one in begun(tmp_path)}
        assert len(workers) == 2 and all(map(alive, workers))
        if how == "interrupted with its workers":  # as a terminal does it
            os.killpg(parent.pid, signal.SIGINT)
        else:
            parent.send_signal(signal.SIGKILL if how == "killed" else signal.SIGINT)
        said = parent.communicate(timeout=10)[1]
        assert parent.returncode == -(signal.SIGKILL if how == "killed" else signal.SIGINT)
        assert said.count("KeyboardInterrupt") == (how != "killed"), said
        assert until(lambda: not any(map(alive, workers)), 10)
    assert sorted(row["key"] for row in rows(tmp_path)) == ["job-0", "job-1", "job-2"]
    assert run(tmp_path, jobs(5)) == expected(jobs(5))
    assert begins(tmp_path) == {"job-0": 1, "job-1": 1, "job-2": 1, "job-3": 2, "job-4": 2}

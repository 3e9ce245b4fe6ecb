"""Many jobs of one kind on any executor: prepared once in each worker, written down as they finish, resumed.

What a job gives depends on its own values and seed alone, so that results are the same whatever the executor, the
number of workers and the order in which jobs finish.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import pickle
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import alone, append
from bayesdensity.base.format import enumerated
from bayesdensity.base.progress import say

MOST_BREAKS = 3
"""How often a job may have been under way when a worker died, before it counts as failed; the last time alone."""
NO_SCHEDULER = "--cluster {}: no Dask scheduler answers there; start one with 'dask scheduler'."


class Job(NamedTuple):
    """One piece of work."""

    key: str
    """Tells it from the others of a run."""
    seed: int
    values: Any = None
    """What else it needs, or a function that makes it when the job is handed out; small, for it travels."""


Make = Callable[[Any], Callable[[Job], dict[str, Any]]]
"""Prepares a worker: from what all jobs share to a function that does one. It must be importable by name."""
Whole = Callable[[dict[str, Any]], bool]
"""Whether a result has what its readers take from it."""
HEADER = b'{"run":'
"""How a file of results begins."""
UNREADABLE = (ValueError, RecursionError)
"""What a text that is no JSON raises."""


def seeds(root: int, count: int) -> list[int]:
    """A seed for each job from one root seed; the first ones do not depend on how many there are."""
    children = np.random.SeedSequence(root).spawn(count)
    return [int(child.generate_state(1, np.uint32)[0] >> 1) for child in children]


def run(
    make: Make,
    shared: Any,
    jobs: Sequence[Job],
    *,
    path: Path,
    identity: dict[str, Any],
    executor: Executor | None = None,
    workers: int | None = None,
    lifetime: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    whole: Whole | None = None,
) -> list[dict[str, Any]]:
    """Do jobs, and write each result as a line of JSON as soon as it is there.

    Jobs whose result the file has are not done again, and one that failed is tried anew: a run that was stopped goes
    on where it was. A job that fails, or that was under way whenever workers died, is written down with its error and
    costs no other job. A line of the file that cannot be read costs that line.

    Parameters
    ----------
    make : callable
        Prepares a worker, once: ``make(shared)`` gives the function that does one job.
    shared : object
        What all jobs need; it is pickled.
    jobs : sequence of Job
    path : Path
        File of the results, made if it is not there.
    identity : dict
        What the results depend on, as JSON: a file of another identity is refused.
    executor : concurrent.futures.Executor, optional
        None: a pool of processes, which is set up again when one of them dies.
    workers : int, optional
        Of the pool; None: one for each core.
    lifetime : int, optional
        Jobs, about, after which the processes of a pool are replaced, for those that leave memory taken; None: never.
    progress : callable, optional
        Called with the number of jobs done and of all.
    whole : callable, optional
        Whether a result that the file has is all there; where it is not, its job is done again.

    Returns
    -------
    list of dict
        One for each job, in their order, with its ``key`` and what the job gave, or its ``error``.

    Raises
    ------
    InputError
        If the file holds results of another run, another run is writing there, or nothing can be written there.
    """
    with alone(path) as file:
        done = _resumed(file, path, identity, whole)
        todo = [job for job in jobs if job.key not in done]
        tell = progress or (lambda *_: None)
        finished = len(jobs) - len(todo)
        tell(finished, len(jobs))
        if todo:
            blob = pickle.dumps((make, shared))
            token = hashlib.sha256(blob).hexdigest()
            for key, result in _results(todo, (token, blob), executor, workers or available_cores(), lifetime):
                done[key] = {"key": key, **result}
                append(file, path, json.dumps(done[key]).encode() + b"\n")
                finished += 1
                tell(finished, len(jobs))
    return [done[job.key] for job in jobs]


def finished(path: Path, identity: dict[str, Any], whole: Whole | None = None) -> dict[str, dict[str, Any]]:
    """Results by key that a file has, which need not be there and stays as it is; refused as by `run`.

    Parameters
    ----------
    path : Path
        Named where it cannot be written to, or read.
    identity : dict
        What the run is of.
    whole : callable, optional
        Tells whether a stored result is complete.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); choose another place with -o.") from error
    return _read(content, path, identity, whole)[0]


class Here(Executor):
    """Does jobs one after the other in this process, which may hold what is costly to prepare."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        future = Future[Any]()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_address(address: str) -> None:
    """Refuse what is no address of a scheduler; Dask would wait for what it began when the process ends.

    Raises
    ------
    InputError
        If it is not ``tcp://HOST:PORT``, where ``tcp://`` may be left out, or asks for TLS.
    """
    if not address.strip():
        raise InputError("--cluster: an empty address; give that of a Dask scheduler, such as tcp://HOST:8786.")
    if address.startswith(("tls:", "wss:")):
        raise InputError(f"--cluster {address}: no TLS here; give tcp://HOST:PORT, in a network that you trust.")
    found = re.fullmatch(r"(?:tcp://)?(?:[^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", address, re.A)
    if found is None or not 0 < int(found[1]) < 2**16:
        raise InputError(NO_SCHEDULER.format(address))


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a running Dask scheduler as an executor.

    Raises
    ------
    InputError
        If the address is none, Dask is not installed, or no scheduler answers.
    """
    check_address(address)
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--cluster needs Dask: install bayesdensity[cluster].") from error
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(NO_SCHEDULER.format(address)) from error
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


def _resumed(file: BinaryIO, path: Path, identity: dict[str, Any], whole: Whole | None) -> dict[str, dict[str, Any]]:
    """Results that an open file has; a new one is begun. What a killed run left half written is cut off."""
    file.seek(0)
    content = file.read()
    done, kept, bad = _read(content, path, identity, whole)
    if kept != len(content):  # only now: a file that is not ours stays as it is
        file.truncate(kept)
    if not kept:
        if content:
            say(f"{path}: its first line was cut short; it is begun anew")
        append(file, path, json.dumps({"run": identity}).encode() + b"\n")
    if bad:
        lines = f"line{'s' if len(bad) > 1 else ''} {enumerated(bad)}"
        say(f"{path}: {lines} cannot be read; what stood there is done again if it is asked for")
    return done


def _read(
    content: bytes, path: Path, identity: dict[str, Any], whole: Whole | None
) -> tuple[dict[str, dict[str, Any]], int, list[str]]:
    """Results in the content of a file, how much of it is whole, and which of its lines cannot be read."""
    if b"\n" not in content and (content.startswith(HEADER) or HEADER.startswith(content)):
        return {}, 0, []
    kept = content.rfind(b"\n") + 1
    first, *lines = content[:kept].split(b"\n")[:-1] or [b""]
    try:
        found = json.loads(first)["run"]
        if not isinstance(found, dict):
            raise TypeError(found)
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise InputError(f"{path}: holds no results of a run; name another place with -o.") from error
    identity = json.loads(json.dumps(identity))  # as a file gives it
    if found != identity:
        names = sorted(name for name in {*found, *identity} if found.get(name) != identity.get(name))
        raise InputError(
            f"{path}: holds results of another run (its {' and '.join(names)} differ); name another place."
        )
    done, bad = dict[str, dict[str, Any]](), list[str]()
    for at, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        row = _row(line)
        if row is None or not ("error" in row or whole is None or whole(row)):
            bad.append(str(at))
        elif "error" not in row:
            done[row["key"]] = row
    return done, kept, bad


def _row(line: bytes) -> dict[str, Any] | None:
    """A result; None if a line holds none."""
    try:
        row = json.loads(line)
    except UNREADABLE:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("key"), str) else None


def _results(
    jobs: list[Job], work: tuple[str, bytes], executor: Executor | None, workers: int, lifetime: int | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    left = {job.key: job for job in jobs}
    if executor is not None:
        yield from _submitted(executor, left, work, 1 if isinstance(executor, Here) else len(jobs), {})
        return
    breaks = dict[str, int]()
    others = set(multiprocessing.active_children())
    while left:
        # Processes are spawned: forking one that runs threads, as samplers do, may lock up.
        context = multiprocessing.get_context("spawn")
        # A job that kills its worker takes its neighbours along: one is blamed only for what it does alone.
        suspects = {key: job for key, job in left.items() if breaks.get(key, 0) >= MOST_BREAKS - 1}
        at_once = 1 if suspects else min(workers, len(left))
        batch = suspects or dict(islice(left.items(), lifetime and lifetime * at_once))
        pool = ProcessPoolExecutor(at_once, mp_context=context, initializer=_begin_worker)
        try:
            for _ in range(at_once + 1):  # a pool watches over a process from its next event on: here, from the start
                pool.submit(os.getpid)
            for key, result in _submitted(pool, batch, work, at_once, breaks):
                del left[key]
                yield key, result
        except BrokenExecutor:
            for key in [key for key in left if breaks.get(key, 0) >= MOST_BREAKS]:
                del left[key]
                yield key, {"error": f"its worker died {MOST_BREAKS} times, for want of memory perhaps"}
        finally:
            if batch:  # interrupted, or broken: nobody waits for what is under way
                for process in set(multiprocessing.active_children()) - others:
                    process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)


def _submitted(
    executor: Executor, left: dict[str, Job], work: tuple[str, bytes], at_once: int, breaks: dict[str, int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Results of jobs as they come; what is finished is taken from ``left``."""
    queue, flying = list(left), dict[Future[dict[str, Any]], str]()
    try:
        while queue or flying:
            while queue and len(flying) < at_once:
                key = queue.pop(0)
                job = left[key]
                given = job._replace(values=job.values() if callable(job.values) else job.values)
                flying[executor.submit(_work, *work, given)] = key
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                key = flying[future]
                try:
                    result = future.result()
                except BrokenExecutor:
                    raise
                except Exception as error:  # of the executor: a job tells its own
                    result = {"error": f"{type(error).__name__}: {error}"}
                del flying[future], left[key]
                yield key, result
    except BrokenExecutor:
        for key in flying.values():
            breaks[key] = breaks.get(key, 0) + 1
        raise
    finally:
        for future in flying:
            future.cancel()


_ready: dict[str, Callable[[Job], dict[str, Any]]] = {}
"""In a worker: the function that does a job, by what it was prepared from; one is kept."""
_preparing = threading.Lock()


def _work(token: str, blob: bytes, job: Job) -> dict[str, Any]:
    try:
        with _preparing:
            if token not in _ready:
                make, shared = pickle.loads(blob)
                _ready.clear()
                _ready[token] = make(shared)
            do = _ready[token]
        return do(job)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _begin_worker() -> None:
    """An interrupt is for the parent to handle; a worker ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()

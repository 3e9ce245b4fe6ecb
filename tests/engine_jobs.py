"""Toy jobs for the engine: they log that they began, and then do as they are told.

What a job can be told: to ``sleep`` for some seconds; the first so many times to ``meet`` (to wait until others began
as often), to ``hang``, to ``die`` with its worker, to ``fail``; to ``interrupt`` its process; and to give something
``odd``, which cannot be pickled.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bayesdensity.base import engine
from bayesdensity.base.engine import Job

ALWAYS = 99
"""Times to fail or to die."""
LONG = 120.0
"""Seconds that nobody waits for."""
IDENTITY = {"study": "toy", "seed": 1, "settings": {"draws": 3}}

made = 0
"""How often this process was prepared."""


class Begun(NamedTuple):
    """A job that began: in which process, and how often that had been prepared."""

    key: str
    process: int
    made: int


def make(shared: str) -> Callable[[Job], dict[str, Any]]:
    """Prepare a worker that logs to a folder."""
    global made
    made += 1
    folder = Path(shared)

    def do(job: Job) -> dict[str, Any]:
        with (folder / "begun").open("a") as log:
            log.write(f"{job.key} {os.getpid()} {made}\n")
        act, times = job.values, Counter(one.key for one in begun(folder))[job.key]
        if times <= act.get("meet", 0):
            until(lambda: sum(one.key != job.key for one in begun(folder)) >= times)
        time.sleep(LONG if times <= act.get("hang", 0) else act.get("sleep", 0))
        if act.get("interrupt"):
            os.kill(os.getpid(), signal.SIGINT)
        if times <= act.get("die", 0):
            os._exit(1)
        if times <= act.get("fail", 0):
            raise ValueError(f"told to fail, {times}")
        if act.get("odd"):
            return {"draws": lambda: "cannot travel"}
        return {"draws": draws(job)}

    return do


def never_made(shared: str) -> Callable[[Job], dict[str, Any]]:
    """Prepare nothing."""
    raise ArithmeticError(f"cannot prepare {shared}")


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for something to become true; whether it did."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def draws(job: Job) -> list[float]:
    """What a job gives, told by its seed alone."""
    return [float(draw) for draw in np.random.default_rng(job.seed).normal(size=3)]


def jobs(count: int, acts: Mapping[int, dict[str, Any]] | None = None, **every: float) -> list[Job]:
    """Jobs that do what is told of every one and of some."""
    told = acts or {}
    return [Job(f"job-{i}", seed, every | told.get(i, {})) for i, seed in enumerate(engine.seeds(7, count))]


def run(folder: Path, todo: Sequence[Job], **options: Any) -> list[dict[str, Any]]:
    """Do jobs in two processes if not told otherwise, with results and log in a folder."""
    if "executor" not in options:
        options.setdefault("workers", 2)
    return engine.run(make, str(folder), todo, path=folder / "results.jsonl", **{"identity": IDENTITY} | options)


def begun(folder: Path) -> list[Begun]:
    """All jobs that began, in that order."""
    log = folder / "begun"
    rows = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [Begun(key, int(process), int(made)) for key, process, made in rows]


def begins(folder: Path) -> Counter[str]:
    """How often each job began."""
    return Counter(one.key for one in begun(folder))


def expected(todo: list[Job]) -> list[dict[str, Any]]:
    """Results of jobs of which none fails."""
    return [{"key": job.key, "draws": draws(job)} for job in todo]

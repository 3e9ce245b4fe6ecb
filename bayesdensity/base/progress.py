"""What is said on standard error: sentences, and progress as a bar for each chain on a terminal, as lines elsewhere."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bayesdensity.base.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress

STAGES = {
    "compile": "compiling the model (the first time takes longer)",
    "sample": "sampling",
    "reference": "sampling the reference alone",
    "pilot": "sampling briefly, for coordinates that move independently",
    "inside": "sampling inside the range",
}


PATIENCE = 2.0
"""Seconds that something may take without a word, and between two words of it."""
LONGEST = 300
"""Characters of a word beyond which its middle is left out of what is said."""


def say(text: str) -> None:
    """Talk on standard error; where nobody listens the work goes on."""
    with suppress(OSError):
        print(_sayable(text), file=sys.stderr, flush=True)


def _sayable(text: str) -> str:
    """Printable, and of words that no one reads their ends."""
    return printable(re.sub(rf"\S{{{LONGEST},}}", lambda word: f"{word[0][:80]}...{word[0][-40:]}", text))


class Report:
    """Receives what a fit tells of itself while it runs."""

    def __init__(self, bars: Progress | None, chains: int, total: int) -> None:
        self._bars = bars
        self._total = total
        self._chains = chains
        self._tasks: list[Any] = []
        self._stage: Any = None

    def stage(self, name: str) -> None:
        """Announce what is under way."""
        text = STAGES[name]
        if self._bars is None:
            say(text)
            return
        if self._stage is not None:
            self._bars.update(self._stage, total=1, completed=1)
        if name == "sample":
            self._tasks = [self._bars.add_task(f"chain {k + 1}", total=self._total) for k in range(self._chains)]
        else:
            self._stage = self._bars.add_task(text, total=None)

    def chains(self, states: list[Any]) -> None:
        """Move the bar of every chain."""
        if self._bars is None:
            return
        for k, (task, state) in enumerate(zip(self._tasks, states, strict=False)):
            told = f", {state.divergences} divergent" if state.divergences else ""
            self._bars.update(task, completed=state.finished_draws, description=f"chain {k + 1}{told}")


@contextmanager
def saying() -> Iterator[Callable[[str], None]]:
    """Show what is under way while the block runs: one line that changes on a terminal, a line for each step elsewhere.

    What ends in a percentage is shown on terminals only.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None if text.endswith("%") else say(text)
        return
    with console.status("") as status:
        yield lambda text: status.update(Text(_sayable(text)))  # a name in brackets is no markup


@contextmanager
def reporting(chains: int, draws: int, tune: int) -> Iterator[Report]:
    """Show the progress of a fit while the block runs.

    Parameters
    ----------
    chains : int
    draws, tune : int
        Iterations of each chain that are kept, and before them those that tune the sampler.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Report(None, chains, draws + tune)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield Report(bars, chains, draws + tune)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Say how far something is that takes longer than a moment; what is quick is not mentioned."""
    told = time.monotonic()

    def count(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > PATIENCE and done < total:
            told = time.monotonic()
            say(f"{what}: {done} of {total}")

    yield count

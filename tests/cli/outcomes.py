"""What a command answers: exit status, standard output and error, and how they are read."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bayesdensity.inference.result import Fit


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


def refused(run: Run, *arguments: str | Path) -> str:
    """The one message of a wrong request, which exits 2, prints nothing else and writes nothing."""
    outcome = run(*arguments)
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert "error: " in outcome.err and "Traceback" not in outcome.err
    assert list(Path.cwd().iterdir()) == []
    return outcome.err


def edit(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


def is_interval(value: Any, probability: float = 0.9) -> bool:
    return (
        set(value) == {"median", "lower", "upper", "probability", "kind"}
        and value["probability"] == probability
        and value["kind"] == "eti"
        and all(isinstance(value[end], float) or value[end] == "inf" for end in ("median", "lower", "upper"))
    )


def strict(text: str) -> Any:
    """Parse JSON, and refuse the NaN and Infinity that are not JSON."""

    def never(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=never)


def rows_of_growth(text: str) -> dict[str, tuple[str, float]]:
    """What stands under the heading of doubling times: interval and P(growth) by label."""
    lines = text.splitlines()
    first = next(k for k, line in enumerate(lines) if line.endswith("P(growth)"))
    rows = {}
    for line in lines[first + 1 :]:
        if not line:
            break
        found = re.fullmatch(r"(.+?)\s+(\S+ \[\S+, \S+\])\s+([01]\.\d{3})", line)
        assert found or line.startswith("  by benchmark"), line
        if found:
            rows[found[1].strip()] = (found[2], float(found[3]))
    return rows


def thinned(fit: Fit) -> Fit:
    """Every fifth draw: enough for what is printed."""
    every = slice(None, None, 5)
    return dataclasses.replace(
        fit, posterior=fit.posterior.isel(draw=every), sample_stats=fit.sample_stats.isel(draw=every)
    )


def unidentified(fit: Fit) -> Fit:
    """A fit that knows less of the rate than its prior did."""
    prior, rate = fit.study.priors["rate"], fit.posterior["rate"]
    wide = np.random.default_rng(1).standard_normal(rate.shape)
    wide = prior.mu + 1.3 * prior.sigma * wide / wide.std()
    return dataclasses.replace(fit, posterior=fit.posterior.assign(rate=rate.copy(data=wide)))

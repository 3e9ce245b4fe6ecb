"""What a command answers: exit status, standard output and error, and how they are read."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bayesdensity.checks import CHECKS, Check
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
    """What stands in the tables of doubling times: interval of the months and P(growth) by label."""
    rows = {}
    for table in text.split("\n\n"):
        lines = table.splitlines()
        head = next((k for k, line in enumerate(lines) if line.endswith("P(growth)")), len(lines))
        for line in lines[head + 1 :]:
            *labels, months, yearly, grows = re.split(r"\s{2,}", line.strip())
            assert re.fullmatch(r"\S+ \[\S+, \S+\]", yearly), line
            rows[", ".join(labels)] = (months, float(grows))
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


def judged(fit: Fit, path: Path, **verdicts: str) -> Path:
    """A file of a fit whose checks have other verdicts than PASS as given."""
    found: list[Check] = []
    for name in CHECKS:
        verdict: Any = verdicts.get(name, "PASS")
        found.append(Check(name, verdict, f"{name} was looked at.", "" if verdict == "PASS" else f"Do for {name}."))
    about = {**fit.about, "checks": [dataclasses.asdict(one) for one in found]}
    return dataclasses.replace(fit, about=about).save(path)

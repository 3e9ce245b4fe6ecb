"""Numbers of the pages: they stand between comments, and are read from `docs/results/*.json`.

In a sentence or a cell:  <!-- n: densing-law/doubling_time_months -->4.0 [3.2, 5.1]<!-- /n -->
with a way to write it:   <!-- n: densing-law/probability_slowing, .2f -->0.89<!-- /n -->
What follows from several: <!-- n: derived/coverage -->0.91 [0.87, 0.94]<!-- /n -->
A whole table:            <!-- table: forms --> ... <!-- /table -->
A file, or its first lines: <!-- file: examples/own-scores/mine.toml --> ... <!-- /file -->
What no command writes:   <!-- measured: when, with which version --> ... <!-- /measured -->

`python docs/renew.py` writes what stands between; nothing else on the page changes.
"""

from __future__ import annotations

import csv
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS, VALIDATION = ROOT / "docs" / "results", ROOT / "docs" / "validation"
STALE = VALIDATION / "stale.toml"
PLAIN = ("calibration", "worlds")
MARK = re.compile(r"<!-- (?P<kind>n|table|file|measured): (?P<what>.*?) -->(?P<now>.*?)<!-- /(?P=kind) -->", re.S)
BEGINS = re.compile(r"(?<=[^\n]) (\S+)\n(> | *)<!-- n:")
"""A number at the beginning of a line, which Markdown takes for a block, and the word before it."""
INTERVAL = re.compile(r"\d \[-?\d[\d.]*, (?:-?\d|inf)")
"""A median and an interval: such a number comes from a fit, and may not be typed."""
NAMES = ("name", "variant", "llm", "source", "end", "approach", "quantity", "world", "law")
"""Keys by which an element of a list may be named in a path."""
FENCES = {".toml": "toml", ".sh": "sh"}


class Missing(Exception):
    """A number, table or file that a page names and nobody wrote."""


WRONG = (Missing, KeyError, TypeError, ValueError)


# Where numbers come from


@cache
def declared_stale() -> dict[str, str]:
    """Results that are known to be of an earlier model, or were copied from prose, with the reason; pages say so."""
    listed: dict[str, str] = tomllib.loads(STALE.read_text(encoding="utf-8"))
    return listed


def results(name: str) -> Any:
    """What a command wrote to `docs/results/NAME.json`, or the rows of a table of `docs/validation`.

    FOLDER:NAME is a table of that folder; a plain NAME is one of the folders that `PLAIN` lists.
    """
    folder, _, stem = name.rpartition(":")
    tables = [VALIDATION / one / f"{stem}.csv" for one in ([folder] if folder else PLAIN)]
    path, rows = RESULTS / f"{name}.json", next((one for one in tables if one.is_file()), None)
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))["results"]
    if rows is None:
        raise Missing(f"docs/results/{name}.json does not exist")
    with rows.open(encoding="utf-8", newline="") as file:
        return [{key: _typed(cell) for key, cell in row.items()} for row in csv.DictReader(file)]


def _typed(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return {"True": True, "False": False, "": None}.get(cell, cell)


def value(path: str) -> Any:
    """The number at FILE/KEY/KEY..., where an element of a list goes by its name."""
    name, *keys = path.split("/")
    node = _derived(keys.pop(0)) if name == "derived" else results(name)
    for key in keys:
        node = _child(node, key, path)
    return node


def _derived(name: str) -> Any:
    import results_derived  # it reads results from here

    if name not in results_derived.NUMBERS:
        raise Missing(f"docs/_ext/results_derived.py has no {name}")
    return results_derived.NUMBERS[name]()


def _child(node: Any, key: str, path: str) -> Any:
    if isinstance(node, dict) and key in node:
        return node[key]
    if isinstance(node, list) and key.isdigit() and int(key) < len(node):
        return node[int(key)]
    if isinstance(node, list):
        named = [part for part in node if key in (part.get(name) for name in NAMES)]
        if len(named) == 1:
            return named[0]
    raise Missing(f"docs/results has no {path}: '{key}' is not there")


# How they are written


def number(x: float | str | None, form: str = "") -> str:
    """A number with two significant digits and no fewer than its whole digits, or as a format has it."""
    if x is None:
        return ""
    if isinstance(x, str):
        return {"inf": "infinity"}.get(x, x)
    if form:
        return f"{x:{form}}"
    if isinstance(x, int) or x == 0:
        return f"{x:.0f}"
    digits = max(0, 1 - math.floor(math.log10(abs(float(f"{x:.1e}")))))
    return f"{x:.{digits}f}"


def interval(ends: dict[str, Any], form: str = "") -> str:
    """Median and ends: 4.0 [3.2, 5.1]."""
    return f"{number(ends['median'], form)} {ends_text(ends, form)}"


def ends_text(ends: dict[str, Any], form: str = "") -> str:
    """The ends of an interval alone: [3.2, 5.1]."""
    return f"[{number(ends['lower'], form)}, {number(ends['upper'], form)}]"


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"


def probability(p: float, form: str = "") -> str:
    """A probability; one that rounds to 1 is said to be above what was drawn."""
    return "above 0.999" if p > 0.9995 else number(p, form or (".3f" if p > 0.995 else ".2f"))


def billions(x: Any, form: str = "") -> str:
    """A number of parameters, or its interval, in billions."""
    if isinstance(x, dict):
        return interval({end: x[end] / 1e9 for end in ("median", "lower", "upper")}, form)
    return number(x / 1e9, form)


def _both(ends: Any) -> list[Any]:
    return [ends["lower"], ends["upper"]] if isinstance(ends, dict) else ends


WAYS: dict[str, Callable[..., str]] = {
    "median": lambda ends, form="": number(ends["median"], form),
    "lower": lambda ends, form="": number(ends["lower"], form),
    "upper": lambda ends, form="": number(ends["upper"], form),
    "ends": ends_text,
    "to": lambda ends, form="": " to ".join(number(end, form) for end in _both(ends)),
    "percent": lambda share, form="": percent(share),
    "probability": probability,
    "billions": billions,
    "list": lambda names, form="": ", ".join(names),
    "count": lambda names, form="": str(len(names)),
}
"""Words that say how a number is written, after a comma; a format such as `.2f` may follow or stand alone."""


def shown(what: str) -> str:
    """A number as `PATH` or `PATH, WAY` asks for it."""
    path, comma, way = what.rpartition(", ")
    if not comma:
        path, way = what, ""
    x = value(path)
    word, _, form = way.partition(" ")
    if word in WAYS:
        return WAYS[word](x, form)
    return interval(x, way) if isinstance(x, dict) else number(x, way)


def _table(what: str) -> str:
    import results_claims  # noqa: F401  # it enters its tables among the others
    import results_tables  # it reads numbers from here

    name, *given = what.split()
    if name not in results_tables.TABLES:
        raise Missing(f"docs/_ext/results_tables.py has no table {name}")
    return "\n\n" + "\n".join(results_tables.TABLES[name](*given)) + "\n\n"


def _file(what: str) -> str:
    name, _, first = what.partition(" ")
    path = ROOT / name
    if not path.is_file():
        raise Missing(f"{name} does not exist")
    lines = path.read_text(encoding="utf-8").splitlines()
    if first:
        lines = [*lines[: int(first)], "..."]
    return "\n".join(["\n", f"```{FENCES.get(path.suffix, 'text')}", *lines, "```", "\n"])


WRITERS: dict[str, Callable[[str], str]] = {"n": shown, "table": _table, "file": _file}


# Pages


def pages() -> list[Path]:
    """Every page whose numbers are read from results."""
    found = [ROOT / "README.md", ROOT / "examples" / "README.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(path for path in found if not {"_build", "auto_examples", "generated"} & set(path.parts))


def renewed(text: str) -> str:
    """A page with every number as the results have it; a mark whose number is missing is left alone."""

    def written(mark: re.Match[str]) -> str:
        if mark["kind"] == "measured":
            return mark[0]
        try:
            return f"<!-- {mark['kind']}: {mark['what']} -->{_written(mark)}<!-- /{mark['kind']} -->"
        except WRONG:
            return mark[0]

    return BEGINS.sub(r"\n\2\1 <!-- n:", MARK.sub(written, text))


def _written(mark: re.Match[str]) -> str:
    return WRITERS[mark["kind"]](mark["what"])


def faults(path: Path) -> Iterator[str]:
    """What is wrong with the numbers of a page, a line each."""
    text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    for mark in MARK.finditer(text):
        line = text.count("\n", 0, mark.start()) + 1
        try:
            wanted = mark["now"] if mark["kind"] == "measured" else _written(mark)
        except WRONG as error:
            yield f"{name}:{line}: {mark['what']}: {error}"
            continue
        if wanted != mark["now"]:
            detail = f": {mark['now']!r}, now {wanted!r}" if mark["kind"] == "n" else ""
            yield f"{name}:{line}: {mark['kind']} {mark['what']} is stale{detail}; run python docs/renew.py"
    rest = MARK.sub(lambda mark: "\n" * mark[0].count("\n"), text)
    for line, content in enumerate(rest.splitlines(), 1):
        if INTERVAL.search(content):
            yield f"{name}:{line}: an interval is typed, not read from docs/results: {content.strip()}"
        if "<!-- /" in content or re.search(r"<!-- (n|table|file|measured):", content):
            yield f"{name}:{line}: a mark is not closed: {content.strip()}"
    for line, content in enumerate(text.splitlines(), 1):
        if content.lstrip(" >-*0123456789.").startswith("<!-- n:"):
            yield f"{name}:{line}: a number begins the line, which Markdown takes for a block: break the line elsewhere"

"""The same command gives the same bytes, in another process with another order of hashes too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "summary.json": ["summary", "densing-law", "--json"],
    "summary.txt": ["summary", "densing-law"],
    "densities.csv": ["densities", "densing-law", "--csv"],
    "forecast.json": ["forecast", "densing-law", "-b", "MMLU", "--params", "4B", "--score", "0.7", "--json"],
    "best.json": [
        "forecast",
        "densing-law",
        "-b",
        "BBH",
        "--params",
        "4B",
        "--date",
        "2027-01-01",
        "--of",
        "best",
        "--json",
    ],
    "shelf-life.json": ["shelf-life", "densing-law", "Llama-3.1-8B", "--json"],
    "lag.csv": ["lag", "densing-law", "--params", "8B", "--csv"],
    "place.json": ["place", "MMLU=0.7", "--params", "8B", "--released", "2025-01-01", "--json"],
    "next.csv": ["next", "densing-law", "--csv"],
    "chips.json": ["chips", "densing-law", "--json"],
    "claims.csv": ["claims", "densing-law", "--csv"],
    "compression.json": ["compression", "densing-law", "--json"],
    "show.json": ["show", "densing-law", "--json"],
    "cite.bib": ["cite", "densing-law"],
}
"""By the file that its standard output is written to."""
ALL = """
import contextlib, sys
from pathlib import Path
from bayesdensity import cli
commands, folder = eval(sys.argv[1]), Path(sys.argv[2])
for name, arguments in commands.items():
    with (folder / name).open("w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
        with contextlib.suppress(SystemExit):
            cli.main(arguments)
"""


def twice(tmp_path: Path, commands: dict[str, list[str]]) -> list[dict[str, bytes]]:
    """What commands write, in two processes, by file."""
    found = []
    for seed in ("1", "2"):
        (here := tmp_path / seed).mkdir()
        subprocess.run(
            [sys.executable, "-c", ALL, repr(commands), "."],
            cwd=here,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=subprocess.DEVNULL,
            check=True,
        )
        found.append({str(file.relative_to(here)): file.read_bytes() for file in here.rglob("*") if file.is_file()})
    return found


def differing(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def test_text_json_and_csv_are_the_same(tmp_path: Path) -> None:
    first, second = twice(tmp_path, COMMANDS)
    assert first.keys() == COMMANDS.keys() and all(first.values())
    assert differing(first, second) == []


@pytest.mark.slow
def test_a_report_is_the_same_as_page_and_as_folder(tmp_path: Path) -> None:
    first, second = twice(tmp_path, {"said.txt": ["report", "densing-law", "-o", "mine.html"]})
    assert "mine.html" in first and len(first) > 20
    assert differing(first, second) == []

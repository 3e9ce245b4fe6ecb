"""What an exit status means is said in one sentence, everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bayesdensity import cli
from bayesdensity.checks import VERDICTS, Check
from bayesdensity.cli.common import CHECK_FAILED, EXIT_SENTENCE, exit_status

JUDGING = (
    *("answer", "backtest", "calibrate", "chips", "claims", "compare", "compression", "densities", "explain"),
    *("fit", "forecast"),
    *("lag", "law", "next", "paper", "place", "prices", "report", "sensitivity", "shelf-life", "summary"),
    "update",
)
DOCS = Path(__file__).parents[2] / "docs"


def unbroken(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_a_failure_counts_unless_it_is_convergence(verdict: Any) -> None:
    fine = Check("priors", "PASS", "Fine.")
    assert exit_status([fine, Check("scores", verdict, "Looked at.")]) == (CHECK_FAILED if verdict == "FAIL" else 0)
    assert exit_status([fine, Check("convergence", verdict, "R-hat.")]) == (0 if verdict == "PASS" else CHECK_FAILED)


def helps() -> dict[str, str]:
    """Help of every command, in one process."""
    names = [name for name in cli.app if not name.startswith("-")]
    code = (
        "import sys\n"
        "from bayesdensity.cli import app\n"
        "for name in sys.argv[1:]:\n"
        "    print('==', name, flush=True)\n"
        "    try: app([name, '--help'])\n"
        "    except SystemExit: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    _, *parts = re.split(r"^== (\S+)$", done.stdout, flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_help_of_every_command_that_judges_says_the_sentence_and_no_other() -> None:
    said = {name: unbroken(text) for name, text in helps().items()}
    assert {name for name, text in said.items() if EXIT_SENTENCE in text} == set(JUDGING)
    assert all(text.lower().count("exit status") == (name in JUDGING) for name, text in said.items())


def test_the_docs_say_the_same_sentence() -> None:
    assert EXIT_SENTENCE in unbroken((DOCS / "reading.md").read_text(encoding="utf-8"))

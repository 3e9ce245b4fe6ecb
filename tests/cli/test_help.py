"""Help names the commands, and costs no sampler."""

from __future__ import annotations

import subprocess
import sys


def test_help_names_the_commands() -> None:
    arguments = [sys.executable, "-m", "bayesdensity", "--help"]
    outcome = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert all(name in outcome.stdout for name in ("fit", "summary", "densities", "validate", "studies", "show"))


def test_help_does_not_load_the_sampler() -> None:
    code = (
        "import sys, bayesdensity.cli as c\n"
        "try: c.app(['fit', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('pymc', 'pytensor', 'nutpie', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

"""Write the numbers of README and docs from `docs/results/*.json`, or say which are stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import results_commands
import results_text


def main() -> int:
    """Renew or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit status 1 if something is stale")
    parser.add_argument(
        "--results", type=Path, metavar="FITS", help="first write docs/results from this folder of fits"
    )
    asked = parser.parse_args()
    if asked.results:
        results_commands.write(asked.results.resolve(), results_text.RESULTS)
    if not asked.check:
        for path in results_text.pages():
            text = path.read_text(encoding="utf-8")
            wanted = results_text.renewed(text)
            if wanted != text:
                path.write_text(wanted, encoding="utf-8")
                print(f"renewed {path.relative_to(results_text.ROOT)}")
    found = [fault for path in results_text.pages() for fault in results_text.faults(path)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

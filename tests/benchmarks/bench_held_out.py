"""Do the others predict the largest members of a yardstick? Run by hand: python tests/benchmarks/bench_held_out.py.

Each family is fitted without its largest member, and without its two largest, and their scores are predicted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from bayesdensity.evaluation.held_out import predict_members, without_largest
from bayesdensity.inference.drawing import fit
from bayesdensity.study.load import load_study

FAMILIES = ("Qwen1.5", "Qwen2.5", "Llama-2")


def main() -> None:
    """Fit, predict, and write one row for each score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beyond", default="misfit")
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("-o", "--output", type=Path, default=Path("held_out.csv"))
    given = parser.parse_args()
    tables = []
    for family in FAMILIES:
        whole = load_study("densing-law", {"reference.family": family, "reference.beyond": given.beyond})
        for count in (1, 2):
            study, names = without_largest(whole, count)
            found = fit(study, draws=given.draws, tune=600)
            rows = predict_members(found, whole, names).assign(family=family, held_out=count)
            inside = rows["score"].between(rows["lower"], rows["upper"])
            print(family, count, names, f"{inside.mean():.2f} of {len(rows)}", flush=True)
            stretch = found.posterior.get("link_stretch")
            if stretch is not None:
                print("  stretch", stretch.mean(("chain", "draw")).to_numpy().round(2), flush=True)
            tables.append(rows)
            pd.concat(tables).to_csv(given.output, index=False)


if __name__ == "__main__":
    main()

"""Anchors of the OLMo ladder, held out: losses and scores that the ladder must predict.

    python tests/anchors.py

fits law and map of `olmo-ladder` without its two anchors and prints every cell, with the misfit of the law and without.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.drawing import fit
from bayesdensity.inference.result import Fit
from bayesdensity.study.load import load_study

ANCHORS = ("7B-4T", "13B-5T")


def fit_without_anchors(draws: int = 1500, tune: int = 500) -> Fit:
    """Fit law and map without the anchors; the checkpoints on the way to them stay in the map."""
    return fit(load_study("olmo-ladder", {"reference.roles": ["ladder"]}), part="reference", draws=draws, tune=tune)


def predictions(result: Fit, misfit: bool = True) -> pd.DataFrame:
    """One row for every anchor, benchmark and kind: observed, interval, and whether it covers."""
    runs = read_tables().reference_runs
    anchors = runs[(runs["suite"] == "olmo-ladder") & runs["run"].isin(ANCHORS)]
    sizes = anchors.drop_duplicates("run").set_index("run").loc[list(ANCHORS)]
    estimates = q.predict_trainings(result, sizes["params"], sizes["tokens"], misfit=misfit)
    rows = []
    for kind, estimate in zip(("loss", "score"), estimates, strict=True):
        summary = estimate.summary.assign_coords(training=list(ANCHORS))
        for run in ANCHORS:
            for name in summary["benchmark"].to_numpy():
                row = anchors[(anchors["run"] == run) & (anchors["benchmark"] == name)].iloc[0]
                observed = row["loss"] if kind == "loss" else row[result.study.benchmarks[name].map_from]
                at = summary.sel(training=run, benchmark=name)
                low, middle, high = (float(at[end]) for end in ("lower", "median", "upper"))
                rows.append((run, name, kind, observed, low, middle, high, bool(low <= observed <= high)))
    columns = ["run", "benchmark", "kind", "observed", "lower", "median", "upper", "covered"]
    return pd.DataFrame(rows, columns=columns)


if __name__ == "__main__":
    without = fit_without_anchors()
    print(without.diagnostics.sentence)
    for misfit in (True, False):
        table = predictions(without, misfit)
        label = "with" if misfit else "without"
        print(f"\n{label} misfit of the law: {np.sum(table['covered'])} of {len(table)} inside the 90 % interval")
        print(table.to_string(index=False, float_format="{:.3f}".format))

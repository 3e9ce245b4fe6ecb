"""What a calibration found, in words, JSON and tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.evaluation.calibration import CHECK, LEVELS, MAX_RHAT, Calibration, worlds_table
from bayesdensity.evaluation.ranks import BAND
from bayesdensity.quantities import jsonable
from bayesdensity.simulate import WORLDS

COVERED = [f"covered_{level:.0%}" for level in LEVELS]


def calibration_json(found: Calibration) -> dict[str, Any]:
    """Calibration in the documented form."""
    parts = {"quantities": found.table(), "published_procedure": found.paper_table(), "checks": found.checks_table()}
    return {
        **found.about,
        "world": found.world,
        "replicates": len(found.fits),
        "failed": found.failed,
        **{name: _records(table) for name, table in parts.items()},
        "seconds_per_fit": float(found.fits["seconds"].median()),
    }


def calibration_text(found: Calibration) -> str:
    """Calibration for a reader."""
    about, table, n = found.about, found.table(), len(found.fits)
    lines = [
        f"calibration of {about['study']} {about['digest']}, world '{found.world}': {WORLDS[found.world].about}",
        f"{n} replicates, seed {about['seed']}; error and width in natural logarithms",
        "",
        f"{'share of intervals that hold the truth':40s} {'50%':>5s} {'80%':>5s} {'90%':>5s} {'95%':>5s}"
        f" {'bias':>7s} {'rmse':>6s} {'width':>6s}  ranks in {BAND:.0%} band",
    ]
    for name, row in table.iterrows():
        inside = row["inside_band"]
        share = "too few" if np.isnan(inside) else f"of {inside:.0%} of LLMs"
        said = ("yes" if inside else "NO") if isinstance(inside, bool) else share
        lines.append(f"{name!s:40s} {_numbers(row)}  {said}")
    for kind, row in found.paper_table().iterrows():
        lines.append(f"{f'published procedure, {kind}':40s} {_numbers(row)}  ({int(row['n'])} worlds)")
    slow = table["not_converged"].max()
    lines += ["", f"R-hat above {MAX_RHAT} in at most {slow:.1%} of the replicates of a quantity"]
    checks = found.checks_table()
    if len(checks):
        lines += ["", f"{'share of replicates in which a check says':40s} {'PASS':>7s} {'REVIEW':>7s} {'FAIL':>7s}"]
        for name, row in checks.iterrows():
            lines.append(f"{name!s:40s} {row['PASS']:7.2f} {row['REVIEW']:7.2f} {row['FAIL']:7.2f}")
    lines += [f"FAILED {key}: {error}" for key, error in found.failed.items()]
    return "\n".join(lines)


def worlds_text(found: Mapping[str, Calibration]) -> str:
    """What the intervals do in several worlds, for a reader."""
    table = worlds_table(found)
    checks = [name for name in table.columns if name.startswith(CHECK)]
    lines = [
        "share of 90% intervals that hold the truth, bias of rates, share of replicates in which a check is not passed",
        f"{'world':14s} {'n':>4s} {'frontier':>14s} {'mean':>14s} {'bench.':>7s} {'LLMs':>6s} {'published':>14s}",
    ]
    for world, row in table.iterrows():
        felt = [f"{name.removeprefix(CHECK)} {row[name]:.0%}" for name in checks if row[name] > 0]
        pairs = " ".join(_pair(row, name) for name in ("frontier", "mean"))
        published = _pair(row, "published") if "covered_published" in row else " " * 14
        shares = f"{row['covered_benchmarks']:7.2f} {row['covered_densities']:6.2f}"
        lines.append(f"{world!s:14s} {int(row['n']):4d} {pairs} {shares} {published}  {', '.join(felt)}")
    return "\n".join(lines)


def _pair(row: pd.Series, name: str) -> str:
    return f"{row[f'covered_{name}']:6.2f} {row[f'bias_{name}']:+7.2f}"


def save_calibration(found: Calibration, stem: Path) -> list[Path]:
    """Write the tables of a calibration as CSV: ``STEM.csv``, and ``STEM-replicates.csv`` with one row for each fit.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    covered = pd.concat([found.table(), found.paper_table().add_prefix("published procedure, ", axis=0)])
    tables = {".csv": covered.rename_axis("quantity"), "-replicates.csv": found.replicates()}
    written = []
    for end, table in tables.items():
        path = stem.with_name(stem.name + end)
        try:
            table.to_csv(path, float_format="%.6g", lineterminator="\n")
        except OSError as error:
            raise InputError(f"{path}: cannot write there ({error.strerror}); choose another place with -o.") from error
        written.append(path)
    return written


def _numbers(row: pd.Series) -> str:
    shares = " ".join(f"{row[name]:5.2f}" for name in COVERED)
    return f"{shares} {row['bias']:+7.2f} {row['rmse']:6.2f} {row['width']:6.2f}"


def _records(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    rows = table.to_dict(orient="index").items()
    return {
        str(name): {
            str(key): value if isinstance(value, bool) else jsonable(float(value)) for key, value in row.items()
        }
        for name, row in rows
    }

"""What a calibration found, in words, JSON and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from bayesdensity.calibration import BAND, LEVELS, MAX_RHAT, Calibration
from bayesdensity.errors import InputError
from bayesdensity.quantities import jsonable
from bayesdensity.simulate import WORLDS

COVERED = [f"covered_{level:.0%}" for level in LEVELS]


def calibration_json(found: Calibration) -> dict[str, Any]:
    """Calibration in the documented form."""
    parts = {"quantities": found.table(), "published_procedure": found.paper_table(), "checks": found.checks_table()}
    return {
        **found.about,
        "replicates": len(found.fits),
        "failed": found.failed,
        **{name: _records(table) for name, table in parts.items()},
        "seconds_per_fit": float(found.fits["seconds"].median()),
    }


def calibration_text(found: Calibration) -> str:
    """Calibration for a reader."""
    about, table, n = found.about, found.table(), len(found.fits)
    lines = [
        f"calibration of {about['study']} {about['digest']}, world '{about['world']}': {WORLDS[about['world']].about}",
        f"{n} replicates, seed {about['seed']}; error and width in natural logarithms",
        "",
        f"{'share of intervals that hold the truth':40s} {'50%':>5s} {'80%':>5s} {'90%':>5s} {'95%':>5s}"
        f" {'bias':>7s} {'rmse':>6s} {'width':>6s}  ranks in {BAND:.0%} band",
    ]
    for name, row in table.iterrows():
        inside = row["inside_band"]
        said = ("yes" if inside else "NO") if isinstance(inside, bool) else f"of {inside:.0%} of LLMs"
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

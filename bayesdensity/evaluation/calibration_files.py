"""Calibrations as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bayesdensity.base.files import write_table
from bayesdensity.evaluation.calibration import Calibration, worlds_table


def save_calibration(calibration: Calibration, stem: Path) -> list[Path]:
    """Write the tables of a calibration as CSV: ``STEM.csv``, and ``STEM-replicates.csv`` with one row for each fit.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    published = calibration.paper_table().add_prefix("published procedure, ", axis=0)
    covered = pd.concat([calibration.table(), published]).rename_axis("quantity")
    tables = {".csv": covered, "-replicates.csv": calibration.replicates()}
    return [write_table(stem.with_name(stem.name + end), table) for end, table in tables.items()]


def save_worlds(calibrations: Mapping[str, Calibration], path: Path) -> Path:
    """Write what the intervals do in several worlds as CSV; raises as `save_calibration` does."""
    return write_table(path, worlds_table(calibrations), digits=4)

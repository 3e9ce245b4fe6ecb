"""How often intervals hold the truth of simulated worlds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity.base.format import percent
from bayesdensity.base.jsonable import by_row
from bayesdensity.evaluation.calibration import CHECK, LEVELS, MAX_RHAT, Calibration, worlds_table
from bayesdensity.evaluation.ranks import BAND
from bayesdensity.render.blocks import Block, Paragraph, Table
from bayesdensity.simulate import WORLDS


def data(calibrations: Mapping[str, Calibration]) -> dict[str, Any]:
    """Calibrations in the documented form, by world."""
    return {world: calibration_data(calibration) for world, calibration in calibrations.items()}


def blocks(calibrations: Mapping[str, Calibration]) -> list[Block]:
    """Calibrations for a reader, side by side where there are several worlds."""
    shown = [block for calibration in calibrations.values() for block in calibration_blocks(calibration)]
    return [*shown, worlds_block(calibrations)] if len(calibrations) > 1 else shown


def calibration_data(calibration: Calibration) -> dict[str, Any]:
    """The calibration of one world in the documented form."""
    return {
        **calibration.about,
        "world": calibration.world,
        "replicates": len(calibration.fits),
        "failed": calibration.failed,
        "quantities": by_row(calibration.table()),
        "published_procedure": by_row(calibration.paper_table()),
        "checks": by_row(calibration.checks_table()),
        "seconds_per_fit": float(calibration.fits["seconds"].median()),
    }


def calibration_blocks(calibration: Calibration) -> list[Block]:
    """The calibration of one world for a reader."""
    about, world = calibration.about, calibration.world
    slow = calibration.table()["not_converged"].max()
    shown: list[Block] = [
        Paragraph(f"Calibration of {about['study']} {about['digest']}, world '{world}': {WORLDS[world].about}."),
        Paragraph(f"{len(calibration.fits)} replicates, seed {about['seed']}."),
        _coverage(calibration),
        Paragraph(f"R-hat above {MAX_RHAT} in at most {slow:.1%} of the replicates of a quantity."),
    ]
    checks = calibration.checks_table()
    if len(checks):
        table = checks.map("{:.2f}".format).reset_index()
        caption = "Share of replicates in which a check says so."
        shown.append(Table("checks", caption, table, checks.reset_index()))
    return [*shown, *(Paragraph(f"FAILED {key}: {error}") for key, error in calibration.failed.items())]


def worlds_block(calibrations: Mapping[str, Calibration]) -> Table:
    """What the intervals do in several worlds."""
    table = worlds_table(calibrations)
    checks = [name for name in table.columns if name.startswith(CHECK)]
    rows = []
    for world, row in table.iterrows():
        rows.append(
            {
                "world": str(world),
                "n": str(int(row["n"])),
                **{name: _covered(row, name) for name in ("frontier", "mean")},
                **{name: f"{row[f'covered_{name}']:.2f}" for name in ("benchmarks", "densities")},
                "published": _covered(row, "published") if "covered_published" in row else "",
                "checks not passed": ", ".join(
                    f"{name.removeprefix(CHECK)} {row[name]:.0%}" for name in checks if row[name] > 0
                ),
            }
        )
    caption = (
        "Share of 90% intervals that hold the truth, bias of the rates beside it, and share of replicates in which a "
        "check is not passed."
    )
    return Table("worlds", caption, pd.DataFrame(rows), table.reset_index())


def _covered(row: pd.Series, name: str) -> str:
    return f"{row[f'covered_{name}']:.2f} {row[f'bias_{name}']:+.2f}"


def _coverage(calibration: Calibration) -> Table:
    table = calibration.table()
    rows = [{"quantity": str(name), **_numbers(row), "ranks in band": _ranks(row)} for name, row in table.iterrows()]
    rows += [
        {"quantity": f"published procedure, {kind}", **_numbers(row), "ranks in band": f"({int(row['n'])} worlds)"}
        for kind, row in calibration.paper_table().iterrows()
    ]
    caption = (
        "Share of intervals that hold the truth; bias, error of the median and width of the 90% interval in natural "
        f"logarithms; whether ranks stay in their {BAND:.0%} band."
    )
    return Table("coverage", caption, pd.DataFrame(rows), table.reset_index())


def _ranks(row: pd.Series) -> str:
    inside = row["inside_band"]
    if isinstance(inside, bool):
        return "yes" if inside else "NO"
    return "too few" if np.isnan(inside) else f"of {percent(inside)} of LLMs"


def _numbers(row: pd.Series) -> dict[str, str]:
    covered = {f"{level:.0%}": f"{row[f'covered_{level:.0%}']:.2f}" for level in LEVELS}
    return {**covered, "bias": f"{row['bias']:+.2f}", "rmse": f"{row['rmse']:.2f}", "width": f"{row['width']:.2f}"}

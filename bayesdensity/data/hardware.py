"""How fast hardware grows, as published: doubling times with their intervals and sources."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

TRENDS = ("ml-gpus", "all-gpus", "top-gpus", "memory", "bandwidth")
"""Names of those that have an interval; the others are only set side by side."""


def read_hardware() -> pd.DataFrame:
    """Read the bundled trends of hardware.

    Returns
    -------
    pandas.DataFrame
        Indexed by name: ``what`` doubles, ``doubling_years`` with ``lower`` and ``upper`` end of the interval of a
        ``probability``, whether that interval is ``assumed`` here, ``source`` and ``note``.

    Examples
    --------
    >>> float(read_hardware().at["all-gpus", "doubling_years"])
    2.46
    """
    table = pd.read_csv(Path(__file__).parent / "hardware.csv").set_index("name")
    return table.assign(assumed=table["assumed"] == "yes")

"""A simulated world as tables that anybody could have collected."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import cells_of, scores_of
from bayesdensity.data.tables import Tables
from bayesdensity.simulate.scores import Simulated

SIMULATED = "simulated"
"""Begins the source of every simulated score; that of the real one follows, so that rows stay apart as they were."""


def simulated_tables(tables: Tables, data: xr.Dataset, made: Simulated) -> dict[str, pd.DataFrame]:
    """The tables of a simulated world, by name: those that its study was read from, with other scores.

    Only what the study uses is kept, and of LLMs that are not published nothing.

    Parameters
    ----------
    tables : Tables
        What the study was read from.
    data : xarray.Dataset
        What its model sees.
    made : Simulated
    """
    belongs = scores_of(data)
    known = np.ones(len(belongs.cell), dtype=bool)
    known[belongs.is_target] = made.published[cells_of(data).llm[belongs.cell[belongs.is_target]]]
    scores = tables.scores.loc[data["score_row"].to_numpy()]
    source = (SIMULATED + "; " + scores["source"]).str.removesuffix("; ")
    scores = scores.assign(score=made.scores, source=scores["source"].mask(belongs.is_target, source))
    scores.loc[belongs.is_target, "note"] = ""
    names = [*data["llm"].to_numpy()[made.published], *data["reference"].to_numpy()]
    return {
        "llms": tables.llms[tables.llms["llm"].isin(names)],
        "scores": scores[known].sort_index(),
        "reference_runs": tables.reference_runs,
        "benchmarks": tables.benchmarks,
    }


def write_simulation(folder: Path, frames: dict[str, pd.DataFrame], about: dict[str, Any]) -> list[Path]:
    """Write tables as CSV, and ``truth.json`` beside them, into a new folder: whole or not at all.

    Parameters
    ----------
    folder : Path
        New, or empty.
    frames : dict of pandas.DataFrame
        As `simulated_tables` gives them.
    about : dict
        Contents of ``truth.json``.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    InputError
        If there is such a folder already and it is not empty, or nothing can be written there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"-o {folder}: is there already; name a new folder.")
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir()
        for name, frame in frames.items():
            written = frame.drop(columns="n_items", errors="ignore") if name == "scores" else frame
            flags = written.select_dtypes(bool).columns
            written = written.assign(**{flag: np.where(written[flag], "true", "false") for flag in flags})
            written.to_csv(part / f"{name}.csv", index=False, date_format="%Y-%m-%d")
        (part / "truth.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        os.replace(part, folder)
    except OSError as error:
        raise InputError(f"-o {folder}: cannot write there ({error.strerror}); choose another place.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sorted(folder.iterdir())

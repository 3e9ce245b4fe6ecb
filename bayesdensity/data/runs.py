"""Reference runs for a law alone: read, check, sort into fitted and held out, and join into one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.join import join_pairs
from bayesdensity.data.tables import Tables, listed, read_run_table
from bayesdensity.study.law_spec import LawStudy

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0
"""Of a forward and a backward pass (arXiv 2001.08361, section 2.1)."""
LEAST_PAIRS = 5
"""Different losses with a score that a map needs."""
LEAST_TOKENS = 1e6
"""Fewer training tokens are a slip of units."""


class Runs(NamedTuple):
    """Runs of one suite or file, sorted."""

    name: str
    fitted: pd.DataFrame
    held_out: pd.DataFrame
    """What a law must predict: anchors, and runs that the user holds out."""
    left_out: pd.DataFrame
    """The others, with the reason."""
    benchmarks: pd.DataFrame
    """Items and chance level of the benchmarks that the tables know."""
    digest: str


def read_runs(
    source: str,
    tables: Tables,
    *,
    benchmarks: Sequence[str] | None = None,
    hold_out: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Runs:
    """Runs of a suite of the tables, or of a CSV file of one's own.

    Parameters
    ----------
    source : str
        Name of a suite, or path of a ``.csv`` file with at least ``params``, ``tokens`` and ``loss``.
    tables : Tables
    benchmarks : sequence of str, optional
        Which benchmarks or corpora; None: all.
    hold_out, exclude : sequence of str
        Names of runs to predict instead of fitting them, and to leave out.

    Raises
    ------
    InputError
        If there is no such suite or file, its cells are impossible, a name is unknown, or units are mixed.
    """
    if source.lower().endswith(".csv"):
        (rows, digest), name = read_run_table(Path(source)), Path(source).name
    else:
        known = tables.reference_runs.loc[tables.reference_runs["role"] != "trajectory", "suite"].unique()
        if source not in known:
            raise InputError(one_of(source, known, "suite of reference runs") + " Or give the path of a .csv file.")
        rows, name, digest = tables.reference_runs[tables.reference_runs["suite"] == source], source, tables.digest
    rows = _with_flops(rows).assign(measured=rows["benchmark"])
    if rows.loc[rows["role"] != "trajectory", "suite"].nunique() > 1:
        rows = rows.assign(benchmark=rows["benchmark"] + " (" + rows["suite"] + ")")
    twice = rows.duplicated(["run", "benchmark"], keep=False)
    rows["run"] = rows["run"].mask(twice, rows["run"] + " at " + rows["tokens"].map("{:.4g}".format) + " tokens")
    for what, asked, column in (
        ("benchmark", benchmarks or (), "benchmark"),
        ("run", hold_out, "run"),
        ("run", exclude, "run"),
    ):
        for one in asked:
            if one not in set(rows[column]):
                raise InputError(f"{name}: {one_of(one, rows[column].unique(), what)}")
    reason = pd.Series("", index=rows.index)
    for fault, why in (
        (rows["loss"].isna(), "no loss"),
        (rows["role"] == "trajectory", "a checkpoint before the end of its training"),
        ((rows["role"] == "excluded") & ~rows["run"].isin(list(hold_out)), "excluded in its table"),
        (rows["run"].isin(list(exclude)), "excluded by hand"),
        (~rows["benchmark"].isin(list(benchmarks)) if benchmarks else rows["loss"].isna(), "another benchmark"),
    ):
        reason = reason.where((reason != "") | ~fault, why)
    held = (reason == "") & ((rows["role"] == "anchor") | rows["run"].isin(list(hold_out)))
    fitted = (reason == "") & ~held
    reason = reason.where(
        ~held | rows["benchmark"].isin(rows.loc[fitted, "benchmark"]), "no fitted run on its benchmark"
    )
    held = held & (reason == "")
    for run in hold_out:
        if not held[rows["run"] == run].any():
            raise InputError(f"{name}: run '{run}' cannot be held out: {reason[rows['run'] == run].iloc[0]}.")
    _refuse_units(name, rows[fitted | held])
    table = tables.benchmarks.set_index("benchmark")
    left = rows[reason != ""].assign(reason=reason[reason != ""])
    return Runs(name, rows[fitted], rows[held], left, table, digest)


def assemble_runs(study: LawStudy, runs: Runs) -> xr.Dataset:
    """Join runs into the dataset of a law.

    Returns
    -------
    xarray.Dataset
        Dims ``benchmark``, ``run`` (losses that are fitted), ``held`` (losses that are predicted), ``map`` and
        ``training`` (pairs of loss and score). What the law reads is ``run_log_n`` and so on: natural logarithms from
        the centre of the runs of the benchmark, which is ``centre_n`` and so on.
    """
    fitted = runs.fitted
    names = list(dict.fromkeys(fitted["benchmark"]))
    bench = pd.Index(names).get_indexer(pd.Index(fitted["benchmark"]))
    held = runs.held_out[runs.held_out["benchmark"].isin(names)]
    held_bench = pd.Index(names).get_indexer(pd.Index(held["benchmark"]))
    found: dict[str, tuple[str, np.ndarray]] = {}
    for letter, column in laws.VARIABLES.items():
        log = np.log(fitted[laws.VARIABLES[laws.CENTRED_LIKE.get(letter, letter)]].to_numpy(float))
        centre = np.bincount(bench, log) / np.bincount(bench)
        found[f"centre_{letter}"] = ("benchmark", centre)
        found[f"run_log_{letter}"] = ("run", np.log(fitted[column].to_numpy(float)) - centre[bench])
        found[f"held_log_{letter}"] = ("held", np.log(held[column].to_numpy(float)) - centre[held_bench])
    column = study.map_from or "score"
    table = runs.benchmarks.reindex(fitted.groupby("benchmark")["measured"].first()[names])
    floor, items = table["chance"].fillna(0.0).to_numpy(float), table["n_items"].to_numpy(float)
    scored = fitted[column].notna() & np.isfinite(items[bench]) & (study.map_from is not None)
    several = fitted["loss"].where(scored).groupby(fitted["benchmark"]).transform("nunique") >= LEAST_PAIRS
    pairs = fitted.assign(value=fitted[column])[scored & several]
    losses = xr.Dataset(
        {
            **found,
            "run_loss": ("run", fitted["loss"].to_numpy(float)),
            "run_benchmark": ("run", bench),
            "run_score": ("run", fitted[column].to_numpy(float)),
            "held_loss": ("held", held["loss"].to_numpy(float)),
            "held_score": ("held", held[column].to_numpy(float)),
            "held_benchmark": ("held", held_bench),
            "floor": ("benchmark", floor),
            "n_items": ("benchmark", items),
        },
        coords={
            "benchmark": names,
            "run": _labels(fitted),
            "held": _labels(held),
            "held_run": ("held", held["run"].to_numpy(str)),
            "loss_unit": ("benchmark", fitted.groupby("benchmark")["loss_unit"].first()[names].to_numpy(str)),
        },
        attrs={"suite": runs.name},
    )
    return losses.merge(join_pairs(pairs, names, floor))


def absolute_logs(data: xr.Dataset, kind: str = "run") -> dict[str, np.ndarray]:
    """Natural logarithms, from one and not from the centre, of what runs are; ``kind`` is their dim, run or held."""
    bench = data[f"{kind}_benchmark"].to_numpy()
    return {
        letter: data[f"{kind}_log_{letter}"].to_numpy() + data[f"centre_{letter}"].to_numpy()[bench]
        for letter in laws.VARIABLES
    }


def mapped(data: xr.Dataset) -> np.ndarray:
    """Which benchmarks have a map from loss to score; dim ``benchmark``."""
    return np.isin(np.arange(data.sizes["benchmark"]), data["map_benchmark"].to_numpy())


def _labels(rows: pd.DataFrame) -> np.ndarray:
    return np.array([f"{run} on {name}" for run, name in zip(rows["run"], rows["benchmark"], strict=True)], dtype=str)


def _with_flops(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(flops=rows["flops"].fillna(FLOPS_PER_PARAMETER_AND_TOKEN * rows["params"] * rows["tokens"]))


def _refuse_units(name: str, rows: pd.DataFrame) -> None:
    faults = []
    for benchmark, units in rows.groupby("benchmark")["loss_unit"].unique().items():
        if len(units) > 1:
            both = " and ".join(sorted(unit or "no unit" for unit in units))
            faults.append(f"{name}: losses on '{benchmark}' are in {both}; convert them to one unit.")
    trained = rows[rows["tokens"] > 0]
    for column, among in (("tokens", trained), ("unique_tokens", trained[trained["tokens"] >= LEAST_TOKENS])):
        few = among[among[column] < LEAST_TOKENS]
        faults += [
            f"{name} row {row}: {column} {tokens:g} of run '{run}' is no number of training tokens (at least 1e6); if "
            "tokens are in billions, multiply by 1e9."
            for row, run, tokens in few[["run", column]].itertuples()
        ]
    if faults:
        raise InputError(listed(faults))

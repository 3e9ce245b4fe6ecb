"""Reference runs for a law alone: read, check, sort into fitted and held out, and join into one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError, UnidentifiedError, one_of
from bayesdensity.data.faults import listed
from bayesdensity.data.join import join_pairs
from bayesdensity.data.legible import LEAST_TOKENS_PER_PARAMETER, MOST_TOKENS_PER_PARAMETER
from bayesdensity.data.run_table import read_run_table
from bayesdensity.data.tables import Tables
from bayesdensity.study.law_spec import LawStudy

LEAST_PAIRS = 5
"""Different losses with a score that a map needs."""


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
    law: str | None = None,
) -> Runs:
    """Runs of a suite of the tables, or of a CSV file of one's own.

    Parameters
    ----------
    source : str
        Name of a suite, or path of a ``.csv`` file with at least ``loss`` and what the law reads.
    tables : Tables
    benchmarks : sequence of str, optional
        Which benchmarks or corpora; None: all.
    hold_out, exclude : sequence of str
        Names of runs to predict instead of fitting them, and to leave out.
    law : str, optional
        Name of the law that reads the runs; None: one of ``params`` and ``tokens``.

    Raises
    ------
    InputError
        If there is no such suite or file, its cells are impossible, a name is unknown, or units are mixed.
    """
    rows, name, digest = _source(source, tables, law)
    rows = _labelled(rows)
    _refuse_unknown(name, rows, benchmarks or (), (*hold_out, *exclude))
    reason = _reasons(rows, benchmarks, hold_out, exclude)
    held = (reason == "") & ((rows["role"] == "anchor") | rows["run"].isin(list(hold_out)))
    fitted = (reason == "") & ~held
    alone = held & ~rows["benchmark"].isin(rows.loc[fitted, "benchmark"])
    reason, held = reason.mask(alone, "no fitted run on its benchmark"), held & ~alone
    for run in hold_out:
        if not held[rows["run"] == run].any():
            raise InputError(f"{name}: run '{run}' cannot be held out: {reason[rows['run'] == run].iloc[0]}.")
    _refuse_units(name, rows[fitted | held])
    _refuse_ratio(name, rows[fitted])
    left_out = rows[reason != ""].assign(reason=reason[reason != ""])
    return Runs(name, rows[fitted], rows[held], left_out, tables.benchmarks.set_index("benchmark"), digest)


def _source(source: str, tables: Tables, law: str | None) -> tuple[pd.DataFrame, str, str]:
    """Rows of a suite or of a file, its name, and the digest of where they stand."""
    if source.lower().endswith(".csv"):
        rows, digest = read_run_table(Path(source), law)
        return rows, Path(source).name, digest
    known = tables.reference_runs.loc[tables.reference_runs["role"] != "trajectory", "suite"].unique()
    if source not in known:
        raise InputError(one_of(source, known, "suite of reference runs") + " Or give the path of a .csv file.")
    return tables.reference_runs[tables.reference_runs["suite"] == source], source, tables.digest


def _labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with what they need not state, in which benchmark and run tell a row from every other."""
    rows = rows.assign(measured=rows["benchmark"])
    for variable in laws.VARIABLES.values():
        if variable.default is not None:
            default = variable.default(rows)
            rows[variable.column] = rows[variable.column].fillna(default) if variable.column in rows else default
    if rows.loc[rows["role"] != "trajectory", "suite"].nunique() > 1:
        rows = rows.assign(benchmark=rows["benchmark"] + " (" + rows["suite"] + ")")
    repeated = rows.duplicated(["run", "benchmark"], keep=False)
    longer = rows["run"] + " at " + rows["tokens"].map("{:.4g}".format) + " tokens"
    return rows.assign(run=rows["run"].mask(repeated, longer))


def _reasons(
    rows: pd.DataFrame, benchmarks: Sequence[str] | None, hold_out: Sequence[str], exclude: Sequence[str]
) -> pd.Series[str]:
    """The first reason to leave out each row; empty where there is none."""
    faults = {
        "no loss": rows["loss"].isna(),
        "a checkpoint before the end of its training": rows["role"] == "trajectory",
        "excluded in its table": (rows["role"] == "excluded") & ~rows["run"].isin(list(hold_out)),
        "excluded by hand": rows["run"].isin(list(exclude)),
        "another benchmark": ~rows["benchmark"].isin(list(benchmarks or rows["benchmark"])),
    }
    reason = pd.Series("", index=rows.index)
    for why, fault in faults.items():
        reason = reason.where((reason != "") | ~fault, why)
    return reason


def _refuse_unknown(name: str, rows: pd.DataFrame, benchmarks: Sequence[str], runs: Sequence[str]) -> None:
    for column, asked in (("benchmark", benchmarks), ("run", runs)):
        known = rows[column].unique()
        for label in asked:
            if label not in known:
                raise InputError(f"{name}: {one_of(label, known, column)}")


def assemble_runs(study: LawStudy, runs: Runs) -> xr.Dataset:
    """Join runs into the dataset of a law.

    Returns
    -------
    xarray.Dataset
        Dims ``benchmark``, ``run`` (losses that are fitted), ``held`` (losses that are predicted), ``map`` and
        ``training`` (pairs of loss and score). What the law reads is ``run_log_n`` and so on: natural logarithms from
        the centre of the runs of the benchmark, which is ``centre_n`` and so on. ``run_log_loss`` is the logarithm of
        ``run_loss``, and ``centre_log_loss`` its mean by benchmark. What the law does not read may be missing.

    Raises
    ------
    UnidentifiedError
        If the runs do not state what the law reads.
    """
    fitted = runs.fitted
    if unstated := [one.column for one in study.form.variables if fitted[one.column].isna().any()]:
        raise UnidentifiedError(f"{runs.name}: the law '{study.law}' reads {' and '.join(unstated)}; add the column.")
    names = list(dict.fromkeys(fitted["benchmark"]))
    held_out = runs.held_out[runs.held_out["benchmark"].isin(names)]
    bench, held_bench = (pd.Index(names).get_indexer(pd.Index(rows["benchmark"])) for rows in (fitted, held_out))
    score = study.map_from or "score"
    table = runs.benchmarks.reindex(fitted.groupby("benchmark")["measured"].first()[names])
    floor, items = table["chance"].fillna(0.0).to_numpy(float), table["n_items"].to_numpy(float)
    log_loss = np.log(fitted["loss"].to_numpy(float))
    losses = xr.Dataset(
        {
            **_logs(fitted, bench, held_out, held_bench),
            "run_loss": ("run", fitted["loss"].to_numpy(float)),
            "run_log_loss": ("run", log_loss),
            "centre_log_loss": ("benchmark", np.bincount(bench, log_loss) / np.bincount(bench)),
            "run_benchmark": ("run", bench),
            "run_score": ("run", fitted[score].to_numpy(float)),
            "held_loss": ("held", held_out["loss"].to_numpy(float)),
            "held_score": ("held", held_out[score].to_numpy(float)),
            "held_benchmark": ("held", held_bench),
            "floor": ("benchmark", floor),
            "n_items": ("benchmark", items),
        },
        coords={
            "benchmark": names,
            "run": _labels(fitted),
            "held": _labels(held_out),
            "held_run": ("held", held_out["run"].to_numpy(str)),
            "loss_unit": ("benchmark", fitted.groupby("benchmark")["loss_unit"].first()[names].to_numpy(str)),
        },
        attrs={"suite": runs.name},
    )
    scored = fitted[score].notna() & np.isfinite(items[bench]) & (study.map_from is not None)
    several = fitted["loss"].where(scored).groupby(fitted["benchmark"]).transform("nunique") >= LEAST_PAIRS
    pairs = fitted.assign(value=fitted[score])[scored & several]
    return losses.merge(join_pairs(pairs, names, floor))


def _logs(
    fitted: pd.DataFrame, bench: np.ndarray, held_out: pd.DataFrame, held_bench: np.ndarray
) -> dict[str, tuple[str, np.ndarray]]:
    """Natural logarithms of what laws read, from the centre of the fitted runs of the benchmark, and that centre."""
    logs: dict[str, tuple[str, np.ndarray]] = {}
    for letter, variable in laws.VARIABLES.items():
        centred_like = laws.VARIABLES[variable.like or letter].column
        log = np.log(fitted[centred_like].to_numpy(float))
        centre = np.bincount(bench, log) / np.bincount(bench)
        logs[f"centre_{letter}"] = ("benchmark", centre)
        for kind, rows, index in (("run", fitted, bench), ("held", held_out, held_bench)):
            logs[f"{kind}_log_{letter}"] = (kind, np.log(rows[variable.column].to_numpy(float)) - centre[index])
    return logs


def absolute_logs(data: xr.Dataset, kind: str = "run") -> dict[str, np.ndarray]:
    """Natural logarithms, from one and not from the centre, of what runs state; ``kind`` is their dim, run or held."""
    bench = data[f"{kind}_benchmark"].to_numpy()
    logs = {
        letter: data[f"{kind}_log_{letter}"].to_numpy() + data[f"centre_{letter}"].to_numpy()[bench]
        for letter in laws.VARIABLES
    }
    return {letter: log for letter, log in logs.items() if not np.isnan(log).any()}


def mapped(data: xr.Dataset) -> np.ndarray:
    """Which benchmarks have a map from loss to score; dim ``benchmark``."""
    return np.isin(np.arange(data.sizes["benchmark"]), data["map_benchmark"].to_numpy())


def _labels(rows: pd.DataFrame) -> np.ndarray:
    return np.array([f"{run} on {name}" for run, name in zip(rows["run"], rows["benchmark"], strict=True)], dtype=str)


def _refuse_units(name: str, rows: pd.DataFrame) -> None:
    faults = []
    for benchmark, units in rows.groupby("benchmark")["loss_unit"].unique().items():
        if len(units) > 1:
            both = " and ".join(sorted(unit or "no unit" for unit in units))
            faults.append(f"{name}: losses on '{benchmark}' are in {both}; convert them to one unit.")
    if faults:
        raise InputError(listed(faults))


def _refuse_ratio(name: str, rows: pd.DataFrame) -> None:
    """Refuse runs of which most have so few or many tokens for their size that one of the two is in another unit."""
    ratio = (rows["tokens"] / rows["params"]).median()
    if ratio < LEAST_TOKENS_PER_PARAMETER or ratio > MOST_TOKENS_PER_PARAMETER:
        side = "fewer" if ratio < 1 else "more"
        raise InputError(
            f"{name}: half of the runs have {ratio:.2g} or {side} training tokens per parameter, as no training has; "
            "check the units of params and tokens, which are counts (millions: 1e6, billions: 1e9)."
        )

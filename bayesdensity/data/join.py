"""Join the selected rows into one labelled dataset: everything the model sees, in the order it sees it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.data.covariates import covariates_of
from bayesdensity.data.dates import day_of, years
from bayesdensity.data.masks import with_scores
from bayesdensity.data.pseudo import implied
from bayesdensity.data.selection import Selection
from bayesdensity.laws.trends import knots
from bayesdensity.study.spec import Study

ABOVE_FLOOR = -3.0
"""Logit above which a reference score is clearly above its floor."""


def assemble(study: Study, selection: Selection) -> xr.Dataset:
    """Join a selection into the dataset of a fit.

    Parameters
    ----------
    study : Study
    selection : Selection

    Returns
    -------
    xarray.Dataset
        Its variables, with dims, units, meaning and readers: `bayesdensity.data.variables.VARIABLES`.
    """
    targets = _targets(study, selection)
    scores = _scores(selection)
    ladder = _ladder(study, selection)
    suites = _suites(selection)
    names = np.array([*selection.llms.index, *selection.reference_llms.index], dtype=str)
    entity, bench = (scores[name].to_numpy() for name in ("cell_entity", "cell_benchmark"))
    cells = pd.DataFrame({"llm": names[entity], "benchmark": selection.benchmarks.index[bench]})
    covariates = covariates_of(study, selection, cells, targets.attrs["time_centre"])
    data = xr.merge([targets, scores, ladder, suites, covariates], combine_attrs="no_conflicts")
    censored = study.reference.beyond == "censored"
    return with_scores(data.assign_attrs(censored=censored))


def _targets(study: Study, selection: Selection) -> xr.Dataset:
    llms, reference = selection.llms, selection.reference_llms
    log_size = np.log(llms["size"].to_numpy(float))
    time = years(pd.DatetimeIndex(llms["release_date"]))
    centre, middle = float(log_size.mean()), float(time.mean())
    families, index = np.unique(llms[study.frontier.groups].to_numpy(str), return_inverse=True)
    relative = time - middle
    turns = knots(relative.min(), relative.max())
    family_time = np.bincount(index, relative) / np.bincount(index)
    tokens = {}
    if study.reference.families and study.reference.tokens is not None:
        tokens = {"reference_log_tokens": ("reference", np.log(reference["train_tokens"].to_numpy(float)))}
    return xr.Dataset(
        {
            "log_size": ("llm", log_size - centre),
            "log_sparsity": ("llm", np.log((llms["params_total"] / llms["params_active"]).to_numpy(float))),
            "log_train_tokens": ("llm", np.log(llms["train_tokens"].to_numpy(float))),
            "time": ("llm", relative),
            "family_index": ("llm", index),
            "family_time": ("family", family_time),
            "knot_time": ("knot", turns),
            "reference_log_size": ("reference", np.log(reference["size"].to_numpy(float)) - centre),
            "reference_family_index": ("reference", _positions(reference["family"], list(study.reference.families))),
            **tokens,
        },
        coords={
            "llm": llms.index.to_numpy(str),
            "family": families,
            "knot": [day_of(year) for year in turns + middle],
            "reference": reference.index.to_numpy(str),
            "reference_family": np.array(study.reference.families, dtype=str),
            "architecture": ("llm", llms["architecture"].to_numpy(str)),
            "lab_type": ("llm", llms["lab_type"].to_numpy(str)),
            "release_date": ("llm", llms["release_date"].dt.strftime("%Y-%m-%d").to_numpy(str)),
        },
        attrs={"log_size_centre": centre, "time_centre": middle},
    )


def _scores(selection: Selection) -> xr.Dataset:
    """Scores, and what starting points and the linearised posterior need of them."""
    names = [*selection.llms.index, *selection.reference_llms.index]
    entity = pd.Series(range(len(names)), index=names)
    benchmarks = selection.benchmarks
    position = pd.Series(range(len(benchmarks)), index=benchmarks.index)
    rows = selection.scores.assign(
        entity=selection.scores["llm"].map(entity), position=selection.scores["benchmark"].map(position)
    )
    # Cells of targets come first, so that both kinds are contiguous.
    rows["kind"] = (rows["entity"] >= len(selection.llms)).astype(int)
    rows = rows.sort_values(["kind", "position", "entity", "harness"], kind="stable")
    cells = rows.drop_duplicates(["entity", "position"])[["entity", "position"]].reset_index(drop=True)
    cell_of = pd.MultiIndex.from_frame(cells)
    row_cell = cell_of.get_indexer(pd.MultiIndex.from_frame(rows[["entity", "position"]]))
    harnesses = rows[["harness", "benchmark", "position"]].drop_duplicates().reset_index(drop=True)
    row_harness = pd.MultiIndex.from_frame(harnesses[["harness", "benchmark"]]).get_indexer(
        pd.MultiIndex.from_frame(rows[["harness", "benchmark"]])
    )
    data = xr.Dataset(
        {
            "score_value": ("score", rows["score"].to_numpy(float)),
            "score_cell": ("score", row_cell),
            "score_benchmark": ("score", rows["position"].to_numpy(int)),
            "score_harness": ("score", row_harness),
            "score_row": ("score", rows.index.to_numpy(int)),
            "cell_entity": ("cell", cells["entity"].to_numpy(int)),
            "cell_benchmark": ("cell", cells["position"].to_numpy(int)),
            "harness_benchmark": ("harness", harnesses["position"].to_numpy(int)),
            "floor": ("benchmark", _floors(selection)),
        },
        coords={
            "benchmark": benchmarks.index.to_numpy(str),
            "benchmark_group": ("benchmark", benchmarks["group"].to_numpy(str)),
            "harness": (harnesses["harness"] + " on " + harnesses["benchmark"]).to_numpy(str),
            "harness_name": ("harness", harnesses["harness"].to_numpy(str)),
            "cell": [f"{names[e]} on {benchmarks.index[b]}" for e, b in cells.to_numpy()],
        },
        attrs={"n_target_cells": int((cells["entity"] < len(selection.llms)).sum())},
    )
    return data


def _ladder(study: Study, selection: Selection) -> xr.Dataset:
    runs, names = selection.runs, list(selection.benchmarks.index)
    ladder = runs[(runs["use"] == "ladder") & runs["loss"].notna()]
    pairs = map_rows(study, runs)
    log_n, log_d = (np.log(ladder[column].to_numpy(float)) for column in ("params", "tokens"))
    centre_n, centre_d = (float(x.mean()) if len(x) else 0.0 for x in (log_n, log_d))
    # An anchor is the end of the training whose checkpoints a trajectory follows; rungs of the ladder are their own.
    is_long = (pairs["role"] != "ladder").to_numpy()
    long_name = "training of " + pairs["params"].map("{:.4g}".format).astype(str) + " parameters"
    pairs = pairs.assign(run=pairs["run"].where(~is_long, long_name))
    losses = xr.Dataset(
        {
            "run_log_n": ("run", log_n - centre_n),
            "run_log_d": ("run", log_d - centre_d),
            "run_loss": ("run", ladder["loss"].to_numpy(float)),
            "run_benchmark": ("run", _positions(ladder["benchmark"], names)),
            "run_beyond": ("run", (ladder["role"] == "anchor").to_numpy(float)),
            "n_items": ("benchmark", selection.benchmarks["n_items"].to_numpy(float)),
        },
        coords={"run": [f"{run} on {name}" for run, name in zip(ladder["run"], ladder["benchmark"], strict=True)]},
        attrs={
            "ladder_log_n_centre": centre_n,
            "ladder_log_d_centre": centre_d,
            "loss_unit": ", ".join(sorted(set(ladder["loss_unit"]))),
            "log_tokens": float(np.log(study.reference.tokens or 1.0)),
        },
    )
    return losses.merge(join_pairs(pairs, names, _floors(selection)))


def join_pairs(pairs: pd.DataFrame, names: list[str], floor: np.ndarray) -> xr.Dataset:
    """Pairs of loss and score, as the loss-to-score map sees them; dims ``map``, ``training`` and ``benchmark``.

    Parameters
    ----------
    pairs : pandas.DataFrame
        With ``run``, ``benchmark``, ``loss`` and ``value``; rows of one run on one benchmark are one training.
    names : list of str
        Benchmarks, in order.
    floor : ndarray
        Score of each benchmark that guessing reaches.
    """
    trainings = pairs.drop_duplicates(["run", "benchmark"])[["run", "benchmark"]]
    training = pd.MultiIndex.from_frame(trainings).get_indexer(pd.MultiIndex.from_frame(pairs[["run", "benchmark"]]))
    bench = _positions(pairs["benchmark"], names)
    value = pairs["value"].to_numpy(float)
    logit, share, pseudo = implied(value, floor[bench], training, len(trainings))
    centre, centre_logit = _map_centre(pairs["loss"].to_numpy(float), logit, bench, len(names))
    return xr.Dataset(
        {
            "map_loss": ("map", pairs["loss"].to_numpy(float)),
            "map_value": ("map", value),
            "map_share": ("map", share),
            **{f"training_{name}": ("training", values) for name, values in pseudo.items()},
            "map_benchmark": ("map", bench),
            "map_centre": ("benchmark", centre),
            "map_centre_logit": ("benchmark", centre_logit),
            "map_training": ("map", training),
            "training_benchmark": ("training", _positions(trainings["benchmark"], names)),
        },
        coords={"training": (trainings["run"] + " on " + trainings["benchmark"]).to_numpy(str)},
    )


def _floors(selection: Selection) -> np.ndarray:
    return np.asarray(selection.benchmarks["floor"], dtype=float)


def map_rows(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of loss and score, the score in the format that the study names for the benchmark."""
    fitted = runs[runs["use"].isin(["ladder", "trajectory"])]
    columns = [study.benchmarks[name].map_from for name in fitted["benchmark"]]
    value = [row[column] for (_, row), column in zip(fitted.iterrows(), columns, strict=True)]
    pairs = fitted.assign(value=np.array(value, dtype=float))
    return pairs[pairs["value"].notna() & pairs["loss"].notna()]


def _map_centre(loss: np.ndarray, logit: np.ndarray, bench: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean loss and mean logit of the pairs clearly above the floor: the others say nothing of the slope."""
    use = logit > ABOVE_FLOOR
    count = np.maximum(np.bincount(bench[use], minlength=n), 1)
    mean = [np.bincount(bench[use], values[use], n) / count for values in (loss, logit)]
    return mean[0], mean[1]


def _suites(selection: Selection) -> xr.Dataset:
    rows = selection.runs[selection.runs["use"] == "loss"]
    suites, index = np.unique(rows["suite"].to_numpy(str), return_inverse=True)
    log_n, log_d = (np.log(rows[column].to_numpy(float)) for column in ("params", "tokens"))
    mean_n, mean_d = (np.bincount(index, x) / np.bincount(index) if len(index) else x for x in (log_n, log_d))
    return xr.Dataset(
        {
            "suite_log_n": ("suite_run", log_n - mean_n[index]),
            "suite_log_d": ("suite_run", log_d - mean_d[index]),
            "suite_loss": ("suite_run", rows["loss"].to_numpy(float)),
            "suite_index": ("suite_run", index),
            "suite_log_n_centre": ("suite", mean_n),
            "suite_log_d_centre": ("suite", mean_d),
        },
        coords={"suite": suites},
    )


def _positions(labels: pd.Series, names: list[str]) -> np.ndarray:
    return np.asarray(pd.Index(names).get_indexer(pd.Index(labels)))

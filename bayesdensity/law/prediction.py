"""What a law predicts: loss and score of trainings it has not seen, and how far they lie from those it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.errors import InputError
from bayesdensity.data.runs import absolute_logs, mapped
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.noise import log_errors
from bayesdensity.quantities import DEFAULT_CI, SAMPLE, Estimate
from bayesdensity.quantities.estimate import SHARE
from bayesdensity.quantities.trainings import noisy_score

THIRTYFOLD = float(np.log(30))
"""Distance beyond the ladder at which the miss of a law has the scale of its prior."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Posterior predictive of further trainings.

    Attributes
    ----------
    loss : Estimate
        Dims ``training``, ``benchmark``; in the unit of the runs, noise included.
    score : Estimate or None
        The same of the score, for the benchmarks that have a map.
    beyond : xarray.DataArray
        How far each training lies outside the runs, in e-folds (`distance`); dims ``training``, ``benchmark``.
    """

    loss: Estimate
    score: Estimate | None
    beyond: xr.DataArray


def predict(
    fit: LawFit,
    at: Mapping[str, Sequence[float]],
    *,
    labels: Sequence[str] | None = None,
    misfit: bool = True,
    ci: float = DEFAULT_CI,
    seed: int = 1,
) -> Prediction:
    """Posterior predictive loss and score of further trainings.

    Beyond the runs the law may miss: log loss departs from it like a random walk in the distance, which has the scale
    of the prior ``law_misfit`` after a factor of 30 in compute. So may the map: its logit walks with the scale of the
    prior ``map_misfit`` after as much further loss as the runs span. Noise of losses, the training's own departure from
    the map and the items of the benchmark are included.

    Parameters
    ----------
    fit : LawFit
    at : mapping
        By the columns of a table of runs (``params``, ``tokens``, ...): one value for each training. Unique tokens
        default to tokens, experts to those of an average run, operations to ``6 N D``.
    labels : sequence of str, optional
        Names of the trainings.
    misfit : bool
        Whether the law may miss beyond the runs; False trusts its form.
    ci : float
        Probability of the intervals.
    seed : int
        Of the noise.

    Raises
    ------
    InputError
        If something is missing that the law reads, or is no positive number.
    """
    log = _logs(fit, at, labels)
    x = {letter: log[letter] - fit.centre[letter] for letter in fit.study.form.reads}
    beyond = distance(fit, log)
    rng = np.random.default_rng(seed)
    log_loss = np.log(fit.law.loss(x)).transpose(*SAMPLE, "training", "benchmark")
    if misfit:
        log_loss = log_loss + _walk(fit, "law_misfit", rng) * np.sqrt(beyond / THIRTYFOLD)
    log_loss = log_loss.transpose(*SAMPLE, "training", "benchmark")
    loss, score = np.exp(log_loss + log_errors(fit, log_loss, rng)), None
    if fit.data.sizes["map"]:
        miss = _walk(fit, "map_misfit", rng) * np.sqrt(_beyond_map(fit, loss)) if misfit else 0.0
        score = noisy_score(fit.posterior, fit.data, loss, rng, miss).isel(benchmark=mapped(fit.data))
    return Prediction(
        Estimate("loss", "loss of a training", loss, ci),
        None if score is None else Estimate("score", "score of a training", score, ci, SHARE),
        beyond,
    )


def distance(fit: LawFit, log: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """E-folds by which trainings lie outside the runs, in whatever they lie farthest outside.

    Looked at are compute, all that the law reads, tokens per parameter and epochs.

    Parameters
    ----------
    fit : LawFit
    log : mapping of xarray.DataArray
        Natural logarithms of what the law reads, dim ``training``.
    """
    data, bench = fit.data, fit.data["run_benchmark"].to_numpy()
    runs = absolute_logs(data)
    reads, names = fit.study.form.reads, data["benchmark"].to_numpy()
    beyond: xr.DataArray = xr.zeros_like(next(iter(log.values()))) + xr.zeros_like(fit.centre["n"])
    for run_side, side in zip(_sides(reads, runs), _sides(reads, log), strict=True):
        for pick, sign in ((np.min, -1), (np.max, 1)):
            end = xr.DataArray([float(pick(run_side[bench == b])) for b in range(len(names))], {"benchmark": names})
            beyond = np.maximum(beyond, sign * (side - end))
    return beyond.transpose("training", "benchmark")


def _sides(reads: Sequence[str], log: Mapping[str, Any]) -> list[Any]:
    """What a training may lie outside the runs in; logarithms."""
    like = {letter: laws.VARIABLES[letter].like for letter in reads}
    sides = [log[letter] for letter in reads if like[letter] is None]
    if {"n", "d"} <= set(reads):
        sides += [log["n"] + log["d"], log["d"] - log["n"]]
    return [*sides, *(log[whole] - log[letter] for letter, whole in like.items() if whole is not None)]


def predict_held_out(fit: LawFit, ci: float = DEFAULT_CI, misfit: bool = True, seed: int = 1) -> pd.DataFrame:
    """Losses and scores of the runs held out, beside what the law predicts of them.

    Parameters
    ----------
    fit : LawFit
    ci : float
        Probability of the intervals.
    misfit : bool
        Whether the law may miss beyond the runs; False trusts its form.
    seed : int
        Of the noise.

    Returns
    -------
    pandas.DataFrame
        One row for each run, benchmark and kind: observed, interval, whether it covers, and the factor by which the
        run lies outside the others (`distance`).
    """
    data = fit.data
    columns = ["run", "benchmark", "kind", "observed", "lower", "median", "upper", "covered", "beyond"]
    if not data.sizes["held"]:
        return pd.DataFrame(columns=columns)
    bench = data["held_benchmark"].to_numpy()
    trainings = {
        laws.VARIABLES[letter].column: np.exp(log).tolist() for letter, log in absolute_logs(data, "held").items()
    }
    predicted = predict(fit, trainings, labels=list(data["held"].to_numpy()), misfit=misfit, ci=ci, seed=seed)
    rows = []
    for kind, estimate in (("loss", predicted.loss), ("score", predicted.score)):
        if estimate is None:
            continue
        summary = estimate.summary
        for k, (run, name) in enumerate(
            zip(data["held_run"].to_numpy(), data["benchmark"].to_numpy()[bench], strict=True)
        ):
            observed = float(data[f"held_{kind}"][k])
            if np.isfinite(observed) and (kind == "loss" or name in summary["benchmark"]):
                row = summary.isel(training=k).sel(benchmark=name)
                low, middle, high = (float(row[end]) for end in ("lower", "median", "upper"))
                far = float(np.exp(predicted.beyond.isel(training=k).sel(benchmark=name)))
                rows.append((run, name, kind, observed, low, middle, high, low <= observed <= high, far))
    return pd.DataFrame(rows, columns=columns)


def _logs(fit: LawFit, at: Mapping[str, Sequence[float]], labels: Sequence[str] | None) -> dict[str, xr.DataArray]:
    """Logarithms of what the law reads, dim ``training``; what need not be said is filled in."""
    given = {name: np.asarray(values, dtype=float) for name, values in at.items()}
    if not all(np.all(np.isfinite(values) & (values > 0)) for values in given.values()):
        raise InputError("a training needs positive numbers, for example --at 7e9,2e12.")
    if len({values.shape for values in given.values()}) != 1 or not next(iter(given.values())).size:
        raise InputError("say as many params as tokens, one of each for every training.")
    size = len(next(iter(given.values())))
    for variable in fit.study.form.variables:
        if variable.column not in given and (value := _unstated(fit, variable, given)) is not None:
            given[variable.column] = np.broadcast_to(value, size)
    missing = [variable.column for variable in fit.study.form.variables if variable.column not in given]
    if missing:
        raise InputError(f"the law '{fit.study.law}' reads {' and '.join(missing)} of a training; say what it is.")
    names = list(labels) if labels is not None else [str(k + 1) for k in range(size)]
    return {
        letter: xr.DataArray(np.log(given[variable.column]), dims="training", coords={"training": names})
        for letter, variable in laws.VARIABLES.items()
        if variable.column in given
    }


def _unstated(fit: LawFit, variable: laws.Variable, given: Mapping[str, np.ndarray]) -> Any:
    """What a variable is of trainings that do not state it; None if that cannot be said."""
    if variable.average:
        return np.exp(float(fit.data[f"centre_{variable.letter}"].mean()))
    try:
        return variable.default and variable.default(given)
    except KeyError:
        return None


def _walk(fit: LawFit, prior: str, rng: np.random.Generator) -> xr.DataArray:
    """A miss at unit distance: normal, with a scale from its prior; dims ``chain``, ``draw``, ``benchmark``."""
    like = fit.law.log_loss_centre
    scale = fit.study.priors[prior].draw(rng, (*like.shape[:2], 1))
    walk: xr.DataArray = like.copy(data=scale * rng.standard_normal(like.shape))
    return walk


def _beyond_map(fit: LawFit, loss: xr.DataArray) -> xr.DataArray:
    """How far losses lie outside those that the map was fitted to, in units of their range."""
    bench, of_pairs = fit.data["map_benchmark"].to_numpy(), fit.data["map_loss"].to_numpy()
    names, has = fit.data["benchmark"].to_numpy(), mapped(fit.data)
    ends = [of_pairs[bench == b] if has[b] else np.array([0.0, 1.0]) for b in range(len(names))]
    low, high = (xr.DataArray([float(pick(e)) for e in ends], {"benchmark": names}) for pick in (np.min, np.max))
    far: xr.DataArray = (low - loss).clip(min=0) + (loss - high).clip(min=0)
    return far / (high - low)

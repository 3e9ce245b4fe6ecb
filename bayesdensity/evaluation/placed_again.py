"""Is placing right? Every LLM of a fit, placed by fits that have not seen it, beside what the whole fit says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity.data.cells import cells_of
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.placing import Model, place
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.densities import log_density, params
from bayesdensity.quantities.estimate import SAMPLE

FOLDS, DRAWS, TUNE, SEED = 10, 250, 300, 1
"""Fits, each without a share of the LLMs drawn at random, draws of four chains of each, and seed of both."""


def placed_again(fit: Fit) -> pd.DataFrame:
    """Place each LLM by a fit without it, and by the whole fit, from its mean score on each benchmark.

    Returns
    -------
    pandas.DataFrame
        By LLM: median and standard deviation of ln density by the whole fit (``fit``), placed by a fit without it
        (``placed``, with the ends of its interval), and placed by the whole fit (``whole``).
    """
    prepared = prepare_again(fit)
    fold = np.random.default_rng(SEED).permutation(fit.data.sizes["llm"]) % FOLDS
    known, rows = log_density(fit).draws.transpose(*SAMPLE, "llm").to_numpy(), {}
    for k in range(FOLDS):
        without = sample(prepared, with_scores(fit.data, keep_llms=fold != k), seed=SEED, draws=DRAWS, tune=TUNE)
        for m in np.flatnonzero(fold == k):
            model = model_of(fit, int(m))
            alone, whole = (place(one, **model._asdict()) for one in (without, fit))
            row = alone.log_density.to_frame_row()
            rows[model.name] = {
                "n_scores": len(model.scores),
                "fit_median": float(np.median(known[..., m])),
                "fit_sd": float(known[..., m].std()),
                "placed_median": row["median"],
                "placed_lower": row["lower"],
                "placed_upper": row["upper"],
                "placed_sd": float(alone.log_density.draws.std()),
                "whole_median": whole.log_density.to_frame_row()["median"],
                "effective_draws": alone.effective_draws,
            }
    names = [str(name) for name in fit.data["llm"].to_numpy()]
    return pd.DataFrame.from_dict(rows, orient="index").loc[names].rename_axis("llm")


def model_of(fit: Fit, llm: int) -> Model:
    """An LLM of a fit as one to be placed: its mean score on each benchmark, its family and its date.

    Parameters
    ----------
    fit : Fit
    llm : int
        Position of the LLM.
    """
    data, cells = fit.data, cells_of(fit.data)
    on, names = np.flatnonzero(cells.llm == llm), data["benchmark"].to_numpy()
    scores = {str(names[cells.target_benchmark[k]]): float(data["cell_value"].to_numpy()[k]) for k in on}
    family = str(data["family"].to_numpy()[data["family_index"].to_numpy()[llm]])
    size = float(params(fit).draws.isel(llm=llm).median())
    day, name = (str(data[of].to_numpy()[llm]) for of in ("release_date", "llm"))
    return Model(scores, size, released=day, family=family if fit.study.frontier.family_effects else None, name=name)

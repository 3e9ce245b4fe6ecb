"""The fit of the small world as one of a study with covariates, whose effects are drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from simulated import Truth, described

from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.study.load import load_study

MORE: dict[str, Any] = {"covariates": ["tokens", "pace-by-size"], "llms.stage": ["base", "instruct", "reasoning"]}
EFFECT, GROWTH = (0.4, 0.1), 0.06
"""Of tokens and of size, and what that of size grows by a year."""


def covaried(fit: Fit, truth: Truth, tables: Tables) -> Fit:
    """The fit with effects about `EFFECT` and `GROWTH`, and what is not known of tokens about the mean."""
    study = load_study(truth.study, MORE)
    data = assemble(study, select(study, described(tables)))
    assert data["llm"].to_numpy().tolist() == fit.data["llm"].to_numpy().tolist()
    rng, shape = np.random.default_rng(3), tuple(fit.posterior.sizes[dim] for dim in ("chain", "draw"))
    tokens = data["covariate_value"].to_numpy()[:, 0]
    completed = np.where(np.isnan(tokens), rng.normal(0, 0.5, (*shape, len(tokens))), tokens)
    draws = fit.posterior.assign(
        covariate_effect=(("chain", "draw", "covariate"), np.array(EFFECT) + rng.normal(0, 0.05, (*shape, 2))),
        covariate_growth=(("chain", "draw", "growing_covariate"), GROWTH + rng.normal(0, 0.02, (*shape, 1))),
        covariate_completed=(("chain", "draw", "llm", "imputed_covariate"), completed[..., None]),
    )
    names = data["covariate"].to_numpy()
    draws = draws.assign_coords(covariate=names, growing_covariate=names[1:], imputed_covariate=names[:1])
    about = {**fit.about, "digest": study.digest, "fingerprint": study.fingerprint}
    return replace(fit, study=study, data=data, posterior=draws, about=about, inside=None)

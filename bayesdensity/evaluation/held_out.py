"""Members of the reference that a fit has not seen, predicted: what the link is worth beyond those it has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesdensity import laws
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.study.spec import Exclusion, Study


def without_largest(study: Study, count: int, tables: Tables | None = None) -> tuple[Study, tuple[str, ...]]:
    """The study without the largest members of its reference family, and their names.

    Parameters
    ----------
    study : Study
    count : int
        How many are held out.
    tables : Tables, optional
        None: the bundled tables.
    """
    members = select(study, tables or read_tables()).reference_llms
    names = tuple(map(str, members.index[-count:]))
    out = tuple(Exclusion(name=name, why="held out") for name in names)
    reference = study.reference.model_copy(update={"exclude": (*study.reference.exclude, *out)})
    return study.model_copy(update={"reference": reference}), names


def predict_members(fit: Fit, study: Study, names: tuple[str, ...], tables: Tables | None = None) -> pd.DataFrame:
    """Predictive intervals of the scores of members that a fit was made without.

    Their size is known, and the scatter of the recipe, of a cell, of a harness and of a score is drawn.

    Parameters
    ----------
    fit : Fit
        By the study that `without_largest` gives.
    study : Study
        With all its members.
    names : tuple of str
        Of the members held out.
    tables : Tables, optional
        None: the bundled tables.

    Returns
    -------
    pandas.DataFrame
        One row for each score: ``llm``, ``benchmark``, ``harness``, ``score``, ``lower``, ``median`` and ``upper`` of
        the 90 % predictive interval, and ``share`` of the predictive distribution below the score.
    """
    selection = select(study, tables or read_tables())
    scores = selection.scores[selection.scores["llm"].isin(names)]
    rng, draws = np.random.default_rng(1), Draws(fit.data, fit.flat_draws())
    shape = draws["rate"].shape
    benchmarks = list(fit.data["benchmark"].to_numpy())
    harness_at = {str(label): k for k, label in enumerate(fit.data["harness"].to_numpy())}
    rows = []
    for name, mine in scores.groupby("llm"):
        size = np.log(selection.reference_llms.loc[name, "size"]) - fit.data.attrs["log_size_centre"]
        recipe = draws["recipe_residual"] * rng.standard_normal(shape)
        for benchmark, cell in mine.groupby("benchmark"):
            b = benchmarks.index(benchmark)
            x = size + recipe - draws["level"][:, b] + draws["cell_scatter"][:, b] * rng.standard_normal(shape)
            logit = laws.logit_of_size(draws.link.at(b), x)
            for _, row in cell.iterrows():
                at = harness_at.get(f"{row['harness']} on {benchmark}")
                new = draws["harness_scale"][:, b] * rng.standard_normal(shape)
                effect = new if at is None else draws["harness_effect"][:, at]
                expected = laws.score(logit + effect, float(fit.data["floor"][b]), draws["ceiling"][:, b])
                sd = laws.score_sd(expected, float(fit.data["n_items"][b]), draws["overdispersion"][:, b])
                drawn = np.clip(rng.normal(expected, sd), 0, 1)
                low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95])
                share = float((drawn < row["score"]).mean())
                rows.append((name, benchmark, row["harness"], row["score"], low, middle, high, share))
    columns = ["llm", "benchmark", "harness", "score", "lower", "median", "upper", "share"]
    return pd.DataFrame(rows, columns=columns)

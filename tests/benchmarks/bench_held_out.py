"""Do the others predict the largest members of a yardstick? Run by hand: python tests/benchmarks/bench_held_out.py.

Each family is fitted without its largest member, and without its two largest, and their scores are predicted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from bayesdensity import laws
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.draws import Draws
from bayesdensity.inference.drawing import fit
from bayesdensity.inference.result import Fit
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Exclusion, Study

FAMILIES = ("Qwen1.5", "Qwen2.5", "Llama-2")


def without_largest(study: Study, count: int) -> tuple[Study, tuple[str, ...]]:
    """The study without the largest members of its reference family, and their names.

    Parameters
    ----------
    study : Study
    count : int
        How many are held out.
    """
    members = select(study, read_tables()).reference_llms
    names = tuple(map(str, members.index[-count:]))
    out = tuple(Exclusion(name=name, why="held out") for name in names)
    reference = study.reference.model_copy(update={"exclude": (*study.reference.exclude, *out)})
    return study.model_copy(update={"reference": reference}), names


def predict_members(fit: Fit, study: Study, names: tuple[str, ...]) -> pd.DataFrame:
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

    Returns
    -------
    pandas.DataFrame
        One row for each score: ``llm``, ``benchmark``, ``harness``, ``score``, ``lower``, ``median`` and ``upper`` of
        the 90 % predictive interval, and ``share`` of the predictive distribution below the score.
    """
    selection = select(study, read_tables())
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


def main() -> None:
    """Fit, predict, and write one row for each score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beyond", default="misfit")
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("-o", "--output", type=Path, default=Path("held_out.csv"))
    given = parser.parse_args()
    tables = []
    for family in FAMILIES:
        whole = load_study("densing-law", {"reference.family": family, "reference.beyond": given.beyond})
        for count in (1, 2):
            study, names = without_largest(whole, count)
            found = fit(study, draws=given.draws, tune=600)
            rows = predict_members(found, whole, names).assign(family=family, held_out=count)
            inside = rows["score"].between(rows["lower"], rows["upper"])
            print(family, count, names, f"{inside.mean():.2f} of {len(rows)}", flush=True)
            stretch = found.posterior.get("link_stretch")
            if stretch is not None:
                print("  stretch", stretch.mean(("chain", "draw")).to_numpy().round(2), flush=True)
            tables.append(rows)
            pd.concat(tables).to_csv(given.output, index=False)


if __name__ == "__main__":
    main()

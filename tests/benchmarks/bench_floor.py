"""The floor of a loss law on ladders where it is known: none, small or large.

python tests/benchmarks/bench_floor.py --ladders 20 --seed 1

Two designs: 17 of the Chinchilla runs, others for each ladder, and the runs of the OLMo ladder on one benchmark.
Exponents, the shares of size and data, and the noise differ between ladders. Printed for each design, floor and prior:
how many 90 % intervals hold E, alpha, and the loss of a run with 30 times the compute of the largest, by the law alone;
how often the check says that the floor is the prior's; the median width of the predicted loss, relative to it; the
median probability of no floor; leapfrog steps a draw; and the worst convergence.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import laws
from bayesdensity.data.runs import Runs, read_runs
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.law.fitted import LawFit, natural_parameters, no_floor, prepare_law, sample_law
from bayesdensity.law.law_checks import check_identified
from bayesdensity.quantities import Estimate
from bayesdensity.study.law_spec import law_study

FLOORS = {"none": 0.0, "small": 0.15, "large": 0.6}
"""Shares of the loss at the centre."""
DESIGNS: dict[str, tuple[int, list[str] | None]] = {"chinchilla": (17, None), "olmo-ladder": (34, ["ARC-C"])}
"""Runs of a ladder, and the benchmark that they are taken from."""
PRIORS: dict[str, dict[str, Any]] = {
    "some or none": {},
    "always some": {"shape": "logit-normal", "interval": [0.1, 0.8], "none": 0.0},
}
BEYOND = float(np.log(30.0))


def ladder(suite: str, tables: Tables, rng: np.random.Generator) -> Runs:
    """Runs of a design; their losses are yet to be replaced."""
    number, benchmarks = DESIGNS[suite]
    runs = read_runs(suite, tables, benchmarks=benchmarks)
    fitted = runs.fitted.sample(min(number, len(runs.fitted)), random_state=rng).sort_index()
    return runs._replace(fitted=fitted, held_out=runs.held_out.iloc[:0])


def true_law(floor: float, rng: np.random.Generator) -> laws.Chinchilla:
    """A law with such a floor; the rest as on published ladders."""
    alpha, beta, share = rng.uniform(0.15, 0.45), rng.uniform(0.15, 0.45), rng.uniform(0.3, 0.7)
    return laws.Chinchilla(rng.uniform(-0.2, 1.0), floor, (1 - floor) * share, alpha, beta)


def simulated(runs: Runs, law: laws.Chinchilla, rng: np.random.Generator) -> tuple[Runs, dict[str, float]]:
    """The runs with losses of a law and Student-t noise, and a run beyond them, from their centre."""
    log = {"n": np.log(runs.fitted["params"].to_numpy(float)), "d": np.log(runs.fitted["tokens"].to_numpy(float))}
    x = {letter: values - values.mean() for letter, values in log.items()}
    noise = rng.uniform(0.003, 0.01) * rng.standard_t(4, len(runs.fitted))
    most = int(np.argmax(x["n"] + x["d"]))
    beyond = {letter: float(values[most]) + BEYOND / 2 for letter, values in x.items()}
    return runs._replace(fitted=runs.fitted.assign(loss=law.loss(x) * np.exp(noise))), beyond


def held(estimate: Estimate, value: float) -> bool:
    """Whether the interval of a quantity of one benchmark holds a value."""
    summary = estimate.summary.isel(benchmark=0)
    return bool(summary["lower"] <= value <= summary["upper"])


def judge(fit: LawFit, law: laws.Chinchilla, beyond: dict[str, float]) -> dict[str, Any]:
    """What one fit says beside the truth."""
    found, level = natural_parameters(fit), np.exp(law.log_loss_centre)
    predicted = Estimate("loss", "loss beyond the runs", fit.law.loss(beyond))
    ends = predicted.summary.isel(benchmark=0)
    check = check_identified(fit)
    return {
        "E": held(found["E"], level * law.share_irreducible),
        "alpha": held(found["alpha"], law.size_exponent),
        "loss beyond": held(predicted, law.loss(beyond)),
        "width": float((ends["upper"] - ends["lower"]) / law.loss(beyond)),
        "P(none)": next(iter(no_floor(fit).values()), 0.0),
        "the prior's": "the floor is the prior's" in check.sentence,
        "R-hat": fit.diagnostics.max_rhat,
        "divergences": fit.diagnostics.divergences,
        "steps": float(fit.sample_stats["n_steps"].mean()),
    }


def measure(asked: argparse.Namespace) -> pd.DataFrame:
    """One row for each ladder and prior; both priors see the same ladders."""
    tables, rows = read_tables(), []
    for suite in DESIGNS:
        rng, compiled = np.random.default_rng(asked.seed), dict[str, Any]()
        for number in range(asked.ladders):
            for floor, share in FLOORS.items():
                law = true_law(share, rng)
                runs, beyond = simulated(ladder(suite, tables, rng), law, rng)
                for prior, keys in PRIORS.items():
                    study = law_study(
                        "chinchilla",
                        {f"priors.irreducible_share.{key}": value for key, value in keys.items()},
                        map_from=None,
                    )
                    compiled[prior] = prepare_law(study, runs, any_runs=True, like=compiled.get(prior))
                    fit = sample_law(compiled[prior], draws=1000, tune=500, seed=number + 1, cores=1)
                    rows.append({"design": suite, "floor": floor, "prior": prior, **judge(fit, law, beyond)})
    return pd.DataFrame(rows)


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Shares of intervals that hold the truth, and medians of the rest."""
    grouped = table.groupby(["design", "floor", "prior"], sort=False)
    shares = grouped[["E", "alpha", "loss beyond", "the prior's"]].mean()
    medians = grouped[["width", "P(none)", "steps"]].median()
    worst = grouped[["R-hat", "divergences"]].max()
    return pd.concat([shares, medians, worst], axis=1).round(3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ladders", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(told(measure(arguments)).to_string())

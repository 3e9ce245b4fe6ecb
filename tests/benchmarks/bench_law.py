"""Laws fitted alone: time, coverage on runs with a known law, and rungs of a ladder predicted from the smaller ones.

python tests/benchmarks/bench_law.py time
python tests/benchmarks/bench_law.py coverage --replicates 100
python tests/benchmarks/bench_law.py rungs
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from bayesdensity.data.runs import read_runs
from bayesdensity.data.tables import read_tables
from bayesdensity.inference.sampling import with_data
from bayesdensity.law.fitted import fit_law, natural_parameters, prepare_law, sample_law
from bayesdensity.law.noise import residuals
from bayesdensity.law.prediction import predict_held_out
from bayesdensity.laws import loss_noise
from bayesdensity.study.law_spec import law_study

SUITES = (("chinchilla", "chinchilla"), ("olmo-ladder", "chinchilla"), ("scalingbench", "densing"))
TASKS = ("MMLU", "HellaSwag", "ARC-C", "ARC-E", "PIQA", "CSQA", "SIQA", "OBQA")


def measure_time(_: argparse.Namespace) -> None:
    """Each suite once in this process: the first compile loads the compiler."""
    tables = read_tables()
    for suite, law in SUITES:
        start = time.monotonic()
        fit = fit_law(law_study(law), read_runs(suite, tables), draws=1500, tune=500)
        seconds = {name: round(value, 1) for name, value in fit.about["wall_seconds"].items()}
        print(f"{suite:14s} {time.monotonic() - start:5.1f} s {seconds} {fit.diagnostics.sentence}")


def measure_coverage(asked: argparse.Namespace) -> None:
    """Losses drawn from laws of a posterior; how often intervals hold the parameters they were drawn from."""
    tables = read_tables()
    for suite, law in SUITES:
        study, runs = law_study(law, map_from=None), read_runs(suite, tables)
        prepared, rng = prepare_law(study, runs), np.random.default_rng(asked.seed)
        source = sample_law(prepared)
        bench, rows = source.data["run_benchmark"].to_numpy(), []
        observed, rest = np.log(source.data["run_loss"].to_numpy()), residuals(source)
        truths = {name: one.draws.to_numpy() for name, one in natural_parameters(source).items()}
        for replicate in range(asked.replicates):
            at = rng.integers(4), rng.integers(1500)
            scale = source.posterior["loss_noise"].to_numpy()[at][bench]
            errors = loss_noise(study.noise, scale, df=study.noise_df)
            made = observed - rest[at] + errors.rvs(random_state=rng, size=len(bench))
            compiled = with_data(prepared.compiled, source.data.assign(run_log_loss=("run", made)))
            fit = sample_law(replace(prepared, compiled=compiled), draws=500, tune=300, seed=replicate + 1)
            for name, one in natural_parameters(fit).items():
                summary = one.summary
                held = (summary["lower"] <= truths[name][at]) & (truths[name][at] <= summary["upper"])
                rows += [(name, b, bool(inside)) for b, inside in zip(held["benchmark"].to_numpy(), held, strict=True)]
        table = pd.DataFrame(rows, columns=["parameter", "benchmark", "inside"])
        print(f"\n{suite}, {law}, {asked.replicates} replicates: share of 90 % intervals that hold the truth")
        print(table.groupby("parameter")["inside"].mean().round(3).to_string())


def measure_rungs(_: argparse.Namespace) -> None:
    """The larger rungs of the OLMo ladder, predicted from the smaller ones."""
    tables = read_tables()
    names = sorted(set(read_runs("olmo-ladder", tables).fitted["run"]))
    for sizes in (("3B",), ("1B", "3B"), ("760M", "1B", "3B")):
        held = [name for name in names if name.split("-")[0] in sizes]
        runs = read_runs("olmo-ladder", tables, hold_out=held, exclude=["1B-4T", "7B-4T", "13B-5T"])
        fit = fit_law(law_study(), runs, draws=1500, tune=500)
        for misfit in (True, False):
            found = predict_held_out(fit, misfit=misfit).query("benchmark in @TASKS")
            error = (100 * (found["median"] - found["observed"]).abs()).groupby(found["kind"]).mean()
            covered = found.groupby("kind")["covered"].mean().round(2).to_dict()
            print(f"{'+'.join(sizes):10s} misfit {misfit!s:5s} inside {covered}, error {error.round(2).to_dict()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("time", "coverage", "rungs"))
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    {"time": measure_time, "coverage": measure_coverage, "rungs": measure_rungs}[arguments.what](arguments)

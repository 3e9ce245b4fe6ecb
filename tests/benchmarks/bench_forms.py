"""Does `compare` find the form of the frontier that is true? Run by hand: python tests/benchmarks/bench_forms.py.

Data sets have the design of a study: its LLMs, dates, benchmarks, harnesses and gaps. Each is simulated from a
posterior draw of one form and fitted with every form; the differences of leave-one-out are written as they come, so
that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.leave_out import REFIT_DRAWS, REFIT_TUNE, leave_one_out
from bayesdensity.inference.drawing import fit, sample
from bayesdensity.inference.preparing import prepare
from bayesdensity.quantities import SAMPLE, log_density, rate
from bayesdensity.simulate import simulate_scores
from bayesdensity.study.load import load_study

FORMS = ("half-normal", "exponential", "symmetric")
FIELDS = ("data_set", "true", "fitted", "elpd", "difference", "se", "large_k", "true_rate", "median", "lower", "upper")


def main() -> None:
    """Simulate, fit and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", default="densing-law")
    parser.add_argument("--data-sets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("-o", "--output", type=Path, default=Path("forms.csv"))
    given = parser.parse_args()
    studies = {form: load_study(given.study, {"frontier.form": form}) for form in FORMS}
    truths = {form: fit(study, seed=given.seed) for form, study in studies.items()}
    prepared = {form: prepare(study) for form, study in studies.items()}
    if not given.output.exists():
        given.output.write_text(",".join(FIELDS) + "\n")
    done = {int(row["data_set"]) for row in csv.DictReader(given.output.open())}
    for k in sorted(set(range(given.data_sets)) - done):
        start, true = time.monotonic(), FORMS[k % len(FORMS)]
        rng = np.random.default_rng([given.seed, k])
        source = truths[true]
        chain, draw = int(rng.integers(4)), int(rng.integers(source.posterior.sizes["draw"]))
        world = simulate_scores(source, chain, draw, rng)
        true_rate = float(rate(source).draws.isel(chain=chain, draw=draw))
        found = {}
        for form in FORMS:
            data = with_scores(prepared[form].data, world.scores)
            one = sample(prepared[form], data, seed=k + 1, draws=REFIT_DRAWS, tune=REFIT_TUNE)
            found[form] = one, leave_one_out(one, refit=False)
        with given.output.open("a", newline="") as file:
            for form, (one, loo) in found.items():
                apart = loo["elpd"] - found[true][1]["elpd"]
                summary = rate(one).summary
                bad = int((loo["pareto_k"] > loo["good_k"]).sum())
                se = float(apart.std() * np.sqrt(apart.size))
                numbers = (float(loo["elpd"].sum()), float(apart.sum()), se, bad, true_rate)
                interval = (float(summary[end]) for end in ("median", "lower", "upper"))
                csv.writer(file).writerow([k, true, form, *(f"{x:.6g}" for x in (*numbers, *interval))])
        error = log_density(found[true][0]).draws.median(SAMPLE).to_numpy() - world.log_density
        print(
            f"data set {k} ({true}): {time.monotonic() - start:.0f} s, densities off by {error.std():.2f}", flush=True
        )


if __name__ == "__main__":
    main()

"""The law that the losses follow is ranked first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_laws import BACK, LEVEL, know, make
from scipy import optimize

from bayesdensity.data.runs import assemble_runs
from bayesdensity.law import noise
from bayesdensity.law.fitted import LawFit
from bayesdensity.law.ranking import compare_laws
from bayesdensity.quantities import SAMPLE
from bayesdensity.study.law_spec import law_study


def fitted_to(fit: LawFit, law: str) -> LawFit:
    """A fit of another law to the same runs, about its least squares."""
    study = law_study(law, map_from=None, noise="normal")
    data, priors = assemble_runs(study, fit.about["runs"]), study.form.coordinates
    at = {letter: data[f"run_log_{letter}"].to_numpy() for letter in study.form.reads}

    def coordinates(z: np.ndarray) -> dict[str, float]:
        return {
            name: float(BACK[prior.shape](np.float64(one)))
            for (name, prior), one in zip(priors.items(), z[1:], strict=True)
        }

    def rest(z: np.ndarray) -> np.ndarray:
        expected = study.form.from_coordinates(z[0], coordinates(z)).loss(at)
        return np.asarray(np.log(expected / data["run_loss"].to_numpy()))

    best = optimize.least_squares(rest, [LEVEL, *(prior.mu for prior in priors.values())])
    posterior = know(study, data, best.x[0], coordinates(best.x), best.fun.std(), 1e-3)
    return replace(fit, study=study, data=data, posterior=posterior)


@pytest.mark.parametrize("law", ["chinchilla", "kaplan"])
def test_the_law_that_the_losses_follow_is_ranked_first(law: str) -> None:
    fits = {name: fitted_to(make(law, errors=0.003), name) for name in ("densing", "kaplan", "chinchilla", "compute")}
    table = compare_laws(fits)
    assert table.index[0] == law and set(table.index) == set(fits) and table["elpd"].is_monotonic_decreasing
    np.testing.assert_allclose(table["difference"], table["elpd"] - table["elpd"].max())
    for name, row in table.iterrows():
        assert row["elpd"] == pytest.approx(float(noise.log_likelihood(fits[str(name)]).mean(SAMPLE).sum()), abs=2)

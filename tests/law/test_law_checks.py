"""Losses that rise with what a law reads fail, and what is as wide as its prior is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_laws import GRID, make

from bayesdensity.law.law_checks import check_identified, check_losses
from bayesdensity.study.law_spec import law_study


@pytest.mark.parametrize(
    ("law", "letters"), [("chinchilla", "n"), ("kaplan", "d"), ("densing", "nd"), ("compute", "c"), ("size", "n")]
)
def test_losses_that_rise_with_what_a_law_reads_fail(law: str, letters: str) -> None:
    fit = make(law, {"Web": GRID, "Code": GRID}, errors=0.01)
    rise = sum(0.3 * fit.data[f"run_log_{letter}"] for letter in letters) * (fit.data["run_benchmark"] == 1)
    found = check_losses(replace(fit, data=fit.data.assign(run_loss=fit.data["run_loss"] * np.exp(rise))))
    assert check_losses(fit).verdict == "PASS" and found.verdict == "FAIL" and "Web" not in found.sentence
    for letter, word in {"n": "size", "d": "tokens", "c": "compute"}.items():
        assert (f"Code: losses rise with {word} (+0." in found.sentence) == (letter in letters)


@pytest.mark.parametrize("name", ["irreducible_share", "size_elasticity", "data_bend"])
@pytest.mark.parametrize(("share", "verdict"), [(0.88, "PASS"), (0.92, "REVIEW")])
def test_what_is_as_wide_as_its_prior_is_named(name: str, share: float, verdict: str) -> None:
    found = check_identified(make("experts", width={name: share * law_study("experts").priors[name].sigma}))
    assert found.verdict == verdict and found.figures[f"{name} on Web"] == pytest.approx(share)
    assert (f"as wide as their priors: {name} on Web ({share:.0%})." == found.sentence) == (verdict == "REVIEW")
    assert sum(value > 0.05 for value in found.figures.values()) == 1

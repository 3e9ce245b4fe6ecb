"""Losses that rise with what a law reads fail, and what is as wide as its prior is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from described import json_of, text_of
from known_laws import GRID, LEVEL, TRUTH, make

from bayesdensity.law.answer import answer
from bayesdensity.law.fitted import LawFit, no_floor
from bayesdensity.law.law_checks import check_identified, check_losses
from bayesdensity.law.prediction import predict
from bayesdensity.render.sections import law as section
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


@pytest.mark.parametrize("name", ["size_share", "size_elasticity", "data_bend"])
@pytest.mark.parametrize(("share", "verdict"), [(0.88, "PASS"), (0.92, "REVIEW")])
def test_what_is_as_wide_as_its_prior_is_named(name: str, share: float, verdict: str) -> None:
    found = check_identified(make("experts", width={name: share * law_study("experts").priors[name].sigma}))
    assert found.verdict == verdict and found.figures[f"{name} on Web"] == pytest.approx(share)
    assert (f"as wide as their priors: {name} on Web ({share:.0%})." == found.sentence) == (verdict == "REVIEW")
    assert sum(value > 0.05 for value in found.figures.values()) == 1


def shared(none: float) -> LawFit:
    """A fit in which so large a share of the draws has no floor, and the others one of 0.2 of the loss."""
    fit = make(truth={**TRUTH, "irreducible_share": 0.2})
    latent = fit.posterior["latent_irreducible_share"]
    some = xr.DataArray(np.arange(latent.sizes["draw"]) >= round(none * latent.sizes["draw"]), dims="draw")
    share = fit.posterior["law_share_irreducible"].where(some, 0.0)
    changed = {"latent_irreducible_share": latent.where(some, -0.3), "law_share_irreducible": share}
    return replace(fit, posterior=fit.posterior.assign(changed))


@pytest.mark.parametrize(("none", "open_"), [(0.0, False), (0.1, True), (0.5, True), (0.7, True), (0.8, False)])
def test_a_floor_that_losses_do_not_tell_is_the_priors(none: float, open_: bool) -> None:
    """A Bayes factor of ten: below 0.03 or above 0.77, where the prior has 0.25."""
    fit = shared(none)
    assert no_floor(fit) == {"Web": pytest.approx(none)} and law_study().priors["irreducible_share"].none == 0.25
    found = check_identified(fit)
    assert found.verdict == ("REVIEW" if open_ else "PASS") and found.figures["no floor on Web"] == pytest.approx(none)
    assert ("the floor is the prior's" in found.sentence) == open_
    assert (f"none with probability {none:.2f} (0.25 in the prior)" in found.sentence) == open_


def test_a_prior_that_excludes_none_leaves_no_choice() -> None:
    always = {"shape": "logit-normal", "interval": [0.1, 0.8], "none": 0.0}
    study = law_study("chinchilla", {f"priors.irreducible_share.{key}": value for key, value in always.items()})
    for fit in (replace(shared(0.5), study=study), make("densing")):
        assert no_floor(fit) == {} and check_identified(fit).verdict == "PASS"


def test_the_probability_of_no_floor_is_printed_and_predictions_carry_both() -> None:
    fit = shared(0.5)
    told = answer(fit, fit.about["runs"], at={"params": [1e13], "tokens": [2e14]})
    assert json_of(section, told)["no_floor"] == {"Web": pytest.approx(0.5)}
    assert "P(E = 0)" in text_of(section, told) and "0.50" in text_of(section, told)
    assert float(told.parameters["E"].summary["lower"].item()) == 0.0
    least = float(np.exp(LEVEL) * 0.2)  # no floor lets losses fall below the floor of the other half
    draws = predict(fit, {"params": [1e25], "tokens": [1e26]}, misfit=False).loss.draws
    assert 0.4 < float((draws < least).mean()) < 0.6

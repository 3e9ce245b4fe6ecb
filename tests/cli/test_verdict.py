"""The verdict comes first and the exit status follows it; what is not identified gives no number."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from outcomes import Run, judged, strict, thinned, unidentified

from bayesdensity.checks import CHECKS
from bayesdensity.inference.result import Fit


@pytest.mark.parametrize(
    ("verdicts", "worst", "status"),
    [
        ({}, "PASS", 0),
        ({"convergence": "REVIEW"}, "REVIEW", 1),
        ({"convergence": "FAIL"}, "FAIL", 1),
        ({"frontier": "REVIEW", "identification": "REVIEW"}, "REVIEW", 0),
        ({"frontier": "FAIL", "scores": "REVIEW"}, "FAIL", 1),
        ({"priors": "FAIL"}, "FAIL", 1),
    ],
)
def test_the_verdict_comes_first_and_the_exit_status_follows_it(
    run: Run, world_fit: Fit, tmp_path: Path, verdicts: dict[str, str], worst: str, status: int
) -> None:
    path = judged(thinned(world_fit), tmp_path / "mine.nc", **verdicts)
    outcome, as_json = run("summary", path), run("summary", path, "--json")
    assert (outcome.status, as_json.status, run("densities", path).status) == (status, status, status)
    told = strict(as_json.out)
    assert told["verdict"] == worst and [one["name"] for one in told["checks"]] == list(CHECKS)
    for one in told["checks"]:
        verdict = verdicts.get(one["name"], "PASS")
        assert one["verdict"] == verdict and one["sentence"] == f"{one['name']} was looked at."
        assert one["remedy"] == ("" if verdict == "PASS" else f"Do for {one['name']}.")
    head, *lines = outcome.out.split("\n\n")[0].splitlines()
    share = f"{len(verdicts)} of {len(CHECKS)} checks"
    said = {"PASS": f"all {len(CHECKS)} checks passed", "REVIEW": f"{share} want a look"}
    assert head == f"{worst}: {said.get(worst, f'{share} say: do not cite')}."
    for name, verdict in verdicts.items():
        assert f"  {verdict:6s} {name}: {name} was looked at. Do for {name}." in lines
    assert ("  PASS   convergence: convergence was looked at." in lines) == ("convergence" not in verdicts)
    fine = [name for name in CHECKS if name not in {*verdicts, "convergence"}]
    assert lines[-1] == f"  PASS   {', '.join(fine)}"


def test_a_fit_without_checks_is_checked_when_it_is_read(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    """As the library saves it, and with a sampler that did not converge."""
    judgement = dataclasses.replace(world_fit.diagnostics, verdict="FAIL", sentence="chains disagree.")
    fit = dataclasses.replace(world_fit, stored_diagnostics=judgement)
    outcome = run("summary", fit.save(tmp_path / "mine.nc"), "--json")
    told = strict(outcome.out)
    assert outcome.status == 1 and told["verdict"] == "FAIL"
    assert told["diagnostics"]["verdict"] == "FAIL" and told["diagnostics"]["sentence"] == "chains disagree."
    first, *others = told["checks"]
    assert (first["name"], first["verdict"], first["sentence"]) == ("convergence", "FAIL", "chains disagree.")
    assert [one["name"] for one in others] == [name for name in CHECKS if name != "covariates"][1:]
    for one in others:
        assert one["verdict"] in ("PASS", "REVIEW", "FAIL") and one["sentence"].endswith(".")
        # The small world has too few families for some.
        assert one["figures"] or one["name"] in ("sides", "reporting")
        assert bool(one["remedy"]) == (one["verdict"] != "PASS")


def test_a_fit_that_repeats_its_prior_gives_no_number(run: Run, world_fit: Fit, tmp_path: Path) -> None:
    path = unidentified(thinned(world_fit)).save(tmp_path / "wide.nc")
    for arguments in (("summary",), ("summary", "--json"), ("densities", "--csv")):
        outcome = run(arguments[0], path, *arguments[1:])
        assert outcome.status == 3 and outcome.out == ""
        assert "the posterior of the rate is as wide as its prior (130%): nothing was learned" in outcome.err
        assert "Bring LLMs of more dates, or more scores of each." in outcome.err
        assert "doubl" not in outcome.err and "Traceback" not in outcome.err

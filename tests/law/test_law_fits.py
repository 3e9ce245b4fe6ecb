"""Laws fitted with the sampler: to published runs, against published numbers, and to runs whose law is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from published_olmo import TASKS, published_estimates

from bayesdensity import laws
from bayesdensity.data.runs import read_runs
from bayesdensity.data.tables import read_tables
from bayesdensity.law.diagnosis import diagnose_scaling
from bayesdensity.law.fitted import LawFit, fit_law, natural_parameters, no_floor
from bayesdensity.law.law_checks import check_identified, check_law, check_modes
from bayesdensity.law.modes import term_modes
from bayesdensity.law.prediction import predict_held_out
from bayesdensity.study.law_spec import law_study

pytestmark = pytest.mark.slow
SAMPLER = {"draws": 1500, "tune": 500}


def fitted(suite: str, law: str, **settings: Any) -> LawFit:
    return fit_law(law_study(law, **settings), read_runs(suite, read_tables()), **SAMPLER)


def verdicts(fit: LawFit) -> dict[str, str]:
    return {one.name: one.verdict for one in check_law(fit)}


def interval(fit: LawFit, name: str, ci: float = 0.95) -> np.ndarray:
    """Lower end, median and upper end; shape (benchmark, 3)."""
    summary = natural_parameters(fit, ci)[name].summary
    return np.column_stack([summary[end].to_numpy() for end in ("lower", "median", "upper")])


@pytest.fixture(scope="module")
def olmo() -> LawFit:
    return fitted("olmo-ladder", "chinchilla")


# Published numbers


@pytest.mark.parametrize("noise", ["laplace", "student-t"])
def test_chinchilla_agrees_with_its_replication(noise: str) -> None:
    """Besiroglu et al. 2024, arXiv 2404.10102: 240 runs, Huber loss of 1e-3, 95 % bootstrap intervals."""
    fit = fitted("chinchilla", "chinchilla", noise=noise, noise_df=2.0)
    published = {"E": (1.769, 1.871), "alpha": (0.317, 0.373), "beta": (0.331, 0.415)}
    published |= {"A": (285.2, 743.6), "B": (1042, 5810)}
    for name, (low, high) in published.items():
        ((lower, median, upper),) = interval(fit, name)
        assert low < median < high, name
        if name in ("E", "alpha", "beta"):
            assert 0.4 < (upper - lower) / (high - low) < 1.25, name
    assert fit.diagnostics.verdict == "PASS"
    assert no_floor(fit) == {"MassiveText": 0} and check_identified(fit).verdict == "PASS"


def test_scalingbench_has_the_published_exponents() -> None:
    """About 0.12 and 0.40 without a floor (arXiv 2506.07900)."""
    fit = fitted("scalingbench", "densing")
    for name, value in (("alpha", 0.12), ("beta", 0.40)):
        ((lower, _, upper),) = interval(fit, name, 0.9)
        assert lower < value < upper
    assert "E" not in natural_parameters(fit)
    assert set(verdicts(fit).values()) == {"PASS"}


def test_olmo_predictions_are_no_worse_than_the_published_ones_and_their_intervals_hold(olmo: LawFit) -> None:
    """Two-step predictions of arXiv 2412.04403 miss by 3.8 and 4.2 points over eight tasks."""
    found = predict_held_out(olmo).query("benchmark in @TASKS and kind == 'score'")
    error = (100 * (found["median"] - found["observed"]).abs()).groupby(found["run"]).mean()
    assert error["7B-4T"] <= 3.8 and error["13B-5T"] <= 4.2
    finished = found[found["run"] != "1B-4T"]  # stopped before the end of its schedule
    assert len(finished) == 16 and finished["covered"].mean() >= 0.8
    without = predict_held_out(olmo, misfit=False).query("benchmark in @TASKS and kind == 'score'")
    assert without["covered"].mean() < found["covered"].mean()


def test_olmo_exponents_agree_with_the_published_point_estimates() -> None:
    """Those of the published rungs; docs/laws.md says which differ, and what the larger rungs say."""
    published = published_estimates()
    names = read_runs("olmo-ladder", read_tables()).fitted["run"].unique()
    larger = [name for name in names if name.startswith("3B")]
    runs = read_runs("olmo-ladder", read_tables(), benchmarks=list(published.index), exclude=larger)
    fit = fit_law(law_study("chinchilla", map_from=None), runs, **SAMPLER)
    for name in ("alpha", "beta", "E"):
        ends = dict(zip(fit.data["benchmark"].to_numpy(), interval(fit, name), strict=True))
        inside = [ends[b][0] <= value <= ends[b][2] for b, value in published[name].items()]
        assert sum(inside) >= 7, (name, inside)


def test_the_olmo_ladder_scales_on_every_task(olmo: LawFit) -> None:
    assert olmo.diagnostics.verdict == "PASS"
    states = diagnose_scaling(olmo)
    assert (states.loc[[*TASKS], "scaling"] > 0.9).all()
    by_name = {one.name: one for one in check_law(olmo)}
    assert by_name["map"].verdict != "PASS" and "ARC-E" in by_name["map"].sentence


# Two modes


def test_two_modes_of_the_floor_free_law_are_found_and_pooling_resolves_them() -> None:
    apart = fitted("olmo-ladder", "densing", map_from=None)
    check = check_modes(apart)
    assert check.verdict in ("REVIEW", "FAIL") and "PIQA" in check.sentence and "--pool" in check.remedy
    one, other = term_modes(apart)["PIQA"]
    assert sorted([one.size_exponent < one.data_exponent, other.size_exponent < other.data_exponent]) == [False, True]
    together = fitted("olmo-ladder", "densing", map_from=None, pool=True)
    assert check_modes(together).verdict == "PASS"
    assert together.diagnostics.verdict == "PASS"
    assert (together.law.parts()["size_exponent"] < together.law.parts()["data_exponent"]).to_numpy().mean() > 0.99


@pytest.mark.parametrize("slow", ["size", "data"])
def test_a_chosen_mode_is_the_only_one(slow: str) -> None:
    runs = read_runs("olmo-ladder", read_tables(), benchmarks=["PIQA"])
    fit = fit_law(law_study("densing", slow=slow, map_from=None), runs, **SAMPLER)
    ordered = (fit.law.parts()["size_exponent"] < fit.law.parts()["data_exponent"]).to_numpy()
    assert ordered.all() if slow == "size" else not ordered.any()
    assert fit.diagnostics.max_rhat < 1.02 and check_modes(fit).verdict == "PASS"


# Known truth


TRUTH: dict[str, laws.Law] = {
    "kaplan": laws.Kaplan(1.0, 0.45, 0.08, 0.1),
    "data-constrained": laws.DataConstrained(1.0, 0.5, 0.22, 0.34, 0.3, 12.0),
    "experts": laws.Experts(1.0, 0.5, 0.25, 0.3, 0.28, 0.08, 0.02, 0.01, -0.01),
    "compute": laws.ComputeOnly(1.0, 0.55, 0.16),
}


@pytest.mark.parametrize("name", TRUTH)
def test_a_law_is_recovered_from_its_own_runs(name: str, tmp_path: Path) -> None:
    law, rng = TRUTH[name], np.random.default_rng(3)
    size, data = (part.ravel() for part in np.meshgrid(np.geomspace(1e8, 3e9, 6), np.geomspace(2e9, 3e11, 6)))
    rows = pd.DataFrame({"params": size, "tokens": data, "unique_tokens": data, "experts": 1.0})
    if name == "data-constrained":
        rows = pd.concat([rows.assign(unique_tokens=rows["tokens"] / epochs) for epochs in (1, 4, 16, 60)])
    if name == "experts":
        rows = pd.concat([rows.assign(experts=float(count)) for count in (1, 4, 16, 64)])
    rows = rows.assign(flops=6 * rows["params"] * rows["tokens"])
    log = {letter: np.log(rows[variable.column].to_numpy()) for letter, variable in laws.VARIABLES.items()}
    centre = {letter: log[variable.like or letter].mean() for letter, variable in laws.VARIABLES.items()}
    noise = 0.004 * rng.standard_t(4, len(rows))
    exact = law.loss({letter: log[letter] - centre[letter] for letter in law.reads})
    rows.assign(loss=exact * np.exp(noise)).to_csv(tmp_path / "mine.csv", index=False)
    fit = fit_law(law_study(name), read_runs(str(tmp_path / "mine.csv"), read_tables()), **SAMPLER)
    assert fit.diagnostics.max_rhat < 1.02 and fit.diagnostics.divergences <= 5
    inside = {}
    for part, value in law.natural(centre).items():
        ((lower, _, upper),) = interval(fit, part, 0.98)
        inside[part] = lower <= value <= upper
    assert all(inside.values()), inside
    assert verdicts(fit)["residuals"] == verdicts(fit)["losses"] == "PASS"


@pytest.mark.parametrize("noise", [0.004, 0.02])
def test_runs_without_a_floor_have_none_in_its_interval(noise: float, tmp_path: Path) -> None:
    """17 runs: few noisy ones leave the floor to its prior, and exact ones may tell that there is none."""
    rng, truth = np.random.default_rng(11), laws.Densing(0.5, 0.5, 0.2, 0.25)
    size, data = np.exp(rng.uniform(np.log([[1e8], [2e9]]), np.log([[5e9], [2e11]]), (2, 17)))
    loss = truth.loss({"n": np.log(size / 7e8), "d": np.log(data / 2e10)}) * np.exp(noise * rng.standard_normal(17))
    pd.DataFrame({"params": size, "tokens": data, "loss": loss}).to_csv(tmp_path / "mine.csv", index=False)
    fit = fit_law(law_study(), read_runs(str(tmp_path / "mine.csv"), read_tables()), **SAMPLER)
    ((lower, *_),), (none,), found = interval(fit, "E", 0.9), no_floor(fit).values(), check_identified(fit)
    assert lower == 0 and none > 0.05
    assert ("the floor is the prior's" in found.sentence) == (none < 0.76), (none, found.sentence)


def test_each_state_of_scaling_is_told(tmp_path: Path) -> None:
    """One ladder with a law, and five maps from its loss."""
    rng, truth = np.random.default_rng(5), laws.Chinchilla(0.0, 0.4, 0.3, 0.25, 0.3)
    size, ratio = (part.ravel() for part in np.meshgrid(np.geomspace(1e8, 3e9, 6), (5, 10, 20, 50, 100)))
    n, d = np.log(size), np.log(size * ratio)
    loss = truth.loss({"n": n - n.mean(), "d": d - d.mean()})
    rungs = np.unique(np.round(np.sort(loss), 3))
    widest = int(np.argmax(np.diff(np.log(rungs[: len(rungs) // 2]))))
    step = rungs[widest : widest + 2].mean()  # between two neighbouring rungs
    u = (loss - loss.mean()) / np.ptp(loss)
    maps = {
        "ARC-C": ("at chance", -5.0 - 0.5 * u),
        "HellaSwag": ("scaling", -0.5 - 5.0 * u),
        "ARC-E": ("emergent", np.where(loss < step, 1.0, -4.5)),
        "PIQA": ("saturated", 4.2 - 2.5 * u),
        "MMLU": ("non-monotone", -0.2 - 8.0 * (u - 0.05) ** 2),
    }
    table = read_tables().benchmarks.set_index("benchmark")
    rows = []
    for benchmark, (_, eta) in maps.items():
        chance, items = float(table.loc[benchmark, "chance"]), float(table.loc[benchmark, "n_items"])
        expected = chance + (0.97 - chance) / (1 + np.exp(-eta))
        score = rng.binomial(int(items), expected) / items
        told = loss * np.exp(0.003 * rng.standard_normal(len(loss)))
        columns = {"run": [f"r{k}" for k in range(len(loss))], "benchmark": benchmark, "params": size}
        rows.append(pd.DataFrame({**columns, "tokens": size * ratio, "loss": told, "score": score}))
    pd.concat(rows).to_csv(tmp_path / "mine.csv", index=False)
    fit = fit_law(law_study("chinchilla"), read_runs(str(tmp_path / "mine.csv"), read_tables()), **SAMPLER)
    states = diagnose_scaling(fit)
    assert states["state"].to_dict() == {name: state for name, (state, _) in maps.items()}
    assert np.allclose(states[list(states.columns[:5])].sum(axis=1), 1)


# The command


def test_the_command_prints_one_json_and_draws_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesdensity.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(laws, "LAWS", {name: laws.LAWS[name] for name in ("densing", "compute", "experts")})
    asked = ["--at", "7e9,2e12", "--compute", "1e22", "--compare", "-o", "mine", "--json"]
    status = app(["law", "scalingbench", "--law", "densing", *asked], result_action="return_value")
    printed, told = capsys.readouterr()
    found = json.loads(printed)
    assert status == 0 and found["law"] == "densing"
    assert set(found["parameters"]) == {"A", "B", "alpha", "beta"}
    assert set(found["parameters"]["alpha"]) == {"median", "lower", "upper", "probability", "kind"}
    assert found["diagnostics"]["verdict"] == "PASS" and found["verdict"] == "PASS"
    (prediction,) = found["predictions"]
    assert prediction["extrapolated"] and prediction["score"] is None
    assert prediction["loss"]["lower"] < prediction["loss"]["median"] < 0.2789 / 1.2
    assert [row["compute"] for row in found["allocation"]] == [1e22]
    assert {row["law"] for row in found["comparison"]} == {"densing", "compute"}, "experts do not vary"
    figures = [f"mine-{what}.{form}" for what in ("allocation", "law") for form in ("png", "svg")]
    assert sorted(path.name for path in tmp_path.glob("mine-*")) == sorted([*figures, "mine-law.json"])
    kept = json.loads((tmp_path / "mine-law.json").read_text(encoding="utf-8"))
    assert kept["results"] == found and "--compare --seed 1 -o mine" in kept["certificate"]["command"]
    assert "comparing with compute" in told

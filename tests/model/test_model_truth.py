"""The fit of the small world finds what is true in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from simulated import Truth, World, simulate, write_study

from bayesdensity import quantities as q
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.drawing import fit
from bayesdensity.inference.result import Fit
from bayesdensity.study.load import load_study


def test_doubling_time_covers_truth(world_fit: Fit, truth: Truth) -> None:
    true = 12 * np.log(2) / truth.world.rate
    for estimand in ("frontier", "mean"):
        months = q.doubling_time(q.rate(world_fit, estimand=estimand, ci=0.98)).to_frame_row()
        assert months["lower"] < true < months["upper"], estimand


def test_trend_is_learned_and_not_only_assumed(world_fit: Fit) -> None:
    prior = world_fit.study.priors["rate"]
    assert float(world_fit.posterior["rate"].std()) < 0.4 * prior.sigma


def test_benchmark_slopes_cover_truth(world_fit: Fit, truth: Truth) -> None:
    lower, upper = world_fit.posterior["benchmark_slope"].quantile([0.01, 0.99], dim=("chain", "draw")).to_numpy()
    true = np.array(truth.world.benchmark_slope)
    assert ((lower < true) & (true < upper)).all()
    assert np.abs(world_fit.posterior["benchmark_slope"].sum("benchmark")).max() < 1e-9


def test_intervals_of_density_cover_truth(world_fit: Fit, truth: Truth) -> None:
    table = q.log_density(world_fit).to_frame().join(truth.log_density.rename("true"))
    covered = (table["lower"] < table["true"]) & (table["true"] < table["upper"])
    assert covered.mean() >= 0.75
    assert np.corrcoef(table["median"], table["true"])[0, 1] > 0.95


def test_density_is_effective_size_over_size(world_fit: Fit, world_tables: Tables) -> None:
    size = world_tables.llms.set_index("llm")["params_total"]
    density, effective = q.density(world_fit).draws, q.effective_size(world_fit).draws
    np.testing.assert_allclose(effective / density, size[density["llm"].to_numpy()].to_numpy() * np.ones_like(density))


@pytest.mark.slow
def test_interval_widens_without_reference_data(tmp_path: Path) -> None:
    """Uncertainty of law and map reaches the level of density and the doubling time itself.

    The targets are of nearly one size, so that only the reference tells what a logit is worth in parameters: targets of
    many sizes tell it themselves, and the doubling time then hardly needs the reference.
    """
    world = simulate(tmp_path, World(sizes=(6e9, 7e9, 9e9)))
    excluded = ", ".join(f'{{name = "Yardstick-{size}B", why = "test"}}' for size in ("0.5", "1.8", "72"))
    poor = write_study(tmp_path / "poor.toml", f"exclude = [{excluded}]")
    tables = read_tables(tmp_path)
    full, few = (fit(load_study(study), tables, chains=4, draws=500, tune=500, seed=3) for study in (world.study, poor))
    assert (full.data.sizes["reference"], few.data.sizes["reference"]) == (5, 2)

    def width(estimate: q.Estimate) -> float:
        return float((estimate.summary["upper"] - estimate.summary["lower"]).mean())

    assert width(q.log_density(few)) > 1.3 * width(q.log_density(full))
    rates = [q.rate(one, estimand="mean", ci=0.98) for one in (few, full)]
    assert width(rates[0]) > 1.3 * width(rates[1])
    # The centre moves too, so the ends of the doubling time are compared by their ratio.
    months = [q.doubling_time(rate).to_frame_row() for rate in rates]
    assert np.log(months[0]["upper"] / months[0]["lower"]) > 1.1 * np.log(months[1]["upper"] / months[1]["lower"])


def test_simulated_tables_are_legal(truth: Truth) -> None:
    from bayesdensity.data.tables import validate_folder

    assert validate_folder(Path(truth.folder)) == []

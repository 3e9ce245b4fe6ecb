"""Compressed LLMs stand beside what they were made from, and their ratios are pooled without counting a prior twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from simulated import Truth

from bayesdensity.base.errors import InputError
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import density_ratio
from bayesdensity.quantities.compression import compression_pairs, compression_ratios, contrasts, scores_alone


def halved(tables: Tables) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The table of LLMs in which the smallest of each family was pruned from its largest, and those pairs."""
    llms, pairs = tables.llms.copy(), list[tuple[str, str]]()
    for family, rows in llms[llms["family"] != "Yardstick"].groupby("family"):
        rows = rows.sort_values("params_total")
        child, parent = rows["llm"].iloc[0], rows["llm"].iloc[-1]
        llms.loc[llms["llm"] == child, ["parent", "compression"]] = (
            parent,
            "pruned" if int(str(family)[-2:]) % 2 else "distilled",
        )
        pairs.append((child, parent))
    return llms, pairs


def true_ratios(truth: Truth, pairs: list[tuple[str, str]]) -> np.ndarray:
    return np.array([truth.log_density[child] - truth.log_density[parent] for child, parent in pairs])


def test_pairs_are_children_and_parents_of_the_fit(world_fit: Fit, world_tables: Tables) -> None:
    llms, pairs = halved(world_tables)
    found = compression_pairs(world_fit, llms)
    assert {(pair.child, pair.parent) for pair in found} == set(pairs)
    assert {pair.method for pair in found} == {"pruned", "distilled"}


def test_ratios_of_pairs_are_those_of_their_densities_and_cover_the_truth(
    world_fit: Fit, world_tables: Tables, truth: Truth
) -> None:
    llms, _ = halved(world_tables)
    found = compression_ratios(world_fit, llms)
    first = found.pairs[0]
    alone = density_ratio(world_fit, first.child, first.parent).to_frame_row()
    assert found.ratio.sel(pair=first.label).to_frame_row().to_dict() == pytest.approx(alone.to_dict())
    true = true_ratios(truth, [(pair.child, pair.parent) for pair in found.pairs])
    ends = np.log(found.ratio.to_frame())
    inside = (ends["lower"] <= true) & (true <= ends["upper"])
    assert inside.mean() >= 0.7
    size = llms.set_index("llm")["params_total"]
    share = found.size.draws / found.ratio.draws
    assert share.sel(pair=first.label).to_numpy() == pytest.approx(size[first.child] / size[first.parent])


def test_the_scores_alone_are_unshrunk_and_their_errors_honest(
    world_fit: Fit, world_tables: Tables, truth: Truth
) -> None:
    llms, _ = halved(world_tables)
    pairs = compression_pairs(world_fit, llms)
    contrast = contrasts(world_fit, pairs)
    found = scores_alone(world_fit, contrast)
    true = true_ratios(truth, [(pair.child, pair.parent) for pair in pairs])
    z = (found.mean - true) / np.sqrt(np.diag(found.covariance))
    assert abs(z.mean()) < 0.8 and 0.45 < z.std() < 1.5, "fifteen pairs"
    names = world_fit.data["llm"].to_numpy()
    single = xr.DataArray(np.eye(len(names)) - 1 / len(names), dims=("pair", "llm"), coords={"llm": names})
    alone, densities = scores_alone(world_fit, single), truth.log_density[names].to_numpy()
    z = (alone.mean - densities + densities.mean()) / np.sqrt(np.diag(alone.covariance))
    assert 0.7 < z.std() < 1.4, "and every LLM against the mean of all"
    posterior = np.log(compression_ratios(world_fit, llms).ratio.draws.to_numpy()).mean(axis=(0, 1))
    # The fit draws ratios in towards the middle of its population; what the scores say of them is wider.
    assert np.abs(found.mean).mean() > np.abs(posterior).mean()


def test_the_mean_of_a_method_holds_the_true_mean_of_its_pairs(
    world_fit: Fit, world_tables: Tables, truth: Truth
) -> None:
    llms, _ = halved(world_tables)
    found = compression_ratios(world_fit, llms)
    for method in ("pruned", "distilled"):
        pairs = [(pair.child, pair.parent) for pair in found.pairs if pair.method == method]
        true = true_ratios(truth, pairs).mean()
        ends = np.log(found.mean.sel(compression=method).to_frame_row())
        assert ends["lower"] <= true <= ends["upper"]
        new = np.log(found.new.sel(compression=method).to_frame_row())
        assert new["lower"] < ends["lower"] and ends["upper"] < new["upper"], "a single pair scatters about the mean"
    chance = found.probability_raises(found.mean)
    assert ((chance > 0) & (chance < 1)).all()
    again = compression_ratios(world_fit, llms)
    assert (again.mean.draws == found.mean.draws).all(), "equal seeds, equal draws"


def test_a_fit_without_pairs_is_refused_with_what_to_do(world_fit: Fit, world_tables: Tables) -> None:
    with pytest.raises(InputError, match="state parent and compression"):
        compression_ratios(world_fit, world_tables.llms)


def among(fit: Fit, *llms: str) -> Fit:
    """The fit with LLMs called otherwise, the first ones."""
    labels = [*llms, *map(str, fit.data["llm"].to_numpy()[len(llms) :])]
    posterior = fit.posterior.assign_coords(llm=labels)
    return replace(fit, data=fit.data.assign_coords(llm=labels), posterior=posterior)


@pytest.mark.parametrize(
    ("inside", "pair"),
    [
        (("Llama-3.2-3B", "Llama-3.1-8B"), ("Llama-3.2-3B", "Llama-3.1-8B", "pruned")),
        # A post-trained LLM is no compression of its own base; it stands beside its like.
        (("Llama-3.2-3B-Instruct", "Llama-3.2-3B"), None),
        (
            ("Ministral-3-8B-Instruct-2512", "Ministral-3-14B-Instruct-2512"),
            ("Ministral-3-8B-Instruct-2512", "Ministral-3-14B-Instruct-2512", "pruned"),
        ),
        (("Gemma-2-2B", "Gemma-2-27B"), ("Gemma-2-2B", "Gemma-2-27B", "distilled")),
        (("Gemma-2-2B", "Llama-3.1-8B"), None),
    ],
)
def test_pairs_of_the_bundled_tables(
    world_fit: Fit, inside: tuple[str, str], pair: tuple[str, str, str] | None
) -> None:
    found = [tuple(one) for one in compression_pairs(among(world_fit, *inside), read_tables().llms)]
    assert found == ([] if pair is None else [pair])


def test_a_quantized_llm_has_the_size_of_its_parent(world_fit: Fit, world_tables: Tables) -> None:
    llms = world_tables.llms.copy()
    child, parent = world_fit.data["llm"].to_numpy()[:2]
    size = llms.loc[llms["llm"] == parent, "params_total"].item()
    llms.loc[llms["llm"] == child, ["parent", "compression", "params_total"]] = (parent, "quantized", size)
    (pair,) = compression_pairs(world_fit, llms)
    assert tuple(pair) == (child, parent, "quantized")

"""Inference in two stages: the reference is fitted alone, and passed on to the targets, which never inform it.

*Cut* passes draws on: each is a reference that the targets are fitted with, so that its uncertainty reaches the answer
but nothing flows back (Plummer 2015, DOI 10.1007/s11222-014-9503-z). *Plug-in* passes their medians on, as chains of
point estimates do.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.ladder_axis import link_in_sizes
from bayesdensity.data.masks import targets_only
from bayesdensity.inference.sampling import POSITION
from bayesdensity.inference.schema import SAMPLE
from bayesdensity.study.spec import Study

CUT_DRAWS, CUT_TUNE, CUT_BEGIN = 10, 60, 600
"""Draws of the targets kept for each draw of the reference, discarded before them, and before the first of a chain."""
PASSED = (*(f"passed_{part}" for part in laws.Link._fields), "passed_ceiling")


def passed_on(posterior: xr.Dataset) -> xr.Dataset:
    """What the reference passes on, from the link on the axis of the targets; dims of draws, ``benchmark``."""
    return _passed(laws.shifted(laws.link_of(posterior), -posterior["level"]), posterior)


def passed_by_ladder(study: Study, data: xr.Dataset, posterior: xr.Dataset, seed: int) -> xr.Dataset:
    """The same from the law and the map of a ladder, which no target informs: of what lies beyond it, the prior.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    posterior : xarray.Dataset
        Of `bayesdensity.model.build.build_reference`.
    seed : int
    """
    law = laws.drawn_law(study.law.form, posterior)
    law = replace(law, log_loss_centre=law.log_loss_centre + posterior["law_miss"])
    link = link_in_sizes(data, law, posterior["map_logit"], posterior["map_slope"])
    if study.reference.beyond == "misfit":
        common, each = (study.priors[f"beyond_{part}"] for part in ("stretch", "contrast"))
        rng, shape = np.random.default_rng(seed), posterior["ceiling"].shape
        apart = each.sigma * rng.standard_normal(shape)
        middle = common.mu + common.sigma * rng.standard_normal((*shape[:-1], 1))
        link = link._replace(stretch=middle + apart - apart.mean(axis=-1, keepdims=True))
    return _passed(link, posterior)


def _passed(link: laws.Link, posterior: xr.Dataset) -> xr.Dataset:
    top = posterior["ceiling"].transpose(*SAMPLE, "benchmark")
    parts = (one if isinstance(one, xr.DataArray) else top.copy(data=np.broadcast_to(one, top.shape)) for one in link)
    return xr.Dataset(dict(zip(PASSED, (*parts, top), strict=True))).transpose(*SAMPLE, "benchmark")


def plugged_in(data: xr.Dataset, found: xr.Dataset) -> xr.Dataset:
    """Data of the targets with the medians of what the reference passes on."""
    return targets_only(data).assign(found.median(SAMPLE))


def sample_cut(
    run: Callable[..., xr.DataTree],
    data: xr.Dataset,
    found: xr.Dataset,
    draws: int,
    seed: int,
    cores: int,
    tell: Callable[[int, float, int], None],
) -> xr.DataTree:
    """Draws of the targets for many draws of the reference, each chain with references of its own.

    A chain goes on from one reference to the next where it was: in data-informed coordinates the targets lie nearly
    alike under all of them.

    Parameters
    ----------
    run : callable
        Samples one chain of `CUT_DRAWS` draws of a dataset with a seed, ``start`` and ``tune``.
    data : xarray.Dataset
    found : xarray.Dataset
        As `passed_on` gives it.
    draws : int
        Of each chain, about: a multiple of `CUT_DRAWS`.
    seed : int
    cores : int
        Chains sampled at a time.
    tell : callable
        Called with a chain, the share of it that is drawn, and its divergences so far.
    """
    targets, chains, each = targets_only(data), found.sizes["chain"], max(2, round(draws / CUT_DRAWS))
    flat = found.stack(passed=SAMPLE).transpose("passed", ...).reset_index("passed", drop=True)
    # Every chain takes references from all chains of the first stage.
    at = np.linspace(0, flat.sizes["passed"] - 1, chains * each).round().astype(int).reshape(each, chains)
    seeds = np.random.SeedSequence(seed).generate_state(at.size).reshape(at.shape) >> 1

    def chain(c: int) -> dict[str, xr.Dataset]:
        parts: dict[str, list[xr.Dataset]] = {"posterior": [], "sample_stats": []}
        start, tune, divergences = None, CUT_BEGIN, 0
        for k in range(each):
            tree = run(targets.assign(flat.isel(passed=at[k, c])), int(seeds[k, c]), start=start, tune=tune)
            stats = tree["sample_stats"].to_dataset()
            start, tune = stats[POSITION].to_numpy()[0, -1], CUT_TUNE
            parts["posterior"].append(tree["posterior"].to_dataset())
            parts["sample_stats"].append(stats.drop_vars(POSITION))
            divergences += int(stats["diverging"].sum())
            tell(c, (k + 1) / each, divergences)
        return {name: _joined(some, "draw") for name, some in parts.items()}

    with ThreadPoolExecutor(cores) as pool:
        groups = list(pool.map(chain, range(chains)))
    return xr.DataTree.from_dict({name: _joined([one[name] for one in groups], "chain") for name in groups[0]})


def _joined(parts: list[xr.Dataset], dim: str) -> xr.Dataset:
    return xr.concat([part.drop_vars(SAMPLE, errors="ignore") for part in parts], dim)

"""A fit: the posterior of a study with the data it saw, and how it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.cards import Card, Shown
from bayesdensity.base.errors import InputError
from bayesdensity.data.cells import with_harness_names, with_reach
from bayesdensity.data.covariates import size_as_covariate
from bayesdensity.data.shipped import fit_file
from bayesdensity.inference.convergence import Diagnostics, diagnose, verdict_rows
from bayesdensity.inference.schema import draw_faults
from bayesdensity.inference.store import AGAIN, GROUPS, OPTIONAL, read_groups, refuse, write_groups
from bayesdensity.study.digests import fingerprint_of
from bayesdensity.study.load import of_former_version
from bayesdensity.study.spec import Study


@dataclass(frozen=True, eq=False, repr=False)
class Sampled[S](Shown):
    """Draws from a posterior with what they are of. Nothing writes to it.

    Attributes
    ----------
    posterior : xarray.Dataset
        Draws, with dims ``chain`` and ``draw`` first.
    sample_stats : xarray.Dataset
    data : xarray.Dataset
        What the model saw.
    study : Study or LawStudy
    about : dict
        Digests, versions, seed, wall times and counts.
    stored_diagnostics : Diagnostics, optional
        Convergence of these draws as it was judged before; None: `diagnostics` judges it when it is asked for.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    data: xr.Dataset
    study: S
    about: dict[str, Any]
    stored_diagnostics: Diagnostics | None = None

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the sampler."""
        return self.stored_diagnostics or diagnose(self.posterior, self.sample_stats)

    @property
    def known_diagnostics(self) -> Diagnostics | None:
        """Convergence as far as it is known already; nothing is computed."""
        known: Diagnostics | None = vars(self).get("diagnostics", self.stored_diagnostics)
        return known

    def noted(self, **notes: Any) -> Self:
        """The same draws, with more said about them; convergence that is known need not be judged again."""
        return replace(self, about={**self.about, **notes}, stored_diagnostics=self.known_diagnostics)

    def with_draws(self, posterior: xr.Dataset, sample_stats: xr.Dataset | None = None) -> Self:
        """The same with other draws, or with some of them, whose convergence nobody has judged."""
        stats = self.sample_stats if sample_stats is None else sample_stats
        return replace(self, posterior=posterior, sample_stats=stats, stored_diagnostics=None)

    def thinned(self, draws: int) -> Self:
        """The same with evenly spaced draws: as many as asked for, or up to twice as many."""
        step = max(1, self.posterior.sizes["chain"] * self.posterior.sizes["draw"] // draws)
        return self.with_draws(self.posterior.isel(draw=slice(None, None, step)))

    def flat_draws(self) -> dict[str, NDArray[np.float64]]:
        """Draws of every variable, chains joined: draws are the first axis."""
        draws = self.posterior.data_vars.items()
        return {str(name): values.to_numpy().reshape(-1, *values.shape[2:]) for name, values in draws}

    def counted_draws(self) -> str:
        """How many chains of how many draws, in words."""
        return f"{self.posterior.sizes.get('chain', 0)} chains of {self.posterior.sizes.get('draw', 0)}"


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Sampled[Study]):
    """Posterior of one study with the data it saw, as `bayesdensity.data.join.assemble` makes them.

    Attributes
    ----------
    inside : xarray.Dataset, optional
        Draws of what LLMs share, where scores beyond those of the reference say only that they lie beyond; None where
        no score does, or nobody drew them.
    alone : xarray.Dataset, optional
        Draws of the reference, where it was fitted alone and passed on to the targets.
    """

    inside: xr.Dataset | None = None
    alone: xr.Dataset | None = None

    def card(self) -> Card:
        """What it is of, the data it saw, its window, estimand and verdict; nothing is computed."""
        study, sizes = self.study, self.data.sizes
        counts = {"n_llms": "llm", "n_scores": "score", "n_runs": "run"}
        llms, scores, runs = (self.about.get(name, sizes.get(dim, 0)) for name, dim in counts.items())
        data, asked = f"{llms} LLMs, {scores} scores", "summary(fit), densities_table(fit), save_figures(fit, stem)"
        estimand = f"{study.frontier.quantile:g} quantile of density among releases"
        if self.about.get("part") == "reference":
            data, asked = "the reference alone", "predict_trainings(fit, ...)"
            estimand = "loss and score of further trainings"
        elif sizes.get("llm"):
            dates = self.data["release_date"].to_numpy()
            estimand += f", {min(dates)} to {max(dates)}"
        rows = {
            "data": f"{data}, {runs} reference runs, {len(study.benchmarks)} benchmarks",
            "estimand": estimand,
            "draws": self.counted_draws(),
            **verdict_rows(self.known_diagnostics, self.about.get("checks", ()), asked),
        }
        return Card(f"Fit of {study.name}: {study.title}", tuple(rows.items()))

    def save(self, path: str | Path, *, packed: bool = False) -> Path:
        """Write one netCDF file, whole or not at all.

        Parameters
        ----------
        path : str or Path
        packed : bool
            Compress it; its name then ends in ``.gz``. That is slower, and worth it where draws are rounded.

        Raises
        ------
        InputError
            If the folder does not exist or cannot be written to.
        """
        # The study is written as this version states it, whatever a former one wrote of it.
        about = {"study": json.loads(self.study.model_dump_json()), **self.about, "fingerprint": self.study.fingerprint}
        groups = {name: getattr(self, name) for name in (*GROUPS, *OPTIONAL)}
        return write_groups(
            path, {k: group for k, group in groups.items() if group is not None}, about, self.diagnostics, packed=packed
        )


def load_fit(path: str | Path, study: Study | None = None) -> Fit:
    """Read a fit.

    Parameters
    ----------
    path : str or Path
        A file, or the name of a posterior that comes with the package.
    study : Study, optional
        Refuse the fit unless its model is that of this study: unless their digests are equal.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the file is no fit, damaged, of another version of the format or the package, or of another study.
    """
    path = fit_file(path)
    groups, about, diagnostics = read_groups(path)
    tree = about.pop("study")
    # Earlier versions called the fingerprint the digest.
    fingerprint = about.get("fingerprint", about["digest"])
    if fingerprint_of(tree) != fingerprint:
        raise InputError(f"{path}: its study is not the one it was fitted with ({fingerprint}); {AGAIN}")
    try:
        stored = Study.model_validate(of_former_version(tree))
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(f"{path}: its study is of another version of bayesdensity; {AGAIN}") from error
    if "size_effect" in groups["posterior"]:
        groups = {name: size_as_covariate(group) for name, group in groups.items()}
    refuse(path, draw_faults(groups, stored, about["part"]))
    groups["data"] = with_reach(with_harness_names(groups["data"]))
    about |= {"digest": stored.digest, "fingerprint": fingerprint}
    if study is not None and study.digest != stored.digest:
        raise InputError(
            f"{path}: is a fit of study '{stored.name}' with digest {stored.digest}, "
            f"not of '{study.name}' with digest {study.digest}; fit it again, or load it without naming a study."
        )
    return Fit(**groups, study=stored, about=about, stored_diagnostics=diagnostics)

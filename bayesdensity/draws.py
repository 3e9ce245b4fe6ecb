"""The forward model at draws: from densities to log sizes, logits, scores and their spread, and back. NumPy only.

PyMC states the same in `bayesdensity.model`; `tests/test_draws.py` holds the two together. `bayesdensity.simulate`
derives scores a second time, on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity import laws
from bayesdensity.data.cells import Cells, Scores, cells_of, scores_of
from bayesdensity.data.pseudo import BOUND, PSEUDO
from bayesdensity.laws.forms import Scales, scales_of

Array = NDArray[np.float64]


class Gaussian(NamedTuple):
    """Mean and standard deviation."""

    mean: Array
    sd: Array


class Draws:
    """A joined dataset at draws of the parameters.

    Shapes are those of the draws first (any axes, or none for a single draw), written ``...``, and then of a dim.

    Attributes
    ----------
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    cells : Cells
    scores : Scores
    """

    def __init__(self, data: xr.Dataset, draws: Mapping[Any, Any]) -> None:
        self.data, self._draws = data, draws
        self.cells: Cells = cells_of(data)
        self.scores: Scores = scores_of(data)

    def __getitem__(self, name: str) -> Array:
        """What was drawn under a name."""
        return np.asarray(self._draws[name])

    def __contains__(self, name: str) -> bool:
        """Whether the model has what goes by a name."""
        return name in self._draws

    @cached_property
    def link(self) -> laws.Link:
        """Curves of the logit in log size, on the axis of the targets; shape (..., benchmark)."""
        return laws.link_of(self)

    @cached_property
    def scales(self) -> Scales:
        """Scales of the residuals about the trend, zero where there is no such part; shape (..., 1)."""
        return Scales(*(np.asarray(part)[..., None] for part in scales_of(self._draws)))

    @cached_property
    def log_size(self) -> Array:
        """Log size of each target from the centre; shape (..., llm), or (llm,) where it is as counted."""
        return self["own_log_size"] if "own_log_size" in self else self.data["log_size"].to_numpy()

    @cached_property
    def member_log_size(self) -> Array:
        """Log size of each reference member from the centre; shape (..., reference), or (reference,) as counted."""
        return self["member_size"] if "member_size" in self else self.data["reference_log_size"].to_numpy()

    @cached_property
    def score_effect(self) -> Array:
        """What the logit of each score has beside that of its cell: its harness, and inflation; shape (..., score)."""
        effect = self["harness_effect"][..., self.scores.harness]
        if "score_inflation" in self:
            time = np.append(self.data["time"].to_numpy(), np.zeros(self.data.sizes["reference"]))
            inflated = time[self.data["cell_entity"].to_numpy()][self.scores.cell]
            effect = effect + self["score_inflation"][..., None] * inflated
        return effect

    @cached_property
    def covariates(self) -> Array:
        """Covariates of each LLM from their means, as far as not known as drawn; shape (..., llm, covariate)."""
        value = self.data["covariate_value"].to_numpy()
        if "covariate_completed" not in self:
            return np.asarray(value)
        completed = self["covariate_completed"]
        full = np.broadcast_to(value, (*completed.shape[:-1], value.shape[-1])).copy()
        full[..., np.isnan(value).any(axis=0)] = completed
        return full

    @cached_property
    def covariate_growth(self) -> Array:
        """Change of the effect of each covariate a year, zero where it does not change; shape (..., covariate)."""
        growth = np.zeros_like(self["covariate_effect"])
        if "covariate_growth" in self:
            growth[..., self.data["covariate_grows"].to_numpy()] = self["covariate_growth"]
        return growth

    def covariate_effects(self, time: Any) -> Array:
        """Effect of each covariate at times, years from the centre; shape (..., time, covariate)."""
        growth: Array = self.covariate_growth[..., None, :] * np.asarray(time)[:, None]
        return self["covariate_effect"][..., None, :] + growth

    def of_covariates(self) -> Array:
        """What covariates add to what is expected of ln density; shape (..., llm)."""
        added: Array = (self.covariates * self.covariate_effects(self.data["time"].to_numpy())).sum(axis=-1)
        return added

    def target_sizes(self, relative: Array | float) -> Array:
        """Log size of the cells of targets on their axis, without departures; shape (..., target cell).

        Parameters
        ----------
        relative : ndarray or float
            Log density of the targets less the level; shape (..., llm).
        """
        size: Array = (self.log_size + relative)[..., self.cells.llm] + self.cell_shifts
        return size

    @cached_property
    def cell_shifts(self) -> Array:
        """What LLMs gain on the benchmark of each cell beside their density; shape (..., target cell)."""
        llm, bench = self.cells.llm, self.cells.target_benchmark
        shift: Array = self["benchmark_slope"][..., bench] * self.data["time"].to_numpy()[llm]
        if "covariate_effect" in self:
            in_cells = self.data["covariate_in_cell"].to_numpy()[: self.cells.n_targets]
            shift = shift + self["covariate_effect"] @ in_cells.T
        if "covariate_departure" in self:
            departs = self.data["covariate_departs"].to_numpy()
            departure = np.swapaxes(self["covariate_departure"], -1, -2)[..., bench, :]
            here = self.covariates[..., llm, :][..., departs] + in_cells[:, departs]
            shift = shift + (here * departure).sum(axis=-1)
        return shift

    def cell_logits(self) -> Array:
        """Logit of every cell, those of reference members too; shape (..., cell)."""
        cells, size = self.cells, self.target_sizes(self["log_density_relative"])
        if len(cells.member):
            members = self.member_log_size[..., cells.member] + self["recipe"][..., cells.member]
            size = np.concatenate([size, members - self["level"][..., cells.member_benchmark]], axis=-1)
        logit: Array = laws.logit_of_size(self.link.at(cells.benchmark), size + self["cell_departure"])
        return logit

    def log_densities(self) -> Array:
        """Log density of each target on the benchmark of each of its cells; shape (..., target cell)."""
        cells, bench = self.cells, self.cells.target_benchmark
        density: Array = (
            self["log_density_relative"][..., cells.llm]
            + self["level"][..., bench]
            + self.cell_shifts
            + self["cell_departure"][..., : cells.n_targets]
        )
        return density

    def standard_departures(self) -> Array:
        """Departures of cells in standard deviations; shape (..., cell)."""
        departures: Array = self["cell_departure"] / self["cell_scatter"][..., self.cells.benchmark]
        return departures

    def score_model(self, logit: Array, scores: Any, nodes: int = 0) -> Gaussian:
        """Expected value and standard deviation of scores.

        Parameters
        ----------
        logit : ndarray
            With the effects of harnesses; shape (..., score) and so many axes of nodes.
        scores : index
            Which scores.
        nodes : int
            Axes after that of the scores.

        Returns
        -------
        Gaussian
        """
        bench, last = self.scores.benchmark[scores], (None,) * nodes
        floor, items = (self.data[name].to_numpy()[(bench, *last)] for name in ("floor", "n_items"))
        ceiling, extra = (self[name][(..., bench, *last)] for name in ("ceiling", "overdispersion"))
        expected = laws.score(logit, floor, ceiling)
        return Gaussian(expected, laws.score_sd(expected, items, extra))

    def implied_logits(self, effect: Array) -> Gaussian:
        """Logit that the scores of each cell of a target imply, to first order; shape (..., target cell).

        Parameters
        ----------
        effect : ndarray
            Effect of the harness of each score of a target; shape (..., target score).
        """
        n, bench = self.cells.n_targets, self.cells.target_benchmark
        cell = self.scores.cell[self.scores.is_target]
        share = self.data["score_share"].to_numpy()[: len(cell)]
        mean = np.add.reduceat(share * effect, np.searchsorted(cell, np.arange(n)), axis=-1)
        value, log_above, weight = (self.data[f"cell_{part}"].to_numpy()[:n] for part in PSEUDO)
        gap = laws.bounded_below(self["ceiling"][..., bench] - value, BOUND)
        weight = weight * (gap / (1 - value)) ** 2
        variance = (1 / self.data["n_items"].to_numpy()[bench] + self["overdispersion"][..., bench]) / weight
        return Gaussian(log_above - np.log(gap) - mean, np.sqrt(variance))

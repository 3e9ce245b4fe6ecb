"""All scores of each LLM given what LLMs share: an integral over what belongs to one LLM, and over its family's effect.

All integrals are sums over evenly spaced nodes about a linearised solution (`bayesdensity.evaluation.quadrature`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesdensity import laws
from bayesdensity.data.cells import told_harnesses
from bayesdensity.draws import Draws, Gaussian
from bayesdensity.evaluation.quadrature import Rule, log_sum, nodes
from bayesdensity.inference.result import Fit
from bayesdensity.laws.forms import Scales

Array = NDArray[np.float64]
Fold = Literal["llm", "family"]
"""What is predicted at a time: an LLM given its relatives, or a whole family."""
Harnesses = Literal["from others", "drawn"]
"""Effects of harnesses: as the scores of other LLMs tell them, or as drawn."""
NOTHING = -1e4
"""Logarithm of a density that underflows."""
ALMOST_KNOWN = 1e12
"""Prior precision of the effect of the only harness of a benchmark, which is none."""
OVER_DENSITY, OVER_SIZE, OVER_FAMILY = Rule(25, 0.6), Rule(25, 0.5), Rule(31, 0.6)
"""Over the log density of an LLM, the log size of a cell, the effect of a family."""


class SizeNodes(NamedTuple):
    """Nodes of the log size of cells, and what each counts for there besides the prior of its departure."""

    at: Array
    """Shape (draw, cell, node)."""
    parts: Array
    """Relative to the peak; shape (draw, cell, node)."""
    peak: Array
    """Logarithm; shape (draw, cell)."""


class Integral:
    r"""All scores of each LLM, given some draws of what LLMs share; the first axis of every array is that of the draws.

    .. math:: p(y_m) = \int p(k_f \mid \text{relatives}) \int p(\rho_m \mid k_f)
              \prod_b \int p(x_{mb} \mid \rho_m) \prod_i p(y_i \mid x_{mb}) \, dx_{mb} \, d\rho_m \, dk_f

    over the effect k of the family, the log density rho of the LLM, and its log size x on each benchmark.
    """

    def __init__(
        self,
        fit: Fit,
        scores: xr.Dataset,
        drawn: dict[str, Array],
        given: NDArray[np.bool_],
        *,
        harnesses: Harnesses | Gaussian = "from others",
        fold: Fold = "llm",
    ) -> None:
        self.form, self.data, self.given, self.draws = fit.study.frontier, scores, given, Draws(scores, drawn)
        self.fold = fold
        self.mean = drawn["mean"]
        cells = self.draws.cells
        self.llm, self.bench = cells.llm, cells.target_benchmark
        # Scores are sorted by cell, those of targets first.
        is_target = self.draws.scores.is_target
        self.cell = self.draws.scores.cell[is_target]
        self.starts = np.searchsorted(self.cell, np.arange(cells.n_targets))
        self.family = scores["family_index"].to_numpy()
        self.link = self.draws.link.at(self.bench)
        self.scatter = self.draws["cell_scatter"][:, self.bench]
        self.scales = self.draws.scales
        self.spread = self.form.spread.growth(self.scales, scores["time"].to_numpy())
        self.family_time = scores["family_time"].to_numpy()
        self.keep = scores["score_keep"].to_numpy()[is_target]
        if isinstance(harnesses, Gaussian):
            self.effect = harnesses
        elif harnesses == "drawn":
            effect = self.draws.score_effect[:, is_target]
            self.effect = Gaussian(effect, np.zeros_like(effect))
        else:
            self.effect = self._harness_effects()

    def log_predictive(self) -> Array:
        """Log predictive density, shape (draw, llm)."""
        if not self.form.family_effects:
            return self.without_families()
        return self._over_families(*self._at_family_nodes())

    def log_families(self) -> Array:
        """Log density of all scores of each family, shape (draw, family)."""
        index = np.arange(len(self.family_time))
        if not self.form.family_effects:
            summed: Array = self.without_families() @ (self.family[:, None] == index)
            return summed
        effect, weight, log_llm = self._at_family_nodes()
        all_of = np.stack([log_llm[:, self.family == f].sum(axis=1) for f in index], axis=1)
        return log_sum(all_of + self.log_family_effect(effect) + np.log(weight)[..., None])

    def without_families(self) -> Array:
        """Log density of the scores of each LLM where its family is none or in the mean, shape (draw, llm)."""
        _, residual, weight, log_scores = self._at_density_nodes()
        return log_sum(log_scores + self.log_residual(residual) + np.log(weight)[..., None])

    def _at_family_nodes(self) -> tuple[Array, Array, Array]:
        """Nodes of family effects, their distance, and log density of the scores of each LLM at those of its family."""
        about, residual, density_weight, log_scores = self._at_density_nodes()
        effect, weight = nodes(about, OVER_FAMILY)
        peak = log_scores.max(axis=-1, keepdims=True)
        parts = np.exp(log_scores - peak) * density_weight[..., None]
        log_llm = np.empty((*density_weight.shape, OVER_FAMILY.n_nodes))
        for j in range(OVER_FAMILY.n_nodes):  # one node of the family at a time: all at once would not fit the cache
            with np.errstate(divide="ignore"):
                density = np.exp(self.log_residual(residual - effect[:, self.family, j, None]))
                log_llm[..., j] = np.maximum(np.log((parts * density).sum(axis=-1)), NOTHING) + peak[..., 0]
        return effect, weight, log_llm

    def _at_density_nodes(self) -> tuple[Gaussian, Array, Array, Array]:
        """Family effects to first order; residuals of each LLM at nodes, their distance, and `log_scores` there."""
        implied = self.implied_sizes()
        effect, density = self.linearised(implied)
        at, weight = nodes(density, OVER_DENSITY)
        log_scores = self.log_scores(self.size_nodes(implied, density), at)
        return effect, at - self.mean[..., None], weight, log_scores

    def _over_families(self, effect: Array, weight: Array, log_llm: Array) -> Array:
        """Log density of the scores of each LLM, the effect of its family given the known scores of its relatives."""
        given, n = self.given, effect.shape[1]
        log_prior = self.log_family_effect(effect) + np.log(weight)[..., None]
        known = np.stack([log_llm[:, given & (self.family == f)].sum(axis=1) for f in range(n)], axis=1)
        relatives = np.bincount(self.family[given], minlength=n)[self.family] - given
        others = known[:, self.family] - np.where(given[:, None], log_llm, 0.0) + log_prior[:, self.family]
        # Without relatives the effect has its prior, which integrates to one.
        below = np.where(relatives > 0, log_sum(others), 0.0)
        result: Array = log_sum(others + log_llm) - below
        return result

    def _harness_effects(self) -> Gaussian:
        """What the scores of the other folds say of the harness of each score; shape (draw, target score).

        An effect that one fold alone determines would otherwise know its scores. To first order in the effect.
        """
        data, draws, n = self.data, self.draws, len(self.cell)
        cell, bench, harness, _ = draws.scores
        drawn, every = draws["harness_effect"][:, harness], draws.score_effect
        expected, sd = draws.score_model(draws.cell_logits()[:, cell] + every, slice(None))
        steep = laws.score_slope(expected, data["floor"].to_numpy()[bench], draws["ceiling"][:, bench])
        known = np.r_[self.given[self.llm[self.cell]], np.ones(len(cell) - n, bool)]
        weight = known * (steep / sd) ** 2
        pull = weight * drawn + known * weight * (data["score_value"].to_numpy() - expected) / np.maximum(steep, 1e-9)
        belongs = (harness[:, None] == np.arange(data.sizes["harness"])).astype(float)
        llm = self.llm[self.cell]
        folds = np.r_[llm if self.fold == "llm" else self.family[llm], -1 - np.arange(len(cell) - n)]
        _, pair = np.unique(np.stack([folds, harness]), axis=1, return_inverse=True)
        own = (pair[:, None] == np.arange(pair.max() + 1)).astype(float)
        prior = 1 / draws["harness_scale"][:, data["harness_benchmark"].to_numpy()] ** 2
        prior[:, np.delete(np.arange(prior.shape[1]), told_harnesses(data))] = ALMOST_KNOWN
        precision = (weight @ belongs + prior)[:, harness] - (weight @ own)[:, pair]
        mean = ((pull @ belongs)[:, harness] - (pull @ own)[:, pair]) / precision + every - drawn
        return Gaussian(mean[:, :n], 1 / np.sqrt(precision[:, :n]))

    def implied_sizes(self) -> Gaussian:
        """Log size that the scores of each target cell imply, to first order."""
        logit = self.draws.implied_logits(self.effect.mean)
        size, steep = laws.bounded_size_of_logit(self.link, logit.mean)
        return Gaussian(size, logit.sd / steep)

    def linearised(self, implied: Gaussian) -> tuple[Gaussian, Gaussian]:
        """Effect of each family and log density of each LLM, to first order, given all scores."""
        scales, llm_form, family_form = self.scales, self.form.llm_form, self.form.family_form
        weight = 1 / (self.scatter**2 + implied.sd**2)
        by_llm = (self.llm[:, None] == np.arange(len(self.family))).astype(float)
        precision = weight @ by_llm
        density = (weight * (implied.mean - self.draws.target_sizes(0.0))) @ by_llm / precision
        variance = self.spread**2 * llm_form.variance(scales.noise, scales.inefficiency)
        zero = np.zeros((len(self.mean), len(self.family_time)))
        effect = Gaussian(zero, zero)
        if self.form.family_effects:
            each = 1 / (1 / precision + variance)
            by_family = np.arange(zero.shape[1]) == self.family[:, None]
            family_variance = self.form.spread.variance(family_form, scales, self.family_time)
            family_precision = each @ by_family + 1 / family_variance
            centre = (each * (density - self.mean)) @ by_family / family_precision
            effect = Gaussian(centre, 1 / np.sqrt(family_precision))
        expected = self.mean + effect.mean[:, self.family]
        total = precision + 1 / variance
        mean = (precision * density + expected / variance) / total
        return effect, Gaussian(mean, np.sqrt(1 / total + (effect.sd[:, self.family] / (variance * total)) ** 2))

    def size_nodes(self, implied: Gaussian, density: Gaussian) -> SizeNodes:
        """Nodes of the log size of each target cell, and what they count for.

        Parameters
        ----------
        implied : Gaussian
            Log size that the scores of each cell imply, to first order; shape (draw, cell).
        density : Gaussian
            Log density of each LLM, to first order; shape (draw, llm).
        """
        # Size of each cell, to first order: that is where the scores have to be evaluated.
        variance = 1 / (1 / self.scatter**2 + 1 / implied.sd**2)
        expected = density.mean[:, self.llm] + self.draws.target_sizes(0.0)
        mean = variance * (implied.mean / implied.sd**2 + expected / self.scatter**2)
        sd = np.sqrt(variance + (variance / self.scatter**2 * density.sd[:, self.llm]) ** 2)
        size, weight = nodes(Gaussian(mean, sd), OVER_SIZE)
        log_scores = self._log_likelihood(size)
        peak = log_scores.max(axis=-1, keepdims=True)
        parts = np.exp(log_scores - peak) * (weight / self.scatter / np.sqrt(2 * np.pi))[..., None]
        return SizeNodes(size, parts, peak[..., 0])

    def log_scores(self, sizes: SizeNodes, at: Array) -> Array:
        """Log density of all scores of each LLM at log densities; shape (draw, llm, node).

        Parameters
        ----------
        sizes : SizeNodes
        at : ndarray
            Log densities less the level; shape (draw, llm, node).
        """
        zero_density, log_cell = self.draws.target_sizes(0.0), np.empty((*sizes.peak.shape, at.shape[-1]))
        scaled = sizes.at / self.scatter[..., None]
        for k in range(at.shape[-1]):
            z = scaled - ((at[:, self.llm, k] + zero_density) / self.scatter)[..., None]
            with np.errstate(divide="ignore"):
                log_cell[..., k] = np.log((sizes.parts * np.exp(-0.5 * z**2)).sum(axis=-1)) + sizes.peak
        order = np.argsort(self.llm, kind="stable")
        starts = np.searchsorted(self.llm[order], np.arange(len(self.family)))
        summed: Array = np.add.reduceat(log_cell[:, order], starts, axis=1)
        return summed

    def _log_likelihood(self, size: Array) -> Array:
        """Log density of the scores of each target cell at sizes, shape (draw, cell, node)."""
        draws, targets = self.draws, slice(len(self.cell))
        bench = self.bench[self.cell]
        logit = laws.logit_of_size(self.link.at(None), size)[:, self.cell] + self.effect.mean[..., None]
        expected, sd = draws.score_model(logit, targets, nodes=1)
        steep = laws.score_slope(expected, self.data["floor"].to_numpy()[bench, None], draws["ceiling"][:, bench, None])
        sd = np.sqrt(sd**2 + (steep * self.effect.sd[..., None]) ** 2)
        value = self.data["score_value"].to_numpy()[targets, None]
        each = -0.5 * ((value - expected) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        summed: Array = np.add.reduceat(each * self.keep[:, None], self.starts, axis=1)
        return summed

    def log_residual(self, residual: Array) -> Array:
        """Log density of the residuals of LLMs; shape (draw, llm, node)."""
        spread, noise, inefficiency = (
            part[..., None] for part in (self.spread, self.scales.noise, self.scales.inefficiency)
        )
        density = self.form.llm_form.log_density(residual / spread, noise, inefficiency)
        log_density: Array = density - np.log(spread)
        return log_density

    def log_family_effect(self, effect: Array) -> Array:
        """Log density of the effects of families; shape (draw, family, node)."""
        scales, time = Scales(*(part[..., None] for part in self.scales)), self.family_time[:, None]
        log_density: Array = self.form.spread.log_density(effect, self.form.family_form, scales, time)
        return log_density

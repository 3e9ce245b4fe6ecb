"""Predictive density of all scores of an LLM, with everything that belongs to it alone integrated out.

Given the parameters that LLMs share, the scores of one depend on its own log density, on its departure on each
benchmark, and on the effect of its family. Conditioning on draws of these would leave nothing to predict; here they are
integrated out, the family's effect over what the family's other members say of it. All integrals are sums over evenly
spaced nodes about a linearised solution: for smooth integrands that fade at both ends such sums converge exponentially
(Trefethen and Weideman 2014, DOI 10.1137/130932132).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from bayesdensity import laws
from bayesdensity.data.join import BOUND, member_log_sizes, own_log_sizes
from bayesdensity.inference.result import Fit
from bayesdensity.laws import inefficiencies as forms
from bayesdensity.quantities import SAMPLE
from bayesdensity.quantities.growth import mean_at

Array = NDArray[np.float64]
NOTHING = -1e4
"""Logarithm of a density that underflows."""
CHUNK = 50
"""Draws worked on at once."""
OWN, CELL, FAMILY = (17, 0.9), (21, 0.6), (21, 0.9)
"""Nodes, and their distance in standard deviations: over an LLM's log density, a cell's size, a family's effect."""


class _Gaussian(NamedTuple):
    mean: Array
    sd: Array


def log_predictive(
    fit: Fit,
    scores: xr.Dataset,
    given: NDArray[np.bool_],
    draws: int = 1000,
    progress: Callable[[float], None] | None = None,
) -> xr.DataArray:
    """Log density of all scores of each LLM, given the shared parameters and the scores of its relatives.

    Parameters
    ----------
    fit : Fit
        Its posterior gives the shared parameters.
    scores : xarray.Dataset
        The dataset of the fit with every score known.
    given : ndarray of bool
        Dim ``llm``: LLMs whose scores count as known where they are relatives of another.
    draws : int
        How many posterior draws, evenly spaced, are used.
    progress : callable, optional
        Called with the share that is done.

    Returns
    -------
    xarray.DataArray
        Dims ``chain``, ``draw``, ``llm``.
    """
    values = _in_chunks(fit, draws, lambda some: _Chunk(fit, scores, some, given).log_predictive(), progress=progress)
    return xr.DataArray(values, dims=(*SAMPLE, "llm"), coords={"llm": fit.data["llm"].to_numpy()})


def log_joint(
    fit: Fit, scores: xr.Dataset, families: NDArray[np.int_] | None = None, draws: int = 1000
) -> xr.DataArray:
    """Log density of all known scores of each family, given the shared parameters and the effects of harnesses.

    Parameters
    ----------
    fit : Fit
        Its posterior gives the shared parameters.
    scores : xarray.Dataset
        The dataset of the fit, of whose scores some may be unknown.
    families : ndarray of int, optional
        Positions of the families asked for; None: all.
    draws : int
        How many posterior draws, evenly spaced, are used.

    Returns
    -------
    xarray.DataArray
        Dims ``chain``, ``draw``, ``family``.
    """
    places = np.arange(fit.data.sizes["family"]) if families is None else families
    part, at = _of_families(scores, places)
    given = np.ones(len(at["llm"]), dtype=bool)
    values = _in_chunks(fit, draws, lambda some: _Chunk(fit, part, some, given, drawn=True).log_families(), at)
    return xr.DataArray(values, dims=(*SAMPLE, "family"), coords={"family": scores["family"].to_numpy()[places]})


def log_member_scores(fit: Fit, scores: NDArray[np.int_], draws: int = 1000) -> xr.DataArray:
    """Log density of some scores of reference members, summed, given everything that is theirs; dims of draws."""
    given = np.ones(fit.data.sizes["llm"], dtype=bool)
    values = _in_chunks(fit, draws, lambda some: _Chunk(fit, fit.data, some, given, drawn=True).log_density_of(scores))
    return xr.DataArray(values, dims=SAMPLE)


def thinned_fit(fit: Fit, draws: int) -> Fit:
    """The fit with so many of its draws, about, evenly spaced."""
    step = max(1, fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] // draws)
    return fit.with_draws(fit.posterior.isel(draw=slice(None, None, step)))


def _in_chunks(
    fit: Fit,
    draws: int,
    work: Callable[[dict[str, Array]], Array],
    at: dict[str, NDArray[np.int_]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """What ``work`` makes of so many draws, about, a chunk of them at a time; first axes ``chain`` and ``draw``.

    It is given all that was drawn, at the positions ``at`` of some dims, and the population mean at each release.
    """
    thin = thinned_fit(fit, draws)
    mean = (mean_at(thin, fit.data["time"]) - thin.posterior["level"].mean("benchmark")).transpose(*SAMPLE, "llm")
    kept = thin.posterior.assign(mean=mean).isel(at or {}, missing_dims="ignore")
    flat = {str(name): values.to_numpy().reshape(-1, *values.shape[2:]) for name, values in kept.data_vars.items()}
    total, parts = len(flat["mean"]), []
    for first in range(0, total, CHUNK):
        parts.append(work({name: values[first : first + CHUNK] for name, values in flat.items()}))
        if progress:
            progress(min(1.0, (first + CHUNK) / total))
    found = np.concatenate(parts)
    return found.reshape(*(kept.sizes[dim] for dim in SAMPLE), *found.shape[1:])


def _of_families(scores: xr.Dataset, families: NDArray[np.int_]) -> tuple[xr.Dataset, dict[str, NDArray[np.int_]]]:
    """The dataset with the targets of some families and without reference members, and what is left of each dim."""
    n = int(scores.attrs["n_target_cells"])
    llm = np.flatnonzero(np.isin(scores["family_index"].to_numpy(), families))
    cell = np.flatnonzero(np.isin(scores["cell_entity"].to_numpy()[:n], llm))
    score = np.flatnonzero(np.isin(scores["score_cell"].to_numpy(), cell))
    at = {"family": families, "llm": llm, "cell": cell}
    part = scores.isel({**at, "score": score, "reference": slice(0)})
    new = {
        "family_index": ("llm", np.searchsorted(families, part["family_index"].to_numpy())),
        "cell_entity": ("cell", np.searchsorted(llm, part["cell_entity"].to_numpy())),
        "score_cell": ("score", np.searchsorted(cell, part["score_cell"].to_numpy())),
    }
    return part.assign(new).assign_attrs(n_target_cells=len(cell)), at


class _Chunk:
    """Some draws of the shared parameters, first axis of every array, with the scores they should predict."""

    def __init__(
        self,
        fit: Fit,
        scores: xr.Dataset,
        draws: dict[str, Array],
        given: NDArray[np.bool_],
        *,
        drawn: bool = False,
    ) -> None:
        self.form, self.draws, self.data, self.given = fit.study.frontier, draws, scores, given
        n = int(scores.attrs["n_target_cells"])
        self.entity, self.bench = (scores[f"cell_{part}"].to_numpy()[:n] for part in ("entity", "benchmark"))
        # Scores are sorted by cell, those of targets first.
        cell = scores["score_cell"].to_numpy()
        self.cell = cell[cell < n]
        self.starts = np.searchsorted(self.cell, np.arange(n))
        self.time, self.family = scores["time"].to_numpy(), scores["family_index"].to_numpy()
        self.link = laws.Link(*(draws[f"link_{part}"][:, self.bench] for part in laws.Link._fields))
        self.scatter = draws["cell_scatter"][:, self.bench]
        zero = np.zeros((len(draws["mean"]), 1))
        growth = draws["dispersion_growth"][:, None] if "dispersion_growth" in draws else zero
        self.spread = forms.dispersion(self.time, growth)
        self.family_spread = forms.dispersion(scores["family_time"].to_numpy(), growth)
        named = ("noise_scale", "inefficiency_scale", "family_scale", "family_inefficiency_scale")
        self.noise, self.one_sided, self.kin, self.kin_one_sided = (
            draws[name][:, None] if name in draws else zero for name in named
        )
        self.keep = scores["score_keep"].to_numpy()[: len(self.cell)]
        if drawn:  # effects of harnesses as in the draws
            self.shift = draws["harness_effect"][:, scores["score_harness"].to_numpy()[: len(self.cell)]]
            self.shift_variance = np.zeros_like(self.shift)
        else:
            self.shift, self.shift_variance = self._harnesses()

    def log_predictive(self) -> Array:
        """Log predictive density, shape (draw, llm)."""
        if not self.form.family_effects:
            return self._alone()
        return self._over_families(*self._at_nodes())

    def log_families(self) -> Array:
        """Log density of all scores of each family, shape (draw, family)."""
        index = np.arange(self.family_spread.shape[1])
        if not self.form.family_effects:
            summed: Array = self._alone() @ (self.family[:, None] == index)
            return summed
        kin, weight, log_l = self._at_nodes()
        all_of = np.stack([log_l[:, self.family == f].sum(axis=1) for f in index], axis=1)
        return _log_sum(all_of + self._log_kin(kin) + np.log(weight)[..., None])

    def log_density_of(self, which: NDArray[np.int_]) -> Array:
        """Log density of some scores, summed, given everything that is their LLMs', up to a constant; shape (draw,)."""
        data, draws = self.data, self.draws
        cell, of = (data[f"score_{part}"].to_numpy()[which] for part in ("cell", "harness"))
        bench = data["cell_benchmark"].to_numpy()[cell]
        floor, items = (data[name].to_numpy()[bench] for name in ("floor", "n_items"))
        p = laws.score(self.logits()[:, cell] + draws["harness_effect"][:, of], floor, draws["ceiling"][:, bench])
        sd = laws.score_sd(p, items, draws["overdispersion"][:, bench])
        each = -0.5 * ((data["score_value"].to_numpy()[which] - p) / sd) ** 2 - np.log(sd)
        summed: Array = each.sum(axis=1)
        return summed

    def _alone(self) -> Array:
        """Log density of the scores of each LLM without family effects, shape (draw, llm)."""
        _, centred, weight, log_scores = self._own_nodes()
        return _log_sum(log_scores + self._log_own(centred) + np.log(weight)[..., None])

    def _at_nodes(self) -> tuple[Array, Array, Array]:
        """Nodes of family effects, their distance, and log density of the scores of each LLM at those of its family."""
        effect, centred, weight, log_scores = self._own_nodes()
        kin, kin_weight = _nodes(effect, FAMILY)
        peak = log_scores.max(axis=-1, keepdims=True)
        parts = np.exp(log_scores - peak) * weight[..., None]
        log_l = np.empty((*weight.shape, FAMILY[0]))
        for j in range(FAMILY[0]):  # one node of the family at a time: all at once would not fit the cache
            with np.errstate(divide="ignore"):
                density = np.exp(self._log_own(centred - kin[:, self.family, j, None]))
                log_l[..., j] = np.maximum(np.log((parts * density).sum(axis=-1)), NOTHING) + peak[..., 0]
        return kin, kin_weight, log_l

    def _own_nodes(self) -> tuple[_Gaussian, Array, Array, Array]:
        """Family effects, about; nodes of each LLM's log density from the mean, their distance, and `_log_scores`."""
        implied = self._implied()
        effect, own = self._linearised(implied)
        at, weight = _nodes(own, OWN)
        return effect, at - self.draws["mean"][..., None], weight, self._log_scores(implied, own, at)

    def _over_families(self, kin: Array, weight: Array, log_l: Array) -> Array:
        given = self.given
        log_prior = self._log_kin(kin) + np.log(weight)[..., None]
        known = np.stack([log_l[:, given & (self.family == f)].sum(axis=1) for f in range(kin.shape[1])], axis=1)
        relatives = np.bincount(self.family[given], minlength=kin.shape[1])[self.family] - given
        others = known[:, self.family] - np.where(given[:, None], log_l, 0.0) + log_prior[:, self.family]
        # Without relatives the effect has its prior, which integrates to one.
        below = np.where(relatives > 0, _log_sum(others), 0.0)
        result: Array = _log_sum(others + log_l) - below
        return result

    def _harnesses(self) -> tuple[Array, Array]:
        """What the scores of the other LLMs say of the harness of each score: mean and variance of its effect.

        An effect that one LLM alone determines would otherwise know its scores. To first order in the effect.
        """
        data, draws = self.data, self.draws
        cell, of = data["score_cell"].to_numpy(), data["score_harness"].to_numpy()
        bench = data["cell_benchmark"].to_numpy()[cell]
        drawn, top = draws["harness_effect"][:, of], draws["ceiling"][:, bench]
        floor, items = (data[name].to_numpy()[bench] for name in ("floor", "n_items"))
        expected = laws.score(self.logits()[:, cell] + drawn, floor, top)
        steep = laws.score_slope(expected, floor, top)
        known = np.r_[self.given[self.entity[self.cell]], np.ones(len(cell) - len(self.cell), bool)]
        weight = known * (steep / laws.score_sd(expected, items, draws["overdispersion"][:, bench])) ** 2
        pull = weight * drawn + known * weight * (data["score_value"].to_numpy() - expected) / np.maximum(steep, 1e-9)
        belongs = (of[:, None] == np.arange(data.sizes["harness"])).astype(float)
        own = data["harness_benchmark"].to_numpy()
        precision = (weight @ belongs + 1 / draws["harness_scale"][:, own] ** 2)[:, of] - weight
        shift = ((pull @ belongs)[:, of] - pull) / precision
        return shift[:, : len(self.cell)], 1 / precision[:, : len(self.cell)]

    def logits(self) -> Array:
        """Logit of every cell, reference members' too, in each draw."""
        data, draws, n = self.data, self.draws, len(self.bench)
        bench = data["cell_benchmark"].to_numpy()
        size = self._offset() + draws["log_density_relative"][:, self.entity]
        if len(bench) > n:
            member = data["cell_entity"].to_numpy()[n:] - data.sizes["llm"]
            true = member_log_sizes(data, draws)[..., member] + draws["recipe"][:, member]
            size = np.concatenate([size, true - draws["level"][:, bench[n:]]], axis=1)
        link = laws.Link(*(draws[f"link_{part}"][:, bench] for part in laws.Link._fields))
        eta: Array = laws.logit_of_size(link, size + draws["cell_departure"])
        return eta

    def _implied(self) -> _Gaussian:
        """Size that the scores of each target cell imply, to first order."""
        data, draws, n = self.data, self.draws, len(self.bench)
        share = data["score_share"].to_numpy()[: len(self.cell)]
        effect = np.add.reduceat(share * self.shift, self.starts, axis=1)
        gap = laws.bounded_below(draws["ceiling"][:, self.bench] - data["cell_value"].to_numpy()[:n], BOUND)
        logit = data["cell_log_above"].to_numpy()[:n] - np.log(gap) - effect
        noise = 1 / data["n_items"].to_numpy()[self.bench] + draws["overdispersion"][:, self.bench]
        size, steep = laws.bounded_size_of_logit(self.link, logit)
        return _Gaussian(size, np.sqrt(noise / data["cell_weight"].to_numpy()[:n]) / steep)

    def _linearised(self, implied: _Gaussian) -> tuple[_Gaussian, _Gaussian]:
        """Effect of each family and log density of each LLM, to first order, given all scores."""
        weight = 1 / (self.scatter**2 + implied.sd**2)
        precision = self._by_llm(weight)
        density = self._by_llm(weight * (implied.mean - self._offset())) / precision
        variance = self.spread**2 * self._variance(self.noise, self.one_sided)
        zero = np.zeros_like(self.family_spread)
        effect = _Gaussian(zero, zero)
        if self.form.family_effects:
            each = 1 / (1 / precision + variance)
            index = np.arange(zero.shape[1]) == self.family[:, None]
            own = each @ index + 1 / (self.family_spread**2 * self._variance(self.kin, self.kin_one_sided))
            effect = _Gaussian((each * (density - self.draws["mean"])) @ index / own, 1 / np.sqrt(own))
        expected = self.draws["mean"] + effect.mean[:, self.family]
        own = precision + 1 / variance
        mean = (precision * density + expected / variance) / own
        return effect, _Gaussian(mean, np.sqrt(1 / own + (effect.sd[:, self.family] / (variance * own)) ** 2))

    def _log_scores(self, implied: _Gaussian, own: _Gaussian, at: Array) -> Array:
        """Log density of all scores of each LLM at nodes of its log density, shape (draw, llm, node)."""
        # Size of each cell, to first order: that is where the scores have to be evaluated.
        variance = 1 / (1 / self.scatter**2 + 1 / implied.sd**2)
        expected = own.mean[:, self.entity] + self._offset()
        mean = variance * (implied.mean / implied.sd**2 + expected / self.scatter**2)
        sd = np.sqrt(variance + (variance / self.scatter**2 * own.sd[:, self.entity]) ** 2)
        size, weight = _nodes(_Gaussian(mean, sd), CELL)
        log_scores = self._log_likelihood(size)
        peak = log_scores.max(axis=-1, keepdims=True)
        parts = np.exp(log_scores - peak) * (weight / self.scatter / np.sqrt(2 * np.pi))[..., None]
        log_cell = np.empty((*mean.shape, at.shape[-1]))
        scaled, centre = size / self.scatter[..., None], self._offset()
        for k in range(at.shape[-1]):
            z = scaled - ((at[:, self.entity, k] + centre) / self.scatter)[..., None]
            with np.errstate(divide="ignore"):
                log_cell[..., k] = np.log((parts * np.exp(-0.5 * z**2)).sum(axis=-1)) + peak[..., 0]
        order = np.argsort(self.entity, kind="stable")
        starts = np.searchsorted(self.entity[order], np.arange(len(self.time)))
        summed: Array = np.add.reduceat(log_cell[:, order], starts, axis=1)
        return summed

    def _log_likelihood(self, size: Array) -> Array:
        """Log density of the scores of each target cell at sizes, shape (draw, cell, node)."""
        data, draws, bench = self.data, self.draws, self.bench[self.cell]
        value, items, floor = (
            array[:, None]
            for array in (
                data["score_value"].to_numpy()[: len(bench)],
                data["n_items"].to_numpy()[bench],
                data["floor"].to_numpy()[bench],
            )
        )
        eta = laws.logit_of_size(laws.Link(*(part[..., None] for part in self.link)), size)
        top = draws["ceiling"][:, bench, None]
        p = laws.score(eta[:, self.cell] + self.shift[..., None], floor, top)
        sd = laws.score_sd(p, items, draws["overdispersion"][:, bench, None])
        sd = np.sqrt(sd**2 + laws.score_slope(p, floor, top) ** 2 * self.shift_variance[..., None])
        each = -0.5 * ((value - p) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        each = each * self.keep[:, None]
        summed: Array = np.add.reduceat(each, self.starts, axis=1)
        return summed

    def _offset(self) -> Array:
        """Log size of each cell where the LLM's log density is zero."""
        size: Array = np.asarray(own_log_sizes(self.data, self.draws))[..., self.entity]
        slope: Array = self.draws["benchmark_slope"][:, self.bench]
        offset: Array = size + slope * self.time[self.entity]
        return offset

    def _by_llm(self, values: Array) -> Array:
        summed: Array = values @ (self.entity[:, None] == np.arange(len(self.time)))
        return summed

    def _variance(self, symmetric: Array, one_sided: Array) -> Array:
        variance: Array = symmetric**2 + forms.UNIT_VARIANCE[self.form.form] * one_sided**2
        return variance

    def _log_own(self, residual: Array) -> Array:
        return self._log_composed(residual, self.spread[..., None], self.noise[..., None], self.one_sided[..., None])

    def _log_kin(self, effect: Array) -> Array:
        scales = self.family_spread[..., None], self.kin[..., None], self.kin_one_sided[..., None]
        return self._log_composed(effect, *scales)

    def _log_composed(self, residual: Array, spread: Array, symmetric: Array, one_sided: Array) -> Array:
        form: Any = self.form.form if one_sided.any() else "symmetric"
        density: Array = forms.composed_log_density(form, residual / spread, symmetric, one_sided) - np.log(spread)
        return density


def _nodes(about: _Gaussian, grid: tuple[int, float]) -> tuple[Array, Array]:
    """Evenly spaced nodes on a new last axis, and the distance between them."""
    count, step = grid
    offsets = (np.arange(count) - (count - 1) / 2) * step
    return about.mean[..., None] + offsets * about.sd[..., None], step * about.sd


def _log_sum(values: Array) -> Array:
    summed: Array = special.logsumexp(values, axis=-1)
    return summed

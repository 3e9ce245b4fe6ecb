"""What LLMs depart by from the trend, whichever their family: what it should not depend on.

Most of what LLMs differ by lies between families. The other checks of residuals take the effect of the family off
first; here it stays in. LLMs of one family then go together, and what they depart by is whitened by the variances that
the model gives to families and to LLMs at the scales of each draw, and so is what it may depend on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from bayesdensity.checks.protocol import Array, Check, judged, over_draws, thinned
from bayesdensity.checks.registry import check
from bayesdensity.checks.residuals import LEAST, Parts, depends, family_scores, largest_size, normal_scores, parts
from bayesdensity.data.cells import cells_of, known_target_scores, scores_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit

Which = NDArray[np.bool_]
FEWEST_FAMILIES = 3
"""Families that a group of LLMs has at least, if it is compared with the others."""
SKEWED = np.sqrt(8 / np.pi)
"""Mean of the third power of the size of a standard normal: what the square with its sign has of the normal."""
REMEDIES = {
    "size": "Vary the reference (reference.family), its inference, and what counts as size (llms.size).",
    "tokens": "Density holds what longer training gives: read the rate as that of recipes and tokens together.",
    "architecture": "Vary what counts as the size of a mixture of experts (llms.size), or leave one kind out.",
    "date": "Try another trend (frontier.trend), and compare.",
    "lab type": "The mean is one of who publishes: fit without these LLMs (llms.lab_types), and see what moves.",
    "single": "Bring second measurements of these scores; fit without cells of a single score, and see what moves.",
    "beyond": "Let the link depart beyond the reference (reference.beyond = 'misfit'), or take a larger reference.",
}
TOLD = ("tokens", "architecture", "lab type")
"""What density may well go with: it holds what longer training gives, and a mean is one of who publishes."""
APART = "Let the sides of the spread move apart (frontier.dispersion = 'two-sided'), and compare."


@check("families", place=65)
def check_families(fit: Fit) -> Check:
    """Residuals of LLMs with the effects of their families: size, tokens, architecture, date, lab, single scores."""
    draws = thinned(fit)
    view = Draws(fit.data, draws)
    tests = _of_llms(fit, view, parts(fit, draws)) | _of_cells(fit, view)
    fine = "what LLMs depart by from the trend goes with none of what is known of them."
    return judged("families", tests, REMEDIES, fine, told=TOLD)


@check("sides", place=66)
def check_sides(fit: Fit) -> Check:
    """Effects of families below and above their middle: whether either side scatters otherwise early and late."""
    z, time = family_scores(fit, parts(fit, thinned(fit))), fit.data["family_time"].to_numpy()
    if z.shape[1] < 2 * LEAST:
        return Check("sides", "PASS", f"{z.shape[1]} families are too few to tell their sides apart, early and late.")
    remedies = dict.fromkeys(("lower", "upper", "sides"), APART)
    return judged("sides", _of_sides(z, time), remedies, "families below and above the middle scatter as modelled.")


class Whitener(NamedTuple):
    """Takes off what LLMs of one family have in common, and the scale of each; see `whitener`."""

    own: Array
    """Standard deviation of an LLM within its family; shape (draw, llm)."""
    shared: Array
    """That of its family, in those of the LLM; shape (draw, llm)."""
    same: Array
    """Whether two LLMs are of one family; shape (llm, llm)."""

    def __call__(self, values: Array) -> Array:
        """Values of LLMs, shape (llm,) or (draw, llm), in coordinates in which residuals are independent."""
        scaled = values / self.own
        # The covariance is I + u u' by family, the inverse of whose root is I - (1 - 1 / sqrt(1 + u'u)) u u' / u'u.
        length = self.shared**2 @ self.same
        along = (self.shared * scaled) @ self.same / np.maximum(length, 1e-12)
        return np.asarray(scaled - (1 - 1 / np.sqrt(1 + length)) * self.shared * along)

    def of(self, which: Which) -> Whitener:
        """For some of the LLMs."""
        return Whitener(self.own[:, which], self.shared[:, which], self.same[np.ix_(which, which)])


def whitener(fit: Fit, found: Parts) -> Whitener:
    """What makes the residuals of LLMs independent and standard, by the variances of the model."""
    data, form, scales = fit.data, fit.study.frontier, found.scales
    family = data["family_index"].to_numpy()
    own = form.spread.growth(scales, data["time"].to_numpy())
    own = own * np.sqrt(form.llm_form.variance(scales.noise, scales.inefficiency))
    shared = np.zeros_like(own)
    if found.family.shape[1]:
        variance = form.spread.variance(form.family_form, scales, data["family_time"].to_numpy())
        shared = np.sqrt(np.broadcast_to(variance, found.family.shape))[:, family]
    own = np.broadcast_to(own, found.own.shape)
    return Whitener(own, shared / own, (family[:, None] == family).astype(float))


def _of_llms(fit: Fit, draws: Draws, found: Parts) -> dict[str, float]:
    """p-values of what the residuals of LLMs should not depend on."""
    data, white = fit.data, whitener(fit, found)
    residual = found.own
    if found.family.shape[1]:
        residual = residual + found.family[:, data["family_index"].to_numpy()]

    def on(x: Array, given: list[Array], which: Which) -> float:
        some = white.of(which)
        covariates = np.stack([some(one[which]) for one in given], axis=1)
        return depends(some(residual[:, which]), some(x[..., which]), covariates)

    time, size = data["time"].to_numpy(), data["log_size"].to_numpy()
    every, plain = np.ones(len(time), dtype=bool), [np.ones_like(time), time]
    tests = {
        "size: larger LLMs lie higher or lower than smaller ones": on(size, plain, every),
        "date: LLMs bend away from the trend with time": on(time**3, [*plain, time**2], every),
    }
    for said, group in _groups(data).items():
        tests[said] = on(group, plain, every)
    if "log_train_tokens" in data:  # fits of former versions have none
        tokens = data["log_train_tokens"].to_numpy()
        if (known := np.isfinite(tokens)).sum() >= LEAST:
            said = "tokens: LLMs trained on more tokens lie higher or lower than others of their size"
            tests[said] = on(tokens, [*plain, size], known)
    single = _single_share(fit)
    # Where scores beyond the reference are censored, which are left depends on what they are.
    if np.ptp(single) > 0 and not data.attrs["censored"]:
        tests["single: LLMs of which more scores are alone in their cell lie higher or lower"] = on(
            single, plain, every
        )
    beyond = _beyond(draws, residual)
    if min((beyond > 0).sum(axis=1).min(), (beyond == 0).sum(axis=1).min()) >= LEAST:
        said = "beyond: LLMs bend away from the trend where sizes beyond the reference are expected of them"
        tests[said] = on(beyond, [*plain, size], every)
    return tests


def _groups(data: xr.Dataset) -> dict[str, Array]:
    """Which LLMs are of a kind that is compared with the others, by what would be said of a doubt."""
    family, found = data["family_index"].to_numpy(), dict[str, Array]()
    for name, label in (("architecture", "architecture"), ("lab_type", "lab type")):
        if name not in data.coords and name not in data:
            continue
        kinds, index, count = np.unique(data[name].to_numpy(), return_inverse=True, return_counts=True)
        for k in np.delete(np.arange(len(kinds)), count.argmax()):  # the most common is what others depart from
            of_kind = index == k
            if count[k] >= LEAST and len(np.unique(family[of_kind])) >= FEWEST_FAMILIES:
                found[f"{label}: LLMs of the kind '{kinds[k]}' lie higher or lower than others"] = of_kind.astype(float)
    return found


def _beyond(draws: Draws, residual: Array) -> Array:
    """How far beyond the largest size of the reference an LLM would lie on the trend; shape (draw, llm)."""
    on_trend = draws.log_size + draws["log_density_relative"] - residual
    return np.asarray(np.maximum(on_trend - largest_size(draws).mean(axis=1, keepdims=True), 0))


def _of_sides(z: Array, time: Array) -> dict[str, float]:
    """p-values of how the effects of families scatter above and below their middle, early and late."""
    late = time > np.median(time)
    tests = {
        f"{side} side: families of later dates lie closer to the middle, or farther from it": _spread(z, on_side, late)
        for side, on_side in (("lower", z < 0), ("upper", z > 0))
    }
    # The score of a split normal whose sides move apart, as normal scores.
    skew, known = (x * np.abs(x) - SKEWED * x for x in (z, special.ndtri((np.arange(4000) + 0.5) / 4000)))
    u = np.searchsorted(np.sort(known), skew) / len(known)
    plain = np.ones((1, len(time)))
    tests["sides: lower and upper spread of families move apart with time"] = depends(
        normal_scores(np.clip(u, 0.5 / len(known), 1 - 0.5 / len(known))), time, plain
    )
    return tests


def _spread(z: Array, on_side: Which, late: Which) -> float:
    """p-value of equal mean squares of late and early effects on one side; given their side they are half-normal."""
    groups = (on_side & late, on_side & ~late)
    count = [group.sum(axis=1) for group in groups]
    mean = [(z**2 * group).sum(axis=1) / np.maximum(n, 1) for group, n in zip(groups, count, strict=True)]
    some = (count[0] > 0) & (count[1] > 0)
    if not some.any():
        return 1.0
    below = scipy.stats.f.cdf((mean[0] / np.where(some, mean[1], 1.0))[some], count[0][some], count[1][some])
    return float(over_draws(2 * np.minimum(below, 1 - below)))


def _single(fit: Fit) -> Which:
    """Which cells of targets have a single score."""
    cell = scores_of(fit.data).cell[known_target_scores(fit.data)]
    return np.asarray(np.bincount(cell, minlength=cells_of(fit.data).n_targets) == 1)


def _single_share(fit: Fit) -> Array:
    """Share of the cells of an LLM that have a single score."""
    llm = cells_of(fit.data).llm
    return np.bincount(llm, _single(fit)) / np.maximum(np.bincount(llm), 1)


def _of_cells(fit: Fit, draws: Draws) -> dict[str, float]:
    """p-value of cells with a single score against those with several, given their dates and LLMs."""
    single = _single(fit)
    if min(single.sum(), (~single).sum()) < LEAST or fit.data.attrs["censored"]:
        return {}
    llm = draws.cells.llm
    z = draws.standard_departures()[:, : draws.cells.n_targets]
    time = fit.data["time"].to_numpy()[llm]
    said = "single: cells with a single score lie higher or lower than replicated ones"
    return {said: depends(z, single.astype(float), np.stack([np.ones_like(time), time]))}

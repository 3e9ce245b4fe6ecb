"""Loss-to-score map, link from size to score, and their inverses: arithmetic only.

Every formula works alike on floats, NumPy arrays, xarray objects and PyTensor variables. Sizes enter as natural
logarithms of parameter counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Number = Any
"""A float, NumPy array, xarray object or PyTensor variable."""


TURN = 0.1
"""E-folds of size over which a link turns at the end of what it was fitted to."""


class Link(NamedTuple):
    r"""Logit of the score against log size, with training tokens held fixed: a generalised logistic.

    .. math:: \eta(x) = h + g \frac{1 - e^{-\alpha z}}{\alpha}, \qquad x = \ln N - \ln N_\mathrm{origin}

    A power law for the loss under a logistic loss-to-score map (arXiv 2412.04315, equations 2 and 4) composes to it.
    Up to the largest size that the reference has, z is x. Beyond, nothing shows the curve, and log size counts for
    more or less than it would if the curve went on: ``z - x`` is ``expm1(stretch)`` times the distance.
    """

    level: Number
    """h, the logit at the origin of the size axis."""
    slope: Number
    """g, logits per e-fold of size at the origin."""
    exponent: Number
    """alpha, the size exponent of the loss law."""
    largest: Number = 0.0
    """Log size from the origin beyond which the reference has nothing."""
    stretch: Number = 0.0
    """Natural logarithm of what an e-fold of size counts for beyond."""

    def at(self, index: Any) -> Link:
        """The curves at an index of their last axis, a new one if it is None."""
        return Link(*(part if isinstance(part, float) else part[..., index] for part in self))

    @property
    def trusted(self) -> bool:
        """Whether the curve is taken to go on beyond the largest size."""
        return isinstance(self.stretch, float) and self.stretch == 0.0


def link_of(draws: Any) -> Link:
    """The link among draws; those of former versions have no end."""
    return Link(**{part: draws[f"link_{part}"] for part in Link._fields if f"link_{part}" in draws})


def logistic(eta: Number) -> Number:
    """The standard logistic function."""
    return 1 / (1 + np.exp(-eta))


def score(eta: Number, floor: Number, ceiling: Number) -> Number:
    r"""Score at a logit, :math:`S = d + (c - d) / (1 + e^{-\eta})` (arXiv 2412.04315, equation 4).

    Parameters
    ----------
    eta : Number
        Logit.
    floor, ceiling : Number
        d and c, shares of items.

    Returns
    -------
    Number
        Share of items.
    """
    return floor + (ceiling - floor) * logistic(eta)


def score_slope(expected: Number, floor: Number, ceiling: Number) -> Number:
    """Derivative of a score in its logit, from the score.

    Parameters
    ----------
    expected : Number
        Score, a share of items.
    floor, ceiling : Number
        Shares of items.

    Returns
    -------
    Number
        Share of items per logit.
    """
    return (expected - floor) * (ceiling - expected) / (ceiling - floor)


def score_sd(expected: Number, n_items: Number, extra: Number) -> Number:
    """Standard deviation of a score: binomial by the number of items, and overdispersion on top.

    Parameters
    ----------
    expected : Number
        Score, a share of items.
    n_items : Number
        Number of items of the benchmark.
    extra : Number
        Overdispersion, added to ``1 / n_items``.

    Returns
    -------
    Number
        Share of items.
    """
    inside = 0.002 + 0.996 * expected
    return np.sqrt(inside * (1 - inside) * (1 / n_items + extra))


def logit_of_score(score: Number, floor: Number, ceiling: Number) -> Number:
    """Logit at which `score` gives a score: the inverse of it; minus or plus infinity from floor or ceiling on.

    Parameters
    ----------
    score : Number
        Share of items.
    floor, ceiling : Number
        Shares of items.
    """
    share = np.clip((score - floor) / (ceiling - floor), 0, 1)
    with np.errstate(divide="ignore"):
        return np.log(share) - np.log1p(-share)


def logit_of_size(link: Link, x: Number) -> Number:
    """Logit of the score of a reference model at log size ``x`` from the origin of the link."""
    return link.level + link.slope * (1 - np.exp(-link.exponent * _counted(link, x))) / link.exponent


def logits_per_log_size(link: Link, x: Number) -> Number:
    """Derivative of `logit_of_size` in ``x``."""
    return link.slope * np.exp(-link.exponent * _counted(link, x)) * _counted_slope(link, x)


def size_of_logit(link: Link, eta: Number) -> Number:
    """Log size from the origin at which the reference reaches a logit; infinite where none does."""
    remaining = 1 - link.exponent * (eta - link.level) / link.slope
    with np.errstate(invalid="ignore", divide="ignore"):
        reached = -np.log(np.where(remaining > 0, remaining, 1.0)) / link.exponent
        return np.where(remaining > 0, _uncounted(link, reached), np.inf)


def _counted(link: Link, x: Number) -> Number:
    """What a log size counts for on the curve as it would go on."""
    if link.trusted:
        return x
    return x + (np.exp(link.stretch) - 1) * bounded_below(x - link.largest, TURN)


def _counted_slope(link: Link, x: Number) -> Number:
    """Derivative of `_counted` in ``x``."""
    if link.trusted:
        return 1.0
    beyond = x - link.largest
    return 1 + (np.exp(link.stretch) - 1) * 0.5 * (1 + beyond / np.sqrt(beyond**2 + 4 * TURN**2))


def _uncounted(link: Link, z: Number) -> Number:
    """Log size that counts for ``z``: the inverse of `_counted`, the root of a quadratic equation."""
    if link.trusted:
        return z
    factor, beyond = np.exp(link.stretch), z - link.largest
    root = np.sqrt(beyond**2 + 4 * factor * TURN**2)
    return link.largest + 0.5 * ((1 + factor) * beyond - (factor - 1) * root) / factor


def bounded_below(x: Number, least: Number) -> Number:
    """Smooth version of ``max(x, 0)`` that equals ``least`` at zero and stays positive."""
    return 0.5 * (x + np.sqrt(x**2 + 4 * least**2))


LEAST_SLOPE = 0.05
"""Implied sizes are bounded where the link is this much flatter than at the origin."""


def bounded_size_of_logit(link: Link, eta: Number, least: float = LEAST_SLOPE) -> tuple[Number, Number]:
    """Log size at which the link reaches a logit, and its slope there, smoothly bounded where it never does.

    Parameters
    ----------
    link : Link
    eta : Number
        Logit.
    least : float
        Smallest share of the slope at the origin that the slope there falls to.

    Returns
    -------
    size : Number
        Natural logarithm of parameters, from the origin of the link.
    slope : Number
        Logits per e-fold of size.
    """
    remaining = 1 - link.exponent * (eta - link.level) / link.slope
    # Exactly one at the origin: a departure there would be divided by an exponent that may be close to zero.
    remaining = bounded_below(remaining, least) / bounded_below(1.0, least)
    size = _uncounted(link, -np.log(remaining) / link.exponent)
    return size, link.slope * remaining * _counted_slope(link, size)


def highest_logit(link: Link) -> Number:
    """Logit that no reference size exceeds."""
    return link.level + link.slope / link.exponent


def shifted(link: Link, x: Number) -> Link:
    """The same curve with its origin moved to ``x``."""
    going_on = link._replace(stretch=0.0)
    level, slope = logit_of_size(going_on, x), logits_per_log_size(going_on, x)
    return Link(level, slope, link.exponent, link.largest - x, link.stretch)


def beyond_largest(link: Link, largest: Number, stretch: Number) -> Link:
    """A curve that is fitted to sizes up to the largest, and less well known beyond.

    Parameters
    ----------
    link : Link
    largest : Number
        Log size from the origin.
    stretch : Number
        Natural logarithm of what an e-fold of size counts for beyond.
    """
    return link._replace(largest=largest, stretch=stretch)

"""The reference: a link from log size to logit for every benchmark, from a released family or a training ladder.

Both kinds return the link on the size axis of the targets, whose origin is close to the average target by construction,
and the level that the axis has in reference sizes. So the targets need not know which kind they are measured with.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from bayesdensity import laws
from bayesdensity.data.cells import Cells, cells_of
from bayesdensity.model.beyond import less_known_beyond
from bayesdensity.model.coordinates import INFORMED, Geometry, group_sum, normal_logp
from bayesdensity.model.linearised import Implied
from bayesdensity.model.loss_law import draw_law, group_mean, observe_losses
from bayesdensity.model.parameters import Stated, departures, draw, draw_log
from bayesdensity.study.spec import Study


def ceiling(study: Stated, exponent: Any = None, geometry: Geometry = INFORMED) -> Any:
    """Score of a perfect model; dim ``benchmark``.

    Parameters
    ----------
    study : Stated
    exponent : Any, optional
        Size exponent of the link, where one is drawn before; dim ``benchmark``.
    geometry : Geometry
    """
    stated = study.priors["ceiling_gap"]
    # A lower ceiling and a steadier rise of the logit say much the same of high scores.
    traded = 0.0 if exponent is None else -CEILING_FOR_EXPONENT / GAP_UNIT * exponent
    gap = geometry.positive("ceiling_gap", stated.mu, stated.sigma, GAP_UNIT, "benchmark", traded)
    return pm.Deterministic("ceiling", 1 - gap, dims="benchmark")


CEILING_FOR_EXPONENT = 0.4
"""How far the ceiling falls, about, where the size exponent does, at equal fit."""
GAP_UNIT, EXPONENT_UNIT = 0.02, 0.05
"""About how well data know the ceiling and the size exponent of a benchmark."""


def size_exponents(study: Study, data: xr.Dataset, geometry: Geometry) -> tuple[Any, laws.LadderLaw | None]:
    """Size exponents of the benchmarks, of one population with those of the loss-only suites, and the suites' laws.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry

    Returns
    -------
    exponents : Any
        Dim ``benchmark``.
    suites : LadderLaw or None
        Laws of the loss-only suites; dim ``suite``. None without such suites.
    """
    mean, spread = draw_log(study, "size_exponent"), draw(study, "size_exponent_spread")
    suites = loss_suites(study, data, mean, spread)
    return geometry.positive("size_exponent", mean, spread, EXPONENT_UNIT, "benchmark"), suites


def loss_suites(study: Study, data: xr.Dataset, mean: Any, spread: Any) -> laws.LadderLaw | None:
    """Laws of loss-only suites, and their likelihood.

    A suite knows its elasticities, ``exponent * share``, better than either factor: they are sampled.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    mean, spread : Any
        Mean and standard deviation of the natural logarithm of a size exponent, over benchmarks and suites.

    Returns
    -------
    LadderLaw or None
        Dim ``suite``; None without such suites.
    """
    if not data.sizes["suite"]:
        return None
    observed, index = np.log(data["suite_loss"].to_numpy()), data["suite_index"].to_numpy()
    pooled = {"size_exponent": (mean, spread)}
    law = draw_law(study.law.form, study, group_mean(observed, index), "suite", pooled, prefix="suite_")
    at = {letter: data[f"suite_log_{letter}"].to_numpy() for letter in law.reads}
    noise = draw(study, "loss_noise", dims="suite")
    expected = pt.log(law.mapped(lambda part: part[index]).loss(at))
    observe_losses("suite_loss", observed, expected, study.law, noise[index])
    return law


class Stretch(NamedTuple):
    """Log size that each of several families needs for what the average recipe gains by an e-fold, in logarithms."""

    mean: Any
    """Over the families; data know it with the slope of the link only."""
    own: Any
    """Of each family."""


def stretches(study: Study, data: xr.Dataset) -> Stretch | None:
    """Draw the stretch of each family; None for a single one, which is the recipe."""
    count, stated = data.sizes["reference_family"], study.priors["reference_stretch"]
    if count < 2:
        return None
    # Independent draws are their mean, which has no data of its own, and what sets them apart.
    mean = pm.Normal("log_reference_stretch_mean", stated.mu, stated.sigma / np.sqrt(count))
    own = mean + pm.ZeroSumNormal("log_reference_stretch_contrast", sigma=stated.sigma, dims="reference_family")
    pm.Deterministic("reference_stretch", pt.exp(own), dims="reference_family")
    return Stretch(mean, own)


def member_sizes(study: Study, data: xr.Dataset, suites: laws.LadderLaw | None, stretch: Stretch | None) -> Any:
    """Log size of each member of the reference, in parameters of the average recipe at the tokens of the study.

    Of several families each needs its own log size for what the average recipe gains by an e-fold, about the middle
    of all members; its level is its own too. With tokens D0 a member counts for the size that reaches its loss there,
    ``A N'^-alpha = A N^-alpha + B (D^-beta - D0^-beta)``, by the law of the loss-only suite.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    suites : LadderLaw or None
        Laws of the loss-only suites, of which the first is used; dim ``suite``.
    stretch : Stretch or None
        Of each of several families; None for a single one.

    Returns
    -------
    Any
        Natural logarithms of parameters, from the centre of the sizes in the data; dim ``reference``.
    """
    own = pm.Data("reference_log_size", data["reference_log_size"].to_numpy())
    size, tokens = own, study.reference.tokens
    if tokens is not None and suites is not None:
        law = suites.mapped(lambda part: part[0]).powers()
        n = own + data.attrs["log_size_centre"] - float(data["suite_log_n_centre"][0])
        d, d0 = (x - float(data["suite_log_d_centre"][0]) for x in (data["reference_log_tokens"], np.log(tokens)))
        by_data = pt.exp(-law.data_exponent * d.to_numpy()) - pt.exp(-law.data_exponent * d0)
        # Bounded where no size reaches the loss; exactly the member's own size at its own tokens.
        left = 1 + law.share_data / law.share_size * by_data * pt.exp(law.size_exponent * n)
        left = laws.bounded_below(left, laws.LEAST_SLOPE) / laws.bounded_below(1.0, laws.LEAST_SLOPE)
        size = size - pt.log(left) / law.size_exponent
    if stretch is not None:
        index, middle = data["reference_family_index"].to_numpy(), own.mean()
        offset = pm.ZeroSumNormal(
            "reference_offset", sigma=study.priors["reference_offset"].sigma, dims="reference_family"
        )
        size = middle + (size - middle) * pt.exp(-stretch.own)[index] + offset[index]
    return own if size is own else pm.Deterministic("member_size", size, dims="reference")


def family_link(
    study: Study, data: xr.Dataset, exponent: Any, top: Any, harness: Any, stretch: Stretch | None
) -> laws.Link:
    """Link of a score family, or of the average recipe of several, on the axis of the targets.

    The mean logits of the targets, freed of the mean effect of their ``harness``es, depart from the observed ones by
    contrasts that sum to zero over benchmarks, which fixes the origin of the axis near the average target.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    exponent : Any
        Size exponent; dim ``benchmark``.
    top : Any
        Ceiling, as a share of items; dim ``benchmark``.
    harness : Any
        Mean effect of the harnesses of the targets, in logits; dim ``benchmark``.
    stretch : Stretch or None
        Of each of several families; None for a single one.

    Returns
    -------
    Link
        Dim ``benchmark``.
    """
    floor = data["floor"].to_numpy()
    contrast = departures(study, "link_contrast", "link_contrast", data)
    steeper = departures(study, "log_link_slope_contrast", "link_slope_spread", data)
    # Both are stated for a ceiling of 1 and carried to the actual ceiling at equal score and score slope.
    observed, position, spread = (
        pm.Data(f"link_{part}", data[f"link_{part}"].to_numpy(), dims="benchmark")
        for part in ("centre", "position", "spread")
    )
    share = laws.logistic(observed - harness + contrast)
    gap = (1 - floor) / (top - floor)
    reached = pt.clip(share * gap, 1e-4, 1 - 1e-4)
    common = draw_log(study, "link_slope", None if stretch is None else stretch.mean)
    slope = pt.exp(common + steeper) * gap * share * (1 - share) / (reached * (1 - reached))
    # What data know is the mean logit over sizes that spread: the level at one size would move with the exponent, to
    # first order by this amount.
    level = pt.log(reached / (1 - reached)) + 0.5 * spread**2 * exponent * slope
    return laws.shifted(laws.Link(level, slope, exponent), -position)


class Axis(NamedTuple):
    """Where the axis of the targets has its origin, counted in the parameters of the reference."""

    level: Any
    """Log size at the origin; dim ``benchmark``."""
    members: Any | None
    """Log size of each member of a reference family with its recipe residual; dim ``reference``."""
    logp: Any
    """Log density of the block."""


def family_axis(
    study: Study, data: xr.Dataset, geometry: Geometry, sizes: Any, cells: Cells, cell_sizes: Implied
) -> Axis:
    """Axis of a score family, whose members are measured like the targets.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry
    sizes : Any
        As `member_sizes` gives them; dim ``reference``.
    cells : Cells
    cell_sizes : Implied
        Log sizes that the scores imply, on the axis of the targets; dim ``cell``.
    """
    n, bench = data.sizes["benchmark"], cells.member_benchmark
    implied = Implied(*(part[cells.n_targets :] for part in cell_sizes))
    size = sizes[cells.member]
    scale, spread = draw(study, "recipe_residual"), _level_spread(study, n)
    weight = 1 / (1 / implied.precision + scale**2)
    shown = size - implied.value
    overall = (weight * shown).sum() / weight.sum()
    precision = group_sum(weight, bench, n) + 1 / spread**2
    mean = (group_sum(weight * shown, bench, n) + overall / spread**2) / precision
    level, level_jacobian = geometry.effect("level", "benchmark", mean, precision)
    precision = group_sum(implied.precision, cells.member, data.sizes["reference"]) + 1 / scale**2
    pull = group_sum(implied.precision * (implied.value + level[bench] - size), cells.member, data.sizes["reference"])
    residual, residual_jacobian = geometry.effect("recipe", "reference", pull / precision, precision)
    logp = level_jacobian + residual_jacobian + geometry.stated("recipe", normal_logp(residual, 0.0, scale))
    return Axis(level, sizes + residual, logp + geometry.stated("level", _level_logp(level, spread, n)))


def beyond_members(
    study: Study, data: xr.Dataset, geometry: Geometry, link: laws.Link, sizes: Any, level: Any, top: Any
) -> laws.Link:
    """The link of a score family, less well known beyond the largest member that is measured on each benchmark.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry
    link : Link
        On the axis of the targets; dim ``benchmark``.
    sizes : Any
        As `member_sizes` gives them; dim ``reference``.
    level : Any
        Log size at the origin of the axis; dim ``benchmark``.
    top : Any
        Ceiling; dim ``benchmark``.
    """
    cells, n = cells_of(data), data.sizes["benchmark"]
    measured = [cells.member[cells.member_benchmark == b] for b in range(n)]
    largest = pt.stack([sizes[here].max() if len(here) else sizes.max() for here in measured])
    return less_known_beyond(study, data, geometry, link, largest - level, top, nearer=-level)


def passed_link(data: xr.Dataset) -> laws.Link:
    """Link in reference sizes that was found before, from the reference alone."""
    return laws.Link(*(pm.Data(f"passed_{part}", data[f"passed_{part}"].to_numpy()) for part in laws.Link._fields))


def passed_ceiling(data: xr.Dataset) -> Any:
    """Ceilings that were found before, from the reference alone."""
    return pm.Deterministic(
        "ceiling", pm.Data("passed_ceiling", data["passed_ceiling"].to_numpy()) + 0, dims="benchmark"
    )


def axis_of_link(
    study: Study, data: xr.Dataset, geometry: Geometry, link: laws.Link, harness: Any
) -> tuple[laws.Link, Axis]:
    """A link in reference sizes moved to the axis of the targets, and that axis.

    The level is where the reference reaches the average target; deviations between benchmarks are sampled about it.

    Parameters
    ----------
    study : Study
    data : xarray.Dataset
    geometry : Geometry
    link : Link
        In reference sizes; dim ``benchmark``.
    harness : Any
        Mean effect of the harnesses that measured the targets; dim ``benchmark``.
    """
    mean, _ = laws.bounded_size_of_logit(link, data["link_centre"].to_numpy() - harness)
    mean = mean - data["link_position"].to_numpy()
    n = data.sizes["benchmark"]
    level, jacobian = geometry.effect("level", "benchmark", mean, pt.ones(n) / LEVEL_STEP**2, zero_sum=True)
    logp = jacobian + geometry.stated("level", _level_logp(level, _level_spread(study, n), n))
    return laws.shifted(link, level), Axis(level, None, logp)


LEVEL_STEP = 0.1
"""How far the level of one benchmark departs from where the reference reaches the average target, about."""


def _level_spread(study: Study, n: int) -> Any:
    """Spread of the level between benchmarks; of a single one it only has to be something."""
    return draw(study, "level_spread") if n > 1 else pt.as_tensor(1.0)


def _level_logp(level: Any, spread: Any, n: int) -> Any:
    """Contrasts of the level between benchmarks: n - 1 of them are free."""
    return -0.5 * (((level - level.mean()) / spread) ** 2).sum() - (n - 1) * pt.log(spread)

"""Place a model by its scores: its density and effective size from a posterior that has not seen it.

What LLMs share comes from the draws of a fit. What is the model's own, its log density and its log size on each
benchmark, has its distribution given each draw, by the integrals of leave-one-out; the draws are weighted by how well
they predict its scores. So the posterior is that of a fit with the model among its LLMs. Where its scores surprise the
fit so much that few draws are left, all count alike: what LLMs share is then what the fit says without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.draws import Gaussian
from bayesdensity.evaluation.integral import Integral, SizeNodes
from bayesdensity.evaluation.newcomers import Newcomers, harness_effects, harness_places, joined, with_sizes
from bayesdensity.evaluation.quadrature import Rule, log_sum, nodes
from bayesdensity.evaluation.reach import require_days
from bayesdensity.evaluation.resampling import resampled, systematic
from bayesdensity.inference.result import Fit
from bayesdensity.quantities.ahead import log_density_ahead, log_size
from bayesdensity.quantities.estimate import DEFAULT_CI, LOG, PARAMETERS, RATIO, SAMPLE, Estimate, exponential, times

Array = NDArray[np.float64]
DRAWS = 1000
"""Of a fit that a model is placed with, about."""
FINE = Rule(81, 0.2)
"""Over the log density of the model, whose draws lie between the nodes."""
LEAST_EFFECTIVE = 10.0
"""Draws that the weights must leave; else all count alike."""
FAMILY = Rule(61, 0.25)
"""Over the effect of its family about none, in standard deviations of these effects: LLMs of one differ by less."""
DISAGREES = 0.01
"""Probability of a score so far from what the others say, below which it is named."""
SEED = 1
UNNAMED = "the model"


class Model(NamedTuple):
    """A model to be placed."""

    scores: Mapping[str, float]
    """Share of the items, by benchmark."""
    params: float
    """Total parameters."""
    active: float | None = None
    """Active parameters; None: as many."""
    released: str | None = None
    """ISO date; None: today."""
    family: str | None = None
    """A family of the fit that it belongs to; None: one of its own."""
    harness: str | None = None
    """A harness of the fit that measured it; None: one that is not known."""
    name: str = UNNAMED
    tokens: float | None = None
    """Training tokens; None: not known."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a model lies.

    Attributes
    ----------
    model : Model
        With its date.
    fit : Fit
        Draws of what LLMs share, one for each draw of the estimates.
    log_density : Estimate
        Natural logarithm of density, averaged over the benchmarks of the fit.
    by_benchmark : Estimate
        The same on each benchmark that it has a score on; dim ``benchmark``.
    size : xarray.DataArray
        Log size of the model that counts, natural logarithm of parameters.
    weight : xarray.DataArray
        Share of what its scores say of its density that each says; dim ``benchmark``.
    surprise : xarray.DataArray
        Probability of a score at least so far from what the others say; dim ``benchmark``, not a number of one alone.
    effective_draws : float
        Draws that the weights leave.
    """

    model: Model
    fit: Fit
    log_density: Estimate
    by_benchmark: Estimate
    size: xr.DataArray
    weight: xr.DataArray
    surprise: xr.DataArray
    effective_draws: float

    @property
    def density(self) -> Estimate:
        """Effective size over size."""
        name, draws = "effective size over actual size", exponential(self.log_density.draws)
        return Estimate("density", name, draws, self.log_density.probability, RATIO)

    @property
    def effective_size(self) -> Estimate:
        """Parameters that the reference would need for the same scores, averaged over the benchmarks."""
        draws = exponential(self.log_density.draws + self.size)
        return Estimate(
            "effective_size", "parameters of the reference", draws, self.log_density.probability, PARAMETERS
        )


def place(
    fit: Fit,
    scores: Mapping[str, float],
    *,
    params: float,
    active: float | None = None,
    released: str | None = None,
    family: str | None = None,
    harness: str | None = None,
    name: str = UNNAMED,
    tokens: float | None = None,
    ci: float = DEFAULT_CI,
) -> Placed:
    """Density and effective size of a model from its scores, without sampling.

    Parameters
    ----------
    fit : Fit
        Its posterior gives what LLMs share.
    scores : mapping of str to float
        Share of the items, by benchmark of the fit.
    params : float
        Total parameters.
    active : float, optional
        Active parameters; None: as many.
    released : str, optional
        ISO date; None: today.
    family : str, optional
        A family of the fit that it belongs to; None: one of its own.
    harness : str, optional
        A harness of the fit that measured it; None: one that is not known, whose effect is as uncertain as they differ.
    name : str
    tokens : float, optional
        Training tokens, which matter where the study has them as a covariate; None: not known.
    ci : float
        Probability of the intervals.

    Returns
    -------
    Placed

    Raises
    ------
    InputError
        If the fit does not know a benchmark, the family or the harness, a score or size is none, or no draw of the
        fit predicts such scores.
    """
    day = released or f"{date.today():%Y-%m-%d}"
    model = Model(dict(scores), params, active, day, family, harness, name, tokens)
    thin = fit.thinned(DRAWS)
    data = _dataset(thin, model)
    return _placed(thin, model, data, _integral(thin, data), ci)


def place_all(fit: Fit, models: Sequence[Model], ci: float = DEFAULT_CI) -> list[Placed]:
    """Many models, each by itself.

    Parameters
    ----------
    fit : Fit
    models : sequence of Model
    ci : float
        Probability of the intervals.
    """
    found = []
    for one in models:
        try:
            found.append(place(fit, **{**one._asdict(), "ci": ci}))
        except InputError as error:
            said = str(error)
            named = said.startswith(one.name) or one.name == UNNAMED
            raise InputError(said if named else f"{one.name}: {said}") from error
    return found


class AtNodes(NamedTuple):
    """What the scores of a model say of its log density, at each draw."""

    implied_sizes: Gaussian
    sizes: SizeNodes
    at: Array
    """Log densities less the level; shape (draw, 1, node)."""
    log_density: Array
    """Of scores and log density together; shape (draw, 1, node)."""
    evidence: Array
    """Logarithm of the density of the scores; shape (draw,)."""


def _at_nodes(fit: Fit, model: Model, integral: Integral) -> AtNodes:
    implied_sizes = integral.implied_sizes()
    _, about = integral.linearised(implied_sizes)
    at, step = nodes(about, FINE)
    sizes = integral.size_nodes(implied_sizes, about)
    log_density = integral.log_scores(sizes, at) + _log_prior(
        integral, at - integral.mean[..., None], model.family, fit
    )
    return AtNodes(implied_sizes, sizes, at, log_density, log_sum(log_density)[:, 0] + np.log(step[:, 0]))


def log_evidence(fit: Fit, model: Model) -> Array:
    """Log density of the scores of a model at each draw of a fit, chains in turn; what is its own integrated out."""
    return _at_nodes(fit, model, _integral(fit, _dataset(fit, model))).evidence


def _integral(fit: Fit, data: xr.Dataset) -> Integral:
    mean = log_density_ahead(fit, data["time"].to_numpy(), "typical").reshape(-1, 1)
    drawn, data = with_sizes(fit, {**fit.flat_draws(), "mean": mean}, data)
    return Integral(fit, data, drawn, np.ones(1, dtype=bool), harnesses=harness_effects(fit, data, drawn))


def _placed(fit: Fit, model: Model, data: xr.Dataset, integral: Integral, ci: float) -> Placed:
    implied_sizes, sizes, at, log_density, evidence = _at_nodes(fit, model, integral)
    weights = np.exp(evidence - log_sum(evidence))
    effective = float(1 / (weights**2).sum())
    if not np.isfinite(evidence).any():
        raise InputError(f"{model.name}: no draw of the fit allows for such scores; check them.")
    if effective < LEAST_EFFECTIVE:  # too few draws to go by: what LLMs share is then not informed by it
        weights = np.isfinite(evidence) / np.isfinite(evidence).sum()
    rng = np.random.default_rng(SEED)
    chosen = systematic(weights, rng)
    relative = _drawn_between(at[chosen, 0], log_density[chosen, 0], rng)
    cell = _cell_sizes(integral, sizes, chosen, relative, rng)
    shared = resampled(fit, chosen)
    level, bench = shared.posterior["level"].to_numpy()[0], data["cell_benchmark"].to_numpy()
    own = np.broadcast_to(integral.draws.log_size, (len(weights), 1))[chosen]
    names = [str(name) for name in data["benchmark"].to_numpy()[bench]]
    by_benchmark = xr.DataArray(
        (cell - own + level[:, bench])[None], dims=(*SAMPLE, "benchmark"), coords={"benchmark": names}
    )
    overall = xr.DataArray((relative + level.mean(axis=1))[None], dims=SAMPLE)
    weight, surprise = _told(integral, implied_sizes, names)
    size = xr.DataArray(own[None, :, 0] + fit.data.attrs["log_size_centre"], dims=SAMPLE)
    return Placed(
        model,
        shared,
        Estimate("log_density", "ln density", overall, ci, LOG),
        Estimate("log_density_by_benchmark", "ln density on one benchmark", by_benchmark, ci, LOG),
        size,
        weight,
        surprise,
        effective,
    )


def _dataset(fit: Fit, model: Model) -> xr.Dataset:
    """What the model adds, joined as the dataset of a fit is: one LLM, its cells and scores, and nothing else."""
    data, names = fit.data, fit.data["benchmark"].to_numpy().tolist()
    require_days(fit, model.released)
    if not model.scores:
        raise InputError(f"{model.name}: has no score; give at least one, such as {names[0]}=0.5.")
    for name, score in model.scores.items():
        if name not in names:
            raise InputError(one_of(name, names, "benchmark of this study"))
        if not 0 < score < 1:
            unit = f" A per cent? Write {score / 100:g}." if 1 < score <= 100 else ""
            raise InputError(f"{name}={score:g}: a score is a share of the items between 0 and 1.{unit}")
    bench = np.array(sorted(names.index(name) for name in model.scores))
    value = np.array([model.scores[names[k]] for k in bench])
    n, size = len(bench), _size(fit, model)
    floor, ceiling = data["floor"].to_numpy()[bench], fit.posterior["ceiling"].to_numpy()[..., bench]
    for name, score, low, top in zip(np.array(names)[bench], value, floor, np.moveaxis(ceiling, -1, 0), strict=True):
        if (top <= score).mean() > 0.5:
            raise InputError(f"{name}={score:g}: lies above the ceiling of the benchmark, {np.median(top):.3f}.")
        if score < low - 0.1:
            raise InputError(f"{name}={score:g}: lies below guessing, {low:g}.")
    if model.harness is not None and model.harness not in (names := data["harness_name"].to_numpy()):
        raise InputError(one_of(model.harness, {str(name) for name in names}, "harness of the fit"))
    new = Newcomers(
        log_size=np.array([size[0]]),
        log_sparsity=np.array([size[1]]),
        log_train_tokens=np.array([np.nan if model.tokens is None else np.log(model.tokens)]),
        time=times(fit, [model.released or ""]).to_numpy(),
        cell_llm=np.zeros(n, int),
        cell_benchmark=bench,
        score=value,
        score_cell=np.arange(n),
        score_harness=harness_places(fit, np.full(n, model.harness or ""), bench),
    )
    return joined(fit, new)


def _size(fit: Fit, model: Model) -> tuple[float, float]:
    """Log size that counts, from the centre, and log of total over active parameters."""
    active = model.params if model.active is None else model.active
    if not 0 < active <= model.params:
        raise InputError(
            f"{model.name}: {active:g} active parameters are not between 0 and its {model.params:g} in all."
        )
    sparsity = float(np.log(model.params / active))
    share = {"total": 1.0, "active": 0.0}.get(fit.study.llms.size, 0.5)
    return log_size(fit, model.params) - (1 - share) * sparsity, sparsity


def _log_prior(integral: Integral, residual: Array, family: str | None, fit: Fit) -> Array:
    """Log density of the residual of the model about the trend at nodes; shape (draw, 1, node)."""
    if not integral.form.family_effects:
        return integral.log_residual(residual)
    if family is not None:
        names = fit.data["family"].to_numpy().tolist()
        if family not in names:
            raise InputError(one_of(family, names, f"family of the fit of '{fit.study.name}'"))
        effect = fit.flat_draws()["family_effect"][:, names.index(family)]
        return integral.log_residual(residual - effect[:, None, None])
    spread = np.sqrt(integral.form.spread.variance(integral.form.family_form, integral.scales, integral.family_time))
    effect, step = nodes(Gaussian(np.zeros_like(spread), spread), FAMILY)
    log_effect = integral.log_family_effect(effect) + np.log(step)[..., None]
    each = [integral.log_residual(residual - effect[..., [k]]) + log_effect[..., [k]] for k in range(FAMILY.n_nodes)]
    return log_sum(np.stack(each, axis=-1))


def _drawn_between(at: Array, log_density: Array, rng: np.random.Generator) -> Array:
    """A draw of each of many densities that are known at evenly spaced nodes; shape (draw,)."""
    share = np.exp(log_density - log_sum(log_density)[:, None])
    above = np.cumsum(share, axis=1) < rng.random((len(at), 1))
    place = np.minimum(above.sum(axis=1), at.shape[1] - 1)
    rows = np.arange(len(at))
    return np.asarray(at[rows, place] + (rng.random(len(at)) - 0.5) * (at[:, 1] - at[:, 0]))


def _cell_sizes(
    integral: Integral, sizes: SizeNodes, chosen: NDArray[np.int_], relative: Array, rng: np.random.Generator
) -> Array:
    """A draw of the log size of each cell given the log density of the model; shape (draw, cell)."""
    at, parts = sizes.at[chosen], sizes.parts[chosen]
    zero = integral.draws.target_sizes(0.0)[chosen]
    z = (at - (relative[:, None] + zero)[..., None]) / integral.scatter[chosen][..., None]
    with np.errstate(divide="ignore"):
        log_density = np.log(parts) - 0.5 * z**2
    drawn = [_drawn_between(at[:, k], log_density[:, k], rng) for k in range(at.shape[1])]
    return np.stack(drawn, axis=1)


def _told(integral: Integral, implied_sizes: Gaussian, names: Sequence[str]) -> tuple[xr.DataArray, xr.DataArray]:
    """Weight of each score, and how far it lies from what the others say, to first order and by the median draw."""
    density = implied_sizes.mean - integral.draws.target_sizes(0.0)
    precision = 1 / (integral.scatter**2 + implied_sizes.sd**2)
    share = np.median(precision / precision.sum(axis=1, keepdims=True), axis=0)
    surprise = np.full(len(names), np.nan)
    if len(names) > 1:
        rest = precision.sum(axis=1, keepdims=True) - precision
        others = ((precision * density).sum(axis=1, keepdims=True) - precision * density) / rest
        z = (density - others) / np.sqrt(1 / precision + 1 / rest)
        surprise = 2 * special.ndtr(-np.abs(np.median(z, axis=0)))
    weight, far = (xr.DataArray(x, dims="benchmark", coords={"benchmark": list(names)}) for x in (share, surprise))
    return weight, far

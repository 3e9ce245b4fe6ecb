"""What a user asks of a fit: every number with its draws and its interval.

Times are dates at the edge and years from the centre of the sample inside. Rates are in natural logarithms a year;
quantiles are taken of the rate and mapped to doubling times, so that a rate near zero gives an interval that reaches
infinity instead of nonsense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import special

from bayesdensity import frontier as forms
from bayesdensity import laws
from bayesdensity.data.dataset import years
from bayesdensity.errors import InputError, one_of
from bayesdensity.fit import Fit, require_ladder

Estimand = Literal["frontier", "mean"]
SAMPLE = ("chain", "draw")
MONTHS = 12.0
DEFAULT_CI = 0.9
LEAST_GAP = 1e-3
"""A score this close below the ceiling, or above it, implies a large finite logit."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A quantity: what it is, its draws, and its summary.

    Attributes
    ----------
    name : str
    what : str
        The estimand in words.
    draws : xarray.DataArray
        With dims ``chain`` and ``draw``, and those of the quantity.
    probability : float
        Of the equal-tailed interval.
    """

    name: str
    what: str
    draws: xr.DataArray
    probability: float = DEFAULT_CI

    @property
    def summary(self) -> xr.Dataset:
        """Median, lower and upper end of the interval, with the dims of the quantity."""
        tail = (1 - self.probability) / 2
        # Doubling times are decreasing in the rate, so order statistics agree; infinity needs no interpolation.
        method: Literal["linear", "higher"] = "linear" if np.isfinite(self.draws.to_numpy()).all() else "higher"
        at = self.draws.quantile([0.5, tail, 1 - tail], dim=SAMPLE, method=method).drop_vars("quantile")
        parts = {name: at.isel(quantile=k) for k, name in enumerate(("median", "lower", "upper"))}
        return xr.Dataset(parts, attrs={"probability": self.probability, "kind": "eti", "what": self.what})

    def to_json(self) -> dict[str, Any]:
        """Interval, or one interval for each label, in the documented form."""
        return _json(self.summary, self.probability)

    def to_frame(self) -> pd.DataFrame:
        """Summary as a table, one row for each label."""
        return self.summary.to_dataframe()[["median", "lower", "upper"]]

    def to_frame_row(self) -> pd.Series:
        """Summary of a quantity without labels, as one row."""
        return pd.Series({name: float(values) for name, values in self.summary.data_vars.items()})

    def __repr__(self) -> str:
        """Say what it is, and the interval."""
        head = f"{self.name}: {self.what} (median, {self.probability:.0%} interval)"
        if self.draws.ndim == len(SAMPLE):
            s = self.summary
            return f"{head}\n{float(s['median']):.3g} [{float(s['lower']):.3g}, {float(s['upper']):.3g}]"
        return f"{head}\n{self.to_frame().to_string(max_rows=12, float_format='{:.3g}'.format)}"


def window(fit: Fit) -> tuple[str, str]:
    """First and last release date of the targets."""
    dates = fit.data["release_date"].to_numpy()
    return str(min(dates)), str(max(dates))


def log_density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Natural logarithm of density, ``ln(effective size / size)``, averaged over the benchmarks.

    Dim ``llm``. Density is that of arXiv 2412.04315, equation 1.
    """
    level = fit.posterior["level"].mean("benchmark")
    return Estimate("log_density", "ln density", fit.posterior["log_density_relative"] + level, ci)


def density(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Effective size over actual size, averaged (geometrically) over the benchmarks; dim ``llm``."""
    return Estimate("density", "effective size over actual size", _exp(log_density(fit).draws), ci)


def effective_size(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the same scores, averaged over the benchmarks; dim ``llm``."""
    size = fit.data["log_size"] + fit.data.attrs["log_size_centre"]
    return Estimate("effective_size", "parameters of the reference", _exp(log_density(fit).draws + _bare(size)), ci)


def log_density_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Log density of every LLM on every benchmark it has a score on; dim ``cell``, coords ``llm``, ``benchmark``."""
    entity, bench = _target_cells(fit)
    draws = fit.posterior
    time = fit.data["time"].to_numpy()[entity]
    values = (
        draws["log_density_relative"].to_numpy()[..., entity]
        + draws["level"].to_numpy()[..., bench]
        + draws["benchmark_slope"].to_numpy()[..., bench] * time
        + draws["cell_departure"].to_numpy()[..., : len(entity)]
    )
    coords = {
        "cell": fit.data["cell"].to_numpy()[: len(entity)],
        "llm": ("cell", fit.data["llm"].to_numpy()[entity]),
        "benchmark": ("cell", fit.data["benchmark"].to_numpy()[bench]),
    }
    array = xr.DataArray(values, dims=(*SAMPLE, "cell"), coords=coords)
    return Estimate("log_density_by_benchmark", "ln density on one benchmark", array, ci)


def effective_size_by_benchmark(fit: Fit, ci: float = DEFAULT_CI) -> Estimate:
    """Parameters the reference would need for the score on one benchmark; dim ``cell``."""
    log = log_density_by_benchmark(fit).draws
    size = (fit.data["log_size"] + fit.data.attrs["log_size_centre"]).to_numpy()[_target_cells(fit)[0]]
    return Estimate("effective_size_by_benchmark", "parameters of the reference", _exp(log + _cells(size)), ci)


def mean_trend(fit: Fit, dates: Sequence[str], ci: float = DEFAULT_CI) -> Estimate:
    """Population mean of ln density at dates; dim ``date``."""
    return Estimate("mean_trend", "mean ln density of releases", _mean(fit, _time(fit, dates)), ci)


def frontier(fit: Fit, dates: Sequence[str], quantile: float | None = None, ci: float = DEFAULT_CI) -> Estimate:
    """Quantile of ln density among the models released at a date; dim ``date``.

    Parameters
    ----------
    fit : Fit
    dates : sequence of str
        ISO dates.
    quantile : float, optional
        None: the study's.
    ci : float
        Probability of the interval.
    """
    q = fit.study.frontier.quantile if quantile is None else quantile
    time = _time(fit, dates)
    draws = _mean(fit, time) + _excess(fit, q) * forms.dispersion(time, _growth(fit))
    return Estimate("frontier", f"{q:g} quantile of ln density among releases", draws, ci)


def rate_at(fit: Fit, dates: Sequence[str], estimand: Estimand = "frontier", ci: float = DEFAULT_CI) -> Estimate:
    """Growth of ln density a year at dates; dim ``date``."""
    time = _time(fit, dates)
    draws = fit.posterior["rate"] + _curvature(fit) * time
    if estimand == "frontier":
        growth = _growth(fit)
        draws = draws + _excess(fit, fit.study.frontier.quantile) * growth * forms.dispersion(time, growth)
    return Estimate("rate", f"growth of {_said(fit, estimand)} a year", draws, ci)


def rate(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year, averaged over a window (None: that of the study)."""
    start, end = between or window(fit)
    if not _time(fit, [start, end]).diff("date").item() > 0:
        raise InputError(f"the window must end after it starts; got {start} to {end}.")
    ends = mean_trend(fit, [start, end]) if estimand == "mean" else frontier(fit, [start, end])
    span = float(np.diff(_time(fit, [start, end]).to_numpy())[0])
    draws = (ends.draws.isel(date=1, drop=True) - ends.draws.isel(date=0, drop=True)) / span
    return Estimate("rate", f"growth of {_said(fit, estimand)} a year, {start} to {end}", draws, ci)


def rate_by_benchmark(
    fit: Fit, between: tuple[str, str] | None = None, estimand: Estimand = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """Growth of ln density a year on each benchmark, averaged over a window; dim ``benchmark``."""
    overall = rate(fit, between, estimand)
    return Estimate("rate_by_benchmark", overall.what, overall.draws + fit.posterior["benchmark_slope"], ci)


def doubling_time(rates: Estimate) -> Estimate:
    """Months in which density doubles at a rate; infinite where the rate is not positive."""
    months = rates.draws.copy(data=doubling_months(rates.draws.to_numpy()))
    return Estimate("doubling_time", f"months to double, from {rates.what}", months, rates.probability)


def doubling_months(rate: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Months in which what grows at a rate a year (natural logarithms) doubles; infinite where it does not grow."""
    yearly = np.asarray(rate, dtype=np.float64)
    months = np.full_like(yearly, np.inf)
    np.divide(MONTHS * np.log(2), yearly, out=months, where=~(yearly <= 0))
    return months


def probability_positive(rates: Estimate) -> xr.DataArray:
    """Posterior probability that a rate is positive."""
    return (rates.draws > 0).mean(SAMPLE)


def probability_slowing(fit: Fit, estimand: Estimand = "frontier") -> float:
    """Posterior probability that the rate at the end of the window is below that at its start."""
    rates = rate_at(fit, window(fit), estimand).draws
    return float((rates.isel(date=1) < rates.isel(date=0)).mean())


def probability_faster(fit: Fit) -> xr.DataArray:
    """Posterior probability that one benchmark moves faster than another; dims ``benchmark``, ``than``."""
    slope = fit.posterior["benchmark_slope"]
    return (slope > slope.rename(benchmark="than")).mean(SAMPLE)


def probability_on_frontier(fit: Fit) -> xr.DataArray:
    """Posterior probability that an LLM lay above the frontier of its release date; dim ``llm``."""
    time = fit.data["time"]
    edge = _mean(fit, time) + _excess(fit, fit.study.frontier.quantile) * forms.dispersion(time, _growth(fit))
    return (log_density(fit).draws >= _bare(edge)).mean(SAMPLE)


def probability_unreachable(fit: Fit) -> xr.DataArray:
    """Posterior probability that no reference size reaches what the scores of a cell imply; dim ``cell``.

    The scores, freed of harness effects, imply a logit with its error; the link has a highest logit that more
    parameters at the same tokens cannot exceed.
    """
    data, draws = fit.data, fit.posterior
    entity, _ = _target_cells(fit)
    bench, cell = data["cell_benchmark"].to_numpy(), data["score_cell"].to_numpy()
    gap = np.maximum(draws["ceiling"].to_numpy()[..., bench] - data["cell_value"].to_numpy(), LEAST_GAP)
    starts = np.flatnonzero(np.diff(cell, prepend=-1))  # scores are sorted by cell
    effect = data["score_share"].to_numpy() * draws["harness_effect"].to_numpy()[..., data["score_harness"].to_numpy()]
    implied = data["cell_log_above"].to_numpy() - np.log(gap) - np.add.reduceat(effect, starts, axis=-1)
    noise = 1 / data["n_items"].to_numpy()[bench] + draws["overdispersion"].to_numpy()[..., bench]
    precision = data["cell_weight"].to_numpy() / noise
    link = laws.Link(*(draws[f"link_{part}"].to_numpy() for part in laws.Link._fields))
    highest = laws.highest_logit(link)[..., bench]
    chance = special.ndtr((implied - highest) * np.sqrt(precision))[..., : len(entity)].mean(axis=(0, 1))
    return xr.DataArray(chance, dims="cell", coords={"cell": data["cell"].to_numpy()[: len(entity)]})


def predict_trainings(
    fit: Fit,
    params: Sequence[float],
    tokens: Sequence[float],
    *,
    misfit: bool = True,
    ci: float = DEFAULT_CI,
    seed: int = 1,
) -> tuple[Estimate, Estimate]:
    """Posterior predictive loss and score of further reference trainings; dims ``training``, ``benchmark``.

    Noise is included: that of the loss, the training's own departure from the map, and the items of the benchmark.

    Parameters
    ----------
    fit : Fit
        Of a study whose reference is a ladder. Targets bend the law of a joint fit; to judge the law itself, fit the
        reference alone (``part="reference"``).
    params, tokens : sequence of float
        Parameters as the ladder counts them, and training tokens; one each for every training.
    misfit : bool
        Let the law miss beyond the ladder, by one factor for each benchmark; False trusts its form.
    ci : float
        Probability of the interval.
    seed : int
        Of the noise.

    Returns
    -------
    tuple of Estimate
        Loss, in the unit of the ladder, and score.

    Raises
    ------
    InputError
        If the reference of the study is a score family, which has no loss.
    """
    data, draws = fit.data, fit.posterior
    require_ladder(fit.study)
    rng = np.random.default_rng(seed)
    log_n, log_d = (xr.DataArray(np.log(np.asarray(x, dtype=float)), dims="training") for x in (params, tokens))
    law = laws.LossLaw(*(draws[f"law_{name}"] for name in laws.LossLaw._fields))
    loss = laws.loss(law, log_n - data.attrs["ladder_log_n_centre"], log_d - data.attrs["ladder_log_d_centre"])
    loss = (loss * np.exp(draws["law_miss"]) if misfit else loss).transpose(*SAMPLE, "training", "benchmark")
    noise = rng.standard_t(fit.study.law.noise_df, loss.shape)
    loss = (loss * np.exp(draws["loss_noise"] * loss.copy(data=noise))).transpose(*loss.dims)
    eta = draws["map_logit"] - draws["map_slope"] * (loss - _bare(data["map_centre"]))
    eta = eta + draws["map_scatter"] * loss.copy(data=rng.standard_normal(loss.shape))
    expected = laws.score(eta, _bare(data["floor"]), draws["ceiling"])
    variance = expected * (1 - expected) * (1 / _bare(data["n_items"]) + draws["map_overdispersion"])
    score = (expected + np.sqrt(variance) * loss.copy(data=rng.standard_normal(loss.shape))).clip(0, 1)
    score = score.transpose(*loss.dims)
    return Estimate("loss", "loss of a training", loss, ci), Estimate("score", "score of a training", score, ci)


def dates_between(start: str, end: str, n: int) -> list[str]:
    """Evenly spaced ISO dates."""
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(start, end, periods=n)]


def _said(fit: Fit, estimand: Estimand) -> str:
    if estimand not in ("frontier", "mean"):
        raise InputError(one_of(estimand, ("frontier", "mean"), "estimand"))
    quantile = f"the {fit.study.frontier.quantile:g} quantile of ln density among releases"
    return quantile if estimand == "frontier" else "mean ln density of releases"


def _time(fit: Fit, dates: Sequence[str]) -> xr.DataArray:
    try:
        days = pd.DatetimeIndex([date.fromisoformat(day) for day in dates])
    except ValueError as error:
        raise InputError(f"dates must be ISO dates such as 2024-07-01; got {list(dates)}.") from error
    return xr.DataArray(years(days) - fit.data.attrs["time_centre"], dims="date", coords={"date": list(dates)})


def _mean(fit: Fit, time: xr.DataArray) -> xr.DataArray:
    draws, spread = fit.posterior, float((fit.data["time"] ** 2).mean())
    relative = forms.mean_trend(time, draws["origin"], draws["rate"], _curvature(fit), spread)
    mean: xr.DataArray = (relative + draws["level"].mean("benchmark")).transpose(*SAMPLE, ...)
    return mean


def _excess(fit: Fit, q: float) -> xr.DataArray:
    """Distance of a quantile from the mean at the centre of time."""
    if not 0 < q < 1:
        raise InputError(f"a quantile lies between 0 and 1; got {q}.")
    draws = fit.posterior
    noise = draws["noise_scale"].to_numpy()
    family = draws["family_scale"].to_numpy() if "family_scale" in draws else np.zeros_like(noise)
    one_sided = draws["inefficiency_scale"].to_numpy() if "inefficiency_scale" in draws else np.zeros_like(noise)
    return xr.DataArray(forms.composed_quantile(q, np.hypot(noise, family), one_sided), dims=SAMPLE)


def _curvature(fit: Fit) -> xr.DataArray | float:
    return fit.posterior.get("curvature", 0.0)


def _growth(fit: Fit) -> xr.DataArray | float:
    return fit.posterior.get("dispersion_growth", 0.0)


def _target_cells(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    n = int(fit.data.attrs["n_target_cells"])
    return fit.data["cell_entity"].to_numpy()[:n], fit.data["cell_benchmark"].to_numpy()[:n]


def _bare(array: xr.DataArray) -> xr.DataArray:
    """The array without coordinates but those of its dims, so that sums keep no clutter."""
    return array.drop_vars([name for name in array.coords if name not in array.dims])


def _exp(draws: xr.DataArray) -> xr.DataArray:
    return draws.copy(data=np.exp(draws.to_numpy()))


def _cells(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims="cell")


def _json(summary: xr.Dataset, probability: float) -> dict[str, Any]:
    dims = list(summary["median"].dims)
    if dims:
        labels = summary[dims[0]].to_numpy()
        return {str(label): _json(summary.isel({dims[0]: k}), probability) for k, label in enumerate(labels)}
    ends = {name: jsonable(float(summary[name])) for name in ("median", "lower", "upper")}
    return {**ends, "probability": probability, "kind": "eti"}


def jsonable(value: float) -> float | str | None:
    """A number as JSON can hold it: infinity is the string "inf", what is not a number is null."""
    if np.isnan(value):
        return None
    return value if np.isfinite(value) else ("inf" if value > 0 else "-inf")

"""Shelf life: how long until a model of a share of its size matches a named LLM of a fit.

An LLM is matched when the effective size of the smaller model is as large: by what the trend has at a date, or by the
releases of the fit themselves. Months count from the release of the LLM; they are zero where it was matched before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.cells import cells_of
from bayesdensity.draws import Draws
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import ahead
from bayesdensity.quantities.estimate import DEFAULT_CI, MONTHS, SAMPLE, Estimate, require_targets, times
from bayesdensity.quantities.forecast import OF, Of
from bayesdensity.study.phrases import estimand_phrase

Array = ahead.Array
Flags = NDArray[np.bool_]
NAME = "shelf_life_months"
SHARE = 0.5
LEAST_SHARE, MOST_SHARE = 1e-3, 1.0
LIKELY = 0.5
"""Posterior probability beyond which a release counts as able as the LLM."""
ROUNDING = 1e-9
"""Half of 14 is 7, and what is released on a day is released by it."""


class _Matched(NamedTuple):
    """An LLM, and what matches it: where None stands for a benchmark, the average over all is meant."""

    llm: int
    place: int | None
    released: float
    """Years from the mean release date."""
    effective: Array
    """Log effective size less the level; shape (chain, draw)."""
    log_size: Array
    """Log size from the centre; shape (chain, draw), or ()."""


def shelf_life(fit: Fit, llm: str, share: float = SHARE, of: Of = "frontier", ci: float = DEFAULT_CI) -> Estimate:
    """Months until a model of a share of its size is as able as an LLM, averaged over the benchmarks.

    The frontier, or the typical release, of a date matches where its density (arXiv 2412.04315, equation 1) is
    ``density / share``; with size effects, where its effective size at that share of the size is as large. Of the best
    it is the first other release of the fit with at most that share of the size whose effective size is as large:
    infinite where none is up to the last release, for those to come are not simulated. Zero: it was so before.

    Parameters
    ----------
    fit : Fit
    llm : str
    share : float
        Of its size.
    of : {"frontier", "typical", "best"}
    ci : float
        Probability of the interval.

    Raises
    ------
    InputError
        If the fit has no such LLM, or the share is none.
    """
    months = _months(fit, _matched(fit, _place(fit, llm), None), _share(share), _of(of))
    return Estimate(NAME, _what(fit, llm, share, of), xr.DataArray(months, dims=SAMPLE), ci, "months")


def shelf_life_by_benchmark(
    fit: Fit, llm: str, share: float = SHARE, of: Of = "frontier", ci: float = DEFAULT_CI
) -> Estimate:
    """`shelf_life` on each benchmark that the LLM has a score on, with its departure there; dim ``benchmark``.

    Parameters
    ----------
    fit, llm, share, of, ci
        As for `shelf_life`.
    """
    which = _place(fit, llm)
    cells = cells_of(fit.data)
    places = [int(b) for b in cells.target_benchmark[cells.llm == which]]
    months = [_months(fit, _matched(fit, which, place), _share(share), _of(of)) for place in places]
    names = fit.data["benchmark"].to_numpy()[places]
    draws = xr.DataArray(np.stack(months, axis=-1), dims=(*SAMPLE, "benchmark"), coords={"benchmark": names})
    return Estimate(NAME, f"{_what(fit, llm, share, of)}, on one benchmark", draws, ci, "months")


def matched_by(fit: Fit, llm: str, life: Estimate, date: str) -> xr.DataArray:
    """Probability that an LLM is matched by a date; with the dims of the shelf life.

    Parameters
    ----------
    fit : Fit
    llm : str
    life : Estimate
        `shelf_life`, or that by benchmark.
    date : str
        ISO date.

    Raises
    ------
    InputError
        If the date lies before the release.
    """
    passed = times(fit, [date]).item() - float(fit.data["time"].to_numpy()[_place(fit, llm)])
    if passed < 0:
        raise InputError(f"{date} lies before the release of '{llm}'; name a later date.")
    chance: xr.DataArray = (life.draws <= MONTHS * passed + ROUNDING).mean(SAMPLE)
    return chance


def successors(fit: Fit, llm: str, share: float = SHARE) -> pd.DataFrame:
    """Releases of a fit from an LLM on with at most a share of its size, and how likely each is as able.

    Parameters
    ----------
    fit, llm, share
        As for `shelf_life`.

    Returns
    -------
    pandas.DataFrame
        By ``llm``, in order of release: ``release_date``, ``params`` (median), ``months`` after the release of the LLM,
        and ``probability``, that its effective size, averaged over the benchmarks, is at least that of the LLM.
    """
    which = _place(fit, llm)
    matched = _matched(fit, which, None)
    size, able = _releases(fit, matched, _share(share))
    time = fit.data["time"].to_numpy()
    small = size.reshape(-1, len(time)).mean(axis=0) > LIKELY
    later = np.flatnonzero(small & (time >= matched.released) & (np.arange(len(time)) != which))
    params = np.median(_log_size(fit).reshape(-1, len(time)), axis=0) + fit.data.attrs["log_size_centre"]
    table = pd.DataFrame(
        {
            "release_date": fit.data["release_date"].to_numpy(),
            "params": np.exp(params),
            "months": MONTHS * (time - matched.released),
            "probability": able.reshape(-1, len(time)).mean(axis=0),
        },
        index=pd.Index(fit.data["llm"].to_numpy(), name="llm"),
    )
    return table.iloc[later].sort_values("months", kind="stable")


def first_successor(fit: Fit, llm: str, share: float = SHARE) -> pd.Series | None:
    """The first of `successors` that is more likely as able than not, named like it; None where there is none yet.

    Parameters
    ----------
    fit, llm, share
        As for `shelf_life`.
    """
    found = successors(fit, llm, share)
    able = found[found["probability"] > LIKELY]
    return None if able.empty else able.iloc[0]


def _months(fit: Fit, matched: _Matched, share: float, of: Of) -> Array:
    """Draws of the months from the release to the match; shape (chain, draw)."""
    if of == "best":
        size, able = _releases(fit, matched, share)
        time = fit.data["time"].to_numpy()
        another = np.arange(len(time)) != matched.llm
        at = np.where(able & size & another, time, np.inf).min(axis=-1)
    else:
        smaller = (matched.log_size + np.log(share))[..., None]
        at = ahead.reached(fit, matched.place, matched.effective[..., None], of, smaller)
    return np.asarray(MONTHS * np.maximum(at - matched.released, 0.0))


def _matched(fit: Fit, llm: int, place: int | None) -> _Matched:
    """An LLM with its effective size, on the axis of `ahead.gained`."""
    size, released = _log_size(fit)[..., llm], float(fit.data["time"].to_numpy()[llm])
    return _Matched(llm, place, released, _effective(fit, place)[..., llm], size)


def _effective(fit: Fit, place: int | None) -> Array:
    """Log effective size less the level of every LLM; minus infinity where it has no score on the benchmark."""
    draws = Draws(fit.data, fit.posterior)
    overall: Array = draws["log_density_relative"] + draws.log_size
    if place is None:
        return overall
    on = np.flatnonzero(draws.cells.target_benchmark == place)
    found = np.full(overall.shape, -np.inf)
    size = draws.target_sizes(draws["log_density_relative"]) + draws["cell_departure"][..., : draws.cells.n_targets]
    found[..., draws.cells.llm[on]] = size[..., on]
    return found


def _releases(fit: Fit, matched: _Matched, share: float) -> tuple[Flags, Flags]:
    """Which releases have at most the share of the size, and which are as able; shape (chain, draw, llm)."""
    able = _effective(fit, matched.place) >= matched.effective[..., None]
    size = _log_size(fit) <= np.asarray(matched.log_size)[..., None] + np.log(share) + ROUNDING
    return np.broadcast_to(size, able.shape), able


def _log_size(fit: Fit) -> Array:
    """Log sizes from the centre; shape (chain, draw, llm)."""
    draws = Draws(fit.data, fit.posterior)
    return np.broadcast_to(draws.log_size, draws["log_density_relative"].shape)


def _place(fit: Fit, llm: str) -> int:
    """Where an LLM stands among those of a fit."""
    require_targets(fit)
    names = fit.data["llm"].to_numpy().tolist()
    if llm not in names:
        raise InputError(one_of(llm, names, f"LLM of the study '{fit.study.name}'"))
    return int(names.index(llm))


def _share(share: float) -> float:
    if not LEAST_SHARE <= share <= MOST_SHARE:
        raise InputError(f"a share of a size lies between {LEAST_SHARE:g} and {MOST_SHARE:g}; got {share:g}.")
    return share


def _of(of: Of) -> Of:
    if of not in OF:
        raise InputError(one_of(of, OF, "answer to 'of whom'"))
    return of


def _what(fit: Fit, llm: str, share: float, of: Of) -> str:
    if of == "best":
        whose = "the first release of the fit"
    else:
        whose = "the " + estimand_phrase(ahead.LEVELS[of], fit.study.frontier.quantile)
    return f"months from the release of {llm} until {share:.3g} of its size is as able, by {whose}"

"""Compare fits by how well they predict LLMs they have not seen, and stack them.

A fold is one LLM or one family: all its scores are left out together, and predicted from everything else. Leaving out
one LLM asks what its relatives say of it; most of the spread is between families, and only leaving one out whole asks
for that. Leave-one-out is by Pareto smoothed importance sampling (Vehtari et al. 2024, arXiv 1507.02646), exact where
that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.utils import ELPDDataLOO
from scipy import optimize, special

from bayesdensity.base.errors import InputError
from bayesdensity.base.importance import good_k, smoothed
from bayesdensity.data.masks import with_scores
from bayesdensity.evaluation.integral import Fold
from bayesdensity.evaluation.marginal import log_predictive
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_again
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import SAMPLE, Estimate, probability_slowing, rate
from bayesdensity.quantities.estimate import mixed

REFIT_DRAWS, REFIT_TUNE = 500, 500
"""Draws of a fit without some scores, in each of four chains."""
NO_WEIGHT = 1e-6
"""What the search for weights leaves of zero."""
TIE, LEAST = 2.0, 4.0
"""Standard errors, and nats, within which two fits cannot be told apart: below four nats the standard error itself is
unreliable (Sivula, Magnusson, Matamoros and Vehtari 2020, arXiv 2008.10296)."""
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Comparison:
    """How fits compare.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each fit, best first: ``elpd``, its standard error, difference from the best and its standard error,
        stacking weight (0 where the data rule a fit out), number of folds with a large Pareto k and of those among them
        that were left out exactly.
    pointwise : xarray.Dataset
        ``elpd``, ``pareto_k`` and ``refitted``; dims ``fit`` and ``llm`` or ``family``.
    stacked : dict of Estimate
        Growth of ln density a year over the window by estimand, the fits mixed by their weights.
    """

    table: pd.DataFrame
    pointwise: xr.Dataset
    stacked: dict[str, Estimate]
    slowing: float = float("nan")
    """Probability that the frontier slowed over the window, mixed likewise."""
    fold: Fold = "family"


def compare(
    fits: Mapping[str, Fit],
    *,
    fold: Fold = "family",
    refit: bool = True,
    draws: int = 1000,
    ci: float = 0.9,
    progress: Progress | None = None,
) -> Comparison:
    """Compare fits of the same scores by leave-one-family-out, or leave-one-LLM-out, prediction.

    Parameters
    ----------
    fits : mapping of str to Fit
        At least two, of the same LLMs and scores.
    fold : {"family", "llm"}
        What is left out at a time.
    refit : bool
        Sample again without a fold where importance sampling cannot leave it out.
    draws : int
        Posterior draws that enter.
    ci : float
        Probability of the intervals.
    progress : callable, optional
        Called with what is under way.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If the fits are fewer than two or do not share LLMs and scores.
    """
    require_same_scores(fits, fold)
    each = {
        name: leave_one_out(one, fold=fold, refit=refit, draws=draws, progress=prefixed(progress, name))
        for name, one in fits.items()
    }
    pointwise = xr.concat(each.values(), pd.Index(each, name="fit"))
    table = compared({name: one["elpd"] for name, one in each.items()})
    left = [name for name in table.index if name not in ruled_out(table)]
    weights = compared({name: each[name]["elpd"] for name in left})["weight"] if len(left) > 1 else {left[0]: 1.0}
    table["weight"] = [float(weights[name]) if name in left else 0.0 for name in table.index]
    bad = pointwise["pareto_k"] > pointwise["good_k"]
    table["large_k"] = bad.sum(fold).to_series()[table.index]
    table["refitted"] = pointwise["refitted"].sum(fold).to_series()[table.index]
    weight = table["weight"].to_dict()
    slowing = sum(weight[name] * probability_slowing(fit) for name, fit in fits.items() if weight[name])
    return Comparison(table, pointwise, stacked(fits, weight, ci), slowing, fold)


def leave_one_out(
    fit: Fit, *, fold: Fold = "llm", refit: bool = True, draws: int = 1000, progress: Progress | None = None
) -> xr.Dataset:
    """Log predictive density of all scores of each LLM, or of each family, given all others.

    Parameters
    ----------
    fit : Fit
    fold, refit, draws, progress
        As for `compare`.

    Returns
    -------
    xarray.Dataset
        ``elpd`` (natural logarithm), ``pareto_k``, ``refitted``, of the dim of the fold, and ``good_k``, above which k
        is large.
    """
    say, data = progress or _ignore, fit.data
    n, everyone = data.sizes[fold], np.ones(data.sizes["llm"], bool)
    fold_of = np.arange(n) if fold == "llm" else data["family_index"].to_numpy()
    log_likelihood = log_predictive(
        fit, data, everyone, draws, lambda share: say(f"leave-one-out {share:.0%}"), fold=fold
    )
    # Draws from chains that mix well are nearly independent after thinning.
    known = log_likelihood.stack(s=SAMPLE).transpose(fold, "s").to_numpy()
    weighted = [smoothed(-one) for one in known]
    elpd = np.array([special.logsumexp(log_weight + one) for (log_weight, _), one in zip(weighted, known, strict=True)])
    k, most = np.array([one for _, one in weighted]), good_k(known.shape[1])
    refitted = np.zeros(n, bool)
    if refit and (k > most).any():
        say("compile to leave out exactly")
        prepared, large = prepare_again(fit), np.flatnonzero(k > most)
        for done, m in enumerate(large):
            say(f"leave out exactly {done + 1} of {len(large)}: {data[fold].to_numpy()[m]}")
            keep = fold_of != m
            again = sample(prepared, with_scores(data, keep_llms=keep), seed=1, draws=REFIT_DRAWS, tune=REFIT_TUNE)
            without = log_predictive(again, data, keep, draws, fold=fold).isel({fold: m})
            elpd[m], refitted[m] = bridged(without.to_numpy(), log_likelihood.isel({fold: m}).to_numpy()), True
    parts = {"elpd": (fold, elpd), "pareto_k": (fold, k), "refitted": (fold, refitted)}
    return xr.Dataset({**parts, "good_k": most}, coords={fold: data[fold].to_numpy()})


def ruled_out(table: pd.DataFrame) -> list[str]:
    """Fits that predict worse than the best beyond doubt, from a table as `compare` makes it."""
    less = table["difference"].abs()
    tied = (less <= TIE * table["difference_se"]) | (less < LEAST)
    return [str(name) for name in table.index[~tied]]


def average_density(log_density: xr.DataArray) -> np.ndarray:
    """Logarithm of the posterior mean of a density."""
    values = log_density.stack(s=SAMPLE).to_numpy()
    return np.asarray(special.logsumexp(values, axis=-1) - np.log(values.shape[-1]))


def bridged(without: np.ndarray, known: np.ndarray) -> float:
    """Log predictive density of scores, from their log densities in draws that know them and in draws that do not.

    The mean over draws that do not know an outlier rests on a few of them, and so does the harmonic mean over those
    that know it; the bridge between both needs only that they overlap.

    Parameters
    ----------
    without, known : ndarray
        Log density of the scores in each draw.

    References
    ----------
    Bennett 1976, DOI 10.1016/0021-9991(76)90078-4; Meng and Wong 1996, Statistica Sinica 6, 831-860.
    """
    share = known.size / (known.size + without.size)
    log_share, log_rest = np.log(share), np.log1p(-share)

    def imbalance(log_ratio: float) -> float:
        """Difference of the two sides of the bridge, which rises with the ratio sought."""
        blends = [np.logaddexp(log_rest + log_ratio, log_share + one) for one in (without, known)]
        return float(
            log_ratio
            + special.logsumexp(-blends[1])
            - np.log(known.size)
            - special.logsumexp(without - blends[0])
            + np.log(without.size)
        )

    ends = np.concatenate([without.ravel(), known.ravel()])
    return float(optimize.brentq(imbalance, ends.min() - 1, ends.max() + 1))


def compared(pointwise: Mapping[str, xr.DataArray]) -> pd.DataFrame:
    """Table of fits, best first, from their pointwise log predictive densities: differences, and stacking weights.

    References
    ----------
    Yao, Vehtari, Simpson and Gelman 2018, DOI 10.1214/17-BA1091 (stacking).
    """
    import arviz

    # Stacking goes by differences; as they come, the densities of all fits may be too small for a float.
    best = np.maximum.reduce([one.to_numpy() for one in pointwise.values()])
    scored: dict[str, Any] = {
        name: ELPDDataLOO(
            elpd=float(one.sum()),
            se=float(one.std() * np.sqrt(one.size)),
            p=np.nan,
            n_samples=0,
            n_data_points=one.size,
            scale="log",
            warning=False,
            good_k=np.inf,
            elpd_i=one - best,
            pareto_k=one * 0,
        )
        for name, one in pointwise.items()
    }
    found = arviz.compare(scored, method="stacking", round_to="none")
    weight = found["weight"].where(found["weight"] > NO_WEIGHT, 0.0)
    found["weight"] = weight / weight.sum()
    return found.rename(columns={"elpd_diff": "difference", "dse": "difference_se"})[
        ["elpd", "se", "difference", "difference_se", "weight"]
    ].astype(float)


def stacked(fits: Mapping[str, Fit], weights: Mapping[str, float], ci: float = 0.9) -> dict[str, Estimate]:
    """Growth of ln density a year over the window, mixed over fits by weights, for the frontier and the mean.

    Parameters
    ----------
    fits : mapping of str to Fit
    weights : mapping of str to float
        They sum to one.
    ci : float
        Probability of the intervals.

    Returns
    -------
    dict of Estimate
        By estimand.
    """
    found = {}
    for estimand in ("frontier", "mean"):
        parts = {name: rate(one, estimand=estimand, ci=ci) for name, one in fits.items()}
        what = f"{next(iter(parts.values())).what}, stacked over {len(fits)} fits"
        found[estimand] = replace(mixed(parts, weights), what=what)
    return found


def require_same_scores(fits: Mapping[str, Fit], fold: Fold = "family") -> None:
    """Refuse fits that did not see the same scores of the same LLMs, or would not leave out the same ones together."""
    if len(fits) < 2:
        raise InputError(f"compare needs at least two fits; got {len(fits)}.")
    (first, one), *others = fits.items()
    for name, other in others:
        for what, variables in (("LLMs", ("llm",)), ("scores", ("cell", "score_value", "score_row"))):
            same = all(np.array_equal(one.data[v].to_numpy(), other.data[v].to_numpy()) for v in variables)
            if not same:
                raise InputError(
                    f"{first} and {name} are fits of different {what}: only fits of the same scores can be compared. "
                    "Vary the frontier or the priors (--set), not the selection or the reference."
                )
    if any(fit.data.attrs.get("censored") for fit in fits.values()):
        raise InputError("a fit with reference.beyond = 'censored' does not predict scores beyond the reference.")
    if fold == "family" and len({fit.study.frontier.groups for fit in fits.values()}) > 1:
        raise InputError(
            "the fits have effects of families and of organizations (frontier.groups), so that different LLMs would be "
            "left out together; compare them with --fold llm."
        )
    quantiles = {fit.study.frontier.quantile for fit in fits.values()}
    if len(quantiles) > 1:
        raise InputError(f"the fits have frontiers at different quantiles ({sorted(quantiles)}); fit them with one.")


def see_same_scores(fits: Mapping[str, Fit]) -> bool:
    """Whether fits can be compared, and stacked."""
    try:
        require_same_scores(fits)
    except InputError:
        return False
    return True


def prefixed(progress: Progress | None, name: str) -> Progress:
    """The progress of one of several fits, which says of which."""
    return lambda text: (progress or _ignore)(f"{name}: {text}")


def _ignore(_: str) -> None:
    return None

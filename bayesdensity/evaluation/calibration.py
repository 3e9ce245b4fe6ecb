"""Simulation-based calibration of what is asked of a fit, beside the published procedure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base import engine
from bayesdensity.base.errors import BayesDensityError, InputError, UnidentifiedError
from bayesdensity.checks import VERDICTS, run_checks
from bayesdensity.data.masks import with_scores
from bayesdensity.data.schemas import SCHEMAS
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.ranks import RANKS, inside_band
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import prepare_data
from bayesdensity.inference.result import Fit
from bayesdensity.published.procedure import replicate
from bayesdensity.quantities import SAMPLE
from bayesdensity.simulate import Simulated, World, asked, drawn_from, simulate_scores, simulated_tables, world_of
from bayesdensity.simulate.truth import FRONTIER_RATE, MEAN_RATE, OF, ON
from bayesdensity.study.spec import Study

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Probabilities of the intervals whose coverage is counted."""
CHAINS, DRAWS, TUNE = 2, 500, 500
LEAST = 10
"""Ranks of a density that a band needs: an LLM may be published in a few worlds only."""
BOOTSTRAP = 500
"""Replicates of the bootstrap of the published procedure."""
CHECK, DENSITIES = "check ", "densities of LLMs"
MAX_RHAT = 1.05
"""R-hat of a quantity above which its replicate counts as not converged."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What replicates say of the intervals. Nothing writes to it.

    Attributes
    ----------
    ranks : pandas.DataFrame
        One row for each replicate and quantity of `bayesdensity.simulate.asked`: the ``truth``, the ``median`` and
        whether intervals ``covered_50%`` (and so on) hold the truth, their ``width``, the ``rank`` of the truth among
        100 draws, and ``rhat``.
    paper : pandas.DataFrame
        One row for each replicate: the rate of the published procedure, and whether its intervals hold the truth.
    fits : pandas.DataFrame
        One row for each replicate: convergence and seconds.
    failed : dict
        Error of each replicate that has no fit.
    world : str
        A name of `bayesdensity.simulate.WORLDS`.
    about : dict
        Study, source of the truth, seed, settings and versions.
    """

    ranks: pd.DataFrame
    paper: pd.DataFrame
    fits: pd.DataFrame
    failed: dict[str, str]
    world: str
    about: dict[str, Any]

    def table(self) -> pd.DataFrame:
        """Coverage of the intervals by quantity, bias and error of the median, and whether ranks are uniform.

        Densities of LLMs are one row: their coverage is over all LLMs and replicates, and their ``inside_band`` the
        share of LLMs whose rank ECDF lies inside its band.
        """
        is_density = self.ranks["quantity"].str.startswith(OF)
        rows = [_row(name, part) for name, part in self.ranks[~is_density].groupby("quantity", sort=False)]
        densities = self.ranks[is_density]
        if len(densities):
            each = [inside_band(part["rank"]) for _, part in densities.groupby("quantity") if len(part) >= LEAST]
            row = _row(DENSITIES, densities, banded=False)
            rows.append(row | {"inside_band": float(np.mean(each)) if each else float("nan")})
        return pd.DataFrame(rows).set_index("quantity")

    def paper_table(self) -> pd.DataFrame:
        """Coverage of the true rate of the frontier by the intervals of the published procedure, and its bias."""
        rows = []
        for kind in ("bootstrap", "textbook") if len(self.paper) else ():
            covered = {f"covered_{level:.0%}": self.paper[f"{kind}_covered_{level:.0%}"].mean() for level in LEVELS}
            error = self.paper["rate"] - self.paper["truth"]
            bias, rmse = error.mean(), float(np.sqrt((error**2).mean()))
            width = self.paper[f"{kind}_width"].median()
            rows.append({"interval": kind, "n": len(self.paper), **covered, "bias": bias, "rmse": rmse, "width": width})
        return pd.DataFrame(rows, columns=None if rows else ["interval", "n"]).set_index("interval")

    def checks_table(self) -> pd.DataFrame:
        """Share of replicates in which each check passes, asks for a review, or fails."""
        verdicts = self.fits.filter(like=CHECK).rename(columns=lambda name: name.removeprefix(CHECK))
        shares = verdicts.apply(lambda column: column.value_counts(normalize=True)).T
        return shares.reindex(columns=list(VERDICTS)).fillna(0.0).rename_axis("check")

    def replicates(self) -> pd.DataFrame:
        """One row for each replicate: truth, median and rank of each quantity but the densities, and the fit."""
        rows = self.ranks[~self.ranks["quantity"].str.startswith(OF)]
        wide = rows.pivot(index="key", columns="quantity", values=["truth", "median", "rank"])
        wide.columns = [f"{quantity}: {part}" for part, quantity in wide.columns]
        return wide.join(self.fits.set_index("key")).loc[self.fits["key"]]


def calibrate(
    source: Fit,
    tables: Tables,
    *,
    replicates: int = 200,
    worlds: Sequence[str] = ("as-modelled",),
    seed: int = 1,
    path: Path,
    chains: int = CHAINS,
    draws: int = DRAWS,
    tune: int = TUNE,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Calibration]:
    """Simulate worlds with the design of a study, fit each, and see where the truth lies in the posterior.

    Each replicate takes one draw of the source for the truth, simulates the scores of all LLMs from it, and fits them
    with the real scores of the reference. Where the source is `bayesdensity.simulate.reference_only` and the world is
    as modelled, ranks are uniform and intervals cover as they say if and only if model, sampler and quantities are
    right (arXiv 1804.06788; given some data, arXiv 2502.03279).

    Parameters
    ----------
    source : Fit
        Of the study, from whose draws the truth is taken.
    tables : Tables
        What the study was read from: the published procedure runs on the same worlds.
    replicates : int
        Of each kind of world.
    worlds : sequence of str
        Names of `bayesdensity.simulate.WORLDS`; a replicate has the same seed in all of them.
    seed : int
        Of worlds and sampler.
    path : Path
        File of the results: a run that was stopped goes on where it was.
    chains, draws, tune : int
        Of each fit.
    executor, workers, progress
        As for `bayesdensity.base.engine.run`.

    Returns
    -------
    dict of Calibration
        By world.

    Raises
    ------
    InputError
        If the file holds results of another run, or the number of replicates makes no sense.
    UnidentifiedError
        If no replicate could be fitted.

    References
    ----------
    arXiv 1804.06788; arXiv 2502.03279; bands of the rank ECDF: arXiv 2103.10522.
    """
    if replicates < 2:
        raise InputError(f"calibration needs at least 2 replicates; got {replicates}.")
    if source.about["part"] != "joint":
        raise InputError("the reference alone has no targets to calibrate with.")
    departures = {world: world_of(world) for world in worlds}
    settings = {"chains": chains, "draws": draws, "tune": tune, "cores": 1}
    jobs = []
    for key, job_seed in enumerate(engine.seeds(seed, replicates)):
        for world, departure in departures.items():
            jobs.append(engine.Job(f"{world} {key}", job_seed, partial(_simulated, source, job_seed, departure)))
    shared = {
        "study": source.study,
        "data": source.data,
        "about": source.about,
        "tables": _lean(tables),
        "settings": settings,
    }
    about = {
        "study": source.study.name,
        "digest": source.study.digest,
        "tables_digest": tables.digest,
        "truth": _digest(source),
        "seed": seed,
        "settings": settings,
        "versions": source.about["versions"],
    }
    results = engine.run(
        make_worker,
        shared,
        jobs,
        path=path,
        identity=about,
        executor=executor,
        workers=workers,
        progress=progress,
        whole=_is_whole,
    )
    return {world: collect([row for row in results if _world(row) == world], world, about) for world in departures}


def _is_whole(row: dict[str, Any]) -> bool:
    """Whether a line of the file of results has all of a replicate."""
    parts = [row.get(name) for name in ("quantities", "fit")]
    return "paper" in row and all(isinstance(part, dict) and part for part in parts)


def _simulated(source: Fit, seed: int, departure: World) -> Simulated:
    rng = np.random.default_rng(seed)
    return simulate_scores(source, *drawn_from(source, rng), rng, departure)


def collect(results: Sequence[dict[str, Any]], world: str, about: dict[str, Any]) -> Calibration:
    """Tables of the results of the replicates of one world.

    Parameters
    ----------
    results : sequence of dict
        Lines of the file of results, one for each replicate: its ``key``, and what was computed or the ``error``.
    world : str
        A name of `bayesdensity.simulate.WORLDS`.
    about : dict
        Study, source of the truth, seed, settings and versions.

    Returns
    -------
    Calibration

    Raises
    ------
    UnidentifiedError
        If none could be fitted.
    """
    failed = {row["key"]: row["error"] for row in results if "error" in row}
    done = [row for row in results if "error" not in row]
    if not done:
        raise UnidentifiedError(f"no replicate could be fitted; the first failed with: {next(iter(failed.values()))}")
    ranks = pd.DataFrame(
        [{"key": row["key"], "quantity": name, **ranked} for row in done for name, ranked in row["quantities"].items()]
    )
    paper = pd.DataFrame([{"key": row["key"], **row["paper"]} for row in done if row["paper"]])
    fits = pd.DataFrame([{"key": row["key"], **row["fit"]} for row in done])
    return Calibration(ranks, paper, fits, failed, world, about)


def worlds_table(found: Mapping[str, Calibration]) -> pd.DataFrame:
    """One row for each world: coverage of 90 % intervals, bias of the rates, and which checks want a look.

    Columns ``covered_...`` and ``bias_...`` for the rates of the frontier and of the mean, coverage of densities and of
    the rates on benchmarks, those of the published procedure, and by check the share of replicates it does not pass.
    """
    rows = []
    for world, one in found.items():
        table = one.table()
        row: dict[str, Any] = {"world": world, "n": len(one.fits)}
        for name, of in (("frontier", FRONTIER_RATE), ("mean", MEAN_RATE)):
            row |= {f"covered_{name}": table.at[of, "covered_90%"], f"bias_{name}": table.at[of, "bias"]}
        row["covered_benchmarks"] = table.loc[table.index.str.startswith(ON), "covered_90%"].mean()
        row["covered_densities"] = table.at[DENSITIES, "covered_90%"]
        paper = one.paper_table()
        if len(paper):
            row |= {"covered_published": paper.at["bootstrap", "covered_90%"], "bias_published": paper["bias"].iloc[0]}
        row |= (1 - one.checks_table()["PASS"]).add_prefix(CHECK).to_dict()
        rows.append(row)
    return pd.DataFrame(rows).set_index("world")


def make_worker(shared: dict[str, Any]) -> Callable[[engine.Job], dict[str, Any]]:
    """Compile the model once; the function that is returned fits one simulated world."""
    data: xr.Dataset = shared["data"]
    prepared = prepare_data(shared["study"], data, shared["about"])

    def do(job: engine.Job) -> dict[str, Any]:
        made: Simulated = job.values
        seen = with_scores(data, made.scores, None if made.published.all() else made.published)
        fit = sample(prepared, seen, seed=job.seed, **shared["settings"])
        return {
            "seed": job.seed,
            "quantities": compared(fit, made),
            "paper": _paper(shared["study"], shared["tables"], data, made, job.seed),
            "fit": {
                "max_rhat": fit.diagnostics.max_rhat,
                "min_ess_bulk": fit.diagnostics.min_ess_bulk,
                "divergences": fit.diagnostics.divergences,
                "stuck": len(fit.diagnostics.stuck_chains),
                "seconds": fit.about["wall_seconds"]["sample"],
                **{f"{CHECK}{one.name}": one.verdict for one in run_checks(fit)},
            },
        }

    return do


def compared(fit: Fit, made: Simulated) -> dict[str, dict[str, float | bool]]:
    """Where the truth lies in the posterior, by quantity; densities of LLMs that are not published have none."""
    import arviz

    hidden = {f"{OF}{name}" for name in fit.data["llm"].to_numpy()[~made.published]}
    drawn = xr.Dataset({name: draws for name, draws in asked(fit).items() if name not in hidden})
    rhats = arviz.rhat(drawn)
    found = {}
    for name, draws in drawn.data_vars.items():
        truth, values = made.truth[str(name)], draws.transpose(*SAMPLE).to_numpy().ravel()
        # Ranks have ties where no draw is above: none is, of continuous quantities.
        thinned = values[np.linspace(0, len(values) - 1, RANKS).round().astype(int)]
        row: dict[str, float | bool] = {
            "truth": truth,
            "median": float(np.median(values)),
            "rank": int((thinned < truth).sum()),
            "rhat": float(rhats[name]),
        }
        found[str(name)] = row | _covered(truth, {level: _ends(values, level) for level in LEVELS})
    return found


def _row(name: str, part: pd.DataFrame, banded: bool = True) -> dict[str, Any]:
    covered = {f"covered_{level:.0%}": float(part[f"covered_{level:.0%}"].mean()) for level in LEVELS}
    error = part["median"] - part["truth"]
    row = {"quantity": name, "n": len(part), **covered, "bias": float(error.mean())}
    row |= {"rmse": float(np.sqrt((error**2).mean())), "width": float(part["width"].median())}
    if banded:
        row["inside_band"] = inside_band(part["rank"])
    return row | {"not_converged": float((part["rhat"] > MAX_RHAT).mean())}


def _covered(truth: float, ends: dict[float, tuple[float, float]]) -> dict[str, float | bool]:
    found: dict[str, float | bool] = {f"covered_{p:.0%}": bool(low <= truth <= high) for p, (low, high) in ends.items()}
    low, high = ends[0.9]
    return found | {"width": high - low}


def _ends(values: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _paper(study: Study, tables: Tables, data: xr.Dataset, made: Simulated, seed: int) -> dict[str, Any] | None:
    """The published procedure in the same world, over all releases; None where it gives nothing."""
    seen = replace(tables, **simulated_tables(tables, data, made))
    try:
        trend = replicate(study, seen, replicates=BOOTSTRAP, seed=seed).trends[-1]
    except BayesDensityError:
        return None
    truth, drawn = made.truth[FRONTIER_RATE], trend.bootstrap_records
    if drawn is None or trend.records.points < 3:
        return None
    draws = drawn.draws.to_numpy().ravel()
    intervals = {
        "bootstrap": {level: _ends(draws, level) for level in LEVELS},
        "textbook": {level: trend.records.t_interval(level) for level in LEVELS},
    }
    row: dict[str, Any] = {"truth": truth, "rate": trend.records.rate}
    for kind, ends in intervals.items():
        row |= {f"{kind}_{name}": value for name, value in _covered(truth, ends).items()}
    return row


def _lean(tables: Tables) -> Tables:
    """The tables without what only people read: they travel to every worker."""
    return replace(tables, **{name: getattr(tables, name).assign(note="") for name in SCHEMAS})


def _world(row: dict[str, Any]) -> str:
    return str(row["key"]).rpartition(" ")[0]


def _digest(source: Fit) -> str:
    rates = np.ascontiguousarray(source.posterior["rate"].to_numpy())
    return hashlib.sha256(rates.tobytes()).hexdigest()[:12]

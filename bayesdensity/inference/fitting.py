"""Fit a study: sample the joint posterior, judge convergence, save and load the result as one file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from bayesdensity.base.cards import Card, Shown
from bayesdensity.base.errors import InputError, one_of
from bayesdensity.data.cells import with_harness_names
from bayesdensity.data.join import assemble, targets_only, without_targets
from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.convergence import Diagnostics, diagnose, verdict_rows
from bayesdensity.inference.sampling import compile_model, run_sampler, shared_names, versions, with_data
from bayesdensity.inference.stages import CUT_DRAWS, CUT_TUNE, PASSED, passed_on, plugged_in, sample_cut
from bayesdensity.study.phrases import estimand_phrase
from bayesdensity.study.spec import Study

Part = Literal["joint", "reference"]
FORMAT = 2
"""Version of the layout of the file; a change that older readers cannot follow raises it."""
TARGET_ACCEPT = {"family": 0.8, "ladder": 0.85}
"""By kind of reference: steps small enough that nearly every trajectory has 15 leaps, or 31 for the stiffer law."""


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Shown):
    """Posterior of one study with the data it saw. Nothing writes to it.

    Attributes
    ----------
    posterior : xarray.Dataset
        Draws, with dims ``chain`` and ``draw`` first.
    sample_stats : xarray.Dataset
    data : xarray.Dataset
        What the model saw, as `bayesdensity.data.join.assemble` makes it.
    study : Study
    about : dict
        Digests, versions, seed, wall times and counts.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    data: xr.Dataset
    study: Study
    about: dict[str, Any]

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the sampler."""
        return diagnose(self.posterior, self.sample_stats)

    def card(self) -> Card:
        """What it is of, the data it saw, its window, estimand and verdict; nothing is computed."""
        study, sizes, counts = self.study, self.data.sizes, {"n_llms": "llm", "n_scores": "score", "n_runs": "run"}
        llms, scores, runs = (self.about.get(name, sizes.get(dim, 0)) for name, dim in counts.items())
        data, asked = f"{llms} LLMs, {scores} scores", "summary(fit), densities_table(fit), save_figures(fit, stem)"
        estimand = estimand_phrase("frontier", study.frontier.quantile, "density")
        if self.about.get("part") == "reference":
            data, asked = "the reference alone", "predict_trainings(fit, ...)"
            estimand = "loss and score of further trainings"
        elif sizes.get("llm"):
            dates = self.data["release_date"].to_numpy()
            estimand += f", {min(dates)} to {max(dates)}"
        rows = {
            "data": f"{data}, {runs} reference runs, {len(study.benchmarks)} benchmarks",
            "estimand": estimand,
            "draws": f"{self.posterior.sizes.get('chain', 0)} chains of {self.posterior.sizes.get('draw', 0)}",
            **verdict_rows(vars(self).get("diagnostics"), self.about.get("checks", ()), asked),
        }
        return Card(f"Fit of {study.name}: {study.title}", tuple(rows.items()))

    def noted(self, **notes: Any) -> Fit:
        """The same fit, with more said about it; what was found of its convergence need not be found again."""
        fit = replace(self, about={**self.about, **notes})
        if "diagnostics" in vars(self):
            vars(fit)["diagnostics"] = self.diagnostics
        return fit

    def save(self, path: str | Path) -> Path:
        """Write one netCDF file, whole or not at all.

        Raises
        ------
        InputError
            If the folder does not exist or cannot be written to.
        """
        path = Path(path)
        about = {"format": FORMAT, "study": json.loads(self.study.model_dump_json()), **self.about}
        about["diagnostics"] = asdict(self.diagnostics)
        groups = {"posterior": self.posterior, "sample_stats": self.sample_stats, "data": self.data}
        tree = xr.DataTree.from_dict({name: group.drop_attrs() for name, group in groups.items()})
        tree.attrs = {"bayesdensity": json.dumps(about), "data_attrs": json.dumps(self.data.attrs)}
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}.nc.part")
        try:
            tree.to_netcdf(unfinished, engine="h5netcdf")
            os.replace(unfinished, path)
        except OSError as error:
            why = error.strerror or error
            raise InputError(f"{path}: cannot write there ({why}); choose another place with -o.") from error
        finally:
            if unfinished.exists():
                unfinished.unlink()
        return path


@dataclass(frozen=True, eq=False)
class Prepared:
    """A study and its data with the compiled model, which may be sampled again and again.

    Attributes
    ----------
    study : Study
    data : xarray.Dataset
        What the model sees, as `bayesdensity.data.join.assemble` makes it.
    about : dict
        Digests, versions and counts.
    """

    study: Study
    data: xr.Dataset
    about: dict[str, Any]
    compiled: Any
    kept: list[str]
    """Names of the variables that a fit keeps."""
    seconds: float
    """It took to prepare."""
    alone: Prepared | None = None
    """Where the reference is fitted alone before: the joint study, with all its data."""


def prepare(
    study: Study,
    tables: Tables | None = None,
    *,
    part: Part = "joint",
    stage: Callable[[str], None] | None = None,
    like: Prepared | None = None,
) -> Prepared:
    """Select and join the data of a study and compile its model; the arguments are those of `fit`.

    The compiled model of another study, ``like``, is used again where only values of its data differ.
    """
    if part not in ("joint", "reference"):
        raise InputError(one_of(part, ("joint", "reference"), "part"))
    if part == "reference":
        require_ladder(study)
    start = time.monotonic()
    tables = tables or read_tables()
    selection = select(study, tables)
    data = assemble(study, selection)
    about = {"digest": study.digest, "part": part, "tables_digest": tables.digest} | _counts(selection, data)
    if like is not None and like.about["part"] == part and _serves(like, study, data):
        compiled = with_data(like.compiled, data)
        return replace(like, study=study, data=data, about=like.about | about, compiled=compiled, seconds=0.0)
    (stage or _ignore)("compile")
    prepared = prepare_data(study, data, about)
    return replace(prepared, seconds=time.monotonic() - start)


def prepare_again(fit: Fit) -> Prepared:
    """Compile the model of a fit, to sample it on other scores."""
    return prepare_data(fit.study, fit.data, fit.about)


def prepare_data(study: Study, data: xr.Dataset, about: dict[str, Any]) -> Prepared:
    """Compile the model of a study for data that are joined already; ``about`` says where they come from."""
    start = time.monotonic()
    names = ("digest", "part", "tables_digest", "n_llms", "n_scores", "n_runs", "n_left_out")
    about = {**{name: about[name] for name in names}, "versions": versions()}
    staged, alone = study.reference.inference != "joint" and about["part"] == "joint", None
    if staged:
        if study.reference.kind == "family" and not data.sizes["reference"]:
            raise InputError(
                f"a fit by {study.reference.inference} inference keeps the scores of the targets only, so it cannot be "
                "fitted again without some; use reference.inference = 'joint'."
            )
        joint = study.model_copy(update={"reference": study.reference.model_copy(update={"inference": "joint"})})
        alone = prepare_data(joint, data, about)
        data = targets_only(data).assign({name: ("benchmark", np.ones(data.sizes["benchmark"])) for name in PASSED})
    compiled, kept = _compile(study, data, about["part"])
    return Prepared(study, data, about, compiled, kept, time.monotonic() - start, alone)


def sample(
    prepared: Prepared,
    data: xr.Dataset | None = None,
    *,
    chains: int = 4,
    draws: int = 1500,
    tune: int = 500,
    seed: int = 1,
    cores: int | None = None,
    progress: Callable[[list[Any]], None] | None = None,
) -> Fit:
    """Sample a compiled model.

    Parameters
    ----------
    prepared : Prepared
    data : xarray.Dataset, optional
        Other values in the same places, as `bayesdensity.data.join.with_scores` makes them; None: its own.
    chains, draws, tune, seed, progress
        As for `fit`.
    cores : int, optional
        Chains sampled at a time; None: as many as the machine has cores. The draws are the same.

    Returns
    -------
    Fit
    """
    start, given = time.monotonic(), prepared.data if data is None else data
    target_accept = TARGET_ACCEPT[prepared.study.reference.kind]
    settings = {"chains": chains, "draws": draws, "tune": tune, "target_accept": target_accept}
    about = {**prepared.about, "seed": seed, "sampler": settings}
    if prepared.alone is not None:
        whole = prepared.alone.data if data is None else data
        alone = partial(sample, prepared.alone, without_targets(whole), seed=seed, cores=cores)
        first = alone(chains=chains, draws=draws, tune=tune)
        found = passed_on(first.posterior)
        about["reference_alone"] = asdict(diagnose(found, first.sample_stats))
        given = plugged_in(whole, found)
    run = partial(_run, prepared, settings=settings, cores=cores, progress=progress)
    if prepared.study.reference.inference == "cut" and prepared.alone is not None:
        short = partial(_run, prepared, settings={**settings, "chains": 1, "draws": CUT_DRAWS, "tune": CUT_TUNE})
        tree = sample_cut(short, whole, found, draws, seed, min(chains, cores or os.cpu_count() or 1))
    else:
        tree = run(given, seed)
    took = time.monotonic() - start
    seconds = {"compile": prepared.seconds, "sample": took, "total": prepared.seconds + took}
    return Fit(
        posterior=tree["posterior"].to_dataset().drop_attrs()[prepared.kept],
        sample_stats=tree["sample_stats"].to_dataset().drop_attrs(),
        data=given,
        study=prepared.study,
        about={**about, "wall_seconds": seconds},
    )


def _run(
    prepared: Prepared,
    data: xr.Dataset,
    seed: int,
    *,
    settings: dict[str, Any],
    cores: int | None = 1,
    progress: Callable[[list[Any]], None] | None = None,
) -> xr.DataTree:
    """Draws of a compiled model on data in the places of its own."""
    compiled = prepared.compiled if data is prepared.data else with_data(prepared.compiled, data)
    return run_sampler(compiled, cores=cores, progress=progress, seed=seed, **settings)


def fit(
    study: Study,
    tables: Tables | None = None,
    *,
    part: Part = "joint",
    chains: int = 4,
    draws: int = 1500,
    tune: int = 500,
    seed: int = 1,
    progress: Callable[[list[Any]], None] | None = None,
    stage: Callable[[str], None] | None = None,
) -> Fit:
    """Sample the joint posterior of a study.

    Parameters
    ----------
    study : Study
    tables : Tables, optional
        None: the bundled tables.
    part : {"joint", "reference"}
        The whole model, or the law and map of a ladder alone, which no target then informs: such a fit answers
        `predict_trainings` and nothing else.
    chains, draws, tune : int
        Number of chains, and draws kept and discarded in each.
    seed : int
        On one machine the same seed and versions give the same draws.
    progress : callable, optional
        Called with the state of every chain while sampling.
    stage : callable, optional
        Called with what is under way: "compile" or "sample".

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the study and the tables do not fit together, or the reference alone is asked for and has no losses.
    UnidentifiedError
        If nothing is left to infer from.
    KeyboardInterrupt
        If sampling is interrupted; nothing is kept.
    """
    prepared = prepare(study, tables, part=part, stage=stage)
    (stage or _ignore)("sample")
    return sample(prepared, chains=chains, draws=draws, tune=tune, seed=seed, progress=progress)


def require_ladder(study: Study) -> None:
    """Refuse a study whose reference has no losses."""
    if study.reference.kind != "ladder":
        raise InputError(f"the reference of '{study.name}' is a family and has no losses; use a study of a ladder.")


def load_fit(path: str | Path, study: Study | None = None) -> Fit:
    """Read a fit.

    Parameters
    ----------
    path : str or Path
    study : Study, optional
        Refuse the fit unless it is of exactly this study.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the file is no fit, of another version of the format or the package, or of another study.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; make one with 'bayesdensity fit STUDY -o {path}'.")
    try:
        tree = xr.load_datatree(path, engine="h5netcdf")
        about = json.loads(tree.attrs["bayesdensity"])
        groups = {name: tree[name].to_dataset() for name in ("posterior", "sample_stats", "data")}
        groups["data"].attrs = json.loads(tree.attrs["data_attrs"])
        groups["data"] = with_harness_names(groups["data"])
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a fit that bayesdensity wrote, or cut short; fit the study again.") from error
    again, found = "fit the study again with this version.", about.pop("diagnostics", None)
    if about.pop("format", None) != FORMAT:
        raise InputError(f"{path}: written in another version of the file format; {again}")
    try:
        stored = Study.model_validate(about.pop("study"))
    except ValueError as error:
        raise InputError(f"{path}: its study is of another version of bayesdensity; {again}") from error
    if stored.digest != about["digest"]:
        raise InputError(f"{path}: its study is not the one it was fitted with ({about['digest']}); {again}")
    if study is not None and study.digest != stored.digest:
        raise InputError(
            f"{path}: is a fit of study '{stored.name}' with digest {stored.digest}, "
            f"not of '{study.name}' with digest {study.digest}; fit it again, or load it without naming a study."
        )
    fit = Fit(**groups, study=stored, about=about)
    if found is not None:  # what a property would find again, in seconds
        vars(fit)["diagnostics"] = Diagnostics(**{**found, "stuck_chains": tuple(found["stuck_chains"])})
    return fit


def _compile(study: Study, data: xr.Dataset, part: Part = "joint") -> tuple[Any, list[str]]:
    from bayesdensity.model.build import build_model, build_reference

    return compile_model(build_model(study, data) if part == "joint" else build_reference(study, data))


def share_code(one: Study, other: Study) -> bool:
    """Whether two studies have the same compiled model for data in the same places, such as other sizes."""
    same = all(getattr(one, part) == getattr(other, part) for part in ("law", "frontier", "priors", "reference"))
    # Of a ladder, and of a family at given tokens, sizes enter the compiled code; stages compile models of their own.
    reference = other.reference
    plain = reference.kind == "family" and reference.tokens is None and reference.inference == "joint"
    return same and plain and (one.llms.size == "inferred") == (other.llms.size == "inferred")


def _serves(prepared: Prepared, study: Study, data: xr.Dataset) -> bool:
    """Whether a compiled model is that of another study, given other values."""
    if not share_code(prepared.study, study):
        return False
    known = shared_names(prepared.compiled) | {"log_sparsity", "score_row"}
    if set(prepared.data.variables) != set(data.variables):
        return False
    fixed = [name for name in data.variables if name not in known]
    attrs = [{**part.attrs, "log_size_centre": 0.0} for part in (prepared.data, data)]
    return attrs[0] == attrs[1] and all(prepared.data[name].equals(data[name]) for name in fixed)


def _counts(selection: Selection, data: xr.Dataset) -> dict[str, Any]:
    return {
        "n_llms": data.sizes["llm"],
        "n_scores": data.sizes["score"],
        "n_runs": len(selection.runs),
        "n_left_out": len(selection.left_out),
    }


def _ignore(_: str) -> None:
    return None

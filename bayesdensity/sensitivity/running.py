"""Fit the variants of a study: planned, cached by digest, resumed, and weighted where weights will do."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from bayesdensity.base import engine
from bayesdensity.base.errors import BayesDensityError, InputError
from bayesdensity.base.importance import trustworthy
from bayesdensity.data.cells import cells_of, scores_of
from bayesdensity.data.masks import under_same_priors
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.inference.compiling import share_code
from bayesdensity.inference.drawing import sample
from bayesdensity.inference.preparing import Prepared, prepare
from bayesdensity.inference.result import Fit, load_fit
from bayesdensity.inference.sampling import versions
from bayesdensity.sensitivity.answers import Answer, answer_of, is_whole, rates_of, weighted_answer
from bayesdensity.sensitivity.grid import DEFAULT, Multiverse, Variant, with_prior
from bayesdensity.sensitivity.weights import differs_in_priors_only, prior_weights
from bayesdensity.study.spec import Study

SAMPLER: dict[str, Any] = {"chains": 4, "draws": 800, "tune": 400}
"""Of every variant."""
How = Literal["default", "known", "weights, else a fit", "compiled model", "fit", "impossible"]
INDEPENDENT = 1000
"""Draws of a fit that weights count on, at most: successive ones depend on each other."""
COMPILE, SAMPLE_EACH = 90.0, 0.03
"""Seconds of a core that compiling takes, and sampling for each score, about."""
LIFETIME = 12
"""Fits, about, after which a process is replaced: what it compiled stays in memory for good (numba issue 5976)."""
STAGED, LADDER = {"joint": 1.0, "plug-in": 2.0, "cut": 3.0}, 2.5
"""How much longer inference in stages and a ladder take."""
Progress = Callable[[str], None]


class Planned(NamedTuple):
    """What will be done about one variant."""

    variant: Variant
    how: How
    n_llms: int
    n_scores: int
    seconds: float
    """Of a core, about."""
    why: str = ""
    """It is impossible."""


@dataclass(frozen=True, eq=False)
class Bench:
    """Where variants are fitted and their answers kept.

    Attributes
    ----------
    folder : Path
        Holds ``default.nc``, the fit of the study itself, and ``results.jsonl``, a line for each other fit.
    tables : Tables
    seed : int
        Of every fit.
    executor : concurrent.futures.Executor, optional
        None: processes on this machine.
    workers : int, optional
        Of these; None: one for each core.
    """

    folder: Path
    tables: Tables
    seed: int = 1
    executor: Executor | None = None
    workers: int | None = None

    @property
    def results(self) -> Path:
        """File of the answers of fits."""
        return self.folder / "results.jsonl"

    @property
    def identity(self) -> dict[str, Any]:
        """What answers depend on beside their study."""
        about = {"tables_digest": self.tables.digest, "seed": self.seed, "sampler": SAMPLER, "versions": versions()}
        return {"what": "variants of studies", **about}

    def known(self) -> dict[str, Answer]:
        """Answers that are there, by key of their job."""
        rows = engine.finished(self.results, self.identity, is_whole)
        return {key: Answer.from_json(row) for key, row in rows.items()}

    def fit_of(self, study: Study, progress: Progress) -> Fit:
        """The fit of the study itself, which is kept."""
        path = self.folder / "default.nc"
        if path.exists():
            try:
                found = load_fit(path, study)
            except InputError:
                found = None
            if found is not None and self._same(found):
                return found
        progress("fitting the study itself")
        made = sample(_prepared(study, self.tables), seed=self.seed, **SAMPLER)
        made.save(path)
        return made

    def answers(
        self, jobs: Sequence[engine.Job], *, here: bool, progress: Progress, what: str
    ) -> tuple[dict[str, Answer], dict[str, str]]:
        """Answers of fits by key, and the errors of those that failed.

        Parameters
        ----------
        jobs : sequence of Job
            Of each the study, as JSON, and what is left out.
        here : bool
            In this process, which holds a compiled model that serves them.
        progress : callable
            Called with what is under way.
        what : str
            Names the jobs in the progress.

        Returns
        -------
        answers : dict of Answer
        failed : dict of str
        """
        here = here and self.executor is None
        shared = {"tables": self.tables, "seed": self.seed, "cores": None if here else 1}
        rows = engine.run(
            make_worker,
            shared,
            jobs,
            path=self.results,
            identity=self.identity,
            executor=engine.Here() if here else self.executor,
            workers=self.workers,
            lifetime=LIFETIME,
            progress=lambda done, count: progress(f"{what}: {done} of {count}") if count else None,
            whole=is_whole,
        )
        answers = {row["key"]: Answer.from_json(row) for row in rows if "error" not in row}
        return answers, {row["key"]: row["error"] for row in rows if "error" in row}

    def _same(self, fit: Fit) -> bool:
        about = fit.about
        sampler = {name: about["sampler"][name] for name in SAMPLER}
        own = {"tables_digest": about["tables_digest"], "seed": about["seed"], "sampler": sampler}
        return all(self.identity[name] == value for name, value in {**own, "versions": about["versions"]}.items())


_held: list[Prepared] = []
"""In each process: the model compiled last, which may serve the next study too."""


def _prepared(study: Study, tables: Tables) -> Prepared:
    prepared = prepare(study, tables, like=_held[-1] if _held else None)
    _held[:] = [prepared]
    return prepared


def make_worker(shared: dict[str, Any]) -> Callable[[engine.Job], dict[str, Any]]:
    """A function that fits the study of a job, or fits it without the scores that the job leaves out."""

    def do(job: engine.Job) -> dict[str, Any]:
        # What compiling leaves behind stays: looking through it for cycles would slow every later job.
        gc.collect()
        gc.freeze()
        study, left_out = Study.model_validate(job.values["study"]), job.values.get("without")
        prepared = _prepared(study, shared["tables"])
        data = None if left_out is None else without(prepared.data, *left_out)
        fit = sample(prepared, data, seed=shared["seed"], cores=shared["cores"], **SAMPLER)
        answer = answer_of(fit)
        if data is not None:
            answer.about["n_scores"] = int(data["score_keep"].sum())
        return answer.to_json()

    return do


def without(data: xr.Dataset, kind: str, name: str) -> xr.Dataset:
    """The data without the scores of one LLM, family or harness, under the same priors.

    Parameters
    ----------
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    kind : {"llm", "family", "harness"}
    name : str
        Of the LLM, family or harness.
    """
    return under_same_priors(data, ~belonging(data, kind, name))


def belonging(data: xr.Dataset, kind: str, name: str) -> np.ndarray:
    """Which scores are those of one LLM, family or harness.

    Scores of reference members belong to a harness only.

    Parameters
    ----------
    data : xarray.Dataset
        As `bayesdensity.data.join.assemble` makes it.
    kind : {"llm", "family", "harness"}
    name : str
        Of the LLM, family or harness.

    Returns
    -------
    ndarray of bool
        Dim ``score``.
    """
    if kind == "harness":
        return np.asarray((data["harness_name"].to_numpy() == name)[data["score_harness"].to_numpy()])
    labels = data["llm"] if kind == "llm" else data["family"][data["family_index"]]
    scores, known = scores_of(data), np.zeros(data.sizes["score"], dtype=bool)
    of_cell = (labels.to_numpy() == name)[cells_of(data).llm]
    known[scores.is_target] = of_cell[scores.cell[scores.is_target]]
    return known


def plan(universe: Multiverse, bench: Bench, variants: Iterable[Variant] | None = None) -> list[Planned]:
    """What has to be done for each variant, and how long it takes, about.

    Parameters
    ----------
    universe : Multiverse
    bench : Bench
        Where answers that are known lie.
    variants : iterable of Variant, optional
        None: those of the universe.
    """
    known = bench.known()
    return [
        _planned(variant, universe.study, bench.tables, variant.digest in known)
        for variant in (universe.variants if variants is None else variants)
    ]


def _planned(variant: Variant, own: Study, tables: Tables, known: bool) -> Planned:
    study = variant.study
    try:
        selection = select(study, tables)
    except BayesDensityError as error:
        return Planned(variant, "impossible", 0, 0, 0.0, str(error))
    n_llms, n_scores = len(selection.llms), len(selection.scores)
    seconds = COMPILE + SAMPLE_EACH * n_scores
    seconds *= (LADDER if study.reference.kind == "ladder" else 1.0) * STAGED[study.reference.inference]
    how: How = "fit"
    if variant.key == DEFAULT:
        how = "default"
    elif known:
        how, seconds = "known", 0.0
    elif differs_in_priors_only(own, study):
        how = "weights, else a fit"
    elif _differs_in_size_only(own, study) and share_code(own, study):
        how, seconds = "compiled model", seconds - COMPILE
    return Planned(variant, how, n_llms, n_scores, seconds)


def _differs_in_size_only(one: Study, other: Study) -> bool:
    return one.model_copy(update={"llms": one.llms.model_copy(update={"size": other.llms.size})}) == other


@dataclass(frozen=True, eq=False)
class Found:
    """Answers of the variants of a study.

    Attributes
    ----------
    answers : dict of Answer
        By key of the variant.
    failed : dict
        By key of a variant without an answer, why.
    """

    answers: dict[str, Answer]
    failed: dict[str, str]


def run(planned: Sequence[Planned], fit: Fit, bench: Bench, progress: Progress) -> Found:
    """Answer variants of the study of a fit.

    Parameters
    ----------
    planned : sequence of Planned
        As `plan` gives it.
    fit : Fit
        Of the study itself, as `Bench.fit_of` gives it.
    bench : Bench
    progress : callable
        Called with what is under way.

    Returns
    -------
    Found
    """
    answers = {DEFAULT: answer_of(fit)}
    failed = {row.variant.key: row.why for row in planned if row.how == "impossible"}
    cost = {row.variant.key: row.seconds for row in planned}
    todo = {"here": list[Variant](), "pool": list[Variant]()}
    draws = rates_of(fit)
    for row in planned:
        variant = row.variant
        if row.how == "weights, else a fit":
            log_weight, k = prior_weights(fit, variant.study)
            if trustworthy(k, min(INDEPENDENT, log_weight.size)):
                answer = weighted_answer(fit, draws, log_weight, k)
                answers[variant.key] = Answer(answer.rates, {**answer.about, "digest": variant.digest})
                continue
        if row.how not in ("default", "impossible"):
            todo["here" if row.how == "compiled model" else "pool"].append(variant)
    todo["pool"].sort(key=lambda one: -cost[one.key])  # nobody waits for a long one at the end
    for where, variants in todo.items():
        # A prior that is widened may be a variant of the grid too.
        studies = {one.digest: one.study.model_dump(mode="json") for one in variants}
        jobs = [engine.Job(digest, bench.seed, {"study": study}) for digest, study in studies.items()]
        got, errors = bench.answers(jobs, here=where == "here", progress=progress, what="variants")
        for one in variants:
            if one.digest in got:
                answers[one.key] = got[one.digest]
            else:
                failed[one.key] = errors[one.digest]
    order = [row.variant.key for row in planned]
    return Found({key: answers[key] for key in order if key in answers}, failed)


def widened(universe: Multiverse, fit: Fit) -> Mapping[str, tuple[str, float, Variant]]:
    """Variants in which one prior alone is wider or narrower, by key: its name, the factor and the variant."""
    from bayesdensity.checks.prior_sensitivity import log_priors

    found = {}
    for name in log_priors(fit):
        for factor in universe.grid.prior_widths:
            study = with_prior(universe.study, name, universe.study.priors[name].scaled(factor))
            key = f"prior {name} x {factor:g}"
            found[key] = (name, factor, Variant(key, universe.labels, study))
    return found

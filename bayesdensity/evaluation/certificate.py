"""What a committed table of results rests on, and whether it still does.

A certificate records the digests of study and tables, and a *witness* of the model: its log density, and what is asked
of a fit, at a few fixed points. A changed prior, formula or datum moves the witness, whether or not a study states it;
a reworded reason, faster code, or a label in the tables that the model does not read does not.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bayesdensity import laws
from bayesdensity.base.files import write_whole
from bayesdensity.data.join import assemble
from bayesdensity.data.offers import Offers, assemble_offers
from bayesdensity.data.runs import Runs, assemble_runs
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables
from bayesdensity.evaluation.marginal import log_predictive
from bayesdensity.inference.fixed_points import FixedPoints, at_fixed_points
from bayesdensity.inference.result import Fit
from bayesdensity.inference.sampling import versions
from bayesdensity.published.procedure import replicate
from bayesdensity.quantities import window
from bayesdensity.quantities.ahead import gained, log_size
from bayesdensity.quantities.estimate import times
from bayesdensity.quantities.releases import all_releases, best_score
from bayesdensity.simulate import WORLDS, asked, simulate_scores
from bayesdensity.simulate.truth import OF
from bayesdensity.study.law_spec import LawStudy
from bayesdensity.study.price_spec import PriceStudy
from bayesdensity.study.spec import Study

CERTIFICATE = "certificate.json"
"""Name of the file, in a folder of tables."""
TOLERANCE = 1e-8
"""Relative difference of a witness that rounding may make."""
FORECAST_SIZE = 9e9
"""Parameters that a release has at most whose score is witnessed."""
DIGITS = 12
"""Significant digits of a witness."""
ROOMS = ("laws", "model")
"""Where the model is stated."""
WORLD = "world "
"""What the name of a part begins with that is a world of `bayesdensity.simulate`."""
OF_THE_DATA = ("llms", "scores", "benchmarks", "reference")
"""Parts of a study that say which data it reads."""

Witness = dict[str, list[float]]


class Basis(NamedTuple):
    """What results rest on."""

    study: str
    digest: str
    tables_digest: str
    witness: Witness
    tables_date: str
    """When the last rows of the tables were added; what is added later makes results earlier, not wrong."""
    of_all_data: bool = True
    """Whether the witness reads all data: the digest of the tables then says where they are from, and no more."""


def study_basis(study: Study, tables: Tables, parts: Iterable[str] = ("quantities",)) -> Basis:
    """What results of a study rest on.

    Parameters
    ----------
    study : Study
    tables : Tables
    parts : iterable of str
        Keys of `PARTS`, or ``world NAME``: what is witnessed beside the density of the model.
    """
    witness = _witness(study, assemble(study, select(study, tables)), tables, parts)
    return Basis(study.name, study.digest, tables.digest, witness, tables.date)


def fit_basis(fit: Fit, parts: Iterable[str] = ("quantities",)) -> Basis:
    """What results of a fit rest on: those of its study, if model and tables are still those it was made with.

    The parts are those of `study_basis` but "published", which needs the tables.
    """
    witness = _witness(fit.study, fit.data, None, parts)
    return Basis(
        fit.study.name, fit.study.digest, fit.about["tables_digest"], witness, fit.about.get("tables_date", "")
    )


def variants_basis(variants: Mapping[str, Study], tables: Tables) -> Basis:
    """What results of several variants of a study rest on.

    All are in the digest; witnessed are the first, and those whose model has another structure than all before.

    Parameters
    ----------
    variants : mapping
        Studies by the key of the variant; the study itself first.
    tables : Tables
    """
    witness, structures = Witness(), set()
    for key, study in variants.items():
        reference, form = study.reference, study.frontier
        several, own_spread = len(reference.families) > 1, "" if form.spread.plain else form.dispersion
        structure = (reference.kind, several, form.form, form.one_sided, form.trend, own_spread)
        if structure not in structures:
            structures.add(structure)
            data = assemble(study, select(study, tables))
            witness[f"log density of {key}"] = _rises(_joint(study, data)[1])
    digest = digest_of("\n".join(f"{key} {study.digest}" for key, study in variants.items()))
    first, *others = variants.values()
    alike = all(getattr(one, part) == getattr(first, part) for one in others for part in OF_THE_DATA)
    return Basis(first.name, digest, tables.digest, _rounded(witness), tables.date, of_all_data=alike)


def price_basis(study: PriceStudy, offers: Offers, tables: Tables) -> Basis:
    """What results of prices rest on: the model at fixed points of the offers, and their number.

    Parameters
    ----------
    study : PriceStudy
    offers : Offers
    tables : Tables
        That the offers are from.
    """
    from bayesdensity.model.prices import build_prices

    data = assemble_offers(study, offers)
    points = at_fixed_points(build_prices(study, data))
    witness = {"log density": _rises(points), "offers": [float(data.sizes[name]) for name in ("llm", "offer")]}
    return Basis(f"prices at fixed {study.benchmark}", study.digest, "", _rounded(witness), tables.date)


def law_basis(study: LawStudy, runs: Runs) -> Basis:
    """What results of a loss law alone rest on."""
    from bayesdensity.model.build import build_law

    data = assemble_runs(study, runs)
    points = at_fixed_points(build_law(study, data))
    centre = {letter: data[f"centre_{letter}"] for letter in laws.VARIABLES}
    natural = laws.drawn_law(study.form, points.draws).natural(centre)
    witness = {"log density": _rises(points), **{name: _means(value) for name, value in natural.items()}}
    return Basis(f"{study.law} on {runs.name}", study.digest, runs.digest, _rounded(witness), "")


def certificate(
    basis: Basis,
    contents: Mapping[str, str],
    *,
    command: str,
    seed: int,
    asked_for: Mapping[str, Any],
) -> dict[str, Any]:
    """The record that goes with results.

    Parameters
    ----------
    basis : Basis
        What they rest on.
    contents : mapping
        Digest of each table, by name.
    command : str
        Line that makes them again.
    seed : int
        Of the sampler.
    asked_for : mapping
        Names from which the basis can be made again: the study, its parts.

    Returns
    -------
    dict
        JSON.
    """
    return {
        "command": command,
        "asked_for": dict(asked_for),
        **basis._asdict(),
        "contents": dict(contents),
        "source": source_digest(),
        "seed": seed,
        "versions": versions(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def stale(recorded: Mapping[str, Any], basis: Basis, contents: Mapping[str, str]) -> list[str]:
    """Why results are not those that their certificate is of; empty if they are.

    Parameters
    ----------
    recorded : mapping
        As `certificate` makes it.
    basis : Basis
        Of today.
    contents : mapping
        Digests of the tables as they lie there.
    """
    before: Mapping[str, list[float]] = recorded.get("witness", {})
    faults = [
        f"{what} digest {now}, the certificate is of {recorded.get(key)}"
        for what, key, now in (
            ("the study has", "digest", basis.digest),
            ("the tables have", "tables_digest", basis.tables_digest),
        )
        if recorded.get(key) != now and not (key == "tables_digest" and before and basis.of_all_data)
    ]
    moved = [name for name in {**basis.witness, **before} if not _same(before.get(name), basis.witness.get(name))]
    if moved:
        was, now = before.get(moved[0]), basis.witness.get(moved[0])
        faults.append(f"the model has moved, by {', '.join(moved)}: {moved[0]} was {was}, is {now}")
    certified = recorded.get("contents", {})
    changed = [name for name, digest in contents.items() if certified.get(name) != digest]
    return [*faults, *(f"{name} is not the one that was certified" for name in changed)]


def save_certificate(folder: Path, files: Iterable[Path], basis: Basis, **about: Any) -> Path:
    """Write the certificate of the tables of a folder beside them.

    Parameters
    ----------
    folder : Path
    files : iterable of Path
        The tables; figures need none.
    basis : Basis
    **about
        As for `certificate`.
    """
    contents = {path.name: file_digest(path) for path in files if path.suffix in (".csv", ".json")}
    text = json.dumps(certificate(basis, contents, **about), indent=1)
    return write_whole(folder / CERTIFICATE, (text + "\n").encode())


def save_certified(path: Path, results: Any, basis: Basis, **about: Any) -> Path:
    """Write results and their certificate as one JSON file.

    Parameters
    ----------
    path : Path
        File to write.
    results : Any
        What can be written as JSON.
    basis : Basis
        What they rest on.
    **about
        As for `certificate`.

    Returns
    -------
    Path
        The file written.
    """
    whole = {"certificate": certificate(basis, {"results": json_digest(results)}, **about), "results": results}
    return write_whole(path, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())


def file_digest(path: Path) -> str:
    """Digest of a file; line ends do not matter."""
    return digest_of(path.read_text(encoding="utf-8"))


def json_digest(results: Any) -> str:
    """Digest of what can be written as JSON."""
    return digest_of(json.dumps(results, sort_keys=True))


def digest_of(text: str) -> str:
    """First twelve hex digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def source_digest() -> str:
    """Digest of the source of the model, without comments, layout and docstrings.

    It says which code made a certificate; whether that is stale is for the witness.
    """
    home, texts = Path(__file__).parent.parent, []
    for path in sorted(path for room in ROOMS for path in (home / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        texts.append(f"{path.relative_to(home).as_posix()} {ast.dump(tree)}")
    return digest_of("\n".join(texts))


def _witness(study: Study, data: xr.Dataset, tables: Tables | None, parts: Iterable[str]) -> Witness:
    fit, points = _joint(study, data)
    witness = {"log density": _rises(points)}
    for part in parts:
        world = part.removeprefix(WORLD)
        witness |= _world(fit, world) if world != part else PARTS[part](fit, tables)
    return _rounded(witness)


def _joint(study: Study, data: xr.Dataset) -> tuple[Fit, FixedPoints]:
    """A fit whose draws are fixed points of the joint model as it is stated: how it is sampled does not matter."""
    from bayesdensity.model.build import build_model
    from bayesdensity.model.coordinates import Plain

    points = at_fixed_points(build_model(study, data, Plain()))
    return Fit(points.draws, xr.Dataset(), data, study, {"part": "joint"}), points


def _quantities(fit: Fit, _: Tables | None) -> Witness:
    """Rates and ends of the frontier, and the mean of the densities."""
    draws = asked(fit)
    densities = sum(values for name, values in draws.items() if name.startswith(OF)) / fit.data.sizes["llm"]
    return {name: _means(values) for name, values in draws.items() if not name.startswith(OF)} | {
        "mean ln density": _means(xr.DataArray(densities))
    }


def _world(fit: Fit, name: str) -> Witness:
    """Mean of the scores that are simulated in a world, LLMs published, and the true rates."""
    made = simulate_scores(fit, 0, 0, np.random.default_rng(1), WORLDS[name])
    rates = [value for what, value in made.truth.items() if what.startswith("rate")]
    return {f"{WORLD}{name}": [float(made.scores.mean()), float(made.published.sum()), *rates]}


def _published(fit: Fit, tables: Tables | None) -> Witness:
    """Rates of the published procedure, by window."""
    trends = replicate(fit.study, tables, replicates=2, seed=1).trends
    # Found by optimisation: further digits are not the procedure's.
    return {"rates of the published procedure": [float(f"{trend.records.rate:.6g}") for trend in trends]}


def _predictions(fit: Fit, _: Tables | None) -> Witness:
    """Log predictive density of the scores of an LLM, given those of its relatives."""
    each = log_predictive(fit, fit.data, np.ones(fit.data.sizes["llm"], dtype=bool))
    return {"log predictive density": _means(each)}


def _forecasts(fit: Fit, _: Tables | None) -> Witness:
    """Scores of the frontier and of the best release beyond the last release, by benchmark."""
    last, size = times(fit, [window(fit)[1]]).item(), log_size(fit, FORECAST_SIZE)
    witness = {}
    for place, name in enumerate(fit.data["benchmark"].to_numpy()):
        dates = np.array([last, last + 1.0])
        witness[f"gained on {name}"] = [float(x) for x in gained(fit, place, dates, "frontier")[0].ravel()]
        best = best_score(all_releases(fit, str(name), last + 1.0), size, dates)
        witness[f"best score on {name}"] = [float(x) for x in best.ravel()]
    return witness


PARTS: dict[str, Callable[[Fit, Tables | None], Witness]] = {
    "quantities": _quantities,
    "published": _published,
    "predictions": _predictions,
    "forecasts": _forecasts,
}


def _rises(points: FixedPoints) -> list[float]:
    """Log density less that of the first point: a constant is no part of a model."""
    return [float(value) for value in points.log_density[1:] - points.log_density[0]]


def _means(values: xr.DataArray) -> list[float]:
    """One number for each point."""
    return [float(value) for value in values.transpose("chain", "draw", ...).mean(list(values.dims[2:]))[0]]


def _rounded(witness: Witness) -> Witness:
    return {name: [float(f"{value:.{DIGITS}g}") for value in values] for name, values in witness.items()}


def _same(before: list[float] | None, now: list[float] | None) -> bool:
    if before is None or now is None or len(before) != len(now):
        return False
    return all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in zip(before, now, strict=True))

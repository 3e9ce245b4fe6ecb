"""Certified results of the docs: folders of tables with a `certificate.json`, and JSON files with a certificate inside.

`python docs/_ext/certificates.py` says which are stale, and the command that renews each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from results_text import declared_stale

from bayesdensity.cli import app
from bayesdensity.cli.common import parsed
from bayesdensity.data.offers import read_offers
from bayesdensity.data.runs import read_runs
from bayesdensity.data.tables import Tables, as_of, read_tables
from bayesdensity.evaluation.certificate import (
    CERTIFICATE,
    Basis,
    file_digest,
    json_digest,
    law_basis,
    price_basis,
    stale,
    study_basis,
    variants_basis,
)
from bayesdensity.sensitivity.grid import load_grid, multiverse
from bayesdensity.study.law_spec import law_study
from bayesdensity.study.load import load_study
from bayesdensity.study.price_spec import price_study

ROOT = Path(__file__).parents[2]
VALIDATION, RESULTS = ROOT / "docs" / "validation", ROOT / "docs" / "results"


def certified() -> list[Path]:
    """Every folder of tables, and every file of results."""
    folders = sorted(path for path in VALIDATION.iterdir() if path.is_dir())
    return [*folders, *sorted(RESULTS.glob("*.json"))]


def faults(path: Path, tables: Callable[[str | None], Tables]) -> list[str]:
    """Why results are stale, and last how to renew them; empty if they are not.

    Parameters
    ----------
    path : Path
        As `certified` lists it.
    tables : callable
        Reads the tables of a folder, or the bundled ones for None.
    """
    recorded, contents = record(path)
    if "asked_for" not in recorded:
        return [f"{path.name} has no certificate"]
    found = stale(
        recorded, _basis(json.dumps(recorded["asked_for"]), recorded.get("tables_date", ""), tables), contents
    )
    return [*found, f"renew it: {renewal(path, recorded, contents)}"] if found else []


@cache
def _basis(asked_for: str, date: str, tables: Callable[[str | None], Tables]) -> Basis:
    """Several files rest on the same."""
    return basis_again(json.loads(asked_for), date, tables)


def record(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The certificate of results, and the digests of their tables as they lie there."""
    if path.is_dir():
        file = path / CERTIFICATE
        recorded = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        tables = sorted(one for one in path.iterdir() if one.name != CERTIFICATE)
        return recorded, {one.name: file_digest(one) for one in tables}
    whole = json.loads(path.read_text(encoding="utf-8"))
    return whole.get("certificate", {}), {"results": json_digest(whole["results"])}


def renewal(path: Path, recorded: Mapping[str, Any], contents: Mapping[str, str]) -> str:
    """The command that makes results again, and what to copy where."""
    command, to = str(recorded["command"]), path.relative_to(ROOT).as_posix()
    if not path.is_dir():
        return command
    made = command.rpartition(" -o ")[2]
    return f"{command} && cp {made}/{{{','.join([CERTIFICATE, *contents])}}} {to}/"


def basis_again(asked_for: Mapping[str, Any], date: str | None, tables: Callable[[str | None], Tables]) -> Basis:
    """What results rest on by the code of today, from what their certificate says was asked for, and of which tables.

    LLMs and scores that were added to the tables after the date are left out, if there is one: results are of it.
    """
    asked, data = dict(asked_for), asked_for.get("--data")
    known = tables(str(ROOT / data) if data else None)
    known = known if date is None else as_of(known, date)
    if "prices" in asked:
        levels, reference = asked["--level"], asked["--reference"]
        chosen = price_study(asked["prices"], levels and tuple(levels), reference and reference[0])
        return price_basis(chosen, read_offers(known, asked["prices"]), known)
    if "suite" in asked:
        picked = {"benchmarks": asked["--benchmark"], "hold_out": asked["--hold-out"] or ()}
        runs = read_runs(asked["suite"], known, **picked, exclude=asked["--exclude"] or ())
        names = {"noise": "--noise", "noise_df": "--noise-df", "pool": "--pool", "slow": "--slow"}
        given = {name: asked[option] for name, option in names.items()}
        given["map_from"] = None if asked["--map-from"] == "none" else asked["--map-from"]
        return law_basis(law_study(asked["--law"], parsed(asked["--set"]), **given), runs)
    if "forms" in asked:
        settings_of = {str(one): [one] if isinstance(one, str) else one for one in asked["forms"]}
        forms = {name: load_study(asked["study"], parsed(settings)) for name, settings in settings_of.items()}
        return variants_basis(forms, known)
    settings = parsed(asked.get("--set"))
    file = ROOT / asked["study"]
    study = load_study(file if file.suffix == ".toml" else asked["study"], settings)
    if "--grid" in asked:
        grid = load_grid(asked["--grid"], asked["--axis"] or (), parsed(asked["--vary"]))
        variants = multiverse(study, grid, settings, asked["--design"]).variants
        return variants_basis({one.key: one.study for one in variants}, known)
    return study_basis(study, known, asked["parts"])


def law_asked_for(arguments: Sequence[str]) -> dict[str, Any]:
    """What `bayesdensity law` is asked for by arguments, options that are not given at their defaults."""
    _, bound, _ = app.parse_args(["law", *arguments], exit_on_error=False)
    bound.apply_defaults()
    given = bound.arguments
    names = ("law", "noise", "noise_df", "pool", "slow", "map_from", "benchmark", "hold_out", "exclude")
    options = {f"--{name.replace('_', '-')}": given[name] for name in names}
    return {"suite": given["suite"], **options, "--set": given["settings"], "--data": None}


def main() -> int:
    """Say what is stale."""
    found, known = {path: faults(path, read_tables) for path in certified()}, declared_stale()
    for path, said in found.items():
        state = (
            "as certified" if not said else f"stale, as declared: {known[path.stem]}" if path.stem in known else "stale"
        )
        print("\n  ".join([f"{path.relative_to(ROOT).as_posix()}: {state}", *said]))
    return 1 if any(bool(said) != (path.stem in known) for path, said in found.items()) else 0


if __name__ == "__main__":
    sys.exit(main())

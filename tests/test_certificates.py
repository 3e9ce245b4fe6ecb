"""Every committed table of results is certified, and its certificate notices what it rests on and nothing else.

Where the first test fails, it ends in the command that renews the results.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bayesdensity import laws
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.evaluation.certificate import (
    CERTIFICATE,
    Basis,
    certificate,
    json_digest,
    save_certificate,
    save_certified,
    stale,
    study_basis,
    variants_basis,
)
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study

ROOT = Path(__file__).parent.parent


sys.path.insert(0, str(ROOT / "docs" / "_ext"))
docs = importlib.import_module("certificates")
bundled = cache(read_tables)


@pytest.mark.parametrize("path", docs.certified(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_committed_results_are_those_of_the_shipped_study_tables_and_model(path: Path) -> None:
    faults, known = docs.faults(path, bundled), docs.declared_stale()
    if path.stem in known:
        assert faults, f"{path.name} was renewed: take it out of docs/validation/stale.toml"
    else:
        assert not faults, "\n".join(faults)


def test_what_is_declared_stale_is_shown_so_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    for name, why in docs.declared_stale().items():
        assert f"<!-- table: stale {name} -->" in pages and why in pages


def test_every_table_of_the_docs_is_certified() -> None:
    folders = {path for path in docs.certified() if path.is_dir()}
    tables = {path for path in (ROOT / "docs").rglob("*.csv") if "_build" not in path.parts}
    assert tables and {path.parent for path in tables} <= folders


# What a certificate notices


ASKED: dict[str, Any] = {"command": "bayesdensity fit small", "seed": 1, "asked_for": {"study": "small"}}
CONTENTS = {"results": json_digest([1.5])}


@pytest.fixture(scope="module")
def recorded(world_study: Study, world_tables: Tables) -> dict[str, Any]:
    """A certificate of the small world, as it is read back."""
    made: dict[str, Any] = json.loads(
        json.dumps(certificate(study_basis(world_study, world_tables), CONTENTS, **ASKED))
    )
    return made


def basis_with(truth: Any, tables: Tables, change: dict[str, Any]) -> Basis:
    return study_basis(load_study(truth.study, change), tables)


def test_nothing_is_stale_where_nothing_changed(
    recorded: dict[str, Any], world_study: Study, world_tables: Tables
) -> None:
    assert stale(recorded, study_basis(world_study, world_tables), CONTENTS) == []


def test_another_prior_interval_moves_the_witness(recorded: dict[str, Any], truth: Any, world_tables: Tables) -> None:
    basis = basis_with(truth, world_tables, {"priors.rate.interval": [-1.0, 4.01]})
    faults = stale(recorded, basis, CONTENTS)
    assert any("the study has digest" in fault for fault in faults)
    assert any("the model has moved, by log density" in fault for fault in faults)


def test_a_reworded_reason_leaves_the_witness_where_it_was(
    recorded: dict[str, Any], truth: Any, world_tables: Tables
) -> None:
    basis = basis_with(truth, world_tables, {"priors.rate.why": "for another reason"})
    assert basis.witness == recorded["witness"]


def test_a_constant_of_the_code_that_no_study_states_moves_the_witness(
    recorded: dict[str, Any], world_study: Study, world_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prior of the centre of loss-only suites was changed after a calibration, and no digest told."""
    monkeypatch.setattr(laws, "CENTRE_SD", 0.1)
    basis = study_basis(world_study, world_tables)
    assert basis.digest == recorded["digest"]
    (fault,) = stale(recorded, basis, CONTENTS)
    assert fault.startswith("the model has moved, by log density: log density was")


def test_another_formula_of_a_quantity_moves_the_witness(
    recorded: dict[str, Any], world_study: Study, world_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesdensity.quantities import growth

    excess = growth.excess
    monkeypatch.setattr(growth, "excess", lambda *given: 1.000001 * excess(*given))
    (fault,) = stale(recorded, study_basis(world_study, world_tables), CONTENTS)
    assert fault.startswith("the model has moved, by ") and "rate of the frontier" in fault
    assert "log density" not in fault


def test_another_score_in_the_tables_is_noticed(recorded: dict[str, Any], truth: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(truth.folder, tmp_path / "tables")
    lines = (folder / "scores.csv").read_text(encoding="utf-8").splitlines()
    row = lines[-1].split(",")
    at = lines[0].split(",").index("score")
    row[at] = f"{float(row[at]) * 0.999:.6f}"
    (folder / "scores.csv").write_text("\n".join([*lines[:-1], ",".join(row)]) + "\n", encoding="utf-8")
    (fault,) = stale(recorded, basis_with(truth, read_tables(folder), {}), CONTENTS)
    assert fault.startswith("the model has moved, by log density")


def test_a_label_that_moves_no_number_is_none_of_its_business(
    recorded: dict[str, Any], truth: Any, world_tables: Tables, tmp_path: Path
) -> None:
    """Where the witness reads all data; of the data of most variants a certificate has the digest alone."""
    folder = shutil.copytree(truth.folder, tmp_path / "tables")
    table = pd.read_csv(folder / "llms.csv")
    table.assign(organization="Another Lab").to_csv(folder / "llms.csv", index=False)
    tables = read_tables(folder)
    assert tables.digest != world_tables.digest
    assert stale(recorded, basis_with(truth, tables, {}), CONTENTS) == []
    variants = {"default": load_study(truth.study), "active": load_study(truth.study, {"llms.size": "active"})}
    of_some = certificate(variants_basis(variants, world_tables), CONTENTS, **ASKED)
    (fault,) = stale(of_some, variants_basis(variants, tables), CONTENTS)
    assert fault.startswith("the tables have digest")


def test_an_edited_number_is_noticed_and_the_command_named(
    world_study: Study, world_tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    basis = study_basis(world_study, world_tables, ())
    monkeypatch.setattr(docs, "_basis", lambda *_: basis)
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    folder = tmp_path / "calibration"
    folder.mkdir()
    table = folder / "rates.csv"
    table.write_text("rate,covered\nfrontier,0.91\n", encoding="utf-8")
    about = {**ASKED, "command": "bayesdensity calibrate small -o made"}
    assert save_certificate(folder, [table], basis, **about) == folder / CERTIFICATE
    file = save_certified(tmp_path / "results.json", {"covered": 0.91}, basis, **ASKED)
    assert docs.faults(folder, bundled) == docs.faults(file, bundled) == []
    for path in (table, file):
        path.write_text(path.read_text(encoding="utf-8").replace("0.91", "0.92"), encoding="utf-8")
    changed, renew = docs.faults(folder, bundled)
    assert changed == "rates.csv is not the one that was certified"
    assert renew == f"renew it: {about['command']} && cp made/{{certificate.json,rates.csv}} calibration/"
    assert docs.faults(file, bundled)[-1] == f"renew it: {ASKED['command']}"


def test_results_without_a_certificate_are_stale(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(json.dumps({"certificate": {}, "results": {}}), encoding="utf-8")
    assert docs.faults(path, bundled) == ["rates.json has no certificate"]


def test_variants_are_certified_by_all_digests_and_the_density_of_each_structure(
    truth: Any, world_study: Study, world_tables: Tables
) -> None:
    changes = {"steady": {"frontier.trend": "linear"}, "wide": {"priors.rate.interval": [-4.0, 8.0]}}
    variants = {"default": world_study, **{key: load_study(truth.study, change) for key, change in changes.items()}}
    basis = variants_basis(variants, world_tables)
    assert list(basis.witness) == ["log density of default", "log density of steady"]
    fewer = variants_basis({"default": world_study, "steady": variants["steady"]}, world_tables)
    assert fewer.digest != basis.digest and fewer.witness == basis.witness

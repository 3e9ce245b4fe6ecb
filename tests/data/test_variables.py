"""The table of the joined dataset describes a real one, and names who really reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import bayesdensity
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import read_tables
from bayesdensity.data.variables import ATTRS, DIMS, VARIABLES
from bayesdensity.study.load import load_study

PACKAGE = Path(bayesdensity.__file__).parent
STUDIES: dict[str, tuple[str, dict[str, Any]]] = {
    "family": ("densing-law", {}),
    "family at other tokens": ("densing-law", {"reference.tokens": 3e12}),
    "ladder": ("olmo-ladder", {}),
    "covariates": ("densing-law", {"covariates": ["tokens", "benchmark-age", "compression"]}),
}


@pytest.fixture(scope="module", params=STUDIES)
def real(request: pytest.FixtureRequest) -> xr.Dataset:
    name, change = STUDIES[request.param]
    study = load_study(name, change)
    return assemble(study, select(study, read_tables()))


def test_every_variable_of_a_real_dataset_is_in_the_table_with_its_dims(real: xr.Dataset) -> None:
    assert {name: variable.dims for name, variable in real.variables.items()} == {
        str(name): VARIABLES[str(name)].dims for name in real.variables
    }
    assert set(real.attrs) == set(ATTRS) and set(real.sizes) <= set(DIMS)


def test_the_table_has_nothing_that_no_dataset_has() -> None:
    every = set[str]()
    for name, change in STUDIES.values():
        study = load_study(name, change)
        every |= {str(variable) for variable in assemble(study, select(study, read_tables())).variables}
    assert every == set(VARIABLES)


@pytest.mark.parametrize("name", [name for name, one in VARIABLES.items() if "." in one.readers.split(", ")[0]])
def test_the_module_named_first_reads_the_variable(name: str) -> None:
    module = VARIABLES[name].readers.split(", ")[0]
    text = (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    kind, _, part = name.partition("_")
    # A name may be put together of a kind and a part, as in f"cell_{part}".
    pieces = (f'"{part}"', "PSEUDO", f'f"{kind}_{{', f'f"{kind}_log_{{')
    assert f'"{name}"' in text or any(piece in text for piece in pieces)

"""Covariates as the model sees them, and what is said of those that cannot be told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from simulated import Truth, described
from small_tables import BENCHMARKS, LLMS, SCORES

from bayesdensity.base.errors import BayesDensityError, InputError, UnidentifiedError
from bayesdensity.data.covariates import doubts, size_as_covariate, told_apart
from bayesdensity.data.join import assemble
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.study.load import load_study

NORMAL = {"shape": "normal", "interval": [-1, 1], "why": "to test"}
WORDS: dict[str, Any] = {"llms.stage": ["base", "instruct", "reasoning"]}


def joined(truth: Truth, tables: Tables, covariates: Any, more: dict[str, Any] | None = None) -> xr.Dataset:
    study = load_study(truth.study, {"covariates": covariates, **WORDS, **(more or {})})
    return assemble(study, select(study, tables))


@pytest.fixture(scope="module")
def tables(world_tables: Tables) -> Tables:
    return described(world_tables)


def test_numbers_are_counted_from_the_mean_of_those_known(truth: Truth, tables: Tables) -> None:
    data = joined(truth, tables, ["tokens"], {"covariates.tokens.centre": 20})
    llms = tables.llms.set_index("llm").loc[data["llm"].to_numpy()]
    log = np.log(llms["train_tokens"] / llms["params_total"]).to_numpy()
    assert 0 < np.isnan(log).sum() < len(log)
    np.testing.assert_allclose(data["covariate_value"][:, 0], log - np.nanmean(log), rtol=1e-12)
    assert float(data["covariate_mean"][0]) == pytest.approx(np.nanmean(log))
    assert float(data["covariate_offset"][0]) == pytest.approx(np.log(20) - np.nanmean(log))


def test_words_are_columns_against_the_one_in_the_centre(truth: Truth, tables: Tables) -> None:
    data = joined(truth, tables, ["stage"], {"covariates.stage.centre": "instruct"})
    assert data["covariate"].to_numpy().tolist() == ["stage: base", "stage: reasoning"]
    assert data["covariate_against"].to_numpy().tolist() == ["instruct", "instruct"]
    stage = tables.llms.set_index("llm")["stage"].loc[data["llm"].to_numpy()].to_numpy()
    for k, word in enumerate(("base", "reasoning")):
        share = (stage == word).mean()
        np.testing.assert_allclose(data["covariate_value"][:, k], (stage == word) - share, rtol=1e-12)
        assert float(data["covariate_offset"][k]) == pytest.approx(-share)  # at the centre there is neither


def test_the_most_common_word_is_the_centre_where_none_is_stated(truth: Truth, tables: Tables) -> None:
    of = {"stage": {"of": "stage", "effect": NORMAL}}
    data = joined(truth, tables, of)
    llms = tables.llms.set_index("llm").loc[data["llm"].to_numpy()]
    assert set(data["covariate_against"].to_numpy()) == {llms["stage"].mode()[0]}


def test_benchmarks_have_ages_in_cells(truth: Truth, tables: Tables) -> None:
    data = joined(truth, tables, ["benchmark-age"])
    assert not data["covariate_value"].any()
    n, published = data.attrs["n_target_cells"], tables.benchmarks.set_index("benchmark")["published"]
    released = pd.to_datetime(data["release_date"].to_numpy()[data["cell_entity"].to_numpy()[:n]])
    of = published.loc[data["benchmark"].to_numpy()[data["cell_benchmark"].to_numpy()[:n]]].to_numpy()
    age = np.log1p(np.maximum((released - of).days.to_numpy() / 365.25, 0))
    np.testing.assert_allclose(data["covariate_in_cell"][:n, 0], age - age.mean(), atol=1e-12)
    assert not data["covariate_in_cell"][n:].any()
    back = data["benchmark_published"] + data.attrs["time_centre"]
    first = (published.loc[data["benchmark"].to_numpy()] - pd.Timestamp("2000-01-01")).dt.days / 365.25
    np.testing.assert_allclose(back, first, rtol=1e-12)


def test_a_study_of_one_benchmark_has_no_departures_between_benchmarks(truth: Truth, tables: Tables) -> None:
    several = joined(truth, tables, ["stage"])
    assert several["covariate_departs"].all() and several["covariate_grows"].all()
    alone = joined(truth, tables, ["stage"], {"benchmarks": ["Reading"]})
    assert not alone["covariate_departs"].any() and alone["covariate_grows"].all()


def test_a_study_without_covariates_has_none_of_their_variables(truth: Truth, world_tables: Tables) -> None:
    data = joined(truth, world_tables, [])
    assert not [name for name in data.variables if str(name).startswith("covariate") or name == "benchmark_published"]


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("teachers", ["0", "2", "", "1", "3", "4"], [1.0, 4.0, 3.0]),
        ("data", ["web", "web", "books", "web", "books", "web"], [0.0, 1.0, 1.0]),
    ],
)
def test_further_columns_of_own_tables_are_covariates(
    tmp_path: Path, column: str, values: list[str], found: list[float]
) -> None:
    """Of numbers, one of which is not known, and of words."""
    header, *rows = LLMS.splitlines()
    lines = [f"{header},{column}", *(f"{row},{value}" for row, value in zip(rows, values, strict=True))]
    (tmp_path / "llms.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "scores.csv").write_text(SCORES)
    (tmp_path / "benchmarks.csv").write_text(BENCHMARKS)
    changes = {
        "benchmarks": ["MMLU", "BBH"],
        "reference.family": "Ref",
        "reference.loss_suites": [],
        "llms.min_benchmarks": 1,
        "covariates": {"own": {"of": column, "centre": None, "effect": NORMAL}},
    }
    study = load_study("densing-law", changes)
    data = assemble(study, select(study, read_tables(tmp_path)))
    whole = data["covariate_value"] + data["covariate_mean"]
    at = [data["llm"].to_numpy().tolist().index(name) for name in ("a-7B", "b-7B", "Ref-MoE")]
    by_name = dict(zip([row.split(",")[0] for row in rows], values, strict=True))
    if column == "teachers":
        wanted = [float(by_name[name] or "nan") for name in ("a-7B", "b-7B", "Ref-MoE")]
        np.testing.assert_allclose(whole[at, 0], wanted)
    else:
        word = data["covariate"].item().removeprefix("own: ")
        np.testing.assert_allclose(whole[at, 0], [by_name[n] == word for n in ("a-7B", "b-7B", "Ref-MoE")])
    assert len(found) == 3


REFUSED: dict[str, tuple[Any, type[BayesDensityError], str]] = {
    "no such column": (
        {"x": {"of": "teacher", "effect": NORMAL}},
        InputError,
        r"llms.csv: there is no column 'teacher'",
    ),
    "all alike": ({"x": {"of": "domain", "effect": NORMAL}}, UnidentifiedError, "all LLMs have general in 'domain'"),
    "alike numbers": ({"x": {"of": "sparsity", "effect": NORMAL}}, UnidentifiedError, "nothing tells what it does"),
    "no such centre": (
        {"x": {"of": "stage", "centre": "chat", "effect": NORMAL}},
        InputError,
        "its centre is none of the LLMs'.*chat",
    ),
    "word for a number": (
        {"x": {"of": "params_total", "centre": "large", "effect": NORMAL}},
        InputError,
        "'params_total' holds numbers; its centre is no 'large'",
    ),
    "empty words": ({"x": {"of": "organization", "effect": NORMAL}}, BayesDensityError, "organization"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_covariate_is_refused(truth: Truth, tables: Tables, case: str) -> None:
    covariates, error, said = REFUSED[case]
    with pytest.raises(error, match=said):
        joined(truth, tables, covariates)


def test_tokens_of_nobody_and_benchmarks_of_no_date_are_refused(truth: Truth, world_tables: Tables) -> None:
    nobody = replace(world_tables, llms=world_tables.llms.assign(train_tokens=np.nan))
    with pytest.raises(UnidentifiedError, match="known of no LLM"):
        joined(truth, nobody, ["tokens"])
    with pytest.raises(InputError, match=r"without the day in 'published'"):
        joined(truth, world_tables, ["benchmark-age"])


def test_what_goes_with_the_date_is_said(truth: Truth, tables: Tables) -> None:
    days = (tables.llms["release_date"] - tables.llms["release_date"].min()).dt.days
    dated = replace(tables, llms=tables.llms.assign(train_tokens=1e12 * np.exp(days / 365)))
    covariates = {"data": {"of": "log_train_tokens", "effect": NORMAL}}
    data = joined(truth, dated, covariates)
    assert told_apart(data).at["data", "with_date"] > 0.999
    assert any("'data' goes with the date" in doubt for doubt in doubts(data))
    assert not doubts(joined(truth, tables, ["tokens", "size"]))


def test_what_goes_with_the_others_or_with_families_is_said(truth: Truth, tables: Tables) -> None:
    same = {"a": {"of": "log_size", "effect": NORMAL}, "b": {"of": "params_total", "effect": NORMAL}}
    twice = replace(tables, llms=tables.llms.assign(params_total=7e9 + 1e6 * np.arange(len(tables.llms)) % 3e8))
    assert any("with the date and the other covariates" in doubt for doubt in doubts(joined(truth, twice, same)))
    codes = tables.llms["family"].astype("category").cat.codes % 3
    by_family = replace(tables, llms=tables.llms.assign(lineage=[f"l{code}" for code in codes]))
    data = joined(truth, by_family, {"lineage": {"of": "lineage", "effect": NORMAL}})
    assert told_apart(data)["within_families"].max() == pytest.approx(0, abs=1e-9)
    assert any("the same within families" in doubt for doubt in doubts(data))


def test_explained_shares_are_those_of_least_squares(truth: Truth, tables: Tables) -> None:
    data = joined(truth, tables, ["tokens", "size"])
    y, time, size = (data[name].to_numpy() for name in ("covariate_value", "time", "log_size"))
    known = np.isfinite(y[:, 0])
    design = np.column_stack([np.ones(known.sum()), time[known], time[known] ** 2, size[known]])
    rest = y[known, 0] - design @ np.linalg.lstsq(design, y[known, 0])[0]
    share = 1 - rest.var() / y[known, 0].var()
    assert told_apart(data).at["tokens", "with_rest"] == pytest.approx(share)
    assert told_apart(data).at["tokens", "unknown"] == (~known).sum()


def test_fits_of_former_versions_knew_size_alone(truth: Truth, tables: Tables) -> None:
    now = joined(truth, tables, ["size"])
    former = now.drop_vars([name for name in now.variables if str(name).startswith("covariate")])
    again = size_as_covariate(former)
    for name in now.variables:
        xr.testing.assert_identical(again[name].drop_attrs(), now[name].drop_attrs())
    draws = xr.Dataset(
        {"size_effect": (("chain", "draw"), np.ones((2, 3))), "rate": (("chain", "draw"), np.ones((2, 3)))}
    )
    drawn = size_as_covariate(draws)
    assert drawn["covariate_effect"].dims == ("chain", "draw", "covariate") and "size_effect" not in drawn

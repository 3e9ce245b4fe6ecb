"""Tables of a world are read as anybody's and give the same dataset; nothing is overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from equations import simulated
from rows import of_targets

from bayesdensity.base.errors import InputError
from bayesdensity.data.join import assemble
from bayesdensity.data.masks import with_scores
from bayesdensity.data.selection import select
from bayesdensity.data.tables import Tables, read_tables
from bayesdensity.inference.result import Fit
from bayesdensity.simulate import Simulated, simulated_tables, write_simulation
from bayesdensity.study.load import load_study, study_names
from bayesdensity.study.spec import Study


def written(folder: Path, tables: Tables, data: xr.Dataset, made: Simulated) -> Tables:
    """The tables of a world, written and read as anybody's; nothing is borrowed from the bundled ones."""
    write_simulation(folder, simulated_tables(tables, data, made), {"quantities": made.truth})
    return read_tables(folder, fill_from_bundled=False)


def test_tables_of_a_world_give_the_same_dataset(
    world_fit: Fit, world_tables: Tables, world_study: Study, tmp_path: Path
) -> None:
    made = simulated(world_fit, 1)
    tables = written(tmp_path / "world", world_tables, world_fit.data, made)
    again = assemble(world_study, select(world_study, tables))
    wanted = with_scores(world_fit.data, made.scores)
    rows = ["score_row"]  # lines of a file, which are others where something was left out
    xr.testing.assert_allclose(again.drop_vars(rows), wanted.drop_vars(rows), rtol=1e-9, atol=1e-9)
    for name in ("llm", "cell", "harness", "family", "architecture", "release_date"):
        np.testing.assert_array_equal(again[name], wanted[name])
    assert again.attrs == wanted.attrs
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == [
        "benchmarks.csv",
        "llms.csv",
        "reference_runs.csv",
        "scores.csv",
        "truth.json",
    ]
    assert json.loads((tmp_path / "world" / "truth.json").read_text())["quantities"] == made.truth


def test_tables_of_a_world_tell_what_is_simulated(world_fit: Fit, world_tables: Tables) -> None:
    """And they keep what the key of a row is made of: flags, and the sources of the real scores."""
    scores = world_tables.scores.assign(source="a paper", flag="subset", note="checked")
    scores.loc[scores["benchmark"] == "Sums", "source"] = ""
    made = simulated(world_fit, 1)
    found = simulated_tables(replace(world_tables, scores=scores), world_fit.data, made)["scores"]
    is_member, is_sums = found["llm"].str.startswith("Yardstick"), found["benchmark"] == "Sums"
    sources = {
        (True, False): "a paper",
        (True, True): "",
        (False, False): "simulated; a paper",
        (False, True): "simulated",
    }
    for (member, sums), source in sources.items():
        assert set(found.loc[(is_member == member) & (is_sums == sums), "source"]) == {source}
    assert set(found.loc[is_member, "note"]) == {"checked"} and set(found.loc[~is_member, "note"]) == {""}
    assert set(found["flag"]) == {"subset"}
    assert set(scores["source"]) == {"a paper", ""}  # the tables themselves are not written to


def test_tables_of_a_world_hold_only_what_the_study_uses(world_fit: Fit, world_tables: Tables, tmp_path: Path) -> None:
    unused = world_tables.llms.iloc[[0]].assign(llm="unused-7B", family="unused")
    llms = pd.concat([world_tables.llms, unused.set_axis([999])])
    more = world_tables.scores.iloc[[0]].assign(llm="unused-7B").set_axis([9999])
    tables = replace(world_tables, llms=llms, scores=pd.concat([world_tables.scores, more]))
    found = written(tmp_path / "world", tables, world_fit.data, simulated(world_fit, 1))
    assert len(found.llms) == len(world_tables.llms) and "unused-7B" not in set(found.llms["llm"])
    assert "unused-7B" not in set(found.scores["llm"])
    pd.testing.assert_frame_equal(found.reference_runs, world_tables.reference_runs)
    pd.testing.assert_frame_equal(found.benchmarks, world_tables.benchmarks)


@pytest.mark.parametrize("name", study_names())
def test_every_shipped_study_reads_its_own_worlds(name: str, tmp_path: Path) -> None:
    """Rows that only a flag or a source tells apart stay apart, and exclusions stay valid."""
    study, tables = load_study(name, {"scores.collapse_equal": False}), read_tables()
    data = assemble(study, select(study, tables))
    own, llms = of_targets(data), data.sizes["llm"]
    scores = np.where(own, np.random.default_rng(1).uniform(0.35, 0.9, len(own)), data["score_value"])
    made = Simulated(scores, np.ones(llms, dtype=bool), np.zeros(llms), {})
    again = assemble(study, select(study, written(tmp_path / name, tables, data, made)))
    wanted = with_scores(data, scores)
    xr.testing.assert_allclose(again.drop_vars("score_row"), wanted.drop_vars("score_row"), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(again["cell"], data["cell"])
    np.testing.assert_array_equal(again["harness"], data["harness"])


def test_of_llms_that_are_not_published_nothing_is_written(
    world_fit: Fit, world_tables: Tables, world_study: Study, tmp_path: Path
) -> None:
    made = simulated(world_fit, 1, "records")
    tables = written(tmp_path / "world", world_tables, world_fit.data, made)
    names = world_fit.data["llm"].to_numpy()
    hidden = set(names[~made.published])
    assert 0 < len(hidden) < len(names)
    assert not hidden & (set(tables.llms["llm"]) | set(tables.scores["llm"]))
    again = assemble(world_study, select(world_study, tables))
    assert set(again["llm"].to_numpy()) == set(names) - hidden
    np.testing.assert_array_equal(again["reference"], world_fit.data["reference"])
    data = world_fit.data
    known = made.published[data["cell_entity"].to_numpy()[data["score_cell"].to_numpy()[of_targets(data)]]]
    np.testing.assert_allclose(again["score_value"][of_targets(again)], made.scores[of_targets(data)][known], atol=1e-9)


FRAMES = {name: pd.DataFrame({"llm": ["a"]}) for name in ("llms", "scores")}


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    taken, file = tmp_path / "taken", tmp_path / "file"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    file.write_text("mine")
    for path in (taken, file):
        with pytest.raises(InputError, match="is there already; name a new folder"):
            write_simulation(path, FRAMES, {})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "notes.txt", "taken"]
    assert (taken / "notes.txt").read_text() == file.read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    files = write_simulation(tmp_path / "world", FRAMES, {"seed": 1})
    assert [file.name for file in files] == ["llms.csv", "scores.csv", "truth.json"]
    assert all(file.parent == tmp_path / "world" and file.is_file() for file in files)


@pytest.mark.parametrize("at", ["llms", "scores", "truth"])
def test_a_world_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def full(write: Callable[..., Any]) -> Callable[..., Any]:
        def until(*arguments: Any, **options: Any) -> Any:
            if any(isinstance(one, Path) and one.stem == at for one in arguments):
                raise OSError(28, "No space left on device")
            return write(*arguments, **options)

        return until

    monkeypatch.setattr(pd.DataFrame, "to_csv", full(pd.DataFrame.to_csv))
    monkeypatch.setattr(Path, "write_text", full(Path.write_text))
    with pytest.raises(InputError, match=r"cannot write there \(No space left on device\)"):
        write_simulation(tmp_path / "world", FRAMES, {})
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write there"):
        write_simulation(tmp_path / "absent" / "world", FRAMES, {})
    assert list(tmp_path.iterdir()) == []

"""Text, JSON, tables and figures of a sensitivity say the same and are read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from described import json_of, text_of, unbroken
from matplotlib.figure import Figure
from universes import made, normal_answer, summary

from bayesdensity.base.errors import InputError
from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado
from bayesdensity.render.sections import sensitivity as section
from bayesdensity.sensitivity.influence import Left
from bayesdensity.sensitivity.results import load_sensitivity, save_sensitivity, sentences
from bayesdensity.study.load import load_study


def test_text_and_json_and_csv_say_the_same(tmp_path: Path) -> None:
    left = [Left("llm", "A", 4, normal_answer(1.9)), Left("family", "B", 9, normal_answer(2.3))]
    universe, answers = made()
    found = summary(universe, answers, left)
    text, data = unbroken(text_of(section, found)), json_of(section, found)
    json.dumps(data, allow_nan=False)
    assert data["doubling_time_months"]["median"] == pytest.approx(12 * np.log(2) / 2, rel=1e-3)
    (slowest,) = [one for one in data["variants"] if one["variant"] == "dispersion: constant"]
    assert slowest["doubling_time_months"]["median"] == "inf" and slowest["choices"]["dispersion"] == "constant"
    assert [one["axis"] for one in data["tornado"]] == list(found.tornado.index)
    assert [one["name"] for one in data["influence"]] == ["B", "A"]
    assert all(sentence in text for sentence in sentences(found))
    assert "holds 6 of 8 medians" in text and "Not converged well enough" in text and "trend: linear" in text
    files = save_sensitivity(found, tmp_path)
    tables = ["variants.csv", "tornado.csv", "decomposition.csv", "influence.csv"]
    assert [file.name for file in files] == [*tables, "sensitivity.json"]
    assert json.loads(files[-1].read_text()) == data
    again = pd.read_csv(files[0], index_col="variant")
    np.testing.assert_allclose(again["rate_median"], found.specifications["rate_median"], rtol=1e-5)


def test_what_was_saved_is_read_back_and_only_for_its_study(tmp_path: Path) -> None:
    universe, answers = made()
    found = summary(universe, answers, [Left("llm", "A", 4, normal_answer(1.9))])
    save_sensitivity(found, tmp_path)
    again = load_sensitivity(tmp_path, universe.study)
    for name in ("specifications", "tornado", "decomposition", "priors", "influence"):
        one, other = getattr(found, name), getattr(again, name)
        assert list(one.index) == list(other.index), name
        numbers = one.select_dtypes("number")
        np.testing.assert_allclose(other[numbers.columns], numbers, rtol=1e-5)
    assert again.labels == found.labels == universe.labels
    assert sentences(again) == sentences(found)
    assert plot_tornado(again).get_label() == plot_tornado(found).get_label()
    with pytest.raises(InputError, match="sensitivity of another study"):
        load_sensitivity(tmp_path, load_study("qwen2.5"))
    (tmp_path / "tornado.csv").write_text("not a table", encoding="utf-8")
    with pytest.raises(InputError, match="holds no answer"):
        load_sensitivity(tmp_path, universe.study)


def test_tables_go_nowhere_if_they_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write there"):
        save_sensitivity(summary(*made()), tmp_path / "no" / "folder")


@pytest.mark.parametrize("design", ["one", "full"])
def test_figures_hold_every_variant(design: Any) -> None:
    universe, answers = made(design)
    found = summary(universe, answers, [Left("llm", "A$", 4, normal_answer(1.9))])
    for plot in (plot_specifications, plot_tornado, plot_influence):
        figure = plot(found)
        assert isinstance(figure, Figure)
        figure.canvas.draw()
        said = " ".join(text.get_text() for text in figure.texts)
        assert "0.95 quantile of density among releases" in said and "averaged over the window" in said
        assert "90% interval" in said or plot is plot_influence
        assert figure.get_label().startswith(universe.study.title) and figure.get_label().endswith(said[-40:])
    curve = plot_specifications(found).axes[0]
    assert len(curve.collections[-1].get_offsets()) == len(answers)

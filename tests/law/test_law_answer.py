"""The answer of a law in words, in JSON and as figures holds what is promised."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from described import json_of, text_of
from known_laws import GRID, HELD, LEVEL, NOISY, TRUTH, make, rising

from bayesdensity.base.errors import InputError
from bayesdensity.law.answer import LawAnswer, answer, default_compute
from bayesdensity.law.ranking import compare_laws
from bayesdensity.plots.law import plot_allocation, plot_law, save_law
from bayesdensity.render.sections import law as section

ASKED = {"params": [1e9, 7e10], "tokens": [2e10, 1.4e12]}
THREE = dict.fromkeys(("MMLU", "Web", "ARC-C"), GRID)
CASES: dict[str, dict[str, Any]] = {
    "one": {},
    "several": {"designs": THREE, "held": HELD, "scores": {"MMLU": rising, "ARC-C": rising}},
    "size": {"law": "size", "designs": {"Web": GRID, "Code": GRID}, "held": HELD},
    "compute": {"law": "compute"},
}


@cache
def answered(case: str) -> LawAnswer:
    fit = make(**CASES[case], **NOISY)
    compared = compare_laws({"kaplan": fit, "chinchilla": fit}) if case == "one" else None
    asked = [1e22] if case == "several" else None
    return answer(fit, fit.about["runs"], at=ASKED, compute=asked, comparison=compared, ci=0.8)


def intervals(tree: Any) -> list[dict[str, Any]]:
    """Every interval in a document."""
    if isinstance(tree, dict) and "median" in tree:
        return [tree]
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [one for branch in branches for one in intervals(branch)]


@pytest.mark.parametrize("case", CASES)
def test_json_holds_what_is_promised(case: str) -> None:
    fit, found = answered(case).fit, json_of(section, answered(case))
    names = [str(name) for name in fit.data["benchmark"].to_numpy()]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["law"], found["formula"], found["benchmarks"]) == (fit.study.law, fit.study.form.formula, names)
    truth = fit.study.form.from_coordinates(LEVEL, TRUTH).natural({k: float(v[0]) for k, v in fit.centre.items()})
    keys = {part if len(names) == 1 else f"{part}[{name}]": part for part in truth for name in names}
    assert {key: one["median"] for key, one in found["parameters"].items()} == pytest.approx(
        {key: truth[part] for key, part in keys.items()}, rel=1e-2
    )
    assert found["diagnostics"]["verdict"] == fit.diagnostics.verdict and found["n_runs"] == fit.about["n_runs"]
    verdicts = [one["verdict"] for one in found["checks"]]
    assert found["verdict"] == max(verdicts, key=["PASS", "REVIEW", "FAIL"].index)
    for one in intervals(found):
        assert set(one) == {"median", "lower", "upper", "probability", "kind"} and one["probability"] == 0.8
        assert one["median"] is None or one["lower"] <= one["median"] <= one["upper"]
    own = intervals([found[name] for name in ("parameters", "predictions", "allocation", "held_out")])
    assert {one["kind"] for one in own} == {"eti"} and len(own) > len(keys)


def test_json_tells_what_was_asked_and_is_empty_or_worked_out_elsewhere() -> None:
    several, one, size = (json_of(section, answered(case)) for case in ("several", "one", "size"))
    rows = {(row["params"], row["benchmark"]): row for row in several["predictions"]}
    assert set(rows) == {(n, name) for n in ASKED["params"] for name in THREE}
    for (n, name), row in rows.items():
        assert row["extrapolated"] == (n == 7e10) and (row["score"] is None) == (name == "Web")
    assert (
        len(several["held_out"]) == 3 * 3 + 3 * 2 and [row["covered"] for row in several["held_out"]].count(True) == 9
    )
    assert {name: row["state"] for name, row in several["states"].items()} == {"MMLU": "scaling", "ARC-C": "scaling"}
    assert [row["compute"] for row in several["allocation"]] == [1e22] * 3 and set(several["approaches"]) == set(THREE)
    assert size["allocation"] == one["held_out"] == [] and size["approaches"] == size["states"] == {}
    assert default_compute(answered("one").runs) == pytest.approx([1e22, 1e23, 1e24])
    assert [row["compute"] for row in one["allocation"]] == pytest.approx([1e22, 1e23, 1e24])
    assert [row["extrapolated"] for row in one["allocation"]] == [False, True, True]
    assert {row["law"] for row in one["comparison"]} == {"chinchilla", "kaplan"} and "comparison" not in size
    found = answered("one")
    assert json_of(section, replace(found, prediction=None, at={}))["predictions"] == []
    draws = found.parameters["A"].draws
    endless = replace(found.parameters["A"], draws=draws.where(draws < draws.quantile(0.6), np.inf))
    endless_told = json_of(section, replace(found, parameters={**found.parameters, "A": endless}))["parameters"]["A"]
    assert endless_told["upper"] == "inf" and json.dumps(endless_told, allow_nan=False)


@pytest.mark.parametrize("case", CASES)
def test_words_begin_with_the_verdict_and_flag_what_is_far_out(case: str) -> None:
    found = answered(case)
    lines = text_of(section, found).splitlines()
    assert lines[0].startswith(f"{json_of(section, found)['verdict']}: ")
    assert any(found.fit.study.form.formula in line for line in lines)
    head = next(k for k, line in enumerate(lines) if line.startswith("  params "))
    predicted = lines[head + 1 : head + 1 + 2 * found.fit.data.sizes["benchmark"]]
    assert [("EXTRAPOLATED" in line, "7.00e+10" in line) for line in predicted] == [
        (far, far) for far in (False, True) for _ in range(found.fit.data.sizes["benchmark"])
    ]
    inside = {"several": ["held-out losses: 3 of 9"], "size": ["held-out losses: 2 of 6"]}
    assert [line.split(" inside")[0] for line in lines if line.startswith("held-out loss")] == inside.get(case, [])
    assert any("Compute-optimal" in line for line in lines) == (found.allocation is not None)


@pytest.mark.parametrize("case", CASES)
def test_figures_show_every_benchmark_stay_on_the_page_and_are_written_whole(case: str, tmp_path: Path) -> None:
    found = answered(case)
    names = [str(name) for name in found.fit.data["benchmark"].to_numpy()]
    failed = replace(found, checks=(replace(found.checks[0], verdict="FAIL"), *found.checks[1:]))
    for plot in (plot_law, plot_allocation)[: 1 + (found.allocation is not None)]:
        figure = plot(found)
        assert [axes.get_title(loc="left") for axes in figure.axes] == names
        assert f"median and {found.ci:.0%} interval" in figure.get_label()
        drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.x1 <= width and drawn.y0 >= 0 and drawn.y1 <= height
        diamonds = [sum(line.get_marker() == "D" for line in axes.lines) for axes in figure.axes]
        assert diamonds == [found.fit.data.sizes["held"] / len(names) if plot is plot_law else 0] * len(names)
        assert [any("FAIL, conv" in one.get_text() for one in made.texts) for made in (figure, plot(failed))] == [
            False,
            True,
        ]
    written = save_law(found, tmp_path / "mine")
    kinds = ["law", "allocation"][: 1 + (found.allocation is not None)]
    assert [path.name for path in written] == [f"mine-{kind}.{form}" for kind in kinds for form in ("png", "svg")]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    for png, svg in zip(written[::2], written[1::2], strict=True):
        assert png.read_bytes().startswith(b"\x89PNG") and b"IEND" in png.read_bytes()[-12:]
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    with pytest.raises(InputError, match=r"mine-law\.png: cannot write there"):
        save_law(found, tmp_path / "missing" / "mine")

"""What objects say of themselves: a few lines, cheaply, with names from tables as text and not as markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import xarray as xr

from bayesdensity.base.cards import Card
from bayesdensity.base.errors import InputError
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.result import Fit
from bayesdensity.law.fitted import LawFit
from bayesdensity.quantities import Estimate
from bayesdensity.render.sections.densities import densities_table
from bayesdensity.render.sections.fit_summary import summary
from bayesdensity.study.law_spec import law_study
from bayesdensity.study.load import load_study, study_names
from bayesdensity.study.spec import Study

NOTHING = xr.Dataset()
PASSED = Diagnostics(1.0, 900, 900, 0.9, 0.0, 0, (), "", "PASS", "converged: R-hat 1.001, no divergences.")
DRAWS = xr.Dataset(coords={"chain": range(4), "draw": range(100)})


class Reader(HTMLParser):
    """Tags and texts of a piece of HTML, every tag closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.tags, self.texts = list[str](), set[str](), list[str]()
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        assert dict(attrs) in ({}, {"style": "text-align: left"})  # no colour of its own, which a dark page would hide

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def estimate(dims: dict[str, list[str]], name: str = "density", units: str = "ratio") -> Estimate:
    rng = np.random.default_rng(1)
    shape = (2, 50, *(len(labels) for labels in dims.values()))
    draws = xr.DataArray(rng.normal(2, 0.1, shape), dims=("chain", "draw", *dims), coords=dims)
    return Estimate(name, "effective size over actual size", draws, units=units)


def a_fit(diagnostics: Diagnostics | None = PASSED, **about: Any) -> Fit:
    dates = {"llm": ["a", "b"], "release_date": ("llm", ["2024-01-01", "2025-06-30"])}
    return Fit(DRAWS, NOTHING, xr.Dataset(coords=dates), load_study("densing-law"), about, diagnostics)


# Cards


def test_names_in_cards_are_no_markup_and_break_no_lines() -> None:
    card = Card("<b>head</b> & more", (("<i>", 'a\nb "c" <script>'),))
    assert Reader(card.html()).texts == ["<b>head</b> & more", "<i>", 'a\nb "c" <script>']
    assert card.text() == '<b>head</b> & more\n  <i>: a b "c" <script>'


# Studies


@pytest.mark.parametrize("name", study_names())
def test_a_study_says_what_it_asks_in_a_few_lines(name: str) -> None:
    study = load_study(name)
    lines = repr(study).splitlines()
    assert lines[0] == f"Study {name}: {study.title}" and len(lines) == 6
    assert lines[1] == "  benchmarks: " + ", ".join(study.benchmarks)
    assert "0.95 quantile of density among releases" in lines[4] and study.digest in lines[5]
    assert str(study) == repr(study) and Reader(study._repr_html_()).texts[0] == lines[0]


def test_how_a_study_looks_changes_nothing_of_it() -> None:
    study = load_study("densing-law")
    again = Study.model_validate_json(study.model_dump_json())
    assert again == study and again.digest == study.digest and hash(again.llms) == hash(study.llms)
    assert set(study.model_dump()) == set(Study.model_fields) and "card" not in study.model_dump_json()


def test_the_tokens_of_a_ladder_and_the_end_of_a_window_are_said() -> None:
    assert "reference: olmo-ladder at 5e+12 tokens (ladder, inference joint)" in repr(load_study("olmo-ladder"))
    assert "released from 2020-05-01 to 2024-12-31," in repr(load_study("chatgpt-break"))
    assert "Qwen1.5, Llama-2 (family" in repr(load_study("densing-law", {"reference.family": ["Qwen1.5", "Llama-2"]}))


# Fits


def test_a_fit_says_data_window_estimand_verdict_and_what_is_next() -> None:
    lines = repr(a_fit(n_llms=132, n_scores=1467, n_runs=16)).splitlines()
    assert lines == [
        f"Fit of densing-law: {load_study('densing-law').title}",
        "  data: 132 LLMs, 1467 scores, 16 reference runs, 5 benchmarks",
        "  estimand: 0.95 quantile of density among releases, 2024-01-01 to 2025-06-30",
        "  draws: 4 chains of 100",
        "  verdict: PASS, converged: R-hat 1.001, no divergences.",
        "  next: summary(fit), densities_table(fit), save_figures(fit, stem)",
    ]
    assert Reader(a_fit()._repr_html_()).texts[0] == lines[0]


def test_nothing_is_computed_to_say_what_a_fit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("diagnosed")

    monkeypatch.setattr("bayesdensity.inference.result.diagnose", never)
    fit = a_fit(diagnostics=None)
    assert "not judged yet" in repr(fit) and "fit.diagnostics" in repr(fit)
    assert fit.known_diagnostics is None


def test_the_worst_check_says_what_to_do() -> None:
    checks = [
        {"name": "convergence", "verdict": "PASS", "sentence": "converged.", "remedy": ""},
        {"name": "harnesses", "verdict": "REVIEW", "sentence": "one stands out.", "remedy": "Read its protocol."},
        {"name": "frontier", "verdict": "FAIL", "sentence": "shape is off.", "remedy": "Compare other forms."},
    ]
    said = repr(a_fit(checks=checks))
    assert "verdict: harnesses REVIEW, frontier FAIL: shape is off." in said and "next: Compare other forms." in said
    assert "verdict: PASS, converged." in repr(a_fit(checks=checks[:1]))
    failed = Diagnostics(1.2, 9, 9, 0.9, 0.0, 0, (), "", "FAIL", "chains disagree.")
    assert "verdict: convergence FAIL: chains disagree." in repr(a_fit(failed))
    assert "before you cite it" in repr(a_fit(failed))


def test_a_fit_of_the_reference_alone_says_so_and_refuses_what_it_has_not() -> None:
    fit = Fit(DRAWS, NOTHING, NOTHING, load_study("olmo-ladder"), {"part": "reference", "n_runs": 111})
    assert "data: the reference alone, 111 reference runs, 3 benchmarks" in repr(fit)
    assert "predict_trainings" not in repr(fit)  # before it is judged
    fit = replace(fit, stored_diagnostics=PASSED)
    assert "next: predict_trainings(fit, ...)" in repr(fit) and len(repr(fit).splitlines()) == 6
    for tell in (summary, densities_table):
        with pytest.raises(InputError, match=r"'olmo-ladder' is of the reference alone.*predict_trainings"):
            tell(fit)


def test_a_fit_of_a_law_says_its_formula() -> None:
    data = xr.Dataset(coords={"benchmark": ["<b>Text</b>"]})
    fit = LawFit(DRAWS, NOTHING, data, law_study("chinchilla"), {"suite": "mine", "n_runs": 12, "n_left_out": 2})
    lines = repr(fit).splitlines()
    assert lines[0] == "LawFit of chinchilla: power laws of size and data above a floor" and len(lines) == 6
    assert lines[1] == "  data: 12 losses of mine on <b>Text</b>; 2 left out"
    assert "L = E + A N^-alpha + B D^-beta" in lines[2]
    assert "12 losses of mine on <b>Text</b>; 2 left out" in Reader(fit._repr_html_()).texts


# Estimates


def test_a_scalar_estimate_is_one_row() -> None:
    lines = repr(estimate({}, "doubling_time", "months")).splitlines()
    assert lines[0] == "doubling_time: effective size over actual size"
    assert lines[1] == "  shown: median [90% equal-tailed interval], months"
    assert len(lines) == 3 and lines[2].startswith("  doubling_time: 2 [1.8")


def test_an_estimate_shows_its_first_rows_and_counts_the_rest() -> None:
    names = ["<b>bold</b>", "b", "c", "d", "e", "f", "g"]
    shown = estimate({"llm": names})
    lines = repr(shown).splitlines()
    assert lines[1] == "  dims: llm 7" and lines[-1] == "  ...: 2 more in to_frame()"
    row = shown.to_frame().iloc[0]
    assert lines[3] == f"  <b>bold</b>: {row['median']:.3g} [{row['lower']:.3g}, {row['upper']:.3g}]"
    assert len(lines) == 9 and "<b>bold</b>" in Reader(shown._repr_html_()).texts


def test_an_estimate_with_two_dims_labels_rows_by_both() -> None:
    shown = estimate({"benchmark": ["MMLU", "BBH"], "date": ["2024-01-01", "2025-01-01"]})
    lines = repr(shown).splitlines()
    assert lines[1] == "  dims: benchmark 2, date 2"
    assert [line.split(":")[0] for line in lines[3:]] == [
        f"  {name}, {date}" for name in ("MMLU", "BBH") for date in ("2024-01-01", "2025-01-01")
    ]


def test_an_estimate_without_labels_or_rows_is_no_trouble() -> None:
    draws = xr.DataArray(np.ones((1, 3, 2)), dims=("chain", "draw", "at"))
    assert "  1: 1 [1, 1]" in repr(Estimate("x", "what", draws))
    assert repr(Estimate("x", "what", draws.isel(at=slice(0)))).splitlines()[1] == "  dims: at 0"


def test_infinite_times_are_shown() -> None:
    shown = Estimate("doubling_time", "months", xr.DataArray([[3.0, 4.0, np.inf, np.inf]], dims=("chain", "draw")))
    assert repr(shown).endswith("doubling_time: inf [4, inf]")


def test_units_are_shown_where_there_are_some() -> None:
    assert "interval], nats per token" in repr(estimate({}, "loss", "nats per token"))
    assert repr(estimate({}, "loss", "")).splitlines()[1].endswith("interval]")

"""Figures are drawn of small fits made by hand: what they must show, and that they are whole."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from bayesdensity.base.errors import InputError
from bayesdensity.evaluation.backtesting import Backtest
from bayesdensity.inference.convergence import Diagnostics
from bayesdensity.inference.result import Fit
from bayesdensity.plots.backtest import plot_backtest
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling
from bayesdensity.plots.files import save_figure, save_figures
from bayesdensity.plots.fits import plot_fits
from bayesdensity.plots.page import BLUE, GREY, VERMILLION
from bayesdensity.plots.reference import plot_reference
from bayesdensity.study.load import load_study

CHAINS, DRAWS, N_LLMS = 2, 40, 12
BENCHMARKS = ("MMLU", "BBH", "MATH")
STUDIES = {"family": "densing-law", "ladder": "olmo-ladder"}
FIGURES = (plot_density, plot_doubling, plot_reference)


def made_by_hand(
    kind: str = "family",
    *,
    rate: float = 2.0,
    spread: float = 0.2,
    benchmarks: tuple[str, ...] = BENCHMARKS,
    llms: tuple[str, ...] = (),
    family: str = "Qwen1.5",
    verdict: str = "PASS",
) -> Fit:
    """A fit whose draws are random numbers: rates of ln density a year are normal about ``rate``."""
    rng = np.random.default_rng(0)
    shipped = load_study(STUDIES[kind])
    protocol = next(iter(shipped.benchmarks.values()))
    reference = shipped.reference.model_copy(update={"family": family} if kind == "family" else {})
    study = shipped.model_copy(update={"benchmarks": dict.fromkeys(benchmarks, protocol), "reference": reference})
    names = [*llms, *(f"LLM-{k}" for k in range(N_LLMS))][:N_LLMS]
    data, posterior = _data(rng, kind, names, benchmarks), _posterior(rng, rate, spread, names, benchmarks)
    sentence = "chains disagree: R-hat 1.2 of rate exceeds 1.01."
    diagnostics = Diagnostics(1.2, 100, 100, 0.9, 0.0, 0, (), "", verdict, sentence)
    return Fit(posterior, xr.Dataset(), data, study, {}, diagnostics)


def _data(rng: np.random.Generator, kind: str, names: list[str], benchmarks: tuple[str, ...]) -> xr.Dataset:
    time, n = np.linspace(-1.5, 1.5, N_LLMS), len(benchmarks)
    released = np.datetime64("2024-09-01") + (365 * time).astype("timedelta64[D]")
    members = 4 if kind == "family" else 0
    entity = np.concatenate([np.tile(np.arange(N_LLMS), n), np.tile(N_LLMS + np.arange(members), n)])
    bench = np.concatenate([np.repeat(np.arange(n), N_LLMS), np.repeat(np.arange(n), members)])
    runs = [(size, tokens) for size in (1e8, 1e9) for tokens in (1e10, 1e11, 1e12)]
    log_n, log_d = np.log(np.array(runs * n)).T
    run_bench = np.repeat(np.arange(n), len(runs))
    run_names = [f"{k} on {benchmarks[b]}" for b in range(n) for k in range(len(runs))]
    loss = 1.5 - 0.05 * (log_n - log_n.mean()) - 0.04 * (log_d - log_d.mean())
    return xr.Dataset(
        {
            "log_size": ("llm", rng.normal(size=N_LLMS)),
            "time": ("llm", time),
            "family_index": ("llm", np.arange(N_LLMS)),
            "architecture": ("llm", np.where(np.arange(N_LLMS) % 2, "moe", "dense")),
            "reference_log_size": ("reference", np.linspace(-3, 2, members)),
            "score_value": ("score", rng.uniform(0.3, 0.8, len(entity))),
            "score_keep": ("score", np.ones(len(entity), dtype=bool)),
            "score_beyond": ("score", np.zeros(len(entity), dtype=bool)),
            "score_cell": ("score", np.arange(len(entity))),
            "score_benchmark": ("score", bench),
            "score_harness": ("score", bench),
            "cell_entity": ("cell", entity),
            "cell_benchmark": ("cell", bench),
            "floor": ("benchmark", np.full(n, 0.25)),
            "run_log_n": ("run", log_n - log_n.mean()),
            "run_log_d": ("run", log_d - log_d.mean()),
            "run_loss": ("run", loss),
            "run_benchmark": ("run", run_bench),
            "run_beyond": ("run", (log_d == log_d.max()).astype(float)),
            "map_loss": ("map", loss),
            "map_value": ("map", 0.25 + 0.7 / (1 + np.exp(8 * (loss - 1.4)))),
            "map_benchmark": ("map", run_bench),
            "map_training": ("map", np.arange(len(loss))),
            "map_centre": ("benchmark", np.full(n, 1.4)),
        },
        coords={
            "llm": names,
            "release_date": ("llm", released.astype(str)),
            "benchmark": list(benchmarks),
            "cell": [str(k) for k in range(len(entity))],
            "run": run_names,
            "training": run_names,
        },
        attrs={
            "log_size_centre": 23.0,
            "time_centre": 24.67,
            "n_target_cells": N_LLMS * n,
            "ladder_log_n_centre": float(log_n.mean()),
            "ladder_log_d_centre": float(log_d.mean()),
        },
    )


def _posterior(
    rng: np.random.Generator, rate: float, spread: float, names: list[str], benchmarks: tuple[str, ...]
) -> xr.Dataset:
    n, n_cells = len(benchmarks), (N_LLMS + 4) * len(benchmarks)
    time = np.linspace(-1.5, 1.5, N_LLMS)
    dims: dict[str, dict[str, tuple[Any, float]]] = {
        "": {
            "origin": (0.0, 0.1),
            "rate": (rate, spread),
            "noise_scale": (0.4, 0.01),
            "inefficiency_scale": (0.4, 0.01),
        },
        "benchmark": {
            "level": (np.zeros(n), 0.1),
            "benchmark_slope": (np.linspace(-0.3, 0.3, n), 0.01),
            "ceiling": (np.full(n, 0.97), 0.001),
            "link_level": (np.zeros(n), 0.05),
            "link_slope": (np.full(n, 0.5), 0.01),
            "link_exponent": (np.full(n, 0.15), 0.01),
            "law_log_loss_centre": (np.full(n, 0.4), 0.005),
            "law_share_irreducible": (np.full(n, 0.3), 0.01),
            "law_share_size": (np.full(n, 0.35), 0.01),
            "law_size_exponent": (np.full(n, 0.1), 0.005),
            "law_data_exponent": (np.full(n, 0.1), 0.005),
            "map_logit": (np.zeros(n), 0.05),
            "map_slope": (np.full(n, 8.0), 0.2),
        },
        "llm": {"log_density_relative": (rate * time, 0.3)},
        "cell": {"cell_departure": (np.zeros(n_cells), 0.1)},
    }
    draws = xr.Dataset(
        {
            name: (
                ("chain", "draw", *filter(None, [dim])),
                middle + scale * rng.normal(size=(CHAINS, DRAWS, *np.shape(middle))),
            )
            for dim, variables in dims.items()
            for name, (middle, scale) in variables.items()
        },
        coords={"benchmark": list(benchmarks), "llm": names},
    )
    return draws.assign(curvature=0 * draws["rate"])  # the trend is a straight line


def predictions(fit: Fit, *cutoffs: str, off: float = 0.0) -> Backtest:
    """A backtest made by hand: intervals lie about what is known, but for the first LLM of each cut-off."""
    released = fit.data["release_date"].to_numpy()
    known = fit.posterior["log_density_relative"].median(("chain", "draw")).to_numpy()
    known = known + float(fit.posterior["level"].mean("benchmark").median())
    frames, rows = [], {}
    for cutoff in cutoffs:
        later = np.flatnonzero(released >= cutoff)
        centre = known[later] + off * (np.arange(len(later)) == 0)
        sides = {"lower": -1, "upper": 1}
        ends = {f"{s}_{p}": centre + by * w for p, w in (("50%", 0.4), ("90%", 1.0)) for s, by in sides.items()}
        rest = {"months": 1.0, "elpd": -3.0, "observed": known[later], "median": centre, "pit": 0.5, "crps": 0.2}
        named = {"llm": fit.data["llm"].to_numpy()[later], "release_date": released[later], "cutoff": cutoff}
        frames.append(pd.DataFrame({**named, **ends, **rest}))
        bounds = {"median": 2.0, "lower": 1.5, "upper": 2.5}
        edges = {f"frontier_{part}_{end}": at for part in ("predicted", "known") for end, at in bounds.items()}
        horizon = f"{int(cutoff[:4]) + 1}{cutoff[4:]}"
        rows[cutoff] = {"n_known": len(released) - len(later), "n_later": len(later), "horizon_end": horizon, **edges}
    return Backtest(pd.concat(frames, ignore_index=True), pd.DataFrame(rows).T.infer_objects(), {})


def dots(axes: Axes, colour: str) -> int:
    """Round marks of a colour in a panel."""
    return sum(len(line.get_xdata()) for line in axes.lines if (line.get_marker(), line.get_color()) == ("o", colour))  # type: ignore[arg-type]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def arrows(figure: Figure) -> list[Any]:
    return [line for line in figure.axes[1].lines if line.get_gid() == "beyond"]


@pytest.mark.parametrize("kind", STUDIES)
def test_every_figure_is_written_whole_and_nothing_else_changes(kind: str, tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    paths = save_figures(made_by_hand(kind), tmp_path / "mine")
    assert dict(matplotlib.rcParams) == before and not Gcf.figs
    names = [f"mine-{name}.{form}" for name in ("density", "doubling", "reference") for form in ("png", "svg")]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    for path in paths:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG") and b"IEND" in path.read_bytes()[-12:]
        else:
            assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_a_file_that_cannot_be_written_is_named_and_leaves_no_remains(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine-density\.png: cannot write there"):
        save_figures(made_by_hand(), tmp_path / "missing" / "mine")
    (tmp_path / "mine-density.png").mkdir()
    with pytest.raises(InputError, match=r"mine-density\.png: cannot write there"):
        save_figures(made_by_hand(), tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine-density.png"]


def test_an_infinite_doubling_time_ends_in_an_arrow_and_a_finite_one_does_not() -> None:
    assert not arrows(plot_doubling(made_by_hand(rate=2.0)))
    figure = plot_doubling(made_by_hand(rate=0.1, spread=0.5))
    assert len(arrows(figure)) == len(BENCHMARKS) + 1
    infinite = [text for text in texts(figure) if "\N{INFINITY}]" in text]
    assert len(infinite) == len(BENCHMARKS) + 1 and all("P(growth) 0." in text for text in infinite)


def test_a_density_that_surely_falls_still_gives_a_figure() -> None:
    figure = plot_doubling(made_by_hand(rate=-2.0, spread=0.05))
    assert sum(text.startswith("never") for text in texts(figure)) == len(BENCHMARKS) + 1


def test_benchmarks_stand_in_order_of_their_rates_even_where_times_are_infinite() -> None:
    fit = made_by_hand(rate=-2.0, spread=0.05)
    names = [label.get_text() for label in plot_doubling(fit).axes[1].get_yticklabels()]
    slopes = fit.posterior["benchmark_slope"].median(("chain", "draw")).to_series().sort_values(ascending=False)
    assert names == ["overall", *slopes.index]


def test_infinity_stands_where_the_rate_is_zero() -> None:
    axes = plot_doubling(made_by_hand()).axes[0]
    ticks = dict(zip([label.get_text() for label in axes.get_yticklabels()], axes.get_yticks(), strict=True))
    assert ticks["\N{INFINITY}"] == 0
    assert ticks["6"] == pytest.approx(2)  # doublings a year


@pytest.mark.parametrize("kind", STUDIES)
def test_every_benchmark_is_named(kind: str) -> None:
    fit = made_by_hand(kind)
    for figure in (plot_doubling(fit), plot_reference(fit)):
        assert set(BENCHMARKS) <= set(texts(figure))


@pytest.mark.parametrize("kind", STUDIES)
def test_names_from_tables_are_no_markup(kind: str) -> None:
    benchmarks, llms = ("$x^2$ & more", r"\frac_{", "<b>A</b>"), ("a$b$c", "x_1^2", "<i>&amp;")
    fit = made_by_hand(kind, llms=llms, benchmarks=benchmarks, family="$Fam_1$")
    for plot, names in ((plot_density, llms), (plot_doubling, benchmarks), (plot_reference, benchmarks)):
        figure, written = plot(fit), io.BytesIO()
        figure.savefig(written, format="svg")
        assert ElementTree.fromstring(written.getvalue()).tag.endswith("svg")
        named = [text for text in figure.findobj(Text) if text.get_text() in names]
        assert {text.get_text() for text in named} == set(names)
        assert not any(text.get_parse_math() for text in named)


@pytest.mark.parametrize("plot", FIGURES)
def test_a_fit_that_did_not_pass_says_so(plot: Any) -> None:
    assert any(text.startswith("FAIL: chains disagree") for text in texts(plot(made_by_hand(verdict="FAIL"))))
    assert not any("chains disagree" in text for text in texts(plot(made_by_hand())))


@pytest.mark.parametrize("kind", STUDIES)
@pytest.mark.parametrize("plot", FIGURES)
def test_the_label_of_a_figure_is_what_it_says_in_words(plot: Any, kind: str) -> None:
    fit = made_by_hand(kind, verdict="FAIL")
    figure = plot(fit)
    said = " ".join(text.get_text() for text in figure.texts)
    assert figure.get_label() == said.replace(fit.study.title, f"{fit.study.title}.")
    assert "interval" in said or "band" in said
    assert "median" in said and "90%" in said and said.endswith("exceeds 1.01.")


def test_a_title_that_is_a_question_stays_one() -> None:
    fit = made_by_hand()
    asked = replace(fit, study=fit.study.model_copy(update={"title": "Did it grow?"}))
    assert plot_density(asked).get_label().startswith("Did it grow? Density: parameters of Qwen1.5")


def test_a_figure_is_written_as_pdf_the_same_each_time(tmp_path: Path) -> None:
    fit = made_by_hand()
    paths = [save_figures(fit, tmp_path / name, forms=("pdf",))[0] for name in ("one", "two")]
    assert [path.name for path in paths] == ["one-density.pdf", "two-density.pdf"]
    one, two = (path.read_bytes() for path in paths)
    assert one == two and one.startswith(b"%PDF") and b"CreationDate" not in one


def test_an_unknown_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no form of figures 'jpg'.*Valid: pdf, png, svg"):
        save_figures(made_by_hand(), tmp_path / "mine", forms=("png", "jpg"))
    assert not list(tmp_path.iterdir())


def test_no_two_names_of_llms_overlap() -> None:
    figure = plot_density(made_by_hand(llms=tuple(f"A-model-with-a-long-name-{k}" for k in range(N_LLMS))))
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(note) for note in figure.findobj(Annotation)]
    assert len(boxes) >= 5
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("kind", STUDIES)
@pytest.mark.parametrize("plot", FIGURES)
def test_nothing_is_drawn_beyond_the_page(plot: Any, kind: str) -> None:
    figure = plot(made_by_hand(kind, rate=0.1, spread=0.5, verdict="FAIL"))
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.x1 <= width and drawn.y0 >= 0 and drawn.y1 <= height


def test_fits_side_by_side_have_a_row_each_and_stay_on_the_page() -> None:
    names = ["slow <b>$x$", "fast", "a fit with a name that is rather long"]
    fits = {name: made_by_hand(rate=rate) for name, rate in zip(names, (1.0, 3.0, 2.0), strict=True)}
    figure = plot_fits(fits)
    left, right = figure.axes
    assert len(left.lines) == 3
    assert [" ".join(label.get_text().split()) for label in right.get_yticklabels()] == names
    dots = [path.get_offsets()[:, 0] for path in right.collections if len(path.get_offsets()) == 3]
    for estimand in dots:  # doublings a year, so that an infinite time has its place
        assert list(np.argsort(estimand)) == [0, 2, 1]
    assert "0.95 quantile" in figure.get_label() and "90% intervals" in figure.get_label()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.x1 <= width and drawn.y0 >= 0 and drawn.y1 <= height


CUTOFFS = ("2024-01-01", "2024-07-01", "2025-01-01", "2025-07-01", "2026-01-01")


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_each_cutoff_of_a_backtest_has_a_panel(n: int) -> None:
    fit = made_by_hand()
    figure, released = plot_backtest(fit, predictions(fit, *CUTOFFS[:n])), fit.data["release_date"].to_numpy()
    assert len(figure.axes) == n
    for axes, cutoff in zip(figure.axes, CUTOFFS, strict=False):
        later = int((released >= cutoff).sum())
        assert axes.get_title(loc="left") == f"{cutoff}, {later} later: 100% and 100% inside"
        assert dots(axes, GREY) == N_LLMS - later and dots(axes, BLUE) == later and dots(axes, VERMILLION) == 0


def test_what_lies_outside_its_prediction_is_red() -> None:
    fit = made_by_hand()
    released = fit.data["release_date"].to_numpy()
    for axes, cutoff in zip(plot_backtest(fit, predictions(fit, *CUTOFFS[:3], off=-1.5)).axes, CUTOFFS, strict=False):
        later = int((released >= cutoff).sum())
        assert (dots(axes, VERMILLION), dots(axes, BLUE)) == (1, later - 1)
        assert axes.get_title(loc="left").endswith(f"{1 - 1 / later:.0%} and {1 - 1 / later:.0%} inside")


def test_a_backtest_says_what_it_shows() -> None:
    fit = made_by_hand(verdict="FAIL")
    said = " ".join(texts(plot_backtest(fit, predictions(fit, *CUTOFFS[:2]))))
    assert "Density in Qwen1.5 parameters over parameters" in said and fit.study.title in said
    assert "0.95 quantile of density among releases" in said and "red where outside the 90%" in said
    assert "FAIL: chains disagree" in said


@pytest.mark.parametrize("n", [1, 5])
def test_a_backtest_stays_on_its_page_and_touches_no_other_figure(n: int, tmp_path: Path) -> None:
    fit, before, other = made_by_hand(), dict(matplotlib.rcParams), plt.figure()
    try:
        figure = plot_backtest(fit, predictions(fit, *CUTOFFS[:n], off=3.0))
        drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.x1 <= width and drawn.y0 >= 0 and drawn.y1 <= height
        files = save_figure(figure, tmp_path / "mine", "backtest")
        assert plt.get_fignums() == [other.number] and dict(matplotlib.rcParams) == before
    finally:
        plt.close(other)
    assert [path.name for path in files] == ["mine-backtest.png", "mine-backtest.svg"]
    assert sorted(tmp_path.iterdir()) == sorted(files)

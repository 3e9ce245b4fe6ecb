"""Growth of density taken apart by covariates: what each adds, what remains, and what scores told of their effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import chance, enumerated, fixed, interval, percent, size
from bayesdensity.data.covariates import doubts, told_apart
from bayesdensity.inference.result import Fit
from bayesdensity.quantities import covariates as c
from bayesdensity.quantities.estimate import times
from bayesdensity.quantities.explained import RECIPE, TOTAL, covariate_path, growth_held, growth_parts
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sections.growth import growth, growth_by, growth_table, moved
from bayesdensity.render.sources import Source
from bayesdensity.study.covariates import BENCHMARK_AGE
from bayesdensity.study.phrases import Estimand, estimand_label

OF: tuple[Estimand, ...] = ("frontier", "mean")
CAUSES = (
    "These are associations across releases. An effect would be causal only if LLMs of one date that are alike in all "
    "other covariates differed in this one by chance: if labs that train longer, say, have the better data or recipes "
    "too, tokens take the credit for these."
)

Held = Mapping[str, float | str]


def data(fit: Fit, held: Held, between: tuple[str, str] | None = None, ci: float = q.DEFAULT_CI) -> dict[str, Any]:
    """Growth taken apart, in the documented form.

    Parameters
    ----------
    fit : Fit
    held : mapping of str to float or str
        Values of covariates of which it is asked what growth were had they stayed there.
    between : tuple of str, optional
        ISO dates at which the window starts and ends; None: the window of the study.
    ci : float
        Probability of the intervals.
    """
    start, end = between or q.window(fit)
    told: dict[str, Any] = {
        "study": fit.study.name,
        "window": [start, end],
        **{of: {"parts": growth_by(growth_parts(fit, between, of, ci), "part")} for of in OF},
        "effects": _effects(fit, ci),
        "paths": {name: _path(fit, name, (start, end), ci) for name in fit.study.covariates},
        "doubts": doubts(fit.data),
    }
    if held:
        told["held"] = dict(held)
        for of in OF:
            told[of]["held"] = growth(growth_held(fit, held, between, of, ci))
    if c.knows_pace_by_size(fit):
        told["probability_small_faster"] = c.probability_small_faster(fit)
        for of in OF:
            told[of]["by_size"] = growth_by_size(fit, between, of, ci)
    return told


def growth_by_size(fit: Fit, between: tuple[str, str] | None, of: Estimand, ci: float) -> dict[str, Any]:
    """`growth` of LLMs of each of some sizes.

    Parameters
    ----------
    fit, between, ci
        As for `data`.
    of : {"frontier", "mean"}
        What grows.
    """
    rates = c.rate_by_size(fit, between=between, estimand=of, ci=ci)
    return {f"{params:g}": growth(rates.sel(params=params)) for params in c.SIZES}


def blocks(fit: Fit, held: Held, between: tuple[str, str] | None = None, ci: float = q.DEFAULT_CI) -> list[Block]:
    """Growth taken apart for a reader.

    Parameters
    ----------
    fit, held, between, ci
        As for `data`.
    """
    found: list[Block] = [Paragraph(sentence(fit, held, between, ci), "answer"), Paragraph(CAUSES)]
    found += [Paragraph(doubt, "note") for doubt in doubts(fit.data)]
    found += [parts_table(fit, of, between, ci) for of in OF]
    found.append(effects_table(fit, ci))
    if "covariate_departure" in fit.posterior:
        found.append(benchmark_effects(fit, ci))
    if c.knows_pace_by_size(fit):
        found.append(size_table(fit, between, ci))
    return found


def section(source: Source) -> Section | None:
    """Growth taken apart, where a study has covariates."""
    from bayesdensity.plots.explained import plot_growth_parts  # a summary draws no figure

    if not source.fit.study.covariates:
        return None
    picture = Picture("growth-parts", plot_growth_parts(source.fit, ci=source.ci))
    return Section("explained", "What growth comes from", (*blocks(source.fit, {}, ci=source.ci), picture))


def sentence(fit: Fit, held: Held, between: tuple[str, str] | None, ci: float) -> str:
    """The answer in a few sentences.

    Parameters
    ----------
    fit, held, between, ci
        As for `data`.
    """
    (start, end), parts = between or q.window(fit), growth_parts(fit, between, "frontier", ci)
    total, recipe = (parts.sel(part=name) for name in (TOTAL, RECIPE))
    label = estimand_label("frontier", fit.study.frontier.quantile)
    added = [f"{name} {interval(parts.sel(part=name).to_frame_row(), fixed(2))}" for name in fit.study.covariates]
    said = (
        f"From {start} to {end} the {label} {moved(total)}. At equal {enumerated(fit.study.covariates)} it "
        f"{moved(recipe)}. Natural logarithms a year that covariates added: {'; '.join(added)} ({ci:.0%} intervals)."
    )
    if held:
        stayed = enumerated(f"{name} stayed at {_value(value)}" for name, value in held.items())
        said += f" Had {stayed} while the other covariates moved as they did, this would read: it "
        said += f"{moved(growth_held(fit, held, between, 'frontier', ci))}."
    if c.knows_pace_by_size(fit):
        said += f" P(small LLMs densify faster than large ones) {chance(c.probability_small_faster(fit))}."
    return said


def parts_table(fit: Fit, of: Estimand, between: tuple[str, str] | None, ci: float) -> Table:
    """Parts of the growth of an estimand, and how covariates moved.

    Parameters
    ----------
    fit, between, ci
        As for `data`.
    of : {"frontier", "mean"}
        What grows.
    """
    parts, (start, end) = growth_parts(fit, between, of, ci), between or q.window(fit)
    rows, numbers = [], []
    for name in parts.draws["part"].to_numpy().tolist():
        one = parts.sel(part=name)
        row, whole = one.to_frame_row(), name in (RECIPE, TOTAL)
        numbers.append({"part": name} | {f"rate_per_year_{key}": value for key, value in row.items()})
        rows.append(
            {
                "part": name,
                "growth of ln density a year": interval(row, fixed(2)),
                "months to double": interval(q.doubling_time(one).to_frame_row()) if whole else "",
                "average of releases, a year": "" if whole else _moved(fit, name, (start, end)),
            }
        )
    label = estimand_label(of, fit.study.frontier.quantile)
    caption = f"Growth of the {label}, by what it comes from: median [{ci:.0%} interval]."
    return Table(f"parts-{of}", caption, pd.DataFrame(rows), pd.DataFrame(numbers))


def effects_table(fit: Fit, ci: float) -> Table:
    """Effects of covariates, and what was told of them."""
    rows = []
    for label, one in _effects(fit, ci).items():
        row = one["effect"].to_frame_row()
        shown = {
            "covariate": label + (f" (against {one['against']})" if one["against"] else ""),
            "effect on ln density": interval(row, fixed(2)),
            "told by scores": percent(one["contraction"]),
            "change a year": interval(one["growth"].to_frame_row(), fixed(2)) if "growth" in one else "",
            "imputed": str(one["unknown"] or ""),
            "variance within families": percent(one["within_families"]),
        }
        rows.append(shown)
    frame = pd.DataFrame(rows)
    empty = [name for name in ("change a year", "imputed") if not frame[name].any()]
    caption = (
        "Effect of each covariate: e-folds of density for an e-fold, or against the words in brackets; the share of "
        f"the variance of its prior that scores took away; LLMs of which it is imputed. Median [{ci:.0%} interval]."
    )
    return Table("effects", caption, frame.drop(columns=empty))


def benchmark_effects(fit: Fit, ci: float) -> Table:
    """Effects on each benchmark, of the covariates whose effects differ there."""
    each = c.covariate_effect_by_benchmark(fit, ci)
    names = each.draws["benchmark"].to_numpy()
    columns = {
        label: [interval(each.sel(covariate=label, benchmark=name).to_frame_row(), fixed(2)) for name in names]
        for label in each.draws["covariate"].to_numpy().tolist()
    }
    shown = pd.DataFrame({"benchmark": names, **columns})
    return Table("benchmark-effects", f"Effects on each benchmark: median [{ci:.0%} interval].", shown)


def size_table(fit: Fit, between: tuple[str, str] | None, ci: float) -> Table:
    """Doubling times of LLMs of some sizes.

    Parameters
    ----------
    fit, between, ci
        As for `data`.
    """
    rows = []
    for of in OF:
        label = estimand_label(of, fit.study.frontier.quantile)
        rates = c.rate_by_size(fit, between=between, estimand=of, ci=ci)
        rows += [(label, size(params, 1), rates.sel(params=params)) for params in c.SIZES]
    return growth_table("by-size", ("estimand", "parameters"), rows, ci, "by size: ")


def _effects(fit: Fit, ci: float) -> dict[str, Any]:
    """Each effect with what was told of it."""
    effect, told, contracted = c.covariate_effect(fit, ci), told_apart(fit.data), c.contraction(fit)
    found: dict[str, Any] = {}
    for k, label in enumerate(fit.data["covariate"].to_numpy().tolist()):
        found[label] = {
            "of": fit.study.covariates[str(fit.data["covariate_name"].to_numpy()[k])].of,
            "against": str(fit.data["covariate_against"].to_numpy()[k]),
            "effect": effect.sel(covariate=label),
            "contraction": float(contracted.sel(part="effect", covariate=label)),
            "unknown": int(told.at[label, "unknown"]),
            "within_families": float(told.at[label, "within_families"]),
        }
        if fit.data["covariate_grows"].to_numpy()[k]:
            found[label]["growth"] = c.covariate_growth(fit, ci).sel(covariate=label)
            found[label]["growth_contraction"] = float(contracted.sel(part="growth", covariate=label))
        if fit.data["covariate_departs"].to_numpy()[k]:
            each = c.covariate_effect_by_benchmark(fit, ci).sel(covariate=label)
            found[label]["benchmarks"] = {
                str(name): each.sel(benchmark=name) for name in each.draws["benchmark"].to_numpy()
            }
    return found


def _path(fit: Fit, name: str, span: tuple[str, str], ci: float) -> dict[str, Any]:
    path = covariate_path(fit, name, list(span), ci)
    return {
        label: {day: path.sel(covariate=label, date=day) for day in span}
        for label in path.draws["covariate"].to_numpy().tolist()
    } | {"unit": path.units}


def _moved(fit: Fit, name: str, span: tuple[str, str]) -> str:
    """How the average of a covariate moved in a year of a window."""
    path, years = covariate_path(fit, name, list(span)), float(np.diff(times(fit, list(span)).to_numpy())[0])
    ends = path.draws.median(q.SAMPLE)
    said = []
    for label in path.draws["covariate"].to_numpy().tolist():
        first, last = (float(ends.sel(covariate=label, date=day)) for day in span)
        if fit.data["covariate_against"].sel(covariate=label).item():
            said.append(f"{label.removeprefix(f'{name}: ')} {round(100 * (last - first) / years):+d} points")
        elif fit.study.covariates[name].of == BENCHMARK_AGE:
            said.append(f"{first:.1f} to {last:.1f} {path.units} in all")
        elif fit.study.covariates[name].computed:
            said.append(f"{(last / first) ** (1 / years):.2f} times the {path.units}")
        else:
            said.append(f"{(last - first) / years:+.3g}")
    return ", ".join(said)


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else size(value)

"""What an answer rests on, in words, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bayesdensity.base.errors import InputError
from bayesdensity.base.files import write_whole
from bayesdensity.describe.words import interval_json, interval_text, plain, records_json
from bayesdensity.sensitivity.effects import AXIS, POSTERIOR, Sensitivity
from bayesdensity.sensitivity.grid import DEFAULT
from bayesdensity.sensitivity.running import Planned
from bayesdensity.study.spec import Study

MOST = 12
"""Rows of a long table that the text shows."""


def plan_text(planned: Sequence[Planned], workers: int) -> str:
    """What has to be done for each variant, and how long it takes, about."""
    lines = [f"{'variant':58s} {'LLMs':>5s} {'scores':>7s}  how"]
    for row in planned:
        what = row.how if not row.why else f"{row.how}: {row.why}"
        lines.append(f"{row.variant.key:58s} {row.n_llms:5d} {row.n_scores:7d}  {what}")
    lines.append(plan_line(planned, workers))
    return "\n".join(lines)


def plan_line(planned: Sequence[Planned], workers: int) -> str:
    """How much there is to do, in one line."""
    todo = [row for row in planned if row.how not in ("known", "impossible")]
    minutes = sum(row.seconds for row in todo) / workers / 60
    known = sum(row.how == "known" for row in planned)
    return (
        f"{len(planned)} variants: {len(todo)} to answer, {known} known from before; "
        f"about {max(1, round(minutes))} minutes with {workers} workers."
    )


def sensitivity_text(found: Sensitivity) -> str:
    """Headline, tornado, decomposition, priors and influence for a reader."""
    table, study = found.specifications, found.study
    lines = [
        f"{study.title}  [{study.name} {study.digest}]",
        f"doubling time in months of the {found.of} (median, {found.ci:.0%} interval)",
        "",
        *sentences(found),
        "",
        f"{'choice':24s} {'fastest':>9s} {'':32s} {'slowest':>9s} {'':32s} width of the interval",
        *(_tornado_line(str(axis), row) for axis, row in found.tornado.iterrows()),
        "",
        "where the variance of the rate comes from, every choice as good as another",
        *(f"  {source!s:40s} {row['share']:6.1%}" for source, row in found.decomposition.iterrows()),
    ]
    if len(found.priors):
        lines += ["", "one prior narrower or wider: change of the rate in posterior standard deviations, largest first"]
        top = found.priors.reindex(found.priors["shift_sd"].abs().sort_values(ascending=False, kind="stable").index)
        lines += [
            f"  {name!s:28s} x {width:<4g} {row['shift_sd']:+6.2f}  {interval_text(row):20s} {row['method']}"
            for (name, width), row in top.head(MOST).iterrows()
        ]
    if len(found.influence):
        lines += ["", "left out: change of the rate a year (its Monte Carlo error), most influential first"]
        lines += [
            f"  {kind!s:10s} {name!s:34s} {row['shift']:+6.2f} ({row['shift_mcse']:.2f})  {interval_text(row):20s} "
            f"{row['method']}"
            for (kind, name), row in found.influence.head(MOST).iterrows()
        ]
    if found.failed:
        lines += ["", "without an answer", *(f"  {key}: {why}" for key, why in found.failed.items())]
    doubtful = table.index[table["verdict"] != "PASS"]
    if len(doubtful):
        lines += ["", f"not converged well enough (verdict, max_rhat, divergences): {'; '.join(doubtful)}"]
    return "\n".join(lines)


def sentences(found: Sensitivity) -> list[str]:
    """What may be quoted: the default, the range of the variants, and what the spread is made of."""
    table, inside = found.specifications, found.containment
    default, others = table.loc[DEFAULT], table.drop(index=DEFAULT)
    if others.empty:
        return [f"The default says {interval_text(default)}; no variant has an answer."]
    fast, slow = others["rate_median"].idxmax(), others["rate_median"].idxmin()
    shares = found.decomposition["share"]
    choices = 1 - shares[POSTERIOR]
    outside = f"; outside: {'; '.join(inside['outside'])}" if inside["outside"] else ""
    most = f", most of it {shares.drop(POSTERIOR).idxmax()}" if choices > 0 else ""
    return [
        f"The default says {interval_text(default)} months. Over {len(others)} variants the median runs from "
        f"{others.loc[fast, 'median']:.1f} ({fast}) to {others.loc[slow, 'median']:.1f} ({slow}).",
        f"The {found.ci:.0%} interval of the default holds {inside['medians_inside_default']} of {len(others)} medians"
        f"{outside}.",
        f"Choices account for {choices:.0%} of the variance of the rate{most}; the posterior of a variant for "
        f"{shares[POSTERIOR]:.0%}.",
    ]


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """All tables in the documented form."""
    study, default = found.study, found.specifications.loc[DEFAULT]
    return {
        "study": study.name,
        "digest": study.digest,
        "grid": found.grid,
        "quantity": found.of,
        "doubling_time_months": interval_json(default, found.ci),
        "sentences": sentences(found),
        "containment": found.containment,
        "variants": [_variant(key, row, found.ci) for key, row in found.specifications.iterrows()],
        "tornado": records_json(found.tornado.reset_index()),
        "decomposition": records_json(found.decomposition.reset_index()),
        "priors": records_json(found.priors.reset_index()) if len(found.priors) else [],
        "influence": records_json(found.influence.reset_index()) if len(found.influence) else [],
        "failed": found.failed,
    }


INDEX = {
    "variants": ["variant"],
    "tornado": ["axis"],
    "decomposition": ["source"],
    "priors": ["prior", "width"],
    "influence": ["left_out", "name"],
}
"""Tables by the name of their file, and the columns that tell their rows apart."""
WHOLE = "sensitivity.json"


def save_sensitivity(found: Sensitivity, folder: Path) -> list[Path]:
    """Write the tables as CSV (variants, tornado, decomposition; priors and influence if asked for), and all as JSON.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    texts = {
        f"{name}.csv": table.to_csv(float_format="%.6g", lineterminator="\n")
        for name, table in zip(INDEX, _tables(found), strict=True)
        if len(table)
    }
    texts[WHOLE] = json.dumps(sensitivity_json(found), indent=2) + "\n"
    return [write_whole(folder / name, text.encode()) for name, text in texts.items()]


def load_sensitivity(folder: Path, study: Study) -> Sensitivity:
    """What `save_sensitivity` wrote of a study, to the digits of its tables.

    Raises
    ------
    InputError
        If the folder holds no sensitivity, or that of another study.
    """
    try:
        whole = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
        tables = {name: _read(folder / f"{name}.csv", index) for name, index in INDEX.items()}
        digest, ci = whole["digest"], whole["doubling_time_months"]["probability"]
        tables["specifications"] = tables.pop("variants")
        facts = {"grid": whole["grid"], "of": whole["quantity"], "containment": whole["containment"]}
        found = Sensitivity(study=study, ci=ci, failed=whole["failed"], **facts, **tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: holds no answer of 'bayesdensity sensitivity'; run it with -o {folder}."
        ) from error
    if digest not in (study.digest, study.fingerprint):  # earlier versions called the fingerprint the digest
        raise InputError(f"{folder}: is the sensitivity of another study ({digest}), not of this one ({study.digest}).")
    return found


def _tables(found: Sensitivity) -> tuple[pd.DataFrame, ...]:
    return found.specifications, found.tornado, found.decomposition, found.priors, found.influence


def _read(path: Path, index: list[str]) -> pd.DataFrame:
    """A table from its file, empty if there is none; choices are texts, whatever they look like."""
    if not path.exists():
        return pd.DataFrame()
    columns = pd.read_csv(path, nrows=0).columns
    texts = dict.fromkeys([name for name in columns if str(name).startswith(AXIS)], str)
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""]).set_index(index)


def _tornado_line(axis: str, row: pd.Series) -> str:
    fast, slow = (f"{row[f'{end}_median']:9.1f} {row[end]!s:32.32s}" for end in ("fastest", "slowest"))
    return f"  {axis:22s} {fast} {slow} x {row['narrowest_ratio']:.2f} to {row['widest_ratio']:.2f}"


def _variant(key: Any, row: pd.Series, ci: float) -> dict[str, Any]:
    own = ["ratio", "width_ratio", "probability_rate_positive", "rate_mcse"]
    own += ["n_llms", "n_scores", "window_start", "window_end", "method", "pareto_k", "max_rhat", "min_ess_bulk"]
    return {
        "variant": str(key),
        "choices": {str(name).removeprefix(AXIS): row[name] for name in row.index if str(name).startswith(AXIS)},
        "doubling_time_months": interval_json(row, ci),
        "rate_per_year": interval_json(row, ci, prefix="rate_"),
        **{name: plain(row[name]) for name in (*own, "verdict", "digest")},
    }

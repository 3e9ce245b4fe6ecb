"""A law fitted alone, in words and in JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.checks import worst
from bayesdensity.describe.checks import check_json, checks_text, diagnostics_json
from bayesdensity.describe.words import ENDS, interval_json, records_json
from bayesdensity.law.answer import LawAnswer
from bayesdensity.quantities import Estimate

ALLOCATED = ("params", "tokens", "tokens_per_parameter", "loss")
EXPONENTS = ("size_exponent", "data_exponent", "return_exponent")
PLURAL = {"loss": "losses", "score": "scores"}
FAR = 1.5
"""Factor outside the runs beyond which a prediction is called an extrapolation."""


def law_json(found: LawAnswer) -> dict[str, Any]:
    """What a law says, in the documented form."""
    fit, form = found.fit, found.fit.study.form
    names = [str(name) for name in fit.data["benchmark"].to_numpy()]
    left = found.runs.left_out
    out: dict[str, Any] = {
        "suite": fit.about["suite"],
        "law": form.name,
        "formula": form.formula,
        "source": form.source,
        "settings": fit.study.model_dump(mode="json"),
        **{key: fit.about[key] for key in ("digest", "runs_digest", "versions", "seed", "n_runs", "n_held_out")},
        "left_out": [{"run": row.run, "benchmark": row.benchmark, "reason": row.reason} for row in left.itertuples()],
        "benchmarks": names,
        "loss_unit": dict(zip(names, fit.data["loss_unit"].to_numpy().tolist(), strict=True)),
        "parameters": {
            name if len(names) == 1 else f"{name}[{benchmark}]": interval
            for name, estimate in found.parameters.items()
            for benchmark, interval in estimate.to_json().items()
        },
        "diagnostics": diagnostics_json(fit.diagnostics),
        "verdict": worst(one.verdict for one in found.checks),
        "checks": [check_json(one) for one in found.checks],
        "predictions": _predictions(found),
        "held_out": _held_out_json(found),
        "allocation": _allocation(found),
        "approaches": {name: _approaches(table, found.ci) for name, table in found.approaches.items()},
        "states": found.states.to_dict(orient="index"),
        "wall_seconds": fit.about["wall_seconds"],
    }
    if found.comparison is not None:
        out["comparison"] = records_json(found.comparison.rename_axis("law").reset_index())
    return out


def law_text(found: LawAnswer) -> str:
    """What a law says, for a reader, the verdict first."""
    fit, form, ci = found.fit, found.fit.study.form, found.ci
    about, wall = fit.about, fit.about["wall_seconds"]
    lines = [
        *checks_text(found.checks),
        "",
        f"{about['suite']}: {about['n_runs']} losses under {form.title}",
        f"{form.formula}  ({form.source}; {_noise(found)})",
        *_left_out(found),
        "",
        f"parameters, median [{ci:.0%} interval]",
        *_table({name: one.summary for name, one in found.parameters.items()}),
    ]
    if found.prediction is not None:
        lines += ["", "predictions (beyond: factor outside the runs)", *_predicted(found)]
    if len(found.held_out):
        lines += ["", *_held_out(found)]
    if found.allocation is not None:
        lines += ["", "compute-optimal training, by the law alone", *_allocated(found), *_side_by_side(found)]
    if len(found.states):
        states = found.states.drop(columns="top").map(lambda x: x if isinstance(x, str) else f"{x:.2f}")
        lines += ["", "how scores scale along the runs (posterior probability)", *_indented(states.to_string())]
    if found.comparison is not None:
        table = found.comparison.round({"elpd": 1, "se": 1, "difference": 1, "difference_se": 1, "weight": 2})
        lines += ["", "laws by leave-one-run-out prediction, best first", *_indented(table.to_string())]
    seconds = f"{wall['compile']:.0f} s compile + {wall['sample']:.0f} s sample"
    lines += ["", f"digest {about['digest']}, seed {about['seed']}; {seconds}"]
    return "\n".join(lines)


def _noise(found: LawAnswer) -> str:
    study = found.fit.study
    kind = (
        f"Student-t noise, {study.noise_df:g} degrees of freedom"
        if study.noise == "student-t"
        else f"{study.noise} noise"
    )
    return kind + ("; benchmarks share exponents" if study.pool else "")


def _left_out(found: LawAnswer) -> list[str]:
    counts = found.runs.left_out["reason"].value_counts()
    held = [f"held out: {len(found.runs.held_out)} losses"] if len(found.runs.held_out) else []
    return [*held, *(f"left out: {count} losses, {reason}" for reason, count in counts.items())]


def _table(columns: dict[str, xr.Dataset]) -> list[str]:
    """One row for each benchmark, an interval in each column."""
    frame = pd.DataFrame(
        {
            name: {str(b): _interval(summary.sel(benchmark=b)) for b in summary["benchmark"].to_numpy()}
            for name, summary in columns.items()
        }
    )
    return _indented(frame.to_string())


def _interval(row: Any) -> str:
    low, middle, high = (_number(float(row[end])) for end in ("lower", "median", "upper"))
    return f"{middle} [{low}, {high}]"


def _number(value: float) -> str:
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def _indented(text: str) -> list[str]:
    return [f"  {line.rstrip()}" for line in text.splitlines()]


def _predicted(found: LawAnswer) -> list[str]:
    assert found.prediction is not None
    rows = []
    for one in _predictions(found):
        of = ", ".join(f"{name} {_number(one[name])}" for name in found.at)
        score = f"; score {_interval(one['score'])}" if one.get("score") else ""
        flag = "  EXTRAPOLATED" if one["extrapolated"] else ""
        far = f"  beyond x{one['beyond']:.3g}" if one["beyond"] > 1 else ""
        rows.append(f"  {of} on {one['benchmark']}: loss {_interval(one['loss'])}{score}{far}{flag}")
    return rows


def _predictions(found: LawAnswer) -> list[dict[str, Any]]:
    if found.prediction is None:
        return []
    rows, (loss, score) = [], (found.prediction.loss.to_json(), None)
    if found.prediction.score is not None:
        score = found.prediction.score.to_json()
    mapped = set(found.states.index)
    for k, training in enumerate(found.prediction.beyond["training"].to_numpy()):
        for name in found.prediction.beyond["benchmark"].to_numpy():
            far = float(np.exp(found.prediction.beyond.sel(training=training, benchmark=name)))
            rows.append(
                {
                    **{column: float(values[k]) for column, values in found.at.items()},
                    "benchmark": str(name),
                    "loss": loss[training][name],
                    "score": score[training][name] if score is not None and name in mapped else None,
                    "beyond": far,
                    "extrapolated": far > FAR,
                }
            )
    return rows


def _held_out(found: LawAnswer) -> list[str]:
    table = found.held_out
    lines = []
    for kind, rows in table.groupby("kind", sort=False):
        error = (rows["median"] - rows["observed"]).abs()
        size = (
            f"{100 * error.mean():.1f} points"
            if kind == "score"
            else f"{100 * (error / rows['observed']).mean():.1f} %"
        )
        lines.append(
            f"held-out {PLURAL[str(kind)]}: {rows['covered'].sum()} of {len(rows)} inside the {found.ci:.0%} interval, "
            f"mean absolute error {size}"
        )
    shown = table.assign(
        predicted=[_interval(row) for row in table.to_dict("records")],
        observed=table["observed"].map(_number),
        inside=table["covered"].map({True: "yes", False: "NO"}),
        beyond=table["beyond"].map("x{:.3g}".format),
    )[["run", "benchmark", "kind", "observed", "predicted", "inside", "beyond"]]
    return [*lines, *_indented(shown.to_string(index=False))]


def _held_out_json(found: LawAnswer) -> list[dict[str, Any]]:
    return [
        {**{key: value for key, value in row.items() if key not in ENDS}, "predicted": interval_json(row, found.ci)}
        for row in found.held_out.to_dict("records")
    ]


def _approaches(table: pd.DataFrame, ci: float) -> list[dict[str, Any]]:
    """Intervals of the first two approaches are of a bootstrap, about an estimate."""
    rows = []
    for row in table.to_dict("records"):
        kind = "eti" if row["approach"] == "parametric" else "bootstrap"
        parts = {what: interval_json(row, ci, prefix=f"{what}_", kind=kind) for what in ("exponent", "params")}
        rows.append({"approach": row["approach"], "compute": row["compute"], **parts, "why_not": row["why_not"]})
    return rows


def _allocation(found: LawAnswer) -> list[dict[str, Any]]:
    if found.allocation is None:
        return []
    rows = []
    each = {name: getattr(found.allocation, name).summary for name in (*ALLOCATED, *EXPONENTS)}
    for name in each["params"]["benchmark"].to_numpy():
        for compute in each["params"]["compute"].to_numpy():
            at = {key: summary.sel(benchmark=name, compute=compute) for key, summary in each.items()}
            far = float(compute / found.runs.fitted["flops"].max())
            ends = {key: interval_json(summary, found.ci) for key, summary in at.items()}
            rows.append({"benchmark": str(name), "compute": float(compute), **ends, "extrapolated": far > FAR})
    return rows


def _allocated(found: LawAnswer) -> list[str]:
    assert found.allocation is not None
    named: dict[str, Estimate] = {name: getattr(found.allocation, name) for name in (*ALLOCATED[:3], *EXPONENTS)}
    amounts = named["params"].draws["compute"].to_numpy()
    lines = []
    for compute in amounts:
        of = {name: one.summary.sel(compute=compute) for name, one in named.items() if name in ALLOCATED}
        far = compute / found.runs.fitted["flops"].max()
        flag = f", x{far:.3g} beyond the runs: EXTRAPOLATED" if far > FAR else ""
        lines += [f"  at {_number(float(compute))} operations{flag}", *_indented("\n".join(_table(of)))]
    last = {name: one.summary.sel(compute=amounts[-1]) for name, one in named.items() if name in EXPONENTS}
    titles = {"size_exponent": "a (N ~ C^a)", "data_exponent": "b (D ~ C^b)", "return_exponent": "-dln(L - E)/dlnC"}
    return [*lines, "  exponents", *_indented("\n".join(_table({titles[name]: one for name, one in last.items()})))]


def _side_by_side(found: LawAnswer) -> list[str]:
    """The exponent of the optimal size by each approach."""
    lines = ["  the three approaches (exponent a, optimal size; intervals of the first two are of a bootstrap)"]
    refused: dict[str, list[str]] = {}
    for benchmark, table in found.approaches.items():
        for name, rows in table.groupby("approach", sort=False):
            last = rows.iloc[-1]
            if last["why_not"]:
                refused.setdefault(f"{name}: {last['why_not']}", []).append(benchmark)
                continue
            a, size = (_interval({end: last[f"{what}_{end}"] for end in ENDS}) for what in ("exponent", "params"))
            lines.append(f"    {benchmark}, {name}: a = {a}, N = {size} at {_number(last['compute'])} operations")
    return [*lines, *(f"    not possible, {why} ({', '.join(names)})" for why, names in refused.items())]

"""A law fitted alone: parameters, predictions, the allocation of compute, and how scores scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesdensity.base.format import ENDS, chance, fixed, interval, scaled
from bayesdensity.base.jsonable import interval_json
from bayesdensity.law.answer import LawAnswer
from bayesdensity.law.fitted import no_floor
from bayesdensity.render.blocks import Block, Paragraph, Table, Verdicts
from bayesdensity.render.sections.checks import judgement
from bayesdensity.render.sections.fit_summary import made_in

ALLOCATED = ("params", "tokens", "tokens_per_parameter")
EXPONENTS = {
    "size_exponent": "a (N ~ C^a)",
    "data_exponent": "b (D ~ C^b)",
    "return_exponent": "-dln(L - E)/dlnC",
}
FACTS = ("digest", "runs_digest", "versions", "seed", "n_runs", "n_held_out")
PLURAL = {"loss": "losses", "score": "scores"}
FAR = 1.5
"""Factor outside the runs beyond which a prediction is called an extrapolation."""


def data(answer: LawAnswer) -> dict[str, Any]:
    """What a law says, in the documented form."""
    fit, form = answer.fit, answer.fit.study.form
    names = [str(name) for name in fit.data["benchmark"].to_numpy()]
    comparison = answer.comparison
    told: dict[str, Any] = {
        "suite": fit.about["suite"],
        "law": form.name,
        "formula": form.formula,
        "source": form.source,
        "settings": fit.study.model_dump(mode="json"),
        **{key: fit.about[key] for key in FACTS},
        "left_out": answer.runs.left_out[["run", "benchmark", "reason"]],
        "benchmarks": names,
        "loss_unit": dict(zip(names, fit.data["loss_unit"].to_numpy().tolist(), strict=True)),
        "parameters": {
            name if len(names) == 1 else f"{name}[{benchmark}]": told
            for name, estimate in answer.parameters.items()
            for benchmark, told in estimate.to_json().items()
        },
        "no_floor": no_floor(fit),
        **judgement(fit.diagnostics, answer.checks),
        "predictions": _predictions(answer),
        "held_out": [
            {
                **{key: value for key, value in row.items() if key not in ENDS},
                "predicted": interval_json(row, answer.ci),
            }
            for row in answer.held_out.to_dict("records")
        ],
        "allocation": _allocation(answer),
        "approaches": {name: _approaches(table, answer.ci) for name, table in answer.approaches.items()},
        "states": answer.states.to_dict(orient="index"),
        "wall_seconds": fit.about["wall_seconds"],
    }
    return told if comparison is None else {**told, "comparison": comparison.rename_axis("law").reset_index()}


def blocks(answer: LawAnswer) -> list[Block]:
    """What a law says, for a reader, the verdict first."""
    about, form = answer.fit.about, answer.fit.study.form
    shown: list[Block] = [
        Verdicts(answer.checks),
        Paragraph(f"{about['suite']}: {about['n_runs']} losses under {form.title}"),
        Paragraph(f"{form.formula}  ({form.source}; {_noise(answer)})"),
        *(Paragraph(line) for line in _left_out(answer)),
        _parameters(answer),
    ]
    if answer.prediction is not None:
        shown.append(_predicted(answer))
    if len(answer.held_out):
        shown += [*(Paragraph(line) for line in _held_out_sentences(answer)), _held_out(answer)]
    if answer.allocation is not None:
        shown += [_allocated(answer), _exponents(answer), *_side_by_side(answer)]
    if len(answer.states):
        states = answer.states.drop(columns="top").map(lambda part: part if isinstance(part, str) else f"{part:.2f}")
        caption = "How scores scale along the runs (posterior probability)."
        shown.append(Table("states", caption, states.rename_axis("benchmark").reset_index()))
    if answer.comparison is not None:
        shown.append(_compared(answer.comparison))
    return [*shown, made_in(about["digest"], about["seed"], about["wall_seconds"])]


def _noise(answer: LawAnswer) -> str:
    study = answer.fit.study
    degrees = f", {study.noise_df:g} degrees of freedom" if study.noise == "student-t" else ""
    kind = "Student-t" if study.noise == "student-t" else study.noise
    return f"{kind} noise{degrees}" + ("; benchmarks share exponents" if study.pool else "")


def _left_out(answer: LawAnswer) -> list[str]:
    counts = answer.runs.left_out["reason"].value_counts()
    held = [f"held out: {len(answer.runs.held_out)} losses"] if len(answer.runs.held_out) else []
    return [*held, *(f"left out: {count} losses, {reason}" for reason, count in counts.items())]


def _parameters(answer: LawAnswer) -> Table:
    """Parameters, and the probability that there is no floor."""
    table = _by_benchmark({name: estimate.summary for name, estimate in answer.parameters.items()})
    caption, none = f"Parameters, median [{answer.ci:.0%} interval]", no_floor(answer.fit)
    if none:
        table = table.assign(**{"P(E = 0)": [chance(none[name]).removeprefix("= ") for name in table["benchmark"]]})
        caption += "; P(E = 0) is the probability that there is no floor: what is predicted carries both cases"
    return Table("parameters", f"{caption}.", table)


def _by_benchmark(summaries: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """One row for each benchmark, an interval in each column."""
    benchmarks = next(iter(summaries.values()))["benchmark"].to_numpy()
    return pd.DataFrame(
        {
            "benchmark": list(map(str, benchmarks)),
            **{
                name: [interval(summary.sel(benchmark=benchmark), scaled) for benchmark in benchmarks]
                for name, summary in summaries.items()
            },
        }
    )


def _predictions(answer: LawAnswer) -> list[dict[str, Any]]:
    if answer.prediction is None:
        return []
    rows, loss, beyond = [], answer.prediction.loss.to_json(), answer.prediction.beyond
    score = {} if answer.prediction.score is None else answer.prediction.score.to_json()
    mapped = set(answer.states.index)
    for k, training in enumerate(beyond["training"].to_numpy()):
        for name in beyond["benchmark"].to_numpy():
            far = float(np.exp(beyond.sel(training=training, benchmark=name)))
            rows.append(
                {
                    **{column: float(values[k]) for column, values in answer.at.items()},
                    "benchmark": str(name),
                    "loss": loss[training][name],
                    "score": score[training][name] if score and name in mapped else None,
                    "beyond": far,
                    "extrapolated": far > FAR,
                }
            )
    return rows


def _predicted(answer: LawAnswer) -> Table:
    shown = []
    for row in _predictions(answer):
        far = f"x{row['beyond']:.3g}" if row["beyond"] > 1 else ""
        shown.append(
            {
                **{name: scaled(row[name]) for name in answer.at},
                "benchmark": row["benchmark"],
                "loss": interval(row["loss"], scaled),
                "score": interval(row["score"], scaled) if row["score"] else "",
                "beyond": f"{far} EXTRAPOLATED" if row["extrapolated"] else far,
            }
        )
    return Table("predictions", "Predictions (beyond: factor outside the runs).", pd.DataFrame(shown))


def _held_out_sentences(answer: LawAnswer) -> list[str]:
    lines = []
    for kind, rows in answer.held_out.groupby("kind", sort=False):
        error = (rows["median"] - rows["observed"]).abs()
        relative = f"{100 * (error / rows['observed']).mean():.1f} %"
        size = f"{100 * error.mean():.1f} points" if kind == "score" else relative
        lines.append(
            f"held-out {PLURAL[str(kind)]}: {rows['covered'].sum()} of {len(rows)} inside the {answer.ci:.0%} "
            f"interval, mean absolute error {size}"
        )
    return lines


def _held_out(answer: LawAnswer) -> Table:
    table = answer.held_out
    shown = table[["run", "benchmark", "kind"]].assign(
        observed=table["observed"].map(scaled),
        predicted=[interval(row, scaled) for row in table.to_dict("records")],
        inside=table["covered"].map({True: "yes", False: "NO"}),
        beyond=table["beyond"].map("x{:.3g}".format),
    )
    return Table("held-out", "What was held out, one by one.", shown, table)


def _allocation(answer: LawAnswer) -> list[dict[str, Any]]:
    if answer.allocation is None:
        return []
    rows, most = [], answer.runs.fitted["flops"].max()
    each = {name: getattr(answer.allocation, name).summary for name in (*ALLOCATED, "loss", *EXPONENTS)}
    for name in each["params"]["benchmark"].to_numpy():
        for compute in each["params"]["compute"].to_numpy():
            told = {
                key: interval_json(summary.sel(benchmark=name, compute=compute), answer.ci)
                for key, summary in each.items()
            }
            far = float(compute / most) > FAR
            rows.append({"benchmark": str(name), "compute": float(compute), **told, "extrapolated": far})
    return rows


def _allocated(answer: LawAnswer) -> Table:
    rows, most = [], answer.runs.fitted["flops"].max()
    for row in sorted(_allocation(answer), key=lambda row: float(row["compute"])):
        far = f"x{row['compute'] / most:.3g} EXTRAPOLATED" if row["extrapolated"] else ""
        amounts = {name.replace("_", " "): interval(row[name], scaled) for name in ALLOCATED}
        rows.append({"operations": scaled(row["compute"]), "benchmark": row["benchmark"], **amounts, "beyond": far})
    return Table("allocation", "Compute-optimal training, by the law alone.", pd.DataFrame(rows))


def _exponents(answer: LawAnswer) -> Table:
    """At the largest amount of compute."""
    summaries = {title: getattr(answer.allocation, name).summary for name, title in EXPONENTS.items()}
    last = {title: summary.isel(compute=-1) for title, summary in summaries.items()}
    return Table("exponents", "Exponents of the optimal training.", _by_benchmark(last))


def _approaches(table: pd.DataFrame, ci: float) -> list[dict[str, Any]]:
    """Intervals of the first two approaches are of a bootstrap, about an estimate."""
    rows = []
    for row in table.to_dict("records"):
        kind = "eti" if row["approach"] == "parametric" else "bootstrap"
        told = {what: interval_json(row, ci, prefix=f"{what}_", kind=kind) for what in ("exponent", "params")}
        rows.append({"approach": row["approach"], "compute": row["compute"], **told, "why_not": row["why_not"]})
    return rows


def _side_by_side(answer: LawAnswer) -> list[Block]:
    """The exponent of the optimal size by each approach, at the largest amount of compute."""
    rows, refused = list[dict[str, str]](), dict[str, list[str]]()
    for benchmark, table in answer.approaches.items():
        for name, approach in table.groupby("approach", sort=False):
            last = approach.iloc[-1]
            if last["why_not"]:
                refused.setdefault(f"{name}: {last['why_not']}", []).append(benchmark)
                continue
            exponent, params = (interval(last, scaled, f"{what}_") for what in ("exponent", "params"))
            told = {"benchmark": benchmark, "approach": str(name), "exponent a": exponent, "optimal size N": params}
            rows.append({**told, "at operations": scaled(last["compute"])})
    caption = "The three approaches (intervals of the first two are of a bootstrap)."
    shown: list[Block] = [Table("approaches", caption, pd.DataFrame(rows))] if rows else []
    return [*shown, *(Paragraph(f"Not possible, {why} ({', '.join(names)}).") for why, names in refused.items())]


def _compared(comparison: pd.DataFrame) -> Table:
    shown = comparison.rename_axis("law").reset_index()
    for column, digits in {"elpd": 1, "se": 1, "difference": 1, "difference_se": 1, "weight": 2}.items():
        shown[column] = shown[column].map(fixed(digits))
    return Table(
        "laws", "Laws by leave-one-run-out prediction, best first.", shown.astype(str), comparison.reset_index()
    )

"""The commands whose output `docs/results` keeps.

Each output is kept in the folder of the fits too: an output that is there is not made again, nor is a fit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from certificates import basis_again, law_asked_for

import bayesdensity as bd
from bayesdensity.base.format import size
from bayesdensity.checks.extrapolation import check_extrapolation
from bayesdensity.data.tables import read_tables
from bayesdensity.evaluation.certificate import save_certified
from bayesdensity.evaluation.placed_again import placed_again
from bayesdensity.quantities.forecast import date_at

RENEW = "python docs/renew.py --results fits"
STUDIES = (
    *("densing-law", "qwen2.5", "llama-2", "active-parameters", "olmo-ladder", "chatgpt-break"),
    *("current", "knowledge", "instruct", "reasoning"),
    *("stages", "modes", "contamination"),
)
REPLICATED = ("densing-law", "qwen2.5", "llama-2", "olmo-ladder")
BESIDE = ("claims", "compression")
"""Commands that read the fit of the default study, each with a page of its own."""
OWN = Path("examples/own-scores")
LAWS = {
    "chinchilla": ["chinchilla", "--compare"],
    "chinchilla-laplace": ["chinchilla", "--noise", "laplace", "--ci", "0.95"],
    "chinchilla-t2": ["chinchilla", "--noise-df", "2", "--ci", "0.95"],
    "chinchilla-t4": ["chinchilla", "--ci", "0.95"],
    "scalingbench": ["scalingbench", "--law", "densing"],
    "olmo-ladder": ["olmo-ladder"],
}
PRICES = {"prices": ["MMLU"], "prices-gpqa": ["GPQA-Diamond", "--draws", "3000"]}
"""Benchmarks that hold quality fixed, by the name of the file, and options."""
FORMS = {
    "two classes of families": "frontier.dispersion=two-classes",
    "one growth of the spread": "frontier.dispersion=growing",
    "constant spread": "frontier.dispersion=constant",
    "straight trend": "frontier.trend=linear",
}
"""Forms of the frontier beside that of the default study, by what they are called, and what they set."""
VARIANTS = {
    "reasoning": {
        "active": ["llms.size=active"],
        "geometric mean": ["llms.size=geometric-mean"],
        "inferred": ["llms.size=inferred"],
    },
}
"""Studies otherwise, with sizes counted otherwise; what each sets."""
EXPLAINED = {
    **{name: ["tokens", "sparsity", "pace-by-size", "compression"] for name in ("densing-law", "current")},
    "knowledge": ["tokens", "sparsity", "size"],
}
"""Studies whose growth is taken apart, and by which covariates."""
HELD = ["--hold", "tokens=20"]
PACED = ((1e9, "MMLU", 0.6), (3e9, "MMLU", 0.75), (30e9, "MMLU", 0.85), (300e9, "MATH", 0.8))
"""Sizes and scores of which it is asked what the pace by size does to a forecast."""
OF = ("frontier", "typical", "best")
"""Of whom shelf lives are."""
LAG_SIZES = {
    "8B": ["--params", "8e9"],
    "24GB": ["--device", "24GB", "--bits", "4", "--context-gb", "2"],
}
"""Sizes whose lag behind the records pages show."""
FORECASTS = {
    "3B with 0.8 on MMLU": ["-b", "MMLU", "--params", "3B", "--score", "0.8"],
    "10B with the MMLU of GPT-4": ["-b", "MMLU", "--params", "10B", "--score", "0.864"],
    "0.8 on MMLU in mid-2027": ["-b", "MMLU", "--score", "0.8", "--date", "2027-07-01"],
    "24GB at 4 bits on MATH in mid-2027": [
        *("-b", "MATH", "--device", "24GB", "--bits", "4", "--context-gb", "2", "--date", "2027-07-01"),
    ],
}
"""Questions about what is to come, by what they are called."""
PLACED = ["--params", "8.2B", "--released", "2025-04-29", "MMLU=0.7689", "BBH=0.784", "MATH=0.608"]
"""A model that a page places: Qwen3-8B-Base by the scores of its report (arXiv 2505.09388, table 6)."""
LAGGING = "densing-law"
"""The study of which shelf lives and lags are shown."""
LLMS = ("Gemma-2-9B", "Hunyuan-7B", "Qwen3-4B-Base", "LLaMA-7B", "LLaMA-13B", "LLaMA-33B", "LLaMA-65B")
"""LLMs that a page names."""
DENSEST = 10
"""LLMs of a study that the page of results lists, those most likely to be on the frontier."""
MACHINE = {"wall_seconds", "versions"}
CERTIFIED = {"digest", "tables_digest", "runs_digest"}
LEFT_OUT = MACHINE | CERTIFIED | {"settings", "left_out", "figures", "held_out", "predictions"}
"""Keys that depend on the machine, or belong to the certificate, or that no page shows."""


def write(folder: Path, to: Path) -> None:
    """Write the results of every study, law and replication."""
    for study in STUDIES:
        _keep(to / f"{study}.json", _study(folder, study, [study]))
    _keep(to / "forms.json", _forms(folder))
    for study in EXPLAINED:
        _keep(to / f"explained-{study}.json", _explained(folder, study))
    for study in VARIANTS:
        _keep(to / f"variants-{study}.json", _variants(folder, study))
    _keep(to / f"shelf-life-{LAGGING}.json", _shelf_life(folder, LAGGING))
    _keep(to / f"lag-{LAGGING}.json", _lag(folder, LAGGING))
    _keep(to / "forecasts.json", _forecasts(folder))
    _keep(to / "placed.json", _output(folder / "placed.json", ["place", *PLACED]))
    _keep(to / "placing.json", _placing(folder))
    own = [str(OWN / "mine.toml"), "--data", str(OWN / "tables")]
    _keep(to / "own-scores.json", _study(folder, "own-scores", own))
    for command in BESIDE:
        given = [command, str(folder / f"{STUDIES[0]}.nc")]
        _keep(to / f"{command}-{STUDIES[0]}.json", _output(folder / f"{command}-{STUDIES[0]}.json", given))
    for study in REPLICATED:
        given = ["paper", study, "--fit", str(folder / f"{study}.nc"), "--seed", "1"]
        _keep(to / f"paper-{study}.json", _paper(_output(folder / f"paper-{study}.json", given)))
    for name, given in PRICES.items():
        _keep(to / f"{name}.json", _output(folder / f"{name}.json", ["prices", *given, "--seed", "1"]))
    given = ["chips", str(folder / "densing-law.nc"), "--seed", "1"]
    _keep(to / "chips-densing-law.json", _output(folder / "chips-densing-law.json", given))
    for name, given in LAWS.items():
        _keep(to / f"law-{name}.json", _law(_output(folder / f"law-{name}.json", ["law", *given, "--seed", "1"])))


def _study(folder: Path, name: str, given: list[str]) -> dict[str, Any]:
    """Summary of a fit, the densities that pages name, and the growth of dispersion."""
    fit = folder / f"{name}.nc"
    if not fit.is_file():
        _run(["fit", *given, "--seed", "1", "-o", str(fit)])
    summary = _output(folder / f"summary-{name}.json", ["summary", str(fit)])
    densities = _output(folder / f"densities-{name}.json", ["densities", str(fit)])
    likely = sorted(densities, key=lambda llm: -llm["probability_on_frontier"])[:DENSEST]
    kept = densities if len(densities) < DENSEST else [llm for llm in densities if llm["llm"] in LLMS]
    summary["densest"] = [_without(llm, {"benchmarks"}) for llm in likely]
    summary["densities"] = kept
    drawn = bd.load_fit(fit)
    summary["beyond"] = _beyond_by_year(drawn)
    if drawn.data.sizes["benchmark"] == 2:  # by how much the first moves faster, natural logarithms a year
        first, other = drawn.posterior["benchmark_slope"].transpose("benchmark", ...)
        apart = (first - other).quantile([0.05, 0.5, 0.95]).to_numpy()
        summary["rate_difference"] = dict(zip(("lower", "median", "upper"), map(float, apart), strict=True))
    growth = drawn.posterior.get("dispersion_growth")
    if growth is not None:
        lower, median, upper = (float(growth.quantile(q)) for q in (0.05, 0.5, 0.95))
        summary["dispersion_growth"] = {"median": median, "lower": lower, "upper": upper}
        summary["probability_dispersion_grows"] = float((growth > 0).mean())
    return summary


def _beyond_by_year(fit: bd.Fit) -> dict[str, float]:
    """Share of effective sizes beyond the largest of the reference, by year of release."""
    figures = check_extrapolation(fit).figures
    return {name.removeprefix("above_"): share for name, share in figures.items() if name.startswith("above_")}


def _forms(folder: Path) -> dict[str, Any]:
    """Forms of the frontier, stacked by leaving families out, each under what it is called."""
    names = {"densing-law": "default"}
    for name, setting in FORMS.items():
        stem = f"densing-law-{setting.rpartition('=')[2]}"
        names[stem] = name
        if not (folder / f"{stem}.nc").is_file():
            _run(["fit", "densing-law", "--set", setting, "--seed", "1", "-o", str(folder / f"{stem}.nc")])
    files = [str(folder / f"{stem}.nc") for stem in names]
    found = _output(folder / "forms.json", ["summary", *files])
    fits = [{"name": names[stem], **fit, **found["leave_one_out"][stem]} for stem, fit in found.pop("fits").items()]
    found["ruled_out"] = [names[stem] for stem in found["ruled_out"]]
    del found["leave_one_out"]
    return {**found, "fits": sorted(fits, key=lambda fit: -fit["elpd"])}


def _variants(folder: Path, study: str) -> dict[str, Any]:
    """Summaries of a study otherwise, each under what it is called."""
    found = {}
    for name, settings in VARIANTS[study].items():
        stem = f"{study}-{name.replace(' ', '-')}"
        if not (folder / f"{stem}.nc").is_file():
            options = [part for setting in settings for part in ("--set", setting)]
            _run(["fit", study, *options, "--seed", "1", "-o", str(folder / f"{stem}.nc")])
        found[name] = _output(folder / f"summary-{stem}.json", ["summary", str(folder / f"{stem}.nc")])
    return found


def _explained(folder: Path, study: str) -> dict[str, Any]:
    """Summary of a study with covariates, its growth taken apart, and that had tokens stayed where they were."""
    stem = f"{study}-explained"
    fit = folder / f"{stem}.nc"
    if not fit.is_file():
        _run(["fit", study, "--set", f"covariates={json.dumps(EXPLAINED[study])}", "--seed", "1", "-o", str(fit)])
    found = _output(folder / f"summary-{stem}.json", ["summary", str(fit)])
    found["explained"] = _output(folder / f"explain-{stem}.json", ["explain", str(fit), *HELD])
    if study == STUDIES[0]:
        found["forecasts"] = _paced({"alike": bd.load_fit(study), "own": bd.load_fit(fit)})
    return found


def _paced(fits: dict[str, bd.Fit]) -> list[dict[str, Any]]:
    """When the frontier of a size has a score: where all sizes have one pace, and where each has its own."""
    found = []
    for params, benchmark, score in PACED:
        dates = {name: date_at(fit, benchmark, score, params) for name, fit in fits.items()}
        told = {name: {end: float(value) for end, value in date.to_frame_row().items()} for name, date in dates.items()}
        found.append({"name": f"{size(params)} with {score:g} on {benchmark}", **told})
    return found


def _forecasts(folder: Path) -> list[dict[str, Any]]:
    """Each question, for the frontier and for the best of all releases, by the posteriors of the package."""
    found = []
    for k, (name, given) in enumerate(FORECASTS.items()):
        for of in ("frontier", "best"):
            told = _output(folder / f"forecast-{k}-{of}.json", ["forecast", "densing-law", *given, "--of", of])
            found.append({"question": name, **told})
    return found


def _placing(folder: Path) -> list[dict[str, Any]]:
    """Every LLM of the default study, placed by fits without it."""
    path = folder / "placing.csv"
    if not path.is_file():
        placed_again(bd.load_fit(folder / "densing-law.nc")).to_csv(path)
    return pd.read_csv(path).to_dict(orient="records")


def _shelf_life(folder: Path, study: str) -> dict[str, Any]:
    """The published examples beside a fit, by whom they are of."""
    given = ["shelf-life", str(folder / f"{study}.nc"), "--of"]
    return {of: _output(folder / f"shelf-life-{study}-{of}.json", [*given, of])["examples"] for of in OF}


def _lag(folder: Path, study: str) -> dict[str, Any]:
    """Lags behind the records by size, on each benchmark and pooled."""
    fit = str(folder / f"{study}.nc")
    lags = {
        name: _output(folder / f"lag-{study}-{name}.json", ["lag", fit, *given]) for name, given in LAG_SIZES.items()
    }
    return {name: _without(lag, {"records"}) for name, lag in lags.items()}


def _paper(output: dict[str, Any]) -> dict[str, Any]:
    """The published procedure by window, and how many inversions failed for which reason."""
    failed = output.pop("failed_inversions")
    reasons = sorted({(row["benchmark"], row["reason"]) for row in failed})
    output["failed"] = [
        {
            "benchmark": benchmark,
            "reason": reason,
            "n": sum((row["benchmark"], row["reason"]) == (benchmark, reason) for row in failed),
        }
        for benchmark, reason in reasons
    ]
    output["n_failed"] = len(failed)
    del output["claims"], output["beside"]
    return output


def _law(output: dict[str, Any]) -> dict[str, Any]:
    """A law, and for a single benchmark the optimum, by each approach at the largest compute alone."""
    if len(output["benchmarks"]) > 1:
        return _without(output, {"allocation", "approaches"})
    for benchmark, rows in output["approaches"].items():
        output["approaches"][benchmark] = [row for row in rows if row["compute"] == rows[-1]["compute"]]
    return output


def _output(path: Path, arguments: list[str]) -> Any:
    if not path.is_file():
        path.write_text(_run([*arguments, "--json"]), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def _run(arguments: list[str]) -> str:
    """Standard output of a command; status 1 says that a check did not pass, and the result exists."""
    print("bayesdensity", *arguments, file=sys.stderr)
    command = [sys.executable, "-m", "bayesdensity", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"exit status {done.returncode}: {' '.join(arguments)}")
    return done.stdout


def asked_for(name: str) -> dict[str, Any]:
    """What the certificate of `docs/results/NAME.json` says was asked for."""
    kind, _, rest = name.partition("-")
    if name in PRICES:
        return {"prices": PRICES[name][0], "--level": None, "--reference": None, "--data": None}
    if name == "forms":
        return {"study": "densing-law", "forms": [None, *FORMS.values()], "--data": None}
    if kind == "variants":
        return {"study": rest, "forms": list(VARIANTS[rest].values()), "--data": None}
    if kind == "explained":
        given = {"study": rest, "--set": [f"covariates={json.dumps(EXPLAINED[rest])}"], "--data": None}
        return {**given, "parts": ["quantities"]}
    if kind == "law":
        return law_asked_for(LAWS[rest])
    if name in ("forecasts", "placed", "placing"):
        name = "densing-law"
    for kept in ("shelf-life-", "lag-"):
        name = name.removeprefix(kept)
    study = {"study": rest if kind in ("paper", "chips", *BESIDE) else name, "--set": None, "--data": None}
    if name == "own-scores":
        study |= {"study": f"{OWN}/mine.toml", "--data": f"{OWN}/tables"}
    return {**study, "parts": ["published"] if kind == "paper" else ["quantities"]}


def _keep(path: Path, found: Any) -> None:
    """Write the results with their certificate, six digits to a number."""
    asked = asked_for(path.stem)
    basis = basis_again(asked, None, read_tables)
    save_certified(path, _short(_without(found, LEFT_OUT)), basis, command=RENEW, seed=1, asked_for=asked)


def _without(node: Any, names: Iterable[str]) -> Any:
    if isinstance(node, dict):
        return {key: _without(part, names) for key, part in node.items() if key not in names}
    return [_without(part, names) for part in node] if isinstance(node, list) else node


def _short(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _short(part) for key, part in node.items()}
    if isinstance(node, list):
        return [_short(part) for part in node]
    return float(f"{node:.6g}") if isinstance(node, float) else node

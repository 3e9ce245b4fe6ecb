"""Measure what a fit costs, against the same model in plain coordinates; run by hand, see README.md."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

# PyMC is imported in the measured processes only: a process starts out with the peak memory of the one it comes from.

SAME = (
    "rate",
    "curvature",
    "dispersion_growth",
    "family_scale",
    "noise_scale",
    "inefficiency_scale",
    "benchmark_slope",
)
"""Quantities whose posteriors are compared between the two models."""
STARTUPS = (["-m", "bayesdensity", "--help"], ["-c", "import bayesdensity"])
PACKAGES = ("bayesdensity", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz-stats")
COLUMNS = {
    "model": "model",
    "compile": "compile s",
    "sample": "sample s",
    "total": "total s",
    "steps": "steps",
    "divergences": "div",
    "rhat": "R-hat",
    "worst": "least ESS at",
    "ess_min": "ESS min",
    "ess_rate": "ESS rate",
    "rate_per_sampling": "rate/s sampl",
    "rate_per_total": "rate/s total",
    "min_per_sampling": "min/s sampl",
    "min_per_total": "min/s total",
    "peak_mib": "peak MiB",
    "note": "note",
}


def main() -> int:
    """Measure what the command line asks for."""
    args = _arguments()
    print(*machine(), sep="\n", end="\n\n", flush=True)
    {"fit": fits, "startup": startup, "stuck": stuck}[args.what](args)
    return 0


def fits(args: argparse.Namespace) -> None:
    """Fit the package model and the plain model in turn, each in a process of its own."""
    from bayesdensity.study.load import load_study

    settings = {"draws": args.draws, "tune": args.tune, "chains": args.chains}
    print(f"fit {args.study}: {settings}, {args.repeats} repeats, cold={args.cold}", flush=True)
    models = ["package"] if load_study(args.study).reference.kind == "ladder" else ["package", "plain"]
    results: list[dict[str, Any]] = []
    for repeat in range(args.repeats):
        # Every other repeat begins with the other model, so that a slow drift of the machine hits both alike.
        for model in models[:: -1 if repeat % 2 else 1]:
            with _compiled_code(args.cold):
                results.append(alone(measure, args.study, model, {**settings, "seed": args.seed + repeat}))
            print(f"  {model}, seed {args.seed + repeat}: {results[-1]['total']:.1f} s", flush=True)
    print(f"\n{table(results, list(COLUMNS))}")
    if len({result["model"] for result in results}) > 1:
        print(f"\nDo the two agree?\n{_agreement(results)}")


def startup(args: argparse.Namespace) -> None:
    """Time how long the command line and the import take; best of several, with bytecode and file caches warm."""
    for arguments in STARTUPS:
        times = []
        for _ in range(args.repeats):
            start = time.perf_counter()
            done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - start)
        failed = f"   FAILED: {done.stderr.strip().splitlines()[-1:]}" if done.returncode else ""
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        print(f"{min(times):7.3f} s  best of {args.repeats} (worst {max(times):.3f})  python {shown}{failed}")


def stuck(args: argparse.Namespace) -> None:
    """Report the convergence of short fits over many seeds, compiling once for each study."""
    for study in args.studies:
        columns = ["seed", "stuck", "divergences", "rhat", "ess_min", "worst", "steps", "sample"]
        settings = {"draws": args.draws, "tune": args.tune, "chains": args.chains}
        print(f"{study}: {settings}, seeds {args.seed} to {args.seed + args.seeds - 1}", flush=True)
        rows = alone(short_fits, study, range(args.seed, args.seed + args.seeds), settings)
        n_stuck = sum(len(row["stuck_chains"]) for row in rows)
        print(table(rows, columns))
        n_fits = sum(bool(row["stuck_chains"]) for row in rows)
        rhat, least = max(row["rhat"] for row in rows), min(row["ess_min"] for row in rows)
        print(f"{n_stuck} of {len(rows) * args.chains} chains stuck, in {n_fits} of {len(rows)} fits;", end=" ")
        print(f"{sum(row['divergences'] for row in rows)} divergences;", end=" ")
        print(f"worst R-hat {rhat:.3f}; least bulk ESS {least:.0f}\n", flush=True)


def measure(study_name: str, model: str, settings: dict[str, int]) -> dict[str, Any]:
    """Compile and sample one model in this process."""
    # Imports are paid before the clock starts.
    import nutpie  # noqa: F401
    from arviz_stats import ess, mcse

    from bayesdensity.inference.compiling import compile_study
    from bayesdensity.inference.drawing import target_accept
    from bayesdensity.inference.sampling import run_sampler

    study, data = inputs(study_name)
    target = target_accept(study)
    start = time.monotonic()
    compiled, kept = compile_study(study, data) if model == "package" else compile_plain(study, data)
    ready = time.monotonic()
    tree = run_sampler(compiled, cores=None, progress=None, target_accept=target, **settings)
    done = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    posterior, row = _summary(tree, kept)
    compiling, sampling = ready - start, done - ready
    row |= {"model": model, "compile": compiling, "sample": sampling, "total": done - start, "peak_mib": peak}
    row["ess_rate"] = float(ess(posterior[["rate"]], method="bulk")["rate"])
    for name in ("rate", "min"):
        row[f"{name}_per_sampling"] = row[f"ess_{name}"] / sampling
        row[f"{name}_per_total"] = row[f"ess_{name}"] / (done - start)
    row["note"] = f"chain {row['stuck']} stuck" if row["stuck_chains"] else ""
    same = [name for name in SAME if name in posterior]
    mean, sd = (getattr(posterior[same], of)(("chain", "draw")) for of in ("mean", "std"))
    error, sd_error = (mcse(posterior[same], method=method) for method in ("mean", "sd"))
    row["moments"] = [
        (label, *(float(part[name].to_numpy().ravel()[k]) for part in (mean, error, sd, sd_error)))
        for name in same
        for k, label in enumerate(_labels(posterior[name]))
    ]
    return row


def compile_plain(study: Any, data: Any) -> tuple[Any, list[str]]:
    """Compile the model as it is stated; which variables count is decided as in the package."""
    import nutpie

    from bayesdensity.model.build import build_model
    from bayesdensity.model.coordinates import Plain

    model = build_model(study, data, Plain())
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    return nutpie.compile_pymc_model(model), [name for name in names if not name.endswith("_raw")]


def short_fits(study_name: str, seeds: range, settings: dict[str, int]) -> list[dict[str, Any]]:
    """Sample the package model with each seed, compiled once."""
    from bayesdensity.inference.compiling import compile_study
    from bayesdensity.inference.drawing import target_accept
    from bayesdensity.inference.sampling import run_sampler

    study, data = inputs(study_name)
    target = target_accept(study)
    compiled, kept = compile_study(study, data)
    rows = []
    for seed in seeds:
        start = time.monotonic()
        tree = run_sampler(compiled, cores=None, progress=None, seed=seed, target_accept=target, **settings)
        elapsed = time.monotonic() - start
        _, row = _summary(tree, kept)
        rows.append({"seed": seed, "sample": elapsed, **row})
    return rows


def table(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as aligned text."""
    cells = [[COLUMNS.get(name, name) for name in columns], *([_shown(row[name]) for name in columns] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(columns))]
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in cells)


def _summary(tree: Any, kept: list[str]) -> tuple[Any, dict[str, Any]]:
    """Posterior of the variables that count, and its convergence."""
    from bayesdensity.inference.convergence import diagnose

    posterior, stats = tree["posterior"].to_dataset()[kept], tree["sample_stats"].to_dataset()
    found = diagnose(posterior, stats)
    return posterior, {
        "steps": float(stats["n_steps"].mean()),
        "divergences": found.divergences,
        "rhat": found.max_rhat,
        "ess_min": found.min_ess_bulk,
        "stuck_chains": found.stuck_chains,
        "stuck": ",".join(str(chain + 1) for chain in found.stuck_chains) or "-",
        "worst": found.worst.partition("bulk ESS ")[2].partition("(")[2].removesuffix(")"),
    }


def _agreement(results: list[dict[str, Any]]) -> str:
    """Posterior mean and sd under both models, and their differences in Monte Carlo standard errors."""
    one, other = ({row["model"]: row for row in reversed(results)}[name]["moments"] for name in ("package", "plain"))
    rows = []
    for (label, *a), (_, *b) in zip(one, other, strict=True):
        row = {"quantity": label, "mean package": a[0], "mean plain": b[0], "sd package": a[2], "sd plain": b[2]}
        row["z of means"] = (a[0] - b[0]) / (a[1] ** 2 + b[1] ** 2) ** 0.5
        row["z of sds"] = (a[2] - b[2]) / (a[3] ** 2 + b[3] ** 2) ** 0.5
        rows.append(row)
    return table(rows, list(rows[0]))


def _labels(array: Any) -> Iterator[str]:
    """Name of every element of a variable with at most one dimension besides chain and draw."""
    dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
    return iter([f"{array.name}[{label}]" for label in array[dims[0]].to_numpy()] if dims else [str(array.name)])


def inputs(study_name: str) -> tuple[Any, Any]:
    from bayesdensity.data.join import assemble
    from bayesdensity.data.selection import select
    from bayesdensity.data.tables import read_tables
    from bayesdensity.study.load import load_study

    study = load_study(study_name)
    return study, assemble(study, select(study, read_tables()))


def alone(function: Any, *args: Any) -> Any:
    """Call a function in a fresh interpreter, so that imports, memory and compiled code are its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)


@contextmanager
def _compiled_code(cold: bool) -> Iterator[None]:
    """Let processes started inside find the compiled code of earlier runs, or none."""
    if not cold:
        yield
        return
    with tempfile.TemporaryDirectory() as folder, flags(f"base_compiledir={folder}"):
        yield


@contextmanager
def flags(more: str) -> Iterator[None]:
    """Settings of PyTensor for processes started inside."""
    before = os.environ.get("PYTENSOR_FLAGS")
    os.environ["PYTENSOR_FLAGS"] = ",".join(filter(None, [before, more]))
    try:
        yield
    finally:
        del os.environ["PYTENSOR_FLAGS"]
        if before is not None:
            os.environ["PYTENSOR_FLAGS"] = before


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 20 else f"{value:.3f}"
    return str(value)


def machine() -> list[str]:
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} cores, {cpu}, {platform.system()} {platform.release()}",
        f"load average {', '.join(f'{load:.2f}' for load in os.getloadavg())}, niceness {os.nice(0)}",
        f"Python {platform.python_version()}, {versions}",
    ]


def _version(package: str) -> str:
    import bayesdensity

    return bayesdensity.__version__ if package == "bayesdensity" else version(package)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("fit", "startup", "stuck"), default="fit")
    parser.add_argument("--study", help="fit: densing-law; stuck: densing-law and olmo-ladder")
    parser.add_argument("--draws", type=int, help="per chain (fit: 1500; stuck: 500)")
    parser.add_argument("--tune", type=int, default=500, help="per chain (500)")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--repeats", type=int, help="fit: fits of each model (1); startup: runs (5)")
    parser.add_argument("--cold", action="store_true", help="fit: compile without the code cached by earlier runs")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=10, help="stuck: how many seeds")
    args = parser.parse_args()
    args.studies = [args.study] if args.study else ["densing-law", "olmo-ladder"]
    args.study = args.study or "densing-law"
    args.draws = args.draws or (500 if args.what == "stuck" else 1500)
    args.repeats = args.repeats or (5 if args.what == "startup" else 1)
    return args


if __name__ == "__main__":
    sys.exit(main())

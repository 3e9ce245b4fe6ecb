"""Measure what compiling a study costs, with an empty cache and again, and what its gradient costs; see README.md."""

from __future__ import annotations

import argparse
import ctypes
import sys
import tempfile
import time
from typing import Any

import bench_fit as bench

ROUTES = {"package": "package", "rewritten": "all rewrites", "wrapped": "as nutpie wraps"}
"""As the package compiles; with every rewrite; and with functions that nutpie writes anew in every process."""
COLUMNS = ["route", "cache", "compile", "total", "gradient ms", "operations"]


def main() -> int:
    """Compile a study on each route, first with an empty cache and then again, each time in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", default="densing-law")
    parser.add_argument("--route", choices=ROUTES, action="append", help="repeatable; default: all")
    args = parser.parse_args()
    print(*bench.machine(), f"compile {args.study}, CPU seconds", sep="\n", end="\n\n", flush=True)
    rows = []
    for route in args.route or ROUTES:
        with tempfile.TemporaryDirectory() as folder, bench.flags(f"base_compiledir={folder}"):
            for cache in ("empty", "filled"):
                rows.append({"route": ROUTES[route], "cache": cache, **bench.alone(measure, args.study, route)})
                print("  ", rows[-1], flush=True)
    print(f"\n{bench.table(rows, COLUMNS)}")
    return 0


def measure(study_name: str, route: str) -> dict[str, Any]:
    """Compile in this process; CPU seconds, without and with what Python imports for it."""
    start = time.process_time()
    from unittest import mock

    import nutpie
    from pytensor.compile.mode import NUMBA, predefined_modes
    from pytensor.configdefaults import config

    from bayesdensity.inference import machine_code
    from bayesdensity.model.build import build_model

    model = build_model(*bench.inputs(study_name))
    ready = time.process_time()
    if route == "wrapped":
        mode = NUMBA.excluding("inplace_elemwise")
        with mock.patch.dict(predefined_modes, NUMBA=mode), config.change_flags(numba__fastmath=False):
            compiled = nutpie.compile_pymc_model(model)
    else:
        needless = machine_code.NEEDLESS if route == "package" else ("inplace_elemwise",)
        with mock.patch.object(machine_code, "NEEDLESS", needless):
            compiled = machine_code.compile_for_nutpie(model, fast=False)
    done = time.process_time()
    found = {"compile": done - ready, "total": done - start, "gradient ms": 1e3 * _gradient_seconds(compiled)}
    return {**found, "operations": len(compiled.logp_func.maker.fgraph.apply_nodes)}


def _gradient_seconds(compiled: Any, repeats: int = 8, evaluations: int = 200) -> float:
    """Time of one log density with its gradient, the best of several."""
    import numpy as np

    point = 0.1 * np.random.default_rng(0).standard_normal(compiled.n_dim)
    gradient, value = np.empty_like(point), np.empty(1)
    address = ctypes.c_void_p
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *4 * [address])(compiled.compiled_logp_func.address)
    arrays = [array.ctypes.data for array in (point, gradient, value, compiled.user_data)]
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(evaluations):
            call(len(point), *arrays)
        times.append((time.perf_counter() - start) / evaluations)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
